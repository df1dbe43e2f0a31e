package receipt_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/receipt"
)

var ctx = context.Background()

// start is when the logs of these tests begin: 17:56:03 JST on 15 October 2020.
var start = time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)

// A clock is set by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// A desk is a log over a database, with a table of things that entries stand for.
type desk struct {
	*receipt.Log
	t     testing.TB
	clock *clock
}

func newDesk(t testing.TB, d *db.DB) *desk {
	t.Helper()
	key, err := receipt.NewKey("desk.example/log")
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{t: start}
	makeThings(t, d)
	return &desk{&receipt.Log{DB: d, Key: key, Now: c.now}, t, c}
}

// node returns another process's log over the same database.
func (d *desk) node() *desk {
	return &desk{&receipt.Log{DB: d.DB, Key: d.Key, Now: d.Now, Slot: d.Slot}, d.t, d.clock}
}

func makeThings(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS thing (id TEXT PRIMARY KEY, entry BIGINT NOT NULL, at BIGINT NOT NULL, commitment BYTEA NOT NULL)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func validStatement(change ...func(*receipt.Statement)) receipt.Statement {
	s := receipt.Statement{
		Program: "LINE Security Bug Bounty", Kind: receipt.Report, ID: "7K3M9X2Q", Received: start,
		Terms: "2017-04-10", TermsSHA256: sha256.Sum256([]byte("terms")), DisclosureFrom: "2021-10-16",
		BodySHA256: sha256.Sum256([]byte("body")), BodySize: 4,
		Files: []receipt.File{{Name: "動画.mp4", SHA256: sha256.Sum256([]byte("video")), Size: 5}},
		Salt:  receipt.NewSalt(),
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

// An appending is one entry and the row it stands for.
type appending struct {
	Leaf  func(e receipt.Entry) (receipt.Hash, error)
	Write func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error
}

// thing logs a statement together with a row of table thing.
func thing(s *receipt.Statement) appending {
	return appending{
		Leaf: func(e receipt.Entry) (receipt.Hash, error) {
			s.Received = e.Time
			return s.Commitment()
		},
		Write: func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, entry, at, commitment) VALUES ($1, $2, $3, $4)`,
				s.ID, e.Index, db.Micros(e.Time), e.Commitment[:])
			return err
		},
	}
}

// appendAll logs things in one transaction.
func appendAll(ctx context.Context, l *receipt.Log, all ...appending) (entries []receipt.Entry, at receipt.Checkpoint, err error) {
	at, err = l.Append(ctx, func(ctx context.Context, tx *sql.Tx, g *receipt.Growth) error {
		for _, a := range all {
			e, err := g.Append(a.Leaf)
			if err != nil {
				return err
			}
			if err := a.Write(ctx, tx, e); err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, at, err
}

// Append logs one thing.
func (d *desk) Append(ctx context.Context, a appending) (receipt.Entry, receipt.Checkpoint, error) {
	entries, at, err := appendAll(ctx, d.Log, a)
	if err != nil {
		return receipt.Entry{}, at, err
	}
	return entries[0], at, nil
}

// submit logs a statement under an id.
func (d *desk) submit(id string) receipt.Logged {
	d.t.Helper()
	s := validStatement(func(s *receipt.Statement) { s.ID = id })
	e, _, err := d.Append(ctx, thing(&s))
	if err != nil {
		d.t.Fatalf("appending %s: %v", id, err)
	}
	return receipt.Logged{Statement: s, Index: e.Index}
}

// fill logs n statements at once.
func (d *desk) fill(n int) {
	d.t.Helper()
	var all []appending
	for i := range n {
		s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprintf("fill%d", i) })
		all = append(all, thing(&s))
	}
	if _, _, err := appendAll(ctx, d.Log, all...); err != nil {
		d.t.Fatalf("appending: %v", err)
	}
}

func (d *desk) pace() {
	d.t.Helper()
	if err := d.Pace(ctx); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) issue(l receipt.Logged) []byte {
	d.t.Helper()
	file, err := d.Issue(ctx, l)
	if err != nil {
		d.t.Fatal(err)
	}
	return file
}

// known returns the verifiers of the desk's key.
func (d *desk) known() note.Verifiers {
	d.t.Helper()
	known, _, err := receipt.ParseVerifiers(strings.Join(d.Key.Verifiers, "\n"))
	if err != nil {
		d.t.Fatal(err)
	}
	return known
}

// sound walks everything that is stored and compares it with the rows of table thing, when real
// says that there are no cover entries.
func (d *desk) sound(real bool) {
	d.t.Helper()
	src, err := d.Self(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	rows, err := d.DB.Read().QueryContext(ctx, `SELECT id, entry, commitment FROM thing ORDER BY entry`)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	have := map[int64]receipt.Hash{}
	w := receipt.Walk{Source: src, Known: d.known()}
	for rows.Next() {
		var id string
		var entry int64
		var commitment []byte
		if err := rows.Scan(&id, &entry, &commitment); err != nil {
			d.t.Fatal(err)
		}
		if _, twice := have[entry]; twice {
			d.t.Errorf("%s has the entry %d of another", id, entry)
		}
		have[entry] = receipt.Hash(commitment)
		w.Entries = append(w.Entries, entry)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	found, err := w.Run(ctx)
	if err != nil {
		d.t.Fatalf("the log is not sound: %v", err)
	}
	for entry, commitment := range have {
		if found.Entries[entry] != commitment {
			d.t.Errorf("entry %d is not that of its row", entry)
		}
	}
	if real && found.Checkpoint.Size != int64(len(have)) {
		d.t.Errorf("%d entries for %d rows", found.Checkpoint.Size, len(have))
	}
}

// size returns how many entries there are, covers included.
func (d *desk) size() int64 { return d.status().Size }

func (d *desk) status() receipt.Status {
	d.t.Helper()
	s, err := d.Status(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// export writes the public log to a directory and returns it.
func (d *desk) export() string {
	d.t.Helper()
	dir := d.t.TempDir()
	if err := d.ExportDir(ctx, dir); err != nil {
		d.t.Fatal(err)
	}
	return dir
}

// files returns every file of an exported log that verifying reads, by path.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "key" {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		all[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// memory is a log whose files a test changes.
type memory map[string][]byte

func (m memory) Fetch(_ context.Context, path string) ([]byte, error) {
	data, ok := m[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (m memory) with(path string, data []byte) memory {
	c := memory{}
	for k, v := range m {
		c[k] = v
	}
	if data == nil {
		delete(c, path)
	} else {
		c[path] = data
	}
	return c
}

// verify runs Verify over files and returns the verdict.
func (d *desk) verify(o receipt.Options, docs ...[]byte) receipt.Verdict {
	d.t.Helper()
	var all []receipt.Document
	for i, data := range docs {
		all = append(all, receipt.Document{Name: fmt.Sprintf("file%d", i), Data: data})
	}
	if o.Keys == "" {
		o.Keys = d.Key.Verifier()
	}
	o.Now = d.Now
	v, err := receipt.Verify(ctx, all, o)
	if err != nil {
		d.t.Fatalf("verifying: %v", err)
	}
	return v
}

// said returns every sentence of a verdict with one result.
func said(v receipt.Verdict, r receipt.Result) string {
	var all []string
	for _, c := range v.Checks {
		if c.Result == r {
			all = append(all, c.Text.In(lang.EN))
		}
	}
	return strings.Join(all, "\n")
}

func contains(t testing.TB, s string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s, p) {
			t.Errorf("%q does not say %q", s, p)
		}
	}
}

func isFault(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind {
		t.Errorf("err = %v, want a fault of kind %d", err, kind)
	}
}

func fail(w http.ResponseWriter, _ *http.Request, err error) {
	if fault.Is(err, fault.NotFound) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func each(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newDesk(t, d)) })
}

func lines(b []byte) []string { return strings.Split(string(bytes.TrimSuffix(b, []byte("\n"))), "\n") }

// broken is a log on a disk or line that fails.
type broken struct{}

func (broken) Fetch(context.Context, string) ([]byte, error) { return nil, io.ErrUnexpectedEOF }
