package payout_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
)

// paid takes two awards of ann's to the bank and back.
func (b *bench) paid() payout.Run {
	b.t.Helper()
	b.prepare()
	b.award("a1", "ann", 500_00)
	b.award("a2", "ann", 1_000_01)
	b.ready("a1", "a2")
	r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1", "a2"})
	b.must(err)
	b.run(r, quiet)
	return r
}

func (b *bench) books(s payout.Search) []payout.Extract {
	b.t.Helper()
	all, err := b.Books(ctx, payer, s)
	b.must(err)
	return all
}

func TestTheBooksAreSearchedByDayAmountAndPayee(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.paid()
		for name, c := range map[string]struct {
			s    payout.Search
			want int
		}{
			"everything":         {payout.Search{}, 2},
			"the day":            {payout.Search{From: today, To: today}, 2},
			"the day after":      {payout.Search{From: today.Add(1)}, 0},
			"an amount":          {payout.Search{Currency: money.JPY, Min: 60_000}, 1},
			"a range of amounts": {payout.Search{Currency: money.JPY, Min: 50_000, Max: 60_000}, 1},
			"a part of the name": {payout.Search{Payee: "suzuki"}, 2},
			"another name":       {payout.Search{Payee: "tanaka"}, 0},
			"name and amount":    {payout.Search{Payee: "Suzuki", Currency: money.JPY, Max: 60_000}, 1},
		} {
			if got := b.books(c.s); len(got) != c.want {
				t.Errorf("%s: %d payments, want %d", name, len(got), c.want)
			}
		}
		before := dbtest.Count(t, b.DB, "audit WHERE action = 'payout.tax'")
		b.books(payout.Search{})
		if dbtest.Count(t, b.DB, "audit WHERE action = 'payout.tax'") != before+1 {
			t.Error("opening the books is not on record")
		}
		_, err := b.Books(ctx, owner, payout.Search{})
		b.refused(err, fault.Denied)
	})
}

func TestAStatementOfAYearIsWhatWasPaidAndNotWhatCameBack(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		r := b.paid()
		all, err := b.Statements(ctx, payer, 2018)
		b.must(err)
		const gross = 56_785 + 113_571
		if len(all) != 1 || all[0].Gross != gross || all[0].Tax != gross*1021/10000 || !all[0].Due || all[0].FileBy != calendar.Of(2019, 1, 31) || all[0].Payee.Address != "1-1, Tokyo" {
			t.Errorf("the statement: %+v", all)
		}
		b.must(b.SettleRun(ctx, other, r.ID, map[string]string{"a1": "no such account"}))
		all, err = b.Statements(ctx, payer, 2018)
		b.must(err)
		if len(all) != 1 || all[0].Gross != 113_571 {
			t.Errorf("after a return: %+v", all)
		}
	})
}

func TestTheBooksOutliveThePersonsKeyAndEndWithTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a0", "ann", 100_00)
		if why, err := payout.Holds(ctx, b.DB.Read(), "ann"); err != nil || len(why) != 1 || why[0].JA == "" {
			t.Errorf("an open payment does not hold: %v, %v", why, err)
		}
		b.must(b.Propose(ctx, ann, "a0", payout.Donate, "For the children."))
		x, err := b.Proposals(ctx, payer)
		b.must(err)
		b.must(b.Decide(ctx, payer, x[0].ID, true, "As she wishes."))
		b.paid()
		if why, err := payout.Holds(ctx, b.DB.Read(), "ann"); err != nil || why != nil {
			t.Errorf("what is paid and given away holds: %v, %v", why, err)
		}
		b.must(b.DB.Tx(ctx, func(tx *sql.Tx) error { return payout.Destroy(ctx, tx, "ann") }))
		p, err := b.Payee(ctx, payer, "ann")
		b.must(err)
		if got := b.books(payout.Search{}); p.Masked != "" || len(got) != 2 || got[0].Payee.Name != "Ann Suzuki" {
			t.Errorf("masked %q, the books say %+v", p.Masked, got)
		}
		b.at = time.Date(2029, 1, 1, 3, 0, 0, 0, time.UTC)
		b.must(b.Tick(ctx))
		if got := b.books(payout.Search{}); len(got) != 2 || got[0].Payee.Name != "" {
			t.Errorf("after ten years the books say %+v", got)
		}
	})
}

func TestWhatIsAskedBackIsOwedToUsUntilItHasCome(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.paid()
		b.must(b.Propose(ctx, payer, "a1", payout.Refund, "The report was made up."))
		x, err := b.Proposals(ctx, payer)
		b.must(err)
		yen := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: money.JPY} }
		b.refused(b.ReceiveRefund(ctx, payer, "a1", yen(1), "r"), fault.Conflict)
		b.must(b.Decide(ctx, other, x[0].ID, true, "It was."))
		net := b.card(ann, "a1").Net
		if got := b.balance(payout.Receivable, money.JPY); got != net.Minor {
			t.Errorf("owed to us: %d, want %v", got, net)
		}
		b.refused(b.ReceiveRefund(ctx, payer, "a1", yen(net.Minor+1), "r1"), fault.Invalid)
		b.refused(b.ReceiveRefund(ctx, payer, "a1", money.Cents(1), "r1"), fault.Invalid)
		b.must(b.ReceiveRefund(ctx, payer, "a1", yen(1_000), "r1"))
		b.must(b.ReceiveRefund(ctx, payer, "a1", yen(1_000), "r1"))
		b.refused(b.ReceiveRefund(ctx, owner, "a1", yen(1), "r2"), fault.Denied)
		c := b.card(ann, "a1")
		if c.Refund == nil || c.Refund.Back.Minor != 1_000 || c.Refund.Open.Minor != net.Minor-1_000 || b.balance(payout.Receivable, money.JPY) != net.Minor-1_000 {
			t.Errorf("the card says %+v", c.Refund)
		}
	})
}

func TestTheBanksReplySettlesARun(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("a1", "ann", 500_00)
		b.award("a2", "ann", 1_000_01)
		b.ready("a1", "a2")
		r, err := b.ProposeRun(ctx, payer, money.JPY, today, []string{"a1", "a2"})
		b.must(err)
		b.must(b.CheckRun(ctx, payer, r.ID))
		b.must(b.ApproveRun(ctx, other, r.ID))
		b.must(b.LockRun(ctx, other, r.ID))
		file, err := b.ExportRun(ctx, other, r.ID)
		b.must(err)
		b.must(b.SentRun(ctx, other, r.ID))
		reply := func(results string) []byte { // the records come back with a result each
			out, n := []byte{}, 0
			for ; len(file) >= 120*(n+1); n++ {
				record := append([]byte{}, file[120*n:120*(n+1)]...)
				if record[0] == '2' {
					record[113] = results[n-1]
				}
				out = append(out, record...)
			}
			return out
		}
		b.refused(b.SettleFile(ctx, other, r.ID, reply("0 ")), fault.Invalid)
		b.refused(b.SettleFile(ctx, other, r.ID, file), fault.Invalid)
		b.refused(b.SettleFile(ctx, owner, r.ID, reply("02")), fault.Denied)
		b.must(b.SettleFile(ctx, other, r.ID, reply("02")))
		b.must(b.SettleFile(ctx, other, r.ID, reply("02")))
		if s := b.states(); s["a1"] != payout.Credited || s["a2"] != payout.Returned {
			t.Errorf("after the reply: %v", s)
		}
		if c := b.card(ann, "a2"); c.Run == nil || c.Run.Reason != "result code 2" {
			t.Errorf("the card says %+v", c.Run)
		}
		b.must(b.Tick(ctx)) // asks once for data that are right
		if s := b.states(); s["a2"] != payout.InfoRequested {
			t.Errorf("after the return: %v", s)
		}
	})
}

func TestAReplyInISO20022IsOfItsRunAlone(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.prepare()
		b.award("b1", "bob", 500_00)
		b.ready("b1")
		r, err := b.ProposeRun(ctx, payer, money.USD, today, []string{"b1"})
		b.must(err)
		b.must(b.CheckRun(ctx, payer, r.ID))
		b.must(b.ApproveRun(ctx, other, r.ID))
		b.must(b.LockRun(ctx, other, r.ID))
		_, err = b.ExportRun(ctx, other, r.ID)
		b.must(err)
		b.must(b.SentRun(ctx, other, r.ID))
		reply := func(run, status string) []byte {
			return fmt.Appendf(nil, `<Document><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>%s</OrgnlMsgId><GrpSts>%s</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>`, run, status)
		}
		b.refused(b.SettleFile(ctx, other, r.ID, reply("another", "ACSC")), fault.Invalid)
		b.refused(b.SettleFile(ctx, other, r.ID, reply(r.ID, "ACSP")), fault.Invalid)
		b.must(b.SettleFile(ctx, other, r.ID, reply(r.ID, "ACSC")))
		if s := b.states()["b1"]; s != payout.Credited {
			t.Errorf("after the reply: %s", s)
		}
	})
}

func TestABankInJapanIsPaidInYenWhateverItsAccount(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		d := german()
		d.BIC, d.Account.IBAN, d.Account.Number = "MHCBJPJT", "", "1234567"
		err := b.Supply(ctx, ann, d)
		b.refused(err, fault.Invalid)
		if f := fault.As(err); f == nil || f.Field != "bic" || !strings.Contains(f.Text.EN, "yen") {
			t.Errorf("the fault: %v", err)
		}
	})
}

func TestAwardsOfBeforeAreOpenedAndAskedFor(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.award("a1", "ann", 500_00)
		b.must(b.DB.Tx(ctx, func(tx *sql.Tx) error { // as if payments had come after it
			for _, table := range []string{"ledger_posting", "ledger_entry", "payment"} {
				if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
					return err
				}
			}
			return nil
		}))
		b.must(b.Tick(ctx))
		if s := b.states()["a1"]; s != payout.InfoRequested || b.balance(payout.Payable, money.USD) != -500_00 {
			t.Errorf("the payment is %q", s)
		}
	})
}
