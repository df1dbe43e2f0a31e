package screening

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/fold"
)

// A form is a name as it is compared: its words in upper case, without accents and punctuation.
type form struct {
	text  []rune   // the words with a space between
	words [][]rune // pieces of text
	heavy []int    // the words that count: see weigh
}

func newForm(name string) form {
	var f form
	f.text = []rune(strings.Join(split(name), " "))
	for start, i := 0, 0; i <= len(f.text); i++ {
		if i == len(f.text) || f.text[i] == ' ' {
			if i > start {
				f.words = append(f.words, f.text[start:i])
			}
			start = i + 1
		}
	}
	f.weigh()
	return f
}

// weigh says which words count: those of one or two letters do not (AL, DE, initials),
// as in OFAC's search, as long as two others are left. Without that last rule LI Qiang
// would be everybody called Qiang. In scripts without letters every sign counts.
func (f *form) weigh() {
	for i, w := range f.words {
		if len(w) > 2 || fold.Dense(w[0]) {
			f.heavy = append(f.heavy, i)
		}
	}
	if len(f.heavy) < 2 {
		f.heavy = f.heavy[:0]
		for i := range f.words {
			f.heavy = append(f.heavy, i)
		}
	}
}

// split folds a name into its words. Folding for the search does most: width, case, accents of
// European scripts, signs that cannot be seen. What stands without spaces stays one word, because
// nobody knows where 山田太郎 is cut; and S.A. is SA.
func split(name string) []string {
	folded := strings.Map(func(r rune) rune {
		if r == '\'' || r == '"' || r == 'ـ' {
			return -1 // O'Brien, Sa'id; the Arabic stretch
		}
		return r
	}, fold.Letters(name))
	const other, single, dense = 0, 1, 2
	var all []string
	before := other
	for w := range fold.Words(folded) {
		text, kind := w.Text, dense
		if !w.Dense {
			text, kind = letters(text), other
			if utf8.RuneCountInString(text) == 1 {
				kind = single
			}
		}
		if n := len(all); n > 0 && kind == before && kind != other {
			all[n-1] += text
		} else if text != "" {
			all = append(all, text)
		}
		before = kind
	}
	return all
}

// replace has the letters that carry no accent to drop but are written without it all the same, and
// those that Arabic and Persian keyboards give differently.
var replace = strings.NewReplacer("æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l", "ħ", "h",
	"ı", "i", "ŋ", "n", "ŧ", "t", "ə", "a", "ى", "ي", "ی", "ي", "ک", "ك", "ة", "ه", "ٱ", "ا")

// letters folds a word of an alphabet.
func letters(word string) string {
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			word = strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) && unicode.In(r, unicode.Inherited, unicode.Arabic, unicode.Hebrew) {
					return -1
				}
				return r
			}, norm.NFKD.String(replace.Replace(word)))
			break
		}
	}
	return strings.ToUpper(word)
}

// forms returns the different forms in which a subject's names are screened: each as it is written,
// and kana in the ways in which Japanese passports and lists write them.
func forms(names []string) []form {
	var all []form
	add := func(name string) {
		f := newForm(name)
		if len(f.words) > 0 && !slices.ContainsFunc(all, func(g form) bool { return slices.Equal(f.text, g.text) }) {
			all = append(all, f)
		}
	}
	for _, name := range names {
		add(name)
		for _, roman := range romanised(name) {
			add(roman)
		}
	}
	return all
}
