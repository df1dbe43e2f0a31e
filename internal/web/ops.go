package web

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
)

// A Check is one thing that must work before requests should be sent here.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

// checkTime is how long one check may take.
const checkTime = 2 * time.Second

// getHealthz says that the process answers.
func (s *Server) getHealthz(w http.ResponseWriter, r *http.Request) error {
	return plainText(w, http.StatusOK, "ok\n")
}

// getReadyz says whether requests should be sent here. The public learns which part does not
// work, and the log why.
func (s *Server) getReadyz(w http.ResponseWriter, r *http.Request) error {
	status, b := http.StatusOK, strings.Builder{}
	for _, c := range s.Ready {
		ctx, cancel := context.WithTimeout(r.Context(), checkTime)
		err := c.Run(ctx)
		cancel()
		if err == nil {
			fmt.Fprintf(&b, "%s: ok\n", c.Name)
			continue
		}
		status = http.StatusServiceUnavailable
		fmt.Fprintf(&b, "%s: does not work\n", c.Name)
		s.Log.LogAttrs(r.Context(), slog.LevelError, "not ready", slog.String("check", c.Name), slog.Any("err", err))
	}
	if status == http.StatusOK {
		b.WriteString("ready\n")
	}
	return plainText(w, status, b.String())
}

func plainText(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, err := w.Write([]byte(text))
	return err
}

func (s *Server) getMetrics(w http.ResponseWriter, r *http.Request) error {
	if !s.mayMeasure(r) {
		return fault.New(fault.Denied, "Send the metrics token, or ask from this machine.",
			"メトリクス用のトークンを送るか、このマシンから取得してください。")
	}
	w.Header().Set("Cache-Control", "no-store")
	promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}

// mayMeasure reports whether the metrics may be read: with the token, or on a desk without TLS from
// this machine. A request that a proxy passed on came from elsewhere, whatever its address says.
func (s *Server) mayMeasure(r *http.Request) bool {
	if s.MetricsToken != "" {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return ok && subtle.ConstantTimeCompare([]byte(token), []byte(s.MetricsToken)) == 1
	}
	if s.secure() {
		return false // TLS ends in a proxy, and one that adds no header looks like this machine
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// getRobots keeps crawlers to the public pages. What is not public is worked out from the routes.
func (s *Server) getRobots(w http.ResponseWriter, r *http.Request) error {
	var b strings.Builder
	b.WriteString("User-agent: *\n")
	var shut []string
	for _, rt := range s.table() {
		_, path, _ := strings.Cut(rt.pattern, " ")
		path, _, _ = strings.Cut(path, "{")
		if !rt.need.admits(access.Caller{}) && path != "/" && !slices.Contains(shut, path) {
			shut = append(shut, path)
		}
	}
	slices.Sort(shut)
	for _, path := range append(shut, "/api/", signInPath) {
		fmt.Fprintf(&b, "Disallow: %s\n", path)
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	return plainText(w, http.StatusOK, b.String())
}

// Security is what /.well-known/security.txt says (RFC 9116).
type Security struct {
	// Contact lists addresses as URIs, the preferred one first. Empty means where a report begins.
	Contact []string
	// Policy returns the path of the terms in force at an instant.
	Policy func(now time.Time) string
	// Acknowledgments is the path of the hall of fame.
	Acknowledgments string
	// Encryption is the URI of an OpenPGP key.
	Encryption string
}

// The file expires half a year after the week it is read in: always less than the year that the
// RFC allows, and the same for everybody who reads it within a week.
const (
	securityWeek  = 7 * 24 * time.Hour
	securityWeeks = 26
)

func (s *Server) getSecurityTxt(w http.ResponseWriter, r *http.Request) error {
	c, now := s.Security, s.Now()
	contact := c.Contact
	if len(contact) == 0 && s.Origin != "" {
		contact = []string{s.Origin + "/reports/new"}
	}
	if len(contact) == 0 {
		return fault.New(fault.NotFound, "Nobody has set up a contact here.", "連絡先が設定されていません。")
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" && !strings.ContainsAny(value, "\r\n") {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	ours := func(path string) string {
		if path == "" || s.Origin == "" {
			return ""
		}
		return s.Origin + path
	}
	for _, uri := range contact {
		line("Contact", uri)
	}
	line("Expires", now.UTC().Truncate(securityWeek).Add(securityWeeks*securityWeek).Format(time.RFC3339))
	line("Encryption", c.Encryption)
	line("Acknowledgments", ours(c.Acknowledgments))
	line("Preferred-Languages", "ja, en")
	line("Canonical", ours("/.well-known/security.txt"))
	if c.Policy != nil {
		line("Policy", ours(c.Policy(now)))
	}
	w.Header().Set("Cache-Control", "public, max-age=3600")
	return plainText(w, http.StatusOK, b.String())
}
