package payout

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
)

// An Entry is one of the ledger: what happened to an award, and what it did to the accounts.
type Entry struct {
	Key      string
	Award    string
	Report   string
	Person   string
	Day      calendar.Date
	At       time.Time
	Postings []Posting
}

// An EntryQuery asks for entries by date, amount and payee, as electronic books have to be searched.
type EntryQuery struct {
	From, To calendar.Date // zero: open
	Amount   string        // of any posting, whole or with cents; empty for any
	Payee    string        // a part of the name, or the number of the report
	Skip     int
	Limit    int // zero for 50
}

// Entries returns entries of the ledger, the newest first, one more than the limit if there are more.
func (ps *Payouts) Entries(ctx context.Context, who access.Caller, q EntryQuery) ([]Entry, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	where, args, err := q.where()
	if err != nil {
		return nil, err
	}
	args = append(args, cmp.Or(q.Limit, 50)+1, max(q.Skip, 0))
	rows, err := ps.DB.Read().QueryContext(ctx, fmt.Sprintf(`
		SELECT e.key, e.award, e.day, e.at, a.report, p.person
		FROM ledger_entry e
		JOIN payment p ON p.award = e.award
		JOIN award a ON a.id = e.award
		LEFT JOIN person n ON n.id = p.person
		WHERE %s ORDER BY e.at DESC, e.key DESC LIMIT $%d OFFSET $%d`, where, len(args)-1, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("searching the ledger: %w", err)
	}
	defer rows.Close()
	var all []Entry
	for rows.Next() {
		var e Entry
		var on string
		var at int64
		if err := rows.Scan(&e.Key, &e.Award, &on, &at, &e.Report, &e.Person); err != nil {
			return nil, fmt.Errorf("searching the ledger: %w", err)
		}
		if e.Day, err = calendar.Parse(on); err != nil {
			return nil, fmt.Errorf("searching the ledger: %w", err)
		}
		e.At = db.Time(at)
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return all, postings(ctx, ps.DB.Read(), all)
}

// where is the question in SQL.
func (q EntryQuery) where() (string, []any, error) {
	conds, args := []string{"TRUE"}, []any{}
	add := func(cond string, of ...any) {
		marks := make([]any, len(of))
		for i, a := range of {
			args = append(args, a)
			marks[i] = len(args)
		}
		conds = append(conds, fmt.Sprintf(cond, marks...))
	}
	if !q.From.IsZero() {
		add("e.day >= $%d", q.From.String())
	}
	if !q.To.IsZero() {
		add("e.day <= $%d", q.To.String())
	}
	if text := strings.TrimSpace(q.Payee); text != "" {
		add("(a.report = $%d OR n.name LIKE '%%' || $%d || '%%')", strings.ToUpper(text), text)
	}
	if text := strings.TrimSpace(q.Amount); text != "" {
		yen, errYen := money.Parse(text, money.JPY)
		usd, errUSD := money.Parse(text, money.USD)
		if errYen != nil && errUSD != nil {
			return "", nil, fault.New(fault.Invalid, "“%s” is no amount. Write 897900 or 1,989.50.", "「%s」は金額として読めません。897900 や 1,989.50 のように入力してください。", text).At("amount")
		}
		if errYen != nil {
			yen.Minor = -1 // no yen has cents
		}
		add(`EXISTS (
			SELECT 1 FROM ledger_posting o
			WHERE o.entry = e.key AND (o.currency = 'JPY' AND abs(o.amount) = $%d OR o.currency = 'USD' AND abs(o.amount) = $%d))`, yen.Minor, usd.Minor)
	}
	return strings.Join(conds, " AND "), args, nil
}

// postings reads what entries did to the accounts, of all of them at once.
func postings(ctx context.Context, q db.Querier, all []Entry) error {
	if len(all) == 0 {
		return nil
	}
	place, keys := map[string]int{}, make([]any, len(all))
	for i, e := range all {
		place[e.Key], keys[i] = i, e.Key
	}
	rows, err := q.QueryContext(ctx, `
		SELECT entry, account, currency, amount
		FROM ledger_posting WHERE entry IN `+placeholders(0, len(keys))+` ORDER BY entry, place`, keys...)
	if err != nil {
		return fmt.Errorf("reading the postings of entries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var p Posting
		if err := rows.Scan(&key, &p.Account, &p.Amount.Currency, &p.Amount.Minor); err != nil {
			return fmt.Errorf("reading the postings of entries: %w", err)
		}
		e := &all[place[key]]
		e.Postings = append(e.Postings, p)
	}
	return rows.Err()
}
