package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/scenario"
	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
)

// A Player plays the three incidents into the event stream, as they happened, each so much smaller that all its
// rules still ring. It does so beside the pages, after they are served: nobody waits for it. Each event
// is received at its own time, in order, so what the engine finds does not depend on how fast it is played;
// and each has its own id, so that what was cut off is played again without effect on what was played.
type Player struct {
	Watch  *watch.Watch
	Stream *stream.Stream
	Log    *slog.Logger
	Clock  *Clock

	mu  sync.Mutex // guards the rest
	at  time.Time  // where the story of the events is; zero when nothing is played
	fed int
}

// parts are the scenarios in the order of their time.
var parts = []struct {
	name string
	opt  scenario.Options
}{
	{"2020", scenario.Options{Scale: 0.01, Seed: 1, Background: 0.3}},
	{"2021", scenario.Options{Scale: 0.1, Seed: 1}},
	{"2023", scenario.Options{Scale: 0.04, Seed: 1}},
}

// PlayedEvents is how many events the scenarios of a demonstration have. A test looks.
const PlayedEvents = 12_537

// Now is when an event that comes in at this moment is received.
func (p *Player) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.at.IsZero() {
		return p.at
	}
	return p.Clock.Now()
}

// Progress returns how many events are played, and how many there are.
func (p *Player) Progress() (fed, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return min(p.fed, PlayedEvents), PlayedEvents
}

func (p *Player) set(at time.Time, more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
	p.fed += more
}

// Prepare names the accounts that the rules' lists are about, before the engine runs.
func (p *Player) Prepare(ctx context.Context) error {
	lists := map[string][]string{}
	for _, part := range parts {
		s, err := scenario.New(part.name, part.opt)
		if err != nil {
			return err
		}
		for _, l := range s.Lists() {
			lists[l.Name] = append(lists[l.Name], l.IDs...)
		}
	}
	files, err := p.Watch.Rules(ctx, access.Self)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(f.Name, "lists/"), ".txt")
		if !f.List() || f.Changed || lists[name] == nil {
			continue
		}
		slices.Sort(lists[name])
		text := f.Text + strings.Join(slices.Compact(lists[name]), "\n") + "\n"
		if _, err := p.Watch.SaveRule(ctx, access.Self, f.Name, text, f.Version); err != nil {
			return fmt.Errorf("naming the accounts of %s: %w", f.Name, err)
		}
	}
	return nil
}

// Play plays what the stream does not have yet, as soon as the engine follows it.
func (p *Player) Play(ctx context.Context) error {
	for {
		status, err := p.Watch.Status(ctx, access.Self)
		if err != nil {
			return err
		}
		if status.Holder != "" && !status.Waiting && !status.At.IsZero() {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	had, err := p.Stream.Stats(ctx)
	if err != nil {
		return err
	}
	if int(had.Events+had.Dropped.Events) >= PlayedEvents {
		p.set(time.Time{}, PlayedEvents)
		return nil
	}
	defer p.set(time.Time{}, 0)
	in := &intake.Intake{Stream: p.Stream, Log: p.Log, Now: p.Now}
	for _, part := range parts {
		if err := p.play(ctx, in, part.name, part.opt); err != nil {
			return fmt.Errorf("playing the incident of %s: %w", part.name, err)
		}
	}
	p.set(time.Time{}, PlayedEvents)
	return nil
}

// chunk is how many events come in together.
const chunk = 256

// play plays one incident.
func (p *Player) play(ctx context.Context, in *intake.Intake, name string, opt scenario.Options) error {
	s, err := scenario.New(name, opt)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	n := 0
	send := func() error {
		if n == 0 {
			return nil
		}
		p.set(s.Time(), 0)
		answer, err := in.Take(ctx, io.Reader(&lines), int64(lines.Len()), intake.Lines, nil)
		if err != nil {
			return err
		}
		if len(answer.Refused) > 0 {
			return fmt.Errorf("event %s was refused: %s", answer.Refused[0].ID, answer.Refused[0].Reason.EN)
		}
		p.set(s.Time(), answer.Accepted+answer.Repeated)
		lines.Reset()
		n = 0
		return nil
	}
	for {
		line, ok := s.Next()
		if !ok {
			return send()
		}
		// Each scenario counts its events from one: the name tells those of one year from another's.
		lines.Write(bytes.Replace(line, []byte(`"id":"ev`), []byte(`"id":"`+name+`-ev`), 1))
		lines.WriteByte('\n')
		if n++; n == chunk {
			if err := send(); err != nil {
				return err
			}
		}
	}
}
