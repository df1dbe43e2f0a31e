package hinomi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A source is a Go file as parsed.
type source struct {
	file, dir string
	test      bool // for tests alone: _test.go, or a package of testOnly
	set       *token.FileSet
	tree      *ast.File
	imports   map[string]string // name in the file → path
}

// at returns FILE:LINE.
func (s source) at(n ast.Node) string {
	return s.file + ":" + strconv.Itoa(s.set.Position(n.Pos()).Line)
}

var parsed struct {
	sync.Once
	all []source
}

func sources(t *testing.T) []source {
	t.Helper()
	parsed.Do(func() {
		set := token.NewFileSet()
		for _, f := range files(t, ".go") {
			tree, err := parser.ParseFile(set, f, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			s := source{file: f, dir: path.Dir(f), set: set, tree: tree, imports: map[string]string{}}
			s.test = strings.HasSuffix(f, "_test.go") || within(strings.Join(testOnly, " "), s.dir)
			for _, im := range tree.Imports {
				p, _ := strconv.Unquote(im.Path.Value) // it parsed
				name := path.Base(p)
				if im.Name != nil {
					name = im.Name.Name
				}
				s.imports[name] = p
			}
			parsed.all = append(parsed.all, s)
		}
	})
	if len(parsed.all) < 20 {
		t.Fatalf("only %d Go files were parsed", len(parsed.all))
	}
	return parsed.all
}

// uses calls fn for every package.Name in a file, as "path.Name".
func (s source) uses(fn func(n *ast.SelectorExpr, what string)) {
	ast.Inspect(s.tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil && s.imports[x.Name] != "" {
			fn(sel, s.imports[x.Name]+"."+sel.Sel.Name)
		}
		return true
	})
}

// trusted are html/template's types for text that is believed as it is.
var trusted = []string{"HTML", "HTMLAttr", "CSS", "JS", "JSStr", "URL", "Srcset"}

func TestTwoFilesMayTrustHTML(t *testing.T) {
	only := []string{"internal/web/markdown.go", "internal/web/rendered.go"}
	for _, s := range sources(t) {
		if s.test || slices.Contains(only, s.file) {
			continue
		}
		s.uses(func(n *ast.SelectorExpr, what string) {
			if name, ok := strings.CutPrefix(what, "html/template."); ok && slices.Contains(trusted, name) {
				t.Errorf("%s: template.%s switches the escaping off; only %v may, where the text was just sanitised or escaped", s.at(n), name, only)
			}
		})
	}
}

func TestTheClockIsHandedIn(t *testing.T) {
	const places = "cmd/... internal/app/... internal/demo/..."
	for _, s := range sources(t) {
		if s.test || within(places, s.dir) {
			continue
		}
		excused := map[int]bool{}
		for _, group := range s.tree.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "// wall clock: ") {
					excused[s.set.Position(c.Pos()).Line] = true
				}
			}
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && s.imports[x.Name] == "time" && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) &&
				!excused[s.set.Position(n.Pos()).Line] {
				t.Errorf("%s: time.%s outside cmd, app and demo: take the time from a Now func() time.Time that app sets, "+
					"or say on the line why it must be the machine's own: // wall clock: …", s.at(n), sel.Sel.Name)
			}
			return true
		})
	}
}

func TestOnlyCommandsPrint(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || within("cmd/...", s.dir) {
			continue
		}
		s.uses(func(n *ast.SelectorExpr, what string) {
			switch what {
			case "fmt.Print", "fmt.Printf", "fmt.Println", "os.Stdout", "os.Stderr", "os.Exit":
				t.Errorf("%s: %s outside cmd: return it, log it with the slog.Logger handed in, or take an io.Writer", s.at(n), what)
			}
		})
	}
}

func TestMoneyIsNeverAFraction(t *testing.T) {
	const places = "internal/money/... internal/withholding/... internal/exchange/... internal/bank/... internal/program/... internal/reward/... internal/payout/..."
	for _, s := range sources(t) {
		if s.test || !within(places, s.dir) {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if n.Name == "float64" || n.Name == "float32" || n.Name == "ParseFloat" {
					t.Errorf("%s: %s near money: amounts are whole numbers of the smallest unit, and rates are exact decimals", s.at(n), n.Name)
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					t.Errorf("%s: the fraction %s near money: amounts are whole numbers of the smallest unit", s.at(n), n.Value)
				}
			}
			return true
		})
	}
}

var (
	verb     = regexp.MustCompile(`%[-+# 0]*\d*(?:\.\d+)?(\[\d+\])?[a-zA-Z]`)
	japanese = regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
)

func TestFaultsSpeakBothLanguages(t *testing.T) {
	found := 0
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "New" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || s.imports[x.Name] != module+"internal/fault" {
				return true
			}
			en, ok1 := sentence(call.Args[1])
			ja, ok2 := sentence(call.Args[2])
			if !ok1 || !ok2 || call.Ellipsis.IsValid() {
				return true // made elsewhere, and seen there
			}
			found++
			if !japanese.MatchString(ja) || japanese.MatchString(en) {
				t.Errorf("%s: fault.New takes the English sentence, then the Japanese one: %q, %q", s.at(n), en, ja)
			}
			if !regexp.MustCompile(`[.:?)”"]$`).MatchString(en) || !regexp.MustCompile(`[。？：）」]$`).MatchString(ja) {
				t.Errorf("%s: what a person reads is a whole sentence with its full stop: %q, %q", s.at(n), en, ja)
			}
			if why := unfit(en, ja, len(call.Args)-3); why != "" {
				t.Errorf("%s: %s: %q, %q", s.at(n), why, en, ja)
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("only %d sentences were checked: does the check still see them?", found)
	}
}

// unfit says why the verbs of the two sentences do not fit the number of arguments. A sentence
// takes them all in order, or picks its own by number, as %[2]s does; none may be left over.
func unfit(en, ja string, args int) string {
	used := map[int]bool{}
	for _, text := range []string{en, ja} {
		verbs := verb.FindAllStringSubmatch(strings.ReplaceAll(text, "%%", ""), -1)
		for i, v := range verbs {
			n, err := strconv.Atoi(strings.Trim(v[1], "[]"))
			switch {
			case err != nil && len(verbs) != args:
				return "a sentence takes its arguments in order, but not all of them"
			case err != nil:
				n = i + 1
			}
			used[n] = true
			if n > args {
				return "a sentence takes an argument that is not there"
			}
		}
	}
	if len(used) != args {
		return "an argument is in neither sentence"
	}
	return ""
}

func TestUnfit(t *testing.T) {
	for _, c := range []struct {
		en, ja string
		args   int
		want   bool
	}{
		{"plain", "平文", 0, true},
		{"%s of %d", "%s中%d", 2, true},
		{"%[1]s", "%[2]s", 2, true},
		{"100%% of %s", "%s", 1, true},
		{"%s", "%[2]s", 2, false},
		{"%[1]s", "%[1]s", 2, false},
		{"%s %s", "%s", 2, false},
		{"%[3]s %[1]s", "%[2]s", 2, false},
		{"none", "無", 1, false},
	} {
		if why := unfit(c.en, c.ja, c.args); (why == "") != c.want {
			t.Errorf("%q, %q with %d arguments: %q", c.en, c.ja, c.args, why)
		}
	}
}

// sentence returns a string that stands in the source, in one piece or several.
func sentence(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		a, ok1 := sentence(e.X)
		b, ok2 := sentence(e.Y)
		return a + b, ok1 && ok2 && e.Op == token.ADD
	}
	return "", false
}

// unportable is SQL that the two databases read differently, or one of them not at all.
var unportable = regexp.MustCompile(`(?i)\b(ILIKE|now\(\)|CURRENT_TIMESTAMP|= ANY ?\(|FOR UPDATE|AUTOINCREMENT|(BIG)?SERIAL\b|TIMESTAMPTZ|greatest\()|SELECT \*|SELECT [a-z]\.\*`)

func TestSQLIsPortable(t *testing.T) {
	statement := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER)\s`)
	found := 0
	for _, s := range sources(t) {
		if s.test || strings.HasSuffix(s.file, "_dialect.go") {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(lit.Value) // it parsed
			if !statement.MatchString(text) {
				return true
			}
			found++
			if bad := unportable.FindString(text); bad != "" {
				t.Errorf("%s: %q is not the same on both databases (CONTRIBUTING.md says what is)", s.at(lit), bad)
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("only %d statements were checked: does the check still see them?", found)
	}
	for _, f := range files(t, ".sql") {
		if bad := unportable.FindString(read(t, f)); bad != "" {
			t.Errorf("%s: %q is not the same on both databases", f, bad)
		}
	}
}
