// Package intake takes events from outside into the stream.
//
// A body is read in blocks of lines, so that neither its length nor what it inflates to decides how much
// memory it takes. Each event is checked by itself: what is wrong with one is said by its place, and stops
// no other. What is right is published, block by block, and the answer comes when all of it is durable.
//
// A request that breaks off, or that is told to come later, may have been stored in part. It can be sent
// again as it is: an id that was stored has no second effect.
package intake

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/stream"
)

// What one event and one request may be at most.
const (
	MaxEvent    = 256 << 10 // bytes of a line
	MaxInflated = 64 << 20  // bytes of a body, after it was inflated
	MaxListed   = 100       // refused events that an answer lists
	maxLines    = 1 << 20   // of a request, with blank ones
	maxRefused  = 50_000    // events of a request: finding out what is wrong with one takes a microsecond
)

// A Form is how a body holds events.
type Form int

// The forms of CloudEvents in JSON.
const (
	Lines Form = iota // one a line
	List              // a JSON list
	One               // a single one
)

// A Refusal says why an event was not taken.
type Refusal struct {
	Index  int       // among the events of the body, from 0
	Line   int       // in the body, from 1; 0 when it has no lines
	ID     string    // as far as it could be read
	Field  string    // what is wrong, or empty
	Reason lang.Text //
}

// An Answer says what became of the events of a body.
type Answer struct {
	Accepted int       // stored: they are durable
	Repeated int       // known already, so without effect
	Refused  []Refusal // the first of those that were not taken
	Unlisted int       // how many more were refused
}

// An Intake takes events. Its fields are set before it is used and not changed afterwards.
type Intake struct {
	Stream *stream.Stream
	Log    *slog.Logger
	Now    func() time.Time

	large   slots // blocks of the full size in use
	small   slots
	workers [2]sync.Pool // of *worker, with small blocks and with large ones

	refused [len(Reasons)]atomic.Uint64
	mu      sync.Mutex // guards the two below
	samples []Sample   // the newest last
	logged  time.Time  // when a refusal was last logged
}

// slots bound how many of something there are at once.
type slots struct{ used atomic.Int64 }

func (s *slots) take(most int64) bool {
	if s.used.Add(1) <= most {
		return true
	}
	s.used.Add(-1)
	return false
}

func (s *slots) give() { s.used.Add(-1) }

// How many blocks are in memory at most, and their sizes: 32 MiB of each.
const (
	smallBlock = 16 << 10
	largeBlock = stream.MaxParcel
	maxSmall   = 2048
	maxLarge   = 64
)

// patience is how long a request waits for its events to become durable.
const patience = 10 * time.Second

var (
	errBusy = fault.New(fault.Later, "Too many requests bring events at this moment. Send this again in a second: what was stored already has no second effect.",
		"イベントの送信が集中しています。1秒後にもう一度送信してください。保存済みのものが重複することはありません。").Retry(time.Second)
	errWrong = fault.New(fault.Invalid, "So many events of this request are wrong, or so many lines are blank, that the rest was not read. Send what is right again; what was stored already has no second effect.",
		"誤りのあるイベントまたは空行が多すぎるため、残りは読み込みませんでした。正しいものをもう一度送信してください。保存済みのものが重複することはありません。")
	errLong = fault.New(fault.Invalid, "The event is longer than 256 KiB.", "イベントが256 KiBを超えています。")
)

// Take takes the events of a body from somebody who may send those of these sources; nil means of every
// source. size is how long the body is, or negative when nobody knows. With an error some of the events may
// be stored; see the package's comment.
func (in *Intake) Take(ctx context.Context, body io.Reader, size int64, form Form, sources []string) (Answer, error) {
	kind, bound, most := 1, &in.large, int64(maxLarge)
	if size >= 0 && size < smallBlock {
		kind, bound, most = 0, &in.small, maxSmall
	}
	if !bound.take(most) {
		return Answer{}, errBusy
	}
	defer bound.give()
	w, ok := in.workers[kind].Get().(*worker)
	if !ok {
		w = newWorker([...]int{smallBlock, largeBlock}[kind])
	}
	defer in.workers[kind].Put(w)
	w.begin(in, form, sources)
	if form != Lines {
		w.flat.reset(body, form == List)
		body = &w.flat
	}
	err := w.read(ctx, body)
	return w.answer, err
}

// may reports whether a source is one of those, or one below it: chat/gateway stands for itself and for what
// follows it after a slash or a colon.
func may(sources []string, source string) bool {
	if sources == nil {
		return true
	}
	for _, s := range sources {
		rest, ok := strings.CutPrefix(source, s)
		if ok && (rest == "" || rest[0] == '/' || rest[0] == ':' || s[len(s)-1] == '/' || s[len(s)-1] == ':') {
			return true
		}
	}
	return false
}

// Keys returns a function that finds the keys of events that were published before: what stream.Config wants.
func Keys() func(lines []byte, yield func(stream.Key)) {
	d := event.NewDecoder(&event.Fields{})
	var e event.Event
	return func(lines []byte, yield func(stream.Key)) {
		d.Lines(lines[:len(lines)+event.Slack]) // the stream leaves it room
		for pos := 0; pos < len(lines); {
			next, err := d.Next(pos, &e)
			if pos = next; err == nil {
				yield(stream.KeyOf(e.Value(event.Source).Raw, e.Value(event.ID).Raw))
			}
		}
	}
}
