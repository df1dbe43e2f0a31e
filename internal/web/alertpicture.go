package web

import (
	"context"
	"net/url"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/picture"
	"hinomi.dev/hinomi/internal/watch"
)

// A Recorded is an incident whose events a demonstration plays: what happened then, beside what the desk
// makes of it now.
type Recorded struct {
	Name        lang.Text
	From, Until time.Time
	Rule        string       // whose alerts show its size
	Ours        []RecordedAt // what this desk has on record of it
	Facts       []RecordedAt // what is known of that time
}

// A RecordedAt is something that happened in an incident.
type RecordedAt struct {
	At   time.Time
	Name lang.Text
}

// A Playing is how far the incidents of a demonstration have come.
type Playing struct {
	Incidents []Recorded
	Fed, Of   int // events
}

type recordedLink struct {
	Name string
	Path string
	Here bool
}

// showRecorded puts the incidents of a demonstration above the alerts.
func (s *Server) showRecorded(p *alertsPage) {
	if s.DemoPlaying == nil {
		return
	}
	playing := s.DemoPlaying()
	for _, in := range playing.Incidents {
		since, until := in.From.In(japan).Format(time.DateOnly), in.Until.In(japan).Format(time.DateOnly)
		q := url.Values{"view": {string(alertsAll)}, "since": {since}, "until": {until}}
		if in.Rule != "" {
			q.Set("rule", in.Rule)
		}
		p.Recorded = append(p.Recorded, recordedLink{Name: p.In(in.Name), Path: alertsPath + "?" + q.Encode(), Here: p.Since == since && p.Until == until})
	}
	if playing.Fed < playing.Of {
		p.Feeding = p.T("The events of the incidents are still being sent in: %s of %s.", "過去の事例のイベントを送信中です（%[2]s件中%[1]s件）。", p.Number(playing.Fed), p.Number(playing.Of))
	} else {
		p.Feeding = p.T("2020 at a hundredth of its size, 2021 at a tenth, 2023 at a twenty-fifth. The events carry the times at which things happened; the clock of the demonstration stands before most of them.",
			"規模は2020年が実際の100分の1、2021年が10分の1、2023年が25分の1です。イベントは当時の時刻を持ち、その多くはデモの時計より後です。")
	}
}

// drawAlerts draws the alerts that are asked for over time: whom one rule reached, or all by their level.
func (s *Server) drawAlerts(ctx context.Context, p *alertsPage, f watch.Filter, rows []watch.Alert) error {
	from, until := f.Since, f.Until
	if until.IsZero() {
		if len(rows) == 0 {
			return nil
		}
		until = rows[0].At.Add(time.Hour).Truncate(time.Hour)
	}
	if from.IsZero() {
		from = until.Add(-7 * 24 * time.Hour)
	}
	if !from.Before(until) {
		return nil
	}
	step := picture.StepFor(until.Sub(from), 168)
	pic := picture.Picture{From: from, Until: until, Step: step, Lanes: s.lanes(p.Frame, from, until)}
	var drawn pictureView
	var err error
	if f.Rule != "" {
		drawn, err = s.drawReach(ctx, p.Frame, f.Rule, pic)
	} else {
		drawn, err = s.drawLevels(ctx, p.Frame, p.View, pic)
	}
	if err == nil && len(drawn.Panels) > 0 {
		p.Over = &drawn
	}
	return err
}

var levelParts = []struct{ level, part string }{{"critical", "a"}, {"high", ""}, {"medium", "b"}, {"low", "c"}, {"informational", "d"}}

// drawLevels draws how many alerts there were, by level.
func (s *Server) drawLevels(ctx context.Context, f Frame, view alertView, pic picture.Picture) (pictureView, error) {
	all := view == alertsAll
	buckets, err := s.Watch.Timeline(ctx, f.Caller, watch.Span{
		From: pic.From, Until: pic.Until, Step: pic.Step, By: watch.ByLevel, Shadow: all || view == alertsShadow, Replayed: all || view == alertsReplayed,
	})
	if err != nil || len(buckets) == 0 {
		return pictureView{}, err
	}
	panel := picture.Panel{Name: f.T("Alerts, in steps of %s", "アラート（%sごと）", f.Span(pic.Step)), Height: 96}
	total := 0
	for _, l := range levelParts {
		series := picture.Series{Name: f.Level(l.level).Word, Part: l.part, Values: make([]int, picture.Steps(pic.From, pic.Until, pic.Step, 1000))}
		n := 0
		for _, b := range buckets {
			if i := int(b.At.Sub(pic.From) / pic.Step); b.Of == l.level && i >= 0 && i < len(series.Values) {
				series.Values[i] += b.N
				n += b.N
			}
		}
		if total += n; n > 0 {
			panel.Series = append(panel.Series, series)
		}
	}
	pic.Panels = []picture.Panel{panel}
	return f.picture("over", f.T("%s from %s to %s", "%[2]sから%[3]sまで、%[1]s", f.Count(total, "alert", "alerts", "件のアラート"), f.Date(pic.From), f.Date(pic.Until.Add(-1))), "", pic), nil
}

// drawReach draws whom the alerts of one rule are about: how many different ones by each of its keys, and
// the last of them by region.
func (s *Server) drawReach(ctx context.Context, f Frame, rule string, pic picture.Picture) (pictureView, error) {
	reach, err := s.Watch.Reach(ctx, f.Caller, watch.Span{Rule: rule, From: pic.From, Until: pic.Until, Step: pic.Step, Shadow: true, Replayed: true})
	if err != nil || reach.Alerts == 0 {
		return pictureView{}, err
	}
	steps := picture.Steps(pic.From, pic.Until, pic.Step, 1000)
	totals := make([]string, 0, len(reach.Fields))
	for k, field := range reach.Fields {
		panel := picture.Panel{Name: f.T("%s, so far", "%s（累計）", field), Form: picture.Lines, Height: 64}
		level := picture.Series{Name: field, Part: "line", Values: make([]int, steps)}
		for _, one := range reach.Steps {
			level.Values[min(one.N, steps-1)] += one.New[k]
		}
		accumulate(level.Values)
		totals = append(totals, f.T("%s different values of %s", "%[2]sは%[1]s件", f.Number(level.Values[steps-1]), field))
		panel.Series = []picture.Series{level}
		if k == len(reach.Fields)-1 && reach.Regions() != nil {
			panel.Name = f.T("%s, so far, by region", "%s（地域別・累計）", field)
			panel.Form, panel.Height, panel.Series = picture.Areas, 168, regionSeries(f, reach, steps)
		}
		pic.Panels = append(pic.Panels, panel)
	}
	first := picture.Lane{Name: f.T("This desk", "運営"), Part: "ours", Marks: []picture.Mark{{At: reach.First, Name: f.T("the first alert of %s", "%s の最初のアラート", rule)}}}
	pic.Lanes = withFirst(pic.Lanes, first)
	name := f.T("%s alerts of %s: %s", "%[2]s のアラート%[1]s件：%[3]s", f.Number(reach.Alerts), rule, join(f, totals))
	about := f.T("Each is counted where it appears for the first time.", "それぞれ、最初に現れた時点で数えています。")
	return f.picture("over", name+f.T(".", "。"), about, pic), nil
}

// withFirst puts the first alert among what this desk has on record.
func withFirst(lanes []picture.Lane, first picture.Lane) []picture.Lane {
	for i, l := range lanes {
		if l.Part == first.Part {
			marks := append(slices.Clone(l.Marks), first.Marks...)
			slices.SortStableFunc(marks, func(a, b picture.Mark) int { return a.At.Compare(b.At) })
			lanes[i].Marks = marks
			return lanes
		}
	}
	return append([]picture.Lane{first}, lanes...)
}

func join(f Frame, all []string) string {
	text := ""
	for i, one := range all {
		if i > 0 {
			text += f.T(", ", "、")
		}
		text += one
	}
	return text
}

// accumulate turns what came into how much there is.
func accumulate(values []int) {
	for i := 1; i < len(values); i++ {
		values[i] += values[i-1]
	}
}

// regionSeries are the regions of what was reached, the largest first; what cannot be told apart in a
// drawing, and what names no region, stands together on top.
func regionSeries(f Frame, reach watch.Reach, steps int) []picture.Series {
	parts := []string{"", "c", "a", "b"}
	other := picture.Series{Name: f.T("other", "その他"), Part: "d", Values: make([]int, steps)}
	var all []picture.Series
	for _, region := range reach.Regions() {
		into := &other
		if region != "" && region != "OTHER" && len(all) < len(parts) {
			all = append(all, picture.Series{Name: f.Region(region), Part: parts[len(all)], Values: make([]int, steps)})
			into = &all[len(all)-1]
		}
		for _, one := range reach.Steps {
			into.Values[min(one.N, steps-1)] += one.ByRegion[region]
		}
	}
	if slices.Max(other.Values) > 0 {
		all = append(all, other)
	}
	for _, series := range all {
		accumulate(series.Values)
	}
	return all
}

// Region names a region of the events.
func (f Frame) Region(code string) string {
	switch code {
	case "JP":
		return f.T("Japan", "日本")
	case "TW":
		return f.T("Taiwan", "台湾")
	case "TH":
		return f.T("Thailand", "タイ")
	case "ID":
		return f.T("Indonesia", "インドネシア")
	case "OTHER":
		return f.T("other", "その他")
	}
	return code
}

// lanes are the marks of a demonstration's incidents within a span.
func (s *Server) lanes(f Frame, from, until time.Time) []picture.Lane {
	if s.DemoPlaying == nil {
		return nil
	}
	ours := picture.Lane{Name: f.T("This desk", "運営"), Part: "ours"}
	facts := picture.Lane{Name: f.T("What happened then", "当時の出来事"), Part: "facts"}
	within := func(all []RecordedAt) (marks []picture.Mark) {
		for _, m := range all {
			if !m.At.Before(from) && m.At.Before(until) {
				marks = append(marks, picture.Mark{At: m.At, Name: f.In(m.Name)})
			}
		}
		return marks
	}
	for _, in := range s.DemoPlaying().Incidents {
		ours.Marks = append(ours.Marks, within(in.Ours)...)
		facts.Marks = append(facts.Marks, within(in.Facts)...)
	}
	var lanes []picture.Lane
	for _, l := range []picture.Lane{ours, facts} {
		if len(l.Marks) > 0 {
			lanes = append(lanes, l)
		}
	}
	return lanes
}
