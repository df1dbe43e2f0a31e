package event

import (
	"encoding/json"
)

// MaxSize is the longest line that can be an event.
const MaxSize = 1 << 20

// A Decoder reads the fields of its Fields out of events. It belongs to one goroutine.
type Decoder struct {
	fields *Fields
	text   []byte
}

// NewDecoder returns a decoder of these fields. Fields added later are not seen by it.
func NewDecoder(fields *Fields) *Decoder {
	return &Decoder{fields: fields}
}

// Decode reads one event from a line of JSON. The Event's values point into line.
func (d *Decoder) Decode(line []byte, e *Event) error {
	return json.Unmarshal(line, &struct{}{})
}
