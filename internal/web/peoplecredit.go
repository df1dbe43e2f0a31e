package web

import (
	"net/http"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
)

const deskCreditPath = "/desk/credit"

// A deskCreditPage is the company's part of crediting people.
type deskCreditPage struct {
	Frame
	Wishes   []participant.Consent // waiting, oldest first
	Posted   []participant.Consent
	Specials []participant.Special
	Labels   map[string]person.Label
	Terms    string // in force, for a link to the clause
}

func (s *Server) getDeskCredit(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	p := deskCreditPage{Frame: s.frame(r, "Credit", "掲載")}
	var err error
	if p.Wishes, err = s.Participants.Wishes(ctx, who); err != nil {
		return err
	}
	if p.Posted, err = s.Participants.Posted(ctx, who); err != nil {
		return err
	}
	if p.Specials, err = s.Participants.Named(ctx, who); err != nil {
		return err
	}
	var ids []string
	for _, c := range append(append([]participant.Consent{}, p.Wishes...), p.Posted...) {
		ids = append(ids, c.Person)
	}
	for _, sp := range p.Specials {
		ids = append(ids, sp.Person)
	}
	if p.Labels, err = s.People.Labels(ctx, who, ids...); err != nil {
		return err
	}
	if terms, ok := s.Program.At(s.Now()); ok {
		p.Terms = terms.ID
	}
	p.Path, p.Keep = deskCreditPath, "special"
	return s.show(w, r, "deskcredit.html", p)
}

func (s *Server) postApprove(w http.ResponseWriter, r *http.Request) error {
	if err := s.Participants.Approve(r.Context(), caller(r), r.PostFormValue("consent")); err != nil {
		return err
	}
	s.flash(w, "Posted.", "掲載しました。")
	return seeOther(w, r, deskCreditPath)
}

func (s *Server) postDecline(w http.ResponseWriter, r *http.Request) error {
	if err := s.Participants.Decline(r.Context(), caller(r), r.PostFormValue("consent"), r.PostFormValue("decline_reason")); err != nil {
		return err
	}
	s.flash(w, "Not posted. The participant reads your reason.", "掲載を見送りました。理由は参加者に表示されます。")
	return seeOther(w, r, deskCreditPath)
}

func (s *Server) postTakeDown(w http.ResponseWriter, r *http.Request) error {
	if err := s.Participants.TakeDown(r.Context(), caller(r), r.PostFormValue("consent"), r.PostFormValue("takedown_reason")); err != nil {
		return err
	}
	s.flash(w, "Taken down, at once. The participant reads your reason.", "掲載を直ちに取り下げました。理由は参加者に表示されます。")
	return seeOther(w, r, deskCreditPath)
}

func (s *Server) postSpecial(w http.ResponseWriter, r *http.Request) error {
	id, err := s.participantBy(r, r.PostFormValue("special"))
	if err != nil {
		return err
	}
	year := int(number(r.PostFormValue("year")))
	if err := s.Participants.NameSpecial(r.Context(), caller(r), id, year, r.PostFormValue("why")); err != nil {
		return renamed("reason", "why", err)
	}
	s.flash(w, "On the list of special contributors. A name is shown there once its owner asked for it and you approved it.",
		"特別貢献者に加えました。お名前は、本人の希望と運営の承認がそろった時点で掲載されます。")
	return seeOther(w, r, deskCreditPath+"#specials")
}

// participantBy finds the one participant with this id or name: whoever may post credit need not be
// able to read the list of people, so only who asked for something is looked at.
func (s *Server) participantBy(r *http.Request, typed string) (string, error) {
	ctx, who := r.Context(), caller(r)
	if typed = strings.TrimSpace(typed); typed == "" {
		return "", fault.New(fault.Invalid, "Say who.", "対象者を入力してください。").At("special")
	}
	if labels, err := s.People.Labels(ctx, who, typed); err != nil || labels[typed].Kind == access.Participant {
		return typed, err
	}
	wishes, err := s.Participants.Wishes(ctx, who)
	if err != nil {
		return "", err
	}
	posted, err := s.Participants.Posted(ctx, who)
	if err != nil {
		return "", err
	}
	found := ""
	for _, c := range append(wishes, posted...) {
		if c.Part == participant.Photo || c.Value != typed || c.Person == found {
			continue
		}
		if found != "" {
			return "", fault.New(fault.Invalid, "Two people are called that. Give the id of the one you mean: it stands at the end of the address of their page.",
				"同じ名前の人が複数います。対象者のページのアドレス末尾にあるIDを入力してください。").At("special")
		}
		found = c.Person
	}
	if found == "" {
		return "", fault.New(fault.Invalid, "Nobody who wants to be credited is called that. Type the name as it stands in the lists above, or the id at the end of the address of their page.",
			"該当する参加者が見つかりません。上の一覧にあるとおりの名前、または対象者のページのアドレス末尾にあるIDを入力してください。").At("special")
	}
	return found, nil
}

func (s *Server) postUnspecial(w http.ResponseWriter, r *http.Request) error {
	err := s.Participants.UnnameSpecial(r.Context(), caller(r), r.PostFormValue("person"), int(number(r.PostFormValue("year"))))
	if err != nil {
		return err
	}
	s.flash(w, "Taken off the list of special contributors.", "特別貢献者から外しました。")
	return seeOther(w, r, deskCreditPath+"#specials")
}

// getWishedPhoto shows the desk a photo it is asked to post.
func (s *Server) getWishedPhoto(w http.ResponseWriter, r *http.Request) error {
	all, err := s.Participants.Consents(r.Context(), caller(r), r.PathValue("person"))
	if err != nil {
		return err
	}
	return s.photo(w, all, r.PathValue("consent"))
}
