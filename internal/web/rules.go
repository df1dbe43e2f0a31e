package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/watch"
)

// rulePath returns the address of a file of rules.
func rulePath(file string) string { return rulesPath + "/" + url.PathEscape(file) }

// A rulesPage lists the rules and how they fare.
type rulesPage struct {
	Frame
	Rows    []ruleRow
	Lists   []watch.File
	Wrong   []watch.File // files that do not work as they are
	Replay  *replayView
	Waiting bool // changes that are not in the engine yet
	Running bool // some node runs the engine
	Add     bool
	Live    int
	Shadow  int
	Off     int
}

// A ruleRow is one rule.
type ruleRow struct {
	watch.RuleView
	File  string
	Path  string
	State watch.State
	Mark  Mark
	Lead  bool // the first of its file
}

// A replayView is how far new rules have come with the past.
type replayView struct {
	Frame
	watch.Replay
	Stop    bool // the reader may stop it
	Names   string
	Percent int
	Left    string // at this pace, in words
	Pace    string
}

func (s *Server) getRules(w http.ResponseWriter, r *http.Request) error {
	files, err := s.Watch.Rules(r.Context(), caller(r))
	if err != nil {
		return err
	}
	p := rulesPage{Frame: s.frame(r, "Rules", "ルール")}
	p.Add = p.Can(string(access.RuleChange))
	for _, f := range files {
		if len(f.Wrong) > 0 {
			p.Wrong = append(p.Wrong, f)
		}
		if f.List() {
			p.Lists = append(p.Lists, f)
			continue
		}
		for i, v := range f.Rules {
			p.Rows = append(p.Rows, ruleRow{RuleView: v, File: f.Name, Path: rulePath(f.Name) + "#rule-" + v.Name, State: f.State, Mark: p.Frame.Level(v.Level), Lead: i == 0})
			switch f.State {
			case watch.Live:
				p.Live++
			case watch.Shadow:
				p.Shadow++
			case watch.Off:
				p.Off++
			}
		}
	}
	if p.Can(string(access.EventRead)) {
		status, err := s.Watch.Status(r.Context(), caller(r))
		if err != nil {
			return err
		}
		p.Running, p.Waiting, p.Replay = status.Holder != "", status.Waiting, p.replay(status)
	}
	return s.show(w, r, "rules.html", p)
}

// replay says how far a replay has come.
func (f Frame) replay(status watch.Status) *replayView {
	if status.Replay == nil {
		return nil
	}
	v := replayView{Frame: f, Replay: *status.Replay, Stop: f.Can(string(access.RuleChange))}
	for i, name := range v.Rules {
		if i > 0 {
			v.Names += f.T(", ", "、")
		}
		v.Names += name
	}
	if v.Of > 0 {
		v.Percent = int(min(v.Events*100/v.Of, 100))
	}
	took := status.At.Sub(v.Began)
	if took > 0 && v.Events > 0 {
		pace := float64(v.Events) / took.Seconds()
		v.Pace = f.T("%s events a second", "毎秒%s件", f.Number(int(pace)))
		if v.Of > v.Events {
			left := time.Duration(float64(v.Of-v.Events) / pace * float64(time.Second))
			v.Left = f.Span(max(left.Round(time.Second), time.Second))
		}
	}
	return &v
}

// StateMark returns the mark of a file's state.
func (f Frame) StateMark(s watch.State) Mark {
	switch s {
	case watch.Live:
		return Mark{"done", f.T("live", "本番")}
	case watch.Shadow:
		return Mark{"", f.T("shadow", "試行")}
	}
	return Mark{"shut", f.T("off", "停止")}
}

// Count64 returns a count with its thousands apart.
func (f Frame) Count64(n uint64) string { return thousands(int64(min(n, 1<<62))) }

// FileName returns the name of a file as it is read.
func (f Frame) FileName(name string) string { return Plain(name) }

// RulePath returns the address of a file of rules.
func (f Frame) RulePath(file string) string { return rulePath(file) }

// Lines counts the entries of a list.
func (f Frame) Lines(text string) int {
	n := 0
	for line := range slices.Values(splitLines(text)) {
		if line != "" && line[0] != '#' {
			n++
		}
	}
	return n
}

func (s *Server) liveRules(w http.ResponseWriter, r *http.Request) error {
	return s.live(w, r, "stream")
}

func (s *Server) postStopReplay(w http.ResponseWriter, r *http.Request) error {
	if err := s.Watch.StopReplay(r.Context(), caller(r)); err != nil {
		return err
	}
	s.flash(w, "Stopped. The rules begin now, without what they would have found before.", "停止しました。対象のルールは、過去分の検出なしで今から有効になります。")
	return seeOther(w, r, rulesPath)
}

func (s *Server) postRuleState(w http.ResponseWriter, r *http.Request) error {
	file, state := r.PathValue("file"), watch.State(r.FormValue("become"))
	if _, err := s.Watch.SetState(r.Context(), caller(r), file, state, number(r.FormValue("version"))); err != nil {
		return err
	}
	switch state {
	case watch.Live:
		s.flash(w, "The rules of %s are live: their alerts wake people.", "%s のルールを本番にしました。アラートは担当者に通知されます。", file)
	case watch.Shadow:
		s.flash(w, "The rules of %s are in the shadow: their alerts are kept, and wake nobody.", "%s のルールを試行にしました。アラートは記録されますが、通知はされません。", file)
	default:
		s.flash(w, "The rules of %s are off.", "%s のルールを停止しました。", file)
	}
	return seeOther(w, r, rulePath(file))
}

func (s *Server) postRuleRemove(w http.ResponseWriter, r *http.Request) error {
	file := r.PathValue("file")
	saved, err := s.Watch.RemoveRule(r.Context(), caller(r), file, number(r.FormValue("version")))
	if err != nil {
		return err
	}
	if saved.Shipped {
		s.flash(w, "%s is again as it came with Hinomi.", "%s を Hinomi 付属の内容に戻しました。", file)
		return seeOther(w, r, rulePath(file))
	}
	s.flash(w, "%s is removed. Its alerts stay.", "%s を削除しました。アラートは残ります。", file)
	return seeOther(w, r, rulesPath)
}
