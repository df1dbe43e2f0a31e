package detect

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// BenchmarkKeys gives an engine ten million groups that all live, of a kind with a window each, and tells what they
// take and how long the collector stopped the world at most. HINOMI_BENCH_KEYS says how many otherwise.
func BenchmarkKeys(b *testing.B) {
	n := 10_000_000
	if k, err := strconv.Atoi(os.Getenv("HINOMI_BENCH_KEYS")); err == nil {
		n = k
	}
	for _, kind := range []rule.Kind{rule.ValueCount, rule.EventCount, rule.Without} {
		b.Run(kind.String(), func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(CollectAt))
			for b.Loop() {
				liveKeys(b, kind, n)
			}
		})
	}
}

func liveKeys(b *testing.B, kind rule.Kind, n int) {
	set := keysRule(kind)
	runtime.GC()
	e, err := New(set, Options{Lateness: time.Second, Partitions: runtime.GOMAXPROCS(0), Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	before, most := heap(), uint64(0)
	batch := e.NewBatch()
	line := []byte(`{"specversion":"1.0","id":"e00000000000","source":"s","type":"t","time":"2020-11-02T01:38:00.123Z","data":{"actor":"u00000000000","target":"v00000000000"}}` + "\n")
	const size = 2048
	text := make([]byte, 0, size*len(line)+event.Slack)
	for i := 0; i < n; {
		text = text[:0]
		copy(line[73:], event.FormatTime(nil, base+int64(i/size)*second)) // or all would wait until the end
		for range min(size, n-i) {
			for at, c := 0, i; at < 11; at, c = at+1, c/10 {
				digit := byte('0' + c%10)
				line[38-at], line[127-at], line[151-at] = digit, digit, digit
			}
			text = append(text, line...)
			i++
		}
		batch.Reset()
		batch.AddLines(append(text, make([]byte, event.Slack)...))
		e.Take(batch)
		if i/size%64 == 0 {
			most = max(most, heap())
		}
	}
	e.Flush()
	most = max(most, heap())
	f := e.Figures()[0]
	if e.Stats.Events != n || e.Stats.Bad+e.Stats.Duplicates > 0 || kind != rule.Without && f.Keys != n {
		b.Fatalf("%+v and %+v, want %d", e.Stats, f, n)
	}
	b.ReportMetric(float64(f.Bytes)/1e6, "MB_tables")
	b.ReportMetric(float64(most-before)/1e6, "MB_heap_at_most")
	b.ReportMetric(pause()*1e3, "ms_longest_pause")
}

// keysRule is a rule with a group for each actor.
func keysRule(kind rule.Kind) *rule.Set {
	set := &rule.Set{Fields: &event.Fields{}}
	actor := []event.Slot{set.Fields.Slot("actor")}
	in := rule.Input{Rule: onType(set, "t"), Group: actor}
	c := &rule.Correlation{Rule: rule.Rule{Name: "keys"}, Kind: kind, Timespan: 24 * time.Hour, Keys: []string{"actor"}, Rules: []rule.Input{in}}
	switch kind {
	case rule.Without:
		c.Without = []rule.Input{{Rule: onType(set, "other"), Group: actor}}
	case rule.ValueCount:
		c.Rules[0].Field = []event.Slot{set.Fields.Slot("target")}
		fallthrough
	default:
		c.Condition = []rule.Comparison{{Op: rule.Gt, With: 20}}
	}
	set.Correlations = append(set.Correlations, c)
	return set
}

// heap returns what the process has of memory for objects, dead ones and free room among them included.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() + s[1].Value.Uint64()
}

// pause returns the longest time that the collector stopped the world, in seconds.
func pause() (most float64) {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(s)
	h := s[0].Value.Float64Histogram()
	for i, n := range h.Counts {
		if n > 0 {
			most = h.Buckets[i+1]
		}
	}
	return most
}
