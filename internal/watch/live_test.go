package watch

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/stream"
)

// A feed makes events: accounts of some classes reach people, and some of them have consent.
type feed struct {
	r    *rand.Rand
	at   time.Time
	n    int
	late bool // some overtake others, by more than the lateness at times
}

func newFeed(seed uint64) *feed {
	return &feed{r: rand.New(rand.NewPCG(seed, 3)), at: time.Date(2020, 11, 2, 9, 0, 0, 0, time.UTC)}
}

// lines returns n more events.
func (f *feed) lines(n int) (all []string) {
	for range n {
		f.n++
		f.at = f.at.Add(time.Duration(f.r.IntN(40)) * time.Millisecond)
		at := f.at
		if f.late && f.r.IntN(4) == 0 {
			at = at.Add(-time.Duration(f.r.IntN(1500)) * time.Millisecond)
		}
		typ := []string{"friend_request", "friend_request", "group_invite", "consent_granted", "message", "api_call"}[f.r.IntN(6)]
		actor, target := fmt.Sprint("u", f.r.IntN(30)), fmt.Sprint("v", f.r.IntN(200))
		if typ == "consent_granted" {
			actor, target = target, actor
		}
		all = append(all, fmt.Sprintf(`{"specversion":"1.0","id":"ev%09d","source":"chat","type":%q,"time":"%s","data":{"actor":%q,"actor_kind":"assistant","target":%q,"region":"TW"}}`,
			f.n, typ, event.FormatTime(nil, at.UnixNano()), actor, target))
	}
	return all
}

// publish stores events as one parcel.
func publish(t testing.TB, s *stream.Stream, lines []string) {
	t.Helper()
	p := &stream.Parcel{}
	for _, line := range lines {
		p.Lines = append(append(p.Lines, line...), '\n')
		p.Ends = append(p.Ends, len(p.Lines))
		id := line[strings.Index(line, `"id":"`)+6:]
		p.Keys = append(p.Keys, stream.KeyOf([]byte("chat"), []byte(id[:strings.IndexByte(id, '"')])))
	}
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := s.Publish(limited, p); err != nil {
		t.Fatal(err)
	}
}

// start runs the stream and the watch until stop is called.
func (b *bench) start() (stop func()) {
	b.Helper()
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 2)
	go func() { ended <- b.Watch.Run(running) }()
	streaming, cancelStream := context.WithCancel(ctx)
	go func() { ended <- b.Stream.Run(streaming) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		err := <-ended
		cancelStream()
		if err2 := <-ended; err != nil || err2 != nil {
			b.Error(err, err2)
		}
	}
	b.Cleanup(stop)
	return stop
}

// caughtUp waits until everything in the stream is judged and committed.
func (b *bench) caughtUp() {
	b.Helper()
	for began := time.Now(); ; {
		st, err := b.Stream.Stats(ctx)
		b.must(err)
		var position, generation int64
		b.must(b.DB.Read().QueryRowContext(ctx, `SELECT position, generation FROM watch WHERE id = 1`).Scan(&position, &generation))
		f, ok := b.live.now()
		if ok && stream.Position(position) == st.Last && f.Position == st.Last && f.Replay == nil && b.settled(f) {
			return
		}
		if time.Since(began) > 60*time.Second {
			b.Fatalf("it does not catch up: the stream ends at %d, committed is %d, judged %d (%v), replay %+v", st.Last, position, f.Position, ok, f.Replay)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// settled reports whether the engine has the rules that are wanted.
func (b *bench) settled(f Figures) bool {
	r, err := readRules(ctx, b.DB.Read())
	b.must(err)
	for name, digest := range digests(r.on()) {
		if f.Rules[name].Version != digest {
			return false
		}
	}
	return len(f.Rules) == len(digests(r.on()))
}

// stored returns the bodies of the alerts that are stored, of some rules or of all, sorted.
func (b *bench) stored(where string) (all []string) {
	b.Helper()
	rows, err := b.DB.Read().QueryContext(ctx, `SELECT body FROM alert WHERE `+where)
	b.must(err)
	defer rows.Close()
	for rows.Next() {
		var s string
		b.must(rows.Scan(&s))
		all = append(all, s)
	}
	b.must(rows.Err())
	slices.Sort(all)
	return all
}

// expected runs the engine alone over the stream, judging at the marks.
func (b *bench) expected(marks []stream.Position) (all []string) {
	b.Helper()
	r, err := readRules(ctx, b.DB.Read())
	b.must(err)
	e, err := detect.New(r.on(), b.options())
	b.must(err)
	take := func(alerts []detect.Alert) {
		for i := range alerts {
			all = append(all, string(alerts[i].AppendJSON(nil)))
		}
	}
	batch := e.NewBatch()
	b.must(b.Stream.Read(ctx, 0, end, func(s stream.Batch) error {
		for len(marks) > 0 && marks[0] < s.Position {
			take(e.Judge())
			marks = marks[1:]
		}
		batch.Reset()
		batch.AddLines(append(bytes.Clone(s.Lines), make([]byte, event.Slack)...))
		take(e.Take(batch))
		return nil
	}))
	take(e.Judge())
	slices.Sort(all)
	return all
}

// marks returns where what waited was judged.
func (b *bench) marks() (all []stream.Position) {
	b.Helper()
	rows, err := b.DB.Read().QueryContext(ctx, `SELECT position FROM watch_mark ORDER BY position`)
	b.must(err)
	defer rows.Close()
	for rows.Next() {
		var p int64
		b.must(rows.Scan(&p))
		all = append(all, stream.Position(p))
	}
	b.must(rows.Err())
	return all
}

func TestAlertsOfTheLiveStreamAreThoseOfTheEngine(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		b.start()
		b.caughtUp() // what is there before the first start counts as past, and wakes nobody
		f := newFeed(1)
		f.late = true
		for range 40 {
			publish(t, b.Stream, f.lines(1+f.r.IntN(200)))
			time.Sleep(time.Duration(f.r.IntN(40)) * time.Millisecond)
		}
		b.caughtUp()
		want, got := b.expected(b.marks()), b.stored("TRUE")
		if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
			t.Errorf("%d alerts, want %d: %s", len(got), len(want), diff)
		}
		b.counted()
		if n := dbtest.Count(t, b.DB, "alert WHERE line = '' OR region <> 'TW' OR shadow OR replayed"); n != 0 {
			t.Errorf("%d of %d alerts do not have their event: lines %d, regions %d, replayed %d", n, len(got), dbtest.Count(t, b.DB, "alert WHERE line <> ''"), dbtest.Count(t, b.DB, "alert WHERE region <> ''"), dbtest.Count(t, b.DB, "alert WHERE replayed"))
		}
		if dbtest.Count(t, b.DB, "outbox WHERE subject = 'alert.raised'") == 0 {
			t.Error("nobody is told")
		}
		s, err := b.Status(ctx, auditor)
		b.must(err)
		if s.Holder != "one" || s.BehindEvents != 0 || s.Events != f.n {
			t.Errorf("%+v", s)
		}
	})
}

func TestAStartGoesOnWhereTheLastOneEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		f := newFeed(2)
		f.late = true
		var b *bench
		for range 4 {
			b = &bench{newWatch(d, dir, stream.Config{Dir: dir + "/events"}), t}
			stop := b.start()
			for range 5 {
				publish(t, b.Stream, f.lines(1+f.r.IntN(300)))
				time.Sleep(time.Duration(f.r.IntN(60)) * time.Millisecond)
			}
			stop()
		}
		b = &bench{newWatch(d, dir, stream.Config{Dir: dir + "/events"}), t}
		b.start()
		b.caughtUp()
		// Marks were forgotten with each snapshot, and without them late events may be judged differently: only a
		// stream in order is the same without.
		if got := b.stored("TRUE"); len(got) == 0 {
			t.Error("there is no alert")
		}
		if s, _ := b.live.now(); s.Events != f.n || s.Missed != 0 {
			t.Errorf("the engine took %d events, want %d; %d were missed", s.Events, f.n, s.Missed)
		}
		b.counted()
	})
}
