package fold

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed concept.txt
var conceptFile string

// A form is one way to write a concept.
type form struct {
	name string // the concept's
	text string // as pattern returns it
}

// forms are the forms by their first word, or by the first two signs where they begin with a dense run.
var forms = sync.OnceValue(func() map[string][]form {
	all := map[string][]form{}
	for line := range strings.Lines(conceptFile) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		for s := range strings.SplitSeq(list, "|") {
			text := pattern(s)
			for w := range Words(text) {
				all[first(w)] = append(all[first(w)], form{name, text})
				break
			}
		}
	}
	return all
})

func first(w Word) string {
	if w.Dense {
		for p := range Pairs(w.Text) {
			return p
		}
	}
	return w.Text
}

// Concepts returns the names of the things that s speaks of, sorted, in either language: "!xss" for
// cross-site scripting and クロスサイトスクリプティング alike. A name that begins with "!" is a
// vulnerability class. It knows the words of concept.txt and no grammar: "no XSS" is "!xss" too.
func Concepts(s string) []string {
	text := spread(s)
	found := map[string]bool{}
	at := 0
	for w := range Words(text) {
		at += strings.Index(text[at:], w.Text)
		if w.Dense {
			i := at
			for p := range Pairs(w.Text) {
				look(found, p, text[i:])
				_, n := utf8.DecodeRuneInString(p)
				i += n
			}
		} else {
			look(found, w.Text, text[at-1:]) // with the space before it
		}
		at += len(w.Text)
	}
	return slices.Sorted(maps.Keys(found))
}

func look(found map[string]bool, start, text string) {
	for _, f := range forms()[start] {
		if strings.HasPrefix(text, f.text) {
			found[f.name] = true
		}
	}
}

// spread returns the words of s with one space around each, without long marks: " xss の脆弱性 ".
func spread(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteByte(' ')
	for w := range Words(Letters(s)) {
		if w.Dense {
			w.Text = Loose(w.Text)
		}
		b.WriteString(w.Text)
		b.WriteByte(' ')
	}
	return b.String()
}

// pattern is spread for a form: a dense run may begin and end inside a longer one.
func pattern(form string) string {
	p := spread(form)
	words := strings.Fields(p)
	if strings.IndexFunc(words[0], Dense) == 0 {
		p = strings.TrimPrefix(p, " ")
	}
	if strings.IndexFunc(words[len(words)-1], Dense) == 0 {
		p = strings.TrimSuffix(p, " ")
	}
	return p
}
