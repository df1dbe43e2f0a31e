package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

//go:embed static
var staticFiles embed.FS

// assets are the style, the script and the pictures, exactly as they lie in static. The whole
// tree has one hash, a segment of every asset's path: a browser keeps them for ever, a new
// version has new addresses, and the modules' relative imports go on working.
type assets struct {
	prefix string // "/static/<hash>"
	files  map[string][]byte
}

func loadAssets() assets {
	a := assets{files: map[string][]byte{}}
	sum := sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name + "\x00"))
		sum.Write(b)
		a.files[strings.TrimPrefix(name, "static/")] = b
		return nil
	})
	if err != nil {
		panic("web: reading the embedded assets: " + err.Error())
	}
	a.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil)[:8])
	return a
}

// assetTypes are the content types we serve. With nosniff, one that is missing does not load.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func (s *Server) getStatic(w http.ResponseWriter, r *http.Request) error {
	cache := "public, max-age=31536000, immutable"
	if "/static/"+r.PathValue("hash") != s.assets.prefix {
		cache = "no-cache" // a page of another version, while several are running
	}
	return s.serveAsset(w, r, r.PathValue("file"), cache)
}

func (s *Server) getFavicon(w http.ResponseWriter, r *http.Request) error {
	return s.serveAsset(w, r, "tower.svg", "public, max-age=86400")
}

func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request, name, cache string) error {
	b, ok := s.assets.files[name]
	if !ok {
		return fault.New(fault.NotFound, "There is no such file.", "ファイルが見つかりません。")
	}
	w.Header().Set("Content-Type", assetTypes[path.Ext(name)])
	w.Header().Set("Cache-Control", cache)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	return nil
}
