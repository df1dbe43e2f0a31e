package rule

import (
	"math"
	"strconv"
)

// A number is a number of JSON: exact where it is whole and fits, and a fraction otherwise.
type number struct {
	whole bool
	i     int64
	f     float64
}

func wholeNumber(i int64) number { return number{whole: true, i: i, f: float64(i)} }
func fraction(f float64) number  { return number{f: f} }
func (n number) compare(m number) int {
	switch {
	case n.whole && m.whole && n.i < m.i, !(n.whole && m.whole) && n.f < m.f:
		return -1
	case n.whole && m.whole && n.i > m.i, !(n.whole && m.whole) && n.f > m.f:
		return 1
	}
	return 0
}

// String returns the number as JSON most likely has it.
func (n number) String() string {
	if n.whole {
		return strconv.FormatInt(n.i, 10)
	}
	if n.f == math.Trunc(n.f) && math.Abs(n.f) < 1<<53 {
		return strconv.FormatInt(int64(n.f), 10)
	}
	return strconv.FormatFloat(n.f, 'g', -1, 64)
}

// parseNumber reads a number, in the common case without allocating.
func parseNumber(b []byte) (number, bool) {
	digits, negative := b, false
	if len(digits) > 0 && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	if len(digits) > 0 && len(digits) <= 18 {
		var i int64
		for _, c := range digits {
			if c-'0' > 9 {
				return parseFraction(b)
			}
			i = i*10 + int64(c-'0')
		}
		if negative {
			i = -i
		}
		return wholeNumber(i), true
	}
	return parseFraction(b)
}

// parseWhole reads up to nine digits.
func parseWhole(b []byte) (int64, bool) {
	var i int64
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		i = i*10 + int64(c-'0')
	}
	return i, len(b) > 0
}

// tens are the powers of ten that a float64 has exactly.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseFraction reads up to fifteen digits with a point in them exactly, by one division, and
// leaves the rest to the standard library.
func parseFraction(b []byte) (number, bool) {
	var digits, after int64
	point, negative, n := false, false, 0
	for i, c := range b {
		switch {
		case c == '-' && i == 0:
			negative = true
		case c == '.' && !point && n > 0:
			point = true
		case c-'0' <= 9 && n < 15:
			digits, n = digits*10+int64(c-'0'), n+1
			if point {
				after++
			}
		default:
			return parseAny(b)
		}
	}
	if !point || after == 0 {
		return parseAny(b)
	}
	f := float64(digits) / tens[after]
	if negative {
		f = -f
	}
	return fraction(f), true
}

func parseAny(b []byte) (number, bool) {
	if len(b) == 0 || b[0] != '-' && b[0]-'0' > 9 || len(b) > 64 {
		return number{}, false // no Inf, no NaN, no hexadecimal with a sign
	}
	for _, c := range b {
		if c-'0' > 9 && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return number{}, false
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return fraction(f), err == nil
}
