package report

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/program"
)

// The promises of a report. The first four are the operator's own targets, the others the terms'.
const (
	firstAnswer     = "first_answer"    // a person wrote to the reporter, or decided
	triage          = "triage"          // somebody said whether it is real
	decision        = "decision"        // accepted, or not and why
	fix             = "fix"             //
	answer          = "answer"          // the reporter wrote, and the desk owes an answer
	reply           = "reply"           // the desk asked: thirty days
	confidentiality = "confidentiality" // one year from receipt
)

// promise returns what the program promises of this kind under the report's terms: the desk's own
// target, or a period of the terms. Not every program promises everything.
func (rs *Reports) promise(r Report, kind, trigger string) (deadline.Promise, bool) {
	target := kind
	if kind == answer {
		target = firstAnswer // every word of a reporter is owed an answer as soon as the first
	}
	if t, ok := rs.Program.Target(target); ok {
		return deadline.Promise{
			Kind: kind, Clause: t.Clause, Owner: deadline.Desk, Length: t.Days, Unit: deadline.Unit(t.Unit), Trigger: trigger,
		}, true
	}
	terms, ok := rs.Program.Version(r.Terms)
	if !ok {
		return deadline.Promise{}, false
	}
	p, ok := terms.Period(kind)
	if !ok {
		return deadline.Promise{}, false
	}
	owner := deadline.Program
	if kind == reply {
		owner = deadline.Reporter
	}
	unit := map[string]deadline.Unit{program.Day: deadline.Calendar, program.Month: deadline.Month, program.Year: deadline.Year}[p.Unit]
	return deadline.Promise{
		Kind: kind, Clause: p.Clause, Owner: owner, Length: p.N, Unit: unit, Trigger: trigger, Extends: p.Extends,
	}, true
}

// start lets promises run from now, those that the program makes.
func (rs *Reports) start(ctx context.Context, tx *sql.Tx, r Report, trigger string, kinds ...string) error {
	return deadline.StartAll(ctx, tx, rs.Now(), r.ID, rs.promisesOf(r, trigger, kinds...))
}

func (rs *Reports) promisesOf(r Report, trigger string, kinds ...string) []deadline.Promise {
	var all []deadline.Promise
	for _, kind := range kinds {
		if p, ok := rs.promise(r, kind, trigger); ok {
			all = append(all, p)
		}
	}
	return all
}

// begin returns what a new report is promised, and the report with its first turn.
func (rs *Reports) begin(r Report) (Report, []deadline.Deadline) {
	running := deadline.First(r.ReceivedAt, r.ID, rs.promisesOf(r, "received", firstAnswer, triage, decision, confidentiality))
	return r.withTurn(running), running
}

func (rs *Reports) meet(ctx context.Context, tx *sql.Tx, r Report, by string, kinds ...string) error {
	return deadline.Meet(ctx, tx, rs.Now(), r.ID, by, kinds...)
}

// answered is what a person's words to the reporter fulfil.
func (rs *Reports) answered(ctx context.Context, tx *sql.Tx, r Report, who access.Caller) error {
	return rs.meet(ctx, tx, r, who.ID, firstAnswer, answer)
}

// asked hands the turn to the reporter: our clocks stand still, theirs runs.
func (rs *Reports) asked(ctx context.Context, tx *sql.Tx, r Report) error {
	if err := deadline.Pause(ctx, tx, rs.Now(), r.ID); err != nil {
		return err
	}
	return rs.start(ctx, tx, r, "question", reply)
}

// replied takes the turn back. Words that answer no question are owed an answer of their own.
func (rs *Reports) replied(ctx context.Context, tx *sql.Tx, was, r Report) error {
	if was.State == NeedsInformation {
		if err := rs.meet(ctx, tx, r, r.Reporter, reply); err != nil {
			return err
		}
		return deadline.Resume(ctx, tx, rs.Now(), r.ID)
	}
	list, err := deadline.Of(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	owed := slices.ContainsFunc(list, func(d deadline.Deadline) bool {
		return d.Open() && (d.Kind == answer || d.Kind == firstAnswer)
	})
	if owed {
		return nil
	}
	return rs.start(ctx, tx, r, "message", answer)
}

// promises meets and starts what a decision that stands fulfils and promises. A change of urgency or
// severity is no answer: it stops no clock.
func (rs *Reports) promises(ctx context.Context, tx *sql.Tx, was, r Report, d Decision, who access.Caller) error {
	if was.State == NeedsInformation && r.State != NeedsInformation {
		if err := rs.meet(ctx, tx, r, who.ID, reply); err != nil {
			return err
		}
		if err := deadline.Resume(ctx, tx, rs.Now(), r.ID); err != nil {
			return err
		}
	}
	switch d.Kind {
	case ToTriaged:
		return rs.meet(ctx, tx, r, who.ID, firstAnswer, triage)
	case ToAccepted:
		if err := rs.meet(ctx, tx, r, who.ID, firstAnswer, triage, decision, answer); err != nil {
			return err
		}
		return rs.start(ctx, tx, r, "accepted", fix)
	case ToNotEligible, ToDuplicate, Exception, Disqualify:
		return rs.meet(ctx, tx, r, who.ID, firstAnswer, triage, decision, answer)
	case ToFixing:
		if was.State == NotEligible {
			return rs.start(ctx, tx, r, "fixing without a reward", fix)
		}
	case ToFixed:
		return rs.meet(ctx, tx, r, who.ID, fix)
	case ToPublished:
		return rs.meet(ctx, tx, r, who.ID, confidentiality)
	case Reopen:
		return deadline.Reopen(ctx, tx, rs.Now(), r.ID, decision)
	case ToWithdrawn:
		return deadline.Drop(ctx, tx, rs.Now(), r.ID)
	}
	return nil
}

// settle works out whose turn it is from the promises as they stand in this transaction, and saves
// the report.
func (rs *Reports) settle(ctx context.Context, tx *sql.Tx, was, r Report) error {
	list, err := deadline.Of(ctx, tx, r.ID)
	if err != nil {
		return fmt.Errorf("reading the promises of report %s: %w", r.ID, err)
	}
	r = r.withTurn(list)
	r.UpdatedAt = rs.Now()
	return save(ctx, tx, was, r)
}

// Settle works out whose turn a report is after its promises have changed by themselves. What is no
// report is left alone.
func (rs *Reports) Settle(ctx context.Context, tx *sql.Tx, report string) error {
	r, err := find(ctx, tx, report)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return rs.settle(ctx, tx, r, r)
}

// withTurn returns the report with whose turn it is and until when. The promises say it; where none
// runs, an open report is the desk's, and so is one that earns no reward and is urgent all the same:
// the queue must not lose it.
func (r Report) withTurn(list []deadline.Deadline) Report {
	owner, kind, due := deadline.Turn(list)
	r.Turn, r.TurnKind, r.TurnDue = Turn(owner), kind, due
	if owner == deadline.Nobody {
		r.Turn = Nobody
	}
	if r.Turn == Nobody && (r.State.Open() || r.State == NotEligible && r.Urgency != Normal) {
		r.Turn = Desk
	}
	return r
}
