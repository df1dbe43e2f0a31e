package receipt_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/receipt"
)

// serve mounts the log as the pages do.
func (d *desk) serve() *httptest.Server {
	mux := http.NewServeMux()
	mux.Handle("/log/", http.StripPrefix("/log/", d.Handler(fail)))
	s := httptest.NewServer(mux)
	d.t.Cleanup(s.Close)
	return s
}

func TestNothingPastThePublicSizeIsServed(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.pace()
	handler := d.Handler(fail)
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	for range 260 {
		d.clock.add(receipt.DefaultSlot)
	}
	d.pace()
	d.fill(300) // 560 entries, 260 of them public
	for path, code := range map[string]int{
		"/checkpoint": 200, "/key": 200,
		"/tile/0/000": 200, "/tile/entries/000": 200, "/tile/1/000.p/1": 200,
		"/tile/0/001.p/4": 200, "/tile/entries/001.p/4": 200, "/tile/0/001.p/3": 200,
		"/tile/0/001.p/5": 404, "/tile/entries/001.p/5": 404, "/tile/0/001": 404, "/tile/entries/001": 404,
		"/tile/1/000.p/2": 404, "/tile/1/000": 404, "/tile/2/000.p/1": 404, "/tile/0/002.p/1": 404,
		"/tile/8/0/000": 404, "/tile/data/000": 404, "/": 404, "/tile": 404, "/tile/0/000/": 404, "/checkpoint/": 404,
	} {
		w := get("GET", path)
		if w.Code != code {
			t.Errorf("%s answers %d, want %d", path, w.Code, code)
		}
		if code == 404 && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached as missing: it will exist", path)
		}
	}
	for path, want := range map[string][3]string{
		"/checkpoint":           {"text/plain; charset=utf-8", "public, max-age=5", ""},
		"/key":                  {"text/plain; charset=utf-8", "public, max-age=5", ""},
		"/tile/0/000":           {"application/octet-stream", "public, max-age=31536000, immutable", "8192"},
		"/tile/entries/001.p/4": {"application/octet-stream", "public, max-age=31536000, immutable", "136"},
	} {
		h := get("GET", path).Header()
		if h.Get("Content-Type") != want[0] || h.Get("Cache-Control") != want[1] || want[2] != "" && h.Get("Content-Length") != want[2] {
			t.Errorf("%s: %v", path, h)
		}
	}
	if w := get("POST", "/checkpoint"); w.Code != 405 {
		t.Errorf("POST answers %d", w.Code)
	}
	if w := get("HEAD", "/checkpoint"); w.Code != 200 {
		t.Errorf("HEAD answers %d", w.Code)
	}
}

func TestAnEmptyLogIsPublic(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		if _, err := d.Resource(ctx, "checkpoint"); err == nil {
			t.Error("a checkpoint before the log began")
		}
		d.pace()
		if n := publicSize(d); n != 0 {
			t.Errorf("size %d", n)
		}
		v := d.verify(receipt.Options{Log: memory(files(t, d.export()))})
		if v.Result() != receipt.OK || v.Public == "" {
			t.Errorf("%+v", v.Checks)
		}
	})
}

// client is an independent reader of the log: x/mod's own, over our HTTP, with nothing of ours but
// the path spelling of C2SP.
type client struct {
	t   *testing.T
	url string
}

func (c client) Height() int { return 8 }

func (c client) SaveTiles([]tlog.Tile, [][]byte) {}

func (c client) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := fmt.Sprintf("/tile/%d/%03d", tile.L, tile.N)
		if tile.W < 256 {
			path += fmt.Sprintf(".p/%d", tile.W)
		}
		all = append(all, c.get(path))
	}
	return all, nil
}

func (c client) get(path string) []byte {
	data, err := mustWeb(c.t, c.url).Fetch(ctx, path[1:])
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}

func mustWeb(t *testing.T, url string) receipt.Source {
	t.Helper()
	src, err := receipt.Web(url)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestAnIndependentClientReadsTheLog(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.pace()
		s := d.serve()
		c := client{t, s.URL + "/log"}
		tree := func() tlog.Tree {
			v, err := note.NewVerifier(string(c.get("/key"))[:len(c.get("/key"))-1])
			if err != nil {
				t.Fatal(err)
			}
			n, err := note.Open(c.get("/checkpoint"), note.VerifierList(v))
			if err != nil {
				t.Fatal(err)
			}
			var tree tlog.Tree
			var origin, root string
			if _, err := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &origin, &tree.N, &root); err != nil || origin != "desk.example/log" {
				t.Fatalf("%q: %v", n.Text, err)
			}
			if tree.Hash, err = tlog.ParseHash(root); err != nil {
				t.Fatal(err)
			}
			return tree
		}
		mine := d.submit("mine")
		for range 300 {
			d.clock.add(receipt.DefaultSlot)
		}
		d.pace()
		older := tree()
		d.fill(40)
		for range 400 {
			d.clock.add(receipt.DefaultSlot)
		}
		d.pace()
		newer := tree()
		if older.N != 300 || newer.N != 700 {
			t.Fatalf("sizes %d and %d", older.N, newer.N)
		}
		hashes := tlog.TileHashReader(newer, c)
		consistent, err := tlog.ProveTree(newer.N, older.N, hashes)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(consistent, newer.N, newer.Hash, older.N, older.Hash); err != nil {
			t.Error(err)
		}
		commitment, err := mine.Statement.Commitment()
		if err != nil {
			t.Fatal(err)
		}
		included, err := tlog.ProveRecord(newer.N, mine.Index, hashes)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(included, newer.N, newer.Hash, mine.Index, tlog.RecordHash(commitment[:])); err != nil {
			t.Error(err)
		}
	})
}
