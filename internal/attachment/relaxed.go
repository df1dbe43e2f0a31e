package attachment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// syncers is how many files Relaxed syncs at once: a file system writes its journal once for all of them.
const syncers = 16

// Relaxed runs fn while Put does not wait for the disk, and makes everything durable before it returns
// without an error. It is for filling an empty store that can be filled again, one at a time.
func (s *Store) Relaxed(ctx context.Context, fn func(ctx context.Context) error) error {
	s.relaxed.Store(true)
	err := fn(ctx)
	s.relaxed.Store(false)
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(syncers)
	err = filepath.WalkDir(s.Dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		g.Go(func() error { return syncPath(path) })
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // nothing was stored
	}
	if err := errors.Join(err, g.Wait()); err != nil {
		return explain(fmt.Errorf("writing the attachments to disk: %w", err))
	}
	return nil
}
