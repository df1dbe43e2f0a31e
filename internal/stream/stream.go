// Package stream keeps what the service tells us: events, on disk before anybody is told so.
//
// It is NATS JetStream, in this process unless a cluster is named, behind four words: Publish, Read,
// At and Stats. One message of the stream is a batch of events, packed; requests that wait are packed
// together and are all answered after the one acknowledgement. What it promises, and how:
//
//   - What was accepted is on the disk: every message is synced before it is acknowledged (SyncAlways),
//     on the embedded server; on a cluster the operator sees to it, or has replicas.
//   - Nothing is stored twice. A message is appended only behind the one that its writer knew as the last
//     (expected-last-sequence), and after an unanswered append the stream is read before anything is sent
//     again. Several nodes may write to one stream: who was behind reads what the others wrote, and goes on.
//   - A repeated id has no second effect within a horizon of the newest events (Horizon), across restarts
//     and across nodes: the ids are read back from the end of the stream.
//   - Every message carries the number of events before it, so what retention has dropped is known exactly.
//   - Memory is bounded: whoever comes when the queue is full is told to come later.
//   - A full disk stops the acknowledgements, and nothing else.
package stream

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// Config says where the stream is and how much of it is kept. The zero value of everything but Dir, Now,
// Log and Keys works.
type Config struct {
	// Dir is where the embedded server keeps the stream.
	Dir string
	// Servers are the addresses of a NATS cluster. None means the embedded server.
	Servers []string
	// Replicas is how many servers of the cluster keep each message. Zero means one.
	Replicas int
	// MaxAge and MaxBytes are what is kept, in time and in packed bytes: the oldest batches go first.
	// Zero means DefaultAge and DefaultBytes.
	MaxAge   time.Duration
	MaxBytes int64
	// Reserve is the room on the disk below which nothing more is taken: the database lies there too.
	// Zero means DefaultReserve.
	Reserve int64
	// Horizon is how many of the newest events have their ids remembered, at least. Zero means DefaultHorizon.
	Horizon int

	// Now is the product's clock: it says when events were received.
	Now func() time.Time
	// Log hears of trouble with the server.
	Log *slog.Logger
	// Keys calls yield with the key of every event in lines that were published before, to remember them
	// after a restart. It is called by one goroutine at a time.
	Keys func(lines []byte, yield func(Key))
}

// What is kept and remembered unless the configuration says otherwise.
const (
	DefaultAge     = 30 * 24 * time.Hour
	DefaultBytes   = 16 << 30
	DefaultReserve = 1 << 30
	DefaultHorizon = 3 << 20 // in two tables of 32 MiB at most
)

// A Key stands for one event's source and id. It is good in this process alone.
type Key struct{ at, mark uint64 }

// The two hashes of a key are independent: where it stands in a table, and what stands there.
var atSeed, markSeed = maphash.MakeSeed(), maphash.MakeSeed()

// KeyOf returns the key of an event.
func KeyOf(source, id []byte) Key {
	var both [1024]byte // source and id are shorter in almost every event; append grows it otherwise
	b := binary.AppendUvarint(both[:0], uint64(len(source)))
	b = append(append(b, source...), id...)
	return Key{maphash.Bytes(atSeed, b), maphash.Bytes(markSeed, b)}
}

// MaxParcel is how many bytes of lines a Parcel may have.
const MaxParcel = 512 << 10

// A Parcel is events on their way in.
type Parcel struct {
	Lines []byte // one event a line, each with its newline
	Ends  []int  // where each line ends, behind its newline
	Keys  []Key  // of each
}

// A Taken says what became of a parcel's events.
type Taken struct {
	Accepted int // stored
	Repeated int // known already, so without effect
}

// A Stream is the durable stream of events. Run must run for it to work.
type Stream struct {
	cfg      Config
	parcels  chan *waiting
	waiting  atomic.Int64 // bytes in parcels
	counters counters
	link     linkHolder
	seen     seen // the committer's alone
}

// New returns a stream, not yet running.
func New(cfg Config) *Stream {
	if cfg.MaxAge == 0 {
		cfg.MaxAge = DefaultAge
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultBytes
	}
	if cfg.Reserve == 0 {
		cfg.Reserve = DefaultReserve
	}
	if cfg.Horizon == 0 {
		cfg.Horizon = DefaultHorizon
	}
	return &Stream{cfg: cfg, parcels: make(chan *waiting, maxWaiting), seen: seen{horizon: cfg.Horizon}, link: linkHolder{changed: make(chan struct{})}}
}

// What may wait in memory. Some seconds of a disk that has become slow, not of one that stands still.
const (
	maxWaiting      = 4096
	maxWaitingBytes = 32 << 20
)

// A waiting is a parcel in the queue.
type waiting struct {
	*Parcel
	at   int64       // when it was received, in microseconds
	done chan answer // has room for one

	// mu guards gone and the parcel's contents: whoever publishes may have left, and taken them along.
	mu   sync.Mutex
	gone bool
}

type answer struct {
	Taken
	err error
}

var doneChannels = sync.Pool{New: func() any { return make(chan answer, 1) }}

// Publish stores the events of a parcel, those of them that are new, and returns when they are durable.
// With an error it is not known whether they are, and the parcel may be published again: what was stored
// has no second effect. The parcel's memory is the caller's again when Publish returns. The error is a
// fault.Later when there is no room now.
func (s *Stream) Publish(ctx context.Context, p *Parcel) (Taken, error) {
	if len(p.Lines) > MaxParcel {
		return Taken{}, fmt.Errorf("publishing a parcel: %d bytes are more than %d", len(p.Lines), MaxParcel)
	}
	if len(p.Ends) == 0 {
		return Taken{}, nil
	}
	size := int64(len(p.Lines))
	if s.waiting.Add(size) > maxWaitingBytes {
		s.waiting.Add(-size)
		s.counters.refused.Add(1)
		return Taken{}, errBusy
	}
	w := &waiting{Parcel: p, at: s.cfg.Now().UnixMicro(), done: doneChannels.Get().(chan answer)}
	select {
	case s.parcels <- w:
	default:
		s.waiting.Add(-size)
		s.counters.refused.Add(1)
		return Taken{}, errBusy
	}
	select {
	case a := <-w.done:
		doneChannels.Put(w.done)
		return a.Taken, a.err
	case <-ctx.Done():
		w.mu.Lock()
		w.gone = true
		w.mu.Unlock()
		return Taken{}, errUnknown.Because(ctx.Err())
	}
}

var (
	errBusy = fault.New(fault.Later, "Events arrive faster than they can be stored. Send this again in a second: what was stored already has no second effect.",
		"イベントの到着に保存が追いついていません。1秒後にもう一度送信してください。保存済みのものが重複することはありません。").Retry(time.Second)
	errUnknown = fault.New(fault.Later, "The event stream has not answered in time. Send this again in a few seconds: what was stored already has no second effect.",
		"イベントストリームから時間内に応答がありませんでした。数秒後にもう一度送信してください。保存済みのものが重複することはありません。").Retry(5 * time.Second)
	errStopped = fault.New(fault.Later, "The event stream takes nothing at the moment. Send this again in a few seconds: what was stored already has no second effect.",
		"イベントストリームは現在、受け付けを停止しています。数秒後にもう一度送信してください。保存済みのものが重複することはありません。").Retry(5 * time.Second)
	errNoRoom = fault.New(fault.Later, "The disk that events are stored on is full, so nothing was taken. The operators have been told. Send this again later.",
		"イベントを保存するディスクの空きがないため、受け付けませんでした。運営者には通知済みです。時間をおいてもう一度送信してください。").Retry(time.Minute)
)
