package bank

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/fault"
)

// PayeeLength is how many bytes the bank file has for the name of a payee.
const PayeeLength = 30

// A Kana is text in the signs that a Japanese bank file carries: half-width kana without small ones
// and with voiced marks of their own, capitals, digits, space and ( ) - . /
//
// One sign is one byte of JIS X 0201.
type Kana string

// Len returns how many bytes the text takes in the file.
func (k Kana) Len() int { return utf8.RuneCountInString(string(k)) }

// JIS returns the bytes of the text in JIS X 0201.
func (k Kana) JIS() []byte {
	b := make([]byte, 0, len(k))
	for _, r := range string(k) {
		if r >= 0xff61 {
			r -= 0xff61 - 0xa1 // the half-width forms stand in the order of JIS X 0201
		}
		b = append(b, byte(r))
	}
	return b
}

// Zengin returns a name as the bank file carries it. Kana of every width and size, hiragana, small
// letters and long marks are turned into the signs there are; middle dots, which have none, go, as
// they do when names are compared; legal forms become their short ones. Anything else, such as
// kanji, is named in the error with its place and never left out.
func Zengin(name string) (Kana, error) {
	var b strings.Builder
	var lost []string
	runes := []rune(name)
	for i := 0; i < len(runes); {
		if reading, n := kanjiForm(runes[i:]); n > 0 {
			b.WriteString(reading)
			i += n
			continue
		}
		s, ok := signs(runes[i])
		if !ok {
			lost = append(lost, fmt.Sprintf("“%s” (%d)", printable(runes[i]), i+1))
		}
		b.WriteString(s)
		i++
	}
	if len(lost) > 0 {
		list := strings.Join(lost[:min(len(lost), 8)], ", ")
		return "", fault.New(fault.Invalid,
			"The bank file has kana, capitals, digits, spaces and ( ) - . / but not %[1]s: the number is the place in the name.",
			"銀行のファイルで使えるのは、カナ、英大文字、数字、空白と ( ) - . / だけです。%[1]sは使えません（かっこ内は何文字目か）。", list)
	}
	return Kana(shorten(spaced(b.String()))), nil
}

// printable returns a sign that can be shown, or its number.
func printable(r rune) string {
	if unicode.IsPrint(r) && !unicode.Is(unicode.M, r) {
		return string(r)
	}
	return fmt.Sprintf("%U", r)
}

// spaced returns s with one space between words and none around.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// The kana that have a half-width form, in the order of both.
var (
	fullKana = []rune("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン")
	halfKana = []rune("ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ")
	// What has no form of its own is written with another kana.
	otherKana = []rune("ァィゥェォッャュョヮヵヶヰヱㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ")
	largeKana = []rune("アイウエオツヤユヨワカケイエクシストヌハヒフヘホムラリルレロ")
)

var half = func() map[rune]rune {
	m := make(map[rune]rune)
	for i, r := range fullKana {
		m[r] = halfKana[i]
	}
	for i, r := range otherKana {
		m[r] = m[largeKana[i]]
	}
	m[0x3099], m[0x309a] = 'ﾞ', 'ﾟ' // the marks that compose, after decomposition
	return m
}()

// signs returns what the bank file carries for one sign of a name, and whether it can.
func signs(r rune) (string, bool) {
	switch {
	case r == '゛':
		return "ﾞ", true
	case r == '゜':
		return "ﾟ", true
	case unicode.IsSpace(r):
		return " ", true
	}
	var out []rune
	for _, d := range norm.NFKD.String(string(r)) {
		if 'ぁ' <= d && d <= 'ゖ' {
			d += 'ァ' - 'ぁ'
		}
		switch h := half[d]; {
		case h != 0:
			out = append(out, h)
		case 'a' <= d && d <= 'z':
			out = append(out, d-('a'-'A'))
		case 'A' <= d && d <= 'Z', '0' <= d && d <= '9', strings.ContainsRune(" ()-./", d):
			out = append(out, d)
		case d == 'ー', dash(d):
			out = append(out, '-')
		case MiddleDot(d):
		default:
			return "", false
		}
	}
	return string(out), true
}

func dash(r rune) bool {
	return unicode.Is(unicode.Pd, r) && r != '゠' && r != '〜' || r == '−' || r == '─'
}

// MiddleDot reports whether r divides foreign names in kana. The bank file has no sign for it.
func MiddleDot(r rune) bool { return strings.ContainsRune("・･·•‧", r) }

// loose returns a name in half-width kana for comparing: what the file cannot carry stays as it is.
func loose(name string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(name) {
		if s, ok := signs(r); ok {
			b.WriteString(s)
		} else {
			b.WriteRune(r)
		}
	}
	return spaced(b.String())
}
