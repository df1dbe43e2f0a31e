package watch

import (
	"context"
	"runtime"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/stream"
)

// A chunk is a batch of the stream on its way into an engine.
type chunk struct {
	batch    *detect.Batch
	lines    []byte
	decoded  chan struct{} // receives when batch is filled
	position stream.Position
	seen     uint64 // events of the stream up to its end
	count    int
	missed   uint64
	from     time.Time // when its first event was received
	until    time.Time // when its last was
}

// A pump brings batches of the stream, decoded on all processors, in their order.
type pump struct {
	out  chan *chunk // closed at the end
	free chan *chunk
	err  error // why it ended; good when out is closed
}

// newPump begins to read with read, for an engine. It ends with the context, or when read does.
func newPump(ctx context.Context, e *detect.Engine, read func(ctx context.Context, fn func(stream.Batch) error) error) *pump {
	workers := runtime.GOMAXPROCS(0)
	p := &pump{out: make(chan *chunk, 2*workers), free: make(chan *chunk, 4*workers)}
	for range cap(p.free) {
		p.free <- &chunk{batch: e.NewBatch(), decoded: make(chan struct{}, 1)}
	}
	work := make(chan *chunk, cap(p.free))
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for c := range work {
				c.batch.Reset()
				c.batch.Position = uint64(c.position)
				c.batch.AddLines(c.lines)
				c.decoded <- struct{}{}
			}
		})
	}
	go func() {
		p.err = read(ctx, func(b stream.Batch) error {
			select {
			case c := <-p.free:
				c.fill(b)
				work <- c // there is room for all
				select {
				case p.out <- c:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		close(work)
		all.Wait()
		close(p.out)
	}()
	return p
}

// fill copies a batch: its memory is the stream's.
func (c *chunk) fill(b stream.Batch) {
	c.lines = append(append(c.lines[:0], b.Lines...), make([]byte, event.Slack)...)
	c.position, c.seen, c.count, c.missed, c.from, c.until = b.Position, b.First+uint64(b.Count), b.Count, b.Missed, b.From, b.Until
}

// next returns the next chunk, decoded, or nil at the end. It is given back with done.
func (p *pump) next() *chunk {
	c, ok := <-p.out
	if !ok {
		return nil
	}
	<-c.decoded
	return c
}

func (p *pump) done(c *chunk) { p.free <- c }

// drain waits for the end, after the context has ended, so that nothing reads any more.
func (p *pump) drain() {
	for c := range p.out {
		<-c.decoded
		p.done(c)
	}
}

// between reads the stream from one position to another.
func (w *Watch) between(after, until stream.Position) func(ctx context.Context, fn func(stream.Batch) error) error {
	return func(ctx context.Context, fn func(stream.Batch) error) error {
		return w.Stream.Read(ctx, after, until, fn)
	}
}

// each reads a part of the stream into an engine, and calls fn after each batch with the alerts that are certain
// then. They are good until fn returns.
func each(ctx context.Context, e *detect.Engine, read func(ctx context.Context, fn func(stream.Batch) error) error, fn func(*chunk, []detect.Alert) error) error {
	ctx, cancel := context.WithCancel(ctx)
	p := newPump(ctx, e, read)
	defer func() {
		cancel()
		p.drain()
	}()
	for c := p.next(); c != nil; c = p.next() {
		err := fn(c, e.Take(c.batch))
		p.done(c)
		if err != nil {
			return err
		}
	}
	return p.err
}
