package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"hinomi.dev/hinomi/internal/app"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/demo"
	"hinomi.dev/hinomi/internal/web"
)

// demoCommand runs a desk in the middle of its year.
type demoCommand struct {
	Data     string `env:"HINOMI_DATA" default:"data/demo" placeholder:"DIR" help:"Directory of the demo; an empty one is filled (${env}, ${default})."`
	Database string `env:"HINOMI_DATABASE" placeholder:"URL" help:"postgres:// URL; without it SQLite in the data directory (${env})."`
	serving
}

// Run fills an empty data directory, or goes on in one that it has filled, and serves it until the
// context ends.
func (c *demoCommand) Run(ctx context.Context, s *Streams) error {
	clock := demo.NewClock(demo.Start)
	player := &demo.Player{Clock: clock}
	a, err := app.Open(ctx, app.Config{
		Addr: c.Addr, Origin: c.Origin, DataDir: c.Data, Database: c.Database,
		MailFrom: "desk@demo.hinomi.example", Demo: true, Now: clock.Now, Received: player.Now,
	}, slog.New(slog.NewJSONHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	people, err := fillDemo(ctx, a, clock)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	a.Pages.DemoPeople = func(context.Context) ([]web.DemoPerson, error) { return people, nil }
	clock.Run()
	printDemo(s.Out, a.Config.Origin, clock.Now(), people)
	return playWhile(ctx, a, player, func(ctx context.Context) error { return serve(ctx, s, a) })
}

// playWhile plays the incidents of the demo while it is served.
func playWhile(ctx context.Context, a *app.App, player *demo.Player, serve func(context.Context) error) error {
	player.Watch, player.Stream, player.Log = a.Watch, a.Stream, a.Log
	if err := player.Prepare(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	incidents := demo.Incidents()
	a.Pages.DemoPlaying = func() web.Playing {
		fed, of := player.Progress()
		return web.Playing{Incidents: incidents, Fed: fed, Of: of}
	}
	ctx, cancel := context.WithCancel(ctx)
	played := make(chan struct{})
	go func() {
		defer close(played)
		if err := player.Play(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "playing the incidents", slog.Any("error", err)) // the desk works without them
		}
	}()
	err := serve(ctx)
	cancel()
	<-played
	return err
}

// fillDemo fills the demo, if nobody has, and sets the clock to where it goes on.
func fillDemo(ctx context.Context, a *app.App, clock *demo.Clock) ([]web.DemoPerson, error) {
	// A reader's authenticator app shows the codes of the reader's own day.
	a.People.Codes = time.Now
	defer hurry()()
	in, err := demo.Fill(ctx, demo.Nouns{
		DB: a.DB, Audit: a.Audit, People: a.People, Participants: a.Participants, Reports: a.Reports, Awards: a.Awards,
		Receipts: a.Receipts, Mails: a.Mails, Relay: a.Relay,
	}, clock)
	if err != nil {
		return nil, err
	}
	at, err := demo.Resume(ctx, a.Audit)
	if err != nil {
		return nil, err
	}
	clock.Set(at)
	people := make([]web.DemoPerson, len(in))
	for i, p := range in {
		people[i] = web.DemoPerson{ID: p.Person, Name: p.Name, Mail: p.Mail, Role: p.Role, Does: p.Does, Password: p.Password, Secret: p.Secret}
	}
	return people, nil
}

// hurry sets the process up for the filling, which leaves little behind of what it needs, and returns what
// sets it back.
func hurry() (back func()) {
	garbage := debug.SetGCPercent(400)
	return func() {
		debug.SetGCPercent(garbage)
		go debug.FreeOSMemory() // what the filling left behind, while the first page is asked for
	}
}

// printDemo says where to go and who to be.
func printDemo(out io.Writer, origin string, now time.Time, people []web.DemoPerson) {
	fmt.Fprintf(out, "It is %s in Tokyo. Open %s/demo and pick who to be; or sign in by hand:\n\n",
		now.In(calendar.JST).Format("Monday, 2 January 2006, 15:04"), origin)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "role\tmail\tpassword\tauthenticator secret")
	for _, p := range people {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Role, p.Mail, p.Password, p.Secret)
	}
	_ = w.Flush() // what a terminal does not take, nobody reads
	fmt.Fprintln(out)
}
