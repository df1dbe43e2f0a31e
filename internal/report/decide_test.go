package report_test

import (
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
)

const (
	high = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	low  = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"
)

func TestWhoeverMayNotDecideIsRefusedAndOnRecord(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		payer := access.Caller{ID: "payer", Kind: access.Staff, Roles: []access.Role{access.Payer}}
		auditor := access.Caller{ID: "auditor", Kind: access.Staff, Roles: []access.Role{access.Auditor}}
		for _, who := range []access.Caller{ann, ben, payer, auditor, board, {}} {
			if _, err := d.Decide(ctx, who, r.ID, report.Decision{Kind: report.ToTriaged}); !fault.Is(err, fault.Denied) {
				t.Errorf("%s triages: %v", who.ID, err)
			}
		}
		if _, err := d.Decide(ctx, tri, r.ID, report.Decision{Kind: report.Exception, Clause: "3.2.xx", Reason: "r", WouldChange: "w"}); !fault.Is(err, fault.Denied) {
			t.Errorf("a triager records an exception: %v", err)
		}
		if got := d.read(r); got.State != report.Received {
			t.Errorf("the report is %s", got.State)
		}
		if n := dbtest.Count(t, d.DB, "audit WHERE outcome = 'refused'"); n != 6 {
			t.Errorf("%d refusals on record, want 6: the caller without a name leaves none", n)
		}
	})
}

func TestAnExclusionIsToldWithItsClause(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		d.decide(tri, r, report.Decision{
			Kind: report.ToNotEligible, Clause: "3.2.v", Reason: "It lets somebody send messages.", WouldChange: "Reading data of others.", Impact: "none",
		})
		c, err := d.Case(ctx, ann, r.ID)
		d.must(err)
		if c.Report.State != report.NotEligible || c.Report.Eligibility != report.Ineligible || c.Report.Turn != report.Nobody {
			t.Errorf("%+v", c.Report)
		}
		if len(c.Decisions) != 1 || c.Decisions[0].Clause != "3.2.v" || !c.Decisions[0].ReadAt.IsZero() {
			t.Errorf("the reporter sees %+v", c.Decisions)
		}
		if n := dbtest.Count(t, d.DB, "outbox WHERE subject = 'report.told'"); n != 1 {
			t.Errorf("%d announcements to the reporter, want 1", n)
		}
		d.must(d.MarkRead(ctx, ann, c))
		if c, err = d.Case(ctx, tri, r.ID); err != nil || c.Decisions[0].ReadAt.IsZero() {
			t.Errorf("the desk does not see that it was read: %+v, %v", c.Decisions, err)
		}
	})
}

func TestTheOpenDiscretionNeedsASecondPerson(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		dec := d.decide(tri, r, report.Decision{
			Kind: report.ToNotEligible, Clause: "3.2.xxvi", Reason: "A refund feature.", WouldChange: "Money moved.", Impact: "none",
		})
		if dec.Standing != report.Proposed || d.read(r).State != report.Received {
			t.Fatalf("3(2)(xxvi) stands without a second person: %+v", dec)
		}
		if c, err := d.Case(ctx, ann, r.ID); err != nil || len(c.Decisions) != 0 {
			t.Errorf("the reporter sees a proposal: %+v, %v", c.Decisions, err)
		}
		refused(t, d.Confirm(ctx, tri, r.ID, dec.ID, true, ""), fault.Denied, "")
		refused(t, d.Confirm(ctx, ann, r.ID, dec.ID, true, ""), fault.NotFound, "")
		refused(t, d.Confirm(ctx, tora, r.ID, dec.ID, false, " "), fault.Invalid, "why")
		if _, err := d.Decide(ctx, tora, r.ID, report.Decision{
			Kind: report.ToNotEligible, Clause: "3.2.i", Reason: "r", WouldChange: "w", Impact: "none",
		}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a rival proposal: %v", err)
		}
		d.must(d.Confirm(ctx, tora, r.ID, dec.ID, true, ""))
		if got := d.read(r); got.State != report.NotEligible {
			t.Errorf("confirmed, and still %s", got.State)
		}
		refused(t, d.Confirm(ctx, owner, r.ID, dec.ID, true, ""), fault.Conflict, "")
	})
}

func TestNoOtherNameAvoidsTheSecondPerson(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for clause, want := range map[string]report.Standing{
			"3.2.v":  report.InForce,  // excluded, whoever reports it
			"3.2.xx": report.Proposed, // known before, which is an exception
			"7.1.i":  report.Proposed, // prohibited, which is a disqualification
		} {
			dec := d.decide(tri, d.submit(ann), report.Decision{
				Kind: report.ToNotEligible, Clause: clause, Reason: "r", WouldChange: "w", Impact: "none",
			})
			if dec.Standing != want {
				t.Errorf("under %s it is %s, want %s", clause, dec.Standing, want)
			}
		}
	})
}

func TestLoweringASeverityNeedsTheReporterOrASecondPerson(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for name, c := range map[string]struct {
			who access.Caller
		}{"the reporter agrees": {ann}, "a second person agrees": {tora}} {
			r := d.submit(ann, func(s *report.Submission) { s.Vector = high })
			dec := d.decide(tri, r, report.Decision{Kind: report.SetSeverity, To: low, Reason: "It needs a click."})
			if dec.Standing != report.Proposed || d.read(r).Vector != high {
				t.Errorf("%s: lowered at once: %+v", name, dec)
			}
			refused(t, d.Confirm(ctx, ben, r.ID, dec.ID, true, ""), fault.NotFound, "")
			d.must(d.Confirm(ctx, c.who, r.ID, dec.ID, true, ""))
			if got := d.read(r); got.Vector != low || got.Score != 61 || got.VectorReported != high {
				t.Errorf("%s: %+v", name, got)
			}
			d.decide(tri, r, report.Decision{Kind: report.SetSeverity, To: high, Reason: "It does not, after all."})
			if got := d.read(r); got.Vector != high {
				t.Errorf("%s: raising waits for somebody", name)
			}
		}
	})
}

func TestOnlyAnEarlierEntryCanBeTheOriginal(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		first, second, third := d.submit(ann), d.submit(ben), d.submit(ann)
		dup := func(of string) report.Decision {
			return report.Decision{Kind: report.ToDuplicate, Clause: "6.3", To: of, OneFix: "yes", Reason: "The same hole.", WouldChange: "Another cause."}
		}
		_, err := d.Decide(ctx, tri, first.ID, dup(second.ID))
		refused(t, err, fault.Conflict, "original")
		_, err = d.Decide(ctx, tri, first.ID, dup(first.ID))
		refused(t, err, fault.Conflict, "original")
		_, err = d.Decide(ctx, tri, first.ID, dup("TICKET-17"))
		refused(t, err, fault.Invalid, "original")
		if f := fault.As(err); !strings.Contains(f.Text.EN, "exception") {
			t.Errorf("the way out is not named: %s", f.Text.EN)
		}
		d.decide(tri, second, dup(first.ID))
		d.decide(tri, third, dup(strings.ToLower(second.ID)))
		if got := d.read(third); got.Original != first.ID || got.State != report.Duplicate {
			t.Errorf("the chain leads to %s, want the root %s", got.Original, first.ID)
		}
		file, err := d.Evidence(ctx, ann, third.ID)
		d.must(err)
		card, err := receipt.ParseEvidence(file)
		d.must(err)
		if card.OriginalEntry != first.LogIndex || strings.Contains(string(file), first.ID) || strings.Contains(string(file), first.Title) {
			t.Errorf("the card says %s", file)
		}
		_, err = d.Evidence(ctx, ben, third.ID)
		refused(t, err, fault.NotFound, "")
	})
}

func TestAKnownIssueIsAnOriginalFromItsEntryOn(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		before := d.submit(ann)
		k, err := d.AddKnown(ctx, tri, report.Known{Title: "Stored script in names", Target: "store.line.me", Class: "xss", Claimed: "2019-01-01"})
		d.must(err)
		after := d.submit(ben)
		dup := report.Decision{Kind: report.ToDuplicate, Clause: "3.2.xx", To: k.ID, OneFix: "yes", Reason: "We knew.", WouldChange: "Another cause."}
		_, err = d.Decide(ctx, tri, before.ID, dup)
		refused(t, err, fault.Conflict, "original") // the claimed date proves nothing
		d.decide(tri, after, dup)
		file, err := d.Evidence(ctx, ben, after.ID)
		d.must(err)
		if _, err := receipt.ParseEvidence(file); err != nil || strings.Contains(string(file), k.Title) {
			t.Errorf("%v: %s", err, file)
		}
		if _, err := d.AddKnown(ctx, ann, report.Known{Title: "mine"}); !fault.Is(err, fault.Denied) {
			t.Errorf("a participant adds a known issue: %v", err)
		}
		exception := d.decide(owner, before, report.Decision{Kind: report.Exception, Clause: "3.2.xx", Reason: "Ticket 17 of 2019.", WouldChange: "Another cause."})
		if exception.Standing != report.Proposed {
			t.Error("an exception stands without a second person")
		}
		d.must(d.Confirm(ctx, tora, before.ID, exception.ID, true, ""))
		if got := d.read(before); got.Eligibility != report.Ineligible {
			t.Errorf("%+v", got)
		}
	})
}

func TestAQuestionHandsOverTheTurnAndStopsOurClocks(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		due := d.read(r).TurnDue
		d.must(d.Say(ctx, tri, r.ID, "Which version of the app?", true))
		got := d.read(r)
		if got.State != report.NeedsInformation || got.Turn != report.Reporter || got.TurnKind != "reply" {
			t.Fatalf("%+v", got)
		}
		if want := time.Date(2020, 11, 16, 15, 0, 0, 0, time.UTC); !got.TurnDue.Equal(want) { // 14 Nov is a Saturday
			t.Errorf("the reply is due %s, want %s", got.TurnDue, want)
		}
		d.now = d.now.AddDate(0, 0, 7)
		d.must(d.Reply(ctx, ann, r.ID, "10.17.0"))
		if got = d.read(r); got.State != report.Received || got.Turn != report.Desk || !got.TurnDue.After(due) {
			t.Errorf("after the answer: %+v", got)
		}
		c, err := d.Case(ctx, tri, r.ID)
		d.must(err)
		for _, p := range c.Promises {
			if p.Kind == "triage" && (p.Rounds != 1 || p.PausedDays != 5) {
				t.Errorf("triage was paused %d times for %d business days, want 1 and 5", p.Rounds, p.PausedDays)
			}
			if p.Kind == "first_answer" && p.Open() {
				t.Error("a question to the reporter is no first answer")
			}
		}
		if c.Messages[0].AnsweredAt.IsZero() {
			t.Error("the question is not marked as answered")
		}
	})
}

func TestRatingStopsNoClock(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		d.decide(tri, r, report.Decision{Kind: report.SetUrgency, To: "in_use", Reason: "Two users wrote in."})
		d.decide(tri, r, report.Decision{Kind: report.SetSeverity, To: high, Reason: "No click needed."})
		c, err := d.Case(ctx, tri, r.ID)
		d.must(err)
		for _, p := range c.Promises {
			if !p.Open() {
				t.Errorf("%s was met by a rating", p.Kind)
			}
		}
	})
}

func TestAnExcludedReportThatIsUrgentStaysInTheQueue(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.submit(ben)
		r := d.submit(ann)
		d.decide(tri, r, report.Decision{Kind: report.SetUrgency, To: "in_use", Reason: "Two users wrote in."})
		d.decide(tri, r, report.Decision{Kind: report.ToNotEligible, Clause: "3.2.v", Reason: "Spam.", WouldChange: "Data.", Impact: "none"})
		p, err := d.Queue(ctx, tri, report.Query{View: report.ViewDesk})
		d.must(err)
		if len(p.Rows) != 2 || p.Rows[0].ID != r.ID || p.Rows[0].Urgency != report.InUse || p.Counts[report.ViewUrgent] != 1 {
			t.Errorf("the queue shows %+v, %v", p.Rows, p.Counts)
		}
		d.decide(tri, r, report.Decision{Kind: report.ToFixing})
		d.decide(tri, r, report.Decision{Kind: report.ToFixed})
		if got := d.read(r); got.Turn != report.Nobody || got.Eligibility != report.Ineligible {
			t.Errorf("%+v", got)
		}
	})
}

func TestClosingAndOpeningAgainResetsNoPromise(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		d.now = d.now.AddDate(0, 2, 0) // far too late
		d.decide(tri, r, report.Decision{Kind: report.ToNotEligible, Clause: "3.2.ii", Reason: "No proof.", WouldChange: "Proof.", Impact: "none"})
		d.decide(tri, r, report.Decision{Kind: report.Reopen, Reason: "Proof came."})
		d.decide(tri, r, report.Decision{Kind: report.ToAccepted, Clause: "6.1"})
		f, err := deadline.Figures(ctx, d.DB.Read(), d.now, time.Time{}, "decision")
		d.must(err)
		if f[0].MetLate != 1 || f[0].Cases() != 1 {
			t.Errorf("%+v: the late decision was laundered", f[0])
		}
	})
}

func TestTheCountsOfTheViewsAddUp(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for range 4 {
			d.submit(ann)
		}
		a, b := d.submit(ben), d.submit(ben)
		d.must(d.Say(ctx, tri, a.ID, "?", true))
		d.must(d.Withdraw(ctx, ben, b.ID, "my mistake"))
		for view := range map[report.View]bool{report.ViewDesk: true, report.ViewReporter: true, report.ViewClosed: true, report.ViewAll: true, report.ViewNew: true, report.ViewUrgent: true, report.ViewLate: true, report.ViewMine: true, report.ViewSecond: true} {
			n, after := 0, ""
			var counts map[report.View]int
			for {
				p, err := d.Queue(ctx, tri, report.Query{View: view, Limit: 2, After: after})
				d.must(err)
				n, counts = n+len(p.Rows), p.Counts
				if after = p.Next; after == "" {
					break
				}
			}
			if n != counts[view] {
				t.Errorf("view %s has %d rows and counts %d", view, n, counts[view])
			}
			if counts[report.ViewDesk]+counts[report.ViewReporter]+counts[report.ViewClosed] != counts[report.ViewAll] {
				t.Errorf("%v do not add up", counts)
			}
		}
	})
}

func TestTwoDecisionsAtOnceLeaveOne(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		errs := make(chan error, 2)
		for _, who := range []access.Caller{tri, tora} {
			go func() {
				_, err := d.Decide(ctx, who, r.ID, report.Decision{Kind: report.ToTriaged})
				errs <- err
			}()
		}
		a, b := <-errs, <-errs
		if (a == nil) == (b == nil) {
			t.Errorf("two triagers at once: %v, %v; want one conflict", a, b)
		}
		if n := dbtest.Count(t, d.DB, "decision"); n != 1 {
			t.Errorf("%d decisions, want 1", n)
		}
	})
}

func TestAKnownIssuesFileIsImportedWholeOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		n, err := d.ImportKnown(ctx, tri, strings.NewReader("\ufefftitle,target,class,reference,claimed\nName filter,store.line.me,xss,SEC-1,2019-05-01\n二重送信,news.line.me,csrf,SEC-2,\n"))
		if n != 2 || err != nil {
			t.Errorf("imported %d, %v", n, err)
		}
		_, err = d.ImportKnown(ctx, tri, strings.NewReader("title,claimed\nGood,\nBad,yesterday\n"))
		refused(t, err, fault.Invalid, "file")
		if f := fault.As(err); !strings.Contains(f.Text.EN, "Line 3") {
			t.Errorf("the place is missing: %s", f.Text.EN)
		}
		if n := dbtest.Count(t, d.DB, "known_issue"); n != 2 {
			t.Errorf("%d known issues, want 2", n)
		}
	})
}

func FuzzParseKnown(f *testing.F) {
	f.Add("title,target\na,b\n")
	f.Add("\ufefftitle\n\"un\nclosed")
	f.Fuzz(func(t *testing.T, s string) {
		all, err := report.ParseKnown(strings.NewReader(s), time.Now())
		if err != nil && fault.As(err) == nil {
			t.Errorf("%q is refused without a word to the person: %v", s, err)
		}
		if err != nil && len(all) > 0 {
			t.Error("some of a refused file came through")
		}
	})
}
