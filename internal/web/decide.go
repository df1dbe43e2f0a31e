package web

import (
	"fmt"
	"net/http"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

func missingTerms(r report.Report) error {
	return fmt.Errorf("report %s is pinned to terms %s, which are not loaded", r.ID, r.Terms)
}

// severities are the bands of a score with their words.
var severities = func() (all []struct {
	id   string
	name lang.Text
}) {
	for _, s := range []cvss.Severity{cvss.Critical, cvss.High, cvss.Medium, cvss.Low, cvss.None} {
		all = append(all, struct {
			id   string
			name lang.Text
		}{string(s), capital(s.Text())})
	}
	return all
}()

func capital(t lang.Text) lang.Text {
	if t.EN != "" {
		t.EN = strings.ToUpper(t.EN[:1]) + t.EN[1:]
	}
	return t
}

// severityName returns the word for a score in tenths; -1 is a report nobody has rated.
func severityName(score int) lang.Text {
	if score < 0 {
		return lang.Text{EN: "Not rated", JA: "未評価"}
	}
	return capital(cvss.Of(score).Text())
}

// Score returns a score with its decimal: 7.5.
func (f Frame) Score(tenths int) string { return cvss.Decimal(tenths) }

// A Mark is a state as it is drawn: a word first, a shape second, colour third.
type Mark struct{ Class, Word string }

// Urgency returns the mark of an urgency.
func (f Frame) Urgency(u report.Urgency) Mark {
	class := map[report.Urgency]string{report.InUse: "now", report.Raised: "soon", report.Normal: ""}[u]
	return Mark{Class: class, Word: f.In(u.Name())}
}

// metricChanges says metric by metric what a change of the vector changes.
func metricChanges(from, to string) []metricChange {
	a, errA := cvss.Parse(from)
	b, errB := cvss.Parse(to)
	if errA != nil || errB != nil {
		return nil // it had no vector before: the new one is shown whole
	}
	var all []metricChange
	for _, c := range cvss.Diff(a, b) {
		all = append(all, metricChange{Name: c.Metric.Name, Old: c.Old.Name, New: c.New.Name})
	}
	return all
}

// desk works out which forms to offer this reader for this report.
func (s *Server) desk(p casePage) desk {
	can := func(a access.Action) bool { return p.Can(string(a)) }
	next := p.Report.State.Next()
	to := func(st report.State) bool {
		for _, n := range next {
			if n == st {
				return true
			}
		}
		return false
	}
	d := desk{
		Say: can(access.ReportMessage), Note: can(access.ReportNote), Take: can(access.ReportDecide) && !p.Yours,
		Rate:       can(access.ReportRate),
		Exclude:    can(access.ReportDecide) && to(report.NotEligible),
		Duplicate:  can(access.ReportDecide) && to(report.Duplicate),
		Except:     can(access.ReportExcept) && to(report.NotEligible),
		Disqualify: can(access.ReportDecide) && (to(report.NotEligible) || p.Report.Eligibility == report.Eligible),
		Award:      can(access.AwardPropose) && p.Report.Eligibility == report.Eligible && !p.Barred && !alive(p.Awards),
	}
	if can(access.ReportDecide) {
		d.Moves = moves(p.Frame, p.Report, to)
	}
	pick := p.T("Pick the clause", "条項を選択")
	d.Exclusions = clauseOptions(p.Frame, pick, p.Terms.Exclusions(), p.Suspects)
	d.Grounds = clauseOptions(p.Frame, pick, grounds(p.Terms, "3.2.xx", "6.2", "6.3"), nil)
	d.Prohibited = clauseOptions(p.Frame, pick, append(p.Terms.Prohibitions(), grounds(p.Terms, "7.2")...), nil)
	if d.Rate {
		d.Severity = vectorFields(p.Frame, "m_", p.Report.Vector)
	}
	return d
}

func alive(awards []awardView) bool {
	for _, a := range awards {
		if a.State != reward.Refused {
			return true
		}
	}
	return false
}

func grounds(t *program.Terms, ids ...string) []*program.Clause {
	var all []*program.Clause
	for _, id := range ids {
		if c, ok := t.Clause(id); ok {
			all = append(all, c)
		}
	}
	return all
}

// moves are the decisions that need one button, the usual next step first.
func moves(f Frame, r report.Report, to func(report.State) bool) []move {
	var all []move
	add := func(st report.State, k report.Kind, en, ja string) {
		if to(st) {
			all = append(all, move{Kind: k, Label: f.T(en, ja), Primary: len(all) == 0})
		}
	}
	switch r.State { // the way forward first, and as the main button
	case report.Fixing:
		add(report.Fixed, report.ToFixed, "Mark as fixed", "修正完了にする")
		add(report.Accepted, report.ToAccepted, "Back to accepted", "採用に戻す")
		return all
	case report.Fixed:
		add(report.Published, report.ToPublished, "Mark as published", "公開済みにする")
		add(report.Fixing, report.ToFixing, "Fix it again", "再度修正する")
		return all
	case report.Duplicate, report.NotEligible:
		add(report.Triaged, report.Reopen, "Open again", "再開する")
	default:
		add(report.Triaged, report.ToTriaged, "Triage: it is real", "確認済みにする")
	}
	add(report.Accepted, report.ToAccepted, "Accept for a reward", "採用する（報奨金の対象）")
	add(report.Fixing, report.ToFixing, "Start the fix", "修正を開始")
	add(report.Fixed, report.ToFixed, "Mark as fixed", "修正完了にする")
	return all
}

// clauseOptions lists clauses to pick from; those that seem to fit come first.
func clauseOptions(f Frame, pick string, clauses []*program.Clause, suspects []program.Suspicion) []Option {
	all := []Option{{Label: pick}}
	fits := map[string]bool{}
	for _, sp := range suspects {
		fits[sp.Clause.ID] = true
		all = append(all, Option{Value: sp.Clause.ID, Label: f.T("seems to fit: ", "該当の可能性：") + clauseLine(f, sp.Clause)})
	}
	for _, c := range clauses {
		if !fits[c.ID] {
			all = append(all, Option{Value: c.ID, Label: clauseLine(f, c)})
		}
	}
	return all
}

// clauseLine names a clause on one line.
func clauseLine(f Frame, c *program.Clause) string {
	text := []rune(f.In(c.Summary))
	if most := 70; len(text) > most {
		text = append(text[:most], '…')
	}
	return c.ID + "  " + string(text)
}

// vectorFields are the metrics of a vector to be clicked, each named prefix and code.
func vectorFields(f Frame, prefix, vector string) []Field {
	version := cvss.V31
	v, err := cvss.Parse(vector)
	if err == nil {
		version = v.Version
	}
	var all []Field
	for _, m := range cvss.Metrics(version) {
		var options []Option
		for _, value := range m.Values {
			options = append(options, Option{Value: value.Code, Label: f.In(value.Name), Help: f.In(value.Help)})
		}
		all = append(all, f.Choice(prefix+m.Code, f.In(m.Name), options, v.Value(m.Code)))
	}
	return all
}

// clicked returns the vector that was clicked together, or what was typed as one.
func clicked(field func(name string) string, prefix, typed string) string {
	if v := strings.TrimSpace(field(typed)); v != "" {
		return v
	}
	for _, version := range []string{cvss.V40, cvss.V31} {
		parts := []string{"CVSS:" + version}
		for _, m := range cvss.Metrics(version) {
			if v := field(prefix + m.Code); v != "" {
				parts = append(parts, m.Code+":"+v)
			}
		}
		if len(parts) == len(cvss.Metrics(version))+1 {
			return strings.Join(parts, "/")
		}
	}
	return ""
}

func (s *Server) postSay(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.Reports.Say(r.Context(), caller(r), id, r.FormValue("say"), r.FormValue("needs_reply") != ""); err != nil {
		return at("say", err)
	}
	s.flash(w, "Sent to the reporter. It stands in their account; a copy goes by mail.", "報告者に送信しました。アカウントに表示され、写しがメールで届きます。")
	return seeOther(w, r, "/desk/reports/"+id+"#conversation")
}

func (s *Server) postNote(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.Reports.Note(r.Context(), caller(r), id, r.FormValue("note")); err != nil {
		return at("note", err)
	}
	return seeOther(w, r, "/desk/reports/"+id+"#conversation")
}

// at moves a fault to the field by which this page asks.
func at(field string, err error) error {
	if f := fault.As(err); f != nil && f.Field != "" {
		return f.At(field)
	}
	return err
}

// postDecide makes a decision. The fields of each form begin with its kind, because a page that is
// shown again must not put one form's words into another's.
func (s *Server) postDecide(w http.ResponseWriter, r *http.Request) error {
	id, kind := r.PathValue("id"), report.Kind(r.FormValue("kind"))
	value := func(name string) string { return r.FormValue(string(kind) + "_" + name) }
	d := report.Decision{
		Kind: kind, Clause: value("clause"), Reason: value("reason"), Impact: value("impact"), WouldChange: value("would_change"),
		OneFix: value("one_fix"), To: value("to"),
	}
	switch kind {
	case report.SetSeverity:
		d.To = clicked(r.FormValue, "m_", "severity_to")
	case report.ToDuplicate:
		d.To = value("original")
	case report.ToAccepted:
		d.Clause = "6.1"
	}
	d, err := s.Reports.Decide(r.Context(), caller(r), id, d)
	if f := fault.As(err); f != nil && f.Field != "" {
		return f.At(string(kind) + "_" + f.Field)
	}
	if err != nil {
		return err
	}
	if d.Standing == report.Proposed {
		s.flash(w, "Proposed: %[1]s. %[2]s.", "提案しました：%[3]s。%[4]s。", d.Kind.Name().EN, d.Waits().EN, d.Kind.Name().JA, d.Waits().JA)
	} else {
		s.flash(w, "Recorded: %[1]s.", "記録しました：%[2]s", d.Kind.Name().EN, d.Kind.Name().JA)
	}
	return seeOther(w, r, "/desk/reports/"+id)
}

func (s *Server) postConfirm(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	agree := r.FormValue("agree") == "yes"
	if err := s.Reports.Confirm(r.Context(), caller(r), id, r.FormValue("decision"), agree, r.FormValue("why")); err != nil {
		return err
	}
	s.flash(w, "Your answer is on record.", "回答を記録しました。")
	return seeOther(w, r, s.caseFor(r, id))
}

// caseFor returns where the caller reads a report.
func (s *Server) caseFor(r *http.Request, id string) string {
	if caller(r).Desk() {
		return "/desk/reports/" + id
	}
	return "/reports/" + id
}

func (s *Server) postAward(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	amount, err := money.Parse(r.FormValue("award_amount"), money.USD)
	if err != nil {
		return at("award_amount", fault.As(err).At("amount"))
	}
	_, err = s.Awards.Propose(r.Context(), caller(r), reward.Award{
		Report: id, Amount: amount, Class: r.FormValue("award_class"), Seriousness: r.FormValue("award_seriousness"),
		Novelty: r.FormValue("award_novelty"), Reason: r.FormValue("award_reason"),
	})
	if f := fault.As(err); f != nil && f.Field != "" {
		return f.At("award_" + f.Field)
	}
	if err != nil {
		return err
	}
	s.flash(w, "Proposed. Somebody else has to approve it.", "提案しました。ほかの人の承認が必要です。")
	return seeOther(w, r, "/desk/reports/"+id+"#award")
}

func (s *Server) postAwardDecide(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Awards.Decide(r.Context(), caller(r), r.PathValue("award"), r.FormValue("approve") == "yes", r.FormValue("award_why"))
	if err != nil {
		return at("award_why", err)
	}
	s.flash(w, "The award is %[1]s.", "報奨金を記録しました：%[2]s", strings.ToLower(a.State.Name().EN), a.State.Name().JA)
	return seeOther(w, r, "/desk/reports/"+a.Report+"#award")
}
