package receipt

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// An Appending is one thing to be logged together with the rows it stands for.
//
// Both functions run in a transaction that other callers share, one after the other, maybe on
// another caller's goroutine. They touch nothing but tx and what the caller gave them. What they return as an
// error, and what they panic with, comes back from this caller's Append and harms no other.
type Appending struct {
	// Leaf returns the commitment, now that the entry's index and time are known.
	Leaf func(e Entry) (Hash, error)
	// Write stores what the entry stands for: the report, its audit record, its message.
	Write func(ctx context.Context, tx *sql.Tx, e Entry) error
}

const (
	// maxGroup is how many appendings share a transaction. PostgreSQL keeps 64 savepoints of a
	// transaction in memory; with more, every other session's reads become slower.
	maxGroup = 64
	// maxWait ends a transaction that the database does not finish. Until then nobody can append.
	maxWait = 30 * time.Second
)

// A group collects callers while a transaction runs, so that one commit, one sync of the disk and
// one signature serve all who came meanwhile. There is no goroutine behind it: the first caller
// leads, the others wait, and a leader that is done hands over to the first who waits.
type group struct {
	mu    sync.Mutex
	busy  bool       // somebody leads, or has been told to
	queue []*waiting // nobody in it has been started
}

type waiting struct {
	Appending
	wake   chan struct{} // one signal: done, or lead
	leads  bool
	entry  Entry
	at     Checkpoint
	err    error
	panics any
}

// Append logs one thing. When it returns without an error, the rows, the entry and a signed
// checkpoint over it are durable; otherwise nothing is, with one exception that no database
// can avoid: the connection was lost during the commit.
//
// A context that ends takes the appending back while it waits. Once it has been started, Append waits for
// the outcome, because a participant must not be told "not received" of what was received.
func (l *Log) Append(ctx context.Context, a Appending) (Entry, Checkpoint, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, Checkpoint{}, err
	}
	w := &waiting{Appending: a, wake: make(chan struct{}, 1)}
	if !l.group.join(w) {
		select {
		case <-w.wake:
		case <-ctx.Done():
			if l.group.leave(w) {
				return Entry{}, Checkpoint{}, ctx.Err()
			}
			<-w.wake
		}
	}
	if w.leads {
		l.lead(ctx)
	}
	if w.panics != nil {
		panic(w.panics)
	}
	return w.entry, w.at, w.err
}

// join queues a caller and reports whether it leads at once.
func (g *group) join(w *waiting) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, w)
	w.leads = !g.busy
	g.busy = true
	return w.leads
}

// leave takes a caller out who has not been started, and reports whether that was so.
func (g *group) leave(w *waiting) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, w)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	if w.leads {
		g.promote()
	}
	return true
}

// promote tells the first who waits to lead. The caller holds mu.
func (g *group) promote() {
	g.busy = len(g.queue) > 0
	if g.busy {
		g.queue[0].leads = true
		g.queue[0].wake <- struct{}{}
	}
}

// take starts the callers at the front of the queue, the leader first.
func (g *group) take() []*waiting {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), maxGroup)
	batch := slices.Clone(g.queue[:n])
	g.queue = slices.Delete(g.queue, 0, n)
	return batch
}

// finish answers everybody and hands over. It runs also when the leader's goroutine is torn down
// by runtime.Goexit: then nothing was committed, and the others are told.
func (g *group) finish(batch []*waiting, err error) {
	for _, w := range batch {
		if w.err == nil && w.panics == nil && err != nil {
			w.err = err
		}
		if w.err != nil || w.panics != nil {
			w.entry, w.at = Entry{}, Checkpoint{}
		}
		if !w.leads {
			w.wake <- struct{}{}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.promote()
}

func (l *Log) lead(ctx context.Context) {
	batch := l.group.take()
	err := errors.New("the transaction was abandoned")
	defer func() { l.group.finish(batch, err) }()
	// The leader's context may end; the others' work must not end with it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxWait)
	defer cancel()
	err = l.commit(ctx, batch)
}

// errNothing takes back a transaction in which every appending failed by itself.
var errNothing = errors.New("nothing to append")

// commit appends a batch in one transaction:
//
//  1. lock the end of the log, so that indexes and times are given in the order of commits;
//  2. each appending on its own savepoint: entry, commitment, rows; one that fails is taken back alone;
//  3. store the tiles that grew, sign one checkpoint, commit.
//
// A crash before the commit leaves nothing, a crash after it leaves everything; there is no state
// outside the database.
func (l *Log) commit(ctx context.Context, batch []*waiting) error {
	var g *growth
	var at Checkpoint
	err := l.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if g, err = l.begin(ctx, tx); err != nil {
			return err
		}
		for _, w := range batch {
			if err := l.append(ctx, tx, g, w, len(batch) > 1); err != nil {
				return err
			}
		}
		if g.edge.size == g.since {
			return errNothing
		}
		if err := g.save(ctx, tx); err != nil {
			return err
		}
		at, err = l.checkpoint(ctx, tx, g.head, g.head.size, g.head.root)
		return err
	})
	if errors.Is(err, errNothing) {
		return nil // each caller has its own error
	}
	if err != nil {
		return explain(ctx, err)
	}
	l.remember(g)
	for _, w := range batch {
		w.at = at
	}
	return nil
}

// explain turns what the operator must mend, or a transaction that ran out of time, into a sentence
// for the person.
func explain(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && fault.As(err) == nil {
		return tooSlow.Because(err)
	}
	return db.Explain(err)
}

var tooSlow = fault.New(fault.Later,
	"The database did not answer in time, so this was not saved. What you typed is still in this page: keep it open and send it again in a minute.",
	"データベースの応答に時間がかかったため、保存できませんでした。入力内容はこの画面に残っています。画面を閉じずに、1分ほどしてからもう一度送信してください。")

// append does one appending. Its own failure goes to its caller; an error returned here ends the
// transaction for all. A single appending needs no savepoint: the transaction is its own.
func (l *Log) append(ctx context.Context, tx *sql.Tx, g *growth, w *waiting, savepoint bool) error {
	if savepoint {
		if _, err := tx.ExecContext(ctx, `SAVEPOINT appending`); err != nil {
			return fmt.Errorf("setting a savepoint: %w", err)
		}
	}
	w.entry = g.entry(l.Now())
	if w.run(ctx, tx); w.err != nil || w.panics != nil {
		if !savepoint {
			return errNothing
		}
		if _, err := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT appending`); err != nil {
			return errors.Join(w.err, fmt.Errorf("going back to the savepoint: %w", err)) // the disk is full, or the connection gone
		}
	} else {
		g.add(w.entry.Commitment)
		g.head.lastAt = w.entry.Time
	}
	if savepoint {
		if _, err := tx.ExecContext(ctx, `RELEASE SAVEPOINT appending`); err != nil {
			return fmt.Errorf("releasing a savepoint: %w", err)
		}
	}
	return nil
}

// run calls the caller's two functions and keeps what they panic with.
func (w *waiting) run(ctx context.Context, tx *sql.Tx) {
	defer func() { w.panics = recover() }()
	if w.entry.Commitment, w.err = w.Leaf(w.entry); w.err == nil {
		w.err = explain(ctx, w.Write(ctx, tx, w.entry))
	}
}
