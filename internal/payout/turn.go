package payout

import (
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/exchange"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/screening"
)

// A Turn is who has to do the next thing for a payment.
type Turn string

// The turns. A payment whose rate is not known yet waits for the calendar, and for nobody.
const (
	TurnDesk        Turn = "desk"
	TurnParticipant Turn = "participant"
	TurnRate        Turn = "rate"
	TurnBank        Turn = "bank"
	TurnNobody      Turn = "nobody"
)

var turnNames = map[Turn]lang.Text{
	TurnDesk:        {EN: "Desk", JA: "運営"},
	TurnParticipant: {EN: "Participant", JA: "参加者"},
	TurnRate:        {EN: "The rate’s day", JA: "レート確定日"},
	TurnBank:        {EN: "Bank", JA: "銀行"},
	TurnNobody:      {EN: "–", JA: "–"},
}

// Name returns the turn's words.
func (t Turn) Name() lang.Text { return turnNames[t] }

// turn says whose turn a payment is today. A proposal that waits makes it the desk's, whatever its state.
func (p Payment) turn(proposed bool, now time.Time) Turn {
	switch {
	case proposed:
		return TurnDesk
	case p.State == InfoRequested && !p.overdue(now), p.State == RefundAsked:
		return TurnParticipant
	case p.State == Screened && p.pending(now):
		return TurnRate
	case p.State == Sent:
		return TurnBank
	case p.State == Credited, p.State == Waived, p.State == Dissolved, p.State == Refused, p.State == Donated:
		return TurnNobody
	}
	return TurnDesk
}

// overdue reports whether the last day for payment data is over.
func (p Payment) overdue(now time.Time) bool { return calendar.In(now, calendar.JST).After(p.LastDay) }

// pending reports whether the day of the rate is not over.
func (p Payment) pending(now time.Time) bool {
	return p.Currency == money.JPY && now.Before(exchange.Known(p.Reported, calendar.JST))
}

// A Step is the next thing that has to be done for a payment.
type Step string

// The steps.
const (
	StepDecide  Step = "decide"  // on a proposal
	StepAsk     Step = "ask"     // for payment data
	StepDetails Step = "details" // come from the participant
	StepLapsed  Step = "lapsed"  // the last day is over, and nothing has been proposed
	StepScreen  Step = "screen"
	StepLists   Step = "lists" // are stale
	StepHit     Step = "hit"   // of a screening, to be cleared or refused
	StepRefuse  Step = "refuse"
	StepName    Step = "name" // on the account, to be looked at
	StepPending Step = "pending"
	StepRate    Step = "rate"
	StepTax     Step = "tax"
	StepRun     Step = "run"    // put it into one
	StepFinish  Step = "finish" // the run it is in
	StepBank    Step = "bank"
	StepAgain   Step = "again" // ask for an account to which it can go
	StepRefund  Step = "refund"
	StepNone    Step = ""
)

var stepNames = map[Step]lang.Text{
	StepDecide:  {EN: "Decide on a proposal", JA: "提案への決定"},
	StepAsk:     {EN: "Ask for payment details", JA: "支払情報の依頼"},
	StepDetails: {EN: "Payment details", JA: "支払情報の入力"},
	StepLapsed:  {EN: "Last day is over", JA: "期限経過、対応を判断"},
	StepScreen:  {EN: "Screen the payee", JA: "制裁リスト照合"},
	StepLists:   {EN: "Load fresh lists, screen again", JA: "リスト更新と再照合"},
	StepHit:     {EN: "Look at a hit", JA: "照合結果の判断"},
	StepRefuse:  {EN: "Hit confirmed: propose a refusal", JA: "該当確認、拒絶の提案"},
	StepName:    {EN: "Look at the account’s name", JA: "口座名義の確認"},
	StepPending: {EN: "Rate pending", JA: "レート確定待ち"},
	StepRate:    {EN: "Set the amount", JA: "金額の確定"},
	StepTax:     {EN: "Set the tax category", JA: "税区分の設定"},
	StepRun:     {EN: "Put into a run", JA: "支払処理への追加"},
	StepFinish:  {EN: "Finish the run", JA: "支払処理の完了"},
	StepBank:    {EN: "The bank’s answer", JA: "銀行の結果待ち"},
	StepAgain:   {EN: "Ask for another account", JA: "口座の再確認の依頼"},
	StepRefund:  {EN: "Refund", JA: "返還"},
}

// Name returns the step's words.
func (s Step) Name() lang.Text { return stepNames[s] }

// A Row is a payment as the desk's list has it.
type Row struct {
	Payment
	Report   string
	Proposal string // id of the proposal that waits
	Ends     Event  // what it would do
	Turn     Turn
	Step     Step
	Until    calendar.Date // of whose turn it is; zero when no day is set
	seen     looked
}

// looked is what is on record about a payee, as far as the next step depends on it.
type looked struct {
	answer, cleared string // of the name match
	outcome         screening.Outcome
	decision        string
	current         bool // the screening is of the data as they are
	taxed           bool
}

// settle fills in whose turn a row is, for what, and until when.
func (r *Row) settle(now time.Time) {
	r.Turn = r.turn(r.Proposal != "", now)
	r.Step = r.step(now)
	switch r.Step {
	case StepDetails, StepLapsed:
		r.Until = r.LastDay
	case StepPending:
		r.Until = calendar.RateDate(r.Reported)
	}
}

// step is the next thing to do.
func (r *Row) step(now time.Time) Step {
	switch r.State {
	case Approved:
		return r.orDecide(StepAsk)
	case InfoRequested:
		if r.overdue(now) {
			return r.orDecide(StepLapsed)
		}
		return r.orDecide(StepDetails)
	case InfoReceived:
		return r.orDecide(r.seen.step())
	case Screened:
		if r.pending(now) {
			return r.orDecide(StepPending)
		}
		return r.orDecide(StepRate)
	case RateSet:
		if !r.seen.taxed {
			return r.orDecide(StepTax)
		}
		return r.orDecide(StepRun)
	case InRun:
		return r.orDecide(StepFinish)
	case Sent:
		return r.orDecide(StepBank)
	case Returned:
		return r.orDecide(StepAgain)
	case RefundAsked:
		return r.orDecide(StepRefund)
	}
	return r.orDecide(StepNone)
}

func (r *Row) orDecide(s Step) Step {
	if r.Proposal != "" {
		return StepDecide
	}
	return s
}

// step is what has to be done before data that were received can be paid on.
func (l looked) step() Step {
	switch {
	case !l.current:
		return StepScreen
	case l.decision == "refused":
		return StepRefuse
	case l.outcome == screening.Stale:
		return StepLists
	case l.outcome != screening.Clear && l.decision == "":
		return StepHit
	case l.answer != "yes" && l.cleared == "":
		return StepName
	}
	return StepScreen
}

// Held says what keeps a payment that was screened from going out, or StepNone.
func (r Row) Held() Step {
	if s := r.seen.step(); s != StepScreen {
		return s
	}
	return StepNone
}
