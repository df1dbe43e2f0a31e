package person

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/fault"
)

// maxName is in characters: longer than any name a person goes by.
const maxName = 200

// maxMarks is how many combining marks may stand on one letter. Vietnamese needs two, Tibetan five.
const maxMarks = 6

// CleanName returns a name as it is stored, or says what is wrong with it, for the form field given.
//
// A name is spelled as its owner spells it: any script, no minimum, no two parts, and no Unicode
// normalisation, because that would change characters people insist on (NFC turns the 神 of U+FA19
// into another). Refused is only what lets one name look like another or break the text around it:
// control characters, marks that reverse the writing direction, and invisible ones. Refusing is kinder than
// showing them escaped: an honest owner of such a character pasted it unknowingly and would be shown to
// everybody with \u200b in the name. Three invisible characters stay where a script needs them: the joiners
// between letters of scripts that join, and the selectors that pick a form of a kanji (辻󠄀).
func CleanName(s, field string) (string, error) {
	if utf8.RuneCountInString(s) > maxName {
		return "", fault.New(fault.Invalid,
			"This name has more than %d characters. Nothing was saved: shorten it, please.",
			"名前は%d文字までです。保存されていませんので、短くしてください。", maxName).At(field)
	}
	if !utf8.ValidString(s) {
		return "", fault.New(fault.Invalid,
			"This name is not valid Unicode text. Type it again instead of pasting it.",
			"名前に文字として読めないデータが含まれています。貼り付けずに、入力し直してください。").At(field)
	}
	var b strings.Builder
	runes := []rune(strings.TrimSpace(s))
	marks, space := 0, false
	for i, r := range runes {
		if unicode.Is(unicode.Zs, r) {
			if r != '　' {
				r = ' ' // a no-break or a thin space is a space; the wide one is how Japanese names are written
			}
			if space {
				continue
			}
			space, marks = true, 0
			b.WriteRune(r)
			continue
		}
		space = false
		if unicode.Is(unicode.M, r) && !selector(r) {
			marks++
		} else {
			marks = 0
		}
		if marks > maxMarks {
			return "", fault.New(fault.Invalid,
				"This name has more accents on one letter than any script uses. Remove some.",
				"一つの文字に付けられた記号が多すぎます。減らしてください。").At(field)
		}
		if refused(runes, i) {
			return "", fault.New(fault.Invalid,
				"This name contains a character that cannot be seen or that turns the writing direction around (U+%04X). Type the name again without it.",
				"名前に、目に見えない文字または表示の向きを変える文字（U+%04X）が含まれています。その文字を除いて入力し直してください。", r).At(field)
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// blank lists letters and marks that are drawn as nothing.
var blank = []rune{0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC, 0xFFFD}

// refused reports whether the rune at i may not stand there.
func refused(runes []rune, i int) bool {
	r := runes[i]
	switch {
	case r == 0x200C || r == 0x200D:
		return !joins(runes, i)
	case selector(r):
		return i == 0 || !unicode.In(runes[i-1], unicode.Han, unicode.So, unicode.Sm, unicode.Mongolian)
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
		return true
	case r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF: // never characters
		return true
	}
	for _, b := range blank {
		if r == b {
			return true
		}
	}
	return false
}

// selector reports whether r picks a form of the character before it.
func selector(r rune) bool {
	return r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0100 && r <= 0xE01EF || r >= 0x180B && r <= 0x180D || r == 0x180F
}

// joining are the scripts in which a joiner or non-joiner changes how a word is written.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
	unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
}

// joins reports whether a joiner at i stands after a letter or mark of such a script, before another
// or at the end of a word of it.
func joins(runes []rune, i int) bool {
	if i == 0 || i == len(runes)-1 {
		return false
	}
	return unicode.In(runes[i-1], joining...) && unicode.In(runes[i+1], joining...)
}
