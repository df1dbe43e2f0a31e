package payout

import (
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
)

// A RunState is where a payment run stands.
type RunState string

// The states of a run.
const (
	RunProposed  RunState = "proposed"
	RunChecked   RunState = "checked"
	RunApproved  RunState = "approved"
	RunLocked    RunState = "locked"
	RunExported  RunState = "exported"
	RunSent      RunState = "sent"
	RunClosed    RunState = "closed"
	RunCancelled RunState = "cancelled"
)

var runNames = map[RunState]lang.Text{
	RunProposed:  {EN: "Proposed", JA: "提案中"},
	RunChecked:   {EN: "Checked", JA: "確認済み"},
	RunApproved:  {EN: "Approved", JA: "承認済み"},
	RunLocked:    {EN: "Locked", JA: "確定済み"},
	RunExported:  {EN: "Exported", JA: "ファイル出力済み"},
	RunSent:      {EN: "Sent", JA: "送付済み"},
	RunClosed:    {EN: "Closed", JA: "完了"},
	RunCancelled: {EN: "Cancelled", JA: "取消"},
}

// Name returns the state's words.
func (s RunState) Name() lang.Text { return runNames[s] }

// runMoves lists the states that may follow each state. Up to the lock a run can be checked again and
// cancelled; after it, only its payments come back.
var runMoves = map[RunState][]RunState{
	RunProposed:  {RunChecked, RunCancelled},
	RunChecked:   {RunChecked, RunApproved, RunCancelled},
	RunApproved:  {RunChecked, RunLocked, RunCancelled},
	RunLocked:    {RunExported},
	RunExported:  {RunSent},
	RunSent:      {RunClosed},
	RunClosed:    {},
	RunCancelled: {},
}

// to says whether a run may go on to a state.
func (s RunState) to(next RunState) error {
	if slices.Contains(runMoves[s], next) {
		return nil
	}
	return fault.New(fault.Conflict, "The run stands at “%[1]s”, so it cannot become “%[2]s”.", "この支払処理は「%[3]s」のため、「%[4]s」にはできません。",
		s.Name().EN, next.Name().EN, s.Name().JA, next.Name().JA)
}

// past reports whether a run has been at a state already, on the way to where it is.
func (s RunState) past(at RunState) bool {
	way := []RunState{RunProposed, RunChecked, RunApproved, RunLocked, RunExported, RunSent, RunClosed}
	return slices.Index(way, s) >= slices.Index(way, at)
}

// A Run is payments of one currency on one day.
type Run struct {
	ID         string
	Currency   string
	Day        calendar.Date
	State      RunState
	ProposedBy string
	ProposedAt time.Time
	ApprovedBy string
	ApprovedAt time.Time
	LockedAt   time.Time
	SentAt     time.Time
	FileHash   string
	originator string
	version    int64
}

// checkDay says whether banks can pay on a day: a bank day, not before today, and in this year, because
// the bank file's date has no year.
func checkDay(d, today calendar.Date) error {
	switch {
	case !calendar.BankDay(d):
		return fault.New(fault.Invalid, "Banks are closed on %v. The next bank day is %v.", "%vは銀行の休業日です。次の営業日は%vです。", d, calendar.NextBankDay(d)).At("day")
	case d.Before(today):
		return fault.New(fault.Invalid, "%v is over.", "%vは過ぎています。", d).At("day")
	case d.Year != today.Year:
		return fault.New(fault.Invalid, "%v lies in another year than today, %v: a run does not cross the new year. Propose it in January.",
			"%vは今日（%v）と年が異なります。年をまたぐ支払処理はできません。1月に提案してください。", d, today).At("day")
	}
	return nil
}

// A RunItem is one award in a run, with what it was computed from.
type RunItem struct {
	Item
	Person   string
	Number   int64
	Revision int64
	Inputs   Inputs
	Outcome  string // credited, returned, or empty
	Reason   string
	sealed   []byte
	usd      money.Amount // what was awarded
}
