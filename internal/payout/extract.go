package payout

import (
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/fold"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/withholding"
)

// The ledger extract is what stays of a payee who has left: name, address, amounts, tax, day and the
// voucher's number, and nothing else (A.7). It is written when the money goes out, under a key of the
// year, so that destroying the person's own key leaves it, and destroying the year's key ends it.

// An Extract is one payment as the books keep it.
type Extract struct {
	Run      string
	Award    string
	Person   string
	Day      calendar.Date
	Gross    money.Amount
	Tax      money.Amount
	Net      money.Amount
	BaseJPY  int64 // the gross in yen, as it was taxed
	TaxJPY   int64
	Category withholding.Category
	Returned bool
	Payee    ExtractPayee
}

// An ExtractPayee is who was paid, as the law wants it written down.
type ExtractPayee struct {
	Name    string `json:"name"`
	Kana    string `json:"kana,omitempty"`
	Address string `json:"address"`
	Country string `json:"country"`
	Head    string `json:"head"`
	Treaty  string `json:"treaty,omitempty"`
}

// keptUntil returns the last day on which the books of a year are kept: seven years after the tax return
// is due, two months after the year's end, or ten after the year's end, whichever is later. The business
// year is taken to be the calendar year.
func keptUntil(year int) calendar.Date {
	tax, company := calendar.Of(year+8, time.March, 0), calendar.Of(year+10, time.December, 31)
	if tax.After(company) {
		return tax
	}
	return company
}

// ensureYear makes the key of a year's extract if there is none.
func (ps *Payouts) ensureYear(ctx context.Context, tx *sql.Tx, year int) (cipher.AEAD, error) {
	m, err := ps.master()
	if err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO ledger_key (year, wrapped, until) VALUES ($1, $2, $3) ON CONFLICT (year) DO NOTHING`,
		year, m.Seal(nil, nil, key, booksOf(year)), keptUntil(year).String()); err != nil {
		return nil, fmt.Errorf("saving the key of the books of %d: %w", year, err)
	}
	return ps.yearKey(ctx, tx, year)
}

func booksOf(year int) []byte { return []byte("ledger " + strconv.Itoa(year)) }

// yearKey returns the cipher of a year's extract.
func (ps *Payouts) yearKey(ctx context.Context, q db.Querier, year int) (cipher.AEAD, error) {
	var wrapped []byte
	err := q.QueryRowContext(ctx, `SELECT wrapped FROM ledger_key WHERE year = $1`, year).Scan(&wrapped)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(wrapped) == 0 {
		return nil, errBooksGone
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key of the books of %d: %w", year, err)
	}
	m, err := ps.master()
	if err != nil {
		return nil, err
	}
	key, err := m.Open(nil, nil, wrapped, booksOf(year))
	if err != nil {
		return nil, fmt.Errorf("unwrapping the key of the books of %d: %w", year, err)
	}
	return aead(key)
}

var errBooksGone = fault.New(fault.Conflict, "The books of this year were kept as long as the law wants, and destroyed.",
	"この年の帳簿は法定の保存期間が終わり、破棄されています。")

// keep writes the extract of a run that goes out.
func (ps *Payouts) keep(ctx context.Context, tx *sql.Tx, r Run, items []RunItem) error {
	key, err := ps.ensureYear(ctx, tx, r.Day.Year)
	if err != nil {
		return err
	}
	for _, i := range items {
		d, err := ps.details(ctx, tx, i.Person, i.sealed)
		if err != nil {
			return err
		}
		base, tax, err := i.Inputs.yen(i.Award)
		if err != nil {
			return err
		}
		text, err := json.Marshal(ExtractPayee{Name: d.Name, Kana: d.Kana, Address: d.Street + ", " + d.Town, Country: d.Country, Head: i.Inputs.Head, Treaty: i.Inputs.Treaty})
		if err != nil {
			return fmt.Errorf("writing the extract of award %s: %w", i.Award, err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO payment_extract (run, award, person, year, day, currency, gross, tax, net, base_jpy, tax_jpy, category, outcome, sealed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'sent', $13)
			ON CONFLICT (run, award) DO NOTHING`,
			r.ID, i.Award, i.Person, r.Day.Year, r.Day.String(), r.Currency, i.Gross.Minor, i.Tax.Minor, i.Net.Minor, base, tax, i.Inputs.Category,
			key.Seal(nil, nil, text, extractOf(r.ID, i.Award))); err != nil {
			return fmt.Errorf("saving the extract of award %s: %w", i.Award, err)
		}
	}
	return nil
}

func extractOf(run, award string) []byte { return []byte("extract " + run + " " + award) }

// yen returns the share of one award in what was taxed, in yen, and in the tax.
func (in Inputs) yen(award string) (base, tax int64, err error) {
	t, err := in.Tax()
	if err != nil {
		return 0, 0, err
	}
	gross := in.Gross()
	bases, taxes := shares(in.Parts, gross.Minor, t.Gross.Minor), shares(in.Parts, gross.Minor, t.Tax.Minor)
	i := slices.IndexFunc(in.Parts, func(p Part) bool { return p.Award == award })
	if i < 0 {
		return 0, 0, fmt.Errorf("award %s is in no part of its own payment", award)
	}
	return bases[i], taxes[i], nil
}

// A Search asks the books: by day, by amount, by payee, or by any of them together.
type Search struct {
	From, To calendar.Date
	Currency string
	Min, Max int64 // of the net amount, in the smallest unit; a Max of zero is none
	Payee    string
}

// maxFound is how many payments a search returns: more are narrowed down by their days.
const maxFound = 1000

// Books searches the extract. It opens names and addresses, so each search is on record.
func (ps *Payouts) Books(ctx context.Context, who access.Caller, s Search) ([]Extract, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutTax, ""); err != nil {
		return nil, err
	}
	where, args := `day >= $1 AND day <= $2`, []any{day(s.From), cmp.Or(day(s.To), "9999-12-31")}
	and := func(condition string, v any) {
		args = append(args, v)
		where += fmt.Sprintf(` AND `+condition, len(args))
	}
	if s.Currency != "" {
		and(`currency = $%d`, s.Currency)
	}
	if s.Min > 0 {
		and(`net >= $%d`, s.Min)
	}
	if s.Max > 0 {
		and(`net <= $%d`, s.Max)
	}
	all, err := ps.extracts(ctx, where, args...)
	if err != nil {
		return nil, err
	}
	if want := fold.Letters(s.Payee); want != "" {
		all = slices.DeleteFunc(all, func(e Extract) bool {
			return e.Person != s.Payee && !strings.Contains(fold.Letters(e.Payee.Name+" "+e.Payee.Kana), want)
		})
	}
	if len(all) > maxFound {
		return nil, fault.New(fault.Invalid, "More than %d payments fit. Narrow the days or the amounts.", "%d件を超える支払いが該当します。期間または金額で絞り込んでください。", maxFound)
	}
	return all, ps.opened(ctx, who, "books", map[string]any{
		"from": day(s.From), "to": day(s.To), "by_payee": s.Payee != "", "found": len(all),
	})
}

// opened puts on record that somebody opened the books.
func (ps *Payouts) opened(ctx context.Context, who access.Caller, what string, detail map[string]any) error {
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		return ps.Audit.Record(ctx, tx, who, access.PayoutTax, what, detail)
	})
}

// extracts reads and opens rows of the extract, in the order of their days. Rows of a year whose key is
// gone have no payee any more.
func (ps *Payouts) extracts(ctx context.Context, where string, args ...any) ([]Extract, error) {
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT run, award, person, day, currency, gross, tax, net, base_jpy, tax_jpy, category, outcome, sealed
		FROM payment_extract WHERE `+where+` ORDER BY day, run, award`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the books: %w", err)
	}
	defer rows.Close()
	keys := map[int]cipher.AEAD{}
	var all []Extract
	for rows.Next() {
		var e Extract
		var on, currency, outcome string
		var sealed []byte
		if err := rows.Scan(&e.Run, &e.Award, &e.Person, &on, &currency, &e.Gross.Minor, &e.Tax.Minor, &e.Net.Minor, &e.BaseJPY, &e.TaxJPY,
			&e.Category, &outcome, &sealed); err != nil {
			return nil, fmt.Errorf("reading the books: %w", err)
		}
		e.Gross.Currency, e.Tax.Currency, e.Net.Currency, e.Returned = currency, currency, currency, outcome == "returned"
		if e.Day, err = calendar.Parse(on); err != nil {
			return nil, fmt.Errorf("reading the books: %w", err)
		}
		key, known := keys[e.Day.Year]
		if !known {
			if key, err = ps.yearKey(ctx, ps.DB.Read(), e.Day.Year); err != nil && !errors.Is(err, errBooksGone) {
				return nil, err
			}
			keys[e.Day.Year] = key
		}
		if key != nil {
			text, err := key.Open(nil, nil, sealed, extractOf(e.Run, e.Award))
			if err != nil {
				return nil, fmt.Errorf("opening the extract of award %s: %w", e.Award, err)
			}
			if err := json.Unmarshal(text, &e.Payee); err != nil {
				return nil, fmt.Errorf("opening the extract of award %s: %w", e.Award, err)
			}
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// A Statement is what one payee was paid in a year under one category (支払調書), and whether the law
// wants it filed.
type Statement struct {
	Year     int
	Person   string
	Payee    ExtractPayee // as of the last payment
	Category withholding.Category
	Payments int
	Gross    int64 // yen
	Tax      int64
	Due      bool
	FileBy   calendar.Date
}

// Statements returns the yearly statements of payment. What came back from a bank was not paid.
func (ps *Payouts) Statements(ctx context.Context, who access.Caller, year int) ([]Statement, error) {
	if err := ps.Audit.Allow(ctx, who, access.PayoutTax, ""); err != nil {
		return nil, err
	}
	all, err := ps.extracts(ctx, `year = $1 AND outcome = 'sent'`, year)
	if err != nil {
		return nil, err
	}
	type payee struct {
		person   string
		category withholding.Category
	}
	sums := map[payee]*Statement{}
	var list []*Statement
	for _, e := range all {
		k := payee{e.Person, e.Category}
		s, known := sums[k]
		if !known {
			s = &Statement{Year: year, Person: e.Person, Category: e.Category, FileBy: withholding.RecordBy(year)}
			sums[k], list = s, append(list, s)
		}
		s.Payee, s.Payments, s.Gross, s.Tax = e.Payee, s.Payments+1, s.Gross+e.BaseJPY, s.Tax+e.TaxJPY
	}
	statements := make([]Statement, 0, len(list))
	for _, s := range list {
		s.Due = withholding.RecordDue(s.Category, s.Gross)
		statements = append(statements, *s)
	}
	return statements, ps.opened(ctx, who, "statements", map[string]any{"year": year, "found": len(statements)})
}

// expire destroys the keys of years whose books were kept as long as the law wants.
func (ps *Payouts) expire(ctx context.Context) error {
	today := calendar.In(ps.Now(), calendar.JST).String()
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE ledger_key SET wrapped = $1 WHERE until < $2 AND length(wrapped) > 0`, []byte{}, today)
		if err != nil {
			return fmt.Errorf("destroying the keys of old books: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return ps.Audit.Record(ctx, tx, access.Self, access.PayoutTax, "books", map[string]any{"destroyed_until": today})
	})
}
