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
	})
}

func TestEntriesOfOneTransactionComeTogetherOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.submit("before")
		var all []appending
		for i := range 300 { // past the end of a tile
			s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprint(i) })
			all = append(all, thing(&s))
		}
		bad := validStatement(func(s *receipt.Statement) { s.ID = "before" }) // is there
		if _, _, err := appendAll(ctx, d.Log, append(all, thing(&bad))...); err == nil {
			t.Error("a row was stored twice")
		}
		if n := dbtest.Count(t, d.DB, "thing"); n != 1 || d.size() != 1 {
			t.Errorf("%d rows, %d entries of a transaction that failed", n, d.size())
		}
		entries, at, err := appendAll(ctx, d.Log, all...)
		if err != nil || at.Size != 301 {
			t.Fatalf("a checkpoint of size %d, %v", at.Size, err)
		}
		for i, e := range entries {
			if e.Index != int64(i)+1 || i > 0 && !e.Time.After(entries[i-1].Time) {
				t.Fatalf("entry %d is at %v, number %d of the transaction", e.Index, e.Time, i)
			}
		}
		if n := dbtest.Count(t, d.DB, "receipt_checkpoint"); n != 2 {
			t.Errorf("%d checkpoints for two transactions", n)
		}
		d.sound(true)
	})
}

func TestATransactionWithoutAnEntryLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		at, err := d.Log.Append(ctx, func(ctx context.Context, tx *sql.Tx, _ *receipt.Growth) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, entry, at, commitment) VALUES ('x', 0, 0, $1)`, []byte{})
			return err
		})
		if err != nil || at != (receipt.Checkpoint{}) {
			t.Errorf("a checkpoint of size %d, %v", at.Size, err)
		}
		if n := dbtest.Count(t, d.DB, "thing"); n != 0 {
			t.Errorf("%d rows", n)
		}
		d.submit("after")
		d.sound(true)
	})
}

func TestAnAppendingIsSeenThrough(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	gone, cancel := context.WithCancel(ctx)
	s := validStatement()
	a := thing(&s)
	write := a.Write
	a.Write = func(ctx context.Context, tx *sql.Tx, e receipt.Entry) error {
		cancel() // the person closes the page
		return write(ctx, tx, e)
	}
	if _, _, err := d.Append(gone, a); err != nil {
		t.Error(err)
	}
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
