package cvss

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// The score of CVSS 4.0 (specification, section 8): vectors fall into 270 classes with a score each,
// and within a class the score sinks towards the next lower classes. It is computed here, in whole
// numbers: implementations in floating point differ at ties, such as 8.55, and about one base vector in
// 200 is one.

// macro40 holds the classes and their scores: six digits, then the score.
//
//go:embed macro40.txt
var macro40 string

// A class is the levels of the six equivalence sets EQ1 to EQ6; 0 is the worst.
type class [6]int

var macros = sync.OnceValue(func() map[class]int {
	all := map[class]int{}
	for line := range strings.Lines(macro40) {
		digits, score, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || len(digits) != 6 {
			continue
		}
		var c class
		for i := range c {
			c[i] = int(digits[i] - '0')
		}
		n, err := strconv.Atoi(strings.Replace(score, ".", "", 1))
		if err != nil {
			panic("cvss: macro40.txt: " + line) // a mistake of whoever built the binary
		}
		all[c] = n
	}
	return all
})

// steps are the values of a metric from the worst down; Subsequent impacts have Safety above High.
var steps = map[string]string{
	"AV": "NALP", "PR": "NLH", "UI": "NPA", "AC": "LH", "AT": "NP",
	"VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "SHLN", "SI": "SHLN", "SA": "SHLN",
	"CR": "HML", "IR": "HML", "AR": "HML",
}

// A part is what the sets interpolate over: EQ3 and EQ6 share metrics and go together. For each level
// it has the highest vectors of the level, and how many steps the level is deep.
type part struct {
	metrics string // in the order in which worst lists their values
	worst   map[string][]string
	depth   map[string]int
}

var parts = []part{
	{"AV PR UI", map[string][]string{"0": {"NNN"}, "1": {"ANN", "NLN", "NNP"}, "2": {"PNN", "ALP"}}, map[string]int{"0": 1, "1": 4, "2": 5}},
	{"AC AT", map[string][]string{"0": {"LN"}, "1": {"HN", "LP"}}, map[string]int{"0": 1, "1": 2}},
	{"VC VI VA CR IR AR", map[string][]string{
		"00": {"HHHHHH"},
		"01": {"HHLMMH", "HHHMMM"},
		"10": {"LHHHHH", "HLHHHH"},
		"11": {"LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"},
		"21": {"LLLHHH"},
	}, map[string]int{"00": 7, "01": 6, "10": 8, "11": 8, "21": 10}},
	{"SC SI SA", map[string][]string{"0": {"HSS"}, "1": {"HHH"}, "2": {"LLL"}}, map[string]int{"0": 6, "1": 5, "2": 4}},
}

// depths is a common multiple of all depths.
const depths = 840

// score40 returns the score in tenths.
func score40(v Vector) int {
	get := v.effective
	harmless := true
	for _, m := range []string{"VC", "VI", "VA", "SC", "SI", "SA"} {
		harmless = harmless && get(m) == "N"
	}
	if harmless {
		return 0
	}
	c := classify(get)
	score := macros()[c]
	sum, n := 0, 0 // of what the score sinks, in 1/840 of a tenth; and of how many lower classes there are
	for i, p := range parts {
		below, ok := lower(c, i)
		if !ok {
			continue
		}
		n++
		l := level(c, i)
		sum += (score - below) * p.distance(l, get) * (depths / p.depth[l])
	}
	if _, ok := lower(c, 4); ok {
		n++ // EQ5 has one metric: its levels have no depth
	}
	if n == 0 {
		return score
	}
	whole := 2 * depths * n // twice, for rounding half up
	return (score*whole - 2*sum + whole/2) / whole
}

// effective returns the value that counts: modified before base, and the worst for what is not defined.
func (v Vector) effective(code string) string {
	if m := v.Value("M" + code); m != "" && m != notDefined {
		return m
	}
	x := v.Value(code)
	if x != notDefined {
		return x
	}
	if code == "E" {
		return "A"
	}
	return "H" // the requirements
}

// classify returns the class of a vector (specification, tables 24 to 29).
func classify(get func(string) string) class {
	is := func(code, value string) bool { return get(code) == value }
	var c class
	switch {
	case is("AV", "N") && is("PR", "N") && is("UI", "N"):
	case (is("AV", "N") || is("PR", "N") || is("UI", "N")) && !is("AV", "P"):
		c[0] = 1
	default:
		c[0] = 2
	}
	if !is("AC", "L") || !is("AT", "N") {
		c[1] = 1
	}
	switch {
	case is("VC", "H") && is("VI", "H"):
	case is("VC", "H") || is("VI", "H") || is("VA", "H"):
		c[2] = 1
	default:
		c[2] = 2
	}
	switch {
	case is("SI", "S") || is("SA", "S"):
	case is("SC", "H") || is("SI", "H") || is("SA", "H"):
		c[3] = 1
	default:
		c[3] = 2
	}
	c[4] = strings.Index("APU", get("E"))
	if !(is("CR", "H") && is("VC", "H") || is("IR", "H") && is("VI", "H") || is("AR", "H") && is("VA", "H")) {
		c[5] = 1
	}
	return c
}

// level returns the level of a class in part i.
func level(c class, i int) string {
	if i == 2 {
		return strconv.Itoa(c[2]) + strconv.Itoa(c[5])
	}
	return strconv.Itoa(c[i])
}

// lower returns the score of the class one level below in part i (4 is EQ5), if there is one. From the
// top of EQ3 and EQ6 two ways lead down: the higher of the two counts.
func lower(c class, i int) (score int, ok bool) {
	below := c
	switch {
	case i != 2:
		below[i]++
	case c[2] == 0 && c[5] == 0:
		left, right := c, c
		left[5], right[2] = 1, 1
		return max(macros()[left], macros()[right]), true
	case c[2] == 1 && c[5] == 0:
		below[5] = 1
	default:
		below[2]++
	}
	score, ok = macros()[below]
	return score, ok
}

// distance returns how many steps the vector lies below the first of the level's highest vectors that
// it lies below in every metric.
func (p part) distance(level string, get func(string) string) int {
	codes := strings.Fields(p.metrics)
	for _, worst := range p.worst[level] {
		sum := 0
		for i, code := range codes {
			d := strings.Index(steps[code], get(code)) - strings.IndexByte(steps[code], worst[i])
			if d < 0 {
				sum = -1
				break
			}
			sum += d
		}
		if sum >= 0 {
			return sum
		}
	}
	return 0
}
