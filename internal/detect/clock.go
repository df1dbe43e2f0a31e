package detect

import "math"

// never is before all times.
const never = math.MinInt64

// day is how far an event may be ahead of all before it without another one that agrees.
const day = int64(24 * 3600 * 1e9)

// A clock is how far the stream has come.
type clock struct {
	Newest   int64 // the newest time that counts, or never
	Ahead    int64 // the time of an event far ahead that nothing has confirmed yet, or never
	lateness int64
}

// step moves the clock by an event and reports whether the event is late.
func (c *clock) step(t int64) (late bool) {
	if c.Ahead != never {
		if t >= c.Ahead-c.lateness {
			c.Newest = c.Ahead
		}
		c.Ahead = never
	}
	if c.Newest == never || t > c.Newest+day {
		c.Ahead = t
		return false
	}
	if t > c.Newest {
		c.Newest = t
		return false
	}
	return t < c.Newest-c.lateness
}

// open returns the oldest time that an event may still have without being late.
func (c *clock) open() int64 {
	if c.Newest == never {
		return never
	}
	return c.Newest - c.lateness
}

// An idSet is a set of hashes, open addressing with linear probing. 0 is an empty place.
type idSet struct {
	slots []uint64
	n     int
	last  int64 // the newest time of an event in it
}

// add adds a hash and reports whether it was there.
func (s *idSet) add(id uint64, t int64) bool {
	if 4*(s.n+1) > 3*len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := id & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case id:
			return true
		case 0:
			s.slots[i] = id
			s.n++
			s.last = max(s.last, t)
			return false
		}
	}
}

func (s *idSet) has(id uint64) bool {
	if s.n == 0 {
		return false
	}
	mask := uint64(len(s.slots) - 1)
	for i := id & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == id {
			return true
		}
	}
	return false
}

func (s *idSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(1024, 2*len(old)))
	mask := uint64(len(s.slots) - 1)
	for _, id := range old {
		if id == 0 {
			continue
		}
		i := id & mask
		for s.slots[i] != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = id
	}
}

func (s *idSet) clear() {
	clear(s.slots)
	s.n, s.last = 0, never
}

// generation is how many ids are remembered at least, whatever their times.
const generation = 1 << 19

// ids knows which events came already: those of two generations. The older one goes when
// the newer one is full and no event of the older one is inside the lateness any more.
type ids struct {
	young, old idSet
}

// add adds an id and reports whether it was there. open is the oldest time inside the lateness.
func (s *ids) add(id uint64, t, open int64) bool {
	if id == 0 {
		id = 1
	}
	if s.old.has(id) {
		return true
	}
	if s.young.n >= generation && s.old.last < open && !s.young.has(id) {
		s.young, s.old = s.old, s.young
		s.young.clear()
	}
	return s.young.add(id, t)
}

// touch reads the places of some ids, so that they are in the cache when they are added.
func (s *ids) touch(some []seen) (sum uint64) {
	young, old := s.young.slots, s.old.slots
	if len(young) > 0 {
		for i := range some {
			sum += young[some[i].id&uint64(len(young)-1)]
		}
	}
	if len(old) > 0 {
		for i := range some {
			sum += old[some[i].id&uint64(len(old)-1)]
		}
	}
	return sum
}
