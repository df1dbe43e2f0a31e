// Package deadline keeps promises: each is a row with its trigger, its clause, its owner and its
// calendar. A promise pauses only while we wait for the reporter, counts the rounds, and goes
// on where it was when a report is closed and opened again.
package deadline

import (
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// An Owner is who has to keep a promise.
type Owner string

// The owners.
const (
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
	PausedSince time.Time     // zero while it runs
	PausedDays  int           // of its unit (days, for months and years), in all pauses that ended
	Rounds      int           // how often it was paused
	MetAt       time.Time
	MetBy       string
	UsedLate    bool // it had been missed once; opening it again does not take that back
	DroppedAt   time.Time
	MissedAt    time.Time // when the miss was put on record
}

// Open reports whether the promise is still owed.
func (d Deadline) Open() bool { return d.MetAt.IsZero() && d.DroppedAt.IsZero() }

// Running reports whether the clock of the promise runs.
func (d Deadline) Running() bool { return d.Open() && d.PausedSince.IsZero() }

// Late reports whether the promise is broken at now, or was kept too late. A clock that stands still
// is judged by the moment it stopped.
func (d Deadline) Late(now time.Time) bool {
	switch {
	case d.UsedLate:
		return true
	case !d.DroppedAt.IsZero():
		return !d.DroppedAt.Before(d.DueAt)
	case !d.MetAt.IsZero():
		return !d.MetAt.Before(d.DueAt)
	case !d.PausedSince.IsZero():
		return !d.PausedSince.Before(d.DueAt)
	}
	return !now.Before(d.DueAt)
}

// counted returns d with its last days worked out from its start and its pauses.
func (d Deadline) counted() Deadline {
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
	d.Extended = d.Strict
	if d.Extends {
		d.Extended = calendar.NextBankDay(d.Strict)
	}
	d.DueAt = d.Extended.End(calendar.JST)
	return d
}

// Begin returns a promise that runs from now, not yet stored.
func Begin(now time.Time, subject string, p Promise) Deadline {
	return Deadline{Subject: subject, Promise: p, StartedAt: now}.counted()
}

// pause stops the clock and counts the round.
func (d Deadline) pause(now time.Time) Deadline {
	d.PausedSince = now
	d.Rounds++
	return d
}

// resume lets the clock go on: the last day moves by the days of the pause.
func (d Deadline) resume(now time.Time) Deadline {
	d.PausedDays += d.between(d.PausedSince, now)
	d.PausedSince = time.Time{}
	return d.counted()
}

// between counts the days of the promise's unit from one instant to another, by their dates in Japan.
func (d Deadline) between(from, to time.Time) int {
	a, b := calendar.In(from, calendar.JST), calendar.In(to, calendar.JST)
	if d.Unit == Business {
		return calendar.BusinessDaysBetween(a, b)
	}
	return a.DaysUntil(b)
}

// reopen makes a kept promise owed again. The time between does not count, the time used does, and
// what was late stays late.
func (d Deadline) reopen(now time.Time) Deadline {
	d.UsedLate = d.Late(now)
	d.PausedDays += d.between(d.MetAt, now)
	d.MetAt, d.MetBy = time.Time{}, ""
	return d.counted()
}

// Age returns how many days of its unit the promise has used: until it was kept, or until now.
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
	return max(0, d.between(d.StartedAt, end)-d.PausedDays)
}

var kindNames = map[string]lang.Text{
	"first_answer":    {EN: "First answer", JA: "最初の回答"},
	"triage":          {EN: "Triage", JA: "確認"},
	"decision":        {EN: "Decision", JA: "決定"},
	"fix":             {EN: "Fix", JA: "修正"},
	"answer":          {EN: "Answer", JA: "返信"},
	"reply":           {EN: "Reporter's reply", JA: "報告者の返信"},
	"confidentiality": {EN: "End of confidentiality", JA: "秘密保持の終了"},
	"payment_info":    {EN: "Payment details", JA: "支払情報"},
}

// Name returns the words for a kind of promise.
func Name(kind string) lang.Text {
	if t, ok := kindNames[kind]; ok {
		return t
	}
	return lang.Text{EN: kind, JA: kind}
}
