package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/report"
)

// pages returns the ids of a view, page by page, and what the view counts.
func (d *desk) pages(view report.View) (rows []report.Row, count int) {
	d.t.Helper()
	after := ""
	for {
		p, err := d.Queue(ctx, tri, report.Query{View: view, Limit: 2, After: after})
		d.must(err)
		rows, count = append(rows, p.Rows...), p.Counts[view]
		if after = p.Next; after == "" {
			return rows, count
		}
	}
}

func TestEachViewHasItsReportsInTheOrderOfTheQueue(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for range 4 {
			d.submit(ann)
		}
		used, raised, asked, mine, gone := d.submit(ben), d.submit(ben), d.submit(ben), d.submit(ben), d.submit(ben)
		d.decide(tri, used, report.Decision{Kind: report.SetUrgency, To: "in_use", Reason: "Two users wrote in."})
		d.must(d.Say(ctx, tri, asked.ID, "?", true))
		d.must(d.Assign(ctx, tri, mine.ID, tri.ID))
		d.must(d.Withdraw(ctx, ben, gone.ID, "my mistake"))
		d.now = d.now.AddDate(0, 2, 0) // all promises so far are broken
		for range 3 {
			d.submit(ann)
		}
		inTime := d.submit(ann)
		for _, r := range []report.Report{raised, inTime} { // one that is late, and one that is not and stands before those that are
			d.decide(tri, r, report.Decision{Kind: report.SetUrgency, To: "raised", Reason: "It may spread."})
		}
		views := map[report.View]func(report.Row) bool{
			report.ViewDesk:     func(r report.Row) bool { return r.Turn == report.Desk },
			report.ViewReporter: func(r report.Row) bool { return r.Turn == report.Reporter },
			report.ViewClosed:   func(r report.Row) bool { return r.Turn == report.Nobody },
			report.ViewUrgent:   func(r report.Row) bool { return r.Turn != report.Nobody && r.Urgency != report.Normal },
			report.ViewNew:      func(r report.Row) bool { return r.State == report.Received },
			report.ViewLate:     func(r report.Row) bool { return r.Turn == report.Desk && r.Late(d.now) },
			report.ViewMine:     func(r report.Row) bool { return r.Turn != report.Nobody && r.Assignee == tri.ID },
		}
		all, n := d.pages(report.ViewAll)
		if len(all) != 13 || n != 13 {
			t.Fatalf("%d of 13 reports, and %d are counted", len(all), n)
		}
		for view, has := range views {
			var want, got []string
			for _, r := range all {
				if has(r) {
					want = append(want, r.ID)
				}
			}
			rows, n := d.pages(view)
			for _, r := range rows {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" || n != len(want) || n == 0 {
				t.Errorf("view %s counts %d and has other rows (-want +got):\n%s", view, n, diff)
			}
		}
	})
}
