package api

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/receipt"
)

// proven marks a session as one in which a credential was shown now: a token is made by somebody who
// has just done that, in the pages.
func proven(session string, now time.Time) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), `UPDATE session SET proven_at = $1 WHERE id = $2`, db.Micros(now), session)
		return err
	}
}

func TestTheStoryOfAReportIsToldByMachines(t *testing.T) {
	inEach(t, func(t *testing.T, h *house) {
		ann, ben := h.reporter("ann"), h.reporter("ben")
		tri, board, owner := h.staff("tri", access.Triager), h.staff("board", access.Board), h.staff("owner", access.Owner)

		media, body := parts(t, part{"report", "", encoded(t, valid())}, part{"file", "proof.html", "<script>alert(1)</script>"})
		r := ann.send("POST", "/reports", media, bytes.NewReader(body))
		if r.status != 201 {
			t.Fatalf("creating: %d %s", r.status, r.body)
		}
		var first ReportView
		h.must(unmarshal(r.body, &first))
		if first.State != "received" || first.Terms != "2017-04-10" || len(first.Files) != 1 || first.Report.From != "2020-10-14T19:00:00+09:00" {
			t.Errorf("%+v is not the report as received", first)
		}
		file := ann.do("GET", "/reports/"+first.ID+"/receipt", nil)
		if got, err := receipt.ParseReceipt(file.body); err != nil || got.Statement.ID != first.ID {
			t.Errorf("the receipt is %s (%v)", file.body, err)
		}
		if bytes.Contains(r.body, []byte("salt")) {
			t.Error("the salt is shown outside of the receipt")
		}
		got := tri.do("GET", "/reports/"+first.ID+"/files/"+first.Files[0].SHA256, nil)
		if string(got.body) != "<script>alert(1)</script>" || got.header.Get("Content-Type") != "application/octet-stream" ||
			!strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("the attachment came as %v %s", got.header, got.body)
		}

		h.wait(time.Hour)
		var second ReportView
		ben.ok(201, "POST", "/reports", valid(func(s *submissionView) { s.Title = "Script in profile" }), &second)

		var q, rest queueView
		tri.ok(200, "GET", "/queue?limit=1", nil, &q)
		if len(q.Items) != 1 || q.Next == "" || q.Counts["desk"] != 2 {
			t.Errorf("the queue is %+v", q)
		}
		tri.ok(200, "GET", "/queue?limit=1&after="+q.Next, nil, &rest)
		if len(rest.Items) != 1 || rest.Next != "" || rest.Items[0].ID == q.Items[0].ID {
			t.Errorf("the second page is %+v", rest)
		}
		tri.ok(204, "PUT", "/reports/"+first.ID+"/assignee", map[string]string{"person": "me"}, nil)
		tri.ok(204, "POST", "/reports/"+first.ID+"/notes", map[string]string{"body": "looks real"}, nil)
		h.wait(time.Minute)
		tri.ok(204, "POST", "/reports/"+first.ID+"/messages", map[string]any{"body": "Which browser?", "needs_reply": true}, nil)
		var seen caseView
		ann.ok(200, "GET", "/reports/"+strings.ToLower(first.ID), nil, &seen)
		if seen.State != "needs_information" || len(seen.Messages) != 1 || seen.Assignee != "" || seen.People[tri.id].Name != "tri" {
			t.Errorf("the reporter sees %+v", seen)
		}
		ann.ok(204, "POST", "/reports/"+first.ID+"/read", nil, nil)
		h.wait(time.Minute)
		ann.ok(204, "POST", "/reports/"+first.ID+"/replies", map[string]string{"body": "All of them."}, nil)
		tri.ok(200, "GET", "/reports/"+first.ID, nil, &seen)
		if seen.State != "received" || len(seen.Messages) != 3 || seen.Messages[1].ReadAt.IsZero() || seen.Assignee != tri.id {
			t.Errorf("the desk sees %+v", seen)
		}

		var d decisionView
		tri.ok(201, "POST", "/reports/"+first.ID+"/decisions", decisionIn{Kind: "triaged"}, &d)
		tri.ok(201, "POST", "/reports/"+first.ID+"/decisions", decisionIn{Kind: "severity", To: "CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N", Reason: "as shown"}, &d)
		tri.ok(201, "POST", "/reports/"+first.ID+"/decisions", decisionIn{Kind: "accepted", Clause: "6.1"}, &d)
		h.duplicate(tri, ben, first.ID, second.ID)
		h.award(tri, board, owner, ann, first.ID)
	})
}

// duplicate closes the second report as one of the first, with the card for its reporter.
func (h *house) duplicate(tri, ben caller, first, second string) {
	h.t.Helper()
	var found Page[candidateView]
	tri.ok(200, "GET", "/reports/"+second+"/candidates", nil, &found)
	if len(found.Items) != 1 || found.Items[0].ID != first {
		h.t.Errorf("the candidates are %+v", found)
	}
	d := decisionIn{Kind: "duplicate", To: second, Clause: "6.2", Reason: "The same field.", WouldChange: "Another sink.", OneFix: "yes"}
	if p := tri.do("POST", "/reports/"+first+"/decisions", d); p.status != 409 || p.problem(h.t).Field != "original" {
		h.t.Errorf("a later report as the original: %d %s", p.status, p.body)
	}
	d.To = first
	tri.ok(201, "POST", "/reports/"+second+"/decisions", d, nil)
	var seen caseView
	ben.ok(200, "GET", "/reports/"+second, nil, &seen)
	if seen.State != "duplicate" || seen.Original != "" || len(seen.Decisions) != 1 || seen.Decisions[0].To != "" {
		h.t.Errorf("the reporter of the duplicate sees %+v", seen)
	}
	card := ben.do("GET", "/reports/"+second+"/evidence", nil)
	if _, err := receipt.ParseEvidence(card.body); err != nil || bytes.Contains(card.body, []byte("profile")) {
		h.t.Errorf("the card is %s (%v)", card.body, err)
	}
}

// award lets two people agree on what the first report earns.
func (h *house) award(tri, board, owner, ann caller, id string) {
	h.t.Helper()
	in := map[string]string{"amount": "5,0.00", "seriousness": "one click", "novelty": "known class"}
	if p := tri.do("POST", "/reports/"+id+"/awards", in); p.status != 422 || p.problem(h.t).Field != "amount" {
		h.t.Errorf("a wrong amount: %d %s", p.status, p.body)
	}
	in["amount"] = "600.00"
	in["reason"] = "It reached two services."
	var a awardView
	board.ok(201, "POST", "/reports/"+id+"/awards", in, &a)
	if a.Sum != (sumView{"600.00", "USD"}) {
		h.t.Errorf("the award is %+v", a)
	}
	if p := board.do("POST", "/awards/"+a.ID+"/answer", map[string]any{"approve": true}); p.status != 403 {
		h.t.Errorf("one's own proposal: %d %s", p.status, p.body)
	}
	owner.ok(200, "POST", "/awards/"+a.ID+"/answer", map[string]any{"approve": true}, &a)
	var mine Page[awardView]
	ann.ok(200, "GET", "/reports/"+id+"/awards", nil, &mine)
	if len(mine.Items) != 1 || mine.Items[0].State != "approved" {
		h.t.Errorf("the reporter sees %+v", mine)
	}
}
