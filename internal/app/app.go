// Package app makes the parts of the product and puts them together, in one straight function,
// and stops them in reverse. It is the only place that knows all nouns: what one noun says to
// another goes through a message that is subscribed here.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	netmail "net/mail"
	_ "time/tzdata" // the program's zone is known on every machine

	"github.com/prometheus/client_golang/prometheus"

	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
	"hinomi.dev/hinomi/internal/screening"
	"hinomi.dev/hinomi/internal/search"
	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
	"hinomi.dev/hinomi/internal/web"
)

// An App is the running product: every noun over one database.
type App struct {
	Config       Config
	Log          *slog.Logger
	DB           *db.DB
	Audit        *audit.Log
	Program      *program.Program
	People       *person.People
	Participants *participant.Participants
	Reports      *report.Reports
	Awards       *reward.Awards
	Payouts      *payout.Payouts
	Receipts     *receipt.Log
	Files        *attachment.Store
	Mails        *mail.Mails
	Relay        *bus.Relay
	Limits       *limit.Limits
	Metrics      *prometheus.Registry
	Index        *search.Indexer
	Stream       *stream.Stream
	Events       *intake.Intake
	Watch        *watch.Watch
	Pages        *web.Server

	followed int64 // the newest audit record that open pages were told of; the loop's alone
	pulse    pulse // of the watch, as open pages were told of it; the loop's alone
}

// Open makes every part over an opened database. Nothing runs yet; Close closes what was opened.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	proxies, err := limit.ParseProxies(cfg.Proxies)
	if err != nil {
		return nil, err
	}
	prog, err := terms(cfg.Terms)
	if err != nil {
		return nil, err
	}
	serverKey, err := secret(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	logKey, err := receipt.LoadOrCreateKey(filepath.Join(cfg.DataDir, "log.key"), cfg.LogName)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, cfg.Database, cfg.DataDir)
	if err != nil {
		return nil, err
	}
	a := &App{Config: cfg, Log: log, DB: d, Program: prog, Metrics: prometheus.NewRegistry()}
	a.Limits = &limit.Limits{Now: cfg.Now, Proxies: proxies}
	a.Audit = &audit.Log{DB: d, Now: cfg.Now, Limits: a.Limits}
	a.Receipts = &receipt.Log{DB: d, Key: logKey, Now: cfg.Now, Slot: cfg.LogSlot}
	a.Files = &attachment.Store{Dir: filepath.Join(cfg.DataDir, "attachments")}
	a.Relay = &bus.Relay{DB: d, Now: cfg.Now, Log: log}
	a.Index = &search.Indexer{DB: d, Log: log}
	a.makePeople(serverKey)
	a.makeReports()
	a.makePayouts(serverKey)
	if err := a.makeMail(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	a.makeEvents()
	if err := a.makeWatch(serverKey); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	a.subscribe()
	a.makePages()
	return a, nil
}

// Close closes what Open opened.
func (a *App) Close() error { return a.DB.Close() }

// terms loads the operator's own terms, or those that ship. Terms with a fault stop the start:
// decisions that cite a broken clause cannot be taken back.
func terms(dir string) (*program.Program, error) {
	if dir == "" {
		return program.Default(), nil
	}
	p, complaints, err := program.Load(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("reading the terms in %s: %w", dir, err)
	}
	if n := program.Errors(complaints); n > 0 {
		return nil, fmt.Errorf("the terms in %s have faults: %d; run hinomi terms check %s", dir, n, dir)
	}
	return p, nil
}

func (a *App) makePeople(key []byte) {
	cfg := a.Config
	origin, _ := url.Parse(cfg.Origin) // withDefaults has read it
	a.People = &person.People{
		DB: a.DB, Audit: a.Audit, Now: cfg.Now, Limits: a.Limits, Key: key, BaseURL: cfg.Origin,
		RP: person.RelyingParty{ID: origin.Hostname(), Name: a.Program.Name.EN, Origins: []string{cfg.Origin}},
	}
	a.Participants = &participant.Participants{
		DB: a.DB, Audit: a.Audit, Now: cfg.Now, Program: a.Program, People: a.People, Barred: report.Barred,
		Holds: holds, Destroy: payout.Destroy,
	}
}

func (a *App) makeReports() {
	a.Reports = report.New()
	a.Reports.DB, a.Reports.Audit, a.Reports.Program, a.Reports.Now = a.DB, a.Audit, a.Program, a.Config.Now
	a.Reports.Log, a.Reports.Files = a.Receipts, a.Files
	a.Reports.Colleague = a.People.Colleague
	a.Reports.Ready, a.Reports.Agreed = a.Participants.Ready, a.Participants.RecordSubmission
	a.Awards = &reward.Awards{DB: a.DB, Audit: a.Audit, Program: a.Program, Reports: a.Reports, Now: a.Config.Now}
}

// holds says everything that keeps a participant from withdrawing now: open reports, and money owed.
func holds(ctx context.Context, q db.Querier, person string) ([]lang.Text, error) {
	reports, err := report.Holds(ctx, q, person)
	if err != nil {
		return nil, err
	}
	payments, err := payout.Holds(ctx, q, person)
	return append(reports, payments...), err
}

func (a *App) makePayouts(key []byte) {
	cfg := a.Config
	a.Payouts = &payout.Payouts{
		DB: a.DB, Audit: a.Audit, Now: cfg.Now, Key: key, Countries: screening.ShippedCountries(), Fresh: a.People.Fresh,
		Strict: cfg.PaymentDays == StrictDays, RateSource: cfg.RateSource, Originator: cfg.Originator,
	}
}

func (a *App) makeMail() error {
	cfg := a.Config
	a.Mails = &mail.Mails{
		DB: a.DB, Audit: a.Audit, Now: cfg.Now, Log: a.Log, Origin: cfg.Origin, Bounces: cfg.Bounces, ShowKeys: cfg.Demo,
		Program: a.Program.Name,
		From:    netmail.Address{Name: a.Program.Name.EN, Address: cfg.MailFrom},
	}
	if cfg.SMTP == "" {
		return nil
	}
	sender, err := mail.ParseSMTP(cfg.SMTP)
	if err != nil {
		return err
	}
	if cfg.MailFrom == "" {
		return errors.New("mail goes out, so it needs an address it comes from: set the sender's address too")
	}
	a.Mails.Sender = sender
	return nil
}

func (a *App) makePages() {
	cfg := a.Config
	a.Pages = &web.Server{
		Nouns: web.Nouns{
			Program: a.Program, People: a.People, Participants: a.Participants, Reports: a.Reports, Awards: a.Awards, Payouts: a.Payouts,
			Receipts: a.Receipts, Files: a.Files, Mails: a.Mails, Audit: a.Audit, Limits: a.Limits,
			Events: a.Events, Watch: a.Watch,
		},
		Now: cfg.Now, Log: a.Log, Origin: cfg.Origin, Demo: cfg.Demo, Registry: a.Metrics, MetricsToken: cfg.MetricsToken,
		Ready: []web.Check{{Name: "database", Run: a.DB.Ping}},
	}
	a.Pages.Security = web.Security{Acknowledgments: "/hall-of-fame", Policy: a.policy}
	if cfg.SecurityContact != "" {
		a.Pages.Security.Contact = []string{cfg.SecurityContact}
	}
}

// policy returns the path of the terms in force at an instant.
func (a *App) policy(now time.Time) string {
	t, ok := a.Program.At(now)
	if !ok {
		return "/terms"
	}
	return "/terms/" + t.ID
}
