package rule

import (
	"strings"
	"testing"
)

const digested = `title: Contact
name: contact
logsource: {product: hinomi, service: events}
detection:
  contact: {type: friend_request}
  condition: contact
---
title: Many
name: many
level: high
correlation:
  type: value_count
  rules: [contact]
  group-by: [actor]
  timespan: 10m
  condition: {field: target, gt: 20}
---
title: Not those
name: ours
logsource: {product: hinomi, service: events}
filter:
  rules: [contact]
  own: {actor|expand: '%own%'}
  condition: not own
`

// digestOf returns the digest of the correlation in a text.
func digestOf(t *testing.T, text string, own ...string) string {
	t.Helper()
	set, complaints := LoadFiles([]File{{"a.yml", []byte(text)}}, map[string][]string{"own": own})
	if len(set.Correlations) != 1 {
		t.Fatal(complaints)
	}
	return set.Correlations[0].Digest
}

func TestADigestChangesWithTheMeaningAndWithNothingElse(t *testing.T) {
	was := digestOf(t, digested, "u1")
	for name, c := range map[string]struct {
		old, new string
		same     bool
	}{
		"the title":                    {"title: Many", "title: Several", true},
		"the level":                    {"level: high", "level: low", true},
		"a comment":                    {"title: Many", "# why\ntitle: Many", true},
		"the style":                    {"group-by: [actor]", "group-by:\n  - actor", true},
		"its threshold":                {"gt: 20", "gt: 21", false},
		"its timespan":                 {"10m", "11m", false},
		"what the rule it counts asks": {"type: friend_request", "type: group_invite", false},
		"a filter on that":             {"actor|expand", "target|expand", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := digestOf(t, strings.Replace(digested, c.old, c.new, 1), "u1"); got == was != c.same {
				t.Errorf("the digest is %s, and was %s", got, was)
			}
		})
	}
	if digestOf(t, digested, "u1", "u2") == was {
		t.Error("a longer list does not change the digest")
	}
}
