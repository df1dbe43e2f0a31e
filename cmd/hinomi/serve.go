package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"

	"hinomi.dev/hinomi/internal/app"
	"hinomi.dev/hinomi/internal/demo"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

// serving is where to answer, for serve and demo alike.
type serving struct {
	Addr   string `env:"HINOMI_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to listen (${env}, ${default})."`
	Origin string `env:"HINOMI_ORIGIN" placeholder:"URL" help:"Where people reach us, such as https://bounty.example; without it http://localhost and the port (${env})."`
}

// serveCommand runs a node of the desk.
type serveCommand struct {
	storage
	serving

	Terms           string        `env:"HINOMI_TERMS" placeholder:"DIR" help:"Directory with the program's own terms; without it the ones that ship (${env})."`
	LogName         string        `env:"HINOMI_LOG_NAME" placeholder:"NAME" help:"The name the transparency log signs under; it never changes. Without it the host of the origin and /log (${env})."`
	SMTP            string        `env:"HINOMI_SMTP" placeholder:"URL" help:"Where mail goes out, such as smtp://user:password@mail.example:587; without it mail stays queued (${env})."`
	MailFrom        string        `env:"HINOMI_MAIL_FROM" placeholder:"ADDRESS" help:"The address mail comes from (${env})."`
	Bounces         string        `env:"HINOMI_BOUNCES" placeholder:"ADDRESS" help:"The address bounces go to; without it where mail comes from (${env})."`
	Originator      string        `env:"HINOMI_ORIGINATOR" placeholder:"FILE" help:"Who pays: the operator's bank and account as JSON; without it no payment run can be locked (${env})."`
	RateSource      string        `env:"HINOMI_RATE_SOURCE" placeholder:"TEXT" help:"Whose exchange rates are imported and which kind, such as 'Mizuho Bank, TTM': participants read it (${env})."`
	PaymentDays     string        `env:"HINOMI_PAYMENT_DAYS" enum:"extended,strict" default:"extended" help:"Whether a last day for payment details that is no bank day moves to the next one: extended or strict (${env}, ${default})."`
	MetricsToken    string        `env:"HINOMI_METRICS_TOKEN" placeholder:"TOKEN" help:"Bearer token that reads /metrics from another machine (${env})."`
	SecurityContact string        `env:"HINOMI_SECURITY_CONTACT" placeholder:"URI" help:"Where a hole in this very desk is reported, for security.txt (${env})."`
	Proxies         []string      `env:"HINOMI_PROXIES" placeholder:"NETWORK" help:"Proxies in front of us on other machines, such as 10.0.0.0/8: they say whom they speak for (${env})."`
	LogSlot         time.Duration `env:"HINOMI_LOG_SLOT" default:"15m" help:"The time in which the public log grows by one entry; the same on all nodes (${env}, ${default})."`
	EventsAge       time.Duration `env:"HINOMI_EVENTS_AGE" default:"720h" help:"How long events are kept (${env}, ${default})."`
	EventsSize      int64         `env:"HINOMI_EVENTS_SIZE" default:"17179869184" placeholder:"BYTES" help:"How much of the disk events may take; the oldest go first (${env}, ${default})."`
	Lateness        time.Duration `name:"events-lateness" env:"HINOMI_EVENTS_LATENESS" default:"500ms" help:"How long an event may be overtaken by others and still be judged at its own time; alerts wait for so long while events come (${env}, ${default})."`
	NATS            []string      `name:"nats" env:"HINOMI_NATS" placeholder:"URL" help:"Servers of a NATS cluster that keeps the events, such as nats://10.0.0.1:4222; without it they are in the data directory (${env})."`
	NATSReplicas    int           `name:"nats-replicas" env:"HINOMI_NATS_REPLICAS" default:"1" help:"How many servers of the cluster keep each event (${env}, ${default})."`
	NATSSubject     string        `name:"nats-subject" env:"HINOMI_NATS_SUBJECT" placeholder:"SUBJECT" help:"A subject of the cluster on which events come in, besides HTTP (${env})."`
	Admin           string        `placeholder:"MAIL" help:"Print the link by which the first administrator comes in, if nobody works at the desk yet."`
}

// Run opens the product and serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, s *Streams) error {
	log := slog.New(slog.NewJSONHandler(s.Err, nil))
	from, err := originator(c.Originator)
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, app.Config{
		Addr: c.Addr, Origin: c.Origin, DataDir: c.Data, Database: c.Database, Terms: c.Terms, LogName: c.LogName,
		SMTP: c.SMTP, MailFrom: c.MailFrom, Bounces: c.Bounces, MetricsToken: c.MetricsToken, SecurityContact: c.SecurityContact,
		Proxies: c.Proxies, LogSlot: c.LogSlot, Originator: from, RateSource: c.RateSource, PaymentDays: c.PaymentDays,
		EventsAge: c.EventsAge, EventsSize: c.EventsSize, Lateness: c.Lateness, NATS: c.NATS, NATSReplicas: c.NATSReplicas, NATSSubject: c.NATSSubject,
	}, log)
	if err != nil {
		return err
	}
	if err := noDemo(ctx, a); err != nil {
		return errors.Join(err, a.Close())
	}
	if c.Admin != "" {
		if err := bootstrap(ctx, s, a, c.Admin); err != nil {
			return errors.Join(err, a.Close())
		}
	}
	return serve(ctx, s, a)
}

// originator reads who pays from a file, if one is named.
func originator(path string) (bankfile.Originator, error) {
	if path == "" {
		return bankfile.Originator{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return bankfile.Originator{}, fmt.Errorf("reading who pays: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	o, err := bankfile.ReadOriginator(f)
	if err != nil {
		return o, fmt.Errorf("reading who pays from %s: %w", path, err)
	}
	return o, nil
}

// noDemo refuses a database that a demo was told into: everybody knows the passwords of its desk.
func noDemo(ctx context.Context, a *app.App) error {
	standing, err := demo.Look(ctx, a.Audit)
	if err == nil && standing == demo.Filled {
		err = errors.New("this database holds a demo, whose passwords are public: give the desk a database and a directory of its own")
	}
	return err
}

// bootstrap prints the first administrator's way in. The link goes to the terminal and nowhere else.
func bootstrap(ctx context.Context, s *Streams, a *app.App, mail string) error {
	path, err := a.People.Bootstrap(ctx, mail)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "The first administrator comes in here, once, within three days:\n%s\n", path)
	return nil
}

// serve listens and runs the product until the context ends.
func serve(ctx context.Context, s *Streams, a *app.App) error {
	if os.Getenv("GOGC") == "" {
		// Half as many collections: the queue page of a full desk is served a fifth more often, and the
		// slowest of a hundred in two thirds of the time, for some forty MiB.
		debug.SetGCPercent(200)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", a.Config.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("listening on %s: %w", a.Config.Addr, err), a.Close())
	}
	fmt.Fprintf(s.Err, "hinomi: open %s\n", a.Config.Origin)
	return errors.Join(a.Serve(ctx, ln), a.Close())
}
