package program

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"hinomi.dev/hinomi/internal/lang"
)

var update = flag.Bool("update", false, "write what the tests print into their golden files")

// base returns the small valid program that the cases of testdata/check change.
func base(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{programFile, "2017-04-10.yaml"} {
		b, err := os.ReadFile(filepath.Join("testdata", "check", "base", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: b}
	}
	return files
}

// TestCheck plays testdata/check/*.txtar: each is the base with one or more changes, and what the
// linter then complains about. A change is a pair of sections, "file: from" and "file: to"; a
// section with the plain name of a file adds or replaces it, an empty one removes it.
func TestCheck(t *testing.T) {
	cases, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(cases) < 20 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			known := Check(base(t))
			for _, c := range Check(apply(t, base(t), ar)) {
				// The base's own notes are in every case and say nothing about it.
				if slices.ContainsFunc(known, func(k Complaint) bool { return k.Clause == c.Clause && k.Note == c.Note && k.Text == c.Text }) {
					continue
				}
				got.WriteString(c.String() + "\n")
				if c.Text.JA == "" || !strings.ContainsFunc(c.Text.JA, japanese) || strings.Contains(c.Text.EN+c.Text.JA, "%!") {
					t.Errorf("the complaint is not fit to be read in both languages: %+v", c.Text)
				}
			}
			want := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" })
			if want < 0 {
				t.Fatal("the case has no section \"want\"")
			}
			if *update {
				ar.Files[want].Data = got.Bytes()
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(ar.Files[want].Data), got.String()); diff != "" {
				t.Errorf("complaints (-want +got):\n%s", diff)
			}
		})
	}
}

func apply(t *testing.T, files fstest.MapFS, ar *txtar.Archive) fs.FS {
	t.Helper()
	for i := 0; i < len(ar.Files); i++ {
		f := ar.Files[i]
		name, change, isChange := strings.Cut(f.Name, ": ")
		switch {
		case f.Name == "want":
		case isChange && change == "from" && i+1 < len(ar.Files) && ar.Files[i+1].Name == name+": to":
			old := files[name].Data
			if bytes.Count(old, f.Data) != 1 {
				t.Fatalf("%s holds the text to change %d times:\n%s", name, bytes.Count(old, f.Data), f.Data)
			}
			files[name] = &fstest.MapFile{Data: bytes.Replace(old, f.Data, ar.Files[i+1].Data, 1)}
			i++
		case isChange:
			t.Fatalf("section %q does not belong to a pair", f.Name)
		case len(f.Data) == 0:
			delete(files, f.Name)
		default:
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return files
}

func TestTheBaseHasOnlyKnownIssues(t *testing.T) {
	p, complaints, err := Load(base(t))
	if err != nil || p == nil {
		t.Fatalf("loading the base: %v %v", complaints, err)
	}
	var rules []string
	for _, c := range complaints {
		rules = append(rules, c.Rule)
	}
	want := []string{ruleContradiction, ruleReading, ruleGap, ruleWrong}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("notes of the base (-want +got):\n%s", diff)
	}
}

// TestEveryRuleHasACase: a kind of complaint that no case shows is one nobody has seen work.
func TestEveryRuleHasACase(t *testing.T) {
	cases, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range cases {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range Check(apply(t, base(t), ar)) {
			if !c.Note {
				seen[c.Rule] = true
			}
		}
	}
	for _, rule := range []string{
		ruleSyntax, ruleField, ruleID, ruleKind, ruleTranslation, ruleReference, ruleWrong, ruleUnknown, ruleClass,
		ruleAmount, ruleVector, ruleDate, ruleAddress, ruleSign, ruleContradiction, ruleGap, ruleReading, ruleVersion,
	} {
		if !seen[rule] {
			t.Errorf("no case of testdata/check is an error of rule %q", rule)
		}
	}
}

func TestTheShippedTermsPassAndNameTheirKnownIssues(t *testing.T) {
	complaints := Check(Shipped())
	if n := Errors(complaints); n != 0 {
		t.Fatalf("%d errors: %v", n, complaints)
	}
	for _, c := range []struct{ name, file, clause, rule, reading string }{
		{"the reference of 6(8) to the wrong paragraph", "2017-04-10.yaml", "6.8", ruleWrong, "C-1"},
		{"bare domains against a wildcard", "2017-04-10.yaml", "3.2.xii.a", ruleContradiction, "C-3"},
		{"four websites against all names", "2017-04-10.yaml", "3.2.xii.a", ruleContradiction, "C-4"},
		{"days without a rate", "2017-04-10.yaml", "6.5.i", ruleGap, "C-6"},
		{"a month against thirty days", "2017-04-10.yaml", "6.8", ruleContradiction, "C-10"},
		{"bare domains against a wildcard in the first version", "2016-06-02.yaml", "3.2.xii.a", ruleContradiction, "C-3"},
		{"the table nobody has found", "2016-06-02.yaml", "6.1", ruleReading, "B-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !slices.ContainsFunc(complaints, func(g Complaint) bool {
				return g.File == c.file && g.Clause == c.clause && g.Rule == c.rule && g.Line > 0 && strings.Contains(g.Text.EN, "eading "+c.reading)
			}) {
				t.Errorf("not among the notes: %s %s %s %s", c.file, c.clause, c.rule, c.reading)
			}
		})
	}
	for n := 1; n <= 24; n++ {
		id := "C-" + string(rune('0'+n/10)) + string(rune('0'+n%10))
		id = strings.Replace(id, "-0", "-", 1)
		if !slices.ContainsFunc(complaints, func(g Complaint) bool {
			return g.File == "2017-04-10.yaml" && (strings.Contains(g.Text.EN, "Reading "+id+":") || strings.Contains(g.Text.EN, "Reading "+id+" "))
		}) {
			t.Errorf("the known issue %s is not printed", id)
		}
	}
}

func TestAComplaintAsALine(t *testing.T) {
	c := Complaint{File: "a.yaml", Line: 7, Clause: "6.8", Rule: ruleWrong, Note: true, Text: lang.Text{EN: "Wrong.", JA: "誤りです。"}}
	if got := c.String(); got != "a.yaml:7: 6.8: note: Wrong." {
		t.Errorf("in English: %s", got)
	}
	if got := c.In(lang.JA); got != "a.yaml:7: 6.8: 注記：誤りです。" {
		t.Errorf("in Japanese: %s", got)
	}
	if got := (Complaint{File: "a.yaml", Text: c.Text}).String(); got != "a.yaml: Wrong." {
		t.Errorf("about the whole file: %s", got)
	}
}

func TestLoadReturnsNoProgramWithAnError(t *testing.T) {
	files := base(t)
	files[programFile].Data = bytes.Replace(files[programFile].Data, []byte("Asia/Tokyo"), []byte("Asia/Edo"), 1)
	p, complaints, err := Load(files)
	if err != nil || p != nil || Errors(complaints) == 0 {
		t.Errorf("Load returned %v, %v, %v", p, complaints, err)
	}
}

func TestLoadReportsAFileThatCannotBeRead(t *testing.T) {
	files := base(t)
	files["2018-01-01.yaml"] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	if _, _, err := Load(files); err == nil {
		t.Error("a directory with the name of a file was read")
	}
	if cs := Check(files); Errors(cs) == 0 {
		t.Error("Check says nothing about a file that cannot be read")
	}
}

// TestTheDocumentNamesEverything keeps doc/terms.md complete: it is what a program owner has.
func TestTheDocumentNamesEverything(t *testing.T) {
	b, err := os.ReadFile("../../doc/terms.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range params {
		if !bytes.Contains(b, []byte("`"+d.key+"`")) {
			t.Errorf("doc/terms.md does not name the parameter %s", d.key)
		}
	}
	for _, k := range kinds {
		if !bytes.Contains(b, []byte(k)) {
			t.Errorf("doc/terms.md does not name the kind %s", k)
		}
	}
}
