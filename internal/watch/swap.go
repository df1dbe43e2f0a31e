package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
)

// look finds out whether the rules were changed, and makes the engine follow.
func (t *turn) look(ctx context.Context) error {
	var generation, stop int64
	if err := t.DB.Read().QueryRowContext(ctx, `SELECT generation, stop_replay FROM watch WHERE id = 1`).Scan(&generation, &stop); err != nil {
		return fmt.Errorf("looking for changes of the rules: %w", err)
	}
	if t.recovery {
		return nil // a later look finds it
	}
	if generation != t.rules.generation {
		r, err := readRules(ctx, t.DB.Read())
		if err != nil {
			return err
		}
		t.rules = r
		t.stopReplaying()
		t.retry = time.Time{}
	}
	if err := t.drop(ctx); err != nil {
		return err
	}
	fresh := t.fresh()
	switch {
	case len(fresh) == 0:
		t.stopReplaying()
		return nil
	case stop == t.rules.generation:
		t.stopReplaying()
		return t.swap(ctx, t.rules.on(), nil)
	case t.replay != nil || time.Now().Before(t.retry): // wall clock: a pause
		return nil
	}
	return t.startReplay(fresh)
}

// fresh returns the rules that are wanted and not in the engine, or mean something else there.
func (t *turn) fresh() map[string]string {
	all := digests(t.rules.on())
	maps.DeleteFunc(all, func(name, digest string) bool { return t.running[name] == digest })
	return all
}

// drop takes rules out of the engine that are not wanted any more, and gives the others the titles and levels that
// they have now.
func (t *turn) drop(ctx context.Context) error {
	set := only(t.rules.on(), func(x *rule.Rule) bool { return t.running[x.Name] == x.Digest })
	if t.lateness == t.Watch.lateness() && sameRules(alerting(set), alerting(t.set)) {
		return nil
	}
	return t.swap(ctx, set, nil)
}

func sameRules(a, b []*rule.Rule) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if x, y := a[i], b[i]; x.Name != y.Name || x.Digest != y.Digest || x.Title != y.Title || x.Level != y.Level || x.File != y.File {
			return false
		}
	}
	return true
}

// swap puts an engine of another set in the place of this one, between two batches. Rules that this one does not have
// come from the joined engine, which was given the same events; without one they begin without a past.
//
//  1. What waits is judged, in both engines, and committed with its mark.
//  2. The new engine is made of what the old one knows, and of what the joined one knows.
//  3. A snapshot is written: from here on the rules are known with their past.
//
// After a crash before the third step the rules are new again.
func (t *turn) swap(ctx context.Context, set *rule.Set, joined *detect.Engine) error {
	t.unfollow()
	t.judge()
	if err := t.settle(); err != nil {
		return err
	}
	old := t.engine
	if err := t.use(set, t.Watch.lateness(), old.Seed()); err != nil {
		return err
	}
	err := through(uint64(t.position), old, func(r io.Reader) error {
		_, _, err := t.engine.Restore(r)
		return err
	})
	if err == nil && joined != nil {
		err = through(uint64(t.position), joined, t.engine.Join)
	}
	if err != nil {
		return fmt.Errorf("changing the rules: %w", err)
	}
	t.snapshots.at = time.Time{} // the newest is of other rules
	if err := t.snapshot(); err != nil {
		return err
	}
	f := t.figure()
	t.live.set(&f)
	t.follow(ctx)
	return nil
}

// through hands what an engine knows to somebody who reads it, without a copy of all of it in memory.
func through(position uint64, e *detect.Engine, read func(io.Reader) error) error {
	r, w := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		err := e.Snapshot(w, position)
		wrote <- errors.Join(err, w.CloseWithError(err))
	}()
	err := read(r)
	_, rest := io.Copy(io.Discard, r) // what a reader that failed has left
	return errors.Join(err, rest, <-wrote)
}

// joinReplay takes in rules that have read the past.
func (t *turn) joinReplay(ctx context.Context, r *replay) error {
	t.replay = nil
	if r.err == nil {
		// What came meanwhile, up to the very position of the engine. The stream waits for this moment.
		r.err = r.read(ctx, t.position)
	}
	if r.err == nil {
		r.err = r.finish(ctx)
	}
	r.cancel()
	if r.err != nil {
		if ctx.Err() != nil || errors.Is(r.err, errLost) {
			return r.err
		}
		t.Log.ErrorContext(ctx, "new rules could not read the past, and try again", slog.Any("error", r.err))
		t.retry = time.Now().Add(10 * time.Second) // wall clock: a pause
		return nil
	}
	return t.swap(ctx, t.rules.on(), r.engine)
}
