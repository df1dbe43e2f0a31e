package detect

import "math/bits"

// Tables are open addressing with linear probing over fixed-size entries without pointers: the
// garbage collector does not look into them. They are cut into segments, each with its own
// growth, so that no growth takes long nor needs much memory besides.
const segments = 64

// spot returns the segment of a key and its place in a segment of n entries.
func spot(key uint64, n int) int {
	hi, _ := bits.Mul64(key*k1, uint64(n))
	return int(hi)
}

func segmentOf(key uint64) uint64 { return key % segments }

// grown returns the next size of a segment with this many entries, of which some still live.
func grown(size, live int) int {
	if live < size/2 {
		return size // without the dead ones there is room
	}
	return max(16, size+size/4)
}

// full reports whether a segment needs room before another entry.
func full(n, size int) bool { return 5*(n+1) > 4*size }

// A lasts knows the last time of each key, as long as it is within the span.
type lasts struct {
	span    int64
	segment [segments]lastSegment
}

type lastSegment struct {
	entries []last
	n       int
}

type last struct {
	key  uint64 // 0 is empty
	time int64
}

func (l *lasts) touch(key uint64) uint64 {
	s := &l.segment[segmentOf(key)]
	if len(s.entries) == 0 {
		return 0
	}
	return s.entries[spot(key, len(s.entries))].key
}

func (s *lastSegment) find(key uint64) *last {
	if len(s.entries) == 0 {
		return nil
	}
	for i := spot(key, len(s.entries)); ; {
		e := &s.entries[i]
		if e.key == key || e.key == 0 {
			return e
		}
		if i++; i == len(s.entries) {
			i = 0
		}
	}
}

// get returns the key's last time, or never. It may be one from before the span.
func (l *lasts) get(key uint64) int64 {
	if e := l.segment[segmentOf(key)].find(key); e != nil && e.key != 0 {
		return e.time
	}
	return never
}

// drop forgets a key.
func (l *lasts) drop(key uint64) {
	if e := l.segment[segmentOf(key)].find(key); e != nil && e.key != 0 {
		e.time = never // the entry goes when the segment grows
	}
}

// set notes the key's last time. What is out of the span at now makes room first.
func (l *lasts) set(key uint64, t, now int64) {
	s := &l.segment[segmentOf(key)]
	e := s.find(key)
	if e == nil || e.key == 0 {
		if full(s.n, len(s.entries)) {
			s.grow(now - l.span)
			e = s.find(key)
		}
		s.n++
		e.key = key
	}
	e.time = t
}

func (s *lastSegment) grow(cut int64) {
	live := 0
	for i := range s.entries {
		if e := &s.entries[i]; e.key != 0 && e.time > cut {
			live++
		}
	}
	old := s.entries
	s.entries, s.n = make([]last, grown(len(old), live)), live
	for _, o := range old {
		if o.key != 0 && o.time > cut {
			*s.find(o.key) = o
		}
	}
}

// A groups has the windows of a rule's groups.
type groups struct {
	span    int64
	segment [segments]groupSegment
	store   store
}

type groupSegment struct {
	entries []group
	n       int
}

// A group is the window of one group. What is in its blocks is the kind's affair.
type group struct {
	key    uint64 // 0 is empty
	held   int64  // when the condition held last, or never
	newest int64  // the last time
	value  uint64 // that of the last time
	main   block
	extra  block
}

func (g *groups) touch(key uint64) uint64 {
	s := &g.segment[segmentOf(key)]
	if len(s.entries) == 0 {
		return 0
	}
	return s.entries[spot(key, len(s.entries))].key
}

func (s *groupSegment) find(key uint64) *group {
	for i := spot(key, len(s.entries)); ; {
		e := &s.entries[i]
		if e.key == key || e.key == 0 {
			return e
		}
		if i++; i == len(s.entries) {
			i = 0
		}
	}
}

// at returns the window of a group, an empty one for a new group. It is good until the next
// call.
func (g *groups) at(key uint64, now int64) *group {
	s := &g.segment[segmentOf(key)]
	if len(s.entries) > 0 {
		if e := s.find(key); e.key != 0 {
			return e
		}
	}
	if full(s.n, len(s.entries)) {
		g.grow(s, now-g.span)
	}
	s.n++
	e := s.find(key)
	*e = group{key: key, held: never, newest: never}
	return e
}

// grow makes room in a segment, first of all by forgetting groups without an event in the span:
// their condition held before it, if at all, and so they are armed like new ones.
func (g *groups) grow(s *groupSegment, cut int64) {
	live := 0
	for i := range s.entries {
		if e := &s.entries[i]; e.key != 0 && e.newest > cut {
			live++
		}
	}
	old := s.entries
	s.entries, s.n = make([]group, grown(len(old), live)), live
	for i := range old {
		switch o := &old[i]; {
		case o.key == 0:
		case o.newest > cut:
			*s.find(o.key) = *o
		default:
			g.store.release(&o.main)
			g.store.release(&o.extra)
		}
	}
}
