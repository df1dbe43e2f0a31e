package rule

import (
	"slices"

	"hinomi.dev/hinomi/internal/event"
)

// A valueTest is a question to one value.
type valueTest func(event.Value) bool

// written reports whether a value has a text that patterns are compared with. A number and a
// truth have one: their JSON.
func written(v event.Value) bool { return v.Kind-event.String <= event.Bool-event.String }

// onText asks the text of a value.
func onText(t bytesTest) valueTest {
	return func(v event.Value) bool { return written(v) && t(v.Raw) }
}

// A texts is a set of texts that a value may be, compared byte by byte. A few are gone through, of
// those as long as the value; many are in a table.
type texts struct {
	cased   bool
	lengths uint64 // bit n: one is n bytes long, the last bit: or longer than 62
	few     []string
	table   []string // by hash, a power of two, half empty; "" is no text
	empty   bool     // the table has ""
}

// fewTexts is up to where going through them is quicker than a hash.
const fewTexts = 8

// newTexts returns the set. Unless cased, the words are folded and of ASCII.
func newTexts(words []string, cased bool) *texts {
	t := &texts{cased: cased}
	for _, w := range words {
		t.lengths |= 1 << min(len(w), 63)
	}
	if len(words) <= fewTexts {
		t.few = words
		return t
	}
	size := 1
	for size < 2*len(words) {
		size *= 2
	}
	t.table = make([]string, size)
	for _, w := range words {
		if w == "" {
			t.empty = true
			continue
		}
		i := hashFold([]byte(w), cased) & uint64(size-1)
		for t.table[i] != "" && t.table[i] != w {
			i = (i + 1) & uint64(size-1)
		}
		t.table[i] = w
	}
	return t
}

// hashFold hashes a text, and unless cased the same for every case of its ASCII letters.
func hashFold(b []byte, cased bool) uint64 {
	h := uint64(len(b)) * 0x9e3779b97f4a7c15
	for _, c := range b {
		if !cased && 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h ^ h>>29
}

func (t *texts) same(b []byte, w string) bool {
	return len(b) == len(w) && (string(b) == w || !t.cased && equalFold(b, w))
}

func (t *texts) has(b []byte) bool {
	if t.lengths>>min(len(b), 63)&1 == 0 {
		return false
	}
	if t.table == nil {
		for _, w := range t.few {
			if t.same(b, w) {
				return true
			}
		}
		return false
	}
	if len(b) == 0 {
		return t.empty
	}
	mask := uint64(len(t.table) - 1)
	for i := hashFold(b, t.cased) & mask; t.table[i] != ""; i = (i + 1) & mask {
		if t.same(b, t.table[i]) {
			return true
		}
	}
	return false
}

// is returns the question whether a field is one of the texts.
func (t *texts) is(s event.Slot) func(*event.Event) bool {
	few, lengths, cased := t.few, t.lengths, t.cased || !slices.ContainsFunc(t.few, hasCase)
	switch {
	case len(few) == 1:
		return isOne(s, few[0], cased)
	case t.table != nil:
		return func(e *event.Event) bool {
			v := e.Value(s)
			return written(v) && t.has(v.Raw)
		}
	}
	return func(e *event.Event) bool {
		v := e.Value(s)
		if lengths>>min(len(v.Raw), 63)&1 == 0 || !written(v) {
			return false
		}
		for _, w := range few {
			if string(v.Raw) == w {
				return true
			}
		}
		if cased {
			return false
		}
		for _, w := range few {
			if len(v.Raw) == len(w) && begins(v.Raw, w) && equalFold(v.Raw, w) {
				return true
			}
		}
		return false
	}
}

// begins reports whether two texts may be the same by their first letter.
func begins(b []byte, low string) bool { return len(b) == 0 || low == "" || (b[0]^low[0])&^0x20 == 0 }

// isOne returns the question whether a field is the text.
func isOne(s event.Slot, w string, cased bool) func(*event.Event) bool {
	return func(e *event.Event) bool {
		v := e.Value(s)
		if len(v.Raw) != len(w) || !written(v) {
			return false
		}
		return string(v.Raw) == w || !cased && begins(v.Raw, w) && equalFold(v.Raw, w)
	}
}

// isNumber returns the question whether a field is a number, however it is written. A string
// is asked for the text of the number.
func isNumber(s event.Slot, n number) func(*event.Event) bool {
	text := n.String()
	return func(e *event.Event) bool {
		v := e.Value(s)
		if string(v.Raw) == text {
			return written(v)
		}
		if v.Kind != event.Number {
			return false
		}
		m, ok := parseNumber(v.Raw)
		return ok && m.compare(n) == 0
	}
}

// compared returns the question how a field compares. A string with a number in it counts as one.
func compared(s event.Slot, op Op, n number) func(*event.Event) bool {
	return func(e *event.Event) bool {
		v := e.Value(s)
		if v.Kind != event.Number && v.Kind != event.String {
			return false
		}
		if n.whole && len(v.Raw) <= 9 {
			if i, ok := parseWhole(v.Raw); ok {
				return op.holds(int(min(max(i-n.i, -1), 1)))
			}
		}
		m, ok := parseNumber(v.Raw)
		return ok && op.holds(m.compare(n))
	}
}

// beginsWith returns the question whether a field begins, or ends, with a text of ASCII: folded unless case
// counts.
func beginsWith(s event.Slot, text string, cased, end bool) func(*event.Event) bool {
	n := len(text)
	return func(e *event.Event) bool {
		v := e.Value(s)
		b := v.Raw
		if len(b) < n || !written(v) {
			return false
		}
		if end {
			b = b[len(b)-n:]
		} else {
			b = b[:n]
		}
		return string(b) == text || !cased && begins(b, text) && equalFold(b, text)
	}
}

// holds reports whether the operation holds for two that compare as c.
func (o Op) holds(c int) bool {
	switch o {
	case Gt:
		return c > 0
	case Gte:
		return c >= 0
	case Lt:
		return c < 0
	case Lte:
		return c <= 0
	case Eq:
		return c == 0
	}
	return c != 0
}
