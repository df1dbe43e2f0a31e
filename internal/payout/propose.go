package payout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
)

// clauses are what each loss of a right rests on. A donation is the participant's own wish.
var clauses = map[Event]string{Waive: "6.5", Dissolve: "6.8", Refuse: "6.10", Refund: "6.10", Donate: ""}

// A Proposal would end a payment. Nothing changes before a named person has decided.
type Proposal struct {
	ID         string
	Award      string
	Event      Event
	Clause     string
	Reason     string
	ProposedBy string
	ProposedAt time.Time
	State      string
	DecidedBy  string
	DecidedAt  time.Time
	Answer     string
}

// lapse proposes that a right counts as waived: its last day is over, and the request and two reminders
// stood in the account.
func (ps *Payouts) lapse(ctx context.Context, p Payment) error {
	n := 0
	if err := ps.DB.Read().QueryRowContext(ctx, `
		SELECT count(*) FROM payment_proposal
		WHERE award = $1 AND event = 'waive' AND proposed_at >= $2`, p.Award, db.Micros(p.AskedAt)).Scan(&n); err != nil {
		return fmt.Errorf("reading the proposals on award %s: %w", p.Award, err)
	}
	if n > 0 {
		return nil // a person decided, or has to; the machine does not ask twice
	}
	return ps.propose(ctx, access.Self, p, Proposal{Award: p.Award, Event: Waive,
		Reason: fmt.Sprintf("支払情報が期限の%[1]vまでに提出されませんでした（%[2]vに依頼し、その後もお知らせ済み）。\nNo payment data by %[1]v; asked on %[2]v, with reminders.",
			p.LastDay, calendar.In(p.AskedAt, calendar.JST))})
}

// Propose proposes to end a payment. A participant may propose a donation of their own reward.
func (ps *Payouts) Propose(ctx context.Context, who access.Caller, award string, e Event, reason string) error {
	if who.Kind == access.Participant && e == Donate {
		if _, err := ps.mine(ctx, who, award); err != nil {
			return err
		}
	} else if err := ps.Audit.Allow(ctx, who, access.PayoutDecide, award); err != nil {
		return err
	}
	if _, known := clauses[e]; !known {
		return fault.New(fault.Invalid, "There is no such decision: “%s”.", "「%s」という決定はありません。", e).At("event")
	}
	if strings.TrimSpace(reason) == "" || len(reason) > 4000 {
		return fault.New(fault.Invalid, "Say why in up to 4,000 bytes: the participant is told.", "理由を4,000バイト以内で書いてください。参加者に通知されます。").At("reason")
	}
	p, err := find(ctx, ps.DB.Read(), award)
	if err != nil {
		return err
	}
	return ps.propose(ctx, who, p, Proposal{Award: award, Event: e, Reason: reason})
}

func (ps *Payouts) propose(ctx context.Context, who access.Caller, p Payment, x Proposal) error {
	if _, err := p.State.After(x.Event); err != nil {
		return err
	}
	action := access.PayoutDecide
	if who.Kind == access.Participant {
		action = access.PayoutSupply
	}
	now := ps.Now()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO payment_proposal (id, award, event, clause, reason, proposed_by, proposed_at, state, decided_by, decided_at, answer)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 'proposed', '', 0, '')`,
			id.New(now), x.Award, string(x.Event), clauses[x.Event], x.Reason, who.ID, db.Micros(now))
		if db.Unique(err) {
			return fault.New(fault.Conflict, "A proposal on this payment waits for a decision already.", "この支払いについては、すでに決定待ちの提案があります。")
		}
		if err != nil {
			return fmt.Errorf("proposing to end the payment of award %s: %w", x.Award, err)
		}
		return ps.Audit.Record(ctx, tx, who, action, x.Award, map[string]any{"proposed": x.Event, "clause": clauses[x.Event]})
	})
}

const proposalColumns = `id, award, event, clause, reason, proposed_by, proposed_at, state, decided_by, decided_at, answer`

func scanProposal(row interface{ Scan(...any) error }) (Proposal, error) {
	var x Proposal
	var at, decided int64
	err := row.Scan(&x.ID, &x.Award, &x.Event, &x.Clause, &x.Reason, &x.ProposedBy, &at, &x.State, &x.DecidedBy, &decided, &x.Answer)
	x.ProposedAt, x.DecidedAt = db.Time(at), db.Time(decided)
	return x, err
}

// Proposals returns those that wait for a person.
func (ps *Payouts) Proposals(ctx context.Context, who access.Caller) ([]Proposal, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	return proposals(ctx, ps.DB.Read(), `state = 'proposed' ORDER BY id`)
}

// proposals reads those that a condition chooses, in its order.
func proposals(ctx context.Context, q db.Querier, which string, args ...any) ([]Proposal, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+proposalColumns+` FROM payment_proposal WHERE `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("listing proposals: %w", err)
	}
	defer rows.Close()
	var all []Proposal
	for rows.Next() {
		x, err := scanProposal(rows)
		if err != nil {
			return nil, fmt.Errorf("listing proposals: %w", err)
		}
		all = append(all, x)
	}
	return all, rows.Err()
}

// Decide is a named person's answer to a proposal, which is not their own. The participant is told.
func (ps *Payouts) Decide(ctx context.Context, who access.Caller, proposal string, agree bool, answer string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutDecide, proposal); err != nil {
		return err
	}
	x, err := scanProposal(ps.DB.Read().QueryRowContext(ctx, `SELECT `+proposalColumns+` FROM payment_proposal WHERE id = $1`, proposal))
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "There is no such proposal.", "この提案は見つかりません。")
	}
	if err != nil {
		return fmt.Errorf("reading proposal %s: %w", proposal, err)
	}
	switch {
	case who.Kind != access.Staff || who.Is(x.ProposedBy):
		return ps.Audit.Refuse(ctx, who, access.PayoutDecide, x.Award, fault.New(fault.Denied,
			"A named person who did not propose this has to decide.", "提案者以外の担当者による決定が必要です。"))
	case strings.TrimSpace(answer) == "":
		return fault.New(fault.Invalid, "Give the reason of your decision.", "決定の理由を書いてください。").At("answer")
	}
	p, err := find(ctx, ps.DB.Read(), x.Award)
	if err != nil {
		return err
	}
	state := "refused"
	if agree {
		state = "in_force"
		if p.State, err = p.State.After(x.Event); err != nil {
			return err
		}
	}
	now := ps.Now()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := db.One(tx.ExecContext(ctx, `
			UPDATE payment_proposal SET state = $1, decided_by = $2, decided_at = $3, answer = $4
			WHERE id = $5 AND state = 'proposed'`, state, who.ID, db.Micros(now), answer, x.ID)); err != nil {
			return err
		}
		if !agree {
			return ps.Audit.Record(ctx, tx, who, access.PayoutDecide, x.Award, map[string]any{"refused": x.Event})
		}
		if err := save(ctx, tx, now, p); err != nil {
			return err
		}
		if err := postEnd(ctx, tx, now, x, p); err != nil {
			return err
		}
		return ps.record(ctx, tx, who, access.PayoutDecide, p, map[string]any{"clause": x.Clause, "proposal": x.ID, "reason": x.Reason})
	})
}

// postEnd writes to the ledger what a decision does that ends a payment.
func postEnd(ctx context.Context, tx *sql.Tx, now time.Time, x Proposal, p Payment) error {
	all := ended(x.Event, p.USD)
	if x.Event == Refund {
		_, item, err := lockedIn(ctx, tx, x.Award)
		if err != nil {
			return err
		}
		all = asked(item.Net) // a credited payment was in a run
	}
	if all == nil {
		return nil
	}
	return post(ctx, tx, now, string(x.Event)+"/"+x.ID, x.Award, all)
}
