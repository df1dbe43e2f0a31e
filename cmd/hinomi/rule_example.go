package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
)

// ruleTest runs examples.
type ruleTest struct {
	ruleDir
	Update bool `help:"Write the alerts that were raised into the examples."`
}

// Help says what the exit code means.
func (c *ruleTest) Help() string {
	return "Exit code 0: every example raises its alerts and no others. 1: one does not. 2: a wrong rule, or wrong use."
}

// Run runs every example of the directory.
func (c *ruleTest) Run(s *Streams) error {
	lists, err := c.lists()
	if err == nil && c.Update && c.Dir == "" {
		err = errors.New("--update needs a directory to write to")
	}
	if err != nil {
		fmt.Fprintln(s.Err, "hinomi:", err)
		return exitUsage
	}
	files := c.open()
	names, err := examples(files)
	if err != nil {
		return err
	}
	failed, wrong := 0, false
	for _, name := range names {
		said, err := c.one(files, name, lists)
		if err != nil {
			failed++
			wrong = wrong || errors.As(err, new(wrongRule))
			said = fmt.Sprintf("FAIL %s\n%s", name, indented(err.Error()))
		}
		fmt.Fprintln(s.Out, said)
	}
	fmt.Fprintf(s.Err, "examples: %d, failed: %d\n", len(names), failed)
	switch {
	case wrong:
		return exitUsage
	case failed > 0:
		return exitFailed
	}
	return nil
}

// one runs an example and returns what to say of it, or why it failed.
func (c *ruleTest) one(files fs.FS, name string, lists map[string][]string) (string, error) {
	x, err := readExample(files, name, lists)
	if err != nil {
		return "", err
	}
	if err := x.run(); err != nil {
		return "", err
	}
	diff := x.diff()
	switch {
	case diff == "":
		return fmt.Sprintf("ok   %s: %d events, %d alerts", name, len(x.lines), len(x.got)), nil
	case !c.Update:
		return "", errors.New(diff)
	}
	return "new  " + name, x.write(filepath.Join(c.Dir, filepath.FromSlash(name)))
}

// examples returns the names of the examples, in order.
func examples(files fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(name, ".txtar") {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// A wrongRule is what is wrong with the rules of an example.
type wrongRule struct{ complaints []rule.Complaint }

func (w wrongRule) Error() string {
	var lines []string
	for _, c := range w.complaints {
		if !c.Warning {
			lines = append(lines, c.String())
		}
	}
	return strings.Join(lines, "\n")
}

// An example is events and the alerts that rules are to raise on them.
type example struct {
	archive *txtar.Archive
	set     *rule.Set
	lines   [][]byte
	want    []string
	got     []string
}

// readExample reads one of a directory of rules.
func readExample(files fs.FS, name string, lists map[string][]string) (*example, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	x := &example{archive: txtar.Parse(data)}
	own := maps.Clone(lists)
	var text []byte
	sections := map[string]bool{}
	for _, f := range x.archive.Files {
		if sections[f.Name] {
			return nil, fmt.Errorf("the section %s is there twice", f.Name)
		}
		sections[f.Name] = true
		list, isList := strings.CutPrefix(f.Name, "list ")
		switch {
		case f.Name == "rules":
			text = f.Data
		case f.Name == "events":
			if x.lines, err = exampleEvents(f.Data); err != nil {
				return nil, err
			}
		case f.Name == "alerts":
			x.want = nonEmpty(f.Data)
		case isList:
			own[list] = rule.ParseList(f.Data)
		default:
			return nil, fmt.Errorf("there is no section %s: an example has rules, list NAME, events and alerts", f.Name)
		}
	}
	if !sections["events"] || !sections["alerts"] {
		return nil, errors.New("an example has a section events and a section alerts, which may be empty")
	}
	load := func() (*rule.Set, []rule.Complaint) { return rule.Load(files, own) }
	if sections["rules"] {
		load = func() (*rule.Set, []rule.Complaint) { return ownRules(files, text, own) }
	}
	var complaints []rule.Complaint
	if x.set, complaints = load(); rule.Errors(complaints) > 0 {
		return nil, wrongRule{complaints}
	}
	return x, nil
}

// ownRules reads the rules of an example: YAML, or the names of files beside it.
func ownRules(files fs.FS, text []byte, lists map[string][]string) (*rule.Set, []rule.Complaint) {
	list := []rule.File{{Name: "rules", Data: text}}
	if names := nonEmpty(text); !slices.ContainsFunc(names, func(n string) bool { return filepath.Ext(n) != ".yml" && filepath.Ext(n) != ".yaml" }) {
		list = nil
		for _, n := range names {
			data, err := fs.ReadFile(files, n)
			if err != nil {
				return nil, []rule.Complaint{{File: n, Line: 1, Column: 1, Text: "The file cannot be read."}}
			}
			list = append(list, rule.File{Name: n, Data: data})
		}
	}
	return rule.LoadFiles(list, lists)
}

// nonEmpty returns the lines with something in them.
func nonEmpty(data []byte) []string {
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// exampleEvents reads events: CloudEvents as JSON, one a line, or in short: the time, the type and the data as
// name=value, of which true, false, null and numbers are what JSON takes them for.
func exampleEvents(data []byte) ([][]byte, error) {
	var lines [][]byte
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '{':
			lines = append(lines, []byte(line))
		default:
			e, err := shortEvent(line, len(lines)+1)
			if err != nil {
				return nil, fmt.Errorf("line %d of the events: %w", i+1, err)
			}
			lines = append(lines, e)
		}
	}
	return lines, nil
}

// shortEvent reads an event in short; n is its number.
func shortEvent(line string, n int) ([]byte, error) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return nil, errors.New("an event in short is TIME TYPE NAME=VALUE …")
	}
	data := map[string]any{}
	for _, w := range words[2:] {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fmt.Errorf("%s is not NAME=VALUE", w)
		}
		data[name] = value
		if value == "" || strings.IndexByte("-0123456789tfn", value[0]) >= 0 && json.Valid([]byte(value)) {
			data[name] = json.RawMessage(cmp.Or(value, `""`))
		}
	}
	return json.Marshal(map[string]any{"specversion": "1.0", "id": fmt.Sprint("ev", n), "source": "example", "type": words[1], "time": words[0], "data": data})
}

// run lets the engine judge the events.
func (x *example) run() error {
	engine, err := detect.New(x.set, detect.Options{Lateness: 30 * time.Second})
	if err != nil {
		return err
	}
	batch := engine.NewBatch()
	for _, line := range x.lines {
		if err := batch.Add(line); err != nil {
			return fmt.Errorf("%w: %s", err, line)
		}
	}
	add := func(alerts []detect.Alert) {
		for i := range alerts {
			x.got = append(x.got, string(alerts[i].AppendJSON(nil)))
		}
	}
	add(engine.Take(batch))
	add(engine.Flush())
	return nil
}

// diff shows what was raised that should not be, and what was not that should, or nothing.
func (x *example) diff() string {
	if slices.Equal(x.want, x.got) {
		return ""
	}
	var b strings.Builder
	b.WriteString("- to be raised, + raised")
	// same[i][j] is how many lines want[i:] and got[j:] have in common, in order.
	same := make([][]int, len(x.want)+1)
	same[len(x.want)] = make([]int, len(x.got)+1)
	for i := len(x.want) - 1; i >= 0; i-- {
		same[i] = make([]int, len(x.got)+1)
		for j := len(x.got) - 1; j >= 0; j-- {
			same[i][j] = max(same[i+1][j], same[i][j+1])
			if x.want[i] == x.got[j] {
				same[i][j] = same[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(x.want) || j < len(x.got) {
		switch {
		case i < len(x.want) && j < len(x.got) && x.want[i] == x.got[j]:
			i, j = i+1, j+1
		case j == len(x.got) || i < len(x.want) && same[i+1][j] >= same[i][j+1]:
			fmt.Fprintf(&b, "\n- %s", x.want[i])
			i++
		default:
			fmt.Fprintf(&b, "\n+ %s", x.got[j])
			j++
		}
	}
	return b.String()
}

// write puts the alerts that were raised into the file.
func (x *example) write(name string) error {
	for i := range x.archive.Files {
		if f := &x.archive.Files[i]; f.Name == "alerts" {
			f.Data = []byte(strings.Join(append(x.got, ""), "\n"))
		}
	}
	return os.WriteFile(name, txtar.Format(x.archive), 0o644)
}

func indented(s string) string { return "     " + strings.ReplaceAll(s, "\n", "\n     ") }
