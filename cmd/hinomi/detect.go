package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
)

// detectCommand runs rules over a file of events.
type detectCommand struct {
	Rules    string            `required:"" placeholder:"DIR" help:"Directory with the rules."`
	Events   string            `default:"-" placeholder:"FILE" help:"Events, one a line; - is standard input (${default})."`
	Lateness time.Duration     `default:"30s" help:"How much older than the newest event before it one may be that still counts (${default})."`
	List     map[string]string `mapsep:"none" placeholder:"NAME=FILE" help:"The entries behind a placeholder of the rules, one a line; may be given several times. Without it lists/NAME.txt beside the rules."`
}

// Help says what the exit code means.
func (c *detectCommand) Help() string {
	return "Alerts go to standard output, one JSON object a line, in the order of their times; the last line of standard error says in JSON what was read. " +
		"Exit code 0: all lines were read. 1: some were no events, of which the first are shown. 2: a wrong rule or flag."
}

// Validate refuses what no run could have.
func (c *detectCommand) Validate() error {
	if c.Lateness < 0 {
		return errors.New("--lateness is negative")
	}
	return nil
}

// Run reads the rules, then the events.
func (c *detectCommand) Run(ctx context.Context, s *Streams) error {
	set, err := loadRules(c.Rules, c.List, s.Err)
	if err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	engine, err := detect.New(set, detect.Options{Lateness: c.Lateness, Partitions: workers, Seed: rand.Uint64()})
	if err != nil {
		fmt.Fprintln(s.Err, err) // with file and line
		return exitUsage
	}
	name, events := "standard input", s.In
	if c.Events != "-" {
		f, err := os.Open(c.Events)
		if err != nil {
			fmt.Fprintf(s.Err, "hinomi: --events: %v\n", err)
			return exitUsage
		}
		defer f.Close() //nolint:errcheck // it was only read
		name, events = c.Events, f
	}
	out := bufio.NewWriterSize(s.Out, 1<<16)
	start := time.Now()
	err = engine.Scan(ctx, events, workers, func(alerts []detect.Alert) error { return writeAlerts(out, alerts) })
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	tell(s.Err, name, engine, time.Since(start))
	if engine.Stats.Bad > 0 {
		return exitFailed
	}
	return nil
}

// writeAlerts writes alerts, one a line.
func writeAlerts(out *bufio.Writer, alerts []detect.Alert) error {
	for i := range alerts {
		line := append(alerts[i].AppendJSON(out.AvailableBuffer()), '\n')
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("writing alerts: %w", err)
		}
	}
	return nil
}

// tell says which lines did not count, and what was read.
func tell(w io.Writer, name string, e *detect.Engine, took time.Duration) {
	for _, l := range e.BadLines {
		fmt.Fprintf(w, "%s:%d: bad: %v\n", name, l.Line, l.Err)
	}
	for _, l := range e.LateLines {
		fmt.Fprintf(w, "%s:%d: late: %v\n", name, l.Line, l.Err)
	}
	seconds := max(took.Seconds(), 1e-6)
	_ = json.NewEncoder(w).Encode(struct { // standard error: nobody could be told
		Events     int     `json:"events"`
		Bad        int     `json:"bad"`
		Late       int     `json:"late"`
		Duplicates int     `json:"duplicates"`
		Alerts     int     `json:"alerts"`
		Seconds    float64 `json:"seconds"`
		Rate       float64 `json:"events_per_second"`
	}{e.Stats.Events, e.Stats.Bad, e.Stats.Late, e.Stats.Duplicates, e.Stats.Alerts, math.Round(seconds*1e6) / 1e6, math.Round(float64(e.Stats.Events) / seconds)})
}

// loadRules reads a directory of rules and says what is wrong with them, with file, line and column.
func loadRules(dir string, files map[string]string, stderr io.Writer) (*rule.Set, error) {
	lists, err := (&ruleDir{List: files}).lists()
	if err == nil {
		_, err = os.ReadDir(dir)
	}
	if err != nil {
		fmt.Fprintf(stderr, "hinomi: %v\n", err)
		return nil, exitUsage
	}
	set, complaints := rule.Load(os.DirFS(dir), lists)
	for _, c := range complaints {
		if !c.Note {
			fmt.Fprintln(stderr, c)
		}
	}
	switch {
	case rule.Errors(complaints) > 0:
		return nil, exitUsage
	case len(set.Detections) == 0:
		fmt.Fprintf(stderr, "hinomi: there are no rules in %s\n", dir)
		return nil, exitUsage
	}
	return set, nil
}
