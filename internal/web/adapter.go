package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/report"
)

// adapt makes an http.Handler of a route: let the caller in, call the handler, and answer for
// it when it returns an error. It is the only place where an error becomes a status and a page.
func (s *Server) adapt(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visitOf(r).route = rt.pattern
		r, done := s.bound(w, r, rt)
		defer done()
		err := s.enter(w, r, rt)
		if err == nil {
			err = rt.handle(w, r)
		}
		if err != nil {
			s.fail(w, r, rt, err)
		}
	})
}

// bound limits what a request may cost: bytes, and time. Deadlines are set here and not in the
// http.Server, because an upload may take hours and a page may not.
func (s *Server) bound(w http.ResponseWriter, r *http.Request, rt route) (*http.Request, context.CancelFunc) {
	if r.Method == http.MethodGet && visitOf(r).asked {
		return r, func() {} // a page inside a visit: already bounded
	}
	limit := rt.body
	if limit == 0 {
		limit = maxForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	now, out := time.Now(), longest // wall clock: a connection waits in real time
	if !rt.stream {
		out = 2 * patience
	}
	ctl := http.NewResponseController(w)
	// A connection that knows no deadlines (a test's recorder) is also none that can stall.
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		// Not for a GET: net/http would take the deadline of a body that never comes for a client
		// that left, and end a long download.
		_ = ctl.SetReadDeadline(now.Add(patience + time.Duration(limit/slowest)*time.Second))
	}
	_ = ctl.SetWriteDeadline(now.Add(out + time.Duration(limit/slowest)*time.Second))
	if rt.stream {
		return r, func() {}
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience+time.Duration(limit/slowest)*time.Second)
	return r.WithContext(ctx), cancel
}

// enter reads the form, finds out who sends the request, and lets in whom the route admits.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, rt route) error {
	v := visitOf(r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !rt.stream {
		if err := parseForm(r, max(rt.body, maxForm)); err != nil {
			return err
		}
		v.form = Form{values: r.PostForm, posted: true}
		v.kept = keptFrom(r)
	}
	if rt.need.machine {
		return nil
	}
	if !v.asked {
		who, prefers, name, err := s.Authenticate(r.Context(), r)
		if err != nil {
			return fmt.Errorf("finding the session: %w", err)
		}
		v.asked, v.caller, v.name = true, who, name
		s.choose(w, r, prefers)
	}
	h := w.Header()
	if v.caller.Kind == access.Nobody {
		h.Set("Cache-Control", "no-cache") // the same page in another language has the same address
		h.Set("Vary", "Cookie, Accept-Language")
	} else {
		h.Set("Cache-Control", "no-store")
	}
	if v.keeping {
		v.keeping = false
		if err := s.Limits.Take(limit.Keep, cmp.Or(v.caller.ID, limit.Address(v.caller.Address))); err != nil {
			return err
		}
	}
	if rt.need.admits(v.caller) {
		return nil
	}
	if v.caller.Kind == access.Nobody || len(rt.need.actions) == 0 {
		return audit.ErrSignIn
	}
	return s.Allow(r.Context(), v.caller, rt.need.actions[0], rt.pattern)
}

// A problem is an error as a person is told about it.
type problem struct {
	status   int
	text     lang.Text
	field    string
	also     []*fault.Error // everything else that is wrong with the form
	after    time.Duration
	internal bool
}

// explain says what an error means to a person.
func explain(err error) problem {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		f := fault.New(fault.Invalid, "This is more than the %s that can be sent here, so nothing was saved. Shorten it, or attach the long part as a file.",
			"送信できる上限（%s）を超えているため、保存していません。短くするか、長い部分をファイルとして添付してください。", bytesText(large.Limit))
		return problem{status: http.StatusRequestEntityTooLarge, text: f.Text}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		f := fault.New(fault.Later, "This took too long and was stopped. Nothing was changed. Try again in a minute.",
			"時間がかかりすぎたため中止しました。何も変更していません。1分ほど待ってから、もう一度お試しください。")
		return problem{status: http.StatusServiceUnavailable, text: f.Text, after: time.Minute, internal: true}
	}
	f := fault.As(err)
	if f == nil {
		f = fault.New(fault.Later, "Something broke on our side. It is on record under this reference.",
			"こちらの不具合により処理できませんでした。下の参照番号で記録しています。")
		return problem{status: http.StatusInternalServerError, text: f.Text, internal: true}
	}
	p := problem{text: f.Text, field: f.Field, after: f.After}
	if all, ok := errors.AsType[report.Faults](err); ok {
		p.also = all[1:]
	}
	p.status = f.Status()
	if errors.Is(err, audit.ErrSignIn) {
		p.status = http.StatusUnauthorized
	}
	return p
}

// fail answers a request whose handler returned an error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, rt route, err error) {
	v := visitOf(r)
	if out, ok := w.(*response); ok && out.status != 0 {
		out.broken = true
		s.report(r, err)
		panic(http.ErrAbortHandler) // the client must not take half a page for a whole one
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is there to be told; the log has its line
	}
	p := explain(err)
	if p.internal || p.status == http.StatusServiceUnavailable {
		s.report(r, err)
	}
	if p.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(p.after.Seconds()+0.999)))
	}
	posted := r.Method != http.MethodGet && r.Method != http.MethodHead
	switch {
	case wantsJSON(r):
		s.failJSON(w, v, p)
		return
	case p.status == http.StatusUnauthorized && !posted && v.kept == nil:
		http.Redirect(w, r, signInPath+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	case p.status == http.StatusUnprocessableEntity || p.status == http.StatusConflict:
		if posted && s.again(w, r, rt, p) {
			return
		}
	}
	v.status = p.status
	if err := s.showProblem(w, r, p); err != nil {
		s.report(r, err)
		http.Error(w, p.text.In(v.lang)+" "+v.ref, p.status)
	}
}

// report writes an internal error to the log: once, here, under the visit's reference.
func (s *Server) report(r *http.Request, err error) {
	v := visitOf(r)
	s.Log.LogAttrs(r.Context(), slog.LevelError, "request failed",
		slog.String("ref", v.ref), slog.String("route", v.route), slog.Any("err", err))
}

// again shows the page a form stands on once more, with what was typed and the complaint at its
// field. It reports false when the route has no such page.
func (s *Server) again(w http.ResponseWriter, r *http.Request, rt route, p problem) bool {
	path := r.URL.Path
	if rt.again != "" {
		path = fill(rt.again, r)
	}
	g := asGet(r, &url.URL{Path: path})
	if _, pattern := s.mux.Handler(g); pattern == "" || pattern == everythingElse {
		return false
	}
	v := visitOf(r)
	v.form.fault, v.form.field, v.form.also, v.status = p.text, p.field, p.also, p.status
	s.mux.ServeHTTP(w, g)
	return true
}

// fill puts the request's values in the place of the {names} of a path.
func fill(pattern string, r *http.Request) string {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parts[i] = r.PathValue(strings.TrimSuffix(name, "}"))
		}
	}
	return strings.Join(parts, "/")
}

// wantsJSON reports whether the request comes from our script and not from a person's click.
func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

// writeJSON answers our script.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(b)
	return err
}

func (s *Server) failJSON(w http.ResponseWriter, v *visit, p problem) {
	body := map[string]string{"error": p.text.In(v.lang)}
	if p.field != "" {
		body["field"] = p.field
	}
	if p.internal {
		body["ref"] = v.ref
	}
	_ = writeJSON(w, p.status, body) // a client that left needs no answer
}

// seeOther sends the browser to another page of ours after a change.
func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, local(path), http.StatusSeeOther)
	return nil
}

// local returns path when it is an address of ours, and the front page when it leads elsewhere.
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\t\r\n") {
		return "/"
	}
	return path
}
