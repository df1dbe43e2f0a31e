package app_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
	"hinomi.dev/hinomi/rules"
)

// How the watch is measured: events a second, and for how many seconds.
const (
	rateEnv    = "HINOMI_BENCH_RATE"
	secondsEnv = "HINOMI_BENCH_SECONDS"
)

// BenchmarkWatch measures how long it takes from an event to its alert, from HTTP to the database, with the shipped rules, when nothing
// else comes and under load; and how fast the kept stream is replayed, beside the same engine over a file.
func BenchmarkWatch(b *testing.B) {
	for b.Loop() {
		d := openBench(b, "", 1)
		f := &feed{bench: d, token: d.sender()}
		f.serve()
		fmt.Fprintf(os.Stderr, "%-34s %12s %10s %10s %10s\n", "", "events/s", "p50", "p99", "worst")
		f.idleDelay(60)
		f.loadDelay(number(rateEnv, 500_000), number(secondsEnv, 10))
		f.replays()
	}
	b.ReportMetric(0, "ns/op")
}

// A letter is a request whose events get their times when it is sent.
type letter struct {
	bytes []byte
	times []int // where they stand
}

const clock = "2006-01-02T15:04:05.000Z"

// letters are n requests of some events: people who reach people. The first event of each is of an assistant when
// caught says so: an alert.
func (f *feed) letters(n, size int, caught func(i int) bool) []letter {
	all := make([]letter, n)
	for i := range all {
		var lines bytes.Buffer
		for j := range size {
			f.sent++
			x := f.sent * 2654435761
			kind := "user"
			if j == 0 && caught(i) {
				kind = "assistant"
			}
			fmt.Fprintf(&lines, `{"specversion":"1.0","id":"ev%012d","source":"chat/gateway-%d","type":"friend_request","time":"%s","data":{"actor":"u%08x","actor_kind":"%s","target":"v%08x","region":"TW","api":"/clova/v1/friends/add","ip":"10.%d.%d.3","device":"CLOVA 3.14.0 1.0","status":200,"bytes":%d}}`+"\n",
				f.sent, f.sent%8, clock, uint32(x>>8), kind, uint32(x>>16), x>>3&255, x>>11&255, x>>5&1023)
		}
		l := &all[i]
		l.bytes = fmt.Appendf(nil, "POST /api/v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s",
			f.token, lines.Len(), lines.Bytes())
		for at := 0; ; {
			k := bytes.Index(l.bytes[at:], []byte(clock))
			if k < 0 {
				break
			}
			l.times, at = append(l.times, at+k), at+k+len(clock)
		}
	}
	return all
}

// post sends a letter with the time that it is.
func (l *letter) post(c net.Conn, r *bufio.Reader) int {
	now := time.Now().UTC().Format(clock)
	for _, at := range l.times {
		copy(l.bytes[at:], now)
	}
	if _, err := c.Write(l.bytes); err != nil {
		return 0
	}
	return answered(r)
}

// alertDelays looks for alerts until stop, and returns how long after its event each could be read.
func (f *feed) alertDelays(stop <-chan struct{}) (all []time.Duration) {
	last := ""
	for {
		rows, err := f.DB.Read().QueryContext(ctx, `SELECT id, at FROM alert WHERE id > $1 ORDER BY id`, last)
		f.must(err)
		now := time.Now()
		for rows.Next() {
			var at int64
			f.must(rows.Scan(&last, &at))
			all = append(all, now.Sub(time.UnixMicro(at)))
		}
		f.must(rows.Err())
		select {
		case <-stop:
			return all
		case <-time.After(time.Millisecond):
		}
	}
}

func delays(what string, rate float64, all []time.Duration) {
	slices.Sort(all)
	if len(all) == 0 {
		fmt.Fprintf(os.Stderr, "%-34s %12.0f no alert\n", what, rate)
		return
	}
	fmt.Fprintf(os.Stderr, "%-34s %12.0f %10s %10s %10s\n", what, rate, all[len(all)/2].Round(time.Millisecond), all[len(all)*99/100].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
}

// measured calls send while it looks for alerts, and for three seconds more.
func (f *feed) measured(send func()) []time.Duration {
	stop, done := make(chan struct{}), make(chan []time.Duration, 1)
	go func() { done <- f.alertDelays(stop) }()
	send()
	time.Sleep(3 * time.Second)
	close(stop)
	return <-done
}

// idleDelay sends single events with pauses.
func (f *feed) idleDelay(n int) {
	c, err := net.Dial("tcp", f.addr)
	f.must(err)
	defer c.Close()
	r := bufio.NewReader(c)
	all := f.letters(n, 1, func(int) bool { return true })
	got := f.measured(func() {
		for i := range all {
			if status := all[i].post(c, r); status != http.StatusOK {
				f.Errorf("an answer of %d", status)
			}
			time.Sleep(150 * time.Millisecond)
		}
	})
	delays("event to alert, idle", 1/0.15, got)
}

// loadDelay sends batches of 1,000 events at a rate.
func (f *feed) loadDelay(rate, seconds int) {
	const size, clients = 1000, 8
	all := f.letters(400, size, func(i int) bool { return i%40 == 0 })
	var next, sent atomic.Int64
	began := time.Now()
	end := began.Add(time.Duration(seconds) * time.Second)
	got := f.measured(func() {
		var wg sync.WaitGroup
		for k := range clients {
			wg.Go(func() {
				c, err := net.Dial("tcp", f.addr)
				f.must(err)
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					i := next.Add(1) - 1
					due := began.Add(time.Duration(i) * size * time.Second / time.Duration(rate))
					if due.After(end) {
						return
					}
					time.Sleep(time.Until(due))
					l := &all[k*(len(all)/clients)+int(i)/clients%(len(all)/clients)] // its own
					l.renumber(int(i))
					if l.post(c, r) == http.StatusOK {
						sent.Add(size)
					}
				}
			})
		}
		wg.Wait()
		end = time.Now()
	})
	delays("event to alert, batches of 1,000", float64(sent.Load())/end.Sub(began).Seconds(), got)
}

// renumber gives the events of a letter new ids and the first one a new actor, so that nothing is a repetition.
func (l *letter) renumber(round int) {
	digits := []byte(strconv.Itoa(1_000_000 + round))
	for i, at := range l.times {
		id := bytes.LastIndex(l.bytes[max(0, at-120):at], []byte(`"id":"ev`)) + max(0, at-120) + len(`"id":"ev`)
		copy(l.bytes[id:], digits)
		if i == 0 {
			actor := bytes.Index(l.bytes[at:], []byte(`"actor":"u`)) + at + len(`"actor":"u`)
			copy(l.bytes[actor:], digits)
		}
	}
}

// replays reads the kept stream with the engine of files, and the same events from a file.
func (f *feed) replays() {
	set, complaints := rule.Load(rules.Files, nil)
	if rule.Errors(complaints) > 0 {
		f.Fatal(complaints)
	}
	alerts := 0
	start := time.Now()
	past := watch.Past{Stream: f.Stream, Rules: set, Lateness: 30 * time.Second, Tell: func(uint64, uint64) {},
		Emit: func(a []detect.Alert) error { alerts += len(a); return nil }}
	e, err := past.Run(ctx)
	f.must(err)
	fmt.Fprintf(os.Stderr, "%-34s %12.0f\n", "replay of the kept stream", float64(e.Stats.Events)/time.Since(start).Seconds())

	path := filepath.Join(f.dir, "events.ndjson")
	out, err := os.Create(path)
	f.must(err)
	f.must(f.Stream.Read(ctx, 0, 1<<60, func(b stream.Batch) error { _, err := out.Write(b.Lines); return err }))
	f.must(out.Close())
	in, err := os.Open(path)
	f.must(err)
	defer in.Close()
	file, err := detect.New(set, detect.Options{Lateness: 30 * time.Second, Partitions: runtime.GOMAXPROCS(0)})
	f.must(err)
	start = time.Now()
	found := 0
	f.must(file.Scan(ctx, in, runtime.GOMAXPROCS(0), func(a []detect.Alert) error { found += len(a); return nil }))
	fmt.Fprintf(os.Stderr, "%-34s %12.0f\n", "the same from a file", float64(file.Stats.Events)/time.Since(start).Seconds())
	if found != alerts || file.Stats.Events != e.Stats.Events {
		f.Errorf("%d alerts of %d events from the stream, %d of %d from the file", alerts, e.Stats.Events, found, file.Stats.Events)
	}
}
