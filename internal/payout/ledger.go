package payout

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/money"
)

// An Account is one of the ledger. A sum above zero is what we have or spent, one below zero is what
// we owe.
type Account string

// The accounts.
const (
	Rewards    Account = "rewards"    // spent
	Payable    Account = "payable"    // owed to participants
	Exchange   Account = "exchange"   // between two currencies
	TaxPayable Account = "tax"        // withheld, owed to the tax office
	Clearing   Account = "clearing"   // locked in a run, not yet sent
	Bank       Account = "bank"       // below zero by what went out
	Charity    Account = "charity"    // owed to a charity in a participant's stead
	Receivable Account = "receivable" // asked back
)

// A Posting is a change of one account.
type Posting struct {
	Account Account
	Amount  money.Amount
}

// balanced reports whether postings sum to zero in every currency.
func balanced(all []Posting) bool {
	sums := map[string]int64{}
	for _, p := range all {
		sums[p.Amount.Currency] += p.Amount.Minor
	}
	for _, n := range sums {
		if n != 0 {
			return false
		}
	}
	return true
}

// netted sums the postings of each account and currency, and leaves out what comes to nothing: a debt that
// one step turns into another currency and pays out of is not written three times.
func netted(all []Posting) []Posting {
	var sums []Posting
	for _, p := range all {
		i := slices.IndexFunc(sums, func(s Posting) bool { return s.Account == p.Account && s.Amount.Currency == p.Amount.Currency })
		if i < 0 {
			sums = append(sums, p)
			continue
		}
		sums[i].Amount.Minor += p.Amount.Minor
	}
	return slices.DeleteFunc(sums, func(s Posting) bool { return s.Amount.Minor == 0 })
}

// move takes an amount from one account to another.
func move(from, to Account, a money.Amount) []Posting {
	if a.Minor == 0 {
		return nil
	}
	return []Posting{{to, a}, {from, minus(a)}}
}

func minus(a money.Amount) money.Amount { return money.Amount{Minor: -a.Minor, Currency: a.Currency} }

// reverse takes postings back.
func reverse(all []Posting) []Posting {
	back := make([]Posting, len(all))
	for i, p := range all {
		back[i] = Posting{p.Account, minus(p.Amount)}
	}
	return back
}

// owed is what an approved award does.
func owed(usd money.Amount) []Posting { return move(Payable, Rewards, usd) }

// locked is what a locked run does to one award: the debt in dollars becomes one in the currency of the
// payment, and is divided into the tax and what goes to the payee.
func locked(usd money.Amount, i Item) []Posting {
	var all []Posting
	if i.Gross.Currency != usd.Currency {
		all = append(all, move(Exchange, Payable, usd)...)
		all = append(all, move(Payable, Exchange, i.Gross)...)
	}
	all = append(all, move(TaxPayable, Payable, i.Tax)...)
	return append(all, move(Clearing, Payable, i.Net)...)
}

// sent is what a run does that was handed to the bank.
func sent(i Item) []Posting { return move(Bank, Clearing, i.Net) }

// returned takes a payment back as a whole: nothing was paid, so nothing was withheld.
func returned(usd money.Amount, i Item) []Posting {
	return reverse(append(locked(usd, i), sent(i)...))
}

// ended is what a decision does that ends a payment.
func ended(e Event, usd money.Amount) []Posting {
	switch e {
	case Waive, Dissolve, Refuse:
		return reverse(owed(usd))
	case Donate:
		return move(Charity, Payable, usd)
	}
	return nil
}

// post writes an entry once: a second one under the same key changes nothing, because what it says has
// happened already. Postings that do not balance are a mistake in this package and stop the transaction.
func post(ctx context.Context, tx *sql.Tx, now time.Time, key, award string, all []Posting) error {
	if !balanced(all) {
		return fmt.Errorf("entry %s does not balance: %v", key, all)
	}
	res, err := tx.ExecContext(ctx, `
		INSERT INTO ledger_entry (key, award, day, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO NOTHING`, key, award, calendar.In(now, calendar.JST).String(), db.Micros(now))
	if err != nil {
		return fmt.Errorf("writing entry %s: %w", key, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	for place, p := range netted(all) {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO ledger_posting (entry, place, account, currency, amount) VALUES ($1, $2, $3, $4, $5)`,
			key, place, string(p.Account), p.Amount.Currency, p.Amount.Minor); err != nil {
			return fmt.Errorf("writing entry %s: %w", key, err)
		}
	}
	return nil
}

// A Balance is the sum of an account in a currency.
type Balance struct {
	Account Account
	Amount  money.Amount
}

// balances returns the sums of all accounts.
func balances(ctx context.Context, q db.Querier) ([]Balance, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT account, currency, CAST(sum(amount) AS BIGINT)
		FROM ledger_posting
		GROUP BY account, currency
		ORDER BY account, currency`)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	defer rows.Close()
	var all []Balance
	for rows.Next() {
		var b Balance
		if err := rows.Scan(&b.Account, &b.Amount.Currency, &b.Amount.Minor); err != nil {
			return nil, fmt.Errorf("reading the ledger: %w", err)
		}
		all = append(all, b)
	}
	return all, rows.Err()
}
