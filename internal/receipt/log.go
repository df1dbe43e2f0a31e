package receipt

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hinomi.dev/hinomi/internal/db"
)

// DefaultSlot is the pace at which the public log grows when nothing else is chosen: 96 entries a day.
const DefaultSlot = 15 * time.Minute

// A Log is the transparency log. Every node of a desk has one over the same database.
type Log struct {
	DB  *db.DB
	Key *Key
	Now func() time.Time
	// Slot is the time in which the public log grows by one entry. It must be so short that over a
	// week there are more slots than reports; zero means DefaultSlot. All nodes must agree on it.
	Slot time.Duration

	mu   sync.Mutex
	edge *edge     // of the tree as this process last saw it; mu guards it; nil when unknown
	root tlog.Hash // of that tree; mu guards it
}

// An Entry is a place in the log.
type Entry struct {
	Index int64
	Time  time.Time // UTC, whole microseconds; later than that of every entry before
	// ClockBehind says that our clock was more than a second before the last entry's time, so
	// somebody set it back: the time is that entry's plus a microsecond, not the clock's.
	ClockBehind bool
	Commitment  Hash
}

// behind is how far the clock may be before the last entry without a word: two nodes' clocks differ
// by some milliseconds, and a busy log runs ahead of a clock that a test has stopped.
const behind = time.Second

// slot returns the pace in force.
func (l *Log) slot() time.Duration {
	if l.Slot <= 0 {
		return DefaultSlot
	}
	return l.Slot.Truncate(time.Microsecond)
}

// A Growth is the log while a transaction appends to it.
type Growth struct {
	now   func() time.Time
	head  head
	edge  *edge
	since int64  // size before the transaction
	full  []slab // completed by it
}

// begin locks the end of the log until the transaction ends, and returns it.
func (l *Log) begin(ctx context.Context, tx *sql.Tx) (*Growth, error) {
	h, err := lockHead(ctx, tx, l.Key.Name(), l.Now(), l.slot())
	if err != nil {
		return nil, fmt.Errorf("locking the log: %w", err)
	}
	if h.origin != l.Key.Name() {
		return nil, fmt.Errorf("the log in the database is %s, but its key is named %s", h.origin, l.Key.Name())
	}
	e := l.remembered(h)
	if e == nil {
		if e, err = readEdge(ctx, tx, h.size); err != nil {
			return nil, fmt.Errorf("reading the end of the log: %w", err)
		}
		if e.root() != h.root {
			return nil, fmt.Errorf("the log's tiles at size %d do not lead to its root: nothing is appended to a damaged log", h.size)
		}
	}
	return &Growth{now: l.Now, head: h, edge: e, since: h.size}, nil
}

// remembered returns a copy of the edge in memory if no other node has appended since.
func (l *Log) remembered(h head) *edge {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.edge == nil || l.edge.size != h.size || l.root != h.root {
		return nil
	}
	return l.edge.clone()
}

// remember keeps the edge after its transaction was committed.
func (l *Log) remember(g *Growth) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.edge == nil || l.edge.size < g.head.size {
		l.edge, l.root = g.edge, g.head.root
	}
}

// Append gives the next entry its index and its time, and takes the commitment to what it stands for.
func (g *Growth) Append(leaf func(e Entry) (Hash, error)) (Entry, error) {
	e := g.next()
	var err error
	if e.Commitment, err = leaf(e); err != nil {
		return Entry{}, err
	}
	g.add(e.Commitment)
	g.head.lastAt = e.Time
	return e, nil
}

func (g *Growth) next() Entry {
	e := Entry{Index: g.edge.size, Time: g.now().UTC().Truncate(time.Microsecond)}
	if !e.Time.After(g.head.lastAt) {
		e.ClockBehind = g.head.lastAt.Sub(e.Time) > behind
		e.Time = g.head.lastAt.Add(time.Microsecond)
	}
	return e
}

func (g *Growth) add(entry Hash) { g.full = append(g.full, g.edge.add(entry)...) }

// save stores what has grown.
func (g *Growth) save(ctx context.Context, tx *sql.Tx) error {
	g.head.size, g.head.root = g.edge.size, g.edge.root()
	for _, s := range append(g.full, g.edge.partial(g.since)...) {
		if err := writeTile(ctx, tx, s); err != nil {
			return fmt.Errorf("storing %s: %w", TilePath(s.tile), err)
		}
	}
	if err := writeHead(ctx, tx, g.head); err != nil {
		return fmt.Errorf("storing the end of the log: %w", err)
	}
	return nil
}

// checkpoint signs a tree and puts it on record.
func (l *Log) checkpoint(ctx context.Context, tx *sql.Tx, h head, size int64, root tlog.Hash) (Checkpoint, error) {
	c, err := Checkpoint{Origin: h.origin, Size: size, Root: root}.sign(l.Key)
	if err != nil {
		return c, fmt.Errorf("signing the checkpoint: %w", err)
	}
	if err := writeCheckpoint(ctx, tx, c, l.Now(), h.due(size, l.Now())); err != nil {
		return c, fmt.Errorf("storing the checkpoint: %w", err)
	}
	return c, nil
}

// A Status is what the desk may know of its log. It counts reports: never show it in public.
type Status struct {
	Size   int64 // entries, covers included
	Public int64 // entries the public log shows
	// Backlog is by how many entries reports have outrun the pace. When it does not return to
	// zero within hours, Slot is too long.
	Backlog int64
	Slot    time.Duration // the time in which the public log grows by one entry
}

// Status returns the state of the log.
func (l *Log) Status(ctx context.Context) (Status, error) {
	h, found, err := readHead(ctx, l.DB.Read())
	if err != nil || !found {
		return Status{Slot: l.slot()}, err
	}
	return Status{Size: h.size, Public: h.publicSize, Backlog: max(0, h.size-h.target(l.Now())), Slot: h.slot}, nil
}
