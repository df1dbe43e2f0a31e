package api

import (
	"crypto/sha256"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/intake"
)

// A sender is a token that sends events.
type sender struct {
	who     access.Caller
	sources []string
	until   time.Time // when to look again: of the machine's clock
}

// senders remembers tokens for a second. Thousands of requests come with the same one, and finding it in the
// database would take longer than storing an event; a token that is revoked sends for a second longer.
type senders struct {
	mu    sync.RWMutex // guards known
	known map[[32]byte]*sender
}

const (
	senderFor  = time.Second
	maxSenders = 1024
)

// find returns the sender that a request names, if they were let in a moment ago.
func (s *senders) find(r *http.Request, now time.Time) *sender {
	key := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	s.mu.RLock()
	defer s.mu.RUnlock()
	if from := s.known[key]; from != nil && now.Before(from.until) {
		return from
	}
	return nil
}

// add remembers who was let in.
func (s *senders) add(v *visit, now time.Time) *sender {
	from := &sender{who: v.who, sources: append([]string{}, v.token.Sources...), until: now.Add(senderFor)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxSenders {
		clear(s.known)
	}
	s.known[sha256.Sum256([]byte(v.r.Header.Get("Authorization")))] = from
	return from
}

// inflaters read compressed bodies, a few at a time: a body decides how much memory that takes, up to
// maxWindow twice over.
type inflaters struct {
	gzips, zstds sync.Pool
}

const (
	maxInflaters = 8
	maxWindow    = 8 << 20
)

// inflating has a place for each body that is being inflated.
var inflating = make(chan struct{}, maxInflaters)

var (
	errCoding = fault.New(fault.Invalid, "Content-Encoding may be gzip or zstd.", "Content-Encoding に指定できるのは gzip または zstd です。").At("Content-Encoding")
	errMedia  = fault.New(fault.Invalid, "Content-Type must be application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson.",
		"Content-Type には application/cloudevents+json、application/cloudevents-batch+json、application/x-ndjson のいずれかを指定してください。").At("Content-Type")
)

// An inflated body is what a compressed one holds, up to intake.MaxInflated bytes of it.
type inflated struct {
	from io.Reader
	left int64
	back func()
}

// open begins to inflate a body. It waits for a place as long as the connection does.
func (in *inflaters) open(coding string, body io.Reader, done <-chan struct{}) (*inflated, error) {
	if coding != "gzip" && coding != "zstd" {
		return nil, errCoding
	}
	select {
	case inflating <- struct{}{}:
	case <-done:
		return nil, errCut
	}
	r, back, err := in.reader(coding, body)
	if err != nil {
		<-inflating
		return nil, err
	}
	return &inflated{from: r, left: intake.MaxInflated, back: func() { back(); <-inflating }}, nil
}

func (in *inflaters) reader(coding string, body io.Reader) (io.Reader, func(), error) {
	if coding == "gzip" {
		z, ok := in.gzips.Get().(*gzip.Reader)
		if !ok {
			z = new(gzip.Reader)
		}
		return z, func() { in.gzips.Put(z) }, z.Reset(body)
	}
	z, ok := in.zstds.Get().(*zstd.Decoder)
	if !ok {
		var err error
		z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
	}
	return z, func() {
		if z.Reset(nil) == nil {
			in.zstds.Put(z)
		}
	}, z.Reset(body)
}

// Read reads what the body holds. A bomb ends it.
func (i *inflated) Read(b []byte) (int, error) {
	n, err := i.from.Read(b)
	if i.left -= int64(n); i.left < 0 {
		return 0, &http.MaxBytesError{Limit: intake.MaxInflated}
	}
	return n, err
}

func (i *inflated) close() { i.back() }
