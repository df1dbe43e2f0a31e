package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// Options are how an engine runs. None but the lateness and Hasty changes what it finds.
type Options struct {
	Lateness   time.Duration // how much older than the newest event one may be that still counts
	Partitions int           // how many parts the groups are judged in at the same time; 0 is 1
	Seed       uint64        // of the hashes; something secret where strangers send events

	// Hasty lets late events take part: they are judged as if they were of the first moment that was not judged
	// yet. With a small lateness nothing is left out then, and alerts come soon; but where events are
	// later than that an alert may name another event, or be one that an event still under way would have prevented.
	Hasty bool
}

// Stats are what an engine has seen.
type Stats struct {
	Events     int // well-formed, repeats and late ones included
	Bad        int
	Late       int // they took no part or, of a hasty engine, were judged at a later time
	Duplicates int
	Alerts     int
}

// An Engine finds what its rules describe. It belongs to one goroutine.
type Engine struct {
	Stats Stats
	// BadLines and LateLines are the first of their kind, with their numbers in the stream.
	BadLines, LateLines []Sample

	matcher    *matcher
	options    Options
	lines      int // before the next batch
	clock      clock
	ids        ids
	queue      queue
	parts      []*part
	started    []bool   // by rule: an event of it was judged
	raised     []uint64 // by rule: its alerts, and those it would have raised
	places     []place
	keptPlaces int
	alerts     []Alert
	given      []uint16 // the rules that raised an alert at the event judged, from 1

	restored uint64 // the position of the snapshot
	fresh    []int  // the rules that it did not have

	touched uint64 // keeps the compiler from leaving out reads that only fill the cache
}

// New returns an engine, or an error that says which rule it cannot run.
func New(set *rule.Set, options Options) (*Engine, error) {
	m := newMatcher(set, options.Seed)
	for i := range m.watches {
		if err := m.watches[i].check(); err != nil {
			return nil, fmt.Errorf("%s:%d: rule %s: %w", m.watches[i].File, m.watches[i].Line, m.watches[i].Name, err)
		}
	}
	if len(m.watches) > math.MaxUint16 {
		return nil, fmt.Errorf("%d rules are more than %d", len(m.watches), math.MaxUint16)
	}
	e := &Engine{
		matcher: m,
		options: options,
		clock:   clock{Newest: never, Ahead: never, Judged: never, lateness: int64(options.Lateness)},
		queue:   queue{watches: m.watches, width: max(int64(time.Millisecond), min(int64(options.Lateness)/32, int64(time.Second)))},
		started: make([]bool, len(m.watches)),
		raised:  make([]uint64, len(m.watches)),
	}
	e.ids.room, e.ids.young.last, e.ids.old.last = generation, never, never
	for range max(1, options.Partitions) {
		e.parts = append(e.parts, newPart(m.watches))
	}
	return e, nil
}

// NewBatch returns an empty batch to fill and Take.
func (e *Engine) NewBatch() *Batch {
	b := &Batch{matcher: e.matcher, decoder: event.NewDecoder(e.matcher.set.Fields)}
	b.Reset()
	return b
}

// Take judges the events of a batch, in their order, and returns the alerts that are certain now.
// The slice is good until the next call. The batch can be used again.
func (e *Engine) Take(b *Batch) []Alert {
	e.alerts = e.alerts[:0]
	e.refused(b)
	for _, p := range b.places {
		e.places = append(e.places, place{p.event + uint32(e.Stats.Events), p.position})
	}
	if !e.takeAll(b) {
		e.takeEach(b)
	}
	if before(e.ids.greatest, b.greatest) {
		e.ids.greatest = append(e.ids.greatest[:0], b.greatest...)
	}
	e.Stats.Events += len(b.seen)
	e.lines += b.lines
	return e.release(e.clock.open(), e.options.Hasty && e.options.Lateness == 0)
}

// Judge judges all that waits, as if the lateness had passed since the newest event: for a stream on which
// nothing comes. Events that are older than the newest one are late from then on. What an
// engine finds depends on where in the stream this is called, so a caller who wants to find the same again notes it.
func (e *Engine) Judge() []Alert {
	e.alerts = e.alerts[:0]
	e.clock.settle()
	return e.release(e.clock.open(), true)
}

// takeAll takes a batch at one go, when nothing in it is late or can have come before. It
// reports whether it did; what it does is what takeEach would do.
func (e *Engine) takeAll(b *Batch) bool {
	if len(b.seen) == 0 {
		return true
	}
	if !e.ids.fresh(b) || !e.clock.allows(b.oldest, b.newest) {
		return false
	}
	for i := range b.seen {
		s := &b.seen[i]
		e.ids.addNew(s.id, s.time, e.clock.open())
		e.clock.Newest = max(e.clock.Newest, s.time)
	}
	for from := 0; from < len(b.records); {
		to := from + 1
		for to < len(b.records) && b.records[to].time == b.records[from].time {
			to++
		}
		e.queue.push(b.records[from:to], b.text, uint32(e.Stats.Events))
		from = to
	}
	return true
}

// takeEach takes the events of a batch one after another.
func (e *Engine) takeEach(b *Batch) {
	first := uint32(0)
	for i := range b.seen {
		if i%touchAhead == 0 {
			e.touched += e.ids.touch(b.seen[i:min(i+touchAhead, len(b.seen))])
		}
		s := &b.seen[i]
		records := b.records[first:s.end]
		first = s.end
		if e.ids.add(s.id, s.time, e.clock.open()) {
			e.Stats.Duplicates++
			continue
		}
		if e.clock.step(s.time) {
			e.late(b, s)
			if !e.options.Hasty {
				continue
			}
			for i := range records {
				records[i].time = e.clock.open()
			}
		}
		e.queue.push(records, b.text, uint32(e.Stats.Events))
	}
}

// touchAhead is how many places in a table are read at once, so that the memory brings them at the
// same time, before they are needed one after another.
const touchAhead = 32

// refused counts the bad lines of a batch.
func (e *Engine) refused(b *Batch) {
	e.Stats.Bad += b.bad
	for _, s := range b.samples {
		if len(e.BadLines) < maxSamples {
			e.BadLines = append(e.BadLines, Sample{e.lines + s.Line, s.Err})
		}
	}
}

// late counts an event that came too late.
func (e *Engine) late(b *Batch, s *seen) {
	e.Stats.Late++
	if len(e.LateLines) < maxSamples {
		by := time.Duration(e.clock.Newest - s.time)
		e.LateLines = append(e.LateLines, Sample{e.lines + int(s.line), fmt.Errorf("the event is %v older than one before it", by)})
	}
}

// Flush judges all that waits: no more events come.
func (e *Engine) Flush() []Alert {
	e.alerts = e.alerts[:0]
	return e.release(math.MaxInt64, false)
}

// release judges what no event can come before any more: in whole buckets, or through the very moment.
func (e *Engine) release(open int64, through bool) []Alert {
	pop := e.queue.pop
	if through {
		pop = e.queue.popThrough
	}
	for b := pop(open); b != nil; b = pop(open) {
		e.judge(b)
		e.queue.back(b)
	}
	e.forgetPlaces()
	e.Stats.Alerts += len(e.alerts)
	return e.alerts
}

// judge runs the records of a bucket through the parts, each with its share of the groups.
func (e *Engine) judge(b *bucket) {
	e.start(b)
	if n := len(e.parts); n == 1 || len(b.records) < 64*n {
		for i, p := range e.parts {
			p.judge(b, i, n)
		}
	} else {
		var all sync.WaitGroup
		for i, p := range e.parts {
			all.Go(func() { p.judge(b, i, n) })
		}
		all.Wait()
	}
	var found []finding
	for _, p := range e.parts {
		found = append(found, p.found...)
		p.found = p.found[:0]
	}
	if len(found) == 0 && e.matcher.chains == nil {
		return
	}
	inOrder := func(x, y finding) int { return cmp.Compare(x.record, y.record) }
	slices.SortFunc(found, inOrder)
	if e.matcher.chains != nil {
		found = e.chain(b, found)
		slices.SortFunc(found, inOrder)
	}
	for _, f := range found {
		r := &b.records[f.record]
		w := &e.matcher.watches[r.watch]
		e.raised[r.watch]++
		if !w.Generate {
			continue // another rule looks at it
		}
		id, key := readText(b.text[r.text:], len(w.keys))
		e.alerts = append(e.alerts, Alert{Rule: w.Rule, Keys: w.keys, Key: key, At: r.time, Event: id, Position: e.position(r.order), From: f.from, Count: f.count, Distinct: f.distinct})
	}
}

// start tells all parts when the rules that learn saw their first event.
func (e *Engine) start(b *bucket) {
	for i := range e.started {
		if e.started[i] || e.matcher.watches[i].kind != rule.FirstSeen || e.matcher.watches[i].chained {
			continue
		}
		if j := slices.IndexFunc(b.records, func(r record) bool { return int(r.watch) == i }); j >= 0 {
			e.learn(i, b.records[j].time)
		}
	}
}

// learn tells all parts that a rule saw its first event.
func (e *Engine) learn(i int, t int64) {
	e.started[i] = true
	for _, p := range e.parts {
		p.states[i].quiet = t + e.matcher.watches[i].learn
	}
}
