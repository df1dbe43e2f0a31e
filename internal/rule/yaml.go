package rule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// What a file may be at most. Rules that people write come nowhere near.
const (
	maxFile  = 4 << 20 // bytes
	maxNodes = 100_000 // of one document, aliases written out
	maxDepth = 40
)

// A reader reads one document and collects what is wrong with it.
type reader struct {
	file       string
	rule       string // its name or title, once known
	lists      map[string][]string
	lenient    bool // a placeholder without a list is worth a warning only
	hollow     bool // a list is empty, or missing
	complaints *[]Complaint
	wrong      bool
}

func (r *reader) complain(n *yaml.Node, warning bool, fix, text string) {
	c := Complaint{File: r.file, Line: 1, Column: 1, Rule: r.rule, Text: text, Fix: fix, Warning: warning}
	if n != nil {
		c.Line, c.Column = n.Line, n.Column
	}
	*r.complaints = append(*r.complaints, c)
	r.wrong = r.wrong || !warning
}

// err notes what makes the rule unusable. fix is a sentence, or empty.
func (r *reader) err(n *yaml.Node, fix, format string, args ...any) {
	r.complain(n, false, fix, fmt.Sprintf(format, args...))
}

// warn notes what is worth a look.
func (r *reader) warn(n *yaml.Node, fix, format string, args ...any) {
	r.complain(n, true, fix, fmt.Sprintf(format, args...))
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// documents returns the documents of a file. One that is not YAML ends the file.
func documents(file string, data []byte, complaints *[]Complaint) []*yaml.Node {
	r := reader{file: file, complaints: complaints}
	switch {
	case len(data) > maxFile:
		r.err(nil, "Split it.", "The file is longer than 4 MiB.")
		return nil
	case !utf8.Valid(data):
		r.err(nil, "Save it as UTF-8.", "The file is not UTF-8.")
		return nil
	}
	var docs []*yaml.Node
	for d := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			at, text := &yaml.Node{Line: 1, Column: 1}, strings.TrimPrefix(err.Error(), "yaml: ")
			if m := yamlLine.FindStringSubmatch(text); m != nil {
				at.Line, _ = strconv.Atoi(m[1])
				text = m[2]
			}
			r.err(at, "", "This is not YAML: %s.", text)
			return docs
		}
		if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
			continue // nothing between two lines of ---
		}
		if budget := maxNodes; !within(doc.Content[0], maxDepth, &budget) {
			r.err(doc.Content[0], "", "The document is nested too deep, or is too large with its aliases written out.")
			continue
		}
		docs = append(docs, doc.Content[0])
	}
}

// within reports whether a node is small enough to be gone through without a further look.
func within(n *yaml.Node, depth int, budget *int) bool {
	*budget--
	if depth == 0 || *budget < 0 {
		return false
	}
	if n.Kind == yaml.AliasNode {
		return within(n.Alias, depth-1, budget)
	}
	for _, k := range n.Content {
		if !within(k, depth-1, budget) {
			return false
		}
	}
	return true
}

// plain returns what an alias stands for.
func plain(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// An entry is one line of a mapping.
type entry struct {
	key  string
	k, v *yaml.Node
}

// mapping returns the entries of a mapping. what names it in complaints.
func (r *reader) mapping(n *yaml.Node, what string) []entry {
	if n.Kind != yaml.MappingNode {
		r.err(n, "Write key: value, one a line.", "%s is not a mapping.", what)
		return nil
	}
	var entries []entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := plain(n.Content[i]), plain(n.Content[i+1])
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
			r.err(n.Content[i], "Write the keys out.", "A key of %s is not plain text.", what)
			continue
		}
		if seen[k.Value] {
			r.err(n.Content[i], "Remove one.", "The key %s is there twice.", k.Value)
			continue
		}
		seen[k.Value] = true
		entries = append(entries, entry{k.Value, n.Content[i], v})
	}
	return entries
}

func find(entries []entry, key string) *entry {
	for i := range entries {
		if entries[i].key == key {
			return &entries[i]
		}
	}
	return nil
}

// unknown complains about keys that are none of the known ones: of a near miss always, of
// others if nothing else may stand there.
func (r *reader) unknown(entries []entry, what string, known []string, custom bool) {
	for _, e := range entries {
		if slices.Contains(known, e.key) {
			continue
		}
		if want := near(e.key, known); want != "" && find(entries, want) == nil {
			r.complain(e.k, custom, fmt.Sprintf("Did you mean %s?", want), fmt.Sprintf("%s has no key %s.", what, e.key))
		} else if !custom {
			r.warn(e.k, "Remove it.", "%s has no key %s: it does nothing.", what, e.key)
		}
	}
}

// text returns the text of a scalar. Dates and the like are text as they are written.
func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != "!!timestamp" {
		r.err(n, "Put it in quotes.", "%s is not text.", what)
		return "", false
	}
	return n.Value, true
}

// list returns the texts of a list.
func (r *reader) list(n *yaml.Node, what string) ([]string, []*yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		fix := ""
		if n.Kind == yaml.ScalarNode {
			fix = fmt.Sprintf("Write [%s].", n.Value)
		}
		r.err(n, fix, "%s is not a list.", what)
		return nil, nil
	}
	var texts []string
	var nodes []*yaml.Node
	for _, k := range n.Content {
		s, ok := r.text(plain(k), "An entry of "+what)
		switch {
		case !ok:
		case slices.Contains(texts, s):
			r.err(k, "Remove one.", "%s is there twice.", s)
		default:
			texts, nodes = append(texts, s), append(nodes, k)
		}
	}
	return texts, nodes
}

// boolean returns a truth.
func (r *reader) boolean(n *yaml.Node, what string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.err(n, "Write true or false.", "%s is neither true nor false.", what)
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// number returns a finite number.
func (r *reader) number(n *yaml.Node, what string) (number, bool) {
	if m, ok := scalarNumber(n); ok {
		return m, true
	}
	r.err(n, "", "%s is not a number.", what)
	return number{}, false
}

// scalarNumber reads a number of YAML: 16, 0x10, 1.5.
func scalarNumber(n *yaml.Node) (number, bool) {
	if n.Kind != yaml.ScalarNode {
		return number{}, false
	}
	switch n.Tag {
	case "!!int":
		var i int64
		if n.Decode(&i) == nil {
			return wholeNumber(i), true
		}
		return number{}, false
	case "!!float":
		var f float64
		if n.Decode(&f) == nil && f-f == 0 {
			return fraction(f), true
		}
	}
	return number{}, false
}
