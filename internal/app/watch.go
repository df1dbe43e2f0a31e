package app

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
)

// makeWatch makes the engine on the live stream.
func (a *App) makeWatch(key []byte) error {
	dir, err := filepath.Abs(filepath.Join(a.Config.DataDir, "watch"))
	if err != nil {
		return fmt.Errorf("finding the directory of the watch: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("finding out what this machine is called: %w", err)
	}
	seed := sha256.Sum256(append([]byte("watch\n"), key...))
	a.Watch = &watch.Watch{
		DB: a.DB, Audit: a.Audit, Stream: a.Stream, Now: a.Config.Now, Log: a.Log, Dir: dir,
		Node: host + ":" + dir, Seed: binary.BigEndian.Uint64(seed[:]), Lateness: a.Config.Lateness,
	}
	a.measureWatch()
	return nil
}

// measureWatch puts the figures of the engine among the metrics of the node that runs it.
func (a *App) measureWatch() {
	figure := func(name, help string, of func(f watch.Figures) float64) {
		a.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hinomi_watch_" + name, Help: help}, func() float64 {
			f, ok := a.Watch.Live()
			if !ok {
				return 0
			}
			return of(f)
		}))
	}
	figure("running", "Whether this node runs the engine: 1 on one of all nodes.", func(watch.Figures) float64 { return 1 })
	figure("events", "Events judged, since the engine first began.", func(f watch.Figures) float64 { return float64(f.Events) })
	figure("late_events", "Events of them judged at a later time than their own.", func(f watch.Figures) float64 { return float64(f.Late) })
	figure("missed_batches", "Batches dropped by retention before they were judged.", func(f watch.Figures) float64 { return float64(f.Missed) })
	figure("position", "The last batch of the stream that was judged.", func(f watch.Figures) float64 { return float64(f.Position) })
	figure("keys", "Groups that the rules remember.", func(f watch.Figures) float64 {
		n := 0
		for _, r := range f.Rules {
			n += r.Keys
		}
		return float64(n)
	})
	figure("bytes", "Memory that these groups take.", func(f watch.Figures) float64 {
		n := int64(0)
		for _, r := range f.Rules {
			n += r.Bytes
		}
		return float64(n)
	})
	figure("behind_events", "Events stored and not judged yet.", func(f watch.Figures) float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		st, err := a.Stream.Stats(ctx)
		if ever := st.Dropped.Events + st.Events; err == nil && ever > f.Seen {
			return float64(ever - f.Seen)
		}
		return 0
	})
}

// tellAlert asks for the mail that says to the responders: an alert was raised. One of a rule in an hour is enough to
// wake somebody; the page has all.
func (a *App) tellAlert(ctx context.Context, tx *sql.Tx, m bus.Message) error {
	var said watch.Announcement
	if err := m.Decode(&said); err != nil {
		return err
	}
	due, err := a.Watch.MailDue(ctx, tx, said.Rule)
	if err != nil || !due {
		return err
	}
	responders, err := a.People.With(ctx, tx, access.Responder)
	if err != nil {
		return err
	}
	for _, id := range responders {
		err := a.write(ctx, tx, id, "alert", said.Alerts[0], map[string]string{
			"level": said.Level, "link": "/desk/alerts/" + said.Alerts[0],
		})
		if err != nil {
			return err
		}
	}
	return nil
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
