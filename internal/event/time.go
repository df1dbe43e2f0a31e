package event

import (
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// Events outside these years are refused: nothing happened in them, some clock is wrong.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
)

// Ahead is how far an event's time may be in the future of the machine that receives it.
const Ahead = 24 * time.Hour

// Check says what is wrong with a decoded event that only somebody with a clock can tell.
func Check(e *Event, now time.Time) error {
	if e.Time-now.UnixNano() > int64(Ahead) {
		return fault.New(fault.Invalid, "The time is more than a day in the future.", "時刻が1日より先の未来です。").At("time")
	}
	return nil
}

// A minute is the last minute that was parsed, and its start: most events are of the minute of
// the one before.
type minute struct {
	day, clock uint64 // the first 16 bytes, 2006-01-02T15:04
	start      int64
}

// parse reads a time of RFC 3339. It reads the sixteen bytes up to the minute at one go, so
// b has at least 32 bytes, of which the first n are the time.
func (m *minute) parse(b []byte, n int) (int64, bool) {
	if n < len("2006-01-02T15:04:05Z") {
		return 0, false
	}
	day, clock := le64(b, 0), le64(b, 8)
	if day != m.day || clock != m.clock {
		start, ok := parseMinute(b)
		if !ok {
			return 0, false
		}
		*m = minute{day, clock, start}
	}
	sec := int64(b[17]-'0')*10 + int64(b[18]-'0')
	if b[16] != ':' || b[17]-'0' > 5 || b[18]-'0' > 9 {
		return 0, false
	}
	t := m.start + sec*int64(time.Second)
	if n == len("2006-01-02T15:04:05.000Z") && b[19] == '.' && b[23] == 'Z' {
		x, y, z := b[20]-'0', b[21]-'0', b[22]-'0'
		if x > 9 || y > 9 || z > 9 {
			return 0, false
		}
		return t + (int64(x)*100+int64(y)*10+int64(z))*int64(time.Millisecond), true
	}
	return parseRest(t, b[19:n])
}

// parseMinute reads 2006-01-02T15:04.
func parseMinute(b []byte) (int64, bool) {
	num := func(from, to int) (n int) {
		for _, c := range b[from:to] {
			if c < '0' || c > '9' {
				return -1 << 20
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	year, month, day, hour, minute := num(0, 4), num(5, 7), num(8, 10), num(11, 13), num(14, 16)
	if b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' ||
		year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, 0, 0, time.UTC)
	if t.Day() != day || t.Unix() < earliest/1e9-86400 || t.Unix() > latest/1e9+86400 {
		return 0, false // no such day, or in a year that nanoseconds may not reach
	}
	return t.UnixNano(), true
}

// parseRest reads what follows the seconds: a fraction, of which nanoseconds count, and the zone.
func parseRest(t int64, b []byte) (int64, bool) {
	if b[0] == '.' {
		i := 1
		for unit := int64(100_000_000); i < len(b) && b[i]-'0' <= 9; i++ {
			t += int64(b[i]-'0') * unit
			unit /= 10
		}
		if i == 1 || i == len(b) {
			return 0, false
		}
		b = b[i:]
	}
	if len(b) == 1 && b[0] == 'Z' {
		return t, true
	}
	if len(b) != 6 || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return 0, false
	}
	d := [4]byte{b[1] - '0', b[2] - '0', b[4] - '0', b[5] - '0'}
	hour, minute := int64(d[0])*10+int64(d[1]), int64(d[2])*10+int64(d[3])
	if d[0] > 9 || d[1] > 9 || d[2] > 9 || d[3] > 9 || hour > 23 || minute > 59 {
		return 0, false
	}
	offset := (hour*60 + minute) * int64(time.Minute)
	if b[0] == '+' {
		return t - offset, true
	}
	return t + offset, true
}

// FormatTime appends a time as events write it: with milliseconds, and finer where it is finer.
func FormatTime(b []byte, t int64) []byte {
	layout := "2006-01-02T15:04:05.000Z"
	switch {
	case t%1e3 != 0:
		layout = "2006-01-02T15:04:05.000000000Z"
	case t%1e6 != 0:
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return time.Unix(0, t).UTC().AppendFormat(b, layout)
}
