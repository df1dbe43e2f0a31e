package web

import (
	"net/http"
	"slices"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
)

// A personPage is one person as the desk sees them.
type personPage struct {
	Frame
	Person   person.Person
	Self     bool // the reader's own account
	Profile  participant.Profile
	Answers  []askedRow // a participant's, with the desk's
	Accepted []participant.Acceptance
	Labels   map[string]person.Label // who decided
}

// Open reports whether the account can be signed in to.
func (p personPage) Open() bool {
	return p.Person.State == person.Active || p.Person.State == person.Pending
}

// Participant reports whether this is no member of the desk.
func (p personPage) Participant() bool { return p.Person.Kind == access.Participant }

// Holds reports whether this role is held now.
func (p personPage) Holds(o Option) bool {
	return slices.Contains(p.Person.Roles, access.Role(o.Value))
}

// Waits reports whether an answer is one that the desk can decide on.
func (p personPage) Waits(a askedRow) bool {
	return a.Counts && p.Open() && (a.Answer == participant.No || a.Answer == participant.Ask || a.Answer == participant.Refused)
}

func (s *Server) getPerson(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	n, err := s.People.Person(ctx, who, r.PathValue("id"))
	if err != nil {
		return err
	}
	name := n.Name
	if name == "" {
		name = s.frame(r, "", "").Who(person.Label{Kind: n.Kind, State: n.State})
	}
	p := personPage{Frame: s.frame(r, "%s", "%s", name), Person: n, Self: who.Is(n.ID)}
	if p.Participant() {
		if err := p.participation(s, r); err != nil {
			return err
		}
	}
	p.Path, p.Keep = "/desk/people/"+n.ID, ""
	return s.show(w, r, "person.html", p)
}

// participation fills in what a participant declared and accepted.
func (p *personPage) participation(s *Server, r *http.Request) error {
	ctx, id := r.Context(), p.Person.ID
	var err error
	if p.Profile, err = s.Participants.Profile(ctx, p.Caller, id); err != nil {
		return err
	}
	if p.Accepted, err = s.Participants.Acceptances(ctx, p.Caller, id); err != nil {
		return err
	}
	if !p.Can(string(access.PersonAdmit)) {
		return nil // what was answered is for who decides on it
	}
	all, err := s.Participants.Declarations(ctx, p.Caller, id)
	if err != nil {
		return err
	}
	var ids []string
	terms, _ := s.Program.At(s.Now())
	counts := participant.Standing(all)
	for _, d := range all {
		row := askedRow{Declaration: d, Counts: counts[d.Clause].ID == d.ID}
		if terms != nil {
			row.Clause, _ = terms.Clause(d.Clause)
		}
		p.Answers, ids = append(p.Answers, row), append(ids, d.DecidedBy)
	}
	p.Labels, err = s.People.Labels(ctx, p.Caller, ids...)
	return err
}

// CountryName returns a country's name in the reader's language.
func (f Frame) CountryName(code string) string {
	for _, o := range countries()[f.Lang] {
		if o.Value == code {
			return o.Label
		}
	}
	return code
}

func (s *Server) postRoles(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.SetRoles(r.Context(), caller(r), r.PathValue("id"), roles(r)); err != nil {
		return err
	}
	s.flash(w, "The roles are changed, from the next click on.", "役割を変更しました。次の操作から適用されます。")
	return seeOther(w, r, "/desk/people/"+r.PathValue("id"))
}

func (s *Server) postDisable(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.Disable(r.Context(), caller(r), r.PathValue("id"), r.PostFormValue("disable_reason")); err != nil {
		return err
	}
	s.flash(w, "The account is disabled. Its sessions and tokens are ended.", "アカウントを無効にし、セッションとトークンを終了しました。")
	return seeOther(w, r, "/desk/people/"+r.PathValue("id"))
}

func (s *Server) postEnable(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.Enable(r.Context(), caller(r), r.PathValue("id"), r.PostFormValue("enable_reason")); err != nil {
		return err
	}
	s.flash(w, "The account can be signed in to again.", "アカウントを再び有効にしました。")
	return seeOther(w, r, "/desk/people/"+r.PathValue("id"))
}

func (s *Server) postVouch(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.Vouch(r.Context(), caller(r), r.PathValue("id"), r.PostFormValue("how")); err != nil {
		return err
	}
	s.flash(w, "A link is on its way to their mail address. It works for an hour.", "本人のメールアドレスにリンクを送りました。1時間有効です。")
	return seeOther(w, r, "/desk/people/"+r.PathValue("id"))
}

func (s *Server) postAdmit(w http.ResponseWriter, r *http.Request) error {
	admit := r.PostFormValue("admit")
	err := s.Participants.Decide(r.Context(), caller(r), r.PathValue("id"), r.PostFormValue("clause"), admit == "yes", r.PostFormValue("reason"))
	if err != nil {
		return err
	}
	if admit == "yes" {
		s.flash(w, "Admitted. The participant reads your reason.", "参加を認めました。理由は参加者に表示されます。")
	} else {
		s.flash(w, "Refused. The participant reads your reason.", "参加を認めませんでした。理由は参加者に表示されます。")
	}
	return seeOther(w, r, "/desk/people/"+r.PathValue("id"))
}
