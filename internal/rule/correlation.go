package rule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// A correlating is a correlation as it is written, before its rules are known.
type correlating struct {
	kind     Kind
	rules    refs
	without  refs
	endedBy  refs
	aliases  []alias
	groupBy  refs
	fields   refs
	timespan time.Duration
	learn    time.Duration
	least    int // min-events
	cond     []Comparison
	generate bool
}

// A refs is a list of names with their places.
type refs struct {
	at    *yaml.Node // the list
	names []string
	nodes []*yaml.Node
}

// An alias is a name for fields that are called differently in the events of each rule.
type alias struct {
	name  string
	at    *yaml.Node
	rules []entry // rule: field
}

// correlationKeys are the keys of a correlation; the last four are ours.
var correlationKeys = []string{
	"type", "rules", "group-by", "timespan", "condition", "aliases", "field", "generate",
	"without", "ended-by", "learn", "min-events",
}

// keyKinds are the keys that only one kind has.
var keyKinds = map[string]Kind{"without": Without, "ended-by": Without, "learn": FirstSeen, "min-events": Ratio}

// correlation reads the section of that name.
func (r *reader) correlation(n *yaml.Node) *correlating {
	entries := r.mapping(n, "The correlation")
	if entries == nil {
		return nil
	}
	c := &correlating{}
	r.unknown(entries, "The correlation", correlationKeys, false)
	if e := find(entries, "type"); e == nil {
		r.err(n, "Add type: event_count, or another.", "The correlation has no type.")
		return nil
	} else if !r.kind(*e, &c.kind) {
		return nil
	}
	for _, e := range entries {
		if k, ok := keyKinds[e.key]; ok && k != c.kind {
			r.err(e.k, "Remove it.", "%s belongs to correlations of type %s.", e.key, k)
			continue
		}
		switch e.key {
		case "rules":
			c.rules = r.refs(e)
		case "without":
			c.without = r.refs(e)
		case "ended-by":
			c.endedBy = r.refs(e)
		case "group-by":
			c.groupBy = r.refs(e)
		case "field":
			c.fields = r.fieldNames(e)
		case "aliases":
			c.aliases = r.aliases(e.v)
		case "timespan":
			c.timespan = r.timespan(e)
		case "generate":
			c.generate = r.boolean(e.v, "generate")
		case "learn":
			c.learn = r.timespan(e)
		case "min-events":
			if num, ok := r.number(e.v, "min-events"); ok && (!num.whole || num.i < 1 || num.i > 1_000_000) {
				r.err(e.v, "", "min-events is a whole number from 1 to 1,000,000.")
			} else {
				c.least = int(num.i)
			}
		}
	}
	r.demand(n, entries, c)
	if e := find(entries, "condition"); e != nil {
		r.comparisons(*e, c)
	}
	r.checkCondition(n, find(entries, "condition"), c)
	return c
}

// demand complains about what is not there.
func (r *reader) demand(n *yaml.Node, entries []entry, c *correlating) {
	for _, key := range []struct{ name, fix string }{
		{"rules", "Add rules: [name of a rule]."},
		{"group-by", "Add group-by: [actor], or [] to count all together."},
		{"timespan", "Add timespan: 10m."},
	} {
		if find(entries, key.name) == nil {
			r.err(n, key.fix, "The correlation has no %s.", key.name)
		}
	}
	if c.rules.at != nil && len(c.rules.names) == 0 {
		r.err(c.rules.at, "", "The correlation refers to no rule.")
	}
	if c.kind == Without && len(c.without.names) == 0 {
		r.err(n, "Add without: [name of a rule].", "The correlation does not say what should have come before.")
	}
}

func (r *reader) kind(e entry, to *Kind) bool {
	s, ok := r.text(e.v, "The type")
	if !ok {
		return false
	}
	if i := slices.Index(kindNames[:], s); i >= 0 {
		*to = Kind(i)
		return true
	}
	fix := "The types are " + strings.Join(kindNames[:], ", ") + "."
	text := "There is no correlation type " + s + "."
	if want := near(s, kindNames[:]); s == "value_percentile" {
		text, fix = "value_percentile is not exactly defined: Sigma does not say which percentile of what.", "Use value_median or value_count."
	} else if want != "" {
		fix = fmt.Sprintf("Did you mean %s?", want)
	}
	r.err(e.v, fix, "%s", text)
	return false
}

func (r *reader) refs(e entry) refs {
	names, nodes := r.list(e.v, e.key)
	return refs{e.v, names, nodes}
}

// fieldNames reads one name or a list of them.
func (r *reader) fieldNames(e entry) refs {
	if e.v.Kind != yaml.ScalarNode {
		return r.refs(e)
	}
	s, ok := r.text(e.v, "The field")
	if !ok || s == "" {
		return refs{at: e.v}
	}
	return refs{e.v, []string{s}, []*yaml.Node{e.v}}
}

func (r *reader) aliases(n *yaml.Node) []alias {
	var all []alias
	for _, e := range r.mapping(n, "The list aliases") {
		a := alias{name: e.key, at: e.k}
		for _, f := range r.mapping(e.v, "The alias "+e.key) {
			if _, ok := r.text(f.v, "The field"); ok {
				a.rules = append(a.rules, f)
			}
		}
		all = append(all, a)
	}
	return all
}

var (
	timespanPattern = regexp.MustCompile(`^([0-9]{1,9})([a-zA-Z]+)$`)
	timespanUnits   = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

// maxTimespan is how long a window may be: an account's consent may be years old.
const maxTimespan = 3660 * 24 * time.Hour

func (r *reader) timespan(e entry) time.Duration {
	s, ok := r.text(e.v, "The "+e.key)
	if !ok {
		return 0
	}
	m := timespanPattern.FindStringSubmatch(s)
	if m == nil {
		r.err(e.v, "Write 30s, 10m, 24h or 7d.", "The %s %s is not a number with a unit.", e.key, s)
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	unit, ok := timespanUnits[m[2]]
	if !ok {
		fix := "The units are s, m, h and d."
		switch m[2] {
		case "w":
			fix = fmt.Sprintf("Write %dd.", 7*n)
		case "M", "y":
			fix = "Months and years differ in length: count days."
		}
		r.err(e.v, fix, "There is no unit %s.", m[2])
		return 0
	}
	if n < 1 || time.Duration(n) > maxTimespan/unit {
		r.err(e.v, "", "The %s is not between 1s and %dd.", e.key, maxTimespan/(24*time.Hour))
		return 0
	}
	return time.Duration(n) * unit
}

// comparisons reads the condition.
func (r *reader) comparisons(e entry, c *correlating) {
	if e.v.Kind == yaml.ScalarNode && (c.kind == Temporal || c.kind == TemporalOrdered) {
		r.every(e.v, c)
		return
	}
	for _, l := range r.mapping(e.v, "The condition") {
		op := slices.Index(opNames[:], l.key)
		switch {
		case l.key == "field" && c.fields.at != nil:
			r.err(l.k, "Remove one.", "The field is there twice.")
		case l.key == "field":
			c.fields = r.fieldNames(l)
		case op < 0:
			fix := "The comparisons are gt, gte, lt, lte, eq and neq."
			if want := near(l.key, append([]string{"field"}, opNames[:]...)); want != "" {
				fix = fmt.Sprintf("Did you mean %s?", want)
			}
			r.err(l.k, fix, "The condition has no key %s.", l.key)
		default:
			num, ok := r.number(l.v, "The threshold")
			if ok && !num.whole && c.kind.counts() {
				r.err(l.v, "", "What is counted is whole: %s is not.", l.v.Value)
			}
			c.cond = append(c.cond, Comparison{Op(op), num.f})
		}
	}
}

// every reads a condition of a temporal correlation in words: all of its rules.
func (r *reader) every(n *yaml.Node, c *correlating) {
	src, ok := r.text(n, "The condition")
	if !ok {
		return
	}
	tree, used, err := parseCondition(src, c.rules.names, func(int) *node { return &node{leaf: &leaf{}} })
	if wrong := (*conditionError)(nil); errors.As(err, &wrong) {
		text := strings.Replace(wrong.text, "no search identifier", "no rule of this correlation", 1)
		r.err(inside(n, src, wrong.at), wrong.fix, "%s", text)
		return
	}
	for _, k := range append(tree.flat(), tree) {
		if k.op == opOr || k.op == opNot {
			r.err(n, "Write a correlation for each.", "A temporal correlation wants all of its rules: or and not are not for it.")
			return
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		r.err(n, "Name it, or remove it from rules.", "The condition does not name %s.", c.rules.names[i])
	}
}

// counts reports whether the kind compares a whole number.
func (k Kind) counts() bool {
	return k == EventCount || k == ValueCount || k == Temporal || k == TemporalOrdered
}

// hasField reports whether the kind looks at a field.
func (k Kind) hasField() bool {
	switch k {
	case EventCount, Temporal, TemporalOrdered, Without:
		return false
	}
	return true
}

// checkCondition complains about a condition or a field that is missing, or there for nothing,
// and about one that no window meets.
func (r *reader) checkCondition(n *yaml.Node, e *entry, c *correlating) {
	at := n
	if e != nil {
		at = e.v
	}
	temporal := c.kind == Temporal || c.kind == TemporalOrdered
	if temporal && len(c.cond) == 0 {
		c.cond = []Comparison{{Gte, float64(len(c.rules.names))}}
	}
	bare := c.kind == Without || c.kind == FirstSeen
	switch {
	case bare && len(c.cond) > 0:
		r.err(at, "Remove the comparison.", "A correlation of type %s compares nothing.", c.kind)
	case !bare && len(c.cond) == 0 && !r.wrong:
		r.err(at, "Add condition: {gt: 20}.", "The correlation has no condition.")
	}
	switch {
	case c.kind.hasField() && len(c.fields.names) == 0:
		fix := "Add condition: {field: target, gt: 20}."
		if c.kind == FirstSeen {
			fix = "Add field: target."
		}
		r.err(at, fix, "A correlation of type %s needs a field.", c.kind)
	case !c.kind.hasField() && c.fields.at != nil:
		r.err(c.fields.at, "Remove it.", "A correlation of type %s looks at no field.", c.kind)
	case len(c.fields.names) > 1 && c.kind != ValueCount && c.kind != FirstSeen && c.kind != Ratio:
		r.err(c.fields.at, "", "A correlation of type %s looks at one field.", c.kind)
	}
	most := 0.0
	if temporal {
		most = float64(len(c.rules.names))
	}
	if !bare && !r.wrong && !possible(c, most) {
		r.err(at, "", "The condition can never hold.")
	}
}

// possible reports whether a figure of the kind can meet the condition. most is the greatest, if
// there is one.
func possible(c *correlating, most float64) bool {
	var try []float64
	for _, x := range c.cond {
		if c.kind.counts() {
			try = append(try, x.With-1, x.With, x.With+1)
		} else {
			try = append(try, x.With)
			for _, y := range c.cond {
				try = append(try, (x.With+y.With)/2)
			}
			try = append(try, x.With-1, x.With+1)
		}
	}
	if c.kind == Ratio {
		try = append(try, 1, 1e-9)
	}
	return slices.ContainsFunc(try, func(x float64) bool {
		for _, k := range c.cond {
			if !k.Holds(x) {
				return false
			}
		}
		switch {
		case c.kind == Ratio:
			return x > 0 && x <= 1
		case c.kind.counts():
			return x >= 1 && (most == 0 || x <= most)
		}
		return true
	})
}
