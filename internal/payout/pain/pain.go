// Package pain writes the file with which banks take transfers in dollars: an ISO 20022 customer
// credit transfer initiation, pain.001.001.03 or pain.001.001.09.
//
// Everything is decided by the run alone: no clock and no random number, so that exporting twice gives
// the same bytes, and a bank that sees both can tell that they are one. The originator bears all
// charges (terms 6.5). Towns and countries have fields of their own, because banks no longer take
// addresses written as lines.
package pain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

// A Version is one of the message.
type Version string

// The versions.
const (
	V03 Version = "pain.001.001.03"
	V09 Version = "pain.001.001.09"
)

const namespace = "urn:iso:std:iso:20022:tech:xsd:"

// File returns the message for a run in dollars, or a bankfile.Refused with all its faults.
func File(r bankfile.Run, v Version) ([]byte, error) {
	if v != V03 && v != V09 {
		return nil, fault.New(fault.Invalid, "There is no version %s of the message; there are %s and %s.", "%sという版はありません。%sと%sがあります。", string(v), string(V03), string(V09))
	}
	f := &file{Checker: bankfile.NewChecker(r, money.USD), v: v, seen: map[string]int{}}
	doc := document{Namespace: namespace + string(v), Body: f.initiation(r)}
	if err := f.Err(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("writing %s: %w", v, err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// A file is one in the making.
type file struct {
	*bankfile.Checker
	v    Version
	seen map[string]int // end-to-end ids and their payments
}

// initiation returns the body of the message.
func (f *file) initiation(r bankfile.Run) initiation {
	f.identifier("id", r.ID)
	o := r.Originator
	debtor := f.party("originator.", o.Name, o.Town, o.Country)
	info := payment{
		ID: r.ID, Method: "TRF", Day: f.day(r.Date),
		Debtor:  debtor,
		Account: f.account("originator.", o.Account),
		Agent:   f.agent("originator.", o.BIC, f.zengin(o)),
		Charges: "DEBT",
	}
	var cents int64
	for i, p := range r.Payments {
		f.At(i + 1)
		if p.InAnother(money.USD) {
			continue
		}
		if p.Amount.Minor > maxCents-cents {
			f.Add("amount_usd", fault.New(fault.Invalid, "With it the run is more than the file can carry, %s.", "これを加えると、ファイルで支払える上限%sを超えます。", money.Cents(maxCents)))
		} else {
			cents += p.Amount.Minor
		}
		info.Transfers = append(info.Transfers, f.transfer(r.ID, i+1, p))
	}
	f.At(0)
	info.Count, info.Sum = len(r.Payments), money.Cents(cents).Decimal()
	return initiation{
		Header: header{
			ID: r.ID, Created: created(r), Count: info.Count, Sum: info.Sum,
			Initiator: initiator{Name: o.Name},
		},
		Info: info,
	}
}

// maxCents is 18 digits, the length of an amount in the message.
const maxCents = 999_999_999_999_999_999

// created is when the run was made, or the beginning of the day on which it is paid: the message wants
// a time, and the machine's own would make every export another file.
func created(r bankfile.Run) string {
	t := r.Made
	if t.IsZero() {
		t = r.Date.Start(calendar.JST)
	}
	return t.In(calendar.JST).Format(time.RFC3339)
}

func (f *file) day(d calendar.Date) day {
	if f.v == V03 {
		return day{Plain: d.String()}
	}
	return day{Date: d.String()}
}

// transfer returns one payment, the one at this place.
func (f *file) transfer(run string, at int, p bankfile.Payment) transfer {
	if f.identifier("end_to_end_id", p.EndToEndID); p.EndToEndID != "" {
		if first := f.seen[p.EndToEndID]; first > 0 {
			f.Add("end_to_end_id", fault.New(fault.Invalid, "“%s” is that of payment %d too: the bank would take one of them for a copy.",
				"「%s」は支払い%dと重複しています。銀行で二重送信とみなされます。", p.EndToEndID, first))
		} else {
			f.seen[p.EndToEndID] = at
		}
	}
	t := transfer{
		ID:       ids{EndToEnd: p.EndToEndID},
		Amount:   amount{Currency: money.USD, Value: p.Amount.Decimal()},
		Agent:    f.agent("", p.BIC, f.clearing(p.Clearing)),
		Creditor: f.party("", p.Name, p.Town, p.Country),
		Account:  f.account("", p.Account),
	}
	if f.v == V09 {
		t.ID.UETR = uetr(run, p.EndToEndID)
	}
	if p.Reference != "" {
		f.Add("reference", text(p.Reference, 140, plain))
		t.Remittance = &remittance{Text: p.Reference}
	}
	return t
}

// uetr returns the payment's unique end-to-end transaction reference: a UUID of the random kind whose
// random bits are a hash of the run and the payment.
func uetr(run, endToEnd string) string {
	h := sha256.Sum256([]byte("hinomi.dev/uetr/1\x00" + run + "\x00" + endToEnd))
	h[6] = h[6]&0x0f | 0x40 // version 4
	h[8] = h[8]&0x3f | 0x80 // the variant of RFC 9562
	s := hex.EncodeToString(h[:16])
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// zengin returns the clearing code of a Japanese bank's branch, if it is given.
func (f *file) zengin(o bankfile.Originator) *clearing {
	if o.Bank == (bankfile.Bank{}) {
		return nil
	}
	f.Add("originator.bank.code", bank.CheckBankCode(o.Bank.Code))
	f.Add("originator.bank.branch", bank.CheckBranchCode(o.Bank.Branch))
	return &clearing{System: "JPZGN", Member: o.Bank.Code + o.Bank.Branch}
}
