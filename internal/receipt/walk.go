package receipt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	// window is how many bundles, each with its tile, are fetched while the ones before are
	// hashed. It bounds the memory of a walk.
	window = 32
	// fetchers is how many requests run at once.
	fetchers = 8
	// maxDiffering bounds how many differences are kept: the first ones are named, the rest counted.
	maxDiffering = 1024
)

// A Walk recomputes a whole log from its entries and compares every stored hash on the way.
type Walk struct {
	Source Source
	Known  note.Verifiers // the keys that may have signed the checkpoint
	// Sizes and Entries are what is wanted besides: the roots at these sizes, the commitments
	// at these indexes, as far as the log reaches.
	Sizes, Entries []int64
	Progress       func(done, total int64) // called between windows; may be nil

	edge edge
	// last holds, by level, the unfinished tile as published: with the hashes in it one can also
	// compute a root, which tells whether the entries or the hashes were tampered with.
	last    [][]tlog.Hash
	differs []difference
	more    int // differences beyond maxDiffering
	found   Walked
}

// Walked is what a walk found in a sound log.
type Walked struct {
	Checkpoint Checkpoint
	Roots      map[int64]tlog.Hash
	Entries    map[int64]Hash
}

// A difference is a hash in a published tile that does not follow from the entries.
type difference struct {
	level          int
	index          int64 // of the hash in its level
	computed, read tlog.Hash
}

func (d difference) tile() tlog.Tile {
	return tlog.Tile{H: tileHeight, L: d.level, N: d.index >> tileHeight, W: tileWidth}
}

// Run walks the log. What is wrong with the log comes back as a fault whose sentence names the
// place; any other error means that it could not be read.
func (w *Walk) Run(ctx context.Context) (Walked, error) {
	c, err := w.checkpoint(ctx)
	if err != nil {
		return Walked{}, err
	}
	w.found = Walked{Checkpoint: c, Roots: map[int64]tlog.Hash{}, Entries: map[int64]Hash{}}
	w.mark()
	bundles := (c.Size + tileWidth - 1) >> tileHeight
	for n := int64(0); n < bundles; n += window {
		pairs, err := w.fetch(ctx, n, min(n+window, bundles))
		if err != nil {
			return Walked{}, err
		}
		for i := range pairs {
			if err := w.pair(ctx, n+int64(i), pairs[i]); err != nil {
				return Walked{}, err
			}
		}
		if w.Progress != nil {
			w.Progress(w.edge.size, c.Size)
		}
	}
	for _, s := range w.edge.partial(0) {
		if s.tile.L > 0 {
			if err := w.compare(ctx, s); err != nil {
				return Walked{}, err
			}
		}
	}
	return w.found, w.judge()
}

func (w *Walk) checkpoint(ctx context.Context) (Checkpoint, error) {
	signed, err := w.Source.Fetch(ctx, "checkpoint")
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, malformed("There is no log here: the file \"checkpoint\" is missing.", "ここにはログがありません。ファイル「checkpoint」が見つかりません。")
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("reading the log's checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(string(signed))
	if err != nil {
		return Checkpoint{}, err
	}
	if err := c.open(w.Known); err != nil {
		return Checkpoint{}, malformed("The log's checkpoint was changed after it was signed, or signed with a key that is not known here (%v).",
			"ログのチェックポイントは、署名後に変更されたか、未知の鍵で署名されています（%v）。", err)
	}
	return c, nil
}

// mark keeps the root if it is wanted at this size.
func (w *Walk) mark() {
	if slices.Contains(w.Sizes, w.edge.size) {
		w.found.Roots[w.edge.size] = w.edge.root()
	}
}

// A pair is a bundle of entries and the level 0 tile with their hashes.
type pair struct {
	entries, hashes []byte
	err             error
}

// fetch reads the pairs from n up to end, several at a time.
func (w *Walk) fetch(ctx context.Context, n, end int64) ([]pair, error) {
	pairs := make([]pair, end-n)
	slots := make(chan struct{}, fetchers)
	var all sync.WaitGroup
	for i := range pairs {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			p := &pairs[i]
			if p.entries, p.err = w.read(ctx, entryLevel, n+int64(i)); p.err == nil {
				p.hashes, p.err = w.read(ctx, 0, n+int64(i))
			}
		})
	}
	all.Wait()
	for _, p := range pairs {
		if p.err != nil {
			return nil, p.err // the first in the order of the log
		}
	}
	return pairs, nil
}

// read fetches a tile or bundle as wide as the checkpoint's tree has it. A log that has grown since may
// have the wider one only.
func (w *Walk) read(ctx context.Context, level int, n int64) ([]byte, error) {
	size := w.found.Checkpoint.Size
	t := tlog.Tile{H: tileHeight, L: level, N: n, W: widthAt(size, level, n)}
	want, each := t.W*tlog.HashSize, tlog.HashSize
	if level == entryLevel {
		want, each = t.W*entrySize, entrySize
	}
	data, err := w.Source.Fetch(ctx, TilePath(t))
	if errors.Is(err, fs.ErrNotExist) && t.W < tileWidth {
		whole := t
		whole.W = tileWidth
		if data, err = w.Source.Fetch(ctx, TilePath(whole)); err == nil && len(data) == tileWidth*each {
			data = data[:want]
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, malformed("%s is missing, and a log of %d entries has it: the log was cut off.",
			"%s がありません。%d件のログには必ずあるはずのもので、ログの一部が失われています。", TilePath(t), size)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", TilePath(t), err)
	}
	if len(data) != want {
		return nil, malformed("%s has %d bytes and should have %d: it was cut off or added to.",
			"%s は%dバイトですが、%dバイトのはずです。欠落または追加があります。", TilePath(t), len(data), want)
	}
	return data, nil
}

// pair grows the tree by one bundle and compares the tiles that this completes.
func (w *Walk) pair(ctx context.Context, n int64, p pair) error {
	path := TilePath(tlog.Tile{H: tileHeight, L: entryLevel, N: n, W: len(p.entries) / entrySize})
	entries, err := ParseEntries(p.entries)
	if err != nil {
		return malformed("%s was changed: %v.", "%s が変更されています（%v）。", path, err)
	}
	var full []slab
	for _, entry := range entries {
		if slices.Contains(w.Entries, w.edge.size) {
			w.found.Entries[w.edge.size] = entry
		}
		full = append(full, w.edge.add(entry)...)
		w.mark()
	}
	own := make([]tlog.Hash, len(entries))
	for i := range entries {
		own[i] = leafHash(entries[i])
	}
	if err := w.differ(0, n, own, p.hashes); err != nil {
		return err
	}
	for _, s := range full {
		if s.tile.L > 0 {
			if err := w.compare(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare reads the published tile of a level above 0 and compares it with ours.
func (w *Walk) compare(ctx context.Context, s slab) error {
	own, err := splitHashes(s.data)
	if err != nil {
		return err
	}
	data, err := w.read(ctx, s.tile.L, s.tile.N)
	if err != nil {
		return err
	}
	return w.differ(s.tile.L, s.tile.N, own, data)
}

func (w *Walk) differ(level int, n int64, own []tlog.Hash, data []byte) error {
	read, err := splitHashes(data)
	if err != nil {
		return err
	}
	for i := range own {
		if own[i] == read[i] {
			continue
		}
		if len(w.differs) == maxDiffering {
			w.more++
			continue
		}
		w.differs = append(w.differs, difference{level, n<<tileHeight + int64(i), own[i], read[i]})
	}
	for len(w.last) <= level {
		w.last = append(w.last, nil)
	}
	if len(read) < tileWidth {
		w.last[level] = read
	}
	return nil
}
