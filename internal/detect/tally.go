package detect

// A tally has a number above zero for each of some values: pairs in open addressing, with linear
// probing. The block's words in use are twice how many values there are.
type tally struct {
	store *store
	block *block
}

func (t tally) len() int { return t.block.n() / 2 }

// find returns the place of a value or, when it is not there, the one for it.
func (t tally) find(words []uint64, value uint64) int {
	mask := len(words) - 1
	for i := int(value*k0>>32) * 2 & mask; ; i = (i + 2) & mask {
		if words[i+1] == 0 || words[i] == value {
			return i
		}
	}
}

// at returns the place of a value's number, which is zero for a new value: the caller puts
// something else there.
func (t tally) at(value uint64) *uint64 {
	n := t.len()
	words := t.store.words(t.block)
	if 4*(n+1) > len(words) {
		words = t.move(2 * max(2, len(words)))
	}
	i := t.find(words, value)
	if words[i+1] == 0 {
		words[i] = value
		t.block.set(2 * (n + 1))
	}
	return &words[i+1]
}

// drop removes a value that is there. The values behind it move up, so that none is cut off from the
// place where it is looked for.
func (t tally) drop(value uint64) {
	words := t.store.words(t.block)
	mask := len(words) - 1
	i := t.find(words, value)
	words[i+1] = 0
	for j := (i + 2) & mask; words[j+1] > 0; j = (j + 2) & mask {
		home := int(words[j]*k0>>32) * 2 & mask
		if (j-home)&mask >= (j-i)&mask {
			words[i], words[i+1] = words[j], words[j+1]
			words[j+1] = 0
			i = j
		}
	}
	n := t.len() - 1
	t.block.set(2 * n)
	switch {
	case n == 0:
		t.store.release(t.block)
	case 16*n < len(words):
		t.move(len(words) / 4)
	}
}

// move puts the values into a block with this many words, which is a power of two.
func (t tally) move(size int) []uint64 {
	var to block
	words := t.store.resize(&to, size)
	clear(words)
	old, n := t.store.words(t.block), t.block.n()
	for i := 0; i < len(old); i += 2 {
		if old[i+1] > 0 {
			at := t.find(words, old[i])
			words[at], words[at+1] = old[i], old[i+1]
		}
	}
	t.store.release(t.block)
	to.set(n)
	*t.block = to
	return words
}
