package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/limit"
)

var ctx = context.Background()

func newLog(d *db.DB) *audit.Log {
	return &audit.Log{DB: d, Now: func() time.Time { return time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC) }}
}

func TestTheChainHoldsUnderConcurrentWriters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(d)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					if err := d.Tx(ctx, func(tx *sql.Tx) error {
						return l.Record(ctx, tx, access.Self, access.KnownAdd, "k", map[string]int{"n": 1})
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n, err := l.Verify(ctx); n != 80 || err != nil {
			t.Errorf("Verify = %d, %v; want 80 good records", n, err)
		}
	})
}

func TestAChangeThatFailsLeavesNoRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(d)
		boom := errors.New("boom")
		err := d.Tx(ctx, func(tx *sql.Tx) error {
			if err := l.Record(ctx, tx, access.Self, access.KnownAdd, "k", nil); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || dbtest.Count(t, d, "audit") != 0 {
			t.Errorf("err = %v, records = %d; want boom and none", err, dbtest.Count(t, d, "audit"))
		}
	})
}

func TestARefusedAttemptIsOnRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(d)
		who := access.Caller{ID: "p1", Kind: access.Participant}
		if err := l.Allow(ctx, who, access.AwardPay, "a1"); !fault.Is(err, fault.Denied) {
			t.Errorf("err = %v, want denied", err)
		}
		if n := dbtest.Count(t, d, "audit WHERE outcome = 'refused' AND person = 'p1' AND action = 'award.pay'"); n != 1 {
			t.Errorf("%d refusals on record, want 1", n)
		}
	})
}

func TestTamperingIsFoundAndNamed(t *testing.T) {
	for name, c := range map[string]struct{ sql, want string }{
		"a changed subject":  {`UPDATE audit SET subject = 'other' WHERE seq = 3`, "record 3 was changed"},
		"a removed record":   {`DELETE FROM audit WHERE seq = 2`, "record 2 is missing"},
		"a cut end":          {`DELETE FROM audit WHERE seq = 5`, "ends at record 4, but 5 were written"},
		"two in other order": {`UPDATE audit SET detail = '{"n":9}' WHERE seq = 1`, "record 1 was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				l := newLog(d)
				for range 5 {
					if err := d.Tx(ctx, func(tx *sql.Tx) error {
						return l.Record(ctx, tx, access.Self, access.KnownAdd, "k", nil)
					}); err != nil {
						t.Fatal(err)
					}
				}
				if err := d.Tx(ctx, func(tx *sql.Tx) error { _, err := tx.ExecContext(ctx, c.sql); return err }); err != nil {
					t.Fatal(err)
				}
				if _, err := l.Verify(ctx); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Verify says %v, want %q", err, c.want)
				}
			})
		})
	}
}

func TestRefusalsWithoutEndDoNotFillTheRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(d)
		l.Limits = &limit.Limits{Now: l.Now, Rules: map[limit.Action]limit.Rule{limit.Refused: {Burst: 3, Every: time.Minute}}}
		loop, other := access.Caller{ID: "p1", Kind: access.Participant}, access.Caller{ID: "p2", Kind: access.Participant}
		for range 3 {
			if err := l.Allow(ctx, loop, access.AwardPay, "a1"); !fault.Is(err, fault.Denied) {
				t.Fatalf("err = %v, want denied", err)
			}
		}
		if err := l.Allow(ctx, loop, access.AwardPay, "a1"); !fault.Is(err, fault.Later) {
			t.Errorf("err = %v, want later", err)
		}
		if err := l.Allow(ctx, other, access.AwardPay, "a1"); !fault.Is(err, fault.Denied) {
			t.Errorf("another person is told %v, want denied", err)
		}
		if n := dbtest.Count(t, d, "audit WHERE outcome = 'refused'"); n != 4 {
			t.Errorf("%d refusals on record, want 3 of one and 1 of the other", n)
		}
	})
}
