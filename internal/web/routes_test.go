package web

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
)

var braces = regexp.MustCompile(`\{[^}]*\}`)

// address returns a method and an address that a pattern answers to.
func address(pattern string) (string, string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		return http.MethodGet, "/no/such/page"
	}
	return method, braces.ReplaceAllStringFunc(path, func(name string) string {
		if name == "{$}" {
			return ""
		}
		return "x"
	})
}

// gated returns a site whose routes all answer 204 once they let the caller in.
func gated(t *testing.T) (*site, []route) {
	t.Helper()
	st := newSite(t)
	rows := st.table()
	st.mux = http.NewServeMux()
	for _, rt := range rows {
		rt.handle = func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		st.mux.Handle(rt.pattern, st.adapt(rt))
	}
	return st, rows
}

// Every route, with every sort of caller: who may come does come, and nobody else.
func TestEveryRouteAdmitsWhomItSays(t *testing.T) {
	st, rows := gated(t)
	callers := map[string]access.Caller{"": {}}
	maps.Copy(callers, people)
	for _, role := range access.Roles {
		callers["role "+string(role)] = access.Caller{ID: "x", Kind: access.Staff, Roles: []access.Role{role}}
	}
	callers["staff without a role"] = access.Caller{ID: "x", Kind: access.Staff}
	old := people
	defer func() { people = old }()
	people = callers
	for _, rt := range rows {
		method, path := address(rt.pattern)
		for _, who := range slices.Sorted(maps.Keys(callers)) {
			w := st.send(httptest.NewRequest(method, path, nil), as(who))
			admitted := w.Code == http.StatusNoContent
			want := rt.need.machine || rt.need.admits(callers[who])
			if admitted != want {
				t.Errorf("%s for %q: status %d, admitted %v, want %v", rt.pattern, who, w.Code, admitted, want)
			}
			if admitted {
				continue
			}
			turnedAway := w.Code == http.StatusForbidden
			if callers[who].Kind == access.Nobody {
				turnedAway = w.Code == http.StatusSeeOther || w.Code == http.StatusUnauthorized
			}
			if !turnedAway {
				t.Errorf("%s for %q: status %d says nothing about access", rt.pattern, who, w.Code)
			}
		}
	}
}

// What the table may not say by mistake.
func TestTheTableOfRoutesIsSound(t *testing.T) {
	st := newSite(t)
	known := access.Actions()
	rows := st.table()
	for _, rt := range rows {
		method, path := address(rt.pattern)
		if method != http.MethodGet && method != http.MethodPost {
			t.Errorf("%s: forms can only GET and POST", rt.pattern)
		}
		if rt.need.machine && method != http.MethodGet {
			t.Errorf("%s: a change needs to know its caller", rt.pattern)
		}
		for _, a := range rt.need.actions {
			if !slices.Contains(known, a) {
				t.Errorf("%s: there is no action %q", rt.pattern, a)
			}
		}
		if rt.again != "" {
			again := braces.ReplaceAllString(rt.again, "x")
			if _, pattern := st.mux.Handler(httptest.NewRequest(http.MethodGet, again, nil)); pattern == everythingElse {
				t.Errorf("%s: the form is shown again at %s, which has no page", rt.pattern, rt.again)
			}
		}
		if _, pattern := st.mux.Handler(httptest.NewRequest(method, path, nil)); pattern != rt.pattern {
			t.Errorf("%s: its address %s belongs to %s", rt.pattern, path, pattern)
		}
	}
}

func TestTheStylePagesAreForDemonstrationsOnly(t *testing.T) {
	st := newSite(t)
	st.Demo = false
	st.Registry = nil
	st.handler = st.Handler()
	has(t, st.get("/style"), 404)
	has(t, newSite(t).get("/style"), 200)
}

// Every answer carries the headers, whatever it is.
func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	st, rows := gated(t)
	for _, rt := range rows {
		method, path := address(rt.pattern)
		for _, who := range []string{"", "triager"} {
			headers(t, rt.pattern, st.send(httptest.NewRequest(method, path, nil), as(who)), who != "" && !rt.need.machine)
		}
	}
	real := newSite(t, row("GET /x", anybody, http.ErrBodyNotAllowed))
	for _, path := range []string{"/style", "/x", "/nowhere", "/nowhere//x", "/healthz", "/style/form"} {
		headers(t, path, real.get(path, as("triager")), false)
	}
	headers(t, "cross-site", real.post("/x", nil, header("Sec-Fetch-Site", "cross-site")), false)
}

func headers(t *testing.T, what string, w *httptest.ResponseRecorder, private bool) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types app",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %s: %q", what, name, got)
		}
	}
	if w.Header().Get("X-Request-Id") == "" {
		t.Errorf("%s: no request id", what)
	}
	if private && w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s: Cache-Control %q for somebody signed in", what, w.Header().Get("Cache-Control"))
	}
}

// The adapter bounds what a request may cost; a handler sees the deadline.
func TestAHandlerHasADeadlineUnlessItStreams(t *testing.T) {
	var limited, streamed bool
	stream := route{pattern: "POST /stream", need: anybody, stream: true, body: 1 << 30, handle: func(_ http.ResponseWriter, r *http.Request) error {
		_, streamed = r.Context().Deadline()
		if r.PostForm != nil {
			t.Error("the form of a stream was read")
		}
		return nil
	}}
	st := newSite(t, stream, route{pattern: "POST /x", need: anybody, handle: func(_ http.ResponseWriter, r *http.Request) error {
		at, ok := r.Context().Deadline()
		limited = ok && time.Until(at) < 5*time.Minute
		return nil
	}})
	st.post("/x", nil)
	st.post("/stream", nil)
	if !limited || streamed {
		t.Errorf("a deadline for the page %v, for the stream %v", limited, streamed)
	}
}

func TestAServerWithoutSessionsDoesNotStart(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it started")
		}
	}()
	(&Server{Log: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil))}).Handler()
}

// A client that sends or takes too slowly is cut off by the deadline on its connection.
func TestDeadlinesReachTheConnection(t *testing.T) {
	st := newSite(t, row("GET /x", anybody, nil), row("POST /x", anybody, nil))
	for method, read := range map[string]bool{http.MethodGet: false, http.MethodPost: true} {
		var set deadlines
		st.handler.ServeHTTP(&set, httptest.NewRequest(method, "/x", nil))
		if set.read.IsZero() == read || set.write.IsZero() {
			t.Errorf("%s: deadlines %v and %v", method, set.read, set.write)
		}
	}
	for _, target := range []string{"/x?keep", "//x", "/nothing"} { // answered before or beside a route
		var set deadlines
		st.handler.ServeHTTP(&set, httptest.NewRequest(http.MethodPost, target, strings.NewReader("a=b")))
		if set.read.IsZero() {
			t.Errorf("POST %s: a body may come as slowly as it likes", target)
		}
	}
}

// deadlines is a connection that remembers its deadlines.
type deadlines struct {
	httptest.ResponseRecorder
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }
