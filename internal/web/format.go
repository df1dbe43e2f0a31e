package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// japan is the zone of every date (R-62, terms 15.2).
var japan = calendar.JST

// A Stamp is an instant as it is shown: {{template "time" ($.Time .Received)}}.
type Stamp struct {
	ISO   string // for <time datetime>
	Text  string
	Other string // the same in the other zone, on hover and in the accessible name
}

// Time returns an instant to the minute: 2020-10-15 17:56 JST.
func (f Frame) Time(t time.Time) Stamp { return stamp(t, "2006-01-02 15:04") }

// Exact returns an instant to the second, for receipts.
func (f Frame) Exact(t time.Time) Stamp { return stamp(t, "2006-01-02 15:04:05") }

func stamp(t time.Time, layout string) Stamp {
	if t.IsZero() {
		return Stamp{}
	}
	return Stamp{
		ISO:   t.UTC().Format(time.RFC3339),
		Text:  t.In(japan).Format(layout + " JST"),
		Other: t.UTC().Format(layout + " UTC"),
	}
}

// Day returns a date in Japan: 2020-10-15.
func (f Frame) Day(t time.Time) Stamp {
	if t.IsZero() {
		return Stamp{}
	}
	day := t.In(japan).Format(time.DateOnly)
	return Stamp{ISO: day, Text: day, Other: f.T("from %s", "%s から", t.UTC().Format("2006-01-02 15:04 UTC"))}
}

// Date returns a date in a sentence: 15 October 2020, 2020年10月15日.
func (f Frame) Date(t time.Time) string {
	t = t.In(japan)
	if f.Lang == lang.JA {
		return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
	}
	return t.Format("2 January 2006")
}

// Clock returns a time of day in a sentence: 17:56:03 JST.
func (f Frame) Clock(t time.Time) string { return t.In(japan).Format("15:04:05 JST") }

// A Due is a promised day as seen from now: {{template "due" ($.Due .Until)}}.
type Due struct {
	Stamp Stamp
	Left  string // 3 business days left
	Brief string // 3 left, under a heading that says what is counted
	Long  string // 28 October 2020, for a sentence
	Late  bool
	Soon  bool // today or the next business day
}

// Due returns a promise kept until t. One that ends at midnight names the day before, its last.
func (f Frame) Due(t time.Time) Due {
	if t.IsZero() {
		return Due{}
	}
	last := t
	if at := t.In(japan); at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 {
		last = t.Add(-time.Second)
	}
	day := last.In(japan).Format(time.DateOnly)
	d := Due{
		Stamp: Stamp{ISO: day, Text: day, Other: f.T("until %s", "%sまで", stamp(t, "2006-01-02 15:04").Other)},
		Long:  f.Date(last),
	}
	n := calendar.BusinessDaysBetween(calendar.In(f.Now, japan), calendar.In(last, japan))
	switch late := !f.Now.Before(t); {
	case late && n < 0:
		d.Late, d.Left = true, f.Count(-n, "business day late", "business days late", "営業日超過")
		d.Brief = f.T("%s late", "超過%s", thousands(int64(-n)))
	case late:
		d.Late, d.Left, d.Brief = true, f.T("just past", "期限超過"), f.T("past", "超過")
	case n == 0:
		d.Soon, d.Left, d.Brief = true, f.T("today", "本日まで"), f.T("today", "本日")
	default:
		d.Soon = n == 1
		d.Left = f.T("%s left", "あと%s", f.Count(n, "business day", "business days", "営業日"))
		d.Brief = f.T("%s left", "あと%s", thousands(int64(n)))
	}
	return d
}

// Age returns how long ago something was, in one unit: 12 min, 5 h, 17 d, 3 mo.
func (f Frame) Age(t time.Time) string {
	d := max(f.Now.Sub(t), 0)
	switch days := int(d.Hours() / 24); {
	case d < time.Hour:
		return f.T("%d min", "%d分", int(d.Minutes()))
	case d < 48*time.Hour:
		return f.T("%d h", "%d時間", int(d.Hours()))
	case days < 90:
		return f.T("%d d", "%d日", days)
	case days < 730:
		return f.T("%d mo", "%dか月", days/30)
	default:
		return f.T("%d y", "%d年", days/365)
	}
}

// Number returns a count with its thousands apart: 121,221.
func (f Frame) Number(n int) string { return thousands(int64(n)) }

// Count returns a number with its noun: 1 report, 2 reports, 2件.
func (f Frame) Count(n int, one, many, ja string) string {
	switch {
	case f.Lang == lang.JA:
		return thousands(int64(n)) + ja
	case n == 1:
		return "1 " + one
	default:
		return thousands(int64(n)) + " " + many
	}
}

// Money returns an amount in the smallest unit of its currency: $1,989.50, ¥216,000.
func (f Frame) Money(minor int64, currency string) string {
	sign := ""
	if minor < 0 {
		sign, minor = "−", -minor
	}
	switch currency {
	case "JPY":
		return sign + "¥" + thousands(minor)
	case "USD":
		return sign + "$" + cents(minor)
	default:
		return sign + currency + "\u00a0" + cents(minor)
	}
}

func cents(minor int64) string { return fmt.Sprintf("%s.%02d", thousands(minor/100), minor%100) }

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Bytes returns a size: 532 B, 1.4 MB.
func (f Frame) Bytes(n int64) string { return bytesText(n) }

func bytesText(n int64) string {
	const step = 1000
	if n < step {
		return strconv.FormatInt(n, 10) + "\u00a0B"
	}
	size, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if size /= step; size < step-0.5 {
			break
		}
	}
	digits := 0
	if size < 10 {
		digits = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(size, 'f', digits, 64), ".0") + "\u00a0" + unit
}

// A Digest is a hash as it is shown: short, whole on hover and when copied.
type Digest struct{ Short, Full string }

// Hash returns a hash given in hexadecimal: {{template "hash" ($.Hash .SHA256)}}.
func (f Frame) Hash(hex string) Digest {
	d := Digest{Short: hex, Full: hex}
	if len(hex) > 16 {
		d.Short = hex[:12] + "…"
	}
	return d
}

// A Station is one stop of what happens next: {{template "stations" .Stations}}.
type Station struct {
	Name string
	When Stamp
	Left string // the distance in words
	Done bool
	Here bool // the stop we stand at
	Mine bool // and it is the reader's turn
}
