package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/lang"
)

const columns = `id, to_address, person, template, lang, subject, body, has_key, state, tries, refusals,
	ready, message_id, accepted_at, bounced_at, failure, about, created_at`

type row interface{ Scan(dest ...any) error }

func scan(r row) (Mail, error) {
	var m Mail
	var l, state string
	var ready, accepted, bounced, created int64
	err := r.Scan(&m.ID, &m.To, &m.Person, &m.Template, &l, &m.Subject, &m.Body, &m.Key, &state, &m.Tries, &m.Refusals,
		&ready, &m.MessageID, &accepted, &bounced, &m.Failure, &m.About, &created)
	m.Lang, m.State = lang.Lang(l), State(state)
	m.Ready, m.AcceptedAt, m.BouncedAt, m.CreatedAt = db.Time(ready), db.Time(accepted), db.Time(bounced), db.Time(created)
	return m, err
}

func insert(ctx context.Context, tx *sql.Tx, m Mail) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO mail (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		m.ID, m.To, m.Person, m.Template, string(m.Lang), m.Subject, m.Body, m.Key, string(m.State), m.Tries, m.Refusals,
		db.Micros(m.Ready), m.MessageID, db.Micros(m.AcceptedAt), db.Micros(m.BouncedAt), words(m.Failure), m.About, db.Micros(m.CreatedAt))
	if err != nil {
		return fmt.Errorf("queueing mail %s: %w", m.ID, err)
	}
	return nil
}

// claim takes the mail that waits longest for the length of the lease, and reports whether any
// waited: with the zero Mail, another node was faster. The condition stands twice on purpose:
// PostgreSQL checks the outer one again after it has waited for a node that claimed the same row.
func (ms *Mails) claim(ctx context.Context) (m Mail, waiting bool, err error) {
	now := ms.Now()
	err = ms.DB.Read().QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM mail WHERE state = 'queued' AND ready <= $1)`, db.Micros(now)).Scan(&waiting)
	if err != nil || !waiting {
		return Mail{}, false, err // an idle desk does not write once a second
	}
	err = ms.DB.Tx(ctx, func(tx *sql.Tx) error {
		var err error
		m, err = scan(tx.QueryRowContext(ctx, `
			UPDATE mail
			SET ready = $1, tries = tries + 1
			WHERE state = 'queued' AND ready <= $2 AND id = (
				SELECT id FROM mail WHERE state = 'queued' AND ready <= $2 ORDER BY ready, id LIMIT 1)
			RETURNING `+columns, db.Micros(now.Add(lease)), db.Micros(now)))
		if errors.Is(err, sql.ErrNoRows) {
			m = Mail{}
			return nil
		}
		return err
	})
	if err != nil {
		return Mail{}, false, fmt.Errorf("claiming a mail: %w", err)
	}
	return m, true, nil
}

// move changes the state of a mail, and reports whether it did: a queued mail is accepted or
// bounces, an accepted one may bounce later, a bounced one stays. The text of a mail with a key goes
// with it: a row is read by more people than the mail is for.
func move(ctx context.Context, tx *sql.Tx, m Mail, to State, now time.Time) (bool, error) {
	at := "accepted_at"
	if to == Bounced {
		at = "bounced_at"
	}
	res, err := tx.ExecContext(ctx, `
		UPDATE mail
		SET state = $1, `+at+` = $2, failure = $3, refusals = $4, body = CASE WHEN has_key THEN '' ELSE body END
		WHERE id = $5 AND state <> 'bounced' AND (state = 'queued' OR $1 = 'bounced')`,
		string(to), db.Micros(now), words(m.Failure), m.Refusals, m.ID)
	if err != nil {
		return false, fmt.Errorf("noting mail %s: %w", m.ID, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// words returns what another server said as text that can be stored and shown: one line of valid
// UTF-8 without control characters, at most 1000 bytes of it. PostgreSQL refuses a NUL, and a
// reason that cannot be written down would send its mail again and again.
func words(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	return s
}

// postpone keeps a mail for another try, unless another node has claimed it since.
func postpone(ctx context.Context, tx *sql.Tx, m Mail, until time.Time, why string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE mail
		SET ready = $1, failure = $2, refusals = $3
		WHERE id = $4 AND state = 'queued' AND tries = $5`,
		db.Micros(until), words(why), m.Refusals, m.ID, m.Tries)
	if err != nil {
		return fmt.Errorf("postponing mail %s: %w", m.ID, err)
	}
	return nil
}

func list(ctx context.Context, q db.Querier, want Query) ([]Mail, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT `+columns+`
		FROM mail
		WHERE ($1 = '' OR state = $1) AND ($2 = '' OR person = $2) AND ($3 = '' OR about = $3) AND ($4 = '' OR id < $4)
		ORDER BY id DESC
		LIMIT $5`, string(want.State), want.Person, want.About, want.Before, want.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing mail: %w", err)
	}
	defer rows.Close()
	var all []Mail
	for rows.Next() {
		m, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("listing mail: %w", err)
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

func states(ctx context.Context, q db.Querier, about []string) (map[string]State, error) {
	out := make(map[string]State, len(about))
	if len(about) == 0 {
		return out, nil
	}
	marks, args := make([]string, len(about)), make([]any, len(about))
	for i, a := range about {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), a
	}
	rows, err := q.QueryContext(ctx, `
		SELECT about, state
		FROM mail
		WHERE about IN (`+strings.Join(marks, ", ")+`) AND about <> ''
		ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading how far mail came: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a, state string
		if err := rows.Scan(&a, &state); err != nil {
			return nil, fmt.Errorf("reading how far mail came: %w", err)
		}
		out[a] = State(state) // the newest comes last
	}
	return out, rows.Err()
}
