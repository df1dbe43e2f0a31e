package receipt

import (
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// reference is a tree kept by x/mod's own storage scheme.
type reference []tlog.Hash

func (r reference) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		hashes[i] = r[x]
	}
	return hashes, nil
}

func numbered(i int64) (h Hash) {
	binary.BigEndian.PutUint64(h[:], uint64(i))
	return h
}

// grow builds a tree of n entries both ways and returns every tile that an edge gave out.
func grow(t testing.TB, n int64) (*edge, reference, map[string][]byte) {
	t.Helper()
	var e edge
	var r reference
	tiles := map[string][]byte{}
	for i := range n {
		entry := numbered(i)
		hashes, err := tlog.StoredHashes(i, entry[:], r)
		if err != nil {
			t.Fatal(err)
		}
		r = append(r, hashes...)
		for _, s := range e.add(entry) {
			tiles[TilePath(s.tile)] = s.data
		}
	}
	for _, s := range e.partial(0) {
		tiles[TilePath(s.tile)] = s.data
	}
	return &e, r, tiles
}

func TestTheEdgeGrowsTheTreeOfTheReference(t *testing.T) {
	check := func(t testing.TB, n int64) {
		t.Helper()
		e, r, tiles := grow(t, n)
		root, err := tlog.TreeHash(n, r)
		if err != nil {
			t.Fatal(err)
		}
		if e.root() != root {
			t.Fatalf("at size %d the root is %v, want %v", n, e.root(), root)
		}
		want := tlog.NewTiles(tileHeight, 0, n)
		bundles := 0
		for _, tile := range want {
			data, err := tlog.ReadTileData(tile, r)
			if err != nil {
				t.Fatal(err)
			}
			if string(tiles[TilePath(tile)]) != string(data) {
				t.Fatalf("at size %d %s differs", n, TilePath(tile))
			}
			if tile.L == 0 {
				tile.L = entryLevel
				entries, err := ParseEntries(tiles[TilePath(tile)])
				if err != nil || len(entries) != tile.W || entries[0] != numbered(tile.N<<8) {
					t.Fatalf("at size %d %s holds %d entries, %v", n, TilePath(tile), len(entries), err)
				}
				bundles++
			}
		}
		if len(tiles) != len(want)+bundles {
			t.Fatalf("at size %d there are %d tiles, want %d", n, len(tiles), len(want)+bundles)
		}
	}
	for _, n := range []int64{0, 1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537, 65536 + 256, 66049} {
		check(t, n)
	}
	rapid.Check(t, func(t *rapid.T) { check(new(quiet), rapid.Int64Range(0, 3000).Draw(t, "size")) })
}

// quiet makes a failure inside a property a panic, which rapid reports with its input.
type quiet struct{ testing.TB }

func (*quiet) Helper() {}

func (*quiet) Fatal(args ...any) { panic(args) }

func (*quiet) Fatalf(format string, args ...any) { panic(append([]any{format}, args...)) }

func TestProofsVerifyAtEverySize(t *testing.T) {
	_, r, _ := grow(t, 1500)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 1500).Draw(t, "size")
		index := rapid.Int64Range(0, size-1).Draw(t, "index")
		hashes, err := tlog.ProveRecord(size, index, r)
		if err != nil {
			t.Fatal(err)
		}
		root, err := tlog.TreeHash(size, r)
		if err != nil {
			t.Fatal(err)
		}
		p := Proof{Index: index, Hashes: hashes, Checkpoint: Checkpoint{Origin: "a", Size: size, Root: root}}
		p.Checkpoint.Note = p.Checkpoint.text() + "\n— a AAAAAAA=\n"
		if err := p.check(numbered(index)); err != nil {
			t.Fatal(err)
		}
		if err := p.check(numbered(index + 1)); err == nil {
			t.Fatal("it proves another entry too")
		}
		back, err := ParseProof(p.text())
		if err != nil || back.text() != p.text() {
			t.Fatalf("%v, in\n%s", err, p.text())
		}
	})
}

func TestACloneGrowsAlone(t *testing.T) {
	e, _, _ := grow(t, 300)
	c := e.clone()
	root := e.root()
	for i := range int64(300) {
		c.add(numbered(i))
	}
	if e.root() != root || e.size != 300 || c.size != 600 {
		t.Error("the original grew with its clone")
	}
}
