package web

import (
	"net/http"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
)

// A runsPage lists the runs, with what can go into the next.
type runsPage struct {
	Frame
	Open, Done []runView
	Yen, USD   readyGroup
	NextDay    calendar.Date
	Labels     map[string]person.Label
}

// A runView is a run as the list shows it.
type runView struct {
	payout.Run
	Proposer, Approver string
}

// A readyGroup is what can be paid in one currency.
type readyGroup struct {
	Currency string
	Rows     []payRow
	Sum      money.Amount
	Untaxed  int // of whom nobody has set a tax category: they cannot be picked
}

// Groups are the currencies in which something can be paid.
func (p runsPage) Groups() []readyGroup {
	var all []readyGroup
	for _, g := range []readyGroup{p.Yen, p.USD} {
		if len(g.Rows) > 0 {
			all = append(all, g)
		}
	}
	return all
}

// Picks reports whether a payment is picked in the form: all that can be, at first.
func (p runsPage) Picks(r payRow) bool { return p.Form.Is("awards", r.Award, r.Step == payout.StepRun) }

func (s *Server) getRuns(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := runsPage{Frame: s.frame(r, "Payment runs", "支払処理"), NextDay: calendar.NextBankDay(calendar.In(s.Now(), japan).Add(1))}
	p.Yen.Currency, p.USD.Currency = money.JPY, money.USD
	p.Yen.Sum, p.USD.Sum = money.Amount{Currency: money.JPY}, money.Amount{Currency: money.USD}
	all, err := s.Payouts.Runs(ctx, p.Caller)
	if err != nil {
		return err
	}
	ready, err := s.Payouts.Payable(ctx, p.Caller)
	if err != nil {
		return err
	}
	rows, err := s.payRows(ctx, p.Frame, ready)
	if err != nil {
		return err
	}
	for _, row := range rows {
		g := &p.Yen
		if row.Currency == money.USD {
			g = &p.USD
		}
		g.Rows = append(g.Rows, row)
		if g.Sum = g.Sum.Add(row.Gross); row.Step == payout.StepTax {
			g.Untaxed++
		}
	}
	var ids []string
	for _, x := range all {
		ids = append(ids, x.ProposedBy, x.ApprovedBy)
	}
	labels, err := s.labels(ctx, p.Caller, ids...)
	if err != nil {
		return err
	}
	for _, x := range all {
		v := runView{Run: x, Proposer: nameOf(labels, x.ProposedBy, p.Lang), Approver: nameOf(labels, x.ApprovedBy, p.Lang)}
		if x.State == payout.RunClosed || x.State == payout.RunCancelled {
			p.Done = append(p.Done, v)
		} else {
			p.Open = append(p.Open, v)
		}
	}
	return s.show(w, r, "runs.html", p)
}

func (s *Server) postRunPropose(w http.ResponseWriter, r *http.Request) error {
	day, err := dateOf(r, "day")
	if err != nil {
		return err
	}
	run, err := s.Payouts.ProposeRun(r.Context(), caller(r), r.PostFormValue("currency"), day, r.PostForm["awards"])
	if err != nil {
		return err
	}
	s.flash(w, "Proposed. Check it next: every payee is screened, every amount computed.", "提案しました。次に確認を行うと、全員の照合と金額の計算が実行されます。")
	return seeOther(w, r, runsPath+"/"+run.ID)
}

// A ledgerPage shows the accounts, and the entries that are asked for.
type ledgerPage struct {
	Frame
	Currencies []ledgerColumn
	Entries    []entryView
	Query      payout.EntryQuery
	Wrong      string // what is wrong with the question
	Next       string
	Searched   bool
}

// A ledgerColumn is the accounts of one currency.
type ledgerColumn struct {
	Currency string
	Balances []payout.Balance
	Sum      money.Amount
}

// An entryView is an entry with its payee.
type entryView struct {
	payout.Entry
	Payee string
}

func (s *Server) getLedger(w http.ResponseWriter, r *http.Request) error {
	p := ledgerPage{Frame: s.frame(r, "Ledger", "元帳")}
	all, err := s.Payouts.Balances(r.Context(), p.Caller)
	if err != nil {
		return err
	}
	for _, currency := range []string{money.USD, money.JPY} {
		c := ledgerColumn{Currency: currency, Sum: money.Amount{Currency: currency}}
		for _, b := range all {
			if b.Amount.Currency == currency {
				c.Balances, c.Sum = append(c.Balances, b), c.Sum.Add(b.Amount)
			}
		}
		if len(c.Balances) > 0 {
			p.Currencies = append(p.Currencies, c)
		}
	}
	if err := p.search(s, r); err != nil {
		return err
	}
	return s.show(w, r, "ledger.html", p)
}

// MayPay reports whether the reader releases money.
func (f Frame) MayPay() bool { return access.Allow(f.Caller, access.AwardPay) }

// A framedRun is a line of the table of runs, with what its template needs.
type framedRun struct {
	Frame Frame
	View  runView
}

func runLine(f Frame, v runView) framedRun { return framedRun{f, v} }
