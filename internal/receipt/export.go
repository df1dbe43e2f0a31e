package receipt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"hinomi.dev/hinomi/internal/db"
)

// ExportDir writes the public log as files, in the layout in which it is served, so that any web
// server can serve a copy and `hinomi verify --log DIR` can read it. An older export in the same
// directory is brought up to date.
//
// The checkpoint is written last: whoever reads while this runs, or after it was cut off, finds a
// checkpoint all of whose tiles are there.
func (l *Log) ExportDir(ctx context.Context, dir string) error {
	h, found, err := readHead(ctx, l.DB.Read())
	if err != nil {
		return db.Explain(err)
	}
	if !found || h.publicNote == "" {
		return errors.New("the log has no public checkpoint yet: let it run for a moment")
	}
	// From an empty tree to the public one, NewTiles names every tile of it.
	for _, t := range tlog.NewTiles(tileHeight, 0, h.publicSize) {
		if err := l.exportTile(ctx, dir, h.publicSize, t); err != nil {
			return err
		}
		if t.L == 0 {
			t.L = entryLevel
			if err := l.exportTile(ctx, dir, h.publicSize, t); err != nil {
				return err
			}
		}
	}
	key, err := l.Resource(ctx, "key")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "key"), key.Body); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "checkpoint"), []byte(h.publicNote))
}

func (l *Log) exportTile(ctx context.Context, dir string, size int64, t tlog.Tile) error {
	path := filepath.Join(dir, filepath.FromSlash(TilePath(t)))
	data, err := l.tile(ctx, size, TilePath(t))
	if err != nil {
		return err
	}
	return writeFile(path, data)
}

// writeFile writes a file whole or not at all.
func writeFile(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("exporting the log: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("exporting the log: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("exporting the log: %w", err), os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
