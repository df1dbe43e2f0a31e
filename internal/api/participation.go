package api

import (
	"context"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
)

func participationOperations() []operation {
	self, admit := may(access.PersonSelf), may(access.PersonAdmit)
	return []operation{
		{id: "read-participation", route: "GET /participation", does: "What one declared and accepted, and what is still missing", needs: self, do: answer(readParticipation)},
		{id: "save-profile", route: "PUT /participation/profile", does: "What one says about oneself", needs: self, do: perform(saveProfile)},
		{id: "declare", route: "POST /participation/declarations", does: "Answer conditions of the terms in force", needs: self, do: perform(declare)},
		{id: "accept-terms", route: "POST /participation/acceptances", does: "Accept a version of the terms", needs: self, do: perform(acceptTerms)},
		{id: "read-withdrawal", route: "GET /participation/withdrawal", does: "How far one's wish to leave the program has come", needs: self, do: answer(readWithdrawal)},
		{id: "stay", route: "DELETE /participation/withdrawal", does: "Take that wish back, while something still holds it", needs: self, do: perform(stay),
			more: "Leaving cannot be undone, so it wants a credential shown again: it is done in the pages."},
		{id: "list-asked", route: "GET /participation/asked", does: "Answers that wait for the desk, the oldest first", needs: admit, do: answer(listAsked)},
		{id: "admit", route: "POST /people/{person}/declarations/{clause}/answer", does: "Decide whether somebody may take part after all", needs: admit, do: perform(decideDeclaration)},
	}
}

type participationView struct {
	Profile      profileView       `json:"profile"`
	Declarations []declarationView `json:"declarations"`
	Acceptances  []acceptanceView  `json:"acceptances"`
	Missing      []gapView         `json:"missing" doc:"What stands between the caller and sending a report."`
}

type profileView struct {
	Name    string `json:"name" doc:"As its owner spells it."`
	Lang    string `json:"lang" enum:"en,ja"`
	Country string `json:"country" doc:"ISO 3166-1 alpha-2."`
	Born    string `json:"born" doc:"2006-01-02."`
}

type declarationView struct {
	Person    string             `json:"person"`
	Clause    string             `json:"clause"`
	Answer    participant.Answer `json:"answer" enum:"yes,no,ask,admitted,refused"`
	Lang      lang.Lang          `json:"lang"`
	DecidedBy string             `json:"decided_by,omitempty"`
	Reason    string             `json:"reason,omitempty"`
	At        time.Time          `json:"at"`
}

func showDeclaration(d participant.Declaration) declarationView {
	return declarationView{d.Person, d.Clause, d.Answer, d.Lang, d.DecidedBy, d.Reason, d.At}
}

type acceptanceView struct {
	Terms  string    `json:"terms"`
	SHA256 string    `json:"sha256"`
	Lang   lang.Lang `json:"lang"`
	How    string    `json:"how" enum:"tick,submission"`
	At     time.Time `json:"at"`
}

type gapView struct {
	Code   string `json:"code"`
	Clause string `json:"clause,omitempty"`
	Text   text   `json:"text"`
}

func readParticipation(ctx context.Context, v *visit, _ *nothing) (participationView, error) {
	var view participationView
	p, err := v.Participants.Profile(ctx, v.who, v.who.ID)
	if err != nil {
		return view, err
	}
	view.Profile = profileView{Name: p.Person.Name, Lang: string(p.Person.Lang), Country: p.Country}
	if !p.Born.IsZero() {
		view.Profile.Born = p.Born.String()
	}
	declared, err := v.Participants.Declarations(ctx, v.who, v.who.ID)
	if err != nil {
		return view, err
	}
	accepted, err := v.Participants.Acceptances(ctx, v.who, v.who.ID)
	if err != nil {
		return view, err
	}
	gaps, err := v.Participants.Gaps(ctx, v.who)
	if err != nil {
		return view, err
	}
	view.Declarations = each(declared, showDeclaration)
	view.Acceptances = each(accepted, func(a participant.Acceptance) acceptanceView {
		return acceptanceView{a.Terms, a.Hash, a.Lang, a.How, a.At}
	})
	view.Missing = each(gaps, func(g participant.Gap) gapView { return gapView{g.Code, g.Clause, text(g.Text)} })
	return view, nil
}

func saveProfile(ctx context.Context, v *visit, in *struct{ Body profileView }) error {
	b := in.Body
	return v.Participants.SetProfile(ctx, v.who, participant.Form{Name: b.Name, Lang: lang.Lang(b.Lang), Country: b.Country, Born: b.Born})
}

func declare(ctx context.Context, v *visit, in *struct {
	Body struct {
		Answers []struct {
			Clause string             `json:"clause" example:"2.1.ii"`
			Answer participant.Answer `json:"answer" enum:"yes,no,ask" doc:"ask: the desk decides."`
		} `json:"answers" maxItems:"100"`
		Lang lang.Lang `json:"lang" enum:"en,ja" doc:"The language in which the conditions were read."`
	}
}) error {
	answers := map[string]participant.Answer{}
	for _, a := range in.Body.Answers {
		answers[a.Clause] = a.Answer
	}
	return v.Participants.Declare(ctx, v.who, answers, in.Body.Lang)
}

func acceptTerms(ctx context.Context, v *visit, in *struct {
	Body struct {
		Terms  string    `json:"terms"`
		SHA256 string    `json:"sha256" doc:"Of the text that was shown."`
		Lang   lang.Lang `json:"lang" enum:"en,ja" doc:"The language in which it was shown."`
	}
}) error {
	return v.Participants.Accept(ctx, v.who, in.Body.Terms, in.Body.SHA256, in.Body.Lang)
}

type withdrawalView struct {
	AskedAt time.Time `json:"asked_at,omitzero"`
	DoneAt  time.Time `json:"done_at,omitzero"`
	Holds   []text    `json:"holds" doc:"What keeps it from being done now."`
}

func readWithdrawal(ctx context.Context, v *visit, _ *nothing) (withdrawalView, error) {
	w, err := v.Participants.Withdrawal(ctx, v.who)
	return withdrawalView{w.AskedAt, w.DoneAt, texts(w.Holds)}, err
}

func stay(ctx context.Context, v *visit, _ *nothing) error {
	return v.Participants.StayAfterAll(ctx, v.who)
}

func listAsked(ctx context.Context, v *visit, _ *nothing) (Page[declarationView], error) {
	all, err := v.Participants.Asked(ctx, v.who)
	return Page[declarationView]{Items: each(all, showDeclaration)}, err
}

func decideDeclaration(ctx context.Context, v *visit, in *struct {
	Person string `path:"person"`
	Clause string `path:"clause"`
	Body   struct {
		Admit  bool   `json:"admit"`
		Reason string `json:"reason" doc:"The participant reads it."`
	}
}) error {
	return v.Participants.Decide(ctx, v.who, in.Person, in.Clause, in.Body.Admit, in.Body.Reason)
}
