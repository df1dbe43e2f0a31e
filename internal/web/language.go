package web

import (
	"net/http"
	"net/url"
	"time"

	"hinomi.dev/hinomi/internal/lang"
)

const langCookie = "lang"

// choose settles the language of a visit: the one asked for in the address, the one chosen in
// this browser before, the person's preference, what the browser asks for. Choosing one in the
// address is remembered in this browser.
func (s *Server) choose(w http.ResponseWriter, r *http.Request, prefers lang.Lang) {
	v := visitOf(r)
	if asked := lang.Lang(r.URL.Query().Get("lang")); asked.Valid() {
		if v.lang != asked {
			s.setCookie(w, langCookie, string(asked), 365*24*time.Hour)
		}
		v.lang = asked
		return
	}
	if c, err := r.Cookie(langCookie); err == nil && lang.Lang(c.Value).Valid() {
		v.lang = lang.Lang(c.Value)
		return
	}
	if v.lang = prefers; !v.lang.Valid() {
		v.lang = lang.Prefer(r.Header.Get("Accept-Language"))
	}
}

// setCookie sets a cookie of the frame's own. None of them is a session.
func (s *Server) setCookie(w http.ResponseWriter, name, value string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// inLanguage returns the address in another language, and with more in its query.
func inLanguage(path string, l lang.Lang, more ...string) string {
	u, err := url.Parse(path)
	if err != nil {
		return "/?lang=" + string(l)
	}
	q := u.Query()
	q.Set("lang", string(l))
	for _, name := range more {
		q.Set(name, "")
	}
	u.RawQuery = q.Encode()
	return u.RequestURI()
}
