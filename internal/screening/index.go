package screening

import (
	"math/bits"
	"slices"
)

// A Set is lists made ready to be searched. It does not change, and is safe for concurrent use.
type Set struct {
	lists    []List
	names    []listed
	vocab    [][]rune // the different words of all names
	postings [][]int32
	shelf    shelf           // of the words
	first    map[rune]*shelf // of whole names, by their first sign
}

// A listed name knows whose it is.
type listed struct {
	form
	ids               []int32 // of its words in vocab
	list, entry, name int32
}

// NewSet makes lists ready. The Set keeps them: they must not be changed any more.
func NewSet(lists ...List) *Set {
	s := &Set{lists: lists, first: map[rune]*shelf{}}
	known := map[string]int32{}
	for l, list := range lists {
		for e, entry := range list.Entries {
			for n, name := range entry.Names {
				if f := newForm(name.Text); len(f.words) > 0 {
					s.put(listed{form: f, list: int32(l), entry: int32(e), name: int32(n)}, known)
				}
			}
		}
	}
	return s
}

func (s *Set) put(n listed, known map[string]int32) {
	at := int32(len(s.names))
	for _, w := range n.words {
		id, ok := known[string(w)]
		if !ok {
			id = int32(len(s.vocab))
			known[string(w)] = id
			s.vocab = append(s.vocab, w)
			s.postings = append(s.postings, nil)
			s.shelf.put(w, id)
		}
		if p := s.postings[id]; len(p) == 0 || p[len(p)-1] != at {
			s.postings[id] = append(p, at)
		}
		n.ids = append(n.ids, id)
	}
	initial := n.text[0]
	if s.first[initial] == nil {
		s.first[initial] = &shelf{}
	}
	s.first[initial].put(n.text, at)
	s.names = append(s.names, n)
}

// Entry returns an entry by its list's name and its id.
func (s *Set) Entry(list, id string) (Entry, bool) {
	for _, l := range s.lists {
		if l.Name != list {
			continue
		}
		if i := slices.IndexFunc(l.Entries, func(e Entry) bool { return e.ID == id }); i >= 0 {
			return l.Entries[i], true
		}
	}
	return Entry{}, false
}

// A look is one subject's way through a set. Its forms share most of their words.
type look struct {
	*Set
	bar   int
	words map[string]*partners
}

// partners are a word of the subject with what it scores against the vocabulary.
type partners struct {
	*pattern
	scores []uint16 // plus 1; zero is not known yet
	close  []int32  // the words at or above the bar
}

func (l *look) partners(word []rune) *partners {
	p := l.words[string(word)]
	if p == nil {
		p = &partners{pattern: newPattern(word), scores: make([]uint16, len(l.vocab))}
		l.shelf.alike(word, l.bar, func(id int32) {
			if p.score(id, l.vocab[id]) >= l.bar {
				p.close = append(p.close, id)
			}
		})
		l.words[string(word)] = p
	}
	return p
}

// score returns what the word scores against one of the vocabulary.
func (p *partners) score(id int32, word []rune) int {
	if p.scores[id] == 0 {
		p.scores[id] = uint16(p.pattern.words(word)) + 1
	}
	return int(p.scores[id]) - 1
}

// near calls yield for every name that scores bar or more against q, in the order of the lists, and
// for no other. None can be missed: a mean of bar or more has a pair of words with bar or more
// in it, so every such name is either alike as a whole, or listed under a word that is alike.
func (l *look) near(q *form, yield func(n *listed, score int)) {
	found := make([]uint64, (len(l.names)+63)/64)
	texts := map[int32]int{} // scores of whole names at or above the bar
	if same := l.first[q.text[0]]; same != nil {
		p := newPattern(q.text)
		same.alike(q.text, l.bar, func(id int32) {
			if t := p.similarity(l.names[id].text); t >= l.bar {
				texts[id] = t
				found[id/64] |= 1 << (id % 64)
			}
		})
	}
	partners := make([]*partners, len(q.words))
	for _, i := range q.heavy {
		partners[i] = l.partners(q.words[i])
		for _, id := range partners[i].close {
			for _, at := range l.postings[id] {
				found[at/64] |= 1 << (at % 64)
			}
		}
	}
	for w, set := range found {
		for ; set != 0; set &= set - 1 {
			id := int32(w*64 + bits.TrailingZeros64(set))
			n := &l.names[id]
			if got := score(texts[id], q, &n.form, l.bar, func(i, j int) int {
				return partners[i].score(n.ids[j], n.words[j])
			}); got >= l.bar {
				yield(n, got)
			}
		}
	}
}

// A shelf holds texts by their length, so that a look at their letters tells which of them may be
// alike: comparing is dear, and nearly all are not.
type shelf struct{ rows []row }

// A row holds the texts of one length. The first thing that is looked at of each lies by itself, as
// nearly all looks end there.
type row struct {
	length int
	once   []uint64
	cards  []card
}

// A card is what is looked at of a text.
type card struct {
	letters letters32
	head    [prefix]rune
	id      int32
}

func (s *shelf) put(text []rune, id int32) {
	i, ok := slices.BinarySearchFunc(s.rows, len(text), func(r row, n int) int { return r.length - n })
	if !ok {
		s.rows = slices.Insert(s.rows, i, row{length: len(text)})
	}
	c := newCard(text, id)
	s.rows[i].once = append(s.rows[i].once, c.letters.once)
	s.rows[i].cards = append(s.rows[i].cards, c)
}

func newCard(text []rune, id int32) card {
	c := card{letters: count(text), id: id}
	copy(c.head[:], text)
	return c
}

// alike calls yield for every text whose similarity with q may be bar or more.
func (s *shelf) alike(q []rune, bar int, yield func(id int32)) {
	c := newCard(q, 0)
	most := bits.OnesCount64(c.letters.often) + int(c.letters.rest)
	for _, r := range s.rows {
		need := needed(len(q), r.length, bar)
		least := slices.Min(need[:])
		if least > min(len(q), r.length) {
			continue
		}
		for i, once := range r.once {
			if bits.OnesCount64(once&c.letters.once)+most < least {
				continue
			}
			d := &r.cards[i]
			if m := c.letters.common(&d.letters); m >= least && m >= need[min(c.begins(d), len(q), r.length)] {
				yield(d.id)
			}
		}
	}
}

// needed returns how many signs texts of these lengths must have in common to reach bar, if they
// begin with the same 0, 1, … signs. More than the shorter has means: never.
func needed(la, lb, bar int) [prefix + 1]int {
	var need [prefix + 1]int
	for p := range need {
		m := p
		for m <= min(la, lb) && winkler(la, lb, m, 0, p) < bar {
			m++
		}
		need[p] = m
	}
	return need
}

// begins returns the number of signs with which both begin. Short texts have zeros behind them,
// which count too.
func (c *card) begins(d *card) int {
	n := 0
	for n < prefix && c.head[n] == d.head[n] {
		n++
	}
	return n
}

// letters32 counts the signs of a text in 32 drawers, up to four each and the rest together: two
// texts have at most as many signs in common as their drawers.
type letters32 struct {
	once, often uint64 // one and two, three and four: a bit for each drawer
	rest        int32
}

func count(text []rune) letters32 {
	var c letters32
	for _, r := range text {
		bit := uint64(1) << (r & 31)
		switch {
		case c.once&bit == 0:
			c.once |= bit
		case c.once&(bit<<32) == 0:
			c.once |= bit << 32
		case c.often&bit == 0:
			c.often |= bit
		case c.often&(bit<<32) == 0:
			c.often |= bit << 32
		default:
			c.rest++
		}
	}
	return c
}

func (c *letters32) common(d *letters32) int {
	return bits.OnesCount64(c.once&d.once) + bits.OnesCount64(c.often&d.often) + int(min(c.rest, d.rest))
}
