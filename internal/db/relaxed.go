package db

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Relaxed runs fn while commits do not wait for the disk, and makes everything durable before it
// returns without an error. It is for filling an empty database that can be filled again: a process
// that is killed leaves whole transactions, but a machine that loses its power in the meantime may
// leave a SQLite file that cannot be read. Nobody else should be writing.
//
// PostgreSQL is left as it is: what its commits wait for is its operator's choice.
func (d *DB) Relaxed(ctx context.Context, fn func(ctx context.Context) error) error {
	if d.Dialect != SQLite {
		return fn(ctx)
	}
	// The one connection that writes stays open, and keeps the setting, until it is set back.
	if _, err := d.write.ExecContext(ctx, `PRAGMA synchronous = OFF`); err != nil {
		return fmt.Errorf("relaxing the database: %w", err)
	}
	err := fn(ctx)
	again, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, fullErr := d.write.ExecContext(again, `PRAGMA synchronous = FULL`); fullErr != nil {
		return errors.Join(err, fmt.Errorf("tightening the database again: %w", fullErr))
	}
	if err != nil {
		return err
	}
	return d.checkpoint(again)
}

// checkpoint writes the log back into the database file and syncs both. A reader may keep it from
// finishing; then it is tried again until the context ends.
func (d *DB) checkpoint(ctx context.Context) error {
	for {
		var busy, frames, done int
		if err := d.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &done); err != nil {
			return fmt.Errorf("writing the database to disk: %w", err)
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("writing the database to disk: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
