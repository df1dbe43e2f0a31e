package detect

import "bytes"

// An idSet is a set of hashes: all of them in the order in which they came, and a table of them,
// open addressing with linear probing, that is brought up to date when somebody asks.
type idSet struct {
	all     []uint64
	slots   []uint64 // 0 is an empty place
	indexed int      // how many of all are in the table
	last    int64    // the newest time of an event in it
}

func (s *idSet) has(id uint64) bool {
	s.index()
	if len(s.slots) == 0 {
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

// index brings the table up to date.
func (s *idSet) index() {
	if s.indexed == len(s.all) {
		return
	}
	if size := max(1024, len(s.slots)); 4*len(s.all) > 3*size || len(s.slots) == 0 {
		for 4*len(s.all) > 3*size {
			size *= 2
		}
		s.slots, s.indexed = make([]uint64, size), 0
	}
	mask := uint64(len(s.slots) - 1)
	for _, id := range s.all[s.indexed:] {
		i := id & mask
		for s.slots[i] != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = id
	}
	s.indexed = len(s.all)
}

func (s *idSet) clear() {
	if s.indexed > 0 {
		clear(s.slots)
	}
	s.all, s.indexed, s.last = s.all[:0], 0, never
}

// generation is how many ids are remembered at least, whatever their times.
const generation = 1 << 19

// ids knows which events came already: those of two generations. The older one goes when
// the newer one is full and no event of the older one is inside the lateness any more.
type ids struct {
	young, old idSet
	room       int    // of a generation
	greatest   []byte // of all ids, in the order of before
}

// before orders ids: the shorter first, so that numbers that grow are in order.
func before(a, b []byte) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return bytes.Compare(a, b) < 0
}

// add adds an id and reports whether it was there. open is the oldest time inside the lateness.
func (s *ids) add(id uint64, t, open int64) bool {
	if s.old.has(id) || s.young.has(id) {
		return true
	}
	s.addNew(id, t, open)
	return false
}

// addNew adds an id that was not there.
func (s *ids) addNew(id uint64, t, open int64) {
	if len(s.young.all) >= s.room && s.old.last < open {
		s.young, s.old = s.old, s.young
		s.young.clear()
	}
	s.young.all = append(s.young.all, id)
	s.young.last = max(s.young.last, t)
}

// fresh reports whether the ids of a batch are all new because each is greater than all before it, as
// where one counter gives them out.
func (s *ids) fresh(b *Batch) bool { return b.increasing && before(s.greatest, b.first) }

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
