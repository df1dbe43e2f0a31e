package payout_test

import (
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/payout"
)

func TestARateCountsWhenTwoPeopleTypedTheSame(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		day := calendar.Of(2018, 10, 9)
		b.must(b.TypeRate(ctx, payer, payout.TTM, day, "113.00"))
		b.must(b.TypeRate(ctx, payer, payout.TTM, day, "113.00")) // once more by the same person: waits on
		b.refused(b.TypeRate(ctx, other, payout.TTM, day, "114.00"), fault.Conflict)
		b.must(b.TypeRate(ctx, other, payout.TTM, day, "113"))
		b.refused(b.TypeRate(ctx, payer, payout.TTM, calendar.Of(2018, 10, 11), "113"), fault.Invalid)
		b.refused(b.TypeRate(ctx, payer, payout.TTM, calendar.Of(2018, 10, 8), "113"), fault.Invalid)
		b.refused(b.TypeRate(ctx, payer, "TTX", day, "113"), fault.Invalid)
	})
}

func TestAFileOfRatesIsTakenWholeOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		good := "bank\n,USD,EUR\n2018/9/27,112.90,131\n2018/9/28,113.57,132\n"
		n, err := b.ImportRates(ctx, payer, payout.TTM, []byte(good))
		b.must(err)
		again, err := b.ImportRates(ctx, payer, payout.TTM, []byte(good))
		b.must(err)
		if n != 2 || again != 0 {
			t.Errorf("new days: %d, then %d", n, again)
		}
		for _, bad := range []string{
			"bank\n,USD\n2018/9/26,112.00\n2018/9/28,113.58\n", // another value for a known day
			"bank\n,USD\n2018/10/11,112.00\n",                  // tomorrow
			"bank\n,EUR\n2018/9/26,131.00\n",                   // no dollars
		} {
			if _, err := b.ImportRates(ctx, payer, payout.TTM, []byte(bad)); fault.As(err) == nil {
				t.Errorf("%q: err = %v, want a fault", bad, err)
			}
		}
		n, err = b.ImportRates(ctx, payer, payout.TTM, []byte("bank\n,USD\n2018/9/26,112.00\n"))
		b.must(err)
		if n != 1 {
			t.Error("a refused file left a day behind")
		}
	})
}

func TestPaymentDataThatCannotBePaidAreRefusedWithTheirField(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.refused(b.Supply(ctx, ann, japanese()), fault.Conflict) // nothing waits for them
		b.award("a1", "ann", 500_00)
		b.must(b.Ask(ctx, payer, "a1"))
		for field, change := range map[string]func(*payout.Details){
			"name":   func(d *payout.Details) { d.Name = " " },
			"own":    func(d *payout.Details) { d.Own = false },
			"bank":   func(d *payout.Details) { d.Bank.Code = "12" },
			"branch": func(d *payout.Details) { d.Bank.Branch = "x" },
			"number": func(d *payout.Details) { d.Account.Number = "12" },
			"holder_kana": func(d *payout.Details) {
				d.Account.HolderKana = "アアアアアアアアアアアアアアアアアアアアアアアアアアアアアアア"
			},
		} {
			d := japanese()
			change(&d)
			err := b.Supply(ctx, ann, d)
			b.refused(err, fault.Invalid)
			if f := fault.As(err); f != nil && f.Field != field {
				t.Errorf("the fault is at %q, want %q", f.Field, field)
			}
		}
		d := german()
		d.Account.IBAN = "DE89370400440532013001"
		b.refused(b.Supply(ctx, ann, d), fault.Invalid)
		another := japanese()
		another.Account.HolderKana = "タナカ タロウ"
		b.prepare()
		b.must(b.Supply(ctx, ann, another))
		_, err := b.Screen(ctx, payer, "a1")
		b.must(err)
		if got := b.states()["a1"]; got != payout.InfoReceived {
			t.Errorf("another's account goes on to %s", got)
		}
	})
}

func TestADonationIsTheParticipantsWishAndAPersonsDecision(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		b.must(b.Propose(ctx, ann, "a1", payout.Donate, "For the children's hospital."))
		b.refused(b.Propose(ctx, payer, "a1", payout.Refuse, "r"), fault.Conflict)
		all, err := b.Proposals(ctx, payer)
		b.must(err)
		b.refused(b.Decide(ctx, access.Caller{ID: "ann", Kind: access.Participant}, all[0].ID, true, "r"), fault.Denied)
		b.must(b.Decide(ctx, payer, all[0].ID, true, "As she wishes."))
		if b.states()["a1"] != payout.Donated || b.balance(payout.Charity, "USD") != -500_00 {
			t.Error("the donation is not owed to the charity")
		}
	})
}
