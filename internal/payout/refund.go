package payout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
)

// A RefundLine is what was asked back, and what came.
type RefundLine struct {
	Asked money.Amount
	Back  money.Amount
	Open  money.Amount
}

// asked is what a refund does: what was paid out, in the currency it was paid in, is owed to us. The tax
// that was withheld is not: the payee never had it.
func asked(net money.Amount) []Posting { return move(Rewards, Receivable, net) }

// ReceiveRefund puts on record that some of what was asked back has come. Saying the same reference
// again changes nothing.
func (ps *Payouts) ReceiveRefund(ctx context.Context, who access.Caller, award string, amount money.Amount, reference string) error {
	if err := ps.Audit.Allow(ctx, who, access.AwardPay, award); err != nil {
		return err
	}
	p, err := find(ctx, ps.DB.Read(), award)
	if err != nil {
		return err
	}
	if p.State != RefundAsked {
		return fault.New(fault.Conflict, "Nothing was asked back for this payment.", "この支払いについて、返還は請求されていません。")
	}
	reference = strings.TrimSpace(reference)
	if reference == "" || len(reference) > 200 {
		return fault.New(fault.Invalid, "Give the bank's reference of the payment, so that it is booked once.", "入金の照会番号を入力してください。二重に記帳しないためです。").At("reference")
	}
	now := ps.Now()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := save(ctx, tx, now, p); err != nil { // one at a time: the rest must not fall below zero
			return err
		}
		key := "refunded/" + award + "/" + reference
		known := 0
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM ledger_entry WHERE key = $1`, key).Scan(&known); err != nil {
			return fmt.Errorf("reading entry %s: %w", key, err)
		}
		if known > 0 {
			return nil
		}
		line, err := refundOf(ctx, tx, award)
		if err != nil {
			return err
		}
		if amount.Currency != line.Open.Currency || amount.Minor <= 0 || amount.Minor > line.Open.Minor {
			return fault.New(fault.Invalid, "It is at most %s, what is still open, and above zero.", "未返還額%s以下で、0より大きい金額を入力してください。", line.Open).At("amount")
		}
		if err := post(ctx, tx, now, key, award, move(Receivable, Bank, amount)); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.AwardPay, award, map[string]any{"refunded": amount.Decimal(), "currency": amount.Currency})
	})
}

// refundOf returns what was asked back for an award, by the ledger.
func refundOf(ctx context.Context, q db.Querier, award string) (RefundLine, error) {
	var l RefundLine
	var currency string
	var in, out int64
	err := q.QueryRowContext(ctx, `
		SELECT p.currency, CAST(sum(CASE WHEN p.amount > 0 THEN p.amount ELSE 0 END) AS BIGINT),
			CAST(sum(CASE WHEN p.amount < 0 THEN -p.amount ELSE 0 END) AS BIGINT)
		FROM ledger_entry e
		JOIN ledger_posting p ON p.entry = e.key
		WHERE e.award = $1 AND p.account = 'receivable'
		GROUP BY p.currency`, award).Scan(&currency, &in, &out)
	if errors.Is(err, sql.ErrNoRows) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("reading what was asked back for award %s: %w", award, err)
	}
	amount := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: currency} }
	l.Asked, l.Back, l.Open = amount(in), amount(out), amount(in-out)
	return l, nil
}
