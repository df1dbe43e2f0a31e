package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
)

// A Server is the web application: the frame below, and one exported field for each noun whose
// pages it shows. Fields are set in app before Handler is called and not changed afterwards.
type Server struct {
	Nouns

	// Now is the product's clock. Nil means the machine's.
	Now func() time.Time
	// Log gets one line a request and one a failure. Nil means slog's default.
	Log *slog.Logger
	// Origin is where people reach us, such as "https://bounty.example". Empty means unknown:
	// cookies are then not marked Secure and security.txt has no canonical address.
	Origin string
	// Demo shows what only a demonstration may show, such as the style page.
	Demo bool

	// DemoPeople lists whom a visitor of a demonstration may be, one for each role and some
	// participants. Nil means that nobody can be picked.
	DemoPeople func(ctx context.Context) ([]DemoPerson, error)
	// DemoPlaying says which recorded incidents a demonstration plays, and how far they have come. Nil
	// means none.
	DemoPlaying func() Playing

	// Authenticate says who sends the request, in which language they prefer to read (empty for
	// no preference) and by which name they are greeted. A request without a session is the zero
	// Caller and no error.
	Authenticate func(ctx context.Context, r *http.Request) (access.Caller, lang.Lang, string, error)
	// Allow is audit.Log.Allow: nil, or why not, with the refusal on record.
	Allow func(ctx context.Context, who access.Caller, a access.Action, subject string) error
	// Counts says how much waits behind the places of the desk's left column, by their path.
	Counts func(ctx context.Context, who access.Caller) (map[string]int, error)

	// Registry collects the metrics. Nil means a new one.
	Registry *prometheus.Registry
	// MetricsToken is the bearer token that reads /metrics: figures of requests would tell the
	// public how many reports arrive. Empty admits only a direct connection from this machine.
	MetricsToken string
	// Ready lists what must work before requests should be sent here.
	Ready []Check
	// Security fills /.well-known/security.txt.
	Security Security
	// Live tells open pages that something changed.
	Live Hub

	mux      *http.ServeMux
	guard    *http.CrossOriginProtection
	took     *prometheus.HistogramVec
	pages    pageSet
	rendered renderedRows
	assets   assets
	extra    []route       // rows of a test
	checks   chan struct{} // how many receipts are verified at once
}

// Handler returns the application. It panics when a template, a pattern or a setting is wrong:
// programming mistakes, found at the first start.
func (s *Server) Handler() http.Handler {
	if s.Authenticate == nil && s.People != nil {
		s.Authenticate, s.Allow, s.Counts = s.bySession, s.Audit.Allow, s.deskCounts
	}
	if s.Authenticate == nil || s.Allow == nil {
		panic("web: Authenticate and Allow must be set")
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.Registry == nil {
		s.Registry = prometheus.NewRegistry()
	}
	s.assets, s.pages = loadAssets(), loadPages()
	s.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "hinomi_http_request_seconds",
		Help:    "Time to answer a request, by route and class of status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
	}, []string{"route", "status"})
	s.Registry.MustRegister(s.took)
	s.guard = http.NewCrossOriginProtection()
	if s.Origin != "" { // a proxy may have changed the Host
		if err := s.guard.AddTrustedOrigin(s.Origin); err != nil {
			panic("web: Origin: " + err.Error())
		}
	}
	s.checks = make(chan struct{}, verifiers)
	s.mux = http.NewServeMux()
	for _, rt := range s.table() {
		s.mux.Handle(rt.pattern, s.adapt(rt))
	}
	return http.HandlerFunc(s.serve)
}
