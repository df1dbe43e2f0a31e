package reward_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
)

var ctx = context.Background()

// The people of the tests.
var (
	ann    = access.Caller{ID: "ann", Kind: access.Participant}
	tri    = access.Caller{ID: "tri", Kind: access.Staff, Roles: []access.Role{access.Triager}}
	owner  = access.Caller{ID: "owner", Kind: access.Staff, Roles: []access.Role{access.Owner}}
	board  = access.Caller{ID: "board", Kind: access.Staff, Roles: []access.Role{access.Board}}
	second = access.Caller{ID: "second", Kind: access.Staff, Roles: []access.Role{access.Board}}
)

// A bench is Awards over real reports.
type bench struct {
	*reward.Awards
	t *testing.T
}

func each(t *testing.T, fn func(t *testing.T, b *bench)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key, err := receipt.NewKey("desk.example/log")
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)
		clock := func() time.Time { at = at.Add(time.Second); return at }
		rs := report.New()
		rs.DB, rs.Now, rs.Program, rs.Files = d, clock, program.Default(), &attachment.Store{Dir: t.TempDir()}
		rs.Audit, rs.Log = &audit.Log{DB: d, Now: clock}, &receipt.Log{DB: d, Key: key, Now: clock}
		rs.Ready = func(context.Context, string, string) ([]lang.Text, error) { return nil, nil }
		rs.Agreed = func(context.Context, *sql.Tx, []participant.Agreement) error { return nil }
		fn(t, &bench{t: t, Awards: &reward.Awards{DB: d, Audit: rs.Audit, Program: rs.Program, Reports: rs, Now: clock}})
	})
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// accepted is a report that was accepted.
func (b *bench) accepted() report.Report {
	b.t.Helper()
	d, err := b.Reports.NewDraft(ctx, ann, report.Submission{
		Title: "Stored script in a profile name", Target: "store.line.me", Reached: "web", Class: "xss", Steps: "1. Look.",
		Impact: "The script runs in the reader's session.", Found: "self", OthersData: "no",
	})
	b.must(err)
	r, err := b.Reports.Submit(ctx, ann, d.ID, lang.JA)
	b.must(err)
	for _, kind := range []report.Kind{report.ToTriaged, report.ToAccepted} {
		_, err = b.Reports.Decide(ctx, tri, r.ID, report.Decision{Kind: kind})
		b.must(err)
	}
	return r
}

// award is a proposal that may stand.
func (b *bench) award(r report.Report) reward.Award {
	b.t.Helper()
	guide, err := b.Guide(r, r.Class)
	b.must(err)
	return reward.Award{Report: r.ID, Class: r.Class, Amount: guide, Seriousness: "every reader", Novelty: "new to us"}
}

func (b *bench) refused(err error, kind fault.Kind, field string) {
	b.t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Field != field || f.Text.JA == "" {
		b.t.Errorf("err = %v, want a fault of kind %d at %q", err, kind, field)
	}
}

func TestARewardIsProposedByOneAndApprovedByAnother(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		r := b.accepted()
		a, err := b.Propose(ctx, board, b.award(r))
		b.must(err)
		_, err = b.Decide(ctx, board, a.ID, true, "")
		b.refused(err, fault.Denied, "")
		for _, who := range []access.Caller{tri, ann, {}} {
			_, err := b.Decide(ctx, who, a.ID, true, "")
			b.refused(err, fault.Denied, "")
		}
		if seen, err := b.Of(ctx, ann, r.ID); err != nil || len(seen) != 0 {
			t.Errorf("the reporter sees a proposal: %v, %v", seen, err)
		}
		a, err = b.Decide(ctx, second, a.ID, true, "")
		b.must(err)
		seen, err := b.Of(ctx, ann, r.ID)
		b.must(err)
		if a.State != reward.Approved || len(seen) != 1 || seen[0].Amount != a.Amount || seen[0].Clause != "6.1" {
			t.Errorf("approved: %+v; the reporter sees %+v", a, seen)
		}
		_, err = b.Decide(ctx, second, a.ID, false, "No.")
		b.refused(err, fault.Conflict, "")
	})
}

func TestAProposalNeedsItsGrounds(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		r := b.accepted()
		for field, change := range map[string]func(*reward.Award){
			"class":       func(a *reward.Award) { a.Class = "time travel" },
			"amount":      func(a *reward.Award) { a.Amount.Minor = 0 },
			"seriousness": func(a *reward.Award) { a.Seriousness = " " },
			"novelty":     func(a *reward.Award) { a.Novelty = strings.Repeat("a", 17<<10) },
			"reason":      func(a *reward.Award) { a.Amount.Minor++ },
		} {
			a := b.award(r)
			change(&a)
			_, err := b.Propose(ctx, board, a)
			b.refused(err, fault.Invalid, field)
		}
		a := b.award(r)
		a.Amount = money.Amount{Minor: -1, Currency: a.Amount.Currency}
		_, err := b.Propose(ctx, board, a)
		b.refused(err, fault.Invalid, "amount")
		for _, who := range []access.Caller{ann, {}, {ID: "pay", Kind: access.Staff, Roles: []access.Role{access.Payer}}} {
			_, err = b.Propose(ctx, who, b.award(r))
			b.refused(err, fault.Denied, "")
		}
		_, err = b.Propose(ctx, board, reward.Award{Report: "0000-0000"})
		b.refused(err, fault.NotFound, "")
	})
}

func TestAReportHasOneRewardThatLives(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		r := b.accepted()
		a, err := b.Propose(ctx, board, b.award(r))
		b.must(err)
		if _, err := b.Propose(ctx, second, b.award(r)); err == nil {
			t.Error("a second proposal stands beside the first")
		}
		_, err = b.Decide(ctx, second, a.ID, false, "")
		b.refused(err, fault.Invalid, "why")
		_, err = b.Decide(ctx, second, a.ID, false, "The class is another.")
		b.must(err)
		_, err = b.Propose(ctx, second, b.award(r))
		b.must(err)
	})
}

func TestWhoWasDisqualifiedEarnsNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		first, other := b.accepted(), b.accepted()
		waiting, err := b.Propose(ctx, board, b.award(first))
		b.must(err)
		d, err := b.Reports.Decide(ctx, tri, other.ID, report.Decision{Kind: report.Disqualify, Clause: "7.2", Reason: "r"})
		b.must(err)
		b.must(b.Reports.Confirm(ctx, owner, other.ID, d.ID, true, ""))
		_, err = b.Decide(ctx, second, waiting.ID, true, "")
		b.refused(err, fault.Conflict, "")
		_, err = b.Decide(ctx, second, waiting.ID, false, "Terms 7.2.")
		b.must(err)
		_, err = b.Propose(ctx, board, b.award(first))
		b.refused(err, fault.Conflict, "")
	})
}
