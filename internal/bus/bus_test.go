package bus_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

var ctx = context.Background()

func queue(t *testing.T, d *db.DB, now time.Time, subject string) {
	t.Helper()
	if err := d.Tx(ctx, func(tx *sql.Tx) error { return bus.Queue(ctx, tx, now, subject, map[string]string{"id": "r1"}) }); err != nil {
		t.Fatal(err)
	}
}

func TestAMessageReachesEverySubscriberOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Unix(1_600_000_000, 0)
		r := &bus.Relay{DB: d, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
		var mu sync.Mutex
		got := map[string]int{}
		count := func(name string) bus.Handler {
			return func(context.Context, *sql.Tx, bus.Message) error {
				mu.Lock()
				defer mu.Unlock()
				got[name]++
				return nil
			}
		}
		r.Subscribe("exact", "report.received", count("exact"))
		r.Subscribe("noun", "report.>", count("noun"))
		r.Subscribe("other", "reward.>", count("other"))
		queue(t, d, now, "report.received")
		var wg sync.WaitGroup
		for range 4 { // four nodes at once
			wg.Go(func() {
				if _, err := r.Deliver(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got["exact"] != 1 || got["noun"] != 1 || got["other"] != 0 {
			t.Errorf("deliveries = %v", got)
		}
		if n := dbtest.Count(t, d, "outbox"); n != 0 {
			t.Errorf("%d messages left in the outbox", n)
		}
	})
}

func TestAFailingSubscriberIsRetriedAndTheOthersAreNotRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Unix(1_600_000_000, 0)
		r := &bus.Relay{DB: d, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
		first, second := 0, 0
		r.Subscribe("first", "a.b", func(context.Context, *sql.Tx, bus.Message) error { first++; return nil })
		r.Subscribe("second", "a.b", func(context.Context, *sql.Tx, bus.Message) error {
			if second++; second < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		queue(t, d, now, "a.b")
		for range 5 {
			if _, err := r.Deliver(ctx); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
		}
		if first != 1 || second != 3 || dbtest.Count(t, d, "outbox") != 0 {
			t.Errorf("first ran %d times, second %d, outbox %d; want 1, 3, 0", first, second, dbtest.Count(t, d, "outbox"))
		}
	})
}

func TestAChangeThatRollsBackAnnouncesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_ = d.Tx(ctx, func(tx *sql.Tx) error {
			if err := bus.Queue(ctx, tx, time.Now(), "a.b", nil); err != nil {
				t.Error(err)
			}
			return errors.New("changed my mind")
		})
		if n := dbtest.Count(t, d, "outbox"); n != 0 {
			t.Errorf("%d messages in the outbox", n)
		}
	})
}
