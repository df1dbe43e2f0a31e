package deadline

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/calendar"
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
		"the date in Japan starts it, not the one in London": {"2020-10-16 00:30", Promise{Length: 1, Unit: Business}, "2020-10-19", "2020-10-19"},
		"a month from 30 January ends on 28 February":        {"2017-01-30 14:00", Promise{Length: 1, Unit: Month, Extends: true}, "2017-02-28", "2017-02-28"},
		"a month from 28 February is the whole of March":     {"2017-02-28 14:00", Promise{Length: 1, Unit: Month}, "2017-03-31", "2017-03-31"},
		"a month from 30 March 2019 waits for the long rest": {"2019-03-30 14:00", Promise{Length: 1, Unit: Month, Extends: true}, "2019-04-30", "2019-05-07"},
		"thirty days from 31 January end on 2 March":         {"2018-01-31 10:00", Promise{Length: 30, Unit: Calendar, Extends: true}, "2018-03-02", "2018-03-02"},
		"a year from 29 February ends on 28 February":        {"2016-02-29 09:00", Promise{Length: 1, Unit: Year}, "2017-02-28", "2017-02-28"},
		"a year from 28 February 2019 ends on the 29th":      {"2019-02-28 09:00", Promise{Length: 1, Unit: Year}, "2020-02-29", "2020-02-29"},
		"ninety days end on a Sunday when nothing moves it":  {"2020-10-12 09:00", Promise{Length: 90, Unit: Calendar}, "2021-01-10", "2021-01-10"},
	} {
		t.Run(name, func(t *testing.T) {
			d := Begin(jst(c.from).UTC(), "r", c.p)
			if d.Strict.String() != c.strict || d.Extended.String() != c.extended || !d.DueAt.Equal(d.Extended.End(calendar.JST)) {
				t.Errorf("last day %s, extended %s, until %s; want %s, %s", d.Strict, d.Extended, d.DueAt, c.strict, c.extended)
			}
			if d.Late(d.DueAt.Add(-time.Microsecond)) || !d.Late(d.DueAt) {
				t.Error("it must be late at 24:00 and not before")
			}
		})
	}
}

func TestAPauseMovesTheLastDayByItsOwnLength(t *testing.T) {
	d := Begin(jst("2020-10-15 17:56"), "r", Promise{Length: 5, Unit: Business}).pause(jst("2020-10-16 10:00"))
	if got := d.Ending(jst("2020-10-20 10:00")); !got.Equal(jst("2020-10-27 00:00")) {
		t.Errorf("while it is paused it runs until %s", got)
	}
	d = d.resume(jst("2020-10-20 10:00")) // two business days
	if d.Strict.String() != "2020-10-26" || d.Rounds != 1 || d.PausedDays != 2 {
		t.Errorf("last day %s after %d rounds and %d days of pause; want 2020-10-26, 1, 2", d.Strict, d.Rounds, d.PausedDays)
	}
	if age := d.Age(jst("2020-10-21 10:00")); age != 2 {
		t.Errorf("age %d, want 2: the pause is not ours", age)
	}
	d = Begin(jst("2020-10-15 17:56"), "r", Promise{Length: 90, Unit: Calendar}).pause(jst("2020-10-16 10:00")).resume(jst("2020-10-20 10:00"))
	if d.Strict.String() != "2021-01-17" || d.PausedDays != 4 || d.Age(jst("2020-10-21 10:00")) != 2 {
		t.Errorf("calendar days: last day %s, %d days, age %d; want 2021-01-17, 4, 2", d.Strict, d.PausedDays, d.Age(jst("2020-10-21 10:00")))
	}
}

func TestOpeningAgainGoesOnWhereItWas(t *testing.T) {
	d := Begin(jst("2020-10-05 10:00"), "r", Promise{Length: 5, Unit: Business}).meet(jst("2020-10-09 10:00"), "tri") // used four of five
	d = d.reopen(jst("2020-10-19 10:00"))
	if !d.Open() || d.Strict.String() != "2020-10-20" || d.Reopened != 1 || d.MetBy != "" {
		t.Errorf("%+v; want one day left, until 2020-10-20", d)
	}
	d = Begin(jst("2020-10-05 10:00"), "r", Promise{Length: 5, Unit: Business}).drop(jst("2020-10-09 10:00")).reopen(jst("2020-10-19 10:00"))
	if !d.Open() || d.Strict.String() != "2020-10-20" {
		t.Errorf("taken back and opened again: until %s, want 2020-10-20", d.Strict)
	}
}

func TestABrokenPromiseStaysBroken(t *testing.T) {
	begin := func() Deadline { return Begin(jst("2020-10-15 10:00"), "r", Promise{Length: 1, Unit: Business}) } // until Friday the 16th
	for name, d := range map[string]Deadline{
		"met":                            begin().meet(jst("2020-10-19 10:00"), "tri"),
		"met and opened again":           begin().meet(jst("2020-10-19 10:00"), "tri").reopen(jst("2020-11-19 10:00")),
		"met, opened again and met":      begin().meet(jst("2020-10-19 10:00"), "tri").reopen(jst("2020-10-19 11:00")).meet(jst("2020-10-19 12:00"), "tri"),
		"paused on Saturday till Monday": begin().pause(jst("2020-10-17 10:00")).resume(jst("2020-10-19 10:00")),
		"paused when it was late":        begin().pause(jst("2020-10-20 10:00")),
		"dropped":                        begin().drop(jst("2020-10-20 10:00")),
		"dropped and opened again":       begin().drop(jst("2020-10-20 10:00")).reopen(jst("2020-10-21 10:00")),
	} {
		if !d.MissedAt.Equal(jst("2020-10-17 00:00")) || !d.Late(jst("2020-10-19 10:00")) || d.Strict.String() != "2020-10-16" {
			t.Errorf("%s: missed at %s, late %v, until %s", name, d.MissedAt, d.Late(jst("2020-10-19 10:00")), d.Strict)
		}
	}
}

func TestAClockThatStandsStillDoesNotBreakAPromise(t *testing.T) {
	d := Begin(jst("2020-10-15 10:00"), "r", Promise{Length: 1, Unit: Business}).pause(jst("2020-10-16 10:00"))
	if d.Late(jst("2021-10-16 10:00")) {
		t.Error("a paused promise is late")
	}
}

func TestSecrecyEndsAndIsNotBroken(t *testing.T) {
	d := Begin(jst("2020-10-15 10:00"), "r", Promise{Kind: Confidentiality, Owner: Program, Length: 1, Unit: Year}).judged(jst("2022-01-01 10:00"))
	if d.Open() || d.MetBy != ByTime || !d.MetAt.Equal(jst("2021-10-16 00:00")) || d.Late(jst("2022-01-01 10:00")) {
		t.Errorf("%+v", d)
	}
}

func TestTheClockSetBackTakesNothing(t *testing.T) {
	d := Begin(jst("2020-10-15 10:00"), "r", Promise{Length: 2, Unit: Business}).pause(jst("2020-10-16 10:00")).resume(jst("2020-10-12 10:00"))
	if d.Strict.String() != "2020-10-19" || d.Age(jst("2020-10-01 10:00")) != 0 {
		t.Errorf("until %s, age %d", d.Strict, d.Age(jst("2020-10-01 10:00")))
	}
}

func TestWhoseTurnItIs(t *testing.T) {
	from := jst("2020-10-15 10:00")
	desk := func(kind string, days int) Deadline {
		return Begin(from, "r", Promise{Kind: kind, Owner: Desk, Length: days, Unit: Business})
	}
	reply := Begin(from, "r", Promise{Kind: Reply, Owner: Reporter, Length: 30, Unit: Calendar})
	secret := Begin(from, "r", Promise{Kind: Confidentiality, Owner: Program, Length: 1, Unit: Year})
	fix := Begin(from, "r", Promise{Kind: Fix, Owner: Program, Length: 90, Unit: Calendar})
	for name, c := range map[string]struct {
		list  []Deadline
		owner Owner
		kind  string
		due   time.Time
	}{
		"nothing is promised":               {nil, Nobody, "", time.Time{}},
		"only secrecy runs":                 {[]Deadline{secret}, Nobody, "", time.Time{}},
		"the desk's nearest date counts":    {[]Deadline{desk(Decision, 15), desk(Triage, 5), secret}, Desk, Triage, jst("2020-10-23 00:00")},
		"what is met counts no more":        {[]Deadline{desk(Decision, 15), desk(Triage, 5).meet(from, "tri")}, Desk, Decision, jst("2020-11-07 00:00")},
		"the reporter was asked":            {[]Deadline{desk(Triage, 5).pause(from), reply}, Reporter, Reply, jst("2020-11-15 00:00")},
		"asked without a date":              {[]Deadline{desk(Triage, 5).pause(from), secret}, Reporter, "", time.Time{}},
		"no reply came":                     {[]Deadline{reply.judged(jst("2020-12-01 10:00")), secret}, Desk, Reply, jst("2020-11-15 00:00")},
		"a program that owes the fix":       {[]Deadline{fix, desk(Decision, 15).meet(from, "tri")}, Program, Fix, jst("2021-01-14 00:00")},
		"late, it is still the desk's turn": {[]Deadline{desk(Triage, 5).judged(jst("2020-12-01 10:00"))}, Desk, Triage, jst("2020-10-23 00:00")},
		"all is done":                       {[]Deadline{fix.meet(from, "eng"), reply.drop(from)}, Nobody, "", time.Time{}},
	} {
		if owner, kind, due := Turn(c.list); owner != c.owner || kind != c.kind || !due.Equal(c.due) {
			t.Errorf("%s: %q, %q until %s; want %q, %q, %s", name, owner, kind, due, c.owner, c.kind, c.due)
		}
	}
}

// A history is a promise and what happened to it, with a plain account beside it of the business
// days on which its clock ran, counted day by day from the answers to one question: did it run then?
type history struct {
	Deadline
	now     time.Time
	running bool
	ran     int
}

// pass lets days go by.
func (h *history) pass(days int) {
	for range days {
		h.now = h.now.AddDate(0, 0, 1)
		if h.running && calendar.BankDay(calendar.In(h.now, calendar.JST)) {
			h.ran++
		}
	}
}

// happen applies one thing that may happen to a promise.
func (h *history) happen(what string) {
	switch {
	case what == "pause" && h.Running():
		h.Deadline, h.running = h.pause(h.now), false
	case what == "resume" && h.Open() && !h.Running():
		h.Deadline, h.running = h.resume(h.now), true
	case what == "meet" && h.Open():
		h.Deadline, h.running = h.meet(h.now, "tri"), false
	case what == "drop" && h.Open():
		h.Deadline, h.running = h.drop(h.now), false
	case what == "reopen" && !h.Open():
		h.Deadline, h.running = h.reopen(h.now), true
	case what == "judge":
		h.Deadline = h.judged(h.now)
	}
}

var happenings = []string{"pause", "resume", "meet", "drop", "reopen", "judge"}

func drawHistory(t *rapid.T) history {
	now := jst("2018-12-20 10:00").AddDate(0, 0, rapid.IntRange(0, 400).Draw(t, "start"))
	h := history{now: now, running: true}
	h.Deadline = Begin(now, "r", Promise{
		Kind: Triage, Owner: Desk, Length: rapid.IntRange(1, 30).Draw(t, "length"),
		Unit: rapid.SampledFrom([]Unit{Business, Calendar}).Draw(t, "unit"),
	})
	return h
}

func TestNoHistoryLaundersAPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			before := h.Deadline
			h.pass(rapid.IntRange(0, 20).Draw(t, "days"))
			h.happen(rapid.SampledFrom(happenings).Draw(t, "what"))
			if !before.MissedAt.IsZero() && !h.MissedAt.Equal(before.MissedAt) {
				t.Fatalf("a miss was taken back: %+v then %+v", before, h.Deadline)
			}
			if got := h.Age(h.now); got != h.ran {
				t.Fatalf("age %d, but the clock ran on %d business days: %+v", got, h.ran, h.Deadline)
			}
			if h.MissedAt.IsZero() && h.Unit == Business && h.Running() && h.now.Before(h.DueAt) {
				left := calendar.BusinessDaysBetween(calendar.In(h.now, calendar.JST), h.Strict)
				if left+h.ran != h.Length {
					t.Fatalf("%d days left and %d used of %d: %+v", left, h.ran, h.Length, h.Deadline)
				}
			}
			if h.MissedAt.IsZero() && !h.Open() && h.Unit == Business && h.ran > h.Length {
				t.Fatalf("kept in time after %d of %d days: %+v", h.ran, h.Length, h.Deadline)
			}
			if h.Rounds < before.Rounds || h.Reopened < before.Reopened {
				t.Fatal("a count went down")
			}
		}
	})
}

func TestACorrectionOfTheCalendarOnlyHelpsTheParticipant(t *testing.T) {
	was := func(owner Owner, shift int) Deadline {
		d := Begin(jst("2020-10-15 10:00"), "r", Promise{Kind: Reply, Owner: owner, Length: 5, Unit: Business})
		d.Version = "another"
		return d.ending(d.Strict.Add(shift)) // as a calendar counted it that was wrong by so many days
	}
	for name, c := range map[string]struct {
		d    Deadline
		want string
	}{
		"ours came too late":      {was(Desk, 1), "2020-10-22"},
		"ours came too early":     {was(Desk, -1), "2020-10-21"},
		"theirs came too early":   {was(Reporter, -1), "2020-10-22"},
		"theirs came too late":    {was(Reporter, 1), "2020-10-23"},
		"the program's came late": {was(Program, 3), "2020-10-22"},
	} {
		got := c.d.corrected(jst("2020-10-16 10:00"))
		if got.Strict.String() != c.want || got.Version != version() {
			t.Errorf("%s: until %s by calendar %s, want %s", name, got.Strict, got.Version, c.want)
		}
	}
	wrong := was(Reporter, -2).judged(jst("2020-10-21 10:00"))
	if wrong.MissedAt.IsZero() {
		t.Fatal("not missed by the wrong calendar")
	}
	if got := wrong.corrected(jst("2020-10-21 10:00")); !got.MissedAt.IsZero() {
		t.Error("a miss that was our mistake stayed on the reporter's record")
	}
	if got := wrong.corrected(jst("2020-10-30 10:00")); got.MissedAt.IsZero() {
		t.Error("a miss by any calendar was forgotten")
	}
}
