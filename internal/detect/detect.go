// Package detect finds in a stream of events what the rules describe.
//
// The Engine is pure: events and rules go in, alerts come out. It reads no clock and no file, and
// the same events in the same order give the same alerts, however many partitions there are and
// however the stream is cut into batches.
//
// # Order
//
// Events are judged in the order of their times, and those of the same time in the order in
// which they came. An event may come as much later than the newest one as the lateness allows.
// One that comes later still takes no part: no window would hold what it held when it was judged.
// It is counted, its first places are reported, and it stays where it came from, so that a run with a
// larger lateness takes it in. A time more than a day ahead of all before it moves nothing
// until the next event agrees with it, so that one wrong clock does not make everybody late;
// the event itself waits for its time.
//
// # Repeats
//
// An event is known by its source and its id, as CloudEvents has it: nobody can take another
// source's events away by sending their ids first. A repeat has no effect at all. Ids are remembered of every
// event that is inside the lateness, and of half a million events at least. A repeat of
// something older is late, and has no effect either.
//
// # Windows
//
// At every event that one of a rule's detections matches, the window of its group holds the events of
// (time - timespan, time]. The condition is looked at then. The first time it holds there is an
// alert, and the next one when it holds again after no event in a whole timespan
// found it holding. An event that lacks one of the group's fields, or the field whose values are
// counted, takes no part. The same value as a string and as a number is two values; 1 and 1.0 is one.
//
// # Memory
//
// A group keeps what its condition can need and no more: the newest times or values up to the
// threshold, eight bytes for each repeated value that an alert would have to count, and nothing once its
// window is empty. Groups and values are known by 64-bit hashes under a seed. Of n groups, two share a
// hash with a probability of n²/2⁶⁵: about 3 in 10,000 for a hundred million; they
// would be taken for one. Hashes of 128 bits would make that certainty, at half as much memory again for
// every group; who cannot foresee the seed cannot bring it about.
package detect

import (
	"time"

	"hinomi.dev/hinomi/internal/event"
)

// A Kind is what a rule looks for in the events of a group.
type Kind uint8

// The kinds of rules, all but the first with the name of their correlation.
const (
	Match           Kind = iota // one event is enough
	EventCount                  // how many events
	ValueCount                  // how many values of a field
	ValueSum                    // the sum of a field
	ValueAvg                    // the average of a field
	Temporal                    // each detection once
	TemporalOrdered             // each detection once, in their order
	Without                     // an event, and none of the others before it
	FirstSeen                   // a value of a field that the group never had
	Ratio                       // values of a field for each event
)

// A Detection is a test of one event.
type Detection struct {
	Types []string                // the types of events it can match; nil for all
	Match func(*event.Event) bool // nil matches every event of these types
}

// An Input is what a rule takes of the events that a detection matches.
type Input struct {
	Detection int          // in Rules
	Group     []event.Slot // the fields of the group, in the order of the rule's Keys
	Field     event.Slot   // the value looked at, where the kind has one
}

// An Op compares a figure with a threshold.
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

// A Comparison is one part of a condition.
type Comparison struct {
	Op   Op
	With float64
}

func (c Comparison) holds(x float64) bool {
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

// A Rule says when to raise an alert.
type Rule struct {
	Name      string
	Level     string
	Kind      Kind
	On        []Input  // of Temporal kinds each is a step; of the others any will do
	Without   []Input  // for Without: what should have come before
	EndedBy   []Input  // for Without: what undoes it
	Keys      []string // the names of the group's fields, as an alert shows them
	Span      time.Duration
	Condition []Comparison  // all of them
	MinEvents int           // for Ratio: silent below
	Learn     time.Duration // for FirstSeen: silent for so long after the rule's first event
}

func (r *Rule) holds(x float64) bool {
	for _, c := range r.Condition {
		if !c.holds(x) {
			return false
		}
	}
	return true
}

// hasField reports whether the rule's kind looks at a field.
func (r *Rule) hasField() bool {
	switch r.Kind {
	case ValueCount, ValueSum, ValueAvg, FirstSeen, Ratio:
		return true
	}
	return false
}

// Rules are what an engine looks for. Detections, rules and events share the Fields.
type Rules struct {
	Fields     *event.Fields
	Detections []Detection
	Rules      []Rule
}

// maxSteps is how many detections a temporal rule may have: they are bits of a word.
const maxSteps = 64
