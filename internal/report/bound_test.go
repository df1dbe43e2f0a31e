package report_test

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/fault"
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
