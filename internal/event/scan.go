package event

import (
	"encoding/binary"
	"math/bits"
)

// A mark says of 64 bytes, a bit each, which end a plain string (a quote, a backslash, a control
// character) and which are not ASCII.
type mark struct {
	special, high uint64
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

func le64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// special has the high bit of each byte set that ends a plain string.
func special(w uint64) uint64 {
	const low = 0x7f * ones
	// Without their high bits the sums of two bytes do not run over into the next: a byte that
	// becomes zero, or one below 0x20, is the one that leaves the high bit clear.
	zero := func(x uint64) uint64 { return ^(x&low + low | x) & highs }
	control := ^(w&low + 0x60*ones | w) & highs
	return zero(w^'"'*ones) | zero(w^'\\'*ones) | control
}

// markPlain is markBlocks for processors without wide registers.
func markPlain(b []byte, marks []mark) {
	const gather = 0x0002040810204081 // brings the high bits of eight bytes together
	for i := range marks {
		var m mark
		for j := range 8 {
			w := le64(b, 64*i+8*j)
			m.special |= special(w) >> 7 * (gather << 7) >> 56 << (8 * j)
			m.high |= w & highs >> 7 * (gather << 7) >> 56 << (8 * j)
		}
		marks[i] = m
	}
}

// stringEnd returns where the plain string that begins at p ends: the next special byte.
func stringEnd(marks []mark, p int) int {
	for {
		i, s := p>>6, uint(p)&63
		// The 64 bytes from p on, of two blocks: nearly every string ends there.
		w := marks[i].special>>s | marks[i+1].special<<1<<(63-s)
		if w != 0 {
			return p + bits.TrailingZeros64(w)
		}
		p += 64
	}
}

// anyHigh reports whether a byte from p up to end is not ASCII. It may see some bytes around.
func anyHigh(marks []mark, p, end int) bool {
	high := uint64(0)
	for i := p >> 6; i <= (end-1)>>6; i++ {
		high |= marks[i].high
	}
	return high != 0
}
