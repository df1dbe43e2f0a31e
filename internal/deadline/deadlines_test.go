package deadline

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

var (
	ctx   = context.Background()
	start = jst("2020-10-15 17:56") // a Thursday
)

// A book is the promises of one database.
type book struct {
	*db.DB
	t *testing.T
}

// do runs fn in one transaction.
func (b book) do(fn func(tx *sql.Tx) error) {
	b.t.Helper()
	if err := b.Tx(ctx, fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b book) start(now time.Time, subject string, all ...Promise) {
	b.t.Helper()
	b.do(func(tx *sql.Tx) error { return StartAll(ctx, tx, now, subject, all) })
}

func (b book) of(subject string) []Deadline {
	b.t.Helper()
	all, err := Of(ctx, b.Read(), subject)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// the returns the one promise of a kind.
func (b book) the(subject, kind string) Deadline {
	b.t.Helper()
	var found []Deadline
	for _, d := range b.of(subject) {
		if d.Kind == kind {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%d promises of kind %s, want one", len(found), kind)
	}
	return found[0]
}

func (b book) messages(subject string) int {
	b.t.Helper()
	return dbtest.Count(b.t, b.DB, "outbox WHERE subject = $1", subject)
}

func (b book) tick(now time.Time) []Missed {
	b.t.Helper()
	missed, err := Tick(ctx, b.DB, now)
	if err != nil {
		b.t.Fatal(err)
	}
	return missed
}

var (
	triage  = Promise{Kind: Triage, Owner: Desk, Length: 5, Unit: Business, Trigger: "received"}
	answer  = Promise{Kind: Answer, Owner: Desk, Length: 2, Unit: Business, Trigger: "message"}
	fixing  = Promise{Kind: Fix, Owner: Desk, Length: 90, Unit: Calendar, Trigger: "accepted"}
	reply   = Promise{Kind: Reply, Owner: Reporter, Length: 30, Unit: Calendar, Extends: true, Clause: "6.8", Trigger: "question"}
	secrecy = Promise{Kind: Confidentiality, Owner: Program, Length: 1, Unit: Year, Clause: "9.2", Trigger: "received"}
)

// stories are told one after the other on one database of each engine.
var stories = []struct {
	name string
	tell func(t *testing.T, b book)
}{
	{"a promise is stored as it was given", aPromiseIsStoredAsItWasGiven},
	{"what is given once goes on", whatIsGivenOnceGoesOn},
	{"what the desk owes is not owed twice", whatTheDeskOwesIsNotOwedTwice},
	{"the reporter has the whole time for each question", theReporterHasTheWholeTimeForEachQuestion},
	{"only the desk's clocks pause, and a round counts once", onlyTheDesksClocksPause},
	{"a miss is announced once, by whoever sees it", aMissIsAnnouncedOnce},
	{"when no reply comes our clocks go on", whenNoReplyComesOurClocksGoOn},
	{"secrecy ends with another message", secrecyEndsWithAnotherMessage},
	{"a report that was taken back owes nothing but secrecy", whatWasTakenBackOwesNothing},
	{"what rolls back leaves nothing", whatRollsBackLeavesNothing},
	{"due lists what runs by urgency", dueListsWhatRuns},
	{"many nodes and an operation at once", manyNodesAndAnOperationAtOnce},
	{"a corrected calendar", aCorrectedCalendar},
	{"an old open case stays in sight", anOldOpenCaseStaysInSight},
	{"the database does as the rules say", theDatabaseDoesAsTheRulesSay},
}

func TestPromises(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, s := range stories {
			t.Run(s.name, func(t *testing.T) {
				b := book{d, t}
				b.do(func(tx *sql.Tx) error {
					_, err1 := tx.ExecContext(ctx, "DELETE FROM deadline")
					_, err2 := tx.ExecContext(ctx, "DELETE FROM outbox")
					return errors.Join(err1, err2)
				})
				s.tell(t, b)
			})
		}
	})
}

func aPromiseIsStoredAsItWasGiven(t *testing.T, b book) {
	given := []Promise{triage, reply, secrecy, {Kind: "withdrawal", Owner: Desk, Length: 7, Unit: Calendar, Clause: "11.2", Trigger: "asked"}}
	b.start(start, "r1", given...)
	b.start(start, "r2", triage)
	for _, p := range given {
		want, got := Begin(start, "r1", p), b.the("r1", p.Kind)
		want.ID, want.StartedAt, want.DueAt = got.ID, want.StartedAt.UTC(), want.DueAt.UTC()
		if diff := cmp.Diff(want, got); diff != "" || got.ID == "" {
			t.Errorf("%s (-given +stored):\n%s", p.Kind, diff)
		}
	}
	if n := len(b.of("r1")); n != len(given) {
		t.Errorf("%d promises, want %d", n, len(given))
	}
}

func whatIsGivenOnceGoesOn(t *testing.T, b book) {
	b.start(start, "r1", triage)
	b.start(start.AddDate(0, 0, 1), "r1", triage) // still open: nothing happens
	if d := b.the("r1", Triage); d.Strict.String() != "2020-10-22" || d.Reopened != 0 {
		t.Errorf("given twice: %+v", d)
	}
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, jst("2020-10-19 10:00"), "r1", "tri", Triage) })
	b.start(jst("2020-11-16 10:00"), "r1", triage) // a month later: three of five days are left
	if d := b.the("r1", Triage); !d.Open() || d.Strict.String() != "2020-11-19" || d.Reopened != 1 {
		t.Errorf("given again after it was met: %+v", d)
	}
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, jst("2020-11-17 10:00"), "r1", "tri", Triage) })
	b.do(func(tx *sql.Tx) error { return Reopen(ctx, tx, jst("2020-12-01 10:00"), "r1") })
	if d := b.the("r1", Triage); d.Strict.String() != "2020-12-03" || d.Age(jst("2020-12-01 11:00")) != 3 {
		t.Errorf("opened again: %+v, age %d; want two days left and three used", d, d.Age(jst("2020-12-01 11:00")))
	}
}

func whatTheDeskOwesIsNotOwedTwice(t *testing.T, b book) {
	b.start(start, "r1", answer)
	b.start(start.AddDate(0, 0, 1), "r1", answer)
	if d := b.the("r1", Answer); d.Strict.String() != "2020-10-19" {
		t.Errorf("a second message moved the answer to the first to %s", d.Strict)
	}
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, start.AddDate(0, 0, 1), "r1", "tri", Answer) })
	b.start(start.AddDate(0, 0, 4), "r1", answer) // a new message, a new clock
	if all := b.of("r1"); len(all) != 2 || all[1].Strict.String() != "2020-10-21" || all[1].Age(start.AddDate(0, 0, 4)) != 0 {
		t.Errorf("%+v", all)
	}
}

func theReporterHasTheWholeTimeForEachQuestion(t *testing.T, b book) {
	b.start(start, "r1", reply)
	b.start(start.AddDate(0, 0, 20), "r1", reply)
	if all := b.of("r1"); len(all) != 2 || all[0].Extended.String() != "2020-11-16" || all[1].Strict.String() != "2020-12-04" {
		t.Errorf("%+v", all)
	}
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, start.AddDate(0, 0, 21), "r1", "p1", Reply) })
	for _, d := range b.of("r1") {
		if d.Open() || d.MetBy != "p1" {
			t.Errorf("one answer to both left %+v", d)
		}
	}
}

func onlyTheDesksClocksPause(t *testing.T, b book) {
	b.start(start, "r1", triage, reply, secrecy, fixing)
	for range 2 { // a second question changes nothing
		b.do(func(tx *sql.Tx) error { return Pause(ctx, tx, jst("2020-10-16 10:00"), "r1") })
	}
	for _, d := range b.of("r1") {
		if paused := !d.PausedSince.IsZero(); paused != (d.Owner == Desk) || paused && d.Rounds != 1 {
			t.Errorf("%s of the %s: %+v", d.Kind, d.Owner, d)
		}
	}
	if owner, _, _ := Turn(b.of("r1")); owner != Reporter {
		t.Errorf("it is the turn of %q", owner)
	}
	b.do(func(tx *sql.Tx) error { return Resume(ctx, tx, jst("2020-10-20 10:00"), "r1") })
	if d, f := b.the("r1", Triage), b.the("r1", Fix); d.Strict.String() != "2020-10-26" || f.Strict.String() != "2021-01-17" {
		t.Errorf("triage until %s, fix until %s; want two business and four calendar days more", d.Strict, f.Strict)
	}
	b.do(func(tx *sql.Tx) error { return Pause(ctx, tx, jst("2020-10-21 10:00"), "r1") })
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, jst("2020-10-22 10:00"), "r1", "tri", Triage) })
	if d := b.the("r1", Triage); d.Rounds != 2 || d.Open() || !d.PausedSince.IsZero() || d.PausedDays != 3 || d.Stood != 3 {
		t.Errorf("met while it was paused: %+v", d)
	}
}

func whatWasTakenBackOwesNothing(t *testing.T, b book) {
	b.start(start, "r1", triage, fixing, reply, secrecy)
	b.do(func(tx *sql.Tx) error { return Drop(ctx, tx, start.AddDate(0, 0, 1), "r1", Reply) })
	if b.the("r1", Reply).Open() || !b.the("r1", Triage).Open() {
		t.Error("dropping the reply did not drop just the reply")
	}
	b.do(func(tx *sql.Tx) error { return Pause(ctx, tx, start.AddDate(0, 0, 1), "r1") })
	first := b.the("r1", Reply).DroppedAt
	b.do(func(tx *sql.Tx) error { return Drop(ctx, tx, start.AddDate(0, 0, 60), "r1") })
	for _, d := range b.of("r1") {
		if d.Open() != (d.Kind == Confidentiality) || !d.PausedSince.IsZero() || !d.MissedAt.IsZero() {
			t.Errorf("%+v", d)
		}
	}
	if !b.the("r1", Reply).DroppedAt.Equal(first) {
		t.Error("what was dropped was dropped again")
	}
	if got := b.tick(start.AddDate(0, 6, 0)); len(got) != 0 {
		t.Errorf("missed: %+v", got)
	}
}

func whatRollsBackLeavesNothing(t *testing.T, b book) {
	b.start(start, "r1", triage)
	before := b.of("r1")
	for name, fn := range map[string]func(tx *sql.Tx) error{
		"start": func(tx *sql.Tx) error { return Start(ctx, tx, start, "r1", fixing) },
		"pause": func(tx *sql.Tx) error { return Pause(ctx, tx, start, "r1") },
		"meet":  func(tx *sql.Tx) error { return Meet(ctx, tx, start.AddDate(1, 0, 0), "r1", "tri", Triage) },
	} {
		_ = b.Tx(ctx, func(tx *sql.Tx) error {
			if err := fn(tx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return errors.New("changed my mind")
		})
	}
	if diff := cmp.Diff(before, b.of("r1")); diff != "" || b.messages("deadline.missed") != 0 {
		t.Error(diff)
	}
}

func dueListsWhatRuns(t *testing.T, b book) {
	b.start(start, "paused", triage)
	b.do(func(tx *sql.Tx) error { return Pause(ctx, tx, start, "paused") })
	b.start(start, "met", triage)
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, start, "met", "tri", Triage) })
	b.start(start, "later", fixing, secrecy)
	b.start(start.AddDate(0, 0, 1), "next", triage)
	b.start(start, "broken", triage)
	b.tick(jst("2020-10-23 00:00"))
	b.start(start, "theirs", reply)
	for _, c := range []struct {
		before time.Time
		owner  Owner
		limit  int
		want   string
	}{
		{jst("2022-01-01 00:00"), "", 10, "broken next theirs later later"},
		{jst("2022-01-01 00:00"), Desk, 10, "broken next later"},
		{jst("2022-01-01 00:00"), Desk, 2, "broken next"},
		{jst("2022-01-01 00:00"), Reporter, 10, "theirs"},
		{jst("2020-10-23 00:00"), "", 10, ""}, // before, not at
		{jst("2020-10-23 00:01"), "", 10, "broken"},
	} {
		all, err := Due(ctx, b.Read(), c.before, c.owner, c.limit)
		var got []string
		for _, d := range all {
			got = append(got, d.Subject)
		}
		if s := strings.Join(got, " "); err != nil || s != c.want {
			t.Errorf("before %s of %q: %q, %v; want %q", c.before, c.owner, s, err, c.want)
		}
	}
}

func anOldOpenCaseStaysInSight(t *testing.T, b book) {
	year := start.AddDate(1, 0, 0)
	b.start(start, "old and open", triage)
	b.start(start, "old and met", triage)
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, start, "old and met", "tri", Triage) })
	b.start(start, "old and met lately", triage)
	b.do(func(tx *sql.Tx) error {
		return Meet(ctx, tx, year.AddDate(0, 0, 1), "old and met lately", "tri", Triage)
	})
	b.start(year, "new", triage)
	all, err := Figures(ctx, b.Read(), year.AddDate(0, 0, 2), year, Triage, Fix)
	if err != nil || len(all) != 2 || all[1].Cases() != 0 || all[1].Kind != Fix {
		t.Fatalf("%+v, %v", all, err)
	}
	if f := all[0]; f.MetInTime != 0 || f.MetLate != 1 || f.OpenInTime != 1 || f.OpenLate != 1 {
		t.Errorf("%+v", f)
	}
}

// theDatabaseDoesAsTheRulesSay lives through random histories twice: once with the pure rules,
// once through the operations, and compares the rows and the figures.
func theDatabaseDoesAsTheRulesSay(t *testing.T, b book) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	all := make([]history, 12)
	end := jst("2021-12-01 10:00")
	for i := range all {
		p := triage
		p.Length, p.Unit = 1+r.IntN(20), []Unit{Business, Calendar}[r.IntN(2)]
		subject, now := fmt.Sprintf("r%d", i), start.AddDate(0, 0, r.IntN(100)).UTC()
		h := history{Deadline: Begin(now, subject, p), now: now, running: true}
		b.start(now, subject, p)
		for range r.IntN(8) {
			h.pass(r.IntN(15))
			what := happenings[r.IntN(len(happenings))]
			h.happen(what)
			b.happen(subject, what, h.now)
		}
		h.now = end
		all[i] = h
		want, got := h.Deadline, b.the(subject, Triage)
		want.ID, want.DueAt, want.MissedAt = got.ID, want.DueAt.UTC(), want.MissedAt.UTC()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, %s (-rules +database):\n%s", seed, subject, diff)
		}
	}
	got, err := Figures(ctx, b.Read(), end, time.Time{}, Triage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(figure(Triage, all), got[0]); diff != "" {
		t.Errorf("seed %d: figures (-rules +database):\n%s", seed, diff)
	}
}

// happen does through the operations what history.happen does with the rules.
func (b book) happen(subject, what string, now time.Time) {
	b.t.Helper()
	b.do(func(tx *sql.Tx) error {
		switch what {
		case "pause":
			return Pause(ctx, tx, now, subject)
		case "resume":
			return Resume(ctx, tx, now, subject)
		case "meet":
			return Meet(ctx, tx, now, subject, "tri", Triage)
		case "drop":
			return Drop(ctx, tx, now, subject)
		case "reopen":
			return Reopen(ctx, tx, now, subject)
		}
		_, err := tick(ctx, tx, now, subject)
		return err
	})
}
