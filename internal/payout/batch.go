package payout

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
)

// A run may have ten thousand awards, so what it reads and writes goes in many rows at a time: one
// statement each would cost a round trip each.

// maxAwards is how many awards one statement names; SQLite takes 32,766 parameters and PostgreSQL 65,535.
const maxAwards = 2000

// insertRows writes rows in as few statements as fit. into ends before VALUES.
func insertRows(ctx context.Context, tx *sql.Tx, into string, rows [][]any) error {
	for values, args := range db.Values(rows) {
		if _, err := tx.ExecContext(ctx, into+" VALUES "+values, args...); err != nil {
			return err
		}
	}
	return nil
}

// placeholders writes ($4, $5): n of them, behind the first ones.
func placeholders(from, n int) string {
	text := make([]string, n)
	for i := range text {
		text[i] = "$" + strconv.Itoa(from+i+1)
	}
	return "(" + strings.Join(text, ", ") + ")"
}

// keys returns the ciphers of everybody that a query names, by their ids. who is a SELECT of ids.
func (ps *Payouts) keys(ctx context.Context, q db.Querier, who string, args ...any) (map[string]cipher.AEAD, error) {
	m, err := ps.master()
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT person, wrapped FROM person_key WHERE person IN (`+who+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	defer rows.Close()
	all := map[string]cipher.AEAD{}
	for rows.Next() {
		var person string
		var wrapped []byte
		if err := rows.Scan(&person, &wrapped); err != nil {
			return nil, fmt.Errorf("reading keys: %w", err)
		}
		key, err := m.Open(nil, nil, wrapped, []byte(person))
		if err != nil {
			return nil, fmt.Errorf("unwrapping the key of %s: %w", person, err)
		}
		if all[person], err = aead(key); err != nil {
			return nil, err
		}
	}
	return all, rows.Err()
}

// payeesIn returns the payees of the payments that are in a run.
func payeesIn(ctx context.Context, q db.Querier, run string) (map[string]Payee, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT `+payeeColumns+` FROM payee
		WHERE person IN (SELECT person FROM payment WHERE run = $1)`, run)
	if err != nil {
		return nil, fmt.Errorf("reading the payees of run %s: %w", run, err)
	}
	defer rows.Close()
	all := map[string]Payee{}
	for rows.Next() {
		p, err := scanPayee(rows)
		if err != nil {
			return nil, fmt.Errorf("reading the payees of run %s: %w", run, err)
		}
		all[p.Person] = p
	}
	return all, rows.Err()
}

// taxesIn returns the categories of everybody in a run that hold on a day.
func taxesIn(ctx context.Context, q db.Querier, run string, on calendar.Date) (map[string]Tax, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT `+taxColumns+` FROM tax_category
		WHERE from_day <= $1 AND person IN (SELECT person FROM payment WHERE run = $2)
		ORDER BY person, from_day DESC, id DESC`, on.String(), run)
	if err != nil {
		return nil, fmt.Errorf("reading the tax categories of run %s: %w", run, err)
	}
	defer rows.Close()
	all := map[string]Tax{}
	for rows.Next() {
		t, err := scanTax(rows)
		if err != nil {
			return nil, fmt.Errorf("reading the tax categories of run %s: %w", run, err)
		}
		if _, newer := all[t.Person]; !newer {
			all[t.Person] = t
		}
	}
	return all, rows.Err()
}

// enter moves payments into a run, and reports whether all of them could be.
func enter(ctx context.Context, tx *sql.Tx, now time.Time, r Run, awards []string) (bool, error) {
	moved := 0
	for rest := awards; len(rest) > 0; {
		n := min(len(rest), maxAwards)
		args := []any{r.ID, db.Micros(now), r.Currency}
		for _, a := range rest[:n] {
			args = append(args, a)
		}
		res, err := tx.ExecContext(ctx, `
			UPDATE payment SET state = 'in_run', run = $1, updated_at = $2, version = version + 1
			WHERE state = 'rate_set' AND currency = $3 AND award IN `+placeholders(3, n), args...)
		if err != nil {
			return false, fmt.Errorf("putting payments into run %s: %w", r.ID, err)
		}
		fresh, err := res.RowsAffected()
		if err != nil {
			return false, err
		}
		moved, rest = moved+int(fresh), rest[n:]
	}
	return moved == len(awards), nil
}

// An entry is one of the ledger that is to be written.
type entry struct {
	key, award string
	postings   []Posting
}

// postAll writes entries as post does. When one of them was written before, each is looked at by itself.
func postAll(ctx context.Context, tx *sql.Tx, now time.Time, all []entry) error {
	var known int
	var entries, postings [][]any
	on := calendar.In(now, calendar.JST).String()
	for _, e := range all {
		if !balanced(e.postings) {
			return fmt.Errorf("entry %s does not balance: %v", e.key, e.postings)
		}
		var n int
		if len(entries) == 0 { // entries of one step are written together: one stands for all
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM ledger_entry WHERE key = $1`, e.key).Scan(&n); err != nil {
				return fmt.Errorf("reading entry %s: %w", e.key, err)
			}
			known += n
		}
		entries = append(entries, []any{e.key, e.award, on, db.Micros(now)})
		for place, p := range netted(e.postings) {
			postings = append(postings, []any{e.key, place, string(p.Account), p.Amount.Currency, p.Amount.Minor})
		}
	}
	if known > 0 {
		for _, e := range all {
			if err := post(ctx, tx, now, e.key, e.award, e.postings); err != nil {
				return err
			}
		}
		return nil
	}
	if err := insertRows(ctx, tx, `INSERT INTO ledger_entry (key, award, day, at)`, entries); err != nil {
		return fmt.Errorf("writing %d entries: %w", len(all), err)
	}
	if err := insertRows(ctx, tx, `INSERT INTO ledger_posting (entry, place, account, currency, amount)`, postings); err != nil {
		return fmt.Errorf("writing %d entries: %w", len(all), err)
	}
	return nil
}
