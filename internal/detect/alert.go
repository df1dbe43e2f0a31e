package detect

import (
	"encoding/binary"
	"encoding/json"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// An Alert says which event made a rule's condition true, and for whom.
type Alert struct {
	Rule     *rule.Rule
	Keys     []string      // the names of the group's fields
	Key      []event.Value // and their values
	At       int64         // the event's time
	Event    string        // its id
	Position uint64        // that of the batch which the event came in
	From     int64         // the time of the first event in the window
	Count    int           // events in the window
	Distinct int           // values in the window; 0 for a rule that looks at none
}

// AppendJSON appends the alert as one line of JSON, without a newline.
func (a *Alert) AppendJSON(b []byte) []byte {
	b = append(b, `{"rule":`...)
	b = appendString(b, a.Rule.Name)
	b = append(b, `,"level":`...)
	b = appendString(b, a.Rule.Level)
	b = append(b, `,"key":{`...)
	for i, v := range a.Key {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, a.Keys[i]), ':')
		if v.Kind == event.String {
			b = appendString(b, string(v.Raw))
		} else {
			b = append(b, v.Raw...)
		}
	}
	b = append(b, `},"at":"`...)
	b = event.FormatTime(b, a.At)
	b = append(b, `","event":`...)
	b = appendString(b, a.Event)
	b = append(b, `,"from":"`...)
	b = event.FormatTime(b, a.From)
	b = append(b, `","count":`...)
	b = appendInt(b, a.Count)
	b = append(b, `,"distinct":`...)
	b = appendInt(b, a.Distinct)
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string is always fine
	}
	return append(b, quoted...)
}

func appendInt(b []byte, n int) []byte {
	digits, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return append(b, digits...)
}

// A text is what an alert would need to say of its event: the id and the values of the group.
// Records carry it as long as their windows are not judged.

func appendText(b []byte, id []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(id))), id...)
}

func appendValue(b []byte, v event.Value) []byte {
	b = append(b, byte(v.Kind))
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(v.Raw))), v.Raw...)
}

// textSize returns the length of the text that begins b, with n values.
func textSize(b []byte, n int) int {
	size := 4 + int(binary.LittleEndian.Uint32(b))
	for range n {
		size += 5 + int(binary.LittleEndian.Uint32(b[size+1:]))
	}
	return size
}

// readText returns the id and the n values, copied.
func readText(b []byte, n int) (id string, values []event.Value) {
	size := int(binary.LittleEndian.Uint32(b))
	id = string(b[4 : 4+size])
	b = b[4+size:]
	for range n {
		size := int(binary.LittleEndian.Uint32(b[1:]))
		values = append(values, event.Value{Kind: event.Kind(b[0]), Raw: append([]byte{}, b[5:5+size]...)})
		b = b[5+size:]
	}
	return id, values
}
