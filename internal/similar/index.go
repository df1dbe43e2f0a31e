package similar

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// A Key is the bucket of a text: what it is about, and of which class it is.
type Key struct{ Target, Class string }

// A Candidate is an earlier text that may tell of the same thing.
type Candidate struct {
	ID    string
	Score float64 // 0 to 1
	Why   string  // which of "target", "class", "text", "names" and "concepts" agree, joined by ", "
}

// An Index holds the sketches of all texts in memory: 40 bytes each besides the id. It is safe for
// concurrent use.
type Index struct {
	// mu guards what follows. A search holds it for reading while it looks at every sketch: about a
	// millisecond for 100,000.
	mu      sync.RWMutex
	buckets map[Key]*bucket
}

// bucket holds the sketches of one key in three columns: a scan touches the first alone, and the
// others only for what is alike.
type bucket struct {
	sketches []Sketch
	seq      []int64
	ids      []string
}

// NewIndex returns an empty index.
func NewIndex() *Index { return &Index{buckets: map[Key]*bucket{}} }

// Add puts a text in under its place in the order of all texts. To replace one, Remove it first.
func (x *Index) Add(id string, seq int64, key Key, s Sketch) {
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.buckets[key]
	if b == nil {
		b = &bucket{}
		x.buckets[key] = b
	}
	b.sketches = append(b.sketches, s)
	b.seq = append(b.seq, seq)
	b.ids = append(b.ids, id)
}

// Remove takes every text with this id out. It looks at every id: withdrawal is rare.
func (x *Index) Remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for key, b := range x.buckets {
		for i := 0; i < len(b.ids); i++ {
			if b.ids[i] != id {
				continue
			}
			b.sketches = slices.Delete(b.sketches, i, i+1)
			b.seq = slices.Delete(b.seq, i, i+1)
			b.ids = slices.Delete(b.ids, i, i+1)
			i--
		}
		if len(b.ids) == 0 {
			delete(x.buckets, key)
		}
	}
}

// Len returns the number of texts.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	n := 0
	for _, b := range x.buckets {
		n += len(b.ids)
	}
	return n
}

// least is the lowest score of a candidate. Below it, among 100,000 texts, chance finds more than
// likeness does.
const least = 0.35

// Candidates returns the n texts before the given place that are most like the sketch, best first.
// The same target and the same class count for a text, but make no candidate by themselves.
func (x *Index) Candidates(key Key, s Sketch, before int64, n int) []Candidate {
	if n <= 0 {
		return nil
	}
	t := top{n: n}
	x.mu.RLock()
	defer x.mu.RUnlock()
	for k, b := range x.buckets {
		p := prior(key, k)
		for i := range b.sketches {
			m := quick(s, b.sketches[i])
			m.concepts = 1 // at the most
			if p.raise(m.score()) < max(least, t.bar) {
				continue
			}
			m = compare(s, b.sketches[i])
			score := p.raise(m.score())
			if score < least || score < t.bar || b.seq[i] >= before {
				continue
			}
			t.add(hit{Candidate{ID: b.ids[i], Score: score, Why: why(p, m)}, b.seq[i]})
		}
	}
	return t.list()
}

// kin is what two keys have in common.
type kin struct{ target, class bool }

func prior(a, b Key) kin {
	return kin{a.Target != "" && a.Target == b.Target, a.Class != "" && a.Class == b.Class}
}

// raise returns the score with what the keys add: same target and class take away 30 % of the doubt
// about what is alike already, other ones add some.
func (k kin) raise(score float64) float64 {
	switch {
	case k.target && k.class:
		return 1 - (1-score)*(1-0.3*min(1, 3*score))
	case k.target || k.class:
		return score
	}
	return 0.85 * score
}

func why(k kin, m match) string {
	var all []string
	for _, w := range []struct {
		yes  bool
		word string
	}{
		{k.target, "target"}, {k.class, "class"}, {m.text >= 0.3, "text"}, {m.names >= 0.2, "names"}, {m.concepts >= 0.4, "concepts"},
	} {
		if w.yes {
			all = append(all, w.word)
		}
	}
	return strings.Join(all, ", ")
}

type hit struct {
	Candidate
	seq int64
}

// top keeps the n best hits. Of equal ones the earlier text is better: it is the likelier original.
type top struct {
	n    int
	bar  float64 // the score of the worst kept hit once n are kept
	hits []hit
}

func (t *top) add(h hit) {
	i, _ := slices.BinarySearchFunc(t.hits, h, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.seq, b.seq), cmp.Compare(a.ID, b.ID))
	})
	t.hits = slices.Insert(t.hits, i, h)
	if len(t.hits) > t.n {
		t.hits = t.hits[:t.n]
	}
	if len(t.hits) == t.n {
		t.bar = t.hits[t.n-1].Score
	}
}

func (t *top) list() []Candidate {
	all := make([]Candidate, len(t.hits))
	for i, h := range t.hits {
		all[i] = h.Candidate
	}
	return all
}
