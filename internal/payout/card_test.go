package payout_test

import (
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

func (b *bench) card(who access.Caller, award string) payout.Card {
	b.t.Helper()
	c, err := b.Card(ctx, who, award)
	b.must(err)
	return c
}

func TestTheCardShowsTheArithmeticAsFarAsItIsKnown(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.RateSource = "Example Bank, TTM"
		b.award("a1", "ann", 500_00)
		b.award("a2", "ann", 1_000_01)
		c := b.card(ann, "a1")
		if c.Yen == nil || c.Yen.Day != calendar.Of(2018, 9, 28) || c.Yen.Rate != "" || c.Net.Currency != "" || c.Lapse != nil {
			t.Errorf("a card without an account: %+v", c)
		}
		b.must(b.Ask(ctx, payer, "a1"))
		c = b.card(ann, "a1")
		if c.Lapse == nil || c.Lapse.Last != calendar.Of(2018, 11, 12) || c.Lapse.Strict != calendar.Of(2018, 11, 10) ||
			c.Lapse.Thirty != calendar.Of(2018, 11, 9) || !c.Lapse.Extended || len(c.Told) != 1 || c.Told[0].Kind != "request" {
			t.Errorf("a card that asks: %+v, %+v", c.Lapse, c.Told)
		}
		b.prepare()
		b.ready("a1", "a2")
		c = b.card(payer, "a1")
		if c.Yen.Rate != "113.57" || c.Yen.Exact != "56785" || c.Gross.Minor != 56_785 || c.Final || c.Net.Minor != 50_988 || c.Account != "0005-123 ****567" {
			t.Errorf("a card before the run: %+v, yen %+v", c, c.Yen)
		}
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1", "a2"})
		b.must(err)
		b.run(r, quiet)
		c = b.card(ann, "a2")
		if c.Yen.Exact != "113571.1357" || !c.Final || !c.Tax.Shared || c.Held.Minor+c.Net.Minor != 113_571 || c.Run == nil || c.Run.Outcome != "credited" {
			t.Errorf("a card of what was paid: %+v", c)
		}
		_, err = b.Card(ctx, bob, "a1")
		b.refused(err, fault.NotFound)
		all, err := b.Cards(ctx, ann)
		b.must(err)
		if diff := cmp.Diff([]string{"a2", "a1"}, []string{all[0].Payment.Award, all[1].Payment.Award}); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheCardOfDollarsWaitsForTheRateOfItsDay(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("b1", "bob", 500_00)
		b.ready("b1")
		c := b.card(bob, "b1")
		if c.Yen != nil || c.Gross != money.Cents(500_00) || c.Net.Currency != "" || c.Tax.Treaty != "0" {
			t.Errorf("before the run: %+v", c)
		}
		r, err := b.ProposeRun(ctx, payer, money.USD, today, []string{"b1"})
		b.must(err)
		b.run(r, quiet)
		if c = b.card(bob, "b1"); c.Net != money.Cents(500_00) || c.Tax.TTB != "112.05" || c.Tax.Base.Minor != 56_025 {
			t.Errorf("after the run: %+v", c)
		}
	})
}

// A page shows the card of each award of a report, so it has 50 ms at most.
func BenchmarkCard(b *testing.B) {
	d := dbtest.SQLite(b)
	x := newBench(b, d)
	x.prepare()
	x.award("a1", "ann", 500_00)
	x.ready("a1")
	r, err := x.ProposeRun(ctx, payer, money.JPY, today, []string{"a1"})
	x.must(err)
	x.run(r, quiet)
	for b.Loop() {
		if c := x.card(ann, "a1"); !c.Final {
			b.Fatal("the card is not that of the run")
		}
	}
	if per := b.Elapsed() / time.Duration(b.N); per > 50*time.Millisecond {
		b.Errorf("a card takes %v", per)
	}
}
