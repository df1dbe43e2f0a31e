package watch

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/stream"
)

// A commit is what is written in one transaction: alerts, and up to where there are no others.
type commit struct {
	position stream.Position
	alerts   []found
	marks    []stream.Position
	forget   stream.Position // marks before it are not needed any more
	figures  Figures
	due      bool // also without an alert
}

// commitSoon sends off what waits, when it is time; otherwise it sets the timer for it.
func (t *turn) commitSoon(soon *time.Timer) {
	if t.flying || len(t.pending.alerts) == 0 && !t.pending.due || t.recovery {
		return
	}
	if wait := commitPause - time.Since(t.at); wait > 0 && len(t.pending.alerts) < maxPending { // wall clock: a pause
		soon.Reset(wait)
		return
	}
	t.send()
}

// send sends off what waits. Nothing is on its way.
func (t *turn) send() {
	c := t.pending
	c.position, c.figures = t.position, t.figure()
	t.pending = commit{position: t.position}
	t.flying, t.at = true, time.Now() // wall clock: for pauses
	t.commits <- c
}

// settle commits everything, and waits for it.
func (t *turn) settle() error {
	for {
		if t.flying {
			t.flying = false
			if err := <-t.answers; err != nil {
				return err
			}
		}
		if len(t.pending.alerts) == 0 && len(t.pending.marks) == 0 && t.pending.position == t.position {
			return nil
		}
		t.send()
	}
}

// write commits what is sent, one after the other, and answers each. A database that does not answer is
// waited for: the stream keeps what comes.
func (t *turn) write(ctx context.Context) {
	for c := range t.commits {
		t.complete(ctx, c.alerts)
		wait := 50 * time.Millisecond
		for {
			err := t.commit(ctx, c)
			if err == nil || errors.Is(err, errLost) || ctx.Err() != nil {
				t.answers <- err
				break
			}
			t.Log.ErrorContext(ctx, "alerts could not be stored", slog.Int("alerts", len(c.alerts)), slog.Any("error", err))
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
			wait = min(2*wait, 5*time.Second)
		}
	}
}

// completeTime is how long alerts wait for their events to be read.
const completeTime = 2 * time.Second

// complete fills in the alerts' events, from the stream: an engine keeps no more than it needs to judge. An event that
// cannot be read now is read when somebody looks at it.
func (t *turn) complete(ctx context.Context, alerts []found) {
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	var b stream.Batch
	var failed bool
	for i := range alerts {
		a := &alerts[i]
		a.ID, a.RaisedAt = id.New(t.Now()), t.Now().UTC()
		if a.Position == 0 || failed && a.Position == b.Position {
			continue
		}
		if a.Position != b.Position {
			var err error
			if b, err = t.Stream.Batch(ctx, a.Position); err != nil {
				b, failed = stream.Batch{Position: a.Position}, true
				continue
			}
			failed = false
		}
		if line, ok := findLine(b.Lines, a.Event, a.At.UnixMicro()); ok {
			a.Line, a.Region = line, regionOf([]byte(line))
		}
	}
}

// commit writes one transaction. It is in this order, and all of it or nothing is there after a crash:
//
//  1. the position, if this node still has the lease,
//  2. the marks up to it,
//  3. the alerts, those of them that are not stored yet,
//  4. a message for each rule that raised some.
func (t *turn) commit(ctx context.Context, c commit) error {
	figures, err := json.Marshal(c.figures)
	if err != nil {
		return fmt.Errorf("writing how the engine is: %w", err)
	}
	return t.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			UPDATE watch SET position = $1, held_until = $2, figures = $3
			WHERE id = 1 AND epoch = $4`,
			int64(c.position), db.Micros(time.Now().Add(leaseTime)), string(figures), t.epoch) // wall clock: a lease
		if err != nil {
			return fmt.Errorf("writing the position of the watch: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(errLost, err)
		}
		if err := writeMarks(ctx, tx, c); err != nil {
			return err
		}
		fresh, err := insert(ctx, tx, c.alerts)
		if err != nil {
			return err
		}
		return announce(ctx, tx, t.Now(), fresh)
	})
}

func writeMarks(ctx context.Context, tx *sql.Tx, c commit) error {
	marks := slices.Compact(slices.Clone(c.marks))
	err := eachBatch(marks, func(some []stream.Position) error {
		var args []any
		for _, p := range some {
			args = append(args, int64(p))
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO watch_mark (position)
			VALUES `+values(len(some), 1)+`
			ON CONFLICT DO NOTHING`, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing marks: %w", err)
	}
	if c.forget == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM watch_mark WHERE position < $1`, int64(c.forget)); err != nil {
		return fmt.Errorf("forgetting marks: %w", err)
	}
	return nil
}

// announce tells the others of alerts that are to wake somebody, in one message for each rule.
func announce(ctx context.Context, tx *sql.Tx, now time.Time, fresh []found) error {
	var all []*Announcement
	for i := range fresh {
		a := &fresh[i].Alert
		if a.Shadow || a.Replayed {
			continue
		}
		j := slices.IndexFunc(all, func(x *Announcement) bool { return x.Rule == a.Rule })
		if j < 0 {
			j = len(all)
			all = append(all, &Announcement{Rule: a.Rule, Title: a.Title, Level: a.Level})
		}
		if all[j].Count++; len(all[j].Alerts) < maxAnnounced {
			all[j].Alerts = append(all[j].Alerts, a.ID)
		}
	}
	for _, x := range all {
		if err := bus.Queue(ctx, tx, now, "alert.raised", x); err != nil {
			return err
		}
	}
	return nil
}
