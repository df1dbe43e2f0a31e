package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// sessionCookie is bound to this very host where the browser can do that.
func (s *Server) sessionCookie() string {
	if s.secure() {
		return "__Host-session"
	}
	return "session"
}

// welcome gives the browser the session of somebody who has just signed in.
func (s *Server) welcome(w http.ResponseWriter, e person.Entry) {
	http.SetCookie(w, &http.Cookie{
		Name: s.sessionCookie(), Value: e.Token, Path: "/", Expires: time.Now().Add(e.Session.Ends.Sub(s.Now())),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// farewell takes the session out of the browser.
func (s *Server) farewell(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: s.sessionCookie(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// bySession is Authenticate for people: the caller behind the session cookie, or nobody.
func (s *Server) bySession(ctx context.Context, r *http.Request) (access.Caller, lang.Lang, string, error) {
	nobody := access.Caller{Address: s.address(r)}
	c, err := r.Cookie(s.sessionCookie())
	if err != nil {
		return nobody, "", "", nil
	}
	session, who, err := s.People.Authenticate(ctx, c.Value)
	if errors.Is(err, audit.ErrSignIn) {
		return nobody, "", "", nil
	}
	if err != nil {
		return nobody, "", "", err
	}
	who.Address = nobody.Address
	return who, session.Lang, session.Name, nil
}

// address returns where a request comes from, for rate limits. A proxy on this machine says whom it
// speaks for; anybody else's word about that is not heard.
func (s *Server) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	from, err := netip.ParseAddr(host)
	if err != nil || !from.IsLoopback() {
		return host
	}
	list := r.Header.Values("X-Forwarded-For")
	if len(list) == 0 {
		return host
	}
	last := list[len(list)-1]
	for i := len(last) - 1; i >= 0; i-- {
		if last[i] == ',' || last[i] == ' ' {
			last = last[i+1:]
			break
		}
	}
	if a, err := netip.ParseAddr(last); err == nil {
		return a.String()
	}
	return host
}
