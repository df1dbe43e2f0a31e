// Package bus carries messages between nouns that must not import each other.
//
// A message is queued in the transaction of the change it announces (the outbox), and a relay
// hands it to its subscribers afterwards. Delivery is at least once; a subscriber whose effect is
// in this database takes effect once, because the message is marked seen in the same transaction.
package bus

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/id"
)

// A Message says that something happened.
type Message struct {
	ID      string
	Subject string // noun.what, such as "report.received"
	Body    json.RawMessage
	At      time.Time
}

// Decode reads the body into v.
func (m Message) Decode(v any) error {
	if err := json.Unmarshal(m.Body, v); err != nil {
		return fmt.Errorf("reading message %s %s: %w", m.Subject, m.ID, err)
	}
	return nil
}

// Queue writes messages of one subject to the outbox, one for each body, in the transaction of what they
// announce.
func Queue(ctx context.Context, tx *sql.Tx, now time.Time, subject string, bodies ...any) error {
	rows := make([][]any, 0, len(bodies))
	for _, body := range bodies {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("queueing %s: %w", subject, err)
		}
		rows = append(rows, []any{id.New(now), subject, string(text), db.Micros(now), db.Micros(now), 0, ""})
	}
	for values, args := range db.Values(rows) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO outbox (id, subject, body, at, ready, tries, failure)
			VALUES `+values, args...)
		if err != nil {
			return fmt.Errorf("queueing %s: %w", subject, err)
		}
	}
	return nil
}

// A Handler is one subscriber's effect. It runs in the transaction that marks the message seen, so
// its effect on this database happens once. It must not reach outside: whatever leaves the house
// (mail) is a row that a sender works off.
type Handler func(ctx context.Context, tx *sql.Tx, m Message) error

// A Relay takes messages from the outbox to their subscribers.
type Relay struct {
	DB   *db.DB
	Now  func() time.Time
	Log  *slog.Logger
	subs []subscription
}

type subscription struct {
	name, pattern string
	handle        Handler
}

// Subscribe adds a subscriber under a name that never changes: it is what "seen" is recorded under.
// The pattern is a subject, or a noun and ".>" for all of its subjects. Call it before Run.
func (r *Relay) Subscribe(name, pattern string, h Handler) {
	r.subs = append(r.subs, subscription{name, pattern, h})
}

func (s subscription) wants(subject string) bool {
	if noun, all := strings.CutSuffix(s.pattern, ">"); all {
		return strings.HasPrefix(subject, noun)
	}
	return s.pattern == subject
}

// idle is how long the relay sleeps when there is nothing to deliver; a person waits for a mail
// longer than this anyway.
const idle = 250 * time.Millisecond

// Run delivers until the context ends.
func (r *Relay) Run(ctx context.Context) error {
	for {
		n, err := r.Deliver(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "relaying messages", slog.Any("error", err))
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(idle):
		}
	}
}

// Deliver hands over the messages that are ready now, at most 100, and returns how many left the outbox.
func (r *Relay) Deliver(ctx context.Context) (int, error) {
	ready, err := r.ready(ctx)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, m := range ready {
		if err := r.deliver(ctx, m.Message); err != nil {
			if err := r.postpone(ctx, m, err); err != nil {
				return done, err
			}
			continue
		}
		done++
	}
	return done, nil
}

type waiting struct {
	Message
	tries int
}

func (r *Relay) ready(ctx context.Context) ([]waiting, error) {
	rows, err := r.DB.Read().QueryContext(ctx, `
		SELECT id, subject, body, at, tries
		FROM outbox
		WHERE ready <= $1
		ORDER BY ready, id
		LIMIT 100`, db.Micros(r.Now()))
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	defer rows.Close()
	var all []waiting
	for rows.Next() {
		var m waiting
		var at int64
		var body string
		if err := rows.Scan(&m.ID, &m.Subject, &body, &at, &m.tries); err != nil {
			return nil, fmt.Errorf("reading the outbox: %w", err)
		}
		m.Body, m.At = json.RawMessage(body), db.Time(at)
		all = append(all, m)
	}
	return all, rows.Err()
}

// deliver runs every subscriber that has not seen the message, each in its own transaction, and
// removes the message after the last. A crash between two leaves it in the outbox: the first is
// then skipped by its seen row.
func (r *Relay) deliver(ctx context.Context, m Message) error {
	for _, s := range r.subs {
		if !s.wants(m.Subject) {
			continue
		}
		err := r.DB.Tx(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, `
				INSERT INTO seen (subscriber, message, at)
				VALUES ($1, $2, $3)
				ON CONFLICT DO NOTHING`, s.name, m.ID, db.Micros(r.Now()))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				return err // another delivery of the same message was first
			}
			return s.handle(ctx, tx, m)
		})
		if err != nil {
			return fmt.Errorf("subscriber %s: %w", s.name, err)
		}
	}
	return r.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE id = $1`, m.ID)
		return err
	})
}

// postpone keeps the message for later: 1 s, 2 s, 4 s … up to an hour. It is never dropped.
func (r *Relay) postpone(ctx context.Context, m waiting, why error) error {
	r.Log.ErrorContext(ctx, "delivering a message", slog.String("subject", m.Subject),
		slog.String("message_id", m.ID), slog.Int("tries", m.tries+1), slog.Any("error", why))
	wait := min(time.Hour, time.Second<<min(m.tries, 12))
	return r.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE outbox SET tries = tries + 1, ready = $1, failure = $2
			WHERE id = $3`, db.Micros(r.Now().Add(wait)), why.Error(), m.ID)
		return err
	})
}

// Forget removes seen rows older than the outbox could ever repeat.
func (r *Relay) Forget(ctx context.Context) error {
	return r.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM seen
			WHERE at < $1 AND message NOT IN (SELECT id FROM outbox)`, db.Micros(r.Now().AddDate(0, 0, -7)))
		return err
	})
}
