package api

import (
	"context"
	"fmt"
	"io"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/withholding"
)

func payeeOperations() []operation {
	desk, tax, rates, screen := may(access.AwardRead), may(access.PayoutTax), may(access.PayoutRate), may(access.PayoutScreen)
	return []operation{
		{id: "read-payee", route: "GET /payees/{person}", does: "Where somebody is paid to, masked", needs: desk, do: answer(readPayee),
			more: "The number itself is shown in the pages alone, to a payer who gives a reason."},
		{id: "clear-name", route: "POST /payees/{person}/name", does: "Say that the name on an account is the participant's after all", needs: screen, do: perform(clearName)},
		{id: "list-screenings", route: "GET /payees/{person}/screenings", does: "How somebody was screened, the newest first", needs: desk, do: answer(listScreenings)},
		{id: "list-taxes", route: "GET /payees/{person}/taxes", does: "The tax categories that were set for somebody", needs: desk, do: answer(listTaxes)},
		{id: "set-tax", route: "POST /payees/{person}/taxes", does: "Set somebody's tax category from a day on", needs: tax, do: perform(setTax),
			more: "There is no default: it is a decision, with its legal head. Earlier ones stay on record."},
		{id: "list-rates", route: "GET /rates", does: "Exchange rates of a kind, the newest first", needs: desk, do: answer(listRates)},
		{id: "type-rate", route: "POST /rates", does: "Enter a rate by hand; it counts when a second person has entered the same", needs: rates, do: perform(typeRate)},
		{id: "import-rates", route: "POST /rates/{kind}/import", does: "Take a bank's CSV of rates: all or none", needs: rates,
			body: 16 << 20, stream: true, takes: bytesOf("text/csv"), do: answer(importRates)},
		{id: "list-sanctions-lists", route: "GET /sanctions-lists", does: "The sanctions lists that payees are screened against", needs: desk, do: answer(listSanctions)},
		{id: "load-sanctions-list", route: "POST /sanctions-lists/{list}", does: "Load a sanctions list in place of the one of its name", needs: screen,
			body: 256 << 20, stream: true, takes: bytesOf("application/octet-stream"), do: perform(loadSanctions), more: "One file; a list in several, such as OFAC's CSV, is loaded in the pages."},
		{id: "read-balances", route: "GET /ledger", does: "The sums of the ledger's accounts", needs: desk, do: answer(readBalances)},
		{id: "search-books", route: "GET /ledger/payments", does: "What was paid, by day, amount and payee", needs: tax, do: answer(searchBooks), more: "It opens names and addresses, so each search is on record."},
		{id: "list-statements", route: "GET /ledger/statements/{year}", does: "The statements of payment of a year", needs: tax, do: answer(listStatements)},
	}
}

var errDay = fault.New(fault.Invalid, "Write the day like 2019-01-31.", "日付は 2019-01-31 のように書いてください。")

type payeeView struct {
	Person    string    `json:"person"`
	Account   string    `json:"account" doc:"Masked."`
	Currency  string    `json:"currency"`
	Match     string    `json:"name_match" enum:"yes,review,no" doc:"Of the name given and the one on the account."`
	ClearedBy string    `json:"cleared_by,omitempty"`
	UpdatedAt time.Time `json:"updated_at"`
}

func showPayee(p payout.Payee) payeeView {
	return payeeView{p.Person, p.Masked, p.Currency, string(p.Match), p.ClearedBy, p.UpdatedAt}
}

// A PersonPath names a person.
type PersonPath struct {
	Person string `path:"person"`
}

func readPayee(ctx context.Context, v *visit, in *PersonPath) (payeeView, error) {
	p, err := v.Payouts.Payee(ctx, v.who, in.Person)
	return showPayee(p), err
}

func clearName(ctx context.Context, v *visit, in *struct {
	PersonPath
	Body struct {
		Note string `json:"note" doc:"Why it is the same person."`
	}
}) error {
	return v.Payouts.ClearName(ctx, v.who, in.Person, in.Body.Note)
}

func listScreenings(ctx context.Context, v *visit, in *PersonPath) (Page[screeningView], error) {
	all, err := v.Payouts.Screenings(ctx, v.who, in.Person)
	return Page[screeningView]{Items: each(all, showScreening)}, err
}

type categoryView struct {
	From     string    `json:"from"`
	Category string    `json:"category" enum:"resident_fee,resident_entry_prize,resident_advertising_prize,resident_other,nonresident"`
	Head     string    `json:"head" doc:"The legal head it rests on."`
	Treaty   string    `json:"treaty,omitempty" doc:"The treaty's limit in percent."`
	FormDay  string    `json:"form_day,omitempty" doc:"When the treaty form was handed in."`
	SetBy    string    `json:"set_by,omitempty" readOnly:"true"`
	SetAt    time.Time `json:"set_at,omitzero" readOnly:"true"`
}

func listTaxes(ctx context.Context, v *visit, in *PersonPath) (Page[categoryView], error) {
	all, err := v.Payouts.Taxes(ctx, v.who, in.Person)
	return Page[categoryView]{Items: each(all, func(t payout.Tax) categoryView {
		return categoryView{dayText(t.From), string(t.Category), t.Head, t.Treaty, dayText(t.FormDay), t.SetBy, t.SetAt}
	})}, err
}

func setTax(ctx context.Context, v *visit, in *struct {
	PersonPath
	Body categoryView
}) error {
	b := in.Body
	t := payout.Tax{Person: in.Person, Category: withholding.Category(b.Category), Head: b.Head, Treaty: b.Treaty}
	var err error
	if t.From, err = parseDay("from", b.From); err != nil {
		return err
	}
	if b.FormDay != "" {
		if t.FormDay, err = parseDay("form_day", b.FormDay); err != nil {
			return err
		}
	}
	return v.Payouts.SetTax(ctx, v.who, t)
}

type rateView struct {
	Kind        payout.RateKind `json:"kind" enum:"TTM,TTB"`
	Day         string          `json:"day"`
	Value       string          `json:"value" doc:"Yen for a dollar."`
	SHA256      string          `json:"sha256,omitempty" readOnly:"true"`
	EnteredBy   string          `json:"entered_by,omitempty" readOnly:"true"`
	ConfirmedBy string          `json:"confirmed_by,omitempty" readOnly:"true" doc:"Absent while a typed rate waits for a second person."`
}

func listRates(ctx context.Context, v *visit, in *struct {
	Kind  payout.RateKind `query:"kind" enum:"TTM,TTB" default:"TTM"`
	Until string          `query:"until"`
	Limit int             `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}) (Page[rateView], error) {
	var until calendar.Date
	if in.Until != "" {
		var err error
		if until, err = parseDay("query.until", in.Until); err != nil {
			return Page[rateView]{}, err
		}
	}
	all, err := v.Payouts.Rates(ctx, v.who, in.Kind, until, in.Limit)
	return Page[rateView]{Items: each(all, func(r payout.RateEntry) rateView {
		return rateView{r.Kind, dayText(r.Day), r.Value.String(), r.Hash, r.EnteredBy, r.ConfirmedBy}
	})}, err
}

func typeRate(ctx context.Context, v *visit, in *struct{ Body rateView }) error {
	on, err := parseDay("day", in.Body.Day)
	if err != nil {
		return err
	}
	return v.Payouts.TypeRate(ctx, v.who, in.Body.Kind, on, in.Body.Value)
}

func importRates(ctx context.Context, v *visit, in *struct {
	Kind payout.RateKind `path:"kind" enum:"TTM,TTB"`
}) (importView, error) {
	b, err := io.ReadAll(v.r.Body)
	if err != nil {
		return importView{}, fmt.Errorf("reading rates: %w", err)
	}
	n, err := v.Payouts.ImportRates(ctx, v.who, in.Kind, b)
	return importView{n}, err
}

type sanctionsView struct {
	Name    string    `json:"name"`
	SHA256  string    `json:"sha256"`
	Fetched time.Time `json:"fetched"`
}

func listSanctions(ctx context.Context, v *visit, _ *nothing) (Page[sanctionsView], error) {
	all, err := v.Payouts.Lists(ctx, v.who)
	return Page[sanctionsView]{Items: each(all, func(l payout.LoadedList) sanctionsView { return sanctionsView{l.Name, l.Hash, l.Fetched} })}, err
}

func loadSanctions(ctx context.Context, v *visit, in *struct {
	List    string    `path:"list"`
	File    string    `query:"file" required:"true" doc:"The file's name, such as sdn.xml."`
	Fetched time.Time `query:"fetched" required:"true" doc:"When it was fetched from its publisher."`
}) error {
	b, err := io.ReadAll(v.r.Body)
	if err != nil {
		return fmt.Errorf("reading a list: %w", err)
	}
	return v.Payouts.LoadList(ctx, v.who, in.List, in.Fetched, map[string][]byte{in.File: b})
}
