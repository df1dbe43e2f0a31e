package payout

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/notice/mail"
)

// The clock of a request is kept with the payment and not among the promises of package deadline. Two
// limits of the terms run over one request, of which the later governs, reminders and evidence of
// delivery belong to it, and its end is a proposal to a person, not a promise broken. What the terms
// count is counted by package calendar all the same.

// Ask asks for payment data in the account. Asking again while a request runs changes nothing; asking
// after data that had a fault opens a new month.
func (ps *Payouts) Ask(ctx context.Context, who access.Caller, award string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutAsk, award); err != nil {
		return err
	}
	p, err := find(ctx, ps.DB.Read(), award)
	if err != nil || p.State == InfoRequested {
		return err
	}
	if p.State, err = p.State.After(Ask); err != nil {
		return err
	}
	now := ps.Now()
	l := LapsesOf(now, !ps.Strict)
	p.AskedAt, p.Strict, p.Extended, p.LastDay = now, l.Strict, l.Extended, l.Last
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := save(ctx, tx, now, p); err != nil {
			return err
		}
		if err := tell(ctx, tx, now, p, "request"); err != nil {
			return err
		}
		return ps.record(ctx, tx, who, access.PayoutAsk, p, map[string]any{
			"clause": "6.5", "strict": p.Strict, "extended": p.Extended, "last": p.LastDay,
		})
	})
}

// tell writes a message to the account.
func tell(ctx context.Context, tx *sql.Tx, now time.Time, p Payment, kind string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO payment_message (award, round, kind, at, read_at) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (award, round, kind) DO NOTHING`, p.Award, db.Micros(p.AskedAt), kind, db.Micros(now))
	if err != nil {
		return fmt.Errorf("writing to the account about award %s: %w", p.Award, err)
	}
	return nil
}

// A Message is one that stands in the account.
type Message struct {
	Kind   string // request, the days before the last (14, 3, 0), or the state that was told
	At     time.Time
	ReadAt time.Time  // zero when it was not opened
	Mail   mail.State // how far its copy has come; empty when there is none
	round  int64
}

// messages returns what was written about the request that runs.
func messages(ctx context.Context, q db.Querier, p Payment) ([]Message, error) {
	all, err := told(ctx, q, p.Award)
	return slices.DeleteFunc(all, func(m Message) bool { return m.round != db.Micros(p.AskedAt) }), err
}

// Seen puts on record that the participant opened the messages in their account.
func (ps *Payouts) Seen(ctx context.Context, who access.Caller, award string) error {
	p, err := ps.mine(ctx, who, award)
	if err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE payment_message SET read_at = $1 WHERE award = $2 AND read_at = 0`, db.Micros(ps.Now()), award)
		if err != nil {
			return fmt.Errorf("marking the messages about award %s as read: %w", award, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutSupply, p.Award, map[string]any{"read": true})
	})
}

// mine returns a payment of the caller's own; another's is not found.
func (ps *Payouts) mine(ctx context.Context, who access.Caller, award string) (Payment, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutSupply, award); err != nil {
		return Payment{}, err
	}
	p, err := find(ctx, ps.DB.Read(), award)
	if err != nil {
		return p, err
	}
	if !who.Is(p.Person) {
		return Payment{}, ps.Audit.Refuse(ctx, who, access.PayoutSupply, award, errNotFound)
	}
	return p, nil
}

// Tick asks for what was approved, reminds, and proposes the end of rights whose last day is over. It
// ends none.
func (ps *Payouts) Tick(ctx context.Context) error {
	all, err := list(ctx, ps.DB.Read(), `state IN ('approved', 'info_requested')`)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.State == Approved {
			err = ps.Ask(ctx, access.Self, p.Award)
		} else {
			err = ps.follow(ctx, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow does what a request needs today.
func (ps *Payouts) follow(ctx context.Context, p Payment) error {
	now := ps.Now()
	today := calendar.In(now, calendar.JST)
	said, err := messages(ctx, ps.DB.Read(), p)
	if err != nil {
		return err
	}
	var written []int
	request := false
	for _, m := range said {
		if n, err := strconv.Atoi(m.Kind); err == nil {
			written = append(written, n)
		}
		request = request || m.Kind == "request"
	}
	if n, due := remindersDue(p.LastDay, today, written); due {
		return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
			if err := tell(ctx, tx, now, p, strconv.Itoa(n)); err != nil {
				return err
			}
			if err := ps.Audit.Record(ctx, tx, access.Self, access.PayoutAsk, p.Award, map[string]any{"reminder": n, "last": p.LastDay}); err != nil {
				return err
			}
			return bus.Queue(ctx, tx, now, "payment.reminded", Announcement{Award: p.Award, Person: p.Person, State: p.State, Day: day(p.LastDay)})
		})
	}
	if today.After(p.LastDay) && request && len(written) >= 2 {
		return ps.lapse(ctx, p)
	}
	return nil
}
