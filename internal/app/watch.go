package app

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
)

// makeWatch makes the engine on the live stream. It runs in Work.
func (a *App) makeWatch(key []byte) {
	cfg := a.Config
	node, err := os.Hostname()
	if err != nil || node == "" {
		node = "this node"
	}
	seed := sha256.Sum256(append([]byte("watch "), key...)) // who sends events must not foresee a hash
	a.Watch = &watch.Watch{
		DB: a.DB, Audit: a.Audit, Stream: a.Stream, Now: cfg.Now, Log: a.Log, Dir: filepath.Join(cfg.DataDir, "watch"),
		Node: node, Seed: binary.LittleEndian.Uint64(seed[:]),
	}
	a.Pages.Watch, a.Pages.Events = a.Watch, a.Events
}

// A pulse is what open pages of alerts and of the stream look at, in a few numbers.
type pulse struct {
	alerts, newest, generation int64
	engine                     string
	stream                     stream.Figures
}

// followWatch tells open pages that there are alerts, or that the stream went on.
func (a *App) followWatch(ctx context.Context) error {
	p := pulse{stream: a.Stream.Figures()}
	err := a.DB.Read().QueryRowContext(ctx, `
		SELECT coalesce(sum(n), 0), coalesce(max(last), 0)
		FROM alert_count`).Scan(&p.alerts, &p.newest)
	if err != nil {
		return fmt.Errorf("following alerts: %w", err)
	}
	err = a.DB.Read().QueryRowContext(ctx, `SELECT generation, figures FROM watch WHERE id = 1`).Scan(&p.generation, &p.engine)
	if err != nil {
		return fmt.Errorf("following the watch: %w", err)
	}
	was := a.pulse
	a.pulse = p
	if p.alerts != was.alerts || p.newest != was.newest {
		a.Pages.Live.Changed("alerts")
	}
	if p.generation != was.generation || p.engine != was.engine || p.stream != was.stream {
		a.Pages.Live.Changed("stream")
	}
	return nil
}
