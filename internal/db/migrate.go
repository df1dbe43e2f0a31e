package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

//go:embed migration/*.sql
var migrations embed.FS

// A Migration is one step of the schema: forward only, never edited after a release.
type Migration struct {
	Number int
	Name   string
	SQL    string
}

// Migrations returns every step this binary knows, in order.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(migrations, "migration/*.sql") // Glob sorts
	if err != nil {
		return nil, err
	}
	all := make([]Migration, 0, len(names))
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		base := strings.TrimSuffix(strings.TrimPrefix(name, "migration/"), ".sql")
		n, err := strconv.Atoi(base[:4])
		if err != nil || n != len(all)+1 {
			return nil, fmt.Errorf("migration %s: the numbers must run 0001, 0002, … without a gap", name)
		}
		all = append(all, Migration{Number: n, Name: base, SQL: string(text)})
	}
	return all, nil
}

// migrationLock is the key of PostgreSQL's advisory lock: two nodes that start together take turns.
const migrationLock = 0x48494e4f // "HINO"

// Migrate brings the schema to the newest version, all steps in one transaction.
func (d *DB) Migrate(ctx context.Context) error {
	all, err := Migrations()
	if err != nil {
		return err
	}
	return d.Tx(ctx, func(tx *sql.Tx) error {
		if d.Dialect == Postgres {
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, migrationLock); err != nil {
				return fmt.Errorf("waiting for another node's migration: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (number BIGINT PRIMARY KEY, name TEXT NOT NULL)`); err != nil {
			return fmt.Errorf("reading the schema version: %w", err)
		}
		var have int
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM schema_version`).Scan(&have); err != nil {
			return fmt.Errorf("reading the schema version: %w", err)
		}
		if have > len(all) {
			return fmt.Errorf("the database is at schema %d, this binary knows %d: start the newer binary", have, len(all))
		}
		for _, m := range all[have:] {
			if err := apply(ctx, tx, d.Dialect, m); err != nil {
				return fmt.Errorf("migration %s: %w", m.Name, err)
			}
		}
		return nil
	})
}

func apply(ctx context.Context, tx *sql.Tx, dialect Dialect, m Migration) error {
	for _, stmt := range statements(dialect, m.SQL) {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("%w, in: %s", err, stmt)
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO schema_version (number, name) VALUES ($1, $2)`, m.Number, m.Name)
	return err
}

// Version returns the number of the newest step the database has, and how many this binary knows.
func (d *DB) Version(ctx context.Context) (have, know int, err error) {
	all, err := Migrations()
	if err != nil {
		return 0, 0, err
	}
	err = d.read.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM schema_version`).Scan(&have)
	return have, len(all), err
}

var (
	only  = regexp.MustCompile(`(?ms)^-- only (sqlite|postgres)\n(.*?)^-- end\n`)
	notes = regexp.MustCompile(`(?m)--.*$`)
	table = regexp.MustCompile(`(?is)^\s*CREATE TABLE .*\)\s*$`)
	words = regexp.MustCompile(`\b(BIGINT|BOOLEAN|BYTEA)\b`)
)

// statements returns the statements of a migration for one dialect. SQLite gets its own three
// words for the column types and STRICT tables: left to itself it would store 'abc' in a BIGINT.
// A block between "-- only sqlite" (or postgres) and "-- end" is for that dialect alone.
func statements(dialect Dialect, text string) []string {
	text = only.ReplaceAllStringFunc(text, func(block string) string {
		part := only.FindStringSubmatch(block)
		if Dialect(part[1]) != dialect {
			return ""
		}
		return part[2]
	})
	text = notes.ReplaceAllString(text, "")
	var out []string
	for stmt := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(stmt) == "" {
			continue
		}
		if dialect == SQLite {
			stmt = words.ReplaceAllStringFunc(stmt, func(w string) string {
				if w == "BYTEA" {
					return "BLOB"
				}
				return "INTEGER"
			})
			if table.MatchString(stmt) {
				stmt += " STRICT"
			}
		}
		out = append(out, strings.TrimSpace(stmt))
	}
	return out
}
