package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A tail is the end of the stream as its writer knows it.
type tail struct {
	seq    uint64
	events uint64 // ever
	bytes  uint64 // of lines, ever
}

// A committer appends messages to the stream, one after the other. While one is on its way the next
// one grows.
type committer struct {
	*Stream
	*link
	writer uint64
	own    uint64 // the last number it gave to a message
	end    tail
	acks   chan *nats.Msg
	inbox  string

	flying  *message // sent and not acknowledged; nil when there is none
	growing *message
	held    *waiting // did not fit into growing
	spare   []*message
	tallied tail
	tallyAt time.Time // when it was last written
	checked time.Time // when the room on the disk was looked at
}

// Run works until the context ends: it opens the stream, remembers the newest ids, and stores what is
// published. Trouble is logged, and it begins anew.
func (s *Stream) Run(ctx context.Context) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		began := time.Now() // wall clock: for the pause between tries
		if err := s.session(ctx); ctx.Err() == nil {
			s.cfg.Log.ErrorContext(ctx, "the event stream stands still", slog.Any("error", err))
		}
		if time.Since(began) > time.Minute { // wall clock: as began
			wait = 100 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// session works with one link until that breaks.
func (s *Stream) session(ctx context.Context) (err error) {
	l, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		s.link.set(nil)
		err = errors.Join(err, l.close())
	}()
	if err := l.makeStreams(ctx, s.cfg); err != nil {
		return err
	}
	c := &committer{Stream: s, link: l, writer: rand.Uint64(), acks: make(chan *nats.Msg, 64), inbox: l.conn.NewRespInbox(), growing: &message{}}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	s.link.set(l)
	defer c.leave()
	return c.run(ctx)
}

// prepare finds the end of the stream, and remembers the ids that stand there.
func (c *committer) prepare(ctx context.Context) error {
	if _, err := c.conn.ChanSubscribe(c.inbox+".*", c.acks); err != nil {
		return fmt.Errorf("listening for acknowledgements: %w", err)
	}
	c.seen = seen{horizon: c.cfg.Horizon}
	return c.recall(ctx)
}

// leave answers those whose events are on their way: nobody knows whether they are stored.
func (c *committer) leave() {
	for _, m := range []*message{c.flying, c.growing} {
		if m != nil {
			m.answer(errUnknown)
		}
	}
	if c.held != nil {
		c.held.done <- answer{err: errStopped}
		c.Stream.waiting.Add(-int64(len(c.held.Lines)))
	}
}

// run is the loop: what comes is added to the growing message, and sent when nothing is on its way.
func (c *committer) run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		parcels := c.parcels
		if c.held != nil {
			parcels = nil // the growing message is full
		}
		select {
		case w := <-parcels:
			c.take(w)
		case m := <-c.acks:
			if err := c.acknowledged(ctx, m); err != nil {
				return err
			}
		case <-tick.C:
			if err := c.watch(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return c.finish()
		}
		for c.flying == nil && len(c.growing.waiters) > 0 {
			c.gather()
			if err := c.launch(); err != nil {
				return err
			}
		}
	}
}

// take adds a parcel to the growing message, and the ones behind it while there are any.
func (c *committer) take(w *waiting) {
	for {
		if !c.growing.fits(w.Parcel) {
			c.held = w
			c.growing.pack() // while the message before is on its way
			return
		}
		w.mu.Lock()
		if !w.gone {
			c.growing.add(w, &c.seen)
		}
		c.Stream.waiting.Add(-int64(len(w.Lines)))
		w.mu.Unlock()
		select {
		case w = <-c.parcels:
		default:
			return
		}
	}
}

// gather lets those who are about to publish do so before the message leaves: under load every message that
// is saved is time for them, and without load there is nobody to wait for.
func (c *committer) gather() {
	for i := 0; i < 16 && c.held == nil; i++ { // 16: a bound, not a figure
		runtime.Gosched()
		select {
		case w := <-c.parcels:
			c.take(w)
		default:
			return
		}
	}
}

// launch sends the growing message, and begins the next one with the parcel that did not fit.
func (c *committer) launch() error {
	m := c.growing
	c.growing = &message{}
	if n := len(c.spare); n > 0 {
		c.growing, c.spare = c.spare[n-1], c.spare[:n-1]
	}
	c.own++
	m.own = c.own
	c.flying = m
	err := c.room()
	switch {
	case err != nil:
		c.fail(err)
	case len(m.keys) == 0: // all of it is known: nothing to store
		c.done()
	default:
		if err := c.send(); err != nil {
			return err
		}
	}
	if w := c.held; w != nil {
		c.held = nil
		c.take(w)
	}
	return nil
}

// send appends the flying message, behind the end of the stream as we know it and nowhere else.
func (c *committer) send() error {
	m := c.flying
	m.pack()
	m.rebase(c.end, c.writer)
	m.tries++
	m.sent = time.Now() // wall clock: an answer is waited for in real time
	err := c.conn.PublishMsg(&nats.Msg{
		Subject: subject, Reply: c.inbox + "." + strconv.FormatUint(m.own, 36) + "-" + strconv.Itoa(m.tries), Data: m.packed,
		Header: nats.Header{jetstream.ExpectedLastSeqHeader: {strconv.FormatUint(c.end.seq, 10)}},
	})
	if err != nil {
		return fmt.Errorf("sending events: %w", err)
	}
	return nil
}

// An ack is what JetStream says of an appended message.
type ack struct {
	Seq   uint64
	Error *struct {
		Code        int
		ErrCode     int `json:"err_code"`
		Description string
	}
}

// Errors of JetStream that say that another message stands where ours should.
const (
	wrongLastSequence = 10071
	wrongLastConstant = 10164
)

// acknowledged hears what became of the flying message.
func (c *committer) acknowledged(ctx context.Context, reply *nats.Msg) error {
	m := c.flying
	if m == nil || !strings.HasSuffix(reply.Subject, "."+strconv.FormatUint(m.own, 36)+"-"+strconv.Itoa(m.tries)) {
		return nil // of an earlier try: it was settled since
	}
	var a ack
	if status := reply.Header.Get("Status"); status != "" {
		return fmt.Errorf("storing events: the server answers %s", status) // nobody serves the stream
	}
	if err := json.Unmarshal(reply.Data, &a); err != nil {
		return fmt.Errorf("reading an acknowledgement: %w", err)
	}
	switch {
	case a.Error == nil && a.Seq == c.end.seq+1:
		c.stored()
		return nil
	case a.Error == nil:
		return fmt.Errorf("storing events: batch %d was stored as %d", c.end.seq+1, a.Seq)
	case a.Error.ErrCode == wrongLastSequence || a.Error.ErrCode == wrongLastConstant:
		return c.resolve(ctx)
	}
	c.cfg.Log.ErrorContext(ctx, "events could not be stored", slog.String("text", a.Error.Description), slog.Int("code", a.Error.ErrCode))
	c.fail(errStopped.Because(errors.New(a.Error.Description)))
	_, _, err := c.catchUp(ctx) // it may stand there all the same, cut short by the disk
	return err
}

// stored answers those whose events are durable now.
func (c *committer) stored() {
	m := c.flying
	c.end = tail{seq: c.end.seq + 1, events: c.end.events + uint64(len(m.keys)), bytes: c.end.bytes + uint64(len(m.raw))}
	c.counters.stored(m)
	c.done()
}

// done answers those whose events are durable, or were before.
func (c *committer) done() {
	for _, w := range c.flying.waiters {
		c.counters.repeated.Add(uint64(w.Repeated))
	}
	c.flying.answer(nil)
	c.settle()
}

// settle puts the flying message away.
func (c *committer) settle() {
	if c.flying.reset(); len(c.spare) < 2 {
		c.spare = append(c.spare, c.flying)
	}
	c.flying = nil
}

// fail answers that nothing was stored. The growing message fails as well: what it calls repeated
// may be what has just failed.
func (c *committer) fail(err error) {
	for _, m := range []*message{c.flying, c.growing} {
		for _, k := range m.keys {
			c.seen.remove(k)
		}
		c.counters.refused.Add(uint64(len(m.waiters)))
		m.answer(err)
		m.reset()
	}
	c.settle()
}

// watch looks after a message that nobody has answered for, and after a server that gave up.
func (c *committer) watch(ctx context.Context) error {
	if !c.works() {
		return errors.New("the embedded server has stopped")
	}
	if c.flying != nil && time.Since(c.flying.sent) > patience { // wall clock: as sent
		return c.resolve(ctx)
	}
	return c.keepTally(ctx, 10*time.Second)
}

// finish waits for the message on its way, for a moment: the product stops.
func (c *committer) finish() error {
	end := time.After(time.Second)
	for c.flying != nil {
		select {
		case m := <-c.acks:
			if err := c.acknowledged(context.Background(), m); err != nil {
				return err
			}
		case <-end:
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return c.keepTally(ctx, 0)
}

// room refuses everything while the disk of the embedded server is nearly full. Looking costs a
// microsecond; once in a hundred milliseconds is enough for a reserve of this size.
func (c *committer) room() error {
	now := time.Now() // wall clock: the disk fills in real time
	if c.server == nil || now.Sub(c.checked) < 100*time.Millisecond {
		return nil
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(c.cfg.Dir, &fs); err != nil {
		return errStopped.Because(err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < uint64(c.cfg.Reserve) {
		return errNoRoom.Because(fmt.Errorf("%d bytes are free, %d are the reserve", free, c.cfg.Reserve))
	}
	c.checked = now
	return nil
}
