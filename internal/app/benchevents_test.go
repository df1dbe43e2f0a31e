package app_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/stream"
)

// BenchmarkEvents measures events from HTTP to durable, with clients and server on this machine, and prints
// beside it what the disk does alone.
func BenchmarkEvents(b *testing.B) {
	for b.Loop() {
		d := openBench(b, "", 1)
		f := &feed{bench: d, token: d.sender()}
		f.serve()
		floor := d.line("bare fdatasync of 4 KiB", d.syncs(), nil)
		const size = 1000
		n := number(batchesEnv, 2000)
		bodies := f.bodies(n, size)
		t := f.send(8, bodies)
		d.line("batches of 1,000", t, floor)
		fmt.Fprintf(os.Stderr, "%-34s %12.0f\n", "events in them", float64(n*size)/t.wall.Seconds())
		singles := number(singlesEnv, 200_000)
		before := f.Stream.Figures()
		d.line("single events, 64 clients", f.send(64, f.bodies(singles, 1)), floor)
		after := f.Stream.Figures()
		fmt.Fprintf(os.Stderr, "%-34s %12.1f\n", "of them in a message", float64(after.Accepted-before.Accepted)/float64(after.Batches-before.Batches))
		f.replay(n*size + singles)
	}
	b.ReportMetric(0, "ns/op")
}

// How many requests of each kind are sent, instead of the usual number.
const (
	batchesEnv = "HINOMI_BENCH_BATCHES"
	singlesEnv = "HINOMI_BENCH_SINGLES"
)

// A feed is a program that sends events.
type feed struct {
	*bench
	token, addr string
	sent        int
}

// sender is a token that may send events.
func (d *bench) sender() string {
	n, err := d.People.Add(ctx, access.Self, person.Newcomer{
		Kind: access.Staff, Mail: "feed@bench.example", Name: "feed", Lang: lang.EN, Roles: []access.Role{access.Responder},
	})
	d.must(err)
	e, err := d.People.Open(ctx, access.Self, n.ID, "bench")
	d.must(err)
	d.must(d.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE session SET proven_at = $1`, db.Micros(time.Now()))
		return err
	}))
	shown, _, err := d.People.AddToken(ctx, e.Person.Caller(e.Session.ID), person.NewToken{
		Name: "feed", Scopes: []access.Action{access.EventSend}, Sources: []string{"chat"}, Ends: time.Now().Add(time.Hour),
	})
	d.must(err)
	return shown
}

func (f *feed) serve() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	f.must(err)
	f.addr = ln.Addr().String()
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(run, ln) }()
	f.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			f.Error(err)
		}
	})
}

// bodies are n requests with events of the usual 315 bytes, as they go over the wire.
func (f *feed) bodies(n, size int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		var lines bytes.Buffer
		for range size {
			f.sent++
			x := f.sent * 2654435761
			fmt.Fprintf(&lines, `{"specversion":"1.0","id":"ev%012d","source":"chat/gateway-%d","type":"friend_request","time":"2020-11-02T01:%02d:%02d.%03dZ","data":{"actor":"u%08x","actor_kind":"assistant","target":"u%08x","region":"TW","api":"/clova/v1/friends/add","ip":"10.%d.%d.3","device":"CLOVA 3.14.0 1.0","status":200,"bytes":%d}}`+"\n",
				f.sent, f.sent%8, f.sent/60000%60, f.sent/1000%60, f.sent%1000, uint32(x>>8), uint32(x>>16), x>>3&255, x>>11&255, x>>5&1023)
		}
		all[i] = fmt.Appendf(nil, "POST /api/v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s",
			f.token, lines.Len(), lines.Bytes())
	}
	return all
}

// send sends the requests over some connections, each waiting for its answer.
func (f *feed) send(clients int, bodies [][]byte) timing {
	conns, readers := make([]net.Conn, clients), make([]*bufio.Reader, clients)
	for i := range conns {
		c, err := net.Dial("tcp", f.addr)
		f.must(err)
		defer c.Close()
		conns[i], readers[i] = c, bufio.NewReader(c)
	}
	return timed(clients, len(bodies), func(client, i int) {
		_, err := conns[client].Write(bodies[i])
		f.must(err)
		if status := answered(readers[client]); status != http.StatusOK {
			panic("an answer of " + strconv.Itoa(status))
		}
	})
}

// answered reads an answer, as cheaply as a client may, and returns its status.
func answered(r *bufio.Reader) int {
	status, length := 0, 0
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case err != nil:
			return 0
		case status == 0:
			status, _ = strconv.Atoi(string(line[9:12]))
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			length, _ = strconv.Atoi(string(bytes.TrimSpace(line[16:])))
		case len(line) <= 2:
			_, _ = io.CopyN(io.Discard, r, int64(length))
			return status
		}
	}
}

// replay reads everything back, without looking at it.
func (f *feed) replay(want int) {
	start, n := time.Now(), 0
	f.must(f.Stream.Read(ctx, 0, 1<<60, func(b stream.Batch) error { n += b.Count; return nil }))
	if n != want {
		f.Errorf("%d events are in the stream, %d were sent", n, want)
	}
	fmt.Fprintf(os.Stderr, "%-34s %12.0f\n", "events read back, not decoded", float64(n)/time.Since(start).Seconds())
	st, err := f.Stream.Stats(ctx)
	f.must(err)
	fmt.Fprintf(os.Stderr, "%-34s %12.2f\n", "bytes of an event on disk", float64(st.Stored)/float64(st.Events))
}
