package demo

import (
	stdcmp "cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

// nouns puts the product together as package app does, over d.
func nouns(t testing.TB, d *db.DB, clock *Clock) Nouns {
	t.Helper()
	key, err := receipt.NewKey("demo.hinomi.example/log")
	if err != nil {
		t.Fatal(err)
	}
	n := Nouns{DB: d, Audit: &audit.Log{DB: d, Now: clock.Now}}
	n.Receipts = &receipt.Log{DB: d, Key: key, Now: clock.Now}
	n.Relay = &bus.Relay{DB: d, Now: clock.Now, Log: slog.New(slog.DiscardHandler)}
	n.People = &person.People{DB: d, Audit: n.Audit, Now: clock.Now, Limits: &limit.Limits{Now: clock.Now}, Key: make([]byte, person.KeySize)}
	n.Reports = report.New()
	n.Reports.DB, n.Reports.Audit, n.Reports.Program, n.Reports.Now = d, n.Audit, program.Default(), clock.Now
	n.Reports.Log, n.Reports.Files = n.Receipts, &attachment.Store{Dir: t.TempDir()}
	n.Participants = &participant.Participants{DB: d, Audit: n.Audit, Now: clock.Now, Program: program.Default(), People: n.People}
	n.Reports.Ready, n.Reports.Agreed = n.Participants.Ready, n.Participants.RecordSubmission
	n.Mails = &mail.Mails{DB: d, Audit: n.Audit, Now: clock.Now, Log: slog.New(slog.DiscardHandler), Origin: "http://localhost:8080", From: netmail.Address{Name: "LINE Security Bug Bounty Program", Address: "desk@demo.hinomi.example"}}
	n.Relay.Subscribe("mail", "mail.requested", n.Mails.Requested)
	write := func(ctx context.Context, tx *sql.Tx, personID, template, about string, data map[string]string) error {
		to, err := n.People.Addressee(ctx, tx, personID)
		if err != nil {
			return err
		}
		return bus.Queue(ctx, tx, clock.Now(), "mail.requested", map[string]any{
			"to": to.Mail, "person": personID, "template": template, "lang": to.Lang, "about": about, "data": data,
		})
	}
	n.Relay.Subscribe("copy", "report.told", func(ctx context.Context, tx *sql.Tx, m bus.Message) error {
		var told report.Told
		if err := m.Decode(&told); err != nil || !told.Reporter {
			return err
		}
		return write(ctx, tx, told.Person, "message_copy", told.About, map[string]string{"report": told.Report, "link": "/reports/" + told.Report})
	})
	n.Relay.Subscribe("fame", "award.approved", func(ctx context.Context, tx *sql.Tx, m bus.Message) error {
		var said reward.Announcement
		if err := m.Decode(&said); err != nil {
			return err
		}
		return n.Participants.Credit(ctx, tx, said.Person, said.Report, m.At)
	})
	n.Awards = &reward.Awards{DB: d, Audit: n.Audit, Program: program.Default(), Reports: n.Reports, Now: clock.Now}
	return n
}

// fill tells the story into d.
func fillIn(t *testing.T, d *db.DB) (Nouns, []SignIn) {
	t.Helper()
	clock := NewClock(Start)
	n := nouns(t, d, clock)
	in, err := Fill(t.Context(), n, clock)
	if err != nil {
		t.Fatal(err)
	}
	if now := clock.Now(); now != Now {
		t.Errorf("the clock is left at %s, want %s", now, Now)
	}
	return n, in
}

// rows reads every report, in the order of the queue.
func rows(t *testing.T, n Nouns, v report.View) []report.Row {
	t.Helper()
	var all []report.Row
	q := report.Query{View: v, Limit: 200}
	for {
		p, err := n.Reports.Queue(t.Context(), access.Self, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Rows...)
		if q.After = p.Next; q.After == "" {
			return all
		}
	}
}

// The demo is filled once on each engine, and everything that should hold of it is looked at there.
func TestTheDemo(t *testing.T) {
	told := map[string]string{}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, in := fillIn(t, d)
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

// retold is the story as the database has it, without ids and salts.
func retold(t *testing.T, n Nouns) string {
	t.Helper()
	var b strings.Builder
	all := rows(t, n, report.ViewAll)
	slices.SortFunc(all, func(a, b report.Row) int { return int(a.LogIndex - b.LogIndex) })
	for _, r := range all {
		fmt.Fprintln(&b, r.LogIndex, r.ReceivedAt, r.Title, r.Target, r.InScope, r.Class, r.Score, r.Urgency, r.Eligibility, r.State, r.Turn, r.TurnKind, r.TurnDue, r.Lang)
		c, err := n.Reports.Case(t.Context(), access.Self, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range c.Messages {
			fmt.Fprintln(&b, " ", m.At, m.AuthorKind, m.Audience, m.NeedsReply, m.AnsweredAt, m.ReadAt, m.Body)
		}
		for _, d := range c.Decisions {
			fmt.Fprintln(&b, " ", d.At, d.Kind, d.Clause, d.Standing, d.ConfirmedAt, d.Reason)
		}
		// Promises given at one instant have no order but that of their random ids.
		slices.SortFunc(c.Promises, func(a, b deadline.Deadline) int {
			return stdcmp.Or(a.StartedAt.Compare(b.StartedAt), strings.Compare(a.Kind, b.Kind))
		})
		for _, p := range c.Promises {
			fmt.Fprintln(&b, " ", p.Kind, p.StartedAt, p.DueAt, p.MetAt, p.MissedAt, p.Rounds)
		}
		for _, f := range c.Report.Files {
			fmt.Fprintln(&b, " ", f.Name, f.Hash)
		}
	}
	return b.String()
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
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := NewClock(Start)
		n := nouns(t, d, clock)
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
		if got := dbtest.Count(t, d, "person"); got != 0 {
			t.Errorf("%d people were added", got)
		}
	})
}

func TestAFillingThatWasCutOffIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := NewClock(Start)
		n := nouns(t, d, clock)
		ctx, cancel := context.WithCancel(t.Context())
		// Cut the filling off at the first report.
		n.Reports.Ready = func(context.Context, string, string) ([]lang.Text, error) {
			cancel()
			return nil, ctx.Err()
		}
		if _, err := Fill(ctx, n, clock); !errors.Is(err, context.Canceled) {
			t.Fatalf("the filling was not cut off: %v", err)
		}
		if s, err := Look(t.Context(), n.Audit); err != nil || s != CutOff {
			t.Errorf("the database is %v (%v), want CutOff", s, err)
		}
		people := dbtest.Count(t, d, "person")
		if _, err := Fill(t.Context(), n, NewClock(Start)); !fault.Is(err, fault.Conflict) {
			t.Errorf("filling it again: %v", err)
		}
		if got := dbtest.Count(t, d, "person"); got != people {
			t.Errorf("%d people, %d before", got, people)
		}
	})
}

// BenchmarkFill is how long a newcomer waits for the first page, but for opening the database.
func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		clock := NewClock(Start)
		if _, err := Fill(b.Context(), nouns(b, dbtest.SQLite(b), clock), clock); err != nil {
			b.Fatal(err)
		}
	}
}
