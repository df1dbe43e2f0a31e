package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/report"
)

// A story is everything that happens, planned before anything is done: who does what at which time.
// It is the same every time; only ids and salts are drawn anew when it is told.
type story struct {
	*content
	tales []*tale
	steps []step

	done    []*tale // of the queue: finished
	late    *tale   // whose fix is late
	overdue *tale   // whose decision is

	// While it is planned.
	taken  map[string]bool // places where somebody has found a hole, and the words for it
	roots  map[*tale]bool  // what may be found again
	copies map[*tale]int   // how often it was
	awards map[string]int  // by hole
	first  map[int]time.Time
	named  map[int]bool // who has said how they want to be named

	returned map[string]bool // tales whose payment the bank returned
	rates    map[calendar.Date]string
}

// plan plans the whole story.
func plan() *story {
	s := &story{
		content: load(), taken: map[string]bool{}, roots: map[*tale]bool{}, copies: map[*tale]int{},
		awards: map[string]int{}, first: map[int]time.Time{}, named: map[int]bool{},
		returned: map[string]bool{}, rates: demoRates(),
	}
	s.register()
	s.year()
	s.quiet()
	s.queue()
	s.money()
	s.arrivals()
	slices.SortStableFunc(s.steps, func(a, b step) int { return a.at.Compare(b.at) })
	s.apart()
	return s
}

// add adds a step to the plan. One after the story's end is a mistake in the plan.
func (s *story) add(key string, at time.Time, do func(ctx context.Context, w *teller) error) *step {
	if !at.Before(Now) {
		panic(fmt.Sprintf("%s: a step at %s, after the end of the story", key, at))
	}
	s.steps = append(s.steps, step{at: at, do: func(ctx context.Context, w *teller) error {
		if err := do(ctx, w); err != nil {
			return fmt.Errorf("telling %s at %s: %w", key, at.Format(time.DateTime), err)
		}
		return nil
	}})
	return &s.steps[len(s.steps)-1]
}

// apart gives every step a time of its own: ids sort by the millisecond.
func (s *story) apart() {
	for i := 1; i < len(s.steps); i++ {
		if least := s.steps[i-1].at.Add(10 * time.Millisecond); s.steps[i].at.Before(least) {
			s.steps[i].at = least
		}
	}
}

// register puts the known issues into the log at their times.
func (s *story) register() {
	for i, k := range s.known {
		by := []string{duty, sato, brandt}[i%3]
		s.add(k.Reference, jst(strings.Replace(k.At, "T", " ", 1)), func(ctx context.Context, w *teller) error {
			in, err := w.Reports.AddKnown(ctx, w.staff[by], report.Known{
				Title: k.Title, Target: k.Target, Class: k.Class, Reference: k.Reference, Claimed: k.Claimed, Details: k.Details,
			})
			w.known[k.Reference] = in.ID
			return err
		}).logs = true
	}
}

// joins notes that a guest needs an account by a time.
func (s *story) joins(by int, at time.Time) {
	if was, ok := s.first[by]; !ok || at.Before(was) {
		s.first[by] = at
	}
}

// arrivals opens each guest's account some time before their first report.
func (s *story) arrivals() {
	for by, at := range s.first {
		g := s.guests[by]
		r := source("joins " + g.name)
		at = at.Add(-time.Duration(12+r.IntN(180)) * time.Minute)
		s.add(g.name, at, func(ctx context.Context, w *teller) error { return w.join(ctx, by, g) })
	}
}
