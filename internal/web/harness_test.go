package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
)

// A site is a Server with pages of its own, to try the frame on. Who sends a request stands in
// its cookie "who": the name of one of its people, or nobody.
type site struct {
	*Server
	handler http.Handler
	log     *bytes.Buffer
	refused []string // what Allow was asked for and did not grant
	down    bool     // Authenticate does not work
}

var people = map[string]access.Caller{
	"reporter": {ID: "reporter", Kind: access.Participant},
	"triager":  {ID: "triager", Kind: access.Staff, Roles: []access.Role{access.Triager}},
	"auditor":  {ID: "auditor", Kind: access.Staff, Roles: []access.Role{access.Auditor}},
	"admin":    {ID: "admin", Kind: access.Staff, Roles: []access.Role{access.Admin}},
}

var errDown = errors.New("the session table is gone")

// stopped is the clock of a site: 10:12 JST on 27 October 2020.
func stopped() time.Time { return time.Date(2020, 10, 27, 1, 12, 0, 0, time.UTC) }

func newSite(t testing.TB, more ...route) *site {
	t.Helper()
	st := &site{log: &bytes.Buffer{}}
	st.Server = &Server{
		Now:   stopped,
		Nouns: Nouns{Limits: &limit.Limits{Now: stopped}},
		Log:   slog.New(slog.NewTextHandler(st.log, nil)),
		Demo:  true,
		extra: more,
		Authenticate: func(_ context.Context, r *http.Request) (access.Caller, lang.Lang, string, error) {
			if st.down {
				return access.Caller{}, "", "", errDown
			}
			c, err := r.Cookie("who")
			if err != nil {
				return access.Caller{}, "", "", nil
			}
			who := people[c.Value]
			prefers := lang.Lang("")
			if c.Value == "auditor" {
				prefers = lang.JA
			}
			return who, prefers, strings.ToUpper(who.ID), nil
		},
		Allow: func(_ context.Context, who access.Caller, a access.Action, subject string) error {
			if access.Allow(who, a) {
				return nil
			}
			if who.Kind == access.Nobody {
				return audit.ErrSignIn
			}
			st.refused = append(st.refused, who.ID+" "+string(a)+" "+subject)
			return fault.New(fault.Denied, "Your role does not allow this.", "この役割では行えません。")
		},
	}
	st.handler = st.Handler()
	return st
}

// An asking changes a request before it is sent.
type asking func(*http.Request)

func as(who string) asking {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "who", Value: who}) }
}

func header(name, value string) asking {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func cookie(name, value string) asking {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
}

func (st *site) get(path string, more ...asking) *httptest.ResponseRecorder {
	return st.send(httptest.NewRequest(http.MethodGet, path, nil), more...)
}

func (st *site) post(path string, form url.Values, more ...asking) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return st.send(r, more...)
}

func (st *site) send(r *http.Request, more ...asking) *httptest.ResponseRecorder {
	for _, change := range more {
		change(r)
	}
	w := httptest.NewRecorder()
	st.handler.ServeHTTP(w, r)
	return w
}

func has(t *testing.T, w *httptest.ResponseRecorder, status int, parts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	for _, part := range parts {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("the page lacks %q:\n%s", part, w.Body)
		}
	}
}

func lacks(t *testing.T, w *httptest.ResponseRecorder, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(w.Body.String(), part) {
			t.Errorf("the page has %q:\n%s", part, w.Body)
		}
	}
}

// row makes a route whose handler ends with err, or with a page when it is nil.
func row(pattern string, need need, err error) route {
	return route{pattern: pattern, need: need, handle: func(w http.ResponseWriter, _ *http.Request) error {
		if err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}}
}
