package receipt_test

import (
	"fmt"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/receipt"
)

// When the log grows next is the same whether reports come or not, and then it does grow.
func TestTheNextEntryIsAFunctionOfTheClock(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		if at, slot, err := d.Next(ctx); err != nil || !at.IsZero() || slot != receipt.DefaultSlot {
			t.Fatalf("before the log has begun: %v, %v, %v", at, slot, err)
		}
		d.pace()
		for slot, reports := range []int{0, 3, 0, 1} {
			d.clock.add(receipt.DefaultSlot - time.Minute)
			for i := range reports {
				d.submit(fmt.Sprintf("%d-%d", slot, i))
			}
			next, _, err := d.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got := next.Sub(d.clock.now()); got <= 0 || got > time.Minute {
				t.Errorf("slot %d: the next entry is %v away, want less than a minute", slot, got)
			}
			before := publicSize(d)
			d.clock.add(next.Sub(d.clock.now()))
			d.pace()
			if after := publicSize(d); after != before+1 {
				t.Errorf("slot %d: at the time said the log went from %d to %d", slot, before, after)
			}
		}
	})
}
