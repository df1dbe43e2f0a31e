package report

import (
	"context"
	"sync"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/deadline"
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
	all []Figure
}

// A Figure is how a kind of promise is kept, as everybody may see it, or that there is none to show.
type Figure struct {
	deadline.PublicFigure
	Kind  string
	Shown bool
}

// Figures returns the figures of today, of every kind that is measured. They are public.
func (rs *Reports) Figures(ctx context.Context) ([]Figure, error) {
	now := rs.Now()
	today := calendar.In(now, rs.Program.Zone)
	b := &rs.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.day == today {
		return b.all, nil
	}
	since := now.In(rs.Program.Zone).AddDate(0, -figureSpan, 0)
	found, err := deadline.Figures(ctx, rs.DB.Read(), now, since, measured...)
	if err != nil {
		return nil, err
	}
	all := make([]Figure, len(found))
	for i, f := range found {
		shown, ok := f.Public()
		all[i] = Figure{PublicFigure: shown, Kind: f.Kind, Shown: ok}
	}
	b.day, b.all = today, all
	return all, nil
}
