package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
)

// serve is outside of everything: it names the request, sets the headers, catches a panic, and
// writes the line in the log.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now() // wall clock: a demonstration's may stand still
	v := &visit{ref: id.Short(8), route: "none", status: http.StatusOK}
	r = withVisit(r, v)
	out := &response{ResponseWriter: w}
	s.headers(out.Header(), v.ref)
	if r.ContentLength != 0 {
		// Also for who is answered before a route bounds the body: it is read to its end even then.
		_ = http.NewResponseController(out).SetReadDeadline(start.Add(patience + maxForm/slowest*time.Second))
	}
	s.choose(out, r, "")
	defer func() {
		p := recover()
		if p != nil && p != any(http.ErrAbortHandler) { // as net/http itself compares it
			s.caught(out, r, p)
			p = nil
			if out.broken {
				p = http.ErrAbortHandler // half a page must not look like a whole one
			}
		}
		s.account(r, out, time.Since(start)) // wall clock: as start
		if p != nil {
			panic(p)
		}
	}()
	if err := s.guard.Check(r); err != nil {
		s.fail(out, r, route{}, fault.New(fault.Denied,
			"This request came from another site, so nothing was done. Open the page here and try again.",
			"別のサイトから送られた操作のため、何も実行していません。このサイトのページを開いて、もう一度操作してください。").Because(err))
		return
	}
	if r.Method == http.MethodPost && r.URL.Query().Has("keep") {
		s.keep(out, r)
		return
	}
	s.mux.ServeHTTP(out, r)
}

// caught turns a panic into the page of an internal error.
func (s *Server) caught(w *response, r *http.Request, p any) {
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if w.status == 0 {
		s.fail(w, r, route{}, err)
		return
	}
	w.broken = true
	s.report(r, err)
}

// account writes the line in the log and the metrics. Neither holds a path, an address or
// anything typed: paths of invitations are secrets.
func (s *Server) account(r *http.Request, w *response, took time.Duration) {
	v, status := visitOf(r), w.status
	switch {
	case status == 0 && r.Context().Err() != nil:
		status = statusGone
	case status == 0:
		status = http.StatusOK
	}
	s.took.WithLabelValues(v.route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
	s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("ref", v.ref), slog.String("method", r.Method), slog.String("route", v.route),
		slog.Int("status", status), slog.Int64("bytes", w.bytes), slog.Duration("took", took),
		slog.String("person_id", v.caller.ID))
}

// statusGone is what the log says when the client left before the answer.
const statusGone = 499

// policy lets a page use what is served here and nothing else. User text cannot run, load, frame
// or post elsewhere even if it got past the sanitizer. Trusted Types leave one way to parse HTML
// in script: the policy named app in static/swap.js.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types app"

// headers sets what every answer carries. Handlers add to it, none takes away.
func (s *Server) headers(h http.Header, ref string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("X-Request-Id", ref)
	if s.secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// secure reports whether people reach us over TLS.
func (s *Server) secure() bool { return strings.HasPrefix(s.Origin, "https://") }

// keep answers a form that was posted to a page with ?keep: the page as GET shows it, with what
// was typed in its fields. Nothing is saved or changed. The language buttons of a form work this
// way, and so does every button that works something out before the form is sent.
func (s *Server) keep(w *response, r *http.Request) {
	v := visitOf(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := parseForm(r, maxForm); err != nil {
		s.fail(w, r, route{}, err)
		return
	}
	v.form, v.keeping = Form{values: r.PostForm, posted: true}, true
	v.kept = keptFrom(r) // should the session be lost, this form travels through the sign-in as well
	q := r.URL.Query()
	q.Del("keep")
	s.mux.ServeHTTP(w, asGet(r, &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: q.Encode()}))
}

// asGet returns the request for another page of the same visit.
func asGet(r *http.Request, u *url.URL) *http.Request {
	g := r.Clone(r.Context())
	g.Method, g.Body, g.ContentLength = http.MethodGet, http.NoBody, 0
	g.Form, g.PostForm, g.MultipartForm = nil, nil, nil
	g.Header.Del("Content-Type")
	g.URL, g.RequestURI = u, u.RequestURI()
	return g
}

// parseForm reads a posted form of at most limit bytes. What a browser may have sent wrongly is
// mended here, once: bytes that are not UTF-8 and NUL become U+FFFD, line ends become "\n".
func parseForm(r *http.Request, limit int64) error {
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(limit) // limit also bounds the body: nothing is put on disk
	} else {
		err = r.ParseForm()
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return err
	}
	if err != nil {
		return fault.New(fault.Invalid,
			"The form arrived damaged, so nothing was done. Go back, and send it again.",
			"フォームが正しく届かなかったため、何も実行していません。前のページに戻って、もう一度送信してください。").Because(err)
	}
	r.Form, r.PostForm = mend(r.Form), mend(r.PostForm)
	return nil
}

var mending = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD")

func mend(v url.Values) url.Values {
	clean := make(url.Values, len(v))
	for name, values := range v {
		for _, value := range values {
			name := mending.Replace(strings.ToValidUTF8(name, "\uFFFD"))
			clean[name] = append(clean[name], mending.Replace(strings.ToValidUTF8(value, "\uFFFD")))
		}
	}
	return clean
}

// A response remembers what was answered.
type response struct {
	http.ResponseWriter
	status int
	bytes  int64
	broken bool // an error came when part of the answer was already out
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
