package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/money"
)

func on(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func table(t testing.TB, pairs ...string) Table {
	t.Helper()
	out := Table{}
	for i := 0; i < len(pairs); i += 2 {
		rate, err := money.ParseDecimal(pairs[i+1])
		if err != nil {
			t.Fatal(err)
		}
		out[on(t, pairs[i])] = rate
	}
	return out
}

func TestYen(t *testing.T) {
	rates := table(t, "2018-04-26", "109.20", "2018-04-27", "109.35", "2018-05-31", "108.71", "2019-12-30", "109.55", "2020-01-31", "109.07", "2020-02-28", "109.45")
	for _, c := range []struct {
		name, received, rateDate, exact string
		cents, want                     int64
	}{
		{"a month that ends on a holiday", "2018-04-12", "2018-04-27", "328050", 300000, 328050},
		{"a fraction is dropped", "2018-05-01", "2018-05-31", "51637.25", 47500, 51637},
		{"December ends on the 30th", "2019-12-31", "2019-12-30", "1259825", 1150000, 1259825},
		{"a leap February", "2020-02-29", "2020-02-28", "147412.7325", 134685, 147412},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := rates.Yen(money.Cents(c.cents), on(t, c.received))
			if err != nil || got.RateDate != on(t, c.rateDate) || got.Exact != c.exact || got.JPY.Minor != c.want || got.MonthEnd != calendar.MonthEnd(on(t, c.received)) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestTheTableAndTheCalendarHaveToAgree(t *testing.T) {
	for _, c := range []struct {
		name, received string
		rates          Table
		says           string
	}{
		{"a gap", "2018-08-10", table(t, "2018-08-30", "111.1", "2018-09-03", "111"), "The last rate on or before 2018-08-31 is of 2018-08-30, but banks were open on 2018-08-31"},
		{"a closed day", "2018-04-10", table(t, "2018-04-27", "109.35", "2018-04-28", "109.35"), "There is a rate of 2018-04-28, when banks were closed"},
		{"nothing so early", "2018-03-10", table(t, "2018-04-27", "109.35"), "There is no rate on or before 2018-03-31; that of 2018-03-30 is needed."},
		{"a year without known holidays", "2006-03-10", table(t, "2006-03-31", "117"), "The bank days of 2006 are not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := c.rates.Yen(money.Cents(100), on(t, c.received)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	missing, closed := table(t, "2018-04-26", "109", "2018-04-28", "109").Disagree(on(t, "2018-04-26"), on(t, "2018-05-01"))
	if diff := cmp.Diff([][]calendar.Date{{on(t, "2018-04-27"), on(t, "2018-05-01")}, {on(t, "2018-04-28")}}, [][]calendar.Date{missing, closed}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := Known(on(t, "2018-04-10"), calendar.JST).UTC().Format(time.RFC3339); got != "2018-04-27T15:00:00Z" {
		t.Errorf("known from %s", got)
	}
}

func TestNoRateIsEverOfAnotherDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates := Table{}
		first := calendar.Of(2018, time.January, 1)
		rate, err := money.ParseDecimal("110")
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 80).Draw(t, "rates") {
			rates[first.Add(rapid.IntRange(0, 400).Draw(t, "day"))] = rate
		}
		d := first.Add(rapid.IntRange(0, 400).Draw(t, "received"))
		if day, _, err := rates.Rate(d); err == nil && (!calendar.BankDay(day) || day.After(calendar.MonthEnd(d)) || rates[day] != rate) {
			t.Fatalf("%v for %v", day, d)
		}
	})
}

const history = "外国為替公示相場,,\r\n仲値,,\r\n日付,USD,EUR\r\n2018/9/27,112.90,132.2\r\n2018/9/28,113.58,132.14\r\n\r\n2018-10-01,113.81,132.0\r\n"

var today = calendar.Of(2018, time.October, 1)

func TestReadCSV(t *testing.T) {
	shiftJIS, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(history))
	if err != nil {
		t.Fatal(err)
	}
	want := table(t, "2018-09-27", "112.90", "2018-09-28", "113.58", "2018-10-01", "113.81")
	for _, b := range [][]byte{[]byte(history), []byte("\ufeff" + history), shiftJIS} {
		got, err := ReadCSV(bytes.NewReader(b), today)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestAFileThatDoesNotFitIsRefused(t *testing.T) {
	for _, c := range []struct{ name, from, to, says string }{
		{"another column", "USD", "GBP", "No column is headed USD"},
		{"two of them", "EUR", "USD", "Line 3: Two columns are headed USD"},
		{"the days elsewhere", "日付,USD", "USD,日付", "Line 3: The first column is headed USD"},
		{"the future", "2018-10-01", "2018/10/2", "Line 7: 2018-10-02 lies in the future: today is 2018-10-01."},
		{"a day twice", "2018/9/28", "2018/09/27", "Line 5: 2018-09-27 is there twice."},
		{"a day there is not", "2018/9/28", "2018/9/31", "Line 5: There is no day 2018/9/31."},
		{"another order of the day", "2018/9/28", "28/9/2018", "Line 5: “28/9/2018” is no day."},
		{"no rate", "113.58", "*****", "Line 5: “*****” is no rate for 2018-09-28."},
		{"zero", "113.58", "0.00", "is no rate"},
		{"a comma for a point", "113.58,", "\"113,58\",", "“113,58” is no rate"},
		{"a short row", "2018/9/28,113.58,132.14", "2018/9/28", "Line 5: The row of 2018-09-28 ends before"},
		{"a misplaced point", "113.58", "11.358", "From 2018-09-27 to 2018-09-28 the rate goes from 112.90 to 11.358"},
		{"another encoding", "仲値", "\x80\xff", "neither UTF-8 nor Shift_JIS"},
		{"headings alone", history[strings.Index(history, "2018/9/27"):], "", "no rates under the headings"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := ReadCSV(strings.NewReader(strings.Replace(history, c.from, c.to, 1)), today); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, %v; want %q", got, err, c.says)
			}
		})
	}
	broken := errors.New("cable cut")
	if _, err := ReadCSV(iotest.ErrReader(broken), today); !errors.Is(err, broken) {
		t.Errorf("a broken line: %v", err)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(history))
	f.Add([]byte("\x93\xfa,USD\n2018/9/28,113\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ReadCSV(bytes.NewReader(b), today)
		if err != nil {
			return
		}
		for d, rate := range got {
			if d.After(today) || rate.IsZero() {
				t.Fatalf("%v: %v", d, rate)
			}
		}
	})
}
