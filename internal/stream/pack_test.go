package stream

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

func FuzzUnpack(f *testing.F) {
	m := &message{}
	known := &seen{horizon: 100}
	m.add(&waiting{Parcel: parcel("a 1", "a 2", "b 1"), at: 5}, known)
	m.pack()
	m.rebase(tail{}, 7)
	f.Add(m.packed)
	f.Add(m.packed[:headSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, lines, err := unpack(b, nil)
		if err != nil {
			return
		}
		if len(lines) != h.size || len(lines[:h.size+spare]) != h.size+spare {
			t.Errorf("%d bytes of lines, the head says %d", len(lines), h.size)
		}
		if again, err := readHead(h.append(nil)); err != nil || again != h {
			t.Errorf("%+v is written as %+v: %v", h, again, err)
		}
	})
}

func TestTheNewestKeysAreKnownAndTheOldestForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		horizon := rapid.IntRange(1, 20_000).Draw(t, "horizon")
		s := &seen{horizon: horizon}
		key := func(i int) Key { return KeyOf([]byte("a"), binary.AppendUvarint(nil, uint64(i))) }
		n := rapid.IntRange(1, 60_000).Draw(t, "keys")
		for i := range n {
			if !s.add(key(i)) {
				t.Fatalf("key %d is called known", i)
			}
			if old := i - horizon/2; old >= 0 && i%97 == 0 && s.add(key(old)) {
				t.Fatalf("of %d keys, number %d is forgotten, with a horizon of %d", i+1, old, horizon)
			}
		}
		if gone := n - 1; !s.add(key(gone)) {
			s.remove(key(gone))
			if !s.add(key(gone)) {
				t.Fatal("a removed key is known")
			}
		}
		size := 0
		for _, g := range s.generations {
			size += len(g.slots)
		}
		if most := 8*max(16, horizon) + 2*smallest; size > most {
			t.Fatalf("%d slots for a horizon of %d", size, horizon)
		}
	})
}

func TestWhatAnotherWriterStoredIsTakenOut(t *testing.T) {
	m, known := &message{}, &seen{horizon: 100}
	done := make(chan answer, 3)
	for _, lines := range [][]string{{"a 1", "a 2"}, {"a 2", "b 1", "b 2"}, {"a 1"}} {
		m.add(&waiting{Parcel: parcel(lines...), at: 1, done: done}, known)
	}
	stored := map[Key]bool{}
	keysOf([]byte("a 2\nb 1\nx 1\n"), func(k Key) { stored[k] = true })
	m.drop(stored)
	if string(m.raw) != "a 1\nb 2\n" || len(m.keys) != 2 || m.ends[0] != 4 || m.ends[1] != 8 {
		t.Errorf("%q %v", m.raw, m.ends)
	}
	m.answer(nil)
	for i, want := range []Taken{{1, 1}, {1, 2}, {0, 1}} {
		if got := <-done; got.Taken != want {
			t.Errorf("request %d: %+v, want %+v", i, got.Taken, want)
		}
	}
}
