package web

import (
	"net/http"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/person"
)

const accessPath = "/account/access"

// An accessPage is what one signs in with, and where one is signed in.
type accessPage struct {
	Frame
	Methods  person.Methods
	Sessions []person.Session
}

func (s *Server) getAccess(w http.ResponseWriter, r *http.Request) error {
	p := accessPage{Frame: s.frame(r, "Signing in", "サインイン方法")}
	var err error
	if p.Methods, err = s.People.Methods(r.Context(), p.Caller); err != nil {
		return err
	}
	if p.Sessions, err = s.People.Sessions(r.Context(), p.Caller); err != nil {
		return err
	}
	p.Path = accessPath
	return s.show(w, r, "access.html", p)
}

// OnlyWayIn reports whether nothing would be left to sign in with.
func (p accessPage) OnlyWayIn() bool {
	n := len(p.Methods.Passkeys)
	if p.Methods.Password {
		n++
	}
	return n <= 1
}

func (s *Server) postEndSession(w http.ResponseWriter, r *http.Request) error {
	who, id := caller(r), r.PostFormValue("session")
	switch {
	case id == "others":
		if err := s.People.EndOthers(r.Context(), who); err != nil {
			return err
		}
		s.flash(w, "Every other session is ended.", "ほかのセッションをすべて終了しました。")
	case id == who.Session:
		return s.postSignOut(w, r)
	default:
		if err := s.People.EndSession(r.Context(), who, id); err != nil {
			return err
		}
		s.flash(w, "The session is ended.", "セッションを終了しました。")
	}
	return seeOther(w, r, accessPath+"#sessions")
}

// A newPasskeyPage makes one more passkey.
type newPasskeyPage struct {
	Frame
	Browser string // what it is called if nothing is typed
}

func (s *Server) getNewPasskey(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.Fresh(r.Context(), caller(r)); err != nil {
		return err
	}
	p := newPasskeyPage{Frame: s.frame(r, "Add a passkey", "パスキーの追加"), Browser: passkeyName(r)}
	p.Keep = "passkey"
	return s.show(w, r, "newpasskey.html", p)
}

func (s *Server) postPasskeyBegin(w http.ResponseWriter, r *http.Request) error {
	c, err := s.People.BeginAddPasskey(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c)
}

func (s *Server) postNewPasskey(w http.ResponseWriter, r *http.Request) error {
	ceremony, credential, err := fromDevice(r)
	if err != nil {
		return err
	}
	in := person.NewPasskey{Ceremony: ceremony, Response: credential, Name: passkeyName(r)}
	if err := s.People.AddPasskey(r.Context(), caller(r), in); err != nil {
		return s.retry(w, r, "/account/passkeys/new", err)
	}
	s.flash(w, "The passkey is added. From now on it signs you in.", "パスキーを追加しました。次回からサインインに使えます。")
	return seeOther(w, r, accessPath)
}

func (s *Server) postRenamePasskey(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.RenamePasskey(r.Context(), caller(r), r.PostFormValue("passkey"), r.PostFormValue("passkey_name")); err != nil {
		return err
	}
	s.flash(w, "Renamed.", "名前を変更しました。")
	return seeOther(w, r, accessPath)
}

func (s *Server) postRemovePasskey(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.RemovePasskey(r.Context(), caller(r), r.PostFormValue("passkey")); err != nil {
		return err
	}
	s.flash(w, "The passkey is removed: it opens nothing here any more. Remove it from the device too.",
		"パスキーを削除しました。今後は使えません。端末に残っているパスキーも削除してください。")
	return seeOther(w, r, accessPath)
}

// An offer is an authenticator app to be set up, as a form shows it. It travels with the form, so
// that a mistyped code does not make anybody scan again.
type offer struct {
	Secret, URI, Sealed string
	Code                *qrCode // of the URI; nil when it is too long for one
}

// offered returns the offer a form carries, or makes one: also when the time of the old one is over.
func offered(r *http.Request, begin func() (person.TOTPOffer, error)) (offer, error) {
	f := visitOf(r).form
	o := offer{Secret: f.Or("secret", ""), URI: f.Or("uri", ""), Sealed: f.Or("sealed", "")}
	over := f.Field() == "new_code" && visitOf(r).status == http.StatusConflict
	if o.Sealed == "" || o.Secret == "" || over {
		made, err := begin()
		if err != nil {
			return offer{}, err
		}
		// In groups by spaces: every app takes them, and not every app takes a hyphen.
		o = offer{Secret: strings.ReplaceAll(made.Secret, "-", " "), URI: made.URI, Sealed: made.Sealed}
	}
	o.Code = newQR(o.URI)
	return o, nil
}

// A passwordPage sets a password, an authenticator app, or both.
type passwordPage struct {
	Frame
	Methods person.Methods
	Offer   offer
}

func (s *Server) getPassword(w http.ResponseWriter, r *http.Request) error {
	p := passwordPage{Frame: s.frame(r, "Set a password", "パスワードの設定")}
	err := s.People.Fresh(r.Context(), p.Caller)
	if err != nil {
		return err
	}
	if p.Methods, err = s.People.Methods(r.Context(), p.Caller); err != nil {
		return err
	}
	if p.Methods.Password {
		p.Title = p.T("Change the password", "パスワードの変更")
	}
	if !p.Methods.TOTP {
		if p.Offer, err = s.ownOffer(r); err != nil {
			return err
		}
	}
	p.Keep = "password"
	return s.show(w, r, "password.html", p)
}

func (s *Server) ownOffer(r *http.Request) (offer, error) {
	return offered(r, func() (person.TOTPOffer, error) { return s.People.OfferOwnTOTP(r.Context(), caller(r)) })
}

func (s *Server) postPassword(w http.ResponseWriter, r *http.Request) error {
	in := person.NewPassword{Password: r.PostFormValue("password"), Sealed: r.PostFormValue("sealed"), Code: r.PostFormValue("new_code")}
	if err := s.People.SetPassword(r.Context(), caller(r), in); err != nil {
		return atNewCode(err)
	}
	s.flash(w, "The password is set. Every other session is ended.", "パスワードを設定しました。ほかのセッションはすべて終了しました。")
	return seeOther(w, r, accessPath)
}

func (s *Server) postRemovePassword(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.RemovePassword(r.Context(), caller(r)); err != nil {
		return err
	}
	s.flash(w, "The password and the authenticator app are removed. Your passkeys sign you in.",
		"パスワードと認証アプリを削除しました。サインインにはパスキーをお使いください。")
	return seeOther(w, r, accessPath)
}

// An appPage puts another authenticator app in the place of the one in use.
type appPage struct {
	Frame
	Offer offer
}

func (s *Server) getApp(w http.ResponseWriter, r *http.Request) error {
	p := appPage{Frame: s.frame(r, "Another authenticator app", "認証アプリの変更")}
	m, err := s.People.Methods(r.Context(), p.Caller)
	if err != nil {
		return err
	}
	if !m.Password {
		return seeOther(w, r, "/account/password") // an app goes with a password
	}
	if p.Offer, err = s.ownOffer(r); err != nil {
		return err
	}
	p.Keep = "app"
	return s.show(w, r, "app.html", p)
}

func (s *Server) postApp(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.SetTOTP(r.Context(), caller(r), r.PostFormValue("sealed"), r.PostFormValue("new_code")); err != nil {
		return atNewCode(err)
	}
	s.flash(w, "The new authenticator app is in use. The codes of the old one are worth nothing any more.",
		"新しい認証アプリに切り替えました。以前の認証アプリのコードは使えません。")
	return seeOther(w, r, accessPath)
}

// A codesPage shows recovery codes, once, or how many are left.
type codesPage struct {
	Frame
	Codes string // one a line; empty: they cannot be shown again
	Left  int
	Next  string
}

// getCodes shows how many codes are left. When the language is switched on the page that shows new
// ones, they come along in its form.
func (s *Server) getCodes(w http.ResponseWriter, r *http.Request) error {
	m, err := s.People.Methods(r.Context(), caller(r))
	if err != nil {
		return err
	}
	f := visitOf(r).form
	p := codesPage{Frame: s.frame(r, "Recovery codes", "回復コード"), Codes: f.Or("codes", ""), Next: nextOf(r), Left: m.RecoveryLeft}
	if p.Codes != "" {
		p.Keep = "codes"
	}
	p.Path = "/account/codes"
	return s.show(w, r, "codes.html", p)
}

func (s *Server) postCodes(w http.ResponseWriter, r *http.Request) error {
	codes, err := s.People.NewRecoveryCodes(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return s.showCodes(w, r, codes, accessPath)
}

// showCodes shows new recovery codes in the answer itself: they are stored nowhere, so there is no
// page to send the browser to.
func (s *Server) showCodes(w http.ResponseWriter, r *http.Request, codes []string, next string) error {
	p := codesPage{Frame: s.frame(r, "Your recovery codes", "回復コード"), Next: next, Left: len(codes)}
	for _, c := range codes {
		p.Codes += c + "\n"
	}
	p.Path, p.Keep = "/account/codes", "codes"
	return s.show(w, r, "codes.html", p)
}

// noSuch answers a request for something that is not this caller's, or not there.
func noSuch() error {
	return fault.New(fault.NotFound, "This is not there, or not any more.", "対象が見つかりません。")
}
