package api

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/lang"
)

func eventOperations(s *Server) []operation {
	return []operation{
		{id: sendEvents, route: "POST /events", does: "Send events: one, a list, or one a line", needs: may(access.EventSend), do: s.describeEvents,
			more: "CloudEvents 1.0. The answer comes when all that is accepted is durable, and says by its place what is wrong with each event that " +
				"is refused; the others are taken. An id that its source sent before has no second effect. After an error a part may be stored: " +
				"send the same again. A token may send only events of its own sources. Content-Encoding gzip and zstd are read.",
			body: maxEvents, takes: takesEvents},
		{id: "read-stream", route: "GET /events/stream", does: "What the event stream holds, dropped and refused", needs: may(access.EventRead), do: answer(readStream)},
	}
}

const sendEvents = "send-events"

// maxEvents is how many bytes a request may bring, as they are sent.
const maxEvents = 16 << 20

// The media types of events, with the form each is read in.
var eventForms = map[string]intake.Form{
	"application/cloudevents+json":       intake.One,
	"application/cloudevents-batch+json": intake.List,
	"application/x-ndjson":               intake.Lines,
}

type refusalView struct {
	Index  int    `json:"index" doc:"Its place among the events of the request, from 0."`
	Line   int    `json:"line,omitempty" doc:"Its line, from 1, where events are sent one a line."`
	ID     string `json:"id,omitempty" doc:"Its id, as far as it could be read."`
	Field  string `json:"field,omitempty" doc:"The member that is wrong."`
	Reason string `json:"reason" doc:"What is wrong, in the language of Accept-Language."`
}

type eventsView struct {
	Accepted int           `json:"accepted" doc:"Events that are stored, and durable."`
	Repeated int           `json:"repeated" doc:"Events whose id their source had sent before: they had no second effect."`
	Refused  []refusalView `json:"refused" doc:"The first 100 of those that were not taken."`
	Unlisted int           `json:"unlisted,omitempty" doc:"How many more were not taken."`
}

func takesEvents() *huma.RequestBody {
	event := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"specversion", "id", "source", "type", "time"}, AdditionalProperties: true,
		Properties: map[string]*huma.Schema{
			"specversion": {Type: huma.TypeString, Enum: []any{"1.0"}},
			"id":          {Type: huma.TypeString, Description: "Different for every event of a source."},
			"source":      {Type: huma.TypeString, Description: "Who saw it happen; the token must be for this source or one above it."},
			"type":        {Type: huma.TypeString}, "time": {Type: huma.TypeString, Format: "date-time"},
			"data": {Type: huma.TypeObject, AdditionalProperties: true},
		},
	}
	return &huma.RequestBody{
		Required: true, Description: "Up to 16 MiB as sent, 64 MiB inflated, 256 KiB an event.",
		Content: map[string]*huma.MediaType{
			"application/cloudevents+json":       {Schema: event},
			"application/cloudevents-batch+json": {Schema: &huma.Schema{Type: huma.TypeArray, Items: event}},
			"application/x-ndjson":               {Schema: &huma.Schema{Type: huma.TypeString, Description: "One event a line."}},
		},
	}
}

// describeEvents puts the operation into the description and on the mux. Requests to it do not go through
// huma: see Server.Handler.
func (s *Server) describeEvents(a huma.API, o huma.Operation) {
	problem := &huma.MediaType{Schema: s.schemas.Schema(reflect.TypeFor[problem](), true, "")}
	o.Responses = map[string]*huma.Response{"200": {
		Description: "What became of the events.",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: s.schemas.Schema(reflect.TypeFor[eventsView](), true, "")}},
	}}
	for _, status := range append(o.Errors, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusInternalServerError) {
		o.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{problemType: problem}}
	}
	a.OpenAPI().AddOperation(&o)
	s.sending = o.Metadata["operation"].(operation)
	s.senders = &senders{known: map[[32]byte]*sender{}}
	s.mux.HandleFunc(o.Method+" "+o.Path, s.postEvents)
}

// postEvents takes events. This is on the way of every event, so it costs little: who sends was looked up a
// moment ago, and the visit, with its line in the log, is for those who are new or who fail.
func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) {
	began := time.Now() // wall clock: as in serve
	from := s.senders.find(r, began)
	var err error
	if from != nil {
		if err = s.takeEvents(w, r, from, began); err == nil {
			return
		}
	}
	s.visit(w, r, func(v *visit) {
		v.operation = sendEvents
		if from == nil {
			if err = v.admit(r.Context(), s.sending); err == nil {
				err = s.takeEvents(v.w, v.r, s.senders.add(v, began), began)
			}
		} else {
			v.who = from.who
		}
		if err != nil {
			v.failEvents(err)
		}
	})
}

// takeEvents reads the body of somebody who may send it, and answers unless there is an error.
func (s *Server) takeEvents(w http.ResponseWriter, r *http.Request, from *sender, began time.Time) error {
	a, err := s.readEvents(w, r, from, began)
	if err != nil {
		return err
	}
	if len(a.Refused) == 1 && a.Accepted+a.Repeated == 0 && eventForms[r.Header.Get("Content-Type")] == intake.One {
		return fault.Of(fault.Invalid, a.Refused[0].Reason).At(a.Refused[0].Field)
	}
	text := showAnswer(a, r)
	h := w.Header()
	maps.Copy(h, eventHeaders)
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	_, _ = w.Write(text)                              // a client that left needs no answer
	s.eventsTook.Observe(time.Since(began).Seconds()) // wall clock: as began
	return nil
}

// eventHeaders are the headers of every answer, made once.
var eventHeaders = func() http.Header {
	h := http.Header{}
	headers(h, "")
	h.Del("X-Request-Id") // there is no line in the log to find by it
	h.Set("Content-Type", "application/json")
	return h
}()

// showAnswer writes an answer. The usual one, in which nothing is refused, has no need of a reflecting encoder.
func showAnswer(a intake.Answer, r *http.Request) []byte {
	if len(a.Refused) == 0 {
		b := make([]byte, 0, 64)
		b = strconv.AppendInt(append(b, `{"accepted":`...), int64(a.Accepted), 10)
		b = strconv.AppendInt(append(b, `,"repeated":`...), int64(a.Repeated), 10)
		return append(b, ",\"refused\":[]}\n"...)
	}
	l := lang.Prefer(r.Header.Get("Accept-Language"))
	text, err := json.Marshal(eventsView{Accepted: a.Accepted, Repeated: a.Repeated, Unlisted: a.Unlisted, Refused: each(a.Refused, func(f intake.Refusal) refusalView {
		return refusalView{f.Index, f.Line, f.ID, f.Field, f.Reason.In(l)}
	})})
	if err != nil {
		panic(err) // it is made of strings and numbers
	}
	return append(text, '\n')
}

// readEvents finds out how the body is written, and takes it.
func (s *Server) readEvents(w http.ResponseWriter, r *http.Request, from *sender, began time.Time) (intake.Answer, error) {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	form, ok := eventForms[strings.TrimSpace(media)]
	if !ok {
		return intake.Answer{}, errMedia
	}
	ctl := http.NewResponseController(w)
	slow := time.Duration(max(r.ContentLength, 0)/slowest) * time.Second
	if r.ContentLength < 0 {
		slow = maxEvents / slowest * time.Second
	}
	// A connection that knows no deadlines (a test's recorder) is also none that can stall.
	_ = ctl.SetReadDeadline(began.Add(patience + slow))
	_ = ctl.SetWriteDeadline(began.Add(2*patience + slow))
	body, size := io.Reader(http.MaxBytesReader(w, r.Body, maxEvents)), r.ContentLength
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		inflated, err := s.inflaters.open(coding, body, r.Context().Done())
		if err != nil {
			return intake.Answer{}, err
		}
		defer inflated.close()
		body, size = inflated, -1
	}
	return s.Events.Take(r.Context(), body, size, form, from.sources)
}

// failEvents answers that events were not taken, or not all of them.
func (v *visit) failEvents(err error) {
	// A client that is still sending when the connection is closed reads no answer.
	_, _ = io.CopyN(io.Discard, v.r.Body, maxEvents)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		p := v.explain(errManyEvents)
		p.Status, p.Title = http.StatusRequestEntityTooLarge, http.StatusText(http.StatusRequestEntityTooLarge)
		v.write(p)
		return
	}
	if f := fault.As(err); f == errMedia || f == errCoding {
		p := v.explain(err)
		p.Status, p.Title = http.StatusUnsupportedMediaType, http.StatusText(http.StatusUnsupportedMediaType)
		v.write(p)
		return
	}
	if fault.As(err) == nil { // only the body can break in other ways
		err = errBroken.Because(err)
	}
	v.fail(err)
}

var (
	errManyEvents = fault.New(fault.Invalid, "A request takes 16 MiB of events, or 64 MiB inflated. Send them in several requests; what was stored already has no second effect.",
		"1回のリクエストで送信できるイベントは16 MiB（展開後64 MiB）までです。分けて送信してください。保存済みのものが重複することはありません。")
	errBroken = fault.New(fault.Invalid, "The body broke off, or is not compressed as its Content-Encoding says. Send all of it again; what was stored already has no second effect.",
		"本文が途中で切れているか、Content-Encoding のとおりに圧縮されていません。全体をもう一度送信してください。保存済みのものが重複することはありません。")
)
