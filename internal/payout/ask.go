package payout

import (
	"context"
	"database/sql"
	"errors"
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
		return ps.record(ctx, tx, who, access.PayoutAsk, p, map[string]any{
			"clause": "6.5", "strict": p.Strict, "extended": p.Extended, "last": p.LastDay,
		})
	})
}

// kindRequest is the message that asks for payment data; its reminders have the number of days before
// the last, and every other message the state it tells.
const kindRequest = "request"

// announce writes a message of a kind to the account, if there is one to write, and returns what the
// house is told. The account is the channel and comes first; a copy by mail follows.
func (ps *Payouts) announce(ctx context.Context, tx *sql.Tx, p Payment, kind string) (Announcement, error) {
	said := Announcement{Award: p.Award, Person: p.Person, State: p.State, Day: day(p.LastDay), Kind: kind}
	if kind == "" {
		return said, nil
	}
	var err error
	if said.Report, _, err = reportOf(ctx, tx, p.Award); err != nil {
		return said, err
	}
	now := ps.Now()
	round := db.Micros(now) // the same state may be told again after another round of payment
	if p.State == InfoRequested {
		round = db.Micros(p.AskedAt)
	}
	said.About = fmt.Sprintf("payment/%s/%d/%s", p.Award, round, kind)
	_, err = tx.ExecContext(ctx, `
		INSERT INTO payment_message (award, round, kind, at, read_at) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (award, round, kind) DO NOTHING`, p.Award, round, kind, db.Micros(now))
	if err != nil {
		return said, fmt.Errorf("writing to the account about award %s: %w", p.Award, err)
	}
	return said, nil
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
	unread := 0
	if err := ps.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM payment_message WHERE award = $1 AND read_at = 0`, award).Scan(&unread); err != nil {
		return fmt.Errorf("counting the messages about award %s: %w", award, err)
	}
	if unread == 0 {
		return nil
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

// Tick opens the payments of awards that were approved before there were payments, asks for payment
// data, once more after a payment came back, reminds, proposes the end of rights whose last day is over,
// and destroys books whose time is over. It ends no right. What fails for one payment does not keep it from the others.
func (ps *Payouts) Tick(ctx context.Context) error {
	if err := errors.Join(ps.openMissing(ctx), ps.expire(ctx)); err != nil {
		return err
	}
	all, err := list(ctx, ps.DB.Read(), `state IN ('approved', 'info_requested', 'returned')`)
	if err != nil {
		return err
	}
	var failed error
	for _, p := range all {
		if p.State == InfoRequested {
			err = ps.follow(ctx, p)
		} else {
			err = ps.askFirst(ctx, p)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("following the payment of award %s: %w", p.Award, err))
		}
	}
	return failed
}

// openMissing opens the payments of approved awards that have none.
func (ps *Payouts) openMissing(ctx context.Context) error {
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT a.id FROM award a
		WHERE a.state = 'approved' AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.award = a.id)
		ORDER BY a.id`)
	if err != nil {
		return fmt.Errorf("looking for awards without a payment: %w", err)
	}
	defer rows.Close()
	var awards []string
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			return fmt.Errorf("looking for awards without a payment: %w", err)
		}
		awards = append(awards, a)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("looking for awards without a payment: %w", err)
	}
	for _, a := range awards {
		if err := ps.DB.Tx(ctx, func(tx *sql.Tx) error { return ps.Open(ctx, tx, a) }); err != nil {
			return err
		}
	}
	return nil
}

// askFirst asks for data where nobody has, unless a proposal on the payment waits: a wish to donate
// needs no account. After a return it asks once, to have the data put right; what comes back a
// second time is for a person.
func (ps *Payouts) askFirst(ctx context.Context, p Payment) error {
	var waits, back int
	if err := ps.DB.Read().QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM payment_proposal x WHERE x.award = $1 AND x.state = 'proposed'),
			(SELECT count(*) FROM run_item i WHERE i.award = $1 AND i.outcome = 'returned')`, p.Award).Scan(&waits, &back); err != nil {
		return fmt.Errorf("reading what came of award %s: %w", p.Award, err)
	}
	if waits > 0 || back > 1 {
		return nil
	}
	return ps.Ask(ctx, access.Self, p.Award)
}

// follow does what a request needs today.
func (ps *Payouts) follow(ctx context.Context, p Payment) error {
	today := calendar.In(ps.Now(), calendar.JST)
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
		request = request || m.Kind == kindRequest
	}
	if n, due := remindersDue(p.LastDay, today, written); due {
		return ps.remind(ctx, p, n)
	}
	if today.After(p.LastDay) && request && len(written) >= 2 {
		return ps.lapse(ctx, p)
	}
	return nil
}

// remind writes the reminder of so many days before the last. The payment is raised first: of two nodes
// that remind at once, one is told that the other did.
func (ps *Payouts) remind(ctx context.Context, p Payment, days int) error {
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := save(ctx, tx, ps.Now(), p); err != nil {
			return err
		}
		said, err := ps.announce(ctx, tx, p, strconv.Itoa(days))
		if err != nil {
			return err
		}
		if err := ps.Audit.Record(ctx, tx, access.Self, access.PayoutAsk, p.Award, map[string]any{"reminder": days, "last": p.LastDay}); err != nil {
			return err
		}
		return bus.Queue(ctx, tx, ps.Now(), "payment.reminded", said)
	})
}
