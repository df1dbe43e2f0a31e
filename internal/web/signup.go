package web

import "net/http"

// A signUpPage asks for the mail address of a new participant.
type signUpPage struct {
	Frame
	Next string
}

func (s *Server) getSignUp(w http.ResponseWriter, r *http.Request) error {
	p := signUpPage{Frame: s.frame(r, "Open an account", "アカウントを作る"), Next: nextOf(r)}
	if p.SignedIn() {
		return seeOther(w, r, orHome(p.Next, p.Caller))
	}
	p.Keep = "sign-up"
	return s.show(w, r, "signup.html", p)
}

func (s *Server) postSignUp(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.SignUp(r.Context(), caller(r), r.PostFormValue("mail"), language(r)); err != nil {
		return s.retry(w, r, "/sign-up", err)
	}
	return seeOther(w, r, "/mail-sent")
}

// A mailSentPage says the same whether the address has an account or not. It does not repeat the
// address either: the page can be opened by anybody.
type mailSentPage struct {
	Frame
	Help bool // a way back in was asked for, not a way in
}

func (s *Server) getMailSent(w http.ResponseWriter, r *http.Request) error {
	p := mailSentPage{Frame: s.frame(r, "Look into your mail", "メールをご確認ください"), Help: r.FormValue("for") == "help"}
	return s.show(w, r, "mailsent.html", p)
}
