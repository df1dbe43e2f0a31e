package report_test

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

func TestAReporterCannotFillThePageOfACase(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		refused(t, d.Withdraw(ctx, ann, r.ID, strings.Repeat("a", 65<<10)), fault.Invalid, "body")
		d.must(d.DB.Tx(ctx, func(tx *sql.Tx) error {
			for i := range 499 {
				if _, err := tx.ExecContext(ctx, `
					INSERT INTO message (id, report, author, author_kind, audience, body, at, needs_reply, answered_at, read_at)
					VALUES ($1, $2, 'ann', 'participant', 'public', 'again', 1, $3, 0, 0)`, "m"+strconv.Itoa(i), r.ID, false); err != nil {
					return err
				}
			}
			return nil
		}))
		d.must(d.Reply(ctx, ann, r.ID, "The last that fits."))
		refused(t, d.Reply(ctx, ann, r.ID, "One more."), fault.Conflict, "body")
		d.must(d.Say(ctx, tri, r.ID, "The desk can still answer.", false))
	})
}

func TestAProposalThatIsNotShownIsNotRead(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		d.must(d.Say(ctx, tri, r.ID, "Thank you.", false))
		hidden := d.decide(tri, r, report.Decision{Kind: report.Disqualify, Clause: "7.2", Reason: "r"})
		c, err := d.Case(ctx, ann, r.ID)
		d.must(err)
		d.must(d.MarkRead(ctx, ann, c))
		d.must(d.Confirm(ctx, owner, r.ID, hidden.ID, true, ""))
		c, err = d.Case(ctx, ann, r.ID)
		d.must(err)
		if len(c.Decisions) != 1 || !c.Decisions[0].ReadAt.IsZero() {
			t.Errorf("the decision stands as read before it was shown: %+v", c.Decisions)
		}
	})
}

func TestTheDeskWritesWithinBoundsToo(t *testing.T) {
	long := strings.Repeat("a", 17<<10)
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		for field, dec := range map[string]report.Decision{
			"reason":       {Kind: report.ToNotEligible, Clause: "3.2.v", Reason: long, WouldChange: "w", Impact: "none"},
			"would_change": {Kind: report.ToNotEligible, Clause: "3.2.v", Reason: "r", WouldChange: long, Impact: "none"},
			"impact":       {Kind: report.SetUrgency, To: "raised", Reason: "r", Impact: long},
			"one_fix":      {Kind: report.SetUrgency, To: "raised", Reason: "r", OneFix: "\xff"},
		} {
			_, err := d.Decide(ctx, tri, r.ID, dec)
			refused(t, err, fault.Invalid, field)
		}
	})
}

func TestReportsAreAssignedToWhoDecidesOnThem(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := d.submit(ann)
		for _, nobody := range []string{"ann", "board", "gone", "<script>"} {
			refused(t, d.Assign(ctx, tri, r.ID, nobody), fault.Invalid, "assignee")
		}
		d.must(d.Assign(ctx, tri, r.ID, "tora"))
		if got := d.read(r).Assignee; got != "tora" {
			t.Errorf("assigned to %q", got)
		}
		d.must(d.Assign(ctx, tri, r.ID, ""))
		refused(t, d.Assign(ctx, ann, r.ID, "tri"), fault.Denied, "")
	})
}

func TestAnImportDoesNotHideTheLogForMonths(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		file := "title\n" + strings.Repeat("An old one\n", 673) // a week has 672 slots of a quarter of an hour
		_, err := d.ImportKnown(ctx, tri, strings.NewReader(file))
		refused(t, err, fault.Conflict, "file")
		all, err := d.ListKnown(ctx, tri, report.KnownQuery{})
		d.must(err)
		if len(all) != 0 {
			t.Errorf("%d issues were imported all the same", len(all))
		}
		d.Log.Slot = time.Minute // the operator's choice for such a week
		d.must(d.Log.Pace(ctx))
		n, err := d.ImportKnown(ctx, tri, strings.NewReader(file))
		d.must(err)
		if n != 673 {
			t.Errorf("%d imported, want 673", n)
		}
	})
}

func TestADisqualifiedReporterIsBarredUntilTheReportIsOpenedAgain(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		barred := func() string {
			why, err := report.Barred(ctx, d.DB.Read(), "ann")
			d.must(err)
			return why.EN
		}
		r := d.submit(ann)
		dec := d.decide(tri, r, report.Decision{Kind: report.Disqualify, Clause: "7.2", Reason: "r"})
		if barred() != "" {
			t.Error("a proposal bars already")
		}
		d.must(d.Confirm(ctx, owner, r.ID, dec.ID, true, ""))
		if !strings.Contains(barred(), r.ID) {
			t.Errorf("barred: %q, want the report named", barred())
		}
		if why, err := report.Barred(ctx, d.DB.Read(), "ben"); err != nil || !why.Empty() {
			t.Errorf("somebody else is barred: %v %v", why, err)
		}
		c, err := d.Case(ctx, tri, r.ID)
		d.must(err)
		if !c.Barred {
			t.Error("the desk is not told")
		}
		d.now = d.now.Add(time.Hour)
		d.decide(tri, r, report.Decision{Kind: report.Reopen, Reason: "It was somebody else."})
		if barred() != "" {
			t.Errorf("still barred: %q", barred())
		}
	})
}

func TestASentDraftKeepsItsTextInTheReportAlone(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		draft, err := d.NewDraft(ctx, ann, valid())
		d.must(err)
		_, err = d.Submit(ctx, ann, draft.ID, lang.JA)
		d.must(err)
		sent, err := d.Draft(ctx, ann, draft.ID)
		d.must(err)
		if sent.Body.Steps != valid().Steps {
			t.Errorf("the sent draft reads %+v", sent.Body)
		}
		if n := dbtest.Count(t, d.DB, "draft WHERE body <> ''"); n != 0 {
			t.Errorf("%d texts are stored twice", n)
		}
	})
}

func TestDraftsDoNotFillTheDisk(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		draft, err := d.NewDraft(ctx, ann, valid())
		d.must(err)
		_, err = d.AddFile(ctx, ann, draft.ID, "a.txt", strings.NewReader("proof"))
		d.must(err)
		d.must(d.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE draft_file SET size = $1 WHERE draft = $2`, int64(4<<30), draft.ID)
			return err
		}))
		other, err := d.NewDraft(ctx, ann, valid())
		d.must(err)
		_, err = d.AddFile(ctx, ann, other.ID, "b.txt", strings.NewReader("more"))
		refused(t, err, fault.Conflict, "files")
		bens, err := d.NewDraft(ctx, ben, valid())
		d.must(err)
		_, err = d.AddFile(ctx, ben, bens.ID, "b.txt", strings.NewReader("more"))
		d.must(err)
	})
}
