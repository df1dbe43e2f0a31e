package watch

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
)

// How the loop behaves.
const (
	// idleTime without an event is when all that waits is judged: longer than the pauses of a stream that
	// comes, short for a person.
	idleTime = 25 * time.Millisecond
	// commitPause is between two commits, so that a flood of alerts is written in few transactions.
	commitPause = 100 * time.Millisecond
	// maxPending is how many alerts wait for a commit before no more events are judged.
	maxPending = 5000
	// A snapshot is written after so long, or so many events, whichever comes first: a start reads them again.
	snapshotTime   = time.Minute
	snapshotEvents = 20_000_000
	// snapshotShare is how much of the time may go into snapshots, as one part of so many.
	snapshotShare = 20
	keptMinutes   = 61
)

// A turn is the watch while this node has the lease. It belongs to one goroutine.
type turn struct {
	*Watch
	epoch     int64
	begun     bool
	base      stream.Position
	committed stream.Position // all alerts up to here are stored

	engine   *detect.Engine
	set      *rule.Set         // of the engine
	rules    *ruleset          // what is wanted
	followed int64             // the newest generation of the rules that the engine had all of
	running  map[string]string // the digests of the engine's rules, by name
	lateness time.Duration     // of the engine
	known    []stream.Position // marks of the time before, not applied yet
	recovery bool              // up to committed everything is known

	position stream.Position // up to here the engine was given events
	seen     uint64
	received time.Time
	waits    bool // there are events since the engine judged all
	missed   uint64
	minutes  []int
	minute   int64

	pending commit
	flying  bool // a commit is on its way
	commits chan commit
	answers chan error
	at      time.Time // when the last commit left

	snapshots snapshots
	replay    *replay
	retry     time.Time // when a replay that failed is tried again
	pump      *pump
	unpump    context.CancelFunc
}

// run follows the stream from where recover has left it.
func (t *turn) run(ctx context.Context) error {
	limited, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	t.commits, t.answers = make(chan commit, 1), make(chan error, 1)
	go t.write(limited)
	defer close(t.commits)
	defer func() { t.stopReplaying() }()
	t.follow(ctx)
	defer func() { t.unfollow() }()
	err := t.loop(ctx)
	if ctx.Err() == nil {
		return err
	}
	// The product stops. The next start has less to read; a database that does not answer is not waited for.
	defer time.AfterFunc(3*time.Second, cancel).Stop()
	if t.recovery {
		return nil
	}
	return t.snapshot()
}

// loop takes what comes until the context ends.
func (t *turn) loop(ctx context.Context) error {
	idle, soon, tick := time.NewTimer(idleTime), time.NewTimer(idleTime), time.NewTicker(time.Second)
	defer idle.Stop()
	defer soon.Stop()
	defer tick.Stop()
	for {
		out := t.pump.out
		if len(t.pending.alerts) >= maxPending && t.flying {
			out = nil // the stream keeps what comes
		}
		select {
		case c, ok := <-out:
			if !ok {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return fmt.Errorf("following the event stream: %w", t.pump.err)
			}
			<-c.decoded
			t.take(c)
			t.pump.done(c)
			idle.Reset(idleTime)
		case <-idle.C:
			t.idle()
		case <-soon.C: // for a commit
		case err := <-t.answers:
			if t.flying = false; err != nil {
				return err
			}
		case <-tick.C:
			if err := t.tick(ctx); err != nil {
				return err
			}
		case <-t.live.changes():
			if err := t.look(ctx); err != nil {
				return err
			}
		case r := <-t.replay.ended():
			if err := t.joinReplay(ctx, r); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		t.commitSoon(soon)
	}
}

// take gives a chunk to the engine.
func (t *turn) take(c *chunk) {
	for len(t.known) > 0 && t.known[0] < c.position {
		t.applyMark()
	}
	if c.missed > 0 && t.position > 0 {
		t.missed += c.missed
		t.Log.Warn("events were dropped before they were judged", slog.Uint64("batches", c.missed))
	}
	alerts := t.engine.Take(c.batch)
	t.position, t.seen, t.received, t.waits = c.position, c.seen, c.until, true
	t.count(c.count)
	if !t.recovery || c.position > t.committed {
		t.recovery = false
		t.keep(alerts)
	}
}

// applyMark judges what waited, as it was done before; the alerts are stored already.
func (t *turn) applyMark() {
	t.known = t.known[1:]
	t.engine.Judge()
	t.waits = false
}

// idle judges what waits, because nothing comes.
func (t *turn) idle() {
	for len(t.known) > 0 && t.known[0] <= t.position {
		t.applyMark()
	}
	if !t.waits || t.recovery && t.position < t.committed {
		return
	}
	t.recovery = false
	t.judge()
}

// judge judges what waits, and notes where.
func (t *turn) judge() {
	t.keep(t.engine.Judge())
	t.waits = false
	t.pending.marks = append(t.pending.marks, t.position)
}

// keep takes alerts into the next commit.
func (t *turn) keep(alerts []detect.Alert) {
	for i := range alerts {
		f := made(&alerts[i])
		f.Position = stream.Position(alerts[i].Position)
		f.Replayed = f.Position <= t.base
		f.Shadow = t.rules.state(alerts[i].Rule.File) == Shadow
		t.pending.alerts = append(t.pending.alerts, f)
	}
}

// count counts events by minute of the machine's clock.
func (t *turn) count(n int) {
	minute := time.Now().Unix() / 60 // wall clock: a rate
	if t.minute == 0 {
		t.minute, t.minutes = minute, []int{0}
	}
	for ; t.minute < minute; t.minute++ {
		if t.minutes = append(t.minutes, 0); len(t.minutes) > keptMinutes {
			t.minutes = t.minutes[1:]
		}
		if minute-t.minute > keptMinutes {
			t.minute = minute - keptMinutes
		}
	}
	t.minutes[len(t.minutes)-1] += n
}

// tick does what is to be done once in a second.
func (t *turn) tick(ctx context.Context) error {
	t.count(0)
	f := t.figure()
	t.live.set(&f)
	if t.recovery {
		return t.renew(ctx)
	}
	if err := t.look(ctx); err != nil {
		return err
	}
	if time.Since(t.at) >= leaseRenew || t.position != t.pending.position { // wall clock: a lease
		t.pending.due = true
	}
	if t.snapshots.due(t.seen) || t.often {
		return t.snapshot()
	}
	return nil
}

// figure returns how the engine is.
func (t *turn) figure() Figures {
	f := Figures{
		At: t.Now().UTC(), Position: t.position, Seen: t.seen, Received: t.received, Events: t.engine.Stats.Events, Late: t.engine.Stats.Late,
		Bad: t.engine.Stats.Bad, Missed: t.missed, Minutes: append([]int(nil), t.minutes...), Rules: map[string]RuleFigures{}, Replay: t.replay.progress(),
	}
	if len(t.fresh()) == 0 {
		t.followed = t.rules.generation
	}
	f.Change = t.followed
	for _, g := range t.engine.Figures() {
		if g.Rule.Generate {
			f.Rules[g.Rule.Name] = RuleFigures{g.Rule.Digest, g.Matched, g.Keys, g.Bytes}
		}
	}
	return f
}

// follow begins to read the stream behind the engine's position.
func (t *turn) follow(ctx context.Context) {
	ctx, t.unpump = context.WithCancel(ctx)
	after := t.position
	t.pump = newPump(ctx, t.engine, func(ctx context.Context, fn func(stream.Batch) error) error { return t.Stream.Follow(ctx, after, fn) })
}

// unfollow ends the reading. What was read and not taken is read again.
func (t *turn) unfollow() {
	t.unpump()
	t.pump.drain()
}
