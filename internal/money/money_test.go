package money

import (
	"testing"

	"pgregory.net/rapid"
)

func TestAmountsArePrintedAsPeopleWriteThem(t *testing.T) {
	for want, a := range map[string]Amount{
		"$1,989.50":   Cents(198950),
		"$0.05":       Cents(5),
		"$0.00":       Cents(0),
		"$500.00":     Cents(50000),
		"−$12.30":     Cents(-1230),
		"¥3,264,900":  {Minor: 3264900, Currency: JPY},
		"$30,000.00":  Cents(3000000),
		"$100,000.00": Cents(10000000),
	} {
		if got := a.String(); got != want {
			t.Errorf("%+v = %q, want %q", a, got, want)
		}
	}
}

func TestWhatIsNoAmountIsRefusedAndNeverRounded(t *testing.T) {
	for _, s := range []string{"", "$", "1.", "1.999", "1,00", ",100", "1e3", "-5", "0x10", "１００", "1 000", "9999999999999999", "1.5.5"} {
		if a, err := Parse(s, USD); err == nil {
			t.Errorf("Parse(%q) = %v", s, a)
		}
	}
	if _, err := Parse("1.5", JPY); err == nil {
		t.Error("half a yen was accepted")
	}
}

func TestParseReadsWhatDecimalAndStringWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Amount{Minor: rapid.Int64Range(0, 1e15).Draw(t, "minor"), Currency: rapid.SampledFrom([]string{USD, JPY}).Draw(t, "currency")}
		if b, err := Parse(a.Decimal(), a.Currency); err != nil || a != b {
			t.Fatalf("%+v came back as %+v, %v", a, b, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("1,989.50")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := Parse(s, USD); err == nil && a.Minor < 0 {
			t.Errorf("Parse(%q) = %v", s, a)
		}
	})
}
