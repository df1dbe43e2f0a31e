package bankfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
)

// MaxRun is how many bytes a run may have: a hundred thousand payments, and more than any bank takes.
const MaxRun = 64 << 20

// A runJSON is a run as its file has it.
type runJSON struct {
	ID         string        `json:"id"`
	Date       string        `json:"date"`
	Made       string        `json:"made"`
	Originator Originator    `json:"originator"`
	Payments   []paymentJSON `json:"payments"`
}

type paymentJSON struct {
	Participant string          `json:"participant"`
	Reference   string          `json:"reference"`
	EndToEndID  string          `json:"end_to_end_id"`
	JPY         json.RawMessage `json:"amount_jpy"` // whole yen, as a number
	USD         json.RawMessage `json:"amount_usd"` // as a string: a number could have been rounded on its way
	Name        string          `json:"name"`
	Town        string          `json:"town"`
	Country     string          `json:"country"`
	BIC         string          `json:"bic"`
	Clearing    Clearing        `json:"clearing"`
	Bank        Bank            `json:"bank"`
	Account     Account         `json:"account"`
}

// Read reads a run in JSON. What is wrong with single fields is returned with the run, so that the
// rest can be checked too; err is about a file that is no run at all.
func Read(r io.Reader) (Run, Refused, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxRun+1))
	if err != nil {
		return Run{}, nil, fmt.Errorf("reading the run: %w", err)
	}
	if len(b) > MaxRun {
		return Run{}, nil, fault.New(fault.Invalid, "The run is larger than %d bytes.", "支払いファイルが%dバイトを超えています。", MaxRun)
	}
	var in runJSON
	if err := json.Unmarshal(bytes.TrimPrefix(b, []byte("\ufeff")), &in); err != nil {
		return Run{}, nil, notRead(err)
	}
	run := Run{ID: in.ID, Originator: in.Originator}
	for _, p := range in.Payments {
		run.Payments = append(run.Payments, Payment{
			Participant: p.Participant, Reference: p.Reference, EndToEndID: p.EndToEndID,
			Name: p.Name, Town: p.Town, Country: p.Country, BIC: p.BIC, Clearing: p.Clearing, Bank: p.Bank, Account: p.Account,
		})
	}
	c := &Checker{run: run}
	run.Date, run.Made = c.readDate(in.Date), c.readMade(in.Made)
	for i, p := range in.Payments {
		c.At(i + 1)
		run.Payments[i].Amount = c.readAmount(p)
	}
	return run, c.faults, nil
}

// ReadOriginator reads who pays, in JSON, as a run has it. A key that it does not know is a mistake in
// what nobody looks at again before money moves.
func ReadOriginator(r io.Reader) (Originator, error) {
	var o Originator
	d := json.NewDecoder(io.LimitReader(r, 1<<16))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fault.New(fault.Invalid, "The originator cannot be read: %s.", "振込依頼人のファイルを読めません（%s）。", err.Error()).Because(err)
	}
	return o, nil
}

// notRead says why JSON is no run.
func notRead(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fault.New(fault.Invalid, "The run cannot be read: %[1]s has the wrong kind of value, %[2]s, at byte %[3]d.", "支払いファイルを読めません。%[1]sの値の種類が違います（%[2]s、%[3]dバイト目）。",
			t.Field, t.Value, t.Offset).Because(err)
	}
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fault.New(fault.Invalid, "The run is no JSON: %[1]s, at byte %[2]d.", "支払いファイルはJSONではありません。%[1]s（%[2]dバイト目）。", s.Error(), s.Offset)
	}
	return fault.New(fault.Invalid, "The run cannot be read.", "支払いファイルを読めません。").Because(err)
}

func (c *Checker) readDate(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil && s != "" {
		c.Add("date", fault.New(fault.Invalid, "“%s” is no date. Write it like 2019-01-31.", "「%s」は日付として読めません。2019-01-31 のように書いてください。", s))
	}
	return d
}

func (c *Checker) readMade(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	if d, err := calendar.Parse(s); err == nil {
		return d.Start(calendar.JST)
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		c.Add("made", fault.New(fault.Invalid, "“%s” is no time. Write it like 2019-01-28T10:00:00+09:00.",
			"「%s」は日時として読めません。2019-01-28T10:00:00+09:00 のように書いてください。", s))
	}
	return t
}

var wholeNumber = regexp.MustCompile(`^-?[0-9]{1,15}$`)

// readAmount reads the amount of a payment, in the one currency that it has.
func (c *Checker) readAmount(p paymentJSON) money.Amount {
	given := func(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
	switch {
	case given(p.JPY) && given(p.USD):
		c.Add("amount_usd", fault.New(fault.Invalid, "It has an amount in yen and one in dollars: a payment has one.", "円とドルの両方の金額があります。どちらか一方にしてください。"))
	case given(p.JPY):
		return c.readYen(p.JPY)
	case given(p.USD):
		return c.readDollars(p.USD)
	}
	return money.Amount{}
}

func (c *Checker) readYen(raw []byte) money.Amount {
	a := money.Amount{Currency: money.JPY}
	if !wholeNumber.Match(raw) {
		c.Add("amount_jpy", fault.New(fault.Invalid, "%.40s is no amount of yen: write a whole number such as 984722.",
			"%.40sは円の金額として読めません。984722 のような整数で書いてください。", raw))
		return a
	}
	if err := json.Unmarshal(raw, &a.Minor); err != nil { // such as -0123
		c.Add("amount_jpy", fault.New(fault.Invalid, "%.40s is no number.", "%.40sは数値ではありません。", raw).Because(err))
	}
	return a
}

func (c *Checker) readDollars(raw []byte) money.Amount {
	bad := fault.New(fault.Invalid, "%.40s is no amount of dollars: write a string with at most two digits after the point, such as \"1591.60\".",
		"%.40sはドルの金額として読めません。\"1591.60\" のように、小数点以下2桁までの文字列で書いてください。", raw)
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		c.Add("amount_usd", bad.Because(err))
		return money.Amount{Currency: money.USD}
	}
	a, err := money.Parse(s, money.USD)
	if err != nil {
		c.Add("amount_usd", bad)
		return money.Amount{Currency: money.USD}
	}
	return a
}
