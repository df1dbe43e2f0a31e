package db

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
)

func openTest(t testing.TB) *DB {
	t.Helper()
	d, err := Open(t.Context(), "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// kept returns how many statements the writing connection has ready.
func kept(t *testing.T, d *DB) int {
	t.Helper()
	c, err := d.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var n int
	if err := c.Raw(func(raw any) error { n = len(raw.(*keptConn).idle); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func seenTx(ctx context.Context, d *DB, message string) error {
	return d.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO seen (subscriber, message, at) VALUES ($1, $2, $3)`, "test", message, 1)
		return err
	})
}

func TestAStatementIsCompiledOnce(t *testing.T) {
	d := openTest(t)
	before := kept(t, d)
	for i := range 3 {
		if err := seenTx(t.Context(), d, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := kept(t, d) - before; got != 1 {
		t.Errorf("one text run three times keeps %d statements", got)
	}
}

func TestAStatementThatFailedWorksTheNextTime(t *testing.T) {
	d := openTest(t)
	if err := seenTx(t.Context(), d, "a"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := seenTx(t.Context(), d, "a"); !Unique(err) {
			t.Errorf("the same row twice: %v", err)
		}
	}
	if err := seenTx(t.Context(), d, "b"); err != nil {
		t.Error(err)
	}
}

func TestOneTextIsReadTwiceAtOnce(t *testing.T) {
	d := openTest(t)
	for _, m := range []string{"a", "b", "c"} {
		if err := seenTx(t.Context(), d, m); err != nil {
			t.Fatal(err)
		}
	}
	const query = `SELECT message FROM seen WHERE message >= $1 ORDER BY message`
	var got string
	err := d.Tx(t.Context(), func(tx *sql.Tx) error {
		outer, err := tx.QueryContext(t.Context(), query, "a")
		if err != nil {
			return err
		}
		defer outer.Close()
		for outer.Next() {
			var m, first string
			if err := outer.Scan(&m); err != nil {
				return err
			}
			// Of the inner rows only the first is read.
			if err := tx.QueryRowContext(t.Context(), query, m).Scan(&first); err != nil {
				return err
			}
			got += m + first
		}
		return outer.Err()
	})
	if err != nil || got != "aabbcc" {
		t.Errorf("read %q (%v)", got, err)
	}
}

func TestAKeptStatementSeesANewSchema(t *testing.T) {
	d := openTest(t)
	read := func() (n int, err error) {
		err = d.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM seen WHERE subscriber = $1`, "test").Scan(&n)
		return n, err
	}
	if _, err := read(); err != nil {
		t.Fatal(err)
	}
	if err := seenTx(t.Context(), d, "a"); err != nil {
		t.Fatal(err)
	}
	err := d.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `ALTER TABLE seen ADD COLUMN extra TEXT NOT NULL DEFAULT ''`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := seenTx(t.Context(), d, "b"); err != nil {
		t.Errorf("writing: %v", err)
	}
	if n, err := read(); err != nil || n != 2 {
		t.Errorf("reading: %d (%v)", n, err)
	}
}

func TestTextsPutTogetherAreNotKeptForever(t *testing.T) {
	d := openTest(t)
	err := d.Tx(t.Context(), func(tx *sql.Tx) error {
		for i := range 2 * mostKept {
			var n int
			if err := tx.QueryRowContext(t.Context(), fmt.Sprintf(`SELECT %d`, i)).Scan(&n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := kept(t, d); n > mostKept {
		t.Errorf("%d statements are kept, at most %d should be", n, mostKept)
	}
}

func TestReadersAtOnceEachHaveTheirOwn(t *testing.T) {
	d := openTest(t)
	if err := seenTx(t.Context(), d, "a"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				var m string
				if err := d.Read().QueryRowContext(t.Context(), `SELECT message FROM seen WHERE subscriber = $1`, "test").Scan(&m); err != nil || m != "a" {
					t.Errorf("read %q (%v)", m, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestAReadThatWasCutOffLeavesNoStatementBehind(t *testing.T) {
	d := openTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := d.Read().QueryContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n`)
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	cancel()
	for rows.Next() { // until the end of the context is noticed
	}
	if err := rows.Close(); err != nil && ctx.Err() == nil {
		t.Error(err)
	}
	var n int
	if err := d.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM seen`).Scan(&n); err != nil {
		t.Errorf("the next read: %v", err)
	}
}

// BenchmarkRead is one read by key, the most frequent statement of all.
func BenchmarkRead(b *testing.B) {
	d := openTest(b)
	ctx := context.Background()
	if err := seenTx(ctx, d, "a"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var at int64
		if err := d.Read().QueryRowContext(ctx, `SELECT at FROM seen WHERE subscriber = $1 AND message = $2`, "test", "a").Scan(&at); err != nil {
			b.Fatal(err)
		}
	}
}
