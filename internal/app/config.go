package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/person"
)

// Config is what an operator may choose. The zero value runs one node on this machine.
type Config struct {
	// Addr is where to listen, host and port. Empty means 127.0.0.1:8080.
	Addr string
	// DataDir holds everything we keep on disk: the database, attachments, the two keys. Empty
	// means "data".
	DataDir string
	// Database is a postgres:// URL. Empty means SQLite in DataDir.
	Database string
	// Origin is where people reach us, such as "https://bounty.example". Empty means Addr by
	// http on localhost: good for a look, not for the public.
	Origin string
	// LogName is the name the transparency log signs under; it never changes. Empty means the
	// host of Origin and "/log".
	LogName string
	// Terms is a directory with the program's own terms. Empty means those that ship.
	Terms string

	// SMTP is where mail goes out, such as "smtp://user:password@mail.example:587". Empty means
	// that mail stays queued and is read in the browser.
	SMTP string
	// MailFrom is the address that mail comes from.
	MailFrom string
	// Bounces is the address that bounces go to. Empty means MailFrom.
	Bounces string

	// Originator is who pays: the account that payment runs draw on. Empty means that no run can be locked.
	Originator bankfile.Originator
	// RateSource says whose exchange rates are imported and of which kind, such as "Mizuho Bank, TTM": the
	// participant reads it beside the rate (terms 6.5.i).
	RateSource string
	// PaymentDays says whether a last day for payment data that is no bank day moves to the next one:
	// ExtendedDays, which is also the default, or StrictDays.
	PaymentDays string

	// MetricsToken is the bearer token that reads /metrics from another machine.
	MetricsToken string
	// SecurityContact is where a hole in this very desk is reported, as security.txt has it: an
	// https or mailto address. Empty means the form of the program.
	SecurityContact string

	// Proxies are the networks of the proxies in front of us, such as "10.0.0.0/8": they say in
	// X-Forwarded-For whom they speak for. One on this machine needs no mention.
	Proxies []string
	// LogSlot is the time in which the public log grows by one entry. Zero means receipt.DefaultSlot.
	// Over a week there must be more slots than reports and known issues.
	LogSlot time.Duration

	// EventsAge and EventsSize are how much of the event stream is kept, in time and in bytes on the
	// disk: the oldest events go first. Zero means stream.DefaultAge and stream.DefaultBytes.
	EventsAge  time.Duration
	EventsSize int64
	// Lateness is how long an event on the live stream may be overtaken by others and still be judged at its own
	// time. Alerts wait for so long while events come. Zero means watch.DefaultLateness.
	Lateness time.Duration
	// NATS are the servers of a NATS cluster with JetStream that keeps the event stream, such as
	// "nats://10.0.0.1:4222". Empty means a server in this process that keeps it in DataDir.
	NATS []string
	// NATSReplicas is how many servers of the cluster keep each event. Zero means one.
	NATSReplicas int
	// NATSSubject is a subject of the cluster on which events come in. Empty means none: they come by HTTP.
	NATSSubject string

	// Demo shows what only a demonstration may show. Set by `hinomi demo` alone.
	Demo bool
	// Now is the product's clock. Nil means the machine's; the demo has its own.
	Now func() time.Time
	// Received stamps events as they come in. Nil means Now; the demo plays recorded events at the times
	// at which they came.
	Received func() time.Time
}

// How the last day for payment data is counted (D-4).
const (
	ExtendedDays = "extended"
	StrictDays   = "strict"
)

// withDefaults returns the configuration with every empty field that has a default filled.
func (c Config) withDefaults() (Config, error) {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:8080"
	}
	if c.DataDir == "" {
		c.DataDir = "data"
	}
	if c.PaymentDays == "" {
		c.PaymentDays = ExtendedDays
	}
	if c.PaymentDays != ExtendedDays && c.PaymentDays != StrictDays {
		return c, fmt.Errorf("the days for payment data are %q, and can be %s or %s", c.PaymentDays, ExtendedDays, StrictDays)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Received == nil {
		c.Received = c.Now
	}
	if c.Origin == "" {
		_, port, err := net.SplitHostPort(c.Addr)
		if err != nil {
			return c, fmt.Errorf("the address %q is not host:port: %w", c.Addr, err)
		}
		c.Origin = "http://localhost:" + port // passkeys want a name, and know this one
	}
	u, err := url.Parse(c.Origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" {
		return c, fmt.Errorf("the origin %q is not like https://bounty.example, without a path", c.Origin)
	}
	if c.Lateness < 0 || c.Lateness > time.Hour {
		return c, errors.New("the lateness of events is between 0 and an hour")
	}
	if c.NATSSubject != "" && len(c.NATS) == 0 {
		return c, errors.New("a subject for events needs the NATS servers it is on")
	}
	if c.LogName == "" {
		c.LogName = u.Hostname() + "/log"
	}
	return c, nil
}

// secret returns the server's key from the data directory, made at the first start. What it seals
// (TOTP secrets) is lost with it: it belongs into the backup, apart from the database.
func secret(dir string) ([]byte, error) {
	path := filepath.Join(dir, "server.key")
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return makeSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the server's key: %w", err)
	}
	if len(key) != person.KeySize {
		return nil, fmt.Errorf("the server's key %s has %d bytes and should have %d: restore it from the backup", path, len(key), person.KeySize)
	}
	return key, nil
}

// makeSecret writes a new key beside its place and links it there: of two starters one wins, and
// a crash leaves either no key or a whole one.
func makeSecret(path string) ([]byte, error) {
	key := make([]byte, person.KeySize)
	_, _ = rand.Read(key)
	f, err := os.CreateTemp(filepath.Dir(path), "server.key.*")
	if err != nil {
		return nil, fmt.Errorf("making the server's key: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // its other name stays
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("making the server's key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("making the server's key: %w", err)
	}
	return os.ReadFile(path)
}
