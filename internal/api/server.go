package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
	"hinomi.dev/hinomi/internal/watch"
)

// A Server answers programs. Its fields are set in app before Handler is called and not changed
// afterwards.
type Server struct {
	Program      *program.Program
	People       *person.People
	Participants *participant.Participants
	Reports      *report.Reports
	Awards       *reward.Awards
	Payouts      *payout.Payouts
	Receipts     *receipt.Log
	Files        *attachment.Store
	Mails        *mail.Mails
	Audit        *audit.Log
	Limits       *limit.Limits
	Events       *intake.Intake
	Watch        *watch.Watch

	// Now is the product's clock.
	Now func() time.Time
	// Log gets one line a request and one a failure.
	Log *slog.Logger
	// Origin is where programs reach us, such as "https://bounty.example".
	Origin string
	// Registry collects the metrics.
	Registry *prometheus.Registry

	mux        *http.ServeMux
	took       *prometheus.HistogramVec
	eventsTook prometheus.Observer
	schemas    huma.Registry
	sending    operation // send-events, which does not go through huma
	senders    *senders
	inflaters  inflaters
}

// prefix is where all of this stands. It changes with what would break a program that reads it.
const prefix = "/api/v1"

// Handler returns the API, to be mounted at /api/. It panics when an operation is declared wrongly: a
// programming mistake, found at the first start.
func (s *Server) Handler() http.Handler {
	s.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "hinomi_api_request_seconds",
		Help:    "Time to answer a request to the API, by operation and class of status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
	}, []string{"operation", "status"})
	s.Registry.MustRegister(s.took)
	s.eventsTook = s.took.WithLabelValues(sendEvents, "2xx")
	s.mux = http.NewServeMux()
	s.describe(s.build())
	s.mux.HandleFunc("/api/", s.elsewhere)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == prefix+"/events" {
			s.postEvents(w, r)
			return
		}
		s.visit(w, r, func(v *visit) { s.mux.ServeHTTP(v.w, v.r) })
	})
}

// A visit is one request on its way through.
type visit struct {
	*Server
	ref       string // what the log calls it
	operation string
	who       access.Caller
	token     person.Token // in use, if there is one
	lang      lang.Lang
	w         *response
	r         *http.Request
}

type visitKey struct{}

// visitOf returns the visit that a context belongs to.
func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

// visit is outside of everything: it names the request, sets the headers, catches a panic, and writes
// the line in the log.
func (s *Server) visit(w http.ResponseWriter, r *http.Request, do func(v *visit)) {
	start := time.Now() // wall clock: a demonstration's may stand still
	out := &response{ResponseWriter: w}
	v := &visit{Server: s, ref: id.Short(8), operation: "none", lang: lang.Prefer(r.Header.Get("Accept-Language")), w: out}
	v.r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	headers(out.Header(), v.ref)
	_ = http.NewResponseController(out).SetWriteDeadline(start.Add(2 * patience)) // the last request of this connection had its own
	if r.ContentLength != 0 {
		// Also for who is answered before an operation bounds the body.
		_ = http.NewResponseController(out).SetReadDeadline(start.Add(patience + maxBody/slowest*time.Second))
	}
	defer func() {
		p := recover()
		if err, _ := p.(error); p != nil && !errors.Is(err, http.ErrAbortHandler) {
			p = v.caught(p)
		}
		v.account(time.Since(start)) // wall clock: as start
		if p != nil {
			panic(p)
		}
	}()
	do(v)
}

// headers sets what every answer carries. Nothing here is a page: a browser may do nothing with it.
func headers(h http.Header, ref string) {
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Authorization, Accept-Language")
	h.Set("X-Request-Id", ref)
}

// caught answers for a panic. It returns what to panic with when part of an answer is out already: half
// an answer must not look like a whole one.
func (v *visit) caught(p any) any {
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if v.w.status != 0 {
		v.report(err)
		return http.ErrAbortHandler
	}
	v.fail(err)
	return nil
}

// account writes the line in the log and the metrics: no path, no address, nothing that was sent.
func (v *visit) account(took time.Duration) {
	status := v.w.status
	switch {
	case status == 0 && v.r.Context().Err() != nil:
		status = statusGone
	case status == 0:
		status = http.StatusOK
	}
	v.took.WithLabelValues(v.operation, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
	v.Log.LogAttrs(v.r.Context(), slog.LevelInfo, "request",
		slog.String("ref", v.ref), slog.String("method", v.r.Method), slog.String("operation", v.operation),
		slog.Int("status", status), slog.Int64("bytes", v.w.bytes), slog.Duration("took", took),
		slog.String("person_id", v.who.ID))
}

// statusGone is what the log says when the client left before the answer.
const statusGone = 499

// elsewhere answers for every address that is none of ours, and for a method that an address does not know.
func (s *Server) elsewhere(_ http.ResponseWriter, r *http.Request) {
	v := visitOf(r.Context())
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		try := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(try); pattern != "/api/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 || slices.Contains(allowed, r.Method) {
		v.fail(fault.New(fault.NotFound, "There is nothing at this address. /api/v1/openapi.json lists what there is.",
			"このアドレスには何もありません。利用できる操作は /api/v1/openapi.json に記載しています。"))
		return
	}
	v.w.Header().Set("Allow", strings.Join(allowed, ", "))
	p := v.explain(fault.New(fault.Invalid, "This address takes %[1]s, not %[2]s.", "このアドレスで使えるのは%[1]sです（%[2]sは使えません）。",
		strings.Join(allowed, ", "), r.Method))
	p.Status, p.Title = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed)
	v.write(p)
}

// A response remembers what was answered.
type response struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
