package payout

import (
	"math/big"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/withholding"
)

// A Part is one award in what is paid to a person at one time.
type Part struct {
	Award string `json:"award"`
	USD   int64  `json:"usd"`   // cents
	Rate  string `json:"rate"`  // of yen for a dollar; empty for a payment in dollars
	Gross int64  `json:"gross"` // in the smallest unit of the currency
}

// Inputs are everything that a person's payment in a run is computed from. They are kept, so that it can
// be computed again years later.
type Inputs struct {
	Day      calendar.Date `json:"day"` // of the payment
	Currency string        `json:"currency"`
	Category string        `json:"category"`
	Head     string        `json:"head"`
	Treaty   string        `json:"treaty,omitempty"`   // percent
	FormDay  string        `json:"form_day,omitempty"` // when the treaty form was handed in
	TTB      string        `json:"ttb,omitempty"`      // the buying rate of the day, for dollars
	Parts    []Part        `json:"parts"`
}

// An Item is one award in a run.
type Item struct {
	Award string
	Gross money.Amount
	Tax   money.Amount
	Net   money.Amount
}

// Compute returns what each award comes to. The bands of the law apply to all that is paid to a person
// at one time; the tax is then divided among the awards by their size, and the last takes what is left.
func (in Inputs) Compute() ([]Item, error) {
	for _, p := range in.Parts {
		if p.Rate != "" {
			if err := p.recompute(); err != nil {
				return nil, err
			}
		}
	}
	t, err := in.Tax()
	if err != nil {
		return nil, err
	}
	gross, tax := in.Gross(), t.Tax
	if in.Currency == money.USD {
		tax, _ = t.Dollars(gross)
	}
	return divide(in.Parts, gross, tax)
}

// Gross returns what a person is paid at one time, before tax.
func (in Inputs) Gross() money.Amount {
	gross := money.Amount{Currency: in.Currency}
	for _, p := range in.Parts {
		gross.Minor += p.Gross
	}
	return gross
}

// Tax returns the tax on all that a person is paid at one time, in yen, band by band.
func (in Inputs) Tax() (withholding.Tax, error) {
	base, err := in.base(in.Gross())
	if err != nil {
		return withholding.Tax{}, err
	}
	payee := withholding.Payee{Category: withholding.Category(in.Category)}
	if payee.Treaty, err = in.treaty(); err != nil {
		return withholding.Tax{}, err
	}
	return payee.Compute(in.Day, base)
}

// recompute checks the yen of an award against its rate.
func (p Part) recompute() error {
	rate, err := money.ParseDecimal(p.Rate)
	if err != nil {
		return err
	}
	yen, err := money.Yen(money.Cents(p.USD), rate)
	if err != nil {
		return err
	}
	if yen.Minor != p.Gross {
		return fault.New(fault.Conflict, "Award %s is on record with other yen than its rate gives.", "報奨金%sの円額が、レートから計算した額と異なります。", p.Award)
	}
	return nil
}

// base returns the yen that are taxed: dollars at the buying rate of the payment day.
func (in Inputs) base(gross money.Amount) (money.Amount, error) {
	if in.Currency == money.JPY {
		return gross, nil
	}
	if in.TTB == "" {
		return gross, fault.New(fault.Conflict, "The buying rate (TTB) of %v is needed for the tax on dollars.", "ドル払いの源泉徴収には、%vの買相場（TTB）が必要です。", in.Day)
	}
	rate, err := money.ParseDecimal(in.TTB)
	if err != nil {
		return gross, err
	}
	return money.Yen(gross, rate)
}

// treaty returns the limit of the treaty if its form was in time, and nil otherwise: then the domestic
// rate holds, and the payee asks for a refund.
func (in Inputs) treaty() (*money.Decimal, error) {
	if in.Treaty == "" || in.FormDay == "" {
		return nil, nil
	}
	handed, err := calendar.Parse(in.FormDay)
	if err != nil {
		return nil, err
	}
	if !withholding.FormInTime(handed, in.Day) {
		return nil, nil
	}
	rate, err := money.ParseDecimal(in.Treaty)
	return &rate, err
}

func divide(parts []Part, gross, tax money.Amount) ([]Item, error) {
	items, taxes := make([]Item, len(parts)), shares(parts, gross.Minor, tax.Minor)
	for i, p := range parts {
		amount := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: gross.Currency} }
		items[i] = Item{Award: p.Award, Gross: amount(p.Gross), Tax: amount(taxes[i]), Net: amount(p.Gross - taxes[i])}
		if items[i].Net.Minor <= 0 {
			return nil, fault.New(fault.Conflict, "Nothing is left of award %s after tax.", "税引き後、報奨金%sの支払額がありません。", p.Award)
		}
	}
	return items, nil
}

// shares divides an amount among the awards by their size; the last takes what is left.
func shares(parts []Part, gross, amount int64) []int64 {
	all, left := make([]int64, len(parts)), amount
	for i, p := range parts {
		all[i] = left
		if i < len(parts)-1 {
			exact := new(big.Int).Mul(big.NewInt(amount), big.NewInt(p.Gross))
			all[i] = exact.Quo(exact, big.NewInt(gross)).Int64()
		}
		left -= all[i]
	}
	return all
}
