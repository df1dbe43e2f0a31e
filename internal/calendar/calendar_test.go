package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(t testing.TB, s string) Date {
	t.Helper()
	d, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseTakesOnlyDaysThatExist(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an ordinary day", "2017-04-10", "2017-04-10"},
		{"the leap day of a leap year", "2016-02-29", "2016-02-29"},
		{"no leap day in an ordinary year", "2017-02-29", ""},
		{"no leap day in 2100", "2100-02-29", ""},
		{"no 31 April", "2017-04-31", ""},
		{"a month without its zero", "2017-4-10", ""},
		{"an instant", "2017-04-10T00:00:00Z", ""},
		{"full-width digits", "２０１７-04-10", ""},
		{"nothing", "", ""},
		{"a space after it", "2017-04-10 ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Parse(c.in)
			if (err == nil) != (c.want != "") || err == nil && d.String() != c.want {
				t.Errorf("Parse(%q) = %v, %v; want %q", c.in, d, err, c.want)
			}
		})
	}
}

func TestInTakesTheDateOfTheZone(t *testing.T) {
	for _, c := range []struct{ name, instant, want string }{
		{"a second before midnight in Japan", "2018-09-30T14:59:59Z", "2018-09-30"},
		{"midnight in Japan", "2018-09-30T15:00:00Z", "2018-10-01"},
		{"an instant written in another zone", "2018-12-31T07:00:00-08:00", "2019-01-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.instant)
			if err != nil {
				t.Fatal(err)
			}
			if got := In(at, JST); got != day(t, c.want) {
				t.Errorf("In(%s) = %v, want %s", c.instant, got, c.want)
			}
		})
	}
}

func TestADayLastsUntil24(t *testing.T) {
	d := day(t, "2017-02-28")
	if got := d.Start(JST).UTC().Format(time.RFC3339); got != "2017-02-27T15:00:00Z" {
		t.Errorf("the day starts at %s", got)
	}
	if got := d.End(JST).UTC().Format(time.RFC3339); got != "2017-02-28T15:00:00Z" {
		t.Errorf("the day ends at %s", got)
	}
}

func TestDateInJSON(t *testing.T) {
	b, err := json.Marshal(map[string]Date{"d": day(t, "2017-04-10")})
	if err != nil || string(b) != `{"d":"2017-04-10"}` {
		t.Errorf("marshalled %s, %v", b, err)
	}
	var back map[string]Date
	if err := json.Unmarshal(b, &back); err != nil || back["d"] != day(t, "2017-04-10") {
		t.Errorf("unmarshalled %v, %v", back, err)
	}
	kept := Date{2016, 6, 2}
	if err := kept.UnmarshalText([]byte("2017-13-01")); err == nil || kept != (Date{2016, 6, 2}) {
		t.Errorf("a wrong date gave %v, %v", kept, err)
	}
}

func TestMonthsCountsAsTheCivilCode(t *testing.T) {
	for _, c := range []struct {
		name, event string
		months      int
		want        string
	}{
		{"from the middle of a month to the same day of the next", "2017-01-15", 1, "2017-02-15"},
		{"from 28 January", "2017-01-28", 1, "2017-02-28"},
		{"from 29 January, when there is no 30 February", "2017-01-29", 1, "2017-02-28"},
		{"from 30 January", "2017-01-30", 1, "2017-02-28"},
		{"from 31 January, which starts on 1 February", "2017-01-31", 1, "2017-02-28"},
		{"from 28 February the whole of March follows", "2017-02-28", 1, "2017-03-31"},
		{"from 28 February of a leap year", "2016-02-28", 1, "2016-03-28"},
		{"from the end of a short month", "2017-04-30", 1, "2017-05-31"},
		{"from the end of the year", "2017-12-31", 1, "2018-01-31"},
		{"from 30 March to a day without banks", "2019-03-30", 1, "2019-04-30"},
		{"a year", "2016-06-10", 12, "2017-06-10"},
		{"a year from the day before a leap day's anniversary", "2019-02-28", 12, "2020-02-29"},
		{"a year from a leap day", "2016-02-29", 12, "2017-02-28"},
		{"a year from another leap day", "2020-02-29", 12, "2021-02-28"},
		{"a year into a leap year", "2019-03-01", 12, "2020-03-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Months(day(t, c.event), c.months); got != day(t, c.want) {
				t.Errorf("Months(%s, %d) = %v, want %s", c.event, c.months, got, c.want)
			}
		})
	}
}

func TestDaysDoesNotCountTheDayOfTheEvent(t *testing.T) {
	for _, c := range []struct{ event, want string }{
		{"2018-01-31", "2018-03-02"},
		{"2020-01-31", "2020-03-01"},
		{"2017-12-15", "2018-01-14"},
	} {
		if got := Days(day(t, c.event), 30); got != day(t, c.want) {
			t.Errorf("Days(%s, 30) = %v, want %s", c.event, got, c.want)
		}
	}
}

func TestAdultOn(t *testing.T) {
	for _, c := range []struct {
		name, born, on string
		want           bool
	}{
		{"18 on the day the law changed", "2003-07-01", "2022-04-01", true},
		{"18 on the day before the law changed", "2003-07-01", "2022-03-31", false},
		{"the first birthday under the new law", "2004-04-01", "2022-04-01", true},
		{"a day too young for it", "2004-04-02", "2022-04-01", false},
		{"18 the day after the law changed", "2004-04-02", "2022-04-02", true},
		{"20 under the old law", "1997-01-15", "2017-01-15", true},
		{"the day before the twentieth birthday ends with the age, it does not begin with it", "1997-01-15", "2017-01-14", false},
		{"19 under the old law", "1997-06-02", "2016-06-02", false},
		{"20 shortly before the law changed", "2002-03-31", "2022-03-31", true},
		{"a leap day's child of 20 in a leap year", "1996-02-29", "2016-02-29", true},
		{"a leap day's child on 28 February of an ordinary year", "2008-02-29", "2026-02-28", false},
		{"a leap day's child on 1 March of an ordinary year", "2008-02-29", "2026-03-01", true},
		{"the day of birth", "2000-01-01", "2000-01-01", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := AdultOn(day(t, c.born), day(t, c.on)); got != c.want {
				t.Errorf("AdultOn(%s, %s) = %v", c.born, c.on, got)
			}
		})
	}
}

func TestAdultFromNamesTheAge(t *testing.T) {
	for _, c := range []struct {
		name, born, from string
		age              int
	}{
		{"of age before the change", "2002-04-01", "2022-04-01", 18},
		{"the last to wait for 20", "2002-03-31", "2022-03-31", 20},
		{"between 18 and 20 when the law changed", "2003-07-01", "2022-04-01", 18},
		{"after the change", "2008-05-05", "2026-05-05", 18},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, age := AdultFrom(day(t, c.born))
			if from != day(t, c.from) || age != c.age {
				t.Errorf("AdultFrom(%s) = %v at %d, want %s at %d", c.born, from, age, c.from, c.age)
			}
		})
	}
}

// genDate draws a day from the years whose holidays are known.
func genDate(t *rapid.T) Date {
	return Of(FirstYear+1, time.January, 1).Add(rapid.IntRange(0, 365*90).Draw(t, "day"))
}

func TestDatesAreOrderedAsTheyAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := genDate(t), rapid.IntRange(-900, 900).Draw(t, "n")
		e := d.Add(n)
		if d.DaysUntil(e) != n {
			t.Fatalf("from %v to %v: %d days, want %d", d, e, d.DaysUntil(e), n)
		}
		if (n < 0) != e.Before(d) || (n > 0) != e.After(d) || (n == 0) != (d == e) {
			t.Fatalf("%v and %v are ordered wrongly", d, e)
		}
		if e.Start(time.UTC).Sub(d.Start(time.UTC)) != time.Duration(n)*24*time.Hour {
			t.Fatalf("%v to %v is not %d days of 24 hours", d, e, n)
		}
	})
}

func TestAPeriodOfMonthsIsNeverShorterThanFromItsFirstDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := genDate(t), rapid.IntRange(1, 36).Draw(t, "months")
		last, later := Months(d, n), Months(d.Add(1), n)
		if later.Before(last) {
			t.Fatalf("a period from %v ends on %v, one from the next day on %v", d, last, later)
		}
		if got := last.Add(1); got.Day != 1 && got.Day != d.Add(1).Day {
			t.Fatalf("the day after %d months from %v is %v", n, d, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2017-04-10", "2016-02-29", "0000-01-01", "9999-12-31", "2017-4-1", "-001-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err != nil {
			return
		}
		if d.String() != s {
			t.Fatalf("%q became %v", s, d)
		}
		if next := d.Add(1); !next.After(d) || next.Add(-1) != d {
			t.Fatalf("the day after %v is %v", d, next)
		}
	})
}
