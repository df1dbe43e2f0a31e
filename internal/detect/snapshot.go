package detect

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// A snapshot is all that an engine knows, so that another one can go on from there: first a line that
// names the format, then numbers as unsigned varints and texts with their lengths, and at the end a checksum of
// everything before it.
const snapshotHead = "hinomi engine 3\n"

// Snapshot writes what the engine knows, with the position in the stream up to which it was
// given events. Nothing may be taken meanwhile.
func (e *Engine) Snapshot(w io.Writer, position uint64) error {
	out := &snapshotWriter{w: bufio.NewWriterSize(w, 1<<16), sum: crc32.NewIEEE()}
	out.bytes([]byte(snapshotHead))
	out.numbers(position, e.matcher.seed, uint64(e.lines), uint64(e.clock.Newest), uint64(e.clock.Ahead), uint64(e.clock.Judged),
		uint64(e.Stats.Events), uint64(e.Stats.Bad), uint64(e.Stats.Late), uint64(e.Stats.Duplicates), uint64(e.Stats.Alerts))
	for _, s := range []*idSet{&e.ids.young, &e.ids.old} {
		out.numbers(uint64(s.last), uint64(len(s.all)))
		out.numbers(s.all...)
	}
	out.text(e.ids.greatest)
	out.numbers(uint64(len(e.places)))
	for _, p := range e.places {
		out.numbers(uint64(p.event), p.position)
	}
	out.numbers(uint64(len(e.matcher.watches)))
	for i := range e.matcher.watches {
		e.snapshotWatch(out, i)
	}
	for _, b := range e.queue.buckets {
		for i := range b.records {
			r := &b.records[i]
			text := b.text[r.text:]
			out.numbers(1, uint64(r.time), r.key, r.value, uint64(r.order), uint64(r.watch), uint64(r.given), uint64(r.role))
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
	out.text([]byte(e.matcher.fingerprint(i)))
	started := uint64(0)
	if e.started[i] {
		started = 1
	}
	matched := uint64(0)
	for _, p := range e.parts {
		matched += p.states[i].matched
	}
	out.numbers(started, uint64(e.parts[0].states[i].quiet), matched, e.raised[i])
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

// fingerprint tells rules apart whose states do not fit each other: what a detection asks is in the digest.
func (m *matcher) fingerprint(i int) string {
	w := &m.watches[i]
	text := fmt.Sprintf("%s\x00%s %v %v %v %v %v %v %d %d %d", w.Name, w.Digest, w.kind, w.span, w.condition, w.keys, w.minEvents, w.learn, len(w.on), len(w.without), len(w.endedBy))
	if w.chained {
		for _, in := range slices.Concat(w.on, w.without, w.endedBy) {
			if in.Chained {
				text += "\x00" + m.fingerprint(m.chainedTo(in))
			}
		}
	}
	return text
}

// Restore makes a new engine know what another one knew, and returns the position that was
// written with it and the names of the rules that the other one did not have: they begin without
// a past, unless it is Joined. The number of partitions may differ, the lateness may not. An engine that Restore failed for is of no use.
func (e *Engine) Restore(r io.Reader) (position uint64, fresh []string, err error) {
	in := newSnapshotReader(r)
	head := in.head()
	e.restored, e.matcher.seed, e.clock, e.Stats, e.lines = head.position, head.seed, head.clock, head.stats, head.lines
	e.clock.lateness = int64(e.options.Lateness)
	in.ids(&e.ids)
	e.places = in.places()
	known := e.fingerprints()
	e.restoreQueue(in, e.restoreWatches(in, known), 0)
	if err := in.end(); err != nil {
		return 0, nil, err
	}
	for i := range e.matcher.watches {
		if _, ok := known[e.matcher.fingerprint(i)]; ok {
			fresh = append(fresh, e.matcher.watches[i].Name)
			e.fresh = append(e.fresh, i)
		}
	}
	return e.restored, fresh, nil
}

// Join makes an engine that was Restored know what another one knows of the rules that it began without a past.
// The other one had these rules and perhaps others; it was given the events up to the same
// position, has the same Seed and lateness, and Judge was called in the same places. What comes then is what one engine with all rules
// would find. An engine that Join failed for is of no use.
func (e *Engine) Join(r io.Reader) error {
	in := newSnapshotReader(r)
	head := in.head()
	switch {
	case in.err != nil:
	case head.position != e.restored:
		return fmt.Errorf("a snapshot of position %d does not go with one of position %d", head.position, e.restored)
	case head.seed != e.matcher.seed:
		return errors.New("the snapshot is of an engine with another seed")
	}
	in.ids(&ids{})
	in.places()
	known := map[string]int{}
	for _, i := range e.fresh {
		known[e.matcher.fingerprint(i)] = i
	}
	// The engines may have begun in different places, so that they count from another event on.
	shift := uint32(e.Stats.Events) - uint32(head.stats.Events)
	e.restoreQueue(in, e.restoreWatches(in, known), shift)
	if err := in.end(); err != nil {
		return err
	}
	for _, i := range e.fresh {
		if _, ok := known[e.matcher.fingerprint(i)]; ok {
			return fmt.Errorf("the snapshot does not know the rule %s", e.matcher.watches[i].Name)
		}
	}
	e.fresh = nil
	return nil
}

// Seed returns the seed of the hashes, which is that of the first engine when there were snapshots since.
func (e *Engine) Seed() uint64 { return e.matcher.seed }

// fingerprints returns the rules by their fingerprints.
func (e *Engine) fingerprints() map[string]int {
	all := map[string]int{}
	for i := range e.matcher.watches {
		all[e.matcher.fingerprint(i)] = i
	}
	return all
}

// A placing says where a rule of a snapshot is now; -1 is nowhere.
type placing struct {
	now    int
	wanted bool // its state was asked for
}

// restoreWatches reads the rules' states, takes the rules that had one out of known, and returns where they are
// now by where they were.
func (e *Engine) restoreWatches(in *snapshotReader, known map[string]int) (places []placing) {
	all := e.fingerprints()
	for n := in.number(); n > 0 && in.err == nil; n-- {
		name := string(in.text())
		i, ok := known[name]
		delete(known, name)
		started, quiet, matched, raised := in.number(), int64(in.number()), in.number(), in.number()
		if !ok {
			i = -1
		} else {
			e.started[i], e.raised[i], e.parts[0].states[i].matched = started == 1, raised, matched
			for _, p := range e.parts {
				p.states[i].quiet = quiet
			}
		}
		now, there := all[name]
		if !there {
			now = -1
		}
		places = append(places, placing{now, ok})
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
func (e *Engine) restoreQueue(in *snapshotReader, places []placing, shift uint32) {
	for in.number() == 1 && in.err == nil {
		r := record{time: int64(in.number()), key: in.number(), value: in.number(), order: uint32(in.number())}
		was, given := in.number(), in.number()
		r.role = uint8(in.number())
		text := in.text()
		if in.err != nil || was >= uint64(len(places)) || given > uint64(len(places)) {
			in.fail()
			return
		}
		if p := places[was]; p.wanted && (given == 0 || places[given-1].now >= 0) {
			r.watch = uint16(p.now)
			if given > 0 {
				r.given = uint16(places[given-1].now + 1)
			}
			if !validText(text, len(e.matcher.watches[p.now].keys)) {
				in.fail()
				return
			}
			e.queue.push([]record{r}, text, shift)
			e.queue.last.sorted = false // it may belong between others
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
