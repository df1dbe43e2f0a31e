package participant

import (
	"bytes"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

// A house is Participants with a clock that a test moves, and what it left behind.
type house struct {
	*Participants
	t  *testing.T
	mu sync.Mutex
	at time.Time
}

func newHouse(t *testing.T, d *db.DB) *house {
	h := &house{t: t, at: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)}
	log := &audit.Log{DB: d, Now: h.now}
	people := &person.People{
		DB: d, Audit: log, Now: h.now, Limits: &limit.Limits{Now: h.now}, Key: bytes.Repeat([]byte{7}, person.KeySize),
		RP: person.RelyingParty{ID: "bounty.example", Name: "Hinomi", Origins: []string{"https://bounty.example"}},
	}
	h.Participants = &Participants{DB: d, Audit: log, Now: h.now, Program: program.Default(), People: people}
	return h
}

func (h *house) now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }
func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// add adds a person and signs them in.
func (h *house) add(address string, roles ...access.Role) access.Caller {
	h.t.Helper()
	in := person.Newcomer{Kind: access.Participant, Mail: address, Lang: lang.JA}
	if len(roles) > 0 {
		in.Kind, in.Roles, in.Name = access.Staff, roles, "Desk"
	}
	n, err := h.People.Add(ctx, access.Self, in)
	h.ok(err)
	return h.signIn(n)
}

func (h *house) signIn(n person.Person) access.Caller {
	h.t.Helper()
	e, err := h.People.Open(ctx, access.Self, n.ID, "")
	h.ok(err)
	return n.Caller(e.Session.ID)
}

// ready makes a participant who may send reports.
func (h *house) ready(address, name string) access.Caller {
	h.t.Helper()
	who := h.add(address)
	h.ok(h.SetProfile(ctx, who, Form{Name: name, Lang: lang.JA, Country: "JP", Born: "1990-04-01"}))
	h.ok(h.Declare(ctx, who, h.all(Yes), lang.JA))
	t, err := h.terms()
	h.ok(err)
	h.ok(h.Accept(ctx, who, t.ID, t.Hash, lang.JA))
	return who
}

// all answers every condition the same.
func (h *house) all(a Answer) map[string]Answer {
	t, err := h.terms()
	h.ok(err)
	answers := map[string]Answer{}
	for _, c := range Conditions(t) {
		answers[c.ID] = a
	}
	return answers
}

// codes returns what is missing, in short.
func (h *house) codes(who access.Caller) string {
	h.t.Helper()
	all, err := h.Gaps(ctx, who)
	h.ok(err)
	var codes []string
	for _, g := range all {
		if g.Text.EN == "" || g.Text.JA == "" || strings.Contains(g.Text.EN+g.Text.JA, "%!") {
			h.t.Errorf("%s: the person reads %+v", g.Code, g.Text)
		}
		code := g.Code
		if g.Clause != "" {
			code += ":" + g.Clause
		}
		codes = append(codes, code)
	}
	return strings.Join(codes, " ")
}

func (h *house) state(who access.Caller) person.State {
	h.t.Helper()
	n, err := person.Read(ctx, h.DB.Read(), who.ID)
	h.ok(err)
	return n.State
}

func (h *house) tx(fn func(tx *sql.Tx) error) { h.t.Helper(); h.ok(h.DB.Tx(ctx, fn)) }
func (h *house) count(from string, args ...any) int {
	return dbtest.Count(h.t, h.DB, from, args...)
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		fn(t, h)
		if _, err := h.Audit.Verify(ctx); err != nil {
			t.Error(err)
		}
		if n := h.count(`audit WHERE detail LIKE '%@%' OR detail LIKE '%芽衣%' OR detail LIKE '%1990%'`); n != 0 {
			t.Errorf("%d audit records carry something personal", n)
		}
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

func TestWhatIsMissingIsSaidAndClosesStepByStep(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		who := h.add("mei@example.test")
		terms, err := h.terms()
		h.ok(err)
		const asked = "answer:2.1.i answer:2.1.ii answer:2.1.iii answer:2.1.iv answer:2.1.v accept"
		if got := h.codes(who); got != "name country born "+asked || h.state(who) != person.Pending {
			t.Errorf("at first: %s, %s", got, h.state(who))
		}
		h.ok(h.SetProfile(ctx, who, Form{Name: "佐藤　芽衣", Lang: lang.EN, Country: "JP", Born: "1990-04-01"}))
		if got := h.codes(who); got != asked {
			t.Errorf("with a profile: %s", got)
		}
		answers := h.all(Yes)
		answers["2.1.ii"], answers["2.1.iii"] = No, Ask
		h.ok(h.Declare(ctx, who, answers, lang.JA))
		if got := h.codes(who); got != "no:2.1.ii ask:2.1.iii accept" || h.state(who) != person.Pending {
			t.Errorf("with a no and a question: %s, %s", got, h.state(who))
		}
		h.ok(h.Declare(ctx, who, map[string]Answer{"2.1.ii": Yes, "2.1.iii": Yes}, lang.JA))
		if got := h.codes(who); got != "accept" || h.state(who) != person.Active {
			t.Errorf("corrected: %s, %s", got, h.state(who))
		}
		missing, err := h.Ready(ctx, who.ID, terms.ID)
		h.ok(err)
		if len(missing) != 1 || !strings.Contains(missing[0].EN, "accept the terms") {
			t.Errorf("missing = %v", missing)
		}
		h.ok(h.Accept(ctx, who, terms.ID, terms.Hash, lang.JA))
		if missing, err = h.Ready(ctx, who.ID, terms.ID); err != nil || len(missing) != 0 {
			t.Errorf("missing = %v, %v", missing, err)
		}
		// Another version is another acceptance.
		if missing, err = h.Ready(ctx, who.ID, "2016-06-02"); err != nil || len(missing) != 1 {
			t.Errorf("under the older terms: %v, %v", missing, err)
		}
		if _, err := h.Ready(ctx, who.ID, "1999-01-01"); err == nil {
			t.Error("terms that never were")
		}
		p, err := h.Profile(ctx, who, who.ID)
		h.ok(err)
		if p.Person.Name != "佐藤　芽衣" || p.Person.Lang != lang.EN || p.Country != "JP" || p.Born != calendar.Of(1990, 4, 1) {
			t.Errorf("profile = %+v", p)
		}
		staff := h.add("desk@example.test", access.Triager)
		if missing, err = h.Ready(ctx, staff.ID, terms.ID); err != nil || len(missing) == 0 {
			t.Errorf("staff may report: %v, %v", missing, err)
		}
	})
}

func TestAdultsOnlyByTheLawOfTheDay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		who := h.ready("mei@example.test", "Mei")
		h.ok(h.SetProfile(ctx, who, Form{Name: "Mei", Lang: lang.EN, Country: "JP", Born: "2003-07-01"}))
		if got := h.codes(who); got != "age:2.1.i" || h.state(who) != person.Pending {
			t.Errorf("at seventeen: %s, %s", got, h.state(who))
		}
		h.at = time.Date(2022, 3, 31, 14, 59, 59, 0, time.UTC) // still 31 March in Tokyo
		if n, err := h.Refresh(ctx); n != 0 || err != nil {
			t.Errorf("the evening before: %d settled, %v", n, err)
		}
		h.wait(time.Second)
		if got := h.codes(who); got != "" {
			t.Errorf("at eighteen, under the new law: %s", got)
		}
		if n, err := h.Refresh(ctx); n != 1 || err != nil || h.state(who) != person.Active {
			t.Errorf("%d settled, %v, %s", n, err, h.state(who))
		}
	})
}

func TestProfilesAreChecked(t *testing.T) {
	today := calendar.Of(2020, 10, 15)
	valid := func(fn func(*Form)) Form {
		f := Form{Name: "Mei", Lang: lang.EN, Country: "JP", Born: "1990-04-01"}
		fn(&f)
		return f
	}
	for what, c := range map[string]struct {
		f     Form
		field string
	}{
		"valid":                {valid(func(*Form) {}), ""},
		"a lower-case country": {valid(func(f *Form) { f.Country = "de" }), ""},
		"no name":              {valid(func(f *Form) { f.Name = " " }), "name"},
		"ten thousand letters": {valid(func(f *Form) { f.Name = strings.Repeat("寿", 10_000) }), "name"},
		"a reversing name":     {valid(func(f *Form) { f.Name = "Mei\u202e" }), "name"},
		"no language":          {valid(func(f *Form) { f.Lang = "" }), "lang"},
		"no country":           {valid(func(f *Form) { f.Country = "" }), "country"},
		"a continent":          {valid(func(f *Form) { f.Country = "150" }), "country"},
		"a region of nobody":   {valid(func(f *Form) { f.Country = "ZZ" }), "country"},
		"a country that was":   {valid(func(f *Form) { f.Country = "DD" }), "country"},
		"three letters":        {valid(func(f *Form) { f.Country = "JPN" }), "country"},
		"no birth date":        {valid(func(f *Form) { f.Born = "" }), "born"},
		"a day there is not":   {valid(func(f *Form) { f.Born = "1990-02-30" }), "born"},
		"tomorrow":             {valid(func(f *Form) { f.Born = "2020-10-16" }), "born"},
		"two hundred years":    {valid(func(f *Form) { f.Born = "1820-01-01" }), "born"},
	} {
		_, _, _, err := c.f.check(today)
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if f := fault.As(err); f == nil || f.Field != c.field {
			t.Errorf("%s: %v, want a fault at %s", what, err, c.field)
		}
	}
}

func TestDeclarationsKeepTheirHistory(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		who := h.add("mei@example.test")
		for _, a := range []Answer{Yes, No, No, Ask, Yes} { // the second no is the same answer again
			h.ok(h.Declare(ctx, who, map[string]Answer{"2.1.ii": a}, lang.EN))
		}
		all, err := h.Declarations(ctx, who, who.ID)
		h.ok(err)
		var said []Answer
		for _, d := range all {
			said = append(said, d.Answer)
			if !strings.HasPrefix(d.Text, "2017-04-10 2.1.ii ") || d.Lang != lang.EN || d.At.IsZero() {
				t.Errorf("declaration = %+v", d)
			}
		}
		if !slices.Equal(said, []Answer{Yes, No, Ask, Yes}) { // in order although the clock stood still
			t.Errorf("said = %v", said)
		}
		for what, answers := range map[string]map[string]Answer{
			"a clause that is no condition": {"3.2.v": Yes},
			"a clause there is not":         {"2.1.x": Yes},
			"no answer":                     {"2.1.ii": ""},
			"the desk's answer":             {"2.1.ii": Admitted},
		} {
			wantKind(t, what, h.Declare(ctx, who, answers, lang.EN), fault.Invalid)
		}
		wantKind(t, "a language there is not", h.Declare(ctx, who, map[string]Answer{"2.1.ii": No}, "fr"), fault.Invalid)
		if n := h.count("declaration"); n != 4 {
			t.Errorf("%d declarations after refused ones", n)
		}
		staff := h.add("desk@example.test", access.Owner)
		wantKind(t, "staff", h.Declare(ctx, staff, map[string]Answer{"2.1.ii": No}, lang.EN), fault.Conflict)
	})
}

func TestTheDeskDecidesOnWhoAsked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner := h.add("owner@example.test", access.Owner)
		mei := h.ready("mei@example.test", "Mei")
		ren := h.ready("ren@example.test", "Ren")
		wantKind(t, "with nothing asked", h.Decide(ctx, owner, mei.ID, "2.1.iii", true, "x"), fault.Conflict)
		h.ok(h.Declare(ctx, mei, map[string]Answer{"2.1.iii": Ask}, lang.EN))
		h.wait(time.Minute)
		h.ok(h.Declare(ctx, ren, map[string]Answer{"2.1.iii": No, "2.1.ii": Ask}, lang.EN))
		waiting, err := h.Asked(ctx, owner)
		h.ok(err)
		if len(waiting) != 3 || waiting[0].Person != mei.ID || waiting[0].Answer != Ask {
			t.Fatalf("waiting = %+v", waiting)
		}
		wantKind(t, "without a reason", h.Decide(ctx, owner, mei.ID, "2.1.iii", true, " "), fault.Invalid)
		h.ok(h.Decide(ctx, owner, mei.ID, "2.1.iii", true, "The project ended in 2012."))
		if got := h.codes(mei); got != "" || h.state(mei) != person.Active {
			t.Errorf("admitted: %s, %s", got, h.state(mei))
		}
		h.ok(h.Declare(ctx, mei, map[string]Answer{"2.1.iii": No}, lang.EN))
		if got := h.codes(mei); got != "no:2.1.iii" || h.state(mei) != person.Pending {
			t.Errorf("another answer after being admitted: %s, %s", got, h.state(mei))
		}
		h.ok(h.Decide(ctx, owner, ren.ID, "2.1.iii", false, "You belong to a partner of ours."))
		h.ok(h.Declare(ctx, ren, map[string]Answer{"2.1.iii": Yes, "2.1.ii": Yes}, lang.EN))
		if got := h.codes(ren); got != "refused:2.1.iii" || h.state(ren) != person.Pending {
			t.Errorf("yes after being refused: %s, %s", got, h.state(ren))
		}
		wantKind(t, "refusing twice", h.Decide(ctx, owner, ren.ID, "2.1.iii", false, "x"), fault.Conflict)
		h.ok(h.Decide(ctx, owner, ren.ID, "2.1.iii", true, "We were wrong."))
		if got := h.codes(ren); got != "" || h.state(ren) != person.Active {
			t.Errorf("the refusal lifted: %s, %s", got, h.state(ren))
		}
		all, err := h.Declarations(ctx, owner, ren.ID)
		h.ok(err)
		if last := Standing(all)["2.1.iii"]; last.Answer != Admitted || last.DecidedBy != owner.ID || last.Reason != "We were wrong." {
			t.Errorf("standing = %+v", last)
		}
	})
}

func TestAcceptingIsOfATextByItsHash(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		who := h.add("mei@example.test")
		terms, err := h.terms()
		h.ok(err)
		wantKind(t, "another text", h.Accept(ctx, who, terms.ID, strings.Repeat("0", 64), lang.JA), fault.Conflict)
		wantKind(t, "another version", h.Accept(ctx, who, "1999-01-01", terms.Hash, lang.JA), fault.Conflict)
		wantKind(t, "no language", h.Accept(ctx, who, terms.ID, terms.Hash, ""), fault.Invalid)
		if ok, err := h.Accepted(ctx, who.ID, terms.ID); ok || err != nil || h.count("acceptance") != 0 {
			t.Errorf("accepted = %v, %v", ok, err)
		}
		records := h.count("audit")
		for range 3 {
			h.ok(h.Accept(ctx, who, terms.ID, terms.Hash, lang.JA))
		}
		h.ok(h.Accept(ctx, who, terms.ID, terms.Hash, lang.EN))
		h.wait(time.Hour)
		sent := Agreement{Person: who.ID, Acceptance: Acceptance{Terms: terms.ID, Hash: terms.Hash, Lang: lang.JA}}
		h.tx(func(tx *sql.Tx) error { return h.RecordSubmissions(ctx, tx, []Agreement{sent, sent}) })
		all, err := h.Acceptances(ctx, who, who.ID)
		h.ok(err)
		if len(all) != 3 || all[2].How != BySubmission || all[2].Hash != terms.Hash || h.count("audit") != records+2 {
			t.Errorf("acceptances = %+v, %d audit records", all, h.count("audit")-records)
		}
		if ok, err := h.Accepted(ctx, who.ID, terms.ID); !ok || err != nil {
			t.Errorf("accepted = %v, %v", ok, err)
		}
		if ok, err := h.Accepted(ctx, who.ID, "1999-01-01"); ok || err != nil {
			t.Errorf("accepted = %v, %v", ok, err)
		}
	})
}
