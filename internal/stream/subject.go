package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"hinomi.dev/hinomi/internal/fault"
)

// Names in JetStream for what comes in by a subject.
const (
	inName       = "hinomi_in" // a stream for the subject, if it is in none
	consumerName = "hinomi"
)

// How many messages of a subject are on their way into the stream at once: they share its acknowledgements.
const (
	atOnce     = 128
	redelivery = 30 * time.Second // of what was not acknowledged
)

// A Message is what somebody published on a subject.
type Message struct {
	Body  []byte
	Media string // its Content-Type, or empty
}

// Receive hands everything that comes on a subject of the cluster to take, until the context ends, and
// acknowledges a message when take returns nil. A message that take is told to bring later comes again; one
// with another error does too, and is logged. All nodes share the work; the order of messages is not kept.
func (s *Stream) Receive(ctx context.Context, subject string, take func(ctx context.Context, m Message) error) error {
	for ctx.Err() == nil {
		l, err := s.link.wait(ctx)
		if err != nil {
			break
		}
		if err := l.receive(ctx, subject, s.cfg.Log, take); ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "receiving events from a subject begins anew", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

func (l *link) receive(ctx context.Context, subject string, log *slog.Logger, take func(ctx context.Context, m Message) error) error {
	messages, err := l.consume(ctx, subject)
	if err != nil {
		return err
	}
	defer messages.Stop()
	var g errgroup.Group
	g.SetLimit(atOnce)
	defer func() { _ = g.Wait() }() // they return nil
	for {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("receiving events: %w", err)
		}
		g.Go(func() error {
			err := take(ctx, Message{Body: msg.Data(), Media: msg.Headers().Get("Content-Type")})
			if err == nil {
				err = msg.Ack()
			} else if f := fault.As(err); f != nil && f.Kind == fault.Later {
				err = msg.NakWithDelay(max(f.After, time.Second))
			}
			if err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "a message with events was not taken and comes again", slog.Any("error", err))
			}
			return nil
		})
	}
}

// consume finds the stream of a subject, or makes one, and the consumer that all nodes share.
func (l *link) consume(ctx context.Context, subject string) (jetstream.MessagesContext, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	name, err := l.js.StreamNameBySubject(ctx, subject)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		name = inName
		_, err = l.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: inName, Subjects: []string{subject}, Description: "Events on their way into hinomi_events.",
			Storage: jetstream.FileStorage, Retention: jetstream.WorkQueuePolicy, Replicas: l.events.CachedInfo().Config.Replicas,
			Discard: jetstream.DiscardNew, MaxBytes: 1 << 30,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("finding the stream of %s: %w", subject, err)
	}
	c, err := l.js.CreateOrUpdateConsumer(ctx, name, jetstream.ConsumerConfig{
		Durable: consumerName, FilterSubject: subject, AckPolicy: jetstream.AckExplicitPolicy, AckWait: redelivery, MaxAckPending: 4 * atOnce,
	})
	if err != nil {
		return nil, fmt.Errorf("receiving events of %s: %w", subject, err)
	}
	return c.Messages(jetstream.PullMaxMessagesWithBytesLimit(2*atOnce, aheadBytes))
}
