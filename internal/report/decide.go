package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/program"
)

// actions says which permission each kind of decision takes.
var actions = map[Kind]access.Action{
	ToTriaged:     access.ReportDecide,
	ToAccepted:    access.ReportDecide,
	ToFixing:      access.ReportDecide,
	ToFixed:       access.ReportDecide,
	ToPublished:   access.ReportDecide,
	ToNotEligible: access.ReportDecide,
	ToDuplicate:   access.ReportDecide,
	Reopen:        access.ReportDecide,
	Exception:     access.ReportExcept,
	Disqualify:    access.ReportDecide,
	SetSeverity:   access.ReportRate,
	SetUrgency:    access.ReportRate,
}

// A Decided announces a decision that stands.
type Decided struct {
	Report   string `json:"report"`
	Person   string `json:"person"` // the reporter
	Decision string `json:"decision"`
	Kind     Kind   `json:"kind"`
}

// Decide makes a decision, or proposes it when another person has to agree. It returns the decision
// as it stands now.
func (rs *Reports) Decide(ctx context.Context, who access.Caller, report string, d Decision) (Decision, error) {
	action, known := actions[d.Kind]
	if !known {
		return d, fault.New(fault.Invalid, "There is no decision “%s”.", "「%s」という決定はありません。", d.Kind).At("kind")
	}
	if err := rs.Audit.Allow(ctx, who, action, report); err != nil {
		return d, err
	}
	r, err := find(ctx, rs.DB.Read(), report)
	if err != nil {
		return d, err
	}
	d, facts, lowers, err := rs.prepare(ctx, r, d)
	if err != nil {
		return d, err
	}
	if err := rs.noRival(ctx, report, d.Kind); err != nil {
		return d, err
	}
	now := rs.Now()
	d.ID, d.Report, d.By, d.At, d.Standing = id.New(now), report, who.ID, now, InForce
	if d.needs(facts, lowers) != "" {
		d.Standing = Proposed
	}
	after, err := rs.applied(d, r) // also for a proposal: one that could never stand is not made
	if err != nil {
		return d, err
	}
	return d, rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := insertDecision(ctx, tx, d); err != nil {
			return err
		}
		if d.Standing == Proposed {
			return rs.proposed(ctx, tx, who, action, r, d)
		}
		return rs.enforce(ctx, tx, who, action, r, after, d)
	})
}

// prepare completes a decision from the report and its terms, and says whether it is sound.
func (rs *Reports) prepare(ctx context.Context, r Report, d Decision) (Decision, clauseFacts, bool, error) {
	var facts clauseFacts
	terms, ok := rs.Program.Version(r.Terms)
	if !ok {
		return d, facts, false, fmt.Errorf("report %s is pinned to terms %s, which are not loaded", r.ID, r.Terms)
	}
	if c, ok := terms.Clause(d.Clause); ok {
		facts.exists, facts.secondPerson = true, c.SecondPerson
		facts.exclusion = (c.Kind == program.Exclusion || c.Kind == program.Scope) && c.ID != alreadyKnown
	}
	d.From = string(r.State)
	lowers := false
	switch d.Kind {
	case SetSeverity:
		v, err := cvss.Parse(d.To)
		if err != nil {
			return d, facts, false, err
		}
		d.From, d.To = r.Vector, v.String()
		if d.From == d.To {
			return d, facts, false, fault.New(fault.Invalid, "This is the vector it has already.", "現在のベクトルと同じです。").At("vector")
		}
		lowers = rs.lowers(r, v)
	case SetUrgency:
		if Urgency(d.To).Name().Empty() {
			return d, facts, false, fault.New(fault.Invalid, "There is no urgency “%s”.", "「%s」という緊急度はありません。", d.To).At("urgency")
		}
		d.From = string(r.Urgency)
	case ToDuplicate:
		root, err := rs.root(ctx, r, d.To)
		if err != nil {
			return d, facts, false, err
		}
		d.To = root
	}
	return d, facts, lowers, d.check(facts)
}

// lowers reports whether the new vector says less than what the report has, or than what the
// reporter had claimed while nobody has rated it.
func (rs *Reports) lowers(r Report, v cvss.Vector) bool {
	old := r.Vector
	if old == "" {
		return false
	}
	was, err := cvss.Parse(old)
	return err == nil && v.Score() < was.Score()
}

// noRival refuses a second proposal of the same kind while one waits.
func (rs *Reports) noRival(ctx context.Context, report string, k Kind) error {
	var n int
	err := rs.DB.Read().QueryRowContext(ctx, `
		SELECT count(*) FROM decision
		WHERE report = $1 AND kind = $2 AND state = $3`, report, string(k), string(Proposed)).Scan(&n)
	if err != nil {
		return fmt.Errorf("reading the decisions on report %s: %w", report, err)
	}
	if n > 0 {
		return fault.New(fault.Conflict,
			"The same decision is proposed already and waits for a second person.",
			"同じ決定がすでに提案されており、2人目の確認を待っています。")
	}
	return nil
}

func (rs *Reports) applied(d Decision, r Report) (Report, error) {
	score := r.Score
	if d.Kind == SetSeverity {
		v, err := cvss.Parse(d.To)
		if err != nil {
			return r, err
		}
		score = v.Score()
	}
	return d.apply(r, score)
}

func (rs *Reports) proposed(ctx context.Context, tx *sql.Tx, who access.Caller, action access.Action, r Report, d Decision) error {
	after := r
	if err := rs.settle(ctx, tx, r, after); err != nil {
		return err
	}
	if err := rs.Audit.Record(ctx, tx, who, action, r.ID, map[string]any{"proposed": d.ID, "kind": d.Kind, "clause": d.Clause, audit.Shown: d.Shown()}); err != nil {
		return err
	}
	if !d.Shown() {
		return nil
	}
	return bus.Queue(ctx, tx, d.At, "report.told", Told{Report: r.ID, Person: r.Reporter, About: d.ID, What: "decision", Reporter: true})
}

// enforce writes a decision's effects: the promises it meets and starts, the report, the record and
// the announcement.
func (rs *Reports) enforce(ctx context.Context, tx *sql.Tx, who access.Caller, action access.Action, was, r Report, d Decision) error {
	if err := rs.promises(ctx, tx, was, r, d, who); err != nil {
		return err
	}
	if err := rs.settle(ctx, tx, was, r); err != nil {
		return err
	}
	if err := rs.Audit.Record(ctx, tx, who, action, r.ID, map[string]any{
		"decision": d.ID, "kind": d.Kind, "clause": d.Clause, "from": d.From, "to": d.To, audit.Shown: true,
	}); err != nil {
		return err
	}
	now := rs.Now()
	if err := bus.Queue(ctx, tx, now, "report.decided", Decided{Report: r.ID, Person: r.Reporter, Decision: d.ID, Kind: d.Kind}); err != nil {
		return err
	}
	return bus.Queue(ctx, tx, now, "report.told", Told{Report: r.ID, Person: r.Reporter, About: d.ID, What: "decision", Reporter: d.Kind != ToWithdrawn})
}

// Confirm is the second person's answer to a proposal, or the reporter's agreement to a lowered
// severity. Nobody confirms their own proposal.
func (rs *Reports) Confirm(ctx context.Context, who access.Caller, report, decision string, agree bool, why string) error {
	action := access.ReportConfirm
	if who.Kind == access.Participant {
		action = access.ReportReply
		if _, err := rs.own(ctx, who, action, report); err != nil {
			return err
		}
	} else if err := rs.Audit.Allow(ctx, who, action, report); err != nil {
		return err
	}
	r, d, err := rs.proposal(ctx, report, decision)
	if err != nil {
		return err
	}
	if who.Kind == access.Participant && d.Kind != SetSeverity {
		return notFound(report)
	}
	if d.By == who.ID {
		return rs.Audit.Refuse(ctx, who, action, report, fault.New(fault.Denied,
			"You proposed this, so somebody else has to agree.",
			"ご自身の提案です。ほかの人の確認が必要です。"))
	}
	if !agree && strings.TrimSpace(why) == "" {
		return fault.New(fault.Invalid, "Say why not, so that the proposal can be mended.",
			"同意しない理由を書いてください。提案を直す手がかりになります。").At("why")
	}
	if strings.TrimSpace(why) != "" {
		if err := checkBody(why); err != nil {
			return err
		}
	}
	after := r
	if agree {
		if after, err = rs.applied(d, r); err != nil {
			return err
		}
	}
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error { return rs.close(ctx, tx, who, action, r, after, d, agree, why) })
}

func (rs *Reports) close(ctx context.Context, tx *sql.Tx, who access.Caller, action access.Action, r, after Report, d Decision, agree bool, why string) error {
	d.Standing, d.ConfirmedBy, d.ConfirmedAt, d.Refusal = Refused, who.ID, rs.Now(), why
	if agree {
		d.Standing = InForce
	}
	if err := db.One(tx.ExecContext(ctx, `
		UPDATE decision SET state = $1, confirmed_by = $2, confirmed_at = $3, refusal = $4
		WHERE id = $5 AND state = 'proposed'`,
		string(d.Standing), d.ConfirmedBy, db.Micros(d.ConfirmedAt), d.Refusal, d.ID)); err != nil {
		return err
	}
	if agree {
		return rs.enforce(ctx, tx, who, action, r, after, d)
	}
	if err := rs.settle(ctx, tx, r, after); err != nil {
		return err
	}
	return rs.Audit.Record(ctx, tx, who, action, r.ID, map[string]any{"refused": d.ID, "kind": d.Kind, audit.Shown: d.Kind == SetSeverity})
}

func (rs *Reports) proposal(ctx context.Context, report, decision string) (Report, Decision, error) {
	r, err := find(ctx, rs.DB.Read(), report)
	if err != nil {
		return r, Decision{}, err
	}
	d, err := scanDecision(rs.DB.Read().QueryRowContext(ctx, `
		SELECT `+decisionColumns+` FROM decision WHERE id = $1 AND report = $2`, decision, report))
	if errors.Is(err, sql.ErrNoRows) {
		return r, d, notFound(report)
	}
	if err != nil {
		return r, d, fmt.Errorf("reading decision %s: %w", decision, err)
	}
	if d.Standing != Proposed {
		return r, d, fault.New(fault.Conflict, "This proposal was answered already.", "この提案にはすでに回答があります。")
	}
	return r, d, nil
}

// Assign gives the report to somebody at the desk, or to nobody.
func (rs *Reports) Assign(ctx context.Context, who access.Caller, report, person string) error {
	if err := rs.Audit.Allow(ctx, who, access.ReportDecide, report); err != nil {
		return err
	}
	was, err := find(ctx, rs.DB.Read(), report)
	if err != nil {
		return err
	}
	if person != "" {
		colleague, err := rs.Colleague(ctx, person)
		if err != nil {
			return err
		}
		if !access.Allow(colleague, access.ReportDecide) {
			return fault.New(fault.Invalid, "Reports are assigned to people who decide on them, and “%s” is none of these.",
				"担当にできるのは報告の決定を行うメンバーだけです。「%s」は該当しません。", person).At("assignee")
		}
	}
	r := was
	r.Assignee = person
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := rs.settle(ctx, tx, was, r); err != nil {
			return err
		}
		return rs.Audit.Record(ctx, tx, who, access.ReportDecide, report, map[string]any{"assignee": person})
	})
}

// Withdraw takes back the caller's own report.
func (rs *Reports) Withdraw(ctx context.Context, who access.Caller, report, reason string) error {
	was, err := rs.own(ctx, who, access.ReportWithdraw, report)
	if err != nil {
		return err
	}
	if strings.TrimSpace(reason) != "" {
		if err := checkBody(reason); err != nil {
			return err
		}
	}
	now := rs.Now()
	d := Decision{
		ID: id.New(now), Report: report, Kind: ToWithdrawn, Reason: reason, From: string(was.State),
		Standing: InForce, By: who.ID, At: now, ReadAt: now,
	}
	r, err := d.apply(was, was.Score)
	if err != nil {
		return err
	}
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := insertDecision(ctx, tx, d); err != nil {
			return err
		}
		return rs.enforce(ctx, tx, who, access.ReportWithdraw, was, r, d)
	})
}
