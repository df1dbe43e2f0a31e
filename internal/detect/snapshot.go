package detect

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	stdhash "hash"
	"hash/crc32"
	"io"
	"math"
)

// A snapshot is all that an engine knows, so that another one can go on from there: first a line that
// names the format, then numbers as unsigned varints and texts with their lengths, and at the end a checksum of
// everything before it.
const snapshotHead = "hinomi engine 1\n"

// Snapshot writes what the engine knows, with the position in the stream up to which it was
// given events. Nothing may be taken meanwhile.
func (e *Engine) Snapshot(w io.Writer, position uint64) error {
	out := &snapshotWriter{w: bufio.NewWriterSize(w, 1<<16), sum: crc32.NewIEEE()}
	out.bytes([]byte(snapshotHead))
	out.numbers(position, e.matcher.seed, uint64(e.lines), uint64(e.clock.Newest), uint64(e.clock.Ahead),
		uint64(e.Stats.Events), uint64(e.Stats.Bad), uint64(e.Stats.Late), uint64(e.Stats.Duplicates), uint64(e.Stats.Alerts))
	for _, s := range []*idSet{&e.ids.young, &e.ids.old} {
		out.numbers(uint64(s.last), uint64(len(s.all)))
		out.numbers(s.all...)
	}
	out.text(e.ids.greatest)
	out.numbers(uint64(len(e.matcher.watches)))
	for i := range e.matcher.watches {
		e.snapshotWatch(out, i)
	}
	for _, b := range e.queue.buckets {
		for i := range b.records {
			r := &b.records[i]
			text := b.text[r.text:]
			out.numbers(1, uint64(r.time), r.key, r.value, uint64(r.watch), uint64(r.role))
			out.text(text[:textSize(text, len(e.matcher.watches[r.watch].keys))])
		}
	}
	out.numbers(0)
	sum := out.sum.Sum32()
	out.numbers(uint64(sum))
	return errors.Join(out.err, out.w.Flush())
}

// snapshotWatch writes what one rule remembers, in all parts.
func (e *Engine) snapshotWatch(out *snapshotWriter, i int) {
	out.text([]byte(e.matcher.watches[i].fingerprint()))
	started := uint64(0)
	if e.started[i] {
		started = 1
	}
	out.numbers(started, uint64(e.parts[0].states[i].quiet))
	for _, p := range e.parts {
		s := &p.states[i]
		for kind, l := range []*lasts{&s.seen, &s.held} {
			for j := range l.segment {
				for _, entry := range l.segment[j].entries {
					if entry.key != 0 && entry.time != never {
						out.numbers(uint64(1+kind), entry.key, uint64(entry.time))
					}
				}
			}
		}
		for j := range s.group.segment {
			for k := range s.group.segment[j].entries {
				g := &s.group.segment[j].entries[k]
				if g.key == 0 {
					continue
				}
				out.numbers(3, g.key, uint64(g.held), uint64(g.newest), g.value)
				for _, b := range []*block{&g.main, &g.extra} {
					out.numbers(uint64(b.size))
					out.numbers(s.group.store.words(b)...)
				}
			}
		}
	}
	out.numbers(0)
}

// fingerprint tells rules apart whose states do not fit each other. It cannot see what a detection asks.
func (w *watch) fingerprint() string {
	return fmt.Sprintf("%s\x00%v %v %v %v %v %v %d %d %d", w.Name, w.kind, w.span, w.condition, w.keys, w.minEvents, w.learn, len(w.on), len(w.without), len(w.endedBy))
}

// Restore makes a new engine know what another one knew, and returns the position that was
// written with it and the names of the rules that the other one did not have: they begin without
// a past. The number of partitions may differ, the lateness may not. An engine that Restore failed for is of no use.
func (e *Engine) Restore(r io.Reader) (position uint64, fresh []string, err error) {
	in := &snapshotReader{r: bufio.NewReaderSize(r, 1<<16), sum: crc32.NewIEEE()}
	if head := in.bytes(len(snapshotHead)); in.err != nil || string(head) != snapshotHead {
		return 0, nil, errors.Join(errors.New("this is no snapshot of an engine, or one of another version"), in.err)
	}
	position = in.number()
	e.matcher.seed = in.number()
	e.lines = int(in.number())
	e.clock.Newest, e.clock.Ahead = int64(in.number()), int64(in.number())
	e.Stats = Stats{Events: int(in.number()), Bad: int(in.number()), Late: int(in.number()), Duplicates: int(in.number()), Alerts: int(in.number())}
	for _, s := range []*idSet{&e.ids.young, &e.ids.old} {
		last := int64(in.number())
		for n := in.number(); n > 0 && in.err == nil; n-- {
			s.all = append(s.all, in.number())
		}
		s.last = last
	}
	e.ids.greatest = in.text()
	known := map[string]int{}
	for i := range e.matcher.watches {
		known[e.matcher.watches[i].fingerprint()] = i
	}
	places := e.restoreWatches(in, known)
	e.restoreQueue(in, places)
	if sum := in.sum.Sum32(); in.number() != uint64(sum) && in.err == nil {
		in.err = errors.New("the checksum is wrong")
	}
	if in.err != nil {
		return 0, nil, fmt.Errorf("reading a snapshot: %w", in.err)
	}
	for i := range e.matcher.watches {
		if _, ok := known[e.matcher.watches[i].fingerprint()]; ok {
			fresh = append(fresh, e.matcher.watches[i].Name)
		}
	}
	return position, fresh, nil
}

// restoreWatches reads the rules' states, takes the rules that had one out of known, and returns where they are
// now by where they were, -1 for a rule that is gone.
func (e *Engine) restoreWatches(in *snapshotReader, known map[string]int) (places []int) {
	for n := in.number(); n > 0 && in.err == nil; n-- {
		name := string(in.text())
		i, ok := known[name]
		delete(known, name)
		started, quiet := in.number(), int64(in.number())
		if !ok {
			i = -1
		} else {
			e.started[i] = started == 1
			for _, p := range e.parts {
				p.states[i].quiet = quiet
			}
		}
		places = append(places, i)
		for kind := in.number(); kind != 0 && in.err == nil; kind = in.number() {
			e.restoreEntry(in, kind, i)
		}
	}
	return places
}

// restoreEntry reads one entry of a table of rule i and gives it to the part that it belongs to.
func (e *Engine) restoreEntry(in *snapshotReader, kind uint64, i int) {
	key := in.number()
	if kind != 3 {
		at := int64(in.number())
		if i < 0 || in.err != nil {
			return
		}
		part := partOf(key, len(e.parts))
		if kind == 1 && e.parts[0].states[i].pairs() {
			part = partOfPair(key, len(e.parts))
		}
		s := &e.parts[part].states[i]
		if kind == 1 {
			s.seen.set(key, at, math.MinInt64/2)
		} else {
			s.held.set(key, at, math.MinInt64/2)
		}
		return
	}
	g := group{key: key, held: int64(in.number()), newest: int64(in.number()), value: in.number()}
	main, mainWords := in.block()
	extra, extraWords := in.block()
	if i < 0 || in.err != nil || key == 0 {
		return
	}
	s := &e.parts[partOf(key, len(e.parts))].states[i].group
	g.main, g.extra = s.store.restore(main, mainWords), s.store.restore(extra, extraWords)
	*s.at(key, math.MinInt64/2) = g
}

// restoreQueue reads the records that waited.
func (e *Engine) restoreQueue(in *snapshotReader, places []int) {
	for in.number() == 1 && in.err == nil {
		r := record{time: int64(in.number()), key: in.number(), value: in.number()}
		was := in.number()
		r.role = uint8(in.number())
		text := in.text()
		if in.err != nil || was >= uint64(len(places)) {
			in.fail()
			return
		}
		if i := places[was]; i >= 0 {
			r.watch = uint16(i)
			if !validText(text, len(e.matcher.watches[i].keys)) {
				in.fail()
				return
			}
			e.queue.push([]record{r}, text)
		}
	}
}

// validText reports whether a text has its id and n values.
func validText(b []byte, n int) bool {
	for i := -1; i < n; i++ {
		head := 5
		if i < 0 {
			head = 4
		}
		if len(b) < head || uint64(binary.LittleEndian.Uint32(b[head-4:])) > uint64(len(b)-head) {
			return false
		}
		b = b[head+int(binary.LittleEndian.Uint32(b[head-4:])):]
	}
	return true
}

// A snapshotWriter remembers the first error.
type snapshotWriter struct {
	w       *bufio.Writer
	sum     stdhash.Hash32
	scratch []byte
	err     error
}

func (w *snapshotWriter) bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
		_, _ = w.sum.Write(b) // a hash takes all
	}
}

func (w *snapshotWriter) numbers(all ...uint64) {
	w.scratch = w.scratch[:0]
	for _, n := range all {
		w.scratch = binary.AppendUvarint(w.scratch, n)
	}
	w.bytes(w.scratch)
}

func (w *snapshotWriter) text(b []byte) {
	w.numbers(uint64(len(b)))
	w.bytes(b)
}

// A snapshotReader remembers the first error and returns zeros after it.
type snapshotReader struct {
	r   *bufio.Reader
	sum stdhash.Hash32
	err error
}

func (r *snapshotReader) fail() {
	if r.err == nil {
		r.err = errors.New("it is damaged")
	}
}

// ReadByte lets binary.ReadUvarint read.
func (r *snapshotReader) ReadByte() (byte, error) {
	b, err := r.r.ReadByte()
	if err == nil {
		_, _ = r.sum.Write([]byte{b})
	}
	return b, err
}

func (r *snapshotReader) number() uint64 {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r)
	if r.err = err; err != nil {
		return 0
	}
	return n
}

// bytes reads n bytes. It makes room as they come, whatever n claims.
func (r *snapshotReader) bytes(n int) (b []byte) {
	for len(b) < n && r.err == nil {
		from := len(b)
		b = append(b, make([]byte, min(n-from, 1<<16))...)
		_, r.err = io.ReadFull(r.r, b[from:])
		_, _ = r.sum.Write(b[from:])
	}
	return b
}

func (r *snapshotReader) text() []byte {
	n := r.number()
	if n > math.MaxInt32 {
		r.fail()
		return nil
	}
	return r.bytes(int(n))
}

// block reads a block's size and all its words.
func (r *snapshotReader) block() (size uint32, words []uint64) {
	n := r.number()
	b := block{size: uint32(n)}
	c := b.size >> classShift
	if n > math.MaxUint32 || c > classShift || c == 0 && b.size != 0 || c > 0 && b.n() > 1<<c {
		r.fail()
	}
	if c == 0 {
		return 0, nil
	}
	for range 1 << c {
		if r.err != nil {
			return 0, nil
		}
		words = append(words, r.number())
	}
	return b.size, words
}

// restore makes a block as it was in another store.
func (s *store) restore(size uint32, words []uint64) block {
	c := size >> classShift
	if c == 0 {
		return block{}
	}
	b := s.take(c)
	copy(s.words(&b), words)
	b.size = size
	return b
}
