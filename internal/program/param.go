package program

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// Params are the facts a clause states, typed. Most clauses state few or none of them.
type Params struct {
	Reached     string   // how what the clause covers is reached: Web or App
	Release     string   // which version of the app counts
	Platforms   []string // ids of Terms.Platforms
	Domains     []Domain
	Sites       []Site
	Outside     []string // ways to reach something that put it out of scope
	Periods     []Period
	Classes     []Class
	Rate        *Rate
	Pays        *Pays
	Fees        string // who bears the transfer fee
	Languages   []lang.Lang
	Prevailing  lang.Lang
	Zone        string
	Start       calendar.Date // of the program
	InForce     calendar.Date // of this version
	Age         string
	Sanctions   []string // whose economic sanctions count, as country codes
	AccountSite string
	ContactForm string
	SecretUntil []string // all of these have to happen
}

// A Period is a time that a clause gives or demands.
type Period struct {
	Kind   string // such as "payment_info"
	Name   lang.Text
	N      int
	Unit   string    // Day, Month or Year
	From   lang.Text // the event it starts with
	About  []string  // what it limits; two periods about the same thing must not differ
	Clause string
	// Extends says that a last day without banks moves to the next bank day (D-4).
	Extends bool
}

// The units of a Period.
const (
	Day   = "day"
	Month = "month"
	Year  = "year"
)

// Last returns the last day of the period when its event was on d, as the Civil Code counts. The
// period lasts until 24:00 of that day.
func (p Period) Last(d calendar.Date) calendar.Date {
	switch p.Unit {
	case Day:
		return calendar.Days(d, p.N)
	case Month:
		return calendar.Months(d, p.N)
	}
	return calendar.Months(d, 12*p.N)
}

// Extended returns the last day, moved to the next bank day when the period extends and banks are
// closed (D-4).
func (p Period) Extended(d calendar.Date) calendar.Date {
	if !p.Extends {
		return p.Last(d)
	}
	return calendar.NextBankDay(p.Last(d))
}

// Length returns how long the period is, in words.
func (p Period) Length() lang.Text {
	unit, ja := p.Unit, map[string]string{Day: "日", Month: "か月", Year: "年"}[p.Unit]
	if p.N != 1 {
		unit += "s"
	}
	return lang.Text{JA: fmt.Sprintf("%d%s", p.N, ja), EN: fmt.Sprintf("%d %s", p.N, unit)}
}

// A Class is a kind of vulnerability with its guide reward.
type Class struct {
	ID     string
	Name   lang.Text
	Means  lang.Text
	Guide  Amount // not a promise
	CWE    []int  // the first is the usual one
	VRT    string // node of the Vulnerability Rating Taxonomy, or empty
	Vector string // CVSS 3.1 to start from, or empty
	Clause string
}

// An Amount is money as the terms state it, exactly.
type Amount struct {
	Cents    int64  // hundredths of the currency's unit
	Currency string // ISO 4217
}

// String returns the amount without its currency and without empty cents: "500", "1989.50".
func (a Amount) String() string {
	if a.Cents%100 == 0 {
		return fmt.Sprint(a.Cents / 100)
	}
	return fmt.Sprintf("%d.%02d", a.Cents/100, a.Cents%100)
}

// A Rate says how a reward is converted.
type Rate struct {
	From, To string   // currencies
	Day      string   // the day whose rate counts, such as "month_end"
	Closed   []string // days that move to the business day before
	Rounding string
}

// Pays says in which currency an account is paid.
type Pays struct {
	Account  string // "japan" or "abroad"
	Currency string
}

// A param is one key that may stand under a clause's params.
type param struct {
	key  string
	name lang.Text
	// once: however many clauses state it, it has one value in the whole text.
	once bool
	read func(*reader, *yaml.Node, *Params)
	// show returns the values for a reader, one each; nothing when the clause does not state it.
	show func(*Terms, *Params) []lang.Text
}

// words are names of values that a reader should not see as keys.
var words = map[string]lang.Text{
	Web: {JA: "ウェブ", EN: "the web"}, App: {JA: "アプリ", EN: "the app"},
	SeparateProcess: {JA: "別プロセス", EN: "a separate process"},
	"latest":        {JA: "最新版", EN: "the latest version"},
	"adult":         {JA: "成年", EN: "of age"},
	"company":       {JA: "会社", EN: "the company"},
	"fixed":         {JA: "修正", EN: "fixed"}, "published": {JA: "公表", EN: "published"},
	"japan": {JA: "日本の口座", EN: "account in Japan"}, "abroad": {JA: "海外の口座", EN: "account abroad"},
	"ja": {JA: "日本語", EN: "Japanese"}, "en": {JA: "英語", EN: "English"},
	"saturday": {JA: "土曜日", EN: "Saturday"}, "sunday": {JA: "日曜日", EN: "Sunday"},
	"public_holiday": {JA: "祝日", EN: "public holidays"}, "year_end": {JA: "12月31日から1月3日", EN: "31 December to 3 January"},
}

// word returns the name of a value, or the value itself where it is its own name.
func word(s string) lang.Text {
	if t, ok := words[s]; ok {
		return t
	}
	return lang.Text{JA: s, EN: s}
}

// show helpers: each turns a field of Params into values for a reader.

func showWord(get func(*Params) string) func(*Terms, *Params) []lang.Text {
	return func(_ *Terms, p *Params) []lang.Text {
		if v := get(p); v != "" {
			return []lang.Text{word(v)}
		}
		return nil
	}
}

func showWords(get func(*Params) []string) func(*Terms, *Params) []lang.Text {
	return func(_ *Terms, p *Params) []lang.Text {
		var out []lang.Text
		for _, v := range get(p) {
			out = append(out, word(v))
		}
		return out
	}
}

func showDate(get func(*Params) calendar.Date) func(*Terms, *Params) []lang.Text {
	return showWord(func(p *Params) string {
		if d := get(p); !d.IsZero() {
			return d.String()
		}
		return ""
	})
}

func showPlatforms(t *Terms, p *Params) []lang.Text {
	var out []lang.Text
	for _, id := range p.Platforms {
		pl, _ := t.Platform(id)
		out = append(out, pl.Name)
	}
	return out
}

func showDomains(_ *Terms, p *Params) []lang.Text {
	var out []lang.Text
	for _, d := range p.Domains {
		out = append(out, word(d.String()))
	}
	return out
}

func showSites(_ *Terms, p *Params) []lang.Text {
	var out []lang.Text
	for _, s := range p.Sites {
		out = append(out, word(s.URL))
	}
	return out
}

func showPeriods(_ *Terms, p *Params) []lang.Text {
	var out []lang.Text
	for _, d := range p.Periods {
		length := d.Length()
		out = append(out, lang.Text{
			JA: fmt.Sprintf("%s：%sから%s", d.Name.JA, d.From.JA, length.JA),
			EN: fmt.Sprintf("%s: %s from %s", d.Name.EN, length.EN, d.From.EN),
		})
	}
	return out
}

func showClasses(_ *Terms, p *Params) []lang.Text {
	var out []lang.Text
	for _, c := range p.Classes {
		amount := c.Guide.String() + " " + c.Guide.Currency
		out = append(out, lang.Text{JA: c.Name.JA + " " + amount, EN: c.Name.EN + " " + amount})
	}
	return out
}

func showRate(_ *Terms, p *Params) []lang.Text {
	if p.Rate == nil {
		return nil
	}
	var ja, en []string
	for _, c := range p.Rate.Closed {
		ja, en = append(ja, word(c).JA), append(en, word(c).EN)
	}
	return []lang.Text{{
		JA: fmt.Sprintf("%sから%s、月末日のレート（%sは前営業日）、切り捨て", p.Rate.From, p.Rate.To, strings.Join(ja, "・")),
		EN: fmt.Sprintf("%s to %s at the month end's rate (on %s the business day before), rounded down", p.Rate.From, p.Rate.To, strings.Join(en, ", ")),
	}}
}

func showPays(_ *Terms, p *Params) []lang.Text {
	if p.Pays == nil {
		return nil
	}
	a := word(p.Pays.Account)
	return []lang.Text{{JA: a.JA + "：" + p.Pays.Currency, EN: a.EN + ": " + p.Pays.Currency}}
}

func showLanguages(_ *Terms, p *Params) []lang.Text {
	var out []lang.Text
	for _, l := range p.Languages {
		out = append(out, word(string(l)))
	}
	return out
}

// sameValues reports whether a and b show the same values, in whatever order.
func sameValues(a, b []lang.Text) bool {
	less := func(x, y lang.Text) int { return strings.Compare(x.EN+"\x00"+x.JA, y.EN+"\x00"+y.JA) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), less), slices.SortedFunc(slices.Values(b), less))
}
