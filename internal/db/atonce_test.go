package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

// see marks a message as seen, in a Tx of its own that fails with the given error after the change.
func see(ctx context.Context, d *db.DB, message string, fails error) error {
	return d.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO seen (subscriber, message, at) VALUES ($1, $2, $3)`, "test", message, 1); err != nil {
			return err
		}
		return fails
	})
}

func TestAtOnce(t *testing.T) {
	failed := errors.New("it failed")
	for name, tt := range map[string]struct {
		do   func(ctx context.Context, d *db.DB) error
		want int // rows afterwards
		err  error
	}{
		"what several transactions wrote is there": {func(ctx context.Context, d *db.DB) error {
			return errors.Join(see(ctx, d, "a", nil), see(ctx, d, "b", nil))
		}, 2, nil},
		"a transaction that failed takes back its own changes alone": {func(ctx context.Context, d *db.DB) error {
			if err := see(ctx, d, "a", nil); err != nil {
				return err
			}
			if err := see(ctx, d, "b", failed); !errors.Is(err, failed) {
				return fmt.Errorf("the part returned %w", err)
			}
			return see(ctx, d, "c", nil)
		}, 2, nil},
		"a statement that failed ends its own transaction alone": {func(ctx context.Context, d *db.DB) error {
			if err := see(ctx, d, "a", nil); err != nil {
				return err
			}
			if err := see(ctx, d, "a", nil); !db.Unique(err) {
				return fmt.Errorf("the same row again: %w", err)
			}
			return see(ctx, d, "b", nil)
		}, 2, nil},
		"a failure of the whole takes back everything": {func(ctx context.Context, d *db.DB) error {
			return errors.Join(see(ctx, d, "a", nil), failed)
		}, 0, failed},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				if err := d.AtOnce(t.Context(), func(ctx context.Context) error { return tt.do(ctx, d) }); !errors.Is(err, tt.err) {
					t.Fatalf("err is %v, want %v", err, tt.err)
				}
				if got := dbtest.Count(t, d, "seen"); got != tt.want {
					t.Errorf("%d rows, want %d", got, tt.want)
				}
				if err := see(t.Context(), d, "afterwards", nil); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

func TestAReadDuringAtOnceSeesWhatWasWrittenAndOthersDoNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		outside := d.Read()
		err := d.AtOnce(t.Context(), func(ctx context.Context) error {
			if err := see(ctx, d, "a", nil); err != nil {
				return err
			}
			if got := dbtest.Count(t, d, "seen"); got != 1 {
				t.Errorf("inside, %d rows are seen, want 1", got)
			}
			var n int
			if err := outside.QueryRowContext(ctx, `SELECT count(*) FROM seen`).Scan(&n); err != nil || n != 0 {
				t.Errorf("outside, %d rows are seen (%v), want none", n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
