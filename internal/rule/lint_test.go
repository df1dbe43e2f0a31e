package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// base is a file without a mistake. Cases change one line of it.
const base = `title: A contact
name: contact
id: 0e95725d-7320-415d-80f7-004da920fc11
status: test
date: 2020-11-02
tags: [attack.t1098]
level: low
logsource: {product: hinomi, service: events}
detection:
  contact: {type: [friend_request, group_invite]}
  condition: contact
---
title: Many contacts
name: many
correlation:
  type: value_count
  rules: [contact]
  group-by: [actor]
  timespan: 10m
  condition: {field: target, gt: 20}
`

func TestTheBaseIsFine(t *testing.T) {
	set, complaints := loadText(base, nil)
	if len(complaints) > 0 {
		t.Fatal(complaints)
	}
	c := set.Correlations[0]
	if c.Level != "low" || !c.Generate || set.Detections[0].Generate || !slices.Equal(set.Detections[0].Types, []string{"friend_request", "group_invite"}) {
		t.Errorf("loaded %+v and %+v", c, set.Detections[0])
	}
}

func TestComplaintsSayWhereAndHow(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		want           string // line:column: kind: text and fix, in part
	}{
		{"a misspelt timespan", "timespan", "timespam", "19:3: error: The correlation has no key timespam. Did you mean timespan?"},
		{"a misspelt group-by", "group-by", "groupby", "18:3: error: The correlation has no key groupby. Did you mean group-by?"},
		{"a key without a meaning", "timespan: 10m", "timespan: 10m\n  colour: red", "20:3: warning: The correlation has no key colour: it does nothing. Remove it."},
		{"a misspelt detection", "detection:", "detecton:", "9:1: warning: The document has no key detecton. Did you mean detection?"},
		{"no title", "title: A contact\n", "", "1:1: error: The document has no title."},
		{"no logsource", "logsource: {product: hinomi, service: events}\n", "", "error: The document has no logsource. Add logsource: {product: hinomi, service: events}."},
		{"another log source", "product: hinomi, service: events", "product: windows", "8:12: warning: The rule is about another log source"},
		{"an id that is none", "0e95725d", "0e95725", "3:5: error: The id 0e95725-7320-415d-80f7-004da920fc11 is not a UUID."},
		{"a status that is none", "status: test", "status: tets", "4:9: error: There is no status tets. Did you mean test?"},
		{"a level that is none", "level: low", "level: severe", "7:8: error: There is no level severe. Write informational, low, medium, high or critical."},
		{"a date with slashes", "2020-11-02", "2020/11/02", "5:7: error: The date 2020/11/02 is not a day. Write 2020-11-02."},
		{"a tag without a namespace", "attack.t1098", "T1098", "6:8: error: The tag T1098 has no namespace"},
		{"a long title", "A contact", strings.Repeat("x", 257), "1:8: error: The title is longer than 256 characters."},
		{"a list where text should be", "title: A contact", "title: [a]", "1:8: error: The title is not text."},
		{"a key twice", "status: test", "status: test\nstatus: test", "5:1: error: The key status is there twice."},
		{"an unknown modifier", "{type:", "{type|startwith:", `10:13: error: There is no modifier "startwith". Did you mean startswith?`},
		{"a misspelt field", "{type:", "{typ:", "10:13: warning: Events have no field typ unless the service adds it. Did you mean type?"},
		{"a misspelt type", "friend_request", "friend_requst", "10:20: warning: No event has the type friend_requst unless the service adds it. Did you mean friend_request?"},
		{"a misspelt field of a group", "[actor]", "[actr]", "18:14: warning: Events have no field actr"},
		{"a misspelt search identifier", "condition: contact\n", "condition: not contcat\n", "11:18: error: There is no search identifier contcat. Did you mean contact?"},
		{"a bracket", "condition: contact\n", "condition: (contact\n", "11:22: error: A bracket is not closed."},
		{"a condition that ends early", "condition: contact\n", "condition: contact and\n", "error: The condition ends where a search identifier should be."},
		{"a pipe", "condition: contact\n", "condition: contact | count() > 5\n", "11:22: error: Counting in a condition, behind |, is no longer part of Sigma. Write a correlation."},
		{"2 of", "condition: contact\n", "condition: 2 of contact*\n", "11:14: error: Sigma knows 1 of and all of, not 2 of."},
		{"a pattern of nothing", "condition: contact\n", "condition: 1 of sel*\n", "11:19: error: No search identifier fits sel*."},
		{"a timeframe", "  condition: contact\n", "  timeframe: 5m\n  condition: contact\n", "11:3: error: A timeframe in a detection is no longer part of Sigma. Write a correlation with a timespan."},
		{"a scalar search identifier", "contact: {type: [friend_request, group_invite]}", "contact: friend_request", "10:12: error: The search identifier contact is neither a mapping nor a list. For a keyword write contact: [friend_request]."},
		{"an unused search identifier", "  condition: contact\n", "  other: {region: TW}\n  condition: contact\n", "11:3: warning: The condition does not look at other."},
		{"an empty list of values", "[friend_request, group_invite]", "[]", "10:19: error: The list of values is empty."},
		{"nested values", "[friend_request, group_invite]", "{a: b}", "10:19: error: A value is text, a number, true, false or null. Events are flat"},
		{"all of one", "{type: [friend_request, group_invite]}", "{api|contains|all: x}", "error: The modifier all needs a list of at least two values. Leave all out."},
		{"a flag without re", "{type:", "{api|i:", "error: The modifier i belongs behind re. Write api|re|i."},
		{"an expression behind contains", "{type:", "{api|contains|re:", "error: The modifier re takes values as they are written, not behind contains."},
		{"a look-ahead", "{type: [friend_request, group_invite]}", "{api|re: 'a(?=b)'}", "10:21: error: The regular expression does not work: invalid or unsupported Perl syntax: `(?=`."},
		{"a long expression", "{type: [friend_request, group_invite]}", "{api|re: " + strings.Repeat("a", 1001) + "}", "error: The regular expression is longer than 1000 characters."},
		{"an expression that explodes", "{type: [friend_request, group_invite]}", "{api|re: '(([a-z]{1,50}x){1,50}y){1,50}'}", "error: The regular expression does not work: invalid repeat count"},
		{"an expression with many repetitions", "{type: [friend_request, group_invite]}", "{api|re: '[a-z]{900}[0-9]{900}'}", "error: The regular expression is too large with its repetitions written out."},
		{"an address for a network", "{type: [friend_request, group_invite]}", "{ip|cidr: 10.0.0.1}", "10:22: error: 10.0.0.1 is not a network such as 10.0.0.0/8. Write 10.0.0.1/32."},
		{"a network with bits beyond", "{type: [friend_request, group_invite]}", "{ip|cidr: 10.0.0.1/8}", "warning: The network has bits set beyond its length. Write 10.0.0.0/8."},
		{"text that is compared", "{type: [friend_request, group_invite]}", "{bytes|gt: many}", "10:23: error: This modifier takes numbers."},
		{"exists with text", "{type: [friend_request, group_invite]}", "{bytes|exists: maybe}", "error: This modifier takes true or false."},
		{"base64 of a wildcard", "{type: [friend_request, group_invite]}", "{api|base64: a*}", `error: The modifier base64 takes text without wildcards. Write \* and \?`},
		{"an hour that is not", "{type: [friend_request, group_invite]}", "{time|hour: 24}", "error: It is a whole number from 0 to 23."},
		{"too many dashes", "{type: [friend_request, group_invite]}", "{api|windash: ' -a -b -c -d -e'}", "error: The modifier windash makes more than 1000 texts of this."},
		{"a placeholder without a list", "{type: [friend_request, group_invite]}", "{target|expand: '%protected%'}", "10:28: error: There is no list protected for this placeholder. Hand it in: --list protected=FILE."},
		{"off without quotes", "{type: [friend_request, group_invite]}", "{e2ee: off}", "10:19: warning: Other readers of YAML take off for a truth, not a text. Write 'off'."},
		{"what can never be", "  condition: contact\n", "  other: {type: login}\n  condition: contact and other\n", "1:1: error: No event can match: type would have to be several things at once."},
		{"what can never be, by a negation", "condition: contact\n", "condition: contact and not contact\n", "error: No event can match"},
		{"no such rule", "rules: [contact]", "rules: [contcat]", "17:11: error: There is no rule contcat. Did you mean contact?"},
		{"a rule with a mistake", "type: [friend_request, group_invite]", "type|x: y", "17:11: error: The rule contact has a mistake of its own. Repair it first."},
		{"a rule of itself", "rules: [contact]", "rules: [many]", "17:11: error: The rules refer to one another in a circle: many leads back here."},
		{"an unknown type", "value_count", "value_cuont", "16:9: error: There is no correlation type value_cuont. Did you mean value_count?"},
		{"a percentile", "value_count", "value_percentile", "16:9: error: value_percentile is not exactly defined"},
		{"no field", "{field: target, gt: 20}", "{gt: 20}", "20:14: error: A correlation of type value_count needs a field. Add condition: {field: target, gt: 20}."},
		{"a field too many", "value_count", "event_count", "20:22: error: A correlation of type event_count looks at no field."},
		{"no comparison", "{field: target, gt: 20}", "{field: target}", "20:14: error: The correlation has no condition."},
		{"a misspelt comparison", "gt: 20", "gtt: 20", "20:30: error: The condition has no key gtt. Did you mean gt?"},
		{"half an event", "gt: 20", "gt: 20.5", "error: What is counted is whole: 20.5 is not."},
		{"a condition that cannot hold", "gt: 20", "gt: 20, lt: 5", "error: The condition can never hold."},
		{"fewer than one", "gt: 20", "lt: 1", "error: The condition can never hold."},
		{"a unit that Sigma does not have", "10m", "2w", "19:13: error: There is no unit w. Write 14d."},
		{"a timespan without a unit", "10m", "'600'", "19:13: error: The timespan 600 is not a number with a unit. Write 30s, 10m, 24h or 7d."},
		{"no timespan", "  timespan: 10m\n", "", "16:3: error: The correlation has no timespan. Add timespan: 10m."},
		{"no group", "  group-by: [actor]\n", "", "16:3: error: The correlation has no group-by."},
		{"an alias that nobody uses", "  timespan", "  aliases: {who: {contact: actor}}\n  timespan", "19:13: warning: The alias who is not used."},
		{"an alias of another rule", "group-by: [actor]", "aliases: {who: {contract: actor}}\n  group-by: [who]", "error: The alias who does not say what it is in the events of contact. Add contact: and the field."},
		{"without in a count", "  timespan", "  without: [contact]\n  timespan", "19:3: error: without belongs to correlations of type without. Remove it."},
		{"YAML that is none", "rules: [contact]", "rules: [contact", "error: This is not YAML"},
		{"a document without a purpose", "correlation:", "corelation:", "15:1: warning: The document has no key corelation. Did you mean correlation?"},
		{"two in one", "level: low", "level: low\ncorrelation: {}", "error: A document has a detection or a correlation, not both."},
		{"a name twice", "name: many", "name: contact", "13:1: error: The rule in rules.yml, line 1, is called contact, too."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(base, c.from) {
				t.Fatal("the base does not have this")
			}
			_, complaints := loadText(strings.Replace(base, c.from, c.to, 1), nil)
			if !said(complaints, c.want) {
				t.Errorf("want %s among\n%s", c.want, lines(complaints))
			}
		})
	}
}

func said(complaints []Complaint, want string) bool {
	return slices.ContainsFunc(complaints, func(c Complaint) bool {
		return strings.Contains(strings.TrimPrefix(c.String(), "rules.yml:"), want)
	})
}

func lines(complaints []Complaint) string {
	var b strings.Builder
	for _, c := range complaints {
		fmt.Fprintln(&b, c)
	}
	return b.String()
}

func TestOneWrongRuleLeavesTheOthers(t *testing.T) {
	set, complaints := Load(fstest.MapFS{
		"a.yml":      {Data: []byte(base)},
		"b/c.yaml":   {Data: []byte(strings.ReplaceAll(strings.Split(base, "---")[0], "contact", "bad") + "  x: 1\n")},
		"README.txt": {Data: []byte("title")},
	}, nil)
	if Errors(complaints) == 0 || len(set.Detections) != 1 || len(set.Correlations) != 1 {
		t.Errorf("%d detections, %d correlations, %s", len(set.Detections), len(set.Correlations), lines(complaints))
	}
}
