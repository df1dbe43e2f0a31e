package web

import (
	"context"
	"net/http"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/picture"
	"hinomi.dev/hinomi/internal/stream"
	"hinomi.dev/hinomi/internal/watch"
)

// A streamPage says how the event stream is: what comes in, what is kept, and how far the engine is.
type streamPage struct {
	Frame
	Answers bool // the stream said how it is
	Kept    stream.Stats
	Node    stream.Figures
	Refused []refusedReason
	Wrong   int // events refused, over all reasons
	Samples []refusedSample
	Engine  watch.Status
	Running bool
	Rate    string
	Replay  *replayView
	Over    *pictureView
}

type refusedReason struct {
	Name string
	N    int
}

type refusedSample struct {
	At     Stamp
	Line   int
	ID     string
	Field  string
	Reason string
	Text   string
}

// aMoment is how long the state of a stream is waited for that does not answer.
const aMoment = 2 * time.Second

func (s *Server) getStream(w http.ResponseWriter, r *http.Request) error {
	p := streamPage{Frame: s.frame(r, "Event stream", "イベントストリーム")}
	ctx, cancel := context.WithTimeout(r.Context(), aMoment)
	defer cancel()
	kept, err := s.Events.Stream.Stats(ctx)
	switch {
	case err == nil:
		p.Kept, p.Answers = kept, true
	case r.Context().Err() != nil:
		return err
	}
	p.Node = s.Events.Stream.Figures()
	for i, n := range s.Events.Refused() {
		if n > 0 {
			p.Refused = append(p.Refused, refusedReason{p.Frame.Refusal(intake.Reasons[i]), int(n)})
			p.Wrong += int(n)
		}
	}
	for _, one := range s.Events.Samples() {
		p.Samples = append(p.Samples, refusedSample{p.Exact(one.At), one.Line, one.ID, one.Field, p.In(one.Reason), one.Text})
	}
	if p.Engine, err = s.Watch.Status(r.Context(), caller(r)); err != nil {
		if fault.As(err) != nil || r.Context().Err() != nil {
			return err
		}
		s.report(r, err) // the page is worth more than the figure
	}
	p.Running = p.Engine.Holder != ""
	p.Rate = p.Number(int(p.Engine.Rate + 0.5))
	p.Replay = p.replay(p.Engine)
	p.Over = p.drawRate(p.Engine)
	return s.show(w, r, "stream.html", p)
}

// drawRate draws how many events were judged in each minute.
func (f Frame) drawRate(engine watch.Status) *pictureView {
	if len(engine.Minutes) == 0 {
		return nil
	}
	const n = 60
	minutes := engine.Minutes[max(0, len(engine.Minutes)-n):]
	minutes = append(make([]int, n-len(minutes)), minutes...) // an hour, also of an engine that began just now
	until := engine.At.Truncate(time.Minute).Add(time.Minute)
	from := until.Add(-n * time.Minute)
	sum := 0
	for _, v := range minutes {
		sum += v
	}
	v := f.picture("rate", f.T("%s in the last %s, minute by minute", "直近%[2]sのイベント（1分ごと）：%[1]s",
		f.Count(sum, "event", "events", "件"), f.Span(until.Sub(from))), "", picture.Picture{
		From: from, Until: until, Step: time.Minute,
		Panels: []picture.Panel{{Name: f.T("Events a minute", "1分あたりのイベント"), Series: []picture.Series{{Name: f.T("events", "イベント"), Values: minutes}}}},
	})
	return &v
}

// Refusal says in words what was wrong with an event.
func (f Frame) Refusal(reason string) string {
	switch reason {
	case "line":
		return f.T("no JSON object", "JSONとして読めない")
	case "specversion":
		return f.T("not CloudEvents 1.0", "CloudEvents 1.0 ではない")
	case "id":
		return f.T("its id", "id の誤り")
	case "source":
		return f.T("its source", "source の誤り")
	case "type":
		return f.T("its type", "type の誤り")
	case "time":
		return f.T("its time", "time の誤り")
	case "data":
		return f.T("its data", "data の誤り")
	case "not_yours":
		return f.T("a source that the token is not for", "トークンの対象外の送信元")
	}
	return f.T("something else", "その他")
}

// Behind says how far the engine is behind the stream.
func (p streamPage) Behind() string {
	if p.Engine.BehindEvents == 0 {
		return p.T("up to date", "遅れなし")
	}
	return p.T("%s behind", "%s遅れ", p.Count(int(p.Engine.BehindEvents), "event", "events", "件"))
}

// Seconds says how long something is, to the tenth of a second.
func (f Frame) Seconds(d time.Duration) string {
	if d >= 10*time.Second {
		return f.Span(d.Round(time.Second))
	}
	return f.T("%.1f s", "%.1f秒", d.Seconds())
}

// Position returns a position of the stream as a number.
func (f Frame) Position(p stream.Position) uint64 { return uint64(p) }

// Bytes64 returns a size, as Bytes.
func (f Frame) Bytes64(n uint64) string { return bytesText(int64(min(n, 1<<62))) }

func (s *Server) liveStream(w http.ResponseWriter, r *http.Request) error {
	return s.live(w, r, "stream")
}
