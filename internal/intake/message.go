package intake

import (
	"bytes"
	"context"
	"log/slog"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/stream"
)

// Message takes the events of a message from a subject: whoever may publish there may send for every source.
// The media type says in which form they are; without one, a message that begins with a bracket is a list,
// and any other has one event a line. What is wrong with an event is counted and sampled, and nobody is
// there to be told, so the message is done with all the same.
func (in *Intake) Message(ctx context.Context, m stream.Message) error {
	body := bytes.TrimSpace(m.Body)
	form := Lines
	switch media, _, _ := strings.Cut(m.Media, ";"); {
	case media == "application/cloudevents+json":
		form = One
	case media == "application/cloudevents-batch+json" || media != "application/x-ndjson" && bytes.HasPrefix(body, []byte("[")):
		form = List
	}
	_, err := in.Take(ctx, bytes.NewReader(body), int64(len(body)), form, nil)
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		in.Log.WarnContext(ctx, "a message is no list of events", slog.String("reason", f.Text.EN))
		return nil
	}
	return err
}
