package person

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
)

// cheap makes hashing quick for tests that are not about its price.
func cheap(t *testing.T) {
	t.Helper()
	was := current
	current, nothing.cost = cost{memory: 64, time: 1, threads: 1}, cost{memory: 64, time: 1, threads: 1}
	t.Cleanup(func() { current, nothing.cost = was, was })
}

func TestEveryWrongSignInGetsOneAnswer(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		bare, err := h.Add(ctx, access.Self, Newcomer{Kind: access.Participant, Mail: "bare@example.test", Lang: lang.EN})
		h.ok(err)
		h.wait(time.Hour)
		for name, in := range map[string]SignIn{
			"no account":             {Mail: "nobody@example.test", Password: good, Code: h.code()},
			"no password set":        {Mail: bare.Mail, Password: good, Code: h.code()},
			"wrong password":         {Mail: n.Mail, Password: good + "!", Code: h.code()},
			"wrong code":             {Mail: n.Mail, Password: good, Code: "000000"},
			"no code":                {Mail: n.Mail, Password: good},
			"a recovery code of air": {Mail: n.Mail, Password: good, Code: "0000-0000-0000-0000"},
			"no password, no code":   {Mail: n.Mail},
		} {
			refused, sessions, locks := h.count(`audit WHERE outcome = 'refused'`), h.count("session"), h.count("sign_in_backoff")
			_, err := h.SignIn(ctx, stranger, in)
			if !errors.Is(err, errWrong) {
				t.Errorf("%s: %v, want the one answer", name, err)
			}
			if got := h.count(`audit WHERE outcome = 'refused'`) - refused; got != 1 || h.count("session") != sessions {
				t.Errorf("%s: %d refusals on record, %d new sessions", name, got, h.count("session")-sessions)
			}
			if h.count("sign_in_backoff") == 0 || h.count("sign_in_backoff") < locks {
				t.Errorf("%s: the try was not counted", name)
			}
			h.exec(`DELETE FROM sign_in_backoff`)
		}
		h.signIn(n)
	})
}

func TestACodeOfTheAppIsUsedOnce(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		h.wait(time.Hour)
		in := SignIn{Mail: n.Mail, Password: good, Code: h.code()}
		var wg sync.WaitGroup
		got := make(chan error, 4)
		for range 4 {
			wg.Go(func() {
				_, err := h.SignIn(ctx, home, in)
				got <- err
			})
		}
		wg.Wait()
		close(got)
		in1 := 0
		for err := range got {
			if err == nil {
				in1++
			} else if !errors.Is(err, errWrong) {
				t.Errorf("a loser reads %v", err)
			}
		}
		if in1 != 1 || h.count("session") != 1 {
			t.Errorf("%d got in with one code, %d sessions", in1, h.count("session"))
		}
		// The step before the one used is spent as well, the next one is not.
		_, err := h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: totp(secret, stepAt(h.now())-1, totpDigits)})
		wantKind(t, "an older code", err, fault.Denied)
		_, err = h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: totp(secret, stepAt(h.now())+1, totpDigits)})
		h.ok(err)
	})
}

func TestCodesMayGoByAClockOfTheirOwn(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		h.wait(time.Hour)
		telephone := h.now().AddDate(6, 0, 0)
		h.Codes = func() time.Time { return telephone }
		_, err := h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: h.code()})
		wantKind(t, "a code by the product's clock", err, fault.Denied)
		e, err := h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: totp(secret, stepAt(telephone), totpDigits)})
		h.ok(err)
		if !e.Session.CreatedAt.Equal(h.now()) {
			t.Errorf("the session began at %s, want the product's %s", e.Session.CreatedAt, h.now())
		}
	})
}

func TestGuessingWaitsLongerEachTimeAlsoAtOnce(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		for _, to := range []string{n.Mail, "nobody@example.test"} {
			var wg sync.WaitGroup
			got := make(chan error, 20)
			for i := range 20 {
				wg.Go(func() {
					_, err := h.SignIn(ctx, access.Caller{Address: fmt.Sprintf("198.51.100.%d", i)}, SignIn{Mail: to, Password: "wrong", Code: "123456"})
					got <- err
				})
			}
			wg.Wait()
			close(got)
			wrong := 0
			for err := range got {
				switch {
				case errors.Is(err, errWrong):
					wrong++
				case !fault.Is(err, fault.Later):
					t.Errorf("%s: %v", to, err)
				}
			}
			if wrong != freeTries+1 {
				t.Errorf("%s: %d of 20 tries at once were evaluated, want %d", to, wrong, freeTries+1)
			}
			waited := time.Duration(0)
			for range 12 {
				_, err := h.SignIn(ctx, stranger, SignIn{Mail: to, Password: "wrong", Code: "123456"})
				f := fault.As(err)
				if f == nil || f.Kind != fault.Later || f.After < min(waited, longest-time.Second) || f.After > longest {
					t.Fatalf("%s: after a wait of %v: %v", to, waited, err)
				}
				if f.After == 0 || !strings.Contains(f.Text.EN, "passkey") {
					t.Errorf("%s: the person reads %q", to, f.Text.EN)
				}
				waited = f.After
				h.wait(f.After)
				if _, err := h.SignIn(ctx, stranger, SignIn{Mail: to, Password: "wrong", Code: "123456"}); !errors.Is(err, errWrong) {
					t.Fatalf("%s: after waiting: %v", to, err)
				}
			}
			if waited != longest {
				t.Errorf("%s: the last wait was %v", to, waited)
			}
		}
		h.wait(-48 * time.Hour) // a clock set back holds nobody
		h.Limits = &limit.Limits{Now: h.now}
		if _, err := h.SignIn(ctx, stranger, SignIn{Mail: n.Mail, Password: "wrong"}); !errors.Is(err, errWrong) {
			t.Errorf("after the clock was set back: %v", err)
		}
	})
}

func TestAnAttackerElsewhereLocksNobodyOut(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		h.ok(h.SignUp(ctx, home, "ren@example.test", lang.EN))
		e, key := h.enterByPasskey(Arrival{Token: h.link()})
		n := h.add("mei@example.test")
		h.signIn(n)
		for _, to := range []string{n.Mail, e.Person.Mail} {
			for range freeTries + 3 {
				_, _ = h.SignIn(ctx, stranger, SignIn{Mail: to, Password: "wrong", Code: "123456"})
			}
			_, err := h.SignIn(ctx, stranger, SignIn{Mail: to, Password: "wrong", Code: "123456"})
			wantKind(t, "the attacker", err, fault.Later)
		}
		h.signIn(n) // at home, although the attacker's tries go on
		_, err := h.byPasskey(access.Caller{Address: "198.51.100.9"}, key)
		if err != nil {
			t.Errorf("a passkey from anywhere: %v", err)
		}
	})
}

func TestSigningInIsLimitedByAddress(t *testing.T) {
	cheap(t)
	h := newHouse(t, dbtest.SQLite(t))
	h.Limits = &limit.Limits{Now: h.now}
	rule := limit.Defaults[limit.SignIn]
	for i := range rule.Burst {
		if _, err := h.SignIn(ctx, stranger, SignIn{Mail: fmt.Sprintf("%d@example.test", i), Password: "x"}); !errors.Is(err, errWrong) {
			t.Fatal(err)
		}
	}
	_, err := h.SignIn(ctx, stranger, SignIn{Mail: "one@example.test", Password: "x"})
	wantKind(t, "one more", err, fault.Later)
	_, err = h.SignIn(ctx, home, SignIn{Mail: "one@example.test", Password: "x"})
	wantKind(t, "from elsewhere", err, fault.Denied)
	for range limit.Defaults[limit.Mail].Burst {
		h.ok(h.Reset(ctx, home, "mei@example.test", lang.EN))
	}
	wantKind(t, "mail to one address", h.SignUp(ctx, access.Caller{Address: "198.51.100.1"}, "MEI@example.test", lang.EN), fault.Later)
}

func TestAHashOfAnOlderCostIsReplacedAtSignIn(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test")
		old := phc{cost{memory: 32, time: 1, threads: 1}, []byte("an older salt..."), nil}
		old.key = argon2.IDKey([]byte(good), old.salt, 1, 32, 1, 32)
		h.exec(`UPDATE password SET hash = $1 WHERE person = $2`, old.String(), n.ID)
		h.signIn(n)
		stored, err := h.storedHash(ctx, n.ID)
		h.ok(err)
		if got, err := parsePHC(stored); err != nil || got.cost != current {
			t.Errorf("stored = %s, %v", stored, err)
		}
		h.signIn(n)
	})
}

func TestDisabledPeopleStayOutAndAreToldOnlyWhenTheyProvedIt(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n := h.add("mei@example.test", access.Triager)
		e, _ := h.signIn(n)
		h.exec(`UPDATE person SET state = 'disabled' WHERE id = $1`, n.ID)
		if _, _, err := h.Authenticate(ctx, e.Token); err == nil {
			t.Error("the session of a disabled person works")
		}
		h.wait(time.Minute)
		_, err := h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: good, Code: h.code()})
		if !errors.Is(err, errDisabled) {
			t.Errorf("with the right credentials: %v", err)
		}
		_, err = h.SignIn(ctx, home, SignIn{Mail: n.Mail, Password: "wrong", Code: h.code()})
		if !errors.Is(err, errWrong) {
			t.Errorf("with the wrong ones: %v", err)
		}
	})
}

func TestASessionEndsWhenIdleAndWhenItsTimeIsOver(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		for _, c := range []struct {
			n          Person
			idle, life time.Duration
		}{
			{h.add("mei@example.test"), participantIdle, participantLife},
			{h.add("ren@example.test", access.Triager), staffIdle, staffLife},
		} {
			e, _ := h.signIn(c.n)
			h.wait(c.idle - time.Second)
			if _, _, err := h.Authenticate(ctx, e.Token); err != nil {
				t.Errorf("%s: just before it is idle too long: %v", c.n.Kind, err)
			}
			h.wait(c.idle)
			if _, _, err := h.Authenticate(ctx, e.Token); err == nil {
				t.Errorf("%s: it outlived its idle time", c.n.Kind)
			}
			e, _ = h.signIn(c.n)
			for end := h.now().Add(c.life); h.now().Before(end); h.wait(c.idle / 2) {
				if _, _, err := h.Authenticate(ctx, e.Token); err != nil {
					t.Fatalf("%s: while in use: %v", c.n.Kind, err)
				}
			}
			if _, _, err := h.Authenticate(ctx, e.Token); err == nil {
				t.Errorf("%s: it outlived its time", c.n.Kind)
			}
		}
		h.ok(h.Sweep(ctx))
		if n := h.count("session"); n != 0 {
			t.Errorf("%d sessions are left after sweeping", n)
		}
	})
}

func TestAVisitIsNotedEveryFiveMinutesOnce(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		e, _ := h.signIn(h.add("mei@example.test"))
		stored := func() int64 {
			var at int64
			h.ok(h.DB.Read().QueryRowContext(ctx, `SELECT seen_at FROM session WHERE id = $1`, e.Session.ID).Scan(&at))
			return at
		}
		begun := stored()
		h.wait(touchEvery - time.Second)
		_, _, err := h.Authenticate(ctx, e.Token)
		h.ok(err)
		if stored() != begun {
			t.Error("a visit within five minutes was written")
		}
		h.wait(time.Second)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, _, err := h.Authenticate(ctx, e.Token); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := stored(); got != h.now().UnixMicro() {
			t.Errorf("seen_at = %d, want now", got)
		}
	})
}

func TestPagesCanBeReadWhenVisitsCannotBeWritten(t *testing.T) {
	cheap(t)
	h := newHouse(t, dbtest.SQLite(t))
	e, _ := h.signIn(h.add("mei@example.test"))
	h.wait(touchEvery)
	h.exec(`CREATE TRIGGER full BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	if _, _, err := h.Authenticate(ctx, e.Token); err != nil {
		t.Errorf("err = %v", err)
	}
}

func TestOnlyRealTokensAuthenticate(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	for _, token := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20), "hin_" + strings.Repeat("A", 43), "' OR 1=1 --"} {
		if _, who, err := h.Authenticate(ctx, token); !fault.Is(err, fault.Denied) || who.ID != "" {
			t.Errorf("cookie %.20q: %+v, %v", token, who, err)
		}
		if _, who, err := h.AuthenticateToken(ctx, token); !fault.Is(err, fault.Denied) || who.ID != "" || who.Scopes != nil {
			t.Errorf("token %.20q: %+v, %v", token, who, err)
		}
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	cheap(t)
	each(t, func(t *testing.T, h *house) {
		n, other := h.add("mei@example.test"), h.add("ren@example.test")
		a, who := h.signIn(n)
		b, _ := h.signIn(n)
		c, _ := h.signIn(n)
		foreign, _ := h.signIn(other)
		all, err := h.Sessions(ctx, who)
		h.ok(err)
		if len(all) != 3 || all[0].ID != c.Session.ID || all[2].ID != a.Session.ID {
			t.Errorf("sessions = %+v", all)
		}
		wantKind(t, "somebody else's", h.EndSession(ctx, who, foreign.Session.ID), fault.NotFound)
		h.ok(h.EndSession(ctx, who, b.Session.ID))
		if _, _, err := h.Authenticate(ctx, b.Token); err == nil {
			t.Error("an ended session works")
		}
		h.ok(h.EndOthers(ctx, who))
		for token, want := range map[string]bool{a.Token: true, c.Token: false, foreign.Token: true} {
			if _, _, err := h.Authenticate(ctx, token); (err == nil) != want {
				t.Errorf("after ending the others: %v, want it to work = %v", err, want)
			}
		}
		h.ok(h.EndSession(ctx, who, a.Session.ID)) // signing out
		if _, _, err := h.Authenticate(ctx, a.Token); err == nil {
			t.Error("signed out and still in")
		}
	})
}

func TestAddressesAndBrowsersAreShortened(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2::3": "2001:db8:1::/48", "": "", "unix": "",
	} {
		if got := shortAddress(in); got != want {
			t.Errorf("shortAddress(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		firefox: "Firefox (Linux)",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari (iPhone)",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0":                   "Edge (Windows)",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36":                       "Chrome (macOS)",
		"curl/8.8.0": "curl", "": "?", strings.Repeat("Firefox/", 1<<16): "Firefox", "<script>Android": "? (Android)",
	} {
		if got := Browser(in); got != want {
			t.Errorf("Browser(%.40q) = %q, want %q", in, got, want)
		}
	}
}
