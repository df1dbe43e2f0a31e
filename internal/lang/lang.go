// Package lang holds the two languages of the program and texts written in both.
//
// The terms admit Japanese and English (R-6, terms 2.1.iv). The Japanese text of the
// terms prevails (R-61, terms 15.1), so Text keeps both and nothing translates at run time.
package lang

import "strings"

// A Lang is a language the product speaks: its BCP 47 tag.
type Lang string

// The languages of the program.
const (
	JA Lang = "ja"
	EN Lang = "en"
)

// Valid reports whether l is one of the program's languages.
func (l Lang) Valid() bool { return l == JA || l == EN }

// Other returns the other language.
func (l Lang) Other() Lang {
	if l == JA {
		return EN
	}
	return JA
}

// A Text says one thing in both languages.
type Text struct {
	JA string `yaml:"ja" json:"ja"`
	EN string `yaml:"en" json:"en"`
}

// In returns the text in language l. A missing side falls back to the other,
// so that a reader always sees something.
func (t Text) In(l Lang) string {
	if l == JA && t.JA != "" || t.EN == "" {
		return t.JA
	}
	return t.EN
}

// Empty reports whether both sides are missing.
func (t Text) Empty() bool { return t.JA == "" && t.EN == "" }

// Prefer returns the first language of an Accept-Language header that the program
// speaks, or English. Weights are ignored: browsers send the list in order.
func Prefer(header string) Lang {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		if l := Lang(tag); l.Valid() {
			return l
		}
	}
	return EN
}
