package money

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func decimal(t testing.TB, s string) Decimal {
	t.Helper()
	d, err := ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestYenAreCutDownAndNeverRounded(t *testing.T) {
	for _, c := range []struct {
		name, usd, rate string
		want            int64
	}{
		{"no fraction", "3000", "109.35", 328050},
		{"a fraction of a half is cut", "1346.85", "109.45", 147412},
		{"three quarters of a yen are cut", "475", "108.71", 51637},
		{"a binary fraction would lose a yen here", "300", "108.71", 32613},
		{"and here", "4500", "109.07", 490815},
		{"a cent", "0.01", "99.99", 0},
		{"a cent that is a yen", "0.01", "100", 1},
		{"a rate with zeros at its end", "100", "110.00", 11000},
		{"a rate with eight places", "1000000", "109.35123456", 109351234},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Parse(c.usd, USD)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Yen(a, decimal(t, c.rate))
			if err != nil || got != (Amount{c.want, JPY}) {
				t.Errorf("$%s at %s is %v, %v; want %d", c.usd, c.rate, got, err, c.want)
			}
		})
	}
	if _, err := Yen(Cents(1<<62), decimal(t, "999999999")); err == nil || !strings.Contains(err.Error(), "more yen than can be counted") {
		t.Errorf("more yen than there are: %v", err)
	}
}

func TestYenNeverGivesAYenTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		usd := Cents(rapid.Int64Range(0, 1e13).Draw(t, "cents"))
		rate := Decimal{rapid.Int64Range(0, 1e8).Draw(t, "units"), rapid.IntRange(0, MaxPlaces).Draw(t, "places")}
		got, err := Yen(usd, rate)
		if err != nil {
			t.Fatal(err)
		}
		rest := new(big.Rat).Mul(big.NewRat(usd.Minor, 100), rate.Rat())
		rest.Sub(rest, new(big.Rat).SetInt64(got.Minor))
		if rest.Sign() < 0 || rest.Cmp(big.NewRat(1, 1)) >= 0 {
			t.Fatalf("%v at %v is %v: off by %v", usd, rate, got, rest)
		}
	})
}

func TestWhatIsNoDecimalIsRefused(t *testing.T) {
	for _, s := range []string{"", ".", "1.", ".5", "-1", "+1", "1e2", "1,234.5", " 1", "１.5", "0x1", "1.123456789", "12345678.12345678", "NaN", "1.2.3", "1_0"} {
		if d, err := ParseDecimal(s); err == nil {
			t.Errorf("ParseDecimal(%q) = %v", s, d)
		}
	}
}

func TestHalfUp(t *testing.T) {
	for _, c := range [][3]int64{{1, 2, 1}, {3, 2, 2}, {149, 100, 1}, {0, 1, 0}, {7, 7, 1}} {
		if got := HalfUp(big.NewRat(c[0], c[1])); got.Int64() != c[2] {
			t.Errorf("HalfUp(%d/%d) = %v", c[0], c[1], got)
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"109.35", "0.5", "20.42", "00012.50", "1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err != nil {
			return
		}
		back, err := ParseDecimal(d.String())
		if err != nil || back != d || d.units < 0 {
			t.Errorf("ParseDecimal(%q) = %v, which is read as %v, %v", s, d, back, err)
		}
	})
}
