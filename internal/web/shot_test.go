package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/lang"
)

func TestShots(t *testing.T) {
	s := &Server{Demo: true, Log: slog.New(slog.DiscardHandler),
		Authenticate: func(ctx context.Context, r *http.Request) (access.Caller, lang.Lang, string, error) {
			return access.Caller{}, "", "", nil
		},
		Allow: func(ctx context.Context, who access.Caller, a access.Action, subject string) error { return nil },
	}
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	b := browser.Start(t)
	for _, v := range []browser.View{{Lang: lang.EN}, {Lang: lang.JA}, {Lang: lang.JA, Dark: true}, {Lang: lang.EN, Dark: true, Width: 1024}, {Lang: lang.JA, Width: 1024}, {Lang: lang.JA, Width: 390}, {Lang: lang.EN, Width: 390, Dark: true}} {
		p := b.Page(t, srv.URL, v)
		for _, path := range []string{"", "/queue", "/report", "/reporter", "/form"} {
			p.Go("/style" + path)
			p.Screenshot("style" + strings.ReplaceAll(path, "/", "-"))
		}
	}
}
