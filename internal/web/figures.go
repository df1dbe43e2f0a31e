package web

import (
	"context"
	"sync"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/program"
)

// measured are the promises whose figures everybody may see, in the order of a report's life.
var measured = []string{deadline.FirstAnswer, deadline.Triage, deadline.Decision, deadline.Fix}

// figureSpan is how many months a figure looks back. Open reports are in it however old they are.
const figureSpan = 12

// A figureBoard keeps the public figures of a day. They are worked out once a day and not at each
// look: seen every minute, even rounded shares would show single reports come and go.
type figureBoard struct {
	mu  sync.Mutex // held while the figures are read: one reader a day waits for the database
	day calendar.Date
	all []publicFigure
}

// A publicFigure is a figure, or that there is none to show.
type publicFigure struct {
	deadline.PublicFigure
	Kind  string
	Shown bool
}

// figures returns the figures of today, of every kind that is measured.
func (s *Server) figures(ctx context.Context) ([]publicFigure, error) {
	now := s.Now()
	today := calendar.In(now, japan)
	b := &s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.day == today {
		return b.all, nil
	}
	since := now.In(japan).AddDate(0, -figureSpan, 0)
	found, err := deadline.Figures(ctx, s.Reports.DB.Read(), now, since, measured...)
	if err != nil {
		return nil, err
	}
	all := make([]publicFigure, len(found))
	for i, f := range found {
		shown, ok := f.Public()
		all[i] = publicFigure{PublicFigure: shown, Kind: f.Kind, Shown: ok}
	}
	b.day, b.all = today, all
	return all, nil
}

// A figureView is a figure as the page draws it: one bar whose parts sum to the whole.
type figureView struct {
	publicFigure
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

// figureView draws a figure. What is empty has no part.
func (f Frame) figureView(p publicFigure, prog *program.Program) figureView {
	v := figureView{publicFigure: p, Name: f.In(deadline.Name(p.Kind))}
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
