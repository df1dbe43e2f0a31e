package bank

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// jointWords stand between the names of a joint account, or say that it is one.
var jointWords = map[string]bool{
	"&": true, "AND": true, "OR": true, "ET": true, "OU": true, "UND": true, "ODER": true, "EN": true, "OG": true,
	"JOINT": true, "JTWROS": true, "JT": true, "TEN": true, "TENANTS": true,
}

// letters are what is left of letters that have no accent to drop.
var letters = strings.NewReplacer("ß", "SS", "ẞ", "SS", "Æ", "AE", "Œ", "OE", "Ø", "O", "Ł", "L", "Đ", "D", "Ð", "D", "Þ", "TH", "İ", "I", "ı", "I", "Ħ", "H")

// germanLetters are the ones that some languages spell out instead.
var germanLetters = strings.NewReplacer("Ä", "AE", "Ö", "OE", "Ü", "UE", "Å", "AA", "Ø", "OE")

// words returns the words of a name in an alphabet: capitals without accents. What a hyphen or an
// apostrophe divides is two words, or joined one. "&", "/" and "+" are a word of their own.
func words(name string, german, joined bool) []string {
	s := strings.ToUpper(norm.NFKC.String(name))
	if german {
		s = germanLetters.Replace(s)
	}
	s = letters.Replace(s)
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '.':
			b.WriteRune(r)
		case unicode.Is(unicode.M, r), unicode.Is(unicode.Cf, r):
		case dash(r), strings.ContainsRune("'’‘`´ʼ", r):
			if !joined {
				b.WriteByte(' ')
			}
		case strings.ContainsRune("&/+", r):
			b.WriteString(" & ")
		default:
			b.WriteByte(' ')
		}
	}
	var out []string
	for w := range strings.FieldsSeq(b.String()) {
		out = append(out, undotted(w)...)
	}
	return out
}

// spellings returns the words of a name in every way it may be written: ü as U or UE, Jean-Pierre as
// two words or one.
func spellings(name string) [][]string {
	return [][]string{words(name, false, false), words(name, false, true), words(name, true, false), words(name, true, true)}
}

// undotted returns a word without its dots: G.m.b.H. is one word, J.R. are two initials.
func undotted(w string) []string {
	if whole := strings.ReplaceAll(w, ".", ""); latinForms[whole] {
		return []string{whole}
	}
	return strings.FieldsFunc(w, func(r rune) bool { return r == '.' })
}

// difference returns the words of a that are not in b, and those of b that are not in a, each as
// often as it is left over.
func difference(a, b []string) (missing, extra []string) {
	extra = slices.Clone(b)
	for _, w := range a {
		if i := slices.Index(extra, w); i >= 0 {
			extra = slices.Delete(extra, i, i+1)
		} else {
			missing = append(missing, w)
		}
	}
	return missing, extra
}

// pairInitials takes away the words that stand as an initial on the other side, and reports whether
// there were any.
func pairInitials(missing, extra []string) (m, e []string, found bool) {
	e = slices.Clone(extra)
	for _, w := range missing {
		i := slices.IndexFunc(e, func(x string) bool {
			short, long := w, x
			if len(short) > len(long) {
				short, long = long, short
			}
			return utf8.RuneCountInString(short) == 1 && strings.HasPrefix(long, short)
		})
		if i < 0 {
			m = append(m, w)
			continue
		}
		e = slices.Delete(e, i, i+1)
		found = true
	}
	return m, e, found
}
