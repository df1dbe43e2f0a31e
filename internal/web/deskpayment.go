package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/screening"
	"hinomi.dev/hinomi/internal/withholding"
)

// A paymentPage is one payment as the desk sees it: the card that the participant sees too, and what
// may be done.
type paymentPage struct {
	Frame
	Row       payout.Row
	Card      paymentCard
	Name      string         // of who is paid
	Payee     *payout.Payee  // nil before there are payment data
	Opened    *openedAccount // after a view that was asked for
	Taxes     []payout.Tax
	Findings  []payout.Finding // for who screens
	Proposals []payout.Proposal
	Labels    map[string]person.Label
	Today     calendar.Date
}

// An openedAccount is an account that somebody asked to see unmasked.
type openedAccount struct {
	payout.Details
	Why string
}

func (s *Server) getPayment(w http.ResponseWriter, r *http.Request) error {
	p, err := s.paymentPage(r)
	if err != nil {
		return err
	}
	return s.show(w, r, "payment.html", p)
}

// paymentPage gathers what the page of a payment shows to this reader.
func (s *Server) paymentPage(r *http.Request) (paymentPage, error) {
	ctx, who, award := r.Context(), caller(r), r.PathValue("award")
	row, err := s.Payouts.Row(ctx, who, award)
	if err != nil {
		return paymentPage{}, err
	}
	p := paymentPage{Frame: s.frame(r, "Payment for %s", "%s の支払い", row.Report), Row: row, Today: calendar.In(s.Now(), japan)}
	p.Path, p.Keep = payDeskPath+"/"+award, ""
	card, err := s.Payouts.Card(ctx, who, award)
	if err != nil {
		return p, err
	}
	if p.Card, err = s.paymentCard(p.Frame, card); err != nil {
		return p, err
	}
	switch to, err := s.Payouts.Payee(ctx, who, row.Person); {
	case err == nil:
		p.Payee = &to
	case !notThere(err):
		return p, err
	}
	if p.Taxes, err = s.Payouts.Taxes(ctx, who, row.Person); err != nil {
		return p, err
	}
	if p.Proposals, err = s.Payouts.ProposalsOn(ctx, who, award); err != nil {
		return p, err
	}
	if p.Payee != nil && p.Can(string(access.PayoutScreen)) {
		if p.Findings, err = s.Payouts.Findings(ctx, who, row.Person); err != nil {
			return p, err
		}
	}
	if p.Labels, err = s.labels(ctx, who, p.people()...); err != nil {
		return p, err
	}
	p.Name = p.Who(p.Labels[row.Person])
	return p, nil
}

// people are those whose names stand on the page.
func (p paymentPage) people() []string {
	ids := []string{p.Row.Person}
	if p.Payee != nil {
		ids = append(ids, p.Payee.ClearedBy)
	}
	for _, t := range p.Taxes {
		ids = append(ids, t.SetBy)
	}
	for _, f := range p.Findings {
		ids = append(ids, f.DecidedBy)
	}
	for _, x := range p.Proposals {
		ids = append(ids, x.ProposedBy, x.DecidedBy)
	}
	return ids
}

// By returns how somebody is called.
func (p paymentPage) By(id string) string { return nameOf(p.Labels, id, p.Lang) }

// Steps reports whether the payment stands at this step, and the reader may take it.
func (p paymentPage) Steps(all ...string) bool {
	for _, s := range all {
		if p.Row.Step == payout.Step(s) {
			need := stepNeeds[p.Row.Step]
			return need != "" && p.Can(string(need))
		}
	}
	return false
}

// Hit returns the screening that waits for a person, if the newest one does.
func (p paymentPage) Hit() *payout.Finding {
	if len(p.Findings) > 0 && p.Findings[0].Open() && p.Payee != nil && p.Findings[0].Revision == p.Payee.Revision {
		return &p.Findings[0]
	}
	return nil
}

// NameWaits reports whether the name on the account has to be looked at.
func (p paymentPage) NameWaits() bool {
	return p.Payee != nil && p.Payee.Match != bank.Yes && p.Payee.ClearedBy == "" && p.Can(string(access.PayoutScreen))
}

// Waits returns the proposal that waits for a decision.
func (p paymentPage) Waits() *payout.Proposal {
	if i := slices.IndexFunc(p.Proposals, func(x payout.Proposal) bool { return x.State == "proposed" }); i >= 0 {
		return &p.Proposals[i]
	}
	return nil
}

// MayDecide reports whether the reader may decide on a proposal: never on their own.
func (p paymentPage) MayDecide(x payout.Proposal) bool {
	return p.Can(string(access.PayoutDecide)) && p.Caller.Kind == access.Staff && !p.Caller.Is(x.ProposedBy)
}

// Endings are the ways in which the payment can end from where it stands, as a choice.
func (p paymentPage) Endings() []Option {
	if p.Waits() != nil {
		return nil
	}
	var all []Option
	for _, e := range []payout.Event{payout.Waive, payout.Dissolve, payout.Refuse, payout.Donate, payout.Refund} {
		if _, err := p.Row.State.After(e); err == nil {
			all = append(all, Option{Value: string(e), Label: p.In(endings[e].does), Help: p.In(endings[e].help)})
		}
	}
	return all
}

// endings are what each proposal would do, and when it is right.
var endings = map[payout.Event]struct{ does, help lang.Text }{
	payout.Waive: {lang.Text{EN: "The right counts as waived (6.5)", JA: "権利放棄とみなす（6.5）"},
		lang.Text{EN: "No payment data by the last day, although the request and two reminders stood in the account.", JA: "依頼と2回のお知らせを行ったが、期限までに支払情報の提出がない場合。"}},
	payout.Dissolve: {lang.Text{EN: "The duty to pay has ended (6.8)", JA: "支払義務の消滅（6.8）"},
		lang.Text{EN: "No reply within thirty days, or the money cannot be received.", JA: "30日以内に返信がない、または送金を受け取れない場合。"}},
	payout.Refuse: {lang.Text{EN: "Payment is refused (6.10)", JA: "支払いの拒絶（6.10）"},
		lang.Text{EN: "A breach of the terms is clear, or a hit of the screening was confirmed.", JA: "規約違反が明らかな場合、または制裁リストへの該当が確認された場合。"}},
	payout.Donate: {lang.Text{EN: "Donated at the participant’s wish", JA: "参加者の希望により寄付"},
		lang.Text{EN: "The participant chose it; the charity is paid in their stead.", JA: "参加者本人の希望により、寄付先に支払う場合。"}},
	payout.Refund: {lang.Text{EN: "Ask for a refund (6.10)", JA: "返還の請求（6.10）"},
		lang.Text{EN: "A breach became clear after the payment.", JA: "支払い後に規約違反が明らかになった場合。"}},
}

// EventName returns what a proposal would do, in words.
func (p paymentPage) EventName(e payout.Event) string { return p.In(endings[e].does) }

// Clause returns the clause that a proposal rests on, or nil.
func (p paymentPage) Clause(x payout.Proposal) *program.Clause {
	c, _ := p.Card.Pinned.Clause(x.Clause)
	return c
}

// Categories are the tax categories, as a choice: none is picked, there is no default.
func (p paymentPage) Categories() []Option {
	var all []Option
	for _, c := range withholding.Categories() {
		all = append(all, Option{Value: string(c), Label: p.In(c.Name())})
	}
	return all
}

// MatchText says what the comparison of the names proposes.
func (p paymentPage) MatchText() string {
	switch p.Payee.Match {
	case bank.Yes:
		return p.T("the same name as supplied (6.6)", "本人の氏名と一致（6.6）")
	case bank.No:
		return p.T("another name than supplied (6.6)", "本人の氏名と不一致（6.6）")
	}
	return p.T("like the name supplied, not surely the same (6.6)", "本人の氏名と類似、要確認（6.6）")
}

// OutcomeText says what a screening proposes.
func (f Frame) OutcomeText(o screening.Outcome) string {
	switch o {
	case screening.Clear:
		return f.T("nothing found", "該当なし")
	case screening.Look:
		return f.T("a similar name: look", "類似あり（要確認）")
	case screening.Hold:
		return f.T("hold until a person decides", "保留（担当者の判断待ち）")
	}
	return f.T("lists too old", "リストが古いため無効")
}

// Percent returns ten-thousandths as a percentage.
func (f Frame) Percent(n int) string { return fmt.Sprintf("%d.%02d %%", n/100, n%100) }

// BirthText says what a list has of the year of birth.
func (f Frame) BirthText(s string) string {
	switch s {
	case screening.BirthAgrees:
		return f.T("year of birth agrees", "生年一致")
	case screening.BirthDiffers:
		return f.T("year of birth differs", "生年不一致")
	}
	return f.T("year of birth unknown", "生年不明")
}

// paid leads back to the page of the payment.
func (s *Server) paid(w http.ResponseWriter, r *http.Request) error {
	return seeOther(w, r, payDeskPath+"/"+r.PathValue("award"))
}

func (s *Server) postPayAsk(w http.ResponseWriter, r *http.Request) error {
	if err := s.Payouts.Ask(r.Context(), caller(r), r.PathValue("award")); err != nil {
		return err
	}
	s.flash(w, "Asked in the account. The month has begun.", "アカウント上で依頼しました。期限の計算を開始しています。")
	return s.paid(w, r)
}

func (s *Server) postPayScreen(w http.ResponseWriter, r *http.Request) error {
	found, err := s.Payouts.Screen(r.Context(), caller(r), r.PathValue("award"))
	if err != nil {
		return err
	}
	f := s.frame(r, "", "")
	en, ja := f, f
	en.Lang, ja.Lang = lang.EN, lang.JA
	s.flash(w, "Screened: "+en.OutcomeText(found.Outcome)+".", "照合しました："+ja.OutcomeText(found.Outcome)+"。")
	return s.paid(w, r)
}

// postPayHit takes a person's word on a hit, and lets the payment go on when nothing else holds it.
func (s *Server) postPayHit(w http.ResponseWriter, r *http.Request) error {
	clear := r.PostFormValue("clear") == "yes"
	if err := s.Payouts.ClearHit(r.Context(), caller(r), r.PostFormValue("screening"), clear, r.PostFormValue("hit_note")); err != nil {
		return renamed("note", "hit_note", err)
	}
	if !clear {
		s.flash(w, "The hit is confirmed. Nothing is paid; propose a refusal next.", "該当を確認しました。支払いは行われません。次に拒絶を提案してください。")
		return s.paid(w, r)
	}
	s.flash(w, "The hit is cleared. The same finding is not asked about again.", "該当しないと判断しました。同じ照合結果は再度確認されません。")
	return s.goOn(w, r)
}

func (s *Server) postPayName(w http.ResponseWriter, r *http.Request) error {
	row, err := s.Payouts.Row(r.Context(), caller(r), r.PathValue("award"))
	if err != nil {
		return err
	}
	if err := s.Payouts.ClearName(r.Context(), caller(r), row.Person, r.PostFormValue("name_note")); err != nil {
		return renamed("note", "name_note", err)
	}
	s.flash(w, "The name is cleared, with your reason.", "名義を確認済みとし、理由を記録しました。")
	return s.goOn(w, r)
}

// goOn screens again after a person cleared something, so that the payment goes on by itself.
func (s *Server) goOn(w http.ResponseWriter, r *http.Request) error {
	row, err := s.Payouts.Row(r.Context(), caller(r), r.PathValue("award"))
	if err != nil {
		return err
	}
	if row.State == payout.InfoReceived {
		if _, err := s.Payouts.Screen(r.Context(), caller(r), row.Award); err != nil {
			return err
		}
	}
	return s.paid(w, r)
}

func (s *Server) postPayRate(w http.ResponseWriter, r *http.Request) error {
	if err := s.Payouts.SetRate(r.Context(), caller(r), r.PathValue("award")); err != nil {
		return err
	}
	s.flash(w, "The amount is set.", "金額を確定しました。")
	return s.paid(w, r)
}

func (s *Server) postPayTax(w http.ResponseWriter, r *http.Request) error {
	row, err := s.Payouts.Row(r.Context(), caller(r), r.PathValue("award"))
	if err != nil {
		return err
	}
	t := payout.Tax{
		Person: row.Person, Category: withholding.Category(r.PostFormValue("category")), Head: strings.TrimSpace(r.PostFormValue("head")),
		Treaty: strings.TrimSpace(r.PostFormValue("treaty")),
	}
	if t.From, err = dateOf(r, "from"); err != nil {
		return err
	}
	if r.PostFormValue("form_day") != "" {
		if t.FormDay, err = dateOf(r, "form_day"); err != nil {
			return err
		}
	}
	if err := s.Payouts.SetTax(r.Context(), caller(r), t); err != nil {
		return err
	}
	s.flash(w, "The category is set. Earlier ones stay on record.", "税区分を設定しました。以前の設定も記録に残ります。")
	return s.paid(w, r)
}

// dateOf reads a day from a form.
func dateOf(r *http.Request, name string) (calendar.Date, error) {
	d, err := calendar.Parse(strings.TrimSpace(r.PostFormValue(name)))
	if err != nil {
		return d, fault.New(fault.Invalid, "Give a day, such as 2018-09-28.", "日付を 2018-09-28 のように入力してください。").At(name)
	}
	return d, nil
}

// postPayView shows the account in the answer itself: an address that shows it would be kept.
func (s *Server) postPayView(w http.ResponseWriter, r *http.Request) error {
	p, err := s.paymentPage(r)
	if err != nil {
		return err
	}
	why := strings.TrimSpace(r.PostFormValue("why"))
	d, err := s.Payouts.View(r.Context(), p.Caller, p.Row.Person, why)
	if err != nil {
		return err
	}
	p.Opened = &openedAccount{Details: d, Why: why}
	p.Form = Form{lang: p.Lang}
	return s.show(w, r, "payment.html", p)
}

// Number returns the account's number, whichever sort it is of.
func (a openedAccount) Number() string { return cmp.Or(a.Account.IBAN, a.Account.Number) }

func (s *Server) postPayPropose(w http.ResponseWriter, r *http.Request) error {
	err := s.Payouts.Propose(r.Context(), caller(r), r.PathValue("award"), payout.Event(r.PostFormValue("event")), r.PostFormValue("propose_reason"))
	if err != nil {
		return renamed("reason", "propose_reason", err)
	}
	s.flash(w, "Proposed. Somebody else has to decide; until then nothing changes.", "提案しました。ほかの担当者が決定するまで、何も変わりません。")
	return s.paid(w, r)
}

func (s *Server) postPayDecide(w http.ResponseWriter, r *http.Request) error {
	agree := r.PostFormValue("agree") == "yes"
	if err := s.Payouts.Decide(r.Context(), caller(r), r.PostFormValue("proposal"), agree, r.PostFormValue("answer")); err != nil {
		return err
	}
	if agree {
		s.flash(w, "Decided. The participant is told, with the clause.", "決定しました。条項とともに参加者に通知します。")
	} else {
		s.flash(w, "Not agreed. The payment stands as before.", "同意しませんでした。支払いの状態は変わりません。")
	}
	return s.paid(w, r)
}
