package program

import (
	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// accountName answers whether an account is the person's own: a proposal, a person decides.
func accountName(q *question) reply {
	t := q.newest()
	name, holder, kana := q.text("name"), q.text("holder"), ""
	if q.given("kana") && string(q.fields["kana"]) != `""` {
		kana = q.text("kana")
	}
	if q.err != nil {
		return reply{}
	}
	v := bank.Match(name, kana, holder)
	r := t.citing("6.6")
	r.Answer = struct {
		Match  bank.Answer `json:"match"`
		Reason string      `json:"reason"`
		Text   lang.Text   `json:"text"`
	}{v.Match, v.Reason, v.Text}
	return r
}

// zenginName answers how the file for Japanese banks carries a name.
func zenginName(q *question) reply {
	t := q.newest()
	name := q.text("name")
	if q.err != nil {
		return reply{}
	}
	k, err := bank.Zengin(name)
	if err != nil {
		q.ill("name", err)
		return reply{}
	}
	r := t.citing("6.5")
	r.Answer = struct {
		Kana  bank.Kana `json:"kana"`
		Bytes int       `json:"bytes"`
		Fits  bool      `json:"fits"`
	}{k, k.Len(), 0 < k.Len() && k.Len() <= bank.PayeeLength}
	return r
}

// A number is the answer about the number of an account or a bank.
type number struct {
	Valid   bool       `json:"valid"`
	IBAN    string     `json:"iban,omitempty"` // as it is printed
	BIC     string     `json:"bic,omitempty"`
	Country string     `json:"country,omitempty"`
	Reason  *lang.Text `json:"reason,omitempty"` // why it is not
}

// iban answers whether an IBAN can be one.
func iban(q *question) reply {
	t, s := q.newest(), q.text("iban")
	if q.err != nil {
		return reply{}
	}
	r := t.citing("6.5", "6.5.ii")
	got, err := bank.CheckIBAN(s)
	if err != nil {
		r.Answer = number{Reason: &fault.As(err).Text}
		return r
	}
	r.Answer = number{Valid: true, IBAN: bank.FormatIBAN(got), Country: got[:2]}
	return r
}

// bic answers whether a BIC can be one.
func bic(q *question) reply {
	t, s := q.newest(), q.text("bic")
	if q.err != nil {
		return reply{}
	}
	r := t.citing("6.5", "6.5.ii")
	got, err := bank.CheckBIC(s)
	if err != nil {
		r.Answer = number{Reason: &fault.As(err).Text}
		return r
	}
	r.Answer = number{Valid: true, BIC: got, Country: got[4:6]}
	return r
}
