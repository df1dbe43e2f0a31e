package stream

// seen remembers the keys of the newest events. It has generations: the newest is filled, and when it is
// full the oldest goes. Small ones come first, so that a quiet desk needs little memory.
type seen struct {
	horizon     int          // how many keys are known at least, once so many were added
	generations []generation // the newest first
}

// A generation is a table of marks with open addressing. Zero is an empty slot, one a removed mark.
type generation struct {
	slots []uint64
	used  int // marks and removed ones
}

const (
	empty        = 0
	removed      = 1
	smallest     = 1 << 12 // slots of the first generation
	growth       = 8       // of the next one, up to the horizon
	loadNum      = 3       // a table is full at three quarters: a search looks at nine slots then
	loadDen      = 4
	firstGenuine = 2 // marks below are moved up
)

func (g *generation) full() bool { return g.used >= len(g.slots)*loadNum/loadDen }

// find returns the slot of a mark, or where it may be put.
func (g *generation) find(k Key) (slot int, found bool) {
	mask := len(g.slots) - 1
	free := -1
	for i := int(k.at) & mask; ; i = (i + 1) & mask {
		switch g.slots[i] {
		case k.mark:
			return i, true
		case empty:
			if free >= 0 {
				i = free
			}
			return i, false
		case removed:
			if free < 0 {
				free = i
			}
		}
	}
}

// add remembers a key and reports whether it was new.
func (s *seen) add(k Key) bool {
	k.mark = max(k.mark, firstGenuine)
	if len(s.generations) == 0 || s.generations[0].full() {
		s.next()
	}
	for i := 1; i < len(s.generations); i++ {
		if _, found := s.generations[i].find(k); found {
			return false
		}
	}
	g := &s.generations[0]
	slot, found := g.find(k)
	if found {
		return false
	}
	if g.slots[slot] == empty {
		g.used++
	}
	g.slots[slot] = k.mark
	return true
}

// remove forgets a key that add has just said was new: its event was not stored.
func (s *seen) remove(k Key) {
	k.mark = max(k.mark, firstGenuine)
	for i := range s.generations {
		if slot, found := s.generations[i].find(k); found {
			s.generations[i].slots[slot] = removed
			return
		}
	}
}

// next begins a generation. Once one of the full size is full, it and the new one are all that is kept.
func (s *seen) next() {
	most := 16
	for most*loadNum/loadDen < s.horizon {
		most *= 2
	}
	if len(s.generations) == 0 {
		s.generations = []generation{{slots: make([]uint64, min(smallest, most))}}
		return
	}
	newest := s.generations[0]
	if size := min(len(newest.slots)*growth, most); size > len(newest.slots) {
		s.generations = append([]generation{{slots: make([]uint64, size)}}, s.generations...)
		return
	}
	slots := s.generations[len(s.generations)-1].slots
	if len(slots) < most || len(s.generations) == 1 {
		slots = make([]uint64, most)
	}
	clear(slots)
	s.generations = []generation{{slots: slots}, newest}
}
