package person

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

func TestTheFirstAdministratorComesByALinkFromTheTerminal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first, err := h.Bootstrap(ctx, "")
		h.ok(err)
		second, err := h.Bootstrap(ctx, "")
		h.ok(err)
		_, err = h.Follow(ctx, home, strings.TrimPrefix(first, LinkPath))
		wantKind(t, "the link of an earlier start", err, fault.NotFound)
		if len(h.mails()) != 0 {
			t.Error("a first administrator's link went by mail")
		}
		a := Arrival{Token: strings.TrimPrefix(second, LinkPath), Name: "Aoi", Mail: "aoi@example.test", Lang: lang.JA}
		nameless := a
		nameless.Name = ""
		_, err = h.EnterByPassword(ctx, home, nameless, NewPassword{Password: good})
		wantKind(t, "without a name", err, fault.Invalid)
		e, _ := h.enterByPasskey(a)
		if e.Person.Kind != access.Staff || !e.Person.Holds(access.Admin) || e.Person.State != Active || !e.Person.MailVerifiedAt.IsZero() || e.Person.Lang != lang.JA {
			t.Errorf("person = %+v", e.Person)
		}
		who := e.Person.Caller(e.Session.ID)
		h.ok(h.ConfirmMail(ctx, who, h.link())) // the address they typed is proved afterwards
		if got, err := h.Person(ctx, who, who.ID); err != nil || got.MailVerifiedAt.IsZero() {
			t.Errorf("person = %+v, %v", got, err)
		}
		if path, err := h.Bootstrap(ctx, "second@example.test"); path != "" || err != nil {
			t.Errorf("with staff there: %q, %v", path, err)
		}
	})
}

func TestOfTwoFirstAdministratorsOneComesIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path, err := h.Bootstrap(ctx, "aoi@example.test")
		h.ok(err)
		h.add("ren@example.test", access.Triager) // staff came by another road meanwhile
		a := Arrival{Token: strings.TrimPrefix(path, LinkPath), Name: "Aoi"}
		c, err := h.BeginEnterByPasskey(ctx, home, a)
		h.ok(err)
		_, err = h.EnterByPasskey(ctx, home, a, NewPasskey{Ceremony: c.ID, Response: newAuthenticator(t).register(c)})
		wantKind(t, "a late first administrator", err, fault.NotFound)
	})
}

func TestStaffComeByInvitation(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		admin := h.add("admin@example.test", access.Admin)
		_, who := h.signIn(admin)
		h.add("mei@example.test")
		roles := []access.Role{access.Payer, access.Board}
		wantKind(t, "a participant's address", h.Invite(ctx, who, "MEI@example.test", roles, lang.JA), fault.Conflict)
		wantKind(t, "no role", h.Invite(ctx, who, "ren@example.test", nil, lang.JA), fault.Invalid)
		wantKind(t, "admin who pays", h.Invite(ctx, who, "ren@example.test", []access.Role{access.Admin, access.Payer}, lang.JA), fault.Invalid)
		h.ok(h.Invite(ctx, who, "ren@example.test", []access.Role{access.Triager}, lang.JA))
		first := h.link()
		h.ok(h.Invite(ctx, who, "ren@example.test", roles, lang.JA))
		m := h.mailed()
		if m.Template != "invite" || m.To != "ren@example.test" || m.Data["by"] != admin.Name || m.Lang != lang.JA {
			t.Errorf("mail = %+v", m)
		}
		_, err := h.Follow(ctx, home, first)
		wantKind(t, "an invitation that another replaced", err, fault.NotFound)
		open, err := h.Invitations(ctx, who)
		h.ok(err)
		if len(open) != 1 || open[0].Mail != "ren@example.test" || open[0].InvitedBy != admin.ID {
			t.Errorf("open = %+v", open)
		}
		e, _ := h.enterByPasskey(Arrival{Token: strings.TrimPrefix(m.Data["link"], LinkPath), Name: "高橋 蓮"})
		if !slices.Equal(e.Person.Roles, []access.Role{access.Board, access.Payer}) || e.Person.Kind != access.Staff || e.Person.MailVerifiedAt.IsZero() {
			t.Errorf("person = %+v", e.Person)
		}

		h.ok(h.Invite(ctx, who, "aoi@example.test", roles, lang.EN))
		late := h.link()
		h.wait(inviteLife)
		_, err = h.Follow(ctx, home, late)
		wantKind(t, "three days later", err, fault.NotFound)
		_, who = h.signIn(admin)
		h.ok(h.Invite(ctx, who, "aoi@example.test", roles, lang.EN))
		h.mails()
		open, err = h.Invitations(ctx, who)
		h.ok(err)
		h.ok(h.CancelInvitation(ctx, who, open[0].ID))
		wantKind(t, "cancelling it twice", h.CancelInvitation(ctx, who, open[0].ID), fault.NotFound)

		h.ok(h.Invite(ctx, who, "aoi@example.test", roles, lang.EN))
		token := h.link()
		h.add("other@example.test", access.Admin)
		h.exec(`UPDATE person SET state = 'disabled' WHERE id = $1`, admin.ID)
		a := Arrival{Token: token, Name: "Aoi"}
		c, err := h.BeginEnterByPasskey(ctx, home, a)
		h.ok(err)
		_, err = h.EnterByPasskey(ctx, home, a, NewPasskey{Ceremony: c.ID, Response: newAuthenticator(t).register(c)})
		wantKind(t, "invited by somebody disabled since", err, fault.Conflict)
	})
}

func TestRolesChangeUnderRules(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		a, b := h.add("a@example.test", access.Admin), h.add("b@example.test", access.Admin)
		c := h.add("c@example.test", access.Triager)
		p := h.add("p@example.test")
		_, asA := h.signIn(a)
		_, asB := h.signIn(b)
		triager := []access.Role{access.Triager}
		wantKind(t, "one's own roles", h.SetRoles(ctx, asA, a.ID, triager), fault.Denied)
		wantKind(t, "one's own state", h.Disable(ctx, asA, a.ID, "holiday"), fault.Denied)
		wantKind(t, "roles for a participant", h.SetRoles(ctx, asA, p.ID, triager), fault.Conflict)
		wantKind(t, "roles for nobody", h.SetRoles(ctx, asA, "x", triager), fault.NotFound)
		wantKind(t, "admin who pays", h.SetRoles(ctx, asA, c.ID, []access.Role{access.Admin, access.Payer}), fault.Invalid)
		e, asC := h.signIn(c)
		h.ok(h.SetRoles(ctx, asA, c.ID, []access.Role{access.Payer, access.Auditor}))
		if _, now, err := h.Authenticate(ctx, e.Token); err != nil || !now.Has(access.Payer) || now.Has(access.Triager) {
			t.Errorf("the next page of a running session: %+v, %v", now, err)
		}
		wantKind(t, "by somebody who may not", h.SetRoles(ctx, asC, a.ID, triager), fault.Denied)

		// Two administrators take the role from each other at once: one remains.
		var wg sync.WaitGroup
		got := make(chan error, 2)
		wg.Go(func() { got <- h.SetRoles(ctx, asA, b.ID, triager) })
		wg.Go(func() { got <- h.Disable(ctx, asB, a.ID, "dispute") })
		wg.Wait()
		close(got)
		done := 0
		for err := range got {
			if err == nil {
				done++
			} else {
				wantKind(t, "the slower one", err, fault.Denied)
			}
		}
		if n := h.count(`person WHERE state = 'active' AND roles LIKE '%admin%'`); done != 1 || n != 1 {
			t.Errorf("%d changes done, %d administrators left; want one and one", done, n)
		}
	})
}

func TestDisablingEndsSessionsTokensAndLinks(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		_, admin := h.signIn(h.add("a@example.test", access.Admin))
		for _, n := range []Person{h.add("c@example.test", access.Triager), h.add("p@example.test")} {
			e, who := h.signIn(n)
			shown, _, err := h.AddToken(ctx, who, NewToken{Name: "ci", Scopes: []access.Action{access.ProgramRead}, Ends: h.now().Add(time.Hour)})
			h.ok(err)
			h.mails()
			h.ok(h.Reset(ctx, home, n.Mail, lang.EN))
			token := h.link()
			h.ok(h.StepUp(ctx, admin, good, h.stepUpCode()))
			h.ok(h.Disable(ctx, admin, n.ID, "left the company"))
			_, _, err1 := h.Authenticate(ctx, e.Token)
			_, _, err2 := h.AuthenticateToken(ctx, shown)
			_, err3 := h.Follow(ctx, home, token)
			if err1 == nil || err2 == nil || err3 == nil {
				t.Errorf("%s: session %v, token %v, link %v", n.Kind, err1, err2, err3)
			}
			h.wait(time.Minute)
			_, err = h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: h.code()})
			wantKind(t, "signing in", err, fault.Denied)
			wantKind(t, "disabling twice", h.Disable(ctx, admin, n.ID, ""), fault.Conflict)
			h.ok(h.Enable(ctx, admin, n.ID, "came back"))
			wantKind(t, "enabling twice", h.Enable(ctx, admin, n.ID, ""), fault.Conflict)
			got, err := h.Person(ctx, admin, n.ID)
			h.ok(err)
			if want := map[access.Kind]State{access.Staff: Active, access.Participant: Pending}[n.Kind]; got.State != want {
				t.Errorf("%s: state %s, want %s", n.Kind, got.State, want)
			}
			h.signIn(n)
		}
	})
}

// stepUpCode returns a code not used yet.
func (h *house) stepUpCode() string { h.wait(totpPeriod * time.Second); return h.code() }

func TestPeopleAreListedByWhoMay(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		_, admin := h.signIn(h.add("admin@example.test", access.Admin))
		mei := h.add("mei_1@example.test")
		_, asMei := h.signIn(mei)
		h.wait(time.Second)
		ren := h.add("ren@example.test")
		for name, c := range map[string]struct {
			q    Query
			want int
		}{
			"everybody":         {Query{}, 3},
			"participants":      {Query{Kind: access.Participant}, 2},
			"pending":           {Query{State: Pending}, 2},
			"by address":        {Query{Text: "MEI_"}, 1},
			"an underscore":     {Query{Text: "i_1"}, 1},
			"no wildcard":       {Query{Text: "m%1"}, 0},
			"by name":           {Query{Text: "芽衣", Kind: access.Participant}, 2},
			"the second page":   {Query{Kind: access.Participant, After: mei.ID}, 1},
			"one":               {Query{Limit: 1}, 1},
			"nonsense in quote": {Query{Text: "' OR 1=1 --"}, 0},
		} {
			got, err := h.List(ctx, admin, c.q)
			if err != nil || len(got) != c.want {
				t.Errorf("%s: %d people, %v; want %d", name, len(got), err, c.want)
			}
		}
		labels, err := h.Labels(ctx, admin, mei.ID, ren.ID, admin.ID, "x")
		h.ok(err)
		if len(labels) != 3 || labels[mei.ID].Name != "佐藤芽衣" {
			t.Errorf("the desk sees %+v", labels)
		}
		labels, err = h.Labels(ctx, asMei, mei.ID, ren.ID, admin.ID)
		h.ok(err)
		if len(labels) != 2 || labels[ren.ID].ID != "" {
			t.Errorf("a participant sees %+v", labels)
		}
		if _, err := h.Labels(ctx, stranger, mei.ID); err != audit.ErrSignIn {
			t.Errorf("a stranger: %v", err)
		}
		to, err := h.Addressee(ctx, h.DB.Read(), mei.ID)
		h.ok(err)
		if to.Mail != mei.Mail || to.Lang != lang.JA {
			t.Errorf("to = %+v", to)
		}
	})
}

func TestErasingLeavesABareAuthor(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		e, who := h.signIn(n)
		_, _, err := h.AddToken(ctx, who, NewToken{Name: "ci", Scopes: []access.Action{access.ProgramRead}, Ends: h.now().Add(time.Hour)})
		h.ok(err)
		h.ok(h.DB.Tx(ctx, func(tx *sql.Tx) error { return Settle(ctx, tx, n.ID, true) }))
		h.ok(h.Reset(ctx, home, n.Mail, lang.EN))
		h.ok(h.DB.Tx(ctx, func(tx *sql.Tx) error { return Erase(ctx, tx, n.ID) }))
		for _, from := range []string{"session", "api_token", "person_link", "password", "totp", "recovery_code", "passkey", "person_place",
			`person WHERE mail <> '' OR name <> ''`} {
			if c := h.count(from); c != 0 {
				t.Errorf("%d rows left in %s", c, from)
			}
		}
		got, err := byID(ctx, h.DB.Read(), n.ID)
		h.ok(err)
		if got.State != Withdrawn || string(got.handle) == string(n.handle) {
			t.Errorf("person = %+v", got)
		}
		if _, _, err := h.Authenticate(ctx, e.Token); err == nil {
			t.Error("the session works")
		}
		h.ok(h.DB.Tx(ctx, func(tx *sql.Tx) error { return Settle(ctx, tx, n.ID, true) }))
		if got, err = byID(ctx, h.DB.Read(), n.ID); err != nil || got.State != Withdrawn {
			t.Errorf("settling brought them back: %+v, %v", got, err)
		}
		h.mails()
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN)) // the address is free again
		if m := h.mailed(); m.Template != "verify_mail" {
			t.Errorf("mail = %+v", m)
		}
		h.enterByPasskey(Arrival{Token: func() string { h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN)); return h.link() }()})
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	d := dbtest.SQLite(b)
	h := newHouse(&testing.T{}, d)
	n, err := h.Add(ctx, access.Self, Newcomer{Kind: access.Participant, Mail: "mei@example.test", Lang: lang.EN})
	if err != nil {
		b.Fatal(err)
	}
	e, err := h.Open(ctx, access.Self, n.ID, firefox)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := h.Authenticate(ctx, e.Token); err != nil {
			b.Fatal(fmt.Sprint(err))
		}
	}
}
