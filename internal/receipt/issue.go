package receipt

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// A Logged is a statement and where the log has it: what the owner of a report keeps of it.
type Logged struct {
	Statement Statement
	Index     int64
}

// Issue returns the receipt for a logged statement. Asked again, it returns the same bytes as
// long as the key is the same. A statement that the log does not hold at its index gets none.
func (l *Log) Issue(ctx context.Context, of Logged) ([]byte, error) {
	if _, err := l.confirm(ctx, of); err != nil {
		return nil, err
	}
	c, due, err := readCheckpoint(ctx, l.DB.Read(), of.Index)
	if err != nil {
		return nil, db.Explain(err)
	}
	proof, err := l.prove(ctx, of, c)
	if err != nil {
		return nil, err
	}
	return Receipt{
		Statement: of.Statement, Log: l.Key.Name(), Entry: of.Index,
		PublishedBy: due, Key: l.Key.Verifier(), Proof: proof,
	}.file(l.Key)
}

// Evidence returns the card for the reporter of a duplicate. Only an original with a smaller index
// has one: without it nobody is told "we already knew".
func (l *Log) Evidence(ctx context.Context, original, duplicate Logged) ([]byte, error) {
	if original.Index >= duplicate.Index {
		return nil, fault.New(fault.Conflict,
			"Only what was logged before a report can be its original. Entry %d was not logged before entry %d.",
			"原本になれるのは、その報告より前に記録されたものだけです。%d番の記録は%d番より前ではありません。", original.Index, duplicate.Index)
	}
	first, err := l.confirm(ctx, original)
	if err != nil {
		return nil, err
	}
	second, err := l.confirm(ctx, duplicate)
	if err != nil {
		return nil, err
	}
	c, due, err := readCheckpoint(ctx, l.DB.Read(), duplicate.Index) // the smallest tree with both
	if err != nil {
		return nil, db.Explain(err)
	}
	e := Evidence{
		Program: duplicate.Statement.Program, Kind: original.Statement.Kind, Received: original.Statement.Received,
		OriginalEntry: original.Index, Original: first,
		ID: duplicate.Statement.ID, DuplicateEntry: duplicate.Index, Duplicate: second,
		Log: l.Key.Name(), PublishedBy: due, Key: l.Key.Verifier(),
	}
	if e.OriginalProof, err = l.prove(ctx, original, c); err != nil {
		return nil, err
	}
	if e.DuplicateProof, err = l.prove(ctx, duplicate, c); err != nil {
		return nil, err
	}
	return e.file(l.Key)
}

// confirm returns the commitment of a statement if the log holds it at the index.
func (l *Log) confirm(ctx context.Context, of Logged) (Hash, error) {
	want, err := of.Statement.Commitment()
	if err != nil {
		return Hash{}, err
	}
	have, err := readEntry(ctx, l.DB.Read(), of.Index)
	if err != nil {
		return Hash{}, db.Explain(fmt.Errorf("reading entry %d: %w", of.Index, err))
	}
	if have != want {
		return Hash{}, fmt.Errorf("entry %d of the log is not the statement of %s", of.Index, of.Statement.ID)
	}
	return want, nil
}

// prove returns the proof that a statement is in the tree of a checkpoint, under the key in use.
// It is checked before it leaves the house.
func (l *Log) prove(ctx context.Context, of Logged, c Checkpoint) (Proof, error) {
	hashes, err := tlog.ProveRecord(c.Size, of.Index, hashReader(ctx, l.DB.Read()))
	if err != nil {
		return Proof{}, db.Explain(fmt.Errorf("proving entry %d: %w", of.Index, err))
	}
	if !l.signed(c.Note) { // it was signed by the key of before
		if c, err = c.sign(l.Key); err != nil {
			return Proof{}, fmt.Errorf("signing the checkpoint: %w", err)
		}
	}
	p := Proof{Index: of.Index, Hashes: hashes, Checkpoint: c}
	entry, err := of.Statement.Commitment()
	if err != nil {
		return Proof{}, err
	}
	if err := p.check(entry); err != nil {
		return Proof{}, fmt.Errorf("the log's tiles are damaged near entry %d: %w", of.Index, err)
	}
	return p, nil
}
