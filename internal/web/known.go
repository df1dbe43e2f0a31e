package web

import (
	"net/http"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

// recordRoutes are the desk's lists: known issues, awards, mail, the audit trail.
func (s *Server) recordRoutes() []route {
	return []route{
		{pattern: "GET /desk/known", handle: s.getKnown, need: may(access.KnownRead)},
		{pattern: "POST /desk/known", handle: s.postKnown, need: may(access.KnownAdd)},
		{pattern: "POST /desk/known/import", handle: s.postKnownImport, need: may(access.KnownAdd), again: "/desk/known", body: 16 << 20},
		{pattern: "GET /desk/known/{id}/receipt", handle: s.getKnownReceipt, need: may(access.KnownRead)},
		{pattern: "GET /desk/awards", handle: s.getAwards, need: may(access.AwardRead)},
		{pattern: "GET /desk/mail", handle: s.getMail, need: may(access.MailRead)},
		{pattern: "GET /desk/audit", handle: s.getAudit, need: may(access.AuditRead)},
	}
}

// A knownPage lists the issues we knew of by ourselves, with the form that adds one.
type knownPage struct {
	Frame
	Issues  []knownView
	Classes []Option
	Next    int64
	Add     bool
}

type knownView struct {
	report.Known
	ClassName lang.Text
	Author    string
}

var errNoFile = fault.New(fault.Invalid, "Choose a file first.", "先にファイルを選んでください。").At("file")

// pageOf is how many rows a list shows at once.
const pageOf = 100

func (s *Server) getKnown(w http.ResponseWriter, r *http.Request) error {
	all, err := s.Reports.ListKnown(r.Context(), caller(r), report.KnownQuery{Before: number(r.FormValue("before")), Limit: pageOf + 1})
	if err != nil {
		return err
	}
	p := knownPage{Frame: s.frame(r, "Known issues", "既知の問題"), Classes: []Option{{Label: ""}}}
	p.Add = p.Can(string(access.KnownAdd))
	if len(all) > pageOf {
		all = all[:pageOf]
		p.Next = all[pageOf-1].LogIndex
	}
	ids := make([]string, 0, len(all))
	for _, k := range all {
		ids = append(ids, k.AddedBy)
	}
	labels, err := s.People.Labels(r.Context(), caller(r), ids...)
	if err != nil {
		return err
	}
	for _, k := range all {
		p.Issues = append(p.Issues, knownView{Known: k, ClassName: s.className(k.Class), Author: nameOf(labels, k.AddedBy, p.Lang)})
	}
	for _, c := range s.latest().Classes() {
		p.Classes = append(p.Classes, Option{Value: c.ID, Label: p.In(c.Name)})
	}
	return s.show(w, r, "known.html", p)
}

func (s *Server) postKnown(w http.ResponseWriter, r *http.Request) error {
	k, err := s.Reports.AddKnown(r.Context(), caller(r), report.Known{
		Title: r.FormValue("title"), Target: r.FormValue("target"), Class: r.FormValue("class"), Reference: r.FormValue("reference"),
		Claimed: r.FormValue("claimed"), Details: strings.ReplaceAll(r.FormValue("details"), "\r\n", "\n"),
	})
	if err != nil {
		return err
	}
	s.flash(w, "%s is in the log. It counts against reports received from now on.", "%s をログに記録しました。これ以降に受け付けた報告に対して有効です。", k.ID)
	return seeOther(w, r, "/desk/known")
}

func (s *Server) postKnownImport(w http.ResponseWriter, r *http.Request) error {
	f, _, err := r.FormFile("file")
	if err != nil {
		return errNoFile
	}
	defer func() { _ = f.Close() }() // it was only read
	n, err := s.Reports.ImportKnown(r.Context(), caller(r), f)
	if err != nil {
		return err
	}
	s.flash(w, "%d issues are in the log.", "%d件をログに記録しました。", n)
	return seeOther(w, r, "/desk/known")
}

func (s *Server) getKnownReceipt(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	text, err := s.Reports.KnownReceipt(r.Context(), caller(r), id)
	if err != nil {
		return err
	}
	return sendText(w, id+".receipt", text)
}

// An awardsPage lists what waits for a second person and what was decided.
type awardsPage struct {
	Frame
	Waiting, Decided []awardView
}

func (s *Server) getAwards(w http.ResponseWriter, r *http.Request) error {
	p := awardsPage{Frame: s.frame(r, "Rewards", "報奨金")}
	waiting, err := s.Awards.Waiting(r.Context(), caller(r))
	if err != nil {
		return err
	}
	decided, err := s.Awards.Decided(r.Context(), caller(r))
	if err != nil {
		return err
	}
	var ids []string
	for _, a := range append(append([]reward.Award(nil), waiting...), decided...) {
		ids = append(ids, a.ProposedBy, a.DecidedBy)
	}
	labels, err := s.People.Labels(r.Context(), caller(r), ids...)
	if err != nil {
		return err
	}
	view := func(a reward.Award) awardView {
		return awardView{
			Award: a, Proposer: nameOf(labels, a.ProposedBy, p.Lang), Decider: nameOf(labels, a.DecidedBy, p.Lang),
			CanDecide: a.State == reward.Proposed && p.Can(string(access.AwardApprove)) && a.ProposedBy != p.Caller.ID,
		}
	}
	for _, a := range waiting {
		p.Waiting = append(p.Waiting, view(a))
	}
	for _, a := range decided {
		p.Decided = append(p.Decided, view(a))
	}
	return s.show(w, r, "awards.html", p)
}

// A mailPage lists what went out, or would.
type mailPage struct {
	Frame
	Mails []mail.Mail
	Next  string // the address of older ones, or empty
	Sends bool   // a mail server is configured
}

func (s *Server) getMail(w http.ResponseWriter, r *http.Request) error {
	return s.showMail(w, r, caller(r), "/desk/mail")
}

// showMail shows a screen of what went out, as far as who may read it.
func (s *Server) showMail(w http.ResponseWriter, r *http.Request, who access.Caller, path string) error {
	all, err := s.Mails.List(r.Context(), who, mail.Query{Before: r.FormValue("before"), Limit: pageOf + 1})
	if err != nil {
		return err
	}
	p := mailPage{Frame: s.frame(r, "Mail", "メール"), Mails: all, Sends: s.Mails.Sender != nil}
	if len(all) > pageOf {
		p.Mails = all[:pageOf]
		p.Next = path + "?before=" + p.Mails[pageOf-1].ID
	}
	return s.show(w, r, "mail.html", p)
}

// MailState returns the words for how far a mail came.
func (p mailPage) MailState(m mail.Mail) string {
	switch m.State {
	case mail.Accepted:
		return p.T("accepted by the mail server", "メールサーバーが受理")
	case mail.Bounced:
		return p.T("bounced", "不達")
	}
	return p.T("queued", "送信待ち")
}

// An auditPage shows the trail, newest first.
type auditPage struct {
	Frame
	Query   audit.Query
	Records []recordView
	Next    int64
}

type recordView struct {
	audit.Record
	Who  string
	Link string // to the report it is about
}

func (s *Server) getAudit(w http.ResponseWriter, r *http.Request) error {
	q := audit.Query{Subject: r.FormValue("subject"), Person: r.FormValue("person"), Before: number(r.FormValue("before")), Limit: pageOf + 1}
	all, err := s.Audit.List(r.Context(), caller(r), q)
	if err != nil {
		return err
	}
	p := auditPage{Frame: s.frame(r, "Audit trail", "監査記録"), Query: q}
	if len(all) > pageOf {
		all = all[:pageOf]
		p.Next = all[pageOf-1].Seq
	}
	ids := make([]string, 0, len(all))
	for _, rec := range all {
		ids = append(ids, rec.Person)
	}
	labels, err := s.People.Labels(r.Context(), caller(r), ids...)
	if err != nil {
		return err
	}
	for _, rec := range all {
		p.Records = append(p.Records, recordView{Record: rec, Who: auditName(labels, rec.Person, p.Frame), Link: subjectLink(rec.Subject)})
	}
	return s.show(w, r, "audit.html", p)
}

func auditName(labels map[string]person.Label, id string, f Frame) string {
	if id == "" {
		return f.T("nobody signed in", "未サインイン")
	}
	return nameOf(labels, id, f.Lang)
}

// subjectLink leads to the report a record is about; other subjects have no page of their own.
func subjectLink(subject string) string {
	if report.CanonicalID(subject) == subject && subject != "" {
		return "/desk/reports/" + subject
	}
	return ""
}
