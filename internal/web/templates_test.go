package web

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"
	"unicode"

	"github.com/jba/templatecheck"
	"golang.org/x/net/html"

	"hinomi.dev/hinomi/internal/access"
)

func TestEveryTemplateFitsItsStruct(t *testing.T) {
	for name, tmpl := range loadPages() {
		if err := templatecheck.CheckHTML(tmpl.Lookup("layout.html"), pages[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := templatecheck.CheckHTML(loadPages()["queue.html"].Lookup("queuerow"), queueRow{}); err != nil {
		t.Errorf("a row of the queue: %v", err)
	}
}

func TestEveryPageFileIsInTheTable(t *testing.T) {
	files, err := fs.Glob(pageFiles, "page/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); name != "layout.html" && pages[name] == nil {
			t.Errorf("page/%s is in no row of pages", name)
		}
	}
}

// A source is one template file, parsed.
type source struct {
	name  string
	text  string
	trees map[string]*parse.Tree
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := fs.WalkDir(pageFiles, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := pageFiles.ReadFile(name)
		if err != nil {
			return err
		}
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(b), "", "", trees); err != nil {
			return err
		}
		all = append(all, source{name, string(b), trees})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// walk calls fn for every node of a tree, in the order of the text.
func walk(n parse.Node, fn func(parse.Node)) {
	switch n := n.(type) {
	case nil:
		return
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			walk(c, fn)
		}
		return
	case *parse.IfNode:
		walk(n.Pipe, fn)
		walk(n.List, fn)
		walk(n.ElseList, fn)
	case *parse.RangeNode:
		walk(n.Pipe, fn)
		walk(n.List, fn)
		walk(n.ElseList, fn)
	case *parse.WithNode:
		walk(n.Pipe, fn)
		walk(n.List, fn)
		walk(n.ElseList, fn)
	case *parse.ActionNode:
		walk(n.Pipe, fn)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, fn)
		}
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, c := range n.Cmds {
			walk(c, fn)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			walk(a, fn)
		}
	case *parse.ChainNode:
		walk(n.Node, fn)
	}
	fn(n)
}

// called returns the method or function a command calls, without the dots: T for $.T and .T.
func called(n parse.Node) (string, []parse.Node) {
	c, ok := n.(*parse.CommandNode)
	if !ok || len(c.Args) == 0 {
		return "", nil
	}
	var ident []string
	switch f := c.Args[0].(type) {
	case *parse.FieldNode:
		ident = f.Ident
	case *parse.VariableNode:
		ident = f.Ident
	case *parse.ChainNode:
		ident = f.Field
	}
	if len(ident) == 0 {
		return "", nil
	}
	return ident[len(ident)-1], c.Args[1:]
}

func literal(n parse.Node) (string, bool) {
	s, ok := n.(*parse.StringNode)
	if !ok {
		return "", false
	}
	return s.Text, true
}

func japanese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
	})
}

func spoken(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }

var verb = regexp.MustCompile(`%(?:\[\d+\])?[-+# 0]*\d*(?:\.\d+)?[a-zA-Z]`)

func verbs(s string) int { return len(verb.FindAllString(strings.ReplaceAll(s, "%%", ""), -1)) }

// bilingual are the methods that take the same words twice, English before Japanese.
var bilingual = []string{"T", "Count"}

func TestWhatIsSaidIsSaidInBothLanguages(t *testing.T) {
	for _, src := range sources(t) {
		for _, tree := range src.trees {
			walk(tree.Root, func(n parse.Node) {
				name, args := called(n)
				if !slices.Contains(bilingual, name) || len(args) == 0 {
					return // .Count is also a field
				}
				at, _ := tree.ErrorContext(n)
				texts := args
				if name == "Count" && len(args) == 4 {
					texts = []parse.Node{args[2], args[3]}
				}
				if len(texts) < 2 {
					t.Errorf("%s: %s takes both languages", at, n)
					return
				}
				en, ok1 := literal(texts[0])
				ja, ok2 := literal(texts[1])
				switch {
				case !ok1 || !ok2:
					// A struct's own texts, as on the style page.
				case japanese(en):
					t.Errorf("%s: the English text %q is Japanese", at, en)
				case spoken(en) && !spoken(ja), en == "" != (ja == ""):
					t.Errorf("%s: %q has no Japanese", at, en)
				case name == "T" && (verbs(en) != verbs(ja) || verbs(en) != len(texts)-2):
					t.Errorf("%s: %q and %q do not both use the %d arguments", at, en, ja, len(texts)-2)
				}
			})
		}
	}
}

func TestActionsNamedInTemplatesExist(t *testing.T) {
	for _, src := range sources(t) {
		for _, tree := range src.trees {
			walk(tree.Root, func(n parse.Node) {
				if name, args := called(n); name == "Can" && len(args) == 1 {
					if a, ok := literal(args[0]); !ok || !slices.Contains(access.Actions(), access.Action(a)) {
						at, _ := tree.ErrorContext(n)
						t.Errorf("%s: there is no action %s", at, args[0])
					}
				}
			})
		}
	}
}

// skeleton is a template's HTML with every action taken out: a value in its place, so that
// attributes stay whole.
func skeleton(n parse.Node) string {
	var b strings.Builder
	var write func(parse.Node)
	write = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			if n == nil {
				return
			}
			for _, c := range n.Nodes {
				write(c)
			}
		case *parse.TextNode:
			b.Write(n.Text)
		case *parse.IfNode:
			write(n.List)
			b.WriteByte(' ')
			write(n.ElseList)
		case *parse.RangeNode:
			write(n.List)
			b.WriteByte(' ')
			write(n.ElseList)
		case *parse.WithNode:
			write(n.List)
			b.WriteByte(' ')
			write(n.ElseList)
		case *parse.ActionNode, *parse.TemplateNode:
			b.WriteString("0")
		}
	}
	write(n)
	return b.String()
}

// untranslated are the words that are the same to every reader: names, units, file names and the
// two languages' own names.
var untranslated = []string{"English", "日本語", "SHA-256"}

var readAloud = []string{"title", "alt", "aria-label", "placeholder"}

func TestNoTextIsSaidInOneLanguageOnly(t *testing.T) {
	for _, src := range sources(t) {
		sample := strings.HasPrefix(src.name, "page/style") // made-up names and numbers
		for name, tree := range src.trees {
			silent := 0
			z := html.NewTokenizer(strings.NewReader(skeleton(tree.Root)))
			for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
				tok := z.Token()
				switch tt {
				case html.StartTagToken, html.EndTagToken:
					if slices.Contains([]string{"code", "kbd", "pre", "script", "style"}, tok.Data) {
						silent++
						if tt == html.EndTagToken {
							silent -= 2
						}
					}
					for _, a := range tok.Attr {
						if slices.Contains(readAloud, a.Key) && spoken(a.Val) && !sample {
							t.Errorf("%s, %s: %s=%q is said in one language", src.name, name, a.Key, a.Val)
						}
					}
				case html.TextToken:
					text := strings.TrimSpace(tok.Data)
					if silent == 0 && spoken(text) && !sample && !slices.Contains(untranslated, text) {
						t.Errorf("%s, %s: %q is said in one language", src.name, name, text)
					}
				}
			}
		}
	}
}

// What was typed comes back by its name when a page is shown again: two forms of a page that
// used one name would show each other's text, such as a note of the desk in the box that speaks
// to the reporter.
func TestFieldNamesAreUniqueOverAPage(t *testing.T) {
	picks := regexp.MustCompile(`type="(hidden|radio|checkbox|search)"`)
	tag := regexp.MustCompile(`<(?:input|textarea|select)\b[^>]*>`)
	named := regexp.MustCompile(`\bname="([^"]+)"`)
	for _, src := range sources(t) {
		if !strings.HasPrefix(src.name, "page/") || strings.HasPrefix(src.name, "page/part/") {
			continue
		}
		seen := map[string]bool{}
		add := func(name string) {
			if seen[name] {
				t.Errorf("%s: two fields are named %s", src.name, name)
			}
			seen[name] = true
		}
		for _, trees := range slices.Sorted(maps.Keys(src.trees)) {
			tree := src.trees[trees]
			for _, input := range tag.FindAllString(skeleton(tree.Root), -1) {
				if m := named.FindStringSubmatch(input); m != nil && !picks.MatchString(input) && m[1] != "0" {
					add(m[1])
				}
			}
			walk(tree.Root, func(n parse.Node) {
				if name, args := called(n); (name == "Field" || name == "Choice") && len(args) > 0 {
					if field, ok := literal(args[0]); ok {
						add(field)
					}
				}
			})
		}
	}
}

var class = regexp.MustCompile(`\.([a-z][a-z0-9-]*)`)

func TestEveryClassIsInTheStyle(t *testing.T) {
	css, err := os.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	plain := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(css), "")
	styled := map[string]bool{}
	for _, m := range class.FindAllStringSubmatch(plain, -1) {
		styled[m[1]] = true
	}
	used := map[string]bool{}
	for _, src := range sources(t) {
		for _, tree := range src.trees {
			z := html.NewTokenizer(strings.NewReader(skeleton(tree.Root)))
			for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
				for _, a := range z.Token().Attr {
					if a.Key != "class" {
						continue
					}
					for name := range strings.FieldsSeq(a.Val) {
						if used[name] = true; !styled[name] {
							t.Errorf("%s: class %s is not in app.css", src.name, name)
						}
					}
				}
			}
		}
	}
	if len(used) < 50 {
		t.Errorf("found only %d classes in the templates: the test no longer reads them", len(used))
	}
}
