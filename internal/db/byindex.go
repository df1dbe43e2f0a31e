package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// ByIndex runs a query whose conditions an index answers, and calls each for every row with what scans
// it. PostgreSQL's planner is told not to read whole tables for it: it takes no account of how long a
// long value takes to unpack. The setting and the query go in one trip, and the setting ends with it.
func (d *DB) ByIndex(ctx context.Context, each func(scan func(dest ...any) error) error, query string, args ...any) error {
	if d.Dialect != Postgres {
		rows, err := d.read.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		return eachRow(rows, each)
	}
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // back to the pool
	return conn.Raw(func(c any) error {
		own, ok := c.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the PostgreSQL driver's connection is a %T", c)
		}
		var both pgx.Batch // one transaction, as everything that is sent at once
		both.Queue(`SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`)
		both.Queue(query, args...)
		results := own.Conn().SendBatch(ctx, &both)
		_, err := results.Exec()
		if err == nil {
			err = eachResult(results, each)
		}
		return errors.Join(err, results.Close())
	})
}

func eachRow(rows *sql.Rows, each func(scan func(dest ...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func eachResult(results pgx.BatchResults, each func(scan func(dest ...any) error) error) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
