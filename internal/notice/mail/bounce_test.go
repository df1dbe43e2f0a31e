package mail

import (
	"database/sql"
	"errors"
	"io"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
)

// callers are one of each kind and role, with whether they may read mail and hand in bounces.
var callers = []struct {
	access.Caller
	read, bounce bool
}{
	{access.Caller{}, false, false},
	{access.Caller{ID: "p1", Kind: access.Participant}, false, false},
	{access.Caller{ID: "s1", Kind: access.Staff}, false, false},
	{staff(access.Triager), false, false},
	{staff(access.Board), false, false},
	{staff(access.Owner), true, false},
	{staff(access.Responder), false, false},
	{staff(access.Communicator), true, true},
	{staff(access.Payer), false, false},
	{staff(access.Auditor), true, false},
	{staff(access.Admin), true, true},
	{access.Caller{ID: "t1", Kind: access.Staff, Roles: []access.Role{access.Admin}, Scopes: []access.Action{access.ReportRead}}, false, false},
	{access.Caller{ID: "t2", Kind: access.Staff, Roles: []access.Role{access.Admin}, Scopes: []access.Action{access.MailBounce}}, false, true},
	{access.Self, true, true},
}

func staff(r access.Role) access.Caller {
	return access.Caller{ID: "s-" + string(r), Kind: access.Staff, Roles: []access.Role{r}}
}

func whoMayReadMailAndHandInBounces(t *testing.T, k *desk) {
	for _, c := range callers {
		refused := dbtest.Count(t, k.DB, "audit WHERE outcome = 'refused'")
		_, err := k.List(ctx, c.Caller, Query{})
		if may := !fault.Is(err, fault.Denied); may != c.read || (may && err != nil) {
			t.Errorf("%s %v reads: %v", c.ID, c.Roles, err)
		}
		_, err = k.Bounce(ctx, c.Caller, strings.NewReader(bounceFile(t, "postfix")))
		if may := fault.Is(err, fault.NotFound); may != c.bounce || (!may && !fault.Is(err, fault.Denied)) {
			t.Errorf("%s %v hands in a bounce: %v", c.ID, c.Roles, err)
		}
		want := 0
		if c.Kind != access.Nobody {
			for _, may := range []bool{c.read, c.bounce} {
				if !may {
					want++
				}
			}
		}
		if n := dbtest.Count(t, k.DB, "audit WHERE outcome = 'refused'") - refused; n != want {
			t.Errorf("%s %v: %d refusals on record, want %d", c.ID, c.Roles, n, want)
		}
	}
}

// sent writes a mail with the id that the bounces in testdata name, as if it had been sent.
func (k *desk) sent(state State) {
	k.t.Helper()
	m := testMail(func(m *Mail) {
		m.Person, m.Template, m.State, m.Tries, m.About, m.Ready = "p1", "message_copy", state, 1, "m1", k.now
	})
	if err := k.DB.Tx(ctx, func(tx *sql.Tx) error { return insert(ctx, tx, m) }); err != nil {
		k.t.Fatal(err)
	}
}

func aBounceIsBookedOnce(t *testing.T, k *desk) {
	for _, name := range []string{"postfix", "postfix-utf8", "exim", "gmail", "exchange", "truncated"} {
		for _, before := range []State{Accepted, Queued} { // Queued: we never heard that it was accepted
			wipe(t, k.DB)
			k.sent(before)
			for range 2 {
				m, err := k.Bounce(ctx, staff(access.Communicator), strings.NewReader(bounceFile(t, name)))
				if err != nil || m.ID != testID || m.State != Bounced || m.Failure == "" {
					t.Fatalf("%s %s: %v: %+v", name, before, err, m)
				}
			}
			if m := k.only(); m.State != Bounced || !m.BouncedAt.Equal(k.now) || m.Failure == "" {
				t.Errorf("%s %s: %+v", name, before, m)
			}
			if a, b := dbtest.Count(t, k.DB, "audit WHERE action = 'mail.bounce' AND outcome = 'done' AND subject = $1", testID), k.messages("mail.bounced"); a != 1 || b != 1 {
				t.Errorf("%s %s: %d audit records, %d messages, want one each", name, before, a, b)
			}
			if k.deliver() {
				t.Errorf("%s %s: a bounced mail was sent again", name, before)
			}
		}
	}
}

func whatIsNoBounceOfOursChangesNothing(t *testing.T, k *desk) {
	k.sent(Accepted)
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	waiting := k.all()[1] // never sent: nothing of it can come back
	for name, c := range map[string]struct {
		raw  string
		kind fault.Kind // 0: no error
	}{
		"a delay":               {bounceFile(t, "delayed"), 0},
		"a delivery":            {strings.Replace(bounceFile(t, "postfix"), "Action: failed", "Action: delivered", 1), 0},
		"a holiday reply":       {bounceFile(t, "vacation"), fault.Invalid},
		"somebody else's":       {strings.ReplaceAll(bounceFile(t, "postfix"), testID, "0"+testID[1:25]+"0"), fault.NotFound},
		"of a mail never sent":  {strings.ReplaceAll(bounceFile(t, "postfix"), testID, waiting.ID), fault.NotFound},
		"an id with a NUL":      {strings.ReplaceAll(bounceFile(t, "postfix-utf8"), testID, "\x00"), fault.NotFound},
		"an id that is no text": {strings.ReplaceAll(bounceFile(t, "postfix-utf8"), testID, "\xff\xfe"), fault.NotFound},
		"noise":                 {"\x00\x01", fault.Invalid},
	} {
		_, err := k.Bounce(ctx, staff(access.Communicator), strings.NewReader(c.raw))
		if (c.kind == 0) != (err == nil) || c.kind != 0 && !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := k.Bounce(ctx, staff(access.Communicator), broken{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a connection that breaks: %v", err)
	}
	if n := dbtest.Count(t, k.DB, "mail WHERE state = 'bounced'"); n != 0 || k.messages("mail.bounced") != 0 || dbtest.Count(t, k.DB, "audit") != 0 {
		t.Errorf("%d mails bounced", n)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.Join(io.ErrUnexpectedEOF) }
