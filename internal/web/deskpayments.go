package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
)

// The addresses of the desk's work on payments.
const (
	payDeskPath = "/desk/payments"
	ratesPath   = payDeskPath + "/rates"
	listsPath   = payDeskPath + "/lists"
	runsPath    = payDeskPath + "/runs"
	ledgerPath  = payDeskPath + "/ledger"
)

// A sanctions list of all the world's publishers together has some tens of megabytes.
const maxList = 128 << 20

// payRoutes are the addresses of the desk's work on payments.
func (s *Server) payRoutes() []route {
	read := may(access.AwardRead)
	const one, run = payDeskPath + "/{award}", runsPath + "/{run}"
	rows := []route{
		{pattern: "GET " + payDeskPath, handle: s.getPayDesk, need: read},
		{pattern: "GET " + one, handle: s.getPayment, need: read},
		{pattern: "POST " + one + "/ask", handle: s.postPayAsk, need: may(access.PayoutAsk), again: one},
		{pattern: "POST " + one + "/screen", handle: s.postPayScreen, need: may(access.PayoutScreen), again: one},
		{pattern: "POST " + one + "/hit", handle: s.postPayHit, need: may(access.PayoutScreen), again: one},
		{pattern: "POST " + one + "/name", handle: s.postPayName, need: may(access.PayoutScreen), again: one},
		{pattern: "POST " + one + "/rate", handle: s.postPayRate, need: may(access.PayoutRate), again: one},
		{pattern: "POST " + one + "/tax", handle: s.postPayTax, need: may(access.PayoutTax), again: one},
		{pattern: "POST " + one + "/view", handle: s.postPayView, need: may(access.PayoutView), again: one},
		{pattern: "POST " + one + "/propose", handle: s.postPayPropose, need: may(access.PayoutDecide), again: one},
		{pattern: "POST " + one + "/decide", handle: s.postPayDecide, need: may(access.PayoutDecide), again: one},

		{pattern: "GET " + ratesPath, handle: s.getRates, need: read},
		{pattern: "POST " + ratesPath + "/import", handle: s.postRatesImport, need: may(access.PayoutRate), again: ratesPath, body: 17 << 20},
		{pattern: "POST " + ratesPath + "/type", handle: s.postRateType, need: may(access.PayoutRate), again: ratesPath},
		{pattern: "POST " + ratesPath + "/drop", handle: s.postRateDrop, need: may(access.PayoutRate), again: ratesPath},

		{pattern: "GET " + listsPath, handle: s.getLists, need: read},
		{pattern: "POST " + listsPath + "/load", handle: s.postListLoad, need: may(access.PayoutScreen), again: listsPath, body: maxList},
		{pattern: "POST " + listsPath + "/drop", handle: s.postListDrop, need: may(access.PayoutScreen), again: listsPath},

		{pattern: "GET " + runsPath, handle: s.getRuns, need: read},
		{pattern: "POST " + runsPath + "/propose", handle: s.postRunPropose, need: may(access.PayoutRun), again: runsPath},
		{pattern: "GET " + run, handle: s.getRun, need: read},
		{pattern: "POST " + run + "/check", handle: s.postRunCheck, need: may(access.PayoutRun), again: run},
		{pattern: "POST " + run + "/cancel", handle: s.postRunCancel, need: may(access.PayoutRun), again: run},
		{pattern: "POST " + run + "/approve", handle: s.postRunApprove, need: may(access.AwardPay), again: run},
		{pattern: "POST " + run + "/lock", handle: s.postRunLock, need: may(access.AwardPay), again: run},
		{pattern: "POST " + run + "/export", handle: s.postRunExport, need: may(access.AwardPay), again: run},
		{pattern: "POST " + run + "/sent", handle: s.postRunSent, need: may(access.AwardPay), again: run},
		{pattern: "POST " + run + "/settle", handle: s.postRunSettle, need: may(access.AwardPay), again: run},

		{pattern: "GET " + ledgerPath, handle: s.getLedger, need: read},
	}
	for i := range rows {
		rows[i].handle = s.proving(rows[i].handle)
	}
	return rows
}

// PayTabs lead through the desk's pages of payments.
func (f Frame) PayTabs() []NavItem {
	var all []NavItem
	at, _, _ := cutPath(f.Path)
	for _, p := range []Place{
		{Path: payDeskPath, Name: lang.Text{EN: "Payments", JA: "支払い"}},
		{Path: runsPath, Name: lang.Text{EN: "Runs", JA: "支払処理"}},
		{Path: ratesPath, Name: lang.Text{EN: "Rates", JA: "レート"}},
		{Path: listsPath, Name: lang.Text{EN: "Sanctions lists", JA: "制裁リスト"}},
		{Path: ledgerPath, Name: lang.Text{EN: "Ledger", JA: "元帳"}},
	} {
		all = append(all, NavItem{Place: p, Here: at == p.Path})
	}
	return all
}

// cutPath returns a path without what stands behind its question mark.
func cutPath(path string) (before, after string, found bool) {
	u, err := url.Parse(path)
	if err != nil {
		return path, "", false
	}
	return u.Path, u.RawQuery, u.RawQuery != ""
}

// On returns a date as it stands in a table.
func (f Frame) On(d calendar.Date) Stamp {
	if d.IsZero() {
		return Stamp{}
	}
	return f.Day(d.Start(japan))
}

// Sum returns an amount of money in words.
func (f Frame) Sum(a money.Amount) string { return f.Money(a.Minor, a.Currency) }

// UntilDay returns a promise kept until the end of a day.
func (f Frame) UntilDay(d calendar.Date) Due {
	if d.IsZero() {
		return Due{}
	}
	return f.Due(d.End(japan))
}

// A payDeskPage is one screen of the desk's payments.
type payDeskPage struct {
	Frame
	View  payout.View
	Views []viewTab
	Rows  []payRow
	First string
	Next  string
	Total int
}

// A payRow is a payment as the list shows it.
type payRow struct {
	payout.Row
	Payee string
	Mine  bool // something the reader may do
}

// may says which action a step needs, so that a row can say whether it is the reader's.
var stepNeeds = map[payout.Step]access.Action{
	payout.StepDecide: access.PayoutDecide, payout.StepAsk: access.PayoutAsk, payout.StepLapsed: access.PayoutDecide,
	payout.StepScreen: access.PayoutScreen, payout.StepLists: access.PayoutScreen, payout.StepHit: access.PayoutScreen,
	payout.StepName: access.PayoutScreen, payout.StepRefuse: access.PayoutDecide, payout.StepRate: access.PayoutRate,
	payout.StepTax: access.PayoutTax, payout.StepRun: access.PayoutRun, payout.StepFinish: access.PayoutRun, payout.StepAgain: access.PayoutAsk,
}

func (s *Server) getPayDesk(w http.ResponseWriter, r *http.Request) error {
	const limit = 100
	p := payDeskPage{Frame: s.frame(r, "Payments", "支払い"), View: cmp.Or(payout.View(r.FormValue("view")), payout.ViewDesk)}
	skip := int(min(number(r.FormValue("from")), 1<<30))
	page, err := s.Payouts.Desk(r.Context(), p.Caller, payout.DeskQuery{View: p.View, Skip: skip, Limit: limit})
	if err != nil {
		return err
	}
	path := func(v payout.View, from int) string {
		q := url.Values{"view": {string(v)}}
		if from > 0 {
			q.Set("from", strconv.Itoa(from))
		}
		return payDeskPath + "?" + q.Encode()
	}
	for _, v := range payout.Views {
		p.Views = append(p.Views, viewTab{Name: v.Name(), Path: path(v, 0), Count: page.Counts[v], Here: v == p.View, Apart: v.Apart()})
	}
	p.Total = page.Counts[p.View]
	if page.More {
		p.Next = path(p.View, skip+limit)
	}
	if skip > 0 {
		p.First = path(p.View, 0)
	}
	p.Rows, err = s.payRows(r.Context(), p.Frame, page.Rows)
	if err != nil {
		return err
	}
	return s.show(w, r, "deskpayments.html", p)
}

// payRows puts the names of the payees beside rows.
func (s *Server) payRows(ctx context.Context, f Frame, rows []payout.Row) ([]payRow, error) {
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.Person)
	}
	labels, err := s.labels(ctx, f.Caller, ids...)
	if err != nil {
		return nil, err
	}
	all := make([]payRow, 0, len(rows))
	for _, row := range rows {
		need := stepNeeds[row.Step]
		all = append(all, payRow{Row: row, Payee: f.Who(labels[row.Person]), Mine: row.Turn == payout.TurnDesk && need != "" && access.Allow(f.Caller, need)})
	}
	return all, nil
}

// labels returns how people are called, each asked for once. Nobody stands for the product itself.
func (s *Server) labels(ctx context.Context, who access.Caller, ids ...string) (map[string]person.Label, error) {
	seen := map[string]bool{"": true}
	var once []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return s.People.Labels(ctx, who, once...)
}
