package program

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/exchange"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/withholding"
)

// ill remembers what a fault says about a field.
func (q *question) ill(field string, err error) {
	if f := fault.As(err); f != nil {
		q.wrong(field+":", "%s", f.Text.EN)
	} else {
		q.wrong(field, "is wrong: %v", err)
	}
}

// newest returns the version that a question without a date is about.
func (q *question) newest() *Terms {
	if q.given("terms") {
		return q.terms(calendar.Date{})
	}
	return q.p.versions[len(q.p.versions)-1]
}

// citing returns a reply that rests on these clauses of payment, as far as the terms have them.
func (t *Terms) citing(ids ...string) reply {
	r := reply{Terms: t.ID}
	for _, id := range ids {
		if c := t.byID[id]; c != nil && c.Kind == Payment {
			r.Clauses = append(r.Clauses, id)
		}
	}
	return r
}

// A pending is the answer while the rate is not known.
type pending struct {
	Status     string        `json:"status"`
	Earliest   calendar.Date `json:"earliest"`
	EarliestAt time.Time     `json:"earliest_at"` // when that day is over
	MonthEnd   calendar.Date `json:"month_end"`
	RateDate   calendar.Date `json:"rate_date"`
}

// A converted is the answer once it is.
type converted struct {
	MonthEnd calendar.Date `json:"month_end"`
	RateDate calendar.Date `json:"rate_date"`
	Rate     string        `json:"rate"`
	USD      string        `json:"usd"`
	Exact    string        `json:"exact"` // the product, before its fraction is dropped
	JPY      int64         `json:"jpy"`
}

// inYen answers what a reward in dollars is in yen: the rate of the last bank day of the month of
// receipt, and the fraction of a yen dropped.
func inYen(q *question) reply {
	d := q.day("received_at")
	q.needBanks("received_at", d)
	usd := q.dollars("usd")
	decided, isDecided := q.instantOrNone("decided_at")
	if q.err == nil && isDecided && calendar.In(decided, q.p.Zone).Before(d) {
		q.wrong("decided_at", "is before the report was received")
	}
	if q.err != nil {
		return reply{}
	}
	t := q.terms(d)
	if q.err != nil {
		return reply{}
	}
	c := t.first(func(c *Clause) bool { return c.Params.Rate != nil })
	if c == nil || c.Params.Rate.From != money.USD || c.Params.Rate.To != money.JPY {
		return q.silent(t, "conversion from dollars to yen")
	}
	r := reply{Terms: t.ID, Clauses: []string{c.ID}, Reading: c.readingsOn("rate")}
	day := calendar.RateDate(d)
	if over := exchange.Known(d, q.p.Zone); isDecided && decided.Before(over) {
		r.Answer = pending{"rate_pending", day, over, calendar.MonthEnd(d), day}
		return r
	}
	rates := q.rates("rates")
	if q.err != nil {
		return reply{}
	}
	got, err := rates.Yen(usd, d)
	if err != nil {
		q.ill("rates", err)
		return reply{}
	}
	r.Answer = converted{got.MonthEnd, got.RateDate, got.Rate.String(), usd.Decimal(), got.Exact, got.JPY.Minor}
	return r
}

// dollars returns an amount of dollars above zero.
func (q *question) dollars(field string) money.Amount {
	s := q.text(field)
	if q.err != nil {
		return money.Amount{}
	}
	a, err := money.Parse(s, money.USD)
	switch {
	case err != nil:
		q.wrong(field, "is %.60q, want dollars above zero with at most two digits after the point, such as \"1989.50\"", s)
	case a.Minor == 0:
		q.wrong(field, "is %.60q, want more than zero", s)
	}
	return a
}

// instantOrNone returns an instant, or false when there is none. A date alone is its beginning.
func (q *question) instantOrNone(field string) (time.Time, bool) {
	if !q.given(field) {
		return time.Time{}, false
	}
	d := q.day(field)
	if t, err := time.Parse(time.RFC3339, q.text(field)); err == nil {
		return t, true
	}
	return d.Start(q.p.Zone), true
}

// rates returns a table of rates by date.
func (q *question) rates(field string) exchange.Table {
	const want = `an object of dates and rates such as {"2018-07-31":"111.01"}`
	if !q.given(field) {
		q.wrong(field, "is missing, want %s", want)
		return nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(q.fields[field], &raw); err != nil {
		q.wrong(field, "is %.60s, want %s", q.fields[field], want)
		return nil
	}
	if twice := repeated(q.fields[field]); twice != "" {
		q.wrong(field, "has %.60q twice", twice)
	}
	rates := make(exchange.Table, len(raw))
	for _, date := range slices.Sorted(maps.Keys(raw)) {
		d, err := calendar.Parse(date)
		if err != nil {
			q.wrong(field, "has %.60q, want a date such as 2018-07-31", date)
		}
		var s string
		if json.Unmarshal(raw[date], &s) != nil {
			q.wrong(field, "has %.60s for %.60q, want a string such as \"111.01\"", raw[date], date)
		}
		rate, err := money.ParseDecimal(s)
		if err != nil || rate.IsZero() {
			q.wrong(field, "has %.60q for %.60q, want yen for a dollar such as \"111.01\"", s, date)
		}
		rates[d] = rate
	}
	return rates
}

// repeated returns a key that an object has twice, or nothing. It reads JSON that is known to be
// an object without objects in it, or reports of one that is.
func repeated(object []byte) string {
	seen := map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(object))
	for i := 0; ; i++ {
		tok, err := dec.Token()
		if err != nil {
			return ""
		}
		if key, ok := tok.(string); ok && i%2 == 1 {
			if seen[key] {
				return key
			}
			seen[key] = true
		}
	}
}

// A taxed is the answer for one transfer.
type taxed struct {
	Gross int64  `json:"gross_jpy"`
	Free  int64  `json:"free_jpy,omitempty"`
	Bands []band `json:"bands"`
	Tax   int64  `json:"tax_jpy"`
	Net   int64  `json:"net_jpy"`
}

type band struct {
	Of      int64  `json:"of_jpy"`
	Percent string `json:"percent"`
}

// withheld answers what tax is kept back. The category is that of the tax role; it has no
// default (D-8).
func withheld(q *question) reply {
	t := q.newest()
	var known []string
	for _, c := range withholding.Categories() {
		known = append(known, string(c))
	}
	p := withholding.Payee{Category: withholding.Category(q.oneOf("category", known...)), Treaty: q.percentOrNone("treaty_rate")}
	laws := withholding.Laws()
	on := laws[len(laws)-1].From // the rates as they are, when no day is given
	if q.given("on") {
		on = q.day("on")
	}
	transfers := q.transfers("transfers_jpy")
	if q.err != nil {
		return reply{}
	}
	a := struct {
		Gross     int64     `json:"gross_jpy"`
		Tax       int64     `json:"tax_jpy"`
		Net       int64     `json:"net_jpy"`
		Head      lang.Text `json:"head"`
		Transfers []taxed   `json:"transfers"`
	}{Head: p.Category.Name()}
	for _, together := range transfers {
		tax, err := p.Compute(on, together...)
		if err != nil {
			field := "transfers_jpy"
			if f := fault.As(err); f != nil && f.Field != "" {
				field = f.Field
			}
			q.ill(field, err)
			return reply{}
		}
		one := taxed{Gross: tax.Gross.Minor, Free: tax.Free.Minor, Bands: []band{}, Tax: tax.Tax.Minor, Net: tax.Net.Minor}
		for _, b := range tax.Bands {
			one.Bands = append(one.Bands, band{b.Of.Minor, b.Percent.String()})
		}
		a.Transfers = append(a.Transfers, one)
		a.Gross, a.Tax, a.Net = a.Gross+one.Gross, a.Tax+one.Tax, a.Net+one.Net
	}
	r := t.citing("6.7")
	r.Answer = a
	return r
}

// percentOrNone returns a percentage written as a number or as a string, or nil.
func (q *question) percentOrNone(field string) *money.Decimal {
	if !q.given(field) {
		return nil
	}
	s := string(q.fields[field])
	if strings.HasPrefix(s, `"`) {
		s = q.text(field)
	}
	d, err := money.ParseDecimal(s)
	if err != nil {
		q.wrong(field, "is %.60s, want percent such as 10 or \"12.5\"", s)
	}
	return &d
}

// maxTransfers is how many transfers one question may have.
const maxTransfers = 10_000

var wholeYen = regexp.MustCompile(`^[0-9]{1,15}$`)

// transfers returns what is paid: a list of transfers, each a list of amounts paid together.
func (q *question) transfers(field string) [][]money.Amount {
	const want = "a list of transfers, each a list of whole yen above zero such as [[600000, 600000], [50000]]"
	if !q.given(field) {
		q.wrong(field, "is missing, want %s", want)
		return nil
	}
	var raw [][]json.RawMessage
	if err := json.Unmarshal(q.fields[field], &raw); err != nil || len(raw) == 0 || len(raw) > maxTransfers {
		q.wrong(field, "is %.60s, want %s", q.fields[field], want)
		return nil
	}
	var all [][]money.Amount
	for i, list := range raw {
		var together []money.Amount
		for _, n := range list {
			if !wholeYen.Match(n) || strings.Trim(string(n), "0") == "" {
				q.wrong(field, "has %.60s in transfer %d, want %s", n, i+1, want)
				return nil
			}
			a, err := money.Parse(string(n), money.JPY)
			if err != nil {
				q.ill(field, err)
			}
			together = append(together, a)
		}
		if len(together) == 0 {
			q.wrong(field, "has nothing in transfer %d, want %s", i+1, want)
			return nil
		}
		all = append(all, together)
	}
	return all
}
