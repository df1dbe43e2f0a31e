package report

import (
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// A Kind is what a decision decides.
type Kind string

// The kinds of decision.
const (
	ToTriaged     Kind = "triaged"      // it is real enough to work on
	ToAccepted    Kind = "accepted"     // eligible for a reward
	ToFixing      Kind = "fixing"       //
	ToFixed       Kind = "fixed"        //
	ToPublished   Kind = "published"    // fixed and made public: secrecy ends
	ToNotEligible Kind = "not_eligible" // excluded by a clause
	ToDuplicate   Kind = "duplicate"    // the same as an entry with a smaller log index
	Exception     Kind = "exception"    // already known, without proof, under a name
	Disqualify    Kind = "disqualify"   // the reporter broke article 7
	SetSeverity   Kind = "severity"
	SetUrgency    Kind = "urgency"
	ToWithdrawn   Kind = "withdrawn" // by the reporter
	Reopen        Kind = "reopen"
)

var kindNames = map[Kind]lang.Text{
	ToTriaged:     {EN: "Triaged", JA: "確認済み"},
	ToAccepted:    {EN: "Accepted", JA: "採用"},
	ToFixing:      {EN: "Fix under way", JA: "修正開始"},
	ToFixed:       {EN: "Fixed", JA: "修正完了"},
	ToPublished:   {EN: "Published", JA: "公開"},
	ToNotEligible: {EN: "Not eligible", JA: "対象外"},
	ToDuplicate:   {EN: "Duplicate", JA: "重複"},
	Exception:     {EN: "Already known, without proof", JA: "既知（証明なし・例外）"},
	Disqualify:    {EN: "Disqualified", JA: "参加資格の取消"},
	SetSeverity:   {EN: "Severity", JA: "深刻度"},
	SetUrgency:    {EN: "Urgency", JA: "緊急度"},
	ToWithdrawn:   {EN: "Withdrawn", JA: "取り下げ"},
	Reopen:        {EN: "Opened again", JA: "再開"},
}

// Name returns the kind's words.
func (k Kind) Name() lang.Text { return kindNames[k] }

// A Standing says whether a decision counts.
type Standing string

// The standings.
const (
	Proposed Standing = "proposed" // waits for a second person, or for the reporter's agreement
	InForce  Standing = "in_force"
	Refused  Standing = "refused"
)

// A Decision is one thing decided about a report, with the clause it rests on.
type Decision struct {
	ID          string
	Report      string
	Kind        Kind
	Clause      string // of the report's own terms
	Reason      string // for the reporter
	Impact      string // answer to "impact shown anyway?": none or shown
	WouldChange string // what would change the decision
	From, To    string // states, vectors or urgencies; To of a duplicate is the original
	OneFix      string // answer to "would one fix fix both?": yes or no
	Standing    Standing
	By          string
	At          time.Time
	ConfirmedBy string
	ConfirmedAt time.Time
	Refusal     string // why the second person, or the reporter, said no
	ReadAt      time.Time
}

// target returns the state that the decision leads to, or "" when it changes none.
func (d Decision) target() State {
	switch d.Kind {
	case ToTriaged, ToAccepted, ToFixing, ToFixed, ToPublished, ToNotEligible, ToDuplicate, ToWithdrawn:
		return State(d.Kind)
	case Exception, Disqualify:
		return NotEligible
	case Reopen:
		return Triaged
	default:
		return ""
	}
}

// Against reports whether the decision is one against the reporter: then it cites a clause, gives a
// reason, and says what would change it (R-68, D-9).
func (d Decision) Against() bool {
	switch d.Kind {
	case ToNotEligible, ToDuplicate, Exception, Disqualify:
		return true
	default:
		return false
	}
}

// Shown reports whether the reporter is told of it. A disqualification or a lowered severity that is
// only proposed is the desk's own matter until it stands, but a lowered severity needs the reporter.
func (d Decision) Shown() bool {
	return d.Standing == InForce || d.Standing == Proposed && d.Kind == SetSeverity
}

// alreadyKnown is the exclusion of what was reported, known or public before.
const alreadyKnown = "3.2.xx"

// clauseFacts is what the pinned terms say about the clause that a decision cites.
type clauseFacts struct {
	exists       bool // in the report's own version
	exclusion    bool // says what is out of scope, whoever reports it; not that it was known
	secondPerson bool // the terms' own data say so, as for 3(2)(xxvi)
}

// check returns why the decision cannot be made as it stands, whoever makes it.
func (d Decision) check(c clauseFacts) error {
	for _, t := range []struct{ field, text string }{
		{"reason", d.Reason}, {"would_change", d.WouldChange}, {"impact", d.Impact}, {"one_fix", d.OneFix}, {"to", d.To},
	} {
		if err := CheckText(t.field, t.text, MaxText); err != nil {
			return err
		}
	}
	if d.Against() || d.Clause != "" {
		if d.Clause == "" {
			return fault.New(fault.Invalid,
				"A decision against the reporter rests on a clause. Pick it.",
				"報告者に不利な決定には根拠条項が必要です。条項を選んでください。").At("clause")
		}
		if !c.exists {
			return fault.New(fault.Invalid,
				"The terms this report was received under have no clause %s.",
				"この報告に適用される規約に %s という条項はありません。", d.Clause).At("clause")
		}
	}
	if d.Against() && strings.TrimSpace(d.Reason) == "" {
		return fault.New(fault.Invalid,
			"Write the reason as the reporter will read it.", "報告者が読む理由を書いてください。").At("reason")
	}
	if d.Against() && d.Kind != Disqualify && strings.TrimSpace(d.WouldChange) == "" {
		return fault.New(fault.Invalid,
			"Say what would change this decision: the reporter may have it.",
			"何があれば決定が変わるかを書いてください。報告者が持っているかもしれません。").At("would_change")
	}
	switch d.Kind {
	case ToNotEligible:
		return d.checkExclusion()
	case ToDuplicate:
		return d.checkDuplicate()
	case SetSeverity, SetUrgency:
		if strings.TrimSpace(d.Reason) == "" {
			return fault.New(fault.Invalid,
				"Say why: the reporter sees the change metric by metric with this reason.",
				"理由を書いてください。報告者には、変更された項目ごとにこの理由が示されます。").At("reason")
		}
	}
	return nil
}

func (d Decision) checkExclusion() error {
	switch d.Impact {
	case "none":
		return nil
	case "shown":
		return fault.New(fault.Conflict,
			"You answered that the report shows impact anyway. Then the exclusion is not applied: accept the report, or change your answer and say why in the reason.",
			"「影響が示されている」と回答されています。その場合、除外条項は適用しません。採用するか、回答を改めて理由を書いてください。").At("impact")
	default:
		return fault.New(fault.Invalid,
			"Answer first: does the report show impact on users anyway?",
			"先に答えてください。この報告は、それでも利用者への影響を示していますか。").At("impact")
	}
}

func (d Decision) checkDuplicate() error {
	switch d.OneFix {
	case "yes":
		return nil
	case "no":
		return fault.New(fault.Conflict,
			"If one fix would not fix both, they are two vulnerabilities (terms 6.2). Nothing was closed.",
			"1つの修正で両方が直らないなら、別の脆弱性です（規約6.2）。何も変更していません。").At("one_fix")
	default:
		return fault.New(fault.Invalid,
			"Answer first: would one fix fix both?", "先に答えてください。1つの修正で両方が直りますか。").At("one_fix")
	}
}

// needs says who must agree before the decision stands: "" for nobody, "second" for another person
// at the desk, "either" for another person or the reporter.
func (d Decision) needs(c clauseFacts, lowers bool) string {
	switch {
	case d.Kind == Disqualify, d.Kind == Exception, d.Kind == ToNotEligible && c.secondPerson:
		return "second"
	case d.Kind == ToNotEligible && !c.exclusion:
		return "second" // an exception or a disqualification under another name
	case d.Kind == SetSeverity && lowers:
		return "either"
	default:
		return ""
	}
}

// Waits says in words whom a proposed decision waits for.
func (d Decision) Waits() lang.Text {
	if d.Kind == SetSeverity {
		return lang.Text{EN: "Waits for a second person or for the reporter's agreement", JA: "2人目の確認、または報告者の同意待ち"}
	}
	return lang.Text{EN: "Waits for a second person", JA: "2人目の確認待ち"}
}

// apply returns the report after the decision.
func (d Decision) apply(r Report, score int) (Report, error) {
	if to := d.target(); to != "" {
		// Withdrawing a person's right does not close what must be fixed.
		if d.Kind == Disqualify && (r.State == Fixing || r.State == Fixed || r.State == Published || r.State == Accepted) {
			r.Eligibility = Ineligible
			return r, nil
		}
		moved, err := r.Move(to)
		if err != nil {
			return r, err
		}
		r = moved
	}
	switch d.Kind {
	case ToAccepted:
		r.Eligibility = Eligible
	case ToNotEligible, Exception, Disqualify:
		r.Eligibility = Ineligible
	case ToDuplicate:
		r.Eligibility, r.Original = Ineligible, d.To
	case Reopen:
		r.Eligibility, r.Original = Undecided, ""
	case SetUrgency:
		r.Urgency = Urgency(d.To)
	case SetSeverity:
		r.Vector, r.Score = d.To, score
	}
	return r, nil
}
