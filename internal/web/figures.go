package web

import (
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
)

// A figureView is a figure as the page draws it: one bar whose parts sum to the whole.
type figureView struct {
	report.Figure
	Name    string
	Promise string // what is promised, or empty
	Parts   []share
}

// A share is one part of a bar.
type share struct {
	Part string // how it is drawn
	Word string
	X, W int // where it begins and how long it is, in percent
}

// Took says how long a share of the cases took at most: on the same day, within 3 business days.
func (f Frame) Took(days int) string {
	if days == 0 {
		return f.T("on the same day", "当日")
	}
	return f.T("within %s", "%s以内", f.Count(days, "business day", "business days", "営業日"))
}

// figureView draws a figure. What is empty has no part.
func (f Frame) figureView(p report.Figure, prog *program.Program) figureView {
	v := figureView{Figure: p, Name: f.In(deadline.Name(p.Kind))}
	if promise, ok := prog.Target(p.Kind); ok {
		v.Name, v.Promise = f.In(promise.Name), f.Within(promise)
	}
	at := 0
	add := func(percent int, part, word string) {
		if p.Shown && percent > 0 {
			v.Parts = append(v.Parts, share{part, word, at, percent})
			at += percent
		}
	}
	add(p.MetInTime, "kept", f.T("done in time", "期限内に完了"))
	add(p.MetLate, "late", f.T("done late", "期限後に完了"))
	add(p.OpenInTime, "open", f.T("still open, in time", "対応中（期限内）"))
	add(p.OpenLate, "overdue", f.T("still open, late", "対応中（期限超過）"))
	add(p.DroppedLate, "gone", f.T("taken back when already late", "期限超過後に取り下げ"))
	return v
}
