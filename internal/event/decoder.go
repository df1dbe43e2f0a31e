package event

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/lang"
)

func text(en, ja string) lang.Text { return lang.Text{EN: en, JA: ja} }

// Slack is how many bytes Next may look past the end of the lines it is given.
const Slack = slack

const slack = 64

// A Decoder reads the fields of its Fields out of events. It belongs to one goroutine.
//
// It remembers how members stand in lines, from the comma to the value, and which one followed
// which. A line like the ones before it is then compared with what is expected, eight bytes at
// a time, and only its values are looked through.
type Decoder struct {
	fields []string
	slots  int // those of the fields, then one for specversion, and one for what nobody reads
	minute minute
	line   []byte // Decode's copy of a line
	text   []byte // the texts of an event that was decoded the slow way

	names   [2]map[string]*name // of the envelope, of data
	used    [2]int              // names that have a bit
	members []member            // members[0] stands before the line
	index   [256]uint8          // by the first bytes: members[i], and then the ones linked to it
	short   uint8               // the members too short for the index
}

// NewDecoder returns a decoder of these fields. It does not see fields that are added later.
func NewDecoder(fields *Fields) *Decoder {
	d := &Decoder{fields: fields.Names(), slots: len(fields.Names()) + 2}
	d.forget()
	return d
}

// required are the bits of the names that every event has: those of the envelope and, next to
// them, specversion.
const required = 1<<(envelope+1) - 1

func (d *Decoder) trash() int32 { return int32(d.slots - 1) }

// Decode reads one event. Its values are good until the decoder is used again.
func (d *Decoder) Decode(line []byte, e *Event) error {
	d.line = append(append(d.line[:0], line...), '\n')
	n := len(d.line)
	d.line = append(d.line, make([]byte, slack)...)
	if next, ok := d.fast(d.line, 0, e); ok && next == n {
		return nil
	}
	return d.strict(line, e)
}

// Next reads the event in the line that begins at pos, and returns where the next line begins.
// After the last line, which ends with a newline as well, buf has Slack more bytes. The event's
// values point into buf and are good until the decoder is used again. A line with nothing but
// space in it is Blank.
func (d *Decoder) Next(buf []byte, pos int, e *Event) (int, error) {
	next, ok := d.fast(buf, pos, e)
	if ok {
		return next, nil
	}
	end := len(buf) - slack
	if i := bytes.IndexByte(buf[pos:end], '\n'); i >= 0 {
		end = pos + i
	}
	line := bytes.TrimSpace(buf[pos:end])
	if len(line) == 0 {
		return end + 1, Blank
	}
	return end + 1, d.strict(line, e)
}

type blank struct{}

func (blank) Error() string { return "the line is blank" }

// Blank is what Next says of a line without anything in it, which is no mistake.
var Blank error = blank{}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

func le64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// special marks, in the high bit of each byte, the first byte that ends a plain string: a quote,
// a backslash or a control character. Marks above the first may be wrong.
func special(w uint64) uint64 {
	quote := w ^ '"'*ones
	slash := w ^ '\\'*ones
	return ((quote-ones)&^quote | (slash-ones)&^slash | (w-0x20*ones)&^w) & highs
}

// fast decodes a line that is like the ones before it, and returns where the next one begins.
// It gives up on anything else.
func (d *Decoder) fast(b []byte, p int, e *Event) (int, bool) {
	if cap(e.spans) < d.slots {
		e.spans = make([]span, d.slots)
	}
	e.spans = e.spans[:d.slots]
	spans := e.spans
	clear(spans)
	var (
		start = p
		end   = len(b) - slack
		seen  [2]uint64 // bits of the names
		high  uint64    // all bytes of the strings together: is one not ASCII?
		at    = &d.members[0]
	)
	for p <= end {
		m := &d.members[at.next]
		if !m.at(b, p) {
			if m = d.find(b, p, at); m == nil {
				return 0, false
			}
		}
		at = m
		if seen[m.level]&m.bit != 0 {
			return 0, false
		}
		seen[m.level] |= m.bit
		p += int(m.size)
		from := p
		switch m.form {
		case formString:
			w := le64(b, p)
			s := special(w)
			for s == 0 {
				high |= w
				p += 8
				w = le64(b, p)
				s = special(w)
			}
			high |= w
			p += bits.TrailingZeros64(s) >> 3
			if b[p] != '"' {
				return 0, false
			}
			spans[m.slot] = makeSpan(from, p-from, String)
			p++
		case formNumber:
			if p = scanNumber(b, p); p < 0 {
				return 0, false
			}
			spans[m.slot] = makeSpan(from, p-from, Number)
		case formWord:
			if p = scanWord(b, p-1); p < 0 {
				return 0, false
			}
			spans[m.slot] = makeSpan(from-1, p-from+1, kindOf(b[from-1]))
		case formEnd:
			if seen[0]&required != required || p-start > MaxSize || high&highs != 0 && !utf8.Valid(b[start:p]) {
				return 0, false
			}
			e.base = b
			return p, d.finish(b, e)
		}
	}
	return 0, false
}

// finish checks what the envelope's values are.
func (d *Decoder) finish(b []byte, e *Event) bool {
	version := e.spans[d.slots-2]
	at := e.spans[Time]
	if version.size != 3|uint32(String)<<sizeBits || string(b[version.off:version.off+3]) != "1.0" {
		return false
	}
	for s := Type; s <= Source; s++ {
		if n := e.spans[s].size & (1<<sizeBits - 1); n == 0 || n > maxID {
			return false
		}
	}
	n := int(at.size & (1<<sizeBits - 1))
	if n > maxID {
		return false
	}
	t, ok := d.minute.parse(b[at.off:], n)
	e.Time = t
	return ok && t >= earliest && t < latest
}

func makeSpan(off, size int, kind Kind) span {
	return span{uint32(off), uint32(size) | uint32(kind)<<sizeBits}
}

// scanNumber returns the end of a number of up to eighteen digits with or without a fraction,
// or -1.
func scanNumber(b []byte, p int) int {
	t := le64(b, p) ^ '0'*ones
	other := (t + 0x76*ones | t) & highs
	n := bits.TrailingZeros64(other) >> 3
	if c := b[p+n]; n > 0 && n < 8 && (b[p] != '0' || n == 1) && (c == ',' || c == '}') {
		return p + n
	}
	from := p
	if b[p] == '-' {
		p++
	}
	whole := p
	for b[p]-'0' <= 9 {
		p++
	}
	if p == whole || b[whole] == '0' && p > whole+1 {
		return -1
	}
	if b[p] == '.' {
		p++
		fraction := p
		for b[p]-'0' <= 9 {
			p++
		}
		if p == fraction {
			return -1
		}
	}
	if p-from > 18 || b[p] == 'e' || b[p] == 'E' {
		return -1
	}
	return p
}

// scanWord returns the end of true, false or null, or -1.
func scanWord(b []byte, p int) int {
	for _, w := range [...]string{"true", "false", "null"} {
		if string(b[p:p+len(w)]) == w {
			return p + len(w)
		}
	}
	return -1
}
