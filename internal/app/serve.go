package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hinomi.dev/hinomi/internal/api"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/web"
)

// Serve answers requests on ln and does what happens by itself, until the context ends. Then it
// lets running requests finish, for ten seconds.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	_, err := deadline.Correct(ctx, a.DB, a.Config.Now()) // bank days may have changed with this binary
	if err := errors.Join(err, a.Receipts.Pace(ctx), a.followFromHere(ctx)); err != nil {
		return errors.Join(err, ln.Close()) // a log that cannot grow must not take reports
	}
	server := &http.Server{
		Handler:           a.handler(),
		ReadHeaderTimeout: 10 * time.Second, // the body has its own limits, by route
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Work(ctx) })
	g.Go(func() error {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		a.Pages.Live.Close() // open streams would never finish
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(end)
	})
	return g.Wait()
}

// handler puts the pages and the API under one roof.
func (a *App) handler() http.Handler {
	machines := &api.Server{
		Program: a.Program, People: a.People, Participants: a.Participants, Reports: a.Reports, Awards: a.Awards, Payouts: a.Payouts, Receipts: a.Receipts,
		Files: a.Files, Mails: a.Mails, Audit: a.Audit, Limits: a.Limits, Events: a.Events,
		Now: a.Config.Now, Log: a.Log, Origin: a.Config.Origin, Registry: a.Metrics,
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", machines.Handler())
	mux.Handle("/", a.Pages.Handler())
	return mux
}

// follow tells open pages what changed, by following the audit trail: every change is there,
// whichever node made it. The desk hears of every change, a reporter of those that they are shown.
func (a *App) follow(ctx context.Context) error {
	rows, err := a.DB.Read().QueryContext(ctx, `
		SELECT seq, subject, detail
		FROM audit
		WHERE seq > $1 AND outcome = 'done'
		ORDER BY seq
		LIMIT 500`, a.followed)
	if err != nil {
		return fmt.Errorf("following changes: %w", err)
	}
	defer rows.Close()
	changed := false
	for rows.Next() {
		var subject, detail string
		if err := rows.Scan(&a.followed, &subject, &detail); err != nil {
			return fmt.Errorf("following changes: %w", err)
		}
		changed = true
		if subject == "" {
			continue
		}
		a.Pages.Live.Changed(web.CaseTopic(subject))
		if strings.Contains(detail, `"`+audit.Shown+`":true`) {
			a.Pages.Live.Changed(web.ReportTopic(subject))
		}
	}
	if changed {
		a.Pages.Live.Changed("queue")
		a.Pages.Live.Changed("alerts") // a mark
	}
	return rows.Err()
}

// followFromHere skips what happened before this process started: no page was open then.
func (a *App) followFromHere(ctx context.Context) error {
	err := a.DB.Read().QueryRowContext(ctx, `SELECT seq FROM audit_head WHERE id = 1`).Scan(&a.followed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
