package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// Who may call each operation, written by hand: the table of the product must agree with this one.
const (
	everybody = "nobody ann stranger triager board owner responder communicator payer auditor admin"
	signedIn  = "ann stranger triager board owner responder communicator payer auditor admin"
	reporters = "ann stranger"
	desk      = "triager board owner responder communicator payer auditor admin"
)

// A trial is one operation as it is tried by everybody.
type trial struct {
	id    string
	who   string // those who are let in
	body  any    // JSON, or a string that is sent as it is
	q     string // the query
	media string // of a body that is a string
	none  bool   // what it names is not there, so that the best answer is 404
}

func trials(f fixture) []trial {
	all := []trial{
		{id: "read-program", who: everybody}, {id: "list-terms", who: everybody}, {id: "read-terms", who: everybody},
		{id: "compare-terms", who: everybody, q: "?from=2016-06-02"}, {id: "list-classes", who: everybody},
		{id: "judge-target", who: everybody, q: "?target=store.line.me"}, {id: "read-log", who: everybody}, {id: "read-figures", who: everybody},

		{id: "list-drafts", who: reporters}, {id: "create-draft", who: reporters, body: valid()}, {id: "read-draft", who: reporters},
		{id: "save-draft", who: reporters, body: valid()}, {id: "check-draft", who: reporters},
		{id: "attach-file", who: reporters, body: "bytes", q: "?name=a.txt"}, {id: "remove-file", who: reporters},
		{id: "send-draft", who: reporters}, {id: "discard-draft", who: reporters, none: true},

		{id: "create-report", who: reporters, body: valid()}, {id: "list-own-reports", who: reporters},
		{id: "read-report", who: signedIn}, {id: "mark-read", who: signedIn}, {id: "download-file", who: signedIn},
		{id: "read-receipt", who: signedIn}, {id: "read-evidence", who: signedIn, none: true},
		{id: "reply", who: reporters, body: map[string]string{"body": "hello"}},

		{id: "read-queue", who: desk}, {id: "say", who: "triager board owner responder payer admin", body: map[string]string{"body": "hello"}},
		{id: "note", who: "triager board owner responder communicator payer admin", body: map[string]string{"body": "hello"}},
		{id: "assign", who: "triager owner admin", body: map[string]string{"person": "me"}}, {id: "list-candidates", who: desk},
		{id: "decide", who: "triager owner responder admin", body: decisionIn{Kind: "urgency", To: "raised", Reason: "seen"}},
		{id: "answer-decision", who: "ann stranger triager owner board admin", body: answerIn{Agree: true}},

		{id: "list-known", who: "triager owner responder auditor admin"},
		{id: "add-known", who: "triager owner responder admin", body: KnownIssue{Title: "known"}},
		{id: "import-known", who: "triager owner responder admin", body: "title\nknown too\n"},
		{id: "read-known-receipt", who: "triager owner responder auditor admin"},

		{id: "list-awards", who: "triager board owner payer auditor admin"},
		{id: "list-report-awards", who: "ann stranger triager board owner payer auditor admin"},
		{id: "propose-award", who: "triager board owner admin", none: true, body: map[string]string{"amount": "500", "seriousness": "s", "novelty": "n"}},
		{id: "answer-award", who: "board owner admin", body: map[string]bool{"approve": true}, none: true},
	}
	return slices.Concat(all, otherTrials(f), moneyTrials(), watchTrials())
}

func otherTrials(f fixture) []trial {
	const credit = "owner communicator admin"
	return []trial{
		{id: "list-years", who: everybody}, {id: "read-hall-of-fame", who: everybody}, {id: "read-posted-photo", who: everybody, none: true},
		{id: "name-special", who: credit, body: map[string]string{"reason": "helped"}}, {id: "unname-special", who: credit},
		{id: "list-credits", who: reporters}, {id: "list-wishes", who: credit}, {id: "list-posted", who: credit},
		{id: "wish-credit", who: reporters, body: map[string]any{"part": "alias", "alias": "ghost", "lang": "en", "warranty": true}},
		{id: "wish-photo", who: reporters, body: "no picture", q: "?lang=en&warranty=true", none: true},
		{id: "answer-credit", who: credit, body: map[string]bool{"approve": true}},
		{id: "take-down-credit", who: credit, body: map[string]string{"reason": "somebody complained"}},
		{id: "read-credit-photo", who: reporters + " " + credit, none: true}, {id: "revoke-credit", who: reporters, none: true},

		{id: "read-participation", who: signedIn},
		{id: "save-profile", who: signedIn, body: profileView{Name: "A. Reporter", Lang: "en", Country: "JP", Born: "1990-01-02"}},
		{id: "declare", who: signedIn, body: map[string]any{"answers": []any{}, "lang": "en"}},
		{id: "accept-terms", who: signedIn, body: map[string]string{"terms": "2017-04-10", "sha256": f.terms, "lang": "en"}},
		{id: "read-withdrawal", who: signedIn}, {id: "stay", who: signedIn, none: true},
		{id: "list-asked", who: "owner admin"}, {id: "admit", who: "owner admin", body: map[string]any{"admit": true, "reason": "known"}, none: true},

		{id: "list-people", who: "owner auditor admin"}, {id: "read-person", who: "owner auditor admin"},
		{id: "list-invitations", who: "admin"}, {id: "cancel-invitation", who: "admin", none: true},
		{id: "read-account", who: signedIn}, {id: "change-account", who: signedIn, body: map[string]string{"lang": "ja"}}, {id: "list-sessions", who: signedIn}, {id: "end-session", who: signedIn, none: true},
		{id: "list-tokens", who: signedIn}, {id: "revoke-token", who: signedIn, none: true},

		{id: "list-audit", who: "owner auditor admin"}, {id: "list-mail", who: "owner communicator auditor admin"},
		{id: "book-bounce", who: "communicator admin", body: "no bounce", none: true},
		{id: "send-events", who: "responder admin", body: anEvent, media: "application/x-ndjson"}, {id: "read-stream", who: "triager owner responder auditor admin"},
		{id: "withdraw-report", who: reporters, body: map[string]string{}},
	}
}

// A fixture is what the addresses of the trials name.
type fixture struct {
	names map[string]string // by the placeholder
	terms string            // the hash of those in force
}

func (f fixture) address(route string) (method, path string) {
	method, path, _ = strings.Cut(route, " ")
	for name, value := range f.names {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return method, path
}

// everyone returns a caller for each name of the trials, two tokens without the scope among them.
func everyone(h *house) map[string]caller {
	all := map[string]caller{"nobody": {h: h}, "ann": h.reporter("ann"), "stranger": h.reporter("stranger")}
	for _, r := range access.Roles {
		all[string(r)] = h.staff(string(r), r)
	}
	narrow := func(name string, in person.Newcomer) {
		in.Name, in.Mail, in.Lang = name, name+"@narrow.example", lang.EN
		n, err := h.People.Add(ctx, access.Self, in)
		h.must(err)
		all[name] = h.withToken(n, access.ProgramRead)
	}
	narrow("narrow-admin", person.Newcomer{Kind: access.Staff, Roles: []access.Role{access.Admin}})
	narrow("narrow-reporter", person.Newcomer{Kind: access.Participant})
	return all
}

func newFixture(h *house, all map[string]caller) fixture {
	ann := all["ann"]
	media, body := parts(h.t, part{"report", "", encoded(h.t, valid())}, part{"file", "a.txt", "proof"})
	var r ReportView
	h.must(unmarshal(ann.send("POST", "/reports", media, strings.NewReader(string(body))).body, &r))
	var d draftView
	ann.ok(201, "POST", "/drafts", valid(), &d)
	var k knownView
	all["owner"].ok(201, "POST", "/known", KnownIssue{Title: "known"}, &k)
	var c creditView
	ann.ok(201, "POST", "/credits", map[string]any{"part": "name", "lang": "en", "warranty": true}, &c)
	var proposed decisionView
	all["responder"].ok(201, "POST", "/reports/"+r.ID+"/decisions", decisionIn{Kind: "severity", To: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Reason: "as shown"}, nil)
	all["responder"].ok(201, "POST", "/reports/"+r.ID+"/decisions", decisionIn{Kind: "severity", To: "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Reason: "lower"}, &proposed)
	t, _ := h.Program.At(h.clock())
	return fixture{terms: t.Hash, names: map[string]string{
		"report": r.ID, "sha256": r.Files[0].SHA256, "draft": d.ID, "known": k.ID, "credit": c.ID, "decision": proposed.ID, "terms": "current",
		"year": "2020", "person": all["stranger"].id, "clause": "2.1.ii",
		"run": "none", "alert": "none", "file": "contact.yml", "proposal": "none", "screening": "none", "kind": "TTM", "list": "own",
		"award": "none", "invitation": "none", "session": "none", "token": "none",
	}}
}

func TestEveryOperationAdmitsWhoItShould(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	all := everyone(h)
	f := newFixture(h, all)
	rows := map[string]operation{}
	for _, op := range h.operations() {
		rows[op.id] = op
	}
	tried := map[string]bool{}
	for _, tr := range trials(f) {
		op, ok := rows[tr.id]
		if !ok {
			t.Errorf("there is no operation %s", tr.id)
			continue
		}
		tried[tr.id] = true
		t.Run(tr.id, func(t *testing.T) { f.try(t, op, tr, all) })
	}
	for id := range rows {
		if !tried[id] {
			t.Errorf("nobody has tried %s", id)
		}
	}
}

// try lets everybody call an operation: whoever is not let in is told so, whoever is never hears of a
// missing right, somebody else's report, draft or consent is not there, and somebody succeeds.
func (f fixture) try(t *testing.T, op operation, tr trial, all map[string]caller) {
	method, path := f.address(op.route)
	admitted, succeeded := strings.Fields(tr.who), 0
	for name, c := range all {
		c.h.wait(time.Second)
		var r replied
		if raw, ok := tr.body.(string); ok {
			r = c.send(method, path+tr.q, cmp.Or(tr.media, "application/octet-stream"), strings.NewReader(raw))
		} else {
			r = c.do(method, path+tr.q, tr.body)
		}
		in := slices.Contains(admitted, name) || tr.who == everybody
		others := name == "stranger" && (strings.Contains(op.route, "{report}") || strings.Contains(op.route, "{draft}") || strings.Contains(op.route, "{credit}"))
		switch {
		case !in && name == "nobody":
			expect(t, name, r, 401)
			if r.header.Get("WWW-Authenticate") == "" {
				t.Error("a 401 does not say how to sign in")
			}
		case !in:
			expect(t, name, r, 403)
		case others:
			expect(t, name, r, 404)
		case r.status < 300:
			succeeded++
		default:
			expect(t, name, r, 404, 409, 422)
		}
	}
	if succeeded == 0 && !tr.none {
		t.Errorf("nobody succeeded")
	}
}

func expect(t *testing.T, who string, r replied, want ...int) {
	t.Helper()
	if !slices.Contains(want, r.status) {
		t.Errorf("%s: %d, want %v: %s", who, r.status, want, r.body)
		return
	}
	if r.status >= 400 {
		r.problem(t)
	}
}

func TestOnlyTheHeaderSaysWhoCalls(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	n, err := h.People.Add(ctx, access.Self, person.Newcomer{Kind: access.Staff, Mail: "a@desk.example", Name: "a", Roles: []access.Role{access.Admin}, Lang: lang.EN})
	h.must(err)
	e, err := h.People.Open(ctx, access.Self, n.ID, "test")
	h.must(err)
	for _, name := range []string{"session", "__Host-session"} {
		r := caller{h: h}.do("GET", "/queue", nil, "Cookie", fmt.Sprintf("%s=%s", name, e.Token))
		expect(t, "a browser", r, 401)
	}
	expect(t, "a session as a token", caller{h: h, token: e.Token}.do("GET", "/queue", nil), 401)
	expect(t, "a wrong token at a public operation", caller{h: h, token: "hin_wrong"}.do("GET", "/program", nil), 401)
	expect(t, "another scheme", caller{h: h}.do("GET", "/queue", nil, "Authorization", "Basic YTpi"), 401)
	admin := h.withToken(n)
	expect(t, "a token", admin.do("GET", "/queue", nil), 200)
	h.wait(301 * 24 * time.Hour)
	expect(t, "a token that has ended", admin.do("GET", "/queue", nil), 401)
}
