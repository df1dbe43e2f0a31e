package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// resolve finds out what became of the flying message: by an acknowledgement that never came, or because
// somebody else was faster. If it is not stored it is sent again, without what is stored by now.
func (c *committer) resolve(ctx context.Context) error {
	ours, stored, err := c.catchUp(ctx)
	if err != nil {
		return err
	}
	m := c.flying
	if !ours {
		m.drop(stored)
	}
	c.growing.drop(stored)
	switch {
	case ours:
		c.counters.stored(m)
		fallthrough
	case len(m.keys) == 0:
		c.done()
		return nil
	case c.server != nil:
		// Nobody else writes there. After an error of the disk a stream takes nothing more until its
		// server is started again.
		return errors.New("the embedded server does not store what it is sent")
	case m.tries > 1: // two nodes that are in step would meet for ever
		time.Sleep(rand.N(5 * time.Millisecond))
	}
	return c.send()
}

// catchUp reads what stands behind the end as we know it: whether our flying message is there, and which
// keys others have stored that we thought new.
func (c *committer) catchUp(ctx context.Context) (ours bool, stored map[Key]bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	info, err := c.events.Info(ctx)
	if err != nil {
		return false, nil, fmt.Errorf("looking for the end of the event stream: %w", err)
	}
	stored = map[Key]bool{}
	var lines []byte
	for seq := c.end.seq + 1; seq <= info.State.LastSeq; seq++ {
		msg, err := c.events.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			c.end.seq = seq // retention was faster
			continue
		}
		if err != nil {
			return false, nil, fmt.Errorf("reading batch %d: %w", seq, err)
		}
		h, all, err := unpack(msg.Data, lines)
		if err != nil {
			return false, nil, fmt.Errorf("reading batch %d: %w", seq, err)
		}
		lines = all
		c.end = tail{seq: seq, events: h.first + uint64(h.count), bytes: h.bytes + uint64(h.size)}
		if c.flying != nil && h.writer == c.writer && h.own == c.flying.own {
			ours = true
			continue
		}
		c.cfg.Keys(all, func(k Key) {
			if !c.seen.add(k) {
				stored[k] = true
			}
		})
	}
	return ours, stored, nil
}

// recall finds the end of the stream and remembers the ids of its newest events.
func (c *committer) recall(ctx context.Context) error {
	ends, err := c.ends(ctx)
	if err != nil {
		return err
	}
	c.end = ends.last
	c.tallied = c.end
	if ends.empty() {
		return nil
	}
	var first uint64
	if horizon := uint64(c.cfg.Horizon); c.end.events > horizon {
		first = c.end.events - horizon
	}
	from, err := c.search(ctx, ends, func(h head) bool { return h.first+uint64(h.count) > first })
	if err != nil {
		return err
	}
	return c.read(ctx, from, Position(c.end.seq), func(b Batch) error {
		c.cfg.Keys(b.Lines, func(k Key) { c.seen.add(k) })
		return nil
	})
}

// ends are both ends of the stream: what stands before its first batch, and its last.
type ends struct {
	before, last   tail
	oldest, newest head
	stored         uint64 // bytes that all between them takes
}

func (e ends) empty() bool { return e.before.seq == e.last.seq }

// ends reads both ends of the stream.
func (l *link) ends(ctx context.Context) (ends, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	for {
		info, err := l.events.Info(ctx)
		if err != nil {
			return ends{}, fmt.Errorf("looking for the ends of the event stream: %w", err)
		}
		state := info.State
		if state.LastSeq == 0 {
			return ends{}, nil
		}
		if state.Msgs == 0 {
			t, err := l.readTally(ctx)
			t.seq = state.LastSeq
			return ends{before: t, last: t}, err
		}
		first, err := l.head(ctx, state.FirstSeq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // dropped at this moment
		}
		if err != nil {
			return ends{}, err
		}
		last, err := l.head(ctx, state.LastSeq)
		if err != nil {
			return ends{}, err
		}
		return ends{
			before: tail{state.FirstSeq - 1, first.first, first.bytes},
			last:   tail{state.LastSeq, last.first + uint64(last.count), last.bytes + uint64(last.size)},
			oldest: first, newest: last, stored: state.Bytes,
		}, nil
	}
}

// head reads what a batch says of itself.
func (l *link) head(ctx context.Context, seq uint64) (head, error) {
	msg, err := l.events.GetMsg(ctx, seq)
	if err != nil {
		return head{}, fmt.Errorf("reading batch %d: %w", seq, err)
	}
	h, err := readHead(msg.Data)
	if err != nil {
		return head{}, fmt.Errorf("reading batch %d: %w", seq, err)
	}
	return h, nil
}

// search returns the position before the first batch for which enough holds; it holds for all behind that.
func (l *link) search(ctx context.Context, e ends, enough func(head) bool) (Position, error) {
	low, high := e.before.seq, e.last.seq // enough holds for none up to low, and for all behind high
	for low < high {
		middle := low + (high-low)/2 + 1
		h, err := l.head(ctx, middle)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			low = middle // dropped meanwhile
		case err != nil:
			return 0, err
		case enough(h):
			high = middle - 1
		default:
			low = middle
		}
	}
	return Position(low), nil
}

// A tallied is the tally as it is kept.
type tallied struct {
	Batches uint64 `json:"batches"`
	Events  uint64 `json:"events"`
	Bytes   uint64 `json:"bytes"`
}

// keepTally writes how much was ever stored, now and then: when retention has dropped every batch, there is
// none left that says so.
func (c *committer) keepTally(ctx context.Context, pause time.Duration) error {
	now := time.Now() // wall clock: a pause
	if c.tallied == c.end || now.Sub(c.tallyAt) < pause {
		return nil
	}
	text, err := json.Marshal(tallied{c.end.seq, c.end.events, c.end.bytes})
	if err != nil {
		return err
	}
	if _, err := c.js.Publish(ctx, tallySource, text); err != nil {
		// The next second tries again.
		c.cfg.Log.WarnContext(ctx, "the tally of events could not be written", slog.Any("error", err))
		return nil
	}
	c.tallied, c.tallyAt = c.end, now
	return nil
}

// readTally reads the tally; without one it is zero.
func (l *link) readTally(ctx context.Context) (tail, error) {
	msg, err := l.tally.GetLastMsgForSubject(ctx, tallySource)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return tail{}, nil
	}
	if err != nil {
		return tail{}, fmt.Errorf("reading the tally of events: %w", err)
	}
	var t tallied
	if err := json.Unmarshal(msg.Data, &t); err != nil {
		return tail{}, fmt.Errorf("reading the tally of events: %w", err)
	}
	return tail{events: t.Events, bytes: t.Bytes}, nil
}
