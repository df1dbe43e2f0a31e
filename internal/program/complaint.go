package program

import (
	"cmp"
	"fmt"
	"slices"

	"hinomi.dev/hinomi/internal/lang"
)

// A Complaint is something wrong with the files of a program, or something known to be unclear.
type Complaint struct {
	File   string    `json:"file"`
	Line   int       `json:"line"`             // 0 when it is about the file as a whole
	Clause string    `json:"clause,omitempty"` // the clause it is about
	Rule   string    `json:"rule"`             // what kind of complaint it is, such as "reference"
	Note   bool      `json:"note"`             // known, read and printed; not an error
	Text   lang.Text `json:"text"`
}

// The rules a file can break.
const (
	ruleSyntax        = "syntax"          // no YAML, or YAML of another shape
	ruleField         = "field"           // missing, unknown or twice
	ruleID            = "id"              // malformed, twice, out of order or without its parent
	ruleKind          = "kind"            // no kind of clause
	ruleTranslation   = "translation"     // a text that lacks a language
	ruleReference     = "reference"       // to a clause that does not exist
	ruleWrong         = "wrong_reference" // to a clause that does not say what is expected there
	ruleUnknown       = "unknown"         // a value that is not among the admitted ones
	ruleClass         = "class"           // a class or taxonomy that does not exist
	ruleAmount        = "amount"
	ruleVector        = "vector"
	ruleDate          = "date"
	ruleAddress       = "address"
	ruleSign          = "sign"
	ruleContradiction = "contradiction" // two clauses that cannot both hold
	ruleGap           = "gap"           // a rule that leaves out a case it needs
	ruleReading       = "reading"       // a reading that is not used, or settles nothing
	ruleVersion       = "version"       // between files
)

// String returns the complaint as one line: file:line: clause: text.
func (c Complaint) String() string { return c.In(lang.EN) }

// In returns the complaint as one line in language l.
func (c Complaint) In(l lang.Lang) string {
	s := c.File
	if c.Line > 0 {
		s += fmt.Sprintf(":%d", c.Line)
	}
	s += ": "
	if c.Clause != "" {
		s += c.Clause + ": "
	}
	if c.Note {
		s += lang.Text{JA: "注記：", EN: "note: "}.In(l)
	}
	return s + c.Text.In(l)
}

// Errors returns how many of the complaints are errors rather than notes.
func Errors(cs []Complaint) int {
	n := 0
	for _, c := range cs {
		if !c.Note {
			n++
		}
	}
	return n
}

// inOrder sorts complaints as a person goes through the files.
func inOrder(cs []Complaint) {
	slices.SortStableFunc(cs, func(a, b Complaint) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}
