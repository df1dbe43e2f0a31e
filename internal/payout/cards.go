package payout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// Card returns the card of a payment: to whom it is for, or to the desk.
func (ps *Payouts) Card(ctx context.Context, who access.Caller, award string) (Card, error) {
	if who.Kind == access.Participant {
		p, err := ps.mine(ctx, who, award)
		if err != nil {
			return Card{}, err
		}
		return ps.card(ctx, p)
	}
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, award); err != nil {
		return Card{}, err
	}
	p, err := find(ctx, ps.DB.Read(), award)
	if err != nil {
		return Card{}, err
	}
	return ps.card(ctx, p)
}

// Cards returns the cards of the caller's own payments, the newest first.
func (ps *Payouts) Cards(ctx context.Context, who access.Caller) ([]Card, error) {
	all, err := ps.Own(ctx, who)
	if err != nil {
		return nil, err
	}
	cards := make([]Card, len(all))
	for i, p := range all {
		if cards[len(all)-1-i], err = ps.card(ctx, p); err != nil {
			return nil, err
		}
	}
	return cards, nil
}

// card gathers what a card is made of.
func (ps *Payouts) card(ctx context.Context, p Payment) (Card, error) {
	q := ps.DB.Read()
	f := facts{payment: p, source: ps.RateSource, strict: ps.Strict, now: ps.Now()}
	var err error
	if f.report, f.terms, err = reportOf(ctx, q, p.Award); err != nil {
		return Card{}, err
	}
	if p.Currency != "" {
		to, err := payee(ctx, q, p.Person)
		if err != nil && !missing(err) {
			return Card{}, err
		}
		f.account = to.Masked
	}
	t, err := taxOn(ctx, q, p.Person, calendar.In(f.now, calendar.JST))
	if err == nil {
		f.tax = &t
	} else if fault.As(err) == nil {
		return Card{}, err
	}
	if f.run, f.item, err = lockedIn(ctx, q, p.Award); err != nil {
		return Card{}, err
	}
	if f.told, err = told(ctx, q, p.Award); err != nil {
		return Card{}, err
	}
	if f.refund, err = refundOf(ctx, q, p.Award); err != nil {
		return Card{}, err
	}
	if f.ending, err = ending(ctx, q, p.Award); err != nil {
		return Card{}, err
	}
	return newCard(f)
}

// missing reports whether something is not there.
func missing(err error) bool {
	f := fault.As(err)
	return f != nil && f.Kind == fault.NotFound
}

func reportOf(ctx context.Context, q db.Querier, award string) (report, terms string, err error) {
	err = q.QueryRowContext(ctx, `
		SELECT r.id, r.terms FROM award a
		JOIN report r ON r.id = a.report
		WHERE a.id = $1`, award).Scan(&report, &terms)
	if err != nil {
		err = fmt.Errorf("reading the report of award %s: %w", award, err)
	}
	return report, terms, err
}

// lockedIn returns the newest locked run that an award was in, with its item.
func lockedIn(ctx context.Context, q db.Querier, award string) (*Run, *RunItem, error) {
	var id string
	err := q.QueryRowContext(ctx, `
		SELECT r.id FROM run r
		JOIN run_item i ON i.run = r.id
		WHERE i.award = $1 AND r.state IN ('locked', 'exported', 'sent', 'closed')
		ORDER BY r.id DESC LIMIT 1`, award).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the runs of award %s: %w", award, err)
	}
	r, err := findRun(ctx, q, id)
	if err != nil {
		return nil, nil, err
	}
	items, err := runItems(ctx, q, r, award)
	if err != nil {
		return nil, nil, err
	}
	return &r, &items[0], nil
}

// told returns everything that was written to the account about an award, with how far each copy by
// mail has come.
func told(ctx context.Context, q db.Querier, award string) ([]Message, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT m.kind, m.round, m.at, m.read_at, coalesce((
			SELECT c.state FROM mail c WHERE c.about = 'payment/' || m.award || '/' || CAST(m.round AS TEXT) || '/' || m.kind
			ORDER BY c.id DESC LIMIT 1
		), '')
		FROM payment_message m WHERE m.award = $1 ORDER BY m.at, m.kind`, award)
	if err != nil {
		return nil, fmt.Errorf("reading the messages about award %s: %w", award, err)
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		var m Message
		var at, read int64
		if err := rows.Scan(&m.Kind, &m.round, &at, &read, &m.Mail); err != nil {
			return nil, fmt.Errorf("reading the messages about award %s: %w", award, err)
		}
		m.At, m.ReadAt = db.Time(at), db.Time(read)
		all = append(all, m)
	}
	return all, rows.Err()
}

// ending returns the newest proposal to end a payment that waits or is in force.
func ending(ctx context.Context, q db.Querier, award string) (*Proposal, error) {
	x, err := scanProposal(q.QueryRowContext(ctx, `
		SELECT `+proposalColumns+` FROM payment_proposal
		WHERE award = $1 AND state <> 'refused' ORDER BY id DESC LIMIT 1`, award))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the proposals on award %s: %w", award, err)
	}
	return &x, nil
}
