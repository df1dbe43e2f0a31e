package rule

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/event"
)

// a rule of a name that matches a type.
func named(name, typ string) string {
	return "title: " + name + "\nname: " + name + "\nlogsource: {product: hinomi, service: events}\ndetection: {s: {type: " + typ + "}, condition: s}\n---\n"
}

const consent = `title: Contact without consent
name: alone
level: critical
correlation:
  type: without
  rules: [contact]
  without: [granted]
  ended-by: [revoked]
  aliases:
    account: {contact: actor, granted: target, revoked: target}
    person: {contact: target, granted: actor, revoked: actor}
  group-by: [account, person]
  timespan: 400d
`

func TestAliasesChangePlaces(t *testing.T) {
	set, complaints := loadText(consent+"---\n"+named("contact", "friend_request")+named("granted", "consent_granted")+named("revoked", "consent_revoked"), nil)
	if Errors(complaints) > 0 || len(complaints) != 1 || complaints[0].Severity() != "note" {
		t.Fatal(complaints)
	}
	actor, target := set.Fields.Slot("actor"), set.Fields.Slot("target")
	there, back := []event.Slot{actor, target}, []event.Slot{target, actor}
	c := set.Correlations[0]
	want := &Correlation{
		Rule: Rule{Name: "alone", Title: "Contact without consent", Level: "critical", File: "rules.yml", Line: 1, Digest: c.Digest, Generate: true},
		Kind: Without, Rules: []Input{{Rule: 0, Group: there}}, Without: []Input{{Rule: 1, Group: back}}, EndedBy: []Input{{Rule: 2, Group: back}},
		Keys: []string{"account", "person"}, Timespan: 400 * 24 * time.Hour,
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

func TestCorrelationsStandBehindTheirRules(t *testing.T) {
	chain := `title: A chain
name: chain
generate: true
correlation: {type: temporal_ordered, rules: [alone, report], aliases: {who: {alone: account, report: target}}, group-by: [who], timespan: 30d}
---
`
	set, complaints := loadText(chain+consent+"---\n"+named("contact", "friend_request")+named("granted", "consent_granted")+named("revoked", "consent_revoked")+named("report", "abuse_reported"), nil)
	if Errors(complaints) > 0 {
		t.Fatal(complaints)
	}
	alone, last := set.Correlations[0], set.Correlations[1]
	in := last.Rules[0]
	if alone.Name != "alone" || !in.Chained || in.Rule != 0 || in.Group[0] != set.Fields.Slot("actor") || last.Rules[1].Group[0] != set.Fields.Slot("target") {
		t.Errorf("chained as %+v", last.Rules)
	}
	if !alone.Generate || !set.Detections[3].Generate || set.Detections[0].Generate {
		t.Error("with generate the rules of the chain, and no others, alert by themselves")
	}
	if last.Level != "critical" {
		t.Errorf("the level is %s, want that of the rules", last.Level)
	}
}

func TestCorrelationsAreReadAsSigmaWritesThem(t *testing.T) {
	for _, c := range []struct {
		name, section string
		kind          Kind
		want          []Comparison
		fields        int
	}{
		{"event_count", "type: event_count, condition: {gte: 100}", EventCount, []Comparison{{Gte, 100}}, 0},
		{"a range", "type: event_count, condition: {gt: 100, lte: 200}", EventCount, []Comparison{{Gt, 100}, {Lte, 200}}, 0},
		{"value_count of one field", "type: value_count, condition: {field: target, gte: 3}", ValueCount, []Comparison{{Gte, 3}}, 1},
		{"value_count of two fields", "type: value_count, condition: {field: [target, region], gte: 3}", ValueCount, []Comparison{{Gte, 3}}, 2},
		{"value_sum", "type: value_sum, condition: {field: bytes, gt: 1000000}", ValueSum, []Comparison{{Gt, 1e6}}, 1},
		{"value_avg", "type: value_avg, condition: {field: bytes, lt: 0.5}", ValueAvg, []Comparison{{Lt, 0.5}}, 1},
		{"value_median", "type: value_median, condition: {field: bytes, gt: -1}", ValueMedian, []Comparison{{Gt, -1}}, 1},
		{"temporal wants all of its rules", "type: temporal", Temporal, []Comparison{{Gte, 2}}, 0},
		{"temporal with a count", "type: temporal, condition: {gte: 1}", Temporal, []Comparison{{Gte, 1}}, 0},
		{"temporal in words", "type: temporal_ordered, condition: a AND b", TemporalOrdered, []Comparison{{Gte, 2}}, 0},
		{"first_seen", "type: first_seen, field: target, learn: 7d", FirstSeen, nil, 1},
		{"ratio", "type: ratio, field: target, min-events: 20, condition: {gte: 0.9}", Ratio, []Comparison{{Gte, 0.9}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, complaints := loadText(named("a", "login")+named("b", "message")+
				"title: x\ncorrelation: {rules: [a, b], group-by: [actor], timespan: 90m, "+c.section+"}\n", nil)
			if Errors(complaints) > 0 {
				t.Fatal(complaints)
			}
			got := set.Correlations[0]
			if got.Kind != c.kind || cmp.Diff(c.want, got.Condition) != "" || len(got.Rules[1].Field) != c.fields || got.Timespan != 90*time.Minute {
				t.Errorf("read as %+v", got)
			}
			if got.Portable != (c.kind < Without) {
				t.Errorf("portable: %v", got.Portable)
			}
		})
	}
}

func TestTemporalInWordsWantsAll(t *testing.T) {
	for cond, want := range map[string]string{
		"a or b": "or and not are not for it", "a": "does not name b", "a and c": "There is no rule of this correlation c", "not a and b": "or and not",
		"a and (b and not a)": "or and not",
	} {
		_, complaints := loadText(named("a", "login")+named("b", "message")+
			"title: x\ncorrelation: {type: temporal, rules: [a, b], group-by: [actor], timespan: 1h, condition: "+cond+"}\n", nil)
		if !said(complaints, want) {
			t.Errorf("%s: %v", cond, complaints)
		}
	}
}

func TestFiltersAreJoinedWithAnd(t *testing.T) {
	filter := "title: f\nlogsource: {product: hinomi}\nfilter:\n  rules: %s\n  selection: {region: JP}\n  condition: %s\n"
	for _, c := range []struct {
		name, rules, cond, region, want string
		match                           bool
	}{
		{"it leaves out what it describes", "[a]", "not selection", "JP", "", false},
		{"it leaves the rest", "[a]", "not selection", "TW", "", true},
		{"for any rule", "any", "not selection", "JP", "", false},
		{"for one rule by its name", "a", "not selection", "JP", "", false},
		{"for another rule", "[b]", "not selection", "JP", "", true},
		{"it keeps what it describes, with a warning", "[a]", "selection", "TW", "Write not in front", false},
		{"for no such rule", "[aa]", "not selection", "JP", "There is no rule aa", true},
		{"for a correlation", "[c]", "not selection", "JP", "c is a correlation: filters are for detections", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := strings.Replace(strings.Replace(filter, "%s", c.rules, 1), "%s", c.cond, 1)
			set, complaints := loadText(named("a", "login")+named("b", "message")+
				"title: c\nname: c\ncorrelation: {type: event_count, rules: [b], group-by: [], timespan: 1h, condition: {gt: 1}}\n---\n"+f, nil)
			if c.want != "" && !said(complaints, c.want) || c.want == "" && len(complaints) > 0 {
				t.Errorf("complaints %v", complaints)
			}
			if got := set.Detections[0].Match(an(t, set.Fields, "login", `"region":"`+c.region+`"`)); got != c.match {
				t.Errorf("matched: %v", got)
			}
		})
	}
}

// TestWhatTheSpecificationAccepts has the forms that the specification's own documents and
// schemas show, with our names.
func TestWhatTheSpecificationAccepts(t *testing.T) {
	rule := "title: A\nlogsource: {product: windows, service: application}\ndetection:\n  selection: {Provider_Name: App}\n  condition: selection\n"
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"a rule with all that describes it", "id: 545a5da6-f103-4919-a519-e9aec1026ee4\nrelated: [{id: 6c82cf5c-090d-4d57-9188-533577631108, type: similar}]\nstatus: test\n" +
			"description: d\nreferences: [https://a.test, https://b.test]\nauthor: S\ndate: 2017-05-09\nmodified: '2023-04-14'\ntags: [attack.defense-evasion, attack.t1562.001]\n" +
			"falsepositives: [a string]\nlevel: high\nscope: [server]\nfields: [actor]\nlicense: MIT\ntaxonomy: sigma\n" + rule, true},
		{"falsepositives as text", "falsepositives: none\n" + rule, true},
		{"falsepositives of one letter", "falsepositives: [x]\n" + rule, false},
		{"keys of one's own", "x-owner: desk\n" + rule, true},
		{"references twice the same", "references: [a, a]\n" + rule, false},
		{"references as text", "references: a\n" + rule, false},
		{"a relation that is none", "related: [{id: 6c82cf5c-090d-4d57-9188-533577631108, type: cousin}]\n" + rule, false},
		{"a relation without an id", "related: [{type: similar}]\n" + rule, false},
		{"a month that is none", "date: 2017-13-09\n" + rule, false},
		{"a tag with capitals", "tags: [attack.T1000]\n" + rule, false},
		{"a tag without a dot", "tags: [attack]\n" + rule, false},
		{"a level in capitals", "level: High\n" + rule, false},
		{"a log source that is text", strings.Replace(rule, "{product: windows, service: application}", "windows", 1), false},
		{"a detection without a condition", strings.Replace(rule, "  condition: selection\n", "", 1), false},
		{"a list of numbers and mappings", strings.Replace(rule, "{Provider_Name: App}", "[a, 7, {b: c}]", 1), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, complaints := Load(fstest.MapFS{"x.yml": {Data: []byte(c.text)}}, nil)
			if ok := Errors(complaints) == 0; ok != c.ok {
				t.Errorf("accepted: %v, %v", ok, complaints)
			}
		})
	}
}

func TestARuleForAnotherLogSourceMatchesNothing(t *testing.T) {
	set, complaints := loadText("title: A\nlogsource: {category: process_creation}\ndetection: {s: {type: login}, condition: s}\n", nil)
	d := set.Detections[0]
	if len(complaints) != 1 || d.Types == nil || len(d.Types) != 0 || d.Match(an(t, set.Fields, "login", "")) {
		t.Errorf("%+v with %v", d, complaints)
	}
}

func TestListsLieBesideTheRules(t *testing.T) {
	files := fstest.MapFS{
		"r.yml":         {Data: []byte(head + indent("s: {actor|expand: '%vip%'}\ncondition: s"))},
		"lists/vip.txt": {Data: []byte("# people\n\n u1 # the first\nu#2\n")},
	}
	for _, c := range []struct {
		lists map[string][]string
		actor string
		want  bool
	}{{nil, "u1", true}, {nil, "u#2", true}, {nil, "# people", false}, {map[string][]string{"vip": {"u9"}}, "u1", false}} {
		set, complaints := Load(files, c.lists)
		if len(complaints) > 0 || set.Detections[0].Match(an(t, set.Fields, "login", `"actor":"`+c.actor+`"`)) != c.want {
			t.Errorf("%+v, %v", c, complaints)
		}
	}
	delete(files, "lists/vip.txt")
	if c := Check(files, nil); Errors(c) > 0 || len(c) == 0 {
		t.Errorf("a check without the list says %v", c)
	}
}
