package scenario

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// mix is a bijection of 64 bits that leaves no trace of order (the finaliser of SplitMix64).
// Because it is one, different accounts never get the same id.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Dice are the chances of one story. Each story has its own, made from the seed and its place,
// so that it can be told again and is the same whatever stands around it.
type dice struct{ pcg rand.PCG }

func (s *Stream) dice(flow string, i int) dice {
	h := s.key
	for _, c := range []byte(flow) {
		h = mix(h ^ uint64(c))
	}
	var d dice
	d.pcg.Seed(h, mix(h+uint64(i)))
	return d
}

// below returns one of 0 … n-1.
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between returns one of a … b-1.
func (d *dice) between(a, b int64) int64 { return a + int64(d.below(int(b-a))) }

// permille is true n times in a thousand.
func (d *dice) permille(n int) bool { return d.below(1000) < n }

// unit returns a fraction from 0 to below 1.
func (d *dice) unit() float64 { return float64(d.pcg.Uint64()>>11) / (1 << 53) }

// A pace says how the starts of a flow are spread over time: over each stretch evenly, over the
// stretches by their weights.
type pace []stretch

type stretch struct {
	from, to int64
	weight   float64
}

// at returns the time by which the share q of all starts has happened.
func (p pace) at(q float64) int64 {
	sum := 0.0
	for _, s := range p {
		sum += s.weight
	}
	q = float64(q * sum) // rounded here: fused with what follows, some machines would differ
	for _, s := range p {
		if q < s.weight {
			return s.from + int64(q/s.weight*float64(s.to-s.from))
		}
		q -= s.weight
	}
	return p[len(p)-1].to - 1
}

// steady is a pace that knows no difference.
func steady(from, to int64) pace { return pace{{from, to, 1}} }

// apportion splits total by the sizes of parts with the largest remainders, so that the whole
// is met exactly, and each part when total is their sum.
func apportion(parts []int, total int) []int {
	sum := 0
	for _, p := range parts {
		sum += p
	}
	out := make([]int, len(parts))
	order := make([]int, len(parts))
	rest := total
	for i, p := range parts {
		out[i] = p * total / sum
		rest -= out[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return parts[b]*total%sum - parts[a]*total%sum })
	for _, i := range order[:rest] {
		out[i]++
	}
	return out
}

// A spread deals the regions to the first n people: as many to each as it has, and everywhere
// in the mixture of the whole.
type spread struct {
	n, step, shift int
	names          []word
	upto           []int
}

func newSpread(names []word, counts []int, key uint64) spread {
	s := spread{names: names}
	for _, c := range counts {
		s.n += c
		s.upto = append(s.upto, s.n)
	}
	// Steps of the golden section fall evenly; prime to n, they meet each place once.
	for s.step = max(1, s.n*618/1000); gcd(s.step, s.n) != 1; s.step++ {
	}
	s.shift = int(key % uint64(s.n))
	return s
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// region returns the region of a person. People beyond the first n are in the same mixture,
// without exact numbers.
func (s *spread) region(person int) word {
	place := (person%s.n*s.step + s.shift) % s.n
	for i, u := range s.upto {
		if place < u {
			return s.names[i]
		}
	}
	panic("scenario: a person outside every region")
}

// hours are the shares of a day's ordinary traffic, from midnight in Tokyo on. Made up, as any
// messenger of the region has it: quiet at four, full at noon and in the evening.
var hours = [24]float64{22, 13, 8, 5, 4, 6, 14, 30, 44, 42, 42, 46, 58, 50, 44, 44, 46, 54, 62, 68, 72, 70, 58, 38}

// A daily spreads events over whole days by hours.
type daily struct {
	from  int64
	days  int
	table [1025]int64 // milliseconds of the day by 1/1024 of its traffic
}

func newDaily(from, to int64) *daily {
	d := &daily{from: from, days: int((to - from) / day)}
	var p pace
	for h, w := range hours {
		p = append(p, stretch{int64(h) * hour, int64(h+1) * hour, w})
	}
	for i := range d.table {
		d.table[i] = p.at(float64(i) / 1024)
	}
	d.table[1024] = day
	return d
}

// at returns the time by which the share q has happened.
func (d *daily) at(q float64) int64 {
	q = float64(q * float64(d.days)) // rounded, as in pace.at
	whole := int(q)
	slot := float64((q - float64(whole)) * 1024)
	i := int(slot)
	a, b := d.table[i], d.table[i+1]
	return d.from + int64(whole)*day + a + int64((slot-float64(i))*float64(b-a))
}
