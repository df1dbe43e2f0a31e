package person

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

func TestPasswordAndAppAreSetChangedAndRemoved(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		e, key := h.enterByPasskey(Arrival{Token: h.link()})
		who := e.Person.Caller(e.Session.ID)
		o, err := h.OfferOwnTOTP(ctx, who)
		h.ok(err)
		if !strings.HasPrefix(o.URI, "otpauth://totp/Hinomi:mei@example.test?secret="+strings.ReplaceAll(o.Secret, "-", "")) {
			t.Errorf("offer = %+v", o)
		}
		elsewhere, err := h.byPasskey(home, key)
		h.ok(err)
		wantKind(t, "a first password without an app", h.SetPassword(ctx, who, NewPassword{Password: good}), fault.Conflict)
		wantKind(t, "a weak one", h.SetPassword(ctx, who, NewPassword{Password: "password1234", Sealed: o.Sealed, Code: h.first(o)}), fault.Invalid)
		in := NewPassword{Password: good, Sealed: o.Sealed, Code: h.first(o)}
		h.ok(h.SetPassword(ctx, who, in))
		if m := h.mailed(); m.Template != "credential_changed" || m.Data["what"] != "password_changed" {
			t.Errorf("mail = %+v", m)
		}
		if _, _, err := h.Authenticate(ctx, elsewhere.Token); err == nil {
			t.Error("another session outlived the change of password")
		}
		if _, _, err := h.Authenticate(ctx, e.Token); err != nil {
			t.Errorf("the session that changed it: %v", err)
		}
		_, err = h.SignIn(ctx, home, SignIn{Mail: "mei@example.test", Password: good, Code: in.Code})
		wantKind(t, "the code that set the app up, again", err, fault.Denied)

		o2, err := h.OfferOwnTOTP(ctx, who)
		h.ok(err)
		_, other := h.signIn(h.add("ren@example.test"))
		wantKind(t, "somebody else's offer", h.SetTOTP(ctx, other, o2.Sealed, h.first(o2)), fault.Conflict)
		h.wait(time.Minute)
		h.ok(h.SetTOTP(ctx, who, o2.Sealed, h.first(o2)))
		h.wait(time.Minute)
		_, err = h.SignIn(ctx, home, SignIn{Mail: "mei@example.test", Password: good, Code: h.first(o)})
		wantKind(t, "a code of the old app", err, fault.Denied)
		_, err = h.SignIn(ctx, home, SignIn{Mail: "mei@example.test", Password: good, Code: h.first(o2)})
		h.ok(err)

		h.ok(h.RemovePassword(ctx, who))
		m, err := h.Methods(ctx, who)
		h.ok(err)
		if m.Password || m.TOTP || len(m.Passkeys) != 1 {
			t.Errorf("methods = %+v", m)
		}
		wantKind(t, "removing the only way in", h.RemovePassword(ctx, other), fault.Conflict)
		o, err = h.OfferOwnTOTP(ctx, other)
		h.ok(err)
		h.wait(offerLife + time.Minute)
		h.ok(h.StepUp(ctx, other, good, h.code()))
		wantKind(t, "an offer whose time is over", h.SetTOTP(ctx, other, o.Sealed, h.first(o)), fault.Conflict)
		wantKind(t, "an offer that is none", h.SetTOTP(ctx, other, "@@", "123456"), fault.Conflict)
	})
}

func TestResettingNeedsTheSecondFactorAndEndsEverything(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		e, who := h.signIn(n)
		shown, _, err := h.AddToken(ctx, who, NewToken{Name: "curl", Scopes: []access.Action{access.ReportSubmit}, Ends: h.now().Add(time.Hour)})
		h.ok(err)
		h.mails()
		h.ok(h.Reset(ctx, stranger, n.Mail, lang.EN))
		token := h.link()
		l, err := h.Follow(ctx, stranger, token)
		h.ok(err)
		if !l.AsksCode || l.MakesTOTP || l.Purpose != ForReset {
			t.Fatalf("link = %+v", l)
		}
		in := NewPassword{Password: "five other words on paper"}
		for _, typed := range []string{"", "000000", "0000-0000-0000-0000"} {
			_, err = h.EnterByPassword(ctx, stranger, Arrival{Token: token, Code: typed}, in)
			wantKind(t, "the code "+typed, err, fault.Denied)
		}
		if _, _, err := h.Authenticate(ctx, e.Token); err != nil {
			t.Errorf("a reset that failed ended the session: %v", err)
		}
		h.wait(time.Minute)
		e2, err := h.EnterByPassword(ctx, stranger, Arrival{Token: token, Code: h.code()}, in)
		h.ok(err)
		if e2.Person.ID != n.ID || len(e2.Codes) != codeCount { // this person had no codes yet
			t.Errorf("entry = %+v", e2)
		}
		if m := h.mailed(); m.To != n.Mail || m.Data["what"] != "password_changed" {
			t.Errorf("mail = %+v", m)
		}
		if _, _, err := h.Authenticate(ctx, e.Token); err == nil {
			t.Error("a session outlived the reset")
		}
		if _, _, err := h.AuthenticateToken(ctx, shown); err == nil {
			t.Error("a token outlived the reset")
		}
		h.wait(time.Minute)
		_, err = h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: h.code()})
		wantKind(t, "the old password", err, fault.Denied)
		_, err = h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: in.Password, Code: h.code()})
		h.ok(err)

		// A lost telephone: a recovery code and a new passkey. The codes that are left stay.
		h.ok(h.Reset(ctx, home, n.Mail, lang.EN))
		token = h.link()
		c, err := h.BeginEnterByPasskey(ctx, home, Arrival{Token: token})
		h.ok(err)
		key := newAuthenticator(t)
		e3, err := h.EnterByPasskey(ctx, home, Arrival{Token: token, Code: e2.Codes[0]}, NewPasskey{Ceremony: c.ID, Response: key.register(c)})
		h.ok(err)
		if e3.Codes != nil || h.count("recovery_code") != codeCount-1 {
			t.Errorf("codes = %v, %d left", e3.Codes, h.count("recovery_code"))
		}
		_, err = h.byPasskey(home, key)
		h.ok(err)

		h.ok(h.Reset(ctx, home, n.Mail, lang.EN))
		h.mails()
		h.ok(h.Reset(ctx, home, n.Mail, lang.EN))
		token = h.link()
		h.wait(resetLife)
		_, err = h.Follow(ctx, home, token)
		wantKind(t, "an hour later", err, fault.NotFound)
	})
}

func TestAnAdministratorVouchesForSomebodyWhoLostEverything(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		_, admin := h.signIn(h.add("admin@example.test", access.Admin))
		_, triager := h.signIn(h.add("triager@example.test", access.Triager))
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		e, key := h.enterByPasskey(Arrival{Token: h.link()})
		wantKind(t, "a triager", h.Vouch(ctx, triager, e.Person.ID, "met them"), fault.Denied)
		wantKind(t, "without saying how", h.Vouch(ctx, admin, e.Person.ID, ""), fault.Invalid)
		wantKind(t, "for oneself", h.Vouch(ctx, admin, admin.ID, "it is me"), fault.Denied)
		h.ok(h.Vouch(ctx, admin, e.Person.ID, "passport and the receipt of their report"))
		m := h.mailed()
		if m.Template != "reset" || m.To != "mei@example.test" {
			t.Fatalf("mail = %+v", m)
		}
		token := strings.TrimPrefix(m.Data["link"], LinkPath)
		l, err := h.Follow(ctx, home, token)
		h.ok(err)
		if l.AsksCode || !l.MakesTOTP {
			t.Errorf("link = %+v", l)
		}
		again, fresh := h.enterByPasskey(Arrival{Token: token})
		if again.Person.ID != e.Person.ID || len(again.Codes) != codeCount {
			t.Errorf("entry = %+v", again)
		}
		if _, err := h.byPasskey(home, key); err == nil {
			t.Error("the lost passkey works")
		}
		_, err = h.byPasskey(home, fresh)
		h.ok(err)
	})
}

func TestChangingTheMailAddressProvesTheNewOneAndTellsTheOld(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n, other := h.add("mei@example.test"), h.add("ren@example.test")
		_, who := h.signIn(n)
		_, ren := h.signIn(other)
		wantKind(t, "the same again", h.ChangeMail(ctx, who, n.Mail), fault.Invalid)
		h.ok(h.ChangeMail(ctx, who, "REN@example.test"))
		if m := h.mailed(); m.Template != "account_exists" || m.Person != other.ID {
			t.Errorf("mail = %+v", m)
		}
		h.ok(h.ChangeMail(ctx, who, "new@example.test"))
		m := h.mailed()
		if m.Template != "verify_mail" || m.To != "new@example.test" {
			t.Fatalf("mail = %+v", m)
		}
		token := strings.TrimPrefix(m.Data["link"], LinkPath)
		h.ok(h.Reset(ctx, home, n.Mail, lang.EN))
		old := h.link()
		wantKind(t, "somebody else with the link", h.ConfirmMail(ctx, ren, token), fault.NotFound)
		_, err := h.EnterByPassword(ctx, home, Arrival{Token: token}, NewPassword{Password: good})
		wantKind(t, "the link as a way in", err, fault.NotFound)
		_, err = h.BeginEnterByPasskey(ctx, home, Arrival{Token: token})
		wantKind(t, "the link as a way in", err, fault.NotFound)
		h.ok(h.ConfirmMail(ctx, who, token))
		if m := h.mailed(); m.To != "mei@example.test" || m.Data["what"] != "mail_changed" {
			t.Errorf("mail = %+v", m)
		}
		got, err := h.Person(ctx, who, who.ID)
		h.ok(err)
		if got.Mail != "new@example.test" || !got.MailVerifiedAt.Equal(h.now()) {
			t.Errorf("person = %+v", got)
		}
		_, err = h.Follow(ctx, home, old)
		wantKind(t, "a reset that went to the old address", err, fault.NotFound)
		wantKind(t, "the link again", h.ConfirmMail(ctx, who, token), fault.NotFound)
		n.Mail = "new@example.test"
		_, who = h.signIn(n)

		h.ok(h.ChangeMail(ctx, who, "taken@example.test"))
		token = h.link()
		h.add("taken@example.test")
		wantKind(t, "an address somebody else proved first", h.ConfirmMail(ctx, who, token), fault.NotFound)
	})
}

func TestATokenThatSendsEventsNamesItsSources(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test", access.Responder)
		_, who := h.signIn(n)
		day := h.now().Add(24 * time.Hour)
		send := []access.Action{access.EventSend, access.EventRead}
		for name, in := range map[string]NewToken{
			"no source":                  {Scopes: send},
			"a source without the scope": {Scopes: send[1:], Sources: []string{"chat"}},
			"an empty one":               {Scopes: send, Sources: []string{""}},
			"one with a space":           {Scopes: send, Sources: []string{"chat gateway"}},
			"one that is no ASCII":       {Scopes: send, Sources: []string{"チャット"}},
			"a long one":                 {Scopes: send, Sources: []string{strings.Repeat("a", 201)}},
			"very many":                  {Scopes: send, Sources: strings.Fields(strings.Repeat("a ", 21))},
		} {
			in.Name, in.Ends = "feed", day
			if _, _, err := h.AddToken(ctx, who, in); fault.As(err) == nil || fault.As(err).Field != "sources" {
				t.Errorf("%s: err = %v", name, err)
			}
		}
		want := []string{"https://gw.example/a", "urn:chat:gateway"}
		shown, _, err := h.AddToken(ctx, who, NewToken{Name: "feed", Scopes: send, Ends: day, Sources: []string{want[1], want[0], want[1]}})
		h.ok(err)
		tok, as, err := h.AuthenticateToken(ctx, shown)
		h.ok(err)
		if !slices.Equal(tok.Sources, want) || !access.Allow(as, access.EventSend) || !access.Allow(as, access.EventRead) || len(as.Scopes) != 2 {
			t.Errorf("%+v %+v", tok, as)
		}
		all, err := h.Tokens(ctx, who)
		h.ok(err)
		if len(all) != 1 || !slices.Equal(all[0].Sources, want) {
			t.Errorf("%+v", all)
		}
	})
}

func TestTokensThatHaveEndedMakeRoomForOthers(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		_, who := h.signIn(h.add("mei@example.test", access.Triager))
		in := NewToken{Name: "CI", Scopes: []access.Action{access.ReportRead}, Ends: h.now().Add(time.Minute)}
		for range maxTokens {
			_, _, err := h.AddToken(ctx, who, in)
			h.ok(err)
		}
		_, _, err := h.AddToken(ctx, who, in)
		wantKind(t, "one too many", err, fault.Conflict)
		h.wait(2 * time.Minute) // they are not listed any more, so nobody could revoke one
		in.Ends = h.now().Add(time.Minute)
		_, _, err = h.AddToken(ctx, who, in)
		h.ok(err)
	})
}

func TestTokensActWithinTheirScopesAndTheirOwnersRoles(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test", access.Triager)
		_, who := h.signIn(n)
		day := h.now().Add(24 * time.Hour)
		scopes := []access.Action{access.ReportRead, access.KnownAdd, access.ReportRead}
		for name, in := range map[string]NewToken{
			"no name":            {Scopes: scopes, Ends: day},
			"no scope":           {Name: "ci", Ends: day},
			"no end":             {Name: "ci", Scopes: scopes},
			"more than a year":   {Name: "ci", Scopes: scopes, Ends: h.now().AddDate(1, 0, 2)},
			"more than they may": {Name: "ci", Scopes: []access.Action{access.AwardApprove}, Ends: day},
			"no such thing":      {Name: "ci", Scopes: []access.Action{"report.destroy"}, Ends: day},
		} {
			if _, _, err := h.AddToken(ctx, who, in); fault.As(err) == nil || h.count("api_token") != 0 {
				t.Errorf("%s: err = %v, %d tokens", name, err, h.count("api_token"))
			}
		}
		shown, made, err := h.AddToken(ctx, who, NewToken{Name: "CI", Scopes: scopes, Ends: day})
		h.ok(err)
		if !strings.HasPrefix(shown, "hin_") || len(made.Scopes) != 2 {
			t.Errorf("token %q = %+v", shown, made)
		}
		tok, as, err := h.AuthenticateToken(ctx, shown)
		h.ok(err)
		if as.ID != n.ID || as.Session != tok.ID || !access.Allow(as, access.KnownAdd) || access.Allow(as, access.ReportDecide) || access.Allow(as, access.PersonSelf) {
			t.Errorf("caller = %+v", as)
		}
		if _, _, err := h.Authenticate(ctx, shown[len(tokenPrefix):]); err == nil {
			t.Error("a token is a cookie")
		}
		all, err := h.Tokens(ctx, who)
		h.ok(err)
		if len(all) != 1 || all[0].Name != "CI" || !all[0].UsedAt.Equal(h.now()) || !slices.Equal(all[0].Scopes, made.Scopes) {
			t.Errorf("tokens = %+v", all)
		}
		h.exec(`UPDATE person SET roles = 'auditor' WHERE id = $1`, n.ID)
		if _, as, err := h.AuthenticateToken(ctx, shown); err != nil || access.Allow(as, access.KnownAdd) || !access.Allow(as, access.ReportRead) {
			t.Errorf("after the role was taken: %+v, %v", as, err)
		}
		_, foreign := h.signIn(h.add("ren@example.test"))
		wantKind(t, "somebody else's", h.RevokeToken(ctx, foreign, made.ID), fault.NotFound)
		h.ok(h.RevokeToken(ctx, who, made.ID))
		if _, _, err := h.AuthenticateToken(ctx, shown); !errors.Is(err, audit.ErrSignIn) {
			t.Errorf("a revoked token: %v", err)
		}
		who.Roles = []access.Role{access.Auditor}
		shown, _, err = h.AddToken(ctx, who, NewToken{Name: "CI", Scopes: []access.Action{access.ReportRead}, Ends: day})
		h.ok(err)
		h.wait(24 * time.Hour)
		if _, _, err := h.AuthenticateToken(ctx, shown); !errors.Is(err, audit.ErrSignIn) {
			t.Errorf("a token whose time is over: %v", err)
		}
		h.ok(h.Sweep(ctx))
		if h.count("api_token") != 0 {
			t.Error("it was not swept")
		}
	})
}

func TestOnesOwnAccountIsEdited(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		_, who := h.signIn(n)
		h.ok(h.SetLang(ctx, who, lang.EN))
		h.ok(h.SetZone(ctx, who, "Europe/Berlin"))
		h.ok(h.SetName(ctx, who, " 佐藤　めい "))
		got, err := h.Person(ctx, who, who.ID)
		h.ok(err)
		if got.Lang != lang.EN || got.Zone != "Europe/Berlin" || got.Name != "佐藤　めい" {
			t.Errorf("person = %+v", got)
		}
		wantKind(t, "a language there is not", h.SetLang(ctx, who, "fr"), fault.Invalid)
		for _, z := range []string{"Mars/Olympus", "../../etc/passwd", "Local", strings.Repeat("x", 1000)} {
			wantKind(t, "zone "+z[:5], h.SetZone(ctx, who, z), fault.Invalid)
		}
		wantKind(t, "no name", h.SetName(ctx, who, " "), fault.Invalid)
		wantKind(t, "a name of ten thousand letters", h.SetName(ctx, who, strings.Repeat("寿", 10_000)), fault.Invalid)
		if again, err := h.Person(ctx, who, who.ID); err != nil || again.Version != got.Version || again.Name != got.Name {
			t.Errorf("a refused edit changed %+v into %+v, %v", got, again, err)
		}
	})
}
