package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hinomi.dev/hinomi/internal/fault"
)

// A Position is a place in the stream: behind the batch of this number. Zero is the beginning. It is good
// for ever, on every node, and a greater one is later.
type Position uint64

// A Batch is events as they were stored together.
type Batch struct {
	Position Position // behind it: where reading goes on
	First    uint64   // the number of its first event, counted from the first ever stored
	Count    int      // of its events
	Missed   uint64   // batches that were to come before it, and that retention has dropped
	// From and Until are when its first and its last event were received.
	From, Until time.Time
	// Lines are its events, one a line, each with its newline. They are good until the function that
	// was given them returns. Behind them, within the capacity, stand 64 zero bytes.
	Lines []byte
}

// Read calls fn for every batch behind after, in order, up to until or to what is the end when it begins,
// whichever comes first. It returns the first error of fn, as it is.
func (s *Stream) Read(ctx context.Context, after, until Position, fn func(Batch) error) error {
	l, err := s.link.wait(ctx)
	if err != nil {
		return err
	}
	return l.read(ctx, after, until, fn)
}

// Batch returns the batch before a position, which is where the position is told. A batch that is not there, because
// retention has dropped it, is a fault.NotFound.
func (s *Stream) Batch(ctx context.Context, at Position) (Batch, error) {
	l, err := s.link.wait(ctx)
	if err != nil {
		return Batch{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	msg, err := l.events.GetMsg(ctx, uint64(at))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Batch{}, errDropped
	}
	if err != nil {
		return Batch{}, fmt.Errorf("reading batch %d: %w", at, err)
	}
	h, lines, err := unpack(msg.Data, nil)
	if err != nil {
		return Batch{}, fmt.Errorf("reading batch %d: %w", at, err)
	}
	return h.batch(at, lines), nil
}

var errDropped = fault.New(fault.NotFound, "These events are older than what is kept of the stream.", "このイベントは保存期間を過ぎたため、ストリームに残っていません。")

// batch returns a batch as readers see it.
func (h head) batch(at Position, lines []byte) Batch {
	return Batch{Position: at, First: h.first, Count: h.count, Lines: lines, From: time.UnixMicro(h.from).UTC(), Until: time.UnixMicro(h.until).UTC()}
}

// Follow calls fn for every batch behind after, in order, and for those that come, until the context ends.
// It waits while the stream stands still. It returns the first error of fn, as it is.
func (s *Stream) Follow(ctx context.Context, after Position, fn func(Batch) error) error {
	for {
		l, err := s.link.wait(ctx)
		if err != nil {
			return ctx.Err()
		}
		var stop error
		err = l.deliver(ctx, after, func(b Batch) error {
			if stop = fn(b); stop == nil {
				after = b.Position
			}
			return stop
		})
		if stop != nil || ctx.Err() != nil {
			return errors.Join(stop, ctx.Err())
		}
		s.cfg.Log.WarnContext(ctx, "following the event stream begins anew", slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// At returns a position before all events that were received at t or later. It may lie a second earlier:
// requests that arrive together are not stored in the very order of their arrival.
func (s *Stream) At(ctx context.Context, t time.Time) (Position, error) {
	l, err := s.link.wait(ctx)
	if err != nil {
		return 0, err
	}
	e, err := l.ends(ctx)
	if err != nil {
		return 0, err
	}
	return l.search(ctx, e, func(h head) bool { return h.until >= t.Add(-time.Second).UnixMicro() })
}

var errEnd = errors.New("the end was reached")

func (l *link) read(ctx context.Context, after, until Position, fn func(Batch) error) error {
	e, err := l.ends(ctx)
	if err != nil {
		return err
	}
	until = min(until, Position(e.last.seq))
	if until <= after || until <= Position(e.before.seq) {
		return nil
	}
	err = l.deliver(ctx, after, func(b Batch) error {
		if b.Position <= until {
			if err := fn(b); err != nil {
				return err
			}
		}
		if b.Position >= until {
			return errEnd
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

// What a reader fetches ahead: enough for a fast one not to wait, little enough to hold.
const (
	aheadMessages = 256
	aheadBytes    = 4 << 20
)

// deliver calls fn for the batches behind after until it returns an error or the link breaks.
func (l *link) deliver(ctx context.Context, after Position, fn func(Batch) error) error {
	c, err := l.js.OrderedConsumer(ctx, streamName, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: uint64(after) + 1,
	})
	if err != nil {
		return fmt.Errorf("reading the event stream: %w", err)
	}
	messages, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(aheadMessages, aheadBytes))
	if err != nil {
		return fmt.Errorf("reading the event stream: %w", err)
	}
	defer messages.Stop()
	var lines []byte
	for {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("reading the event stream: %w", err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("reading the event stream: %w", err)
		}
		h, all, err := unpack(msg.Data(), lines)
		if err != nil {
			return fmt.Errorf("reading batch %d: %w", meta.Sequence.Stream, err)
		}
		lines = all
		b := h.batch(Position(meta.Sequence.Stream), all)
		b.Missed = meta.Sequence.Stream - uint64(after) - 1
		if b.Position <= after {
			continue // told again after a break
		}
		after = b.Position
		if err := fn(b); err != nil {
			return err
		}
	}
}
