package rule

import (
	"fmt"
	"strings"
)

// A conditionError says what is wrong with a condition, and at which byte.
type conditionError struct {
	at        int
	text, fix string
}

func (e *conditionError) Error() string { return e.text }

// maxCondition bounds a condition: its length, and how deep its brackets go.
const (
	maxCondition = 10_000
	maxBrackets  = 50
)

// A conditionParser reads a condition:
//
//	or     = and { "or" and }
//	and    = not { "and" not }
//	not    = "not" not | "(" or ")" | ("1" | "any" | "all") "of" ("them" | pattern) | name
type conditionParser struct {
	src   string
	pos   int
	depth int
	names []string              // the search identifiers, in their order
	node  func(i int) *node     // the condition of one of them
	used  []bool                // whether the condition looks at it
	word  struct{ at, end int } // the next word
}

// parseCondition returns the tree of a condition over search identifiers.
func parseCondition(src string, names []string, at func(int) *node) (n *node, used []bool, err error) {
	p := &conditionParser{src: src, names: names, node: at, used: make([]bool, len(names))}
	if len(src) > maxCondition {
		return nil, nil, &conditionError{0, "The condition is longer than 10,000 characters.", "Use lists in the search identifiers."}
	}
	if i := strings.IndexByte(src, '|'); i >= 0 {
		return nil, nil, &conditionError{i, "Counting in a condition, behind |, is no longer part of Sigma.", "Write a correlation."}
	}
	p.next()
	n, err = p.or()
	if err == nil && p.at() != "" {
		err = p.wrong(fmt.Sprintf("%s stands where and, or or the end should be.", p.at()), "")
	}
	if err != nil {
		return nil, nil, err
	}
	return n, p.used, nil
}

// next moves on to the next word.
func (p *conditionParser) next() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
	p.word.at = p.pos
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n()", p.src[p.pos]) < 0 {
		p.pos++
	}
	if p.pos == p.word.at && p.pos < len(p.src) {
		p.pos++ // a bracket
	}
	p.word.end = p.pos
}

// at returns the word here, or "" at the end.
func (p *conditionParser) at() string { return p.src[p.word.at:p.word.end] }

// is reports whether the word here is the one.
func (p *conditionParser) is(word string) bool { return strings.EqualFold(p.at(), word) }

func (p *conditionParser) wrong(text, fix string) error {
	return &conditionError{p.word.at, text, fix}
}

func (p *conditionParser) or() (*node, error) { return p.several("or", opOr, p.and) }

func (p *conditionParser) and() (*node, error) { return p.several("and", opAnd, p.not) }

func (p *conditionParser) several(word string, op nodeOp, one func() (*node, error)) (*node, error) {
	var kids []*node
	for {
		k, err := one()
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
		if !p.is(word) {
			return join(op, kids), nil
		}
		p.next()
	}
}

func (p *conditionParser) not() (*node, error) {
	p.depth++
	defer func() { p.depth-- }()
	switch {
	case p.depth > maxBrackets:
		return nil, p.wrong("The condition is nested too deep.", "")
	case p.is("not"):
		p.next()
		k, err := p.not()
		if err != nil {
			return nil, err
		}
		return negate(k), nil
	case p.at() == "(":
		p.next()
		k, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.at() != ")" {
			return nil, p.wrong("A bracket is not closed.", "")
		}
		p.next()
		return k, nil
	}
	return p.operand()
}

func (p *conditionParser) operand() (*node, error) {
	word := p.at()
	switch {
	case word == "":
		return nil, p.wrong("The condition ends where a search identifier should be.", "")
	case word == ")", p.is("and"), p.is("or"), p.is("of"):
		return nil, p.wrong(fmt.Sprintf("%s stands where a search identifier should be.", word), "")
	}
	start := p.word
	p.next()
	if p.is("of") {
		if word == "1" || strings.EqualFold(word, "any") || strings.EqualFold(word, "all") {
			p.next()
			return p.quantified(strings.EqualFold(word, "all"))
		}
		p.word = start
		return nil, p.wrong(fmt.Sprintf("Sigma knows 1 of and all of, not %s of.", word), "Write the combinations out.")
	}
	for i, name := range p.names {
		if name == word {
			p.used[i] = true
			return p.node(i), nil
		}
	}
	p.word = start
	fix := ""
	if want := near(word, append([]string{"and", "or", "not"}, p.names...)); want != "" {
		fix = fmt.Sprintf("Did you mean %s?", want)
	}
	return nil, p.wrong(fmt.Sprintf("There is no search identifier %s.", word), fix)
}

// quantified reads what stands behind "1 of" and "all of".
func (p *conditionParser) quantified(all bool) (*node, error) {
	word := p.at()
	if word == "" || word == "(" || word == ")" {
		return nil, p.wrong("Behind of stands them, or a pattern such as selection*.", "")
	}
	var kids []*node
	for i, name := range p.names {
		if word == "them" && !strings.HasPrefix(name, "_") || word != "them" && stars(word, name) {
			p.used[i] = true
			kids = append(kids, p.node(i))
		}
	}
	if len(kids) == 0 {
		return nil, p.wrong(fmt.Sprintf("No search identifier fits %s.", word), "")
	}
	p.next()
	if all {
		return join(opAnd, kids), nil
	}
	return join(opOr, kids), nil
}

// stars reports whether the name fits a pattern with stars.
func stars(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, ok := strings.Cut(name, part)
		if !ok {
			return false
		}
		name = after
	}
	return true
}
