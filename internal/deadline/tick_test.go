package deadline

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/db"
)

func aMissIsAnnouncedOnce(t *testing.T, b book) {
	b.start(start, "seen by the clock", triage)
	b.start(start, "seen when it was met", triage)
	b.start(start, "seen when it was paused", triage)
	b.start(start, "in time", triage)
	late := jst("2020-10-26 10:00")
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, jst("2020-10-22 23:59"), "in time", "tri", Triage) })
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, late, "seen when it was met", "tri", Triage) })
	b.do(func(tx *sql.Tx) error { return Pause(ctx, tx, late, "seen when it was paused") })
	if got := b.tick(jst("2020-10-22 23:59")); len(got) != 0 {
		t.Errorf("a minute before the end: %+v", got)
	}
	missed := b.tick(jst("2020-10-23 00:00"))
	want := Missed{Subject: "seen by the clock", Kind: Triage, Owner: Desk, Due: jst("2020-10-23 00:00").UTC()}
	if len(missed) != 1 || missed[0].ID == "" {
		t.Fatalf("%+v", missed)
	}
	want.ID = missed[0].ID
	if diff := cmp.Diff(want, missed[0]); diff != "" {
		t.Error(diff)
	}
	if again := b.tick(late); len(again) != 0 {
		t.Errorf("again: %+v", again)
	}
	b.do(func(tx *sql.Tx) error { return Resume(ctx, tx, late.AddDate(0, 0, 7), "seen when it was paused") })
	b.tick(late.AddDate(1, 0, 0))
	if n := b.messages("deadline.missed"); n != 3 {
		t.Errorf("%d announcements, want 3", n)
	}
	for _, s := range []string{"seen by the clock", "seen when it was met", "seen when it was paused"} {
		if d := b.the(s, Triage); !d.MissedAt.Equal(jst("2020-10-23 00:00")) || d.Strict.String() != "2020-10-22" {
			t.Errorf("%s: %+v", s, d)
		}
	}
}

func whenNoReplyComesOurClocksGoOn(t *testing.T, b book) {
	b.start(start, "r1", triage)
	b.do(func(tx *sql.Tx) error { return Pause(ctx, tx, start, "r1") })
	b.start(start, "r1", reply)
	b.start(start.AddDate(0, 0, 10), "r1", reply)
	if got := b.tick(jst("2020-11-17 00:30")); len(got) != 1 || b.the("r1", Triage).Running() {
		t.Errorf("one of two replies did not come: %+v, %+v", got, b.the("r1", Triage))
	}
	got := b.tick(jst("2020-11-25 00:30"))
	if d := b.the("r1", Triage); len(got) != 1 || got[0].Clause != "6.8" || !d.Running() || d.Rounds != 1 || d.Age(jst("2020-11-25 00:30")) != 0 {
		t.Errorf("no reply came: %+v, %+v", got, d)
	}
	if owner, kind, _ := Turn(b.of("r1")); owner != Desk || kind != Reply {
		t.Errorf("it is the turn of %q for %q; want the desk's, to decide on the missing reply", owner, kind)
	}
}

func secrecyEndsWithAnotherMessage(t *testing.T, b book) {
	b.start(start, "r1", secrecy)
	if got := b.tick(start.AddDate(2, 0, 0)); len(got) != 0 {
		t.Errorf("secrecy was broken: %+v", got)
	}
	if d := b.the("r1", Confidentiality); d.Open() || d.MetBy != ByTime || !d.MissedAt.IsZero() {
		t.Errorf("%+v", d)
	}
	b.do(func(tx *sql.Tx) error { return Reopen(ctx, tx, start.AddDate(2, 0, 0), "r1", Confidentiality) })
	if b.the("r1", Confidentiality).Open() {
		t.Error("who was free to speak is bound again")
	}
	if ended, missed := b.messages("deadline.ended"), b.messages("deadline.missed"); ended != 1 || missed != 0 {
		t.Errorf("%d announced as ended, %d as missed", ended, missed)
	}
}

func manyNodesAndAnOperationAtOnce(t *testing.T, b book) {
	const subjects = 12
	for i := range subjects {
		b.start(start, fmt.Sprintf("r%d", i), triage, fixing)
	}
	late := jst("2020-10-26 10:00")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := Tick(ctx, b.DB, late); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range subjects {
		wg.Go(func() {
			err := b.Tx(ctx, func(tx *sql.Tx) error { return Pause(ctx, tx, late, fmt.Sprintf("r%d", i)) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range subjects {
		if d := b.the(fmt.Sprintf("r%d", i), Triage); d.MissedAt.IsZero() || d.PausedSince.IsZero() || d.Rounds != 1 {
			t.Errorf("one took back what the other did: %+v", d)
		}
	}
	if n := b.messages("deadline.missed"); n != subjects {
		t.Errorf("%d announcements, want %d", n, subjects)
	}
}

func aCorrectedCalendar(t *testing.T, b book) {
	b.start(start, "ours", triage)
	b.start(start, "theirs", reply)
	b.start(start, "over", triage)
	b.do(func(tx *sql.Tx) error { return Meet(ctx, tx, start, "over", "tri", Triage) })
	b.do(func(tx *sql.Tx) error { // as if a calendar that knew another holiday had counted them
		_, err1 := tx.ExecContext(ctx, `UPDATE deadline SET calendar = 'old', strict_day = '2020-10-23', extended_day = '2020-10-23', due_at = $1
			WHERE subject IN ('ours', 'over')`, db.Micros(jst("2020-10-24 00:00")))
		_, err2 := tx.ExecContext(ctx, `UPDATE deadline SET calendar = 'old', extended_day = '2020-11-14', due_at = $1
			WHERE subject = 'theirs'`, db.Micros(jst("2020-11-15 00:00")))
		return errors.Join(err1, err2)
	})
	for i, want := range []int{2, 0} {
		if n, err := Correct(ctx, b.DB, start); err != nil || n != want {
			t.Errorf("time %d: %d moved, %v; want %d", i, n, err, want)
		}
	}
	if d := b.the("ours", Triage); d.Strict.String() != "2020-10-22" || d.Version != version() {
		t.Errorf("%+v", d)
	}
	if d := b.the("theirs", Reply); d.Extended.String() != "2020-11-16" {
		t.Errorf("%+v", d)
	}
	if d := b.the("over", Triage); d.Version != "old" || d.Strict.String() != "2020-10-23" {
		t.Errorf("a promise that is over was counted anew: %+v", d)
	}
	if n := b.messages("deadline.corrected"); n != 2 {
		t.Errorf("%d announcements, want 2", n)
	}
}
