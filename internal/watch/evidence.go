package watch

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
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

// gather reads the events behind an alert from the stream, or the one that it names, when its rule does not mean any
// more what it did.
func (w *Watch) gather(ctx context.Context, a Alert) (Evidence, error) {
	line, err := w.lineOf(ctx, a)
	if err != nil {
		return Evidence{}, err
	}
	var one Evidence
	if line != "" {
		one = Evidence{Events: []EvidenceEvent{{ID: a.Event, At: a.At, Line: line}}, Found: 1, Whole: a.Count == 1}
	}
	if a.Position == 0 || one.Whole {
		return one, nil
	}
	r, err := readRules(ctx, w.DB.Read())
	if err != nil {
		return Evidence{}, err
	}
	if digests(r.set)[a.Rule] != a.RuleVersion {
		return one, nil
	}
	judge, err := detect.NewEvidence(r.set, detect.Alert{
		Rule: &rule.Rule{Name: a.Rule}, Key: keyValues(a.Body), At: a.At.UnixNano(), From: a.From.UnixNano(), Event: a.Event,
	})
	if err != nil {
		return one, nil //nolint:nilerr // the rule groups by other fields now
	}
	return w.search(ctx, a, judge)
}

// search reads the stream for the events behind an alert, from when the first can have come to when the last was waited
// for. It keeps the newest.
func (w *Watch) search(ctx context.Context, a Alert, judge *detect.Evidence) (e Evidence, err error) {
	limited, cancel := context.WithTimeout(ctx, evidenceTime)
	defer cancel()
	start, err := w.Stream.At(limited, a.From.Add(-clockSkew))
	if err != nil {
		return e, err
	}
	var stop time.Time
	wanted := needle(a.Key)
	err = w.Stream.Read(limited, start, end, func(b stream.Batch) error {
		if b.Position > a.Position && !stop.IsZero() && b.From.After(stop) {
			return errEnough
		}
		if b.Position >= a.Position && stop.IsZero() {
			stop = b.Until.Add(w.lateness() + time.Second)
		}
		for line := range bytes.Lines(b.Lines) {
			if (wanted == nil || bytes.Contains(line, wanted) || bytes.IndexByte(line, '\\') >= 0) && judge.Has(line) {
				e.Found++
				e.Events = append(e.Events, evidenceOf(line))
			}
		}
		if n := len(e.Events) - maxEvidence; n > 0 {
			e.Events = e.Events[n:]
		}
		return nil
	})
	e.Whole = e.Found == a.Count
	slices.SortStableFunc(e.Events, func(x, y EvidenceEvent) int { return x.At.Compare(y.At) })
	if errors.Is(err, errEnough) || limited.Err() != nil && ctx.Err() == nil {
		err = nil
	}
	return e, err
}

// clockSkew is how much earlier than its own time an event may have come in: some clocks are ahead.
const clockSkew = 5 * time.Minute

// needle returns a text that every line about a key contains, unless it has escapes, or nil.
func needle(key []Field) (longest []byte) {
	for _, f := range key {
		if _, err := strconv.ParseFloat(f.Value, 64); err != nil && len(f.Value) > len(longest) && !strings.ContainsAny(f.Value, "\"\\<>&") {
			longest = []byte(f.Value)
		}
	}
	return longest
}

// evidenceOf reads what is shown of a line.
func evidenceOf(line []byte) EvidenceEvent {
	var e event.Event
	x := EvidenceEvent{Line: string(bytes.TrimSpace(line))}
	if err := event.NewDecoder(&event.Fields{}).Decode(line, &e); err == nil {
		x.ID, x.At = string(e.Value(event.ID).Raw), time.Unix(0, e.Time).UTC()
	}
	return x
}

// keyValues returns the values of an alert's key as they are in JSON.
func keyValues(text string) (all []event.Value) {
	var b struct {
		Key json.RawMessage `json:"key"`
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return nil // it was read before
	}
	_ = eachMember(b.Key, func(_ string, value json.RawMessage) error { // as above
		v := event.Value{Kind: event.Nested, Raw: value}
		switch c := value[0]; {
		case c == '"':
			var s string
			_ = json.Unmarshal(value, &s) // the decoder has read it
			v = event.Value{Kind: event.String, Raw: []byte(s)}
		case c == 't' || c == 'f':
			v.Kind = event.Bool
		case c == '-' || c >= '0' && c <= '9':
			v.Kind = event.Number
		}
		all = append(all, v)
		return nil
	})
	return all
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

// findLine returns the line of the event with an id: of two sources' the one at a time in microseconds. A late event was
// judged at another time than its own.
func findLine(lines []byte, id string, at int64) (line string, ok bool) {
	d := event.NewDecoder(&event.Fields{})
	var e event.Event
	d.Lines(lines[:len(lines)+event.Slack])
	for p := 0; p < len(lines); {
		next, err := d.Next(p, &e)
		if err == nil && string(e.Value(event.ID).Raw) == id {
			line, ok = string(bytes.TrimRight(lines[p:min(next, len(lines))], "\r\n")), true
			if time.Unix(0, e.Time).UnixMicro() == at {
				return line, true
			}
		}
		p = next
	}
	return line, ok
}
