// Package reward is what a report earns, and who agreed.
//
// The table of article 6(1) is a guide, not a promise: the board decides by seriousness and novelty
// . What leaves the guide says why, and a second person agrees to every amount.
package reward

import (
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/report"
)

// A State is where an award stands.
type State string

// The states. Paying has its own, later.
const (
	Proposed State = "proposed"
	Approved State = "approved"
	Refused  State = "refused"
)

// next lists the states that may follow each state.
var next = map[State][]State{Proposed: {Approved, Refused}, Approved: {}, Refused: {}}

var stateNames = map[State]lang.Text{
	Proposed: {EN: "Proposed", JA: "提案中"},
	Approved: {EN: "Approved", JA: "承認済み"},
	Refused:  {EN: "Refused", JA: "差し戻し"},
}

// Name returns the state's word.
func (s State) Name() lang.Text { return stateNames[s] }

// An Award is the sum that a report earns.
type Award struct {
	ID          string
	Report      string
	Person      string // the participant
	Class       string
	Clause      string       // 6.1 of the report's own terms
	Guide       money.Amount // the class's example at the time of receipt
	Amount      money.Amount
	Seriousness string // the factors of 6(1), in the board's words
	Novelty     string
	Reason      string // why the amount leaves the guide; for the reporter
	State       State
	ProposedBy  string
	ProposedAt  time.Time
	DecidedBy   string
	DecidedAt   time.Time
	Refusal     string
}

// ceiling is a guard against a slip of the finger, not a rule: the operator's FAQ knows no cap, and
// the largest guide so far was 30,000 dollars.
const ceiling = 1_000_000_00

// check says what is wrong with a proposed award.
func (a Award) check(r report.Report) error {
	for _, t := range []struct{ field, text string }{{"seriousness", a.Seriousness}, {"novelty", a.Novelty}, {"reason", a.Reason}} {
		if err := report.CheckText(t.field, t.text, report.MaxText); err != nil {
			return err
		}
	}
	switch {
	case r.Eligibility != report.Eligible:
		return fault.New(fault.Conflict,
			"Only an accepted report earns a reward. Accept it first: the decision needs its clause.",
			"報奨金は採用された報告にのみ支払われます。先に、条項を示して採用を決定してください。")
	case a.Amount.Minor <= 0 || a.Amount.Minor > ceiling:
		return fault.New(fault.Invalid, "The amount lies between $0.01 and $1,000,000.00.",
			"金額は $0.01 から $1,000,000.00 の間で入力してください。").At("amount")
	case strings.TrimSpace(a.Seriousness) == "":
		return fault.New(fault.Invalid, "Say how serious it is: the terms name it as a factor (6.1).",
			"深刻さについて書いてください。規約6.1が挙げる考慮事項です。").At("seriousness")
	case strings.TrimSpace(a.Novelty) == "":
		return fault.New(fault.Invalid, "Say how new it is: the terms name it as a factor (6.1).",
			"新規性について書いてください。規約6.1が挙げる考慮事項です。").At("novelty")
	case a.Amount != a.Guide && strings.TrimSpace(a.Reason) == "":
		return fault.New(fault.Invalid, "The amount leaves the guide of %s. Say why, as the reporter will read it.",
			"目安の%sと異なる金額です。報告者が読む理由を書いてください。", a.Guide).At("reason")
	}
	return nil
}
