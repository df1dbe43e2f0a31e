package deadline

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/id"
)

// The operations run inside the transaction of the report they belong to: who may do what was asked
// there, and the record is written there.

// Start lets a promise run.
func Start(ctx context.Context, tx *sql.Tx, now time.Time, subject string, p Promise) error {
	return StartAll(ctx, tx, now, subject, []Promise{p})
}

// First returns the first promises of a new subject, which run from now. Nothing was promised to it
// before, so nothing is looked for. Insert stores them.
func First(now time.Time, subject string, all []Promise) []Deadline {
	fresh := make([]Deadline, 0, len(all))
	for _, p := range all {
		d := Begin(now, subject, p)
		d.ID = id.New(now)
		fresh = append(fresh, d)
	}
	return fresh
}

// StartAll lets several promises run. None of them starts a clock again:
//
//   - what is given once in the life of a report (triage, decision, fix) goes on where it was when it
//     is given a second time;
//   - what the desk already owes is not owed a second time, so the earlier date stands;
//   - the reporter has the whole time for each thing that is asked of them.
func StartAll(ctx context.Context, tx *sql.Tx, now time.Time, subject string, all []Promise) error {
	have, err := Of(ctx, tx, subject)
	if err != nil {
		return err
	}
	var fresh []Deadline
	var again []string
	for _, p := range all {
		same := slices.DeleteFunc(slices.Clone(have), func(d Deadline) bool { return d.Kind != p.Kind })
		switch {
		case len(same) > 0 && kinds[p.Kind].once:
			again = append(again, p.Kind)
		case p.Owner != Reporter && slices.ContainsFunc(same, Deadline.Open):
		default:
			d := Begin(now, subject, p)
			d.ID = id.New(now)
			fresh = append(fresh, d)
		}
	}
	if len(again) > 0 {
		if err := Reopen(ctx, tx, now, subject, again...); err != nil {
			return err
		}
	}
	return Insert(ctx, tx, fresh)
}

// Pause stops the desk's clocks of a subject: we wait for the reporter. Clocks that stand still
// already do not count another round.
func Pause(ctx context.Context, tx *sql.Tx, now time.Time, subject string) error {
	return each(ctx, tx, now, subject, func(d Deadline) (Deadline, bool) {
		return d.pause(now), d.Owner == Desk && d.Running()
	}, nil)
}

// Resume lets the desk's clocks go on: the reporter has answered.
func Resume(ctx context.Context, tx *sql.Tx, now time.Time, subject string) error {
	return each(ctx, tx, now, subject, func(d Deadline) (Deadline, bool) {
		return d.resume(now), d.Open() && !d.PausedSince.IsZero()
	}, nil)
}

// Meet keeps the open promises of these kinds. There may be none.
func Meet(ctx context.Context, tx *sql.Tx, now time.Time, subject, by string, of ...string) error {
	return each(ctx, tx, now, subject, func(d Deadline) (Deadline, bool) {
		return d.meet(now, by), d.Open() && slices.Contains(of, d.Kind)
	}, nil)
}

// Reopen makes the closed promises of these kinds owed again, with the time already used. Without
// kinds it is those that a report opened again owes: triage, decision and fix.
func Reopen(ctx context.Context, tx *sql.Tx, now time.Time, subject string, of ...string) error {
	if len(of) == 0 {
		of = []string{Triage, Decision, Fix}
	}
	return each(ctx, tx, now, subject, func(d Deadline) (Deadline, bool) {
		return d.reopen(now), !d.Open() && slices.Contains(of, d.Kind) && !kinds[d.Kind].ends
	}, nil)
}

// Drop ends open promises that are owed no more. Without kinds it is all but the program's own: the
// reporter took the report back, and secrecy goes on.
func Drop(ctx context.Context, tx *sql.Tx, now time.Time, subject string, of ...string) error {
	return each(ctx, tx, now, subject, func(d Deadline) (Deadline, bool) {
		return d.drop(now), d.Open() && (len(of) == 0 && d.Owner != Program || slices.Contains(of, d.Kind))
	}, nil)
}

// Of returns the promises of a subject, the oldest first.
func Of(ctx context.Context, q db.Querier, subject string) ([]Deadline, error) {
	return list(ctx, q, `subject = $1 ORDER BY started_at, due_at, kind`, subject)
}

// Due returns at most limit running promises that end before a time, the most urgent first, those
// long broken among them. An empty owner means everybody's.
func Due(ctx context.Context, q db.Querier, before time.Time, owner Owner, limit int) ([]Deadline, error) {
	return list(ctx, q, `
		met_at = 0 AND dropped_at = 0 AND paused_since = 0 AND due_at < $1 AND ($2 = '' OR owner = $2)
		ORDER BY due_at, id LIMIT $3`, db.Micros(before), string(owner), limit)
}

// A Missed announces that a promise was broken (deadline.missed), or that one that only had to end
// has ended (deadline.ended).
type Missed struct {
	ID      string    `json:"id"`
	Subject string    `json:"subject"`
	Kind    string    `json:"kind"`
	Owner   Owner     `json:"owner"`
	Clause  string    `json:"clause"`
	Due     time.Time `json:"due"`
}

// Tick puts the promises that have run out on record and announces each once. It returns the broken
// ones. When the last reply that the reporter owed did not come, we wait no longer, and the desk's
// clocks go on.
func Tick(ctx context.Context, d *db.DB, now time.Time) ([]Missed, error) {
	var all []Missed
	for {
		out, err := list(ctx, d.Read(), `
			met_at = 0 AND dropped_at = 0 AND paused_since = 0 AND missed_at = 0 AND due_at <= $1
			ORDER BY due_at, id LIMIT 500`, db.Micros(now))
		if err != nil || len(out) == 0 {
			return all, err
		}
		for _, s := range bySubject(out) {
			var missed []Missed
			err := d.Tx(ctx, func(tx *sql.Tx) (err error) {
				missed, err = tick(ctx, tx, now, s)
				return err
			})
			if err != nil {
				return all, fmt.Errorf("judging the promises of %s: %w", s, err)
			}
			all = append(all, missed...)
		}
	}
}

func tick(ctx context.Context, tx *sql.Tx, now time.Time, subject string) ([]Missed, error) {
	var missed []Missed
	waiting, silent := false, false
	err := each(ctx, tx, now, subject, func(d Deadline) (Deadline, bool) {
		after := d.judged(now)
		switch {
		case d.Owner != Reporter || !after.Open():
		case after.MissedAt.IsZero():
			waiting = true
		case d.MissedAt.IsZero():
			silent = true
		}
		return after, after != d
	}, func(_, after Deadline) error {
		if !after.MissedAt.IsZero() {
			missed = append(missed, after.missed())
		}
		return nil
	})
	if err != nil || !silent || waiting {
		return missed, err
	}
	return missed, Resume(ctx, tx, now, subject)
}

func (d Deadline) missed() Missed {
	return Missed{ID: d.ID, Subject: d.Subject, Kind: d.Kind, Owner: d.Owner, Clause: d.Clause, Due: d.DueAt}
}

// each applies a change to every promise of a subject that it wants to change, saves it, and
// announces what ran out. then, if any, sees the promise before and after.
func each(ctx context.Context, tx *sql.Tx, now time.Time, subject string, change func(Deadline) (Deadline, bool), then func(before, after Deadline) error) error {
	if err := lock(ctx, tx, subject); err != nil {
		return err
	}
	all, err := Of(ctx, tx, subject)
	if err != nil {
		return err
	}
	for _, before := range all {
		after, changed := change(before)
		if !changed {
			continue
		}
		if err := save(ctx, tx, after); err != nil {
			return err
		}
		if err := announce(ctx, tx, now, before, after); err != nil {
			return err
		}
		if then != nil {
			if err := then(before, after); err != nil {
				return err
			}
		}
	}
	return nil
}

func announce(ctx context.Context, tx *sql.Tx, now time.Time, before, after Deadline) error {
	if before.MissedAt.IsZero() && !after.MissedAt.IsZero() {
		return bus.Queue(ctx, tx, now, "deadline.missed", after.missed())
	}
	if before.MetAt.IsZero() && after.MetBy == ByTime {
		return bus.Queue(ctx, tx, now, "deadline.ended", after.missed())
	}
	return nil
}

// bySubject returns the subjects of a list, each once, in its order.
func bySubject(list []Deadline) []string {
	var all []string
	seen := map[string]bool{}
	for _, d := range list {
		if !seen[d.Subject] {
			seen[d.Subject] = true
			all = append(all, d.Subject)
		}
	}
	return all
}
