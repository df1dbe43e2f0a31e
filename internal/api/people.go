package api

import (
	"context"
	"encoding/hex"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// What changes who gets in (inviting, roles, disabling, credentials, new tokens) wants a credential
// shown again in a session. A token never can, so none of it is here: see doc/api.md.
func peopleOperations() []operation {
	self := may(access.PersonSelf)
	return []operation{
		{id: "list-people", route: "GET /people", does: "Everybody, the oldest first", needs: may(access.PersonRead), do: answer(listPeople)},
		{id: "read-person", route: "GET /people/{person}", does: "Somebody", needs: may(access.PersonRead), do: answer(readPerson)},
		{id: "list-invitations", route: "GET /invitations", does: "The open invitations, the newest first", needs: may(access.PersonInvite), do: answer(listInvitations)},
		{id: "cancel-invitation", route: "DELETE /invitations/{invitation}", does: "Take an open invitation back", needs: may(access.PersonInvite), do: perform(cancelInvitation)},

		{id: "read-account", route: "GET /account", does: "Who the token acts for, and what it may do", needs: self, do: answer(readAccount)},
		{id: "change-account", route: "POST /account", does: "Change one's name, language or time zone", needs: self, do: perform(changeAccount),
			more: "What is left out stays as it is."},
		{id: "list-sessions", route: "GET /account/sessions", does: "One's own sessions", needs: self, do: answer(listSessions)},
		{id: "end-session", route: "DELETE /account/sessions/{session}", does: "End a session of one's own", needs: self, do: perform(endSession)},
		{id: "list-tokens", route: "GET /account/tokens", does: "One's own tokens, without their secrets", needs: self, do: answer(listTokens)},
		{id: "revoke-token", route: "DELETE /account/tokens/{token}", does: "End a token of one's own, this one too", needs: self, do: perform(revokeToken)},
	}
}

// A PersonView is somebody who signs in.
type PersonView struct {
	ID        string        `json:"id"`
	Kind      access.Kind   `json:"kind" enum:"participant,staff"`
	Mail      string        `json:"mail"`
	Name      string        `json:"name,omitempty"`
	Lang      string        `json:"lang"`
	Zone      string        `json:"zone,omitempty"`
	Roles     []access.Role `json:"roles"`
	State     person.State  `json:"state" enum:"pending,active,disabled,withdrawn"`
	CreatedAt time.Time     `json:"created_at"`
	LastLogin time.Time     `json:"last_login_at,omitzero"`
}

func showPerson(n person.Person) PersonView {
	return PersonView{n.ID, n.Kind, n.Mail, n.Name, string(n.Lang), n.Zone, same(n.Roles), n.State, n.CreatedAt, n.LastLoginAt}
}

func listPeople(ctx context.Context, v *visit, in *struct {
	Window
	Kind  string `query:"kind" enum:"participant,staff"`
	State string `query:"state" enum:"pending,active,disabled,withdrawn"`
	Text  string `query:"q" maxLength:"300" doc:"Part of a mail address, or of a name as it is spelled."`
}) (Page[PersonView], error) {
	all, err := v.People.List(ctx, v.who, person.Query{
		Kind: access.Kind(in.Kind), State: person.State(in.State), Text: in.Text, After: in.After, Limit: in.Limit + 1,
	})
	return pageOf(all, in.Limit, showPerson, func(n person.Person) string { return n.ID }), err
}

func readPerson(ctx context.Context, v *visit, in *struct {
	Person string `path:"person"`
}) (PersonView, error) {
	n, err := v.People.Person(ctx, v.who, in.Person)
	return showPerson(n), err
}

type invitationView struct {
	ID        string        `json:"id"`
	Mail      string        `json:"mail"`
	Roles     []access.Role `json:"roles"`
	InvitedBy string        `json:"invited_by"`
	CreatedAt time.Time     `json:"created_at"`
	Ends      time.Time     `json:"ends"`
}

func listInvitations(ctx context.Context, v *visit, _ *nothing) (Page[invitationView], error) {
	all, err := v.People.Invitations(ctx, v.who)
	return Page[invitationView]{Items: each(all, func(l person.Link) invitationView {
		return invitationView{l.ID, l.Mail, same(l.Roles), l.InvitedBy, l.CreatedAt, l.Ends}
	})}, err
}

func cancelInvitation(ctx context.Context, v *visit, in *struct {
	Invitation string `path:"invitation"`
}) error {
	return v.People.CancelInvitation(ctx, v.who, in.Invitation)
}

type accountView struct {
	PersonView
	Scopes []access.Action `json:"scopes" doc:"Of the token in use."`
}

func readAccount(ctx context.Context, v *visit, _ *nothing) (accountView, error) {
	n, err := v.People.Person(ctx, v.who, v.who.ID)
	return accountView{showPerson(n), same(v.who.Scopes)}, err
}

func changeAccount(ctx context.Context, v *visit, in *struct {
	Body struct {
		Name *string    `json:"name,omitempty"`
		Lang *lang.Lang `json:"lang,omitempty" enum:"en,ja"`
		Zone *string    `json:"zone,omitempty" doc:"An IANA name; empty: the program's."`
	}
}) error {
	b := in.Body
	if b.Name != nil {
		if err := v.People.SetName(ctx, v.who, *b.Name); err != nil {
			return err
		}
	}
	if b.Lang != nil {
		if err := v.People.SetLang(ctx, v.who, *b.Lang); err != nil {
			return err
		}
	}
	if b.Zone != nil {
		return v.People.SetZone(ctx, v.who, *b.Zone)
	}
	return nil
}

type sessionView struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	Ends      time.Time `json:"ends"`
	Address   string    `json:"address" doc:"Shortened to a network."`
	Agent     string    `json:"agent"`
}

func listSessions(ctx context.Context, v *visit, _ *nothing) (Page[sessionView], error) {
	all, err := v.People.Sessions(ctx, v.who)
	return Page[sessionView]{Items: each(all, func(s person.Session) sessionView {
		return sessionView{s.ID, s.CreatedAt, s.SeenAt, s.Ends, s.Address, s.Agent}
	})}, err
}

func endSession(ctx context.Context, v *visit, in *struct {
	Session string `path:"session"`
}) error {
	return v.People.EndSession(ctx, v.who, in.Session)
}

type tokenView struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Scopes    []access.Action `json:"scopes"`
	Sources   []string        `json:"sources,omitempty" doc:"Whose events it may send."`
	CreatedAt time.Time       `json:"created_at"`
	Ends      time.Time       `json:"ends"`
	UsedAt    time.Time       `json:"used_at,omitzero"`
}

func listTokens(ctx context.Context, v *visit, _ *nothing) (Page[tokenView], error) {
	all, err := v.People.Tokens(ctx, v.who)
	return Page[tokenView]{Items: each(all, func(t person.Token) tokenView {
		return tokenView{t.ID, t.Name, same(t.Scopes), t.Sources, t.CreatedAt, t.Ends, t.UsedAt}
	})}, err
}

func revokeToken(ctx context.Context, v *visit, in *struct {
	Token string `path:"token"`
}) error {
	return v.People.RevokeToken(ctx, v.who, in.Token)
}

// hash writes a hash as programs print one.
func hash(b []byte) string { return hex.EncodeToString(b) }
