// Package calendar counts days, months and years as the terms and Japanese law count them.
//
// A Date is a day on a wall calendar, without a clock and without a zone. An instant becomes a
// Date only through In, with the zone named, because "the month in which it was reported" is
// decided on the Japanese date (R-62, terms 15.2) and is off by one when taken in UTC.
//
// The package is pure: no clock, no database. What a deadline means, and which ones exist, is
// data of package program.
package calendar

import (
	"cmp"
	"fmt"
	"time"
)

// JST is Japan Standard Time: nine hours ahead, without summer time since 1952.
var JST = time.FixedZone("JST", 9*60*60)

// A Date is one day of the Gregorian calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Of returns the date of y, m and d, normalised as time.Date does: 31 June is 1 July.
func Of(y int, m time.Month, d int) Date {
	return from(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// In returns the date that the instant t has in loc.
func In(t time.Time, loc *time.Location) Date { return from(t.In(loc)) }

// Parse reads a date written 2006-01-02.
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("reading date %q: want year-month-day, such as 2017-04-10", s)
	}
	return from(t), nil
}

func from(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// utc is the day as an instant to calculate with. It has no meaning outside this package.
func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// String returns the date as 2006-01-02.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// MarshalText returns the date as 2006-01-02, for JSON and forms.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a date written 2006-01-02.
func (d *Date) UnmarshalText(b []byte) error {
	p, err := Parse(string(b))
	if err == nil {
		*d = p
	}
	return err
}

// IsZero reports whether d is the zero Date, which is no day.
func (d Date) IsZero() bool { return d == Date{} }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Add returns the date n days later, or earlier for a negative n.
func (d Date) Add(n int) Date { return Of(d.Year, d.Month, d.Day+n) }

// Compare returns -1 when d is before e, 1 when it is after, 0 when they are the same day.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// DaysUntil returns how many days lie between d and e: 1 for tomorrow, negative when e is earlier.
func (d Date) DaysUntil(e Date) int { return int(e.utc().Sub(d.utc()) / (24 * time.Hour)) }

// Start returns the first instant of the day in loc.
func (d Date) Start(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// End returns the instant at which the day is over in loc: 24:00, which is no longer part of it.
func (d Date) End(loc *time.Location) time.Time { return d.Add(1).Start(loc) }

// MonthEnd returns the last day of d's month.
func MonthEnd(d Date) Date { return Of(d.Year, d.Month+1, 0) }
