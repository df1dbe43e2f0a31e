package payout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/screening"
)

// Payouts are the operations on payments.
type Payouts struct {
	DB         *db.DB
	Audit      *audit.Log
	Now        func() time.Time
	Key        []byte // the server's
	Strict     bool   // a last day that is no bank day does not move
	RateSource string // whose rates these are, and of which kind, as the participant is told
	Originator bankfile.Originator
	Countries  screening.Countries
	// Fresh says whether the caller has shown a credential lately: whoever changes where the money goes
	// has to. Nil asks nobody.
	Fresh func(ctx context.Context, who access.Caller) error

	lists cache
}

// An Announcement is the body of the messages about a payment.
type Announcement struct {
	Award  string `json:"award"`
	Person string `json:"person"`
	Report string `json:"report"`
	State  State  `json:"state"`
	Day    string `json:"day,omitempty"`   // the last one, when details are asked for
	Kind   string `json:"kind,omitempty"`  // of the message that stands in the account, if there is one
	About  string `json:"about,omitempty"` // that message, for its copy by mail
}

const columns = `award, person, usd, reported, state, currency, asked_at, strict_day, extended_day, last_day, rate_day, rate, rate_hash,
	gross, run, updated_at, version`

func scan(row interface{ Scan(...any) error }) (Payment, error) {
	var p Payment
	var asked, updated int64
	var days [5]string
	err := row.Scan(&p.Award, &p.Person, &p.USD.Minor, &days[0], &p.State, &p.Currency, &asked, &days[1], &days[2], &days[3],
		&days[4], &p.Rate, &p.RateHash, &p.Gross.Minor, &p.Run, &updated, &p.version)
	if err != nil {
		return p, err
	}
	for i, d := range []*calendar.Date{&p.Reported, &p.Strict, &p.Extended, &p.LastDay, &p.RateDay} {
		if days[i] == "" {
			continue
		}
		if *d, err = calendar.Parse(days[i]); err != nil {
			return p, err
		}
	}
	p.USD.Currency, p.Gross.Currency = money.USD, p.Currency
	p.AskedAt, p.UpdatedAt = db.Time(asked), db.Time(updated)
	return p, nil
}

func find(ctx context.Context, q db.Querier, award string) (Payment, error) {
	p, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM payment WHERE award = $1`, award))
	if errors.Is(err, sql.ErrNoRows) {
		return p, errNotFound
	}
	if err != nil {
		return p, fmt.Errorf("reading the payment of award %s: %w", award, err)
	}
	return p, nil
}

var errNotFound = fault.New(fault.NotFound, "There is no such payment.", "この支払いは見つかりません。")

func list(ctx context.Context, q db.Querier, where string, args ...any) ([]Payment, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM payment WHERE `+where+` ORDER BY award`, args...)
	if err != nil {
		return nil, fmt.Errorf("listing payments: %w", err)
	}
	defer rows.Close()
	var all []Payment
	for rows.Next() {
		p, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("listing payments: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// save writes a payment that was read at its version; somebody who was faster is a conflict.
func save(ctx context.Context, tx *sql.Tx, now time.Time, p Payment) error {
	return db.One(tx.ExecContext(ctx, `
		UPDATE payment SET state = $1, currency = $2, asked_at = $3, strict_day = $4, extended_day = $5, last_day = $6,
			rate_day = $7, rate = $8, rate_hash = $9, gross = $10, run = $11, updated_at = $12, version = version + 1
		WHERE award = $13 AND version = $14`,
		string(p.State), p.Currency, db.Micros(p.AskedAt), day(p.Strict), day(p.Extended), day(p.LastDay),
		day(p.RateDay), p.Rate, p.RateHash, p.Gross.Minor, p.Run, db.Micros(now), p.Award, p.version))
}

// day returns a date as stored; no date is empty.
func day(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// toldStates are the states that a message in the account tells.
var toldStates = []State{InfoRequested, Sent, Credited, Returned, Waived, Dissolved, Refused, RefundAsked, Donated}

// record writes the message to the account, the audit record of a step and its announcement, last in
// the transaction.
func (ps *Payouts) record(ctx context.Context, tx *sql.Tx, who access.Caller, a access.Action, p Payment, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["state"], detail["person"] = p.State, p.Person
	kind := ""
	switch {
	case p.State == InfoRequested:
		kind = kindRequest
	case slices.Contains(toldStates, p.State):
		kind = string(p.State)
	}
	said, err := ps.announce(ctx, tx, p, kind)
	if err != nil {
		return err
	}
	if err := ps.Audit.Record(ctx, tx, who, a, p.Award, detail); err != nil {
		return err
	}
	return bus.Queue(ctx, tx, ps.Now(), "payment."+string(p.State), said)
}

// Open begins the payment of an approved award. It is the effect of award.approved, and doing it again
// changes nothing.
func (ps *Payouts) Open(ctx context.Context, tx *sql.Tx, award string) error {
	var person, state string
	var usd, received int64
	// The paid person's earliest report that led to the reward decides the month (C-20).
	err := tx.QueryRowContext(ctx, `
		SELECT a.person, a.amount, a.state, (
			SELECT min(r.received_at) FROM report r
			WHERE r.reporter = a.person AND (r.id = a.report OR r.original = a.report)
		)
		FROM award a WHERE a.id = $1`, award).Scan(&person, &usd, &state, &received)
	if err != nil {
		return fmt.Errorf("reading award %s: %w", award, err)
	}
	if state != "approved" {
		return fmt.Errorf("award %s is %s, so nothing is owed", award, state)
	}
	now := ps.Now()
	res, err := tx.ExecContext(ctx, `
		INSERT INTO payment (`+columns+`)
		VALUES ($1, $2, $3, $4, 'approved', '', 0, '', '', '', '', '', '', 0, '', $5, 1)
		ON CONFLICT (award) DO NOTHING`,
		award, person, usd, calendar.In(db.Time(received), calendar.JST).String(), db.Micros(now))
	if err != nil {
		return fmt.Errorf("opening the payment of award %s: %w", award, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return post(ctx, tx, now, "owed/"+award, award, owed(money.Cents(usd)))
}

// Due returns the payments that somebody has to do something about, the oldest award first.
func (ps *Payouts) Due(ctx context.Context, who access.Caller) ([]Payment, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	return list(ctx, ps.DB.Read(), `state IN ('approved', 'info_requested', 'info_received', 'screened', 'rate_set', 'returned')`)
}

// Own returns the caller's own payments.
func (ps *Payouts) Own(ctx context.Context, who access.Caller) ([]Payment, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutSupply, ""); err != nil {
		return nil, err
	}
	return list(ctx, ps.DB.Read(), `person = $1`, who.ID)
}

// Balances returns the sums of the ledger's accounts.
func (ps *Payouts) Balances(ctx context.Context, who access.Caller) ([]Balance, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	return balances(ctx, ps.DB.Read())
}
