package watch

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/fault"
)

// maxEvidence is how many events behind an alert are kept: the newest.
const maxEvidence = 200

// evidenceTime is how long the stream is read for them.
const evidenceTime = 15 * time.Second

// Evidence returns the events behind an alert. The first time they are read from the stream; from then on they are
// kept with the alert.
func (w *Watch) Evidence(ctx context.Context, who access.Caller, id string) (Evidence, error) {
	if err := w.Audit.Allow(ctx, who, access.AlertRead, id); err != nil {
		return Evidence{}, err
	}
	a, err := findAlert(ctx, w.DB.Read(), id)
	if err != nil {
		return Evidence{}, err
	}
	if err := w.keepEvidence(ctx, a); err != nil {
		return Evidence{}, err
	}
	return readEvidence(ctx, w.DB.Read(), id)
}

// keepEvidence stores the events behind an alert, unless they are stored.
func (w *Watch) keepEvidence(ctx context.Context, a Alert) error {
	if _, err := readEvidence(ctx, w.DB.Read(), a.ID); !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	e, err := w.gather(ctx, a)
	if err != nil {
		return err
	}
	return w.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO alert_evidence (alert, found, whole)
			VALUES ($1, $2, $3)
			ON CONFLICT DO NOTHING`, a.ID, e.Found, e.Whole)
		if err != nil {
			return fmt.Errorf("keeping the events behind alert %s: %w", a.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // somebody else looked at the same moment
		}
		n := -1
		return eachBatch(e.Events, func(some []EvidenceEvent) error {
			var args []any
			for _, x := range some {
				n++
				args = append(args, a.ID, n, x.ID, db.Micros(x.At), x.Line)
			}
			_, err := tx.ExecContext(ctx, `
				INSERT INTO alert_event (alert, n, event, at, line)
				VALUES `+values(len(some), 5), args...)
			if err != nil {
				return fmt.Errorf("keeping the events behind alert %s: %w", a.ID, err)
			}
			return nil
		})
	})
}

// readEvidence reads what is kept; sql.ErrNoRows says that nobody has looked yet.
func readEvidence(ctx context.Context, q db.Querier, id string) (Evidence, error) {
	var e Evidence
	if err := q.QueryRowContext(ctx, `SELECT found, whole FROM alert_evidence WHERE alert = $1`, id).Scan(&e.Found, &e.Whole); err != nil {
		return e, fmt.Errorf("reading the events behind alert %s: %w", id, err)
	}
	rows, err := q.QueryContext(ctx, `SELECT event, at, line FROM alert_event WHERE alert = $1 ORDER BY n`, id)
	if err != nil {
		return e, fmt.Errorf("reading the events behind alert %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var x EvidenceEvent
		var at int64
		if err := rows.Scan(&x.ID, &at, &x.Line); err != nil {
			return e, fmt.Errorf("reading the events behind alert %s: %w", id, err)
		}
		x.At = db.Time(at)
		e.Events = append(e.Events, x)
	}
	return e, rows.Err()
}

// gather reads the events behind an alert from the stream.
func (w *Watch) gather(ctx context.Context, a Alert) (Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTime)
	defer cancel()
	line, err := w.lineOf(ctx, a)
	if err != nil || line == "" {
		return Evidence{}, err
	}
	return Evidence{Events: []EvidenceEvent{{ID: a.Event, At: a.At, Line: line}}, Found: 1}, nil
}

// lineOf reads the event that an alert names; empty when retention has dropped it.
func (w *Watch) lineOf(ctx context.Context, a Alert) (string, error) {
	if a.Line != "" || a.Position == 0 {
		return a.Line, nil
	}
	b, err := w.Stream.Batch(ctx, a.Position)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	line, _ := findLine(b.Lines, a.Event, a.At.UnixMicro())
	return line, nil
}

// findLine returns the line of the event with an id, at a time in microseconds.
func findLine(lines []byte, id string, at int64) (string, bool) {
	d := event.NewDecoder(&event.Fields{})
	var e event.Event
	d.Lines(lines[:len(lines)+event.Slack])
	for p := 0; p < len(lines); {
		next, err := d.Next(p, &e)
		if err == nil && string(e.Value(event.ID).Raw) == id && time.Unix(0, e.Time).UnixMicro() == at {
			return string(bytes.TrimRight(lines[p:min(next, len(lines))], "\r\n")), true
		}
		p = next
	}
	return "", false
}
