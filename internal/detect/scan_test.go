package detect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/event"
)

// scanAll scans a stream and returns the alerts.
func scanAll(t *testing.T, e *Engine, r io.Reader, workers int) (all []string) {
	t.Helper()
	err := e.Scan(t.Context(), r, workers, func(alerts []Alert) error {
		for i := range alerts {
			all = append(all, string(alerts[i].AppendJSON(nil)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// onlyReader hides that a reader can do more.
type onlyReader struct{ io.Reader }

func TestScanIsTheSameHoweverItReads(t *testing.T) {
	set := compile(testRules())
	stream := randomStream(rand.New(rand.NewPCG(7, 7)), 6000)
	long := `{"id":"` + strings.Repeat("x", 3<<20) + `"}`
	var text bytes.Buffer
	for i, e := range stream {
		fmt.Fprintln(&text, e.line())
		switch i {
		case 10, 4000:
			fmt.Fprintln(&text, long)
		case 50:
			fmt.Fprint(&text, "\n \nnonsense\n")
		case 5999:
			fmt.Fprint(&text, "half a li")
		}
	}
	options := Options{Lateness: 5 * time.Second}
	plain, err := New(set, options)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	b := plain.NewBatch()
	for line := range bytes.SplitSeq(text.Bytes(), []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			_ = b.Add(line) // counted
		}
	}
	for _, alerts := range [][]Alert{slices.Clone(plain.Take(b)), plain.Flush()} {
		for i := range alerts {
			want = append(want, string(alerts[i].AppendJSON(nil)))
		}
	}
	file := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for _, c := range []struct {
		name    string
		reader  func() io.Reader
		workers int
		parts   int
	}{
		{"a file, two workers", func() io.Reader { return opened }, 2, 2},
		{"a file, five workers and three parts", func() io.Reader { _, _ = opened.Seek(0, 0); return opened }, 5, 3},
		{"bytes", func() io.Reader { return bytes.NewReader(text.Bytes()) }, 1, 1},
		{"a pipe", func() io.Reader { return onlyReader{bytes.NewReader(text.Bytes())} }, 2, 1},
		{"a pipe that gives a byte at a time", func() io.Reader { return iotest{bytes.NewReader(text.Bytes())} }, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options
			o.Partitions = c.parts
			e, err := New(set, o)
			if err != nil {
				t.Fatal(err)
			}
			got := scanAll(t, e, c.reader(), c.workers)
			if !slices.Equal(got, want) {
				t.Errorf("%d alerts, want %d", len(got), len(want))
			}
			if s := e.Stats; s != plain.Stats || s.Bad != 4 {
				t.Errorf("counted %+v, want %+v", s, plain.Stats)
			}
			if n := e.BadLines[0].Line; n != 12 || e.BadLines[1].Line != 55 {
				t.Errorf("bad lines are %v", e.BadLines)
			}
		})
	}
}

// iotest gives few bytes at a time.
type iotest struct{ r io.Reader }

func (r iotest) Read(b []byte) (int, error) { return r.r.Read(b[:min(len(b), 1009)]) }

func TestScanOfLinesAtTheEdges(t *testing.T) {
	set := compile(testRules())
	line := plainEvent{id: "1", source: "s", kind: "e", time: base, data: map[string]any{}}.line()
	// Lines of all lengths around the edge of a piece: one must not be lost, nor read twice.
	for shift := 0; shift < 40; shift += 3 {
		var text bytes.Buffer
		n := 0
		for text.Len() < pieceSize-len(line)-60 {
			fmt.Fprintln(&text, strings.Replace(line, `"1"`, fmt.Sprintf(`"%d"`, n), 1))
			n++
		}
		fill := pieceSize - text.Len() - len(line) - 20 + shift
		fmt.Fprintln(&text, strings.Replace(line, `"1"`, `"`+strings.Repeat("y", max(1, min(fill, 200)))+`"`, 1))
		for range 20 {
			fmt.Fprintln(&text, strings.Replace(line, `"1"`, fmt.Sprintf(`"%d"`, n), 1))
			n++
		}
		for _, r := range []io.Reader{bytes.NewReader(text.Bytes()), onlyReader{bytes.NewReader(text.Bytes())}} {
			e, err := New(set, Options{})
			if err != nil {
				t.Fatal(err)
			}
			scanAll(t, e, r, 2)
			if e.Stats.Events != n+1 || e.Stats.Bad > 0 || e.Stats.Duplicates > 0 {
				t.Fatalf("shift %d: counted %+v, want %d events", shift, e.Stats, n+1)
			}
		}
	}
}

func TestScanEnds(t *testing.T) {
	set := compile(testRules())
	text := strings.Repeat(plainEvent{id: "1", source: "s", kind: "d", time: base, data: map[string]any{}}.line()+"\n", 20_000)
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		run  func(e *Engine) error
		want error
	}{
		{"when nobody takes the alerts", func(e *Engine) error {
			return e.Scan(t.Context(), strings.NewReader(text), 3, func([]Alert) error { return broken })
		}, broken},
		{"when reading fails", func(e *Engine) error {
			return e.Scan(t.Context(), io.MultiReader(strings.NewReader(text), failing{broken}), 3, func([]Alert) error { return nil })
		}, broken},
		{"when it is interrupted", func(e *Engine) error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return e.Scan(ctx, strings.NewReader(text), 3, func([]Alert) error { return nil })
		}, context.Canceled},
		{"when there is nothing", func(e *Engine) error {
			return e.Scan(t.Context(), strings.NewReader(""), 3, func([]Alert) error { return nil })
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := New(set, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.run(e); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTypesInCapitalLettersAreTheSame(t *testing.T) {
	set := compile(testRules())
	yes := func(*event.Event) bool { return true }
	for _, d := range set.Detections {
		d.Match = yes // as the rules do, which know case
	}
	line := plainEvent{id: "1", source: "s", kind: "d", time: base, data: map[string]any{}}.line()
	for _, c := range []struct {
		kind string
		want int
	}{{"d", 1}, {"D", 1}, {"e", 0}, {"Ｄ", 0}} {
		e, err := New(set, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := scanAll(t, e, strings.NewReader(strings.Replace(line, `"type":"d"`, `"type":"`+c.kind+`"`, 1)), 1)
		if len(got) != c.want || e.Stats.Events != 1 {
			t.Errorf("type %s: alerts %v, want %d", c.kind, got, c.want)
		}
	}
}
