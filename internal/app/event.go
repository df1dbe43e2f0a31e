package app

import (
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/stream"
)

// makeEvents makes the event stream and what takes events into it. The stream is opened by Work, after the
// first page can be served; requests with events wait for it.
func (a *App) makeEvents() {
	cfg := a.Config
	a.Stream = stream.New(stream.Config{
		Dir: filepath.Join(cfg.DataDir, "events"), Servers: cfg.NATS, Replicas: cfg.NATSReplicas,
		MaxAge: cfg.EventsAge, MaxBytes: cfg.EventsSize, Now: cfg.Received, Log: a.Log, Keys: intake.Keys(),
	})
	a.Events = &intake.Intake{Stream: a.Stream, Now: cfg.Now, Log: a.Log}
	a.measureEvents()
}

// measureEvents puts the figures of the stream and its intake among the metrics.
func (a *App) measureEvents() {
	count := func(name, help string, of func(f stream.Figures) uint64) {
		a.Metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "hinomi_events_" + name, Help: help}, func() float64 {
			return float64(of(a.Stream.Figures()))
		}))
	}
	count("accepted_total", "Events stored.", func(f stream.Figures) uint64 { return f.Accepted })
	count("repeated_total", "Events whose id was known.", func(f stream.Figures) uint64 { return f.Repeated })
	count("batches_total", "Batches in which events were stored.", func(f stream.Figures) uint64 { return f.Batches })
	count("bytes_total", "Bytes of the events stored, as they were sent.", func(f stream.Figures) uint64 { return f.Bytes })
	count("stored_bytes_total", "Bytes that these events take on the disk.", func(f stream.Figures) uint64 { return f.Packed })
	count("later_total", "Parts of requests that were told to come later.", func(f stream.Figures) uint64 { return f.Refused })
	for i, reason := range intake.Reasons {
		a.Metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "hinomi_events_refused_total", Help: "Events that were wrong, by what was wrong with them.",
			ConstLabels: prometheus.Labels{"reason": strings.ReplaceAll(reason, ".", "_")},
		}, func() float64 { return float64(a.Events.Refused()[i]) }))
	}
	gauge := func(name, help string, of func(f stream.Figures) float64) {
		a.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hinomi_events_" + name, Help: help}, func() float64 {
			return of(a.Stream.Figures())
		}))
	}
	gauge("queued", "Parts of requests that wait to be stored.", func(f stream.Figures) float64 { return float64(f.Queued) })
	gauge("queued_bytes", "Bytes of events that wait to be stored.", func(f stream.Figures) float64 { return float64(f.Waiting) })
}
