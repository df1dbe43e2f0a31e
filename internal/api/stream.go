package api

import (
	"context"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/stream"
)

type streamView struct {
	Batches  uint64       `json:"batches" doc:"Batches that are kept. What is sent is packed: one batch may have the events of many requests."`
	Events   uint64       `json:"events" doc:"Events in them."`
	Bytes    uint64       `json:"bytes" doc:"Of these events, as they were sent."`
	Stored   uint64       `json:"stored" doc:"Bytes that they take on the disk."`
	First    uint64       `json:"first" doc:"The position before the oldest batch."`
	Last     uint64       `json:"last" doc:"The position behind the newest batch."`
	Oldest   time.Time    `json:"oldest,omitzero" doc:"When the oldest event kept was received."`
	Newest   time.Time    `json:"newest,omitzero" doc:"When the newest was."`
	MaxAge   int64        `json:"max_age" doc:"Seconds after which batches are dropped."`
	MaxBytes int64        `json:"max_bytes" doc:"Bytes on the disk above which the oldest batches are dropped."`
	Dropped  droppedView  `json:"dropped" doc:"What retention has dropped, ever."`
	Node     nodeView     `json:"node" doc:"What this node has done since its start."`
	Samples  []sampleView `json:"samples" doc:"Some of the events that this node has refused, the newest first."`
}

type droppedView struct {
	Batches uint64 `json:"batches"`
	Events  uint64 `json:"events"`
	Bytes   uint64 `json:"bytes"`
}

type nodeView struct {
	Accepted uint64            `json:"accepted"`
	Repeated uint64            `json:"repeated"`
	Refused  map[string]uint64 `json:"refused" doc:"By reason: what of the event is wrong."`
	Later    uint64            `json:"later" doc:"Parts of requests that were told to come later."`
	Queued   int               `json:"queued" doc:"Parts of requests that wait to be stored."`
}

type sampleView struct {
	At     time.Time `json:"at"`
	Line   int       `json:"line,omitempty"`
	ID     string    `json:"id,omitempty"`
	Field  string    `json:"field,omitempty"`
	Reason string    `json:"reason"`
	Text   string    `json:"text" doc:"How it begins."`
}

// aWhile is how long the state of a stream is waited for that does not answer.
const aWhile = 3 * time.Second

func readStream(ctx context.Context, v *visit, _ *nothing) (streamView, error) {
	if err := v.Audit.Allow(ctx, v.who, access.EventRead, ""); err != nil {
		return streamView{}, err
	}
	ctx, done := context.WithTimeout(ctx, aWhile)
	defer done()
	st, err := v.Events.Stream.Stats(ctx)
	if err != nil {
		return streamView{}, err
	}
	return showStream(st, v), nil
}

func showStream(st stream.Stats, v *visit) streamView {
	f := v.Events.Stream.Figures()
	node := nodeView{Accepted: f.Accepted, Repeated: f.Repeated, Refused: map[string]uint64{}, Later: f.Refused, Queued: f.Queued}
	for i, n := range v.Events.Refused() {
		node.Refused[intake.Reasons[i]] = n
	}
	return streamView{
		Batches: st.Batches, Events: st.Events, Bytes: st.Bytes, Stored: st.Stored, First: uint64(st.First), Last: uint64(st.Last),
		Oldest: st.Oldest, Newest: st.Newest, MaxAge: int64(st.MaxAge / time.Second), MaxBytes: st.MaxBytes,
		Dropped: droppedView(st.Dropped), Node: node,
		Samples: each(v.Events.Samples(), func(x intake.Sample) sampleView {
			return sampleView{x.At, x.Line, x.ID, x.Field, x.Reason.In(v.lang), x.Text}
		}),
	}
}
