package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

func TestTheLanguageIsTheOneAskedForLast(t *testing.T) {
	st := newSite(t)
	for _, c := range []struct {
		name string
		path string
		ask  []asking
		want string
	}{
		{"nothing", "/nowhere", nil, "en"},
		{"the browser", "/nowhere", []asking{header("Accept-Language", "ja-JP,ja;q=0.9")}, "ja"},
		{"the person before the browser", "/nowhere", []asking{header("Accept-Language", "en"), as("auditor")}, "ja"},
		{"the cookie before the person", "/nowhere", []asking{as("auditor"), cookie("lang", "en")}, "en"},
		{"the address before the cookie", "/nowhere?lang=ja", []asking{cookie("lang", "en")}, "ja"},
		{"a language we do not speak", "/nowhere?lang=fr", []asking{cookie("lang", "xx"), as("auditor")}, "ja"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := st.get(c.path, c.ask...)
			has(t, w, 404, `<html lang="`+c.want+`">`)
			if got := w.Header().Get("Content-Language"); got != c.want {
				t.Errorf("Content-Language %q, want %q", got, c.want)
			}
		})
	}
}

func TestALanguageChosenIsRememberedInThisBrowser(t *testing.T) {
	w := newSite(t).get("/nowhere?lang=ja")
	if got := w.Header().Get("Set-Cookie"); !strings.HasPrefix(got, "lang=ja; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax") {
		t.Errorf("Set-Cookie %q", got)
	}
	if got := newSite(t).get("/nowhere").Header().Get("Set-Cookie"); got != "" {
		t.Errorf("without a choice: Set-Cookie %q", got)
	}
}

func TestTheLanguageLinkKeepsTheAddress(t *testing.T) {
	has(t, newSite(t).get("/style/queue?view=late&lang=en"), 200, `href="/style/queue?lang=ja&amp;view=late" hreflang="ja"`)
}

func TestSwitchingTheLanguageKeepsTheForm(t *testing.T) {
	st := newSite(t)
	page := st.get("/style/form")
	has(t, page, 200, `form="report" formaction="/style/form?keep=&amp;lang=ja" formmethod="post"`)
	w := st.post("/style/form?keep=&lang=ja", url.Values{
		"title": {"途中の<件名>"}, "steps": {"\n一行目"}, "found": {"seen"}, "seen": {"yes"}, "S": {"C"}, "version": {"7"},
	})
	has(t, w, 200, `<html lang="ja">`, `value="途中の&lt;件名&gt;"`, ">\n\n一行目</textarea>", `value="seen" checked`, `value="yes" checked`,
		`name="S" value="C" checked`, `name="version" value="7"`, "data-typed", `formaction="/style/form?keep=&amp;lang=en"`)
	lacks(t, w, `value="self" checked`, `name="S" value="U" checked`, `role="alert"`)
}

func TestKeepingAFormNeverReachesItsHandler(t *testing.T) {
	st := newSite(t, route{pattern: "POST /x", need: anybody, handle: func(http.ResponseWriter, *http.Request) error {
		t.Error("the handler was called")
		return nil
	}}, row("GET /x", anybody, nil))
	has(t, st.post("/x?keep&lang=ja", url.Values{"a": {"b"}}), 204)
	has(t, st.post("/nowhere?keep", url.Values{"a": {"b"}}), 404)
	has(t, st.post("/x?keep", url.Values{"a": {strings.Repeat("x", maxForm)}}), 413)
}

func TestAWrongFormIsShownAgainWithTheComplaintAtItsField(t *testing.T) {
	st := newSite(t)
	w := st.post("/style/form?lang=en", url.Values{"title": {""}, "target": {"line.me"}, "found": {"seen"}})
	has(t, w, 422, `role="alert"`, "Give the report a title", `href="#f-title"`, `id="f-title-wrong"`,
		`aria-describedby="f-title-wrong f-title-help" aria-invalid="true"`, `value="line.me"`, `value="seen" checked`)
	if n := strings.Count(w.Body.String(), `aria-invalid="true"`); n != 1 {
		t.Errorf("%d fields are said to be wrong", n)
	}
}

func TestTheFormIsShownAgainWhereTheRouteSays(t *testing.T) {
	wrong := row("POST /reports/{id}/note", anybody, fault.New(fault.Conflict, "It changed.", "変更されました。"))
	wrong.again = "/reports/{id}"
	st := newSite(t, wrong, route{pattern: "GET /reports/{id}", need: anybody, handle: func(w http.ResponseWriter, r *http.Request) error {
		v := visitOf(r)
		w.WriteHeader(v.status)
		_, err := w.Write([]byte(r.PathValue("id") + " " + v.form.Or("note", "stored") + " " + v.form.fault.EN))
		return err
	}})
	has(t, st.post("/reports/A%20B/note", url.Values{"note": {"typed"}}), 409, "A B typed It changed.")
	has(t, st.get("/reports/AB"), 200, "AB stored ")
}

func TestAPasswordIsNeverShownAgain(t *testing.T) {
	f := Frame{Lang: lang.EN, Form: Form{posted: true, values: url.Values{"password": {"hunter2"}}}}
	if got := f.Field("password", "Password", "").As("password"); got.Value != "" {
		t.Errorf("value %q", got.Value)
	}
}

func TestAFlashIsSaidOnce(t *testing.T) {
	st := newSite(t)
	w := st.post("/style/form", url.Values{"title": {"x"}})
	set := w.Header().Get("Set-Cookie")
	name, rest, _ := strings.Cut(set, "=")
	value, _, _ := strings.Cut(rest, ";")
	if w.Code != 303 || name != "flash" {
		t.Fatalf("%d, Set-Cookie %q", w.Code, set)
	}
	w = st.get("/style/form?lang=ja", cookie(name, value))
	has(t, w, 200, "これは見本のページのため")
	if got := w.Header().Values("Set-Cookie"); !strings.Contains(strings.Join(got, "\n"), "flash=; Path=/; Max-Age=0") {
		t.Errorf("it is not taken back: %q", got)
	}
	for _, damaged := range []string{"!", "bm9uc2Vuc2U", ""} {
		lacks(t, st.get("/style/form", cookie(name, damaged)), `class="notice" role="status"`)
	}
}

func TestCookiesAreTiedToTheHostOverTLS(t *testing.T) {
	st := newSite(t)
	st.Origin = "https://desk.example"
	w := httptest.NewRecorder()
	st.flash(w, "Done.", "完了しました。")
	if got := w.Header().Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-flash=") || !strings.Contains(got, "; Secure") {
		t.Errorf("Set-Cookie %q", got)
	}
	has(t, st.get("/healthz"), 200)
	if got := st.get("/healthz").Header().Get("Strict-Transport-Security"); got == "" {
		t.Error("no Strict-Transport-Security")
	}
}

func TestPlacesAreShownToWhoMayGoThere(t *testing.T) {
	old := places
	defer func() { places = old }()
	places = []Place{
		{Path: "/book", Name: lang.Text{EN: "Book", JA: "本"}},
		{Path: "/desk", Name: lang.Text{EN: "Queue", JA: "キュー"}, Need: access.ReportRead, Desk: true, Key: "q"},
		{Path: "/audit", Name: lang.Text{EN: "Audit", JA: "監査"}, Need: access.AuditRead, Desk: true},
	}
	st := newSite(t)
	st.Counts = func(_ context.Context, who access.Caller) (map[string]int, error) {
		if !who.Desk() {
			t.Errorf("counted for %q", who.ID)
		}
		return map[string]int{"/desk": 1204}, nil
	}
	w := st.get("/desk/x", as("triager"))
	has(t, w, 404, `<a href="/book">Book</a>`, `<a href="/desk" aria-current="page" data-go="q"><span>Queue</span> <span class="count">1,204</span></a>`, `role="search"`, ">TRIAGER</a>")
	lacks(t, w, "Audit")
	w = st.get("/book", as("reporter"))
	has(t, w, 404, "Book")
	lacks(t, w, "Queue", `class="side"`, `role="search"`)
	has(t, st.get("/nowhere"), 404, `href="/sign-in"`)

	st.Counts = func(context.Context, access.Caller) (map[string]int, error) { return nil, errors.New("no counts") }
	has(t, st.get("/desk/nowhere", as("triager")), 404, "<span>Queue</span></a>")
	if !strings.Contains(st.log.String(), "no counts") {
		t.Error("the failure is not in the log")
	}
}

func TestEveryPlaceHasARoute(t *testing.T) {
	st := newSite(t)
	keys := map[string]string{}
	for _, p := range places {
		path, _, _ := strings.Cut(p.Path, "?")
		if _, pattern := st.mux.Handler(httptest.NewRequest(http.MethodGet, path, nil)); pattern == everythingElse || pattern == "" {
			t.Errorf("%s has no route", p.Path)
		}
		if p.Name.JA == "" || p.Name.EN == "" {
			t.Errorf("%s lacks a name", p.Path)
		}
		if other := keys[p.Key]; p.Key != "" && other != "" {
			t.Errorf("%s and %s have the same key", p.Path, other)
		}
		keys[p.Key] = p.Path
	}
}

func TestShowTakesTheStructOfThePage(t *testing.T) {
	var st *site
	st = newSite(t, route{pattern: "GET /x", need: anybody, handle: func(w http.ResponseWriter, r *http.Request) error {
		return st.show(w, r, "style.html", problemPage{})
	}})
	has(t, st.get("/x"), 500)
	if !strings.Contains(st.log.String(), "it takes a web.stylePage, not a web.problemPage") {
		t.Errorf("the log:\n%s", st.log)
	}
}
