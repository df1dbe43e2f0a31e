package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/person"
)

// signInRoutes are the addresses by which people come in, come back and go.
func (s *Server) signInRoutes() []route {
	const link = "/link/{token}"
	return []route{
		{pattern: "GET /sign-in", handle: s.getSignIn, need: anybody},
		{pattern: "POST /sign-in", handle: s.postSignIn, need: anybody},
		{pattern: "POST /sign-in/begin", handle: s.postSignInBegin, need: anybody},
		{pattern: "POST /sign-in/passkey", handle: s.postSignInPasskey, need: anybody, again: signInPath},
		{pattern: "GET /sign-in/help", handle: s.getSignInHelp, need: anybody},
		{pattern: "POST /sign-in/help", handle: s.postSignInHelp, need: anybody},
		{pattern: "POST /sign-out", handle: s.postSignOut, need: signedIn},
		{pattern: "GET /sign-up", handle: s.getSignUp, need: anybody},
		{pattern: "POST /sign-up", handle: s.postSignUp, need: anybody},
		{pattern: "GET /mail-sent", handle: s.getMailSent, need: anybody},
		{pattern: "GET " + link, handle: s.getLink, need: anybody},
		{pattern: "GET " + link + "/password", handle: s.getLinkPassword, need: anybody},
		{pattern: "POST " + link + "/begin", handle: s.postLinkBegin, need: anybody},
		{pattern: "POST " + link + "/passkey", handle: s.postLinkPasskey, need: anybody, again: link},
		{pattern: "POST " + link + "/password", handle: s.postLinkPassword, need: anybody},
		{pattern: "POST " + link + "/mail", handle: s.postLinkMail, need: signedIn, again: link},
	}
}

// A signInPage is the way in for who has an account.
type signInPage struct {
	Frame
	Next string // where to go afterwards; empty: home
	Why  string // it did not work
}

func (s *Server) getSignIn(w http.ResponseWriter, r *http.Request) error {
	p := signInPage{Frame: s.frame(r, "Sign in", "サインイン"), Next: nextOf(r)}
	if p.SignedIn() && p.Form.Kept() == "" {
		return seeOther(w, r, orHome(p.Next, p.Caller))
	}
	p.Keep = "sign-in"
	p.Why = p.takeFault()
	return s.show(w, r, "signin.html", p)
}

// takeFault returns what was wrong with the form, and takes it from the top of the page: the page
// says it beside its own words.
func (f *Frame) takeFault() string {
	why := f.Form.Fault()
	f.Form.fault.EN, f.Form.fault.JA = "", ""
	return why
}

// nextOf returns the page wanted after signing in: typed in the address, or carried by the form.
func nextOf(r *http.Request) string {
	next := visitOf(r).form.Or("next", r.FormValue("next"))
	if next == "" || local(next) != next {
		return ""
	}
	return next
}

// orHome returns the page wanted, or the one where this caller's work is.
func orHome(next string, who access.Caller) string {
	switch {
	case next != "":
		return next
	case who.Desk():
		return "/desk"
	default:
		return "/reports"
	}
}

func (s *Server) postSignIn(w http.ResponseWriter, r *http.Request) error {
	e, err := s.People.SignIn(r.Context(), caller(r), person.SignIn{
		Mail: r.PostFormValue("mail"), Password: r.PostFormValue("password"), Code: r.PostFormValue("code"), Agent: r.UserAgent(),
	})
	if err != nil {
		return s.retry(w, r, signInPath, err)
	}
	s.arrive(w, r, e)
	return s.onward(w, r, orHome(nextOf(r), caller(r)))
}

// postSignInBegin says to our script how to ask the device for a passkey.
func (s *Server) postSignInBegin(w http.ResponseWriter, r *http.Request) error {
	c, err := s.People.BeginSignIn(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c)
}

func (s *Server) postSignInPasskey(w http.ResponseWriter, r *http.Request) error {
	ceremony, credential, err := fromDevice(r)
	if err != nil {
		return err
	}
	e, err := s.People.FinishSignIn(r.Context(), caller(r), ceremony, credential, r.UserAgent())
	if err != nil {
		return s.retry(w, r, signInPath, err)
	}
	s.arrive(w, r, e)
	return s.onward(w, r, orHome(nextOf(r), caller(r)))
}

// fromDevice returns what static/passkey.js adds to a form: the ceremony, and the device's answer.
func fromDevice(r *http.Request) (ceremony string, credential []byte, err error) {
	ceremony, answer := r.PostFormValue("ceremony"), r.PostFormValue("credential")
	if ceremony == "" || answer == "" {
		return "", nil, fault.New(fault.Invalid,
			"Your browser was not asked for a passkey: that needs scripts, and a browser that knows passkeys. Use your password and a code instead.",
			"パスキーを呼び出せませんでした。スクリプトが有効で、パスキーに対応したブラウザーが必要です。代わりにパスワードとコードをお使いください。")
	}
	return ceremony, []byte(answer), nil
}

// arrive makes the visit one of somebody who has just signed in, and gives the browser the session.
func (s *Server) arrive(w http.ResponseWriter, r *http.Request, e person.Entry) {
	s.welcome(w, e)
	v := visitOf(r)
	address := v.caller.Address
	v.caller, v.name = e.Person.Caller(e.Session.ID), e.Person.Name
	v.caller.Address = address
	w.Header().Set("Cache-Control", "no-store")
}

// retry shows the page of a form once more and says why it was refused, also where the refusal is not
// about the input: a wrong code and a rest after too many tries are answered in place.
func (s *Server) retry(w http.ResponseWriter, r *http.Request, path string, err error) error {
	p := explain(err)
	if p.internal || wantsJSON(r) || errors.Is(err, person.ErrStepUp) {
		return err
	}
	if p.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(p.after.Seconds()+0.999)))
	}
	if !s.again(w, r, route{again: path}, p) {
		return err
	}
	return nil
}

func (s *Server) postSignOut(w http.ResponseWriter, r *http.Request) error {
	who := caller(r)
	if err := s.People.EndSession(r.Context(), who, who.Session); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	s.farewell(w)
	s.flash(w, "You are signed out on this browser.", "このブラウザーからサインアウトしました。")
	return seeOther(w, r, "/")
}

// A helpPage asks for the mail address of somebody who cannot get in.
type helpPage struct{ Frame }

func (s *Server) getSignInHelp(w http.ResponseWriter, r *http.Request) error {
	p := helpPage{s.frame(r, "Get back into your account", "アカウントに入れないとき")}
	p.Keep = "help"
	return s.show(w, r, "signinhelp.html", p)
}

func (s *Server) postSignInHelp(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.Reset(r.Context(), caller(r), r.PostFormValue("mail"), language(r)); err != nil {
		return s.retry(w, r, "/sign-in/help", err)
	}
	return seeOther(w, r, "/mail-sent?"+url.Values{"for": {"help"}}.Encode())
}
