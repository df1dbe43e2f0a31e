package app

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"hinomi.dev/hinomi/internal/deadline"
)

// A loop is work that the product does by itself.
type loop struct {
	name  string
	every time.Duration // of the machine's time, also in the demo
	do    func(ctx context.Context) error
}

// loops lists all of them. Each may run on every node at once.
func (a *App) loops() []loop {
	return []loop{
		// The log's public side grows at its slots; looking often keeps it close to them.
		{"growing the log", 5 * time.Second, a.Receipts.Pace},
		{"watching promises", time.Minute, a.watchPromises},
		{"asking for payment data", 10 * time.Minute, a.Payouts.Tick},
		{"following changes", time.Second, a.follow},
		{"following the watch", time.Second, a.followWatch},
		{"sweeping attachments", 6 * time.Hour, a.sweepFiles},
		{"looking again at declarations", 24 * time.Hour, a.refreshParticipants},
		{"finishing withdrawals", time.Hour, a.finishWithdrawals},
		{"sweeping sessions", time.Hour, a.People.Sweep},
		{"forgetting delivered messages", 24 * time.Hour, a.Relay.Forget},
	}
}

// run runs one loop until the context ends. An error is logged and the loop goes on: the next turn
// may find the database back.
func (a *App) run(ctx context.Context, l loop) error {
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	for {
		if err := l.do(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "a loop failed", slog.String("loop", l.name), slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Work runs everything that happens by itself, until the context ends.
func (a *App) Work(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Relay.Run(ctx) })
	g.Go(func() error { return a.Index.Run(ctx) })
	g.Go(func() error { return a.Stream.Run(ctx) })
	g.Go(func() error { return a.Watch.Run(ctx) })
	if a.Config.NATSSubject != "" {
		g.Go(func() error { return a.Stream.Receive(ctx, a.Config.NATSSubject, a.Events.Message) })
	}
	if a.Mails.Sender != nil {
		g.Go(func() error { return a.Mails.Run(ctx) })
	}
	for _, l := range a.loops() {
		g.Go(func() error { return a.run(ctx, l) })
	}
	return g.Wait()
}

// watchPromises puts broken promises on record, once each.
func (a *App) watchPromises(ctx context.Context) error {
	_, err := deadline.Tick(ctx, a.DB, a.Config.Now())
	return err
}

// sweepFiles removes attachments that no report and no draft has: uploads that were cut off, and
// drafts that were discarded. A day is longer than the slowest upload.
func (a *App) sweepFiles(ctx context.Context) error {
	_, err := a.Files.Sweep(ctx, time.Now().Add(-24*time.Hour), func(hash string) (bool, error) {
		kept, err := a.Reports.Kept(ctx, hash)
		if kept || err != nil {
			return kept, err
		}
		return a.Participants.PhotoKept(ctx, hash)
	})
	return err
}

// refreshParticipants finds who has become ready, or is no longer: birthdays pass, sanctions change.
func (a *App) refreshParticipants(ctx context.Context) error {
	_, err := a.Participants.Refresh(ctx)
	return err
}

// finishWithdrawals lets those go who asked to and were held by an open report.
func (a *App) finishWithdrawals(ctx context.Context) error {
	_, err := a.Participants.FinishWithdrawals(ctx)
	return err
}
