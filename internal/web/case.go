package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

// A casePage is a report as the desk works on it.
type casePage struct {
	Frame
	Report     report.Report
	Terms      *program.Terms
	ClassName  lang.Text
	Level      lang.Text
	Scope      *program.Clause // what the target was judged by
	Barred     bool            // the reporter was disqualified
	Suspects   []program.Suspicion
	Reporter   string // by name
	Timeline   []moment
	Decisions  []decisionView
	Promises   []promiseView
	Candidates []candidateView
	Duplicates []report.Row
	Awards     []awardView
	Guide      int64 // US cents
	Yours      bool
	Assignee   string
	Do         desk // what this reader may do now
}

// A desk says which forms to offer. The operations decide; this only keeps the page honest.
type desk struct {
	Say, Note, Take                 bool
	Moves                           []move // decisions without grounds: one button each
	Exclude, Duplicate, Rate        bool
	Except, Disqualify, Award       bool
	Exclusions, Grounds, Prohibited []Option
	Severity                        []Field // metrics of the current vector
}

// A move is a decision that needs no more than a button.
type move struct {
	Kind    report.Kind
	Label   string
	Primary bool
}

// A moment is one entry of the conversation: a message or a decision, in the order of time.
type moment struct {
	At       time.Time
	Message  *messageView
	Decision *decisionView
}

type messageView struct {
	report.Message
	Author   string
	Yours    bool
	Delivery lang.Text // how far the copy by mail came
}

type decisionView struct {
	report.Decision
	Clause     *program.Clause
	Author     string
	Second     string
	Metrics    []metricChange
	CanConfirm bool
	Yours      bool
}

type metricChange struct{ Name, Old, New lang.Text }

type promiseView struct {
	deadline.Deadline
	Name   lang.Text
	Late   bool
	Paused bool
}

type candidateView struct {
	report.Candidate
	ClassName lang.Text
	Percent   int
}

type awardView struct {
	reward.Award
	Proposer, Decider string
	Clause            *program.Clause
	CanDecide         bool
}

func (s *Server) getCase(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	c, err := s.Reports.Case(ctx, who, r.PathValue("id"))
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
	p := casePage{Frame: s.frame(r, "%s", "%s", rep.Title), Report: rep, Terms: terms, Duplicates: c.Duplicates, Barred: c.Barred}
	p.ClassName, p.Level = s.className(rep.Class), severityName(rep.Score)
	p.Scope, _ = terms.Clause(rep.ScopeClause)
	p.Suspects = terms.Suspect(rep.Body.Text(), rep.Class, p.Lang)
	names, err := s.names(r, c)
	if err != nil {
		return err
	}
	p.Reporter, p.Assignee, p.Yours = names(rep.Reporter), names(rep.Assignee), rep.Assignee == who.ID && who.ID != ""
	if p.Timeline, p.Decisions, err = s.timeline(r, p.Frame, terms, c, names); err != nil {
		return err
	}
	p.Promises = promiseViews(p.Frame, c.Promises)
	if err := s.proposals(r, &p, names); err != nil {
		return err
	}
	p.Do = s.desk(p)
	return s.show(w, r, "case.html", p)
}

// proposals adds what the desk may consider: candidates for a duplicate, and awards.
func (s *Server) proposals(r *http.Request, p *casePage, names func(string) string) error {
	found, err := s.Reports.Candidates(r.Context(), caller(r), p.Report.ID)
	if err != nil {
		return err
	}
	for _, c := range found {
		p.Candidates = append(p.Candidates, candidateView{Candidate: c, ClassName: s.className(c.Class), Percent: int(c.Score*100 + 0.5)})
	}
	if !p.Can(string(access.AwardRead)) {
		return nil
	}
	awards, err := s.Awards.Of(r.Context(), caller(r), p.Report.ID)
	if err != nil {
		return err
	}
	for _, a := range awards {
		clause, _ := p.Terms.Clause(a.Clause)
		p.Awards = append(p.Awards, awardView{
			Award: a, Proposer: names(a.ProposedBy), Decider: names(a.DecidedBy), Clause: clause,
			CanDecide: a.State == reward.Proposed && p.Can(string(access.AwardApprove)) && a.ProposedBy != p.Caller.ID,
		})
	}
	if guide, err := s.Awards.Guide(p.Report, p.Report.Class); err == nil {
		p.Guide = guide.Minor
	}
	return nil
}

// names returns a function from ids to the names of everybody who had a part in a case.
func (s *Server) names(r *http.Request, c report.Case) (func(string) string, error) {
	ids := []string{c.Report.Reporter, c.Report.Assignee}
	for _, m := range c.Messages {
		ids = append(ids, m.Author)
	}
	for _, d := range c.Decisions {
		ids = append(ids, d.By, d.ConfirmedBy)
	}
	awards, err := s.Awards.Of(r.Context(), caller(r), c.Report.ID)
	if err == nil { // whoever may not see awards needs no names for them
		for _, a := range awards {
			ids = append(ids, a.ProposedBy, a.DecidedBy)
		}
	}
	slices.Sort(ids)
	labels, err := s.People.Labels(r.Context(), caller(r), slices.Compact(ids)...)
	if err != nil {
		return nil, err
	}
	l := language(r)
	return func(id string) string { return nameOf(labels, id, l) }, nil
}

// nameOf says who somebody is, as far as the reader may know.
func nameOf(labels map[string]person.Label, id string, l lang.Lang) string {
	if id == "" {
		return ""
	}
	who, ok := labels[id]
	switch {
	case id == access.Self.ID:
		return lang.Text{EN: "Hinomi", JA: "火の見"}.In(l)
	case ok && who.State == person.Withdrawn:
		return lang.Text{EN: "a withdrawn participant", JA: "退会した参加者"}.In(l)
	case ok && who.Name != "":
		return who.Name
	case ok && who.Kind == access.Staff:
		return lang.Text{EN: "the security desk", JA: "運営"}.In(l)
	default:
		return lang.Text{EN: "a participant", JA: "参加者"}.In(l)
	}
}

// timeline puts messages and decisions into one order, with how far each was delivered.
func (s *Server) timeline(r *http.Request, f Frame, terms *program.Terms, c report.Case, names func(string) string) ([]moment, []decisionView, error) {
	var about []string
	for _, m := range c.Messages {
		about = append(about, m.ID)
	}
	mails, err := s.Mails.States(r.Context(), about...)
	if err != nil {
		return nil, nil, err
	}
	var all []moment
	for _, m := range c.Messages {
		v := messageView{Message: m, Author: names(m.Author), Yours: m.Author == f.Caller.ID}
		if state, ok := mails[m.ID]; ok && m.Audience == report.Public && m.AuthorKind != access.Participant {
			v.Delivery = deliveryNames[state]
		}
		all = append(all, moment{At: m.At, Message: &v})
	}
	var decided []decisionView
	for _, d := range c.Decisions {
		v := decisionView{
			Decision: d, Author: names(d.By), Second: names(d.ConfirmedBy), Yours: d.By == f.Caller.ID,
			CanConfirm: d.Standing == report.Proposed && d.By != f.Caller.ID &&
				(f.Can(string(access.ReportConfirm)) || f.Caller.Is(c.Report.Reporter) && d.Kind == report.SetSeverity),
		}
		v.Clause, _ = terms.Clause(d.Clause)
		if d.Kind == report.SetSeverity {
			v.Metrics = metricChanges(d.From, d.To)
		}
		decided = append(decided, v)
		all = append(all, moment{At: d.At, Decision: &v})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.At.Compare(b.At) })
	return all, decided, nil
}

var deliveryNames = map[mail.State]lang.Text{
	mail.Queued:   {EN: "The copy by mail waits to be sent.", JA: "メールの写しは送信待ちです。"},
	mail.Accepted: {EN: "The mail server took the copy.", JA: "メールの写しはサーバーが受理しました。"},
	mail.Bounced:  {EN: "The copy by mail bounced.", JA: "メールの写しは届きませんでした。"},
}

func promiseViews(f Frame, all []deadline.Deadline) []promiseView {
	var views []promiseView
	for _, d := range all {
		views = append(views, promiseView{
			Deadline: d, Name: deadline.Name(d.Kind), Late: d.Late(f.Now) && d.Kind != "confidentiality", Paused: !d.PausedSince.IsZero(),
		})
	}
	slices.SortStableFunc(views, func(a, b promiseView) int { return cmp.Compare(a.DueAt.Unix(), b.DueAt.Unix()) })
	return views
}

// getFile sends an attachment: a download, whatever its name says.
func (s *Server) getFile(w http.ResponseWriter, r *http.Request) error {
	f, err := s.Reports.File(r.Context(), caller(r), r.PathValue("id"), r.PathValue("hash"))
	if err != nil {
		return err
	}
	body, err := s.Files.Open(f.Hash)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // it was only read
	attachment.Headers(w.Header(), f.Name, f.Size)
	http.ServeContent(w, r, "", time.Time{}, body)
	return nil
}

// getReceipt sends the signed receipt.
func (s *Server) getReceipt(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	text, err := s.Reports.Receipt(r.Context(), caller(r), id)
	if err != nil {
		return err
	}
	return sendText(w, id+".receipt", text)
}

// getEvidence sends the card that proves an earlier entry.
func (s *Server) getEvidence(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	text, err := s.Reports.Evidence(r.Context(), caller(r), id)
	if err != nil {
		return err
	}
	return sendText(w, id+".evidence", text)
}

// sendText sends a text file as a download.
func sendText(w http.ResponseWriter, name string, text []byte) error {
	attachment.Headers(w.Header(), name, int64(len(text)))
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write(text)
	return err
}

func (s *Server) liveCase(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := s.Reports.Read(r.Context(), caller(r), id); err != nil {
		return err
	}
	if !caller(r).Desk() {
		return s.live(w, r, ReportTopic(id))
	}
	return s.live(w, r, CaseTopic(id))
}
