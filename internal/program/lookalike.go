package program

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/lang"
)

// lookalikes are letters of other scripts, and digits, that a reader takes for a Latin letter. It
// is the part of Unicode's table of confusables (UTS 39) that can stand in a host name. It only
// makes warnings, so a pair that is missing costs a hint and not a wrong decision.
var lookalikes = map[rune]string{
	// Cyrillic
	'а': "a", 'в': "b", 'е': "e", 'ё': "e", 'һ': "h", 'і': "i", 'ї': "i", 'ј': "j", 'к': "k", 'ӏ': "l", 'м': "m", 'н': "h",
	'п': "n", 'о': "o", 'р': "p", 'ԛ': "q", 'г': "r", 'ѕ': "s", 'т': "t", 'у': "y", 'ү': "v", 'ѵ': "v", 'ԝ': "w", 'х': "x", 'ԁ': "d", 'с': "c",
	// Greek
	'α': "a", 'ε': "e", 'η': "n", 'ι': "i", 'κ': "k", 'ν': "v", 'ο': "o", 'ρ': "p", 'σ': "o", 'τ': "t", 'υ': "u", 'χ': "x", 'ω': "w",
	// Latin beyond ASCII, after accents are gone
	'ı': "i", 'ɩ': "i", 'ɪ': "i", 'ł': "l", 'ƚ': "l", 'ɡ': "g", 'ø': "o", 'ŋ': "n", 'ɴ': "n", 'ʟ': "l", 'ᴇ': "e", 'ᴍ': "m",
	// Armenian and Cherokee
	'օ': "o", 'ո': "n", 'ս': "u", 'հ': "h", 'յ': "j", 'զ': "q",
	// digits, and l for i: a capital I looks like it
	'0': "o", '1': "l", 'i': "l", 'ー': "-", '一': "-",
}

// pairs are two letters that a reader takes for one.
var pairs = strings.NewReplacer("rn", "m", "vv", "w")

// skeleton maps host to a form that is the same for hosts that look the same.
func skeleton(host string) string {
	display, err := idna.Punycode.ToUnicode(host)
	if err != nil {
		display = host
	}
	var b strings.Builder
	for _, c := range norm.NFKD.String(strings.ToLower(display)) {
		if unicode.Is(unicode.Mn, c) {
			continue
		}
		s, ok := lookalikes[c]
		if ok && s != string(c) {
			for _, d := range s { // once more: а Cyrillic і becomes i, which becomes l
				if t, again := lookalikes[d]; again {
					s = t
				}
			}
			b.WriteString(s)
			continue
		}
		b.WriteRune(c)
	}
	return pairs.Replace(b.String())
}

// mixed reports whether one label of the name mixes scripts that no language writes together.
func mixed(host string) bool {
	display, err := idna.Punycode.ToUnicode(host)
	if err != nil {
		return false
	}
	for label := range strings.SplitSeq(display, ".") {
		if len(scripts(label)) > 1 {
			return true
		}
	}
	return false
}

// scripts returns the scripts of a label, with those that Japanese, Korean and Chinese mix with
// Latin counted as one.
func scripts(label string) map[string]bool {
	found := make(map[string]bool)
	for _, c := range label {
		for name, table := range unicode.Scripts {
			if !unicode.Is(table, c) {
				continue
			}
			switch name {
			case "Common", "Inherited":
			case "Han", "Hiragana", "Katakana", "Hangul", "Bopomofo":
				found["Latin"] = true
			default:
				found[name] = true
			}
			break
		}
	}
	return found
}

// suspicious returns warnings about a host that is not one of ours but looks as if it were.
func suspicious(host string, domains []Domain) []lang.Text {
	var out []lang.Text
	if mixed(host) {
		out = append(out, lang.Text{
			EN: "The host name mixes letters of several scripts (" + host + ").",
			JA: "ホスト名に複数の文字体系の文字が混ざっています（" + host + "）。"})
	}
	if under(host, domains) {
		return out
	}
	look := skeleton(host)
	for _, d := range domains {
		name := skeleton(d.Name)
		switch {
		case look == name || strings.HasSuffix(look, "."+name):
			out = append(out, lang.Text{
				EN: "The host name looks like " + d.Name + " but is another one (" + host + ").",
				JA: "ホスト名は" + d.Name + "に似ていますが、別の名前です（" + host + "）。"})
		case strings.Contains("."+host, "."+d.Name+".") || strings.Contains("."+host, "."+d.Name+"-") || strings.HasSuffix(host, d.Name):
			out = append(out, lang.Text{
				EN: "The host name contains " + d.Name + " but does not belong to it.",
				JA: "ホスト名に" + d.Name + "が含まれていますが、そのドメインの名前ではありません。"})
		default:
			continue
		}
		break
	}
	return out
}
