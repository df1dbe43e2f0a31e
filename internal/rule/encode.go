package rule

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// base64Texts encodes a text without wildcards.
func base64Texts(p pattern) []pattern {
	text, _ := p.literal()
	return []pattern{pattern(nil).plus(base64.StdEncoding.EncodeToString([]byte(text)))}
}

// base64Offsets returns what the encoding of a longer text has where this text stands in it: the
// part that depends on this text alone, for the three places at which it may begin.
func base64Offsets(p pattern) []pattern {
	text, _ := p.literal()
	var all []pattern
	for shift := range 3 {
		code := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
		from := [...]int{0, 2, 3}[shift]
		to := len(code) - [...]int{0, 3, 2}[(len(text)+shift)%3]
		if from < to {
			all = append(all, pattern(nil).plus(code[from:to]))
		}
	}
	if all == nil {
		all = []pattern{nil}
	}
	return all
}

func utf16Little(p pattern) []pattern { return utf16Texts(p, binary.LittleEndian) }

func utf16Big(p pattern) []pattern { return utf16Texts(p, binary.BigEndian) }

// utf16Marked is little endian behind a byte order mark.
func utf16Marked(p pattern) []pattern {
	return []pattern{concat(pattern{{text: "\xff\xfe"}}, utf16Little(p)[0])}
}

// utf16Texts encodes the text between the wildcards.
func utf16Texts(p pattern, order binary.AppendByteOrder) []pattern {
	var out pattern
	for _, x := range p {
		if x.wild == 0 {
			var b []byte
			for _, u := range utf16.Encode([]rune(x.text)) {
				b = order.AppendUint16(b, u)
			}
			x.text = string(b)
		}
		out = append(out, x)
	}
	return []pattern{out}
}

// dashRunes are what a command line takes for the sign before an option.
var dashRunes = []rune("-/–—―")

// dashes returns the text with every sign before an option written in every way, or nil if these
// are too many.
func dashes(p pattern) []pattern {
	made := []pattern{nil}
	for i, x := range p {
		if x.wild != 0 {
			for j := range made {
				made[j] = concat(made[j], pattern{x})
			}
			continue
		}
		runes := []rune(x.text)
		for k, r := range runes {
			wordBefore := k > 0 && isWord(runes[k-1]) || k == 0 && i > 0 && p[i-1].wild == '?'
			ways := []rune{r}
			if slices.Contains(dashRunes, r) && !wordBefore && k+1 < len(runes) && isWord(runes[k+1]) {
				ways = dashRunes
			}
			if len(made)*len(ways) > maxTexts {
				return nil
			}
			var next []pattern
			for _, head := range made {
				for _, w := range ways {
					next = append(next, head.plus(string(w)))
				}
			}
			made = next
		}
	}
	return made
}

func isWord(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
