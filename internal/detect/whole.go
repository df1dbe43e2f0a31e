package detect

import (
	"slices"

	"hinomi.dev/hinomi/internal/rule"
)

// whole judges a rule that needs all events of the window, times and values: the main block is a
// ring of them. For a ratio the extra block counts each value; a sum stands in the group's
// value.
func (s *state) whole(g *group, r *record) (finding, bool) {
	ring := ring{&s.group.store, &g.main, 2}
	values := tally{&s.group.store, &g.extra}
	g.newest = r.time
	for ring.len() > 0 && ring.first(0) <= r.time-s.span {
		old := uint64(ring.first(1))
		if s.kind == rule.Ratio {
			if n := values.at(old); *n > 1 {
				*n--
			} else {
				values.drop(old)
			}
		}
		g.value -= old
		ring.pop()
	}
	ring.push(r.time, r.value)
	if s.kind == rule.Ratio {
		*values.at(r.value)++
	}
	g.value += r.value
	f := finding{from: ring.first(0), count: ring.len()}
	var x float64
	switch s.kind {
	case rule.ValueSum:
		x = float64(int64(g.value)) / 1000
	case rule.ValueAvg:
		x = float64(int64(g.value)) / 1000 / float64(f.count)
	case rule.Ratio:
		f.distinct = values.len()
		x = float64(f.distinct) / float64(f.count)
		if f.count < s.minEvents {
			return f, false
		}
	default:
		x = s.rank(ring)
	}
	return f, s.holds(x) && s.hold(g, r.time)
}

// rank returns the least, the greatest or the middle value of a window.
func (s *state) rank(r ring) float64 {
	words := s.group.store.words(r.block)
	values := make([]int64, r.len())
	for i := range values {
		values[i] = int64(words[r.place(words, i)+1])
	}
	slices.Sort(values)
	n := len(values)
	switch s.kind {
	case rule.ValueMin:
		return float64(values[0]) / 1000
	case rule.ValueMax:
		return float64(values[n-1]) / 1000
	}
	return float64(values[(n-1)/2]+values[n/2]) / 2000
}

// A ring is a queue of items in a block. The first word is where the first item stands; an item
// is as many words as size says.
type ring struct {
	store *store
	block *block
	size  int
}

func (r ring) len() int { return max(0, r.block.n()-1) / r.size }

// place returns where item i stands in the block's words.
func (r ring) place(words []uint64, i int) int {
	room := (len(words) - 1) / r.size
	at := int(words[0]) + i
	if at >= room {
		at -= room
	}
	return 1 + at*r.size
}

// first returns a word of the first item.
func (r ring) first(word int) int64 {
	words := r.store.words(r.block)
	return int64(words[r.place(words, 0)+word])
}

// pop removes the first item.
func (r ring) pop() {
	n := r.len() - 1
	if n == 0 {
		r.store.release(r.block)
		return
	}
	words := r.store.words(r.block)
	words[0] = uint64(r.place(words, 1)-1) / uint64(r.size)
	if r.block.set(1 + n*r.size); 4*r.block.n() < len(words) {
		r.move(1 + n*r.size)
	}
}

// push adds an item of one or two words.
func (r ring) push(a int64, b uint64) {
	n := r.len()
	words := r.store.words(r.block)
	if 1+(n+1)*r.size > len(words) {
		words = r.move(1 + (n+1)*r.size)
	}
	r.block.set(1 + (n+1)*r.size)
	at := r.place(words, n)
	words[at] = uint64(a)
	if r.size > 1 {
		words[at+1] = b
	}
}

// move puts the items into a block with room for this many words, the first one first.
func (r ring) move(size int) []uint64 {
	var to block
	words := r.store.resize(&to, size)
	words[0] = 0
	old := r.store.words(r.block)
	for i := range r.len() {
		copy(words[1+i*r.size:], old[r.place(old, i):][:r.size])
	}
	r.store.release(r.block)
	*r.block = to
	return words
}
