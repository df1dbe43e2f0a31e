package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/scenario"
)

// scenarioCommand makes one of the incidents as events.
type scenarioCommand struct {
	Name       string        `arg:"" help:"2020, 2021, 2023 or bench."`
	Scale      float64       `default:"1" help:"Size; 1 is that of the incident, 0.001 the smallest."`
	Seed       uint64        `default:"1" help:"Another number is another stream of the same kind."`
	From       instant       `help:"Write from this time on: 2020-11-02, 2020-11-02T10:38 (Tokyo), or RFC 3339."`
	To         instant       `help:"Write up to before this time."`
	Background float64       `default:"4" help:"Ordinary events for each event of the story, about."`
	Lateness   time.Duration `help:"Let events arrive out of order by less than this, such as 20s."`
	Events     int           `default:"1000000" help:"How many, for bench."`
	Mixed      bool          `help:"Write the members of each event in another order."`
	Out        string        `placeholder:"DIR" help:"Write events.ndjson, truth.ndjson and the lists here; without it events go to standard output."`
	Truth      bool          `help:"Write the truth, not the events, to standard output."`
}

// Help tells the scenarios and what is written.
func (c *scenarioCommand) Help() string {
	var b strings.Builder
	names, about := scenario.Names()
	for i, name := range names {
		fmt.Fprintf(&b, "    %-6s %s\n", name, about[i])
	}
	b.WriteString("\nThe same name, scale and seed give the same bytes. The last line of standard error has the figures.\n" +
		"With --out, lists/NAME.txt has the accounts for --list NAME=FILE of hinomi detect. doc/scenario.md tells what is\n" +
		"from the sources and what is made up.")
	return b.String()
}

// An instant is a time on the command line; a date alone begins in Tokyo.
type instant struct{ time.Time }

// UnmarshalText reads a date, a date with a time in Tokyo, or RFC 3339.
func (i *instant) UnmarshalText(text []byte) error {
	tokyo := time.FixedZone("JST", 9*60*60)
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, string(text), tokyo); err == nil {
			i.Time = t
			return nil
		}
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("%q is no time: 2020-11-02, 2020-11-02T10:38 (Tokyo), or 2020-11-02T01:38:00Z", text)
	}
	i.Time = t
	return nil
}

// Run makes the stream and writes it.
func (c *scenarioCommand) Run(ctx context.Context, s *Streams) error {
	began := time.Now()
	stream, err := scenario.New(c.Name, scenario.Options{
		Scale: c.Scale, Seed: c.Seed, From: c.From.Time, To: c.To.Time,
		Background: c.Background, Lateness: c.Lateness, Events: c.Events, Mixed: c.Mixed,
	})
	if err != nil {
		fmt.Fprintf(s.Err, "hinomi: %v\n", err)
		return exitUsage
	}
	var totals scenario.Totals
	switch {
	case c.Out != "":
		totals, err = writeScenario(ctx, stream, c.Out)
	case c.Truth:
		totals, err = scenario.Write(stream, until{ctx, io.Discard}, until{ctx, s.Out})
	default:
		totals, err = scenario.Write(stream, until{ctx, s.Out}, until{ctx, io.Discard})
	}
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	return json.NewEncoder(s.Err).Encode(struct {
		scenario.Totals
		Seconds float64 `json:"seconds"`
		Rate    int     `json:"events_per_second"`
	}{totals, seconds, int(float64(totals.Events) / seconds)})
}

// until is a writer that fails when its context has ended, so that an interrupt ends the making.
type until struct {
	ctx context.Context
	w   io.Writer
}

// Write writes while there is time.
func (u until) Write(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(b)
}

// writeScenario writes a stream with its truth and lists to a directory. Nothing there is written
// over: it may be what somebody measured with.
func writeScenario(ctx context.Context, stream *scenario.Stream, dir string) (totals scenario.Totals, err error) {
	lists := filepath.Join(dir, "lists")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return totals, err
	}
	if there, err := os.ReadDir(dir); err != nil {
		return totals, err
	} else if len(there) > 0 {
		return totals, fmt.Errorf("%s is not empty; take another directory", dir)
	}
	err = create(filepath.Join(dir, "events.ndjson"), func(events io.Writer) error {
		return create(filepath.Join(dir, "truth.ndjson"), func(truth io.Writer) error {
			totals, err = scenario.Write(stream, until{ctx, events}, until{ctx, truth})
			return err
		})
	})
	if err != nil {
		return totals, err
	}
	if err := os.Mkdir(lists, 0o755); err != nil {
		return totals, err
	}
	for _, l := range stream.Lists() {
		err := create(filepath.Join(lists, l.Name+".txt"), func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Join(l.IDs, "\n")+"\n")
			return err
		})
		if err != nil {
			return totals, err
		}
	}
	return totals, nil
}

// create makes a file and fills it. When that fails there is no file: half of one looks whole.
func create(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<18)
	if err := errors.Join(fill(w), w.Flush(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
