package receipt_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/receipt"
)

// The crash test starts this test binary again with these set.
const (
	crashDir      = "HINOMI_CRASH_DIR"
	crashDatabase = "HINOMI_CRASH_DATABASE"
	// crashTimes says how often the process is killed instead of 20 and 10 times.
	crashTimes = "HINOMI_CRASH_TIMES"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

// victim appends from four goroutines until it is killed, and prints the id of everything it was
// told is logged.
func victim(dir string) {
	stop := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	d, err := db.Open(ctx, os.Getenv(crashDatabase), dir)
	if err != nil {
		stop(err)
	}
	key, err := receipt.LoadOrCreateKey(dir+"/log.key", "desk.example/log")
	if err != nil {
		stop(err)
	}
	l := &receipt.Log{DB: d, Key: key, Now: time.Now}
	var out sync.Mutex
	for g := range 4 {
		go func() {
			for i := 0; ; i++ {
				s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i) })
				if _, _, err := l.Append(ctx, thing(&s)); err != nil {
					stop(err)
				}
				out.Lock()
				_, err := fmt.Println(s.ID)
				out.Unlock()
				if err != nil {
					stop(err)
				}
			}
		}()
	}
	select {}
}

func TestKillingTheProcessLeavesBothOrNeither(t *testing.T) {
	if testing.Short() {
		t.Skip("what a killed process leaves is looked at in full runs")
	}
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		open := func() *db.DB {
			d, err := db.Open(ctx, "", dir)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		d := open()
		makeThings(t, d)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		told := kill(t, dir, "", 20)
		d = open()
		defer d.Close()
		survived(t, d, dir, told)
	})
	t.Run("postgres", func(t *testing.T) {
		url, dir := dbtest.PostgresURL(t), t.TempDir()
		d, err := db.Open(ctx, url, "")
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		makeThings(t, d)
		survived(t, d, dir, kill(t, dir, url, 10))
	})
}

// kill starts the victim again and again, kills it at a random moment and returns what it was
// told is logged.
func kill(t *testing.T, dir, url string, times int) (told []string) {
	t.Helper()
	if v := os.Getenv(crashTimes); v != "" {
		var err error
		if times, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	for range times {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), crashDir+"="+dir, crashDatabase+"="+url)
		var said strings.Builder
		c.Stderr = &said
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() { // the first line says that it is at work
			t.Fatalf("the victim said %q", &said)
		}
		told = append(told, lines.Text())
		fuse := time.AfterFunc(rand.N(25*time.Millisecond), func() { _ = c.Process.Kill() })
		for lines.Scan() {
			told = append(told, lines.Text())
		}
		_ = c.Wait() // it was killed
		fuse.Stop()
		if said.Len() > 0 {
			t.Fatalf("the victim said %q", &said)
		}
	}
	return told
}

// survived checks that rows and entries are the same things, and that everything promised is there.
func survived(t *testing.T, d *db.DB, dir string, told []string) {
	t.Helper()
	key, err := receipt.LoadOrCreateKey(dir+"/log.key", "")
	if err != nil {
		t.Fatal(err)
	}
	desk := &desk{&receipt.Log{DB: d, Key: key, Now: time.Now}, t, nil}
	desk.sound(true)
	for _, id := range told {
		if dbtest.Count(t, d, "thing WHERE id = $1", id) != 1 {
			t.Errorf("%s was confirmed and is lost", id)
		}
	}
	t.Logf("%d entries, %d of them confirmed before the kill", desk.size(), len(told))
	s := validStatement(func(s *receipt.Statement) { s.ID = "after" })
	if _, _, err := desk.Append(context.Background(), thing(&s)); err != nil {
		t.Error(err)
	}
	desk.sound(true)
}

// A crash inside a transaction is what the kill test hits by chance; this one hits each step.
func TestACancelledTransactionLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.fill(5)
		for range 3 {
			s := validStatement(func(s *receipt.Statement) { s.ID = "x" })
			a := thing(&s)
			a.Write = func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error {
				return tx.Rollback() // as if the connection were gone
			}
			if _, _, err := d.Append(ctx, a); err == nil {
				t.Fatal("an entry without its transaction")
			}
		}
		if d.size() != 5 {
			t.Errorf("%d entries", d.size())
		}
		d.submit("after")
		d.sound(true)
	})
}
