package search

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"hinomi.dev/hinomi/internal/db"
)

// An Indexer puts waiting documents into the index. Several may run, on one node or on many: they
// take turns.
type Indexer struct {
	DB  *db.DB
	Log *slog.Logger

	// merged is set once there is nothing to merge: then an idle indexer does not write.
	merged atomic.Bool
}

// The indexer shares the one writer of SQLite with people who submit reports and wait, so it writes
// in small transactions and leaves the writer alone for longer than it held it.
const (
	idle     = 250 * time.Millisecond // between two looks when nothing waits
	pause    = 30 * time.Millisecond  // between two batches
	maxBatch = 24 << 10               // bytes of text in a batch: about 16 reports, about 10 ms
	maxDocs  = 64                     // documents in a batch
	merges   = 6                      // steps of merging after a batch: what keeps up with the writing
)

// Run indexes until the context ends.
func (x *Indexer) Run(ctx context.Context) error {
	for {
		n, err := x.Catchup(ctx)
		if err != nil && ctx.Err() == nil {
			x.Log.ErrorContext(ctx, "indexing documents", slog.Any("error", err))
		}
		wait := idle
		if n > 0 && err == nil {
			wait = pause
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

type job struct {
	doc     string
	seq     sql.NullInt64
	state   int64
	version int64
	text    string
	tokens  []string
}

// Catchup indexes one batch of waiting documents, oldest first, tidies up some of what earlier batches
// wrote, and returns how many documents there were. A crash leaves them waiting. A document that
// changes in the meantime keeps waiting.
func (x *Indexer) Catchup(ctx context.Context) (int, error) {
	jobs, err := x.batch(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading what waits to be indexed: %w", err)
	}
	if len(jobs) > 0 {
		if err := x.write(ctx, jobs); err != nil {
			return 0, err
		}
		x.merged.Store(false)
	}
	for range merges {
		if x.merged.Load() {
			break
		}
		did, err := merge(ctx, x.DB)
		if err != nil {
			return len(jobs), err
		}
		x.merged.Store(!did)
	}
	return len(jobs), nil
}

// write puts a batch into the index, in one transaction.
func (x *Indexer) write(ctx context.Context, jobs []job) error {
	return x.DB.Tx(ctx, func(tx *sql.Tx) error {
		var last int64
		err := tx.QueryRowContext(ctx, `
			UPDATE search_head SET seq = seq + $1 WHERE id = 1
			RETURNING seq`, len(jobs)).Scan(&last)
		if err != nil {
			return fmt.Errorf("giving out places in the index: %w", err)
		}
		next := last - int64(len(jobs)) + 1
		for _, j := range jobs {
			if !j.seq.Valid {
				j.seq.Int64 = next
				next++
			}
			if err := x.do(ctx, tx, j); err != nil {
				return fmt.Errorf("indexing %s: %w", j.doc, err)
			}
		}
		return nil
	})
}

// batch reads the next documents and makes their tokens, outside of the transaction.
func (x *Indexer) batch(ctx context.Context) ([]job, error) {
	rows, err := x.DB.Read().QueryContext(ctx, `
		SELECT doc, seq, state, version, text
		FROM search_doc
		WHERE state <> 0
		ORDER BY doc
		LIMIT $1`, maxDocs)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var jobs []job
	size := 0
	for rows.Next() && size < maxBatch {
		var j job
		if err := rows.Scan(&j.doc, &j.seq, &j.state, &j.version, &j.text); err != nil {
			return nil, err
		}
		j.tokens = tokens(j.text)
		size += len(j.text)
		jobs = append(jobs, j)
	}
	return jobs, rows.Err()
}

func (x *Indexer) do(ctx context.Context, tx *sql.Tx, j job) error {
	query := `UPDATE search_doc SET state = 0, seq = $1 WHERE doc = $2 AND version = $3 AND state <> 0`
	if j.state == leaving {
		query = `DELETE FROM search_doc WHERE (seq IS NULL OR seq = $1) AND doc = $2 AND version = $3`
	}
	res, err := tx.ExecContext(ctx, query, j.seq.Int64, j.doc, j.version)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err // it changed, or another indexer was first
	}
	if j.state == waiting {
		return put(ctx, tx, x.DB.Dialect, j.seq.Int64, j.tokens)
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM search_word WHERE rowid = $1`, j.seq.Int64)
	return err
}
