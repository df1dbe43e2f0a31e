package receipt

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles are 256 wide: height 8, as C2SP tlog-tiles fixes it.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	entryLevel = -1 // the level of the bundles that hold the entries themselves
)

// A slab is one tile or entry bundle with its content.
type slab struct {
	tile tlog.Tile
	data []byte
}

// An edge is the right edge of a tree: all that is needed to append to it and to know its root.
// The same code grows the log and, in the verifier, grows it again from the published entries.
type edge struct {
	size   int64
	bundle []byte        // the last, unfinished bundle of entries
	levels [][]tlog.Hash // the last, unfinished tile of each level, shorter than tileWidth
}

func (e *edge) clone() *edge {
	c := &edge{size: e.size, bundle: slices.Clone(e.bundle), levels: make([][]tlog.Hash, len(e.levels))}
	for i := range e.levels {
		c.levels[i] = slices.Clone(e.levels[i])
	}
	return c
}

// add appends an entry and returns the bundle and tiles that it completed.
func (e *edge) add(entry Hash) []slab {
	e.bundle = appendEntry(e.bundle, entry)
	e.push(0, leafHash(entry))
	e.size++
	if e.size%tileWidth != 0 {
		return nil
	}
	full := []slab{{e.tile(entryLevel, tileWidth), e.bundle}}
	e.bundle = nil
	for level := 0; len(e.levels[level]) == tileWidth; level++ {
		hashes := e.levels[level]
		full = append(full, slab{e.tile(level, tileWidth), joinHashes(hashes)})
		e.levels[level] = nil
		e.push(level+1, subtree(hashes))
	}
	return full
}

func (e *edge) push(level int, h tlog.Hash) {
	if level == len(e.levels) {
		e.levels = append(e.levels, nil)
	}
	e.levels[level] = append(e.levels[level], h)
}

// tile names the last tile of a level: the one that holds, or has just been given, its last hash.
func (e *edge) tile(level, width int) tlog.Tile {
	last := e.size>>(tileHeight*max(level, 0)) - 1
	return tlog.Tile{H: tileHeight, L: level, N: last >> tileHeight, W: width}
}

// partial returns the unfinished bundle and tiles that differ from those of the tree when it had
// size since.
func (e *edge) partial(since int64) []slab {
	var all []slab
	if len(e.bundle) > 0 && since < e.size {
		all = append(all, slab{e.tile(entryLevel, int(e.size%tileWidth)), e.bundle})
	}
	for level, hashes := range e.levels {
		if shift := tileHeight * level; len(hashes) > 0 && since>>shift < e.size>>shift {
			all = append(all, slab{e.tile(level, len(hashes)), joinHashes(hashes)})
		}
	}
	return all
}

// root returns the root of the tree. Each level's unfinished tile is joined by the root of all that
// is unfinished below it, as its last and incomplete subtree.
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // a constant, read by nothing
		return empty
	}
	var below []tlog.Hash
	for _, hashes := range e.levels {
		if row := slices.Concat(hashes, below); len(row) > 0 {
			below = []tlog.Hash{subtree(row)}
		}
	}
	return below[0]
}

// subtree returns the root over a row of hashes (RFC 6962, section 2.1).
func subtree(row []tlog.Hash) tlog.Hash {
	if len(row) == 1 {
		return row[0]
	}
	k := 1
	for 2*k < len(row) {
		k *= 2
	}
	return tlog.NodeHash(subtree(row[:k]), subtree(row[k:]))
}

func joinHashes(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// splitHashes is the inverse of joinHashes.
func splitHashes(data []byte) ([]tlog.Hash, error) {
	if len(data)%tlog.HashSize != 0 {
		return nil, fmt.Errorf("%d bytes are not a row of hashes", len(data))
	}
	hashes := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range hashes {
		hashes[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	return hashes, nil
}

// entrySize is what an entry takes in a bundle: its length in two bytes, then the commitment.
const entrySize = 2 + len(Hash{})

func appendEntry(bundle []byte, entry Hash) []byte {
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(entry))), entry[:]...)
}

// ParseEntries reads a bundle of entries, each of which must be 32 bytes long.
func ParseEntries(bundle []byte) ([]Hash, error) {
	if len(bundle)%entrySize != 0 || len(bundle) > tileWidth*entrySize {
		return nil, fmt.Errorf("%d bytes are not a bundle of entries", len(bundle))
	}
	entries := make([]Hash, len(bundle)/entrySize)
	for i := range entries {
		b := bundle[i*entrySize:]
		if n := binary.BigEndian.Uint16(b); int(n) != len(Hash{}) {
			return nil, fmt.Errorf("entry %d of the bundle is %d bytes long, not 32", i, n)
		}
		entries[i] = Hash(b[2:])
	}
	return entries, nil
}

// cut returns the content of a tile or bundle at a smaller width.
func cut(level int, data []byte, width int) []byte {
	if level == entryLevel {
		return data[:width*entrySize]
	}
	return data[:width*tlog.HashSize]
}

// widthAt returns the width that tile n of a level has in a tree of the given size; 0 when the
// tree does not reach it.
func widthAt(size int64, level int, n int64) int {
	hashes := size >> (tileHeight * max(level, 0))
	return int(min(tileWidth, max(0, hashes-n<<tileHeight)))
}

// maxLevel is the highest level a tree of maxSize has.
const maxLevel = 5

// TilePath returns a tile's path under the log's prefix: tile/<L>/<N>[.p/<W>], with L "entries" for
// a bundle (C2SP tlog-tiles).
func TilePath(t tlog.Tile) string {
	own := t.Path() // tile/8/<L>/<N>, with L "data": the older form of the checksum database
	if rest, ok := strings.CutPrefix(own, "tile/8/data/"); ok {
		return "tile/entries/" + rest
	}
	return "tile/" + strings.TrimPrefix(own, "tile/8/")
}

// ParseTilePath is the inverse of TilePath. It accepts the one canonical spelling of each path.
func ParseTilePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 64 || strings.HasPrefix(rest, "data/") {
		return tlog.Tile{}, fmt.Errorf("malformed tile path %q", path)
	}
	if after, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + after
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || t.L > maxLevel || t.N > maxSize>>tileHeight || TilePath(t) != path {
		return tlog.Tile{}, fmt.Errorf("malformed tile path %q", path)
	}
	return t, nil
}
