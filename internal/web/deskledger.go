package web

import (
	"net/http"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/payout"
)

const entriesOnPage = 50

// search fills in the entries that the address asks for. A question that cannot be read is answered
// with what is wrong and with nothing else.
func (p *ledgerPage) search(s *Server, r *http.Request) error {
	text := func(name string) string { return r.FormValue(name) }
	p.Query = payout.EntryQuery{Amount: text("amount"), Payee: text("payee"), Skip: int(min(number(text("start")), 1<<30)), Limit: entriesOnPage}
	for _, d := range []struct {
		name string
		to   *calendar.Date
	}{{"from", &p.Query.From}, {"to", &p.Query.To}} {
		if text(d.name) == "" {
			continue
		}
		var err error
		if *d.to, err = calendar.Parse(text(d.name)); err != nil {
			p.Wrong = p.T("“%s” is no day. Write 2018-09-28.", "「%s」は日付として読めません。2018-09-28 のように入力してください。", text(d.name))
			return nil
		}
	}
	p.Searched = p.Query.Amount != "" || p.Query.Payee != "" || !p.Query.From.IsZero() || !p.Query.To.IsZero()
	all, err := s.Payouts.Entries(r.Context(), p.Caller, p.Query)
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		p.Wrong = p.In(f.Text)
		return nil
	}
	if err != nil {
		return err
	}
	if len(all) > entriesOnPage {
		all = all[:entriesOnPage]
		q := r.URL.Query()
		q.Set("start", strconv.Itoa(p.Query.Skip+entriesOnPage))
		p.Next = ledgerPath + "?" + q.Encode()
	}
	var ids []string
	for _, e := range all {
		ids = append(ids, e.Person)
	}
	labels, err := s.labels(r.Context(), p.Caller, ids...)
	if err != nil {
		return err
	}
	for _, e := range all {
		p.Entries = append(p.Entries, entryView{e, p.Who(labels[e.Person])})
	}
	return nil
}

var accountNames = map[payout.Account]struct{ name, help lang.Text }{
	payout.Rewards:    {lang.Text{EN: "Rewards", JA: "報奨金費用"}, lang.Text{EN: "spent", JA: "費用"}},
	payout.Payable:    {lang.Text{EN: "Payable", JA: "未払金"}, lang.Text{EN: "owed to participants", JA: "参加者への未払い"}},
	payout.Exchange:   {lang.Text{EN: "Exchange", JA: "為替"}, lang.Text{EN: "between two currencies", JA: "通貨間の換算"}},
	payout.TaxPayable: {lang.Text{EN: "Tax", JA: "預り金（源泉税）"}, lang.Text{EN: "withheld, owed to the tax office", JA: "税務署への納付分"}},
	payout.Clearing:   {lang.Text{EN: "Clearing", JA: "送金仮勘定"}, lang.Text{EN: "locked in a run, not sent", JA: "確定済み、送付前"}},
	payout.Bank:       {lang.Text{EN: "Bank", JA: "銀行"}, lang.Text{EN: "went out", JA: "支払い済み"}},
	payout.Charity:    {lang.Text{EN: "Charity", JA: "寄付"}, lang.Text{EN: "owed in participants’ stead", JA: "参加者に代わる寄付"}},
	payout.Receivable: {lang.Text{EN: "Receivable", JA: "未収金"}, lang.Text{EN: "asked back", JA: "返還請求分"}},
}

// AccountName returns an account of the ledger in words.
func (f Frame) AccountName(a payout.Account) string { return f.In(accountNames[a].name) }

// AccountHelp says what an account holds.
func (f Frame) AccountHelp(a payout.Account) string { return f.In(accountNames[a].help) }

var entryNames = map[string]lang.Text{
	"owed":     {EN: "Reward approved", JA: "報奨金の承認"},
	"locked":   {EN: "Run locked", JA: "支払処理の確定"},
	"sent":     {EN: "Sent to the bank", JA: "銀行へ送付"},
	"returned": {EN: "Returned by the bank", JA: "銀行から返却"},
	"waive":    {EN: "Right waived", JA: "権利放棄"},
	"dissolve": {EN: "Duty to pay ended", JA: "支払義務の消滅"},
	"refuse":   {EN: "Payment refused", JA: "支払いの拒絶"},
	"donate":   {EN: "Donated", JA: "寄付"},
	"refund":   {EN: "Refund asked for", JA: "返還の請求"},
	"refunded": {EN: "Refund received", JA: "返還金の入金"},
}

// EntryName says what happened, by the key of an entry.
func (f Frame) EntryName(key string) string {
	what, _, _ := strings.Cut(key, "/")
	if t, known := entryNames[what]; known {
		return f.In(t)
	}
	return what
}
