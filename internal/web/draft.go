package web

import (
	"mime"
	"net/http"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
)

// reporterRoutes are the addresses of whoever reports.
func (s *Server) reporterRoutes() []route {
	draft := may(access.ReportDraft)
	const again = "/drafts/{id}"
	return []route{
		{pattern: "GET /reports/new", handle: s.getNew, need: anybody},
		{pattern: "POST /drafts", handle: s.postDrafts, need: draft, again: "/reports"},
		{pattern: "GET /drafts/{id}", handle: s.getDraft, need: draft},
		{pattern: "POST /drafts/{id}", handle: s.postDraft, need: draft},
		{pattern: "POST /drafts/{id}/save", handle: s.postSave, need: draft, again: again},
		{pattern: "POST /drafts/{id}/send", handle: s.postSend, need: may(access.ReportSubmit), again: again},
		{pattern: "POST /drafts/{id}/discard", handle: s.postDiscard, need: draft, again: again},
		{pattern: "POST /drafts/{id}/files", handle: s.postFile, need: draft, again: again, body: 4 * attachment.DefaultMaxBytes, stream: true},
		{pattern: "POST /drafts/{id}/files/{hash}/remove", handle: s.postRemoveFile, need: draft, again: again},
		{pattern: "GET /reports", handle: s.getReports, need: may(access.ReportReadOwn)},
		{pattern: "GET /reports/{id}", handle: s.getReport, need: signedIn},
		{pattern: "GET /reports/{id}/live", handle: s.liveCase, need: signedIn, stream: true},
		{pattern: "POST /reports/{id}/reply", handle: s.postReply, need: may(access.ReportReply), again: "/reports/{id}"},
		{pattern: "POST /reports/{id}/confirm", handle: s.postConfirm, need: may(access.ReportReply), again: "/reports/{id}"},
		{pattern: "POST /reports/{id}/withdraw", handle: s.postWithdraw, need: may(access.ReportWithdraw), again: "/reports/{id}"},
	}
}

// A newPage says what to have ready before a report is begun.
type newPage struct {
	Frame
	Terms *program.Terms
	Open  bool // the program takes reports now
}

func (s *Server) getNew(w http.ResponseWriter, r *http.Request) error {
	p := newPage{Frame: s.frame(r, "Report a vulnerability", "脆弱性を報告する")}
	p.Terms, p.Open = s.Program.At(s.Now())
	return s.show(w, r, "new.html", p)
}

func (s *Server) postDrafts(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Reports.NewDraft(r.Context(), caller(r), report.Submission{})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/drafts/"+d.ID)
}

// A draftPage is the form of a report. What it says about target, class and score follows what is
// typed, also before it is saved.
type draftPage struct {
	Frame
	Draft     report.Draft
	Body      report.Submission // as typed, or as stored
	Terms     *program.Terms
	Classes   []Option
	Class     *program.Class
	Verdict   *program.Verdict
	Clause    *program.Clause // of the verdict
	Suspects  []program.Suspicion
	Vector    []Field
	Score     int // -1 when nothing is clicked
	Level     lang.Text
	VectorBad string
	Free      time.Time // first day on which the terms' secrecy would have ended
	Missing   []string  // what the account still lacks
	Version40 bool
}

func (s *Server) getDraft(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Reports.Draft(r.Context(), caller(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	if d.Report != "" {
		return seeOther(w, r, "/reports/"+d.Report)
	}
	terms, ok := s.Program.At(s.Now())
	if !ok {
		terms = s.latest()
	}
	p := draftPage{Frame: s.frame(r, "Report a vulnerability", "脆弱性を報告する"), Draft: d, Terms: terms, Body: d.Body, Score: -1}
	p.Keep = "report"
	if v := visitOf(r); v.form.posted && v.form.values.Has("steps") {
		p.Body = submission(v.form.values.Get) // the request itself is the page's, without a form
	}
	p.judge(terms)
	p.rate()
	for _, c := range terms.Classes() {
		p.Classes = append(p.Classes, Option{Value: c.ID, Label: p.In(c.Name), Help: p.In(c.Means)})
		if c.ID == p.Body.Class {
			p.Class = &c
		}
	}
	p.Free = calendar.Months(calendar.In(s.Now(), japan), 12).Add(1).Start(japan)
	missing, err := s.Reports.Ready(r.Context(), caller(r).ID, terms.ID)
	if err != nil {
		return err
	}
	for _, m := range missing {
		p.Missing = append(p.Missing, p.In(m))
	}
	return s.show(w, r, "draft.html", p)
}

// judge says at once what the terms say of the target and of the text.
func (p *draftPage) judge(terms *program.Terms) {
	if p.Body.Target != "" || p.Body.Platform != "" {
		v := terms.Judge(program.Target{Kind: p.Body.Reached, Host: p.Body.Target, Platform: p.Body.Platform, Version: p.Body.Version})
		p.Verdict = &v
		p.Clause, _ = terms.Clause(v.Clause)
	}
	p.Suspects = terms.Suspect(p.Body.Text(), p.Body.Class, p.Lang)
}

// rate works out the score of what is clicked.
func (p *draftPage) rate() {
	vector := p.Body.Vector
	p.Version40 = strings.HasPrefix(vector, "CVSS:4.0")
	if vector == "" {
		p.Vector, p.Level = vectorFields(p.Frame, "m_", ""), severityName(-1)
		return
	}
	v, err := cvss.Parse(vector)
	if err != nil {
		p.VectorBad = p.In(fault.As(err).Text)
		p.Vector = vectorFields(p.Frame, "m_", "")
		return
	}
	p.Score, p.Level, p.Vector = v.Score(), severityName(v.Score()), vectorFields(p.Frame, "m_", vector)
}

// submission reads the form of a report, field by field.
func submission(field func(name string) string) report.Submission {
	var sub report.Submission
	for _, name := range report.Fields() {
		sub.Set(name, strings.ReplaceAll(field(name), "\r\n", "\n"))
	}
	sub.Version = strings.TrimSpace(field("app_version")) // "version" is the draft's own
	if v := clicked(field, "m_", "vector"); v != "" {
		sub.Vector = v
	}
	return sub
}

// saveDraft keeps what was posted.
func (s *Server) saveDraft(r *http.Request) (report.Draft, error) {
	return s.Reports.SaveDraft(r.Context(), caller(r), r.PathValue("id"), submission(r.FormValue), number(r.FormValue("version")))
}

// postSave is the autosave, and the button for those without script.
func (s *Server) postSave(w http.ResponseWriter, r *http.Request) error {
	d, err := s.saveDraft(r)
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, map[string]any{"version": d.Version})
	}
	s.flash(w, "Saved. Nothing was sent.", "保存しました。まだ送信していません。")
	return seeOther(w, r, "/drafts/"+d.ID)
}

// postDraft is what enter in a field does: it saves, and sends nothing.
func (s *Server) postDraft(w http.ResponseWriter, r *http.Request) error { return s.postSave(w, r) }

// postSend keeps what was typed, then sends it: whatever refuses the second, the first is done.
func (s *Server) postSend(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Reports.Draft(r.Context(), caller(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	if d.Report == "" {
		if _, err := s.saveDraft(r); err != nil {
			return err
		}
		if err := s.Limits.Take(limit.Submit, caller(r).ID); err != nil {
			return err
		}
	}
	rep, err := s.Reports.Submit(r.Context(), caller(r), d.ID, language(r))
	if err != nil {
		return err
	}
	return seeOther(w, r, "/reports/"+rep.ID)
}

func (s *Server) postDiscard(w http.ResponseWriter, r *http.Request) error {
	if err := s.Reports.DiscardDraft(r.Context(), caller(r), r.PathValue("id")); err != nil {
		return err
	}
	s.flash(w, "The draft is gone.", "下書きを破棄しました。")
	return seeOther(w, r, "/reports")
}

// postFile streams attachments to disk as they come in: no part of a file waits in memory.
func (s *Server) postFile(w http.ResponseWriter, r *http.Request) error {
	who := caller(r)
	if err := s.Limits.Take(limit.Upload, who.ID); err != nil {
		return err
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return errNoFile
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return errNoFile.Because(err)
	}
	n := 0
	for {
		part, err := parts.NextPart()
		if err != nil {
			break // the end, or a connection that broke: what arrived whole is listed
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		if _, err := s.Reports.AddFile(r.Context(), who, r.PathValue("id"), part.FileName(), part); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return fault.New(fault.Invalid, "No file arrived whole. Choose it again; everything typed is kept.",
			"ファイルが完全に届きませんでした。もう一度選んでください。入力内容は保存されています。").At("file")
	}
	return seeOther(w, r, "/drafts/"+r.PathValue("id")+"#files")
}

func (s *Server) postRemoveFile(w http.ResponseWriter, r *http.Request) error {
	if err := s.Reports.RemoveFile(r.Context(), caller(r), r.PathValue("id"), r.PathValue("hash")); err != nil {
		return err
	}
	return seeOther(w, r, "/drafts/"+r.PathValue("id")+"#files")
}

// number reads a count from a form; what is none is 0.
func number(s string) int64 {
	var n int64
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<53 {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// ReachedOptions are the ways to a target.
func (p draftPage) ReachedOptions() []Option {
	var all []Option
	for _, by := range []string{"app", "web", "separate_process"} {
		all = append(all, Option{Value: by, Label: p.Reached(by)})
	}
	return all
}

// PlatformOptions are the apps that the terms cover.
func (p draftPage) PlatformOptions() []Option {
	all := []Option{{Label: p.T("none, or not sure", "なし・不明")}}
	for _, f := range p.Terms.Platforms {
		all = append(all, Option{Value: f.ID, Label: p.In(f.Name)})
	}
	return all
}

// ClassOptions are the classes of the terms.
func (p draftPage) ClassOptions() []Option {
	return append([]Option{{Label: p.T("Pick the one that comes closest", "最も近いものを選択")}}, p.Classes...)
}

// FoundOptions are the ways somebody comes to a vulnerability.
func (p draftPage) FoundOptions() []Option {
	return []Option{
		{Value: "self", Label: p.T("I found it myself", "自分で見つけた")},
		{Value: "in_use", Label: p.T("I saw somebody use it", "使われているのを見た"), Help: p.T("Then it is urgent, whatever the rest says.", "この場合、ほかの回答にかかわらず緊急として扱います。")},
		{Value: "told", Label: p.T("Somebody told me", "ほかの人から聞いた"), Help: p.T("Name the finder below; new facts of yours may still earn a reward.", "下に発見者を書いてください。新しい事実があれば報奨金の対象になり得ます。")},
	}
}

// SeenOptions are the answers to "did you see anybody else's data?".
func (p draftPage) SeenOptions() []Option {
	return []Option{
		{Value: "no", Label: p.T("No", "いいえ")},
		{Value: "yes", Label: p.T("Yes", "はい"), Help: p.T("Say so honestly: it counts for you.", "正直な申告は、あなたのために考慮されます。")},
	}
}

// Score10 returns the score with its decimal.
func (p draftPage) Score10() string { return p.Frame.Score(p.Score) }

// TypedVector returns the vector for the text field when the metrics to click cannot show it.
func (p draftPage) TypedVector() string {
	if p.VectorBad != "" {
		return p.Body.Vector
	}
	return ""
}
