package web

import (
	"context"
	"net/http"
	"net/url"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/watch"
)

// deskRoutes are the addresses of the desk's own work on reports.
func (s *Server) deskRoutes() []route {
	read := may(access.ReportRead)
	const again = "/desk/reports/{id}"
	return []route{
		{pattern: "GET /desk", handle: s.getQueue, need: read},
		{pattern: "GET /search", handle: s.getSearch, need: read},
		{pattern: "GET /desk/live", handle: s.liveQueue, need: read, stream: true},
		{pattern: "POST /desk/chosen", handle: s.postChosen, need: may(access.ReportDecide, access.ReportNote), again: "/desk"},
		{pattern: "GET /desk/reports/{id}", handle: s.getCase, need: read},
		{pattern: "GET /desk/reports/{id}/live", handle: s.liveCase, need: read, stream: true},
		{pattern: "POST /desk/reports/{id}/take", handle: s.postTake, need: may(access.ReportDecide), again: again},
		{pattern: "POST /desk/reports/{id}/say", handle: s.postSay, need: may(access.ReportMessage), again: again},
		{pattern: "POST /desk/reports/{id}/note", handle: s.postNote, need: may(access.ReportNote), again: again},
		{pattern: "POST /desk/reports/{id}/decide", handle: s.postDecide, need: may(access.ReportDecide, access.ReportRate, access.ReportExcept), again: again},
		{pattern: "POST /desk/reports/{id}/confirm", handle: s.postConfirm, need: may(access.ReportConfirm), again: again},
		{pattern: "POST /desk/reports/{id}/award", handle: s.postAward, need: may(access.AwardPropose), again: again},
		{pattern: "POST /desk/awards/{award}/decide", handle: s.postAwardDecide, need: may(access.AwardApprove), again: "/desk/awards"},
		{pattern: "GET /reports/{id}/files/{hash}", handle: s.getFile, need: signedIn, stream: true},
		{pattern: "GET /reports/{id}/receipt", handle: s.getReceipt, need: signedIn},
		{pattern: "GET /reports/{id}/evidence", handle: s.getEvidence, need: signedIn},
	}
}

// getSearch leads the search of the top bar to the queue.
func (s *Server) getSearch(w http.ResponseWriter, r *http.Request) error {
	return seeOther(w, r, "/desk?"+url.Values{"view": {string(report.ViewAll)}, "q": {r.FormValue("q")}}.Encode())
}

// A queuePage is one screen of the desk's queue.
type queuePage struct {
	Frame
	Query   report.Query
	Views   []viewTab
	Rows    tableRows
	Shown   int    // how many they are
	First   string // the address of the first page, when this is not it
	Next    string // the address of the next page, or empty
	Filters []filter
	Total   int
	Known   bool   // the reader may add known issues
	At      string // the question, for the form of the chosen rows to come back to
}

type viewTab struct {
	Name  lang.Text
	Path  string
	Count int
	Here  bool
	Apart bool // overlaps with the others, so it does not count towards all
}

// A queueRow is a row in the words that its reader sees, and nothing else: two that are equal look the
// same.
type queueRow struct {
	ID, Title, Target string
	Lang              lang.Lang // of the title
	Outside           string    // said before a target that is not covered
	Class, Severity   string
	Rated             bool
	State, Whose, Age string
	Turn              report.Turn
	Mine              bool // the reader's own
	Urgency           Mark
	Until             Due
	Received          Stamp
	Take, Pick        string // what the button and the box say
	Chosen            bool
}

// A filter is one question to the queue, kept in its address.
type filter struct {
	Field
	Set bool
}

// queueQuery reads the question from an address.
func queueQuery(q url.Values) report.Query {
	return report.Query{
		View: report.View(q.Get("view")), State: report.State(q.Get("state")), Class: q.Get("class"),
		Urgency: report.Urgency(q.Get("urgency")), Severity: q.Get("severity"), Lang: lang.Lang(q.Get("in")),
		Target: q.Get("target"), Terms: q.Get("terms"), Text: q.Get("q"), After: q.Get("after"),
	}
}

func (s *Server) getQueue(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	if form := visitOf(r).form; form.Typed() { // the chosen rows, once more
		values, _ = url.ParseQuery(form.Or("at", ""))
	}
	q := queueQuery(values)
	if q.View == "" {
		q.View = report.ViewDesk
		if q.Text != "" {
			q.View = report.ViewAll // who searches wants to find, wherever it is
		}
	}
	if id := report.CanonicalID(q.Text); id != "" {
		if _, err := s.Reports.Read(r.Context(), caller(r), id); err == nil {
			return seeOther(w, r, "/desk/reports/"+id)
		}
	}
	page, err := s.Reports.Queue(r.Context(), caller(r), q)
	if err != nil {
		return err
	}
	p := queuePage{Frame: s.frame(r, "Queue", "キュー"), Query: q, Total: page.Counts[q.View], At: values.Encode()}
	p.Known = p.Can(string(access.KnownAdd))
	for _, v := range report.Views {
		p.Views = append(p.Views, viewTab{
			Name: v.Name(), Path: queuePath(values, "view", string(v)), Count: page.Counts[v], Here: v == q.View,
			Apart: v != report.ViewDesk && v != report.ViewReporter && v != report.ViewClosed && v != report.ViewAll,
		})
	}
	p.Shown = len(page.Rows)
	if p.Rows, err = s.rendered.of(s.pages["queue.html"], s.queueRows(p.Frame, page.Rows)); err != nil {
		return err
	}
	if page.Next != "" {
		p.Next = queuePath(values, "after", page.Next)
	}
	if q.After != "" {
		p.First = queuePath(values, "after", "")
	}
	p.Filters = s.filters(p.Frame, q)
	return s.show(w, r, "queue.html", p)
}

// queueRows puts rows into a reader's words. In the queue a row is somebody's, on the reporter's own
// list it is whose turn it is.
func (s *Server) queueRows(f Frame, rows []report.Row) []queueRow {
	takes := f.Can(string(access.ReportDecide))
	picks := takes || f.Can(string(access.ReportNote))
	classes := map[string]string{}
	all := make([]queueRow, 0, len(rows))
	for _, row := range rows {
		class, known := classes[row.Class]
		if !known {
			class = f.In(s.className(row.Class))
			classes[row.Class] = class
		}
		q := queueRow{
			ID: row.ID, Title: Plain(row.Title), Target: Plain(row.Target), Lang: row.Lang, Class: class,
			Severity: f.In(severityName(row.Score)), Rated: row.Score >= 0, State: f.In(row.State.Name()),
			Whose: f.In(row.Turn.Name()), Age: f.Age(row.ReceivedAt), Turn: row.Turn, Urgency: f.Urgency(row.Urgency),
			Mine:  row.Turn == report.Desk && f.Caller.Is(row.Assignee),
			Until: f.Due(row.TurnDue), Received: f.Time(row.ReceivedAt), Chosen: f.Form.Is("id", row.ID, false),
		}
		if takes {
			q.Take = f.T("Take", "担当する")
		}
		if picks {
			q.Pick = f.T("Select %s", "%s を選択", row.ID)
		}
		if q.Rated {
			q.Severity += " " + f.Score(row.Score)
		}
		if !row.InScope {
			q.Outside = f.T("outside the scope: ", "範囲外：")
		}
		if q.Mine {
			q.Whose = f.T("Yours", "あなた")
		}
		all = append(all, q)
	}
	return all
}

// queuePath returns the queue's address with one value changed.
func queuePath(q url.Values, name, value string) string { return listPath("/desk", q, name, value) }

// listPath returns a list's address with one value changed; a change of the question goes back to the
// first page.
func listPath(path string, q url.Values, name, value string) string {
	c := url.Values{}
	for k, v := range q {
		if k != "lang" && k != "after" {
			c[k] = v
		}
	}
	c.Set(name, value)
	if value == "" {
		c.Del(name)
	}
	return path + "?" + c.Encode()
}

// filters are the questions beside the views.
func (s *Server) filters(f Frame, q report.Query) []filter {
	classes := []Option{{Label: f.T("any", "すべて")}}
	for _, c := range s.latest().Classes() {
		classes = append(classes, Option{Value: c.ID, Label: f.In(c.Name)})
	}
	states := []Option{{Label: f.T("any", "すべて")}}
	for _, st := range report.States {
		states = append(states, Option{Value: string(st), Label: f.In(st.Name())})
	}
	urgencies := []Option{{Label: f.T("any", "すべて")}}
	for _, u := range report.Urgencies {
		urgencies = append(urgencies, Option{Value: string(u), Label: f.In(u.Name())})
	}
	levels := []Option{{Label: f.T("any", "すべて")}}
	for _, l := range severities {
		levels = append(levels, Option{Value: l.id, Label: f.In(l.name)})
	}
	languages := []Option{{Label: f.T("any", "すべて")}, {Value: "ja", Label: "日本語"}, {Value: "en", Label: "English"}}
	return []filter{
		{f.Choice("state", f.T("State", "状態"), states, string(q.State)).Plain(), q.State != ""},
		{f.Choice("class", f.T("Class", "分類"), classes, q.Class).Plain(), q.Class != ""},
		{f.Choice("severity", f.T("Severity", "深刻度"), levels, q.Severity).Plain(), q.Severity != ""},
		{f.Choice("urgency", f.T("Urgency", "緊急度"), urgencies, string(q.Urgency)).Plain(), q.Urgency != ""},
		{f.Choice("in", f.T("Language", "言語"), languages, string(q.Lang)).Plain(), q.Lang != ""},
	}
}

// Take and Notes report whether the reader may do such a thing to the chosen rows, and Choose whether any.
func (p queuePage) Take() bool   { return p.Can(string(access.ReportDecide)) }
func (p queuePage) Notes() bool  { return p.Can(string(access.ReportNote)) }
func (p queuePage) Choose() bool { return p.Take() || p.Notes() }

// Filtered reports whether the rows are fewer than the view's.
func (p queuePage) Filtered() bool {
	for _, f := range p.Filters {
		if f.Set {
			return true
		}
	}
	return p.Query.Text != "" || p.Query.Target != ""
}

func (s *Server) liveQueue(w http.ResponseWriter, r *http.Request) error {
	return s.live(w, r, "queue")
}

// postTake gives a report to the reader who asks for it.
func (s *Server) postTake(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.Reports.Assign(r.Context(), caller(r), id, caller(r).ID); err != nil {
		return err
	}
	s.flash(w, "%s is yours.", "%s の担当になりました。", id)
	return seeOther(w, r, "/desk/reports/"+id)
}

// latest returns the newest terms.
func (s *Server) latest() *program.Terms {
	all := s.Program.Versions()
	return all[len(all)-1]
}

// className returns the words for a class, from whichever version of the terms knows it.
func (s *Server) className(id string) lang.Text {
	for _, t := range s.Program.Versions() {
		if c, ok := t.Class(id); ok {
			return c.Name
		}
	}
	return lang.Text{EN: id, JA: id}
}

// deskCounts says how much waits behind the places of the left column.
func (s *Server) deskCounts(ctx context.Context, who access.Caller) (map[string]int, error) {
	counts := map[string]int{}
	if access.Allow(who, access.ReportRead) {
		n, err := s.Reports.Waiting(ctx, who)
		if err != nil {
			return nil, err
		}
		counts["/desk"] = n
	}
	if access.Allow(who, access.AwardRead) {
		waiting, err := s.Awards.Waiting(ctx, who)
		if err != nil {
			return nil, err
		}
		counts["/desk/awards"] = len(waiting)
		if counts[payDeskPath], err = s.Payouts.Waiting(ctx, who); err != nil {
			return nil, err
		}
	}
	if access.Allow(who, access.CreditApprove) {
		waiting, err := s.Participants.Wishes(ctx, who)
		if err != nil {
			return nil, err
		}
		counts[deskCreditPath] = len(waiting)
	}
	if access.Allow(who, access.AlertRead) && s.Watch != nil {
		page, err := s.Watch.Alerts(ctx, who, alertsOpen.narrow(watch.Filter{Limit: 1}))
		if err != nil {
			return nil, err
		}
		counts[alertsPath] = page.Counts.Total
	}
	return counts, nil
}
