package payout_test

import (
	"bytes"
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
)

var today = calendar.Of(2018, 10, 10)

func quiet(string) {}

func TestAnAwardGoesFromApprovalToTheBank(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.award("a2", "ann", 1_000_01)
		b.ready("a1", "a2")
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1", "a2"})
		b.must(err)
		file := b.run(r, quiet)
		again, err := b.ExportRun(ctx, other, r.ID)
		b.must(err)
		if !bytes.Equal(file, again) {
			t.Error("the second export has other bytes")
		}
		// 50,000 × 1.1357 and 1,000.01 × 113.57, each with its fraction dropped; together above no band.
		const gross = 56_785 + 113_571
		tax := int64(gross * 1021 / 10000)
		if got := -b.balance(payout.Bank, money.JPY); got != gross-tax {
			t.Errorf("the bank paid %d, want %d", got, gross-tax)
		}
		if got := -b.balance(payout.TaxPayable, money.JPY); got != tax {
			t.Errorf("tax %d, want %d", got, tax)
		}
		if got := b.balance(payout.Payable, money.JPY) + b.balance(payout.Payable, money.USD); got != 0 {
			t.Errorf("still owed: %d", got)
		}
		want := map[string]payout.State{"a1": payout.Credited, "a2": payout.Credited}
		if diff := cmp.Diff(want, b.states()); diff != "" {
			t.Error(diff)
		}
		b.recomputed(r)
		if _, err := b.Audit.Verify(ctx); err != nil {
			t.Error(err)
		}
	})
}

// recomputed computes a run again from what was kept.
func (b *bench) recomputed(r payout.Run) {
	b.t.Helper()
	_, items, err := b.Run(ctx, payer, r.ID)
	b.must(err)
	for _, i := range items {
		all, err := i.Inputs.Compute()
		b.must(err)
		for _, x := range all {
			if x.Award == i.Award && x != i.Item {
				b.t.Errorf("computed again: %+v, paid %+v", x, i.Item)
			}
		}
	}
}

func TestDollarsGoAbroadAndATreatyFormInTimeCounts(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("b1", "bob", 500_00)
		b.ready("b1")
		r, err := b.ProposeRun(ctx, payer, money.USD, today, []string{"b1"})
		b.must(err)
		file := b.run(r, quiet)
		if !strings.Contains(string(file), "DE89370400440532013000") || b.balance(payout.Bank, money.USD) != -500_00 {
			t.Errorf("the file or the sum is wrong: %s", file)
		}
		b.recomputed(r)
	})
}

func TestNobodyApprovesTheirOwnRunAndTheAdminNeverPays(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.ready("a1")
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
		b.must(err)
		b.must(b.CheckRun(ctx, payer, r.ID))
		for _, who := range []access.Caller{payer, admin, owner, ann, access.Self, {}} {
			b.refused(b.ApproveRun(ctx, who, r.ID), fault.Denied)
		}
		for _, who := range []access.Caller{admin, owner, ann, access.Self, {}} {
			b.refused(b.LockRun(ctx, who, r.ID), fault.Denied)
			_, err := b.ExportRun(ctx, who, r.ID)
			b.refused(err, fault.Denied)
			b.refused(b.SentRun(ctx, who, r.ID), fault.Denied)
			b.refused(b.SettleRun(ctx, who, r.ID, nil), fault.Denied)
		}
	})
}

func TestOnlyTheirRolesMayDoTheRest(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		for _, who := range []access.Caller{ann, {}, {ID: "t", Kind: access.Staff, Roles: []access.Role{access.Triager}}} {
			_, err := b.ProposeRun(ctx, who, money.JPY, today, []string{"a1"})
			b.refused(err, fault.Denied)
			b.refused(b.CheckRun(ctx, who, "r"), fault.Denied)
			b.refused(b.CancelRun(ctx, who, "r"), fault.Denied)
			b.refused(b.Ask(ctx, who, "a1"), fault.Denied)
			b.refused(b.SetRate(ctx, who, "a1"), fault.Denied)
			b.refused(b.SetTax(ctx, who, payout.Tax{Person: "ann"}), fault.Denied)
			b.refused(b.TypeRate(ctx, who, payout.TTM, today, "1"), fault.Denied)
			_, err = b.ImportRates(ctx, who, payout.TTM, nil)
			b.refused(err, fault.Denied)
			b.refused(b.LoadList(ctx, who, "x", b.at, nil), fault.Denied)
			_, err = b.Screen(ctx, who, "a1")
			b.refused(err, fault.Denied)
			b.refused(b.ClearHit(ctx, who, "s", true, "n"), fault.Denied)
			b.refused(b.ClearName(ctx, who, "ann", "n"), fault.Denied)
			_, err = b.View(ctx, who, "ann", "w")
			b.refused(err, fault.Denied)
			b.refused(b.Propose(ctx, who, "a1", payout.Refuse, "r"), fault.Denied)
			b.refused(b.Decide(ctx, who, "p", true, "r"), fault.Denied)
		}
		b.refused(b.Supply(ctx, payer, japanese()), fault.Denied)
		b.refused(b.Seen(ctx, bob, "a1"), fault.NotFound)
		b.refused(b.Propose(ctx, bob, "a1", payout.Donate, "r"), fault.NotFound)
	})
}

func TestAnAccountChangedAfterTheApprovalStopsTheRun(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.ready("a1")
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
		b.must(err)
		b.must(b.CheckRun(ctx, payer, r.ID))
		b.must(b.ApproveRun(ctx, other, r.ID))
		changed := japanese()
		changed.Account.Number = "7654321"
		b.must(b.Supply(ctx, ann, changed))
		b.refused(b.LockRun(ctx, other, r.ID), fault.Conflict)
		b.must(b.CancelRun(ctx, payer, r.ID))
		b.must(b.CancelRun(ctx, payer, r.ID))
		if got := b.states()["a1"]; got != payout.InfoReceived || b.balance(payout.Bank, money.JPY) != 0 {
			t.Errorf("the payment is %s", got)
		}
	})
}

func TestAnAccountCannotChangeWhileMoneyIsOnItsWay(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.ready("a1")
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
		b.must(err)
		b.must(b.CheckRun(ctx, payer, r.ID))
		b.must(b.ApproveRun(ctx, other, r.ID))
		b.must(b.LockRun(ctx, other, r.ID))
		b.refused(b.Supply(ctx, ann, japanese()), fault.Conflict)
		b.run(r, quiet)
	})
}

func TestOfTwoWhoApproveAtOnceOneWins(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.ready("a1")
		r, err := b.ProposeRun(ctx, owner, money.JPY, today, []string{"a1"})
		b.must(err)
		b.must(b.CheckRun(ctx, owner, r.ID))
		at := b.at
		b.Now = func() time.Time { return at }
		b.Audit.Now = b.Now
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, who := range []access.Caller{payer, other} {
			wg.Go(func() { errs[i] = b.ApproveRun(ctx, who, r.ID) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("of two one wins: %v, %v", errs[0], errs[1])
		}
	})
}

func TestARunIsNotForTheHolidaysNorForNextYear(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		for _, d := range []calendar.Date{calendar.Of(2018, 10, 13), calendar.Of(2019, 1, 4), calendar.Of(2018, 10, 9), calendar.Of(2018, 12, 31)} {
			_, err := b.ProposeRun(ctx, payer, money.JPY, d, []string{"a1"})
			b.refused(err, fault.Invalid)
		}
	})
}

func TestAStaleListBlocksTheRelease(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.ready("a1")
		r, err := b.ProposeRun(ctx, payer, money.JPY, calendar.Of(2018, 10, 12), []string{"a1"})
		b.must(err)
		b.at = b.at.Add(25 * time.Hour)
		b.must(b.CheckRun(ctx, payer, r.ID))
		b.must(b.ApproveRun(ctx, other, r.ID))
		b.refused(b.LockRun(ctx, other, r.ID), fault.Conflict)
		b.must(b.LoadList(ctx, payer, "own", b.at, map[string][]byte{"own.csv": []byte(ownList)}))
		b.refused(b.LockRun(ctx, other, r.ID), fault.Conflict)
		b.must(b.CheckRun(ctx, payer, r.ID))
		b.must(b.ApproveRun(ctx, other, r.ID))
		b.must(b.LockRun(ctx, other, r.ID))
	})
}

func TestAHitIsDecidedByAPerson(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.must(b.LoadList(ctx, payer, "own", b.at, map[string][]byte{"own.csv": []byte("name,aliases,birth date,country,note\nAnn Suzuki,,,JP,x\n")}))
		b.award("a1", "ann", 500_00)
		b.must(b.Ask(ctx, payer, "a1"))
		b.must(b.Supply(ctx, ann, japanese()))
		s, err := b.Screen(ctx, payer, "a1")
		b.must(err)
		if got := b.states()["a1"]; got != payout.InfoReceived {
			t.Errorf("a hit let the payment go on: %s, %s", got, s.Outcome)
		}
		b.refused(b.ClearHit(ctx, payer, s.ID, true, " "), fault.Invalid)
		b.must(b.ClearHit(ctx, payer, s.ID, true, "Another person: born elsewhere."))
		_, err = b.Screen(ctx, payer, "a1")
		b.must(err)
		if got := b.states()["a1"]; got != payout.Screened {
			t.Errorf("a cleared hit holds the payment: %s", got)
		}
	})
}

func TestAMonthThatPassesTakesNothingWithoutAPerson(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		b.must(b.Tick(ctx))
		last := b.due()[0].LastDay
		if last != calendar.Of(2018, 11, 12) { // the 10th is a Saturday
			t.Errorf("last day %v", last)
		}
		for _, before := range []int{14, 3, 0, -1} {
			b.at = last.Add(-before).Start(calendar.JST).Add(time.Hour)
			b.must(b.Tick(ctx))
			b.must(b.Tick(ctx))
		}
		all, err := b.Proposals(ctx, owner)
		b.must(err)
		if len(all) != 1 || b.states()["a1"] != payout.InfoRequested || dbtest.Count(t, b.DB, "payment_message") != 4 {
			t.Fatalf("proposals %+v, state %s", all, b.states()["a1"])
		}
		b.refused(b.Decide(ctx, access.Self, all[0].ID, true, "r"), fault.Denied)
		b.must(b.Decide(ctx, owner, all[0].ID, true, "Nothing came."))
		if b.states()["a1"] != payout.Waived || b.balance(payout.Payable, money.USD) != 0 {
			t.Error("the right did not end, or is still owed")
		}
	})
}

func TestAReturnedPaymentIsOwedAgainAndPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.ready("a1")
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
		b.must(err)
		b.run(r, quiet)
		net := b.balance(payout.Bank, money.JPY)
		b.must(b.SettleRun(ctx, other, r.ID, map[string]string{"a1": "no such account"}))
		b.must(b.SettleRun(ctx, other, r.ID, map[string]string{"a1": "no such account"}))
		if b.balance(payout.Bank, money.JPY) != 0 || b.balance(payout.Payable, money.USD) != -500_00 {
			t.Error("what came back is not owed again")
		}
		b.ready("a1")
		r, err = b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
		b.must(err)
		b.run(r, quiet)
		if got := b.balance(payout.Bank, money.JPY); got != net {
			t.Errorf("paid %d, want %d", got, net)
		}
	})
}

func TestPaymentDataAreSealedMaskedAndGoneWithTheKey(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		b.must(b.Ask(ctx, payer, "a1"))
		b.must(b.Supply(ctx, ann, japanese()))
		p, err := b.Payee(ctx, payer, "ann")
		b.must(err)
		if strings.Contains(p.Masked, "1234567") || !strings.HasSuffix(p.Masked, "567") {
			t.Errorf("masked: %s", p.Masked)
		}
		var sealed []byte
		b.must(b.DB.Read().QueryRowContext(ctx, `SELECT sealed FROM payee`).Scan(&sealed))
		if bytes.Contains(sealed, []byte("1234567")) || bytes.Contains(sealed, []byte("Suzuki")) {
			t.Error("the account lies in the database as text")
		}
		before := dbtest.Count(t, b.DB, "audit WHERE action = 'payout.view'")
		d, err := b.View(ctx, payer, "ann", "the bank asks")
		b.must(err)
		if d.Account.Number != "1234567" || dbtest.Count(t, b.DB, "audit WHERE action = 'payout.view'") != before+1 {
			t.Error("a view shows something else, or is not on record")
		}
		b.must(b.DB.Tx(ctx, func(tx *sql.Tx) error { return payout.Destroy(ctx, tx, "ann") }))
		_, err = b.View(ctx, payer, "ann", "the bank asks")
		b.refused(err, fault.Conflict)
	})
}
