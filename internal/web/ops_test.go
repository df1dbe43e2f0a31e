package web

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hinomi.dev/hinomi/internal/access"
)

func TestReadyNamesWhatDoesNotWorkAndKeepsWhyToTheLog(t *testing.T) {
	st := newSite(t)
	broken := errors.New("dial tcp 10.0.0.3: refused")
	var err error
	st.Ready = []Check{
		{"database", func(context.Context) error { return err }},
		{"files", func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("a check may take for ever")
			}
			return nil
		}},
	}
	has(t, st.get("/readyz"), 200, "database: ok\nfiles: ok\nready\n")
	err = broken
	w := st.get("/readyz")
	has(t, w, 503, "database: does not work\nfiles: ok\n")
	lacks(t, w, "10.0.0.3", "ready\n")
	if !strings.Contains(st.log.String(), "10.0.0.3") {
		t.Error("the log does not say why")
	}
	has(t, st.get("/healthz"), 200, "ok\n")
}

func TestMetricsAreNotForThePublic(t *testing.T) {
	local := func(r *http.Request) { r.RemoteAddr = "127.0.0.1:4000" }
	local6 := func(r *http.Request) { r.RemoteAddr = "[::1]:4000" }
	for _, c := range []struct {
		name   string
		token  string
		ask    []asking
		status int
	}{
		{"from elsewhere", "", nil, 403},
		{"from this machine", "", []asking{local}, 200},
		{"from this machine, the other way", "", []asking{local6}, 200},
		{"through a proxy on this machine", "", []asking{local, header("X-Forwarded-For", "203.0.113.9")}, 403},
		{"through another", "", []asking{local, header("Forwarded", "for=203.0.113.9")}, 403},
		{"from nowhere", "", []asking{func(r *http.Request) { r.RemoteAddr = "" }}, 403},
		{"with the token", "s3cr3t", []asking{header("Authorization", "Bearer s3cr3t")}, 200},
		{"with another", "s3cr3t", []asking{header("Authorization", "Bearer s3cr3")}, 403},
		{"without it, even from this machine", "s3cr3t", []asking{local}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newSite(t)
			st.MetricsToken = c.token
			has(t, st.get("/metrics", c.ask...), c.status)
		})
	}
}

func TestMetricsCountByRouteAndNotByAddress(t *testing.T) {
	st := newSite(t, row("GET /reports/{id}", anybody, nil), row("GET /x", anybody, errors.New("broken")))
	for _, path := range []string{"/reports/A", "/reports/B", "/x", "/no/such/page", "/another"} {
		st.get(path)
	}
	w := st.get("/metrics", func(r *http.Request) { r.RemoteAddr = "127.0.0.1:4000" })
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, m := range families["hinomi_http_request_seconds"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		got[labels["route"]+" "+labels["status"]] = m.GetHistogram().GetSampleCount()
	}
	for series, want := range map[string]uint64{"GET /reports/{id} 2xx": 2, "GET /x 5xx": 1, "/ 4xx": 2} {
		if got[series] != want {
			t.Errorf("%s: %d, want %d in %v", series, got[series], want, got)
		}
	}
}

func TestTheRegistryIsShared(t *testing.T) {
	st := newSite(t)
	st.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hinomi_other"}, func() float64 { return 7 }))
	has(t, st.get("/metrics", func(r *http.Request) { r.RemoteAddr = "127.0.0.1:4000" }), 200, "hinomi_other 7")
}

func TestSecurityTxt(t *testing.T) {
	st := newSite(t)
	has(t, st.get("/.well-known/security.txt"), 404)
	st.Origin = "https://bounty.example"
	st.Security = Security{
		Contact:         []string{"https://bounty.example/report", "mailto:security@bounty.example\r\nContact: https://evil.example"},
		Policy:          func(time.Time) string { return "/terms/2017-04-10" },
		Acknowledgments: "/hall",
		Encryption:      "https://bounty.example/key.asc",
	}
	w := st.get("/.well-known/security.txt")
	if got := w.Header().Get("Content-Type"); w.Code != 200 || got != "text/plain; charset=utf-8" {
		t.Errorf("%d %s", w.Code, got)
	}
	want := "Contact: https://bounty.example/report\r\nExpires: 2021-04-26T00:00:00Z\r\nEncryption: https://bounty.example/key.asc\r\n" +
		"Acknowledgments: https://bounty.example/hall\r\nPreferred-Languages: ja, en\r\n" +
		"Canonical: https://bounty.example/.well-known/security.txt\r\nPolicy: https://bounty.example/terms/2017-04-10\r\n"
	if got := w.Body.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	st.Security = Security{}
	has(t, st.get("/.well-known/security.txt"), 200, "Contact: https://bounty.example/reports/new\r\n")
}

func TestSecurityTxtRenewsItselfAndNeverLastsAYear(t *testing.T) {
	st := newSite(t)
	st.Origin = "https://bounty.example"
	now := time.Date(2024, 2, 27, 23, 59, 59, 0, time.UTC)
	st.Now = func() time.Time { return now }
	expires := regexp.MustCompile(`Expires: (\S+)`)
	seen := map[string]bool{}
	for range 400 {
		m := expires.FindStringSubmatch(st.get("/.well-known/security.txt").Body.String())
		at, err := time.Parse(time.RFC3339, m[1])
		if err != nil {
			t.Fatal(err)
		}
		if left := at.Sub(now); left < 24*7*24*time.Hour || left >= 365*24*time.Hour {
			t.Fatalf("on %v it expires in %v", now, left)
		}
		seen[m[1]] = true
		now = now.Add(24 * time.Hour)
	}
	if len(seen) < 57 || len(seen) > 59 {
		t.Errorf("in 400 days it had %d dates, want one a week", len(seen))
	}
}

func TestRobotsStayOnThePublicPages(t *testing.T) {
	st := newSite(t, row("GET /open/{id}", anybody, nil), row("GET /desk/{id}", may(access.ReportRead), nil), row("POST /desk/{id}", may(access.ReportRead), nil), row("GET /account", signedIn, nil))
	w := st.get("/robots.txt")
	has(t, w, 200, "User-agent: *\n", "Disallow: /desk/\n", "Disallow: /account\n", "Disallow: /api/\n", "Disallow: /sign-in\n")
	lacks(t, w, "/open", "/terms", "/hall-of-fame", "/log", "Disallow: /\n")
	if n := strings.Count(w.Body.String(), "Disallow: /desk/\n"); n != 1 {
		t.Errorf("/desk/ stands there %d times", n)
	}
}

func TestAssetsAreKeptForEver(t *testing.T) {
	st := newSite(t)
	for file, kind := range map[string]string{"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "tower.svg": "image/svg+xml"} {
		w := st.get(st.assets.prefix + "/" + file)
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", file, w.Code, w.Header())
		}
		if w := st.get("/static/0123456789abcdef/" + file); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s of another version: %d %v", file, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/", "/none.css", "/../server.go", "/%2e%2e/server.go", "/page/layout.html"} {
		if w := st.get(st.assets.prefix + path); w.Code == 200 {
			t.Errorf("%s was served", path)
		}
	}
	has(t, st.get("/favicon.ico"), 200, "<svg")
	for name := range st.assets.files {
		if assetTypes[name[strings.LastIndex(name, "."):]] == "" {
			t.Errorf("%s has no content type", name)
		}
	}
}
