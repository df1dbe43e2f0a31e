package event

import "bytes"

// A name is a member's name at its level.
type name struct {
	slot int32
	bit  uint64
}

// The forms of members: what follows their text.
const (
	formNever  = iota // in the place of a member that is not known: its text fits nowhere
	formString        // a string without its quote
	formNumber
	formWord  // true, false, null
	formOpen  // the members of data
	formClose // the rest of the envelope
	formEnd   // the next line
)

// The places in a line where a member may stand, as bits.
const (
	atStart    = 1 << iota // of the line
	inEnvelope             // behind another member
	atData                 // behind the brace that opens data
	inData
)

// A member is how one member stands in a line: all that comes between the value before it and
// its own, such as `,"target":"`, and of a word its first letter too.
type member struct {
	words [words]uint64
	last  uint64 // mask of the last word
	bit   uint64 // of its name
	slot  int32
	size  uint8 // of the text
	count uint8 // words
	form  uint8
	level uint8 // of its name
	fits  uint8 // places where it may stand
	then  uint8 // the place behind it
	next  uint8 // the member that came after it the last time
	link  uint8 // the next one with the same place in the index
}

const (
	words      = 6
	maxMembers = 250
)

// at reports whether the member stands at p. A text of more than two words is rare.
func (m *member) at(b []byte, p int) bool {
	w := le64(b, p) ^ m.words[0]
	if m.count == 1 {
		return w&m.last == 0 && (m.form != formNumber || numeric(b[p+int(m.size)]))
	}
	v := le64(b, p+8) ^ m.words[1]
	if m.count == 2 {
		return w|v&m.last == 0 && (m.form != formNumber || numeric(b[p+int(m.size)]))
	}
	return w|v == 0 && m.rest(b, p)
}

func (m *member) rest(b []byte, p int) bool {
	n := int(m.count) - 1
	for i := 2; i < n; i++ {
		if le64(b, p+8*i) != m.words[i] {
			return false
		}
	}
	return n >= 2 && (le64(b, p+8*n)^m.words[n])&m.last == 0 && (m.form != formNumber || numeric(b[p+int(m.size)]))
}

// numeric reports whether a number begins with c: without a look at it, the text of a number is
// the beginning of the text of a string.
func numeric(c byte) bool { return c-'0' <= 9 || c == '-' }

// forget makes the decoder know nothing but its fields and how a line ends.
func (d *Decoder) forget() {
	d.used = [2]int{}
	d.names = [2]map[string]*name{{}, {}}
	for s, n := range d.fields {
		level := 1
		if s < int(envelope) {
			level = 0
		}
		d.names[level][n] = &name{slot: int32(s), bit: d.bit(level)}
	}
	d.names[0]["specversion"] = &name{slot: d.trash() - 1, bit: d.bit(0)}
	d.names[0]["data"] = &name{slot: d.trash(), bit: d.bit(0)}
	d.index, d.short = [256]uint8{}, 0
	nowhere := member{form: formNever, count: 1, last: ^uint64(0), then: atStart}
	for i := range nowhere.words {
		nowhere.words[i] = ^uint64(0) // no such byte is in UTF-8
	}
	if d.members == nil {
		d.members = make([]member, 0, maxMembers) // never moves: members point at members
	}
	d.members = append(d.members[:0], nowhere)
	none := &name{slot: d.trash()}
	d.add([]byte("}"), formClose, 1, atData|inData, inEnvelope, none)
	d.add([]byte("}\n"), formEnd, 0, inEnvelope, atStart, none)
	d.add([]byte("}\r\n"), formEnd, 0, inEnvelope, atStart, none)
}

// indexed is how many bytes of a text make its place in the index.
const indexed = 6

func place(w uint64) uint8 {
	return uint8(w << (64 - 8*indexed) * 0x9e3779b97f4a7c15 >> 56)
}

// add makes a member known and returns its number.
func (d *Decoder) add(text []byte, form, level, fits, then uint8, n *name) uint8 {
	m := member{form: form, level: level, fits: fits, then: then, size: uint8(len(text)), slot: n.slot, bit: n.bit}
	var padded [8 * words]byte
	copy(padded[:], text)
	for i := range m.words {
		m.words[i] = le64(padded[:], 8*i)
	}
	m.count = uint8((len(text) + 7) / 8)
	m.last = ^uint64(0) >> (8 * (8*int(m.count) - len(text)))
	at := &d.short
	if len(text) >= indexed {
		at = &d.index[place(m.words[0])]
	}
	m.link = *at
	*at = uint8(len(d.members))
	d.members = append(d.members, m)
	return *at
}

// find returns the member at p when it was not the expected one, and expects it after the same
// one from now on. It returns nil for what is no plain member.
func (d *Decoder) find(b []byte, p int, after *member) *member {
	for _, i := range [2]uint8{d.index[place(le64(b, p))], d.short} {
		for ; i != 0; i = d.members[i].link {
			if m := &d.members[i]; m.fits&after.then != 0 && m.at(b, p) {
				after.next = i
				return m
			}
		}
	}
	if len(d.members) == maxMembers {
		d.forget() // somebody invents names
		return nil
	}
	if i := d.learn(b, p, after.then); i != 0 {
		after.next = i
		return &d.members[i]
	}
	return nil
}

// learn reads a member that was not known and returns its number, or 0 when it is none that a
// plain line has.
func (d *Decoder) learn(b []byte, p int, place uint8) uint8 {
	from := p
	level, then := uint8(1), uint8(inData)
	if place&(atStart|inEnvelope) != 0 {
		level, then = 0, inEnvelope
	}
	if place != atData {
		if c := b[p]; c != ',' && place != atStart || c != '{' && place == atStart {
			return 0
		}
		p++
	}
	p += space(b[p])
	if b[p] != '"' {
		return 0
	}
	p++
	n := bytes.IndexByte(b[p:min(p+8*words, len(b))], '"')
	if n <= 0 {
		return 0
	}
	key := b[p : p+n]
	for _, c := range key {
		if c < 0x20 || c == '\\' || c >= 0x80 {
			return 0
		}
	}
	p += n + 1
	if p+3 > len(b) || b[p] != ':' {
		return 0
	}
	p++
	p += space(b[p])
	form := formOf(level, string(key), b[p])
	if form == formOpen {
		then = atData
	}
	if form != formNumber {
		p++
	}
	known := d.name(level, string(key))
	if form == formNever || known == nil || p-from > 8*words || p > len(b)-slack {
		return 0
	}
	return d.add(b[from:p], form, level, place, then, known)
}

func space(c byte) int {
	if c == ' ' {
		return 1
	}
	return 0
}

// formOf returns the form of a member by its name and the first byte of its value, formNever
// where the value is not what the name demands, or is one for the slow way.
func formOf(level uint8, key string, c byte) uint8 {
	kind := kindOf(c)
	if level == 0 {
		switch key {
		case "data":
			if c == '{' {
				return formOpen
			}
			return formNever
		case "id", "source", "type", "time", "specversion":
			if kind != String {
				return formNever
			}
		}
	} else if want, ok := dataKinds[key]; ok && kind != want && kind != Null {
		return formNever
	}
	switch {
	case kind == String:
		return formString
	case kind == Bool, kind == Null:
		return formWord
	case numeric(c):
		return formNumber
	}
	return formNever
}

// name returns a name with its bit, or nil when all bits are given: then the decoder begins
// anew, so that names nobody uses any more do not stay.
func (d *Decoder) name(level uint8, key string) *name {
	n, ok := d.names[level][key]
	if !ok {
		n = &name{slot: d.trash(), bit: d.bit(int(level))}
		d.names[level][key] = n
	}
	if n.bit == 0 && !ok {
		d.forget()
		return nil
	}
	if n.bit == 0 {
		return nil // the rules themselves read more names than there are bits
	}
	return n
}

// bit gives out the next bit of a level, or 0.
func (d *Decoder) bit(level int) uint64 {
	b := uint64(1) << d.used[level]
	d.used[level]++
	return b
}
