package detect

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	stdhash "hash"
	"hash/crc32"
	"io"
	"math"
)

// A snapshotWriter remembers the first error.
type snapshotWriter struct {
	w       *bufio.Writer
	sum     stdhash.Hash32
	scratch []byte
	err     error
}

func (w *snapshotWriter) bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
		_, _ = w.sum.Write(b) // a hash takes all
	}
}

func (w *snapshotWriter) numbers(all ...uint64) {
	w.scratch = w.scratch[:0]
	for _, n := range all {
		w.scratch = binary.AppendUvarint(w.scratch, n)
	}
	w.bytes(w.scratch)
}

func (w *snapshotWriter) text(b []byte) {
	w.numbers(uint64(len(b)))
	w.bytes(b)
}

// A snapshotReader remembers the first error and returns zeros after it.
type snapshotReader struct {
	r   *bufio.Reader
	sum stdhash.Hash32
	err error
}

func newSnapshotReader(r io.Reader) *snapshotReader {
	return &snapshotReader{r: bufio.NewReaderSize(r, 1<<16), sum: crc32.NewIEEE()}
}

// A snapshotInfo is what stands at the beginning of a snapshot.
type snapshotInfo struct {
	position, seed uint64
	lines          int
	clock          clock
	stats          Stats
}

// head reads the beginning.
func (r *snapshotReader) head() (h snapshotInfo) {
	if head := r.bytes(len(snapshotHead)); r.err != nil || string(head) != snapshotHead {
		r.err = errors.Join(errors.New("this is no snapshot of an engine, or one of another version"), r.err)
	}
	h.position, h.seed, h.lines = r.number(), r.number(), int(r.number())
	h.clock = clock{Newest: int64(r.number()), Ahead: int64(r.number()), Judged: int64(r.number())}
	h.stats = Stats{Events: int(r.number()), Bad: int(r.number()), Late: int(r.number()), Duplicates: int(r.number()), Alerts: int(r.number())}
	return h
}

// ids reads which events came already.
func (r *snapshotReader) ids(to *ids) {
	for _, s := range []*idSet{&to.young, &to.old} {
		last := int64(r.number())
		for n := r.number(); n > 0 && r.err == nil; n-- {
			s.all = append(s.all, r.number())
		}
		s.last = last
	}
	to.greatest = r.text()
}

// places reads where events came from.
func (r *snapshotReader) places() (all []place) {
	for n := r.number(); n > 0 && r.err == nil; n-- {
		all = append(all, place{uint32(r.number()), r.number()})
	}
	return all
}

// end reads the checksum and says what was wrong.
func (r *snapshotReader) end() error {
	if sum := r.sum.Sum32(); r.number() != uint64(sum) && r.err == nil {
		r.err = errors.New("the checksum is wrong")
	}
	if r.err != nil {
		return fmt.Errorf("reading a snapshot: %w", r.err)
	}
	return nil
}

func (r *snapshotReader) fail() {
	if r.err == nil {
		r.err = errors.New("it is damaged")
	}
}

// ReadByte lets binary.ReadUvarint read.
func (r *snapshotReader) ReadByte() (byte, error) {
	b, err := r.r.ReadByte()
	if err == nil {
		_, _ = r.sum.Write([]byte{b})
	}
	return b, err
}

func (r *snapshotReader) number() uint64 {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r)
	if r.err = err; err != nil {
		return 0
	}
	return n
}

// bytes reads n bytes. It makes room as they come, whatever n claims.
func (r *snapshotReader) bytes(n int) (b []byte) {
	for len(b) < n && r.err == nil {
		from := len(b)
		b = append(b, make([]byte, min(n-from, 1<<16))...)
		_, r.err = io.ReadFull(r.r, b[from:])
		_, _ = r.sum.Write(b[from:])
	}
	return b
}

func (r *snapshotReader) text() []byte {
	n := r.number()
	if n > math.MaxInt32 {
		r.fail()
		return nil
	}
	return r.bytes(int(n))
}

// block reads a block's size and all its words.
func (r *snapshotReader) block() (size uint32, words []uint64) {
	n := r.number()
	b := block{size: uint32(n)}
	c := b.size >> classShift
	if n > math.MaxUint32 || c > classShift || c == 0 && b.size != 0 || c > 0 && b.n() > 1<<c {
		r.fail()
	}
	if c == 0 {
		return 0, nil
	}
	for range 1 << c {
		if r.err != nil {
			return 0, nil
		}
		words = append(words, r.number())
	}
	return b.size, words
}

// restore makes a block as it was in another store.
func (s *store) restore(size uint32, words []uint64) block {
	c := size >> classShift
	if c == 0 {
		return block{}
	}
	b := s.take(c)
	copy(s.words(&b), words)
	b.size = size
	return b
}
