package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/fault"
)

func TestAnErrorBecomesAStatusAndASentence(t *testing.T) {
	cause := errors.New("disk /dev/sda1 is full")
	for _, c := range []struct {
		name   string
		err    error
		status int
		en, ja string
	}{
		{"a wrong input", fault.New(fault.Invalid, "No title.", "件名がありません。"), 422, "No title.", "件名がありません。"},
		{"a refusal", fault.New(fault.Denied, "Not you.", "権限がありません。"), 403, "Not you.", "権限がありません。"},
		{"something that is not there", fault.New(fault.NotFound, "No report.", "報告がありません。"), 404, "No report.", "報告がありません。"},
		{"a conflict", fault.New(fault.Conflict, "It changed.", "変更されました。"), 409, "It changed.", "変更されました。"},
		{"not now, without a time", fault.New(fault.Later, "Disk full.", "空き容量がありません。").Because(cause), 503, "Disk full.", "空き容量がありません。"},
		{"not now, with a time", fault.New(fault.Later, "Too often.", "回数が多すぎます。").Retry(90 * time.Second), 429, "Too often.", "回数が多すぎます。"},
		{"a wrapped fault", fmt.Errorf("reading: %w", fault.New(fault.NotFound, "No report.", "報告がありません。")), 404, "No report.", "報告がありません。"},
		{"an internal error", cause, 500, "Something broke on our side.", "こちらの不具合"},
		{"a handler out of time", fmt.Errorf("reading: %w", context.DeadlineExceeded), 503, "took too long", "時間がかかりすぎた"},
		{"a body that is too large", fmt.Errorf("reading: %w", &http.MaxBytesError{Limit: 2_000_000}), 413, "2\u00a0MB", "2\u00a0MB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newSite(t, row("GET /x", anybody, c.err))
			has(t, st.get("/x?lang=en"), c.status, c.en, `<html lang="en">`)
			w := st.get("/x?lang=ja")
			has(t, w, c.status, c.ja, `<html lang="ja">`)
			lacks(t, w, cause.Error())
			if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("Content-Type %q", got)
			}
		})
	}
}

func TestAnInternalErrorIsLoggedOnceUnderTheReferenceThePersonSees(t *testing.T) {
	st := newSite(t, row("GET /x", anybody, errors.New("disk on fire")))
	w := st.get("/x")
	ref := w.Header().Get("X-Request-Id")
	if ref == "" {
		t.Fatal("no request id")
	}
	has(t, w, 500, ref)
	lacks(t, w, "disk on fire")
	if n := strings.Count(st.log.String(), "disk on fire"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, st.log)
	}
	if n := strings.Count(st.log.String(), "ref="+ref); n != 2 {
		t.Errorf("the reference stands in %d lines, want the error's and the request's:\n%s", n, st.log)
	}
}

func TestAFaultIsNobodysErrorInTheLog(t *testing.T) {
	st := newSite(t, row("GET /x", anybody, fault.New(fault.Denied, "Not you.", "権限がありません。").Because(errors.New("cause"))))
	st.get("/x")
	if strings.Contains(st.log.String(), "level=ERROR") {
		t.Errorf("a refusal was logged as an error:\n%s", st.log)
	}
}

func TestThePathIsNeverLogged(t *testing.T) {
	st := newSite(t, row("GET /invite/{token}", anybody, errors.New("broken")))
	st.get("/invite/s3cr3t?q=s3cr3t", as("triager"))
	if log := st.log.String(); strings.Contains(log, "s3cr3t") || !strings.Contains(log, "/invite/{token}") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestLaterSaysWhen(t *testing.T) {
	st := newSite(t, row("GET /x", anybody, fault.New(fault.Later, "Too often.", "回数が多すぎます。").Retry(1500*time.Millisecond)))
	if got := st.get("/x").Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want the next whole second", got)
	}
}

func TestAPanicIsAnInternalError(t *testing.T) {
	st := newSite(t, route{pattern: "GET /x", need: anybody, handle: func(http.ResponseWriter, *http.Request) error {
		panic("no such index")
	}})
	w := st.get("/x")
	has(t, w, 500, w.Header().Get("X-Request-Id"))
	if !strings.Contains(st.log.String(), "no such index") || !strings.Contains(st.log.String(), "adapter_test.go") {
		t.Errorf("the log has no trace of it:\n%s", st.log)
	}
}

func TestHalfAPageIsCutOff(t *testing.T) {
	for name, end := range map[string]func() error{
		"by an error": func() error { return errors.New("lost the file") },
		"by a panic":  func() error { panic("lost the file") },
	} {
		t.Run(name, func(t *testing.T) {
			st := newSite(t, route{pattern: "GET /x", need: anybody, handle: func(w http.ResponseWriter, _ *http.Request) error {
				_, _ = w.Write([]byte("half a fi"))
				return end()
			}})
			defer func() {
				if recover() != http.ErrAbortHandler {
					t.Error("the connection was not aborted: the client takes half for the whole")
				}
				if n := strings.Count(st.log.String(), "lost the file"); n != 1 {
					t.Errorf("logged %d times:\n%s", n, st.log)
				}
			}()
			st.get("/x")
		})
	}
}

func TestAReaderWhoLeftIsNoError(t *testing.T) {
	st := newSite(t, row("GET /x", anybody, fmt.Errorf("reading: %w", context.Canceled)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	st.send(httptest.NewRequest(http.MethodGet, "/x", nil).WithContext(ctx))
	if log := st.log.String(); strings.Contains(log, "ERROR") || !strings.Contains(log, "status=499") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestWhoIsNotSignedInIsSentToSignInAndBack(t *testing.T) {
	for name, err := range map[string]error{"by the route": nil, "by the operation": audit.ErrSignIn} {
		t.Run(name, func(t *testing.T) {
			need := anybody
			if err == nil {
				need = may(access.ReportRead)
			}
			w := newSite(t, row("GET /desk", need, err)).get("/desk?view=late&q=x")
			if got := w.Header().Get("Location"); w.Code != 303 || got != "/sign-in?next=%2Fdesk%3Fview%3Dlate%26q%3Dx" {
				t.Errorf("%d to %q", w.Code, got)
			}
		})
	}
}

func TestAScriptIsAnsweredInJSON(t *testing.T) {
	st := newSite(t,
		row("POST /x", signedIn, fault.New(fault.Invalid, "No title.", "件名がありません。").At("title")),
		row("POST /y", anybody, errors.New("broken")))
	script := header("Accept", "application/json")
	for _, c := range []struct {
		path   string
		who    string
		status int
		want   map[string]string
	}{
		{"/x?lang=ja", "reporter", 422, map[string]string{"error": "件名がありません。", "field": "title"}},
		{"/x?lang=en", "", 401, map[string]string{"error": "Sign in first."}},
	} {
		w := st.post(c.path, nil, script, as(c.who))
		var got map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != c.status || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %d %v %v, want %d %v", c.path, w.Code, got, err, c.status, c.want)
		}
	}
	w := st.post("/y", nil, script)
	has(t, w, 500, `"ref":"`+w.Header().Get("X-Request-Id")+`"`)
}

func TestARefusalAtTheDoorIsOnRecord(t *testing.T) {
	st := newSite(t, row("GET /people", may(access.PersonRead), nil))
	has(t, st.get("/people", as("triager")), 403, "Your role does not allow this.")
	if len(st.refused) != 1 || st.refused[0] != "triager person.read GET /people" {
		t.Errorf("on record: %q", st.refused)
	}
	has(t, st.get("/people", as("auditor")), 204)
	if len(st.refused) != 1 {
		t.Errorf("on record: %q", st.refused)
	}
}

func TestWithoutSessionsThereIsAnAnswer(t *testing.T) {
	st := newSite(t, row("GET /x", anybody, nil))
	st.down = true
	w := st.get("/x")
	has(t, w, 500, w.Header().Get("X-Request-Id"))
	has(t, st.get("/healthz"), 200)
	has(t, st.get(st.assets.prefix+"/app.css"), 200)
}

func TestAFormFromAnotherSiteDoesNothing(t *testing.T) {
	called := false
	st := newSite(t, route{pattern: "POST /x", need: anybody, handle: func(http.ResponseWriter, *http.Request) error {
		called = true
		return nil
	}})
	for _, path := range []string{"/x", "/x?keep"} {
		has(t, st.post(path, url.Values{"a": {"b"}}, header("Sec-Fetch-Site", "cross-site")), 403, "came from another site")
		has(t, st.post(path, url.Values{"a": {"b"}}, header("Origin", "https://evil.example")), 403)
	}
	if called {
		t.Error("the handler was called")
	}
	if w := st.post("/x", nil, header("Sec-Fetch-Site", "same-origin")); w.Code != 200 || !called {
		t.Errorf("the same from here: %d, called %v", w.Code, called)
	}
}

func TestAFormThatIsTooLargeIsRefusedBeforeItIsRead(t *testing.T) {
	small := row("POST /small", anybody, nil)
	small.body = 100
	st := newSite(t, small, row("POST /x", anybody, nil))
	has(t, st.post("/small", url.Values{"a": {strings.Repeat("x", 200)}}), 413, "100\u00a0B")
	has(t, st.post("/x", url.Values{"a": {strings.Repeat("x", maxForm)}}), 413)
	has(t, st.post("/x", url.Values{"a": {strings.Repeat("x", maxForm-10)}}), 204)
}

func TestADamagedFormSaysSo(t *testing.T) {
	st := newSite(t, row("POST /x", anybody, nil))
	r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("--wrong\r\nnothing"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=right")
	has(t, st.send(r), 422, "arrived damaged")
}

func TestWhatABrowserSendsWronglyIsMended(t *testing.T) {
	var got string
	st := newSite(t, route{pattern: "POST /x", need: anybody, handle: func(_ http.ResponseWriter, r *http.Request) error {
		got = r.PostFormValue("a") + "|" + r.FormValue("b")
		return nil
	}})
	st.post("/x", url.Values{"a": {"one\r\ntwo\rthree\x00\xff"}, "b": {"ok"}})
	if want := "one\ntwo\nthree\uFFFD\uFFFD|ok"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAWrongMethodIsToldFromAWrongAddress(t *testing.T) {
	st := newSite(t, row("POST /x", anybody, nil), row("GET /y", anybody, nil))
	w := st.get("/x")
	has(t, w, 405)
	if got := w.Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow %q", got)
	}
	has(t, st.post("/y", nil), 405)
	has(t, st.get("/nowhere"), 404, "No page has this address")
	has(t, st.get("/nowhere/../x/"), 307)
}

func TestASecondAddressOfOursOnly(t *testing.T) {
	for in, want := range map[string]string{
		"/desk?view=late#x": "/desk?view=late#x", "": "/", "desk": "/", "//evil.example": "/", `/\evil.example`: "/",
		"https://evil.example/": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/", "/%2f/evil.example": "/%2f/evil.example", "/a\r\nX: y": "/",
	} {
		if got := local(in); got != want {
			t.Errorf("local(%q) = %q, want %q", in, got, want)
		}
	}
}
