package api

import (
	"context"

	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
)

type balanceView struct {
	Account payout.Account `json:"account"`
	Sum     sumView        `json:"sum" doc:"Above zero: what we have or spent. Below: what we owe."`
}

func readBalances(ctx context.Context, v *visit, _ *nothing) (Page[balanceView], error) {
	all, err := v.Payouts.Balances(ctx, v.who)
	return Page[balanceView]{Items: each(all, func(b payout.Balance) balanceView { return balanceView{b.Account, sum(b.Amount)} })}, err
}

type bookView struct {
	Run      string  `json:"run"`
	Award    string  `json:"award"`
	Person   string  `json:"person"`
	Name     string  `json:"name,omitempty" doc:"Absent when the books of the year were destroyed."`
	Address  string  `json:"address,omitempty"`
	Country  string  `json:"country,omitempty"`
	Day      string  `json:"day"`
	Gross    sumView `json:"gross"`
	Tax      sumView `json:"tax"`
	Net      sumView `json:"net"`
	TaxJPY   int64   `json:"tax_jpy"`
	Returned bool    `json:"returned"`
}

func searchBooks(ctx context.Context, v *visit, in *struct {
	From     string `query:"from"`
	To       string `query:"to"`
	Currency string `query:"currency" enum:"JPY,USD"`
	Min      string `query:"min" doc:"Of the net amount; needs the currency."`
	Max      string `query:"max"`
	Payee    string `query:"payee" doc:"A part of the name, or the person's id."`
}) (Page[bookView], error) {
	s := payout.Search{Currency: in.Currency, Payee: in.Payee}
	var err error
	if in.From != "" {
		if s.From, err = parseDay("query.from", in.From); err != nil {
			return Page[bookView]{}, err
		}
	}
	if in.To != "" {
		if s.To, err = parseDay("query.to", in.To); err != nil {
			return Page[bookView]{}, err
		}
	}
	for name, bound := range map[string]struct {
		text string
		at   *int64
	}{"query.min": {in.Min, &s.Min}, "query.max": {in.Max, &s.Max}} {
		if bound.text == "" {
			continue
		}
		a, err := money.Parse(bound.text, in.Currency)
		if err != nil {
			return Page[bookView]{}, at(name, err)
		}
		*bound.at = a.Minor
	}
	all, err := v.Payouts.Books(ctx, v.who, s)
	return Page[bookView]{Items: each(all, func(e payout.Extract) bookView {
		return bookView{e.Run, e.Award, e.Person, e.Payee.Name, e.Payee.Address, e.Payee.Country, dayText(e.Day), sum(e.Gross), sum(e.Tax), sum(e.Net), e.TaxJPY, e.Returned}
	})}, err
}

type statementView struct {
	Person   string `json:"person"`
	Name     string `json:"name,omitempty"`
	Address  string `json:"address,omitempty"`
	Country  string `json:"country,omitempty"`
	Category string `json:"category"`
	Payments int    `json:"payments"`
	GrossJPY int64  `json:"gross_jpy"`
	TaxJPY   int64  `json:"tax_jpy"`
	Due      bool   `json:"due" doc:"The law wants it filed."`
	FileBy   string `json:"file_by"`
}

func listStatements(ctx context.Context, v *visit, in *struct {
	Year int `path:"year" minimum:"2000" maximum:"2999"`
}) (Page[statementView], error) {
	all, err := v.Payouts.Statements(ctx, v.who, in.Year)
	return Page[statementView]{Items: each(all, func(s payout.Statement) statementView {
		return statementView{s.Person, s.Payee.Name, s.Payee.Address, s.Payee.Country, string(s.Category), s.Payments, s.Gross, s.Tax, s.Due, dayText(s.FileBy)}
	})}, err
}
