package payout

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/exchange"
	"hinomi.dev/hinomi/internal/money"
)

// A RateEntry is a rate on record, with where it came from.
type RateEntry struct {
	Kind        RateKind
	Day         calendar.Date
	Value       money.Decimal
	Hash        string // of the file, or of what was typed
	EnteredBy   string
	EnteredAt   time.Time
	ConfirmedBy string // empty while it waits for a second person
}

// A RateMonth is what is known of a month: the rate that counts for reports of it, and the bank days
// without one.
type RateMonth struct {
	First   calendar.Date
	Day     calendar.Date // whose rate counts
	Entry   *RateEntry    // of that day, when it counts already
	Days    int           // bank days that are over
	Known   int           // of these, with a rate
	Missing []calendar.Date
	Closed  []calendar.Date // with a rate although banks were closed
	Needed  int             // payments that wait for the rate of the day, which is over and not there
}

// A RateBook is a year of one kind of rate.
type RateBook struct {
	Kind    RateKind
	Year    int
	Years   []int // with any rate, the newest first
	Months  []RateMonth
	Waiting []RateEntry // of any year
}

// RateBook returns the months of a year, up to this one. Year zero is this year.
func (ps *Payouts) RateBook(ctx context.Context, who access.Caller, kind RateKind, year int) (RateBook, error) {
	today := calendar.In(ps.Now(), calendar.JST)
	if year == 0 {
		year = today.Year
	}
	b := RateBook{Kind: kind, Year: year}
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return b, err
	}
	if err := kind.check(); err != nil {
		return b, err
	}
	q := ps.DB.Read()
	var err error
	if b.Years, err = rateYears(ctx, q, kind, today.Year); err != nil {
		return b, err
	}
	if b.Waiting, err = rateEntries(ctx, q, `WHERE kind = $1 AND confirmed_by = '' ORDER BY day`, string(kind)); err != nil {
		return b, err
	}
	known, err := rateEntries(ctx, q, `WHERE kind = $1 AND day >= $2 AND day <= $3 AND confirmed_by <> '' ORDER BY day`,
		string(kind), calendar.Of(year, 1, 1).String(), calendar.Of(year, 12, 31).String())
	if err != nil {
		return b, err
	}
	needed, err := ps.needed(ctx, q)
	if err != nil {
		return b, err
	}
	of := map[calendar.Date]*RateEntry{}
	for i := range known {
		of[known[i].Day] = &known[i]
	}
	for m := time.January; m <= time.December; m++ {
		first := calendar.Of(year, m, 1)
		if first.After(today) {
			break
		}
		b.Months = append(b.Months, rateMonth(first, today, of, needed))
	}
	return b, nil
}

func rateMonth(first, today calendar.Date, of map[calendar.Date]*RateEntry, needed map[calendar.Date]int) RateMonth {
	m := RateMonth{First: first, Day: calendar.RateDate(first)}
	m.Entry = of[m.Day]
	table, last := exchange.Table{}, calendar.MonthEnd(first)
	if !last.Before(today) {
		last = today.Add(-1) // today's rate may come yet
	}
	for d := first; !d.After(calendar.MonthEnd(first)); d = d.Add(1) {
		if e := of[d]; e != nil {
			table[d] = e.Value
		}
		if !d.After(last) && calendar.BankDay(d) {
			m.Days++
		}
	}
	if !last.Before(first) {
		m.Missing, m.Closed = table.Disagree(first, last)
		m.Known = m.Days - len(m.Missing)
	}
	if m.Entry == nil && m.Day.Before(today) {
		m.Needed = needed[m.Day]
	}
	return m
}

// needed counts the screened payments in yen by the day of the rate they wait for.
func (ps *Payouts) needed(ctx context.Context, q db.Querier) (map[calendar.Date]int, error) {
	all, err := list(ctx, q, `state = 'screened' AND currency = 'JPY'`)
	days := map[calendar.Date]int{}
	for _, p := range all {
		days[calendar.RateDate(p.Reported)]++
	}
	return days, err
}

func rateYears(ctx context.Context, q db.Querier, kind RateKind, this int) ([]int, error) {
	var first, last sql.NullString
	if err := q.QueryRowContext(ctx, `SELECT min(day), max(day) FROM rate WHERE kind = $1`, string(kind)).Scan(&first, &last); err != nil {
		return nil, fmt.Errorf("reading the years of rates: %w", err)
	}
	years := []int{this}
	if !first.Valid {
		return years, nil
	}
	d, err := calendar.Parse(first.String)
	if err != nil {
		return nil, fmt.Errorf("reading the years of rates: %w", err)
	}
	for y := this - 1; y >= d.Year; y-- {
		years = append(years, y)
	}
	return years, nil
}

// rateEntries reads the rates on record that a WHERE clause chooses, in its order.
func rateEntries(ctx context.Context, q db.Querier, which string, args ...any) ([]RateEntry, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT kind, day, value, hash, entered_by, entered_at, confirmed_by
		FROM rate `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("reading rates: %w", err)
	}
	defer rows.Close()
	var all []RateEntry
	for rows.Next() {
		var e RateEntry
		var on, value string
		var at int64
		if err := rows.Scan(&e.Kind, &on, &value, &e.Hash, &e.EnteredBy, &at, &e.ConfirmedBy); err != nil {
			return nil, fmt.Errorf("reading rates: %w", err)
		}
		e.EnteredAt = db.Time(at)
		if e.Day, err = calendar.Parse(on); err == nil {
			e.Value, err = money.ParseDecimal(value)
		}
		if err != nil {
			return nil, fmt.Errorf("reading rates: %w", err)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// DropRate takes back a typed rate that nobody has confirmed: it may have been a slip, and until it is
// gone neither a second person nor a file can give the right one. A rate that counts is never changed.
func (ps *Payouts) DropRate(ctx context.Context, who access.Caller, kind RateKind, d calendar.Date) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutRate, string(kind)); err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := db.One(tx.ExecContext(ctx, `
			DELETE FROM rate WHERE kind = $1 AND day = $2 AND confirmed_by = ''`, string(kind), d.String())); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutRate, string(kind), map[string]any{"day": d, "dropped": true})
	})
}
