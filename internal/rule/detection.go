package rule

import (
	"errors"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// maxQuestions is how many questions a rule may ask of one event.
const maxQuestions = 20_000

// detection reads the search identifiers and the condition of a rule or a filter. other are keys that
// stand among them without being one.
func (r *reader) detection(n *yaml.Node, what string, other ...string) *node {
	entries := r.mapping(n, what)
	var names []string
	var nodes []*node
	var places []*yaml.Node
	for _, e := range entries {
		switch {
		case e.key == "condition" || slices.Contains(other, e.key):
			continue
		case e.key == "timeframe":
			r.err(e.k, "Write a correlation with a timespan.", "A timeframe in a detection is no longer part of Sigma.")
			continue
		case e.v.Kind == yaml.ScalarNode && near(e.key, []string{"condition"}) != "":
			r.err(e.k, "Did you mean condition?", "%s has no key %s.", what, e.key)
			continue
		}
		names, nodes, places = append(names, e.key), append(nodes, r.identifier(e)), append(places, e.k)
	}
	c := find(entries, "condition")
	switch {
	case c == nil:
		if entries != nil {
			r.err(n, "Add condition: with the names of the search identifiers.", "%s has no condition.", what)
		}
		return nil
	case len(names) == 0:
		r.err(n, "", "%s has no search identifier.", what)
		return nil
	}
	tree, used := r.condition(c.v, names, nodes)
	if tree == nil {
		return nil
	}
	for i, u := range used {
		if !u && names[i][0] != '_' {
			r.warn(places[i], "Use it, or remove it.", "The condition does not look at %s.", names[i])
		}
	}
	if slices.Contains(nodes, nil) {
		return nil
	}
	if tree.size() > maxQuestions {
		r.err(c.v, "Use lists.", "The condition asks more than %d questions.", maxQuestions)
		return nil
	}
	return tree
}

// condition reads a condition, or a list of them of which one must hold.
func (r *reader) condition(n *yaml.Node, names []string, nodes []*node) (tree *node, used []bool) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	used = make([]bool, len(names))
	var kids []*node
	for _, c := range list {
		c = plain(c)
		src, ok := r.text(c, "The condition")
		if !ok {
			return nil, nil
		}
		k, u, err := parseCondition(src, names, func(i int) *node { return nodes[i] })
		if wrong := (*conditionError)(nil); errors.As(err, &wrong) {
			r.err(inside(c, src, wrong.at), wrong.fix, "%s", wrong.text)
			return nil, nil
		}
		for i := range u {
			used[i] = used[i] || u[i]
		}
		kids = append(kids, k)
	}
	if len(kids) == 0 {
		r.err(n, "", "The list of conditions is empty.")
		return nil, nil
	}
	if slices.Contains(nodes, nil) {
		return &node{op: opOr}, used // said already; the rest was only looked at
	}
	return join(opOr, kids), used
}

// inside returns the place of byte i in a scalar that stands in one line; of others their beginning.
func inside(n *yaml.Node, text string, i int) *yaml.Node {
	at := *n
	switch n.Style {
	case 0, yaml.TaggedStyle:
		at.Column += len([]rune(text[:i]))
	case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
		at.Column += 1 + len([]rune(text[:i]))
	}
	return &at
}

// identifier reads a search identifier: a mapping whose lines must all hold, or a list of
// mappings and keywords of which one must.
func (r *reader) identifier(e entry) *node {
	what := "The search identifier " + e.key
	switch e.v.Kind {
	case yaml.MappingNode:
		return r.lines(e.v, what)
	case yaml.SequenceNode:
		if len(e.v.Content) == 0 {
			r.err(e.v, "", "%s is empty.", what)
			return nil
		}
		var kids []*node
		for _, k := range e.v.Content {
			k = plain(k)
			var n *node
			if k.Kind == yaml.MappingNode {
				n = r.lines(k, "An entry of "+e.key)
			} else {
				n = r.item(entry{key: "", k: k, v: k})
			}
			if n == nil {
				return nil
			}
			kids = append(kids, n)
		}
		return join(opOr, kids)
	}
	r.err(e.v, fmt.Sprintf("For a keyword write %s: [%s].", e.key, e.v.Value), "%s is neither a mapping nor a list.", what)
	return nil
}

// lines reads a mapping of fields.
func (r *reader) lines(n *yaml.Node, what string) *node {
	entries := r.mapping(n, what)
	if len(n.Content) == 0 {
		r.err(n, "", "%s is empty.", what)
	}
	var kids []*node
	bad := len(entries) == 0
	for _, e := range entries {
		k := r.item(e)
		bad = bad || k == nil
		kids = append(kids, k)
	}
	if bad {
		return nil
	}
	return join(opAnd, kids)
}
