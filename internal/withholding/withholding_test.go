package withholding

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/money"
)

var paid = calendar.Of(2019, time.January, 31)

func treaty(s string) *money.Decimal { d := percent(s); return &d }

func amounts(list ...int64) (out []money.Amount) {
	for _, n := range list {
		out = append(out, yen(n))
	}
	return out
}

func TestTax(t *testing.T) {
	for _, c := range []struct {
		name     string
		payee    Payee
		together []int64
		want     int64
	}{
		{"a fee of a yen", Payee{Category: ResidentFee}, []int64{1}, 0},
		{"ten yen of fee are the first to be taxed", Payee{Category: ResidentFee}, []int64{10}, 1},
		{"a fee up to the band", Payee{Category: ResidentFee}, []int64{1_000_000}, 102_100},
		{"a fee one yen above the band", Payee{Category: ResidentFee}, []int64{1_000_001}, 102_100},
		{"a fee five yen above the band", Payee{Category: ResidentFee}, []int64{1_000_005}, 102_101},
		{"a fee above the band", Payee{Category: ResidentFee}, []int64{1_109_100}, 124_378},
		{"two fees paid together share the band", Payee{Category: ResidentFee}, []int64{600_000, 600_000}, 142_940},
		{"one of them alone", Payee{Category: ResidentFee}, []int64{600_000}, 61_260},
		{"an entry prize at the limit", Payee{Category: ResidentEntryPrize}, []int64{50_000}, 0},
		{"an entry prize above the limit is taxed whole", Payee{Category: ResidentEntryPrize}, []int64{50_001}, 5_105},
		{"two entry prizes paid together pass the limit", Payee{Category: ResidentEntryPrize}, []int64{30_000, 30_000}, 6_126},
		{"an entry prize above the band", Payee{Category: ResidentEntryPrize}, []int64{1_200_000}, 142_940},
		{"an advertising prize at the limit", Payee{Category: ResidentAdvertisingPrize}, []int64{500_000}, 0},
		{"an advertising prize above it, less the deduction", Payee{Category: ResidentAdvertisingPrize}, []int64{600_000}, 10_210},
		{"an advertising prize has one rate", Payee{Category: ResidentAdvertisingPrize}, []int64{3_000_000}, 255_250},
		{"other income", Payee{Category: ResidentOther}, []int64{3_000_000}, 0},
		{"a non-resident", Payee{Category: Nonresident}, []int64{1_109_100}, 226_478},
		{"a non-resident whose treaty frees", Payee{Nonresident, treaty("0")}, []int64{1_109_100}, 0},
		{"a non-resident with a treaty rate, without surtax", Payee{Nonresident, treaty("10")}, []int64{1_109_105}, 110_910},
		{"a treaty rate with a fraction", Payee{Nonresident, treaty("12.5")}, []int64{1_000_001}, 125_000},
		{"a treaty never raises the tax", Payee{Nonresident, treaty("25")}, []int64{1_000_000}, 204_200},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.payee.Compute(paid, amounts(c.together...)...)
			if err != nil || got.Tax != yen(c.want) || got.Net.Minor+got.Tax.Minor != got.Gross.Minor {
				t.Errorf("got %+v, %v; want %d", got, err, c.want)
			}
		})
	}
}

func TestTheRatesHaveADate(t *testing.T) {
	for _, c := range []struct {
		name string
		on   calendar.Date
		want int64
	}{
		{"the last day without the surtax", calendar.Of(2012, time.December, 31), 100_000},
		{"the first day with it", calendar.Of(2013, time.January, 1), 102_100},
		{"the last day with it", calendar.Of(2037, time.December, 31), 102_100},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := (Payee{Category: ResidentFee}).Compute(c.on, yen(1_000_000)); err != nil || got.Tax != yen(c.want) {
				t.Errorf("%v, %v; want %d", got.Tax, err, c.want)
			}
		})
	}
	for _, on := range []calendar.Date{calendar.Of(2038, time.January, 1), calendar.Of(1989, time.March, 31), {}} {
		if _, err := (Payee{Category: ResidentFee}).Compute(on, yen(1_000_000)); err == nil {
			t.Errorf("a tax was made up for %v", on)
		}
	}
}

func TestTheTableHasNoGap(t *testing.T) {
	for i := 1; i < len(laws); i++ {
		if laws[i].From != laws[i-1].To.Add(1) {
			t.Errorf("between %v and %v no law holds, or two do", laws[i-1].To, laws[i].From)
		}
	}
	if len(Laws()) != len(laws) {
		t.Error("the table is shown in part")
	}
}

func TestWhatCannotBeTaxedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		payee  Payee
		amount []money.Amount
		says   string
	}{
		{"no category", Payee{}, amounts(1), "no tax category"},
		{"no amount", Payee{Category: ResidentFee}, nil, "no amount"},
		{"zero", Payee{Category: ResidentFee}, amounts(5, 0), "¥0 is no amount"},
		{"a negative amount", Payee{Category: ResidentFee}, amounts(-5), "−¥5 is no amount"},
		{"dollars", Payee{Category: Nonresident}, []money.Amount{money.Cents(100)}, "$1.00 is not in yen"},
		{"a treaty for a resident", Payee{ResidentFee, treaty("10")}, amounts(1), "only for non-residents"},
		{"a treaty rate above everything", Payee{Nonresident, treaty("100.01")}, amounts(1), "more than all"},
		{"more than there is", Payee{Category: ResidentFee}, amounts(largest, 1), "more than ¥10,000,000,000,000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.payee.Compute(paid, c.amount...); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}

func TestADollarPaymentIsSplitToTheCent(t *testing.T) {
	for _, c := range []struct {
		name       string
		payee      Payee
		base       int64
		cents, tax int64
	}{
		{"the domestic rate", Payee{Category: Nonresident}, 216_955, 200_000, 40_840},
		{"a half cent goes to the tax", Payee{Nonresident, treaty("10")}, 108, 105, 11},
		{"less than a half goes to the payee", Payee{Nonresident, treaty("10")}, 108, 104, 10},
		{"no tax", Payee{Nonresident, treaty("0")}, 108, 100, 0},
		{"a resident with an account abroad has the bands", Payee{Category: ResidentFee}, 2_000_000, 2_000_000, 306_300},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.payee.Compute(paid, yen(c.base))
			if err != nil {
				t.Fatal(err)
			}
			tax, net := got.Dollars(money.Cents(c.cents))
			if tax != money.Cents(c.tax) || net != money.Cents(c.cents-c.tax) {
				t.Errorf("tax %v, net %v; want %d cents", tax, net, c.tax)
			}
		})
	}
}

func TestMoreGrossIsNeverLessTax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Payee{Category: rapid.SampledFrom(Categories()).Draw(t, "category")}
		n := rapid.Int64Range(1, 5_000_000).Draw(t, "gross")
		a, err1 := p.Compute(paid, yen(n))
		b, err2 := p.Compute(paid, yen(n+1))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if b.Tax.Minor < a.Tax.Minor || a.Tax.Minor < 0 || a.Net.Minor < 0 {
			t.Fatalf("%v of %v, %v of %v", a.Tax, a.Gross, b.Tax, b.Gross)
		}
		var of int64
		for _, band := range a.Bands {
			of += band.Of.Minor
		}
		if of+a.Free.Minor != n {
			t.Fatalf("%d yen are %d free and %d in bands", n, a.Free.Minor, of)
		}
	})
}

func TestDuties(t *testing.T) {
	for _, c := range []struct {
		name, paid, want string
	}{
		{"the 10th of the next month", "2019-01-31", "2019-02-12"}, // 10 Sunday, 11 holiday
		{"a weekday", "2018-12-03", "2019-01-10"},
		{"a Saturday", "2018-10-31", "2018-11-12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := calendar.Parse(c.paid)
			if err != nil {
				t.Fatal(err)
			}
			if got := RemitBy(d); got.String() != c.want {
				t.Errorf("RemitBy(%s) = %v, want %s", c.paid, got, c.want)
			}
		})
	}
	if got := RecordBy(2020).String(); got != "2021-02-01" { // 31 January is a Sunday
		t.Errorf("the records of 2020 are due on %s", got)
	}
	for _, c := range []struct {
		category Category
		year     int64
		want     bool
	}{
		{ResidentFee, 50_000, false}, {ResidentFee, 50_001, true}, {ResidentAdvertisingPrize, 500_000, false},
		{ResidentAdvertisingPrize, 500_001, true}, {ResidentOther, 9_000_000, false},
	} {
		if got := RecordDue(c.category, c.year); got != c.want {
			t.Errorf("RecordDue(%s, %d) = %v", c.category, c.year, got)
		}
	}
	if !FormInTime(paid.Add(-1), paid) || FormInTime(paid, paid) {
		t.Error("the form has to be there the day before")
	}
	for _, c := range Categories() {
		if n := c.Name(); n.EN == "" || n.JA == "" {
			t.Errorf("%s has no name", c)
		}
	}
}
