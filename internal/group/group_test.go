package group_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/group"
)

var ctx = context.Background()

// A book is what runs write into: those that failed have written nothing.
type book struct {
	group.Group[string]
	runs [][]string // as they were tried, members sorted
	done []string
}

// open returns a book whose runs take a second, with somebody at work in it: who comes now shares a run.
// What is bad is what a run with such a member comes to.
func open(t *testing.T, bad map[string]func() error) *book {
	b := &book{}
	b.Run = func(ctx context.Context, members []string) error {
		members = slices.Sorted(slices.Values(members))
		b.runs = append(b.runs, members)
		time.Sleep(time.Second)
		if ctx.Err() != nil {
			t.Error("the leader's context ended the run of others")
		}
		for _, m := range members {
			if f := bad[m]; f != nil {
				if err := f(); err != nil {
					return err
				}
			}
		}
		b.done = append(b.done, members...)
		return nil
	}
	go func() { _ = b.Do(ctx, "first") }()
	synctest.Wait()
	return b
}

// come lets members come at once, and returns what each was told, a panic as an error.
func (b *book) come(members ...string) map[string]string {
	told := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, m := range members {
		all.Go(func() {
			said := "torn down"
			defer func() {
				if p := recover(); p != nil {
					said = "panic: " + p.(string)
				}
				mu.Lock()
				defer mu.Unlock()
				told[m] = said
			}()
			err := b.Do(ctx, m)
			if said = "done"; err != nil {
				said = err.Error()
			}
		})
	}
	all.Wait()
	return told
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func TestWhoComesMeanwhileSharesTheNextRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, nil)
		same(t, "told", b.come("a", "b", "c"), map[string]string{"a": "done", "b": "done", "c": "done"})
		same(t, "runs", b.runs, [][]string{{"first"}, {"a", "b", "c"}})
		same(t, "told", b.come("d"), map[string]string{"d": "done"})
	})
}

func TestAGroupHasABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, nil)
		b.come(slices.Repeat([]string{"m"}, 130)...)
		var sizes []int
		for _, run := range b.runs {
			sizes = append(sizes, len(run))
		}
		same(t, "sizes", sizes, []int{1, 64, 64, 2})
	})
}

func TestWhatIsWrongWithOneHarmsNoOther(t *testing.T) {
	for name, c := range map[string]struct {
		bad  func() error
		told string
	}{
		"an error": {func() error { return errors.New("boom") }, "boom"},
		"a panic":  {func() error { panic("boom") }, "panic: boom"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(t, map[string]func() error{"b": c.bad})
				same(t, "told", b.come("a", "b", "c"), map[string]string{"a": "done", "b": c.told, "c": "done"})
				same(t, "done", slices.Sorted(slices.Values(b.done)), []string{"a", "c", "first"})
				same(t, "told", b.come("d"), map[string]string{"d": "done"})
			})
		})
	}
}

func TestWhatIsBetterLaterIsToldToAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := fault.New(fault.Later, "The disk is full.", "ディスクがいっぱいです。")
		b := open(t, map[string]func() error{"b": func() error { return later }})
		same(t, "told", b.come("a", "b"), map[string]string{"a": later.Error(), "b": later.Error()})
		same(t, "runs", b.runs, [][]string{{"first"}, {"a", "b"}})
	})
}

func TestALeaderThatIsTornDownLeavesNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, map[string]func() error{"a": func() error { runtime.Goexit(); return nil }})
		same(t, "told", b.come("a"), map[string]string{"a": "torn down"})
		same(t, "told", b.come("b"), map[string]string{"b": "done"})
	})
}

func TestWhoLeavesBeforeTheStartHasNoPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, nil)
		gone, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		var left, stayed error
		var all sync.WaitGroup
		all.Go(func() { left = b.Do(gone, "leaves") })
		synctest.Wait()
		all.Go(func() { stayed = b.Do(ctx, "stays") })
		synctest.Wait()
		if b.Waiting() != 2 {
			t.Errorf("%d wait", b.Waiting())
		}
		all.Wait()
		if !errors.Is(left, context.DeadlineExceeded) || stayed != nil {
			t.Errorf("who left was told %v, who stayed %v", left, stayed)
		}
		same(t, "done", b.done, []string{"first", "stays"})
		if err := b.Do(gone, "too late"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a context that had ended gave %v", err)
		}
	})
}

func TestWhoWasStartedWaitsForTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, nil)
		impatient, cancel := context.WithTimeout(ctx, 1500*time.Millisecond) // in the middle of the second run
		defer cancel()
		if err := b.Do(impatient, "a"); err != nil {
			t.Errorf("what was done is told as %v", err)
		}
	})
}

// Leaving while being told to lead is the race that could leave a queue without a leader.
func TestLeavingAtAnyMomentLeavesNobodyBehind(t *testing.T) {
	var mu sync.Mutex
	ran, done := map[[2]int]int{}, 0
	g := group.Group[[2]int]{Run: func(_ context.Context, members [][2]int) error {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range members {
			ran[m]++
		}
		runtime.Gosched()
		return nil
	}}
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 500 {
				c, cancel := context.WithTimeout(ctx, time.Duration((i*7+j*13)%9)*5*time.Microsecond)
				err := g.Do(c, [2]int{i, j})
				cancel()
				mu.Lock()
				if err == nil {
					done++
				}
				if n := ran[[2]int{i, j}]; n > 1 || (n == 1) != (err == nil) {
					t.Errorf("a member ran %d times and was told %v", n, err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if err := g.Do(ctx, [2]int{-1, -1}); err != nil || done == 0 {
		t.Errorf("after %d: %v", done, err)
	}
}
