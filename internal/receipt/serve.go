package receipt

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// A Resource is one file of the public log.
type Resource struct {
	Type  string // Content-Type
	Cache string // Cache-Control
	Body  []byte
}

const (
	textType = "text/plain; charset=utf-8"
	dataType = "application/octet-stream"
	forever  = "public, max-age=31536000, immutable" // a tile of some width never changes
	briefly  = "public, max-age=5"
)

// errNoResource is also the answer for a tile that exists but is not public yet, or is not public at
// this width: nothing outside may tell the two from each other.
var errNoResource = fault.New(fault.NotFound, "The public log has no such file.", "公開ログにそのようなファイルはありません。")

// Resource returns the file of the public log at a path under its prefix: "checkpoint", "key",
// "tile/…" (C2SP tlog-tiles). It never reads past the public size.
func (l *Log) Resource(ctx context.Context, path string) (Resource, error) {
	if path == "key" {
		return Resource{textType, briefly, []byte(strings.Join(l.Key.Verifiers, "\n") + "\n")}, nil
	}
	h, found, err := readHead(ctx, l.DB.Read())
	if err != nil {
		return Resource{}, db.Explain(err)
	}
	if !found || h.publicNote == "" {
		return Resource{}, errNoResource
	}
	if path == "checkpoint" {
		return Resource{textType, briefly, []byte(h.publicNote)}, nil
	}
	body, err := l.tile(ctx, h.publicSize, path)
	return Resource{dataType, forever, body}, err
}

// tile returns a tile or bundle as a tree of the given size has it, or cut to a smaller width.
func (l *Log) tile(ctx context.Context, size int64, path string) ([]byte, error) {
	t, err := ParseTilePath(path)
	if err != nil || t.W > widthAt(size, t.L, t.N) {
		return nil, errNoResource
	}
	data, err := readSlab(ctx, l.DB.Read(), size, t.L, t.N)
	if err != nil {
		return nil, db.Explain(fmt.Errorf("serving %s: %w", path, err))
	}
	return cut(t.L, data, t.W), nil
}

// Handler serves the public log. Mount it under its prefix:
//
//	mux.Handle("GET /log/", http.StripPrefix("/log/", log.Handler(fail)))
//
// fail answers what went wrong, in the way of the pages around it.
func (l *Log) Handler(fail func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		res, err := l.Resource(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			w.Header().Set("Cache-Control", "no-store") // it may be there a quarter of an hour later
			fail(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", res.Type)
		h.Set("Cache-Control", res.Cache)
		h.Set("Content-Length", strconv.Itoa(len(res.Body)))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Access-Control-Allow-Origin", "*") // public data, read by verifiers in a browser too
		_, _ = w.Write(res.Body)                  // to a HEAD the server sends no body
	})
}
