package web

import (
	"net/http"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
)

// A reportsPage lists what somebody has sent and is still writing.
type reportsPage struct {
	Frame
	Drafts  []report.Draft
	Reports []queueRow
}

func (s *Server) getReports(w http.ResponseWriter, r *http.Request) error {
	p := reportsPage{Frame: s.frame(r, "Your reports", "あなたの報告")}
	var err error
	if p.Drafts, err = s.Reports.Drafts(r.Context(), caller(r)); err != nil {
		return err
	}
	rows, err := s.Reports.Mine(r.Context(), caller(r))
	if err != nil {
		return err
	}
	p.Reports = s.queueRows(p.Frame, rows)
	return s.show(w, r, "reports.html", p)
}

// A reportPage is a report as its reporter follows it.
type reportPage struct {
	Frame
	Report    report.Report
	Terms     *program.Terms
	ClassName lang.Text
	Stations  []Station
	Timeline  []moment
	Decisions []decisionView
	Awards    []awardView
	Payments  []paymentCard
	Free      time.Time // first day on which the terms' secrecy has ended
	May       struct{ Withdraw, Publish bool }
}

func (s *Server) getReport(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	id := report.CanonicalID(r.PathValue("id"))
	if who.Desk() {
		return seeOther(w, r, "/desk/reports/"+id)
	}
	c, err := s.Reports.Case(ctx, who, id)
	if err != nil {
		return err
	}
	if err := s.Reports.MarkRead(ctx, who, c); err != nil {
		return err
	}
	rep := c.Report
	terms, ok := s.Program.Version(rep.Terms)
	if !ok {
		return missingTerms(rep)
	}
	p := reportPage{Frame: s.frame(r, "%s", "%s", rep.Title), Report: rep, Terms: terms, ClassName: s.className(rep.Class)}
	names, err := s.names(r, c)
	if err != nil {
		return err
	}
	if p.Timeline, p.Decisions, err = s.timeline(r, p.Frame, terms, c, names); err != nil {
		return err
	}
	awards, err := s.Awards.Of(ctx, who, rep.ID)
	if err != nil {
		return err
	}
	for _, a := range awards {
		clause, _ := terms.Clause(a.Clause)
		p.Awards = append(p.Awards, awardView{Award: a, Clause: clause})
		cards, err := s.cardsOf(ctx, who, p.Frame, a.ID)
		if err != nil {
			return err
		}
		p.Payments = append(p.Payments, cards...)
	}
	p.Free = calendar.Months(calendar.In(rep.ReceivedAt, japan), 12).Add(1).Start(japan)
	p.May.Publish = !s.Now().Before(p.Free) || rep.State == report.Published
	for _, next := range rep.State.Next() {
		p.May.Withdraw = p.May.Withdraw || next == report.Withdrawn
	}
	p.Stations = p.stations(c.Promises)
	return s.show(w, r, "report.html", p)
}

// stations are what happens next, each with its promised day.
func (p reportPage) stations(all []deadline.Deadline) []Station {
	newest := map[string]deadline.Deadline{}
	for _, d := range all {
		newest[d.Kind] = d
	}
	line := []Station{{Name: p.T("Received", "受付"), When: p.Day(p.Report.ReceivedAt), Done: true}}
	stop := func(kind, en, ja string) {
		d, promised := newest[kind]
		if !promised || !d.DroppedAt.IsZero() {
			return
		}
		st := Station{Name: p.T(en, ja), When: p.Due(d.DueAt).Stamp, Left: p.Due(d.DueAt).Left}
		switch {
		case !d.MetAt.IsZero():
			st.Done, st.When = true, p.Day(d.MetAt)
			st.Left = p.T("in time", "期限内")
			if d.Late(p.Now) {
				st.Left = p.T("late", "期限後")
			}
		case !d.PausedSince.IsZero():
			st.Left = p.T("rests until you answer", "返信があるまで停止中")
		}
		line = append(line, st)
	}
	stop("first_answer", "First answer", "最初の回答")
	if p.Report.State == report.NeedsInformation {
		stop("reply", "Your answer", "あなたの返信")
	}
	stop("triage", "Triage", "確認")
	stop("decision", "Decision", "決定")
	if p.Report.State != report.NotEligible && p.Report.State != report.Duplicate {
		stop("fix", "Fix", "修正")
	}
	stop("answer", "Our answer", "運営の返信")
	for i := range line {
		if !line[i].Done {
			line[i].Here, line[i].Mine = true, p.Report.Turn == report.Reporter
			break
		}
	}
	return append(line, Station{Name: p.T("You may publish", "公開可能"), When: p.Day(p.Free), Done: p.May.Publish})
}

// Lead is the sentence that the page begins with: what we have, and whose turn it is.
func (p reportPage) Lead() string {
	have := p.T("We have your report, all of it, since %s on %s.", "報告の全内容を、%[2]s %[1]s に受け付けました。",
		p.Clock(p.Report.ReceivedAt), p.Date(p.Report.ReceivedAt))
	until := ""
	if !p.Report.TurnDue.IsZero() {
		until = p.Date(p.Report.TurnDue.Add(-time.Second))
	}
	switch {
	case p.Report.Turn == report.Reporter && until != "":
		return have + p.T(" It is your turn until %s.", "%sまでにご返信をお願いします。", until)
	case p.Report.Turn == report.Desk && until != "":
		return have + p.T(" It is our turn until %s.", "次は運営の番です（%sまで）。", until)
	case p.Report.Turn == report.Desk:
		return have + p.T(" It is our turn.", "次は運営の番です。")
	}
	return have
}

func (s *Server) postReply(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.Reports.Reply(r.Context(), caller(r), id, r.FormValue("reply")); err != nil {
		return at("reply", err)
	}
	s.flash(w, "Sent to the desk.", "運営に送信しました。")
	return seeOther(w, r, "/reports/"+id+"#conversation")
}

func (s *Server) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.Reports.Withdraw(r.Context(), caller(r), id, r.FormValue("withdraw_reason")); err != nil {
		return err
	}
	s.flash(w, "The report is withdrawn. Its receipt and its entry in the log stay.", "報告を取り下げました。受領証とログの記録は残ります。")
	return seeOther(w, r, "/reports/"+id)
}
