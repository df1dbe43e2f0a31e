package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
	"hinomi.dev/hinomi/rules"
)

// replayCommand runs rules over the event stream as it is kept.
type replayCommand struct {
	Data     string            `env:"HINOMI_DATA" default:"data" placeholder:"DIR" help:"Directory with everything kept on disk (${env}, ${default}). No desk may run in it meanwhile: its rule editor tries rules over the stream."`
	NATS     []string          `name:"nats" env:"HINOMI_NATS" placeholder:"URL" help:"Servers of the NATS cluster that keeps the events; without it they are in the data directory (${env})."`
	Rules    string            `placeholder:"DIR" help:"Directory with the rules; without it those in this binary."`
	List     map[string]string `mapsep:"none" placeholder:"NAME=FILE" help:"The entries behind a placeholder of the rules, one a line; may be given several times. Without it lists/NAME.txt beside the rules."`
	From     time.Time         `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"Only alerts from this time on, such as 2020-11-02T00:00:00Z. What the rules' windows hold of the time before is read as well."`
	Until    time.Time         `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"Only alerts before this time."`
	Lateness time.Duration     `default:"30s" help:"How much older than the newest event before it one may be that still counts (${default})."`
}

// Help says what the exit code means.
func (c *replayCommand) Help() string {
	return "Alerts go to standard output, one JSON object a line, as those of detect do; standard error shows how far it is, and its last line says in JSON " +
		"what was read. Exit code 0: all was read. 1: it was interrupted, and what was found until then is there; or something went wrong. 2: a wrong rule or flag."
}

// Validate refuses what no run could have.
func (c *replayCommand) Validate() error {
	switch {
	case c.Lateness < 0:
		return errors.New("--lateness is negative")
	case !c.Until.IsZero() && !c.Until.After(c.From):
		return errors.New("--until is not after --from")
	}
	return nil
}

// Run reads the rules, then the stream.
func (c *replayCommand) Run(ctx context.Context, s *Streams) (err error) {
	set, err := c.rules(s.Err)
	if err != nil {
		return err
	}
	events := stream.New(stream.Config{
		Dir: filepath.Join(c.Data, "events"), Servers: c.NATS, Now: time.Now, Log: slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelError})), Keys: intake.Keys(),
	})
	stop, err := events.Look(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	out := bufio.NewWriterSize(s.Out, 1<<16)
	p := &replayProgress{w: s.Err, began: time.Now()}
	past := watch.Past{
		Stream: events, Rules: set, From: c.From, Until: c.Until, Lateness: c.Lateness, Seed: rand.Uint64(), Tell: p.tell,
		Emit: func(alerts []detect.Alert) error {
			p.alerts += len(alerts)
			return writeAlerts(out, alerts)
		},
	}
	engine, err := past.Run(ctx)
	err = errors.Join(err, out.Flush())
	if engine == nil {
		return err
	}
	p.end()
	engine.Stats.Alerts = p.alerts
	tell(s.Err, "the stream", engine, time.Since(p.began))
	if ctx.Err() != nil {
		fmt.Fprintln(s.Err, "hinomi: interrupted; what was found until then is written")
		return exitFailed
	}
	return err
}

// rules reads the rules.
func (c *replayCommand) rules(stderr io.Writer) (*rule.Set, error) {
	if c.Rules != "" {
		return loadRules(c.Rules, c.List, stderr)
	}
	lists, err := (&ruleDir{List: c.List}).lists()
	if err != nil {
		fmt.Fprintf(stderr, "hinomi: %v\n", err)
		return nil, exitUsage
	}
	set, complaints := rule.Load(rules.Files, lists)
	if rule.Errors(complaints) > 0 {
		return nil, fmt.Errorf("the rules of this binary have mistakes: %v", complaints)
	}
	return set, nil
}

// A replayProgress says now and then how far a replay is.
type replayProgress struct {
	w      io.Writer
	began  time.Time
	told   time.Time
	alerts int
}

func (p *replayProgress) tell(read, of uint64) {
	now := time.Now()
	if now.Sub(p.told) < time.Second {
		return
	}
	if p.told.IsZero() {
		p.told = p.began // a short one needs no line
		return
	}
	p.told = now
	seconds := now.Sub(p.began).Seconds()
	fmt.Fprintf(p.w, "\rhinomi: %d of %d events (%.0f %%), %.0f a second, %d alerts ", read, of, 100*float64(read)/float64(max(of, 1)), float64(read)/seconds, p.alerts)
}

// end ends the line.
func (p *replayProgress) end() {
	if p.told.After(p.began) {
		fmt.Fprintln(p.w)
	}
}
