package detect

import "math/bits"

// A block is a place for words in a store. The zero value has none.
type block struct {
	at   uint32
	size uint32 // the words in use, and in the highest bits the class, from 1
}

const classShift = 27 // a block has up to 1 GiB

// n returns how many words are in use.
func (b *block) n() int { return int(b.size & (1<<classShift - 1)) }

// set says how many words are in use, within the room there is.
func (b *block) set(n int) { b.size = b.size>>classShift<<classShift | uint32(n) }

// A store has blocks of two, four, eight … words, cut from large pieces without pointers.
type store struct {
	classes [classShift + 2]class
}

type class struct {
	pieces [][]uint64
	used   uint32   // blocks cut so far
	free   []uint32 // blocks given back
}

// pieceWords is the size of a piece, unless one block is larger.
const pieceWords = 1 << 12

// words returns all the room of a block.
func (s *store) words(b *block) []uint64 {
	c := b.size >> classShift
	if c == 0 {
		return nil
	}
	size := uint32(1) << c
	at := b.at
	if size >= pieceWords {
		return s.classes[c].pieces[at]
	}
	per := pieceWords >> c
	off := at % uint32(per) * size
	return s.classes[c].pieces[at/uint32(per)][off : off+size : off+size]
}

// take makes an empty block of a class.
func (s *store) take(c uint32) block {
	k := &s.classes[c]
	b := block{size: c << classShift}
	if n := len(k.free); n > 0 {
		b.at = k.free[n-1]
		k.free = k.free[:n-1]
		return b
	}
	per := max(1, uint32(pieceWords)>>c)
	if k.used == per*uint32(len(k.pieces)) {
		k.pieces = append(k.pieces, make([]uint64, per<<c))
	}
	b.at = k.used
	k.used++
	return b
}

// resize gives the block n words in use and returns all its room. What was in use stays. A block shrinks
// only when it uses less than a quarter of its room, so that a window that breathes is not copied all the time.
func (s *store) resize(b *block, n int) []uint64 {
	words := s.words(b)
	if n > len(words) || 4*n < len(words) {
		c := uint32(max(1, bits.Len32(uint32(n-1))))
		if c != b.size>>classShift {
			to := s.take(c)
			room := s.words(&to)
			copy(room, words[:min(n, b.n())])
			s.release(b)
			*b, words = to, room
		}
	}
	b.set(n)
	return words
}

// release gives the block back.
func (s *store) release(b *block) {
	if c := b.size >> classShift; c > 0 {
		k := &s.classes[c]
		k.free = append(k.free, b.at)
	}
	*b = block{}
}
