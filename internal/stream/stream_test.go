package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/fault"
)

var ctx = context.Background()

// Events of these tests are lines like "a 17": source and id.
func keysOf(lines []byte, yield func(Key)) {
	for line := range bytes.Lines(lines) {
		source, id, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		yield(KeyOf(source, id))
	}
}

func parcel(lines ...string) *Parcel {
	p := &Parcel{}
	for _, line := range lines {
		p.Lines = append(append(p.Lines, line...), '\n')
		p.Ends = append(p.Ends, len(p.Lines))
	}
	keysOf(p.Lines, func(k Key) { p.Keys = append(p.Keys, k) })
	return p
}

// numbered returns n lines of a source, from a number on.
func numbered(source string, from, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s %d", source, from+i)
	}
	return all
}

func config(dir string) Config {
	return Config{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler), Keys: keysOf, Reserve: 1}
}

// run runs a stream until stop is called or the test ends.
func run(t testing.TB, cfg Config) (s *Stream, stop func()) {
	t.Helper()
	s = New(cfg)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if cancel(); stopped {
			return
		}
		stopped = true
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

func publish(t testing.TB, s *Stream, lines ...string) Taken {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	taken, err := s.Publish(limited, parcel(lines...))
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// contents reads everything, and checks that the batches follow one another.
func contents(t testing.TB, s *Stream, after, until Position) []string {
	t.Helper()
	var all []string
	var next uint64
	err := s.Read(ctx, after, until, func(b Batch) error {
		lines := strings.Split(strings.TrimSuffix(string(b.Lines), "\n"), "\n")
		if len(lines) != b.Count || next != 0 && b.First != next || b.Position <= after || b.Until.Before(b.From) {
			t.Errorf("batch %d of %d lines says %d, its first is %d after %d", b.Position, len(lines), b.Count, b.First, next)
		}
		if tail := b.Lines[:len(b.Lines)+spare][len(b.Lines):]; !bytes.Equal(tail, make([]byte, spare)) {
			t.Errorf("behind the lines stands %q", tail)
		}
		next = b.First + uint64(b.Count)
		all = append(all, lines...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const end = Position(1 << 62)

func TestWhatIsPublishedIsReadInOrderAndOnce(t *testing.T) {
	dir := t.TempDir()
	s, stop := run(t, config(dir))
	for i, c := range []struct {
		lines              []string
		accepted, repeated int
	}{
		{numbered("a", 0, 3), 3, 0},
		{numbered("a", 0, 3), 0, 3},
		{[]string{"a 2", "a 3", "a 1", "a 4", "a 4"}, 2, 3},
		{numbered("b", 0, 2), 2, 0}, // another source's ids are its own
		{numbered("c", 0, 20_000), 20_000, 0},
	} {
		if got := publish(t, s, c.lines...); got != (Taken{c.accepted, c.repeated}) {
			t.Errorf("parcel %d: %+v", i, got)
		}
	}
	want := append([]string{"a 0", "a 1", "a 2", "a 3", "a 4", "b 0", "b 1"}, numbered("c", 0, 20_000)...)
	if d := cmp.Diff(want, contents(t, s, 0, end)); d != "" {
		t.Error(d)
	}
	stop()

	again, stop := run(t, config(dir))
	if got := publish(t, again, "b 1", "c 19999", "d 1"); got != (Taken{1, 2}) {
		t.Errorf("after a restart: %+v", got)
	}
	st, err := again.Stats(ctx)
	if err != nil || st.Events != 20_008 || st.Batches != 5 || st.First != 0 || st.Last != 5 || st.Dropped.Batches != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if got := contents(t, again, 4, end); !cmp.Equal(got, []string{"d 1"}) {
		t.Errorf("behind 4: %q", got)
	}
	if got := contents(t, again, 1, 2); !cmp.Equal(got, []string{"a 3", "a 4"}) {
		t.Errorf("the second: %q", got)
	}
	stop()
}

func TestRequestsThatWaitShareOneMessage(t *testing.T) {
	s := New(config(t.TempDir()))
	answers := make(chan Taken, 200)
	for i := range 200 {
		go func() {
			taken, err := s.Publish(ctx, parcel(fmt.Sprint("a ", i)))
			if err != nil {
				t.Error(err)
			}
			answers <- taken
		}()
	}
	for s.Figures().Queued < 200 {
		time.Sleep(time.Millisecond)
	}
	runStream(t, s)
	for range 200 {
		if got := <-answers; got != (Taken{1, 0}) {
			t.Errorf("%+v", got)
		}
	}
	if f := s.Figures(); f.Accepted != 200 || f.Batches > 2 || f.Queued != 0 || f.Waiting != 0 {
		t.Errorf("%+v", f)
	}
}

func runStream(t *testing.T, s *Stream) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestWhoeverComesWhenTheQueueIsFullIsToldToComeLater(t *testing.T) {
	s := New(config(t.TempDir())) // does not run
	limited, cancel := context.WithCancel(ctx)
	big := parcel("a " + strings.Repeat("1", MaxParcel-10))
	ended := make(chan error)
	n := 0
	for ; ; n++ {
		if s.waiting.Load()+int64(len(big.Lines)) > maxWaitingBytes {
			break
		}
		go func() { _, err := s.Publish(limited, big); ended <- err }()
		for s.Figures().Queued <= n {
			time.Sleep(time.Millisecond)
		}
	}
	_, err := s.Publish(ctx, big)
	if f := fault.As(err); f == nil || f.Kind != fault.Later || f.After <= 0 {
		t.Errorf("err = %v", err)
	}
	cancel()
	for range n {
		if err := <-ended; !fault.Is(err, fault.Later) || !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	}
	runStream(t, s)
	if got := publish(t, s, "a 1"); got != (Taken{1, 0}) || s.Figures().Accepted != 1 {
		t.Errorf("what was given up is stored: %+v %+v", got, s.Figures())
	}
}

func TestWhatRetentionDropsIsCounted(t *testing.T) {
	cfg := config(t.TempDir())
	cfg.MaxBytes = 256 << 10
	const each = 5000
	s, stop := run(t, cfg)
	for i := range 40 {
		publish(t, s, numbered(fmt.Sprintf("%x", fmt.Sprint(i)), i*each, each)...)
	}
	st, err := s.Stats(ctx)
	if err != nil || st.Dropped.Events == 0 || st.Dropped.Events+st.Events != 40*each || st.Dropped.Batches != uint64(st.First) || st.Stored > 256<<10 {
		t.Fatalf("%+v, %v", st, err)
	}
	var missed uint64
	first := true
	if err := s.Read(ctx, 0, end, func(b Batch) error {
		if first && b.First != st.Dropped.Events {
			t.Errorf("the first event kept is number %d, after %d that were dropped", b.First, st.Dropped.Events)
		}
		missed, first = missed+b.Missed, false
		return nil
	}); err != nil || missed != st.Dropped.Batches {
		t.Errorf("a reader from the beginning missed %d batches, %d were dropped: %v", missed, st.Dropped.Batches, err)
	}
	stop()

	cfg.MaxAge = time.Millisecond * 200
	s, stop = run(t, cfg)
	defer stop()
	for st, err = s.Stats(ctx); err == nil && st.Batches > 0; st, err = s.Stats(ctx) {
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil || st.Dropped.Events != 40*each || st.First != st.Last {
		t.Errorf("with everything dropped: %+v, %v", st, err)
	}
	if got := publish(t, s, "new 1"); got.Accepted != 1 {
		t.Errorf("%+v", got)
	}
	if st, err := s.Stats(ctx); err != nil || st.Events+st.Dropped.Events != 40*each+1 {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestReadingBeginsAtATime(t *testing.T) {
	cfg := config(t.TempDir())
	now := time.Date(2020, 11, 2, 0, 0, 0, 0, time.UTC)
	cfg.Now = func() time.Time { return now }
	s, _ := run(t, cfg)
	for i := range 20 {
		publish(t, s, fmt.Sprint("a ", i))
		now = now.Add(time.Minute)
	}
	for minute, want := range map[int]Position{-5: 0, 0: 0, 1: 1, 7: 7, 19: 19, 20: 20, 100: 20} {
		got, err := s.At(ctx, time.Date(2020, 11, 2, 0, minute, 0, 0, time.UTC))
		if err != nil || got != want {
			t.Errorf("minute %d: %d, %v, want %d", minute, got, err, want)
		}
	}
}

func TestFollowingGoesOn(t *testing.T) {
	s, _ := run(t, config(t.TempDir()))
	publish(t, s, "a 0", "a 1")
	follow, cancel := context.WithCancel(ctx)
	lines, ended := make(chan string), make(chan error)
	go func() {
		ended <- s.Follow(follow, 0, func(b Batch) error { lines <- string(b.Lines); return nil })
	}()
	if got := <-lines; got != "a 0\na 1\n" {
		t.Errorf("%q", got)
	}
	for i := 2; i < 10; i++ {
		publish(t, s, fmt.Sprint("a ", i))
		if got := <-lines; got != fmt.Sprintf("a %d\n", i) {
			t.Errorf("%q", got)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wrong := errors.New("wrong")
	if err := s.Follow(ctx, 0, func(Batch) error { return wrong }); !errors.Is(err, wrong) {
		t.Error(err)
	}
}
