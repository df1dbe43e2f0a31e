package search

import (
	"strings"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/fold"
)

// maxText bounds the text kept of one document, in bytes after folding. What comes after it is not found.
const maxText = 256 << 10

// Words are a text as it is stored and searched. Making them takes as long as writing a row, so who
// writes makes them before the transaction that others wait for.
type Words string

// WordsOf returns the words of a text.
func WordsOf(text string) Words { return Words(flatten(text)) }

// flatten returns the words of a text as they are stored and searched: folded, with a space before,
// between and after them, or a hyphen between two that one sign joins in writing:
//
//	"Fixed in store.line.me/cart, CVE-2020-1234" is " fixed in store-line-me-cart cve-2020-1234 "
func flatten(s string) string {
	folded := fold.Letters(s)
	b := make([]byte, 1, min(len(folded), maxText)+2)
	b[0] = ' '
	var before fold.Word
	end := 0 // of the word before, in folded
	for w := range fold.Words(folded) {
		start := end + strings.Index(folded[end:], w.Text)
		word := clip(w, maxText-len(b))
		if word == "" {
			break
		}
		if len(b) > 1 {
			b = append(b, joint(before, w, folded[end:start]))
		}
		b = append(b, word...)
		before, end = w, start+len(w.Text)
	}
	return string(append(b, ' '))
}

// maxWord is the longest word of an alphabet that is kept, in bytes. No person searches for more, but
// an encoded payload may be one word of a megabyte.
const maxWord = 1 << 10

// clip returns as much of a word as there is room for.
func clip(w fold.Word, room int) string {
	if !w.Dense {
		room = min(room, maxWord)
	}
	if len(w.Text) <= room {
		return w.Text
	}
	for room > 0 && !utf8.RuneStart(w.Text[room]) {
		room--
	}
	return w.Text[:max(0, room)]
}

// joint returns what stands between two words: a hyphen where one sign joins words of an alphabet
// into a name. A real hyphen, or an apostrophe, does so only beside a digit: cross-site is often
// written as two words, CVE-2020-1234 never.
func joint(a, b fold.Word, between string) byte {
	if a.Dense || b.Dense || len(between) != 1 || between == " " {
		return ' '
	}
	if (between == "-" || between == "'") && !digit(a.Text[len(a.Text)-1]) && !digit(b.Text[0]) {
		return ' '
	}
	return '-'
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// tokens returns the index tokens of a flattened text: the tokens of its words, and each two words of
// an alphabet that stand side by side. The pairs make hosts, paths, identifiers and phrases selective
// although "line", "me", "the" and "server" are in every text.
func tokens(flat string) []string {
	var t fold.Set
	before := ""
	for word := range strings.FieldsFuncSeq(flat, func(r rune) bool { return r == ' ' || r == '-' }) {
		w := fold.Word{Text: word, Dense: dense(word)}
		t.AddWord(w)
		if w.Dense {
			before = ""
			continue
		}
		if before != "" {
			t.Add(pair(before, word))
		}
		before = word
	}
	return t.Tokens()
}

func pair(a, b string) string { return fold.Cut(a) + "-" + fold.Cut(b) }

func dense(word string) bool {
	for _, r := range word {
		return fold.Dense(r)
	}
	return false
}

// A text is a flattened text being looked at. The forms that only some checks need are made once.
type text struct {
	flat   string
	spaced string    // with spaces for hyphens
	loose  [2]string // both without long marks
}

func (t *text) forms(loose bool) (flat, spaced string) {
	if t.spaced == "" {
		t.spaced = strings.ReplaceAll(t.flat, "-", " ")
	}
	if !loose {
		return t.flat, t.spaced
	}
	if t.loose[0] == "" {
		t.loose = [2]string{fold.Loose(t.flat), fold.Loose(t.spaced)}
	}
	return t.loose[0], t.loose[1]
}

// has reports whether the text has what a check looks for.
func (t *text) has(c check) bool {
	flat, spaced := t.forms(c.loose)
	for at := 0; ; at++ {
		i := strings.Index(spaced[at:], c.pattern)
		if i < 0 {
			return false
		}
		at += i
		joined := true
		for _, j := range c.joints {
			joined = joined && flat[at+j] == '-'
		}
		if joined {
			return true
		}
	}
}
