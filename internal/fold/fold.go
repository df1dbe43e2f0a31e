// Package fold makes different spellings of the same text equal, across Japanese and English.
//
// A report is searched for and compared by people who type half-width or full-width letters,
// サーバ or サーバー, クロスサイト or クロス・サイト, and by reporters who hide a zero-width sign in a
// host name. Letters folds what can be judged sign by sign, so that a folded word is found inside
// a folded text. Text goes further and is for comparing whole texts.
//
// The folded text is for machines: katakana becomes hiragana, and nobody should have to read it.
package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Letters folds s sign by sign: NFKC, case, kana, accents of Latin, Greek and Cyrillic, dashes,
// quotation marks, spaces; signs that cannot be seen are dropped. If t contains s, then Letters(t)
// contains Letters(s), as long as s does not begin or end inside a word.
func Letters(s string) string { return run(s, false) }

// Text folds s like Letters and drops the long marks that writers of Japanese may leave out:
// Text("サーバー") equals Text("サーバ"), and Text("データーベース") equals Text("データベース").
// A mark stays when it is the second sign of its word: キー and カード are words of their own.
func Text(s string) string { return run(s, true) }

func run(s string, long bool) string {
	s = norm.NFKC.String(strings.Map(visible, s))
	f := folder{out: make([]byte, 0, len(s)), long: long}
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		f.fold(r, next, s[i:])
	}
	return string(f.out)
}

// visible drops what cannot be seen and would keep equal texts apart: formats (zero width, bidi,
// soft hyphen, byte order mark), variation selectors, fillers, and marks that belong to no script
// (accents are handled later, when NFKC has composed them with their letter). The two voiced marks
// that take a place of their own become the ones that compose.
func visible(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r == '゛':
		return 0x3099
	case r == '゜':
		return 0x309a
	case r == 0x3099, r == 0x309a:
		return r
	case r == utf8.RuneError:
		return ' '
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, r == 0x2800:
		return -1
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// stray reports whether r is a mark that belongs to no script, such as an accent or a variation selector.
func stray(r rune) bool { return unicode.Is(unicode.Inherited, r) && unicode.Is(unicode.Mn, r) }

// A gap is what stood between the last sign written and the next one.
type gap int

const (
	none  gap = iota
	joint     // spaces or middle dots on one line
	line      // one line break
	blank     // an empty line
)

type folder struct {
	out  []byte
	long bool // drop long marks, see Text
	gap  gap
	last rune // last sign written
	kata bool // the last sign was katakana in the source
	word int  // kana without long marks in the katakana word so far
	vu   bool // the last sign was ヴ, written as ぶ
}

// fold takes the sign r, its successor, and the text from r on.
func (f *folder) fold(r, next rune, rest string) {
	switch {
	case r == '\n' || r == 0x2028 || r == 0x2029 || r == 0x85:
		f.gap = min(max(f.gap+1, line), blank)
		if r == 0x2029 {
			f.gap = blank
		}
		return
	case unicode.IsSpace(r) || unicode.IsControl(r) || middleDot(r):
		f.gap = max(f.gap, joint)
		return
	case stray(r):
		return
	}
	f.join(r)
	if f.kana(r, next) {
		return
	}
	f.kata, f.vu = false, false
	switch {
	case r == '々' || r == '〻':
		if unicode.Is(unicode.Han, f.last) && f.gap == none {
			r = f.last
		}
		f.write(r, false)
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		f.write(r, false)
	case r < 0x0530 || 0x1e00 <= r && r < 0x2000:
		f.alphabetic(r, rest)
	default:
		f.write(lower(punctuation(r)), false)
	}
}

// alphabetic writes a letter of an alphabet with accents: the letter without them, in lower case.
func (f *folder) alphabetic(r rune, rest string) {
	parts := norm.NFD.PropertiesString(rest).Decomposition()
	if parts == nil {
		f.plain(r)
		return
	}
	for _, p := range string(parts) {
		if !stray(p) {
			f.plain(p)
		}
	}
}

func (f *folder) plain(r rune) {
	switch r {
	case 'ß', 'ẞ':
		f.write('s', false)
		f.write('s', false)
	default:
		f.write(lower(punctuation(r)), false)
	}
}

// lower folds case: what differs only in case has the same upper case, and that has one lower case.
func lower(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// join closes the gap before r where it is none: a joint between katakana (クロス・サイト, クロス サイト),
// and one line break between signs written without spaces, for there a line may break anywhere.
func (f *folder) join(r rune) {
	if f.gap == joint && f.kata && katakana(r) || f.gap == line && Dense(f.last) && Dense(r) {
		f.gap = none
	}
}

// write appends the sign r, after a space if there is a gap before it.
func (f *folder) write(r rune, kata bool) {
	if f.gap != none && len(f.out) > 0 {
		f.out = append(f.out, ' ')
	}
	f.gap = none
	f.out = utf8.AppendRune(f.out, r)
	f.last, f.kata = r, kata
}

// punctuation folds the kinds of dashes, quotation marks, stops and slashes into one each.
func punctuation(r rune) rune {
	switch r {
	case '‘', '’', '‚', '‛', '′', '´', '`', 'ʼ':
		return '\''
	case '“', '”', '„', '‟', '″', '〝', '〟', '〞':
		return '"'
	case '、':
		return ','
	case '。':
		return '.'
	case '⁄', '∕':
		return '/'
	case '−', '─', '━':
		return '-'
	case '〜', '∼':
		return '~'
	}
	if unicode.Is(unicode.Pd, r) {
		return '-'
	}
	return r
}

func middleDot(r rune) bool {
	switch r {
	case '・', '·', '•', '‧', '⋅', '∙', '᛫':
		return true
	}
	return false
}
