package fold

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is indexed of one text, so that no text can fill the index. A report of the
// longest length the desk accepts stays below them.
const (
	MaxTokens = 16384 // distinct tokens of a text; what comes after them is not found
	MaxToken  = 64    // bytes of a token: a SHA-256 in hexadecimal; longer words are cut
)

// A Word is what stands between separators in a folded text: a word of an alphabet with its
// digits, or a run of signs of a dense script.
type Word struct {
	Text  string
	Dense bool
}

// Words returns the words of a text that Letters or Text has folded. "xss脆弱性" is two words;
// "cve-2020-1234" and "store.line.me/cart" are three each, and four.
func Words(folded string) iter.Seq[Word] {
	return func(yield func(Word) bool) {
		start, kind := -1, separator
		for i, r := range folded {
			k := kindOf(r, kind)
			if k == kind {
				continue
			}
			if kind != separator && !yield(Word{folded[start:i], kind == dense}) {
				return
			}
			start, kind = i, k
		}
		if kind != separator {
			yield(Word{folded[start:], kind == dense})
		}
	}
}

type kind int

const (
	separator kind = iota
	alphabetic
	dense
)

// kindOf returns what r is after a sign of kind before: a mark belongs to the letter it stands on.
func kindOf(r rune, before kind) kind {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' {
			return alphabetic
		}
		return separator
	case Dense(r):
		return dense
	case unicode.Is(unicode.M, r):
		return before
	case unicode.In(r, unicode.L, unicode.N):
		return alphabetic
	}
	return separator
}

// Cut returns the word as a token: at most MaxToken bytes of it.
func Cut(word string) string {
	if len(word) <= MaxToken {
		return word
	}
	n := MaxToken
	for !utf8.RuneStart(word[n]) {
		n--
	}
	return word[:n]
}

// Pairs returns the overlapping pairs of signs of a dense run: 認証回避 gives 認証, 証回, 回避.
func Pairs(run string) iter.Seq[string] {
	return func(yield func(string) bool) {
		a, b := -1, -1 // where the last two signs begin
		for c := range run {
			if a >= 0 && !yield(run[a:c]) {
				return
			}
			a, b = b, c
		}
		if a >= 0 {
			yield(run[a:])
		}
	}
}

// Last returns the last sign of s.
func Last(s string) string {
	_, n := utf8.DecodeLastRuneInString(s)
	return s[len(s)-n:]
}

// Loose returns a dense run without its long marks, which writers of Japanese may leave out.
func Loose(run string) string { return strings.ReplaceAll(run, "ー", "") }

// Tokens returns the distinct tokens under which a text is found, in order of appearance: its words,
// and for dense runs their pairs of signs and the last sign alone, so that every sign begins a
// token. A run with long marks also gives the tokens it has without them.
func Tokens(s string) []string {
	var t Set
	for w := range Words(Letters(s)) {
		t.AddWord(w)
	}
	return t.Tokens()
}

// A Set collects distinct tokens, at most MaxTokens. The zero Set is empty.
type Set struct {
	seen map[string]struct{}
	list []string
}

// Add puts a token into the set.
func (t *Set) Add(token string) {
	if _, ok := t.seen[token]; ok || len(t.list) >= MaxTokens {
		return
	}
	if t.seen == nil {
		t.seen = make(map[string]struct{}, 512)
	}
	t.seen[token] = struct{}{}
	t.list = append(t.list, token)
}

// AddWord puts the tokens of one word into the set.
func (t *Set) AddWord(w Word) {
	if !w.Dense {
		t.Add(Cut(w.Text))
		return
	}
	t.run(w.Text)
	if loose := Loose(w.Text); len(loose) < len(w.Text) && loose != "" {
		t.run(loose)
	}
}

func (t *Set) run(run string) {
	for p := range Pairs(run) {
		t.Add(p)
	}
	t.Add(Last(run))
}

// Tokens returns the tokens in the order in which they came.
func (t *Set) Tokens() []string { return t.list }
