package receipt_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/receipt"
)

// public is what a reader of the public log sees: its size at each look.
func public(d *desk, reports map[int]int, slots int) []int64 {
	d.t.Helper()
	var sizes []int64
	d.pace()
	for slot := range slots {
		for i := range reports[slot] {
			d.submit(fmt.Sprintf("%d-%d", slot, i))
			d.clock.add(10 * time.Second)
			sizes = append(sizes, publicSize(d))
		}
		d.clock.add(receipt.DefaultSlot - time.Duration(reports[slot])*10*time.Second)
		d.pace()
		sizes = append(sizes, publicSize(d))
	}
	return sizes
}

func publicSize(d *desk) int64 {
	d.t.Helper()
	res, err := d.Resource(ctx, "checkpoint")
	if err != nil {
		d.t.Fatal(err)
	}
	c, err := receipt.ParseCheckpoint(string(res.Body))
	if err != nil {
		d.t.Fatal(err)
	}
	return c.Size
}

func TestThePublicSizeIsAFunctionOfTheClock(t *testing.T) {
	// Nobody, now and then, all at once and more than there are slots: the public sees the same.
	for name, reports := range map[string]map[int]int{
		"no reports":   {},
		"one a day":    {3: 1},
		"a burst":      {2: 5},
		"a long burst": {1: 9, 2: 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, dbtest.SQLite(t))
			sizes := public(d, reports, 8)
			at := 0
			for slot := range 8 {
				for range reports[slot] {
					if sizes[at] != int64(slot) {
						t.Errorf("a report in slot %d moved the public log to %d", slot, sizes[at])
					}
					at++
				}
				if sizes[at] != int64(slot+1) {
					t.Errorf("after slot %d the public log has %d entries", slot, sizes[at])
				}
				at++
			}
			d.sound(false)
		})
	}
}

func TestARealEntryTakesThePlaceOfACover(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.pace()
		d.submit("a")
		d.clock.add(receipt.DefaultSlot)
		d.pace()
		if s := d.status(); s.Size != 1 || s.Public != 1 || s.Backlog != 0 {
			t.Errorf("%+v", s)
		}
		d.clock.add(2 * receipt.DefaultSlot)
		d.pace()
		d.pace()
		if s := d.status(); s.Size != 3 || s.Public != 3 {
			t.Errorf("%+v", s)
		}
		d.sound(false)
	})
}

func TestABacklogBecomesPublicInLaterSlots(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.pace()
	var last receipt.Logged
	for i := range 5 {
		last = d.submit(fmt.Sprint(i))
	}
	r, err := receipt.ParseReceipt(d.issue(last))
	if err != nil {
		t.Fatal(err)
	}
	if s := d.status(); s.Backlog != 5 || s.Public != 0 {
		t.Errorf("%+v", s)
	}
	for publicSize(d) < 5 {
		d.clock.add(receipt.DefaultSlot)
		d.pace()
	}
	if now := d.Now(); now.After(r.PublishedBy) || now.Before(start.Add(5*receipt.DefaultSlot)) {
		t.Errorf("public at %v, promised by %v", now, r.PublishedBy)
	}
	if s := d.status(); s.Size != 5 || s.Backlog != 0 {
		t.Errorf("%+v", s)
	}
}

func TestALongAbsenceIsMadeUpFor(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.pace()
		d.submit("a")
		d.clock.add(60 * 24 * time.Hour) // 5,760 slots: more than one transaction's worth
		d.pace()
		if s := d.status(); s.Size != 5760 || s.Public != 5760 {
			t.Errorf("%+v", s)
		}
		d.submit("b")
		d.sound(false)
	})
}

func TestNodesThatPaceTogetherDoItOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.pace()
		d.clock.add(3 * receipt.DefaultSlot)
		var wg sync.WaitGroup
		for range 4 {
			node := d.node()
			wg.Go(func() {
				if err := node.Pace(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s := d.status(); s.Size != 3 || s.Public != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnotherPaceCountsFromWhereItIsChosen(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.pace()
	for i := range 4 {
		d.submit(fmt.Sprint(i))
	}
	d.clock.add(2 * receipt.DefaultSlot)
	d.pace()
	last, err := receipt.ParseReceipt(d.issue(d.submit("last")))
	if err != nil {
		t.Fatal(err)
	}
	d.Slot = time.Hour // slower: what was promised is kept all the same
	d.pace()
	if s := d.status(); s.Public != 5 || d.Now().After(last.PublishedBy) {
		t.Errorf("%+v", s)
	}
	d.clock.add(time.Hour)
	d.pace()
	if s := d.status(); s.Public != 6 {
		t.Errorf("%+v", s)
	}
	d.sound(false)
}
