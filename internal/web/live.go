package web

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// A Hub tells open pages that something changed. It carries no content: a page that hears its
// topic fetches itself again, with its reader's rights. The zero value is ready.
//
// A page author adds a route {pattern: "GET /queue/live", handle: s.liveQueue, need: …, stream: true}
// whose handler ends with s.live(w, r, "queue"), and <section id="queue" data-live="/queue/live">.
type Hub struct {
	mu     sync.Mutex
	topics map[string]map[chan struct{}]string // who listens to what, by person
	own    map[string]int                      // listeners of each person
	n      int                                 // listeners over all topics
	closed bool
}

// CaseTopic is what the desk's page of a report listens to.
func CaseTopic(report string) string { return "case/" + report }

// ReportTopic is what its reporter's page listens to: what they are shown, and nothing of the desk's own.
func ReportTopic(report string) string { return "report/" + report }

const (
	maxListeners = 2048
	// maxOwn is how many pages of one person listen at once. Browsers allow six for a site without
	// HTTP/2, and a hundred with it.
	maxOwn = 24
	// breath is how often a silent stream says something, so that proxies leave it open.
	breath = 25 * time.Second
	// livespan ends a stream; the browser comes back by itself, and the session is looked up anew.
	livespan = 10 * time.Minute
)

// Changed wakes the pages that listen to topic. It never waits: a page that has not yet looked
// after the last change looks once for both.
func (h *Hub) Changed(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.topics[topic] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Close ends every stream, so that the server can stop.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, listeners := range h.topics {
		for c := range listeners {
			close(c)
		}
	}
	h.topics, h.own, h.n = nil, nil, 0
}

// listen returns a channel that gets a value when topic changed and is closed by Close, and what
// to call afterwards.
func (h *Hub) listen(topic, person string) (<-chan struct{}, func(), error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.n >= maxListeners || h.own[person] >= maxOwn {
		return nil, nil, fault.New(fault.Later, "Too many pages are open. This one shows changes when it is loaded again.",
			"開いているページが多すぎます。変更を見るには再読み込みしてください。").Retry(time.Minute)
	}
	if h.topics == nil {
		h.topics, h.own = map[string]map[chan struct{}]string{}, map[string]int{}
	}
	if h.topics[topic] == nil {
		h.topics[topic] = map[chan struct{}]string{}
	}
	c := make(chan struct{}, 1)
	h.topics[topic][c] = person
	h.own[person]++
	h.n++
	return c, func() { h.forget(topic, c) }, nil
}

func (h *Hub) forget(topic string, c chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	person, here := h.topics[topic][c]
	if !here {
		return // Close was here
	}
	if h.own[person]--; h.own[person] == 0 {
		delete(h.own, person)
	}
	delete(h.topics[topic], c)
	if len(h.topics[topic]) == 0 {
		delete(h.topics, topic)
	}
	h.n--
}

// live streams the changes of a topic until the reader leaves, the server stops, or livespan is
// over. The handler that calls it has checked that the reader may know.
func (s *Server) live(w http.ResponseWriter, r *http.Request, topic string) error {
	changed, done, err := s.Live.listen(topic, caller(r).ID)
	if err != nil {
		return err
	}
	defer done()
	ctl := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	say := func(line string) error {
		_ = ctl.SetWriteDeadline(time.Now().Add(patience)) // wall clock: a connection waits in real time
		if _, err := fmt.Fprintf(w, "%s\n\n", line); err != nil {
			return err
		}
		return ctl.Flush()
	}
	silence, end := time.NewTicker(breath), time.NewTimer(livespan)
	defer silence.Stop()
	defer end.Stop()
	line := "retry: 5000"
	for {
		if say(line) != nil {
			return nil // the reader left
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-end.C:
			return nil
		case _, open := <-changed:
			if !open {
				return nil
			}
			line = "event: changed\ndata: " + topic
		case <-silence.C:
			line = ":"
		}
	}
}
