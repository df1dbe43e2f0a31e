package report_test

import (
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

func TestAKeyNamesOneDraftOfOnePerson(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		first, err := d.DraftFor(ctx, ann, "k-1", valid())
		d.must(err)
		again, err := d.DraftFor(ctx, ann, "k-1", valid(func(s *report.Submission) { s.Title = "Written anew" }))
		d.must(err)
		if again.ID != first.ID || again.Body.Title != "Written anew" || again.Version != 2 {
			t.Errorf("the draft became %+v", again)
		}
		others, err := d.DraftFor(ctx, ben, "k-1", valid())
		d.must(err)
		if others.ID == first.ID {
			t.Error("two people share a draft")
		}
		sent, err := d.Submit(ctx, ann, first.ID, lang.EN)
		d.must(err)
		again, err = d.DraftFor(ctx, ann, "k-1", again.Body)
		d.must(err)
		if again.Report != sent.ID {
			t.Errorf("the key leads to %+v, not to report %s", again, sent.ID)
		}
		_, err = d.DraftFor(ctx, ann, "k-1", valid())
		refused(t, err, fault.Conflict, "Idempotency-Key")
		for _, key := range []string{"", "a b", "鍵", strings.Repeat("k", 129)} {
			_, err = d.DraftFor(ctx, ann, key, valid())
			refused(t, err, fault.Invalid, "Idempotency-Key")
		}
		_, err = d.DraftFor(ctx, tri, "k-1", valid())
		refused(t, err, fault.Denied, "")
		if n := dbtest.Count(t, d.DB, "draft"); n != 2 {
			t.Errorf("there are %d drafts", n)
		}
	})
}
