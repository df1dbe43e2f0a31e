// Package bankfile is a payment run as it is handed to a bank, whatever the format of the file.
//
// A run that a bank could not carry out as it stands is refused whole: nothing is cut, left out or
// put right, and every fault is named with its payment, so that one look is enough to mend them all.
// The packages zengin and pain write the files; this one has what they share.
package bankfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
)

// A Run is payments of one currency to be carried out on one day, in the order of the file.
type Run struct {
	ID   string
	Date calendar.Date // when the bank pays
	// Made is when the run was locked, or zero when nobody says. The file does not depend on the
	// machine's clock, so that the same run gives the same bytes.
	Made       time.Time
	Originator Originator
	Payments   []Payment
}

// An Originator is who pays: the program's operator.
type Originator struct {
	ClientCode string `json:"client_code"` // the bank's code for this customer
	NameKana   string `json:"name_kana"`
	Name       string `json:"name"`
	Town       string `json:"town"`
	Country    string `json:"country"`
	BIC        string `json:"bic"`

	Bank    Bank    `json:"bank"`
	Account Account `json:"account"`
}

// A Bank is a branch of a Japanese bank.
type Bank struct {
	Code           string `json:"code"`
	NameKana       string `json:"name_kana"`
	Branch         string `json:"branch"`
	BranchNameKana string `json:"branch_name_kana"`
}

// An Account is one at a Japanese bank (kind, number, holder in kana), or elsewhere (IBAN, or a number
// where there are none).
type Account struct {
	Kind       bank.Kind `json:"kind"`
	Number     string    `json:"number"`
	HolderKana string    `json:"holder_kana"`
	IBAN       string    `json:"iban"`
}

// A Clearing is a bank's number in the clearing system of its country, such as USABA and nine
// digits in the United States.
type Clearing struct {
	System string `json:"system"`
	Member string `json:"member"`
}

// A Payment is money to one person.
type Payment struct {
	Participant string
	Reference   string
	EndToEndID  string // for dollars: comes back with every answer of a bank
	Amount      money.Amount

	Name     string
	Town     string
	Country  string
	BIC      string
	Clearing Clearing

	Bank    Bank
	Account Account
}

// InAnother reports whether the payment is in another currency than that of a file. Then this is said
// of it, and that it lacks the fields of that file is not.
func (p Payment) InAnother(currency string) bool {
	return p.Amount.Currency != "" && p.Amount.Currency != currency
}

// A Fault is what is wrong with one field of a payment, or of the run.
type Fault struct {
	Payment     int    // its place, from 1; 0 for the run
	Participant string // of the payment
	*fault.Error
}

// In returns the fault as a line for people: the payment, the field, and what would be right.
func (f Fault) In(l lang.Lang) string {
	var where string
	switch {
	case f.Payment == 0:
		where = map[lang.Lang]string{lang.EN: "the run", lang.JA: "支払い全体"}[l]
	case l == lang.JA:
		where = fmt.Sprintf("支払い%d（参加者%s）", f.Payment, f.Participant)
	default:
		where = fmt.Sprintf("payment %d (participant %s)", f.Payment, f.Participant)
	}
	return where + ", " + f.Field + ": " + f.Text.In(l)
}

// Refused is every fault of a run.
type Refused []Fault

// Error returns the faults, one a line.
func (r Refused) Error() string {
	lines := make([]string, len(r))
	for i, f := range r {
		lines[i] = f.In(lang.EN)
	}
	return strings.Join(lines, "\n")
}

// And returns both lists of faults in the order of the payments. Where reading a field has failed,
// what a later check says of the same field is left out.
func (r Refused) And(more Refused) Refused {
	said := map[string]bool{}
	for _, f := range r {
		said[f.key()] = true
	}
	all := slices.Clone(r)
	for _, f := range more {
		if !said[f.key()] {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.Payment, b.Payment) })
	return all
}

// key is the field, with the amounts in two currencies as one.
func (f Fault) key() string {
	field := f.Field
	if strings.HasPrefix(field, "amount") {
		field = "amount"
	}
	return fmt.Sprint(f.Payment, field)
}

// A Checker collects the faults of a run while a format goes through it.
type Checker struct {
	run    Run
	at     int // the payment in hand, from 1; 0 for the run
	faults Refused
}

// NewChecker returns a Checker that has looked at what every format needs: the day, and amounts above
// zero in the currency of the file.
func NewChecker(r Run, currency string) *Checker {
	c := &Checker{run: r}
	c.day()
	if len(r.Payments) == 0 {
		c.Add("payments", fault.New(fault.Invalid, "There are none, and a file has at least one.", "支払いがありません。1件以上必要です。"))
	}
	for i, p := range r.Payments {
		c.At(i + 1)
		c.amount(p, currency)
	}
	c.At(0)
	return c
}

// At names the payment that the next faults are about, from 1, or 0 for the run.
func (c *Checker) At(payment int) { c.at = payment }

// Add puts a fault of a field on the list; an err that is nil is none.
func (c *Checker) Add(field string, err error) {
	if err == nil {
		return
	}
	f := fault.As(err)
	if f == nil {
		panic("bankfile: a fault without a sentence: " + err.Error())
	}
	one := Fault{Payment: c.at, Error: f.At(field)}
	if c.at > 0 {
		one.Participant = cmp.Or(c.run.Payments[c.at-1].Participant, "?")
	}
	c.faults = append(c.faults, one)
}

// Err returns the faults as an error, or nil.
func (c *Checker) Err() error {
	if len(c.faults) == 0 {
		return nil
	}
	return Refused(nil).And(c.faults)
}

// day checks when the bank shall pay.
func (c *Checker) day() {
	d := c.run.Date
	switch made := calendar.In(c.run.Made, calendar.JST); {
	case d.IsZero():
		c.Add("date", fault.New(fault.Invalid, "It is missing. Write it like 2019-01-31.", "日付がありません。2019-01-31 のように書いてください。"))
	case !calendar.Known(d):
		c.Add("date", fault.New(fault.Invalid, "%v is outside the years whose bank days are known, %d to %d.",
			"%vの銀行営業日は分かりません。分かるのは%d年から%d年までです。", d, calendar.FirstYear, calendar.LastYear))
	case !calendar.BankDay(d):
		c.Add("date", fault.New(fault.Invalid, "Banks are closed on %v. The bank day before is %v, the next one %v.",
			"%vは銀行の休業日です。前の営業日は%v、次の営業日は%vです。", d, calendar.PrevBankDay(d), calendar.NextBankDay(d)))
	case !c.run.Made.IsZero() && d.Before(made):
		c.Add("date", fault.New(fault.Invalid, "%v lies before %v, when the run was made.", "%vは、ファイル作成日%vより前です。", d, made))
	}
}

// amount checks one amount.
func (c *Checker) amount(p Payment, currency string) {
	a := p.Amount
	field := "amount_" + strings.ToLower(currency)
	switch {
	case a.Currency == "":
		c.Add(field, fault.New(fault.Invalid, "It is missing.", "金額がありません。"))
	case p.InAnother(currency):
		c.Add("amount_"+strings.ToLower(a.Currency), fault.New(fault.Invalid, "This file is for %[2]s, not for %[1]s: split the run by currency first.",
			"このファイルで支払えるのは%[2]sだけで、%[1]sは支払えません。先に通貨ごとに分けてください。", a.Currency, currency))
	case a.Minor <= 0:
		c.Add(field, fault.New(fault.Invalid, "%s cannot be paid: the amount has to be above zero.", "%sは支払えません。0より大きい金額にしてください。", a))
	}
}
