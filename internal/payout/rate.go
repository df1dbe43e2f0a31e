package payout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/exchange"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
)

// A RateKind is which of a bank's rates: TTM converts rewards (D-5), TTB is the base of the tax on
// dollars (A.6.7).
type RateKind string

// The kinds of rates.
const (
	TTM RateKind = "TTM"
	TTB RateKind = "TTB"
)

// ImportRates takes a bank's CSV. What is there already may be there again; another value for a day that
// is known refuses the whole file. It returns how many days are new.
func (ps *Payouts) ImportRates(ctx context.Context, who access.Caller, kind RateKind, file []byte) (int, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutRate, string(kind)); err != nil {
		return 0, err
	}
	if err := kind.check(); err != nil {
		return 0, err
	}
	table, err := exchange.ReadCSV(bytes.NewReader(file), calendar.In(ps.Now(), calendar.JST))
	if err != nil {
		return 0, err
	}
	days := make([]calendar.Date, 0, len(table))
	for d := range table {
		days = append(days, d)
	}
	slices.SortFunc(days, calendar.Date.Compare)
	sum := sha256.Sum256(file)
	hash, fresh := hex.EncodeToString(sum[:]), 0
	err = ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, d := range days {
			n, err := ps.enter(ctx, tx, kind, d, table[d], hash, who.ID, who.ID)
			if err != nil {
				return err
			}
			fresh += n
			if n == 1 {
				continue
			}
			// A typed rate that waits for a second person has been confirmed by the bank's own file.
			res, err := tx.ExecContext(ctx, `
				UPDATE rate SET confirmed_by = $1, hash = $2 WHERE kind = $3 AND day = $4 AND confirmed_by = ''`,
				who.ID, hash, string(kind), d.String())
			if err != nil {
				return fmt.Errorf("confirming the rate of %v: %w", d, err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 1 {
				fresh++
			}
		}
		if fresh == 0 {
			return nil
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutRate, string(kind), map[string]any{"file": hash, "days": fresh})
	})
	return fresh, err
}

func (k RateKind) check() error {
	if k != TTM && k != TTB {
		return fault.New(fault.Invalid, "There is no kind of rate “%s”.", "「%s」というレートの種類はありません。", k).At("kind")
	}
	return nil
}

// enter writes one rate, or nothing when it is known.
func (ps *Payouts) enter(ctx context.Context, tx *sql.Tx, kind RateKind, d calendar.Date, value money.Decimal, hash, by, confirmed string) (int, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO rate (kind, day, value, hash, entered_by, entered_at, confirmed_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (kind, day) DO NOTHING`, string(kind), d.String(), value.String(), hash, by, db.Micros(ps.Now()), confirmed)
	if err != nil {
		return 0, fmt.Errorf("saving the rate of %v: %w", d, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return int(n), err
	}
	var have string
	if err := tx.QueryRowContext(ctx, `SELECT value FROM rate WHERE kind = $1 AND day = $2`, string(kind), d.String()).Scan(&have); err != nil {
		return 0, fmt.Errorf("reading the rate of %v: %w", d, err)
	}
	known, err := money.ParseDecimal(have)
	if err != nil {
		return 0, fmt.Errorf("reading the rate of %v: %w", d, err)
	}
	if known.Less(value) || value.Less(known) {
		return 0, fault.New(fault.Conflict, "For %[1]v the rate %[2]s is on record already, and this says %[3]s. Nothing was taken.",
			"%[1]vのレートはすでに%[2]sとして登録されていますが、今回は%[3]sです。何も登録していません。", d, have, value)
	}
	return 0, nil
}

// TypeRate enters a rate by hand. The first person's entry waits; a second person's of the same value
// makes it count, and of another is refused.
func (ps *Payouts) TypeRate(ctx context.Context, who access.Caller, kind RateKind, d calendar.Date, value string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutRate, string(kind)); err != nil {
		return err
	}
	if err := kind.check(); err != nil {
		return err
	}
	rate, err := money.ParseDecimal(strings.TrimSpace(value))
	if err != nil {
		return at(err, "value")
	}
	if d.After(calendar.In(ps.Now(), calendar.JST)) || !calendar.BankDay(d) || rate.IsZero() {
		return fault.New(fault.Invalid, "On %v no rate was published: it lies ahead, or banks were closed; and a rate is above zero.",
			"%vにレートは公表されていません（未来の日付または銀行休業日）。レートは0より大きい値です。", d).At("day")
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(kind, d, rate)))
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := ps.enter(ctx, tx, kind, d, rate, "typed:"+hex.EncodeToString(sum[:]), who.ID, "")
		if err != nil {
			return err
		}
		if n == 0 {
			if _, err := tx.ExecContext(ctx, `
				UPDATE rate SET confirmed_by = $1
				WHERE kind = $2 AND day = $3 AND confirmed_by = '' AND entered_by <> $1`, who.ID, string(kind), d.String()); err != nil {
				return fmt.Errorf("confirming the rate of %v: %w", d, err)
			}
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutRate, string(kind), map[string]any{"day": d, "value": rate.String(), "first": n == 1})
	})
}

// rates returns the table of a kind in some days, and the snapshot of each day.
func rates(ctx context.Context, q db.Querier, kind RateKind, from, to calendar.Date) (exchange.Table, map[calendar.Date]string, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT day, value, hash FROM rate
		WHERE kind = $1 AND day >= $2 AND day <= $3 AND confirmed_by <> ''`, string(kind), from.String(), to.String())
	if err != nil {
		return nil, nil, fmt.Errorf("reading rates: %w", err)
	}
	defer rows.Close()
	table, hashes := exchange.Table{}, map[calendar.Date]string{}
	for rows.Next() {
		var text, value, hash string
		if err := rows.Scan(&text, &value, &hash); err != nil {
			return nil, nil, fmt.Errorf("reading rates: %w", err)
		}
		d, err := calendar.Parse(text)
		if err != nil {
			return nil, nil, fmt.Errorf("reading rates: %w", err)
		}
		if table[d], err = money.ParseDecimal(value); err != nil {
			return nil, nil, fmt.Errorf("reading the rate of %v: %w", d, err)
		}
		hashes[d] = hash
	}
	return table, hashes, rows.Err()
}

// SetRate computes what a screened payment is worth in the currency of its account. Until the day of
// the rate is over the amount is pending.
func (ps *Payouts) SetRate(ctx context.Context, who access.Caller, award string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutRate, award); err != nil {
		return err
	}
	p, err := find(ctx, ps.DB.Read(), award)
	if err != nil || p.State == RateSet {
		return err
	}
	if p.State, err = p.State.After(SetRate); err != nil {
		return err
	}
	p.Gross = p.USD
	if p.Currency == money.JPY {
		if known := exchange.Known(p.Reported, calendar.JST); ps.Now().Before(known) {
			return fault.New(fault.Conflict, "Rate pending: it is that of %v, which is not over.", "レート確定待ち：%vのレートを使いますが、その日がまだ終わっていません。", calendar.RateDate(p.Reported))
		}
		end := calendar.MonthEnd(p.Reported)
		table, hashes, err := rates(ctx, ps.DB.Read(), TTM, end.Add(-40), end)
		if err != nil {
			return err
		}
		c, err := table.Yen(p.USD, p.Reported)
		if err != nil {
			return err
		}
		p.RateDay, p.Rate, p.RateHash, p.Gross = c.RateDate, c.Rate.String(), hashes[c.RateDate], c.JPY
	}
	now := ps.Now()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := save(ctx, tx, now, p); err != nil {
			return err
		}
		return ps.record(ctx, tx, who, access.PayoutRate, p, map[string]any{"rate": p.Rate, "day": p.RateDay, "gross": p.Gross.Decimal()})
	})
}
