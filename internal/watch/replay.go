package watch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
)

// A replay is an engine of new rules that reads the stream as it is kept, until it is where the live one is.
type replay struct {
	turn     *turn // only what does not change
	rules    *ruleset
	epoch    int64
	engine   *detect.Engine
	position stream.Position
	cancel   context.CancelFunc
	done     chan *replay
	err      error
	pending  []found
	stored   time.Time

	mu sync.Mutex // guards what follows
	at Replay
}

// How a replay stores what it finds.
const (
	replayBatch = 1000
	// maxReplayed is how many alerts of a replay are stored: the rest is counted. A rule that finds so many
	// in the past is wrong, and the author sees it.
	maxReplayed = 100_000
	// closeTo is how many batches behind the live engine a replay hands over: they are read while that one waits.
	closeTo = 64
)

// startReplay begins to read the past for new rules.
func (t *turn) startReplay(fresh map[string]string) error {
	set := only(t.rules.on(), func(x *rule.Rule) bool { return fresh[x.Name] == x.Digest })
	e, err := detect.New(set, optionsFor(t.lateness, t.engine.Seed()))
	if err != nil {
		return fmt.Errorf("making an engine for new rules: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &replay{turn: t, rules: t.rules, epoch: t.epoch, engine: e, cancel: cancel, done: make(chan *replay, 1), stored: time.Now()} // wall clock: a pause
	r.at = Replay{Rules: slices.Sorted(maps.Keys(fresh)), Began: t.Now().UTC(), Of: t.seen}
	t.replay = r
	until := t.position
	go func() {
		r.err = r.run(ctx, until)
		r.done <- r
	}()
	f := t.figure()
	t.live.set(&f)
	return nil
}

// stopReplaying ends a replay, and waits for its end.
func (t *turn) stopReplaying() {
	if t.replay == nil {
		return
	}
	t.replay.cancel()
	<-t.replay.done
	t.replay = nil
}

// ended receives the replay when it is close to the live engine.
func (r *replay) ended() chan *replay {
	if r == nil {
		return nil
	}
	return r.done
}

// progress returns how far it is.
func (r *replay) progress() *Replay {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.at
	return &at
}

// run reads up to where the live engine was when it began, then to where that one is now, and so on until they are
// close.
func (r *replay) run(ctx context.Context, until stream.Position) error {
	for {
		if err := r.read(ctx, until); err != nil {
			return err
		}
		f, _ := r.turn.live.now()
		if f.Position <= until+closeTo {
			return nil
		}
		until = f.Position
		r.mu.Lock()
		r.at.Of = f.Seen
		r.mu.Unlock()
	}
}

// read reads on to a position.
func (r *replay) read(ctx context.Context, until stream.Position) error {
	if until <= r.position {
		return nil
	}
	err := each(ctx, r.engine, r.turn.between(r.position, until), func(c *chunk, alerts []detect.Alert) error {
		r.position = c.position
		r.mu.Lock()
		r.at.Events += uint64(c.count)
		r.mu.Unlock()
		return r.keep(ctx, alerts)
	})
	if err == nil {
		r.position = until // retention may have dropped the last of them
	}
	return err
}

// finish judges what waits, as the live engine does at the same place, and stores what is not stored yet.
func (r *replay) finish(ctx context.Context) error {
	return errors.Join(r.keep(ctx, r.engine.Judge()), r.store(ctx))
}

// keep takes alerts, and stores them now and then.
func (r *replay) keep(ctx context.Context, alerts []detect.Alert) error {
	r.mu.Lock()
	room := maxReplayed - r.at.Alerts
	r.at.Alerts += len(alerts)
	r.mu.Unlock()
	for i := range alerts[:max(0, min(room, len(alerts)))] {
		f := made(&alerts[i])
		f.Position = stream.Position(alerts[i].Position)
		f.Replayed, f.Shadow = true, r.rules.state(alerts[i].Rule.File) == Shadow
		r.pending = append(r.pending, f)
	}
	if len(r.pending) >= replayBatch || len(r.pending) > 0 && time.Since(r.stored) > time.Second { // wall clock: a pause
		return r.store(ctx)
	}
	return nil
}

// store stores what was found. It wakes nobody.
func (r *replay) store(ctx context.Context) error {
	for len(r.pending) > 0 {
		some := r.pending[:min(replayBatch, len(r.pending))]
		r.turn.complete(ctx, some)
		err := r.turn.DB.Tx(ctx, func(tx *sql.Tx) error {
			var held bool
			if err := tx.QueryRowContext(ctx, `SELECT epoch = $1 FROM watch WHERE id = 1`, r.epoch).Scan(&held); err != nil {
				return fmt.Errorf("looking who watches: %w", err)
			}
			if !held {
				return errLost
			}
			_, err := insert(ctx, tx, some)
			return err
		})
		if err != nil {
			return err
		}
		r.pending = r.pending[len(some):]
	}
	r.stored = time.Now() // wall clock: as in keep
	return nil
}
