package web

import (
	"bytes"
	"errors"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/fault"
)

// hidden returns the hidden fields of a page and the action of the form they stand in.
func hidden(t *testing.T, w *httptest.ResponseRecorder) (string, url.Values) {
	t.Helper()
	form := regexp.MustCompile(`(?s)<form method="post" action="([^"]*)">(.*?)</form>`).FindStringSubmatch(w.Body.String())
	if form == nil {
		t.Fatalf("there is no form:\n%s", w.Body)
	}
	fields := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(form[2], -1) {
		fields.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return html.UnescapeString(form[1]), fields
}

// signInRoutes stand in for the sign-in pages, and do what doc.go asks of them: in two steps, as
// with a code after the password.
func signInRoutes(st **site) []route {
	page := func(w http.ResponseWriter, r *http.Request) error {
		return (*st).show(w, r, "kept.html", keptPage{Frame: (*st).frame(r, "Sign in", "サインイン"),
			Kept: &Kept{Action: "/sign-in", Fields: []KeptField{{keptName, (*st).frame(r, "", "").Form.Kept()}, {"next", r.FormValue("next")}}}})
	}
	return []route{
		{pattern: "GET /sign-in", need: anybody, handle: page},
		{pattern: "POST /sign-in", need: anybody, handle: func(w http.ResponseWriter, r *http.Request) error {
			if r.PostFormValue("password") == "wrong" {
				return fault.New(fault.Invalid, "Wrong.", "誤りです。")
			}
			if r.PostFormValue("code") == "" {
				return page(w, r)
			}
			return (*st).onward(w, r, r.PostFormValue("next"))
		}},
	}
}

var typed = url.Values{
	"title": {`<b>"A" & 'B'</b>`}, "class": {"xss", "other"}, "steps": {"一行目\n二行目\n\n" + strings.Repeat("長い", 100)},
	"password": {"hunter2"}, "version": {"3"},
}

func TestAFormSurvivesALostSession(t *testing.T) {
	var st *site
	var arrived url.Values
	rows := append(signInRoutes(&st), route{pattern: "POST /reports/new", need: signedIn, handle: func(w http.ResponseWriter, r *http.Request) error {
		arrived = r.PostForm
		return seeOther(w, r, "/")
	}})
	st = newSite(t, rows...)

	w := st.post("/reports/new?from=a", typed)
	has(t, w, 401, "You are signed out", "Nothing you typed is lost", "二行目")
	lacks(t, w, "hunter2")
	action, fields := hidden(t, w)
	if action != "/sign-in?keep=&next=%2Freports%2Fnew" {
		t.Errorf("it goes on at %q", action)
	}

	w = st.post(action, fields) // the sign-in page
	has(t, w, 200, "Sign in")
	action, fields = hidden(t, w)
	fields.Set("password", "wrong")
	w = st.post(action, fields) // shown again
	has(t, w, 422)
	action, fields = hidden(t, w)
	fields.Set("password", "right")
	w = st.post(action, fields) // the second step
	has(t, w, 200)
	action, fields = hidden(t, w)
	fields.Set("code", "123456")
	w = st.post(action, fields) // signed in
	has(t, w, 200, "Send what I typed", "Nothing has been sent yet")

	action, fields = hidden(t, w)
	if action != "/reports/new?from=a" {
		t.Errorf("it is sent to %q", action)
	}
	has(t, st.post(action, fields, as("reporter")), 303)
	want := url.Values{}
	for name, values := range typed {
		if name != "password" {
			want[name] = values
		}
	}
	if diff := cmp.Diff(want, arrived); diff != "" {
		t.Errorf("what arrived differs from what was typed (-typed +arrived):\n%s", diff)
	}
}

func TestSwitchingTheLanguageAfterALostSessionKeepsTheForm(t *testing.T) {
	st := newSite(t, row("GET /x", signedIn, nil))
	w := st.post("/x?keep&lang=ja", typed)
	has(t, w, 401, "入力内容は失われていません")
	_, fields := hidden(t, w)
	k, ok := parseKept(fields.Get("kept"))
	if !ok || k.Action != "/x?keep&lang=ja" || len(k.Fields) != 5 {
		t.Errorf("kept %+v", k)
	}
}

func TestSigningInWithoutAKeptFormGoesToThePageWanted(t *testing.T) {
	var st *site
	st = newSite(t, signInRoutes(&st)...)
	for next, want := range map[string]string{"/desk?view=late": "/desk?view=late", "https://evil.example/": "/", "": "/"} {
		w := st.post("/sign-in", url.Values{"code": {"1"}, "next": {next}})
		if got := w.Header().Get("Location"); w.Code != 303 || got != want {
			t.Errorf("next %q: %d to %q", next, w.Code, got)
		}
	}
}

func TestAKeptFormLeadsNowhereElse(t *testing.T) {
	for _, action := range []string{"https://evil.example/", "//evil.example", "", "javascript:alert(1)"} {
		if _, ok := parseKept((&Kept{Action: action}).String()); ok {
			t.Errorf("a form for %q was taken", action)
		}
	}
	for _, value := range []string{"", "!", "bm9uc2Vuc2U", (&Kept{Action: "/x"}).String()[1:]} {
		if _, ok := parseKept(value); ok {
			t.Errorf("%q was taken", value)
		}
	}
}

func TestAnErrorKeepsWhatWasTyped(t *testing.T) {
	for name, err := range map[string]error{
		"broken":   errors.New("disk full"),
		"not now":  fault.New(fault.Later, "Full.", "満杯です。"),
		"conflict": fault.New(fault.Conflict, "Changed.", "変更されました。"),
		"gone":     fault.New(fault.NotFound, "Gone.", "ありません。"),
	} {
		t.Run(name, func(t *testing.T) {
			st := newSite(t, row("POST /x", anybody, err))
			action, fields := hidden(t, st.post("/x?a=b", typed))
			if action != "/x?a=b" || fields.Get("title") != typed.Get("title") || fields.Get("steps") != typed.Get("steps") {
				t.Errorf("kept %q %v", action, fields)
			}
		})
	}
}

func TestWhatCannotBeKeptIsSaid(t *testing.T) {
	st := newSite(t, row("POST /x", signedIn, nil))
	long := url.Values{"steps": {strings.Repeat("x", maxKept+1)}, "a": {"short"}}
	w := st.post("/x", long)
	has(t, w, 401, "Files cannot be kept")
	if w.Body.Len() > 100_000 {
		t.Errorf("the page has %d bytes: what is kept is not bounded", w.Body.Len())
	}
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if err := m.WriteField("title", "with a file"); err != nil {
		t.Fatal(err)
	}
	if f, err := m.CreateFormFile("file", "proof.mp4"); err != nil {
		t.Fatal(err)
	} else if _, err := f.Write([]byte("bytes")); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/x", &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	w = st.send(r)
	has(t, w, 401, "Files cannot be kept")
	_, fields := hidden(t, w)
	if k, ok := parseKept(fields.Get("kept")); !ok || len(k.Fields) != 1 || k.Fields[0].Value != "with a file" {
		t.Errorf("kept %+v", k)
	}
}
