package receipt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Source hands out the files of a public log by their path under its prefix. A file that is not
// there is fs.ErrNotExist. What it returns is not trusted.
type Source interface {
	Fetch(ctx context.Context, path string) ([]byte, error)
}

// maxFile bounds what is read of one file. The largest there is, a full bundle, has 8,704 bytes; a
// checkpoint may carry the signatures of many witnesses.
const maxFile = 64 << 10

// Dir returns a log in a directory, such as ExportDir writes.
func Dir(fsys fs.FS) Source { return dir{fsys} }

type dir struct{ fsys fs.FS }

func (d dir) Fetch(ctx context.Context, path string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := d.fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, path)
}

// Web returns a log behind an http or https prefix, such as https://desk.example/log.
func Web(prefix string) (Source, error) {
	u, err := url.Parse(prefix)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, malformed("%q is not the address of a log, such as https://desk.example/log.",
			"%q はログのアドレス（例：https://desk.example/log）ではありません。", prefix)
	}
	client := &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: fetchers, ForceAttemptHTTP2: true},
	}
	return web{strings.TrimSuffix(u.String(), "/") + "/", client}, nil
}

type web struct {
	prefix string
	client *http.Client
}

func (w web) Fetch(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.prefix+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		return readBounded(res.Body, path)
	case http.StatusNotFound, http.StatusGone:
		return nil, fmt.Errorf("%s%s: %w", w.prefix, path, fs.ErrNotExist)
	}
	return nil, fmt.Errorf("%s%s answers %s", w.prefix, path, res.Status)
}

func readBounded(r io.Reader, path string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, malformed("%s is larger than any file of a log (%d bytes).", "%s がログのファイルの上限（%dバイト）を超えています。", path, maxFile)
	}
	return data, nil
}

// Self returns the whole log as it is stored, entries that are not public yet included, for the
// desk's own check of its database. Never serve it.
func (l *Log) Self(ctx context.Context) (Source, error) {
	h, found, err := readHead(ctx, l.DB.Read())
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("the log has not begun")
	}
	c, err := Checkpoint{Origin: h.origin, Size: h.size, Root: h.root}.sign(l.Key)
	return self{l, c}, err
}

type self struct {
	log *Log
	at  Checkpoint
}

func (s self) Fetch(ctx context.Context, path string) ([]byte, error) {
	if path == "checkpoint" {
		return []byte(s.at.Note), nil
	}
	data, err := s.log.tile(ctx, s.at.Size, path)
	if errors.Is(err, errNoResource) {
		return nil, fs.ErrNotExist
	}
	return data, err
}
