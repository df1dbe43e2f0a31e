package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"
)

// A message of the stream is a head of fixed size and the lines, s2-compressed:
//
//	 0  1  version, 1
//	 1  4  events in it
//	 5  4  bytes of the lines
//	 9  8  events in the stream before it, from the first ever
//	17  8  bytes of lines before it
//	25  8  when its first event was received, microseconds since 1970
//	33  8  when its last was
//	41  8  its writer, a number drawn at each start
//	49  8  the writer's own number for it
//
// Numbers are big-endian.
const (
	version  = 1
	headSize = 57
	// maxRaw is how many bytes of lines one message takes: whatever they are, it stays below 1 MiB, the
	// largest message that a NATS server takes unless it is told otherwise.
	maxRaw = 960 << 10
	// mostRaw is what a message may say it has; more is damage.
	mostRaw = 64 << 20
	// spare is how many zero bytes follow the lines that Read hands out, for decoders that look ahead.
	spare = 64
)

// A head is what a message says of itself.
type head struct {
	count       int
	size        int
	first       uint64 // events before
	bytes       uint64 // bytes before
	from, until int64
	writer, own uint64
}

func (h head) append(b []byte) []byte {
	be := binary.BigEndian
	b = append(b, version)
	b = be.AppendUint32(b, uint32(h.count))
	b = be.AppendUint32(b, uint32(h.size))
	for _, n := range [...]uint64{h.first, h.bytes, uint64(h.from), uint64(h.until), h.writer, h.own} {
		b = be.AppendUint64(b, n)
	}
	return b
}

var errDamaged = errors.New("this is no batch of events")

func readHead(b []byte) (head, error) {
	if len(b) < headSize || b[0] != version {
		return head{}, errDamaged
	}
	be := binary.BigEndian
	h := head{
		count: int(be.Uint32(b[1:])), size: int(be.Uint32(b[5:])), first: be.Uint64(b[9:]), bytes: be.Uint64(b[17:]),
		from: int64(be.Uint64(b[25:])), until: int64(be.Uint64(b[33:])), writer: be.Uint64(b[41:]), own: be.Uint64(b[49:]),
	}
	if h.size > mostRaw || h.count > h.size {
		return head{}, errDamaged
	}
	return h, nil
}

// unpack returns the head and the lines of a message, the lines in into's memory if it has enough.
func unpack(b, into []byte) (head, []byte, error) {
	h, err := readHead(b)
	if err != nil {
		return head{}, nil, err
	}
	if n, err := s2.DecodedLen(b[headSize:]); err != nil || n != h.size {
		return head{}, nil, errDamaged
	}
	into = slices.Grow(into[:0], h.size+spare)
	lines, err := s2.Decode(into[:h.size], b[headSize:])
	if err != nil {
		return head{}, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	clear(lines[h.size : h.size+spare])
	return h, lines, nil
}

// A message is a batch as it grows.
type message struct {
	raw     []byte
	ends    []int
	keys    []Key
	from    int64
	until   int64
	own     uint64
	waiters []waiter
	packed  []byte // head and lines as sent; empty until pack
	sent    time.Time
	tries   int
}

// A waiter is a request that has events in a message.
type waiter struct {
	done chan answer
	Taken
	until int // its events are those up to here, from the waiter before
}

func (m *message) reset() {
	clear(m.waiters)
	*m = message{raw: m.raw[:0], ends: m.ends[:0], keys: m.keys[:0], waiters: m.waiters[:0], packed: m.packed[:0]}
}

// fits reports whether a parcel still goes into the message.
func (m *message) fits(p *Parcel) bool { return len(m.raw) == 0 || len(m.raw)+len(p.Lines) <= maxRaw }

// add takes the events of a parcel that were not seen before.
func (m *message) add(w *waiting, known *seen) {
	var t Taken
	from, start := 0, 0 // of the event, of what is not copied yet
	shift := len(m.raw) // from a place in the parcel to the same in the message
	for i, k := range w.Keys {
		end := w.Ends[i]
		if known.add(k) {
			m.keys = append(m.keys, k)
			m.ends = append(m.ends, end+shift)
			t.Accepted++
		} else {
			m.raw = append(m.raw, w.Lines[start:from]...)
			start = end
			shift -= end - from
			t.Repeated++
		}
		from = end
	}
	m.raw = append(m.raw, w.Lines[start:]...)
	if len(m.waiters) == 0 {
		m.from, m.until = w.at, w.at
	}
	m.from, m.until = min(m.from, w.at), max(m.until, w.at) // who came first may be taken second
	m.waiters = append(m.waiters, waiter{w.done, t, len(m.keys)})
}

// drop takes out the events whose keys another writer has stored meanwhile.
func (m *message) drop(stored map[Key]bool) {
	kept, size, from, at := 0, 0, 0, 0
	for i := range m.waiters {
		w := &m.waiters[i]
		for ; at < w.until; at++ {
			line := m.raw[from:m.ends[at]]
			from = m.ends[at]
			if stored[m.keys[at]] {
				w.Accepted--
				w.Repeated++
				continue
			}
			size += copy(m.raw[size:], line)
			m.ends[kept], m.keys[kept] = size, m.keys[at]
			kept++
		}
		w.until = kept
	}
	m.raw, m.ends, m.keys, m.packed = m.raw[:size], m.ends[:kept], m.keys[:kept], m.packed[:0]
}

// pack makes the bytes that are sent. What stands before the message may change afterwards: see rebase.
func (m *message) pack() {
	if len(m.packed) > 0 {
		return
	}
	m.packed = slices.Grow(m.packed, headSize+s2.MaxEncodedLen(len(m.raw)))
	body := s2.Encode(m.packed[headSize:cap(m.packed)], m.raw)
	m.packed = m.packed[:headSize+len(body)]
}

// rebase writes the head.
func (m *message) rebase(end tail, writer uint64) {
	h := head{count: len(m.keys), size: len(m.raw), first: end.events, bytes: end.bytes, from: m.from, until: m.until, writer: writer, own: m.own}
	h.append(m.packed[:0])
}

// answer tells everybody who waits, and forgets them.
func (m *message) answer(err error) {
	for _, w := range m.waiters {
		if err != nil {
			w.Taken = Taken{}
		}
		w.done <- answer{w.Taken, err} // it has room
	}
	clear(m.waiters)
	m.waiters = m.waiters[:0]
}
