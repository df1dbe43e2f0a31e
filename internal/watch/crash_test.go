package watch

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/stream"
)

// The test binary is started again as the one to be killed.
const (
	roleEnv = "HINOMI_WATCH_ROLE"
	dirEnv  = "HINOMI_WATCH_DIR"
	portEnv = "HINOMI_WATCH_PORT"
	urlEnv  = "HINOMI_WATCH_DATABASE"
	fromEnv = "HINOMI_WATCH_FROM"
	// killsEnv says how often to kill, instead of a few times.
	killsEnv = "HINOMI_TEST_KILLS"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "watch":
		watchUntilKilled()
	case "serve":
		serveUntilKilled()
	default:
		os.Exit(m.Run())
	}
}

func kills() int {
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		return n
	}
	return 3
}

// placed is where the stream is in the child and in its parent.
func placed(dir string) stream.Config {
	if port := os.Getenv(portEnv); port != "" && port != "0" {
		return stream.Config{Servers: []string{"nats://127.0.0.1:" + port}}
	}
	return stream.Config{Dir: dir + "/events"}
}

// watchUntilKilled runs the stream and the watch, publishes events that follow those of the children before, and prints how
// far it is. It writes snapshots often and keeps every mark.
func watchUntilKilled() {
	dir := os.Getenv(dirEnv)
	d, err := db.Open(ctx, os.Getenv(urlEnv), dir)
	if err != nil {
		panic(err)
	}
	w := newWatch(d, dir, placed(dir))
	w.often = true
	go func() { _ = w.Stream.Run(ctx) }()
	go func() { _ = w.Run(ctx) }()
	t := &testing.T{}
	f := newFeed(5)
	f.late = true
	from, err := strconv.Atoi(os.Getenv(fromEnv))
	if err != nil {
		panic(err)
	}
	for f.n < from { // repeated: what was stored has no second effect, what was not is stored now
		publish(t, w.Stream, f.lines(1+f.r.IntN(120)))
	}
	for {
		publish(t, w.Stream, f.lines(1+f.r.IntN(120)))
		fmt.Println(f.n)
		if f.r.IntN(4) == 0 {
			time.Sleep(time.Duration(f.r.IntN(60)) * time.Millisecond)
		}
	}
}

// serveUntilKilled is a NATS server as an operator runs one, synced.
func serveUntilKilled() {
	port, _ := strconv.Atoi(os.Getenv(portEnv))
	s, err := server.NewServer(&server.Options{
		ServerName: "apart", Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: os.Getenv(dirEnv), SyncAlways: true, NoSigs: true, NoLog: true,
		JetStreamMaxStore: 64 << 30,
	})
	if err != nil {
		panic(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		panic("the server does not become ready")
	}
	fmt.Println("ready")
	select {}
}

// child starts the test binary in a role and returns the lines it prints, until it has been killed.
func child(t *testing.T, role string, env ...string) (*exec.Cmd, <-chan string) {
	t.Helper()
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(append(os.Environ(), roleEnv+"="+role), env...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1<<16)
	go func() {
		defer close(lines)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			lines <- sc.Text()
		}
	}()
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c, lines
}

// killed kills a process that watches while events pour in, again and again, and holds the alerts against those of an
// engine that was never interrupted.
func killed(t *testing.T, dir, url string, port int) {
	at := "0"
	for range kills() {
		c, lines := child(t, "watch", dirEnv+"="+dir, urlEnv+"="+url, portEnv+"="+strconv.Itoa(port), fromEnv+"="+at)
		at = <-lines
		timer := time.After(200*time.Millisecond + rand.N(1200*time.Millisecond))
		for waiting := true; waiting; {
			select {
			case at = <-lines:
			case <-timer:
				waiting = false
			}
		}
		_ = c.Process.Kill()
		for line := range lines {
			at = line
		}
		_ = c.Wait()
	}
	t.Setenv(portEnv, strconv.Itoa(port))
	d, err := db.Open(ctx, url, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	b := &bench{newWatch(d, dir, placed(dir)), t}
	b.often = true
	b.start()
	b.caughtUp()
	want, got := b.expected(b.marks()), b.stored("TRUE")
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("%d alerts, want %d: %s", len(got), len(want), diff)
	}
	b.counted()
	st, err := b.Stream.Stats(ctx)
	b.must(err)
	s, _ := b.live.now()
	if uint64(s.Events) != st.Events {
		t.Errorf("the engine took %d events of %d", s.Events, st.Events)
	}
	t.Logf("%d kills, %d events, %d alerts, %d marks", kills(), st.Events, len(got), len(b.marks()))
}

func TestAfterAKillTheAlertsAreThoseOfAnUninterruptedRun(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { killed(t, t.TempDir(), "", 0) })
	t.Run("apart", func(t *testing.T) {
		port := freePort(t)
		_, lines := child(t, "serve", dirEnv+"="+t.TempDir(), portEnv+"="+strconv.Itoa(port))
		<-lines
		killed(t, t.TempDir(), "", port)
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
