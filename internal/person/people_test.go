package person

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
)

const (
	testOrigin = "https://bounty.example"
	testRP     = "bounty.example"
	good       = "four words on paper"
	firefox    = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
)

// A house is a People with a clock that a test moves, and what it left behind.
type house struct {
	*People
	t  *testing.T
	mu sync.Mutex
	at time.Time
}

func newHouse(t *testing.T, d *db.DB) *house {
	h := &house{t: t, at: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)}
	wide := map[limit.Action]limit.Rule{}
	for a := range limit.Defaults {
		wide[a] = limit.Rule{Burst: 10_000, Every: time.Millisecond}
	}
	h.People = &People{
		DB: d, Audit: &audit.Log{DB: d, Now: h.now}, Now: h.now, Limits: &limit.Limits{Now: h.now, Rules: wide},
		Key: bytes.Repeat([]byte{7}, KeySize), RP: RelyingParty{ID: testRP, Name: "Hinomi", Origins: []string{testOrigin}},
	}
	return h
}

func (h *house) now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }
func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// stranger is somebody not signed in, elsewhere than anybody else in a test.
var stranger = access.Caller{Address: "203.0.113.66"}

// home is the address that people in a test sign in from.
var home = access.Caller{Address: "192.0.2.7"}

// mails returns the mails that were asked for, the oldest first, and forgets them.
func (h *house) mails() []mail {
	h.t.Helper()
	rows, err := h.DB.Read().QueryContext(ctx, `SELECT body FROM outbox WHERE subject = 'mail.requested' ORDER BY id`)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var all []mail
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			h.t.Fatal(err)
		}
		var m mail
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, m)
	}
	h.exec(`DELETE FROM outbox`)
	return all
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	if err := h.DB.Tx(ctx, func(tx *sql.Tx) error { _, err := tx.ExecContext(ctx, query, args...); return err }); err != nil {
		h.t.Fatal(err)
	}
}

// mailed returns the one mail that was asked for.
func (h *house) mailed() mail {
	h.t.Helper()
	all := h.mails()
	if len(all) != 1 {
		h.t.Fatalf("%d mails were asked for, want one: %v", len(all), all)
	}
	return all[0]
}

// link returns the token of the one mail's link.
func (h *house) link() string {
	h.t.Helper()
	token, ok := strings.CutPrefix(h.mailed().Data["link"], LinkPath)
	if !ok {
		h.t.Fatal("the mail has no link")
	}
	return token
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// add adds a person with the password "four words on paper" and this secret.
var secret = []byte("12345678901234567890")

func (h *house) add(address string, roles ...access.Role) Person {
	h.t.Helper()
	in := Newcomer{Kind: access.Participant, Mail: address, Name: "佐藤芽衣", Lang: lang.JA, Password: good, TOTP: secret}
	if len(roles) > 0 {
		in.Kind, in.Roles = access.Staff, roles
	}
	n, err := h.Add(ctx, access.Self, in)
	h.ok(err)
	return n
}

// signIn signs a person in from home and returns them as a caller.
func (h *house) signIn(n Person) (Entry, access.Caller) {
	h.t.Helper()
	h.wait(totpPeriod * time.Second) // a code is used once
	e, err := h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: h.code(), Agent: firefox})
	h.ok(err)
	return e, e.Person.Caller(e.Session.ID)
}

func (h *house) code() string { return totp(secret, stepAt(h.now()), totpDigits) }

// first returns the code of the app that an offer sets up.
func (h *house) first(o TOTPOffer) string {
	h.t.Helper()
	raw, err := decode64(o.Sealed)
	h.ok(err)
	// Tests hold the key; a page reads the secret from the QR code.
	for _, whom := range h.whoms() {
		if text, err := h.unseal("totp offer", whom, raw); err == nil {
			return totp(text[20:], stepAt(h.now()), totpDigits)
		}
	}
	h.t.Fatal("the offer is nobody's")
	return ""
}

func (h *house) whoms() []string {
	var all []string
	for _, q := range []string{`SELECT 'link ' || id FROM person_link`, `SELECT 'person ' || id FROM person`} {
		rows, err := h.DB.Read().QueryContext(ctx, q)
		h.ok(err)
		for rows.Next() {
			var s string
			h.ok(rows.Scan(&s))
			all = append(all, s)
		}
		h.ok(rows.Close())
	}
	return all
}

// enterByPasskey signs up, or resets, with a new passkey.
func (h *house) enterByPasskey(a Arrival) (Entry, *authenticator) {
	h.t.Helper()
	key := newAuthenticator(h.t)
	c, err := h.BeginEnterByPasskey(ctx, home, a)
	h.ok(err)
	e, err := h.EnterByPasskey(ctx, home, a, NewPasskey{Ceremony: c.ID, Response: key.register(c), Name: "Telephone"})
	h.ok(err)
	return e, key
}

// byPasskey signs in with a passkey.
func (h *house) byPasskey(who access.Caller, key *authenticator) (Entry, error) {
	h.t.Helper()
	c, err := h.BeginSignIn(ctx, who)
	h.ok(err)
	return h.FinishSignIn(ctx, who, c.ID, key.assert(c), firefox)
}

func (h *house) count(from string, args ...any) int { return dbtest.Count(h.t, h.DB, from, args...) }

// clean checks what must hold at the end of every story: the chain of the audit trail, and that it
// carries no address and no name.
func (h *house) clean() {
	h.t.Helper()
	if _, err := h.Audit.Verify(ctx); err != nil {
		h.t.Error(err)
	}
	if n := h.count(`audit WHERE detail LIKE '%@%' OR detail LIKE '%芽衣%' OR subject LIKE '%@%'`); n != 0 {
		h.t.Errorf("%d audit records carry an address or a name", n)
	}
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		fn(t, h)
		h.clean()
	})
}

func wantKind(t *testing.T, what string, err error, k fault.Kind) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != k {
		t.Errorf("%s: err = %v, want a fault of kind %d", what, err, k)
		return
	}
	if f.Text.EN == "" || f.Text.JA == "" || strings.Contains(f.Text.EN+f.Text.JA, "%!") {
		t.Errorf("%s: the person reads %+v", what, f.Text)
	}
}

func TestSigningUpWithAPasswordAndAnApp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, " Mei.Sato@Example.test", lang.JA))
		m := h.mailed()
		if m.Template != "verify_mail" || m.To != "Mei.Sato@Example.test" || m.Lang != lang.JA || m.Person != "" {
			t.Fatalf("mail = %+v", m)
		}
		token := strings.TrimPrefix(m.Data["link"], LinkPath)
		for range 3 { // a mail scanner opens it first
			l, err := h.Follow(ctx, stranger, token)
			h.ok(err)
			if l.Purpose != ForSignUp || l.AsksCode || !l.MakesTOTP || l.Mail != "Mei.Sato@Example.test" {
				t.Fatalf("link = %+v", l)
			}
		}
		o, err := h.OfferTOTP(ctx, home, token)
		h.ok(err)
		a := Arrival{Token: token, Name: "佐藤　芽衣", Agent: firefox}
		_, err = h.EnterByPassword(ctx, home, a, NewPassword{Password: "mei.sato@example.test", Sealed: o.Sealed, Code: h.first(o)})
		wantKind(t, "the address as password", err, fault.Invalid)
		_, err = h.EnterByPassword(ctx, home, a, NewPassword{Password: good, Sealed: o.Sealed, Code: "000000"})
		wantKind(t, "a wrong first code", err, fault.Invalid)
		e, err := h.EnterByPassword(ctx, home, a, NewPassword{Password: good, Sealed: o.Sealed, Code: h.first(o)})
		h.ok(err)
		if e.Person.Kind != access.Participant || e.Person.State != Pending || e.Person.Name != "佐藤　芽衣" || e.Person.MailVerifiedAt.IsZero() || len(e.Codes) != codeCount {
			t.Errorf("entry = %+v", e)
		}
		s, who, err := h.Authenticate(ctx, e.Token)
		h.ok(err)
		if who.ID != e.Person.ID || who.Session != s.ID || s.Agent != "Firefox (Linux)" || s.Address != "192.0.2.0/24" || s.Lang != lang.JA {
			t.Errorf("session = %+v, caller = %+v", s, who)
		}
		_, err = h.Follow(ctx, home, token)
		wantKind(t, "a used link", err, fault.NotFound)

		h.wait(time.Minute)
		_, err = h.SignIn(ctx, home, SignIn{Mail: "MEI.SATO@example.test", Password: "ｆｏｕｒ ｗｏｒｄｓ ｏｎ ｐａｐｅｒ", Code: e.Codes[3]})
		h.ok(err)
		_, err = h.SignIn(ctx, home, SignIn{Mail: "mei.sato@example.test", Password: good, Code: e.Codes[3]})
		wantKind(t, "a recovery code used twice", err, fault.Denied)
		if m := h.mailed(); m.Template != "credential_changed" || m.Data["what"] != "recovery_used" {
			t.Errorf("mail = %+v", m)
		}
	})
}

func TestSigningUpWithAPasskey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		e, key := h.enterByPasskey(Arrival{Token: h.link(), Agent: firefox})
		if e.Person.Kind != access.Participant || len(e.Codes) != codeCount || bytes.Contains(key.handle, []byte(e.Person.ID)) {
			t.Errorf("entry = %+v", e)
		}
		e2, err := h.byPasskey(home, key)
		h.ok(err)
		if e2.Person.ID != e.Person.ID || e2.Token == e.Token || e2.Codes != nil {
			t.Errorf("second entry = %+v", e2)
		}
		m, err := h.Methods(ctx, e2.Person.Caller(e2.Session.ID))
		h.ok(err)
		if len(m.Passkeys) != 1 || m.Passkeys[0].Name != "Telephone" || m.Passkeys[0].UsedAt.IsZero() || m.Password || m.TOTP || m.RecoveryLeft != codeCount {
			t.Errorf("methods = %+v", m)
		}
	})
}

// What an answer costs and leaves behind must not depend on whether there is an account.
func TestAskingForALinkTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		gone := h.add("gone@example.test")
		h.exec(`UPDATE person SET state = 'disabled' WHERE id = $1`, gone.ID)
		for name, ask := range map[string]func(string) error{
			"sign up": func(to string) error { return h.SignUp(ctx, stranger, to, lang.EN) },
			"reset":   func(to string) error { return h.Reset(ctx, stranger, to, lang.EN) },
		} {
			for _, to := range []string{"nobody@example.test", "mei@example.test", "gone@example.test"} {
				links, records := h.count("person_link"), h.count("audit")
				if err := ask(to); err != nil {
					t.Errorf("%s %s: %v", name, to, err)
				}
				m := h.mailed()
				if l, r := h.count("person_link")-links, h.count("audit")-records; l != 1 || r != 1 {
					t.Errorf("%s %s: %d links, %d audit records; want one each", name, to, l, r)
				}
				want := "verify_mail"
				if to == "mei@example.test" {
					if want = "reset"; name == "sign up" {
						want = "account_exists"
					}
					if m.Person != n.ID || m.Lang != lang.JA { // the owner's language, not the stranger's
						t.Errorf("%s %s: mail = %+v", name, to, m)
					}
				}
				if to != "gone@example.test" && m.Template != want {
					t.Errorf("%s %s: mail %s, want %s", name, to, m.Template, want)
				}
				if m.Template == "account_exists" && strings.Contains(m.Data["link"], LinkPath) {
					t.Errorf("a mail that carries no key carries a one-time link")
				}
			}
		}
	})
}

func TestALinkWorksOnceAndForItsTime(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "mei@example.test", lang.EN))
		token := h.link()
		key := newAuthenticator(t)
		var ceremonies []Ceremony
		for range 6 {
			c, err := h.BeginEnterByPasskey(ctx, home, Arrival{Token: token})
			h.ok(err)
			ceremonies = append(ceremonies, c)
		}
		var wg sync.WaitGroup
		results := make(chan error, len(ceremonies))
		for _, c := range ceremonies {
			answer := key.register(c)
			wg.Go(func() {
				_, err := h.EnterByPasskey(ctx, home, Arrival{Token: token}, NewPasskey{Ceremony: c.ID, Response: answer})
				results <- err
			})
		}
		wg.Wait()
		close(results)
		entered := 0
		for err := range results {
			if err == nil {
				entered++
			} else if fault.As(err) == nil {
				t.Errorf("a loser of the race reads %v", err)
			}
		}
		if entered != 1 || h.count("person") != 1 || h.count("session") != 1 {
			t.Errorf("%d entered, %d people, %d sessions; want one each", entered, h.count("person"), h.count("session"))
		}
		h.ok(h.SignUp(ctx, home, "ren@example.test", lang.EN))
		token = h.link()
		h.wait(signUpLife)
		_, err := h.Follow(ctx, home, token)
		wantKind(t, "a day later", err, fault.NotFound)
		for _, junk := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20)} {
			_, err := h.Follow(ctx, home, junk)
			wantKind(t, "junk", err, fault.NotFound)
		}
	})
}
