package web

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
)

// reported puts n reports into the queue of a town and returns their numbers.
func (tn *town) reported(n int) []string {
	tn.t.Helper()
	key, err := receipt.NewKey("bounty.example/log")
	tn.ok(err)
	tn.Reports.Log = &receipt.Log{DB: tn.db, Key: key, Now: tn.now}
	tn.Reports.Ready = func(context.Context, string, string) ([]lang.Text, error) { return nil, nil }
	tn.Reports.Agreed = func(context.Context, *sql.Tx, []participant.Agreement) error { return nil }
	mei, ctx := tn.add("mei").Caller(""), tn.t.Context()
	var ids []string
	for i := range n {
		d, err := tn.Reports.NewDraft(ctx, mei, report.Submission{
			Title: fmt.Sprintf("Hole %d", i), Target: "store.line.me", Reached: "web", Class: "xss", Found: "self", OthersData: "no",
			Steps: "1. Open it.", Proof: "It opens.", Impact: "Others' data.", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
		})
		tn.ok(err)
		r, err := tn.Reports.Submit(ctx, mei, d.ID, lang.EN)
		tn.ok(err)
		ids = append(ids, r.ID)
	}
	return ids
}

func TestWhatIsDoneToTheChosenReports(t *testing.T) {
	tn := newTown(t)
	ids := tn.reported(3)
	triager := tn.add("tora", access.Triager)
	for _, tt := range []struct {
		name, do, note string
		ids            []string
		status         int
		says           string // on the page that follows
		mine, notes    int    // reports that are the triager's, and notes on them, afterwards
	}{
		{"none is chosen", "take", "", nil, 422, "Select between one and 200 reports", 0, 0},
		{"there is nothing to do", "", "", ids[:1], 422, "Choose what to do", 0, 0},
		{"two are taken, one of them named twice", "take", "", []string{ids[0], ids[1], ids[0]}, 303, "2 reports are yours.", 2, 0},
		{"one is given back", "release", "", ids[1:2], 303, ids[1] + " is nobody&#39;s now.", 1, 0},
		{"a note is empty", "note", " ", ids, 422, "The note is empty.", 1, 0},
		{"a note goes on each", "note", "The same scanner.", ids, 303, "3 reports have your note.", 1, 3},
		{"one is not there, and keeps nothing back", "take", "", []string{ids[2], "0000-0000"}, 303, "is yours. Not changed: 1.", 2, 3},
		{"the only one is not there", "take", "", []string{"0000-0000"}, 404, "", 2, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := tn.as(triager, lang.EN)
			w := v.post("/desk/chosen", url.Values{"id": tt.ids, "do": {tt.do}, "chosen-note": {tt.note}, "at": {"view=all&lang=ja"}})
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d:\n%s", w.Code, tt.status, w.Body)
			}
			if w.Code == 303 {
				w = v.follow(w, "/desk?view=all")
			}
			if !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("it does not say %q:\n%s", tt.says, w.Body)
			}
			if w.Code == 422 && strings.Count(w.Body.String(), " checked") != len(tt.ids) {
				t.Errorf("what was chosen is lost:\n%s", w.Body)
			}
			if got := dbtest.Count(t, tn.db, "report WHERE assignee = $1", triager.ID); got != tt.mine {
				t.Errorf("%d reports are theirs, want %d", got, tt.mine)
			}
			if got := dbtest.Count(t, tn.db, "message WHERE audience = 'internal'"); got != tt.notes {
				t.Errorf("%d notes, want %d", got, tt.notes)
			}
		})
	}
}

func TestTheQueueOffersWhatItsReaderMayDo(t *testing.T) {
	tn := newTown(t)
	ids := tn.reported(1)
	for _, tt := range []struct {
		role        access.Role
		take, notes bool
	}{{access.Triager, true, true}, {access.Responder, false, true}, {access.Auditor, false, false}} {
		t.Run(string(tt.role), func(t *testing.T) {
			v := tn.as(tn.add("one-"+string(tt.role), tt.role), lang.EN)
			page := v.get("/desk").Body.String()
			for what, want := range map[string]bool{
				`formaction="/desk/reports/` + ids[0] + `/take"`: tt.take, `value="release"`: tt.take, `value="note"`: tt.notes,
				`type="checkbox"`: tt.take || tt.notes, "<kbd>x</kbd>": tt.take || tt.notes,
			} {
				if strings.Contains(page, what) != want {
					t.Errorf("%s: %v, want %v", what, !want, want)
				}
			}
			if w := v.post("/desk/chosen", url.Values{"id": ids, "do": {"take"}}); (w.Code == 303) != tt.take {
				t.Errorf("taking it: status %d", w.Code)
			}
		})
	}
}
