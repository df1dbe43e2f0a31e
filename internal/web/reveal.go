package web

import (
	"fmt"
	"strings"
	"unicode"
)

// unseen are the characters that cannot be seen, or that change the order of those that can: a
// file name, a host or a sentence may read as something else through them. Variation selectors
// and joiners are among them, and let through by seen where names and pictures need them.
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0000, Hi: 0x0008, Stride: 1}, // controls but tab and line feed
		{Lo: 0x000b, Hi: 0x001f, Stride: 1},
		{Lo: 0x007f, Hi: 0x009f, Stride: 1},
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1}, // soft hyphen
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // combining grapheme joiner
		{Lo: 0x061c, Hi: 0x061c, Stride: 1}, // Arabic letter mark
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian selectors
		{Lo: 0x200b, Hi: 0x200f, Stride: 1}, // zero width, marks of direction
		{Lo: 0x2028, Hi: 0x202e, Stride: 1}, // separators, embeddings, overrides
		{Lo: 0x2060, Hi: 0x206f, Stride: 1}, // invisible operators, isolates
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // blank Braille
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1}, // byte order mark
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // half-width Hangul filler
		{Lo: 0xfff0, Hi: 0xfffb, Stride: 1}, // interlinear annotation
	},
	R32: []unicode.Range32{
		{Lo: 0x1bca0, Hi: 0x1bca3, Stride: 1}, // shorthand format
		{Lo: 0x1d173, Hi: 0x1d17a, Stride: 1}, // musical format
		{Lo: 0xe0000, Hi: 0xe0fff, Stride: 1}, // tags, variation selectors for names
	},
	LatinOffset: 4,
}

// maxMarks is how many combining marks may stand on one letter: more would draw over the lines
// above and below.
const maxMarks = 6

// reveal returns the text with every unseen character replaced by name of its code point.
func reveal(s string, name func(token string) string) string {
	var b strings.Builder
	last, marks, prev := 0, 0, rune(0)
	for i, r := range s {
		if r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		if marks > maxMarks || unicode.Is(unseen, r) && !seen(prev, r, s[i:]) {
			b.WriteString(s[last:i])
			b.WriteString(name(fmt.Sprintf("U+%04X", r)))
			last = i + len(string(r))
		}
		prev = r
	}
	if last == 0 {
		return s
	}
	b.WriteString(s[last:])
	return b.String()
}

// seen reports whether an unseen character is at work in its place: a variant of a kanji, as in
// somebody's name, or part of a picture.
func seen(prev, r rune, rest string) bool {
	switch {
	case 0xe0100 <= r && r <= 0xe01ef, 0xfe00 <= r && r <= 0xfe02:
		return unicode.Is(unicode.Han, prev)
	case r == 0xfe0e || r == 0xfe0f:
		return pictured(prev) || strings.ContainsRune("0123456789#*", prev)
	case r == 0x200d:
		next := []rune(rest[:min(len(rest), 8)])
		return (pictured(prev) || prev == 0xfe0f) && len(next) > 1 && pictured(next[1])
	}
	return false
}

// pictured reports whether r is drawn as a picture, roughly: a symbol, or the tone of a skin.
func pictured(r rune) bool {
	return unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) && r > 0xffff || r == '\u203c' || r == '\u2049'
}

// Bounds of what is parsed as Markdown.
const (
	maxMarkdown = 256 << 10
	maxDepth    = 24     // of quotes and lists in one another
	maxOpen     = 8_000  // characters that may open something or belong to a link
	maxCells    = 50_000 // of tables: a short row is filled up to the width of its head
)

// unwieldy reports whether a text would take long to parse: its length, how deep its blocks lie
// in one another, how much it opens. Honest reports are far below; see the test for the times.
func unwieldy(s string) bool {
	if len(s) > maxMarkdown {
		return true
	}
	open, lines, columns := 0, 0, 0
	for line := range strings.SplitSeq(s, "\n") {
		if depth(line) > maxDepth {
			return true
		}
		lines++
		if strings.Trim(line, "|-: \t\r>") == "" {
			columns = max(columns, strings.Count(line, "|"))
		}
		for i := range len(line) {
			switch line[i] {
			case '[', '*', '_', '~', '`', '<', '!', '@', '/':
				open++
			}
		}
	}
	return open > maxOpen || columns*lines > maxCells
}

// depth counts the markers of quotes and lists at the start of a line. Indentation alone counts
// as the list items it may belong to.
func depth(line string) int {
	n, spaces := 0, 0
	for i := range len(line) {
		switch c := line[i]; c {
		case ' ':
			spaces++
		case '\t':
			spaces += 4
		case '>':
			n++
		case '-', '+', '*', '.', ')':
			if i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') {
				n++
			}
		default:
			if c < '0' || c > '9' {
				return n + spaces/16
			}
		}
	}
	return n
}
