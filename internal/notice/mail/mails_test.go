package mail

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
)

var ctx = context.Background()

// A desk is the mail of one program, with a clock of its own and a real mail server.
type desk struct {
	*Mails
	t    *testing.T
	post *post
	now  time.Time
}

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	k := &desk{t: t, post: newPost(t), now: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)}
	now := func() time.Time { return k.now }
	k.Mails = &Mails{
		DB: d, Audit: &audit.Log{DB: d, Now: now}, Now: now, Log: slog.New(slog.DiscardHandler),
		Origin: "https://desk.test", From: netmail.Address{Name: "LINE Security Desk", Address: "desk@desk.test"}, Bounces: "bounces@desk.test",
		Sender: SMTP{Addr: k.post.Addr, TLS: TLSNone, Timeout: 5 * time.Second},
	}
	return k
}

// request is a request for a mail that copies a message; fn changes it.
func requestBody(fn func(r map[string]any, data map[string]any)) map[string]any {
	data := map[string]any{"report": "HNM-7Q2X", "link": "/reports/HNM-7Q2X", "name": "葵"}
	r := map[string]any{"to": "aoi@reporter.test", "person": "p1", "template": "message_copy", "lang": "ja", "data": data, "about": "m1"}
	if fn != nil {
		fn(r, data)
	}
	return r
}

// ask hands a request to the handler, as the relay does.
func (k *desk) ask(fn func(r, data map[string]any)) error {
	k.t.Helper()
	body, err := json.Marshal(requestBody(fn))
	if err != nil {
		k.t.Fatal(err)
	}
	return k.DB.Tx(ctx, func(tx *sql.Tx) error {
		return k.Requested(ctx, tx, bus.Message{ID: "b1", Subject: "mail.requested", Body: body, At: k.now})
	})
}

// all returns every mail, newest first.
func (k *desk) all() []Mail {
	k.t.Helper()
	all, err := k.List(ctx, access.Self, Query{})
	if err != nil {
		k.t.Fatal(err)
	}
	return all
}

func (k *desk) only() Mail {
	k.t.Helper()
	all := k.all()
	if len(all) != 1 {
		k.t.Fatalf("%d mails, want one", len(all))
	}
	return all[0]
}

func (k *desk) deliver() bool {
	k.t.Helper()
	some, err := k.Deliver(ctx)
	if err != nil {
		k.t.Fatal(err)
	}
	return some
}

// messages counts what was announced under a subject.
func (k *desk) messages(subject string) int {
	k.t.Helper()
	return dbtest.Count(k.t, k.DB, "outbox WHERE subject = $1", subject)
}

// stories are told one after the other on one database of each engine: making a schema takes
// longer than all of them.
var stories = []struct {
	name string
	tell func(t *testing.T, k *desk)
}{
	{"a request becomes a mail that the server takes", aRequestBecomesAMailThatTheServerTakes},
	{"the desk is called as the reader knows it", theDeskIsCalledAsTheReaderKnowsIt},
	{"a request that the program got wrong is an error", aRequestThatTheProgramGotWrongIsAnError},
	{"what a person makes impossible is a bounce at once", whatAPersonMakesImpossibleIsABounceAtOnce},
	{"not now is tried again later and later", notNowIsTriedAgainLaterAndLater},
	{"not ever is a bounce with the servers words", notEverIsABounceWithTheServersWords},
	{"patience ends after four to five days", patienceEndsAfterFourToFiveDays},
	{"a server out of reach loses nothing", aServerOutOfReachLosesNothing},
	{"dropped after the data it goes out again as the same mail", droppedAfterTheDataItGoesOutAgainAsTheSameMail},
	{"a server that never says makes four copies not forty", aServerThatNeverSaysMakesFourCopiesNotForty},
	{"the end of our own context is noted too", theEndOfOurOwnContextIsNotedToo},
	{"many nodes send each mail once", manyNodesSendEachMailOnce},
	{"without a server mail waits to be read in the browser", withoutAServerMailWaitsToBeReadInTheBrowser},
	{"run sends until the context ends", runSendsUntilTheContextEnds},
	{"a key is for its addressee alone", aKeyIsForItsAddresseeAlone},
	{"list pages and selects", listPagesAndSelects},
	{"who has left has no mail left", whoHasLeftHasNoMailLeft},
	{"who may read mail and hand in bounces", whoMayReadMailAndHandInBounces},
	{"a bounce is booked once", aBounceIsBookedOnce},
	{"what is no bounce of ours changes nothing", whatIsNoBounceOfOursChangesNothing},
}

func TestMails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, s := range stories {
			t.Run(s.name, func(t *testing.T) {
				wipe(t, d)
				s.tell(t, newDesk(t, d))
			})
		}
	})
}

func wipe(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"mail", "outbox", "seen", "audit", "audit_head"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func aRequestBecomesAMailThatTheServerTakes(t *testing.T, k *desk) {
	if err := k.ask(nil); err != nil {
		t.Fatal(err)
	}
	m := k.only()
	if !strings.Contains(m.Subject, "LINE Security Desk") {
		t.Errorf("the program is not named: %s", m.Subject)
	}
	if m.State != Queued || m.Person != "p1" || m.About != "m1" || m.Tries != 0 || !strings.Contains(m.Body, "https://desk.test/reports/HNM-7Q2X") {
		t.Errorf("queued %+v", m)
	}
	if !k.deliver() || k.deliver() {
		t.Error("want one mail to deliver, then none")
	}
	m = k.only()
	if m.State != Accepted || !m.AcceptedAt.Equal(k.now) || m.Tries != 1 || m.Failure != "" {
		t.Errorf("sent %+v", m)
	}
	got := k.post.letters()
	if len(got) != 1 || !strings.Contains(got[0].from, "<bounces+"+m.ID+"@desk.test>") || !strings.Contains(got[0].data, "Message-ID: <"+m.MessageID+">") {
		t.Errorf("letters %+v", got)
	}
	if n := k.messages("mail.accepted"); n != 1 {
		t.Errorf("%d announcements that the copy was accepted", n)
	}
	states, err := k.States(ctx, "m1", "m2")
	if err != nil || len(states) != 1 || states["m1"] != Accepted {
		t.Errorf("states %v, %v", states, err)
	}
}

func aRequestThatTheProgramGotWrongIsAnError(t *testing.T, k *desk) {
	for name, fn := range map[string]func(r, data map[string]any){
		"no such mail":      func(r, _ map[string]any) { r["template"] = "greeting" },
		"no such language":  func(r, _ map[string]any) { r["lang"] = "fr" },
		"data missing":      func(_, data map[string]any) { delete(data, "report") },
		"data in data":      func(_, data map[string]any) { data["report"] = map[string]any{"id": "x"} },
		"a link elsewhere":  func(_, data map[string]any) { data["link"] = "https://desk.test.evil.test/" },
		"a link without":    func(_, data map[string]any) { data["link"] = "//evil.test/" },
		"a date that isn't": func(_, data map[string]any) { data["reply_by"] = "soon" },
	} {
		if err := k.ask(fn); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if n := dbtest.Count(t, k.DB, "mail"); n != 0 {
		t.Errorf("%d mails were written", n)
	}
}

func theDeskIsCalledAsTheReaderKnowsIt(t *testing.T, k *desk) {
	k.Program = lang.Text{JA: "LINE脆弱性報奨金制度", EN: "LINE Security Bug Bounty Program"}
	for _, l := range []lang.Lang{lang.JA, lang.EN} {
		wipe(t, k.DB)
		if err := k.ask(func(r, _ map[string]any) { r["lang"] = l }); err != nil {
			t.Fatal(err)
		}
		if m := k.only(); !strings.Contains(m.Subject, k.Program.In(l)) || !strings.Contains(m.Body, k.Program.In(l)) {
			t.Errorf("%s: %s", l, m.Subject)
		}
	}
}

func whatAPersonMakesImpossibleIsABounceAtOnce(t *testing.T, k *desk) {
	bad := map[string]func(r, data map[string]any){
		"a header in the name":    func(_, data map[string]any) { data["name"] = "Aoi\r\nBcc: everybody@reporter.test" },
		"a line in the name":      func(_, data map[string]any) { data["name"] = "Aoi\u2028Pay here" },
		"a NUL in the name":       func(_, data map[string]any) { data["name"] = "Aoi\x00" },
		"a header in the address": func(r, _ map[string]any) { r["to"] = "aoi@reporter.test\r\nBcc: x@y.test" },
		"a NUL in the address":    func(r, _ map[string]any) { r["to"] = "aoi\x00@reporter.test" },
		"no address":              func(r, _ map[string]any) { r["to"] = "" },
		"no domain":               func(r, _ map[string]any) { r["to"] = "aoi" },
		"two addresses":           func(r, _ map[string]any) { r["to"] = "aoi@reporter.test, ren@reporter.test" },
		"a name with the address": func(r, _ map[string]any) { r["to"] = "Aoi <aoi@reporter.test>" },
		"a domain that is none":   func(r, _ map[string]any) { r["to"] = "aoi@re porter..test" },
	}
	for name, fn := range bad {
		if err := k.ask(fn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, m := range k.all() {
		if m.State != Bounced || m.Failure == "" || m.BouncedAt.IsZero() {
			t.Errorf("%q: %+v", m.To, m)
		}
	}
	if n := k.messages("mail.bounced"); n != len(bad) {
		t.Errorf("%d of %d were announced", n, len(bad))
	}
	if k.deliver() || len(k.post.letters()) != 0 {
		t.Error("one was sent")
	}
}

func TestADomainInItsOwnScriptIsSentToInASCII(t *testing.T) {
	got, err := address("aoi@例え.テスト")
	if err != nil || got != "aoi@xn--r8jz45g.xn--zckzah" {
		t.Errorf("%q, %v", got, err)
	}
}

func aKeyIsForItsAddresseeAlone(t *testing.T, k *desk) {
	if err := k.ask(func(r, data map[string]any) {
		r["template"], data["link"], data["expires"] = "reset", "/reset/K3Y", "2020-10-15T09:56:03Z"
	}); err != nil {
		t.Fatal(err)
	}
	if m := k.only(); !m.Key || m.Body != "" {
		t.Errorf("the list shows %q", m.Body)
	}
	k.ShowKeys = true
	if m := k.only(); !strings.Contains(m.Body, "/reset/K3Y") {
		t.Errorf("the demo's list shows %q", m.Body)
	}
	k.deliver()
	if got := k.post.letters(); len(got) != 1 || !strings.Contains(got[0].data, "/reset/K3Y") {
		t.Errorf("letters %+v", got)
	}
	if n := dbtest.Count(t, k.DB, "mail WHERE body <> ''"); n != 0 {
		t.Error("the key stayed in the database after it had left")
	}
}

func listPagesAndSelects(t *testing.T, k *desk) {
	for i := range 7 {
		k.now = k.now.Add(time.Second)
		if err := k.ask(func(r, _ map[string]any) { r["person"], r["about"] = fmt.Sprintf("p%d", i%2), fmt.Sprintf("m%d", i) }); err != nil {
			t.Fatal(err)
		}
	}
	k.deliver() // the oldest
	var seen []string
	q := Query{Limit: 3}
	for {
		page, err := k.List(ctx, access.Self, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			seen = append(seen, m.About)
			q.Before = m.ID
		}
		if len(page) < 3 {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "m6 m5 m4 m3 m2 m1 m0" {
		t.Errorf("pages: %s", got)
	}
	for want, q := range map[int]Query{4: {Person: "p0"}, 1: {About: "m3"}, 6: {State: Queued}, 0: {State: Bounced}} {
		if got, err := k.List(ctx, access.Self, q); err != nil || len(got) != want {
			t.Errorf("%+v: %d mails, %v", q, len(got), err)
		}
	}
}

func whoHasLeftHasNoMailLeft(t *testing.T, k *desk) {
	for _, p := range []string{"p1", "p2", ""} {
		if err := k.ask(func(r, _ map[string]any) { r["person"] = p }); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"p1", ""} { // nobody's mail is not everybody's
		if err := k.DB.Tx(ctx, func(tx *sql.Tx) error { return Erase(ctx, tx, p) }); err != nil {
			t.Fatal(err)
		}
	}
	if all, left := k.all(), dbtest.Count(t, k.DB, "mail WHERE person = 'p1'"); len(all) != 2 || left != 0 {
		t.Errorf("%d mails are left, %d of them theirs", len(all), left)
	}
}
