package web

import (
	"net/http"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
)

// A DemoPerson is somebody whom a visitor of a demonstration may be.
type DemoPerson struct {
	ID   string // of the person
	Name string
	Mail string
	Role string // a role of the desk, or "participant"
	Does lang.Text

	// How they would sign in by hand. A demonstration has no secrets.
	Password string
	Secret   string // of the authenticator app, in base 32
}

// demoPeopleRoutes are the addresses of a demonstration where one picks who to be.
func (s *Server) demoPeopleRoutes() []route {
	return []route{
		{pattern: "GET /demo", handle: s.getDemo, need: anybody},
		{pattern: "POST /demo/enter", handle: s.postDemoEnter, need: anybody, again: "/demo"},
		{pattern: "GET /demo/mail", handle: s.getDemoMail, need: anybody},
	}
}

// A demoPage lists whom one can be.
type demoPage struct {
	Frame
	People []DemoPerson
	Next   string
}

// RoleOf returns what a person of the demonstration is.
func (p demoPage) RoleOf(d DemoPerson) string {
	if d.Role == string(access.Participant) {
		return p.T("participant", "参加者")
	}
	return p.RoleName(access.Role(d.Role))
}

func (s *Server) demoPeople(r *http.Request) ([]DemoPerson, error) {
	if s.DemoPeople == nil {
		return nil, nil
	}
	return s.DemoPeople(r.Context())
}

func (s *Server) getDemo(w http.ResponseWriter, r *http.Request) error {
	p := demoPage{Frame: s.frame(r, "Who do you want to be?", "どの立場で見てみますか"), Next: nextOf(r)}
	var err error
	if p.People, err = s.demoPeople(r); err != nil {
		return err
	}
	return s.show(w, r, "demo.html", p)
}

// postDemoEnter signs in as one of the people on the page, and as nobody else.
func (s *Server) postDemoEnter(w http.ResponseWriter, r *http.Request) error {
	all, err := s.demoPeople(r)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(d DemoPerson) bool { return d.ID == r.PostFormValue("person") })
	if i < 0 {
		return noSuch()
	}
	by := access.Self
	by.Address = caller(r).Address
	e, err := s.People.Open(r.Context(), by, all[i].ID, r.UserAgent())
	if err != nil {
		return err
	}
	s.arrive(w, r, e)
	// The people of the demonstration have their languages, and its visitor keeps their own.
	s.setCookie(w, langCookie, string(language(r)), 365*24*time.Hour)
	return s.onward(w, r, orHome(nextOf(r), caller(r)))
}

// getDemoMail shows every mail to everybody: in a demonstration nothing leaves the machine, and whoever
// signs up has to find their link.
func (s *Server) getDemoMail(w http.ResponseWriter, r *http.Request) error {
	return s.showMail(w, r, access.Self, "/demo/mail")
}
