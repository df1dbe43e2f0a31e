package demo

import (
	"context"
	"fmt"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

// silent are the tales whose reporters do not give payment data when they are asked.
var silent = map[string]bool{"quiet-02": true, "quiet-17": true, "fixing-01": true, "finished-10": true}

// watched is a list of our own: every name on it is invented.
const watched = `name,aliases,birth date,country,note
Grigor Volkhanov,Григор Волханов,1961,RU,demo
Example Trading House,,,IR,demo
Viktor Samedov,,1972,BY,demo
Ngozi Example Adebayo,,1980,NG,demo
Valentino Hochreuther,,,AT,demo
Imran Example Shah,,1969,PK,demo
Lucia Bermudez,,1975,VE,demo
`

// endings are the payments that did not end at the bank.
func (s *story) endings() {
	s.returned["quiet-05"], s.returned["finished-03"] = true, true
	// The month passed: the product proposes, a person decides.
	for _, on := range []string{"2018-04-02", "2018-04-13", "2018-04-16", "2018-04-17"} {
		s.tick(on)
	}
	s.decided2("2018-04-20 15:20", "quiet-02", payer, "The request and three reminders stood in the account and were delivered. 期限までに提出なし。")
	s.proposes("2018-12-10 11:15", "quiet-05", owner, payout.Dissolve, "The bank returned the payment, and the account was not put right within thirty days.")
	s.decided2("2018-12-12 10:05", "quiet-05", payer, "Asked twice, no other account was given.")
	s.atTime("2019-11-15 21:30", func(ctx context.Context, w *teller) error {
		return w.Payouts.Propose(ctx, w.guests[16], w.award("quiet-17"), payout.Donate, "こどもの学習支援に役立ててください。")
	})
	s.decided2("2019-11-19 10:40", "quiet-17", payer, "ご本人の希望を確認しました。")
	s.proposes("2020-01-20 16:00", "quiet-11", owner, payout.Refund, "The preview files were passed on to others before the fix (7.1.v).")
	s.decided2("2020-01-22 14:30", "quiet-11", payer, "Proof seen; the reporter was heard.")
	s.proposes("2020-02-10 11:00", "quiet-19", owner, payout.Refuse, "Published on a blog eleven days before the fix was out (9.1).")
	s.decided2("2020-02-12 13:10", "quiet-19", payer, "Agreed: the post is dated, and the reporter admits it.")
}

// tick is a day on which the product looks what has to be asked, reminded or proposed.
func (s *story) tick(on string) {
	s.atTime(on+" 10:05", func(ctx context.Context, w *teller) error { return w.Payouts.Tick(ctx) })
}

func (s *story) proposes(when, key, by string, e payout.Event, why string) {
	s.atTime(when, func(ctx context.Context, w *teller) error {
		return w.Payouts.Propose(ctx, w.staff[by], w.award(key), e, why)
	})
}

// decided2 lets a second person agree to the proposal that waits.
func (s *story) decided2(when, key, by, why string) {
	s.atTime(when, func(ctx context.Context, w *teller) error {
		row, err := w.Payouts.Row(ctx, access.Self, w.award(key))
		if err != nil {
			return err
		}
		if row.Proposal == "" {
			return fmt.Errorf("nothing is proposed for %s, which is %s", key, row.State)
		}
		return w.Payouts.Decide(ctx, w.staff[by], row.Proposal, true, why)
	})
}

// award is the id of the award of a tale.
func (w *teller) award(key string) string {
	for award, tale := range w.tales {
		if tale == key {
			return award
		}
	}
	return ""
}

// autumn are the payments of the working desk: one at every step.
func (s *story) autumn() {
	for _, on := range []string{"2020-09-09", "2020-09-20", "2020-09-23", "2020-09-24", "2020-10-10"} {
		s.tick(on)
	}
	day := calendar.Of(2020, 10, 14)
	s.atTime("2020-10-12 19:10", func(ctx context.Context, w *teller) error { return w.autumnData(ctx) })
	s.atTime("2020-10-14 10:20", func(ctx context.Context, w *teller) error { return w.prepare(ctx, day) })
	s.atTime("2020-10-14 14:00", func(ctx context.Context, w *teller) error {
		return w.run(ctx, day, []string{"finished-06", "finished-07", "finished-08"})
	})
	s.atTime("2020-10-15 16:30", func(ctx context.Context, w *teller) error { return w.autumnRun(ctx) })
}

// autumnData are the payment data of October, with what there is to look at in them.
func (w *teller) autumnData(ctx context.Context) error {
	changes := map[string]func(*payout.Details){
		"fixing-04": func(d *payout.Details) { d.Account.HolderKana = "タチバナ ユウコ" }, // a word is another
		"fixing-06": func(d *payout.Details) { // lives in Tokyo for the year, and has an account there
			d.Japanese, d.BIC, d.Kana, d.Street, d.Town = true, "", "タンビル ハサン", "1-2-3 Example", "Tokyo"
			d.Bank = bankfile.Bank{Code: "9998", NameKana: "ミホン", Branch: "777", BranchNameKana: "シンジュク"}
			d.Account = bankfile.Account{Kind: "ordinary", Number: "2468101", HolderKana: "タンビル ハサン"}
		},
	}
	for _, key := range []string{"fixing-02", "fixing-03", "fixing-04", "fixing-06", "finished-06", "finished-07", "finished-08", "finished-09"} {
		row, err := w.Payouts.Row(ctx, access.Self, w.award(key))
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if row.State != payout.InfoRequested {
			continue
		}
		if err := w.supply(ctx, w.byPerson[row.Person], changes[key]); err != nil {
			return err
		}
	}
	return nil
}

// autumnRun is the run that waits for its second person, and a rate that does.
func (w *teller) autumnRun(ctx context.Context) error {
	if err := w.freshen(ctx, calendar.Of(2020, 10, 15)); err != nil {
		return err
	}
	if _, err := w.propose(ctx, money.JPY, calendar.Of(2020, 10, 20), nil); err != nil {
		return err
	}
	return w.Payouts.TypeRate(ctx, w.staff[admin], payout.TTM, calendar.Of(2020, 10, 8), "105.96")
}
