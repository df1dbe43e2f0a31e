package detect

import "hinomi.dev/hinomi/internal/rule"

// A finding is an alert before it has words.
type finding struct {
	record   int // in the bucket
	from     int64
	count    int
	distinct int
}

// A part judges its share of the groups. Parts share nothing.
type part struct {
	states []state // by watch
	found  []finding

	touched uint64 // keeps the compiler from leaving out reads that only fill the cache
}

// A state is what one rule remembers.
type state struct {
	*watch
	most  int    // how many times or values decide the condition
	quiet int64  // FirstSeen: the end of learning
	group groups // of the kinds with windows
	seen  lasts  // Without: the last event of the others. FirstSeen: the last time of each value
	held  lasts  // Without and FirstSeen: when the condition held last

	matched uint64 // events judged
}

func newPart(watches []watch) *part {
	p := &part{states: make([]state, len(watches))}
	for i := range watches {
		w := &watches[i]
		p.states[i] = state{watch: w, most: w.keep(), quiet: never}
		p.states[i].group.span, p.states[i].seen.span, p.states[i].held.span = w.span, w.span, w.span
	}
	return p
}

// judge takes the records of a bucket that belong to part mine of all.
func (p *part) judge(b *bucket, mine, all int) {
	for i := range b.records {
		if i%touchAhead == 0 {
			p.touch(b.records[i:min(i+touchAhead, len(b.records))], mine, all)
		}
		r := &b.records[i]
		if all > 1 && partOf(r.key, all) != mine {
			continue
		}
		s := &p.states[r.watch]
		if s.chained {
			continue // what it looks at is not known yet
		}
		if r.role == on {
			s.matched++
		}
		if f, ok := s.judge(r); ok {
			f.record = i
			p.found = append(p.found, f)
		}
	}
}

// touch reads the places of some records, so that they are in the cache when they are judged.
func (p *part) touch(records []record, mine, all int) {
	for i := range records {
		if r := &records[i]; all == 1 || partOf(r.key, all) == mine {
			p.touched += p.states[r.watch].touch(r)
		}
	}
}

// partOf returns the part that a group belongs to.
func partOf(key uint64, all int) int { return int(key*k0>>56) * all >> 8 }

// pair returns a hash of a record's group and value. Its highest byte tells the part, as the
// group's own does.
func pair(r *record) uint64 {
	return r.key*k0>>56<<56 | max(1, mix(r.key^k1, r.value^k2)<<8>>8)
}

func partOfPair(pair uint64, all int) int { return int(pair>>56) * all >> 8 }

// pairs reports whether the times seen are those of groups and values together.
func (s *state) pairs() bool { return s.kind == rule.FirstSeen }

// touch reads the places that a record will need, so that they are in the cache by then.
func (s *state) touch(r *record) uint64 {
	switch s.kind {
	case match:
		return 0
	case rule.Without:
		return s.seen.touch(r.key)
	case rule.FirstSeen:
		return s.seen.touch(pair(r))
	}
	return s.group.touch(r.key)
}

// judge takes one record and reports what it found.
func (s *state) judge(r *record) (finding, bool) {
	one := finding{from: r.time, count: 1}
	switch s.kind {
	case match:
		return one, true
	case rule.Without:
		return one, s.without(r)
	case rule.FirstSeen:
		one.distinct = 1
		return one, s.firstSeen(r)
	}
	g := s.group.at(r.key, r.time)
	switch s.kind {
	case rule.EventCount:
		return s.eventCount(g, r)
	case rule.ValueCount:
		if s.most > few {
			return s.manyValues(g, r)
		}
		return s.valueCount(g, r)
	case rule.Temporal, rule.TemporalOrdered:
		return s.temporal(g, r)
	}
	return s.whole(g, r)
}

// without judges an event that should have another one before it.
func (s *state) without(r *record) bool {
	switch r.role {
	case without:
		s.seen.set(r.key, r.time, r.time)
		return false
	case endedBy:
		s.seen.drop(r.key)
		return false
	}
	if last := s.seen.get(r.key); last != never && last > r.time-s.span {
		return false
	}
	return s.arm(r)
}

// arm notes that the condition holds for a group that has no window, and reports whether that is an
// alert.
func (s *state) arm(r *record) bool {
	held := s.held.get(r.key)
	s.held.set(r.key, r.time, r.time)
	return held == never || r.time-held >= s.span
}

// firstSeen judges an event that may have a new value.
func (s *state) firstSeen(r *record) bool {
	last := s.seen.get(pair(r))
	s.seen.set(pair(r), r.time, r.time)
	if last != never && last > r.time-s.span {
		return false
	}
	return r.time >= s.quiet && s.arm(r)
}
