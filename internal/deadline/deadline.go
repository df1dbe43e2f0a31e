// Package deadline keeps promises: each is a row with its trigger, its clause, its owner and its
// calendar. A promise pauses only while we wait for the reporter, counts the rounds, and goes
// on where it was when a report is closed and opened again.
//
// Two things are kept apart. The last day moves with every pause, as long as the promise is not
// broken; once broken it stays so, whatever is done to the report. The age, in business days, is what
// the figures speak of: the days on which the clock ran.
package deadline

import (
	"time"

	"hinomi.dev/hinomi/internal/calendar"
)

// An Owner is who has to keep a promise.
type Owner string

// The owners.
const (
	Nobody   Owner = "" // whose turn it is when nothing is owed
	Desk     Owner = "desk"
	Reporter Owner = "reporter"
	Program  Owner = "program"
)

// A Unit is what a promise counts in. The day of the event never counts (Civil Code 140).
type Unit string

// The units.
const (
	Business Unit = "business" // Japanese bank days
	Calendar Unit = "calendar" // days
	Month    Unit = "month"    // Civil Code 143
	Year     Unit = "year"
)

// A Promise is what is promised, before it runs.
type Promise struct {
	Kind    string
	Clause  string // of the terms, or empty for the operator's own
	Owner   Owner
	Length  int
	Unit    Unit
	Trigger string // what started it
	Extends bool   // a last day that is no bank day moves to the next one (D-4)
}

// A Deadline is a promise that runs, was kept, or was dropped.
type Deadline struct {
	ID      string
	Subject string
	Promise
	StartedAt   time.Time
	Strict      calendar.Date // the last day by the count alone
	Extended    calendar.Date // the last day that counts
	DueAt       time.Time     // its end, 24:00 in Japan
	Version     string        // of the calendar it was counted with
	PausedSince time.Time     // zero while it runs
	PausedDays  int           // of its unit (days, for months and years): how far the last day has moved
	Stood       int           // business days on which the clock stood still, moved or not
	Rounds      int           // how often it was paused
	Reopened    int           // how often it was owed again
	MetAt       time.Time
	MetBy       string
	DroppedAt   time.Time
	MissedAt    time.Time // when it was broken: its end as it was then. No pause and no reopening takes it back
}

// ByTime is who kept a promise that only had to end, such as confidentiality.
const ByTime = "time"

// Open reports whether the promise is still owed.
func (d Deadline) Open() bool { return d.MetAt.IsZero() && d.DroppedAt.IsZero() }

// Running reports whether the clock of the promise runs.
func (d Deadline) Running() bool { return d.Open() && d.PausedSince.IsZero() }

// Late reports whether the promise is broken at now, or was ever.
func (d Deadline) Late(now time.Time) bool { return !d.judged(now).MissedAt.IsZero() }

// Age returns the business days the promise has used: until it was kept or dropped, or until now.
// It speaks of business days whatever the promise counts in, so that kinds can be compared.
func (d Deadline) Age(now time.Time) int {
	end := now
	switch {
	case !d.MetAt.IsZero():
		end = d.MetAt
	case !d.DroppedAt.IsZero():
		end = d.DroppedAt
	case !d.PausedSince.IsZero():
		end = d.PausedSince
	}
	return max(0, count(Business, d.StartedAt, end)-d.Stood)
}

// Ending returns until when the promise runs: while its clock stands still, until when it would if
// it went on now.
func (d Deadline) Ending(now time.Time) time.Time {
	if d.Open() && !d.PausedSince.IsZero() {
		d = d.resume(now)
	}
	return d.DueAt
}

// Begin returns a promise that runs from now, not yet stored.
func Begin(now time.Time, subject string, p Promise) Deadline {
	return Deadline{Subject: subject, Promise: p, StartedAt: now}.recount()
}

// recount works the last days out anew, with the calendar as it is now.
func (d Deadline) recount() Deadline {
	start := calendar.In(d.StartedAt, calendar.JST)
	switch d.Unit {
	case Business:
		d.Strict = calendar.AddBusinessDays(start, d.Length+d.PausedDays)
	case Month:
		d.Strict = calendar.Months(start, d.Length).Add(d.PausedDays)
	case Year:
		d.Strict = calendar.Months(start, 12*d.Length).Add(d.PausedDays)
	default:
		d.Strict = calendar.Days(start, d.Length+d.PausedDays)
	}
	d.Version = version()
	return d.ending(d.Strict)
}

// ending returns d with the last day strict.
func (d Deadline) ending(strict calendar.Date) Deadline {
	d.Strict, d.Extended = strict, strict
	if d.Extends {
		d.Extended = calendar.NextBankDay(strict)
	}
	d.DueAt = d.Extended.End(calendar.JST)
	return d
}

// judged puts it on record when the promise has run out.
func (d Deadline) judged(now time.Time) Deadline {
	switch {
	case !d.Running() || !d.MissedAt.IsZero() || now.Before(d.DueAt):
	case kinds[d.Kind].ends:
		d.MetAt, d.MetBy = d.DueAt, ByTime
	default:
		d.MissedAt = d.DueAt
	}
	return d
}

// pause stops the clock and counts the round.
func (d Deadline) pause(now time.Time) Deadline {
	d = d.judged(now)
	d.PausedSince = now
	d.Rounds++
	return d
}

// resume lets the clock go on, if it stands.
func (d Deadline) resume(now time.Time) Deadline {
	if d.PausedSince.IsZero() {
		return d
	}
	from := d.PausedSince
	d.PausedSince = time.Time{}
	return d.stood(from, now)
}

// meet keeps the promise.
func (d Deadline) meet(now time.Time, by string) Deadline {
	if d = d.stopped(now); d.Open() {
		d.MetAt, d.MetBy = now, by
	}
	return d
}

// drop ends the promise without its being kept: it is owed no more.
func (d Deadline) drop(now time.Time) Deadline {
	if d = d.stopped(now); d.Open() {
		d.DroppedAt = now
	}
	return d
}

// stopped ends a pause, if there is one, and judges the promise before it is closed.
func (d Deadline) stopped(now time.Time) Deadline {
	if !d.PausedSince.IsZero() {
		d = d.resume(now)
	}
	return d.judged(now)
}

// reopen makes a closed promise owed again. The time between does not count, the time used does,
// and what was late stays late.
func (d Deadline) reopen(now time.Time) Deadline {
	if d.Open() {
		return d
	}
	from := d.MetAt
	if from.IsZero() {
		from = d.DroppedAt
	}
	d.MetAt, d.MetBy, d.DroppedAt = time.Time{}, "", time.Time{}
	d.Reopened++
	return d.stood(from, now)
}

// stood accounts for a time in which the clock did not run. The last day moves by it, but not that
// of a broken promise: moved past a weekend, it could come to lie ahead again.
func (d Deadline) stood(from, to time.Time) Deadline {
	d.Stood += count(Business, from, to)
	if !d.MissedAt.IsZero() {
		return d
	}
	n := count(d.Unit, from, to)
	if n == 0 {
		return d
	}
	d.PausedDays += n
	if d.Unit == Business {
		return d.ending(calendar.AddBusinessDays(d.Strict, n))
	}
	return d.ending(d.Strict.Add(n))
}

// count returns the days of a unit from one instant to another, by their dates in Japan; none when
// the clock was set back between them.
func count(u Unit, from, to time.Time) int {
	a, b := calendar.In(from, calendar.JST), calendar.In(to, calendar.JST)
	if u == Business {
		return max(0, calendar.BusinessDaysBetween(a, b))
	}
	return max(0, a.DaysUntil(b))
}

// Turn says from the promises of a subject whose turn it is, what for, and until when; without a
// date when only they know that. While the reporter owes a reply, or our clocks stand still for one,
// it is theirs. A reply that did not come is the desk's to decide on.
func Turn(list []Deadline) (Owner, string, time.Time) {
	var reporter, desk Deadline
	paused := false
	first := func(d *Deadline, e Deadline) {
		if d.DueAt.IsZero() || e.DueAt.Before(d.DueAt) {
			*d = e
		}
	}
	for _, d := range list {
		switch {
		case !d.Open() || kinds[d.Kind].ends:
		case !d.PausedSince.IsZero():
			paused = true
		case d.Owner == Reporter && d.MissedAt.IsZero():
			first(&reporter, d)
		default:
			first(&desk, d)
		}
	}
	switch {
	case !reporter.DueAt.IsZero():
		return Reporter, reporter.Kind, reporter.DueAt
	case paused:
		return Reporter, "", time.Time{}
	case desk.DueAt.IsZero():
		return Nobody, "", time.Time{}
	case desk.Owner == Reporter: // a reply that did not come
		return Desk, desk.Kind, desk.DueAt
	}
	return desk.Owner, desk.Kind, desk.DueAt
}
