package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/watch"
)

const (
	alertsPath = "/desk/alerts"
	rulesPath  = "/desk/rules"
	streamPath = "/desk/stream"
)

// watchRoutes are the addresses of what the service tells: alerts, rules, the event stream.
func (s *Server) watchRoutes() []route {
	read, change := may(access.RuleRead), may(access.RuleChange)
	const one, again = alertsPath + "/{id}", rulesPath + "/{file}"
	return []route{
		{pattern: "GET " + alertsPath, handle: s.getAlerts, need: may(access.AlertRead)},
		{pattern: "GET " + alertsPath + "/live", handle: s.liveAlerts, need: may(access.AlertRead), stream: true},
		{pattern: "GET " + one, handle: s.getAlert, need: may(access.AlertRead)},
		{pattern: "POST " + one + "/mark", handle: s.postMark, need: may(access.AlertMark), again: one},
		{pattern: "GET " + rulesPath, handle: s.getRules, need: read},
		{pattern: "GET " + rulesPath + "/live", handle: s.liveRules, need: read, stream: true},
		{pattern: "POST " + rulesPath + "/stop-replay", handle: s.postStopReplay, need: change, again: rulesPath},
		{pattern: "GET " + rulesPath + "/new", handle: s.getNewRule, need: change},
		{pattern: "POST " + rulesPath + "/new", handle: s.postNewRule, need: change},
		{pattern: "GET " + again, handle: s.getRule, need: read},
		{pattern: "POST " + again, handle: s.postRule, need: change},
		{pattern: "POST " + again + "/state", handle: s.postRuleState, need: change, again: again},
		{pattern: "POST " + again + "/remove", handle: s.postRuleRemove, need: change, again: again},
		{pattern: "GET " + streamPath, handle: s.getStream, need: may(access.EventRead)},
		{pattern: "GET " + streamPath + "/live", handle: s.liveStream, need: may(access.EventRead), stream: true},
	}
}

// An alertsPage is one screen of alerts.
type alertsPage struct {
	Frame
	View      alertView
	Views     []viewTab
	Rows      []alertRow
	Filters   []filter
	Since     string // as typed
	Until     string
	Key       string
	Total     int // of the view
	First     string
	Next      string
	Over      *pictureView // nil when there is nothing to draw
	Recorded  []recordedLink
	Feeding   string // how far the recorded incidents of a demonstration have come
	MayChange bool
}

// An alertRow is an alert in the words of its reader.
type alertRow struct {
	ID, Title, Whom, Rule, State, Age string
	Level                             Mark
	At                                Stamp
	Count                             string
	Open                              bool
}

// An alertView is one of the parts into which all alerts fall: each alert is in exactly one, besides all.
type alertView string

// The views.
const (
	alertsOpen     alertView = "unmarked"
	alertsReal     alertView = "real"
	alertsFalse    alertView = "false"
	alertsShadow   alertView = "shadow"
	alertsReplayed alertView = "replay"
	alertsAll      alertView = "all"
)

var alertViews = []struct {
	view alertView
	name lang.Text
}{
	{alertsOpen, lang.Text{EN: "Unmarked", JA: "未判定"}},
	{alertsReal, lang.Text{EN: "Real", JA: "実際の事象"}},
	{alertsFalse, lang.Text{EN: "False alarms", JA: "誤検知"}},
	{alertsShadow, lang.Text{EN: "Shadow", JA: "試行中のルール"}},
	{alertsReplayed, lang.Text{EN: "Found by replay", JA: "過去分から検出"}},
	{alertsAll, lang.Text{EN: "All", JA: "すべて"}},
}

// narrow lets a filter select the view's alerts.
func (v alertView) narrow(f watch.Filter) watch.Filter {
	yes, no := true, false
	marks := map[alertView]watch.Mark{alertsOpen: watch.Open, alertsReal: watch.Real, alertsFalse: watch.False}
	switch v {
	case alertsShadow:
		f.Shadow, f.Replayed = &yes, &no
	case alertsReplayed:
		f.Replayed = &yes
	case alertsAll:
	default:
		m := marks[v]
		f.Mark, f.Shadow, f.Replayed = &m, &no, &no
	}
	return f
}

// alertCounts returns how many alerts each view has.
func (s *Server) alertCounts(ctx context.Context, who access.Caller) (map[alertView]int, error) {
	n := map[alertView]int{}
	for _, v := range []alertView{alertsAll, alertsShadow, alertsReplayed} {
		p, err := s.Watch.Alerts(ctx, who, v.narrow(watch.Filter{Limit: 1}))
		if err != nil {
			return nil, err
		}
		n[v] = p.Counts.Total
	}
	no := false
	p, err := s.Watch.Alerts(ctx, who, watch.Filter{Shadow: &no, Replayed: &no, Limit: 1})
	if err != nil {
		return nil, err
	}
	n[alertsOpen], n[alertsReal], n[alertsFalse] = p.Counts.ByMark[watch.Open], p.Counts.ByMark[watch.Real], p.Counts.ByMark[watch.False]
	return n, nil
}

// alertQuery reads the question from an address.
func alertQuery(q url.Values) (alertView, watch.Filter, error) {
	v := alertView(q.Get("view"))
	if v == "" {
		v = alertsOpen
	}
	f := watch.Filter{Rule: q.Get("rule"), Level: q.Get("level"), Key: strings.TrimSpace(q.Get("about")), After: q.Get("after")}
	var err error
	if f.Since, err = dayStart(q.Get("since"), "since"); err == nil {
		f.Until, err = dayStart(q.Get("until"), "until")
	}
	if err == nil && !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the day itself belongs to it
	}
	return v, v.narrow(f), err
}

// dayStart reads a day in Japan.
func dayStart(typed, field string) (time.Time, error) {
	if typed == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, typed, japan)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "“%.40s” is no date. Write it as 2020-10-15.", "「%.40s」は日付として読み取れません。2020-10-15 の形式で入力してください。", typed).At(field)
	}
	return t, nil
}

func (s *Server) getAlerts(w http.ResponseWriter, r *http.Request) error {
	values, ctx, who := r.URL.Query(), r.Context(), caller(r)
	view, f, err := alertQuery(values)
	if err != nil {
		return err
	}
	page, err := s.Watch.Alerts(ctx, who, f)
	if err != nil {
		return err
	}
	counts, err := s.alertCounts(ctx, who)
	if err != nil {
		return err
	}
	p := alertsPage{
		Frame: s.frame(r, "Alerts", "アラート"), View: view, Total: counts[view],
		Since: values.Get("since"), Until: values.Get("until"), Key: f.Key,
	}
	p.MayChange = p.Can(string(access.RuleRead))
	for _, v := range alertViews {
		p.Views = append(p.Views, viewTab{
			Name: v.name, Path: listPath(alertsPath, values, "view", string(v.view)), Count: counts[v.view], Here: v.view == view, Apart: v.view == alertsAll,
		})
	}
	for _, a := range page.Alerts {
		p.Rows = append(p.Rows, p.alertRow(a))
	}
	if page.Next != "" {
		p.Next = listPath(alertsPath, values, "after", page.Next)
	}
	if f.After != "" {
		p.First = listPath(alertsPath, values, "after", "")
	}
	if p.Filters, err = s.alertFilters(ctx, p.Frame, f); err != nil {
		return err
	}
	if err := s.drawAlerts(ctx, &p, f, page.Alerts); err != nil {
		return err
	}
	s.showRecorded(&p)
	return s.show(w, r, "alerts.html", p)
}

// alertRow puts an alert into a reader's words.
func (f Frame) alertRow(a watch.Alert) alertRow {
	row := alertRow{
		ID: a.ID, Title: Plain(a.Title), Whom: f.whom(a.Key), Rule: a.Rule, State: f.AlertState(a), Age: f.Age(a.At), Level: f.Level(a.Level),
		At: f.Exact(a.At), Count: f.Number(max(a.Count, 1)), Open: a.Mark == watch.Open && !a.Shadow && !a.Replayed,
	}
	if !row.Open {
		row.Level = f.Calm(row.Level) // nothing here needs the reader now
	}
	if a.Distinct > 0 {
		row.Count = f.Number(a.Distinct)
	}
	return row
}

// whom names what an alert is about: the values of its group.
func (f Frame) whom(key []watch.Field) string {
	if len(key) == 0 {
		return f.T("all together", "全体")
	}
	var all []string
	for _, k := range key {
		all = append(all, Plain(k.Value))
	}
	return strings.Join(all, " → ")
}

// AlertState returns the words for what became of an alert.
func (f Frame) AlertState(a watch.Alert) string {
	switch {
	case a.Mark == watch.Real:
		return f.T("real", "実際の事象")
	case a.Mark == watch.False:
		return f.T("false alarm", "誤検知")
	case a.Replayed:
		return f.T("found by replay", "過去分から検出")
	case a.Shadow:
		return f.T("shadow", "試行")
	}
	return f.T("unmarked", "未判定")
}

// Level returns the mark of an alert's level.
func (f Frame) Level(level string) Mark {
	switch level {
	case "critical":
		return Mark{"now", f.T("critical", "緊急")}
	case "high":
		return Mark{"soon", f.T("high", "高")}
	case "medium":
		return Mark{"", f.T("medium", "中")}
	case "low":
		return Mark{"", f.T("low", "低")}
	}
	return Mark{"shut", f.T("informational", "参考")}
}

// Calm is a mark without its call.
func (f Frame) Calm(m Mark) Mark {
	if m.Class == "now" || m.Class == "soon" {
		m.Class = "done"
	}
	return m
}

// alertFilters are the questions beside the views.
func (s *Server) alertFilters(ctx context.Context, f Frame, q watch.Filter) ([]filter, error) {
	page, err := s.Watch.Alerts(ctx, f.Caller, watch.Filter{Limit: 1})
	if err != nil {
		return nil, err
	}
	rules := []Option{{Label: f.T("any", "すべて")}}
	names := slices.Sorted(maps.Keys(page.Counts.ByRule))
	if q.Rule != "" && page.Counts.ByRule[q.Rule] == 0 {
		names = append(names, q.Rule)
	}
	for _, name := range names {
		rules = append(rules, Option{Value: name, Label: name})
	}
	levels := []Option{{Label: f.T("any", "すべて")}}
	for _, l := range []string{"critical", "high", "medium", "low", "informational"} {
		levels = append(levels, Option{Value: l, Label: f.Level(l).Word})
	}
	return []filter{
		{f.Choice("rule", f.T("Rule", "ルール"), rules, q.Rule).Plain(), q.Rule != ""},
		{f.Choice("level", f.T("Level", "重要度"), levels, q.Level).Plain(), q.Level != ""},
	}, nil
}

// Filtered reports whether the rows are fewer than the view's.
func (p alertsPage) Filtered() bool {
	for _, f := range p.Filters {
		if f.Set {
			return true
		}
	}
	return p.Since != "" || p.Until != "" || p.Key != ""
}

func (s *Server) liveAlerts(w http.ResponseWriter, r *http.Request) error {
	return s.live(w, r, "alerts")
}
