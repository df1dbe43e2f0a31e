package demo

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
)

// The demo is filled once on each engine, and everything that should hold of it is looked at there.
func TestTheDemo(t *testing.T) {
	told := map[string]string{}
	each(t, func(t *testing.T, n Nouns, clock *Clock) {
		in, err := Fill(t.Context(), n, clock)
		if err != nil {
			t.Fatal(err)
		}
		if now := clock.Now(); now != Now {
			t.Errorf("the clock is left at %s, want %s", now, Now)
		}
		t.Run("2017 has its real size", func(t *testing.T) { year2017(t, n) })
		t.Run("every state is there, and the views add up", func(t *testing.T) { queueAddsUp(t, n) })
		t.Run("the report of October lies where a triager begins", func(t *testing.T) { octoberLies(t, n) })
		t.Run("what waits for somebody waits", func(t *testing.T) { waitsFor(t, n) })
		t.Run("receipts and evidence verify against the log", func(t *testing.T) { logVerifies(t, n) })
		t.Run("the hall of fame spells names as their owners do", func(t *testing.T) { fame(t, n) })
		t.Run("mail is as far as mail came", func(t *testing.T) { mails(t, n) })
		t.Run("everybody can sign in", func(t *testing.T) { signsIn(t, n, in) })
		if _, err := n.Audit.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		told[t.Name()] = retold(t, n)
		t.Run("the money adds up", func(t *testing.T) { paid(t, n) })
		t.Run("filling again changes nothing", func(t *testing.T) { again(t, n, in) })
	})
	a, b := told["TestTheDemo/sqlite"], told["TestTheDemo/postgres"]
	if b != "" && a != b {
		t.Errorf("the two engines tell different stories:\n%s", cmp.Diff(strings.Split(a, "\n"), strings.Split(b, "\n")))
	}
}

func year2017(t *testing.T, n Nouns) {
	all, accepted, japanese := 0, 0, 0
	for _, r := range rows(t, n, report.ViewAll) {
		if calendar.In(r.ReceivedAt, calendar.JST).Year != 2017 {
			continue
		}
		all++
		if r.Eligibility == report.Eligible {
			accepted++
		}
		if r.Lang == lang.JA {
			japanese++
		}
		if r.State.Open() || r.Turn != report.Nobody {
			t.Errorf("%s of 2017 is not settled: %s, %s", r.ID, r.State, r.Turn)
		}
		full, err := n.Reports.Read(t.Context(), access.Self, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := "2017-04-10"
		if r.ReceivedAt.Before(revised) {
			want = "2016-06-02"
		}
		if full.Terms != want || full.ClockBehind {
			t.Errorf("%s of %s is under the terms of %s, want %s; clock behind: %v", r.ID, r.ReceivedAt, full.Terms, want, full.ClockBehind)
		}
	}
	if all != received2017 || accepted != accepted2017 || japanese != japan2017 {
		t.Errorf("%d received, %d accepted, %d from Japan; want %d, %d and %d", all, accepted, japanese, received2017, accepted2017, japan2017)
	}
	awards, err := n.Awards.Decided(t.Context(), access.Self)
	if err != nil {
		t.Fatal(err)
	}
	off := 0
	for _, a := range awards {
		if a.Amount != a.Guide {
			off++
		}
		if a.DecidedBy == a.ProposedBy {
			t.Errorf("award %s was approved by who proposed it", a.ID)
		}
	}
	if len(awards) < accepted2017 || off < 5 {
		t.Errorf("%d awards, %d of them off the guide", len(awards), off)
	}
}

func queueAddsUp(t *testing.T, n Nouns) {
	p, err := n.Reports.Queue(t.Context(), access.Self, report.Query{})
	if err != nil {
		t.Fatal(err)
	}
	c := p.Counts
	if c[report.ViewDesk]+c[report.ViewReporter]+c[report.ViewClosed] != c[report.ViewAll] || c[report.ViewAll] != len(plan().tales) {
		t.Errorf("the views do not add up to %d: %v", len(plan().tales), c)
	}
	for _, v := range report.Views {
		if got := len(rows(t, n, v)); got != c[v] {
			t.Errorf("view %s has %d rows and counts %d", v, got, c[v])
		}
	}
	states := map[report.State]int{}
	for _, r := range rows(t, n, report.ViewAll) {
		states[r.State]++
	}
	for _, s := range report.States {
		if states[s] == 0 {
			t.Errorf("nothing is %s", s)
		}
	}
	if c[report.ViewLate] < 3 || c[report.ViewSecond] < 2 || c[report.ViewUrgent] < 1 {
		t.Errorf("too little is late, waits for a second person or is urgent: %v", c)
	}
}

func octoberLies(t *testing.T, n Nouns) {
	desk := rows(t, n, report.ViewDesk)
	i := slices.IndexFunc(desk, func(r report.Row) bool { return r.ReceivedAt.Equal(jst("2020-10-15 17:56:03")) })
	if i < 0 || i > 14 {
		t.Fatalf("it is row %d of %d", i, len(desk))
	}
	r := desk[i]
	if r.State != report.Received || r.Urgency != report.Normal || r.TurnKind != "first_answer" || r.Assignee != "" || r.Late(Now) {
		t.Errorf("it has been touched: %+v", r)
	}
	c, err := n.Reports.Case(t.Context(), access.Self, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Messages) != 0 || len(c.Decisions) != 0 || c.Report.InScope {
		t.Errorf("messages %d, decisions %d, in scope %v", len(c.Messages), len(c.Decisions), c.Report.InScope)
	}
}

func waitsFor(t *testing.T, n Nouns) {
	kinds := map[report.Kind]string{}
	for _, r := range rows(t, n, report.ViewSecond) {
		c, err := n.Reports.Case(t.Context(), access.Self, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range c.Decisions {
			if d.Standing == report.Proposed {
				kinds[d.Kind] = d.Clause
			}
		}
	}
	want := map[report.Kind]string{report.SetSeverity: "", report.ToNotEligible: "3.2.xxvi"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("decisions that wait (-want +got):\n%s", diff)
	}
	awards, err := n.Awards.Waiting(t.Context(), access.Self)
	if err != nil || len(awards) != 2 {
		t.Errorf("%d awards wait (%v), want 2", len(awards), err)
	}
	wishes, err := n.Participants.Wishes(t.Context(), access.Self)
	if err != nil || len(wishes) != 1 {
		t.Errorf("%d wishes wait (%v), want 1", len(wishes), err)
	}
	known, err := n.Reports.ListKnown(t.Context(), access.Self, report.KnownQuery{})
	if err != nil || len(known) != 12 {
		t.Errorf("%d known issues (%v), want 12", len(known), err)
	}
}

func logVerifies(t *testing.T, n Nouns) {
	var files []receipt.Document
	for i, r := range rows(t, n, report.ViewAll) {
		if i%10 == 0 {
			b, err := n.Reports.Receipt(t.Context(), access.Self, r.ID)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, receipt.Document{Name: r.ID, Data: b})
		}
		if r.State == report.Duplicate && i%4 == 0 {
			b, err := n.Reports.Evidence(t.Context(), access.Self, r.ID)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, receipt.Document{Name: "evidence " + r.ID, Data: b})
		}
	}
	self, err := n.Receipts.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, err := receipt.Verify(t.Context(), files, receipt.Options{Log: self, Now: func() time.Time { return Now }})
	if err != nil {
		t.Fatal(err)
	}
	if v.Result() != receipt.OK {
		for _, c := range v.Checks {
			if c.Result != receipt.OK && c.Result != receipt.Note {
				t.Errorf("%s: %s: %s", c.Document, c.Name, c.Text.EN)
			}
		}
	}
	s, err := n.Receipts.Status(t.Context())
	if err != nil || s.Backlog != 0 || s.Size < 150_000 {
		t.Errorf("the log has %d entries, %d of them ahead of the pace (%v)", s.Size, s.Backlog, err)
	}
}

func fame(t *testing.T, n Nouns) {
	years, err := n.Participants.Years(t.Context())
	if err != nil || !slices.Contains(years, 2017) {
		t.Fatalf("years %v (%v)", years, err)
	}
	all, err := n.Participants.HallOfFame(t.Context(), 2017)
	if err != nil {
		t.Fatal(err)
	}
	spelled := map[string]bool{}
	aliases := 0
	for _, e := range all {
		for name, script := range map[string]*unicode.RangeTable{"kanji": unicode.Han, "kana": unicode.Hiragana, "latin": unicode.Latin} {
			spelled[name] = spelled[name] || strings.ContainsFunc(e.Name+e.Alias, func(r rune) bool { return unicode.Is(script, r) })
		}
		if e.Name == "" {
			aliases++
		}
	}
	if len(all) < 15 || aliases == 0 || len(spelled) != 3 || !spelled["kanji"] || !spelled["kana"] || !spelled["latin"] {
		t.Errorf("%d people, %d by an alias alone, spelled in %v", len(all), aliases, spelled)
	}
	special, err := n.Participants.Specials(t.Context(), 2017)
	if err != nil || len(special) == 0 {
		t.Errorf("%d special contributors (%v)", len(special), err)
	}
}

func mails(t *testing.T, n Nouns) {
	for _, want := range []struct {
		state mail.State
		some  bool
	}{{mail.Accepted, true}, {mail.Bounced, true}, {mail.Queued, false}} {
		all, err := n.Mails.List(t.Context(), access.Self, mail.Query{State: want.state})
		if err != nil || (len(all) > 0) != want.some {
			t.Errorf("%d mails are %s (%v)", len(all), want.state, err)
		}
	}
	if n.Mails.Sender != nil {
		t.Error("the story's mail server stays in the product")
	}
}

func signsIn(t *testing.T, n Nouns, in []SignIn) {
	roles := map[string]bool{}
	for _, s := range in {
		roles[s.Role] = true
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s.Secret)
		if err != nil {
			t.Fatal(err)
		}
		e, err := n.People.SignIn(t.Context(), access.Caller{Address: "127.0.0.1"}, person.SignIn{Mail: s.Mail, Password: s.Password, Code: code(key, Now)})
		if err != nil {
			t.Errorf("%s: %v", s.Mail, err)
			continue
		}
		if e.Person.ID != s.Person {
			t.Errorf("%s signs in as %s, want %s", s.Mail, e.Person.ID, s.Person)
		}
	}
	for _, r := range access.Roles {
		if !roles[string(r)] {
			t.Errorf("nobody signs in as %s", r)
		}
	}
	if !roles[string(access.Participant)] {
		t.Error("no participant signs in")
	}
}

// code is what an authenticator app shows (RFC 6238).
func code(key []byte, at time.Time) string {
	mac := hmac.New(sha1.New, key)
	var step [8]byte
	binary.BigEndian.PutUint64(step[:], uint64(at.Unix()/30))
	mac.Write(step[:])
	sum := mac.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[o:])&0x7fffffff)%1_000_000)
}

func again(t *testing.T, n Nouns, in []SignIn) {
	before, err := n.Audit.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at, err := Resume(t.Context(), n.Audit)
	if err != nil || at.Before(Now) {
		t.Errorf("the clock goes on at %s (%v)", at, err)
	}
	got, err := Fill(t.Context(), n, NewClock(at))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, got); diff != "" {
		t.Errorf("other people may sign in the second time:\n%s", diff)
	}
	if after, err := n.Audit.Verify(t.Context()); err != nil || after != before {
		t.Errorf("%d records before, %d after (%v)", before, after, err)
	}
}

func TestFillRefusesWhatIsNoDemo(t *testing.T) {
	each(t, func(t *testing.T, n Nouns, clock *Clock) {
		if s, err := Look(t.Context(), n.Audit); err != nil || s != Empty {
			t.Fatalf("an empty database is %v (%v)", s, err)
		}
		if _, err := n.People.Bootstrap(t.Context(), "somebody@example.com"); err != nil {
			t.Fatal(err)
		}
		if s, err := Look(t.Context(), n.Audit); err != nil || s != Real {
			t.Errorf("a database with an invitation is %v (%v), want Real", s, err)
		}
		if _, err := Fill(t.Context(), n, clock); !fault.Is(err, fault.Conflict) {
			t.Errorf("filling it: %v", err)
		}
		if got := dbtest.Count(t, n.DB, "person"); got != 0 {
			t.Errorf("%d people were added", got)
		}
	})
}

func TestAFillingThatIsCutOffLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, n Nouns, clock *Clock) {
		ctx, cancel := context.WithCancel(t.Context())
		// Cut the filling off at the first report.
		n.Reports.Ready = func(context.Context, string, string) ([]lang.Text, error) {
			cancel()
			return nil, ctx.Err()
		}
		if _, err := Fill(ctx, n, clock); !errors.Is(err, context.Canceled) {
			t.Fatalf("the filling was not cut off: %v", err)
		}
		if s, err := Look(t.Context(), n.Audit); err != nil || s != Empty {
			t.Errorf("the database is %v (%v), want Empty", s, err)
		}
		for _, table := range []string{"person", "report", "audit", "outbox", "receipt_head"} {
			if got := dbtest.Count(t, n.DB, table); got != 0 {
				t.Errorf("%s has %d rows", table, got)
			}
		}
	})
}
