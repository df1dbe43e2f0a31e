package web

import (
	"context"
	"errors"
	"net/http"
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
		Name: s.sessionCookie(), Value: e.Token, Path: "/", Expires: time.Now().Add(e.Session.Ends.Sub(s.Now())), // wall clock: the browser's
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
	nobody := access.Caller{Address: s.Limits.Client(r)}
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
