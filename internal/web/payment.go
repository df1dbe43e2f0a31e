package web

import (
	"context"
	"fmt"
	"slices"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/program"
)

// A paymentCard is a payment as the participant and the desk both see it, for the part "payment":
// {{template "payment" .Card}}.
type paymentCard struct {
	Frame Frame
	payout.Card
	Pinned *program.Terms // the version that the report is pinned to
}

// paymentCard returns the card of a payment, which payout read for this very caller.
func (s *Server) paymentCard(f Frame, c payout.Card) (paymentCard, error) {
	terms, ok := s.Program.Version(c.Terms)
	if !ok {
		return paymentCard{}, fmt.Errorf("report %s is pinned to terms %s, which are not loaded", c.Report, c.Terms)
	}
	return paymentCard{Frame: f, Card: c, Pinned: terms}, nil
}

// cardsOf returns the cards of the payments of some awards, as far as they were opened.
func (s *Server) cardsOf(ctx context.Context, who access.Caller, f Frame, awards ...string) ([]paymentCard, error) {
	var all []paymentCard
	for _, a := range awards {
		if who.Kind == access.Participant { // whoever opens the page has read what it says
			if err := s.Payouts.Seen(ctx, who, a); err != nil && !notThere(err) {
				return nil, err
			}
		}
		c, err := s.Payouts.Card(ctx, who, a)
		if notThere(err) {
			continue // approved this very moment, or proposed
		}
		if err != nil {
			return nil, err
		}
		card, err := s.paymentCard(f, c)
		if err != nil {
			return nil, err
		}
		all = append(all, card)
	}
	return all, nil
}

// notThere reports whether what was looked for does not exist.
func notThere(err error) bool {
	f := fault.As(err)
	return f != nil && f.Kind == fault.NotFound
}

// Because returns the clause that a line rests on, to be quoted and linked.
func (c paymentCard) Because(r payout.Reading) clauseReading {
	clause, _ := c.Pinned.Clause(r.Clause)
	return clauseReading{Frame: c.Frame, Clause: clause, Terms: c.Pinned.ID, Text: c.Frame.In(r.Text)}
}

// A clauseReading is a clause with how we read it.
type clauseReading struct {
	Frame  Frame
	Clause *program.Clause
	Terms  string
	Text   string
}

// Yours reports whether the reader is the one who is paid.
func (c paymentCard) Yours() bool { return c.Frame.Caller.Is(c.Payment.Person) }

// Says reports whether an amount is known.
func (c paymentCard) Says(a money.Amount) bool { return a.Currency != "" }

// CategoryName returns the tax category in words.
func (c paymentCard) CategoryName() string { return c.Frame.In(c.Tax.Category.Name()) }

// DayText returns a date as it stands in a table.
func (c paymentCard) DayText(d calendar.Date) Stamp { return c.Frame.Day(d.Start(japan)) }

// Mark returns the shape that stands before the state: the reader's turn, done, or shut.
func (c paymentCard) Mark() string {
	switch {
	case c.Payment.State == payout.InfoRequested && c.Yours():
		return "now"
	case c.Payment.State == payout.Credited || c.Payment.State == payout.Donated:
		return "done"
	case slices.Contains([]payout.State{payout.Waived, payout.Dissolved, payout.Refused}, c.Payment.State):
		return "shut"
	}
	return ""
}

// TellName returns in words what a message in the account said.
func (c paymentCard) TellName(m payout.Message) string {
	if t, known := tellNames[m.Kind]; known {
		return c.Frame.In(t)
	}
	return c.Frame.In(payout.State(m.Kind).Name())
}

var tellNames = map[string]lang.Text{
	"request": {EN: "Payment details asked for", JA: "支払情報の提出依頼"},
	"14":      {EN: "Reminder, 14 days before the last", JA: "期限14日前のお知らせ"},
	"3":       {EN: "Reminder, 3 days before the last", JA: "期限3日前のお知らせ"},
	"0":       {EN: "Reminder on the last day", JA: "期限当日のお知らせ"},
}

// MailText says how far the copy of a message by mail has come.
func (c paymentCard) MailText(m payout.Message) string { return c.Frame.In(deliveryNames[m.Mail]) }

// EndingName says what a proposal would do, or did.
func (c paymentCard) EndingName() string {
	if c.Ending == nil {
		return ""
	}
	after := c.Frame.In(c.Ending.Event.Leads().Name())
	if c.Ending.State == "proposed" {
		return c.Frame.T("Proposed, not decided: %s", "提案中（未決定）：%s", after)
	}
	return after
}
