// Package hinomi has no code: these tests read the whole tree and keep what no compiler and
// no linter keeps for us. What they demand is said, with the reasons, in CONTRIBUTING.md.
package hinomi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "hinomi.dev/hinomi/"

// order is the direction of imports: a package imports from lines below its own, never from
// its own line or above. "x/..." is x and what lies under it; those may import each other.
var order = []string{
	"cmd/... internal/story/...",
	"internal/demo/...",
	"internal/app/...",
	"internal/web/... internal/api/...",
	"internal/payout/...",
	"internal/reward/...",
	"internal/report/...",
	"internal/participant/...",
	"internal/program/...",
	"internal/scenario/...",
	"internal/containment/... internal/connector/...",
	"internal/incident/...",
	"internal/watch/...",
	"internal/detect/...",
	"internal/rule/...",
	"internal/intake/...",
	"internal/event/...",
	"internal/notice/...",
	"internal/person/...",
	"internal/deadline/...",
	"internal/audit/... internal/bus/... internal/receipt/... internal/stream/...",
	"internal/search/... internal/similar/... internal/screening/... internal/attachment/... internal/limit/...",
	"internal/db/...",
	"internal/bank/... internal/withholding/... internal/exchange/...",
	"internal/cvss/... internal/money/... internal/calendar/... internal/id/... internal/picture/...",
	"internal/access/... internal/fault/... internal/fold/...",
	"internal/browser/...",
	"internal/lang/... rules/...",
}

// apart are pairs that must not know each other although the order would let them.
var apart = []struct{ from, to, why string }{
	{"internal/notice/...", "internal/person/...", "what to say arrives as data in a message"},
	{"internal/program/...", "internal/db/...", "the terms are data and rules: no database"},
	{family[0], family[1], "what people tell us and what the service tells us meet through messages, subscribed in app"},
	{family[1], family[0], "what people tell us and what the service tells us meet through messages, subscribed in app"},
}

// family are the two families that never import each other.
var family = []string{
	"internal/payout/... internal/reward/... internal/report/... internal/participant/... internal/program/...",
	"internal/containment/... internal/connector/... internal/incident/... internal/watch/... internal/detect/... internal/rule/... internal/intake/... internal/event/...",
}

// pure are packages of values and rules. Besides the standard library and x/text they may use
// what stands beside them.
var pure = map[string][]string{
	"internal/access": nil, "internal/fault": nil, "internal/money": nil, "internal/id": nil,
	"internal/lang": nil, "internal/fold": nil, "internal/bank": nil, "internal/withholding": nil, "internal/exchange": nil,
	"internal/screening": nil, "internal/scenario": nil, "internal/picture": nil,
	"internal/calendar": {"github.com/rickar/cal/"},       // Japan's holidays
	"internal/cvss":     {"github.com/pandatix/go-cvss/"}, // the arithmetic of the scores
}

// testOnly are packages for tests: the product does not carry them.
var testOnly = []string{"internal/db/dbtest", "internal/browser"}

// A goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath, Dir, Name, Doc string
	Imports                    []string
}

// path returns the package's place in the tree, such as internal/report.
func (p goPackage) path() string { return strings.TrimPrefix(p.ImportPath, module) }

var packages = sync.OnceValues(func() ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Name,Doc,Imports", "./cmd/...", "./internal/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// within reports whether a package matches one of the patterns in a line.
func within(line, pkg string) bool {
	for _, pattern := range strings.Fields(line) {
		root := strings.TrimSuffix(pattern, "/...")
		if pkg == root || strings.HasPrefix(pkg, root+"/") {
			return true
		}
	}
	return false
}

// level returns the line of order that names the package, and the pattern that does.
func level(pkg string) (int, string) {
	for i, line := range order {
		for _, pattern := range strings.Fields(line) {
			if within(pattern, pkg) {
				return i, pattern
			}
		}
	}
	return -1, ""
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range listPackages(t) {
		from, fromPattern := level(p.path())
		if from < 0 {
			t.Errorf("%s has no place in the direction of imports: give it a line in order, in all_test.go", p.path())
			continue
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if n, pattern := level(to); n <= from && pattern != fromPattern {
				t.Errorf("%s imports %s: imports point down in the order of all_test.go, and these two go up or sideways", p.path(), to)
			}
			for _, a := range apart {
				if within(a.from, p.path()) && within(a.to, to) {
					t.Errorf("%s imports %s: %s", p.path(), to, a.why)
				}
			}
			if slices.Contains(testOnly, to) && !slices.Contains(testOnly, p.path()) {
				t.Errorf("%s imports %s, which is for tests alone", p.path(), to)
			}
		}
	}
}

func TestPurePackagesUseOnlyTheStandardLibrary(t *testing.T) {
	for _, p := range listPackages(t) {
		extra, is := pure[p.path()]
		if !is {
			continue
		}
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(imported, module) || strings.HasPrefix(imported, "golang.org/x/text/") {
				continue
			}
			if !slices.ContainsFunc(extra, func(prefix string) bool { return strings.HasPrefix(imported, prefix) }) {
				t.Errorf("%s imports %s: it is pure, and takes only the standard library and x/text", p.path(), imported)
			}
		}
	}
}

func TestPackagesHaveNamesAndComments(t *testing.T) {
	drawers := []string{"util", "utils", "common", "helper", "helpers", "base", "types", "model", "models", "service", "services", "manager", "misc", "shared"}
	for _, p := range listPackages(t) {
		if slices.Contains(drawers, path.Base(p.path())) || slices.Contains(drawers, p.Name) {
			t.Errorf("%s is named like a drawer: name the concept, or keep the code beside its caller", p.path())
		}
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "Command " + path.Base(p.path()) + " "
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s has no comment that begins with %q: say in a sentence what it is for", p.path(), want)
		}
	}
}

// tracked returns the files of the tree, by their paths from its root.
var tracked = sync.OnceValues(func() ([]string, error) {
	_, noGit := exec.LookPath("git")
	if _, err := os.Stat(".git"); err == nil && noGit == nil {
		out, err := exec.Command("git", "ls-files", "-z").Output()
		if err != nil {
			return nil, fmt.Errorf("git ls-files: %w", err)
		}
		return slices.DeleteFunc(strings.Split(strings.TrimRight(string(out), "\x00"), "\x00"), func(f string) bool {
			_, err := os.Stat(f)
			return err != nil // removed, and not yet committed so
		}), nil
	}
	var all []string // an unpacked archive, or a machine without git
	return all, filepath.WalkDir(".", func(f string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains([]string{".git", "out", "data", "node_modules"}, d.Name()) {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			all = append(all, f)
		}
		return err
	})
})

// files returns the tracked files whose names end in one of the endings, or all.
func files(t *testing.T, endings ...string) []string {
	t.Helper()
	all, err := tracked()
	if err != nil {
		t.Fatal(err)
	}
	if len(endings) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(f string) bool {
		return !slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(f, e) })
	})
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFilesAreShortEnoughToRead(t *testing.T) {
	for _, f := range files(t, ".go", ".js", ".html") {
		limit := 400
		if strings.HasSuffix(f, "_test.go") {
			limit = 500 // a list of cases is read one at a time
		}
		if n := strings.Count(read(t, f), "\n"); n > limit {
			t.Errorf("%s has %d lines, more than %d: which part of it is a thing of its own?", f, n, limit)
		}
	}
}

func TestFewQueriesAreWrittenTwice(t *testing.T) {
	if two := files(t, "_dialect.go"); len(two) > 6 {
		t.Errorf("%d files write their SQL once for each database, more than 6: %v", len(two), two)
	}
}

func TestTreeNamesNoMachine(t *testing.T) {
	// In pieces, so that this file does not find itself.
	places := regexp.MustCompile(`(^|[^\w.])/(` + "wo" + `rk|ro` + `ot)/\w|/tmp/` + `(brief|bash_jobs)|` +
		"proxy" + `\.golang\.org|registry` + `\.npmjs\.org|deb` + `\.debian\.org|sum` + `\.golang\.org`)
	for _, f := range files(t) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(b, 0) >= 0 {
			continue // not text
		}
		for i, line := range strings.Split(string(b), "\n") {
			if found := places.FindString(line); found != "" {
				t.Errorf("%s:%d names %q: the tree must not know the machine it was written on", f, i+1, found)
			}
		}
	}
}

func TestEveryPageIsKnownToTheTestOfPages(t *testing.T) {
	var source strings.Builder
	for _, f := range files(t, ".go") {
		if path.Dir(f) == "internal/web" {
			source.WriteString(read(t, f))
		}
	}
	for _, f := range files(t, ".html") {
		if path.Dir(f) != "internal/web/page" || path.Base(f) == "layout.html" {
			continue
		}
		if !strings.Contains(source.String(), fmt.Sprintf("%q:", path.Base(f))) {
			t.Errorf("%s is in no table of pages with the struct it is shown with, so no test checks it", f)
		}
	}
}

func TestDocumentsPointAtWhatIsThere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	target := regexp.MustCompile("(?m)`make ([a-z]+)`|^ *make ([a-z]+)")
	makefile := read(t, "Makefile")
	for _, f := range files(t, ".md") {
		text := read(t, f)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to, _, _ := strings.Cut(m[1], "#")
			if to == "" || strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(f), to)); err != nil {
				t.Errorf("%s points at %s, which is not there", f, m[1])
			}
		}
		for _, m := range target.FindAllStringSubmatch(text, -1) {
			if name := m[1] + m[2]; !strings.Contains(makefile, "\n"+name+":") {
				t.Errorf("%s tells to run make %s, which the Makefile does not know", f, name)
			}
		}
	}
}

func TestEverySettingIsInTheManual(t *testing.T) {
	setting := regexp.MustCompile(`HINOMI_[A-Z_]+`)
	manual := map[string]bool{}
	for _, name := range setting.FindAllString(read(t, "doc/operate.md"), -1) {
		manual[name] = true
	}
	code := map[string]bool{}
	for _, f := range files(t, ".go") {
		if !within("cmd/...", f) || strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, name := range setting.FindAllString(read(t, f), -1) {
			if code[name] = true; !manual[name] {
				t.Errorf("%s knows %s, and doc/operate.md does not", f, name)
			}
		}
	}
	for name := range manual {
		if !code[name] {
			t.Errorf("doc/operate.md tells of %s, which no command knows", name)
		}
	}
}
