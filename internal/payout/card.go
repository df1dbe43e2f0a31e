package payout

import (
	"math/big"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/exchange"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/withholding"
)

// A Card is what the participant and the desk both see of a payment: how what was awarded becomes what
// the bank credits, line by line with the clause each rests on, and what was sent when.
type Card struct {
	Payment Payment
	Report  string
	Terms   string // that the report is pinned to
	Account string // masked; empty before it is known

	Kind  Reading  // why this currency
	Yen   *YenLine // nil when the payment is in dollars for sure
	Tax   TaxLine
	Gross money.Amount // these three have no currency before they are known
	Held  money.Amount // the tax
	Net   money.Amount
	Final bool    // they are those of a run; before, of a payment of this award alone, today
	Fees  Reading // borne by us

	Refund *RefundLine // when something was asked back
	Lapse  *LapseLine  // while payment data are asked for
	Told   []Message   // everything that stood in the account, with its delivery
	Run    *RunLine    // the newest that the award was in and that was locked
	Ending *Proposal   // what would end the payment, or did
}

// A Reading is why a line is as it is: the clause, and how we read it.
type Reading struct {
	Clause string
	Text   lang.Text
}

// A YenLine is how dollars become yen.
type YenLine struct {
	MonthEnd calendar.Date // of the month of the report
	Day      calendar.Date // whose rate counts
	Known    time.Time     // from when it can be known
	Rate     string        // empty while it is pending
	Source   string        // whose rate, and which kind
	Hash     string        // of the file that it came from
	Exact    string        // the product, before its fraction is dropped
	Why      Reading
}

// A TaxLine is what is kept back, and why.
type TaxLine struct {
	Category withholding.Category // empty while nobody has set it
	Head     string
	Treaty   string // percent
	FormDay  string
	TTB      string       // the rate that gave the base in yen of a payment in dollars
	Base     money.Amount // what is taxed, all that is paid at this time together
	Free     money.Amount // of which this much is free
	Bands    []withholding.Band
	All      money.Amount // on all of it; this award has its share
	Shared   bool         // with other awards, paid at the same time
	Why      Reading
}

// A LapseLine says until when payment data can be given.
type LapseLine struct {
	Last     calendar.Date
	Strict   calendar.Date // one month by the Civil Code
	Thirty   calendar.Date // thirty days
	Extended bool          // the last day was moved to a bank day
	Over     bool
	Why      Reading
}

// A RunLine is the run an award was paid in.
type RunLine struct {
	ID      string
	Day     calendar.Date
	SentAt  time.Time
	Outcome string // credited, returned, or empty
	Reason  string // the bank's, when it came back
}

// facts is what a card is made of.
type facts struct {
	payment Payment
	report  string
	terms   string
	account string
	source  string
	strict  bool
	tax     *Tax // that holds today
	item    *RunItem
	run     *Run
	told    []Message
	refund  RefundLine
	ending  *Proposal
	now     time.Time
}

var (
	feesWhy = Reading{"6.5", lang.Text{
		EN: "We bear the transfer fees: the sender pays all charges.",
		JA: "振込手数料は当社が負担します（依頼人負担）。"}}
	kindUnknown = Reading{"6.5", lang.Text{
		EN: "An account at a bank in Japan is paid in yen, any other in US dollars.",
		JA: "日本の銀行口座には円で、それ以外の口座には米ドルでお支払いします。"}}
	kindYen = Reading{"6.5.i", lang.Text{
		EN: "The account is at a bank in Japan, so it is paid in yen.",
		JA: "日本の銀行口座のため、円でお支払いします。"}}
	kindDollars = Reading{"6.5.ii", lang.Text{
		EN: "The account is abroad, so it is paid in US dollars, without conversion.",
		JA: "海外の銀行口座のため、米ドルで換算せずにお支払いします。"}}
	yenWhy = Reading{"6.5.i", lang.Text{
		EN: "The last bank day on or before the end of the month of the earliest report that led to the reward: Saturdays and 31 December have no rate either. The fraction of a yen is dropped, once.",
		JA: "報奨金のもとになった最初の報告の月末日、またはその直前の銀行営業日のレートです（土曜日と12月31日にもレートはありません）。1円未満は1回だけ切り捨てます。"}}
	taxWhy = Reading{"6.7", lang.Text{
		EN: "The category was set by a person with the tax role. Tax is computed on all that you are paid at one time.",
		JA: "税区分は税務担当者が設定しています。税額は、同時にお支払いする合計額に対して計算します。"}}
	lapseWhy = Reading{"6.5", lang.Text{
		EN: "One month from the request by the Civil Code, or thirty days (6.8), whichever is later. Nothing lapses by itself: a person decides, after reminders.",
		JA: "依頼から民法上の1か月と30日（6.8）のうち、遅いほうまでです。自動的に権利が失われることはなく、お知らせを差し上げた後に担当者が判断します。"}}
)

// newCard makes the card of a payment.
func newCard(f facts) (Card, error) {
	p := f.payment
	c := Card{
		Payment: p, Report: f.report, Terms: f.terms, Account: f.account, Kind: kindUnknown, Fees: feesWhy,
		Told: f.told, Ending: f.ending, Tax: TaxLine{Why: taxWhy},
	}
	switch p.Currency {
	case money.JPY:
		c.Kind = kindYen
	case money.USD:
		c.Kind, c.Gross = kindDollars, p.USD
	}
	if p.Currency != money.USD {
		line, err := yenLine(p, f.source)
		if err != nil {
			return c, err
		}
		c.Yen = &line
		if line.Rate != "" {
			c.Gross = p.Gross
		}
	}
	if p.State == InfoRequested {
		c.Lapse = lapseLine(p, calendar.In(f.now, calendar.JST), f.strict)
	}
	if f.refund.Asked.Minor > 0 {
		c.Refund = &f.refund
	}
	if f.run != nil {
		c.Run = &RunLine{ID: f.run.ID, Day: f.run.Day, SentAt: f.run.SentAt, Outcome: f.item.Outcome, Reason: f.item.Reason}
	}
	return c, c.withhold(f)
}

// yenLine is the conversion, as far as it is known.
func yenLine(p Payment, source string) (YenLine, error) {
	l := YenLine{
		MonthEnd: calendar.MonthEnd(p.Reported), Day: calendar.RateDate(p.Reported), Known: exchange.Known(p.Reported, calendar.JST),
		Source: source, Why: yenWhy,
	}
	if p.Rate == "" {
		return l, nil
	}
	rate, err := money.ParseDecimal(p.Rate)
	if err != nil {
		return l, err
	}
	l.Day, l.Rate, l.Hash = p.RateDay, p.Rate, p.RateHash
	exact := new(big.Rat).Mul(big.NewRat(p.USD.Minor, 100), rate.Rat()).FloatString(2 + money.MaxPlaces)
	l.Exact = strings.TrimSuffix(strings.TrimRight(exact, "0"), ".")
	return l, nil
}

func lapseLine(p Payment, today calendar.Date, strict bool) *LapseLine {
	l := &LapseLine{
		Last: p.LastDay, Strict: p.Strict, Thirty: calendar.Days(calendar.In(p.AskedAt, calendar.JST), thirty), Over: today.After(p.LastDay), Why: lapseWhy,
	}
	l.Extended = !strict && l.Last != l.Strict && l.Last != l.Thirty
	return l
}

// withhold fills in the tax: of the run the award is in, or, before there is one, of a payment of it
// alone today. Dollars have to wait for their run: their base is the buying rate of that day. What
// came back from the bank is owed again, and computed anew.
func (c *Card) withhold(f facts) error {
	var in Inputs
	paid := f.item != nil && f.item.Outcome != "returned"
	switch {
	case paid:
		in, c.Final = f.item.Inputs, true
		c.Gross, c.Held, c.Net = f.item.Gross, f.item.Tax, f.item.Net
	case f.tax != nil:
		in = Inputs{
			Day: calendar.In(f.now, calendar.JST), Currency: f.payment.Currency, Category: string(f.tax.Category), Head: f.tax.Head,
			Treaty: f.tax.Treaty, FormDay: day(f.tax.FormDay),
			Parts: []Part{{Award: f.payment.Award, USD: f.payment.USD.Minor, Rate: f.payment.Rate, Gross: f.payment.Gross.Minor}},
		}
	default:
		return nil
	}
	c.Tax.Category, c.Tax.Head, c.Tax.Treaty, c.Tax.FormDay = withholding.Category(in.Category), in.Head, in.Treaty, in.FormDay
	c.Tax.TTB, c.Tax.Shared = in.TTB, len(in.Parts) > 1
	if !paid && (in.Currency != money.JPY || f.payment.Rate == "") {
		return nil
	}
	t, err := in.Tax()
	if err != nil {
		return err
	}
	c.Tax.Base, c.Tax.Free, c.Tax.Bands, c.Tax.All = t.Gross, t.Free, t.Bands, t.Tax
	if !paid {
		c.Held, c.Net = t.Tax, t.Net
	}
	return nil
}
