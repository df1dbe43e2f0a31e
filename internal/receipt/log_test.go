package receipt_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/receipt"
)

func TestAnEntryAndItsRowsComeTogether(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		l := d.submit("a")
		if l.Index != 0 || !l.Statement.Received.Equal(start) {
			t.Errorf("entry %d at %v", l.Index, l.Statement.Received)
		}
		boom := errors.New("boom")
		s := validStatement()
		a := thing(&s)
		write := a.Write
		a.Write = func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error {
			return errors.Join(write(ctx, tx, e), boom)
		}
		if _, _, err := d.Append(ctx, a); !errors.Is(err, boom) {
			t.Errorf("err = %v", err)
		}
		if n := dbtest.Count(t, d.DB, "thing"); n != 1 || d.size() != 1 {
			t.Errorf("%d rows, %d entries", n, d.size())
		}
		d.sound(true)
	})
}

func TestAppendersThatComeTogetherKeepTheirOrder(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		const clients, times = 64, 4
		other := d.node()
		var wg sync.WaitGroup
		var mu sync.Mutex
		var all []receipt.Entry
		for c := range clients {
			node := d
			if c%4 == 0 {
				node = other // a second process over the same database
			}
			wg.Go(func() {
				for i := range times {
					s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprintf("%d-%d", c, i) })
					e, at, err := node.Append(ctx, thing(&s))
					if err != nil || at.Size <= e.Index {
						t.Errorf("entry %d under a checkpoint of size %d, %v", e.Index, at.Size, err)
						return
					}
					mu.Lock()
					all = append(all, e)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(all) != clients*times {
			t.Fatalf("%d entries", len(all))
		}
		slices.SortFunc(all, func(a, b receipt.Entry) int { return cmp.Compare(a.Index, b.Index) })
		for i := 1; i < len(all); i++ {
			if a, b := all[i-1], all[i]; b.Index != a.Index+1 || !b.Time.After(a.Time) {
				t.Fatalf("entry %d is at %v, then entry %d at %v", a.Index, a.Time, b.Index, b.Time)
			}
		}
		d.sound(true)
		if n := dbtest.Count(t, d.DB, "receipt_checkpoint"); n >= clients*times {
			t.Errorf("%d checkpoints for %d entries: nobody shared a commit", n, clients*times)
		}
	})
}

// hold starts an appending that stays inside its transaction until the returned function is
// called, so that those who come meanwhile form a group.
func (d *desk) hold() (release func()) {
	inside, let := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		s := validStatement(func(s *receipt.Statement) { s.ID = "hold" })
		a := thing(&s)
		write := a.Write
		a.Write = func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error {
			close(inside)
			<-let
			return write(ctx, tx, e)
		}
		if _, _, err := d.Append(ctx, a); err != nil {
			d.t.Errorf("holding: %v", err)
		}
	})
	<-inside
	return func() { close(let); wg.Wait() }
}

func TestOneThatFailsHarmsNoOther(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		release := d.hold()
		boom := errors.New("boom")
		var wg sync.WaitGroup
		results := make([]error, 20)
		panicked := false
		for i := range results {
			s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprint(i) })
			a := thing(&s)
			write := a.Write
			switch i {
			case 3: // after its row was written
				a.Write = func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error {
					return errors.Join(write(ctx, tx, e), boom)
				}
			case 5: // in the database: PostgreSQL refuses every further statement until the savepoint
				a.Write = func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error {
					_, err := tx.ExecContext(ctx, `INSERT INTO nothing (a) VALUES (1)`)
					return err
				}
			case 7: // before anything
				a.Leaf = func(receipt.Entry) (receipt.Hash, error) { return receipt.Hash{}, boom }
			case 9:
				a.Write = func(context.Context, *sql.Tx, receipt.Entry) error { panic("boom") }
			}
			wg.Go(func() {
				defer func() {
					if i == 9 {
						panicked = recover() != nil
					}
				}()
				_, _, results[i] = d.Append(ctx, a)
			})
		}
		waitQueue(d, len(results))
		release()
		wg.Wait()
		for i, err := range results {
			if bad := i == 3 || i == 5 || i == 7; bad != (err != nil) {
				t.Errorf("appending %d: %v", i, err)
			}
		}
		if !panicked {
			t.Error("the panic did not come back to its caller")
		}
		if n := dbtest.Count(t, d.DB, "thing"); n != 1+len(results)-4 {
			t.Errorf("%d rows", n)
		}
		if n := dbtest.Count(t, d.DB, "receipt_checkpoint"); n != 2 {
			t.Errorf("%d checkpoints: they were not one group", n)
		}
		d.sound(true)
	})
}

func waitQueue(d *desk, n int) {
	for receipt.Waiting(d.Log) < n {
		time.Sleep(time.Millisecond)
	}
}

func TestWhoLeavesTheQueueIsNotLogged(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	release := d.hold()
	var wg sync.WaitGroup
	gone, cancel := context.WithCancel(ctx)
	for i := range 3 {
		s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprint("gone", i) })
		wg.Go(func() {
			if _, _, err := d.Append(gone, thing(&s)); !errors.Is(err, context.Canceled) {
				t.Errorf("err = %v", err)
			}
		})
	}
	s := validStatement(func(s *receipt.Statement) { s.ID = "stays" })
	waitQueue(d, 3)
	wg.Go(func() {
		if _, _, err := d.Append(ctx, thing(&s)); err != nil {
			t.Errorf("err = %v", err)
		}
	})
	waitQueue(d, 4)
	cancel()
	for receipt.Waiting(d.Log) > 1 {
		time.Sleep(time.Millisecond)
	}
	release()
	wg.Wait()
	if n := dbtest.Count(t, d.DB, "thing"); n != 2 {
		t.Errorf("%d rows", n)
	}
	d.submit("after") // the log is still led by somebody
	d.sound(true)
	if _, _, err := d.Append(gone, thing(&s)); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that had ended gave %v", err)
	}
}

// Leaving while being told to lead is the race that could leave a queue without a leader.
func TestLeavingAtAnyMomentLeavesNobodyBehind(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	var wg sync.WaitGroup
	var mu sync.Mutex
	logged := 0
	for i := range 16 {
		wg.Go(func() {
			for j := range 15 {
				c, cancel := context.WithTimeout(ctx, time.Duration((i*7+j*13)%9)*200*time.Microsecond)
				s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprintf("%d-%d", i, j) })
				_, _, err := d.Append(c, thing(&s))
				cancel()
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("err = %v", err)
				}
				if err == nil {
					mu.Lock()
					logged++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if n := dbtest.Count(t, d.DB, "thing"); n != logged {
		t.Errorf("%d were told yes, %d are stored", logged, n)
	}
	d.submit("after")
	d.sound(true)
}

func TestAClockSetBackGivesNoEarlierTime(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		a := d.submit("a")
		d.clock.add(-24 * time.Hour)
		s := validStatement(func(s *receipt.Statement) { s.ID = "b" })
		e, _, err := d.Append(ctx, thing(&s))
		if err != nil {
			t.Fatal(err)
		}
		if want := a.Statement.Received.Add(time.Microsecond); !e.Time.Equal(want) || !e.ClockBehind {
			t.Errorf("time %v, clock behind %v", e.Time, e.ClockBehind)
		}
		d.pace() // the public log does not shrink either
		d.clock.add(24*time.Hour + time.Second)
		c := validStatement(func(s *receipt.Statement) { s.ID = "c" })
		if e, _, err = d.Append(ctx, thing(&c)); err != nil || e.ClockBehind || !e.Time.Equal(start.Add(time.Second)) {
			t.Errorf("time %v, clock behind %v, %v", e.Time, e.ClockBehind, err)
		}
		d.sound(true)
	})
}

func TestAClockThatStandsStillIsNotBehind(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.submit("a")
	s := validStatement(func(s *receipt.Statement) { s.ID = "b" })
	e, _, err := d.Append(ctx, thing(&s))
	if err != nil || e.ClockBehind || !e.Time.Equal(start.Add(time.Microsecond)) {
		t.Errorf("time %v, clock behind %v, %v", e.Time, e.ClockBehind, err)
	}
}

func TestAFullDiskTellsEverybodyAndLosesNothing(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.fill(3)
	pages := func(limit string) {
		t.Helper()
		err := d.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "PRAGMA max_page_count = "+limit)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	pages("1") // no page more than there are
	before := dbtest.Count(t, d.DB, "thing")
	release := make([]error, 8)
	var wg sync.WaitGroup
	for i := range release {
		s := validStatement(func(s *receipt.Statement) { s.ID = strings.Repeat("x", 1<<15) + fmt.Sprint(i) })
		wg.Go(func() { _, _, release[i] = d.Append(ctx, thing(&s)) })
	}
	wg.Wait()
	for _, err := range release {
		isFault(t, err, fault.Later)
	}
	if n := dbtest.Count(t, d.DB, "thing"); n != before {
		t.Errorf("%d rows, before %d", n, before)
	}
	pages("1000000")
	d.submit("after")
	d.sound(true)
}

func TestADamagedLogIsNotAppendedTo(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.fill(3)
		err := d.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE receipt_tile SET data = $1 WHERE level = 0`, make([]byte, 96))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s := validStatement(func(s *receipt.Statement) { s.ID = "x" })
		if _, _, err := d.node().Append(ctx, thing(&s)); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("err = %v", err)
		}
	})
}

func TestALogKeepsItsName(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.submit("a")
	other := newDesk(t, d.DB)
	var err error
	if other.Key, err = receipt.NewKey("other.example/log"); err != nil {
		t.Fatal(err)
	}
	s := validStatement()
	if _, _, err := other.Append(ctx, thing(&s)); err == nil {
		t.Error("a key of another name went on with the log")
	}
	if err := other.Pace(ctx); err == nil {
		t.Error("a key of another name published the log")
	}
}

func TestAStatementGetsAReceiptOnlyForItsEntry(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		a, b := d.submit("a"), d.submit("b")
		if _, err := d.Issue(ctx, receipt.Logged{Statement: a.Statement, Index: b.Index}); err == nil {
			t.Error("a receipt for another's entry")
		}
		if _, err := d.Issue(ctx, receipt.Logged{Statement: a.Statement, Index: 99}); err == nil {
			t.Error("a receipt for no entry")
		}
		later := a
		later.Statement.Received = later.Statement.Received.Add(-time.Hour)
		if _, err := d.Issue(ctx, later); err == nil {
			t.Error("a receipt with an earlier time")
		}
		if _, err := d.Evidence(ctx, b, a); !fault.Is(err, fault.Conflict) {
			t.Errorf("evidence of a later original: %v", err)
		}
		if _, err := d.Evidence(ctx, a, a); !fault.Is(err, fault.Conflict) {
			t.Errorf("evidence of itself: %v", err)
		}
		later.Index = a.Index
		if _, err := d.Evidence(ctx, later, b); err == nil {
			t.Error("evidence with an earlier time")
		}
	})
}

func TestAReceiptIsTheSameWhenAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		a := d.submit("a")
		first := d.issue(a)
		d.clock.add(time.Hour)
		d.fill(300)
		d.pace()
		if again := d.node().issue(a); string(again) != string(first) {
			t.Errorf("it was\n%s\nand is\n%s", first, again)
		}
	})
}
