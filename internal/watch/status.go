package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/stream"
)

// Figures are how the engine is. The node that runs it writes them down for the others.
type Figures struct {
	At       time.Time              `json:"at"` // when they were taken
	Position stream.Position        `json:"position"`
	Seen     uint64                 `json:"seen"`     // events of the stream up to there, from the first ever
	Received time.Time              `json:"received"` // when the last of them was
	Events   int                    `json:"events"`   // that the engine took, repeats and late ones included
	Late     int                    `json:"late"`     // judged at the time of one before them
	Bad      int                    `json:"bad"`
	Missed   uint64                 `json:"missed"` // batches that retention dropped before they were judged
	Minutes  []int                  `json:"minutes"`
	Rules    map[string]RuleFigures `json:"rules"`
	Replay   *Replay                `json:"replay,omitempty"`
	Change   int64                  `json:"change"` // the newest change of the rules that the engine follows
}

// RuleFigures are what one rule takes.
type RuleFigures struct {
	Version string `json:"version"`
	Matched uint64 `json:"matched"`
	Keys    int    `json:"keys"`
	Bytes   int64  `json:"bytes"`
}

// A Replay is how far new rules have come with the past.
type Replay struct {
	Rules  []string  `json:"rules"`
	Began  time.Time `json:"began"`
	Events uint64    `json:"events"` // read
	Of     uint64    `json:"of"`     // to read, as far as is known
	Alerts int       `json:"alerts"`
}

// A Status is how the watch is.
type Status struct {
	Holder   string // the node that runs the engine; empty when none does
	Lateness time.Duration
	Figures
	BehindEvents uint64        // stored and not judged yet
	BehindTime   time.Duration // how long the oldest of them has waited, at most
	Rate         float64       // events a second, over the last whole minute
	Waiting      bool          // rules were changed and are not in the engine yet
}

// Status returns how the watch is.
func (w *Watch) Status(ctx context.Context, who access.Caller) (Status, error) {
	if err := w.Audit.Allow(ctx, who, access.EventRead, ""); err != nil {
		return Status{}, err
	}
	f, err := w.figures(ctx)
	if err != nil {
		return Status{}, err
	}
	s := Status{Lateness: w.lateness(), Figures: f}
	var until, changed int64
	err = w.DB.Read().QueryRowContext(ctx, `SELECT holder, held_until, generation FROM watch WHERE id = 1`).Scan(&s.Holder, &until, &changed)
	if err != nil {
		return Status{}, fmt.Errorf("reading who watches: %w", err)
	}
	s.Waiting = f.Change < changed
	if time.Now().After(db.Time(until)) { // wall clock: a lease runs in real time
		s.Holder = ""
	}
	if n := len(f.Minutes); n > 1 {
		s.Rate = float64(f.Minutes[n-2]) / 60 // the last one is not over
	}
	limited, cancel := context.WithTimeout(ctx, 5*time.Second) // the page is worth more than the figure
	defer cancel()
	st, err := w.Stream.Stats(limited)
	if err != nil {
		if ctx.Err() == nil {
			return s, nil
		}
		return Status{}, err
	}
	if ever := st.Dropped.Events + st.Events; ever > f.Seen {
		s.BehindEvents = ever - f.Seen
		s.BehindTime = max(0, st.Newest.Sub(f.Received))
	}
	return s, nil
}

func (w *Watch) lateness() time.Duration {
	if w.Lateness > 0 {
		return w.Lateness
	}
	return DefaultLateness
}

// figures returns how the engine is: as it says itself where it runs here, and else as it was written down.
func (w *Watch) figures(ctx context.Context) (f Figures, err error) {
	if f, ok := w.live.now(); ok {
		return f, nil
	}
	var text string
	if err := w.DB.Read().QueryRowContext(ctx, `SELECT figures FROM watch WHERE id = 1`).Scan(&text); err != nil {
		return f, fmt.Errorf("reading how the engine is: %w", err)
	}
	if text == "" {
		return f, nil
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return f, fmt.Errorf("reading how the engine is: %w", err)
	}
	return f, nil
}

// StopReplay ends the reading of the past for new rules: they begin at once, without a past.
func (w *Watch) StopReplay(ctx context.Context, who access.Caller) error {
	if err := w.Audit.Allow(ctx, who, access.RuleChange, ""); err != nil {
		return err
	}
	f, err := w.figures(ctx)
	if err != nil {
		return err
	}
	if f.Replay == nil {
		return fault.New(fault.Conflict, "No rule reads the past at the moment.", "現在、過去分を読み込んでいるルールはありません。")
	}
	return w.stopReplay(ctx, who, f.Replay.Rules)
}

// Live returns how the engine is, if it runs in this process. It asks nobody.
func (w *Watch) Live() (Figures, bool) { return w.live.now() }
