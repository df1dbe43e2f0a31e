package program

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	_ "time/tzdata" // the zone of the terms must load on a machine that has no zone files

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// programFile is the one file that is not a version of the terms.
const programFile = "program.yaml"

//go:embed terms/*.yaml
var shipped embed.FS

// Shipped returns the files of the program that this binary carries.
func Shipped() fs.FS {
	sub, err := fs.Sub(shipped, "terms")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return sub
}

var loadDefault = sync.OnceValue(func() *Program {
	p, complaints, err := Load(Shipped())
	if err != nil || p == nil {
		panic(fmt.Sprintf("program: the terms in this binary are not valid: %v %v", err, complaints))
	}
	return p
})

// Default returns the program that this binary carries. A test keeps it valid.
func Default() *Program { return loadDefault() }

// Load reads program.yaml and one file for each version of the terms from the root of files. It
// returns everything that is wrong or known to be unclear, in the order of the files, and a nil
// Program when any of it is an error. err is about reading, not about what was read.
func Load(files fs.FS) (*Program, []Complaint, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("listing the files of the program: %w", err)
	}
	p := &Program{}
	var all []Complaint
	if !slices.Contains(names, programFile) {
		all = append(all, Complaint{File: programFile, Rule: ruleVersion,
			Text: lang.Text{EN: "The file is missing.", JA: "ファイルがありません。"}})
	}
	lines := make(map[string]int)
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", name, err)
		}
		r := &reader{file: name, lines: lines}
		if name == programFile {
			p.read(r, b)
		} else if t := readTerms(r, b); t != nil {
			p.versions = append(p.versions, t)
		}
		all = append(all, r.complaints...)
	}
	// Checks across clauses and files need whole files; after an error they would only repeat it.
	if Errors(all) == 0 {
		slices.SortFunc(p.versions, func(a, b *Terms) int { return a.From.Compare(b.From) })
		all = append(all, p.check(lines)...)
	}
	inOrder(all)
	if Errors(all) > 0 {
		return nil, all, nil
	}
	return p, all, nil
}

// Check returns what is wrong with the files of a program, or known to be unclear.
func Check(files fs.FS) []Complaint {
	_, complaints, err := Load(files)
	if err != nil {
		complaints = append(complaints, Complaint{File: ".", Rule: ruleSyntax,
			Text: lang.Text{EN: err.Error() + ".", JA: "読み込めません（" + err.Error() + "）。"}})
	}
	return complaints
}

// read fills p from program.yaml.
func (p *Program) read(r *reader, b []byte) {
	f := r.fields(r.root(b), "name!", "operator!", "contact_form!", "zone!", "languages!", "prevailing!", "targets!")
	p.Name, p.Operator = r.text(f["name"]), r.text(f["operator"])
	p.Contact = r.webAddress(f["contact_form"])
	if f["zone"] != nil {
		p.Zone = r.zone(f["zone"])
	}
	p.Languages = r.languages(f["languages"])
	p.Prevailing = r.language(f["prevailing"])
	if f["prevailing"] != nil && !slices.Contains(p.Languages, p.Prevailing) {
		r.complain(f["prevailing"], ruleUnknown, "The prevailing language is not one of the program's languages.", "優先する言語がプログラムの言語に含まれていません。")
	}
	for _, n := range r.list(f["targets"]) {
		t := r.promise(n)
		if _, twice := p.Target(t.Kind); twice {
			r.complain(n, ruleID, "The target %q stands here twice.", "目標%qが2回あります。", t.Kind)
		}
		r.lines["target "+t.Kind] = n.Line
		p.Targets = append(p.Targets, t)
	}
}

func (r *reader) promise(n *yaml.Node) Promise {
	f := r.fields(n, "kind!", "name!", "within!", "clause")
	t := Promise{Kind: r.name(f["kind"]), Name: r.text(f["name"]), Clause: r.scalar(f["clause"])}
	words := strings.Fields(r.scalar(f["within"]))
	if len(words) == 3 && (words[1] == Business || words[1] == Calendar) && strings.TrimSuffix(words[2], "s") == "day" {
		t.Unit = words[1]
		t.Days, _ = strconv.Atoi(words[0])
	}
	if f["within"] != nil && (t.Days < 1 || t.Days > 3660) {
		r.complain(f["within"], ruleDate, "%q is no time the desk can promise; write it like 5 business days or 90 calendar days.",
			"%qは読めません。5 business daysや90 calendar daysのように書いてください。", f["within"].Value)
	}
	return t
}

// readTerms reads one version of the terms, or returns nil when there is nothing to read.
func readTerms(r *reader, b []byte) *Terms {
	root := r.root(b)
	if root == nil {
		return nil
	}
	sum := sha256.Sum256(b)
	t := &Terms{Hash: hex.EncodeToString(sum[:]), byID: make(map[string]*Clause)}
	r.terms = t
	f := r.fields(root, "id!", "title!", "note", "from!", "platforms!", "readings", "clauses!")
	t.ID, t.Title, t.Note, t.From = r.scalar(f["id"]), r.text(f["title"]), r.text(f["note"]), r.instant(f["from"])
	if f["from"] != nil {
		r.lines[r.file] = f["from"].Line
	}
	if want := strings.TrimSuffix(path.Base(r.file), ".yaml"); f["id"] != nil && t.ID != want {
		r.complain(f["id"], ruleVersion, "The version %q stands in a file for %q.", "版%qが%qのファイルにあります。", t.ID, want)
	}
	if _, err := calendar.Parse(t.ID); f["id"] != nil && err != nil {
		r.complain(f["id"], ruleDate, "The id %q is no date; a version is named by the day it comes into force.", "id %qは日付ではありません。版の名前は効力発生日です。", t.ID)
	}
	for _, n := range r.list(f["platforms"]) {
		pf := r.fields(n, "id!", "name!")
		pl := Platform{ID: r.name(pf["id"]), Name: r.text(pf["name"])}
		if _, twice := t.Platform(pl.ID); twice {
			r.complain(n, ruleID, "The platform %q stands here twice.", "プラットフォーム%qが2回あります。", pl.ID)
		}
		t.Platforms = append(t.Platforms, pl)
	}
	readings := r.readings(f["readings"])
	for _, n := range r.list(f["clauses"]) {
		t.add(r, n, r.readClause(n))
	}
	r.clause = ""
	if Errors(r.complaints) == 0 {
		r.checkTerms(t, readings)
	}
	if Errors(r.complaints) == 0 {
		t.settle(readings)
	}
	return t
}

// add puts c at the end of the text. It may only follow its parent and its elder sibling.
func (t *Terms) add(r *reader, n *yaml.Node, c *Clause) {
	if c == nil {
		return
	}
	if old, twice := t.byID[c.ID]; twice {
		r.complain(n, ruleID, "Clause %[1]s stands in the file twice, first in line %[2]d.", "条項%[1]sが2回あります。最初は%[2]d行目です。", c.ID, old.line)
		return
	}
	if c.Parent != "" && t.byID[c.Parent] == nil {
		r.complain(n, ruleID, "Clause %[1]s stands before or without clause %[2]s.", "条項%[1]sの前に条項%[2]sがありません。", c.ID, c.Parent)
	}
	if want, last := ordinal(c.ID), t.youngest(c.Parent); want > 0 && want != last+1 {
		r.complain(n, ruleID, "Clause %[1]s is number %[2]d of its kind, but stands at place %[3]d.", "条項%[1]sは%[2]d番目ですが、%[3]d番目の位置にあります。", c.ID, want, last+1)
	}
	t.byID[c.ID] = c
	t.clauses = append(t.clauses, c)
}

// youngest returns the number of the last clause so far with this parent, or 0.
func (t *Terms) youngest(parent string) int {
	for _, c := range slices.Backward(t.clauses) {
		if n := ordinal(c.ID); c.Parent == parent && n > 0 {
			return n
		}
	}
	return 0
}
