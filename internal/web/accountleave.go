package web

import (
	"net/http"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/program"
)

// A leavePage says what leaving destroys, what remains, and what it has to wait for.
type leavePage struct {
	Frame
	Withdrawal participant.Withdrawal
	Clauses    []*program.Clause // how one leaves, and what that destroys
	Terms      *program.Terms
}

// Word is what has to be typed to leave.
func (p leavePage) Word() string { return p.T("leave the program", "退会する") }

// Asked reports whether the wish is on record and waits.
func (p leavePage) Asked() bool {
	return !p.Withdrawal.AskedAt.IsZero() && p.Withdrawal.DoneAt.IsZero()
}

func (s *Server) getLeave(w http.ResponseWriter, r *http.Request) error {
	p := leavePage{Frame: s.frame(r, "Leave the program", "退会")}
	var err error
	if p.Withdrawal, err = s.Participants.Withdrawal(r.Context(), p.Caller); err != nil {
		return err
	}
	if terms, ok := s.Program.At(s.Now()); ok {
		p.Terms = terms
		for _, c := range terms.Clauses() {
			if c.Kind == program.Withdrawal && c.Depth == 2 && len(p.Clauses) < 2 {
				p.Clauses = append(p.Clauses, c)
			}
		}
	}
	p.Path, p.Keep = "/account/leave", "leave"
	return s.show(w, r, "leave.html", p)
}

func (s *Server) postLeave(w http.ResponseWriter, r *http.Request) error {
	typed := strings.ToLower(strings.TrimSpace(r.PostFormValue("typed")))
	if typed != "leave the program" && typed != "退会する" {
		return fault.New(fault.Invalid, "Type the words exactly as they stand above the field. Nothing has been done.",
			"入力欄の上にある言葉をそのまま入力してください。まだ何も実行していません。").At("typed")
	}
	done, err := s.Participants.Withdraw(r.Context(), caller(r))
	if err != nil {
		return err
	}
	if done.DoneAt.IsZero() {
		s.flash(w, "Your wish is on record. It is done as soon as nothing holds it.", "退会の申請を受け付けました。妨げるものがなくなり次第、手続きを行います。")
		return seeOther(w, r, "/account/leave")
	}
	s.farewell(w)
	v := visitOf(r)
	v.caller, v.name = access.Caller{}, ""
	p := leftPage{s.frame(r, "You have left", "退会しました")}
	p.Path = "/"
	return s.show(w, r, "left.html", p)
}

// A leftPage is the last page somebody sees.
type leftPage struct{ Frame }

func (s *Server) postStay(w http.ResponseWriter, r *http.Request) error {
	if err := s.Participants.StayAfterAll(r.Context(), caller(r)); err != nil {
		return err
	}
	s.flash(w, "You stay. The wish to leave is gone.", "退会の申請を取り消しました。")
	return seeOther(w, r, "/account/leave")
}
