package api

import (
	"context"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/screening"
)

func paymentOperations() []operation {
	own, desk := may(access.PayoutSupply), may(access.AwardRead)
	return []operation{
		{id: "list-payments", route: "GET /payments", does: "The payments that somebody has to do something about, the oldest award first", needs: desk, do: answer(listPayments)},
		{id: "list-own-payments", route: "GET /payments/own", does: "The caller's own payments with their arithmetic, the newest first", needs: own, do: answer(listOwnPayments)},
		{id: "read-own-payee", route: "GET /payments/own/payee", does: "Where the caller is paid to, masked", needs: own, do: answer(readOwnPayee),
			more: "Giving an account says where money goes, so it wants a credential shown again: it is done in the pages."},
		{id: "read-payment", route: "GET /payments/{award}", does: "A payment with its arithmetic: one's own, or any", needs: may(access.AwardRead, access.PayoutSupply), do: answer(readPayment)},
		{id: "mark-payment-read", route: "POST /payments/{award}/read", does: "Say that the messages about one's own payment were read", needs: own, do: perform(markPaymentRead)},
		{id: "ask-for-details", route: "POST /payments/{award}/ask", does: "Ask for payment data, or for them anew", needs: may(access.PayoutAsk), do: perform(askForDetails),
			more: "The product asks by itself. Asking again after data that had a fault opens a new month (terms 6.5)."},
		{id: "screen-payment", route: "POST /payments/{award}/screening", does: "Screen the payee of a payment against the loaded lists", needs: may(access.PayoutScreen), do: answer(screenPayment)},
		{id: "set-rate", route: "POST /payments/{award}/rate", does: "Compute what a screened payment is worth in the currency of its account", needs: may(access.PayoutRate), do: perform(setRate)},
		{id: "propose-ending", route: "POST /payments/{award}/proposals", does: "Propose what would end a payment, or wish to donate one's own", needs: may(access.PayoutDecide, access.PayoutSupply), status: 201, do: perform(proposeEnding)},
		{id: "book-refund", route: "POST /payments/{award}/refunds", does: "Book what came back of a payment that was asked back", needs: may(access.AwardPay), do: perform(bookRefund)},
		{id: "list-proposals", route: "GET /proposals", does: "What would end a payment and waits for a second person", needs: desk, do: answer(listProposals)},
		{id: "answer-proposal", route: "POST /proposals/{proposal}/answer", does: "Decide on a proposal to end a payment", needs: may(access.PayoutDecide), do: perform(answerProposal),
			more: "Nobody decides on their own proposal. The participant is told, with the clause."},
		{id: "answer-screening", route: "POST /screenings/{screening}/answer", does: "Clear or refuse what a screening found", needs: may(access.PayoutScreen), do: perform(answerScreening)},
	}
}

type paymentView struct {
	Award    string       `json:"award"`
	Person   string       `json:"person"`
	State    payout.State `json:"state" enum:"approved,info_requested,info_received,screened,rate_set,in_run,sent,credited,returned,waived,dissolved,refused,refund_asked,donated"`
	Sum      sumView      `json:"sum" doc:"What was awarded."`
	Reported string       `json:"reported" doc:"The day in Japan whose month decides the rate."`
	Currency string       `json:"currency,omitempty" doc:"That of the account; absent before it is known."`
	Last     string       `json:"last_day,omitempty" doc:"By when payment data are asked for."`
	Run      string       `json:"run,omitempty"`
}

func showPayment(p payout.Payment) paymentView {
	return paymentView{Award: p.Award, Person: p.Person, State: p.State, Sum: sum(p.USD), Reported: dayText(p.Reported), Currency: p.Currency, Last: dayText(p.LastDay), Run: p.Run}
}

// dayText writes a date; none is empty.
func dayText(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

type reasonView struct {
	Clause string `json:"clause"`
	Text   text   `json:"text"`
}

func showReading(r payout.Reading) reasonView { return reasonView{r.Clause, text(r.Text)} }

type conversionView struct {
	Day    string     `json:"day" doc:"Whose rate counts."`
	Rate   string     `json:"rate,omitempty" doc:"Absent while it is pending."`
	Source string     `json:"source,omitempty"`
	SHA256 string     `json:"sha256,omitempty" doc:"Of the file the rate came from, or of what was typed."`
	Exact  string     `json:"exact,omitempty" doc:"The product before its fraction is dropped."`
	Why    reasonView `json:"why"`
}

type taxView struct {
	Category string     `json:"category,omitempty"`
	Head     string     `json:"head,omitempty"`
	Treaty   string     `json:"treaty,omitempty" doc:"Percent."`
	TTB      string     `json:"ttb,omitempty" doc:"The rate that gave the base in yen of a payment in dollars."`
	Base     *sumView   `json:"base,omitempty" doc:"All that is paid at the same time."`
	All      *sumView   `json:"all,omitempty" doc:"The tax on all of it."`
	Why      reasonView `json:"why"`
}

type toldView struct {
	Kind   string    `json:"kind" doc:"request, 14, 3 or 0 for the days before the last, or the state that was told."`
	At     time.Time `json:"at"`
	ReadAt time.Time `json:"read_at,omitzero"`
	Mail   string    `json:"mail,omitempty" enum:"queued,accepted,bounced"`
}

type cardView struct {
	Payment    paymentView     `json:"payment"`
	Report     string          `json:"report"`
	Terms      string          `json:"terms"`
	Account    string          `json:"account,omitempty" doc:"Masked."`
	Currency   reasonView      `json:"why_currency"`
	Conversion *conversionView `json:"conversion,omitempty"`
	Tax        taxView         `json:"tax"`
	Gross      *sumView        `json:"gross,omitempty"`
	Withheld   *sumView        `json:"withheld,omitempty"`
	Net        *sumView        `json:"net,omitempty"`
	Final      bool            `json:"final" doc:"The amounts are those of a run. Before: of a payment of this award alone, today."`
	Fees       reasonView      `json:"fees"`
	Told       []toldView      `json:"told"`
}

// known returns an amount that is known, and nil otherwise.
func known(a money.Amount) *sumView {
	if a.Currency == "" {
		return nil
	}
	v := sum(a)
	return &v
}

func showCard(c payout.Card) cardView {
	v := cardView{
		Payment: showPayment(c.Payment), Report: c.Report, Terms: c.Terms, Account: c.Account, Currency: showReading(c.Kind),
		Gross: known(c.Gross), Withheld: known(c.Held), Net: known(c.Net), Final: c.Final, Fees: showReading(c.Fees),
		Tax:  taxView{string(c.Tax.Category), c.Tax.Head, c.Tax.Treaty, c.Tax.TTB, known(c.Tax.Base), known(c.Tax.All), showReading(c.Tax.Why)},
		Told: each(c.Told, func(m payout.Message) toldView { return toldView{m.Kind, m.At, m.ReadAt, string(m.Mail)} }),
	}
	if y := c.Yen; y != nil {
		v.Conversion = &conversionView{dayText(y.Day), y.Rate, y.Source, y.Hash, y.Exact, showReading(y.Why)}
	}
	return v
}

// An AwardPath names an award.
type AwardPath struct {
	Award string `path:"award"`
}

func listPayments(ctx context.Context, v *visit, _ *nothing) (Page[paymentView], error) {
	all, err := v.Payouts.Due(ctx, v.who)
	return Page[paymentView]{Items: each(all, showPayment)}, err
}

func listOwnPayments(ctx context.Context, v *visit, _ *nothing) (Page[cardView], error) {
	all, err := v.Payouts.Cards(ctx, v.who)
	return Page[cardView]{Items: each(all, showCard)}, err
}

func readOwnPayee(ctx context.Context, v *visit, _ *nothing) (payeeView, error) {
	p, err := v.Payouts.Payee(ctx, v.who, v.who.ID)
	return showPayee(p), err
}

func readPayment(ctx context.Context, v *visit, in *AwardPath) (cardView, error) {
	c, err := v.Payouts.Card(ctx, v.who, in.Award)
	if err != nil {
		return cardView{}, err
	}
	return showCard(c), nil
}

func markPaymentRead(ctx context.Context, v *visit, in *AwardPath) error {
	return v.Payouts.Seen(ctx, v.who, in.Award)
}

func askForDetails(ctx context.Context, v *visit, in *AwardPath) error {
	return v.Payouts.Ask(ctx, v.who, in.Award)
}

type screeningView struct {
	ID       string            `json:"id"`
	Person   string            `json:"person"`
	At       time.Time         `json:"at"`
	Outcome  screening.Outcome `json:"outcome"`
	Decision string            `json:"decision,omitempty" enum:"cleared,refused"`
}

func showScreening(s payout.Screening) screeningView {
	return screeningView{s.ID, s.Person, s.At, s.Outcome, s.Decision}
}

func screenPayment(ctx context.Context, v *visit, in *AwardPath) (screeningView, error) {
	s, err := v.Payouts.Screen(ctx, v.who, in.Award)
	return showScreening(s), err
}

func setRate(ctx context.Context, v *visit, in *AwardPath) error {
	return v.Payouts.SetRate(ctx, v.who, in.Award)
}

func proposeEnding(ctx context.Context, v *visit, in *struct {
	AwardPath
	Body struct {
		Event  payout.Event `json:"event" enum:"waive,dissolve,refuse,refund,donate"`
		Reason string       `json:"reason" doc:"The participant reads it."`
	}
}) error {
	return v.Payouts.Propose(ctx, v.who, in.Award, in.Body.Event, in.Body.Reason)
}

func bookRefund(ctx context.Context, v *visit, in *struct {
	AwardPath
	Body struct {
		Amount    string `json:"amount"`
		Currency  string `json:"currency" enum:"JPY,USD"`
		Reference string `json:"reference" doc:"The bank's: what is said twice is booked once."`
	}
}) error {
	amount, err := money.Parse(in.Body.Amount, in.Body.Currency)
	if err != nil {
		return at("amount", err)
	}
	return v.Payouts.ReceiveRefund(ctx, v.who, in.Award, amount, in.Body.Reference)
}

type proposalView struct {
	ID         string       `json:"id"`
	Award      string       `json:"award"`
	Event      payout.Event `json:"event"`
	Clause     string       `json:"clause,omitempty"`
	Reason     string       `json:"reason"`
	ProposedBy string       `json:"proposed_by"`
	ProposedAt time.Time    `json:"proposed_at"`
}

func listProposals(ctx context.Context, v *visit, _ *nothing) (Page[proposalView], error) {
	all, err := v.Payouts.Proposals(ctx, v.who)
	return Page[proposalView]{Items: each(all, func(x payout.Proposal) proposalView {
		return proposalView{x.ID, x.Award, x.Event, x.Clause, x.Reason, x.ProposedBy, x.ProposedAt}
	})}, err
}

func answerProposal(ctx context.Context, v *visit, in *struct {
	Proposal string `path:"proposal"`
	Body     struct {
		Agree  bool   `json:"agree"`
		Reason string `json:"reason"`
	}
}) error {
	return v.Payouts.Decide(ctx, v.who, in.Proposal, in.Body.Agree, in.Body.Reason)
}

func answerScreening(ctx context.Context, v *visit, in *struct {
	Screening string `path:"screening"`
	Body      struct {
		Cleared bool   `json:"cleared"`
		Note    string `json:"note"`
	}
}) error {
	return v.Payouts.ClearHit(ctx, v.who, in.Screening, in.Body.Cleared, in.Body.Note)
}
