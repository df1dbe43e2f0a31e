package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// listening starts a stream in the bubble of a test and returns its answer, how to leave, and
// where its end is told.
func listening(t *testing.T, s *Server, topic string) (*httptest.ResponseRecorder, func(), <-chan error) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	w := httptest.NewRecorder()
	ended := make(chan error, 1)
	r := withVisit(httptest.NewRequest(http.MethodGet, "/live", nil).WithContext(ctx), &visit{})
	go func() { ended <- s.live(w, r, topic) }()
	synctest.Wait()
	return w, leave, ended
}

func events(w *httptest.ResponseRecorder) int {
	return strings.Count(w.Body.String(), "event: changed")
}

func TestAPageHearsItsTopicAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		queue, leave, ended := listening(t, &s, "queue")
		report, leaveReport, _ := listening(t, &s, "report A")
		s.Live.Changed("queue")
		synctest.Wait()
		s.Live.Changed("queue")
		s.Live.Changed("nobody listens")
		synctest.Wait()
		if events(queue) != 2 || events(report) != 0 {
			t.Errorf("the queue heard %d changes, the report %d", events(queue), events(report))
		}
		if got := queue.Header().Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("Content-Type %q", got)
		}
		leave()
		leaveReport()
		if err := <-ended; err != nil {
			t.Errorf("leaving: %v", err)
		}
		synctest.Wait()
		if s.Live.n != 0 || len(s.Live.topics) != 0 {
			t.Errorf("%d listeners and %d topics are left", s.Live.n, len(s.Live.topics))
		}
	})
}

func TestManyChangesAreOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		c, done, err := s.Live.listen("queue", "p")
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		for range 1000 {
			s.Live.Changed("queue") // nobody reads, and it does not wait
		}
		if len(c) != 1 {
			t.Errorf("%d looks are due", len(c))
		}
	})
}

func TestASilentStreamBreathesAndEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		start := time.Now()
		w, leave, ended := listening(t, &s, "queue")
		defer leave()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != livespan {
			t.Errorf("it ended after %v", got)
		}
		if n := strings.Count(w.Body.String(), ":\n\n"); n < int(livespan/breath)-1 {
			t.Errorf("it breathed %d times:\n%s", n, w.Body)
		}
	})
}

func TestClosingTheHubEndsEveryStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		_, leave, ended := listening(t, &s, "queue")
		defer leave()
		s.Live.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, _, err := s.Live.listen("queue", "p"); !fault.Is(err, fault.Later) {
			t.Errorf("listening after the end: %v", err)
		}
		s.Live.Changed("queue")
		s.Live.Close()
	})
}

func TestListenersAreBounded(t *testing.T) {
	var h Hub
	var first func()
	for i := range maxListeners {
		_, done, err := h.listen(fmt.Sprint(i%7), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = done
		}
	}
	if _, _, err := h.listen("one more", "q"); !fault.Is(err, fault.Later) {
		t.Errorf("one more: %v", err)
	}
	first()
	first() // twice is once
	if _, _, err := h.listen("one more", "q"); err != nil {
		t.Errorf("after one left: %v", err)
	}
	if _, _, err := h.listen("two more", "q"); err == nil {
		t.Error("a place was given away twice")
	}
}

func TestOnePersonCannotTakeEveryPlace(t *testing.T) {
	var h Hub
	var last func()
	for range maxOwn {
		var err error
		if _, last, err = h.listen("queue", "p"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := h.listen("queue", "p"); !fault.Is(err, fault.Later) {
		t.Errorf("one more of the same person: %v", err)
	}
	if _, _, err := h.listen("queue", "q"); err != nil {
		t.Errorf("another person: %v", err)
	}
	last()
	if _, _, err := h.listen("queue", "p"); err != nil {
		t.Errorf("after one left: %v", err)
	}
}

// A brokenPipe is a connection whose reader is gone.
type brokenPipe struct{ http.ResponseWriter }

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAStreamEndsWhenNobodyReads(t *testing.T) {
	var s Server
	if err := s.live(brokenPipe{httptest.NewRecorder()}, withVisit(httptest.NewRequest(http.MethodGet, "/", nil), &visit{}), "queue"); err != nil {
		t.Errorf("a reader who left is no error: %v", err)
	}
	if s.Live.n != 0 {
		t.Error("the listener is left")
	}
}
