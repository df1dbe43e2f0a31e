package detect

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

const second = int64(time.Second)

var base = time.Date(2020, 11, 2, 1, 38, 0, 0, time.UTC).UnixNano()

// randomStream makes n events of few accounts, tied, overtaking one another, repeated and late.
func randomStream(r *rand.Rand, n int) []plainEvent {
	const lateness = 5 * 1000
	accounts := 2 + r.IntN(12)
	step := 1 + r.IntN(1500) // milliseconds between events, at most
	jitter := []int{0, 1, 50, 2000, lateness}[r.IntN(5)]
	id := rand.NewPCG(r.Uint64(), 1)
	now := base
	sequence := r.IntN(2) == 0
	again := []int{30, 3000}[r.IntN(2)]
	var all []plainEvent
	for range n {
		now += int64(r.IntN(step)) * 1e6
		t := now - int64(r.IntN(jitter+1))*1e6
		switch r.IntN(200 * again / 30) {
		case 0, 1:
			t -= int64(r.IntN(10*lateness)) * 1e6
		case 2:
			now += int64(r.IntN(60)) * second
		case 3:
			t -= t % second // ties
		case 4:
			t += int64(r.IntN(3)) * day
		}
		if len(all) > 0 && r.IntN(again) == 0 {
			e := all[len(all)-1-r.IntN(min(len(all), 1+r.IntN(200)))]
			if r.IntN(10) == 0 {
				e.time = t // a sender that makes up a new time
			}
			all = append(all, e)
			continue
		}
		e := plainEvent{id: fmt.Sprintf("ev%d", id.Uint64()), source: []string{"s1", "s2"}[r.IntN(2)], kind: []string{"a", "b", "c", "d", "e"}[r.IntN(5)], time: t, data: map[string]any{}}
		if sequence {
			e.id = fmt.Sprintf("ev%d", len(all))
		} else if r.IntN(10) == 0 && len(all) > 0 {
			e.id = all[r.IntN(len(all))].id // another source's id, or one's own
		}
		for _, name := range []string{"actor", "target"} {
			if r.IntN(40) > 0 {
				e.data[name] = "u" + strconv.Itoa(r.IntN(accounts))
			}
		}
		e.data["region"] = []string{"JP", "TW", "TH"}[r.IntN(3)]
		e.data["status"] = 200 + r.IntN(3)
		if r.IntN(5) > 0 {
			e.data["bytes"] = r.IntN(20) - 3
		}
		e.data["bytes_status"] = r.IntN(70)
		all = append(all, e)
	}
	return all
}

// runEngine gives the stream to an engine, cut into batches of up to size events.
func runEngine(t failer, set *rule.Set, o Options, stream []plainEvent, size int) (*Engine, []string) {
	t.Helper()
	e, err := New(set, o)
	if err != nil {
		t.Fatal(err)
	}
	return e, feed(t, e, stream, size, true)
}

func feed(t failer, e *Engine, stream []plainEvent, size int, end bool) (all []string) {
	t.Helper()
	b := e.NewBatch()
	take := func(alerts []Alert) {
		for i := range alerts {
			all = append(all, string(alerts[i].AppendJSON(nil)))
		}
	}
	for part := range slices.Chunk(stream, size) {
		b.Reset()
		var lines []byte
		for _, p := range part {
			lines = append(append(lines, p.line()...), '\n')
		}
		b.AddLines(append(lines, make([]byte, event.Slack)...))
		take(e.Take(b))
	}
	if end {
		take(e.Flush())
	}
	return all
}

// compare holds an engine's run against the oracle's.
func compare(t failer, e *Engine, got []string, o *oracle) {
	t.Helper()
	if e.Stats.Bad > 0 || e.Stats.Late != o.late || e.Stats.Duplicates != o.duplicates {
		t.Fatalf("counted %+v, want %d late and %d duplicates; %v", e.Stats, o.late, o.duplicates, e.BadLines)
	}
	for i := range max(len(got), len(o.alerts)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(o.alerts) {
			w = o.alerts[i]
		}
		if g != w {
			t.Fatalf("alert %d is\n%s, want\n%s", i, g, w)
		}
	}
}

// longer is how many events a test sees: as many as HINOMI_TEST_EVENTS says, and at least n.
func longer(n int) int {
	want, _ := strconv.Atoi(os.Getenv("HINOMI_TEST_EVENTS"))
	return max(want, n)
}

// TestOracle compares the engine with the oracle, alert for alert. HINOMI_TEST_EVENTS makes it go
// on until it has seen so many events.
func TestOracle(t *testing.T) {
	rules := chainedRules()
	compiled := compile(rules)
	total, alerts := 0, 0
	for i := uint64(0); total < longer(20_000); i++ {
		r := rand.New(rand.NewPCG(i, 4))
		stream := randomStream(r, 1+r.IntN(3000))
		o := &oracle{rules: rules}
		o.run(stream, 5*second)
		e, got := runEngine(t, compiled, Options{Lateness: 5 * time.Second, Partitions: 1 + r.IntN(3), Seed: r.Uint64()}, stream, 1+r.IntN(1+r.IntN(400)))
		compare(t, e, got, o)
		total += len(stream)
		alerts += len(got)
	}
	t.Logf("%d events, %d alerts", total, alerts)
	if alerts < total/100 {
		t.Errorf("only %d alerts in %d events: do the rules still find something?", alerts, total)
	}
}

// TestBatchesDoNotMatter cuts streams into batches of different sizes, with so little room for ids
// that the older ones are forgotten all the time.
func TestBatchesDoNotMatter(t *testing.T) {
	set := compile(testRules())
	for i := range uint64(8) {
		r := rand.New(rand.NewPCG(i, 5))
		stream := randomStream(r, 2000)
		var want []string
		var stats Stats
		for _, size := range []int{1, 3, 17, 200, 2000} {
			e, err := New(set, Options{Lateness: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			e.ids.room = 64
			got := feed(t, e, stream, size, true)
			if size == 1 {
				want, stats = got, e.Stats
			}
			if !slices.Equal(got, want) || e.Stats != stats {
				t.Errorf("stream %d in batches of %d: %d alerts and %+v, want %d and %+v", i, size, len(got), e.Stats, len(want), stats)
			}
		}
	}
}

// TestOracleFindsTheSmallest is the same with streams that rapid makes smaller when they fail.
func TestOracleFindsTheSmallest(t *testing.T) {
	rules := chainedRules()
	compiled := compile(rules)
	account := rapid.SampledFrom([]string{"u1", "u2", "u3", "u4", "u5", "u6"})
	one := rapid.Custom(func(t *rapid.T) plainEvent {
		return plainEvent{
			id:     strconv.Itoa(rapid.IntRange(0, 200).Draw(t, "id")),
			source: "s",
			kind:   rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "type"),
			time:   base + int64(rapid.IntRange(0, 40).Draw(t, "second"))*second,
			data: map[string]any{
				"actor": account.Draw(t, "actor"), "target": account.Draw(t, "target"), "region": "JP",
				"status": rapid.IntRange(200, 202).Draw(t, "status"), "bytes": rapid.IntRange(0, 9).Draw(t, "bytes"),
			},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		stream := rapid.SliceOfN(one, 0, 60).Draw(t, "stream")
		lateness := time.Duration(rapid.SampledFrom([]int{0, 1, 30, 60}).Draw(t, "lateness")) * time.Second
		o := &oracle{rules: rules}
		o.run(stream, int64(lateness))
		e, got := runEngine(t, compiled, Options{Lateness: lateness}, stream, rapid.IntRange(1, 20).Draw(t, "batch"))
		compare(t, e, got, o)
	})
}

// A failer is a test, or one of rapid's.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}
