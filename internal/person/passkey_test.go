package person

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

func TestPasskeyOptionsAskForWhatWeRelyOn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		token := h.link()
		key := newAuthenticator(t)
		c, err := h.BeginEnterByPasskey(ctx, home, Arrival{Token: token})
		h.ok(err)
		o := key.read(c)
		if o.PublicKey.RP.ID != testRP || o.PublicKey.AuthenticatorSelection.ResidentKey != "required" ||
			o.PublicKey.AuthenticatorSelection.UserVerification != "required" || o.PublicKey.User.Name != "mei@example.test" {
			t.Errorf("options = %s", c.Options)
		}
		if raw, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID); err != nil || len(raw) != 64 {
			t.Errorf("the user handle has %d bytes, %v", len(raw), err)
		}
		e, err := h.EnterByPasskey(ctx, home, Arrival{Token: token}, NewPasskey{Ceremony: c.ID, Response: key.register(c)})
		h.ok(err)
		login, err := h.BeginSignIn(ctx, home)
		h.ok(err)
		if o := key.read(login); o.PublicKey.RPID != testRP || o.PublicKey.UserVerification != "required" || len(o.PublicKey.AllowCredentials) != 0 {
			t.Errorf("options = %s", login.Options)
		}
		// One device is not asked to make a second passkey for one account.
		again, err := h.BeginAddPasskey(ctx, e.Person.Caller(e.Session.ID))
		h.ok(err)
		if o := key.read(again); len(o.PublicKey.ExcludeCredentials) != 1 || o.PublicKey.ExcludeCredentials[0].ID != b64(key.id) {
			t.Errorf("options = %s", again.Options)
		}
	})
}

func TestBadPasskeyAnswersAreRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		e, key := h.enterByPasskey(Arrival{Token: h.link()})
		h.ok(h.SignUp(ctx, home, "ren@example.test", lang.EN))
		_, other := h.enterByPasskey(Arrival{Token: h.link()})
		bend := func(fn func(*authenticator)) func(Ceremony) []byte {
			return func(c Ceremony) []byte {
				key.count++
				a := *key
				fn(&a)
				return a.assert(c)
			}
		}
		change := func(part string, at int) func(Ceremony) []byte {
			return func(c Ceremony) []byte {
				var m map[string]any
				h.ok(json.Unmarshal(key.assert(c), &m))
				r := m["response"].(map[string]any)
				raw, err := base64.RawURLEncoding.DecodeString(r[part].(string))
				h.ok(err)
				raw[at] ^= 1
				r[part] = b64(raw)
				out, err := json.Marshal(m)
				h.ok(err)
				return out
			}
		}
		for name, answer := range map[string]func(Ceremony) []byte{
			"from another site":         bend(func(a *authenticator) { a.origin = "https://bounty.example.evil.test" }),
			"over plain HTTP":           bend(func(a *authenticator) { a.origin = "http://bounty.example" }),
			"for another relying party": bend(func(a *authenticator) { a.rpID = "evil.test" }),
			"without user verification": bend(func(a *authenticator) { a.flags = flagUP }),
			"without anybody there":     bend(func(a *authenticator) { a.flags = flagUV }),
			"with another key":          bend(func(a *authenticator) { a.key = other.key }),
			"with somebody's handle":    bend(func(a *authenticator) { a.handle = other.handle }),
			"with nobody's handle":      bend(func(a *authenticator) { a.handle = newHandle() }),
			"without a handle":          bend(func(a *authenticator) { a.handle = nil }),
			"unknown credential":        bend(func(a *authenticator) { a.id = []byte("unknown credential") }),
			"a changed signature":       change("signature", 10),
			"changed data":              change("authenticatorData", 33),
			"nothing":                   func(Ceremony) []byte { return nil },
			"no JSON":                   func(Ceremony) []byte { return []byte("<xml/>") },
			"an empty object":           func(Ceremony) []byte { return []byte("{}") },
			"very much":                 func(Ceremony) []byte { return bytes.Repeat([]byte(" "), 1<<20) },
			"a registration":            func(c Ceremony) []byte { a := *key; return a.register(c) },
			"the answer to another": func(Ceremony) []byte {
				c, err := h.BeginSignIn(ctx, home)
				h.ok(err)
				return key.assert(c)
			},
		} {
			sessions, refused := h.count("session"), h.count(`audit WHERE outcome = 'refused'`)
			c, err := h.BeginSignIn(ctx, stranger)
			h.ok(err)
			_, err = h.FinishSignIn(ctx, stranger, c.ID, answer(c), firefox)
			wantKind(t, name, err, fault.Denied)
			if f := fault.As(err); f != nil && f.Text != errPasskey.Text {
				t.Errorf("%s: the answer %q tells more than the others", name, f.Text.EN)
			}
			if h.count("session") != sessions || h.count(`audit WHERE outcome = 'refused'`) != refused+1 {
				t.Errorf("%s: %d sessions, %d refusals on record", name, h.count("session")-sessions, h.count(`audit WHERE outcome = 'refused'`)-refused)
			}
			_, err = h.FinishSignIn(ctx, stranger, c.ID, key.assert(c), firefox)
			wantKind(t, name+", and then a good answer to the same challenge", err, fault.Denied)
		}
		_, err := h.byPasskey(home, key)
		h.ok(err)

		c, err := h.BeginSignIn(ctx, home)
		h.ok(err)
		h.wait(ceremonyLife)
		_, err = h.FinishSignIn(ctx, home, c.ID, key.assert(c), firefox)
		wantKind(t, "too late", err, fault.Denied)

		c, err = h.BeginStepUp(ctx, e.Person.Caller(e.Session.ID))
		h.ok(err)
		_, err = h.FinishSignIn(ctx, home, c.ID, key.assert(c), firefox)
		wantKind(t, "a step-up used to sign in", err, fault.Denied)
		h.ok(h.Sweep(ctx))
	})
}

func TestACopiedPasskeyIsRefusedAndOnRecord(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		_, key := h.enterByPasskey(Arrival{Token: h.link()})
		for range 3 {
			_, err := h.byPasskey(home, key)
			h.ok(err)
		}
		twin := *key
		twin.count = 1
		sessions := h.count("session")
		_, err := h.byPasskey(stranger, &twin)
		if err != errCopied || h.count("session") != sessions {
			t.Errorf("err = %v, %d new sessions", err, h.count("session")-sessions)
		}
		if n := h.count(`audit WHERE detail LIKE '%clone_warning%'`); n != 1 {
			t.Errorf("%d clone warnings on record", n)
		}
		if m := h.mailed(); m.To != "mei@example.test" || m.Data["what"] != "passkey_refused" {
			t.Errorf("mail = %+v", m)
		}
		_, err = h.byPasskey(home, key)
		h.ok(err) // the true one goes on counting

		synced := newAuthenticator(t) // one whose counter stays 0 is no copy
		h.ok(h.SignUp(ctx, home, "ren@example.test", lang.EN))
		token := h.link()
		c, err := h.BeginEnterByPasskey(ctx, home, Arrival{Token: token})
		h.ok(err)
		_, err = h.EnterByPasskey(ctx, home, Arrival{Token: token}, NewPasskey{Ceremony: c.ID, Response: synced.register(c)})
		h.ok(err)
		for range 2 {
			synced.count = ^uint32(0) // and one more is 0
			_, err := h.byPasskey(home, synced)
			h.ok(err)
		}
	})
}

func TestPasskeysAreAddedNamedAndRemovedButNeverTheLast(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		e, first := h.enterByPasskey(Arrival{Token: h.link()})
		who := e.Person.Caller(e.Session.ID)
		m, err := h.Methods(ctx, who)
		h.ok(err)
		wantKind(t, "the last way in", h.RemovePasskey(ctx, who, m.Passkeys[0].ID), fault.Conflict)

		h.wait(time.Second)
		second := newAuthenticator(t)
		c, err := h.BeginAddPasskey(ctx, who)
		h.ok(err)
		answer := second.register(c)
		thief := access.Caller{ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Kind: access.Participant, Session: "x"}
		if err := h.AddPasskey(ctx, thief, NewPasskey{Ceremony: c.ID, Response: answer}); err != ErrStepUp {
			t.Errorf("from a session that is none: %v", err)
		}
		wantKind(t, "a name that deceives", h.AddPasskey(ctx, who, NewPasskey{Ceremony: c.ID, Response: answer, Name: "K\u202eey"}), fault.Invalid)
		h.ok(h.AddPasskey(ctx, who, NewPasskey{Ceremony: c.ID, Response: answer, Name: "鍵"}))
		if m := h.mailed(); m.Data["what"] != "passkey_added" {
			t.Errorf("mail = %+v", m)
		}
		_, err = h.byPasskey(home, second)
		h.ok(err)

		m, err = h.Methods(ctx, who)
		h.ok(err)
		if len(m.Passkeys) != 2 || m.Passkeys[1].Name != "鍵" {
			t.Fatalf("passkeys = %+v", m.Passkeys)
		}
		h.ok(h.RenamePasskey(ctx, who, m.Passkeys[1].ID, "  Key of the  desk "))
		wantKind(t, "one that is nobody's", h.RenamePasskey(ctx, who, "x", "x"), fault.NotFound)
		got := make(chan error, 2)
		for _, k := range m.Passkeys { // both at once: one must stay
			go func() { got <- h.RemovePasskey(ctx, who, k.ID) }()
		}
		a, b := <-got, <-got
		if (a == nil) == (b == nil) || h.count("passkey") != 1 {
			t.Errorf("%v and %v, %d passkeys left", a, b, h.count("passkey"))
		}
		_, err1 := h.byPasskey(home, first)
		_, err2 := h.byPasskey(home, second)
		if (err1 == nil) == (err2 == nil) {
			t.Errorf("signing in: %v and %v, want one of them", err1, err2)
		}
	})
}

func TestSteppingUp(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		e, key := h.enterByPasskey(Arrival{Token: h.link()})
		who := e.Person.Caller(e.Session.ID)
		h.ok(h.SignUp(ctx, home, "ren@example.test", lang.EN))
		_, other := h.enterByPasskey(Arrival{Token: h.link()})
		h.wait(Lately)
		if err := h.EndOthers(ctx, who); err != nil {
			t.Errorf("what needs no step-up: %v", err)
		}
		if _, err := h.NewRecoveryCodes(ctx, who); err != ErrStepUp {
			t.Errorf("ten minutes later: %v", err)
		}
		c, err := h.BeginStepUp(ctx, who)
		h.ok(err)
		wantKind(t, "with somebody else's passkey", h.FinishStepUp(ctx, who, c.ID, other.assert(c)), fault.Denied)
		if _, err := h.NewRecoveryCodes(ctx, who); err != ErrStepUp {
			t.Errorf("after that: %v", err)
		}
		c, err = h.BeginStepUp(ctx, who)
		h.ok(err)
		h.ok(h.FinishStepUp(ctx, who, c.ID, key.assert(c)))
		codes, err := h.NewRecoveryCodes(ctx, who)
		h.ok(err)
		if len(codes) != codeCount || codes[0] == e.Codes[0] || h.count("recovery_code WHERE person = $1", who.ID) != codeCount {
			t.Errorf("codes = %v", codes)
		}
		s, _, err := h.Authenticate(ctx, e.Token)
		h.ok(err)
		if !Recent(s, h.now(), Lately) || Recent(s, h.now().Add(Lately), Lately) {
			t.Errorf("session = %+v", s)
		}

		n := h.add("aoi@example.test")
		_, aoi := h.signIn(n)
		h.wait(time.Hour)
		wantKind(t, "a wrong password", h.StepUp(ctx, aoi, "wrong", h.code()), fault.Denied)
		if _, err := h.NewRecoveryCodes(ctx, aoi); err != ErrStepUp {
			t.Errorf("after a wrong password: %v", err)
		}
		h.ok(h.StepUp(ctx, aoi, good, h.code()))
		_, err = h.NewRecoveryCodes(ctx, aoi)
		h.ok(err)
	})
}

// A hostile answer must never do more than be refused.
func FuzzPasskeyAnswers(f *testing.F) {
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AA","userHandle":"AA"}}`))
	f.Add([]byte(`{"response":{"attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`))
	f.Add([]byte(strings.Repeat("[", 1000)))
	f.Fuzz(func(t *testing.T, answer []byte) {
		p := &People{RP: RelyingParty{ID: testRP, Name: "Hinomi", Origins: []string{testOrigin}}}
		w, err := p.relying()
		if err != nil {
			t.Fatal(err)
		}
		_, s, err := w.BeginRegistration(user{handle: []byte("h"), name: "n", display: "d"})
		if err != nil {
			t.Fatal(err)
		}
		if c, err := parseRegistration(w, *s, []byte("h"), answer); err == nil {
			t.Errorf("%q made the credential %x", answer, c.ID)
		}
		var n Person
		if _, _, err := p.validate(ctx, *s, answer, &n); err == nil {
			t.Errorf("%q signed somebody in", answer)
		}
	})
}
