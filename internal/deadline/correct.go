package deadline

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
)

// version names the calendar by what it says: a digest of every bank day it knows. A law that moves
// a holiday changes it, and nobody can forget to.
var version = sync.OnceValue(func() string {
	h := sha256.New()
	last := calendar.Of(calendar.LastYear, time.December, 31)
	for d := calendar.Of(calendar.FirstYear, time.January, 1); !d.After(last); d = d.Add(1) {
		open := byte(0)
		if calendar.BankDay(d) {
			open = 1
		}
		h.Write([]byte{open})
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
})

// corrected returns an open promise counted with the calendar as it is now, where that is better for
// the participant: their own last day comes later, ours earlier. Otherwise it stays.
func (d Deadline) corrected(now time.Time) Deadline {
	fresh := d.recount()
	better := fresh.DueAt.Before(d.DueAt)
	if d.Owner == Reporter {
		better = fresh.DueAt.After(d.DueAt)
	}
	if !better {
		d.Version = fresh.Version
		return d
	}
	if d.Owner == Reporter && now.Before(fresh.DueAt) {
		fresh.MissedAt = time.Time{} // a mistake of ours, not a miss of theirs
	}
	return fresh
}

// A Corrected announces that a correction of the calendar moved a last day.
type Corrected struct {
	ID      string    `json:"id"`
	Subject string    `json:"subject"`
	Kind    string    `json:"kind"`
	Owner   Owner     `json:"owner"`
	Was     time.Time `json:"was"`
	Due     time.Time `json:"due"`
}

// Correct counts the open promises anew that were counted with another calendar, in favour of the
// participant only, and announces each that moved. It returns how many moved. A binary with a new
// calendar runs it at its start.
func Correct(ctx context.Context, d *db.DB, now time.Time) (int, error) {
	if some, err := stale(ctx, d); err != nil || !some {
		return 0, err
	}
	moved := 0
	for {
		old, err := list(ctx, d.Read(), `met_at = 0 AND dropped_at = 0 AND calendar <> $1 ORDER BY subject, id LIMIT 500`, version())
		if err != nil || len(old) == 0 {
			return moved, err
		}
		for _, s := range bySubject(old) {
			err := d.Tx(ctx, func(tx *sql.Tx) error {
				return each(ctx, tx, now, s, func(d Deadline) (Deadline, bool) {
					if !d.Open() || d.Version == version() {
						return d, false
					}
					return d.corrected(now), true
				}, func(before, after Deadline) error {
					if before.DueAt.Equal(after.DueAt) {
						return nil
					}
					moved++
					return bus.Queue(ctx, tx, now, "deadline.corrected", Corrected{
						ID: after.ID, Subject: after.Subject, Kind: after.Kind, Owner: after.Owner, Was: before.DueAt, Due: after.DueAt,
					})
				})
			})
			if err != nil {
				return moved, fmt.Errorf("correcting the promises of %s: %w", s, err)
			}
		}
	}
}

// stale reports whether an open promise was counted with another calendar. It is answered from an index:
// nearly always a desk starts with the calendar that it had.
func stale(ctx context.Context, d *db.DB) (bool, error) {
	var some bool
	err := d.Read().QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM deadline WHERE met_at = 0 AND dropped_at = 0 AND calendar <> $1)`, version()).Scan(&some)
	if err != nil {
		return false, fmt.Errorf("looking for promises of another calendar: %w", err)
	}
	return some, nil
}
