package rule

import (
	"slices"

	"hinomi.dev/hinomi/internal/event"
)

// A node is a condition on one event.
type node struct {
	op   nodeOp
	kids []*node
	leaf *leaf
}

type nodeOp uint8

const (
	opLeaf nodeOp = iota
	opAnd
	opOr
	opNot
)

// A leaf is a question to one field.
type leaf struct {
	field string
	cost  int // about how long it takes, to ask the quick questions first
	build func(c *compiler) func(*event.Event) bool

	// What is known of the values it says yes to: those of equal and no others, and if sure
	// all of them. absent is a value that is not there, or null.
	closed bool
	equal  []string
	sure   bool
}

// absent is the value of a field that is missing or null, among the texts of others.
const absent = "\x00"

// A compiler turns nodes into functions.
type compiler struct {
	fields *event.Fields
	every  *[]event.Slot // where a keyword is looked for; filled when all rules are compiled
}

func (c *compiler) slot(field string) event.Slot { return c.fields.Slot(field) }

// join returns a node of all kids, or of one of them where there is only one.
func join(op nodeOp, kids []*node) *node {
	if len(kids) == 1 {
		return kids[0]
	}
	return &node{op: op, kids: kids}
}

func negate(n *node) *node { return &node{op: opNot, kids: []*node{n}} }

// size is how many questions the node has.
func (n *node) size() int {
	if n.op == opLeaf {
		return 1
	}
	sum := 1
	for _, k := range n.kids {
		sum += k.size()
	}
	return sum
}

// weight is what the node costs at most.
func (n *node) weight() int {
	if n.op == opLeaf {
		return n.leaf.cost
	}
	sum := 1
	for _, k := range n.kids {
		sum += k.weight()
	}
	return sum
}

// flat returns the kids with those of kids of the same kind, the cheap ones first. No
// question has an effect, so their order is free.
func (n *node) flat() []*node {
	var all []*node
	for _, k := range n.kids {
		if k.op == n.op && n.op != opNot {
			all = append(all, k.flat()...)
		} else {
			all = append(all, k)
		}
	}
	slices.SortStableFunc(all, func(a, b *node) int { return a.weight() - b.weight() })
	return all
}

// compile returns the function that says whether the node holds for an event.
func (n *node) compile(c *compiler) func(*event.Event) bool {
	if n.op == opLeaf {
		return n.leaf.build(c)
	}
	var tests []func(*event.Event) bool
	for _, k := range n.flat() {
		tests = append(tests, k.compile(c))
	}
	switch n.op {
	case opNot:
		t := tests[0]
		return func(e *event.Event) bool { return !t(e) }
	case opAnd:
		return allOf(tests)
	}
	if len(tests) == 2 {
		a, b := tests[0], tests[1]
		return func(e *event.Event) bool { return a(e) || b(e) }
	}
	return func(e *event.Event) bool {
		for _, t := range tests {
			if t(e) {
				return true
			}
		}
		return false
	}
}

// allOf joins tests with and, in groups without a loop.
func allOf(t []func(*event.Event) bool) func(*event.Event) bool {
	switch len(t) {
	case 0:
		return func(*event.Event) bool { return true }
	case 1:
		return t[0]
	case 2:
		a, b := t[0], t[1]
		return func(e *event.Event) bool { return a(e) && b(e) }
	case 3:
		a, b, c := t[0], t[1], t[2]
		return func(e *event.Event) bool { return a(e) && b(e) && c(e) }
	case 4, 5:
		a, b, c, d := t[0], t[1], t[2], allOf(t[3:])
		return func(e *event.Event) bool { return a(e) && b(e) && c(e) && d(e) }
	}
	a, b, c, d, f, g := t[0], t[1], t[2], t[3], t[4], allOf(t[5:])
	return func(e *event.Event) bool { return a(e) && b(e) && c(e) && d(e) && f(e) && g(e) }
}

// each calls fn for every leaf.
func (n *node) each(fn func(*leaf)) {
	if n.op == opLeaf {
		fn(n.leaf)
	}
	for _, k := range n.kids {
		k.each(fn)
	}
}

// A values is a set of values of one field: those named, or all but those.
type values struct {
	allBut bool
	names  []string // sorted
}

func (v values) has(name string) bool {
	_, in := slices.BinarySearch(v.names, name)
	return in != v.allBut
}

func (v values) not() values { return values{!v.allBut, v.names} }

// and returns what is in both sets.
func (v values) and(w values) values {
	if v.allBut && w.allBut {
		return v.not().or(w.not()).not()
	}
	if v.allBut {
		v, w = w, v
	}
	var both []string
	for _, name := range v.names {
		if w.has(name) {
			both = append(both, name)
		}
	}
	return values{names: both}
}

// or returns what is in one of the sets.
func (v values) or(w values) values {
	if v.allBut || w.allBut {
		return v.not().and(w.not()).not()
	}
	return values{names: sorted(slices.Concat(v.names, w.names))}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// union returns what is in one of many sets.
func union(sets []values) values {
	var all values
	var named []string
	for _, s := range sets {
		if s.allBut {
			all = all.or(s)
		} else {
			named = append(named, s.names...)
		}
	}
	return all.or(values{names: sorted(named)})
}

func (v values) none() bool { return !v.allBut && len(v.names) == 0 }

// reach returns the values of a field with which the node may hold, whatever the other fields
// are, and those with which it must.
func (n *node) reach(field string) (may, must values) {
	switch n.op {
	case opLeaf:
		l := n.leaf
		if l.field != field || !l.closed {
			return values{allBut: true}, values{}
		}
		may = values{names: l.equal}
		if l.sure {
			must = may
		}
		return may, must
	case opNot:
		may, must = n.kids[0].reach(field)
		return must.not(), may.not()
	}
	var mays, musts []values
	for _, k := range n.kids {
		may, must := k.reach(field)
		if n.op == opAnd { // what is not outside any of them
			may, must = may.not(), must.not()
		}
		mays, musts = append(mays, may), append(musts, must)
	}
	may, must = union(mays), union(musts)
	if n.op == opAnd {
		may, must = may.not(), must.not()
	}
	return may, must
}

// types returns the types of events, folded, for which the node may hold; nil if there is
// no end of them.
func (n *node) types() []string {
	may, _ := n.reach("type")
	if may.allBut {
		return nil
	}
	types := []string{}
	for _, t := range may.names {
		if t != absent {
			types = append(types, t)
		}
	}
	return types
}

// maxReach is for how many fields a rule is asked whether it can match at all.
const maxReach = 50

// never returns a field that would have to have two values at once, if the node can hold for no event.
func (n *node) never() (field string, is bool) {
	seen := map[string]bool{}
	n.each(func(l *leaf) {
		if !l.closed || seen[l.field] || is || len(seen) == maxReach {
			return
		}
		seen[l.field] = true
		if may, _ := n.reach(l.field); may.none() {
			field, is = l.field, true
		}
	})
	return field, is
}
