package db_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
)

var ctx = context.Background()

func TestMigratingTwiceChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		have, know, err := d.Version(ctx)
		if err != nil || have != know || have == 0 {
			t.Errorf("version %d of %d, %v", have, know, err)
		}
	})
}

func TestADatabaseOfANewerBinaryIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := exec(d, `INSERT INTO schema_version (number, name) VALUES (9999, 'future')`); err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(ctx); err == nil {
			t.Error("an older binary may not run on a newer schema")
		}
	})
}

func TestBothEnginesRefuseAWrongType(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := exec(d, `INSERT INTO seen (subscriber, message, at) VALUES ('a', 'b', 'abc')`); err == nil {
			t.Error("text went into a number")
		}
	})
}

func TestUniqueNamesADuplicateKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		insert := `INSERT INTO seen (subscriber, message, at) VALUES ('a', 'b', 1)`
		if err := exec(d, insert); err != nil {
			t.Fatal(err)
		}
		if err := exec(d, insert); !db.Unique(err) {
			t.Errorf("%v is not seen as a duplicate key", err)
		}
		if err := exec(d, `INSERT INTO nothing (a) VALUES (1)`); err == nil || db.Unique(err) {
			t.Errorf("%v is seen as a duplicate key", err)
		}
	})
}

func TestAnErrorTakesTheWholeTransactionBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.Tx(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `INSERT INTO seen (subscriber, message, at) VALUES ('a', 'b', 1)`); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || dbtest.Count(t, d, "seen") != 0 {
			t.Errorf("err = %v, rows = %d", err, dbtest.Count(t, d, "seen"))
		}
	})
}

func TestTheReadPoolOfSQLiteCannotWrite(t *testing.T) {
	d := dbtest.SQLite(t)
	if _, err := d.Read().ExecContext(ctx, `DELETE FROM seen`); err == nil {
		t.Error("the read pool wrote")
	}
}

func TestAFullDatabaseTellsThePersonWhatToDo(t *testing.T) {
	d := dbtest.SQLite(t)
	// max_page_count is SQLite's own way to have no room left.
	err := d.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `PRAGMA max_page_count = 1`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO seen (subscriber, message, at) VALUES ('a', $1, 1)`, strings.Repeat("x", 1<<20))
		return err
	})
	if f := fault.As(err); f == nil || f.Kind != fault.Later || !strings.Contains(f.Text.EN, "no room") {
		t.Errorf("err = %v", err)
	}
}

func TestZeroTimeStaysZero(t *testing.T) {
	if !db.Time(db.Micros(time.Time{})).IsZero() {
		t.Error("the zero time came back as another")
	}
}

func exec(d *db.DB, query string) error {
	return d.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query)
		return err
	})
}
