package calendar

import (
	"sync"
	"time"

	"github.com/rickar/cal/v2/jp"
)

// The years whose holidays we know. The rule for substitute holidays is the present one since
// 2007; the library's formula for the equinoxes ends with 2099.
const (
	FirstYear = 2007
	LastYear  = 2099
)

// Known reports whether the holidays of d's year are known. Outside, only Saturdays, Sundays and
// the turn of the year count as days when banks are closed.
func Known(d Date) bool { return FirstYear <= d.Year && d.Year <= LastYear }

// corrections are named holidays that rickar/cal v2.1.13 has on the wrong day. Each moved or fell
// away once, by a law for that year; the ordinary rule is right again afterwards.
var corrections = []struct{ wrong, right Date }{
	// Emperor's Birthday: the throne changed on 1 May 2019, between 23 February and 23 December.
	{wrong: Date{2019, time.December, 23}},
	// Mountain Day moved for the closing ceremonies of the Tokyo games, planned and held.
	// In 2021 it fell on a Sunday, which gave 9 August as a substitute.
	{wrong: Date{2020, time.August, 11}, right: Date{2020, time.August, 10}},
	{wrong: Date{2021, time.August, 11}, right: Date{2021, time.August, 8}},
}

// holidays are the national holidays of all known years, substitutes included. They are worked
// out once: the library's equinox writes to a shared variable, so two goroutines must not ask it.
var holidays = sync.OnceValue(func() map[Date]bool {
	named := make(map[Date]bool)
	for year := FirstYear; year <= LastYear; year++ {
		for _, h := range jp.Holidays {
			if t, _ := h.Calc(year); !t.IsZero() {
				named[from(t)] = true
			}
		}
	}
	for _, c := range corrections {
		delete(named, c.wrong)
		if !c.right.IsZero() {
			named[c.right] = true
		}
	}
	return withLaw(named)
})

// withLaw adds the holidays that follow from others, by article 3 of the Holiday Act: paragraph 2,
// after a holiday on a Sunday the next day that is none; paragraph 3, a day between two of them.
// We do this ourselves because the library has it only as a list of years that ends in 2032.
func withLaw(named map[Date]bool) map[Date]bool {
	all := make(map[Date]bool, len(named)*5/4)
	for d := range named {
		all[d] = true
		if d.Weekday() == time.Sunday {
			sub := d.Add(1)
			for named[sub] {
				sub = sub.Add(1)
			}
			all[sub] = true
		}
		if between := d.Add(1); !named[between] && named[d.Add(2)] {
			all[between] = true
		}
	}
	return all
}

// Holiday reports whether d is a Japanese national holiday or a substitute for one.
func Holiday(d Date) bool { return holidays()[d] }

// BankDay reports whether Japanese banks do business on d: not on Saturdays, Sundays, holidays
// and 31 December to 3 January. The desk's business days are the same days.
func BankDay(d Date) bool {
	switch w := d.Weekday(); {
	case w == time.Saturday, w == time.Sunday:
		return false
	case d.Month == time.December && d.Day == 31, d.Month == time.January && d.Day <= 3:
		return false
	}
	return !Holiday(d)
}

// NextBankDay returns the first bank day on or after d.
func NextBankDay(d Date) Date { return toward(d, 1) }

// PrevBankDay returns the last bank day on or before d.
func PrevBankDay(d Date) Date { return toward(d, -1) }

// toward returns d, or the nearest bank day in the direction of step.
func toward(d Date, step int) Date {
	for !BankDay(d) {
		d = d.Add(step)
	}
	return d
}

// AddBusinessDays returns the nth business day after d, d itself not counted, or before it for a
// negative n. With n 0 it returns d, or the next business day when d is none.
func AddBusinessDays(d Date, n int) Date {
	if n == 0 {
		return NextBankDay(d)
	}
	step := 1
	if n < 0 {
		step = -1
	}
	for ; n != 0; n -= step {
		d = toward(d.Add(step), step)
	}
	return d
}

// BusinessDaysBetween returns how many business days follow a up to and including b; negative
// when b is before a. For a business day b = AddBusinessDays(a, n) it returns n.
func BusinessDaysBetween(a, b Date) int {
	if b.Before(a) {
		return -countBack(b, a)
	}
	n := 0
	for d := a.Add(1); !d.After(b); d = d.Add(1) {
		if BankDay(d) {
			n++
		}
	}
	return n
}

// countBack counts the business days from a, included, to before b.
func countBack(a, b Date) int {
	n := 0
	for d := a; d.Before(b); d = d.Add(1) {
		if BankDay(d) {
			n++
		}
	}
	return n
}
