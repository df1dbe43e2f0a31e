package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/rules"
)

// A File is a file of rules, or a list that rules name: lists/NAME.txt.
type File struct {
	Name      string
	Text      string
	State     State // of its rules
	Version   int64 // 0 for a file of the binary that nobody has changed
	Shipped   bool  // there is one of this name in the binary
	Changed   bool  // the text is not the one in the binary
	ChangedBy string
	ChangedAt time.Time
	Rules     []RuleView       // those that raise alerts, or would
	Wrong     []rule.Complaint // what keeps rules of it from working
}

// List reports whether the file is a list, and no rules.
func (f File) List() bool { return strings.HasPrefix(f.Name, "lists/") }

// A RuleView is one rule and how it fares.
type RuleView struct {
	Name     string
	Title    string
	Level    string
	Line     int    // in the file
	Version  string // which meaning of it this is
	Portable bool   // false: other tools do not know its type
	Health
	// Running is false while the rule is new and its past is being read, and where it is off.
	Running bool
}

// Health is what a rule has found and what it takes. What it found is counted over all its versions.
type Health struct {
	Matched     uint64 // events that one of its detections matched, since its engine began
	Keys        int    // groups with a window
	Bytes       int64  // of memory
	Alerts      int    // live ones
	Shadow      int
	Replayed    int
	Open        int // live ones that nobody has marked
	Real        int // of any sort
	FalseAlarms int // of any sort
	Last        time.Time
}

// A Version is one state in which a file was.
type Version struct {
	Version   int64
	Change    string // text, state or removed
	Text      string
	State     State
	ChangedBy string
	ChangedAt time.Time
}

// A ruleset is all files and what they came to.
type ruleset struct {
	generation int64
	files      []File // by name
	set        *rule.Set
	complaints []rule.Complaint
}

// shipped are the files of the binary, by name.
func shipped() map[string]string {
	all := map[string]string{}
	_ = fs.WalkDir(rules.Files, ".", func(name string, d fs.DirEntry, err error) error { // in the binary: no error
		if err != nil || d.IsDir() || path.Ext(name) == ".txtar" {
			return err
		}
		text, err := fs.ReadFile(rules.Files, name)
		all[name] = string(text)
		return err
	})
	return all
}

// readFiles reads the files as they are: those of the binary with what people changed.
func readFiles(ctx context.Context, q db.Querier) ([]File, int64, error) {
	var generation int64
	if err := q.QueryRowContext(ctx, `SELECT generation FROM watch WHERE id = 1`).Scan(&generation); err != nil {
		return nil, 0, fmt.Errorf("reading the generation of the rules: %w", err)
	}
	files := map[string]File{}
	for name, text := range shipped() {
		files[name] = File{Name: name, Text: text, State: Live, Shipped: true}
	}
	rows, err := q.QueryContext(ctx, `SELECT name, text, own_text, state, version, changed_by, changed_at FROM rule_file ORDER BY name`)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the rules: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var f File
		var at int64
		if err := rows.Scan(&f.Name, &f.Text, &f.Changed, &f.State, &f.Version, &f.ChangedBy, &at); err != nil {
			return nil, 0, fmt.Errorf("reading the rules: %w", err)
		}
		f.ChangedAt = db.Time(at)
		was, ok := files[f.Name]
		f.Shipped = ok
		if !f.Changed && !ok {
			continue // a file that a later binary no longer has, and nobody wrote
		}
		if !f.Changed {
			f.Text = was.Text
		}
		files[f.Name] = f
	}
	var all []File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, files[name])
	}
	return all, generation, rows.Err()
}

// compile makes a set of the files. What is wrong is said in the complaints, and the rest works.
func compile(files []File) (*rule.Set, []rule.Complaint) {
	lists := map[string][]string{}
	var in []rule.File
	for _, f := range files {
		if f.List() {
			lists[strings.TrimSuffix(path.Base(f.Name), ".txt")] = rule.ParseList([]byte(f.Text))
		} else {
			in = append(in, rule.File{Name: f.Name, Data: []byte(f.Text)})
		}
	}
	set, complaints := rule.LoadFiles(in, lists)
	for _, c := range runnable(set) {
		complaints = append(complaints, c)
		set = only(set, func(r *rule.Rule) bool { return r.Name != c.Rule })
	}
	return set, complaints
}

// runnable says which rules of a set no engine can run.
func runnable(set *rule.Set) (all []rule.Complaint) {
	if _, err := detect.New(set, detect.Options{}); err == nil {
		return nil
	}
	for _, r := range alerting(set) {
		alone := only(set, func(x *rule.Rule) bool { return x.Name == r.Name })
		if _, err := detect.New(alone, detect.Options{}); err != nil {
			all = append(all, rule.Complaint{File: r.File, Line: r.Line, Column: 1, Rule: r.Name, Text: sentence(err)})
		}
	}
	return all
}

// sentence makes a sentence of what an engine says of a rule, without the place.
func sentence(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	return "The engine cannot run it: " + strings.TrimSuffix(err.Error(), ".") + "."
}

// alerting returns the rules that raise alerts.
func alerting(set *rule.Set) (all []*rule.Rule) {
	for _, d := range set.Detections {
		if d.Generate {
			all = append(all, &d.Rule)
		}
	}
	for _, c := range set.Correlations {
		if c.Generate {
			all = append(all, &c.Rule)
		}
	}
	return all
}

// only returns a set of which the rules to keep raise alerts. What they build on is there as well.
func only(set *rule.Set, keep func(*rule.Rule) bool) *rule.Set {
	out := &rule.Set{Fields: set.Fields}
	for _, d := range set.Detections {
		copied := *d
		copied.Generate = d.Generate && keep(&d.Rule)
		out.Detections = append(out.Detections, &copied)
	}
	needed := make([]bool, len(set.Correlations))
	for i, c := range slices.Backward(set.Correlations) { // each stands behind those it refers to
		needed[i] = needed[i] || c.Generate && keep(&c.Rule)
		for _, inputs := range [][]rule.Input{c.Rules, c.Without, c.EndedBy} {
			for _, in := range inputs {
				if in.Chained && needed[i] {
					needed[in.Rule] = true
				}
			}
		}
	}
	places := make([]int, len(set.Correlations))
	for i, c := range set.Correlations {
		if !needed[i] {
			continue
		}
		copied := *c
		copied.Generate = c.Generate && keep(&c.Rule)
		for _, inputs := range []*[]rule.Input{&copied.Rules, &copied.Without, &copied.EndedBy} {
			*inputs = slices.Clone(*inputs)
			for j := range *inputs {
				if in := &(*inputs)[j]; in.Chained {
					in.Rule = places[in.Rule]
				}
			}
		}
		places[i] = len(out.Correlations)
		out.Correlations = append(out.Correlations, &copied)
	}
	return out
}

// readRules reads the files and compiles them.
func readRules(ctx context.Context, q db.Querier) (*ruleset, error) {
	files, generation, err := readFiles(ctx, q)
	if err != nil {
		return nil, err
	}
	r := &ruleset{generation: generation, files: files}
	r.set, r.complaints = compile(files)
	return r, nil
}

// state returns the state of a file's rules.
func (r *ruleset) state(file string) State {
	for i := range r.files {
		if r.files[i].Name == file {
			return r.files[i].State
		}
	}
	return Off
}

// on returns the set without the rules of files that are off.
func (r *ruleset) on() *rule.Set {
	return only(r.set, func(x *rule.Rule) bool { return r.state(x.File) != Off })
}

// fileName is how files are called: what a list is called stands between % in rules.
var fileName = regexp.MustCompile(`^([a-z0-9][a-z0-9_-]{0,59}\.ya?ml|lists/[a-z0-9][a-z0-9_-]{0,59}\.txt)$`)

// maxText is how long a file may be. A list of a hundred thousand accounts fits.
const maxText = 4 << 20

func checkFile(name, text string) error {
	switch {
	case !fileName.MatchString(name):
		return fault.New(fault.Invalid, "A file of rules is called like my-rules.yml, and a list like lists/protected.txt: small letters, digits, - and _.",
			"ルールファイルは my-rules.yml、リストは lists/protected.txt のように、英小文字・数字・-・_ で名前を付けてください。").At("name")
	case len(text) > maxText:
		return fault.New(fault.Invalid, "The file is longer than 4 MiB. Split it.", "ファイルが4 MiBを超えています。分割してください。").At("text")
	}
	return nil
}

// with returns the files with one more, or another text of one.
func with(files []File, name, text string) []File {
	files = slices.Clone(files)
	for i := range files {
		if files[i].Name == name {
			files[i].Text, files[i].Changed = text, true
			return files
		}
	}
	return append(files, File{Name: name, Text: text, State: Live, Changed: true})
}

// about returns the complaints that are about a file, and those elsewhere that were not there before: a
// change of one file may break another.
func about(name string, before, after []rule.Complaint) (all []rule.Complaint) {
	for _, c := range after {
		if c.File == name || !slices.ContainsFunc(before, func(b rule.Complaint) bool { return b.File == c.File && b.Rule == c.Rule && b.Text == c.Text }) {
			all = append(all, c)
		}
	}
	return all
}

// broken says that a change was not made, and where the first mistake is. The complaints say which.
func broken(complaints []rule.Complaint) error {
	for _, c := range complaints {
		if !c.Warning {
			return fault.New(fault.Invalid, "Nothing was saved: the rules would not work. The first of %d mistakes is at %s.",
				"ルールに%d件の誤りがあるため保存していません。最初の誤りの位置は %s です。", rule.Errors(complaints), c.File+":"+strconv.Itoa(c.Line)).At("text")
		}
	}
	return nil
}
