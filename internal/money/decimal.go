package money

import (
	"math/big"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
)

// MaxPlaces is how many digits may follow the point of a Decimal. Banks publish rates with two, or
// four for small currencies.
const MaxPlaces = 8

// A Decimal is an exact decimal number that is not negative: a rate of exchange, or a percentage.
// It keeps the zeros it was written with, so that a published rate is shown as it was published.
type Decimal struct {
	units  int64 // the number without its point
	places int   // how many digits of units follow the point
}

// ParseDecimal reads a number such as "109.35", "20.42" or "10". Signs, exponents and separators of
// thousands are refused: in a column of rates they are a sign that something else was read.
func ParseDecimal(s string) (Decimal, error) {
	bad := fault.New(fault.Invalid, "“%s” is no decimal number. Write it like 109.35.",
		"「%s」は小数として読めません。109.35 のように書いてください。", s)
	whole, part, point := strings.Cut(s, ".")
	digits := whole + part
	if whole == "" || point && part == "" || strings.Trim(digits, "0123456789") != "" {
		return Decimal{}, bad
	}
	if len(part) > MaxPlaces || len(strings.TrimLeft(digits, "0")) > 15 {
		return Decimal{}, fault.New(fault.Invalid, "“%s” has too many digits: at most %d after the point, and 15 in all.",
			"「%s」は桁数が多すぎます。小数点以下は%d桁まで、全体で15桁までです。", s, MaxPlaces)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Decimal{}, bad.Because(err)
	}
	return Decimal{n, len(part)}, nil
}

// String returns the number as it was written: "109.30".
func (d Decimal) String() string {
	s := strconv.FormatInt(d.units, 10)
	if d.places == 0 {
		return s
	}
	s = strings.Repeat("0", max(0, d.places+1-len(s))) + s
	return s[:len(s)-d.places] + "." + s[len(s)-d.places:]
}

// IsZero reports whether the number is 0.
func (d Decimal) IsZero() bool { return d.units == 0 }

// Less reports whether d < e.
func (d Decimal) Less(e Decimal) bool { return d.Rat().Cmp(e.Rat()) < 0 }

// Rat returns the number as a fraction, to calculate with.
func (d Decimal) Rat() *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(d.units), pow10(d.places))
}

// Yen converts dollars at a rate of yen for one dollar. A fraction of a yen is dropped, once.
func Yen(usd Amount, rate Decimal) (Amount, error) {
	if usd.Currency != USD {
		panic("money: converting " + usd.Currency + " at a rate for dollars")
	}
	n := new(big.Int).Mul(big.NewInt(usd.Minor), big.NewInt(rate.units))
	n.Div(n, pow10(rate.places+digits[USD]-digits[JPY])) // Div rounds toward the lower number
	if !n.IsInt64() {
		return Amount{}, fault.New(fault.Invalid, "%s at %s is more yen than can be counted.", "%sをレート%sで換算した額が大きすぎます。", usd, rate)
	}
	return Amount{Minor: n.Int64(), Currency: JPY}, nil
}

// Floor returns the whole number at or below a fraction.
func Floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) }

// HalfUp returns the whole number nearest to a fraction that is not negative; a half goes up.
func HalfUp(r *big.Rat) *big.Int { return Floor(new(big.Rat).Add(r, big.NewRat(1, 2))) }

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
