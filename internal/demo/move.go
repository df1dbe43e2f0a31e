package demo

import (
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
)

// desk moves the tale's time to working hours in Japan, the given number of business days later: 0 is
// as soon as somebody is there.
func (t *tale) desk(days int) *tale {
	day := calendar.In(t.at, calendar.JST)
	next := calendar.AddBusinessDays(day, days)
	if days == 0 && next == day {
		at := t.at.Add(time.Duration(12+t.rand.IntN(100)) * time.Minute)
		open, closed := day.Start(calendar.JST).Add(9*time.Hour+40*time.Minute), day.Start(calendar.JST).Add(18*time.Hour+30*time.Minute)
		if at.Before(open) {
			at = open.Add(time.Duration(t.rand.IntN(90)) * time.Minute)
		}
		if at.Before(closed) {
			t.at = at.Add(time.Duration(t.rand.IntN(60)) * time.Second)
			return t
		}
		next = calendar.AddBusinessDays(day, 1)
	}
	// Nobody answers at 10:00:00 sharp, and little is answered at noon.
	minute := 9*60 + 50 + t.rand.IntN(500)
	if minute >= 12*60 && minute < 13*60 {
		minute += 60
	}
	t.at = next.Start(calendar.JST).Add(time.Duration(minute)*time.Minute + time.Duration(t.rand.IntN(60))*time.Second)
	return t
}

// later moves the tale's time on by about the given number of hours, as people answer at home.
func (t *tale) later(hours float64) *tale {
	d := time.Duration(hours * (0.7 + 0.6*t.rand.Float64()) * float64(time.Hour))
	t.at = t.at.Add(d.Truncate(time.Second) + time.Second)
	return t
}

// on sets the tale's time: "2020-10-05 14:20", in Japan.
func (t *tale) on(when string) *tale {
	at := jst(when)
	if at.Before(t.at) {
		panic(fmt.Sprintf("%s: %s is told after %s", t.key, when, t.at.Format(time.DateTime)))
	}
	t.at = at
	return t
}

// jst reads a time in Japan, to the minute or to the second.
func jst(when string) time.Time {
	layout := "2006-01-02 15:04"
	if len(when) > len(layout) {
		layout += ":05"
	}
	at, err := time.ParseInLocation(layout, when, calendar.JST)
	must(err)
	return at
}
