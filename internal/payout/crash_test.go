package payout_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
)

// The environment of a child that is going to be killed.
const (
	childEnv = "HINOMI_TEST_PAYOUT_CHILD" // where the database is: an URL, or dir:PATH
	clockEnv = "HINOMI_TEST_PAYOUT_CLOCK" // what time it is there, in microseconds
	killsEnv = "HINOMI_TEST_KILLS"        // how often the long test kills
)

// openAt opens a database as a child finds it.
func openAt(t testing.TB, place string) *db.DB {
	t.Helper()
	url, dir := place, ""
	if at, ok := strings.CutPrefix(place, "dir:"); ok {
		url, dir = "", at
	}
	d, err := db.Open(context.Background(), url, dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestChild is what is killed: it takes the only run through all of its steps, and says before each
// which one it is.
func TestChild(t *testing.T) {
	place := os.Getenv(childEnv)
	if place == "" {
		t.Skip("only as a child of TestKilledAtEveryStepEachAwardIsPaidOnce")
	}
	d := openAt(t, place)
	defer d.Close()
	b := newBench(t, d)
	now, err := strconv.ParseInt(os.Getenv(clockEnv), 10, 64)
	b.must(err)
	b.at = db.Time(now)
	b.resume(func(step string) { fmt.Printf("step %s\n", step) })
}

// resume takes the newest run to its end.
func (b *bench) resume(step func(string)) []byte {
	b.t.Helper()
	all, err := b.Runs(ctx, payer)
	b.must(err)
	return b.run(all[0], step)
}

var steps = []string{"check", "approve", "lock", "export", "sent", "settle"}

func TestKilledAtEveryStepEachAwardIsPaidOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("what a killed process leaves is looked at in full runs")
	}
	kills := len(steps)
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		kills = n
	}
	for engine, place := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "dir:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.PostgresURL(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			at := place(t)
			for n := range kills {
				d := openAt(t, at)
				b := newBench(t, d)
				killOnce(t, b, at, n)
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// killOnce makes a run of three awards, kills a child in the middle of it, and takes it to its end.
func killOnce(t *testing.T, b *bench, place string, n int) {
	t.Helper()
	b.at = b.at.Add(time.Duration(n) * 2 * time.Minute)
	b.prepare()
	awards := []string{fmt.Sprintf("k%03da", n), fmt.Sprintf("k%03db", n), fmt.Sprintf("k%03dc", n)}
	for _, a := range awards {
		b.award(a, "ann", 500_00)
	}
	b.ready(awards...)
	r, err := b.ProposeRun(ctx, payer, money.JPY, today, awards)
	b.must(err)
	before := b.balance(payout.Bank, money.JPY)
	step := steps[n%len(steps)]
	kill(t, place, step, b.at, time.Duration(n*7%11)*time.Millisecond)

	after := b.balance(payout.Bank, money.JPY) // and the ledger balances
	state, _, err := b.Run(ctx, payer, r.ID)
	b.must(err)
	const net = 3*56_785 - (3*56_785*1021)/10000
	if paid := before - after; paid != 0 && paid != net || (paid == net) != (state.State == payout.RunSent || state.State == payout.RunClosed) {
		t.Errorf("killed at %s, the run is %s and %d were paid", step, state.State, paid)
	}
	b.at = b.at.Add(time.Minute)
	file := b.resume(quiet)
	again := b.resume(quiet)
	if !bytes.Equal(file, again) {
		t.Error("the file is another after the crash")
	}
	if paid := before - b.balance(payout.Bank, money.JPY); paid != net {
		t.Errorf("killed at %s, paid %d in the end, want %d", step, paid, net)
	}
	for a, s := range b.states() {
		if s != payout.Credited {
			t.Errorf("killed at %s, award %s is %s", step, a, s)
		}
	}
}

// kill starts a child and kills it a moment after it has begun a step.
func kill(t *testing.T, place, step string, now time.Time, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+place, fmt.Sprintf("%s=%d", clockEnv, db.Micros(now)))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen []byte
	one := make([]byte, 256)
	for !bytes.Contains(seen, []byte("step "+step+"\n")) {
		n, err := out.Read(one)
		seen = append(seen, one[:n]...)
		if err != nil {
			break
		}
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	if !bytes.Contains(seen, []byte("step "+step)) {
		t.Fatalf("the child never came to %s: %s", step, seen)
	}
}
