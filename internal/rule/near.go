package rule

import "strings"

// near returns the known word that was most likely meant, or nothing: a few letters may be
// wrong, missing, too many or in their neighbour's place.
func near(word string, known []string) string {
	limit := 1
	switch n := len(word); {
	case n < 2 || n > 40:
		return ""
	case n > 10:
		limit = 3
	case n > 5:
		limit = 2
	}
	best := ""
	for _, k := range known {
		if len(k)-len(word) > 2*limit || len(word)-len(k) > 2*limit {
			continue
		}
		if d := distance(simple(word), simple(k)); d <= limit && k != word {
			best, limit = k, d-1
		}
	}
	return best
}

// simple leaves out what people get wrong first: case, and which sign joins two words.
func simple(s string) string { return joints.Replace(strings.ToLower(s)) }

var joints = strings.NewReplacer("-", "", "_", "", " ", "", ".", "")

// distance is how many changes make one word of the other.
func distance(a, b string) int {
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := one[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, two[j-2]+1)
			}
			row[j] = min(d, one[j]+1, row[j-1]+1)
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}

// knownFields are the fields that events have by themselves.
var knownFields = []string{
	"type", "id", "source", "time",
	"actor", "actor_kind", "target", "region", "api", "ip", "device", "status", "bytes",
	"container", "scope", "owner", "session", "second_factor", "e2ee", "country", "data_class", "items", "reason",
}
