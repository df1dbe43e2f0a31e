package screening

import (
	"math/bits"
	"slices"
)

// Scores are whole numbers of ten-thousandths: a score decides whether somebody is paid, and must
// come out the same on every machine, for ever.
const (
	exact = 10_000 // the score of equal names
	floor = 5_000  // two words below it have nothing to do with each other, and count as 0
	gate  = 7_000  // below it a common beginning adds nothing
)

// prefix is how many signs of a common beginning count, each for a tenth of what is missing.
const prefix = 4

// A pattern is a text made ready to be compared with many.
type pattern struct {
	text  []rune
	short bool       // of up to 64 signs of ASCII, as folded: from the space to the underscore
	at    [64]uint64 // where each of them stands, if it is short
}

func newPattern(text []rune) *pattern {
	p := &pattern{text: text, short: len(text) <= 64}
	for i, r := range text {
		if p.short = p.short && ' ' <= r && r <= '_'; p.short {
			p.at[r&63] |= 1 << i
		}
	}
	return p
}

// similarity returns the Jaro-Winkler similarity of two texts.
func (p *pattern) similarity(b []rune) int {
	var m, k int
	if p.short && len(b) <= 64 {
		m, k = p.matches(b)
	} else {
		m, k = matches(p.text, b)
	}
	return winkler(len(p.text), len(b), m, k/2, beginning(p.text, b))
}

// words returns what two words score.
func (p *pattern) words(b []rune) int {
	if s := p.similarity(b); s >= floor {
		return s
	}
	return 0
}

// matches is the function of that name, with bits instead of loops.
func (p *pattern) matches(b []rune) (m, k int) {
	reach := max(max(len(p.text), len(b))/2-1, 0)
	window := uint64(1)<<(2*reach+1) - 1
	var used, usedB uint64
	for i, r := range b {
		if r < ' ' || '_' < r {
			continue
		}
		free := p.at[r&63] &^ used
		if i < reach {
			free &= window >> (reach - i)
		} else {
			free &= window << (i - reach)
		}
		if free != 0 {
			used |= free & -free
			usedB |= 1 << i
		}
	}
	m = bits.OnesCount64(used)
	for ; used != 0; used, usedB = used&(used-1), usedB&(usedB-1) {
		if p.text[bits.TrailingZeros64(used)] != b[bits.TrailingZeros64(usedB)] {
			k++
		}
	}
	return m, k
}

// winkler returns the similarity of texts of la and lb signs that have m in common, t of them out
// of order, and begin with the same p. It grows with m and p and falls with t, also after it is
// rounded, so with more signs in common and none out of order it is a bound.
func winkler(la, lb, m, t, p int) int {
	if m == 0 {
		return 0
	}
	// Jaro is the mean of m/la, m/lb and (m-t)/m: num/den without a fraction.
	num, den := m*m*(la+lb)+(m-t)*la*lb, 3*la*lb*m
	if num*exact >= den*gate {
		num, den = 10*num+p*(den-num), 10*den
	}
	return (2*exact*num + den) / (2 * den)
}

// matches returns how many signs of a and b agree within half the longer length, and how many of
// them stand in another order.
func matches(a, b []rune) (m, k int) {
	var of [4]uint64 // up to 128 signs each: longer texts go to the heap
	usedA, usedB := of[:2], of[2:]
	if len(a) > 128 || len(b) > 128 {
		usedA, usedB = make([]uint64, len(a)/64+1), make([]uint64, len(b)/64+1)
	}
	reach := max(max(len(a), len(b))/2-1, 0)
	for i, r := range a {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if b[j] == r && usedB[j>>6]&(1<<(j&63)) == 0 {
				usedA[i>>6] |= 1 << (i & 63)
				usedB[j>>6] |= 1 << (j & 63)
				m++
				break
			}
		}
	}
	for i, j, left := 0, 0, m; left > 0; i++ {
		if usedA[i>>6]&(1<<(i&63)) == 0 {
			continue
		}
		for usedB[j>>6]&(1<<(j&63)) == 0 {
			j++
		}
		if a[i] != b[j] {
			k++
		}
		j++
		left--
	}
	return m, k
}

// beginning returns the number of signs, at most prefix, with which both begin.
func beginning(a, b []rune) int {
	n := 0
	for n < min(len(a), len(b), prefix) && a[n] == b[n] {
		n++
	}
	return n
}

// score returns how alike a subject's name and a listed name are: the best of three views, of which
// the first, text, has been taken already. pair returns what two of their words score.
//
// Whole texts, if they begin with the same sign. The subject's words, each with its best partner,
// wherever it stands, on average: what OFAC's search does. And the listed words, each with a
// partner of its own, when the subject has more words than they are: a second given name in a
// passport must not hide anybody.
//
// Below bar it does not matter by how much: as soon as no view can reach it, the rest of the words is
// not compared.
func score(text int, q, n *form, bar int, pair func(i, j int) int) int {
	if text == exact {
		return text
	}
	sum, shorter := 0, 2 <= len(n.heavy) && len(n.heavy) < len(q.heavy)
	for k, i := range q.heavy {
		if text < bar && !shorter && mean(sum+exact*(len(q.heavy)-k), len(q.heavy)) < bar {
			return text
		}
		top := 0
		for j := range n.words {
			top = max(top, pair(i, j))
		}
		sum += top
	}
	best := max(text, mean(sum, len(q.heavy)))
	if shorter {
		best = max(best, mean(paired(q, n, pair), len(n.heavy)))
	}
	return best
}

// mean rounds half up.
func mean(sum, n int) int {
	if n == 0 {
		return 0
	}
	return (2*sum + n) / (2 * n)
}

// paired returns the sum of the pairs that are left when the best pair of words is taken out, then
// the best of the rest, and so on.
func paired(q, n *form, pair func(i, j int) int) int {
	type match struct{ i, j, score int }
	var all []match
	for _, i := range q.heavy {
		for _, j := range n.heavy {
			if s := pair(i, j); s > 0 {
				all = append(all, match{i, j, s})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b match) int { return b.score - a.score })
	sum := 0
	for len(all) > 0 {
		best := all[0]
		sum += best.score
		all = slices.DeleteFunc(all, func(m match) bool { return m.i == best.i || m.j == best.j })
	}
	return sum
}
