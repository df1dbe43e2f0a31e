package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Names in JetStream. They are on disk, so they never change.
const (
	streamName  = "hinomi_events"
	subject     = "hinomi.events"
	tallyName   = "hinomi_tally" // how much was ever stored, for when retention has dropped all of it
	tallySource = "hinomi.tally"
)

// patience is how long a server may take to answer.
const patience = 5 * time.Second

// A link is a connection to JetStream, and the server behind it when that is ours.
type link struct {
	server *server.Server
	lock   *os.File
	conn   *nats.Conn
	js     jetstream.JetStream
	events jetstream.Stream
	tally  jetstream.Stream
}

// A linkHolder hands the present link to those who wait for one.
type linkHolder struct {
	mu      sync.Mutex // guards both
	now     *link
	changed chan struct{} // closed when now changes
}

func (h *linkHolder) set(l *link) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = l
	close(h.changed)
	h.changed = make(chan struct{})
}

// wait returns the link, once there is one.
func (h *linkHolder) wait(ctx context.Context) (*link, error) {
	for {
		h.mu.Lock()
		now, changed := h.now, h.changed
		h.mu.Unlock()
		if now != nil {
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, errStopped.Because(ctx.Err())
		}
	}
}

// Look opens a stream that is there, to read it instead of running it: nothing is changed, its limits included. stop
// ends that.
func (s *Stream) Look(ctx context.Context) (stop func() error, err error) {
	l, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	if l.events, err = l.js.Stream(ctx, streamName); err == nil {
		l.tally, err = l.js.Stream(ctx, tallyName)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("looking for the event stream: %w", err), l.close())
	}
	s.link.set(l)
	return func() error {
		s.link.set(nil)
		return l.close()
	}, nil
}

// open starts the embedded server, or dials the cluster.
func (s *Stream) open(ctx context.Context) (*link, error) {
	l := &link{}
	options := []nats.Option{
		nats.Name("hinomi"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.ReconnectWait(200 * time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			s.cfg.Log.WarnContext(ctx, "the event stream's connection has trouble", slog.Any("error", err))
		}),
	}
	if len(s.cfg.Servers) == 0 {
		if err := l.embed(s.cfg); err != nil {
			return nil, errors.Join(err, l.close())
		}
		options = append(options, nats.InProcessServer(l.server))
	}
	var err error
	if l.conn, err = nats.Connect(strings.Join(s.cfg.Servers, ","), options...); err != nil {
		return nil, errors.Join(fmt.Errorf("connecting to the event stream: %w", err), l.close())
	}
	if l.js, err = jetstream.New(l.conn, jetstream.WithDefaultTimeout(patience)); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the event stream: %w", err), l.close())
	}
	return l, nil
}

// embed starts the server in this process. It listens nowhere.
func (l *link) embed(cfg Config) error {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("making the directory of the event stream: %w", err)
	}
	// JetStream itself does not notice that somebody else works in its directory.
	lock, err := os.OpenFile(filepath.Join(cfg.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("locking the event stream: %w", err)
	}
	l.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("locking the event stream: another process works in %s: %w", cfg.Dir, err)
	}
	l.server, err = server.NewServer(&server.Options{
		ServerName: "hinomi", DontListen: true, NoSigs: true, NoSystemAccount: true,
		JetStream: true, StoreDir: cfg.Dir, SyncAlways: true, DisableJetStreamBanner: true,
		// Room for what the stream keeps and for what a block of it may be over. Without a figure the
		// server would measure the disk, once, and refuse what does not fit today.
		JetStreamMaxStore: cfg.MaxBytes + cfg.MaxBytes/8 + 64<<20, JetStreamMaxMemory: 16 << 20,
		MaxPayload: 4 << 20,
	})
	if err != nil {
		return fmt.Errorf("making the event stream's server: %w", err)
	}
	l.server.SetLoggerV2(serverLog{cfg.Log}, false, false, false)
	l.server.Start()
	if !l.server.ReadyForConnections(patience) {
		return errors.New("the event stream's server does not become ready")
	}
	return nil
}

// makeStreams makes the streams if they are not there, and gives them the limits of the configuration.
func (l *link) makeStreams(ctx context.Context, cfg Config) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	l.events, err = l.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subject}, Description: "Events as they were received, in packed batches.",
		Storage: jetstream.FileStorage, Replicas: max(cfg.Replicas, 1), Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: cfg.MaxAge, MaxBytes: cfg.MaxBytes, Duplicates: min(time.Minute, cfg.MaxAge),
	})
	if err != nil {
		return fmt.Errorf("making the event stream: %w", err)
	}
	l.tally, err = l.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: tallyName, Subjects: []string{tallySource}, Description: "How many events were ever received.",
		Storage: jetstream.FileStorage, Replicas: max(cfg.Replicas, 1), MaxMsgs: 1, MaxBytes: 64 << 10, Discard: jetstream.DiscardOld,
	})
	if err != nil {
		return fmt.Errorf("making the event stream's tally: %w", err)
	}
	return nil
}

// works reports whether the embedded server still keeps things: it stops doing so when its disk is full.
func (l *link) works() bool {
	return l.server == nil || l.server.Running() && l.server.JetStreamEnabled()
}

// close ends the connection, and the server if it is ours.
func (l *link) close() error {
	if l.conn != nil {
		l.conn.Close()
	}
	if l.server != nil {
		l.server.Shutdown()
		l.server.WaitForShutdown()
	}
	if l.lock != nil {
		return l.lock.Close()
	}
	return nil
}

// A serverLog passes on what the embedded server complains of.
type serverLog struct{ log *slog.Logger }

func (l serverLog) say(level slog.Level, format string, v []any) {
	l.log.Log(context.Background(), level, "the event stream's server has something to say", slog.String("text", fmt.Sprintf(format, v...)))
}

// Noticef drops what is no complaint.
func (serverLog) Noticef(string, ...any) {}

// Debugf drops what is no complaint.
func (serverLog) Debugf(string, ...any) {}

// Tracef drops what is no complaint.
func (serverLog) Tracef(string, ...any) {}

// Warnf passes on a warning.
func (l serverLog) Warnf(format string, v ...any) { l.say(slog.LevelWarn, format, v) }

// Errorf passes on an error.
func (l serverLog) Errorf(format string, v ...any) { l.say(slog.LevelError, format, v) }

// Fatalf passes on an error: a server in a process of others must not end it.
func (l serverLog) Fatalf(format string, v ...any) { l.say(slog.LevelError, format, v) }
