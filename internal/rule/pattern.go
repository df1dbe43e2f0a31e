package rule

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A pattern is a Sigma string: text, with * for anything and ? for one character.
type pattern []piece

// A piece is text or a wildcard.
type piece struct {
	text string
	wild byte // '*', '?', or 0 for text
}

// parsePattern reads a string as Sigma writes it: a backslash makes plain what follows if that
// is a wildcard or a backslash, and is itself plain before anything else.
func parsePattern(s string) pattern {
	var p pattern
	var text []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`\*?`, s[i+1]) >= 0:
			i++
			text = append(text, s[i])
		case c == '*' || c == '?':
			p, text = p.plus(string(text)), text[:0]
			if c == '?' || len(p) == 0 || p[len(p)-1].wild != '*' {
				p = append(p, piece{wild: c})
			}
		default:
			text = append(text, c)
		}
	}
	return p.plus(string(text))
}

// plus appends text.
func (p pattern) plus(text string) pattern {
	if text == "" {
		return p
	}
	if n := len(p); n > 0 && p[n-1].wild == 0 {
		last := piece{text: p[n-1].text + text}
		return append(p[:n-1:n-1], last)
	}
	return append(p, piece{text: text})
}

// open returns the pattern with anything allowed before and after it.
func (p pattern) open(before, after bool) pattern {
	star := piece{wild: '*'}
	if before && (len(p) == 0 || p[0] != star) {
		p = append(pattern{star}, p...)
	}
	if after && (len(p) == 0 || p[len(p)-1] != star) {
		p = append(p[:len(p):len(p)], star)
	}
	return p
}

// literal returns the text of a pattern without wildcards.
func (p pattern) literal() (string, bool) {
	switch {
	case len(p) == 0:
		return "", true
	case len(p) == 1 && p[0].wild == 0:
		return p[0].text, true
	}
	return "", false
}

// edge returns the text that a value must begin with, or end with, where that is all the pattern
// says.
func (p pattern) edge() (text string, end, ok bool) {
	switch {
	case len(p) == 2 && p[0].wild == 0 && p[1].wild == '*':
		return p[0].text, false, true
	case len(p) == 2 && p[0].wild == '*' && p[1].wild == 0:
		return p[1].text, true, true
	}
	return "", false, false
}

// fold returns the letter that stands for all those that differ from r only in case. Letters of
// ASCII stand for no others, so that texts of ASCII can be compared byte by byte.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r |= 0x20
		}
		return r
	}
	if l := unicode.ToLower(r); l >= utf8.RuneSelf {
		return l
	}
	return r
}

// folded returns the text with each character folded.
func folded(s string) string {
	return strings.Map(fold, strings.ToValidUTF8(s, "\uFFFD"))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// hasCase reports whether the text has a letter of another case.
func hasCase(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) })
}

// equalFold reports whether b is low but for the case of ASCII letters. They are equally long, and
// low is folded.
func equalFold(b []byte, low string) bool {
	if string(b) == low {
		return true
	}
	for i := 0; i < len(b) && i < len(low); i++ {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != low[i] {
			return false
		}
	}
	return true
}

// A bytesTest is a question to the text of a value.
type bytesTest func([]byte) bool

// test returns the function that says whether a text matches the pattern.
func (p pattern) test(cased bool) bytesTest {
	for _, x := range p {
		if x.wild == '?' || !cased && !isASCII(x.text) {
			return newGlob(p, cased).match
		}
	}
	text := ""
	before, after, texts := len(p) > 0 && p[0].wild == '*', len(p) > 0 && p[len(p)-1].wild == '*', 0
	for _, x := range p {
		if x.wild == 0 {
			text, texts = x.text, texts+1
		}
	}
	if texts > 1 {
		return newGlob(p, cased).match
	}
	if !cased && hasCase(text) {
		return foldedTest(folded(text), before, after)
	}
	return plainTest(text, before, after)
}

// plainTest compares bytes as they are.
func plainTest(text string, before, after bool) bytesTest {
	n := len(text)
	want := []byte(text)
	switch {
	case text == "" && (before || after):
		return func([]byte) bool { return true }
	case before && after:
		return func(b []byte) bool { return bytes.Contains(b, want) }
	case before:
		return func(b []byte) bool { return len(b) >= n && string(b[len(b)-n:]) == text }
	case after:
		return func(b []byte) bool { return len(b) >= n && string(b[:n]) == text }
	}
	return func(b []byte) bool { return string(b) == text }
}

// foldedTest compares bytes with a folded text of ASCII.
func foldedTest(low string, before, after bool) bytesTest {
	n := len(low)
	switch {
	case before && after:
		return func(b []byte) bool { return containsFold(b, low) }
	case before:
		return func(b []byte) bool { return len(b) >= n && equalFold(b[len(b)-n:], low) }
	case after:
		return func(b []byte) bool { return len(b) >= n && equalFold(b[:n], low) }
	}
	return func(b []byte) bool { return len(b) == n && equalFold(b, low) }
}

// containsFold reports whether low, which is folded and not empty, stands somewhere in b.
func containsFold(b []byte, low string) bool {
	first := low[0]
	for i := 0; i+len(low) <= len(b); i++ {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c == first && equalFold(b[i:i+len(low)], low) {
			return true
		}
	}
	return false
}
