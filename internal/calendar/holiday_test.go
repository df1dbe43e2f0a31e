package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// official are the holidays of the years that the program has seen, as the Cabinet Office
// announced them, substitutes included. They guard against a library that moves with a law late or
// not at all. All known years up to 2050 were compared once with the data of holiday-jp (npm
// @holiday-jp/holiday_jp 2.5.1): no difference.
var official = map[int]string{
	2016: "01-01 01-11 02-11 03-20 03-21 04-29 05-03 05-04 05-05 07-18 08-11 09-19 09-22 10-10 11-03 11-23 12-23",
	2017: "01-01 01-02 01-09 02-11 03-20 04-29 05-03 05-04 05-05 07-17 08-11 09-18 09-23 10-09 11-03 11-23 12-23",
	2018: "01-01 01-08 02-11 02-12 03-21 04-29 04-30 05-03 05-04 05-05 07-16 08-11 09-17 09-23 09-24 10-08 11-03 11-23 12-23 12-24",
	2019: "01-01 01-14 02-11 03-21 04-29 04-30 05-01 05-02 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-23 10-14 10-22 11-03 11-04 11-23",
	2020: "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-23 07-24 08-10 09-21 09-22 11-03 11-23",
	2021: "01-01 01-11 02-11 02-23 03-20 04-29 05-03 05-04 05-05 07-22 07-23 08-08 08-09 09-20 09-23 11-03 11-23",
	2022: "01-01 01-10 02-11 02-23 03-21 04-29 05-03 05-04 05-05 07-18 08-11 09-19 09-23 10-10 11-03 11-23",
	2023: "01-01 01-02 01-09 02-11 02-23 03-21 04-29 05-03 05-04 05-05 07-17 08-11 09-18 09-23 10-09 11-03 11-23",
	2024: "01-01 01-08 02-11 02-12 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-22 09-23 10-14 11-03 11-04 11-23",
	2025: "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-23 11-24",
	2026: "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23",
	2027: "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23",
}

func TestHolidaysAreTheAnnouncedOnes(t *testing.T) {
	for year, want := range official {
		t.Run(fmt.Sprint(year), func(t *testing.T) {
			var got []string
			for d := Of(year, time.January, 1); d.Year == year; d = d.Add(1) {
				if Holiday(d) {
					got = append(got, d.String()[5:])
				}
			}
			if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
				t.Errorf("holidays of %d (-announced +ours):\n%s", year, diff)
			}
		})
	}
}

func TestBankDay(t *testing.T) {
	for _, c := range []struct {
		name, day string
		want      bool
	}{
		{"a plain Monday", "2018-06-04", true},
		{"a Saturday", "2018-06-02", false},
		{"a Sunday", "2018-06-03", false},
		{"31 December on a Monday", "2018-12-31", false},
		{"30 December on a Monday", "2019-12-30", true},
		{"3 January on a Thursday, no national holiday", "2019-01-03", false},
		{"4 January on a Friday", "2019-01-04", true},
		{"a day between two holidays", "2019-04-30", false},
		{"the enthronement", "2019-05-01", false},
		{"the last day of the ten-day run", "2019-05-06", false},
		{"the day after the ten-day run", "2019-05-07", true},
		{"23 December of the year without an Emperor's birthday", "2019-12-23", true},
		{"the day the Sports Day of 2020 left", "2020-10-12", true},
		{"the day the Marine Day of 2021 left", "2021-07-19", true},
		{"Mountain Day as everywhere else in 2021", "2021-08-11", true},
		{"the substitute for the moved Mountain Day", "2021-08-09", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := BankDay(day(t, c.day)); got != c.want {
				t.Errorf("BankDay(%s) = %v", c.day, got)
			}
		})
	}
}

func TestOutsideTheKnownYearsOnlyWeekendsAndNewYearCount(t *testing.T) {
	for _, c := range []struct {
		name, day   string
		known, bank bool
	}{
		{"Constitution Day of the first known year", "2007-05-03", true, false},
		{"Constitution Day of the last known year but one", "2098-05-03", true, false},
		{"the same day a year before we know", "2006-05-03", false, true},
		{"a Sunday before we know", "2006-05-07", false, false},
		{"New Year after we know", "2100-01-01", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := day(t, c.day)
			if Known(d) != c.known || BankDay(d) != c.bank {
				t.Errorf("%s: known %v, bank day %v", c.day, Known(d), BankDay(d))
			}
		})
	}
}

func TestNextAndPrevBankDay(t *testing.T) {
	for _, c := range []struct{ name, day, next, prev string }{
		{"a bank day is its own", "2018-06-04", "2018-06-04", "2018-06-04"},
		{"into the ten-day run", "2019-04-30", "2019-05-07", "2019-04-26"},
		{"over the turn of the year", "2018-12-31", "2019-01-04", "2018-12-28"},
		{"over a turn of the year that ends in a weekend", "2020-01-01", "2020-01-06", "2019-12-30"},
		{"over a weekend with a substitute after it", "2018-09-23", "2018-09-25", "2018-09-21"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := day(t, c.day)
			if next, prev := NextBankDay(d), PrevBankDay(d); next != day(t, c.next) || prev != day(t, c.prev) {
				t.Errorf("around %s: %v and %v, want %s and %s", c.day, prev, next, c.prev, c.next)
			}
		})
	}
}

func TestAddBusinessDays(t *testing.T) {
	for _, c := range []struct {
		name, from string
		n          int
		want       string
	}{
		{"within a week", "2020-10-12", 3, "2020-10-15"},
		{"five days over a weekend", "2020-10-15", 5, "2020-10-22"},
		{"from a Saturday the Monday is the first", "2020-10-17", 1, "2020-10-19"},
		{"over the ten-day run", "2019-04-26", 1, "2019-05-07"},
		{"fifteen days into a new year", "2018-12-14", 15, "2019-01-11"},
		{"none from a business day", "2020-10-15", 0, "2020-10-15"},
		{"none from a Sunday", "2020-10-18", 0, "2020-10-19"},
		{"back over a weekend", "2020-10-19", -1, "2020-10-16"},
		{"back from a Sunday", "2020-10-18", -2, "2020-10-15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := AddBusinessDays(day(t, c.from), c.n); got != day(t, c.want) {
				t.Errorf("AddBusinessDays(%s, %d) = %v, want %s", c.from, c.n, got, c.want)
			}
		})
	}
}

func TestBusinessDaysBetweenCountsWhatAddBusinessDaysAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := genDate(t), rapid.IntRange(-60, 60).Filter(func(n int) bool { return n != 0 }).Draw(t, "n")
		if got := BusinessDaysBetween(d, AddBusinessDays(d, n)); got != n {
			t.Fatalf("%d business days from %v count as %d", n, d, got)
		}
	})
}

func TestRateDate(t *testing.T) {
	for _, c := range []struct{ name, day, want string }{
		{"a month that ends on a bank day", "2018-07-10", "2018-07-31"},
		{"a month that ends on a Saturday", "2017-09-12", "2017-09-29"},
		{"a month that ends on a Sunday", "2017-12-12", "2017-12-29"},
		{"a substitute holiday at the end of April 2018", "2018-04-12", "2018-04-27"},
		{"the ten-day run at the end of April 2019", "2019-04-01", "2019-04-26"},
		{"31 December on a weekday", "2019-12-05", "2019-12-30"},
		{"a leap February that ends on a Saturday", "2020-02-10", "2020-02-28"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := RateDate(day(t, c.day)); got != day(t, c.want) {
				t.Errorf("RateDate(%s) = %v, want %s", c.day, got, c.want)
			}
		})
	}
}

// TestMonthEndsWithoutRate restates a figure of the rules: of the 67 month ends from June 2016 to
// December 2021, 25 are no bank days, and for which reason.
func TestMonthEndsWithoutRate(t *testing.T) {
	count := map[string]int{}
	for m := Of(2016, time.June, 1); m.Year < 2022; m = MonthEnd(m).Add(1) {
		switch end := MonthEnd(m); {
		case BankDay(end):
			count["bank day"]++
		case end.Weekday() == time.Sunday:
			count["Sunday"]++
		case end.Weekday() == time.Saturday:
			count["Saturday"]++
		case Holiday(end):
			count["holiday"]++
		default:
			count["31 December"]++
		}
	}
	want := map[string]int{"bank day": 42, "Sunday": 10, "Saturday": 9, "holiday": 2, "31 December": 4}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("month ends (-rules +ours):\n%s", diff)
	}
}
