package event

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/fault"
)

// What an event may be at most. Nothing that a service writes comes near.
const (
	MaxSize   = 1 << 20 // bytes of a line
	maxDepth  = 32      // objects and lists in one another
	maxNumber = 64      // bytes of a number
	maxID     = 256     // bytes of an id, a source or a type
)

// dataKinds are the members of data that events.md tells of: what they must be, where
// they are there and not null.
var dataKinds = map[string]Kind{
	"actor": String, "actor_kind": String, "target": String, "region": String, "api": String,
	"ip": String, "device": String, "container": String, "status": Number, "bytes": Number,
}

func unfit(field, en, ja string) error {
	return fault.Of(fault.Invalid, text(en, ja)).At(field)
}

// strict decodes a line the slow and thorough way: it decides what is an event and what is not,
// and the fast way agrees or leaves it alone. The values stand in a copy of the line's texts.
func (d *Decoder) strict(line []byte, e *Event) error {
	d.text = d.text[:0]
	e.spans = append(e.spans[:0], make([]span, d.slots)...)
	switch {
	case len(line) > MaxSize:
		return unfit("", "The line is longer than 1 MiB.", "行が1 MiBを超えています。")
	case !utf8.Valid(line):
		return unfit("", "The line is not valid UTF-8.", "行が正しいUTF-8ではありません。")
	case depth(line) > maxDepth:
		return unfit("", "Objects and lists are nested more than 32 deep.", "入れ子が32段を超えています。")
	case !json.Valid(line):
		return unfit("", "The line is not JSON.", "行がJSONではありません。")
	}
	seen := map[string]bool{}
	err := eachMember(line, "", func(name string, raw []byte) error {
		seen[name] = true
		return d.envelope(name, raw, e)
	})
	if err != nil {
		return err
	}
	for _, name := range [...]string{"specversion", "id", "source", "type", "time"} {
		if !seen[name] {
			return unfit(name, "It is missing.", "この項目がありません。")
		}
	}
	e.base = d.text
	return nil
}

// envelope takes a member of the event itself.
func (d *Decoder) envelope(name string, raw []byte, e *Event) error {
	switch name {
	case "specversion":
		if s, ok := unquote(raw); !ok || s != "1.0" {
			return unfit(name, "It is not the string 1.0.", "文字列「1.0」ではありません。")
		}
	case "id", "source", "type", "time":
		s, ok := unquote(raw)
		switch {
		case !ok:
			return unfit(name, "It is not a string.", "文字列ではありません。")
		case s == "":
			return unfit(name, "It is empty.", "空です。")
		case len(s) > maxID:
			return unfit(name, "It is longer than 256 bytes.", "256バイトを超えています。")
		}
		slot := d.names[0][name].slot
		d.put(e, slot, String, s)
		if Slot(slot) == Time {
			return d.time(s, e)
		}
	case "data":
		if raw[0] != '{' {
			return unfit(name, "It is not an object.", "オブジェクトではありません。")
		}
		return eachMember(raw, "data.", func(name string, raw []byte) error { return d.member(name, raw, e) })
	default:
		return checkNumber(name, raw)
	}
	return nil
}

// time takes the event's time.
func (d *Decoder) time(s string, e *Event) error {
	padded := append([]byte(s), make([]byte, slack)...)
	t, ok := d.minute.parse(padded, len(s))
	if !ok {
		if len(s) > 4 && s[4] == '-' && (s[:4] < "2000" || s[:4] > "2099") {
			return unfit("time", "It is before 2000 or after 2099.", "2000年より前か、2099年より後です。")
		}
		return unfit("time", "It is not a time of RFC 3339, such as 2020-11-02T01:38:00.123Z.", "RFC 3339の時刻（例：2020-11-02T01:38:00.123Z）ではありません。")
	}
	if t < earliest || t >= latest {
		return unfit("time", "It is before 2000 or after 2099.", "2000年より前か、2099年より後です。")
	}
	e.Time = t
	return nil
}

// member takes a member of data.
func (d *Decoder) member(name string, raw []byte, e *Event) error {
	kind := kindOf(raw[0])
	if want, ok := dataKinds[name]; ok && kind != want && kind != Null {
		if want == Number {
			return unfit("data."+name, "It is not a number.", "数ではありません。")
		}
		return unfit("data."+name, "It is not a string.", "文字列ではありません。")
	}
	if err := checkNumber("data."+name, raw); err != nil {
		return err
	}
	m, ok := d.names[1][name]
	if !ok || m.slot == d.trash() {
		return nil
	}
	value := string(raw)
	if kind == String {
		value, _ = unquote(raw)
	}
	d.put(e, m.slot, kind, value)
	return nil
}

func (d *Decoder) put(e *Event, slot int32, kind Kind, value string) {
	e.spans[slot] = makeSpan(len(d.text), len(value), kind)
	d.text = append(d.text, value...)
}

// eachMember calls fn for the members of a valid object, in order, and refuses a name that
// comes twice: readers differ in which of the two they believe.
func eachMember(object []byte, in string, fn func(name string, raw []byte) error) error {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return unfit("", "The line is not a JSON object.", "行がJSONのオブジェクトではありません。")
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name := t.(string) // the names of a valid object
		if seen[name] {
			return unfit(in+name, "The name is there twice.", "同じ名前が2回あります。")
		}
		seen[name] = true
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		if err := fn(name, raw); err != nil {
			return err
		}
	}
	return nil
}

// depth returns how deep objects and lists stand in one another.
func depth(line []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// checkNumber refuses a number that nobody can compute with.
func checkNumber(name string, raw []byte) error {
	if kindOf(raw[0]) != Number {
		return nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if len(raw) > maxNumber || err != nil || math.IsInf(f, 0) {
		return unfit(name, "The number is too large, or has more than 64 digits.", "数が大きすぎるか、64桁を超えています。")
	}
	return nil
}

// kindOf returns the kind of a value by its first byte.
func kindOf(c byte) Kind {
	switch c {
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	case '{', '[':
		return Nested
	}
	return Number
}

func unquote(raw []byte) (string, bool) {
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}
