// Package dbtest gives a test a real SQLite and a real PostgreSQL.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/id"

	"time"
)

// Env names the variable with the URL of a PostgreSQL server on which tests may make schemas.
const Env = "HINOMI_TEST_DATABASE"

// Each runs fn once on each engine, with an empty database at the newest schema.
// Without PostgreSQL its half is skipped on a laptop and fails in CI.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite returns an empty SQLite database.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, "", t.TempDir())
}

// Postgres returns an empty PostgreSQL database: a schema of its own, dropped after the test.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t), "")
}

// PostgresURL returns the URL of an empty schema on the test server, or skips the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv(Env)
	if base == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not set: in CI both engines must be tested", Env)
		}
		t.Skipf("%s is not set; `make test` starts a PostgreSQL and sets it", Env)
	}
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	schema := "t" + strings.ToLower(id.New(time.Now()))
	if _, err := admin.ExecContext(context.Background(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatalf("making a schema on the test server: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Errorf("dropping the test schema: %v", err)
		}
		_ = admin.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func open(t testing.TB, url, dir string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url, dir)
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

// Count returns the number of rows that a FROM clause gives, for tests that count side effects.
func Count(t testing.TB, d *db.DB, from string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Read().QueryRowContext(context.Background(), fmt.Sprintf("SELECT count(*) FROM %s", from), args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
