// Package event reads what the service tells us: CloudEvents 1.0 in JSON, one a line.
//
// A Decoder takes one line and leaves in an Event where the fields stand that the rules read.
// It copies nothing and allocates nothing for an event as services write them (flat, without
// escapes); anything unusual goes through encoding/json, with the same result, only slower.
// What is wrong with a line is said as a Reason.
package event

// A Slot is the place of a field's value in an Event. Fields gives them out.
type Slot int

// The members of the envelope have their slots in every Fields. A field of another name is a
// member of data; a member of data with one of these names cannot be read by a rule.
const (
	Type Slot = iota
	ID
	Source
	Time
	envelope // how many there are
)

var envelopeNames = [envelope]string{"type", "id", "source", "time"}

// Fields are the names of the fields that a set of rules reads. The zero value has those of the
// envelope.
type Fields struct {
	names []string
	slots map[string]Slot
}

// Slot returns the place of a field, a new one for a new name.
func (f *Fields) Slot(name string) Slot {
	if f.slots == nil {
		f.slots = map[string]Slot{}
		for s, n := range envelopeNames {
			f.names = append(f.names, n)
			f.slots[n] = Slot(s)
		}
	}
	s, ok := f.slots[name]
	if !ok {
		s = Slot(len(f.names))
		f.slots[name] = s
		f.names = append(f.names, name)
	}
	return s
}

// Names returns the names by slot.
func (f *Fields) Names() []string {
	f.Slot(envelopeNames[Type])
	return f.names
}

// A Kind is what a value is in JSON.
type Kind uint8

// The kinds of values. A null is a Missing field to most who ask, but not to all.
const (
	Missing Kind = iota
	String
	Number
	Bool
	Null
	Nested // an object or a list
)

// A Value is one member as it stands in the line.
type Value struct {
	Kind Kind
	// Raw is a string's text without its quotes and escapes, and of all else the JSON text:
	// a number's literal, true or false, null, an object or a list. It belongs to the Event
	// and is good until the next one is decoded.
	Raw []byte
}

// An Event is one event as decoded: its time, and the fields asked for.
type Event struct {
	// Time is the event's time in nanoseconds since 1970, of UTC.
	Time int64

	base  []byte // what the spans point into: the line, or the decoder's own copy of it
	spans []span // by slot
}

// A span is where a value stands.
type span struct {
	off  uint32
	size uint32 // below 1<<28, with the kind above it
}

const sizeBits = 28

// Value returns the value of a field; of a field that the event does not have, its Kind is
// Missing.
func (e *Event) Value(s Slot) Value {
	p := e.spans[s]
	end := p.off + p.size&(1<<sizeBits-1)
	return Value{Kind: Kind(p.size >> sizeBits), Raw: e.base[p.off:end:end]}
}
