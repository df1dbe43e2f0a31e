package receipt_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/receipt"
)

// A story is a public log of 600 entries, 22 of them real, with what people hold of it.
type story struct {
	*desk
	log       memory
	mine      []byte // receipt of entry 300
	duplicate []byte // receipt of entry 320
	card      []byte // that entry 300 is before entry 320
}

func tell(t *testing.T) story {
	t.Helper()
	d := newDesk(t, dbtest.SQLite(t))
	d.pace()
	d.clock.add(300 * receipt.DefaultSlot)
	d.pace()
	original := d.submit("7K3M9X2Q")
	d.clock.add(time.Minute)
	d.fill(19)
	d.clock.add(time.Minute)
	duplicate := d.submit("duplicate")
	d.submit("after")
	d.clock.add(300 * receipt.DefaultSlot)
	d.pace()
	card, err := d.Evidence(ctx, original, duplicate)
	if err != nil {
		t.Fatal(err)
	}
	s := story{d, memory(files(t, d.export())), d.issue(original), d.issue(duplicate), card}
	if original.Index != 300 || duplicate.Index != 320 || publicSize(d) != 600 {
		t.Fatalf("entries %d and %d of %d", original.Index, duplicate.Index, publicSize(d))
	}
	return s
}

func TestWhatTheDeskGaveOutVerifies(t *testing.T) {
	s := tell(t)
	v := s.verify(receipt.Options{Log: s.log}, s.mine, s.duplicate, s.card)
	if v.Result() != receipt.OK || v.Public != string(s.log["checkpoint"]) || len(v.Documents) != 3 {
		t.Errorf("%s: %s", v.Result(), said(v, receipt.Failed))
	}
	contains(t, said(v, receipt.OK), "signature fits", "All 600 entries", "Entry 300, as this file states it", "before entry 320", "goes on from the checkpoint", "agree with each other")
	for _, c := range v.Checks {
		if c.Text.JA == "" || c.Text.EN == "" || strings.Contains(c.Text.JA+c.Text.EN, "%!") {
			t.Errorf("%+v", c)
		}
	}
	// What a mail program does to a text file is no tampering.
	mailed := bytes.TrimSpace(bytes.ReplaceAll(s.mine, []byte("\n"), []byte("\r\n")))
	if v := s.verify(receipt.Options{}, mailed); v.Result() != receipt.OK {
		t.Errorf("as mailed: %s", said(v, receipt.Failed))
	}
}

func TestTheKeyInTheFileIsUsedAndSaidSo(t *testing.T) {
	s := tell(t)
	v, err := receipt.Verify(ctx, []receipt.Document{{Name: "a", Data: s.mine}}, receipt.Options{Now: s.Now})
	if err != nil || v.Result() != receipt.OK {
		t.Fatalf("%v, %+v", err, v)
	}
	contains(t, said(v, receipt.Note), s.Key.Verifier(), "program's page")
	other, err := receipt.NewKey("desk.example/log")
	if err != nil {
		t.Fatal(err)
	}
	if v := s.verify(receipt.Options{Keys: other.Verifier()}, s.mine); v.Result() != receipt.Failed {
		t.Error("another key of the same name verifies it")
	}
	if _, err := receipt.Verify(ctx, nil, receipt.Options{Keys: "nonsense"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("err = %v", err)
	}
}

func TestEveryChangedByteOfAReceiptIsFound(t *testing.T) {
	s := tell(t)
	for name, file := range map[string][]byte{"receipt": s.mine, "card": s.card} {
		for i := range file {
			for _, bit := range []byte{0x01, 0x20} {
				changed := bytes.Clone(file)
				changed[i] ^= bit
				if v := s.verify(receipt.Options{}, changed); v.Result() != receipt.Failed || said(v, receipt.Failed) == "" {
					t.Errorf("%s: byte %d changed from %q to %q is not found", name, i, file[i], changed[i])
				}
			}
			if i%7 == 0 && i < len(file)-1 { // without its last line end it is still whole
				if v := s.verify(receipt.Options{}, file[:i]); v.Result() != receipt.Failed {
					t.Errorf("%s: cut off at byte %d is not found", name, i)
				}
			}
		}
	}
}

func TestEveryChangedByteOfTheLogIsFoundAndNamed(t *testing.T) {
	s := tell(t)
	for path, data := range s.log {
		step := max(1, len(data)/97) // every byte of a small file, a spread of a large one
		for i := 0; i < len(data); i += step {
			changed := bytes.Clone(data)
			changed[i] ^= 0x04
			v := s.verify(receipt.Options{Log: s.log.with(path, changed)})
			text := said(v, receipt.Failed)
			switch {
			case v.Result() != receipt.Failed || v.Public != "":
				t.Errorf("%s: byte %d changed is not found", path, i)
			case strings.HasPrefix(path, "tile/entries/") && i%34 < 2:
				contains(t, text, path+" was changed")
			case strings.HasPrefix(path, "tile/entries/"):
				contains(t, text, fmt.Sprintf("Entry %d in tile/entries/", entryAt(t, path)+int64(i)/34))
			case strings.HasPrefix(path, "tile/0/"):
				base, _, _ := strings.Cut(path, ".p/") // the tile is named without its width
				contains(t, text, base+" was changed: hash", fmt.Sprintf("of entry %d.", entryAt(t, path)+int64(i)/32), "intact")
			case strings.HasPrefix(path, "tile/1/"):
				contains(t, text, "tile/1/000 was changed", fmt.Sprintf("of entry %d-%d.", i/32*256, i/32*256+255))
			default:
				contains(t, text, "checkpoint")
			}
		}
	}
	if len(s.log) != 8 { // checkpoint, three bundles, three tiles, one above
		t.Errorf("%d files", len(s.log))
	}
}

// entryAt returns the first entry of a tile of level 0 or a bundle.
func entryAt(t *testing.T, path string) int64 {
	t.Helper()
	tile, err := receipt.ParseTilePath(path)
	if err != nil {
		t.Fatal(err)
	}
	return tile.N * 256
}

func TestALogWithAnythingMissingIsFound(t *testing.T) {
	s := tell(t)
	for path, data := range s.log {
		v := s.verify(receipt.Options{Log: s.log.with(path, nil)}, s.mine)
		contains(t, said(v, receipt.Failed), path, "missing")
		if path == "checkpoint" {
			continue
		}
		v = s.verify(receipt.Options{Log: s.log.with(path, data[:len(data)-1])}, s.mine)
		contains(t, said(v, receipt.Failed), path, "cut off")
		v = s.verify(receipt.Options{Log: s.log.with(path, append(bytes.Clone(data), 0))}, s.mine)
		contains(t, said(v, receipt.Failed), path, "added to")
	}
}

func TestReorderedEntriesAreNamed(t *testing.T) {
	s := tell(t)
	swap := func(path string, size, i, j int) []byte {
		data := bytes.Clone(s.log[path])
		a, b := data[i*size:(i+1)*size], data[j*size:(j+1)*size]
		keep := bytes.Clone(a)
		copy(a, b)
		copy(b, keep)
		return data
	}
	entries := s.log.with("tile/entries/001", swap("tile/entries/001", 34, 10, 44))
	contains(t, said(s.verify(receipt.Options{Log: entries}), receipt.Failed), "Entries 266 and 300", "reordered")
	// Together with their hashes: now only the level above tells.
	both := entries.with("tile/0/001", swap("tile/0/001", 32, 10, 44))
	contains(t, said(s.verify(receipt.Options{Log: both}), receipt.Failed), "Among the entries 256-511", "tile/1/000")
}

func TestEntriesAndHashesChangedInDifferentPlaces(t *testing.T) {
	s := tell(t)
	change := func(path string, at int) []byte {
		data := bytes.Clone(s.log[path])
		data[at] ^= 1
		return data
	}
	log := s.log.with("tile/entries/000", change("tile/entries/000", 5)).with("tile/1/000.p/2", change("tile/1/000.p/2", 40))
	contains(t, said(s.verify(receipt.Options{Log: log}), receipt.Failed), "Neither", "tile/0/000", "entry 0")
	many := bytes.Clone(s.log["tile/entries/000"])
	for i := range 20 {
		many[i*34+20] ^= 1
	}
	contains(t, said(s.verify(receipt.Options{Log: s.log.with("tile/entries/000", many)}), receipt.Failed), "Entry 0 in", "(+19)")
}

// fork is another log of the same name and key: what a desk would show to somebody it wants to deceive.
func fork(t *testing.T, s story) story {
	t.Helper()
	f := newDesk(t, dbtest.SQLite(t))
	f.Key = s.Key
	f.pace()
	f.clock.add(600 * receipt.DefaultSlot)
	f.pace()
	s.desk, s.log = f, memory(files(t, f.export()))
	return s
}

func TestAForkIsFoundAndNamed(t *testing.T) {
	s := tell(t)
	f := fork(t, s)
	v := f.verify(receipt.Options{Log: f.log}, s.mine)
	contains(t, said(v, receipt.Failed), "Entry 300 of the public log is not the one in this file")
	// The signed checkpoint of one with the tiles of the other.
	v = s.verify(receipt.Options{Log: s.log.with("checkpoint", f.log["checkpoint"])})
	contains(t, said(v, receipt.Failed), "rewritten", "fork")
	// Only something before the entry differs: it is at its place, but in another tree.
	v = s.verify(receipt.Options{Log: f.log, Last: string(s.log["checkpoint"])})
	contains(t, said(v, receipt.Failed), "forked", "first 600 entries")
	if v.Public != "" {
		t.Error("a fork would be remembered")
	}
}

func TestAForkBeforeTheEntryIsFound(t *testing.T) {
	// Two logs with the same entry at the same place, and something else before it.
	shared := validStatement()
	make := func(key *receipt.Key) (*desk, receipt.Logged) {
		d := newDesk(t, dbtest.SQLite(t))
		d.Key = key
		d.pace()
		d.clock.add(4 * receipt.DefaultSlot)
		d.pace()
		s := shared
		e, _, err := d.Append(ctx, thing(&s))
		if err != nil {
			t.Fatal(err)
		}
		d.clock.add(4 * receipt.DefaultSlot)
		d.pace()
		return d, receipt.Logged{Statement: s, Index: e.Index}
	}
	key, err := receipt.NewKey("desk.example/log")
	if err != nil {
		t.Fatal(err)
	}
	a, mine := make(key)
	b, _ := make(key)
	v := a.verify(receipt.Options{Log: memory(files(t, b.export()))}, a.issue(mine))
	contains(t, said(v, receipt.Failed), "forked: at size 5")
}

func TestTwoPeopleWithTheSameEntryProveAFork(t *testing.T) {
	s := tell(t)
	f := newDesk(t, dbtest.SQLite(t))
	f.Key = s.Key
	f.pace()
	f.clock.add(300 * receipt.DefaultSlot)
	f.pace()
	other := f.issue(f.submit("other")) // entry 300 there
	v := s.verify(receipt.Options{}, s.mine, other)
	contains(t, said(v, receipt.Failed), "both claim entry 300", "forked")
}

func TestALogThatShrankIsFound(t *testing.T) {
	s := tell(t)
	last := string(s.log["checkpoint"])
	s.clock.add(10 * receipt.DefaultSlot)
	s.pace()
	grown := memory(files(t, s.export()))
	v := s.verify(receipt.Options{Log: grown, Last: last})
	contains(t, said(v, receipt.OK), "goes on from the 600 entries")
	v = s.verify(receipt.Options{Log: s.log, Last: string(grown["checkpoint"])})
	contains(t, said(v, receipt.Failed), "shrank: it had 610 entries when you last looked, and has 600 now")
	if _, err := receipt.Verify(ctx, nil, receipt.Options{Keys: s.Key.Verifier(), Log: s.log, Last: strings.Replace(last, "600", "601", 1)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a forged memory: %v", err)
	}
}

func TestAReceiptThatIsNotPublicYetIsNotAFailure(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.pace()
	d.clock.add(3 * receipt.DefaultSlot)
	d.pace()
	d.fill(2)
	mine := d.issue(d.submit("mine")) // entry 5, public at slot 6
	log := memory(files(t, d.export()))
	v := d.verify(receipt.Options{Log: log}, mine)
	if v.Result() != receipt.Pending {
		t.Errorf("%s: %s", v.Result(), said(v, receipt.Failed))
	}
	contains(t, said(v, receipt.Pending), "has 3 entries", "entry 5", "by 2020-10-15 19:41:03 JST")
	// The promised time has passed and the log has not moved: now it is one.
	d.clock.add(5 * receipt.DefaultSlot)
	v = d.verify(receipt.Options{Log: log}, mine)
	contains(t, said(v, receipt.Failed), "should have reached size 6", "cut back or stands still")
	d.pace()
	if v := d.verify(receipt.Options{Log: memory(files(t, d.export()))}, mine); v.Result() != receipt.OK {
		t.Errorf("%s", said(v, receipt.Failed))
	}
}

func TestDocumentsThatSayWhatTheirProofDoesNot(t *testing.T) {
	s := tell(t)
	_, mine, _ := strings.Cut(string(s.mine), "\n\nc2sp.org")
	_, other, _ := strings.Cut(string(s.duplicate), "\n\nc2sp.org")
	mixed := bytes.Replace(s.mine, []byte(mine), []byte(other), 1)
	contains(t, said(s.verify(receipt.Options{}, mixed), receipt.Failed), "proof is for entry 320, but the file speaks of entry 300")
	for name, file := range map[string][]byte{
		"nothing":           {},
		"a report":          []byte("I found a bug\n"),
		"no proof":          s.mine[:bytes.Index(s.mine, []byte("\n\nc2sp.org"))+1],
		"two proofs":        append(bytes.Clone(s.mine), append([]byte("\nc2sp.org"), mine...)...),
		"a card of one":     s.card[:bytes.LastIndex(s.card, []byte("\n\nc2sp.org"))+1],
		"no signature":      []byte("hinomi.dev/receipt/v1\n"),
		"binary":            bytes.Repeat([]byte{0, 255}, 100),
		"a checkpoint only": s.log["checkpoint"],
	} {
		v := s.verify(receipt.Options{Log: s.log}, file)
		if v.Result() != receipt.Failed || said(v, receipt.Failed) == "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestCardsAndReceiptsAreComparedWithEachOther(t *testing.T) {
	s := tell(t)
	v := s.verify(receipt.Options{}, s.duplicate, s.card)
	contains(t, said(v, receipt.OK), "agree with each other")
	// The desk signs a card with an earlier time than the receipt it gave to the original's reporter.
	e, err := receipt.ParseEvidence(s.card)
	if err != nil {
		t.Fatal(err)
	}
	e.Received = e.Received.Add(-time.Hour)
	lie, err := receipt.SignEvidence(e, s.Key)
	if err != nil {
		t.Fatal(err)
	}
	if v := s.verify(receipt.Options{Log: s.log}, lie); v.Result() != receipt.OK {
		t.Fatalf("alone: %s", said(v, receipt.Failed)) // its time is the desk's word
	}
	contains(t, said(s.verify(receipt.Options{}, s.mine, lie), receipt.Failed), "contradict their order")
}

func TestTheCardTellsNothingOfTheOriginal(t *testing.T) {
	s := tell(t)
	r, err := receipt.ParseReceipt(s.mine)
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.Statement.Text()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if slices.Contains([]string{"program", "kind", "received"}, key) || value == "" {
			continue // these are told
		}
		if bytes.Contains(s.card, []byte(value)) {
			t.Errorf("the card shows the original's %s", key)
		}
	}
}

func TestALogOverHTTP(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.pace()
	mine := d.issue(d.submit("mine"))
	d.clock.add(300 * receipt.DefaultSlot)
	d.pace()
	server := d.serve()
	if v := d.verify(receipt.Options{Log: mustWeb(t, server.URL+"/log/")}, mine); v.Result() != receipt.OK {
		t.Errorf("%s", said(v, receipt.Failed))
	}
	dir := d.export()
	if v := d.verify(receipt.Options{Log: receipt.Dir(os.DirFS(dir))}, mine); v.Result() != receipt.OK {
		t.Errorf("%s", said(v, receipt.Failed))
	}
	for _, url := range []string{"", "desk.example/log", "ftp://desk.example/log", "https://desk.example/log?x", "https:///log"} {
		if _, err := receipt.Web(url); err == nil {
			t.Errorf("%q is taken for a log", url)
		}
	}
}

func TestAServerThatMisbehavesIsNotALog(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	verify := func(h http.HandlerFunc) (receipt.Verdict, error) {
		s := httptest.NewServer(h)
		defer s.Close()
		return receipt.Verify(ctx, nil, receipt.Options{Keys: d.Key.Verifier(), Log: mustWeb(t, s.URL), Now: d.Now})
	}
	v, err := verify(func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<16)) // it stops when the reader has gone
		}
	})
	if err != nil || v.Result() != receipt.Failed {
		t.Errorf("an endless file: %v, %v", v, err)
	}
	if _, err := verify(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }); err == nil {
		t.Error("a broken server is not a broken log: it must be an error")
	}
	if v, err := verify(http.NotFound); err != nil || v.Result() != receipt.Failed {
		t.Errorf("no log: %v, %v", v, err)
	}
	if _, err := receipt.Verify(ctx, nil, receipt.Options{Keys: d.Key.Verifier(), Log: broken{}, Now: d.Now}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("err = %v", err)
	}
}

func TestALogThatGrewMeanwhileStillVerifies(t *testing.T) {
	// The checkpoint was read, then the bundle filled up and the partial one was deleted.
	s := tell(t)
	older := s.log
	s.clock.add(300 * receipt.DefaultSlot)
	s.pace()
	grown := memory(files(t, s.export()))
	if _, ok := grown["tile/0/002.p/88"]; ok {
		t.Fatal("the test needs the partial tile gone")
	}
	v := s.verify(receipt.Options{Log: grown.with("checkpoint", older["checkpoint"]).with("tile/1/000.p/2", older["tile/1/000.p/2"])}, s.mine)
	if v.Result() != receipt.OK {
		t.Errorf("%s", said(v, receipt.Failed))
	}
}
