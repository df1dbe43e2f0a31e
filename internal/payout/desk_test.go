package payout_test

import (
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/screening"
)

// step reads what a payment waits for, after looking that the views add up.
func (b *bench) step(award string, view payout.View, want payout.Step) payout.Row {
	b.t.Helper()
	r, err := b.Row(ctx, payer, award)
	b.must(err)
	if r.Step != want {
		b.t.Errorf("award %s waits for %q, want %q", award, r.Step, want)
	}
	sum := 0
	for _, v := range payout.Views {
		p, err := b.Desk(ctx, payer, payout.DeskQuery{View: v})
		b.must(err)
		if len(p.Rows) != p.Counts[v] {
			b.t.Errorf("view %s has %d rows and counts %d", v, len(p.Rows), p.Counts[v])
		}
		in := false
		for _, x := range p.Rows {
			in = in || x.Award == award
		}
		if v == view && !in {
			b.t.Errorf("award %s is not in view %s", award, v)
		}
		if !v.Apart() && v != payout.ViewAll {
			sum += p.Counts[v]
		}
		if v == payout.ViewAll && sum != p.Counts[v] {
			b.t.Errorf("the views sum to %d of %d", sum, p.Counts[v])
		}
		if n, err := b.Waiting(ctx, payer); err != nil || n != p.Counts[payout.ViewDesk] {
			b.t.Errorf("%d wait (%v), the view counts %d", n, err, p.Counts[payout.ViewDesk])
		}
	}
	return r
}

func TestTheDeskSeesWhoseTurnAPaymentIs(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		b.award("b1", "bob", 500_00)
		b.step("a1", payout.ViewDesk, payout.StepAsk)
		b.must(b.Ask(ctx, payer, "a1"))
		if r := b.step("a1", payout.ViewParticipant, payout.StepDetails); r.Until != calendar.Of(2018, 11, 12) {
			t.Errorf("until %v: a month and a day end on a Saturday, and the bank day after it is a Monday", r.Until)
		}
		b.must(b.Supply(ctx, ann, japanese()))
		b.step("a1", payout.ViewDesk, payout.StepScreen)
		_, err := b.Screen(ctx, payer, "a1")
		b.must(err)
		b.step("a1", payout.ViewDesk, payout.StepLists)
		b.must(b.LoadList(ctx, payer, "own", b.at, map[string][]byte{"own.csv": []byte(ownList)}))
		_, err = b.Screen(ctx, payer, "a1")
		b.must(err)
		b.step("a1", payout.ViewDesk, payout.StepRate)
		for _, who := range []access.Caller{payer, other} {
			b.must(b.TypeRate(ctx, who, payout.TTM, calendar.Of(2018, 9, 28), "113.57"))
		}
		b.must(b.SetRate(ctx, payer, "a1"))
		b.step("a1", payout.ViewDesk, payout.StepTax)
		b.prepare()
		b.step("a1", payout.ViewDesk, payout.StepRun)
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
		b.must(err)
		b.step("a1", payout.ViewDesk, payout.StepFinish)
		b.run(r, func(at string) {
			if at == "settle" {
				b.step("a1", payout.ViewBank, payout.StepBank)
			}
		})
		b.step("a1", payout.ViewEnded, payout.StepNone)
		b.step("b1", payout.ViewDesk, payout.StepAsk)
	})
}

func TestWhatEndsARightComesFirstAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		b.award("b1", "bob", 500_00)
		b.must(b.Ask(ctx, payer, "b1"))
		b.at = b.at.Add(40 * 24 * time.Hour)
		b.step("b1", payout.ViewDesk, payout.StepLapsed)
		b.must(b.Propose(ctx, payer, "b1", payout.Waive, "no data"))
		b.step("b1", payout.ViewDecide, payout.StepDecide)
		p, err := b.Desk(ctx, payer, payout.DeskQuery{Limit: 1})
		b.must(err)
		if len(p.Rows) != 1 || p.Rows[0].Award != "b1" || !p.More || p.Rows[0].Ends != payout.Waive {
			t.Errorf("%+v", p)
		}
		b.must(b.Decide(ctx, other, p.Rows[0].Proposal, true, "delivered and reminded"))
		b.step("b1", payout.ViewEnded, payout.StepNone)
		all, err := b.ProposalsOn(ctx, payer, "b1")
		if err != nil || len(all) != 1 || all[0].State != "in_force" || all[0].Clause != "6.5" || all[0].DecidedBy != "other" {
			t.Errorf("%+v, %v", all, err)
		}
		_, err = b.Desk(ctx, payer, payout.DeskQuery{View: "mine"})
		b.refused(err, fault.Invalid)
		_, err = b.Desk(ctx, ann, payout.DeskQuery{})
		b.refused(err, fault.Denied)
	})
}

func TestAHitIsOpenedForWhoScreensAndForNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		b.must(b.LoadList(ctx, payer, "own", b.at, map[string][]byte{"own.csv": []byte("name,aliases,birth date,country,note\nAnn Suzuki,,,JP,\n")}))
		b.must(b.Ask(ctx, payer, "a1"))
		b.must(b.Supply(ctx, ann, japanese()))
		_, err := b.Screen(ctx, payer, "a1")
		b.must(err)
		b.step("a1", payout.ViewDesk, payout.StepHit)
		all, err := b.Findings(ctx, payer, "ann")
		b.must(err)
		if len(all) != 1 || !all[0].Open() || all[0].Result.Matches[0].Name != "Ann Suzuki" || all[0].Result.Outcome != screening.Hold {
			t.Fatalf("%+v", all)
		}
		_, err = b.Findings(ctx, owner, "ann")
		b.refused(err, fault.Denied)
		b.must(b.ClearHit(ctx, payer, all[0].ID, false, "it is she"))
		b.step("a1", payout.ViewDesk, payout.StepRefuse)
	})
}

func TestATypedRateCanBeTakenBackAndABanksFileConfirmsIt(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		day := calendar.Of(2018, 9, 28)
		b.must(b.TypeRate(ctx, payer, payout.TTM, day, "131.57"))
		b.refused(b.TypeRate(ctx, other, payout.TTM, day, "113.57"), fault.Conflict)
		book, err := b.RateBook(ctx, payer, payout.TTM, 0)
		b.must(err)
		if len(book.Waiting) != 1 || book.Months[8].Entry != nil || len(book.Months) != 10 || len(book.Months[9].Missing) != 6 {
			t.Errorf("%+v", book)
		}
		b.must(b.DropRate(ctx, other, payout.TTM, day))
		b.must(b.TypeRate(ctx, other, payout.TTM, day, "113.57"))
		n, err := b.ImportRates(ctx, other, payout.TTM, []byte("date,USD\n2018/9/27,112.90\n2018/9/28,113.57\n"))
		if err != nil || n != 2 {
			t.Errorf("%d days are new, %v", n, err)
		}
		if book, err = b.RateBook(ctx, payer, payout.TTM, 2018); err != nil || len(book.Waiting) != 0 || book.Months[8].Entry == nil || book.Months[8].Known != 2 {
			t.Errorf("%+v, %v", book, err)
		}
		b.refused(b.DropRate(ctx, payer, payout.TTM, day), fault.Conflict) // it counts
	})
}

func TestAListIsShownWithItsAgeAndCanBeTakenAway(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.LoadList(ctx, payer, "wn", b.at, map[string][]byte{"own.csv": []byte(ownList)}))
		all, err := b.ListsInUse(ctx, owner)
		if err != nil || len(all) != 1 || all[0].Entries != 1 || all[0].Stale != "" || len(all[0].Files) != 1 || all[0].Files[0].Size != int64(len(ownList)) {
			t.Errorf("%+v, %v", all, err)
		}
		b.at = b.at.Add(25 * time.Hour)
		if all, err = b.ListsInUse(ctx, owner); err != nil || all[0].Stale != "age" {
			t.Errorf("%+v, %v", all, err)
		}
		b.refused(b.DropList(ctx, payer, "wn", ""), fault.Invalid)
		b.must(b.DropList(ctx, payer, "wn", "a slip of the pen"))
		b.refused(b.DropList(ctx, payer, "wn", "again"), fault.NotFound)
		if all, err = b.ListsInUse(ctx, owner); err != nil || len(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func TestTheLedgerIsFoundByDateAmountAndPayee(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.award("b1", "bob", 123_45)
		b.ready("a1")
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
		b.must(err)
		b.run(r, quiet)
		for name, c := range map[string]struct {
			q    payout.EntryQuery
			want int
		}{
			"everything":                {payout.EntryQuery{}, 4},
			"of today":                  {payout.EntryQuery{From: today, To: today}, 4},
			"until yesterday":           {payout.EntryQuery{To: today.Add(-1)}, 0},
			"dollars, as people write":  {payout.EntryQuery{Amount: "$500.00"}, 2},
			"yen":                       {payout.EntryQuery{Amount: "56,785"}, 1},
			"a net amount":              {payout.EntryQuery{Amount: "50988"}, 2},
			"a report":                  {payout.EntryQuery{Payee: "RB1"}, 0}, // ids of reports have capitals; these have none
			"nobody of that name":       {payout.EntryQuery{Payee: "Nobody"}, 0},
			"a page, and one more row":  {payout.EntryQuery{Limit: 1}, 2},
			"the last page, which ends": {payout.EntryQuery{Limit: 3, Skip: 3}, 1},
		} {
			all, err := b.Entries(ctx, owner, c.q)
			if err != nil || len(all) != c.want {
				t.Errorf("%s: %d entries (%v), want %d", name, len(all), err, c.want)
			}
			for _, e := range all {
				if len(e.Postings) < 2 {
					t.Errorf("%s: %+v", name, e)
				}
			}
		}
		_, err = b.Entries(ctx, owner, payout.EntryQuery{Amount: "much"})
		b.refused(err, fault.Invalid)
		_, err = b.Entries(ctx, ann, payout.EntryQuery{})
		b.refused(err, fault.Denied)
	})
}
