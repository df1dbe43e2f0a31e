package db_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hinomi.dev/hinomi/internal/db"
)

// synchronous returns how the writing connection waits for the disk: 0 not at all, 2 for every commit.
func synchronous(t *testing.T, d *db.DB) int {
	t.Helper()
	var n int
	err := d.Tx(t.Context(), func(tx *sql.Tx) error {
		return tx.QueryRowContext(t.Context(), `PRAGMA synchronous`).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRelaxedWaitsAgainAfterwardsAndLeavesNothingInTheLog(t *testing.T) {
	dir := t.TempDir()
	d, err := db.Open(t.Context(), "", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Relaxed(t.Context(), func(ctx context.Context) error {
		if n := synchronous(t, d); n != 0 {
			t.Errorf("inside, synchronous is %d, want 0", n)
		}
		return d.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO audit_head (id, seq, hash) VALUES (1, 7, $1)`, []byte{})
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := synchronous(t, d); n != 2 {
		t.Errorf("afterwards, synchronous is %d, want 2", n)
	}
	info, err := os.Stat(filepath.Join(dir, "hinomi.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != 0 {
		t.Errorf("the log has %d bytes, want none: everything stands in the synced file", info.Size())
	}
	var seq int
	if err := d.Read().QueryRowContext(t.Context(), `SELECT seq FROM audit_head`).Scan(&seq); err != nil || seq != 7 {
		t.Errorf("seq is %d (%v), want 7", seq, err)
	}
}

func TestRelaxedWaitsAgainAfterAFailure(t *testing.T) {
	d, err := db.Open(t.Context(), "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	want := errors.New("the filling failed")
	err = d.Relaxed(ctx, func(context.Context) error {
		cancel() // the caller went away meanwhile
		return want
	})
	if !errors.Is(err, want) {
		t.Errorf("err is %v, want %v", err, want)
	}
	if n := synchronous(t, d); n != 2 {
		t.Errorf("after a failure, synchronous is %d, want 2", n)
	}
}
