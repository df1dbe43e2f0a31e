package web

import (
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/lang"
)

func jst(year int, month time.Month, day, hour, min int) time.Time {
	return time.Date(year, month, day, hour, min, 0, 0, japan)
}

var (
	english = Frame{Lang: lang.EN, Now: jst(2020, 10, 15, 17, 56)}
	nippon  = Frame{Lang: lang.JA, Now: jst(2020, 10, 15, 17, 56)}
)

func TestTimesAreJapanese(t *testing.T) {
	at := time.Date(2020, 10, 14, 15, 4, 5, 0, time.UTC) // already the 15th in Japan
	for _, c := range []struct {
		got, want Stamp
	}{
		{english.Time(at), Stamp{"2020-10-14T15:04:05Z", "2020-10-15 00:04 JST", "2020-10-14 15:04 UTC"}},
		{english.Exact(at), Stamp{"2020-10-14T15:04:05Z", "2020-10-15 00:04:05 JST", "2020-10-14 15:04:05 UTC"}},
		{english.Day(at), Stamp{"2020-10-15", "2020-10-15", "from 2020-10-14 15:04 UTC"}},
		{nippon.Time(time.Time{}), Stamp{}},
		{nippon.Day(time.Time{}), Stamp{}},
	} {
		if c.got != c.want {
			t.Errorf("got %+v, want %+v", c.got, c.want)
		}
	}
	if got := english.Date(at) + " " + english.Clock(at); got != "15 October 2020 00:04:05 JST" {
		t.Errorf("in a sentence: %q", got)
	}
	if got := nippon.Date(at); got != "2020年10月15日" {
		t.Errorf("in a sentence: %q", got)
	}
}

func TestADueDayIsCountedInBusinessDays(t *testing.T) {
	for _, c := range []struct {
		name       string
		until      time.Time
		day        string
		en, ja     string
		brief      string
		late, soon bool
	}{
		{"midnight belongs to the day before", jst(2020, 10, 23, 0, 0), "2020-10-22", "5 business days left", "あと5営業日", "5 left", false, false},
		{"the next day", jst(2020, 10, 17, 0, 0), "2020-10-16", "1 business day left", "あと1営業日", "1 left", false, true},
		{"today", jst(2020, 10, 16, 0, 0), "2020-10-15", "today", "本日まで", "today", false, true},
		{"today, an hour ago", jst(2020, 10, 15, 17, 0), "2020-10-15", "just past", "期限超過", "past", true, false},
		{"over a holiday", jst(2020, 11, 5, 0, 0), "2020-11-04", "13 business days left", "あと13営業日", "13 left", false, false}, // 3 November
		{"yesterday", jst(2020, 10, 15, 0, 0), "2020-10-14", "1 business day late", "1営業日超過", "1 late", true, false},
		{"over a weekend", jst(2020, 10, 10, 0, 0), "2020-10-09", "4 business days late", "4営業日超過", "4 late", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			en, ja := english.Due(c.until), nippon.Due(c.until)
			if en.Stamp.Text != c.day || en.Left != c.en || ja.Left != c.ja || en.Brief != c.brief || en.Late != c.late || en.Soon != c.soon {
				t.Errorf("got %+v and %q", en, ja.Left)
			}
		})
	}
	if got := english.Due(time.Time{}); got != (Due{}) {
		t.Errorf("no promise: %+v", got)
	}
}

func TestFigures(t *testing.T) {
	for got, want := range map[string]string{
		english.Number(0):                                "0",
		english.Number(999):                              "999",
		english.Number(1000):                             "1,000",
		english.Number(121221):                           "121,221",
		english.Number(-1234567):                         "−1,234,567",
		english.Money(198950, "USD"):                     "$1,989.50",
		english.Money(-5, "USD"):                         "−$0.05",
		english.Money(216000, "JPY"):                     "¥216,000",
		english.Money(100001, "EUR"):                     "EUR\u00a01,000.01",
		english.Bytes(0):                                 "0\u00a0B",
		english.Bytes(999):                               "999\u00a0B",
		english.Bytes(1000):                              "1\u00a0kB",
		english.Bytes(1449):                              "1.4\u00a0kB",
		english.Bytes(9_960):                             "10\u00a0kB",
		english.Bytes(999_600):                           "1\u00a0MB",
		english.Bytes(200_000_000):                       "200\u00a0MB",
		english.Bytes(3_000_000_000_000):                 "3\u00a0TB",
		english.Count(1, "report", "reports", "件"):       "1 report",
		english.Count(0, "report", "reports", "件"):       "0 reports",
		english.Count(7768, "report", "reports", "件"):    "7,768 reports",
		nippon.Count(7768, "report", "reports", "件"):     "7,768件",
		english.Age(jst(2020, 10, 15, 17, 44)):           "12 min",
		english.Age(jst(2020, 10, 15, 18, 44)):           "0 min",
		english.Age(jst(2020, 10, 14, 0, 0)):             "41 h",
		english.Age(jst(2020, 9, 28, 0, 0)):              "17 d",
		nippon.Age(jst(2020, 5, 1, 0, 0)):                "5か月",
		english.Age(jst(2017, 4, 10, 0, 0)):              "3 y",
		english.Hash("abc").Short:                        "abc",
		english.Hash("0123456789abcdef01").Short:         "0123456789ab…",
		nippon.T("Due %s of %d", "%[2]d件中%[1]s", "a", 3): "3件中a",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
