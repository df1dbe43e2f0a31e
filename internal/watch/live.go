package watch

import (
	"context"
	"database/sql"
	"sync"

	"hinomi.dev/hinomi/internal/access"
)

// A live is what operations see of the engine that runs in this process.
type live struct {
	mu      sync.Mutex // guards figures
	figures *Figures   // nil when it runs elsewhere
	changed chan struct{}
	once    sync.Once // makes changed

	trial sync.Mutex // held by the one trial that runs
}

// now returns how the engine in this process is.
func (l *live) now() (Figures, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.figures == nil {
		return Figures{}, false
	}
	return *l.figures, true
}

func (l *live) set(f *Figures) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.figures = f
}

// changes receives when somebody changed the rules in this process. What another node changes is found by
// looking, a little later.
func (l *live) changes() chan struct{} {
	l.once.Do(func() { l.changed = make(chan struct{}, 1) })
	return l.changed
}

// look lets the engine look at the rules at once.
func (l *live) look() {
	select {
	case l.changes() <- struct{}{}:
	default: // it will look anyway
	}
}

// stopReplay writes down that the replay for the rules as they are now is not wanted.
func (w *Watch) stopReplay(ctx context.Context, who access.Caller, rules []string) error {
	err := w.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE watch SET stop_replay = generation WHERE id = 1`); err != nil {
			return err
		}
		return w.Audit.Record(ctx, tx, who, access.RuleChange, "", map[string]any{"change": "replay stopped", "rules": rules})
	})
	if err == nil {
		w.live.look()
	}
	return err
}
