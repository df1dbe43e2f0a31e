package withholding

import (
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
)

// A Law is what the statute says while it is in force.
type Law struct {
	From, To calendar.Date // both included
	Note     string

	Low, High       money.Decimal // percent, surtax included
	Band            int64         // yen of one payment at the low rate; what is above takes the high one
	EntryFree       int64         // a prize for an entry of no more than this is not taxed
	AdvertisingFree int64         // what is deducted from a prize for advertising
}

// laws are the rates by date of payment: the one place to change when the law does. Where no line
// holds, no tax is computed.
var laws = []Law{
	{
		From: calendar.Date{Year: 1989, Month: time.April, Day: 1}, To: calendar.Date{Year: 2012, Month: time.December, Day: 31},
		Note: "income tax alone",
		Low:  percent("10"), High: percent("20"), Band: 1_000_000, EntryFree: 50_000, AdvertisingFree: 500_000,
	},
	{
		From: calendar.Date{Year: 2013, Month: time.January, Day: 1}, To: calendar.Date{Year: 2037, Month: time.December, Day: 31},
		Note: "with the special income tax for reconstruction, 2.1 % of the tax; a plan to move one point of it to " +
			"another surtax from 2027 leaves the sum as it is, and has to be looked at when it is law",
		Low: percent("10.21"), High: percent("20.42"), Band: 1_000_000, EntryFree: 50_000, AdvertisingFree: 500_000,
	},
}

var hundred = percent("100")

// percent reads a rate of this table.
func percent(s string) money.Decimal {
	d, err := money.ParseDecimal(s)
	if err != nil {
		panic("withholding: the table of rates has " + s)
	}
	return d
}

// lawOn returns the law for a payment on the day d.
func lawOn(d calendar.Date) (Law, error) {
	for _, l := range laws {
		if !d.Before(l.From) && !d.After(l.To) {
			return l, nil
		}
	}
	return Law{}, fault.New(fault.Invalid, "No withholding rates are known for a payment on %v, only from %v to %v.",
		"%vの支払いに適用する源泉徴収税率が登録されていません。登録されているのは%vから%vまでです。", d, laws[0].From, laws[len(laws)-1].To)
}

// Laws returns the table, oldest first, for a page that shows it.
func Laws() []Law { return append([]Law(nil), laws...) }

// progressive divides a payment into the two bands of a resident's fee.
func (l Law) progressive(gross int64) []Band {
	if gross <= l.Band {
		return []Band{{yen(gross), l.Low}}
	}
	return []Band{{yen(l.Band), l.Low}, {yen(gross - l.Band), l.High}}
}
