package web

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/picture"
	"hinomi.dev/hinomi/internal/watch"
)

// An alertPage is one alert: what rang, for whom, when and why, and what people say of it.
type alertPage struct {
	Frame
	Alert    watch.Alert
	Level    Mark
	State    string
	Means    meaning
	Known    bool // the rule is still there
	Older    bool // and has changed since
	RulePath string
	All      string // all alerts of the rule
	Same     string // those about the same
	Figures  []figure
	Events   []eventRow
	Found    int
	Whole    bool
	Over     *pictureView
	MarkedBy string
	Marks    []Option
	May      bool
}

// A figure is a number with its name.
type figure struct{ Name, Value, Note string }

// An eventRow is an event behind an alert.
type eventRow struct {
	At     Stamp
	ID     string
	Type   string
	Source string
	Actor  string
	Target string
	Rest   []watch.Field // its other members
	Raw    string
	Rang   bool // the one at which the condition became true
}

func (s *Server) getAlert(w http.ResponseWriter, r *http.Request) error {
	ctx, who, id := r.Context(), caller(r), r.PathValue("id")
	a, err := s.Watch.Alert(ctx, who, id)
	if err != nil {
		return err
	}
	p := alertPage{Frame: s.frame(r, "%s", "%s", Plain(a.Title)), Alert: a, Whole: true}
	p.Level, p.State = p.Frame.Level(a.Level), p.AlertState(a)
	if a.Mark != watch.Open || a.Shadow || a.Replayed {
		p.Level = p.Calm(p.Level)
	}
	p.May = p.Can(string(access.AlertMark))
	p.All = alertsPath + "?view=all&rule=" + a.Rule
	if len(a.Key) > 0 {
		p.Same = listPath(alertsPath, map[string][]string{"view": {string(alertsAll)}}, "about", a.Key[0].Value)
	}
	if err := s.explainAlert(ctx, &p); err != nil {
		return err
	}
	if p.MarkedBy, err = s.nameOfPerson(ctx, who, a.MarkedBy, p.Frame); err != nil {
		return err
	}
	evidence, err := s.Watch.Evidence(ctx, who, id)
	if err != nil {
		return err
	}
	p.Found, p.Whole = evidence.Found, evidence.Whole
	for _, e := range evidence.Events {
		p.Events = append(p.Events, p.eventRow(e, e.ID == a.Event))
	}
	p.Figures = p.figures()
	p.draw(evidence.Events, s.lanes(p.Frame, a.From, a.At.Add(1)))
	p.Marks = []Option{
		{Value: string(watch.Real), Label: p.T("Real: this happened and should not have", "実際の事象：起きてはならないことが起きた")},
		{Value: string(watch.False), Label: p.T("False alarm: nothing is wrong", "誤検知：問題はない"), Help: p.T("Say why, so that the rule can be made better.", "ルールの改善に使うため、理由を書いてください。")},
		{Value: "unmarked", Label: p.T("Not marked", "未判定に戻す")},
	}
	return s.show(w, r, "alert.html", p)
}

// explainAlert finds the rule of an alert and says what it means.
func (s *Server) explainAlert(ctx context.Context, p *alertPage) error {
	if !p.Can(string(access.RuleRead)) {
		return nil
	}
	files, err := s.Watch.Rules(ctx, p.Caller)
	if err != nil {
		return err
	}
	p.Means, p.Known = meanings(p.Frame, files)[p.Alert.Rule]
	if p.Known {
		p.RulePath = rulePath(p.Means.Where) + "#rule-" + p.Alert.Rule
	}
	for _, f := range files {
		for _, v := range f.Rules {
			if v.Name == p.Alert.Rule && v.Version != p.Alert.RuleVersion {
				p.Older = true
			}
		}
	}
	return nil
}

// nameOfPerson returns how somebody is called; empty for nobody.
func (s *Server) nameOfPerson(ctx context.Context, who access.Caller, id string, f Frame) (string, error) {
	if id == "" {
		return "", nil
	}
	labels, err := s.People.Labels(ctx, who, id)
	if err != nil {
		return "", err
	}
	return nameOf(labels, id, f.Lang), nil
}

// figures are what the window held, against what the rule allows.
func (p alertPage) figures() []figure {
	a, limit := p.Alert, ""
	if p.Known && p.Means.Than != "" {
		limit = p.T("rings at: %s", "基準：%s", lower(p.Means.Than))
	}
	var all []figure
	if a.Distinct > 0 {
		name := p.T("Different values", "異なる値")
		if p.Means.Field != "" {
			name = p.T("Different values of %s", "%s の異なる値", p.Means.Field)
		}
		all = append(all, figure{name, p.Number(a.Distinct), limit})
		limit = ""
	}
	return append(all, figure{p.T("Events in the window", "期間内のイベント"), p.Number(a.Count), limit})
}

// Window returns how long the events behind an alert took.
func (p alertPage) Window() string {
	d := p.Alert.At.Sub(p.Alert.From)
	if d <= 0 {
		return ""
	}
	if d < time.Second {
		return p.T("%d ms", "%dミリ秒", d.Milliseconds())
	}
	d = d.Truncate(time.Second)
	h, m, sec := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h >= 48:
		return p.T("%s %d h", "%s%d時間", p.Count(h/24, "day", "days", "日"), h%24)
	case h > 0:
		return p.T("%d h %02d min", "%d時間%02d分", h, m)
	case m > 0:
		return p.T("%d min %02d s", "%d分%02d秒", m, sec)
	}
	return p.T("%d s", "%d秒", sec)
}

// draw draws how the window filled until the alert.
func (p *alertPage) draw(events []watch.EvidenceEvent, lanes []picture.Lane) {
	if len(events) < 3 || p.Found > len(events) {
		return // two events are read faster than drawn, and a part of them would draw a wrong slope
	}
	from, until := events[0].At.Truncate(time.Second), p.Alert.At.Truncate(time.Second).Add(time.Second)
	step := picture.StepFor(until.Sub(from), 120)
	n := picture.Steps(from, until, step, 1000)
	if n < 2 {
		return
	}
	until = from.Add(time.Duration(n) * step)
	level, seen := make([]int, n), map[string]bool{}
	for _, e := range events {
		if p.Alert.Distinct > 0 && p.Means.Field != "" {
			value := memberOf(e.Line, p.Means.Field)
			if seen[value] {
				continue
			}
			seen[value] = true
		}
		level[min(int(e.At.Sub(from)/step), n-1)]++
	}
	accumulate(level)
	panel := picture.Panel{Name: p.figures()[0].Name, Form: picture.Lines, Series: []picture.Series{{Name: p.figures()[0].Name, Part: "line", Values: level}}}
	if p.Means.Limit > 1 {
		panel.Limit = picture.Limit{At: p.Means.Limit, Name: lower(p.Means.Than)}
	}
	rang := picture.Lane{Name: p.T("This desk", "運営"), Part: "ours", Marks: []picture.Mark{{At: p.Alert.At, Name: p.T("the alert", "アラート")}}}
	v := p.picture("window", p.T("How the window filled until the alert", "アラートまでの推移"), "", picture.Picture{
		From: from, Until: until, Step: step, Lanes: withFirst(lanes, rang), Panels: []picture.Panel{panel},
	})
	p.Over = &v
}

// eventRow puts an event into a reader's words.
func (f Frame) eventRow(e watch.EvidenceEvent, rang bool) eventRow {
	row := eventRow{At: f.Exact(e.At), ID: e.ID, Rang: rang}
	members, data := flat(e.Line)
	row.Type, row.Source, row.Actor, row.Target = members["type"], members["source"], data["actor"], data["target"]
	if kind := data["actor_kind"]; kind != "" && row.Actor != "" {
		row.Actor += " (" + kind + ")"
	}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if name != "actor" && name != "target" && name != "actor_kind" {
			row.Rest = append(row.Rest, watch.Field{Name: name, Value: data[name]})
		}
	}
	row.Raw = indented(e.Line)
	return row
}

// flat returns the members of an event and those of its data, as text.
func flat(line string) (members, data map[string]string) {
	var all map[string]json.RawMessage
	members, data = map[string]string{}, map[string]string{}
	if json.Unmarshal([]byte(line), &all) != nil {
		return members, data
	}
	for name, raw := range all {
		members[name] = textOf(raw)
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(all["data"], &inner) == nil {
		for name, raw := range inner {
			data[name] = textOf(raw)
		}
	}
	return members, data
}

// textOf returns a JSON value as people read it.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// memberOf returns the fields of an event by their names, as rules have them.
func memberOf(line, fields string) string {
	members, data := flat(line)
	var all []string
	for name := range strings.SplitSeq(fields, " × ") {
		v, ok := data[name]
		if !ok {
			v = members[name]
		}
		all = append(all, v)
	}
	return strings.Join(all, "\x00")
}

// indented writes an event so that it can be read.
func indented(line string) string {
	var v json.RawMessage
	if json.Unmarshal([]byte(line), &v) != nil {
		return line
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return line
	}
	return string(b)
}

func (s *Server) postMark(w http.ResponseWriter, r *http.Request) error {
	id, mark, note := r.PathValue("id"), r.FormValue("mark"), strings.TrimSpace(r.FormValue("note"))
	m := watch.Mark(mark)
	switch {
	case mark == "":
		return fault.New(fault.Invalid, "Choose how the alert is to be marked.", "判定を選んでください。").At("mark")
	case mark == "unmarked":
		m = watch.Open
	case m == watch.False && note == "":
		return fault.New(fault.Invalid, "Say why this is a false alarm: whoever improves the rule reads it.", "誤検知と判断した理由を書いてください。ルールを改善する人が参照します。").At("note")
	}
	a, err := s.Watch.Mark(r.Context(), caller(r), id, m, note, number(r.FormValue("version")))
	if err != nil {
		return err
	}
	switch a.Mark {
	case watch.Real:
		s.flash(w, "Marked as real.", "「実際の事象」と判定しました。")
	case watch.False:
		s.flash(w, "Marked as a false alarm.", "「誤検知」と判定しました。")
	default:
		s.flash(w, "The mark is taken back.", "判定を取り消しました。")
	}
	return seeOther(w, r, alertsPath+"/"+id)
}
