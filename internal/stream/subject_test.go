package stream

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"hinomi.dev/hinomi/internal/fault"
)

func TestWhatComesOnASubjectIsAcknowledgedWhenItIsDurable(t *testing.T) {
	port := freePort(t)
	_, ready := child(t, "serve", t.TempDir(), port, "")
	<-ready
	s, _ := run(t, apart(port))
	limited, cancel := context.WithCancel(ctx)
	var tries atomic.Int64
	ended := make(chan error, 1)
	go func() {
		ended <- s.Receive(limited, "chat.events", func(ctx context.Context, m Message) error {
			if tries.Add(1)%3 == 1 {
				return fault.New(fault.Later, "Not now.", "後で。").Retry(time.Millisecond)
			}
			if m.Media != "text/plain" {
				t.Errorf("media type %q", m.Media)
			}
			_, err := s.Publish(ctx, parcel(strings.Split(string(m.Body), "\n")...))
			return err
		})
	}()
	c, err := nats.Connect(apart(port).Servers[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const n = 50
	for i := range n {
		for ack := (*nats.Msg)(nil); ack == nil; { // until the stream of the subject is there
			m := &nats.Msg{Subject: "chat.events", Data: fmt.Appendf(nil, "a %d\nb %d", i, i), Header: nats.Header{"Content-Type": {"text/plain"}}}
			if ack, err = c.RequestMsg(m, 5*time.Second); err != nil {
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
	for start := time.Now(); s.Figures().Accepted < 2*n; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			t.Fatalf("%+v after %d tries", s.Figures(), tries.Load())
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := len(contents(t, s, 0, end)); got != 2*n || tries.Load() <= n {
		t.Errorf("%d events after %d tries", got, tries.Load())
	}
}
