package program

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// The years a question may be about: before, no holidays are known and nobody alive was born;
// after, the calendar ends before the longest period does.
const (
	firstAsked = 1900
	lastAsked  = calendar.LastYear - 1
)

// day returns a date, or the date that an instant has in the program's zone.
func (q *question) day(field string) calendar.Date {
	s := q.text(field)
	if q.err != nil {
		return calendar.Date{}
	}
	d, err := calendar.Parse(s)
	if err != nil {
		t, terr := time.Parse(time.RFC3339, s)
		if terr != nil {
			q.wrong(field, "is %.60q, want a date such as 2018-10-01 or an instant such as 2018-09-30T15:00:00Z", s)
			return d
		}
		d = calendar.In(t, q.p.Zone)
	}
	if d.Year < firstAsked || d.Year > lastAsked {
		q.wrong(field, "is %.60q, want a year from %d to %d", s, firstAsked, lastAsked)
	}
	return d
}

// needBanks complains about a date for which we do not know whether banks were open.
func (q *question) needBanks(field string, d calendar.Date) {
	if q.err == nil && !calendar.Known(d) {
		q.wrong(field, "is %v, and holidays are known from %d on", d, calendar.FirstYear)
	}
}

// dayOrNone returns a date, or false when the field is absent or null: it has not happened.
func (q *question) dayOrNone(field string) (calendar.Date, bool) {
	if !q.given(field) {
		return calendar.Date{}, false
	}
	return q.day(field), true
}

// terms returns the version that the question names; when it names none, the one in force at the
// end of d, and for a day before the program the first one.
func (q *question) terms(d calendar.Date) *Terms {
	if !q.given("terms") && !d.IsZero() {
		if t, ok := q.p.At(d.End(q.p.Zone).Add(-time.Nanosecond)); ok {
			return t
		}
		return q.p.versions[0]
	}
	var ids []string
	for _, v := range q.p.versions {
		ids = append(ids, v.ID)
	}
	id := q.oneOf("terms", ids...)
	t, _ := q.p.Version(id)
	return t
}

// silent says that the terms do not rule what was asked.
func (q *question) silent(t *Terms, what string) reply {
	q.wrong("terms", "%s say nothing about %s", t.ID, what)
	return reply{}
}

// rateDate answers which day's exchange rate converts a reward.
func rateDate(q *question) reply {
	d := q.day("received_at")
	q.needBanks("received_at", d)
	if q.err != nil {
		return reply{}
	}
	t := q.terms(d)
	if q.err != nil {
		return reply{}
	}
	c := t.first(func(c *Clause) bool { return c.Params.Rate != nil })
	if c == nil {
		return q.silent(t, "conversion")
	}
	return reply{Terms: t.ID, Clauses: []string{c.ID}, Reading: c.readingsOn("rate"), Answer: struct {
		MonthEnd calendar.Date `json:"month_end"`
		RateDate calendar.Date `json:"rate_date"`
	}{calendar.MonthEnd(d), calendar.RateDate(d)}}
}

// deadline answers when a period ends that the terms give or demand.
func deadline(q *question) reply {
	kind, d := q.text("kind"), q.day("from")
	if q.err != nil {
		return reply{}
	}
	t := q.terms(d)
	if q.err != nil {
		return reply{}
	}
	var known []string
	for _, p := range t.Periods {
		known = append(known, p.Kind)
	}
	p, ok := t.Period(q.oneOf("kind", known...))
	if !ok {
		return reply{}
	}
	c := t.byID[p.Clause]
	a := struct {
		LastDay  calendar.Date  `json:"last_day"`
		Extended *calendar.Date `json:"last_day_extended,omitempty"`
		FreeFrom *calendar.Date `json:"free_from,omitempty"`
		Length   lang.Text      `json:"length"`
	}{LastDay: p.Last(d), Length: p.Length()}
	if p.Extends {
		q.needBanks("from", d)
		e := p.Extended(d)
		a.Extended = &e
	} else {
		free := a.LastDay.Add(1)
		a.FreeFrom = &free
	}
	return reply{Terms: t.ID, Clauses: []string{c.ID}, Reading: c.readingsOn(kind), Answer: a}
}

// disclosure answers whether a participant may speak about a vulnerability: once it
// is both fixed and published, or a year after the report was received.
func disclosure(q *question) reply {
	received, today := q.day("received"), q.day("today")
	fixed, isFixed := q.dayOrNone("fixed")
	published, isPublished := q.dayOrNone("published")
	if q.err == nil && today.Before(received) {
		q.wrong("today", "is %v, before the report was received", today)
	}
	if q.err != nil {
		return reply{}
	}
	t := q.terms(received)
	if q.err != nil {
		return reply{}
	}
	secret := t.first(func(c *Clause) bool { return len(c.Params.SecretUntil) > 0 })
	if secret == nil {
		return q.silent(t, "secrecy")
	}
	happened := map[string]bool{"fixed": isFixed && !today.Before(fixed), "published": isPublished && !today.Before(published)}
	open := !slices.ContainsFunc(secret.Params.SecretUntil, func(what string) bool { return !happened[what] })
	a := struct {
		May      bool           `json:"may_disclose"`
		FreeFrom *calendar.Date `json:"free_from,omitempty"`
		Unfixed  bool           `json:"unfixed,omitempty"`
	}{May: open}
	r := reply{Terms: t.ID, Clauses: []string{secret.ID}}
	if p, ok := t.Period("confidentiality"); ok {
		free := p.Last(received).Add(1)
		a.FreeFrom = &free
		over := !today.Before(free)
		if over && !open {
			a.May, a.Unfixed = true, !happened["fixed"]
			r.Reading = t.byID[p.Clause].readingsOn(p.Kind)
		}
		r.Clauses = append(r.Clauses, p.Clause)
	}
	r.Answer = a
	return r
}

// scope answers whether a target is covered.
func scope(q *question) reply {
	t := q.terms(calendar.Date{})
	g := Target{Host: q.text("host"), Kind: q.oneOf("reached", Web, App, SeparateProcess)}
	if q.given("platform") {
		g.Platform = q.text("platform")
	}
	if q.given("version") {
		g.Version = q.text("version")
	}
	if q.err != nil {
		return reply{}
	}
	v := t.Judge(g)
	r := reply{Terms: t.ID, Reading: v.Readings, Answer: struct {
		In       bool        `json:"in_scope"`
		Review   bool        `json:"review,omitempty"`
		Target   string      `json:"target,omitempty"`
		Reason   lang.Text   `json:"reason"`
		Warnings []lang.Text `json:"warnings,omitempty"`
	}{v.In, v.Review, v.Target, v.Reason, v.Warnings}}
	if v.Clause != "" {
		r.Clauses = []string{v.Clause}
	}
	return r
}

// guideline answers what the table says for a class of vulnerabilities.
func guideline(q *question) reply {
	t := q.terms(calendar.Date{})
	if q.err != nil {
		return reply{}
	}
	var ids []string
	for _, c := range t.Classes() {
		ids = append(ids, c.ID)
	}
	c, ok := t.Class(q.oneOf("class", ids...))
	if !ok {
		return reply{}
	}
	if c.Guide.Currency != "USD" {
		q.wrong("class", "%s has its guide reward in %s", c.ID, c.Guide.Currency)
		return reply{}
	}
	return reply{Terms: t.ID, Clauses: []string{c.Clause}, Reading: t.byID[c.Clause].readingsOn("classes"), Answer: struct {
		USD  json.Number `json:"usd"`
		Name lang.Text   `json:"name"`
	}{json.Number(c.Guide.String()), c.Name}}
}

// adult answers whether a person is of age. The age is that of Japanese law; for a person who lives
// elsewhere the law of the nationality may say otherwise, which a person has to check.
func adult(q *question) reply {
	born, on := q.day("born"), q.day("on")
	residence := strings.ToUpper(q.text("residence"))
	if q.err == nil && !countryPattern.MatchString(residence) {
		q.wrong("residence", "is %.60q, want a two-letter country code such as JP", residence)
	}
	if q.err == nil && on.Before(born) {
		q.wrong("on", "is %v, before the person was born", on)
	}
	if q.err != nil {
		return reply{}
	}
	t := q.terms(on)
	if q.err != nil {
		return reply{}
	}
	c := t.first(func(c *Clause) bool { return c.Params.Age != "" })
	if c == nil {
		return q.silent(t, "age")
	}
	from, age := calendar.AdultFrom(born)
	a := struct {
		Adult  bool          `json:"adult"`
		From   calendar.Date `json:"adult_from"`
		Age    int           `json:"age"`
		Review bool          `json:"review,omitempty"`
		Note   *lang.Text    `json:"note,omitempty"`
	}{Adult: calendar.AdultOn(born, on), From: from, Age: age}
	if residence != "JP" {
		a.Review = true
		a.Note = &lang.Text{
			EN: "Judged by Japanese law. The law of the person's nationality may set another age.",
			JA: "日本法によって判断しています。本国法の定める成年年齢が異なることがあります。"}
	}
	return reply{Terms: t.ID, Clauses: []string{c.ID}, Answer: a}
}
