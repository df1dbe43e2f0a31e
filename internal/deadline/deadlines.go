package deadline

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/id"
)

// The operations run inside the transaction of the report they belong to: who may do what was asked
// there, and the record is written there.

// Start lets a promise run. The same promise is not given twice while it is open.
func Start(ctx context.Context, tx *sql.Tx, now time.Time, subject string, p Promise) error {
	return StartAll(ctx, tx, now, subject, []Promise{p})
}

// StartAll lets several promises run, in one statement.
func StartAll(ctx context.Context, tx *sql.Tx, now time.Time, subject string, all []Promise) error {
	var c values
	for _, p := range all {
		d := Begin(now, subject, p)
		d.ID = id.New(now)
		c.add(d.ID, subject, d.Kind, d.Clause, string(d.Owner), string(d.Unit), d.Length, d.Trigger, d.Extends,
			db.Micros(now), d.Strict.String(), d.Extended.String(), db.Micros(d.DueAt))
	}
	if len(all) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO deadline (id, subject, kind, clause, owner, unit, length, cause, extends, started_at, strict_day,
			extended_day, due_at, paused_since, paused_days, rounds, met_at, met_by, used_late, dropped_at, missed_at)
		VALUES `+c.text(", 0, 0, 0, 0, '', FALSE, 0, 0"), c.args...)
	if err != nil {
		return fmt.Errorf("starting a promise of %s: %w", subject, err)
	}
	return nil
}

// values collects the rows of a multi-row insert.
type values struct {
	rows [][]string
	args []any
}

func (v *values) add(row ...any) {
	var marks []string
	for _, a := range row {
		v.args = append(v.args, a)
		marks = append(marks, fmt.Sprintf("$%d", len(v.args)))
	}
	v.rows = append(v.rows, marks)
}

func (v *values) text(rest string) string {
	s := ""
	for i, marks := range v.rows {
		if i > 0 {
			s += ", "
		}
		s += "("
		for j, m := range marks {
			if j > 0 {
				s += ", "
			}
			s += m
		}
		s += rest + ")"
	}
	return s
}

// Pause stops the desk's clocks of a subject: we wait for the reporter.
func Pause(ctx context.Context, tx *sql.Tx, now time.Time, subject string) error {
	return each(ctx, tx, subject, func(d Deadline) (Deadline, bool) {
		return d.pause(now), d.Owner == Desk && d.Running()
	})
}

// Resume lets the desk's clocks go on: the reporter has answered.
func Resume(ctx context.Context, tx *sql.Tx, now time.Time, subject string) error {
	return each(ctx, tx, subject, func(d Deadline) (Deadline, bool) {
		return d.resume(now), d.Open() && !d.PausedSince.IsZero()
	})
}

// Meet keeps the open promises of a kind. There may be none.
func Meet(ctx context.Context, tx *sql.Tx, now time.Time, subject, by string, kinds ...string) error {
	return each(ctx, tx, subject, func(d Deadline) (Deadline, bool) {
		if !d.Open() || !has(kinds, d.Kind) {
			return d, false
		}
		if !d.PausedSince.IsZero() {
			d = d.resume(now)
		}
		d.MetAt, d.MetBy = now, by
		return d, true
	})
}

// Reopen makes the kept promises of these kinds owed again, with the time already used.
func Reopen(ctx context.Context, tx *sql.Tx, now time.Time, subject string, kinds ...string) error {
	return each(ctx, tx, subject, func(d Deadline) (Deadline, bool) {
		return d.reopen(now), !d.MetAt.IsZero() && has(kinds, d.Kind)
	})
}

// Drop ends every open promise but those of the program: the reporter took the report back.
func Drop(ctx context.Context, tx *sql.Tx, now time.Time, subject string) error {
	return each(ctx, tx, subject, func(d Deadline) (Deadline, bool) {
		d.DroppedAt = now
		return d, d.MetAt.IsZero() && d.Owner != Program
	})
}

func has(kinds []string, kind string) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// each applies a change to every promise of a subject that it wants to change.
func each(ctx context.Context, tx *sql.Tx, subject string, change func(Deadline) (Deadline, bool)) error {
	all, err := Of(ctx, tx, subject)
	if err != nil {
		return err
	}
	for _, d := range all {
		after, changed := change(d)
		if !changed {
			continue
		}
		if err := save(ctx, tx, after); err != nil {
			return err
		}
	}
	return nil
}

func save(ctx context.Context, tx *sql.Tx, d Deadline) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE deadline
		SET strict_day = $1, extended_day = $2, due_at = $3, paused_since = $4, paused_days = $5, rounds = $6, met_at = $7,
			met_by = $8, used_late = $9, dropped_at = $10, missed_at = $11
		WHERE id = $12`,
		d.Strict.String(), d.Extended.String(), db.Micros(d.DueAt), db.Micros(d.PausedSince), d.PausedDays, d.Rounds,
		db.Micros(d.MetAt), d.MetBy, d.UsedLate, db.Micros(d.DroppedAt), db.Micros(d.MissedAt), d.ID)
	if err != nil {
		return fmt.Errorf("saving a promise of %s: %w", d.Subject, err)
	}
	return nil
}

const columns = `id, subject, kind, clause, owner, unit, length, cause, extends, started_at, strict_day, extended_day, due_at,
	paused_since, paused_days, rounds, met_at, met_by, used_late, dropped_at, missed_at`

// Of returns the promises of a subject in the order they were given.
func Of(ctx context.Context, q db.Querier, subject string) ([]Deadline, error) {
	return list(ctx, q, `subject = $1 ORDER BY id`, subject)
}

func list(ctx context.Context, q db.Querier, where string, args ...any) ([]Deadline, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM deadline WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading promises: %w", err)
	}
	defer rows.Close()
	var all []Deadline
	for rows.Next() {
		d, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("reading promises: %w", err)
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

func scan(rows *sql.Rows) (Deadline, error) {
	var d Deadline
	var strict, extended string
	var started, due, paused, met, dropped, missed int64
	err := rows.Scan(&d.ID, &d.Subject, &d.Kind, &d.Clause, &d.Owner, &d.Unit, &d.Length, &d.Trigger, &d.Extends, &started,
		&strict, &extended, &due, &paused, &d.PausedDays, &d.Rounds, &met, &d.MetBy, &d.UsedLate, &dropped, &missed)
	if err != nil {
		return d, err
	}
	d.StartedAt, d.DueAt, d.PausedSince = db.Time(started), db.Time(due), db.Time(paused)
	d.MetAt, d.DroppedAt, d.MissedAt = db.Time(met), db.Time(dropped), db.Time(missed)
	if d.Strict, err = calendar.Parse(strict); err != nil {
		return d, err
	}
	d.Extended, err = calendar.Parse(extended)
	return d, err
}

// A Missed announces a broken promise.
type Missed struct {
	Subject string `json:"subject"`
	Kind    string `json:"kind"`
	Owner   Owner  `json:"owner"`
}

// Tick puts the promises that are broken since the last call on record, at most 500, and announces
// each once. It returns how many.
func Tick(ctx context.Context, d *db.DB, now time.Time) (int, error) {
	overdue, err := list(ctx, d.Read(), `
		met_at = 0 AND dropped_at = 0 AND paused_since = 0 AND missed_at = 0 AND due_at <= $1
		ORDER BY due_at LIMIT 500`, db.Micros(now))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, m := range overdue {
		err := d.Tx(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, `
				UPDATE deadline SET missed_at = $1
				WHERE id = $2 AND missed_at = 0 AND met_at = 0 AND dropped_at = 0 AND paused_since = 0`, db.Micros(now), m.ID)
			if err != nil {
				return fmt.Errorf("recording a broken promise of %s: %w", m.Subject, err)
			}
			if k, err := res.RowsAffected(); err != nil || k == 0 {
				return err // kept meanwhile, or another node was first
			}
			n++
			return bus.Queue(ctx, tx, now, "deadline.missed", Missed{Subject: m.Subject, Kind: m.Kind, Owner: m.Owner})
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
