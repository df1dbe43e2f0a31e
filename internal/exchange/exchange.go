// Package exchange turns dollars into yen by the rule of the terms: the designated rate of the
// last bank day of the month in which the report was received, and the fraction of a yen dropped.
//
// Two sources name that day and have to agree, the calendar of Japanese bank days and the table of
// published rates (D-6). A table with a gap would otherwise give the rate of a day before, and
// nobody would see it.
package exchange

import (
	"math/big"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
)

// A Table is the rates that a bank published, in yen for a dollar, by their days.
type Table map[calendar.Date]money.Decimal

// A Conversion is an amount in yen with everything it can be computed from again.
type Conversion struct {
	MonthEnd calendar.Date // of the month in which the report was received
	RateDate calendar.Date
	Rate     money.Decimal
	USD      money.Amount
	Exact    string // the product, with all of its digits
	JPY      money.Amount
}

// Known returns from when the rate for a report received on the day d is known: when the day of the
// rate is over in loc. Before, the amount is pending.
func Known(d calendar.Date, loc *time.Location) time.Time { return calendar.RateDate(d).End(loc) }

// Yen converts a reward for a report received on the day d.
func (t Table) Yen(usd money.Amount, d calendar.Date) (Conversion, error) {
	day, rate, err := t.Rate(d)
	if err != nil {
		return Conversion{}, err
	}
	jpy, err := money.Yen(usd, rate)
	if err != nil {
		return Conversion{}, err
	}
	product := new(big.Rat).Mul(big.NewRat(usd.Minor, 100), rate.Rat()).FloatString(2 + money.MaxPlaces)
	return Conversion{
		MonthEnd: calendar.MonthEnd(d), RateDate: day, Rate: rate, USD: usd, JPY: jpy,
		Exact: strings.TrimSuffix(strings.TrimRight(product, "0"), "."),
	}, nil
}

// Rate returns the rate for a report received on the day d, and the day it is of.
func (t Table) Rate(d calendar.Date) (calendar.Date, money.Decimal, error) {
	end, day := calendar.MonthEnd(d), calendar.RateDate(d)
	if !calendar.Known(d) {
		return day, money.Decimal{}, fault.New(fault.Invalid, "The bank days of %d are not known, only those from %d to %d.",
			"%d年の銀行営業日は分かりません。分かるのは%d年から%d年までです。", d.Year, calendar.FirstYear, calendar.LastYear)
	}
	var last calendar.Date
	for published := range t {
		if !published.After(end) && published.After(last) {
			last = published
		}
	}
	switch {
	case last.IsZero():
		return day, money.Decimal{}, fault.New(fault.Invalid, "There is no rate on or before %v; that of %v is needed.",
			"%v以前のレートがありません。%vのレートが必要です。", end, day)
	case last.Before(day):
		return day, money.Decimal{}, fault.New(fault.Invalid, "The last rate on or before %[2]v is of %[1]v, but banks were open on %[3]v: the rate of that day is missing.",
			"%[2]v以前の最後のレートは%[1]vのものですが、%[3]vは銀行営業日です。その日のレートが欠けています。", last, end, day)
	case last.After(day):
		return day, money.Decimal{}, fault.New(fault.Invalid, "There is a rate of %[1]v, when banks were closed by the calendar, whose last bank day on or before %[2]v is %[3]v: one of the two is wrong.",
			"%[1]vのレートがありますが、暦では休業日で、%[2]v以前の最後の営業日は%[3]vです。どちらかが誤っています。", last, end, day)
	}
	return day, t[last], nil
}

// Disagree returns the days from one to another on which the table and the calendar do not agree: bank
// days without a rate, and days with one on which banks were closed.
func (t Table) Disagree(from, to calendar.Date) (missing, closed []calendar.Date) {
	for d := from; !d.After(to); d = d.Add(1) {
		_, has := t[d]
		switch open := calendar.BankDay(d); {
		case open && !has:
			missing = append(missing, d)
		case !open && has:
			closed = append(closed, d)
		}
	}
	return missing, closed
}
