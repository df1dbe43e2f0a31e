package deadline

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
)

const columns = `id, subject, kind, clause, owner, unit, length, cause, extends, started_at, strict_day, extended_day, due_at,
	calendar, paused_since, paused_days, stood_days, rounds, reopened, met_at, met_by, dropped_at, missed_at`

// Insert stores new promises, of one subject or of many.
func Insert(ctx context.Context, tx *sql.Tx, all []Deadline) error {
	rows := make([][]any, 0, len(all))
	for _, d := range all {
		rows = append(rows, []any{
			d.ID, d.Subject, d.Kind, d.Clause, string(d.Owner), string(d.Unit), d.Length, d.Trigger, d.Extends,
			db.Micros(d.StartedAt), d.Strict.String(), d.Extended.String(), db.Micros(d.DueAt), d.Version,
			0, 0, 0, 0, 0, 0, "", 0, 0, 0, 1,
		})
	}
	for values, args := range db.Values(rows) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO deadline (`+columns+`, age, version) VALUES `+values, args...); err != nil {
			return fmt.Errorf("starting promises of %s: %w", all[0].Subject, err)
		}
	}
	return nil
}

// lock makes the promises of a subject ours until the transaction ends: an operation and Tick would
// otherwise each save what the other one had changed. One row stands for all, so that two that lock
// cannot do it in a different order.
func lock(ctx context.Context, tx *sql.Tx, subject string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE deadline SET version = version + 1
		WHERE id = (SELECT min(id) FROM deadline WHERE subject = $1)`, subject)
	if err != nil {
		return fmt.Errorf("locking the promises of %s: %w", subject, err)
	}
	return nil
}

func save(ctx context.Context, tx *sql.Tx, d Deadline) error {
	age := 0
	if !d.Open() {
		age = d.Age(time.Time{}) // of a closed promise, whatever the time is
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE deadline
		SET strict_day = $1, extended_day = $2, due_at = $3, calendar = $4, paused_since = $5, paused_days = $6, stood_days = $7,
			rounds = $8, reopened = $9, met_at = $10, met_by = $11, dropped_at = $12, missed_at = $13, age = $14
		WHERE id = $15`,
		d.Strict.String(), d.Extended.String(), db.Micros(d.DueAt), d.Version, db.Micros(d.PausedSince), d.PausedDays, d.Stood,
		d.Rounds, d.Reopened, db.Micros(d.MetAt), d.MetBy, db.Micros(d.DroppedAt), db.Micros(d.MissedAt), age, d.ID)
	if err != nil {
		return fmt.Errorf("saving a promise of %s: %w", d.Subject, err)
	}
	return nil
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
		&strict, &extended, &due, &d.Version, &paused, &d.PausedDays, &d.Stood, &d.Rounds, &d.Reopened, &met, &d.MetBy, &dropped, &missed)
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
