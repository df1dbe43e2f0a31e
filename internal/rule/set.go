// Package rule reads rules written in Sigma 2.1 (detections, correlations, filters and
// placeholders, with three correlation types of our own), says what is wrong with them and where,
// and compiles them to plain functions over events.
//
// A rule is taken whole or not at all. Nothing here looks at time or state: a Detection is a
// question to one event, and a Correlation says in numbers what the engine is to count.
package rule

import (
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/event"
)

// A Set is what the rules of a directory came to.
type Set struct {
	Fields       *event.Fields
	Detections   []*Detection
	Correlations []*Correlation // each behind those it refers to
}

// A Rule is what people wrote about a rule.
type Rule struct {
	Name  string // what alerts call it: its name, or its id, or its title
	ID    string // a UUID, or nothing
	Title string
	Level string // low, medium, …; informational where the rule has none
	File  string
	Line  int
	// Digest changes when what the rule finds may change: with its own words, those of the rules it
	// refers to and of the filters on them, and the lists they name.
	Digest string

	// Generate reports whether the rule raises alerts by itself. A rule that a correlation
	// refers to does not, unless that correlation says generate: true.
	Generate bool
	// Portable is false for a rule that only Hinomi understands.
	Portable bool
}

// A Detection is a question to one event.
type Detection struct {
	Rule
	// Types are the types of events that Match can say yes to, in small letters: case does not count
	// in Sigma, so an event's type that is not found as it stands is to be looked up in small
	// letters as well. nil is any type.
	Types []string
	Match func(*event.Event) bool
}

// A Kind is what a correlation does with the events of its rules.
type Kind uint8

// The kinds of correlations. The last three are ours.
const (
	EventCount      Kind = iota // how many events
	ValueCount                  // how many different values of the fields
	ValueSum                    // the sum of a field
	ValueAvg                    // the average of a field
	ValueMin                    // the least value of a field
	ValueMax                    // the greatest value of a field
	ValueMedian                 // the median of a field
	Temporal                    // how many of the rules
	TemporalOrdered             // how many of the rules, in their order
	Without                     // an event, and none of the others before it
	FirstSeen                   // a value that the group never had
	Ratio                       // different values for each event
)

// kindNames are the kinds as Sigma, or we, call them.
var kindNames = [...]string{
	"event_count", "value_count", "value_sum", "value_avg", "value_min", "value_max", "value_median",
	"temporal", "temporal_ordered", "without", "first_seen", "ratio",
}

func (k Kind) String() string { return kindNames[k] }

// An Input is what a correlation takes of the events that one of its rules matches.
type Input struct {
	// Rule is a place in Detections or, if Chained, in Correlations. Of a correlation the events
	// are those at which it raises, or would raise, an alert.
	Rule    int
	Chained bool
	Group   []event.Slot // one for each of Keys
	Field   []event.Slot // the fields looked at, where the kind has some
}

// An Op compares a figure with a number.
type Op uint8

// The comparisons.
const (
	Gt Op = iota
	Gte
	Lt
	Lte
	Eq
	Neq
)

var opNames = [...]string{"gt", "gte", "lt", "lte", "eq", "neq"}

func (o Op) String() string { return opNames[o] }

// A Comparison is one part of a condition.
type Comparison struct {
	Op   Op
	With float64
}

// Holds reports whether the figure compares.
func (c Comparison) Holds(x float64) bool {
	switch c.Op {
	case Gt:
		return x > c.With
	case Gte:
		return x >= c.With
	case Lt:
		return x < c.With
	case Lte:
		return x <= c.With
	case Eq:
		return x == c.With
	}
	return x != c.With
}

// A Correlation says what to count, of what, for whom and in which time.
type Correlation struct {
	Rule
	Kind      Kind
	Rules     []Input // in the order of the rule
	Without   []Input // for Without: what should have come before
	EndedBy   []Input // for Without: what undoes it
	Keys      []string
	Timespan  time.Duration
	Condition []Comparison  // all must hold; never empty for a kind that compares
	MinEvents int           // for Ratio: nothing is said about fewer
	Learn     time.Duration // for FirstSeen: silent for so long after the first event
}

// A Complaint is something wrong, or worth knowing, about a rule.
type Complaint struct {
	File         string
	Line, Column int
	Rule         string // its name or title, if it has one
	Text         string // a sentence
	Fix          string // what to write instead, or nothing
	Warning      bool   // the rule works all the same
	Note         bool   // a warning about nothing wrong
}

// Severity returns error, warning or note.
func (c Complaint) Severity() string {
	switch {
	case c.Note:
		return "note"
	case c.Warning:
		return "warning"
	}
	return "error"
}

func (c Complaint) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s: %s", c.File, c.Line, c.Column, c.Severity(), c.Text)
	if c.Fix != "" {
		s += " " + c.Fix
	}
	return s
}
