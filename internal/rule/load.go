package rule

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/event"
)

// A document is one rule, correlation or filter on its way into a Set.
type document struct {
	*reader
	n    *yaml.Node
	made Rule
	name string // as other rules refer to it; empty if it has none

	section  string // detection, correlation or filter
	tree     *node  // of a detection and a filter
	ours     bool   // its log source is ours
	filtered refs   // of a filter: what it goes on
	every    bool   // of a filter: it goes on every rule
	cor      *correlating
	filters  []*document // joined with this one

	state linkState
	index int // its place in the set
}

type loader struct {
	lists      map[string][]string
	lenient    bool
	complaints []Complaint
	docs       []*document
	byName     map[string]*document // and by id
	set        *Set
}

// A File is a file of rules.
type File struct {
	Name string
	Data []byte
}

// Load reads the rules in the .yml and .yaml files of a directory and those below it. lists are
// the texts behind placeholders; one that is not among them is the file lists/NAME.txt of the
// directory, if that is there. A rule with a mistake is left out whole, with every rule that
// refers to it; what is wrong with it is said in the complaints, in the order of the files.
func Load(fsys fs.FS, lists map[string][]string) (*Set, []Complaint) {
	l := &loader{lists: withFiles(fsys, lists)}
	return l.load(l.files(fsys))
}

// LoadFiles reads the rules in files, like Load.
func LoadFiles(files []File, lists map[string][]string) (*Set, []Complaint) {
	l := &loader{lists: lists}
	return l.load(files)
}

// Check reads rules like Load, to say what is wrong with them: a list that is not at hand is worth
// a warning only.
func Check(fsys fs.FS, lists map[string][]string) []Complaint {
	l := &loader{lists: withFiles(fsys, lists), lenient: true}
	_, complaints := l.load(l.files(fsys))
	return complaints
}

// Errors counts the complaints that are no warnings.
func Errors(complaints []Complaint) int {
	n := 0
	for _, c := range complaints {
		if !c.Warning {
			n++
		}
	}
	return n
}

// files returns the files of rules in a directory, by name.
func (l *loader) files(fsys fs.FS) []File {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yml" && path.Ext(name) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files = append(files, File{name, data})
		return err
	})
	if err != nil {
		l.complaints = append(l.complaints, Complaint{File: ".", Line: 1, Column: 1, Text: "The rules cannot be read: " + err.Error() + "."})
	}
	return files
}

func (l *loader) load(files []File) (*Set, []Complaint) {
	l.set = &Set{Fields: &event.Fields{}}
	l.byName = map[string]*document{}
	for _, f := range files {
		for _, n := range documents(f.Name, f.Data, &l.complaints) {
			l.read(f.Name, n)
		}
	}
	l.nameAll()
	for _, d := range l.docs {
		if d.section == "filter" && !d.wrong {
			l.applyFilter(d)
		}
	}
	l.link()
	l.digests()
	slices.SortStableFunc(l.complaints, func(a, b Complaint) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	return l.set, slices.Compact(l.complaints)
}

// withFiles returns the lists with those that lie beside the rules.
func withFiles(fsys fs.FS, lists map[string][]string) map[string][]string {
	all := map[string][]string{}
	files, _ := fs.Glob(fsys, "lists/*.txt") // the pattern is fine
	for _, f := range files {
		if data, err := fs.ReadFile(fsys, f); err == nil {
			all[strings.TrimSuffix(path.Base(f), ".txt")] = ParseList(data)
		}
	}
	maps.Copy(all, lists)
	return all
}

// ParseList returns the entries of a list: one a line, without empty lines and without what stands behind
// a # at the beginning of a word.
func ParseList(data []byte) []string {
	list := []string{}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(" "+line, " #")
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// read takes one document.
func (l *loader) read(file string, n *yaml.Node) {
	r := &reader{file: file, lists: l.lists, lenient: l.lenient, complaints: &l.complaints}
	d := &document{reader: r, n: n, made: Rule{File: file, Line: n.Line, Portable: true}}
	entries := r.mapping(n, "The document")
	if entries == nil {
		return
	}
	if e := find(entries, "title"); e != nil {
		r.rule = e.v.Value
	}
	if e := find(entries, "action"); e != nil {
		r.err(e.k, "Write each rule out.", "Collections with action are no longer part of Sigma.")
	}
	if e := find(entries, "name"); e != nil {
		d.name = e.v.Value
	}
	r.meta(n, entries, &d.made)
	l.docs = append(l.docs, d)
	for _, section := range []string{"detection", "correlation", "filter"} {
		if e := find(entries, section); e != nil {
			if d.section != "" {
				r.err(e.k, "Put it into a document of its own.", "A document has a %s or a %s, not both.", d.section, section)
				return
			}
			d.section = section
		}
	}
	if d.section == "" {
		r.err(n, "Add one.", "The document has no detection, no correlation and no filter.")
		return
	}
	d.readSection(entries)
}

// readSection reads what the document is for.
func (d *document) readSection(entries []entry) {
	e := find(entries, d.section)
	switch d.section {
	case "detection":
		d.ours = d.logsource(entries, d.n)
		d.tree = d.detection(e.v, "The detection")
	case "correlation":
		d.cor = d.correlation(e.v)
		if g := find(entries, "generate"); g != nil && d.cor != nil {
			d.cor.generate = d.boolean(g.v, "generate")
		}
		if d.cor != nil && d.cor.kind >= Without {
			d.made.Portable = false
			d.warn(e.v, "", "The correlation type %s is Hinomi's own: other tools do not know it.", d.cor.kind)
			(*d.complaints)[len(*d.complaints)-1].Note = true
		}
	case "filter":
		d.ours = d.logsource(entries, d.n)
		d.readFilter(e.v)
	}
	d.wrong = d.wrong || d.section != "correlation" && d.tree == nil || d.section == "correlation" && d.cor == nil
}

// readFilter reads what a filter adds, and to which rules.
func (d *document) readFilter(n *yaml.Node) {
	entries := d.mapping(n, "The filter")
	e := find(entries, "rules")
	switch {
	case entries == nil:
		return
	case e == nil:
		d.err(n, "Add rules: [name of a rule], or rules: any.", "The filter does not say which rules it is for.")
	case e.v.Kind == yaml.ScalarNode && (e.v.Value == "any" || e.v.Value == "all"):
		d.every = true
	case e.v.Kind == yaml.ScalarNode:
		d.filtered = d.fieldNames(*e)
	default:
		d.filtered = d.refs(*e)
		d.every = len(d.filtered.names) == 0 && !d.wrong
	}
	d.tree = d.detection(n, "The filter", "rules")
	if d.tree != nil && d.tree.op != opNot && !(d.tree.op == opAnd && slices.ContainsFunc(d.tree.kids, func(k *node) bool { return k.op == opNot })) {
		d.warn(find(entries, "condition").v, "Write not in front to leave out what it describes.",
			"A filter is joined with and: the rules match only what this one describes.")
	}
}

// nameAll makes the documents findable by what they are called.
func (l *loader) nameAll() {
	called := map[string]*document{}
	for _, d := range l.docs {
		for _, name := range []string{d.name, d.made.ID} {
			if name == "" {
				continue
			}
			if other := l.byName[name]; other != nil && other != d {
				d.err(d.n, "Call one of them differently.", "The rule in %s, line %d, is called %s, too.", other.made.File, other.made.Line, name)
				continue
			}
			l.byName[name] = d
		}
		if other := called[d.made.Name]; other != nil && d.section != "filter" && !d.wrong {
			d.warn(d.n, "Give it a name.", "Alerts of this rule are called like those of the one in %s, line %d.", other.made.File, other.made.Line)
		}
		if d.section != "filter" {
			called[d.made.Name] = d
		}
	}
}

// find returns the rule of a name or an id, and complains if there is none.
func (l *loader) find(d *document, name string, at *yaml.Node) *document {
	if other := l.byName[name]; other != nil {
		return other
	}
	if other := l.byName[strings.ToLower(name)]; other != nil && uuidPattern.MatchString(name) {
		return other
	}
	var names []string
	for n := range l.byName {
		names = append(names, n)
	}
	slices.Sort(names)
	fix := ""
	if want := near(name, names); want != "" {
		fix = fmt.Sprintf("Did you mean %s?", want)
	}
	d.err(at, fix, "There is no rule %s.", name)
	return nil
}

// applyFilter joins a filter with the rules it is for.
func (l *loader) applyFilter(f *document) {
	var to []*document
	if f.every {
		for _, d := range l.docs {
			if d.section == "detection" {
				to = append(to, d)
			}
		}
	}
	for i, name := range f.filtered.names {
		d := l.find(f, name, f.filtered.nodes[i])
		switch {
		case d == nil:
		case d.section != "detection":
			f.err(f.filtered.nodes[i], "Filter the rules that it refers to.", "%s is a %s: filters are for detections.", name, d.section)
		default:
			to = append(to, d)
		}
	}
	if f.wrong || !f.ours {
		return
	}
	for _, d := range to {
		if d.ours && d.tree != nil {
			d.tree = join(opAnd, []*node{d.tree, f.tree})
			d.filters = append(d.filters, f)
			d.hollow = d.hollow || f.hollow
		}
	}
}
