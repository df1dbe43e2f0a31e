package watch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/stream"
)

// The lease. A node that dies is followed by another one after leaseTime; one that is started again in the same
// place goes on at once.
const (
	leaseTime  = 15 * time.Second
	leaseRenew = 5 * time.Second
	leasePoll  = time.Second
)

// errLost says that another node has the lease.
var errLost = errors.New("another node watches the stream now")

// Run watches the stream whenever this node holds the lease, until the context ends. Trouble is logged, and it
// begins anew from what is committed.
func (w *Watch) Run(ctx context.Context) error {
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		began := time.Now() // wall clock: for the pause between tries
		if err := w.takeTurn(ctx); err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "the watch of the event stream stands still", slog.Any("error", err))
		}
		if time.Since(began) > time.Minute { // wall clock: as began
			wait = 200 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// takeTurn waits for the lease, and watches while it has it.
func (w *Watch) takeTurn(ctx context.Context) (err error) {
	lock, err := w.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	t := &turn{Watch: w}
	if err := t.lease(ctx); err != nil {
		return err
	}
	defer w.live.set(nil)
	defer t.giveBack()
	if err := t.recover(ctx); err != nil {
		return err
	}
	return t.run(ctx)
}

// lock keeps other processes out of the directory. It goes with the process, whatever ends that.
func (w *Watch) lock(ctx context.Context) (*os.File, error) {
	if err := os.MkdirAll(w.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the watch: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(w.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the watch: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("locking the watch: %w", err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(leasePoll):
		}
	}
}

// lease waits until the lease is free, or was this node's own, and takes it.
func (t *turn) lease(ctx context.Context) error {
	for {
		now := time.Now() // wall clock: a lease runs in real time
		var base, position int64
		err := t.DB.Tx(ctx, func(tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, `
				UPDATE watch SET epoch = epoch + 1, holder = $1, held_until = $2
				WHERE id = 1 AND (holder = $1 OR held_until < $3)
				RETURNING epoch, begun, base, position`, t.Node, db.Micros(now.Add(leaseTime)), db.Micros(now)).Scan(&t.epoch, &t.begun, &base, &position)
		})
		if err == nil {
			t.base, t.committed = stream.Position(base), stream.Position(position)
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("taking the lease of the watch: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(leasePoll):
		}
	}
}

// giveBack lets another node go on at once.
func (t *turn) giveBack() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := t.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE watch SET held_until = 0 WHERE id = 1 AND epoch = $1`, t.epoch)
		return err
	})
	if err != nil {
		t.Log.WarnContext(ctx, "the lease of the watch could not be given back", slog.Any("error", err))
	}
}

// renew keeps the lease while nothing is committed.
func (t *turn) renew(ctx context.Context) error {
	return t.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			UPDATE watch SET held_until = $1
			WHERE id = 1 AND epoch = $2`, db.Micros(time.Now().Add(leaseTime)), t.epoch) // wall clock: a lease
		if err != nil {
			return fmt.Errorf("keeping the lease of the watch: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(errLost, err)
		}
		return nil
	})
}

// begin writes down where the stream ends when it is watched for the first time, or is another one than before: what is
// in it by then wakes nobody.
func (t *turn) begin(ctx context.Context, last stream.Position) error {
	t.begun, t.base, t.committed = true, last, 0
	err := t.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := db.One(tx.ExecContext(ctx, `
			UPDATE watch SET begun = TRUE, base = $1, position = 0
			WHERE id = 1 AND epoch = $2`, int64(last), t.epoch)); err != nil {
			return errLost
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM watch_mark`)
		return err
	})
	if err != nil {
		return fmt.Errorf("beginning the watch: %w", err)
	}
	return nil
}

// readMarks reads where the engine judged what waited, behind what it knows already. At its very position once more is
// once too often at worst, when nothing waits.
func (t *turn) readMarks(ctx context.Context) error {
	rows, err := t.DB.Read().QueryContext(ctx, `SELECT position FROM watch_mark WHERE position >= $1 ORDER BY position`, int64(t.position))
	if err != nil {
		return fmt.Errorf("reading the marks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p int64
		if err := rows.Scan(&p); err != nil {
			return fmt.Errorf("reading the marks: %w", err)
		}
		t.known = append(t.known, stream.Position(p))
	}
	return rows.Err()
}
