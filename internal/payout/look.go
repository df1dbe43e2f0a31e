package payout

import (
	"context"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
)

// Taxes returns every category that was set for a payee, the one for the latest days first.
func (ps *Payouts) Taxes(ctx context.Context, who access.Caller, person string) ([]Tax, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, person); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT `+taxColumns+` FROM tax_category WHERE person = $1 ORDER BY from_day DESC, id DESC`, person)
	if err != nil {
		return nil, fmt.Errorf("reading the tax categories of %s: %w", person, err)
	}
	defer rows.Close()
	var all []Tax
	for rows.Next() {
		t, err := scanTax(rows)
		if err != nil {
			return nil, fmt.Errorf("reading the tax categories of %s: %w", person, err)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// Rates returns the newest rates up to a day, at most limit, the newest first.
func (ps *Payouts) Rates(ctx context.Context, who access.Caller, kind RateKind, until calendar.Date, limit int) ([]RateEntry, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, string(kind)); err != nil {
		return nil, err
	}
	last := "9999-12-31"
	if !until.IsZero() {
		last = until.String()
	}
	return rateEntries(ctx, ps.DB.Read(), `WHERE kind = $1 AND day <= $2 ORDER BY day DESC LIMIT $3`, string(kind), last, limit)
}

// A LoadedList is a sanctions list that payees are screened against.
type LoadedList struct {
	Name    string
	Hash    string
	Fetched time.Time
	Files   int
}

// Lists returns the sanctions lists that are loaded.
func (ps *Payouts) Lists(ctx context.Context, who access.Caller) ([]LoadedList, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT list, hash, fetched, count(*) FROM sanction_file
		GROUP BY list, hash, fetched ORDER BY list`)
	if err != nil {
		return nil, fmt.Errorf("listing sanctions lists: %w", err)
	}
	defer rows.Close()
	var all []LoadedList
	for rows.Next() {
		var l LoadedList
		var at int64
		if err := rows.Scan(&l.Name, &l.Hash, &at, &l.Files); err != nil {
			return nil, fmt.Errorf("listing sanctions lists: %w", err)
		}
		l.Fetched = db.Time(at)
		all = append(all, l)
	}
	return all, rows.Err()
}

// Screenings returns the screenings of a payee, the newest first, at most 50.
func (ps *Payouts) Screenings(ctx context.Context, who access.Caller, person string) ([]Screening, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, person); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT id, revision, at, outcome, decision, lists, found
		FROM screening WHERE person = $1 ORDER BY id DESC LIMIT 50`, person)
	if err != nil {
		return nil, fmt.Errorf("listing the screenings of %s: %w", person, err)
	}
	defer rows.Close()
	var all []Screening
	for rows.Next() {
		s := Screening{Person: person}
		var at int64
		if err := rows.Scan(&s.ID, &s.Revision, &at, &s.Outcome, &s.Decision, &s.lists, &s.found); err != nil {
			return nil, fmt.Errorf("listing the screenings of %s: %w", person, err)
		}
		s.At = db.Time(at)
		all = append(all, s)
	}
	return all, rows.Err()
}
