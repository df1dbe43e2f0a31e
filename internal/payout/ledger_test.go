package payout

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/money"
)

// history is a random one of an award: the entries it leaves, each with its key.
func history(r *rapid.T) (keys []string, all [][]Posting) {
	add := func(key string, p []Posting) { keys, all = append(keys, key), append(all, p) }
	usd := money.Cents(rapid.Int64Range(1, 1_000_000_00).Draw(r, "usd"))
	add("owed", owed(usd))
	for n := range rapid.IntRange(0, 3).Draw(r, "runs") {
		gross := usd
		if rapid.Bool().Draw(r, "yen") {
			gross = money.Amount{Minor: rapid.Int64Range(1, 200_000_000).Draw(r, "gross"), Currency: money.JPY}
		}
		tax := rapid.Int64Range(0, gross.Minor-1).Draw(r, "tax")
		i := Item{Gross: gross, Tax: money.Amount{Minor: tax, Currency: gross.Currency}, Net: money.Amount{Minor: gross.Minor - tax, Currency: gross.Currency}}
		add(fmt.Sprint("locked", n), locked(usd, i))
		add(fmt.Sprint("sent", n), sent(i))
		if rapid.Bool().Draw(r, "stays") {
			return keys, all
		}
		add(fmt.Sprint("returned", n), returned(usd, i))
	}
	add("end", ended(rapid.SampledFrom([]Event{Waive, Dissolve, Refuse, Donate}).Draw(r, "end"), usd))
	return keys, all
}

func TestEveryHistoryBalancesAndWrittenTwiceCountsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, n := context.Background(), 0
		rapid.Check(t, func(r *rapid.T) {
			n++
			keys, all := history(r)
			want := map[string]int64{}
			err := d.Tx(ctx, func(tx *sql.Tx) error {
				for i, entry := range all {
					if !balanced(entry) {
						r.Fatalf("%s does not balance: %v", keys[i], entry)
					}
					for range 2 {
						if err := post(ctx, tx, time.Unix(0, 0), fmt.Sprint(keys[i], "/", n), fmt.Sprint(n), entry); err != nil {
							return err
						}
					}
					for _, p := range entry {
						want[string(p.Account)+p.Amount.Currency] += p.Amount.Minor
					}
				}
				rows, err := tx.QueryContext(ctx, `
					SELECT p.account, p.currency, CAST(sum(p.amount) AS BIGINT)
					FROM ledger_posting p JOIN ledger_entry e ON e.key = p.entry WHERE e.award = $1 GROUP BY p.account, p.currency`, fmt.Sprint(n))
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var account, currency string
					var sum int64
					if err := rows.Scan(&account, &currency, &sum); err != nil {
						return err
					}
					if want[account+currency] != sum {
						r.Fatalf("%s in %s: %d, want %d", account, currency, sum, want[account+currency])
					}
				}
				return rows.Err()
			})
			if err != nil {
				r.Fatal(err)
			}
		})
	})
}

func TestAnEntryThatDoesNotBalanceIsNotWritten(t *testing.T) {
	d := dbtest.SQLite(t)
	err := d.Tx(context.Background(), func(tx *sql.Tx) error {
		return post(context.Background(), tx, time.Unix(0, 0), "k", "a", []Posting{{Bank, money.Cents(1)}})
	})
	if err == nil || !strings.Contains(err.Error(), "does not balance") || dbtest.Count(t, d, "ledger_entry") != 0 {
		t.Errorf("err = %v", err)
	}
}

func TestTheLaterOfTheMonthAndThirtyDaysGoverns(t *testing.T) {
	for _, c := range []struct{ name, asked, strict, extended, last, unmoved string }{
		{"a request of 31 January 2017 has its month in February, and thirty days in March", "2017-01-31", "2017-02-28", "2017-02-28", "2017-03-02", "2017-03-02"},
		{"a request on the last of February has all of March", "2017-02-28", "2017-03-31", "2017-03-31", "2017-03-31", "2017-03-31"},
		{"a month that ends in the ten holidays of 2019 goes on to 7 May", "2019-03-30", "2019-04-30", "2019-05-07", "2019-05-07", "2019-04-30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, err := calendar.Parse(c.asked)
			if err != nil {
				t.Fatal(err)
			}
			at := asked.Start(calendar.JST).Add(time.Hour)
			l, strict := LapsesOf(at, true), LapsesOf(at, false)
			got := fmt.Sprint(l.Strict, l.Extended, l.Last, strict.Last)
			if want := strings.Join([]string{c.strict, c.extended, c.last, c.unmoved}, " "); got != want && strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
