package stream

import (
	"context"
	"sync/atomic"
	"time"
)

// counters are what this process has done, since its start.
type counters struct {
	accepted, repeated, batches, bytes, packed, refused atomic.Uint64
}

func (c *counters) stored(m *message) {
	c.batches.Add(1)
	c.accepted.Add(uint64(len(m.keys)))
	c.bytes.Add(uint64(len(m.raw)))
	c.packed.Add(uint64(len(m.packed)))
}

// Figures are what this process has done since its start, and what waits.
type Figures struct {
	Accepted uint64 // events stored
	Repeated uint64 // events known already
	Batches  uint64 // messages stored
	Bytes    uint64 // of the lines stored
	Packed   uint64 // bytes that they take in the stream
	Refused  uint64 // parcels told to come later
	Queued   int    // parcels waiting
	Waiting  int64  // bytes of lines waiting
}

// Figures returns what this process has done. It asks nobody.
func (s *Stream) Figures() Figures {
	c := &s.counters
	return Figures{
		Accepted: c.accepted.Load(), Repeated: c.repeated.Load(), Batches: c.batches.Load(), Bytes: c.bytes.Load(), Packed: c.packed.Load(),
		Refused: c.refused.Load(), Queued: len(s.parcels), Waiting: s.waiting.Load(),
	}
}

// Stats are what the stream holds, and what it held.
type Stats struct {
	Batches uint64 // kept
	Events  uint64 // in them
	Bytes   uint64 // of their lines
	Stored  uint64 // bytes that they take
	// First is the position before the oldest batch, Last the one behind the newest.
	First, Last Position
	// Oldest is when the oldest event kept was received, Newest when the newest was; zero without any.
	Oldest, Newest time.Time
	// Dropped is what retention has removed.
	Dropped struct{ Batches, Events, Bytes uint64 }
	// MaxAge and MaxBytes are what is kept at most.
	MaxAge   time.Duration
	MaxBytes int64
}

// Stats reads the state of the stream.
func (s *Stream) Stats(ctx context.Context) (Stats, error) {
	l, err := s.link.wait(ctx)
	if err != nil {
		return Stats{}, err
	}
	e, err := l.ends(ctx)
	if err != nil {
		return Stats{}, err
	}
	st := Stats{
		Batches: e.last.seq - e.before.seq, Events: e.last.events - e.before.events, Bytes: e.last.bytes - e.before.bytes,
		Stored: e.stored, First: Position(e.before.seq), Last: Position(e.last.seq),
		MaxAge: s.cfg.MaxAge, MaxBytes: s.cfg.MaxBytes,
	}
	st.Dropped.Batches, st.Dropped.Events, st.Dropped.Bytes = e.before.seq, e.before.events, e.before.bytes
	if !e.empty() {
		st.Oldest, st.Newest = time.UnixMicro(e.oldest.from).UTC(), time.UnixMicro(e.newest.until).UTC()
	}
	return st, nil
}
