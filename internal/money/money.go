// Package money holds amounts in the smallest unit of their currency. Nothing here is binary
// floating point.
package money

import (
	"fmt"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
)

// An Amount is money in the smallest unit of its currency: cents for USD, yen for JPY.
type Amount struct {
	Minor    int64
	Currency string // ISO 4217
}

// The currencies of the program and how many digits follow their point.
const (
	USD = "USD"
	JPY = "JPY"
)

var digits = map[string]int{USD: 2, JPY: 0}

// Cents returns dollars given in cents.
func Cents(n int64) Amount { return Amount{Minor: n, Currency: USD} }

// Parse reads a decimal such as "3000", "1,989.50" or "0.05". More digits than the currency has are
// refused, never rounded.
func Parse(s, currency string) (Amount, error) {
	places, known := digits[currency]
	if !known {
		return Amount{}, fmt.Errorf("parsing money: unknown currency %q", currency)
	}
	bad := fault.New(fault.Invalid,
		"“%s” is no amount in %s. Write it like 1989.50.", "「%s」は%sの金額として読めません。1989.50 のように書いてください。", s, currency)
	whole, part, point := strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "$"), ".")
	whole, ok := ungroup(whole)
	if !ok || point && part == "" || len(part) > places || strings.Trim(whole+part, "0123456789") != "" || len(whole)+places > 17 {
		return Amount{}, bad
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", places-len(part)), 10, 64)
	if err != nil {
		return Amount{}, bad.Because(err)
	}
	return Amount{Minor: n, Currency: currency}, nil
}

// ungroup removes the commas of a grouped number, and refuses commas in other places.
func ungroup(s string) (string, bool) {
	groups := strings.Split(s, ",")
	if len(groups) == 1 {
		return s, s != ""
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && (len(g) == 0 || len(g) > 3) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// Add returns a + b. Adding two currencies is a programming mistake.
func (a Amount) Add(b Amount) Amount {
	if a.Currency != b.Currency {
		panic("money: adding " + b.Currency + " to " + a.Currency)
	}
	return Amount{Minor: a.Minor + b.Minor, Currency: a.Currency}
}

// String returns the amount as people write it: "$1,989.50", "¥216,000".
func (a Amount) String() string {
	sign, n := "", a.Minor
	if n < 0 {
		sign, n = "−", -n
	}
	s := strconv.FormatInt(n, 10)
	part := ""
	if places := digits[a.Currency]; places > 0 {
		s = strings.Repeat("0", max(0, places+1-len(s))) + s
		s, part = s[:len(s)-places], "."+s[len(s)-places:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	symbol := map[string]string{USD: "$", JPY: "¥"}[a.Currency]
	return sign + symbol + s + part
}

// Decimal returns the amount for machines: "1989.50".
func (a Amount) Decimal() string {
	return strings.NewReplacer("$", "", "¥", "", ",", "", "−", "-").Replace(a.String())
}
