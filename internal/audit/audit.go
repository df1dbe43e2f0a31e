// Package audit keeps the record of who did what: append-only, hash-chained, written in the
// transaction of the change it records. A change that cannot be recorded does not happen, and a
// refused attempt is recorded too.
package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/limit"
)

// A Log is the audit trail.
type Log struct {
	DB  *db.DB
	Now func() time.Time
	// Limits bounds the refusals that one person can put on record. Nil bounds nothing.
	Limits *limit.Limits
}

// A Record is one line of the trail.
type Record struct {
	Seq     int64
	At      time.Time
	Person  string
	Session string
	Action  access.Action
	Subject string // what it was done to, such as a report's id
	Refused bool
	Detail  string // JSON; never a secret, never the body of a report
	Hash    []byte
}

// Allow returns nil when the caller may do such a thing at all. Otherwise the refusal goes on
// record and the error says so: not found to somebody who is not signed in or may not know.
func (l *Log) Allow(ctx context.Context, who access.Caller, a access.Action, subject string) error {
	if access.Allow(who, a) {
		return nil
	}
	if who.Kind == access.Nobody {
		return ErrSignIn
	}
	return l.Refuse(ctx, who, a, subject, fault.New(fault.Denied,
		"Your role does not allow this (%s). Ask an administrator if it should.",
		"この操作（%s）は、あなたの役割では行えません。必要な場合は管理者にご相談ください。", a))
}

// ErrSignIn is returned to a caller who is not signed in. Pages answer it with the sign-in form.
var ErrSignIn = fault.New(fault.Denied, "Sign in first.", "先にサインインしてください。")

// Refuse records a refused attempt and returns why. Who tries without end is told to come back later
// and writes no more: the record shows what they were after, and a loop must not fill the disk.
func (l *Log) Refuse(ctx context.Context, who access.Caller, a access.Action, subject string, why error) error {
	if l.Limits != nil {
		if err := l.Limits.Take(limit.Refused, who.ID); err != nil {
			return err
		}
	}
	err := l.DB.Tx(ctx, func(tx *sql.Tx) error {
		return l.write(ctx, tx, "refused", Deed{Who: who, Action: a, Subject: subject})
	})
	if err != nil {
		return fmt.Errorf("recording a refusal: %w", err)
	}
	return why
}

// Shown in a detail says that the change stands on the page of the participant whom the subject belongs
// to. Their open pages hear of these changes and of no others: when the desk talks among itself is
// nobody's business.
const Shown = "shown"

// Record writes what was done in the transaction that does it. detail becomes JSON.
//
// It is the last but one statement of a transaction (the message to the outbox is the last):
// it holds the head of the chain until the commit, and every other change waits for it. A
// transaction that also appends to the receipt log takes the log's head first.
func (l *Log) Record(ctx context.Context, tx *sql.Tx, who access.Caller, a access.Action, subject string, detail any) error {
	return l.RecordAll(ctx, tx, []Deed{{Who: who, Action: a, Subject: subject, Detail: detail}})
}

// A Deed is what somebody did, to be recorded.
type Deed struct {
	Who     access.Caller
	Action  access.Action
	Subject string
	Detail  any // becomes JSON
}

// RecordAll is Record for several changes that share a transaction.
func (l *Log) RecordAll(ctx context.Context, tx *sql.Tx, all []Deed) error {
	if len(all) == 0 {
		return nil
	}
	return l.write(ctx, tx, "done", all...)
}

// write appends to the chain: it takes the head, which it holds until the commit, and moves it on.
func (l *Log) write(ctx context.Context, tx *sql.Tx, outcome string, all ...Deed) error {
	seq, hash, err := take(ctx, tx, len(all))
	if err != nil {
		return fmt.Errorf("recording %s: %w", all[0].Action, err)
	}
	now := l.Now().UTC()
	rows := make([][]any, 0, len(all))
	for _, d := range all {
		r, err := d.record(seq, now, outcome == "refused")
		if err != nil {
			return err
		}
		r.Hash = r.chain(hash)
		seq, hash = seq+1, r.Hash
		rows = append(rows, []any{
			r.Seq, db.Micros(r.At), r.Person, r.Session, string(r.Action), r.Subject, outcome, r.Detail, r.Hash,
		})
	}
	for values, args := range db.Values(rows) {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO audit (seq, at, person, session, action, subject, outcome, detail, hash)
			VALUES `+values, args...); err != nil {
			return fmt.Errorf("recording %s: %w", all[0].Action, err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE audit_head SET hash = $1 WHERE id = 1`, hash); err != nil {
		return fmt.Errorf("recording %s: %w", all[0].Action, err)
	}
	return nil
}

// take reserves n records at the end of the chain, and returns the number of the first and the hash that
// it follows.
func take(ctx context.Context, tx *sql.Tx, n int) (first int64, prev []byte, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO audit_head (id, seq, hash)
		VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET seq = audit_head.seq + excluded.seq
		RETURNING seq, hash`, n, []byte{}).Scan(&first, &prev)
	return first - int64(n) + 1, prev, err
}

func (d Deed) record(seq int64, now time.Time, refused bool) (Record, error) {
	detail := []byte("{}")
	if d.Detail != nil {
		var err error
		if detail, err = json.Marshal(d.Detail); err != nil {
			return Record{}, fmt.Errorf("recording %s: %w", d.Action, err)
		}
	}
	return Record{
		Seq: seq, At: now, Person: d.Who.ID, Session: d.Who.Session, Action: d.Action,
		Subject: d.Subject, Refused: refused, Detail: string(detail),
	}, nil
}

// chain returns SHA-256 over the previous hash and this record, each field with its length before
// it, so that no two records have the same bytes.
func (r Record) chain(prev []byte) []byte {
	h := sha256.New()
	h.Write(prev)
	var n [8]byte
	number := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	number(r.Seq)
	number(db.Micros(r.At))
	refused := int64(0)
	if r.Refused {
		refused = 1
	}
	number(refused)
	for _, s := range []string{r.Person, r.Session, string(r.Action), r.Subject, r.Detail} {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	return h.Sum(nil)
}

// A Query selects records: of one subject, of one person, or all, newest first.
type Query struct {
	Subject, Person string
	Before          int64 // only records with a smaller Seq; 0 means from the newest
	Limit           int   // 0 means 100
}

// List returns records, newest first.
func (l *Log) List(ctx context.Context, who access.Caller, q Query) ([]Record, error) {
	if err := l.Allow(ctx, who, access.AuditRead, q.Subject); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	rows, err := l.DB.Read().QueryContext(ctx, `
		SELECT seq, at, person, session, action, subject, outcome, detail, hash
		FROM audit
		WHERE ($1 = '' OR subject = $1) AND ($2 = '' OR person = $2) AND ($3 = 0 OR seq < $3)
		ORDER BY seq DESC
		LIMIT $4`, q.Subject, q.Person, q.Before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail: %w", err)
	}
	return scan(rows)
}

// Verify walks the whole chain and names the first record that does not follow from the one before
// it. It returns the number of records.
func (l *Log) Verify(ctx context.Context) (int64, error) {
	var prev []byte
	var seq int64
	for {
		rows, err := l.DB.Read().QueryContext(ctx, `
			SELECT seq, at, person, session, action, subject, outcome, detail, hash
			FROM audit
			WHERE seq > $1
			ORDER BY seq
			LIMIT 1000`, seq)
		if err != nil {
			return seq, fmt.Errorf("reading the audit trail: %w", err)
		}
		page, err := scan(rows)
		if err != nil {
			return seq, err
		}
		for _, r := range page {
			if r.Seq != seq+1 {
				return seq, fmt.Errorf("audit record %d is missing", seq+1)
			}
			if string(r.chain(prev)) != string(r.Hash) {
				return seq, fmt.Errorf("audit record %d was changed, or one before it was", r.Seq)
			}
			seq, prev = r.Seq, r.Hash
		}
		if len(page) == 0 {
			break
		}
	}
	var head int64
	var hash []byte
	err := l.DB.Read().QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&head, &hash)
	if errors.Is(err, sql.ErrNoRows) && seq == 0 {
		return 0, nil
	}
	if err != nil {
		return seq, fmt.Errorf("reading the end of the audit trail: %w", err)
	}
	if head != seq || string(hash) != string(prev) {
		return seq, fmt.Errorf("the audit trail ends at record %d, but %d were written", seq, head)
	}
	return seq, nil
}

func scan(rows *sql.Rows) ([]Record, error) {
	defer rows.Close()
	var all []Record
	for rows.Next() {
		var r Record
		var at int64
		var outcome string
		if err := rows.Scan(&r.Seq, &at, &r.Person, &r.Session, &r.Action, &r.Subject, &outcome, &r.Detail, &r.Hash); err != nil {
			return nil, fmt.Errorf("reading the audit trail: %w", err)
		}
		r.At, r.Refused = db.Time(at), outcome == "refused"
		all = append(all, r)
	}
	return all, rows.Err()
}
