// Package similar finds texts that tell of the same thing, among millions, in a few milliseconds.
//
// A text becomes a sketch of 32 bytes: a SimHash and a MinHash of its words, a MinHash of its names
// (paths, parameters, identifiers: what two reporters copy from the same screen), and a bitmap of the
// concepts it speaks of. Spellings are folded first, so Japanese variants of the same word agree.
//
// What works across languages: names, which nobody translates, and the concepts of fold's table. A
// Japanese and an English report of the same endpoint and parameter find each other; two that share
// neither do not, however alike a reader would find them.
package similar

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"hinomi.dev/hinomi/internal/fold"
)

// A Sketch is a text in 32 bytes. Sketches are compared, never turned back into text.
type Sketch struct {
	words    uint64 // SimHash of the words
	sample   uint64 // MinHash of the words: 16 lanes of four bits
	names    uint64 // MinHash of the names, likewise; 0 when there are none
	concepts uint64 // one bit a concept, by hash
}

// The bytes of a sketch begin with the version of how it was made: sketches of different versions do
// not compare, and ParseSketch refuses what it does not know.
const (
	version = 1
	size    = 1 + 4*8
)

// Bytes returns the sketch as it is stored.
func (s Sketch) Bytes() []byte {
	b := make([]byte, 1, size)
	b[0] = version
	for _, v := range [...]uint64{s.words, s.sample, s.names, s.concepts} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	return b
}

// ParseSketch reads what Bytes wrote.
func ParseSketch(b []byte) (Sketch, error) {
	if len(b) != size || b[0] != version {
		return Sketch{}, fmt.Errorf("%d bytes are no sketch of version %d", len(b), version)
	}
	at := func(i int) uint64 { return binary.BigEndian.Uint64(b[1+8*i:]) }
	return Sketch{at(0), at(1), at(2), at(3)}, nil
}

// NewSketch returns the sketch of a text.
func NewSketch(text string) Sketch {
	f := extract(text)
	s := Sketch{
		words:  simHash(f.words),
		sample: minHash(f.words),
		names:  minHash(f.names),
	}
	for _, c := range fold.Concepts(text) {
		s.concepts |= 1 << (hash(c) & 63)
	}
	return s
}

// simHash returns a hash whose bits differ from another text's in proportion to the angle between
// the two texts' words. Words count by the root of how often they come: a word said ten times is not
// ten times as telling.
func simHash(words map[string]int) uint64 {
	var sum [64]float64
	for w, n := range words {
		h, weight := hash(w), math.Sqrt(float64(n))
		for i := range sum {
			if h>>i&1 == 1 {
				sum[i] += weight
			} else {
				sum[i] -= weight
			}
		}
	}
	var s uint64
	for i, v := range sum {
		if v > 0 {
			s |= 1 << i
		}
	}
	return s
}

const lanes = 16

// minHash returns, for each of 16 orders of all possible tokens, four bits of the first token of the
// set in that order. Two sets agree in a lane as often as their tokens do. An empty set is 0; no other
// set is, or as good as none.
func minHash[V any](set map[string]V) uint64 {
	if len(set) == 0 {
		return 0
	}
	var least [lanes]uint64
	for i := range least {
		least[i] = math.MaxUint64
	}
	for t := range set {
		h := hash(t)
		for i := range least {
			least[i] = min(least[i], mix(h+uint64(i)*0x9e3779b97f4a7c15))
		}
	}
	var s uint64
	for i, v := range least {
		s |= (v & 15) << (4 * i)
	}
	return s
}

// hash is FNV-1a with its bits mixed. It is part of what is stored: it must never change within a version.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finalizer of SplitMix64: every bit of the input changes half the bits of the output.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// jaccard estimates how much of two sets is common, from their MinHashes. Lanes of four bits agree by
// chance once in 16; that is taken off.
func jaccard(a, b uint64) float64 {
	x := a ^ b
	x |= x >> 2
	x |= x >> 1
	return chance[bits.OnesCount64(^x&0x1111111111111111)]
}

var chance = func() (t [lanes + 1]float64) {
	for i := range t {
		t[i] = max(0, (float64(i)/lanes-1.0/16)/(15.0/16))
	}
	return t
}()

// cosine estimates how alike two weighted sets of words are, from their SimHashes.
func cosine(a, b uint64) float64 { return angle[bits.OnesCount64(a^b)] }

var angle = func() (t [65]float64) {
	for i := range t {
		t[i] = max(0, math.Cos(math.Pi*float64(i)/64))
	}
	return t
}()

// A match is how alike two sketches are in each respect, 0 to 1.
type match struct{ text, names, concepts float64 }

// compare compares two sketches. What two reports of the same field share anyway is taken off, so that
// unrelated ones come out near 0.
func compare(a, b Sketch) match {
	m := quick(a, b)
	if union := bits.OnesCount64(a.concepts | b.concepts); union > 0 {
		m.concepts = above(float64(bits.OnesCount64(a.concepts&b.concepts))/float64(union), 0.3)
	}
	return m
}

// quick is compare without the concepts, which alone make no candidate.
func quick(a, b Sketch) match {
	m := match{text: above((cosine(a.words, b.words)+jaccard(a.sample, b.sample))/2, 0.12)}
	if a.names != 0 && b.names != 0 {
		m.names = above(jaccard(a.names, b.names), 0.12)
	}
	return m
}

// above stretches what lies above floor over 0 to 1.
func above(v, floor float64) float64 { return max(0, (v-floor)/(1-floor)) }

// score joins the respects like independent witnesses: each makes the others' doubt smaller. The
// weights were set by the pairs in testdata.
func (m match) score() float64 {
	return 1 - (1-m.text)*(1-0.8*m.names)*(1-0.3*m.concepts)
}

// Similarity returns how alike two texts are by their sketches: near 1 for the same text, above 0.5
// for most that tell of the same thing in the same language, near 0 for unrelated ones.
func Similarity(a, b Sketch) float64 { return compare(a, b).score() }
