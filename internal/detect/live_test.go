package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// live gives an engine the events of a stream from one place to another, in batches of up to size events, and calls
// Judge where the marks say. The end of the stream is not told.
func live(t failer, e *Engine, stream []plainEvent, from, to, size int, marks map[int]bool) (all []string) {
	t.Helper()
	for from < to {
		next := from + 1
		for next < to && next-from < size && !marks[next] {
			next++
		}
		if marks[from] {
			all = append(all, written(e.Judge())...)
		}
		all = append(all, feed(t, e, stream[from:next], size, false)...)
		from = next
	}
	return all
}

func written(alerts []Alert) (all []string) {
	for i := range alerts {
		all = append(all, string(alerts[i].AppendJSON(nil)))
	}
	return all
}

// someMarks are places in a stream of n events at which it is idle.
func someMarks(r *rand.Rand, n int) map[int]bool {
	marks := map[int]bool{}
	for range r.IntN(1 + n/30) {
		marks[r.IntN(n)] = true
	}
	return marks
}

// TestTheOracleOfALiveStream is TestOracle with late events that take part, and with Judge in any place.
func TestTheOracleOfALiveStream(t *testing.T) {
	rules := chainedRules()
	compiled := compile(rules)
	total, alerts := 0, 0
	for i := uint64(0); total < longer(20_000); i++ {
		r := rand.New(rand.NewPCG(i, 14))
		stream := randomStream(r, 1+r.IntN(3000))
		lateness := []time.Duration{0, 40 * time.Millisecond, 500 * time.Millisecond, 5 * time.Second}[r.IntN(4)]
		o := &oracle{rules: rules, hasty: r.IntN(4) > 0, judge: someMarks(r, len(stream))}
		o.run(stream, int64(lateness))
		e, err := New(compiled, Options{Lateness: lateness, Partitions: 1 + r.IntN(3), Seed: r.Uint64(), Hasty: o.hasty})
		if err != nil {
			t.Fatal(err)
		}
		got := live(t, e, stream, 0, len(stream), 1+r.IntN(1+r.IntN(400)), o.judge)
		got = append(got, written(e.Flush())...)
		compare(t, e, got, o)
		total += len(stream)
		alerts += len(got)
	}
	t.Logf("%d events, %d alerts", total, alerts)
}

// TestCutsChangeNothing cuts a live stream anywhere: by snapshots, and by rules that are joined with what an engine of
// their own knows of them. The rest of the alerts are those of one engine, in their order.
func TestCutsChangeNothing(t *testing.T) {
	all := chainedRules()
	plain := len(testRules())
	for i := range uint64(longer(20_000) / 1000) {
		r := rand.New(rand.NewPCG(i, 15))
		stream := randomStream(r, 200+r.IntN(1500))
		marks := someMarks(r, len(stream))
		o := Options{Lateness: time.Duration(r.IntN(3)) * 500 * time.Millisecond, Hasty: r.IntN(4) > 0, Seed: r.Uint64()}
		engine := func(of []oracleRule) *Engine {
			o.Partitions = 1 + r.IntN(3)
			e, err := New(compile(of), o)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		r.Shuffle(plain, func(i, j int) { all[i], all[j] = all[j], all[i] })
		known, others := map[string]bool{}, map[string]bool{}
		for _, one := range all {
			known[one.Name] = r.IntN(3) > 0
		}
		kept := closed(all, known)
		for _, one := range all {
			others[one.Name] = !known[one.Name]
		}
		added := closed(all, others) // and the old rules that they look at
		cut, again := r.IntN(len(stream)), len(stream)
		again = cut + r.IntN(again-cut)

		whole := engine(all)
		before := live(t, whole, stream, 0, cut, 50, marks)
		want := live(t, whole, stream, cut, len(stream), 50, marks)
		want = append(want, written(whole.Flush())...)

		old, fresh := engine(kept), engine(added)
		both := live(t, old, stream, 0, cut, 1+r.IntN(100), marks)
		both = append(both, live(t, fresh, stream, 0, cut, 1+r.IntN(100), marks)...)
		slices.Sort(before)
		slices.Sort(both)
		if before, both = slices.Compact(before), slices.Compact(both); !slices.Equal(both, before) {
			t.Fatalf("stream %d: %d alerts before the cut, want %d", i, len(both), len(before))
		}
		joined := engine(all)
		position, names, err := joined.Restore(snapshot(t, old, uint64(cut)))
		if err != nil || position != uint64(cut) || len(names) != len(all)-len(kept) {
			t.Fatalf("restored position %d, fresh %v, error %v", position, names, err)
		}
		if err := joined.Join(snapshot(t, fresh, uint64(cut))); err != nil {
			t.Fatal(err)
		}
		got := live(t, joined, stream, cut, again, 1+r.IntN(100), marks)
		last := engine(all)
		if _, _, err := last.Restore(snapshot(t, joined, uint64(again))); err != nil {
			t.Fatal(err)
		}
		got = append(got, live(t, last, stream, again, len(stream), 1+r.IntN(100), marks)...)
		got = append(got, written(last.Flush())...)
		if !slices.Equal(got, want) {
			t.Fatalf("stream %d: %d alerts behind the cut, want %d", i, len(got), len(want))
		}
		sameFigures(t, last, whole)
	}
}

// sameFigures holds what two engines count against one another.
func sameFigures(t *testing.T, got, want *Engine) {
	t.Helper()
	w := want.Figures()
	for i, f := range got.Figures() {
		if f.Rule.Name != w[i].Rule.Name || f.Matched != w[i].Matched || f.Alerts != w[i].Alerts {
			t.Errorf("the figures of %s are %+v, want %+v", f.Rule.Name, f, w[i])
		}
	}
}

func snapshot(t failer, e *Engine, position uint64) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	if err := e.Snapshot(&b, position); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestWhatCannotBeJoined(t *testing.T) {
	rules := testRules()
	engine := func(of []oracleRule, seed uint64) *Engine {
		e, err := New(compile(of), Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, c := range []struct {
		name     string
		other    *Engine
		position uint64
		want     string
	}{
		{"another position", engine(rules[1:], 1), 8, "position 8 does not go with one of position 7"},
		{"another seed", engine(rules[1:], 2), 7, "another seed"},
		{"a rule is missing", engine(rules[2:], 1), 7, "does not know the rule " + rules[1].Name},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := engine(rules, 3)
			if _, _, err := e.Restore(snapshot(t, engine(rules[:1], 1), 7)); err != nil {
				t.Fatal(err)
			}
			if err := e.Join(snapshot(t, c.other, c.position)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	set := compile(testRules()[1:2]) // more than four of a or b in six seconds
	at := func(id int, ms int64) plainEvent {
		return plainEvent{id: fmt.Sprint(id), source: "s", kind: "a", time: base + ms*1e6, data: map[string]any{"actor": "u1"}}
	}
	five := []plainEvent{at(0, 0), at(1, 200), at(2, 100), at(3, 300), at(4, 300)} // the third one was overtaken
	for _, c := range []struct {
		name     string
		lateness time.Duration
		stream   []plainEvent
		event    string // of the alert that is there at once, or nothing
		judged   string // of the alert that Judge gives
		late     int
	}{
		{"with no lateness an alert comes at once, and what was overtaken takes part", 0, five, "4", "", 1},
		{"with a lateness it waits", 500 * time.Millisecond, five, "", "4", 0},
		{"the first event of a stream waits for nobody", 500 * time.Millisecond, five[:1], "", "", 0},
		{"an event later than the lateness takes part", 500 * time.Millisecond, append(five[:4:4], at(5, 1000), at(6, 20)), "", "6", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := New(set, Options{Lateness: c.lateness, Hasty: true})
			if err != nil {
				t.Fatal(err)
			}
			for name, got := range map[string][]string{c.event: feed(t, e, c.stream, 1, false), c.judged: written(e.Judge())} {
				if name == "" && len(got) > 0 || name != "" && (len(got) != 1 || !strings.Contains(got[0], `"event":"`+name+`"`)) {
					t.Errorf("alerts %v, want event %q", got, name)
				}
			}
			if e.Stats.Late != c.late || len(e.queue.buckets) > 0 {
				t.Errorf("%d late, want %d; %d buckets wait", e.Stats.Late, c.late, len(e.queue.buckets))
			}
			if got := written(e.Judge()); len(got) > 0 {
				t.Errorf("alerts %v once more", got)
			}
		})
	}
}

func TestAlertsTellWhereTheirEventsCameFrom(t *testing.T) {
	set := compile(testRules()[:1]) // every d
	e, err := New(set, Options{Lateness: time.Minute, Hasty: true})
	if err != nil {
		t.Fatal(err)
	}
	b := e.NewBatch()
	check := func(alerts []Alert) (n int) {
		for _, a := range alerts {
			if fmt.Sprint(a.Position) != a.Event {
				t.Fatalf("event %s is from position %d", a.Event, a.Position)
			}
			n++
		}
		return n
	}
	got := 0
	const positions = 5000
	for i := 1; i <= positions; i++ {
		if i%3 == 1 { // batches of three positions with two events each
			b.Reset()
		}
		b.Position = uint64(i)
		for range 2 {
			line := plainEvent{id: fmt.Sprint(i), source: fmt.Sprint(len(b.seen), i), kind: "d", time: base + int64(i)*second/2, data: map[string]any{}}.line()
			if err := b.Add([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if i%3 == 0 {
			got += check(e.Take(b))
		}
		if i == positions/2 {
			again, err := New(set, Options{Lateness: time.Minute, Hasty: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := again.Restore(snapshot(t, e, 1)); err != nil {
				t.Fatal(err)
			}
			rest := b
			e, b = again, again.NewBatch()
			b.seen, b.records, b.text, b.places, b.oldest, b.newest = rest.seen, rest.records, rest.text, rest.places, rest.oldest, rest.newest
			b.first, b.greatest, b.increasing = rest.first, rest.greatest, false
		}
	}
	got += check(e.Take(b)) + check(e.Flush())
	if got != 2*positions || len(e.places) > 2*manyPlaces {
		t.Errorf("%d alerts, want %d; %d places are remembered", got, 2*positions, len(e.places))
	}
}

// TestEvidenceIsWhatWasCounted counts for every alert the events that belong to it.
func TestEvidenceIsWhatWasCounted(t *testing.T) {
	rules := testRules()
	set := compile(rules)
	checked := 0
	for i := range uint64(3) {
		r := rand.New(rand.NewPCG(i, 16))
		o := &oracle{rules: rules}
		stream := o.ordered(randomStream(r, 250), 5*second)
		// One event for every moment, so that what came at the same time, but later, is not counted. An alert does not tell its
		// event's source.
		stream = slices.CompactFunc(stream, func(a, b plainEvent) bool { return a.time == b.time })
		for i := range stream {
			stream[i].id = fmt.Sprint(i)
		}
		e, err := New(set, Options{Lateness: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range alertsOf(t, e, stream) {
			ev, err := NewEvidence(set, a)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, one := range stream {
				if ev.Has([]byte(one.line())) {
					n++
				}
			}
			if n != a.Count {
				t.Errorf("%d events belong to %s", n, a.AppendJSON(nil))
			}
			checked++
		}
	}
	if checked < 100 {
		t.Errorf("only %d alerts", checked)
	}
}

func alertsOf(t *testing.T, e *Engine, stream []plainEvent) []Alert {
	t.Helper()
	b := e.NewBatch()
	for _, one := range stream {
		if err := b.Add([]byte(one.line())); err != nil {
			t.Fatal(err)
		}
	}
	all := slices.Clone(e.Take(b))
	return append(all, e.Flush()...)
}

func TestEvidenceOfWhatIsNotThere(t *testing.T) {
	set := compile(testRules())
	for _, c := range []struct {
		name  string
		alert Alert
	}{
		{"another rule", Alert{Rule: &rule.Rule{Name: "nobody"}}},
		{"another key", Alert{Rule: &rule.Rule{Name: "many"}, Key: make([]event.Value, 2)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := NewEvidence(set, c.alert); err == nil {
				t.Error("no error")
			}
		})
	}
	ev, err := NewEvidence(set, Alert{Rule: &rule.Rule{Name: "match"}, Event: "1", At: base, From: base})
	if err != nil {
		t.Fatal(err)
	}
	if ev.Has([]byte("nonsense")) || ev.Has([]byte(plainEvent{id: "2", source: "s", kind: "d", time: base}.line())) {
		t.Error("it has what it has not")
	}
}
