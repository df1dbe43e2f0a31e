package receipt_test

import (
	"bytes"
	"testing"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/receipt"
)

// seeds returns a receipt, a card and a checkpoint as the product makes them.
func seeds(f *testing.F) (file, card, checkpoint []byte) {
	f.Helper()
	d := newDesk(f, dbtest.SQLite(f))
	d.pace()
	a, b := d.submit("a"), d.submit("b")
	d.clock.add(3 * receipt.DefaultSlot)
	d.pace()
	card, err := d.Evidence(ctx, a, b)
	if err != nil {
		f.Fatal(err)
	}
	res, err := d.Resource(ctx, "checkpoint")
	if err != nil {
		f.Fatal(err)
	}
	return d.issue(a), card, res.Body
}

func FuzzParseReceipt(f *testing.F) {
	file, card, _ := seeds(f)
	f.Add(file)
	f.Add(card)
	f.Add([]byte("hinomi.dev/receipt/v1\nprogram: \\u{110000}\n\n— a b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := receipt.ParseReceipt(data)
		if err != nil {
			isFault(t, err, fault.Invalid)
			return
		}
		text, err := r.Statement.Text()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if !bytes.HasPrefix(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte(text+"\n")) {
			t.Fatalf("read as\n%s", text)
		}
	})
}

func FuzzParseEvidence(f *testing.F) {
	file, card, _ := seeds(f)
	f.Add(file)
	f.Add(card)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := receipt.ParseEvidence(data)
		if err != nil {
			isFault(t, err, fault.Invalid)
			return
		}
		if e.OriginalEntry >= e.DuplicateEntry {
			t.Fatal("a card for a later original")
		}
	})
}

func FuzzParseStatement(f *testing.F) {
	text, err := validStatement().Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("hinomi.dev/receipt/v1\nprogram: \\xff\\\\\\u{200b}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := receipt.ParseStatement(text)
		if err != nil {
			return
		}
		if again, err := s.Text(); err != nil || again != text {
			t.Fatalf("%q is written %q, %v", text, again, err)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	_, _, checkpoint := seeds(f)
	f.Add(string(checkpoint))
	f.Add("a\n1\nAAAA\nx\n\n— a b\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := receipt.ParseCheckpoint(text)
		if err != nil {
			isFault(t, err, fault.Invalid)
			return
		}
		if c.Size < 0 || c.Origin == "" || c.Note != text {
			t.Fatalf("%+v", c)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	file, card, _ := seeds(f)
	for _, data := range [][]byte{file, card} {
		i := bytes.Index(data, []byte("c2sp.org"))
		f.Add(string(data[i:]))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := receipt.ParseProof(text)
		if err != nil {
			isFault(t, err, fault.Invalid)
			return
		}
		if p.Index < 0 || len(p.Hashes) > 40 {
			t.Fatalf("%+v", p)
		}
	})
}

func FuzzParseTilePath(f *testing.F) {
	for _, path := range []string{"tile/0/000", "tile/entries/x001/067.p/17", "tile/5/x001/x234/067", "tile/8/0/000", "checkpoint"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := receipt.ParseTilePath(path)
		if err != nil {
			return
		}
		if receipt.TilePath(tile) != path || tile.N < 0 || tile.W < 1 || tile.W > 256 || tile.L < -1 {
			t.Fatalf("%q is %v", path, tile)
		}
	})
}

func FuzzParseEntries(f *testing.F) {
	f.Add(append([]byte{0, 32}, make([]byte, 32)...))
	f.Add([]byte{0, 31, 1})
	f.Fuzz(func(t *testing.T, bundle []byte) {
		entries, err := receipt.ParseEntries(bundle)
		if err != nil {
			return
		}
		if len(entries) > 256 || len(entries)*34 != len(bundle) {
			t.Fatalf("%d entries from %d bytes", len(entries), len(bundle))
		}
	})
}

func FuzzParseVerifiers(f *testing.F) {
	key, err := receipt.NewKey("desk.example/log")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(key.Verifier())
	f.Add(key.Verifier() + "\n" + key.Verifier())
	f.Fuzz(func(t *testing.T, text string) {
		known, keys, err := receipt.ParseVerifiers(text)
		if err != nil {
			isFault(t, err, fault.Invalid)
			return
		}
		if known == nil || len(keys) == 0 {
			t.Fatal("no key and no error")
		}
	})
}

// FuzzVerify holds the whole verifier against files and logs it was not made for.
func FuzzVerify(f *testing.F) {
	file, card, checkpoint := seeds(f)
	f.Add(file, checkpoint, []byte{})
	f.Add(card, checkpoint, append([]byte{0, 32}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, file, checkpoint, tile []byte) {
		log := memory{"checkpoint": checkpoint, "tile/entries/000.p/1": tile, "tile/0/000.p/1": tile}
		v, err := receipt.Verify(ctx, []receipt.Document{{Name: "a", Data: file}}, receipt.Options{Log: log, Now: (&clock{t: start}).now})
		if err == nil && len(v.Checks) == 0 {
			t.Fatal("nothing was checked and nothing was said")
		}
	})
}
