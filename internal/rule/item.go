package rule

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/event"
)

// An item is one line of a search identifier: a field, its modifiers and what they made of
// the values.
type item struct {
	r      *reader
	key    *yaml.Node
	field  string // empty for keywords, which are looked for in every field
	vals   []value
	sort   sort
	before []string // modifiers applied so far

	all, not, cased bool
	op              Op       // of ordered and parts
	part            timePart // of parts
	flags           string   // of expressions
	open, close     bool     // of references: the value may go on before, behind
}

// A sort is what an item asks of its field.
type sort uint8

const (
	equals      sort = iota // one of the values
	ordered                 // less or greater than a number
	expressions             // fits a regular expression
	networks                // an address in a network
	existence               // is there, or is not
	references              // the same as another field
	parts                   // a part of a time
)

// A value is one value of an item. Modifiers may make several texts of one.
type value struct {
	n     *yaml.Node
	kind  event.Kind // String, Number, Bool or Null
	texts []pattern
	num   number
	truth bool
}

// maxTexts is how many texts modifiers may make of the values of an item that are not in a list
// handed in.
const maxTexts = 1000

// item reads a line of a search identifier.
func (r *reader) item(e entry) *node {
	field, mods, _ := strings.Cut(e.key, "|")
	it := &item{r: r, key: e.k, field: field, op: Eq}
	if !it.read(e.v) {
		return nil
	}
	if mods != "" || strings.HasSuffix(e.key, "|") {
		for m := range strings.SplitSeq(mods, "|") {
			if !it.modify(m) {
				return nil
			}
			it.before = append(it.before, m)
		}
	}
	it.checkField()
	return it.node()
}

// checkField asks whether a field or a value that no event has by itself is a known one misspelt.
func (it *item) checkField() {
	it.r.checkField(it.field, it.key)
	words := knownWords[it.field]
	for i := range it.vals {
		v := &it.vals[i]
		if words == nil || it.sort != equals || v.kind != event.String || len(v.texts) != 1 {
			continue
		}
		text, ok := v.texts[0].literal()
		if want := near(text, words); ok && want != "" && !slices.Contains(words, folded(text)) {
			it.r.warn(v.n, fmt.Sprintf("Did you mean %s?", want), "No event has the %s %s unless the service adds it.", it.field, text)
		}
	}
}

func (r *reader) checkField(field string, n *yaml.Node) {
	if field == "" || slices.Contains(knownFields, field) {
		return
	}
	if want := near(field, knownFields); want != "" {
		r.warn(n, fmt.Sprintf("Did you mean %s?", want), "Events have no field %s unless the service adds it.", field)
	}
}

// read takes the values.
func (it *item) read(n *yaml.Node) bool {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
		if len(nodes) == 0 {
			it.r.err(n, "Write the values, or null for a field that is not there.", "The list of values is empty.")
			return false
		}
	}
	ok := true
	for _, k := range nodes {
		v, fine := it.r.scalar(plain(k))
		if fine && it.field == "" && v.kind != event.String && v.kind != event.Number {
			it.r.err(k, "", "A keyword is text.")
			fine = false
		}
		if fine && it.field == "" {
			v.kind, v.texts = event.String, []pattern{v.text()}
		}
		ok = ok && fine
		it.vals = append(it.vals, v)
	}
	return ok
}

// text returns a value as text.
func (v *value) text() pattern {
	if v.kind == event.Number {
		return pattern{{text: v.num.String()}}
	}
	return v.texts[0]
}

// scalar reads one value.
func (r *reader) scalar(n *yaml.Node) (value, bool) {
	v := value{n: n}
	if n.Kind != yaml.ScalarNode {
		r.err(n, "Events are flat: name the field itself.", "A value is text, a number, true, false or null.")
		return v, false
	}
	switch n.Tag {
	case "!!null":
		v.kind = event.Null
	case "!!bool":
		v.kind, v.truth = event.Bool, strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		num, ok := scalarNumber(n)
		if !ok {
			r.err(n, "Put it in quotes if it is text.", "%s is not a number that fits.", n.Value)
			return v, false
		}
		v.kind, v.num = event.Number, num
	default:
		v.kind, v.texts = event.String, []pattern{parsePattern(n.Value)}
		if n.Style == 0 && slices.Contains([]string{"on", "off", "yes", "no"}, strings.ToLower(n.Value)) {
			r.warn(n, fmt.Sprintf("Write '%s'.", n.Value), "Other readers of YAML take %s for a truth, not a text.", n.Value)
		}
	}
	return v, true
}

// node returns the condition of the item.
func (it *item) node() *node {
	for i := range it.vals {
		for j, p := range it.vals[i].texts {
			if it.field == "" {
				it.vals[i].texts[j] = p.open(true, true)
			}
		}
	}
	var kids []*node
	switch {
	case it.sort == equals && !it.all:
		kids = []*node{it.anyOf(it.vals)}
	default:
		for i := range it.vals {
			k := it.one(&it.vals[i])
			if k == nil {
				return nil
			}
			kids = append(kids, k)
		}
	}
	n := join(opOr, kids)
	if it.all {
		n = join(opAnd, kids)
	}
	if it.not {
		n = negate(n)
	}
	return n
}

// one returns the condition of one value.
func (it *item) one(v *value) *node {
	switch it.sort {
	case ordered:
		return it.ask(3, func(s event.Slot) func(*event.Event) bool { return compared(s, it.op, v.num) })
	case expressions:
		return it.expression(v)
	case networks:
		return it.network(v)
	case existence:
		return it.exists(v.truth)
	case references:
		return it.reference(v)
	case parts:
		return it.timePart(v)
	}
	return it.anyOf([]value{*v})
}

// leaf returns a question to a value that is there.
func (it *item) leaf(cost int, t valueTest) *node {
	if it.field == "" {
		return &node{leaf: &leaf{cost: 50 * cost, build: func(c *compiler) func(*event.Event) bool {
			every := c.every
			return func(e *event.Event) bool {
				for _, s := range *every {
					if t(e.Value(s)) {
						return true
					}
				}
				return false
			}
		}}}
	}
	return it.ask(cost, func(s event.Slot) func(*event.Event) bool {
		return func(e *event.Event) bool { return t(e.Value(s)) }
	})
}

// ask returns a question to the field.
func (it *item) ask(cost int, fn func(event.Slot) func(*event.Event) bool) *node {
	return &node{leaf: &leaf{field: it.field, cost: cost, build: func(c *compiler) func(*event.Event) bool { return fn(c.slot(it.field)) }}}
}

// fits returns the question whether the field fits a pattern.
func (it *item) fits(p pattern) *node {
	if text, end, ok := p.edge(); ok && it.field != "" && (it.cased || isASCII(text)) {
		cased := it.cased || !hasCase(text)
		if !cased {
			text = folded(text)
		}
		return it.ask(3, func(s event.Slot) func(*event.Event) bool { return beginsWith(s, text, cased, end) })
	}
	return it.leaf(4+len(p), onText(p.test(it.cased)))
}

// anyOf returns the question whether the field is one of the values. What is plain text goes
// into one set.
func (it *item) anyOf(vals []value) *node {
	var kids []*node
	var words []string
	for i := range vals {
		v := &vals[i]
		switch v.kind {
		case event.Null:
			kids = append(kids, it.missing())
		case event.Bool:
			words = append(words, fmt.Sprint(v.truth))
		case event.Number:
			n := it.ask(2, func(s event.Slot) func(*event.Event) bool { return isNumber(s, v.num) })
			n.leaf.closed, n.leaf.equal = true, []string{v.num.String()}
			kids = append(kids, n)
		default:
			for _, p := range v.texts {
				text, ok := p.literal()
				switch {
				case ok && it.field != "" && (it.cased || isASCII(text)):
					words = append(words, text)
				case ok && it.field != "":
					kids = append(kids, closed(it.leaf(5, onText(p.test(false))), folded(text), true))
				default:
					kids = append(kids, it.fits(p))
				}
			}
		}
	}
	if len(words) > 0 {
		kids = append(kids, it.words(words))
	}
	return join(opOr, kids) // without kids it is never true: a list may be empty
}

// closed notes that a leaf says yes to one text alone.
func closed(n *node, text string, sure bool) *node {
	n.leaf.closed, n.leaf.sure, n.leaf.equal = true, sure, []string{text}
	if m, ok := parseNumber([]byte(text)); ok {
		// The number may be written in another way, where this leaf says no.
		n.leaf.equal[0], n.leaf.sure = m.String(), false
	}
	return n
}

// words returns the question whether the field is one of these texts.
func (it *item) words(words []string) *node {
	l := &leaf{field: it.field, cost: 1 + min(len(words), 2), closed: true, sure: !it.cased}
	set := make([]string, len(words))
	for i, w := range words {
		set[i] = w
		if !it.cased {
			set[i] = folded(w)
		}
		n := closed(&node{leaf: &leaf{}}, folded(w), l.sure)
		l.equal = append(l.equal, n.leaf.equal[0])
		l.sure = l.sure && n.leaf.sure
	}
	slices.Sort(set)
	set = slices.Compact(set)
	slices.Sort(l.equal)
	l.equal = slices.Compact(l.equal)
	l.build = func(c *compiler) func(*event.Event) bool { return newTexts(set, it.cased).is(c.slot(it.field)) }
	return &node{leaf: l}
}

// missing returns the question whether the field is absent or null.
func (it *item) missing() *node {
	return &node{leaf: &leaf{field: it.field, cost: 1, closed: true, sure: true, equal: []string{absent},
		build: func(c *compiler) func(*event.Event) bool {
			s := c.slot(it.field)
			return func(e *event.Event) bool {
				k := e.Value(s).Kind
				return k == event.Missing || k == event.Null
			}
		}}}
}

// exists returns the question whether the field is there, with whatever value.
func (it *item) exists(is bool) *node {
	l := &leaf{field: it.field, cost: 1, build: func(c *compiler) func(*event.Event) bool {
		s := c.slot(it.field)
		return func(e *event.Event) bool { return (e.Value(s).Kind != event.Missing) == is }
	}}
	if !is {
		l.closed, l.equal = true, []string{absent}
	}
	return &node{leaf: l}
}
