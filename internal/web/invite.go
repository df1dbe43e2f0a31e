package web

import (
	"net/http"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/person"
)

// A linkPage is where a link from a mail leads: to a first passkey, a password with an authenticator
// app, or the proof of a mail address.
type linkPage struct {
	Frame
	Token string
	Link  person.Link
	Offer offer // with the password form
}

// Invited reports whether the link opens an account at the desk.
func (p linkPage) Invited() bool { return p.Link.Purpose == person.ForInvite }

// Reset reports whether the link leads back into an account.
func (p linkPage) Reset() bool { return p.Link.Purpose == person.ForReset }

// Base is the link itself.
func (p linkPage) Base() string { return person.LinkPath + p.Token }

func (s *Server) getLink(w http.ResponseWriter, r *http.Request) error {
	p, err := s.linkPage(r)
	if err != nil {
		return err
	}
	if p.Link.Purpose == person.ForMail {
		if !p.SignedIn() {
			return seeOther(w, r, signInPath+"?next="+p.Base())
		}
		return s.show(w, r, "linkmail.html", p)
	}
	p.Keep = "enter"
	return s.show(w, r, "link.html", p)
}

func (s *Server) getLinkPassword(w http.ResponseWriter, r *http.Request) error {
	p, err := s.linkPage(r)
	if err != nil {
		return err
	}
	if p.Link.Purpose == person.ForMail {
		return seeOther(w, r, p.Base())
	}
	p.Keep = "enter"
	if p.Link.MakesTOTP {
		p.Offer, err = offered(r, func() (person.TOTPOffer, error) {
			return s.People.OfferTOTP(r.Context(), caller(r), p.Token)
		})
		if err != nil {
			return err
		}
	}
	return s.show(w, r, "linkpassword.html", p)
}

func (s *Server) linkPage(r *http.Request) (linkPage, error) {
	token := r.PathValue("token")
	l, err := s.People.Follow(r.Context(), caller(r), token)
	if err != nil {
		return linkPage{}, err
	}
	p := linkPage{Token: token, Link: l}
	switch l.Purpose {
	case person.ForInvite:
		p.Frame = s.frame(r, "Welcome to the desk", "運営へようこそ")
	case person.ForReset:
		p.Frame = s.frame(r, "Get back into your account", "アカウントへの復帰")
	case person.ForMail:
		p.Frame = s.frame(r, "Confirm your mail address", "メールアドレスの確認")
	default:
		p.Frame = s.frame(r, "Open your account", "アカウントの作成")
	}
	return p, nil
}

// arrival is what the forms of a link bring besides the new credential.
func arrival(r *http.Request) person.Arrival {
	return person.Arrival{
		Token: r.PathValue("token"), Mail: r.PostFormValue("mail"), Lang: language(r),
		Name: r.PostFormValue("name"), Code: r.PostFormValue("code"), Agent: r.UserAgent(),
	}
}

func (s *Server) postLinkBegin(w http.ResponseWriter, r *http.Request) error {
	c, err := s.People.BeginEnterByPasskey(r.Context(), caller(r), arrival(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c)
}

func (s *Server) postLinkPasskey(w http.ResponseWriter, r *http.Request) error {
	ceremony, credential, err := fromDevice(r)
	if err != nil {
		return err
	}
	e, err := s.People.EnterByPasskey(r.Context(), caller(r), arrival(r), person.NewPasskey{
		Ceremony: ceremony, Response: credential, Name: passkeyName(r),
	})
	if err != nil {
		return s.retry(w, r, "/link/{token}", err)
	}
	return s.entered(w, r, e)
}

// passkeyName names a new passkey after the browser it was made in, unless a name was typed.
func passkeyName(r *http.Request) string {
	if name := r.PostFormValue("passkey_name"); name != "" {
		return name
	}
	if name := person.Browser(r.UserAgent()); name != "?" {
		return name
	}
	return ""
}

func (s *Server) postLinkPassword(w http.ResponseWriter, r *http.Request) error {
	e, err := s.People.EnterByPassword(r.Context(), caller(r), arrival(r), person.NewPassword{
		Password: r.PostFormValue("password"), Sealed: r.PostFormValue("sealed"), Code: r.PostFormValue("new_code"),
	})
	if err != nil {
		return s.retry(w, r, "/link/{token}/password", atNewCode(err))
	}
	return s.entered(w, r, e)
}

// atNewCode puts a complaint about the first code of a new authenticator app at its field. A refused
// second factor, which has a field of its own, is told apart by its kind.
func atNewCode(err error) error {
	if f := fault.As(err); f != nil && f.Field == "code" && f.Kind != fault.Denied {
		return f.At("new_code")
	}
	return err
}

// entered goes on with somebody who has just made or recovered an account: by way of the recovery
// codes, when there are new ones.
func (s *Server) entered(w http.ResponseWriter, r *http.Request, e person.Entry) error {
	s.arrive(w, r, e)
	next := "/account/participation"
	switch {
	case caller(r).Desk():
		next = "/desk"
	case e.Person.State == person.Active:
		next = "/account/access"
	}
	if e.Codes == nil {
		return seeOther(w, r, next)
	}
	return s.showCodes(w, r, e.Codes, next)
}

func (s *Server) postLinkMail(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.ConfirmMail(r.Context(), caller(r), r.PathValue("token")); err != nil {
		return err
	}
	s.flash(w, "Your mail address is confirmed.", "メールアドレスを確認しました。")
	return seeOther(w, r, person.AccountPath)
}
