// Package payout takes an award from what is owed to what the bank has credited: the payee's data,
// the tax category, screening, rates, runs of payments, and a ledger that balances.
//
// What takes a right away is proposed by the system or by a person, and decided by a named person
// (D-9). Money moves only by runs that one person proposed and another, a payer, approved.
package payout

import (
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
)

// A State is where the payment of an award stands.
type State string

// The states of a payment.
const (
	Approved      State = "approved"
	InfoRequested State = "info_requested"
	InfoReceived  State = "info_received"
	Screened      State = "screened"
	RateSet       State = "rate_set"
	InRun         State = "in_run"
	Sent          State = "sent"
	Credited      State = "credited"
	Returned      State = "returned"
	Waived        State = "waived"
	Dissolved     State = "dissolved"
	Refused       State = "refused"
	RefundAsked   State = "refund_asked"
	Donated       State = "donated"
)

var stateNames = map[State]lang.Text{
	Approved:      {EN: "Approved", JA: "承認済み"},
	InfoRequested: {EN: "Payment details requested", JA: "支払情報を依頼済み"},
	InfoReceived:  {EN: "Payment details received", JA: "支払情報を受領"},
	Screened:      {EN: "Screened", JA: "制裁リスト照合済み"},
	RateSet:       {EN: "Ready to be paid", JA: "支払可能"},
	InRun:         {EN: "In a payment run", JA: "支払処理中"},
	Sent:          {EN: "Sent to the bank", JA: "銀行へ送付済み"},
	Credited:      {EN: "Paid", JA: "支払済み"},
	Returned:      {EN: "Returned by the bank", JA: "銀行から返却"},
	Waived:        {EN: "Waived (terms 6.5)", JA: "放棄（規約6.5）"},
	Dissolved:     {EN: "Duty to pay ended (terms 6.8)", JA: "支払義務消滅（規約6.8）"},
	Refused:       {EN: "Payment refused (terms 6.10)", JA: "支払拒絶（規約6.10）"},
	RefundAsked:   {EN: "Refund asked for (terms 6.10)", JA: "返還請求中（規約6.10）"},
	Donated:       {EN: "Donated", JA: "寄付"},
}

// Name returns the state's words.
func (s State) Name() lang.Text { return stateNames[s] }

// States returns all states, in the order in which a payment goes through them.
func States() []State {
	return []State{
		Approved, InfoRequested, InfoReceived, Screened, RateSet, InRun, Sent, Credited, Returned,
		Waived, Dissolved, Refused, RefundAsked, Donated,
	}
}

// An Event is what moves a payment from one state to another.
type Event string

// The events. Those from Waive on are decisions of a named person on a proposal.
const (
	Ask     Event = "ask"
	Supply  Event = "supply" // also a change of the account
	Screen  Event = "screen"
	SetRate Event = "set_rate"
	Enter   Event = "enter" // a run
	Leave   Event = "leave" // a run that was cancelled
	Send    Event = "send"
	Credit  Event = "credit"
	Return  Event = "return"

	Waive    Event = "waive"
	Dissolve Event = "dissolve"
	Refuse   Event = "refuse"
	Refund   Event = "refund"
	Donate   Event = "donate"
)

// open are the states in which nothing was handed to a bank.
var open = []State{Approved, InfoRequested, InfoReceived, Screened, RateSet, Returned}

// moves is the state machine: from which states an event leads where.
var moves = map[Event]struct {
	from []State
	to   State
}{
	Ask:      {[]State{Approved, InfoReceived, Returned}, InfoRequested},
	Supply:   {[]State{Approved, InfoRequested, InfoReceived, Screened, RateSet, InRun, Returned}, InfoReceived},
	Screen:   {[]State{InfoReceived}, Screened},
	SetRate:  {[]State{Screened}, RateSet},
	Enter:    {[]State{RateSet}, InRun},
	Leave:    {[]State{InRun}, RateSet},
	Send:     {[]State{InRun}, Sent},
	Credit:   {[]State{Sent}, Credited},
	Return:   {[]State{Sent, Credited}, Returned},
	Waive:    {[]State{InfoRequested}, Waived},
	Dissolve: {[]State{InfoRequested, Returned}, Dissolved},
	Refuse:   {open, Refused},
	Refund:   {[]State{Credited}, RefundAsked},
	Donate:   {open, Donated},
}

// Supplies reports whether payment data can be given, or changed, in this state.
func (s State) Supplies() bool { return slices.Contains(moves[Supply].from, s) }

// Leads returns the state that an event leads to.
func (e Event) Leads() State { return moves[e].to }

// After returns the state that an event leads to, or says that it cannot happen now.
func (s State) After(e Event) (State, error) {
	m, known := moves[e]
	if !known || !slices.Contains(m.from, s) {
		return s, fault.New(fault.Conflict, "The payment stands at “%[1]s”, where this (%[3]s) is not possible.",
			"支払いの状態は「%[2]s」のため、この操作（%[3]s）は行えません。", s.Name().EN, s.Name().JA, e)
	}
	return m.to, nil
}

// A Payment is the payment of one award.
type Payment struct {
	Award    string
	Person   string
	USD      money.Amount
	Reported calendar.Date // the day in Japan whose month decides the rate
	State    State
	Currency string // empty until the account is known

	AskedAt  time.Time
	Strict   calendar.Date // one month by the Civil Code
	Extended calendar.Date // moved to a bank day
	LastDay  calendar.Date // the later of the month and thirty days (C-10)

	RateDay  calendar.Date
	Rate     string
	RateHash string
	Gross    money.Amount

	Run       string
	UpdatedAt time.Time
	version   int64
}

// Lapses are the last days of a request for payment data.
type Lapses struct{ Strict, Extended, Last calendar.Date }

// thirty is the other limit of the terms, of 6.8.
const thirty = 30

// LapsesOf counts the days of a request that stood in the account at asked. The day of the request does
// not count. The month of 6.5 and the thirty days of 6.8 both run, and the later one governs (C-10);
// with extend it moves to the next bank day (D-4).
func LapsesOf(asked time.Time, extend bool) Lapses {
	day := calendar.In(asked, calendar.JST)
	l := Lapses{Strict: calendar.Months(day, 1)}
	l.Extended = calendar.NextBankDay(l.Strict)
	l.Last = l.Strict
	if other := calendar.Days(day, thirty); other.After(l.Last) {
		l.Last = other
	}
	if extend {
		l.Last = calendar.NextBankDay(l.Last)
	}
	return l
}

// reminders are the days before the last one on which the account gets another message.
var reminders = []int{14, 3, 0}

// remindersDue returns the reminders whose day has come: only the latest of those that were never
// written is still of use.
func remindersDue(last, today calendar.Date, written []int) (int, bool) {
	due, any := 0, false
	for _, n := range reminders {
		if !today.Before(last.Add(-n)) && !today.After(last) {
			due, any = n, true
		}
	}
	return due, any && !slices.Contains(written, due)
}
