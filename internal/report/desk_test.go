package report_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
)

var ctx = context.Background()

// The people of the tests.
var (
	ann   = access.Caller{ID: "ann", Kind: access.Participant}
	ben   = access.Caller{ID: "ben", Kind: access.Participant}
	tri   = access.Caller{ID: "tri", Kind: access.Staff, Roles: []access.Role{access.Triager}}
	tora  = access.Caller{ID: "tora", Kind: access.Staff, Roles: []access.Role{access.Triager}}
	owner = access.Caller{ID: "owner", Kind: access.Staff, Roles: []access.Role{access.Owner}}
	board = access.Caller{ID: "board", Kind: access.Staff, Roles: []access.Role{access.Board}}
)

// A desk is Reports over a real database, log and store, with a clock that the test moves.
type desk struct {
	*report.Reports
	t   *testing.T
	now time.Time
}

// each runs a test on a desk of each engine.
func each(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, database *db.DB) { fn(t, newDesk(t, database, t.TempDir())) })
}

func newDesk(t *testing.T, database *db.DB, dir string) *desk {
	t.Helper()
	key, err := receipt.NewKey("desk.example/log")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Reports: report.New(), t: t, now: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)}
	clock := func() time.Time { return d.now }
	d.DB, d.Now, d.Program = database, clock, program.Default()
	d.Audit = &audit.Log{DB: database, Now: clock}
	d.Log = &receipt.Log{DB: database, Key: key, Now: clock}
	d.Files = &attachment.Store{Dir: dir}
	d.Ready = func(context.Context, string, string) ([]lang.Text, error) { return nil, nil }
	d.Colleague = func(_ context.Context, person string) (access.Caller, error) {
		return map[string]access.Caller{tri.ID: tri, tora.ID: tora, owner.ID: owner, board.ID: board, ann.ID: ann}[person], nil
	}
	d.Agreed = func(context.Context, *sql.Tx, []participant.Agreement) error { return nil }
	return d
}

// valid is a submission that can be sent, with one change per case.
func valid(change ...func(*report.Submission)) report.Submission {
	s := report.Submission{
		Title: "Stored script in a profile name", Target: "store.line.me", Reached: "web", Class: "xss",
		Steps: "1. Set the profile name to a script.\n2. Open the profile as somebody else.", Impact: "The script runs in the reader's session.",
		Found: "self", OthersData: "no",
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// submit sends a report and returns it.
func (d *desk) submit(who access.Caller, change ...func(*report.Submission)) report.Report {
	d.t.Helper()
	draft, err := d.NewDraft(ctx, who, valid(change...))
	d.must(err)
	r, err := d.Submit(ctx, who, draft.ID, lang.EN)
	d.must(err)
	return r
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// decide makes a decision that must succeed.
func (d *desk) decide(who access.Caller, r report.Report, dec report.Decision) report.Decision {
	d.t.Helper()
	dec, err := d.Decide(ctx, who, r.ID, dec)
	d.must(err)
	return dec
}

// read returns the report as it stands.
func (d *desk) read(r report.Report) report.Report {
	d.t.Helper()
	r, err := d.Read(ctx, tri, r.ID)
	d.must(err)
	return r
}

// refused checks that err is a fault of this kind at this field.
func refused(t *testing.T, err error, kind fault.Kind, field string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || f.Field != field {
		t.Errorf("err = %v, want a fault of kind %d at %q", err, kind, field)
	}
	if f != nil && (f.Text.EN == "" || f.Text.JA == "") {
		t.Errorf("the fault %v does not speak both languages", f)
	}
}

func TestASubmissionIsAReportWithItsReceipt(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		draft, err := d.NewDraft(ctx, ann, valid())
		d.must(err)
		_, err = d.AddFile(ctx, ann, draft.ID, "proof.html", bytes.NewReader([]byte("<script>alert(1)</script>")))
		d.must(err)
		r, err := d.Submit(ctx, ann, draft.ID, lang.JA)
		d.must(err)
		if r.State != report.Received || r.Terms != "2017-04-10" || !r.InScope || r.Turn != report.Desk || len(r.Files) != 1 {
			t.Errorf("%+v is not a report as received", r)
		}
		file, err := d.Receipt(ctx, ann, r.ID)
		d.must(err)
		got, err := receipt.ParseReceipt(file)
		d.must(err)
		if got.Statement.ID != r.ID || got.Entry != r.LogIndex || len(got.Statement.Files) != 1 || got.Statement.DisclosureFrom != "2021-10-16" {
			t.Errorf("the receipt says %+v", got.Statement)
		}
		again, err := d.Receipt(ctx, ann, r.ID)
		d.must(err)
		if !bytes.Equal(file, again) {
			t.Error("the receipt is another file the second time")
		}
		if n := dbtest.Count(t, d.DB, "outbox WHERE subject = 'report.received'"); n != 1 {
			t.Errorf("%d announcements, want 1", n)
		}
		if n := dbtest.Count(t, d.DB, "audit WHERE action = 'report.submit' AND subject = $1", r.ID); n != 1 {
			t.Errorf("%d audit records, want 1", n)
		}
	})
}

func TestAFormPostedTwiceMakesOneReport(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		draft, err := d.NewDraft(ctx, ann, valid())
		d.must(err)
		ids := make(chan string, 8)
		for range 8 {
			go func() {
				r, err := d.Submit(ctx, ann, draft.ID, lang.EN)
				if err != nil {
					t.Error(err)
				}
				ids <- r.ID
			}()
		}
		first := <-ids
		for range 7 {
			if id := <-ids; id != first {
				t.Errorf("reports %s and %s of one draft", first, id)
			}
		}
		if n := dbtest.Count(t, d.DB, "report"); n != 1 {
			t.Errorf("%d reports, want 1", n)
		}
	})
}

func TestAReportIsPinnedToTheTermsInForceAtItsReceipt(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for _, c := range []struct {
			at   time.Time
			want string
		}{
			{time.Date(2016, 6, 2, 6, 0, 0, 0, time.UTC), "2016-06-02"},
			{time.Date(2017, 4, 9, 14, 59, 59, 0, time.UTC), "2016-06-02"},
			{time.Date(2017, 4, 9, 15, 0, 0, 0, time.UTC), "2017-04-10"},
		} {
			d.now = c.at
			if r := d.submit(ann); r.Terms != c.want {
				t.Errorf("a report received at %s is under terms %s, want %s", c.at, r.Terms, c.want)
			}
		}
		d.now = time.Date(2016, 6, 2, 5, 59, 59, 0, time.UTC)
		draft, err := d.NewDraft(ctx, ann, valid())
		d.must(err)
		if _, err := d.Submit(ctx, ann, draft.ID, lang.EN); !fault.Is(err, fault.Conflict) {
			t.Errorf("before the program began: %v", err)
		}
	})
}

func TestEverythingThatIsMissingIsNamedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		draft, err := d.NewDraft(ctx, ann, report.Submission{Title: "only this"})
		d.must(err)
		_, err = d.Submit(ctx, ann, draft.ID, lang.EN)
		all, ok := errors.AsType[report.Faults](err)
		if !ok || len(all) != 7 {
			t.Fatalf("err = %v, want seven faults", err)
		}
		if kept, err := d.Draft(ctx, ann, draft.ID); err != nil || kept.Body.Title != "only this" || kept.Report != "" {
			t.Errorf("the draft is %+v, %v after a refused submission", kept, err)
		}
	})
}

func TestNobodySeesTheDraftsAndReportsOfOthers(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		draft, err := d.NewDraft(ctx, ann, valid())
		d.must(err)
		for _, who := range []access.Caller{ben, tri, owner} {
			if _, err := d.Draft(ctx, who, draft.ID); err == nil {
				t.Errorf("%s reads a draft of somebody else", who.ID)
			}
		}
		r := d.submit(ann)
		_, err = d.Read(ctx, ben, r.ID)
		refused(t, err, fault.NotFound, "")
		_, err = d.Receipt(ctx, ben, r.ID)
		refused(t, err, fault.NotFound, "")
		refused(t, d.Reply(ctx, ben, r.ID, "hello"), fault.NotFound, "")
		refused(t, d.Withdraw(ctx, ben, r.ID, "mine"), fault.NotFound, "")
		if n := dbtest.Count(t, d.DB, "audit WHERE outcome = 'refused' AND person = 'ben'"); n < 3 {
			t.Errorf("%d refusals on record, want at least 3", n)
		}
	})
}

func TestAnInternalNoteNeverReachesTheReporter(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		d.must(d.Note(ctx, tri, r.ID, "suspicious: smells of the same hand as last week"))
		d.must(d.Say(ctx, tri, r.ID, "Thank you, we are looking.", false))
		c, err := d.Case(ctx, ann, r.ID)
		d.must(err)
		if len(c.Messages) != 1 || c.Messages[0].Audience != report.Public {
			t.Errorf("the reporter sees %+v", c.Messages)
		}
		c, err = d.Case(ctx, tri, r.ID)
		d.must(err)
		if len(c.Messages) != 2 {
			t.Errorf("the desk sees %d messages, want 2", len(c.Messages))
		}
	})
}
