package program

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/lang"
)

// A Kind says what a clause is about.
type Kind string

// The kinds of clauses.
const (
	Definition    Kind = "definition"
	Qualification Kind = "qualification"
	Scope         Kind = "scope"
	Exclusion     Kind = "exclusion"
	Reward        Kind = "reward"
	Payment       Kind = "payment"
	Duty          Kind = "duty"
	Prohibition   Kind = "prohibition"
	Right         Kind = "right"
	Secrecy       Kind = "secrecy"
	Privacy       Kind = "privacy"
	Withdrawal    Kind = "withdrawal"
	Credit        Kind = "credit"
	Liability     Kind = "liability"
	Amendment     Kind = "amendment"
	Language      Kind = "language"
	Jurisdiction  Kind = "jurisdiction"
	Contact       Kind = "contact"
	InForce       Kind = "date"
)

var kinds = []Kind{
	Definition, Qualification, Scope, Exclusion, Reward, Payment, Duty, Prohibition, Right, Secrecy,
	Privacy, Withdrawal, Credit, Liability, Amendment, Language, Jurisdiction, Contact, InForce,
}

// A Clause is one addressable part of the terms. Its heading and summary are ours; they carry the
// facts of the operator's text.
type Clause struct {
	ID     string // "6", "6.5", "6.5.i", "3.2.xii.a", "3.1.proviso", "preamble", "date"
	Parent string // the clause this one belongs to, or empty
	Depth  int    // 1 article, 2 paragraph, 3 item, 4 sub-item
	Kind   Kind

	Heading lang.Text
	Summary lang.Text
	// Unless says, of an exclusion, what a reporter could show so that it no longer applies.
	Unless lang.Text

	// Readings say how this desk reads the clause where its text is unclear. Reading and
	// ReadingText are the first of them, or empty.
	Readings    []Reading
	Reading     string
	ReadingText lang.Text

	Refs         []string // ids of the clauses this one points to, as we read it
	SecondPerson bool     // a decision under this clause needs two people
	VRT          []string // nodes of the Vulnerability Rating Taxonomy that mostly fit an exclusion
	Params       Params   // what the clause states, as data

	refs  []reference
	gives []string // what other clauses refer to this one for
	signs signs
	line  int // of the file, for complaints
}

// A Reading says how the desk reads a clause whose text is unclear, wrong or silent.
type Reading struct {
	ID      string // "C-1"
	Text    lang.Text
	BearsOn []string // parameters and kinds of periods that depend on it
}

// A reference is one clause pointing to another, with what it expects to find there.
type reference struct {
	to      string // where the text points
	purpose string // what should stand there, or empty
	readAs  string // where it has to point, when the text is wrong
	reading string // the reading that says so
	line    int
}

// target is the clause that is meant.
func (r reference) target() string {
	if r.readAs != "" {
		return r.readAs
	}
	return r.to
}

// readingsOn returns the readings of the clause that a parameter or period of it depends on.
func (c *Clause) readingsOn(topic string) []string {
	var ids []string
	for _, r := range c.Readings {
		if slices.Contains(r.BearsOn, topic) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Anchor returns the name of the clause within a page: "c-3.2.v".
func (c *Clause) Anchor() string { return "c-" + c.ID }

// Label returns how the clause is cited: "Article 3(2)(v)", "第3条第2項第5号".
func (c *Clause) Label(l lang.Lang) string { return Label(c.ID, l) }

// names are the clauses without a number.
var names = map[string]lang.Text{
	"preamble": {JA: "前文", EN: "Preamble"},
	"date":     {JA: "日付", EN: "Date"},
	"proviso":  {JA: "ただし書", EN: ", proviso"},
}

// Label returns how the clause with this id is cited in language l.
func Label(id string, l lang.Lang) string {
	if name, ok := names[id]; ok {
		return name.In(l)
	}
	var b strings.Builder
	for i, part := range strings.Split(id, ".") {
		name, named := names[part]
		switch {
		case named:
			b.WriteString(name.In(l))
		case i == 0 && l == lang.JA:
			fmt.Fprintf(&b, "第%s条", part)
		case i == 0:
			b.WriteString("Article " + part)
		case l == lang.JA && i < 3:
			n := part
			if i == 2 {
				n = strconv.Itoa(roman(part))
			}
			fmt.Fprintf(&b, "第%s%s", n, []string{"", "項", "号"}[i])
		default:
			fmt.Fprintf(&b, "(%s)", part)
		}
	}
	return b.String()
}

// idPattern admits "preamble", "date", and article.paragraph.item.sub-item, each with a proviso.
var idPattern = regexp.MustCompile(`^(preamble|date|[1-9]\d?(\.[1-9]\d?(\.[ivxl]{1,8}(\.[a-z])?)?)?(\.proviso)?)$`)

// validID reports whether id is one a clause may have.
func validID(id string) bool {
	if !idPattern.MatchString(id) {
		return false
	}
	parts := strings.Split(id, ".")
	return len(parts) < 3 || parts[2] == "proviso" || roman(parts[2]) > 0
}

// parentOf returns the id of the clause that the one with this id belongs to.
func parentOf(id string) string {
	i := strings.LastIndexByte(id, '.')
	if i < 0 {
		return ""
	}
	return id[:i]
}

// ordinal returns the place of a clause among its siblings, or 0 for one without a number.
func ordinal(id string) int {
	last := id[strings.LastIndexByte(id, '.')+1:]
	if n, err := strconv.Atoi(last); err == nil {
		return n
	}
	switch strings.Count(id, ".") {
	case 2:
		return roman(last)
	case 3:
		if len(last) == 1 {
			return int(last[0]-'a') + 1
		}
	}
	return 0
}

var romans = []struct {
	sign  string
	value int
}{{"l", 50}, {"xl", 40}, {"x", 10}, {"ix", 9}, {"v", 5}, {"iv", 4}, {"i", 1}}

// roman reads a lower-case roman number below 90, or returns 0.
func roman(s string) int {
	n, rest := 0, s
	for _, r := range romans {
		for strings.HasPrefix(rest, r.sign) {
			n, rest = n+r.value, rest[len(r.sign):]
		}
	}
	if rest != "" || romanOf(n) != s {
		return 0
	}
	return n
}

// romanOf writes n in lower-case roman numerals.
func romanOf(n int) string {
	var b strings.Builder
	for _, r := range romans {
		for ; n >= r.value; n -= r.value {
			b.WriteString(r.sign)
		}
	}
	return b.String()
}
