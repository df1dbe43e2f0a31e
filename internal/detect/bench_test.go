package detect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// writeEvents writes n events of about 315 bytes, a thousand of them in a second of event time: 100,000
// accounts, of which some reach many others. Mixed is in another order of members each time.
func writeEvents(w io.Writer, n int, mixed bool) error {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"message", "message", "message", "message", "message", "message", "message", "api_call", "api_call", "api_call",
		"friend_request", "friend_request", "friend_request", "friend_request", "group_invite", "friend_added", "login", "file_access", "consent_granted", "group_joined"}
	regions := []string{"JP", "TW", "TH", "ID", "OTHER"}
	apis := []string{"/clova/v1/friends/add", "/talk/v4/message/send", "/talk/v4/group/invite", "/oauth/v2/login"}
	out := bufio.NewWriterSize(w, 1<<20)
	var b []byte
	for i := range n {
		actor := r.Uint64N(100_000)
		if r.IntN(20) == 0 {
			actor = r.Uint64N(50) // the busy ones
		}
		kind := kinds[r.IntN(len(kinds))]
		envelope := []string{
			`"specversion":"1.0"`, fmt.Sprintf(`"id":"ev%012d"`, i), `"source":"chat/gateway-` + strconv.Itoa(r.IntN(8)) + `"`, `"type":"` + kind + `"`,
			`"time":"` + string(event.FormatTime(nil, base+int64(i)*1e6)) + `"`,
		}
		data := []string{
			fmt.Sprintf(`"actor":"u%016x"`, actor*0x9e3779b97f4a7c15), `"actor_kind":"` + []string{"user", "user", "assistant"}[r.IntN(3)] + `"`,
			fmt.Sprintf(`"target":"u%016x"`, r.Uint64N(1_000_000)*0x9e3779b97f4a7c15), `"region":"` + regions[r.IntN(5)] + `"`, `"api":"` + apis[r.IntN(4)] + `"`,
			fmt.Sprintf(`"ip":"10.%d.%d.%d"`, r.IntN(250), r.IntN(250), r.IntN(250)), `"device":"CLOVA 3.14.0 1.0"`, `"status":200`, `"bytes":` + strconv.Itoa(r.IntN(5000)),
		}
		if mixed {
			r.Shuffle(len(data), func(i, j int) { data[i], data[j] = data[j], data[i] })
			r.Shuffle(len(envelope), func(i, j int) { envelope[i], envelope[j] = envelope[j], envelope[i] })
		}
		b = append(b[:0], '{')
		for _, m := range envelope {
			b = append(append(b, m...), ',')
		}
		b = append(b, `"data":{`...)
		for i, m := range data {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, m...)
		}
		if _, err := out.Write(append(b, "}}\n"...)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// onType is a detection of types alone.
func onType(set *rule.Set, types ...string) int {
	set.Detections = append(set.Detections, &rule.Detection{Types: types, Match: func(e *event.Event) bool {
		for _, t := range types {
			if string(e.Value(event.Type).Raw) == t {
				return true
			}
		}
		return false
	}})
	return len(set.Detections) - 1
}

// onField is a detection of types and of one field's value.
func onField(set *rule.Set, field, value string, types ...string) int {
	slot := set.Fields.Slot(field)
	i := onType(set, types...)
	byType := set.Detections[i].Match
	set.Detections[i].Match = func(e *event.Event) bool { return byType(e) && string(e.Value(slot).Raw) == value }
	return i
}

// oneRule is the rule of events.md.
func oneRule() *rule.Set {
	set := &rule.Set{Fields: &event.Fields{}}
	set.Correlations = []*rule.Correlation{{
		Rule: rule.Rule{Name: "mass_contact", Level: "high", Generate: true}, Kind: rule.ValueCount, Timespan: 10 * time.Minute, Keys: []string{"actor"},
		Rules:     []rule.Input{{Rule: onType(set, "friend_request", "group_invite"), Group: []event.Slot{set.Fields.Slot("actor")}, Field: []event.Slot{set.Fields.Slot("target")}}},
		Condition: []rule.Comparison{{Op: rule.Gt, With: 20}},
	}}
	return set
}

// tenRules are rules like those that ship.
func tenRules() *rule.Set {
	set := oneRule()
	add := func(name string, kind rule.Kind, span time.Duration, on int, key, field string, more float64) *rule.Correlation {
		in := rule.Input{Rule: on, Group: []event.Slot{set.Fields.Slot(key)}}
		if field != "" {
			in.Field = []event.Slot{set.Fields.Slot(field)}
		}
		c := &rule.Correlation{Rule: rule.Rule{Name: name, Generate: true}, Kind: kind, Timespan: span, Keys: []string{key}, Rules: []rule.Input{in}, Condition: []rule.Comparison{{Op: rule.Gt, With: more}}}
		set.Correlations = append(set.Correlations, c)
		return c
	}
	assistant := onField(set, "actor_kind", "assistant", "friend_request", "group_invite")
	add("class_in_a_region", rule.ValueCount, time.Hour, assistant, "region", "target", 2000)
	add("popular_target", rule.ValueCount, time.Hour, 0, "target", "actor", 30)
	add("contacts", rule.EventCount, time.Minute, 0, "actor", "", 100)
	add("reads", rule.ValueSum, time.Hour, onType(set, "file_access"), "actor", "bytes", 100_000)
	add("new_device", rule.FirstSeen, 24*time.Hour, onType(set, "login"), "actor", "device", 0)
	add("logins", rule.EventCount, time.Minute, 4, "ip", "", 5)
	add("retries", rule.Ratio, 10*time.Minute, onField(set, "api", "/oauth/v2/login", "api_call"), "actor", "target", 2).MinEvents = 10
	slots := []event.Slot{set.Fields.Slot("actor"), set.Fields.Slot("target")}
	back := []event.Slot{slots[1], slots[0]}
	set.Correlations = append(set.Correlations, &rule.Correlation{
		Rule: rule.Rule{Name: "contact_without_consent", Generate: true}, Kind: rule.Without, Timespan: 400 * 24 * time.Hour, Keys: []string{"account", "person"},
		Rules: []rule.Input{{Rule: onField(set, "actor_kind", "assistant", "friend_request"), Group: slots}}, Without: []rule.Input{{Rule: onType(set, "consent_granted"), Group: back}},
	}, &rule.Correlation{
		Rule: rule.Rule{Name: "login_then_leave", Generate: true}, Kind: rule.TemporalOrdered, Timespan: time.Minute, Keys: []string{"actor"}, Condition: []rule.Comparison{{Op: rule.Gte, With: 2}},
		Rules: []rule.Input{{Rule: 4, Group: slots[:1]}, {Rule: onField(set, "region", "OTHER", "file_access"), Group: slots[:1]}},
	})
	return set
}

// reference finds what oneRule describes the way one would write it first: encoding/json and maps, in
// one goroutine. It trusts the order of the stream.
func reference(r io.Reader) (events, alerts int, err error) {
	type moment struct {
		time   time.Time
		target string
	}
	windows := map[string][]moment{}
	held := map[string]time.Time{}
	known := map[string]bool{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var e struct {
			ID, Source, Type string
			Time             time.Time
			Data             struct{ Actor, Target string }
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return 0, 0, err
		}
		events++
		if known[e.Source+" "+e.ID] {
			continue
		}
		known[e.Source+" "+e.ID] = true
		if e.Type != "friend_request" && e.Type != "group_invite" {
			continue
		}
		w := append(windows[e.Data.Actor], moment{e.Time, e.Data.Target})
		for !w[0].time.After(e.Time.Add(-10 * time.Minute)) {
			w = w[1:]
		}
		windows[e.Data.Actor] = w
		targets := map[string]bool{}
		for _, m := range w {
			targets[m.target] = true
		}
		if len(targets) > 20 {
			if last, ok := held[e.Data.Actor]; !ok || e.Time.Sub(last) >= 10*time.Minute {
				alerts++
			}
			held[e.Data.Actor] = e.Time
		}
	}
	return events, alerts, lines.Err()
}

// readOnce reads a file's bytes with as many goroutines as there are processors.
func readOnce(b *testing.B, f *os.File) {
	p := &pieces{r: f, size: size(b, f)}
	var all sync.WaitGroup
	var mu sync.Mutex
	sum := byte(0)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			piece := &piece{}
			n := byte(0)
			for {
				text, err := p.next(piece)
				if err != nil || text == nil {
					break
				}
				for _, c := range text {
					n += c
				}
			}
			mu.Lock()
			sum += n
			mu.Unlock()
		})
	}
	all.Wait()
	if sum == 1 {
		b.Log("the sum is", sum) // so that it is computed
	}
}

func size(b *testing.B, f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// benchEvents is how many events a benchmark reads; HINOMI_BENCH_EVENTS says otherwise.
func benchEvents() int {
	if n, err := strconv.Atoi(os.Getenv("HINOMI_BENCH_EVENTS")); err == nil {
		return n
	}
	return 1_000_000
}

// eventFile returns a file of n events. HINOMI_BENCH_DIR keeps it, for a look with hinomi detect.
func eventFile(b *testing.B, n int, mixed bool) *os.File {
	dir := os.Getenv("HINOMI_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	name := filepath.Join(dir, fmt.Sprintf("events-%d-%v.ndjson", n, mixed))
	f, err := os.Open(name)
	if err == nil {
		b.Cleanup(func() { f.Close() })
		return f
	}
	if f, err = os.Create(name); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	if err := writeEvents(f, n, mixed); err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkDetect tells, as medians of one run, how many events a second go through the engine and
// how that compares with the plain reference, and with reading the bytes once.
func BenchmarkDetect(b *testing.B) {
	n := benchEvents()
	same, mixed := eventFile(b, n, false), eventFile(b, n, true)
	few := eventFile(b, n/20, false)
	var plain, once []float64
	timed := func(f *os.File, n int, run func() error) float64 {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := run(); err != nil {
			b.Fatal(err)
		}
		return float64(n) / time.Since(start).Seconds()
	}
	for range 3 {
		plain = append(plain, timed(few, n/20, func() error { _, _, err := reference(few); return err }))
		once = append(once, timed(same, n, func() error { readOnce(b, same); return nil }))
	}
	for _, c := range []struct {
		name string
		set  *rule.Set
		file *os.File
	}{{"one_rule", oneRule(), same}, {"ten_rules", tenRules(), same}, {"one_rule_mixed_order", oneRule(), mixed}, {"ten_rules_mixed_order", tenRules(), mixed}} {
		b.Run(c.name, func(b *testing.B) {
			var rates []float64
			for b.Loop() {
				rates = append(rates, timed(c.file, n, func() error {
					workers := runtime.GOMAXPROCS(0)
					e, err := New(c.set, Options{Lateness: 30 * time.Second, Partitions: workers})
					if err != nil {
						return err
					}
					return e.Scan(b.Context(), c.file, workers, func([]Alert) error { return nil })
				}))
			}
			slices.Sort(rates)
			slices.Sort(plain)
			slices.Sort(once)
			rate := rates[len(rates)/2]
			b.ReportMetric(rate, "events/s")
			b.ReportMetric(rate/plain[1], "x_reference")
			b.ReportMetric(rate/once[1], "x_reading")
		})
	}
}

func TestReferenceAgrees(t *testing.T) {
	var text bytes.Buffer
	if err := writeEvents(&text, 100_000, true); err != nil {
		t.Fatal(err)
	}
	_, want, err := reference(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(oneRule(), Options{Lateness: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	got := scanAll(t, e, &text, 2)
	if len(got) != want || want == 0 {
		t.Errorf("%d alerts, want %d", len(got), want)
	}
}
