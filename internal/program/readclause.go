package program

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

var readingPattern = regexp.MustCompile(`^[A-Z]-[1-9]\d{0,2}$`)

// A readingEntry is one entry of a file's readings.
type readingEntry struct {
	Reading
	settles string // the rule whose complaint it answers, or empty
	params  Params // what it makes of the clauses' parameters
	line    int
}

// readings reads how the desk reads unclear clauses.
func (r *reader) readings(n *yaml.Node) map[string]*readingEntry {
	all := make(map[string]*readingEntry)
	for _, item := range r.list(n) {
		f := r.fields(item, "id!", "text!", "settles", "bears_on", "params")
		e := &readingEntry{line: item.Line}
		e.ID = r.like(f["id"], readingPattern, "the name of a reading, such as C-1", "C-1のような読み方の名前")
		e.Text = r.text(f["text"])
		if f["settles"] != nil {
			e.settles = r.oneOf(f["settles"], ruleWrong, ruleContradiction, ruleGap)
		}
		for _, topic := range r.list(f["bears_on"]) {
			e.BearsOn = append(e.BearsOn, r.name(topic))
		}
		if f["params"] != nil {
			e.params = readParams(r, f["params"])
		}
		if all[e.ID] != nil {
			r.complain(item, ruleID, "The reading %s stands in the file twice.", "読み方%sが2回あります。", e.ID)
		}
		all[e.ID] = e
	}
	return all
}

// readClause reads one clause, or returns nil when it has no usable id.
func (r *reader) readClause(n *yaml.Node) *Clause {
	r.clause = idOf(n)
	f := r.fields(n, "id!", "kind!", "heading!", "summary!", "unless", "reading", "refs", "gives", "second_person", "signs", "params")
	id := r.scalar(f["id"])
	if f["id"] == nil {
		return nil
	}
	if !validID(id) {
		r.clause = ""
		r.complain(f["id"], ruleID, "%q is no id of a clause; write it like 3.2.v.", "%qは条項のidではありません。3.2.vのように書いてください。", id)
		return nil
	}
	c := &Clause{ID: id, Parent: parentOf(id), Depth: strings.Count(id, ".") + 1, line: n.Line}
	c.Kind = Kind(r.scalar(f["kind"]))
	if f["kind"] != nil && !slices.Contains(kinds, c.Kind) {
		r.complain(f["kind"], ruleKind, "There is no kind %q of clauses.", "条項の種類%qはありません。", string(c.Kind))
	}
	c.Heading, c.Summary, c.Unless = r.text(f["heading"]), r.text(f["summary"]), r.text(f["unless"])
	if c.Kind == Exclusion && f["unless"] == nil {
		r.complain(n, ruleField, "An exclusion says what would change it: the field \"unless\" is missing.", "除外の条項には、何を示せば見直すかを書くunlessが必要です。")
	}
	for _, item := range r.list(f["reading"]) {
		c.Readings = append(c.Readings, Reading{ID: r.scalar(item)})
	}
	for _, item := range r.list(f["refs"]) {
		c.refs = append(c.refs, r.reference(item))
	}
	for _, item := range r.list(f["gives"]) {
		c.gives = append(c.gives, r.name(item))
	}
	c.SecondPerson = r.flag(f["second_person"])
	if f["signs"] != nil {
		c.signs, c.VRT = r.signs(f["signs"])
	}
	if f["params"] != nil {
		c.Params = readParams(r, f["params"])
	}
	return c
}

// idOf returns the id of a clause before anything of it was checked, so that a complaint about its
// fields can name it.
func idOf(n *yaml.Node) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := n.Content[i+1]; n.Kind == yaml.MappingNode && n.Content[i].Value == "id" && validID(v.Value) {
			return v.Value
		}
	}
	return ""
}

// reference reads "8.2" or {to: "6.4", for: payment_data, read_as: "6.5", reading: C-1}.
func (r *reader) reference(n *yaml.Node) reference {
	if n.Kind == yaml.ScalarNode {
		return reference{to: r.scalar(n), line: n.Line}
	}
	f := r.fields(n, "to!", "for!", "read_as", "reading")
	if (f["read_as"] == nil) != (f["reading"] == nil) {
		r.complain(n, ruleField, "A reference with a reading says where it points instead, and one that points elsewhere names its reading: read_as and reading go together.",
			"read_asとreadingは、両方書くか両方省いてください。")
	}
	return reference{to: r.scalar(f["to"]), purpose: r.name(f["for"]), readAs: r.scalar(f["read_as"]), reading: r.scalar(f["reading"]), line: n.Line}
}

// settle fills in what the readings say, once everything is known to be right.
func (t *Terms) settle(readings map[string]*readingEntry) {
	for _, c := range t.clauses {
		for i, rd := range c.Readings {
			e := readings[rd.ID]
			c.Readings[i] = e.Reading
			if i == 0 {
				c.Reading, c.ReadingText = e.ID, e.Text
			}
		}
		for _, ref := range c.refs {
			c.Refs = append(c.Refs, ref.target())
		}
		t.Periods = append(t.Periods, c.Params.Periods...)
		t.Sites = append(t.Sites, c.Params.Sites...)
		if c.Kind == Scope {
			t.Domains = append(t.Domains, read(c, readings, func(p *Params) []Domain { return p.Domains })...)
		}
	}
}

// read returns what c states, as its readings have it.
func read[T any](c *Clause, readings map[string]*readingEntry, get func(*Params) []T) []T {
	own := get(&c.Params)
	if len(own) == 0 {
		return nil
	}
	for _, rd := range c.Readings {
		if e := readings[rd.ID]; e != nil {
			if v := get(&e.params); len(v) > 0 {
				return v
			}
		}
	}
	return own
}
