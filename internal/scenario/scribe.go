package scenario

import (
	"strconv"
	"time"
)

// A scribe writes facts as CloudEvents, one line of JSON each, by appending to a buffer. All it
// writes is made here and is plain ASCII, so nothing needs escaping; a test holds it against
// encoding/json.
type scribe struct {
	key   uint64
	mixed bool
	dice  dice // of the order of members

	day  int64 // the day whose date is written out below
	date [11]byte

	cuts             []int // where the members begin, in mixed order alone; -1 opens data
	envelope, inside []int // their orders
	other            []byte
}

func (c *scribe) open(s *Stream) {
	c.key, c.mixed, c.day = s.key, s.opt.Mixed, -1
	c.dice = s.dice("members", 0)
}

const hexadecimal = "0123456789abcdef"

// pairs is the two digits of each byte.
var pairs = func() (p [512]byte) {
	for i := range 256 {
		p[2*i], p[2*i+1] = hexadecimal[i>>4], hexadecimal[i&15]
	}
	return p
}()

// appendID appends the id of r. It is a bijection of it, so ids never meet.
func appendID(b []byte, r ref, key uint64) []byte {
	b = append(b, r.class().letter())
	x := mix(uint64(r) ^ key)
	for shift := 56; shift >= 0; shift -= 8 {
		i := int(x>>shift&255) * 2
		b = append(b, pairs[i], pairs[i+1])
	}
	return b
}

func (s *Stream) id(r ref) string { return string(appendID(nil, r, s.key)) }

// appendSerial appends the id of an event: ev and at least twelve digits.
func appendSerial(b []byte, n uint64) []byte {
	b = append(b, "ev"...)
	for low := uint64(100_000_000_000); low > n && low > 1; low /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, n, 10)
}

func appendTwo(b []byte, n int64) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// time appends 2020-11-02T01:38:00.123Z, and keeps the date for the next event of the day.
func (c *scribe) time(b []byte, at int64) []byte {
	d := at / day
	if d != c.day {
		c.day = d
		time.UnixMilli(at).UTC().AppendFormat(c.date[:0], "2006-01-02T")
	}
	at -= d * day
	b = append(b, c.date[:]...)
	b = append(appendTwo(b, at/hour), ':')
	b = append(appendTwo(b, at/minute%60), ':')
	b = append(appendTwo(b, at/second%60), '.')
	return append(appendTwo(b, at%1000/10), byte('0'+at%10), 'Z')
}

// member begins a member of the object; its opening brace or the member before is written.
func (c *scribe) member(b []byte, name string) []byte {
	if last := b[len(b)-1]; last != '{' {
		b = append(b, ',')
	}
	if c.mixed {
		c.cuts = append(c.cuts, len(b))
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func (c *scribe) text(b []byte, name, value string) []byte {
	b = append(c.member(b, name), '"')
	b = append(b, value...)
	return append(b, '"')
}

func (c *scribe) word(b []byte, name string, w word) []byte {
	if w == 0 {
		return b
	}
	return c.text(b, name, spelled[w])
}

func (c *scribe) number(b []byte, name string, value int16) []byte {
	return strconv.AppendInt(c.member(b, name), int64(value), 10)
}

func (c *scribe) ref(b []byte, name string, r ref) []byte {
	if r == 0 {
		return b
	}
	b = append(c.member(b, name), '"')
	return append(appendID(b, r, c.key), '"')
}

// event appends the event of a fact.
func (c *scribe) event(b []byte, f *fact, serial uint64) []byte {
	c.cuts = c.cuts[:0]
	from := len(b)
	b = append(b, '{')
	b = c.text(b, "specversion", "1.0")
	b = append(appendSerial(append(c.member(b, "id"), '"'), serial), '"')
	node := mix(uint64(f.actor))
	b = append(c.member(b, "source"), '"')
	b = append(b, gateway(f.actor.class())...)
	b = append(b, byte('1'+node>>61), '"')
	b = c.word(b, "type", f.what)
	b = append(c.time(append(c.member(b, "time"), '"'), f.at), '"')
	b = append(c.member(b, "data"), '{')
	top := len(c.cuts)
	b = c.data(b, f, node)
	b = append(b, '}', '}')
	if c.mixed {
		b = c.shuffle(b, from, top)
	}
	return b
}

// data appends the members that say what happened.
func (c *scribe) data(b []byte, f *fact, node uint64) []byte {
	b = c.ref(b, "actor", f.actor)
	b = c.text(b, "actor_kind", f.actor.class().kind())
	b = c.ref(b, "target", f.target)
	b = c.word(b, "region", f.region)
	b = c.word(b, "api", f.api)
	b = append(c.member(b, "ip"), `"10.`...)
	b = append(strconv.AppendUint(b, node&255, 10), '.')
	b = append(strconv.AppendUint(b, node>>8&255, 10), '.')
	b = append(strconv.AppendUint(b, node>>16&255, 10), '"')
	b = c.word(b, "device", f.device)
	if f.status != 0 {
		b = c.number(b, "status", f.status)
	}
	if f.bytes != 0 {
		b = c.number(b, "bytes", f.bytes)
	}
	b = c.ref(b, "container", f.container)
	b = c.word(b, "scope", f.scope)
	b = c.ref(b, "session", f.session)
	b = c.word(b, "second_factor", f.second)
	b = c.word(b, "e2ee", f.e2ee)
	if f.owner != 0 {
		b = c.ref(b, "owner", f.owner)
	}
	b = c.word(b, "owner", f.company)
	b = c.word(b, "country", f.country)
	b = c.word(b, "data_class", f.dataClass)
	if f.items != 0 {
		b = c.number(b, "items", f.items)
	}
	return c.word(b, "reason", f.reason)
}

// gateway is the source of the events of a class, but for its number.
func gateway(c class) string {
	switch c {
	case rogue, assistant:
		return "assistant/gateway-"
	case intruder, affiliate:
		return "data/gateway-"
	case staff:
		return "admin/console-"
	}
	return "chat/gateway-"
}

// shuffle puts the members of the event at b[from:] in another order: the first top of the cuts
// are those of the envelope, data the last among them, the rest those of data.
func (c *scribe) shuffle(b []byte, from, top int) []byte {
	c.other = append(c.other[:0], b[from:]...)
	for i := range c.cuts {
		c.cuts[i] -= from
	}
	// A member ends before the comma of the next one, or before the braces.
	end := func(i int) int {
		switch i {
		case top - 1: // data ends where the event does
			return len(c.other) - 1
		case len(c.cuts) - 1:
			return len(c.other) - 2
		}
		return c.cuts[i+1] - 1
	}
	b = append(b[:from], '{')
	for n, i := range c.deal(&c.envelope, 0, top) {
		if n > 0 {
			b = append(b, ',')
		}
		if i != top-1 {
			b = append(b, c.other[c.cuts[i]:end(i)]...)
			continue
		}
		b = append(b, `"data":{`...)
		for m, j := range c.deal(&c.inside, top, len(c.cuts)) {
			if m > 0 {
				b = append(b, ',')
			}
			b = append(b, c.other[c.cuts[j]:end(j)]...)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

// deal returns from … to-1 in any order.
func (c *scribe) deal(order *[]int, from, to int) []int {
	o := (*order)[:0]
	for i := from; i < to; i++ {
		o = append(o, i)
		j := c.dice.below(len(o))
		o[len(o)-1], o[j] = o[j], o[len(o)-1]
	}
	*order = o
	return o
}
