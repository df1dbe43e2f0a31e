package receipt

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hinomi.dev/hinomi/internal/db"
)

// maxCover is how many cover entries one transaction appends: after a month without the server
// there are thousands due, and reports must not wait for all of them.
const maxCover = 4096

// target returns how many entries the public log shall have at a time: a function of the clock
// alone, so its size says nothing about reports.
func (h head) target(now time.Time) int64 {
	return h.baseSize + max(0, int64(now.Sub(h.baseAt)/h.slot))
}

// due returns the time by which the public log has size entries: the end of the slot in which it
// should, plus one for the server to be late in.
func (h head) due(size int64, now time.Time) time.Time {
	due := h.baseAt.Add(time.Duration(max(0, size-h.baseSize)) * h.slot)
	if due.Before(now) {
		due = now
	}
	return due.Add(h.slot).Truncate(time.Microsecond)
}

// Pace brings the log to the size that belongs to the time, by cover entries as far as reports have
// not filled it, and moves the public checkpoint there. Call it every few seconds on every node: at
// most one of them finds something to do, once a slot.
//
// When reports have outrun the pace, the public checkpoint still goes no further than the pace; the rest
// becomes public in later slots.
func (l *Log) Pace(ctx context.Context) error {
	for {
		h, found, err := readHead(ctx, l.DB.Read())
		if err != nil {
			return db.Explain(err)
		}
		if found && !l.late(h) {
			return nil
		}
		if err := l.pace(ctx); err != nil {
			return fmt.Errorf("pacing the log: %w", err)
		}
	}
}

// late reports whether there is something to do.
func (l *Log) late(h head) bool {
	return h.slot != l.slot() || h.target(l.Now()) > h.publicSize || !l.signed(h.publicNote)
}

// signed reports whether the key in use signed this note.
func (l *Log) signed(publicNote string) bool {
	known, _, err := ParseVerifiers(l.Key.Verifier())
	return err == nil && openNote(publicNote, known) == nil
}

// pace does one transaction of Pace's work.
func (l *Log) pace(ctx context.Context) error {
	var g *Growth
	err := l.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if g, err = l.begin(ctx, tx); err != nil {
			return err
		}
		if !l.late(g.head) {
			return errNothing // another node was first
		}
		if g.head.slot != l.slot() {
			// The operator chose another pace. It counts from here; what is in the log becomes public.
			g.head.slot, g.head.baseAt, g.head.baseSize = l.slot(), l.Now(), g.head.size
		}
		target := g.head.target(l.Now())
		for n := 0; g.edge.size < target && n < maxCover; n++ {
			var cover Hash
			_, _ = rand.Read(cover[:])
			g.add(cover)
		}
		return l.publish(ctx, tx, g, min(target, g.edge.size))
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if err == nil {
		l.remember(g)
	}
	return err
}

// publish stores the growth and moves the public checkpoint to size, never back.
func (l *Log) publish(ctx context.Context, tx *sql.Tx, g *Growth, size int64) error {
	size = max(size, g.head.publicSize)
	if err := g.save(ctx, tx); err != nil { // first the tiles: the root below is read from them
		return err
	}
	root, err := tlog.TreeHash(size, hashReader(ctx, tx))
	if err != nil {
		return fmt.Errorf("computing the public root: %w", err)
	}
	at, err := l.checkpoint(ctx, tx, g.head, size, root)
	if err != nil {
		return err
	}
	g.head.publicSize, g.head.publicNote = size, at.Note
	if err := writeHead(ctx, tx, g.head); err != nil {
		return fmt.Errorf("publishing the checkpoint: %w", err)
	}
	return nil
}
