package watch

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
)

// A Past is rules that are to run over the stream as it is kept. The engine is that of files: an event that comes later
// than the lateness takes no part.
type Past struct {
	Stream   *stream.Stream
	Rules    *rule.Set
	From     time.Time // of the alerts, by event time; zero is the beginning
	Until    time.Time // zero is the end
	Lateness time.Duration
	Seed     uint64
	// Emit receives the alerts, in the order of their times.
	Emit func([]detect.Alert) error
	// Tell hears how far it is, after each batch.
	Tell func(read, of uint64)
}

// Run reads the stream from as far before the time as the rules' windows reach. When the context ends, what is certain has been
// emitted, and the engine says how far it came.
func (p *Past) Run(ctx context.Context) (*detect.Engine, error) {
	e, err := detect.New(p.Rules, detect.Options{Lateness: p.Lateness, Partitions: runtime.GOMAXPROCS(0), Seed: p.Seed})
	if err != nil {
		return nil, err
	}
	st, err := p.Stream.Stats(ctx)
	if err != nil {
		return nil, err
	}
	start := st.First
	if !p.From.IsZero() {
		if start, err = p.Stream.At(ctx, p.From.Add(-reach(p.Rules)-clockSkew)); err != nil {
			return nil, err
		}
	}
	var read uint64
	of := st.Events
	first := true
	err = each(ctx, e, func(ctx context.Context, fn func(stream.Batch) error) error {
		return p.Stream.Read(ctx, start, end, fn)
	},
		func(c *chunk, alerts []detect.Alert) error {
			if first {
				first, of = false, st.Dropped.Events+st.Events-(c.seen-uint64(c.count))
			}
			read += uint64(c.count)
			p.Tell(read, of)
			if err := p.emit(alerts); err != nil {
				return err
			}
			if !p.Until.IsZero() && c.from.After(p.Until.Add(time.Hour)) {
				return errEnough // what happened before has come in by now
			}
			return nil
		})
	if err == nil || errors.Is(err, errEnough) {
		return e, p.emit(e.Flush())
	}
	return e, fmt.Errorf("reading the event stream: %w", err)
}

// emit passes on the alerts of the time that was asked for.
func (p *Past) emit(alerts []detect.Alert) error {
	kept := alerts[:0]
	for i := range alerts {
		at := time.Unix(0, alerts[i].At)
		if at.Before(p.From) || !p.Until.IsZero() && !at.Before(p.Until) {
			continue
		}
		kept = append(kept, alerts[i])
	}
	if len(kept) == 0 {
		return nil
	}
	return p.Emit(kept)
}
