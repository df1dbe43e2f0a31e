package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/stream"
)

// keptEvents makes a data directory with a stream of n events, and returns it with the same events in a file.
func keptEvents(t *testing.T, n int) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	var lines bytes.Buffer
	at := time.Date(2020, 11, 2, 0, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&lines, `{"specversion":"1.0","id":"ev%d","source":"chat","type":"friend_request","time":"%s","data":{"actor":"u%d","actor_kind":"user","target":"v%d"}}`+"\n",
			i, at.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i%3, i)
	}
	s := stream.New(stream.Config{Dir: filepath.Join(dir, "events"), Now: time.Now, Log: slog.New(slog.DiscardHandler), Keys: intake.Keys(), Reserve: 1})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	in := &intake.Intake{Stream: s, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if a, err := in.Take(ctx, bytes.NewReader(lines.Bytes()), int64(lines.Len()), intake.Lines, nil); err != nil || a.Accepted != n {
		t.Fatal(a, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "events.ndjson")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

func TestAReplayFindsWhatDetectFinds(t *testing.T) {
	dir, file := keptEvents(t, 200)
	play := func(args ...string) (code int, out, msg string) {
		var o, e bytes.Buffer
		code = run(t.Context(), args, Streams{In: &bytes.Buffer{}, Out: &o, Err: &e})
		return code, o.String(), e.String()
	}
	code, want, _ := play("detect", "--rules", "../../rules", "--events", file)
	if code != 0 || strings.Count(want, "\n") != 3 {
		t.Fatalf("detect: %d, %s", code, want)
	}
	for _, args := range [][]string{{"replay", "--data", dir, "--rules", "../../rules"}, {"replay", "--data", dir}} {
		code, got, msg := play(args...)
		if code != 0 || got != want || !strings.Contains(msg, `{"events":200,"bad":0,"late":0,"duplicates":0,"alerts":3,`) {
			t.Errorf("%v: %d, %s%s", args, code, got, msg)
		}
	}
	code, got, msg := play("replay", "--data", dir, "--from", "2020-11-02T00:01:01Z", "--until", "2020-11-02T00:01:02Z")
	if code != 0 || strings.Count(got, "\n") != 1 || !strings.Contains(got, `"at":"2020-11-02T00:01:01.000Z"`) {
		t.Errorf("a second of it: %d, %s%s", code, got, msg)
	}
	for _, wrong := range [][]string{{"replay", "--lateness=-1s"}, {"replay", "--from", "soon"}, {"replay", "--data", dir, "--rules", "nowhere"}} {
		if code, _, _ := play(wrong...); code != 2 {
			t.Errorf("%v: exit code %d, want 2", wrong, code)
		}
	}
	if code, _, msg := play("replay", "--data", t.TempDir()); code != 1 || !strings.Contains(msg, "event stream") {
		t.Errorf("without a stream: %d, %s", code, msg)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"replay", "--data", dir}, Streams{In: &bytes.Buffer{}, Out: &out, Err: &errs}); code != 1 {
		t.Errorf("interrupted: exit code %d, %s", code, &errs)
	}
}
