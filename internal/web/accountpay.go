package web

import (
	"net/http"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

const paymentsPath = "/account/payments"

// paymentRoutes are the addresses of a participant's own payments.
func (s *Server) paymentRoutes() []route {
	own := may(access.PayoutSupply)
	return []route{
		{pattern: "GET " + paymentsPath, handle: s.getPayments, need: own},
		{pattern: "POST " + paymentsPath, handle: s.postPayments, need: own},
		{pattern: "POST /account/payments/{award}/donate", handle: s.postDonate, need: own, again: paymentsPath},
	}
}

// A paymentsPage is what somebody is paid, and where to.
type paymentsPage struct {
	Frame
	Cards   []paymentCard
	Payee   *payout.Payee // nil: no data yet
	May     bool          // data can be given now
	Last    calendar.Date // the earliest day by which they are asked for, if they are
	Back    []payout.RunLine
	Abroad  bool // the form is for an account outside of Japan
	Profile participant.Profile
}

func (s *Server) getPayments(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	p := paymentsPage{Frame: s.frame(r, "Payments", "支払い")}
	own, err := s.Payouts.Own(ctx, who)
	if err != nil {
		return err
	}
	for _, one := range own {
		if err := s.Payouts.Seen(ctx, who, one.Award); err != nil {
			return err
		}
	}
	cards, err := s.Payouts.Cards(ctx, who)
	if err != nil {
		return err
	}
	for _, c := range cards {
		card, err := s.paymentCard(p.Frame, c)
		if err != nil {
			return err
		}
		p.add(card)
	}
	switch to, err := s.Payouts.Payee(ctx, who, who.ID); {
	case err == nil:
		p.Payee = &to
	case !notThere(err):
		return err
	}
	if p.Profile, err = s.Participants.Profile(ctx, who, who.ID); err != nil {
		return err
	}
	p.Abroad = p.Form.Or("account", r.URL.Query().Get("account")) == "abroad" || !p.Form.Typed() && !r.URL.Query().Has("account") && p.lives()
	p.Path, p.Keep = paymentsPath, "details"
	return s.show(w, r, "payments.html", p)
}

// lives reports whether they live abroad, which says where their account is likely to be.
func (p *paymentsPage) lives() bool { return p.Profile.Country != "" && p.Profile.Country != "JP" }

// add puts a card on the page and takes note of what it asks for.
func (p *paymentsPage) add(c paymentCard) {
	p.Cards = append(p.Cards, c)
	p.May = p.May || c.Payment.State.Supplies()
	if c.Lapse != nil && (p.Last.IsZero() || c.Lapse.Last.Before(p.Last)) {
		p.Last = c.Lapse.Last
	}
	if c.Run != nil && c.Run.Outcome == "returned" && c.Payment.State.Supplies() {
		p.Back = append(p.Back, *c.Run)
	}
}

// LastDay returns the earliest day by which data are asked for, as it is shown.
func (p paymentsPage) LastDay() Due { return p.Due(p.Last.End(japan)) }

// CountryOptions are the countries somebody can live in.
func (p paymentsPage) CountryOptions() []Option {
	return append([]Option{{Label: p.T("Choose", "選択してください")}}, countries()[p.Lang]...)
}

// KindOptions are the kinds of Japanese accounts.
func (p paymentsPage) KindOptions() []Option {
	return []Option{
		{Value: string(bank.Ordinary), Label: p.T("Ordinary", "普通")}, {Value: string(bank.Current), Label: p.T("Current", "当座")},
		{Value: string(bank.Savings), Label: p.T("Savings", "貯蓄")}, {Value: string(bank.Other), Label: p.T("Other", "その他")},
	}
}

// MatchText says how the name on the account compares with the participant's.
func (p paymentsPage) MatchText() string {
	switch {
	case p.Payee.Match == bank.Yes || p.Payee.ClearedBy != "":
		return p.T("The name on the account is yours.", "口座名義とお名前の一致を確認しました。")
	case p.Payee.Match == bank.Review:
		return p.T("A person compares the name on the account with yours before anything is paid.", "お支払いの前に、担当者が口座名義とお名前を確認します。")
	}
	return p.T("The name on the account is not the one you gave. If the account is yours, give both as they are in the bank's books; a person looks before anything is paid (terms 6.6).",
		"口座名義がお名前と異なります。ご本人の口座であれば、どちらも銀行の届出のとおりに入力し直してください。お支払いの前に担当者が確認します（規約6.6）。")
}

// MayDonate reports whether somebody can still wish to give their reward away.
func (p paymentsPage) MayDonate(c paymentCard) bool {
	return c.Ending == nil && slices.Contains([]payout.State{payout.Approved, payout.InfoRequested, payout.InfoReceived, payout.Screened, payout.RateSet, payout.Returned}, c.Payment.State)
}

func (s *Server) postPayments(w http.ResponseWriter, r *http.Request) error {
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	d := payout.Details{
		Name: v("name"), Kana: v("kana"), Street: v("street"), Town: v("town"), Country: v("country"), Phone: v("phone"),
		Own: v("own") == "yes", Japanese: v("account") != "abroad", Holder: v("holder"), BIC: v("bic"),
		Bank:     bankfile.Bank{Code: v("bank"), Branch: v("branch")},
		Account:  bankfile.Account{Kind: bank.Kind(v("kind")), Number: v("number"), HolderKana: v("holder_kana"), IBAN: v("iban")},
		Clearing: bankfile.Clearing{Member: v("routing")},
	}
	if err := s.Payouts.Supply(r.Context(), caller(r), d); err != nil {
		return err
	}
	s.flash(w, "Your payment details are in. Only a payer who gives a reason sees the number, and each look is on record.",
		"支払情報を受け付けました。口座番号を閲覧できるのは、理由を示した支払担当者だけで、閲覧はすべて記録されます。")
	return seeOther(w, r, paymentsPath)
}

func (s *Server) postDonate(w http.ResponseWriter, r *http.Request) error {
	award := r.PathValue("award")
	field := "wish-" + award // a page has one for each payment
	if err := s.Payouts.Propose(r.Context(), caller(r), award, payout.Donate, r.PostFormValue(field)); err != nil {
		return renamed("reason", field, err)
	}
	s.flash(w, "Your wish is noted. A person confirms it; until then nothing changes.", "ご希望を承りました。担当者が確認するまで、何も変わりません。")
	return seeOther(w, r, paymentsPath)
}
