package web

import (
	"net/http"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/picture"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/watch"
)

// A rulePage is the editor of one file.
type rulePage struct {
	Frame
	File    watch.File
	New     bool
	Path    string // of the page
	Text    string // as it stands, or as it was typed
	State   Mark
	Rows    []ruleRow
	Means   map[string]meaning
	Verdict *verdict // nil when nothing was asked
	From    string   // of the trial, as typed
	Until   string
	History []versionRow
	Author  string
	May     bool
	States  []Option
	Replay  *replayView
}

// A verdict is what there is to say about a text before it is saved.
type verdict struct {
	Errors, Warnings int
	Complaints       []complaintRow
	Trial            *trialView
	Later            string // why there is no trial
}

// A complaintRow is one complaint with the line it is about.
type complaintRow struct {
	rule.Complaint
	Word string
	Mark Mark
	Code string // the line
	Here string // what stands before the place, for the sign below it
}

// A trialView is what a text would have found.
type trialView struct {
	watch.Trial
	Over  *pictureView
	Rules []trialRule
	First []alertRow
	Time  string
}

type trialRule struct {
	Name string
	N    int
}

type versionRow struct {
	watch.Version
	Who  string
	What string
}

func (s *Server) getRule(w http.ResponseWriter, r *http.Request) error {
	ctx, who, name := r.Context(), caller(r), r.PathValue("file")
	files, err := s.Watch.Rules(ctx, who)
	if err != nil {
		return err
	}
	p := rulePage{Frame: s.frame(r, "%s", "%s", Plain(name)), Path: rulePath(name)}
	found := false
	for _, f := range files {
		if f.Name == name {
			p.File, found = f, true
		}
	}
	if !found {
		return fault.New(fault.NotFound, "There is no such file of rules.", "このルールファイルは見つかりません。")
	}
	p.State = p.StateMark(p.File.State)
	p.Means = meanings(p.Frame, files)
	for _, v := range p.File.Rules {
		p.Rows = append(p.Rows, ruleRow{RuleView: v, File: name, State: p.File.State, Mark: p.Frame.Level(v.Level)})
	}
	history, err := s.Watch.History(ctx, who, name)
	if err != nil {
		return err
	}
	ids := []string{p.File.ChangedBy}
	for _, v := range history {
		ids = append(ids, v.ChangedBy)
	}
	labels, err := s.People.Labels(ctx, who, ids...)
	if err != nil {
		return err
	}
	p.Author = nameOf(labels, p.File.ChangedBy, p.Lang)
	for _, v := range history {
		p.History = append(p.History, versionRow{v, nameOf(labels, v.ChangedBy, p.Lang), p.changed(v)})
	}
	if p.Can(string(access.EventRead)) {
		status, err := s.Watch.Status(ctx, who)
		if err != nil {
			return err
		}
		p.Replay = p.replay(status)
	}
	return s.editor(w, r, p)
}

func (s *Server) getNewRule(w http.ResponseWriter, r *http.Request) error {
	p := rulePage{Frame: s.frame(r, "A new rule", "新しいルール"), Path: rulesPath + "/new", New: true}
	p.File = watch.File{Text: firstRule, State: watch.Shadow}
	return s.editor(w, r, p)
}

// editor shows a file, what was typed, and what there is to say about that.
func (s *Server) editor(w http.ResponseWriter, r *http.Request, p rulePage) error {
	p.Keep = "rule"
	p.May = p.Can(string(access.RuleChange))
	p.Text = p.Form.Or("text", p.File.Text)
	today := p.Now.In(japan)
	p.From = p.Form.Or("from", today.AddDate(0, 0, -1).Format(time.DateOnly))
	p.Until = p.Form.Or("until", today.Format(time.DateOnly))
	for _, state := range []watch.State{watch.Live, watch.Shadow, watch.Off} {
		p.States = append(p.States, Option{Value: string(state), Label: p.StateMark(state).Word, Help: map[watch.State]string{
			watch.Live:   p.T("Alerts wake people.", "アラートは担当者に通知されます。"),
			watch.Shadow: p.T("Alerts are kept beside those of the live rules, and wake nobody.", "アラートは記録されますが、通知はされません。"),
			watch.Off:    p.T("No alerts. Rules of other files can still build on them.", "アラートは出ません。ほかのファイルのルールからは引き続き参照できます。"),
		}[state]})
	}
	if p.Form.Typed() || len(p.File.Wrong) > 0 {
		v, err := s.weigh(r, &p)
		if err != nil {
			return err
		}
		p.Verdict = v
	}
	return s.show(w, r, "rule.html", p)
}

// weigh says what is wrong with the text on the page, and what it would have found.
func (s *Server) weigh(r *http.Request, p *rulePage) (*verdict, error) {
	ctx, file := r.Context(), p.File.Name
	if p.New {
		if file = ruleFile(p.Form.Or("file", "")); file == "" {
			file = "new.yml" // it is checked before it has a name
		}
	}
	complaints, err := s.Watch.Check(ctx, p.Caller, file, p.Text)
	if fault.As(err) != nil {
		return &verdict{Errors: 1, Later: fault.As(err).Text.In(p.Lang)}, nil
	}
	if err != nil {
		return nil, err
	}
	v := p.complaints(file, complaints)
	if v.Errors > 0 || !p.May || strings.HasPrefix(file, "lists/") {
		return v, nil
	}
	from, err := dayStart(p.From, "from")
	until, err2 := dayStart(p.Until, "until")
	if err != nil || err2 != nil {
		v.Later = p.T("A date of the trial cannot be read, so nothing was tried.", "試行する期間の日付を読み取れないため、試行していません。")
		return v, nil
	}
	trial, err := s.Watch.Try(ctx, p.Caller, file, p.Text, from, until.AddDate(0, 0, 1))
	if f := fault.As(err); f != nil {
		v.Later = f.Text.In(p.Lang)
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	v.Trial = p.trial(trial)
	return v, nil
}

// complaints puts what is wrong with the text beside the lines it is about.
func (p *rulePage) complaints(file string, all []rule.Complaint) *verdict {
	v := &verdict{}
	lines := splitLines(p.Text)
	for _, c := range all {
		row := complaintRow{Complaint: c, Word: p.T("note", "参考"), Mark: Mark{"shut", ""}}
		switch {
		case c.Note:
		case c.Warning:
			v.Warnings++
			row.Word = p.T("warning", "注意")
		default:
			v.Errors++
			row.Word = p.T("mistake", "誤り")
		}
		if c.File == file && c.Line > 0 && c.Line <= len(lines) {
			row.Code = lines[c.Line-1]
			row.Here = upTo(row.Code, c.Column-1)
		}
		v.Complaints = append(v.Complaints, row)
	}
	return v
}

// upTo returns spaces as wide as the letters of a line before a column.
func upTo(line string, before int) string {
	var b strings.Builder
	for i, c := range []rune(line) {
		switch {
		case i >= before:
			return b.String()
		case c == '\t':
			b.WriteByte('\t')
		case c > 0x2e7f: // letters of full width
			b.WriteString("　")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func splitLines(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

// trial puts into words what a text would have found.
func (f Frame) trial(t watch.Trial) *trialView {
	v := &trialView{Trial: t, Time: f.T("%d ms", "%dミリ秒", t.Took.Milliseconds())}
	counts := map[string]int{}
	for _, b := range t.Hours {
		if counts[b.Of] == 0 {
			v.Rules = append(v.Rules, trialRule{Name: b.Of})
		}
		counts[b.Of] += b.N
	}
	for i := range v.Rules {
		v.Rules[i].N = counts[v.Rules[i].Name]
	}
	for _, a := range t.First[:min(len(t.First), 12)] {
		v.First = append(v.First, f.alertRow(a))
	}
	if t.Alerts > 0 && t.From.Before(t.Until) {
		pic := f.drawTrial(t, v.Rules)
		v.Over = &pic
	}
	return v
}

// drawTrial draws when the alerts would have come, by rule.
func (f Frame) drawTrial(t watch.Trial, rules []trialRule) pictureView {
	step := max(picture.StepFor(t.Until.Sub(t.From), 168), time.Hour)
	n := picture.Steps(t.From, t.Until, step, 1000)
	panel := picture.Panel{Name: f.T("Alerts, in steps of %s", "アラート（%sごと）", f.Span(step)), Height: 96}
	parts := []string{"a", "", "b", "c", "d"}
	for i, one := range rules {
		if i == len(parts) {
			break // more than five cannot be told apart; the table has all
		}
		series := picture.Series{Name: one.Name, Part: parts[i], Values: make([]int, n)}
		for _, b := range t.Hours {
			if k := int(b.At.Sub(t.From) / step); b.Of == one.Name && n > 0 {
				series.Values[min(max(k, 0), n-1)] += b.N
			}
		}
		panel.Series = append(panel.Series, series)
	}
	return f.picture("trial", f.T("When the %s would have come", "%sのアラートが出たはずの時刻", f.Count(t.Alerts, "alert", "alerts", "件")), "",
		picture.Picture{From: t.From, Until: t.Until, Step: step, Panels: []picture.Panel{panel}})
}

// changed says what a version changed.
func (f Frame) changed(v watch.Version) string {
	switch v.Change {
	case "state":
		return f.T("set to %s", "「%s」に変更", f.StateMark(v.State).Word)
	case "removed":
		return f.T("removed, or taken back to what came with Hinomi", "削除、または付属の内容に戻した")
	}
	return f.T("text changed", "内容を変更")
}

// ruleFile completes what somebody called a new file.
func ruleFile(typed string) string {
	typed = strings.TrimSpace(typed)
	if typed == "" || strings.HasSuffix(typed, ".yml") || strings.HasSuffix(typed, ".yaml") || strings.HasSuffix(typed, ".txt") {
		return typed
	}
	return typed + ".yml"
}

func (s *Server) postNewRule(w http.ResponseWriter, r *http.Request) error {
	file, state := ruleFile(r.FormValue("file")), watch.State(r.FormValue("state"))
	if file == "" {
		return fault.New(fault.Invalid, "Give the file a name, such as contact_at_night.yml.", "ファイル名を入力してください（例：contact_at_night.yml）。").At("file")
	}
	saved, err := s.Watch.SaveRule(r.Context(), caller(r), file, r.FormValue("text"), 0)
	if err != nil {
		return err
	}
	if !saved.List() && state != saved.State && state != "" {
		if _, err := s.Watch.SetState(r.Context(), caller(r), file, state, saved.Version); err != nil {
			return err
		}
	}
	s.flash(w, "%s is saved. Its rules now read what is kept of the past.", "%s を保存しました。ルールは、保存されている過去のイベントから読み込みを始めます。", file)
	return seeOther(w, r, rulePath(file))
}

func (s *Server) postRule(w http.ResponseWriter, r *http.Request) error {
	file := r.PathValue("file")
	if _, err := s.Watch.SaveRule(r.Context(), caller(r), file, r.FormValue("text"), number(r.FormValue("version"))); err != nil {
		return err
	}
	s.flash(w, "%s is saved. Rules that mean something else than before now read what is kept of the past.",
		"%s を保存しました。意味が変わったルールは、保存されている過去のイベントを読み込みます。", file)
	return seeOther(w, r, rulePath(file))
}

// firstRule is what a new file begins with.
const firstRule = `# What events the rule is about.
title: An assistant contacts somebody
name: assistant_contact
logsource: {product: hinomi, service: events}
detection:
  contact:
    type: [friend_request, group_invite]
    actor_kind: assistant
  condition: contact
---
# And when they are worth an alert.
title: One assistant reaches more than 10 people in an hour
name: assistant_reaches_many
level: medium
correlation:
  type: value_count
  rules: [assistant_contact]
  group-by: [actor]
  timespan: 1h
  condition: {field: target, gt: 10}
`
