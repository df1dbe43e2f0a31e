// Package group lets callers who come at the same moment share what each would have to wait for alone: a
// transaction, a sync of the disk, a signature.
package group

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hinomi.dev/hinomi/internal/fault"
)

// most bounds a group, and with it how long those wait who come just after it has started.
const most = 64

// A Group collects members while a run is on its way; whoever came meanwhile is in the next run. There
// is no goroutine behind it: the first caller leads, the others wait, and a leader that is done hands
// over to the first who waits.
type Group[T any] struct {
	// Run does what all members came for, or nothing: when it returns an error it has left nothing
	// behind. A single member's own trouble, which need not stop the others, it puts into the member.
	//
	// It runs on the goroutine of one of the members, one run at a time, and its context is nobody's.
	Run func(ctx context.Context, members []T) error

	mu    sync.Mutex
	busy  bool        // somebody leads, or has been told to; mu guards it
	queue []*place[T] // nobody in it has been started; mu guards it
}

// A place is a member in the queue.
type place[T any] struct {
	member T
	wake   chan struct{} // one signal: done, or lead
	leads  bool
	err    error
	panics any
}

// Do takes part in the next run and returns its error.
//
// A context that ends takes the member back while it waits. Once it has been started, Do waits for the
// outcome, because nobody must be told "not done" of what was done.
//
// A run that fails is repeated with each member alone, so that what is wrong with one harms no other. Only what
// will not be better a moment later (fault.Later: the disk is full, the database gone) is everybody's at
// once. A panic comes back from the Do of the member that it is about.
func (g *Group[T]) Do(ctx context.Context, member T) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &place[T]{member: member, wake: make(chan struct{}, 1)}
	if !g.join(p) {
		select {
		case <-p.wake:
		case <-ctx.Done():
			if g.leave(p) {
				return ctx.Err()
			}
			<-p.wake
		}
	}
	if p.leads {
		g.lead(context.WithoutCancel(ctx))
	}
	if p.panics != nil {
		panic(p.panics)
	}
	return p.err
}

// Waiting returns how many members wait to be started.
func (g *Group[T]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}

// join queues a member and reports whether it leads at once.
func (g *Group[T]) join(p *place[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, p)
	p.leads = !g.busy
	g.busy = true
	return p.leads
}

// leave takes a member out that has not been started, and reports whether that was so.
func (g *Group[T]) leave(p *place[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, p)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	if p.leads {
		g.promote()
	}
	return true
}

// promote tells the first who waits to lead. The caller holds mu.
func (g *Group[T]) promote() {
	g.busy = len(g.queue) > 0
	if g.busy {
		g.queue[0].leads = true
		g.queue[0].wake <- struct{}{}
	}
}

// take starts the members at the front of the queue, the leader first.
func (g *Group[T]) take() []*place[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), most)
	started := slices.Clone(g.queue[:n])
	g.queue = slices.Delete(g.queue, 0, n)
	return started
}

var errAbandoned = errors.New("the work was abandoned")

// lead runs the group, hands over and answers everybody. Those whom the run did not come to, because
// runtime.Goexit tore down the leader's goroutine, are told so.
func (g *Group[T]) lead(ctx context.Context) {
	started := g.take()
	for _, p := range started {
		p.err = errAbandoned
	}
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.promote()
		for _, p := range started {
			if !p.leads {
				p.wake <- struct{}{}
			}
		}
	}()
	g.run(ctx, started)
	if len(started) == 1 || started[0].panics == nil && (started[0].err == nil || fault.Is(started[0].err, fault.Later)) {
		return
	}
	for _, p := range started {
		g.run(ctx, []*place[T]{p})
	}
}

// run does one run and tells all that were in it how it ended.
func (g *Group[T]) run(ctx context.Context, started []*place[T]) {
	members := make([]T, len(started))
	for i, p := range started {
		members[i] = p.member
	}
	err := errAbandoned
	defer func() {
		panics := recover()
		for _, p := range started {
			p.err, p.panics = err, panics
		}
	}()
	err = g.Run(ctx, members)
}
