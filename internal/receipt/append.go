package receipt

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// maxWait ends a transaction that the database does not finish. Until then nobody can append.
const maxWait = 30 * time.Second

// errNothing takes back a transaction that has added no entry.
var errNothing = errors.New("nothing to append")

// Append adds entries to the log together with the rows they stand for, in one transaction:
//
//  1. lock the end of the log, so that indexes and times are given in the order of commits;
//  2. grow adds the entries, as many as it likes, and writes the rows;
//  3. store the tiles that grew, sign one checkpoint over all, commit.
//
// A crash before the commit leaves nothing, a crash after it leaves everything; there is no state
// outside the database. When Append returns without an error, rows, entries and the checkpoint are durable;
// otherwise nothing is, with one exception that no database can avoid: the connection was lost during the
// commit. Without an entry there is no checkpoint, and grow's rows are not kept either.
//
// Append does not end with ctx: a participant must not be told "not received" of what was received.
func (l *Log) Append(ctx context.Context, grow func(ctx context.Context, tx *sql.Tx, g *Growth) error) (Checkpoint, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxWait)
	defer cancel()
	var g *Growth
	var at Checkpoint
	err := l.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if g, err = l.begin(ctx, tx); err != nil {
			return err
		}
		if err := grow(ctx, tx, g); err != nil {
			return err
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
		return Checkpoint{}, nil
	}
	if err != nil {
		return Checkpoint{}, explain(ctx, err)
	}
	l.remember(g)
	return at, nil
}

// explain turns what the operator must mend, or a transaction that ran out of time, into a sentence
// for the person.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil && fault.As(err) == nil {
		return tooSlow.Because(err)
	}
	return db.Explain(err)
}

var tooSlow = fault.New(fault.Later,
	"The database did not answer in time, so this was not saved. What you typed is still in this page: keep it open and send it again in a minute.",
	"データベースの応答に時間がかかったため、保存できませんでした。入力内容はこの画面に残っています。画面を閉じずに、1分ほどしてからもう一度送信してください。")
