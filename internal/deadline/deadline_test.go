package deadline

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

func jst(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.JST)
	if err != nil {
		panic(err)
	}
	return t
}

func TestLastDaysAreCountedAsTheTermsAndTheLawCount(t *testing.T) {
	for name, c := range map[string]struct {
		from             string
		p                Promise
		strict, extended string
	}{
		"two business days from a Thursday end on Monday":    {"2020-10-15 17:56", Promise{Length: 2, Unit: Business}, "2020-10-19", "2020-10-19"},
		"five business days skip a weekend":                  {"2020-10-15 17:56", Promise{Length: 5, Unit: Business}, "2020-10-22", "2020-10-22"},
		"business days skip the new year":                    {"2018-12-28 10:00", Promise{Length: 1, Unit: Business}, "2019-01-04", "2019-01-04"},
		"a month from 30 January ends on 28 February":        {"2017-01-30 14:00", Promise{Length: 1, Unit: Month, Extends: true}, "2017-02-28", "2017-02-28"},
		"a month from 30 March 2019 waits for the long rest": {"2019-03-30 14:00", Promise{Length: 1, Unit: Month, Extends: true}, "2019-04-30", "2019-05-07"},
		"thirty days from 31 January end on 2 March":         {"2018-01-31 10:00", Promise{Length: 30, Unit: Calendar, Extends: true}, "2018-03-02", "2018-03-02"},
		"a year from 29 February ends on 28 February":        {"2016-02-29 09:00", Promise{Length: 1, Unit: Year}, "2017-02-28", "2017-02-28"},
	} {
		t.Run(name, func(t *testing.T) {
			d := Begin(jst(c.from), "r", c.p)
			if d.Strict.String() != c.strict || d.Extended.String() != c.extended || !d.DueAt.Equal(d.Extended.End(calendar.JST)) {
				t.Errorf("last day %s, extended %s, until %s; want %s, %s", d.Strict, d.Extended, d.DueAt, c.strict, c.extended)
			}
		})
	}
}

func TestAPauseMovesTheLastDayByItsOwnLength(t *testing.T) {
	d := Begin(jst("2020-10-15 17:56"), "r", Promise{Length: 5, Unit: Business})
	d = d.pause(jst("2020-10-16 10:00")).resume(jst("2020-10-20 10:00")) // two business days
	if d.Strict.String() != "2020-10-26" || d.Rounds != 1 || d.PausedDays != 2 {
		t.Errorf("last day %s after %d rounds and %d days of pause; want 2020-10-26, 1, 2", d.Strict, d.Rounds, d.PausedDays)
	}
	if age := d.Age(jst("2020-10-21 10:00")); age != 2 {
		t.Errorf("age %d, want 2: the pause is not ours", age)
	}
}

func TestOpeningAgainGoesOnWhereItWas(t *testing.T) {
	d := Begin(jst("2020-10-05 10:00"), "r", Promise{Length: 5, Unit: Business})
	d.MetAt = jst("2020-10-09 10:00") // used four of five
	d = d.reopen(jst("2020-10-19 10:00"))
	if !d.Open() || d.Strict.String() != "2020-10-20" {
		t.Errorf("last day %s, want 2020-10-20: one day was left", d.Strict)
	}
	late := Begin(jst("2020-10-05 10:00"), "r", Promise{Length: 1, Unit: Business})
	late.MetAt = jst("2020-10-09 10:00")
	late = late.reopen(jst("2020-10-19 10:00"))
	late.MetAt = jst("2020-10-19 11:00")
	if !late.Late(jst("2020-10-19 12:00")) {
		t.Error("closing and opening took a broken promise back")
	}
}

func TestAClockThatStandsStillDoesNotBreakAPromise(t *testing.T) {
	d := Begin(jst("2020-10-15 10:00"), "r", Promise{Length: 1, Unit: Business}).pause(jst("2020-10-16 10:00"))
	if d.Late(jst("2021-10-16 10:00")) {
		t.Error("a paused promise is late")
	}
}

func TestFiguresCountEveryCaseOnce(t *testing.T) {
	start := jst("2020-01-06 10:00")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "cases")
		cases := make([]Deadline, n)
		for i := range cases {
			d := Begin(start.AddDate(0, 0, rapid.IntRange(0, 200).Draw(t, "day")), "r", Promise{Length: rapid.IntRange(1, 20).Draw(t, "length"), Unit: Business})
			later := func() time.Time { return d.StartedAt.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "later")) }
			switch rapid.IntRange(0, 4).Draw(t, "fate") {
			case 0:
				d.MetAt = later()
			case 1:
				d.DroppedAt = later()
			case 2:
				d = d.pause(later())
			case 3:
				d.MetAt = later()
				d = d.reopen(d.MetAt.AddDate(0, 0, 3))
			}
			cases[i] = d
		}
		f := figure("triage", cases, start.AddDate(1, 0, 0))
		ages := 0
		for i := range f.Kept {
			ages += f.Kept[i] + f.Open[i]
		}
		if f.Cases() != n || ages != n-f.Dropped {
			t.Fatalf("%d cases and %d ages of %d", f.Cases(), ages, n)
		}
		if f.Median > f.Ninety && f.Ninety >= 0 {
			t.Fatalf("half are kept within %d days, nine tenths within %d", f.Median, f.Ninety)
		}
	})
}

func TestAnOpenCaseMakesTheFiguresWorseAndNeverBetter(t *testing.T) {
	now := jst("2020-12-01 10:00")
	var cases []Deadline
	for i := range 10 {
		d := Begin(jst("2020-10-05 10:00"), "r", Promise{Length: 5, Unit: Business})
		d.MetAt = d.StartedAt.AddDate(0, 0, i)
		cases = append(cases, d)
	}
	before := figure("triage", cases, now)
	for range 10 {
		cases = append(cases, Begin(jst("2020-10-05 10:00"), "r", Promise{Length: 5, Unit: Business}))
	}
	after := figure("triage", cases, now)
	if after.Median >= 0 && after.Median <= before.Median {
		t.Errorf("half within %d days, and with ten open cases within %d", before.Median, after.Median)
	}
	if after.Ninety != -1 {
		t.Errorf("nine tenths within %d days, though half are open", after.Ninety)
	}
	if p, ok := after.Public(); !ok || p.StillOpen != 50 {
		t.Errorf("the public sees %+v, %v", p, ok)
	}
	if _, ok := figure("triage", cases[:4], now).Public(); ok {
		t.Error("four cases are public")
	}
}

func TestPromisesAreKeptInTheDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		now := jst("2020-10-15 17:56")
		tx := func(fn func(tx *sql.Tx) error) {
			t.Helper()
			if err := d.Tx(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		tx(func(tx *sql.Tx) error {
			return StartAll(ctx, tx, now, "r1", []Promise{
				{Kind: "triage", Owner: Desk, Length: 5, Unit: Business, Trigger: "received"},
				{Kind: "reply", Owner: Reporter, Length: 30, Unit: Calendar, Extends: true, Clause: "6.8"},
				{Kind: "confidentiality", Owner: Program, Length: 1, Unit: Year, Clause: "9.2"},
			})
		})
		tx(func(tx *sql.Tx) error { return Pause(ctx, tx, now.AddDate(0, 0, 1), "r1") })
		list, err := Of(ctx, d.Read(), "r1")
		if err != nil || len(list) != 3 {
			t.Fatalf("%v, %v", list, err)
		}
		paused := 0
		for _, p := range list {
			if !p.PausedSince.IsZero() {
				paused++
			}
		}
		if paused != 1 {
			t.Errorf("%d promises are paused, want the desk's alone", paused)
		}
		tx(func(tx *sql.Tx) error { return Resume(ctx, tx, now.AddDate(0, 0, 5), "r1") })
		n, err := Tick(ctx, d, now.AddDate(0, 2, 0))
		if err != nil || n != 2 {
			t.Errorf("Tick = %d, %v; want the two that are over", n, err)
		}
		if n, err = Tick(ctx, d, now.AddDate(0, 2, 1)); err != nil || n != 0 {
			t.Errorf("the second Tick = %d, %v", n, err)
		}
		if n := dbtest.Count(t, d, "outbox WHERE subject = 'deadline.missed'"); n != 2 {
			t.Errorf("%d announcements, want 2", n)
		}
		tx(func(tx *sql.Tx) error { return Meet(ctx, tx, now.AddDate(0, 2, 2), "r1", "tri", "triage", "fix") })
		tx(func(tx *sql.Tx) error { return Reopen(ctx, tx, now.AddDate(0, 2, 3), "r1", "triage") })
		tx(func(tx *sql.Tx) error { return Drop(ctx, tx, now.AddDate(0, 2, 4), "r1") })
		figures, err := Figures(ctx, d.Read(), now.AddDate(0, 3, 0), now, "triage")
		if err != nil || figures[0].Cases() != 1 || figures[0].Dropped != 1 {
			t.Errorf("%+v, %v", figures, err)
		}
	})
}
