package person

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// Every operation, called by everybody it is not for.
func TestWhoMayDoWhat(t *testing.T) {
	cheap(t)
	h := newHouse(t, dbtest.SQLite(t))
	target := h.add("target@example.test", access.Triager)
	callers := map[string]access.Caller{"nobody": stranger}
	_, callers["participant"] = h.signIn(h.add("p@example.test"))
	for _, r := range access.Roles {
		_, callers[string(r)] = h.signIn(h.add(string(r)+"@example.test", r))
	}
	admin := callers["admin"]
	callers["a token of the admin for something else"] = access.Caller{ID: admin.ID, Kind: admin.Kind, Roles: admin.Roles, Session: admin.Session, Scopes: []access.Action{access.KnownAdd}}
	callers["a token of the admin for this"] = access.Caller{ID: admin.ID, Kind: admin.Kind, Roles: admin.Roles, Session: "no session", Scopes: []access.Action{access.PersonInvite, access.PersonSelf, access.PersonRead}}
	h.wait(time.Minute)

	const (
		signedIn = "nobody|a token of the admin for something else"
		session  = signedIn + "|a token of the admin for this" // what wants a credential shown again
		readers  = "nobody|participant|triager|board|responder|communicator|payer|a token of the admin for something else"
		admins   = readers + "|owner|auditor"
	)
	roles := []access.Role{access.Triager}
	for name, c := range map[string]struct {
		refused string
		call    func(context.Context, access.Caller) error
	}{
		"Methods":    {signedIn, func(ctx context.Context, w access.Caller) error { _, err := h.Methods(ctx, w); return err }},
		"Sessions":   {signedIn, func(ctx context.Context, w access.Caller) error { _, err := h.Sessions(ctx, w); return err }},
		"Tokens":     {signedIn, func(ctx context.Context, w access.Caller) error { _, err := h.Tokens(ctx, w); return err }},
		"EndSession": {signedIn, func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.EndSession(ctx, w, "x")) }},
		"EndOthers": {session, func(ctx context.Context, w access.Caller) error {
			if w.Session == "no session" {
				return audit.ErrSignIn
			}
			return h.EndOthers(ctx, w)
		}},
		"RevokeToken": {signedIn, func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.RevokeToken(ctx, w, "x")) }},
		"RenamePasskey": {signedIn, func(ctx context.Context, w access.Caller) error {
			return notFoundIsFine(h.RenamePasskey(ctx, w, "x", "x"))
		}},
		"SetLang":         {signedIn, func(ctx context.Context, w access.Caller) error { return h.SetLang(ctx, w, lang.EN) }},
		"SetZone":         {signedIn, func(ctx context.Context, w access.Caller) error { return h.SetZone(ctx, w, "Asia/Tokyo") }},
		"SetName":         {signedIn, func(ctx context.Context, w access.Caller) error { return h.SetName(ctx, w, "Aoi") }},
		"ConfirmMail":     {"nobody|a token of the admin for something else", func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.ConfirmMail(ctx, w, "x")) }},
		"BeginStepUp":     {signedIn, func(ctx context.Context, w access.Caller) error { _, err := h.BeginStepUp(ctx, w); return err }},
		"BeginAddPasskey": {session, func(ctx context.Context, w access.Caller) error { _, err := h.BeginAddPasskey(ctx, w); return err }},
		"RemovePasskey":   {session, func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.RemovePasskey(ctx, w, "x")) }},
		"OfferOwnTOTP":    {session, func(ctx context.Context, w access.Caller) error { _, err := h.OfferOwnTOTP(ctx, w); return err }},
		"SetPassword": {session, func(ctx context.Context, w access.Caller) error {
			return h.SetPassword(ctx, w, NewPassword{Password: good})
		}},
		"NewRecoveryCodes": {session, func(ctx context.Context, w access.Caller) error { _, err := h.NewRecoveryCodes(ctx, w); return err }},
		"ChangeMail":       {session, func(ctx context.Context, w access.Caller) error { return h.ChangeMail(ctx, w, "x@example.test") }},
		"AddToken": {session, func(ctx context.Context, w access.Caller) error {
			_, _, err := h.AddToken(ctx, w, NewToken{Name: "x", Scopes: []access.Action{access.ProgramRead}, Ends: h.now().Add(time.Hour)})
			return err
		}},
		"Person of somebody else": {readers, func(ctx context.Context, w access.Caller) error { _, err := h.Person(ctx, w, target.ID); return err }},
		"List":                    {readers, func(ctx context.Context, w access.Caller) error { _, err := h.List(ctx, w, Query{}); return err }},
		"Invitations":             {admins, func(ctx context.Context, w access.Caller) error { _, err := h.Invitations(ctx, w); return err }},
		"CancelInvitation": {admins, func(ctx context.Context, w access.Caller) error {
			return notFoundIsFine(h.CancelInvitation(ctx, w, "x"))
		}},
		"Invite": {admins + "|a token of the admin for this", func(ctx context.Context, w access.Caller) error {
			return h.Invite(ctx, w, "new@example.test", roles, lang.EN)
		}},
		"SetRoles": {admins + "|a token of the admin for this", func(ctx context.Context, w access.Caller) error { return h.SetRoles(ctx, w, target.ID, roles) }},
		"Vouch":    {admins + "|a token of the admin for this", func(ctx context.Context, w access.Caller) error { return h.Vouch(ctx, w, target.ID, "met") }},
		"Disable and Enable": {admins + "|a token of the admin for this", func(ctx context.Context, w access.Caller) error {
			if err := h.Disable(ctx, w, target.ID, "x"); err != nil {
				return err
			}
			return h.Enable(ctx, w, target.ID, "x")
		}},
		"Add":  {everybody(callers), func(ctx context.Context, w access.Caller) error { _, err := h.Add(ctx, w, Newcomer{}); return err }},
		"Open": {everybody(callers), func(ctx context.Context, w access.Caller) error { _, err := h.Open(ctx, w, target.ID, ""); return err }},
	} {
		for who, caller := range callers {
			people, records := h.count("person"), h.count("audit")
			err := c.call(ctx, caller)
			refused := slices.Contains(strings.Split(c.refused, "|"), who)
			if denied := fault.Is(err, fault.Denied); denied != refused || !refused && err != nil {
				t.Errorf("%s by %s: %v; want it refused = %v", name, who, err, refused)
			}
			if refused && h.count("person") != people {
				t.Errorf("%s by %s changed something", name, who)
			}
			if refused && caller.Kind != access.Nobody && err != ErrStepUp && err != audit.ErrSignIn && h.count("audit") == records {
				t.Errorf("%s by %s: the refusal is not on record", name, who)
			}
		}
	}
	h.clean()
}

func everybody(m map[string]access.Caller) string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return strings.Join(all, "|")
}

// notFoundIsFine: the caller was let through to a thing that is not there.
func notFoundIsFine(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func TestTheTokenIsNowhereInTheDatabase(t *testing.T) {
	d := dbtest.SQLite(t)
	h := newHouse(t, d)
	h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
	token := h.link()
	e, _ := h.enterByPasskey(Arrival{Token: token})
	n := h.add("ren@example.test")
	for _, table := range []string{"person", "person_link", "passkey", "passkey_ceremony", "password", "totp", "recovery_code", "session", "audit"} {
		rows, err := d.Read().QueryContext(ctx, "SELECT * FROM "+table)
		h.ok(err)
		columns, err := rows.Columns()
		h.ok(err)
		for rows.Next() {
			values := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			h.ok(rows.Scan(into...))
			text := fmt.Sprintf("%s", values)
			for what, s := range map[string]string{
				"link": token, "session": e.Token, "recovery code": strings.ReplaceAll(e.Codes[0], "-", ""), "TOTP secret": string(secret), "password": good,
			} {
				if strings.Contains(text, s) {
					t.Errorf("table %s holds the %s", table, what)
				}
			}
		}
		h.ok(rows.Close())
	}
	_ = n
}
