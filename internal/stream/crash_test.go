package stream

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// The test binary is started again as the one to be killed: roleEnv says what it does, dirEnv where.
const (
	roleEnv = "HINOMI_STREAM_ROLE"
	dirEnv  = "HINOMI_STREAM_DIR"
	portEnv = "HINOMI_STREAM_PORT"
	// killsEnv says how often to kill, instead of a few times.
	killsEnv = "HINOMI_KILLS"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "publish":
		publishUntilKilled()
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
	return 4
}

// publishUntilKilled publishes the numbers of eight sources and prints each once it is acknowledged.
func publishUntilKilled() {
	s := New(config(os.Getenv(dirEnv)))
	go func() { _ = s.Run(ctx) }()
	var mu sync.Mutex
	round := os.Args[len(os.Args)-1]
	for p := range 8 {
		go func() {
			for i := 0; ; {
				n := 1 + rand.IntN(1<<p) // from single events to batches
				lines := numbered(fmt.Sprintf("r%s-p%d", round, p), i, n)
				taken, err := s.Publish(ctx, parcel(lines...))
				if err != nil || taken.Accepted != n {
					panic(fmt.Sprint(taken, err))
				}
				i += n
				mu.Lock()
				fmt.Println(strings.Join(lines, "\n"))
				mu.Unlock()
			}
		}()
	}
	select {}
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
func child(t *testing.T, role, dir string, port int, arg string) (*exec.Cmd, <-chan string) {
	t.Helper()
	c := exec.CommandContext(ctx, os.Args[0], arg)
	c.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+dir, portEnv+"="+strconv.Itoa(port))
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

func TestWhatWasAcknowledgedSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("what a killed process leaves is looked at in full runs")
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range kills() {
		c, lines := child(t, "publish", dir, 0, strconv.Itoa(round))
		acknowledged[<-lines] = true
		time.Sleep(rand.N(300 * time.Millisecond))
		_ = c.Process.Kill()
		for line := range lines {
			acknowledged[line] = true
		}
		_ = c.Wait()
		s, stop := run(t, config(dir))
		sound(t, contents(t, s, 0, end), acknowledged)
		stop()
	}
	t.Logf("%d kills, %d events acknowledged", kills(), len(acknowledged))
}

// sound checks that every acknowledged line is there, none twice, and each source's in order.
func sound(t *testing.T, lines []string, acknowledged map[string]bool) {
	t.Helper()
	there, newest := make(map[string]bool, len(lines)), map[string]int{}
	for _, line := range lines {
		if there[line] {
			t.Errorf("%q is there twice", line)
		}
		there[line] = true
		source, number, _ := strings.Cut(line, " ")
		n, err := strconv.Atoi(number)
		if before, ok := newest[source]; err != nil || ok && n != before+1 || !ok && n != 0 {
			t.Errorf("%q comes after %d", line, before)
		}
		newest[source] = n
	}
	for line := range acknowledged {
		if !there[line] {
			t.Errorf("%q was acknowledged and is lost", line)
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func apart(port int) Config {
	return Config{Servers: []string{"nats://127.0.0.1:" + strconv.Itoa(port)}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Keys: keysOf}
}

func TestAServerOfItsOwnMayBeKilledToo(t *testing.T) {
	if testing.Short() {
		t.Skip("what a killed process leaves is looked at in full runs")
	}
	dir, port := t.TempDir(), freePort(t)
	c, lines := child(t, "serve", dir, port, "")
	<-lines
	s, _ := run(t, apart(port))
	limited, cancel := context.WithCancel(ctx)
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var publishers sync.WaitGroup
	for p := range 4 {
		publishers.Go(func() {
			for i := 0; limited.Err() == nil; {
				lines := numbered(fmt.Sprint("p", p), i, 1+rand.IntN(20))
				for { // as a client does: the same again until it is known to be stored
					try, done := context.WithTimeout(ctx, 2*time.Second)
					taken, err := s.Publish(try, parcel(lines...))
					done()
					if err == nil && taken.Accepted+taken.Repeated == len(lines) {
						break
					}
				}
				i += len(lines)
				mu.Lock()
				for _, line := range lines {
					acknowledged[line] = true
				}
				mu.Unlock()
			}
		})
	}
	for range kills() {
		time.Sleep(100*time.Millisecond + rand.N(200*time.Millisecond))
		_ = c.Process.Kill()
		_ = c.Wait()
		c, lines = child(t, "serve", dir, port, "")
		<-lines
	}
	time.Sleep(100 * time.Millisecond)
	cancel()
	publishers.Wait()
	sound(t, contents(t, s, 0, end), acknowledged)
	t.Logf("%d kills, %d events acknowledged", kills(), len(acknowledged))
}

func TestTwoWritersStoreNothingTwice(t *testing.T) {
	port := freePort(t)
	_, lines := child(t, "serve", t.TempDir(), port, "")
	<-lines
	a, _ := run(t, apart(port))
	b, _ := run(t, apart(port))
	const n = 400
	var accepted, repeated sync.Map
	var wg sync.WaitGroup
	for w, s := range []*Stream{a, b, a, b} {
		wg.Go(func() {
			sum := Taken{}
			for i := range n { // both nodes are sent the same ids, in different company
				taken := publish(t, s, fmt.Sprint("x ", i), fmt.Sprintf("w%d %d", w, i))
				sum.Accepted += taken.Accepted
				sum.Repeated += taken.Repeated
			}
			accepted.Store(w, sum.Accepted)
			repeated.Store(w, sum.Repeated)
		})
	}
	wg.Wait()
	all := contents(t, a, 0, end)
	seen := map[string]bool{}
	for _, line := range all {
		if seen[line] {
			t.Errorf("%q is there twice", line)
		}
		seen[line] = true
	}
	total := 0
	accepted.Range(func(_, v any) bool { total += v.(int); return true })
	if len(all) != 5*n || total != 5*n {
		t.Errorf("%d events are there, %d were called accepted, %d are different", len(all), total, 5*n)
	}
	st, err := b.Stats(ctx)
	if err != nil || st.Events != 5*n {
		t.Errorf("%+v, %v", st, err)
	}
}
