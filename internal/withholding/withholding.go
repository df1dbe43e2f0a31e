// Package withholding computes the Japanese income tax that is kept back from a payment.
//
// Which head of income a reward belongs to is a decision of the person with the tax role, per payee
// and with a date; nothing here guesses it (D-8). Given the category, the rest is arithmetic over a
// dated table of rates, in whole yen: the bands and limits of the law apply to what is paid to one
// person at one time, so two awards paid together are taxed differently from two paid apart.
package withholding

import (
	"math/big"
	"slices"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
)

// A Category is the head of income under which a payee's rewards are taxed.
type Category string

// The categories.
const (
	ResidentFee              Category = "resident_fee"               // a fee of Income Tax Act 204(1)(i)
	ResidentEntryPrize       Category = "resident_entry_prize"       // a prize for a submitted entry, of the same family
	ResidentAdvertisingPrize Category = "resident_advertising_prize" // a prize for advertising, 204(1)(viii)
	ResidentOther            Category = "resident_other"             // occasional or miscellaneous income: the payee declares it
	Nonresident              Category = "nonresident"                // income from Japan of somebody who lives elsewhere
)

// Categories returns all of them.
func Categories() []Category {
	return []Category{ResidentFee, ResidentEntryPrize, ResidentAdvertisingPrize, ResidentOther, Nonresident}
}

// heads are the legal heads that the categories stand for.
var heads = map[Category]lang.Text{
	ResidentFee:              {EN: "Resident: fee, Income Tax Act 204(1)(i)", JA: "居住者：報酬・料金（所得税法204条1項1号）"},
	ResidentEntryPrize:       {EN: "Resident: prize for a submitted entry, Income Tax Act 204(1)(i)", JA: "居住者：懸賞応募作品の入選賞金（所得税法204条1項1号）"},
	ResidentAdvertisingPrize: {EN: "Resident: prize for advertising, Income Tax Act 204(1)(viii)", JA: "居住者：広告宣伝のための賞金（所得税法204条1項8号）"},
	ResidentOther:            {EN: "Resident: other income, declared by the payee", JA: "居住者：その他の所得（本人が申告）"},
	Nonresident:              {EN: "Non-resident: income from sources in Japan", JA: "非居住者：国内源泉所得"},
}

// Name returns the legal head of the category.
func (c Category) Name() lang.Text { return heads[c] }

// Known reports whether there is such a category.
func (c Category) Known() bool { return slices.Contains(Categories(), c) }

// A Payee is what has to be known of whoever is paid, besides the amounts.
type Payee struct {
	Category Category
	// Treaty is the limit of the tax treaty in percent, when the application reached the tax office
	// in time (FormInTime); nil for the domestic rate. No surtax is added to it.
	Treaty *money.Decimal
}

// A Tax is what is kept back from one payment, with its arithmetic.
type Tax struct {
	Gross money.Amount
	Free  money.Amount // deducted from the gross before the rate applies
	Bands []Band       // none when there is no tax
	Tax   money.Amount // the sum of the bands, a fraction of a yen dropped
	Net   money.Amount

	exact *big.Rat // the tax in yen before the fraction was dropped
}

// A Band is a part of a payment and the rate it is taxed at.
type Band struct {
	Of      money.Amount
	Percent money.Decimal
}

// Compute returns the tax on what is paid to one person at one time, on the day on: the gross
// amounts of the awards paid together, in yen.
func (p Payee) Compute(on calendar.Date, together ...money.Amount) (Tax, error) {
	if err := p.check(); err != nil {
		return Tax{}, err
	}
	law, err := lawOn(on)
	if err != nil {
		return Tax{}, err
	}
	gross, err := sum(together)
	if err != nil {
		return Tax{}, err
	}
	free, bands := p.bands(law, gross)
	t := Tax{Gross: yen(gross), Free: yen(free), exact: new(big.Rat)}
	for _, b := range bands {
		t.Bands = append(t.Bands, b)
		part := new(big.Rat).SetInt64(b.Of.Minor)
		t.exact.Add(t.exact, part.Mul(part, b.Percent.Rat()).Mul(part, big.NewRat(1, 100)))
	}
	t.Tax = yen(money.Floor(t.exact).Int64())
	t.Net = yen(gross - t.Tax.Minor)
	return t, nil
}

// Dollars splits a payment in dollars whose base in yen was taxed: the share of the tax rounded half
// up to the cent, and the rest for the payee (A.6.7).
func (t Tax) Dollars(gross money.Amount) (tax, net money.Amount) {
	share := new(big.Rat).SetInt64(gross.Minor)
	if t.Gross.Minor != 0 {
		share.Mul(share, t.exact).Quo(share, new(big.Rat).SetInt64(t.Gross.Minor))
	}
	n := money.HalfUp(share).Int64()
	return money.Cents(n), money.Cents(gross.Minor - n)
}

// check says what is wrong with the payee.
func (p Payee) check() error {
	switch {
	case !p.Category.Known():
		return fault.New(fault.Invalid, "“%s” is no tax category. A person with the tax role sets it for the payee.",
			"「%s」という税区分はありません。税務担当者が受取人ごとに設定します。", p.Category).At("category")
	case p.Treaty != nil && p.Category != Nonresident:
		return fault.New(fault.Invalid, "A treaty rate is only for non-residents, and the category is %s.",
			"租税条約の税率は非居住者だけに適用されます。税区分は%sです。", p.Category).At("treaty_rate")
	case p.Treaty != nil && hundred.Less(*p.Treaty):
		return fault.New(fault.Invalid, "A treaty rate of %s percent is more than all of the payment.",
			"租税条約の税率%s%%は支払額の全部を超えています。", p.Treaty).At("treaty_rate")
	}
	return nil
}

// bands divides a payment into what is free, and what is taxed at which rate.
func (p Payee) bands(law Law, gross int64) (free int64, bands []Band) {
	switch p.Category {
	case ResidentFee:
		return 0, law.progressive(gross)
	case ResidentEntryPrize:
		if gross <= law.EntryFree {
			return gross, nil
		}
		return 0, law.progressive(gross)
	case ResidentAdvertisingPrize:
		if gross <= law.AdvertisingFree {
			return gross, nil
		}
		return law.AdvertisingFree, []Band{{yen(gross - law.AdvertisingFree), law.Low}}
	case Nonresident:
		rate := law.High
		if p.Treaty != nil && p.Treaty.Less(rate) { // a treaty limits the tax and never raises it
			rate = *p.Treaty
		}
		return 0, []Band{{yen(gross), rate}}
	}
	return gross, nil
}

// largest is the most yen that one payment may be: what the bank file can carry, a thousand times.
const largest = 10_000_000_000_000

// sum adds what is paid together.
func sum(list []money.Amount) (int64, error) {
	if len(list) == 0 {
		return 0, fault.New(fault.Invalid, "There is no amount to be taxed.", "課税する金額がありません。")
	}
	var n int64
	for _, a := range list {
		if a.Currency != money.JPY {
			return 0, fault.New(fault.Invalid, "%s is not in yen: convert it at the buying rate of the payment date first.",
				"%sは円ではありません。先に支払日の買相場で換算してください。", a)
		}
		if a.Minor <= 0 || a.Minor > largest {
			return 0, fault.New(fault.Invalid, "%s is no amount to be paid: it lies between ¥1 and %s.",
				"%sは支払額になりません。¥1から%sの間です。", a, yen(largest))
		}
		if n += a.Minor; n > largest {
			return 0, fault.New(fault.Invalid, "The amounts paid together are more than %s.", "同時に支払う金額の合計が%sを超えています。", yen(largest))
		}
	}
	return n, nil
}

func yen(n int64) money.Amount { return money.Amount{Minor: n, Currency: money.JPY} }
