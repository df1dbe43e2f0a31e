package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/withholding"
)

// payer is the person at the desk who pays; the owner proposes what they approve.
const payer = "payer"

// admin types rates as the second person.
const admin = "admin"

// money tells how the rewards were paid: every few months a run, and what does not go that way.
func (s *story) money() {
	for _, on := range []string{
		"2017-04-28", "2017-07-31", "2017-10-31", "2018-01-31", "2018-04-27", "2018-09-28", "2019-03-29", "2019-12-20", "2020-09-30",
	} {
		s.payday(on)
	}
	s.endings()
	s.autumn()
}

// at adds a step of the money at a time in Japan.
func (s *story) atTime(when string, do func(ctx context.Context, w *teller) error) {
	s.add("the money", jst(when), do)
}

// payday tells one round: asked for, supplied, screened, run, credited.
func (s *story) payday(on string) {
	d, err := calendar.Parse(on)
	must(err)
	ask, supply := d.Add(-42), d.Add(-30)
	s.atTime(ask.String()+" 10:00", func(ctx context.Context, w *teller) error { return w.Payouts.Tick(ctx) })
	s.atTime(supply.String()+" 20:15", func(ctx context.Context, w *teller) error { return w.supplyAll(ctx) })
	// On the very day: the buying rate that the tax on dollars needs is published in its morning.
	s.atTime(on+" 10:40", func(ctx context.Context, w *teller) error { return w.prepare(ctx, d) })
	s.atTime(on+" 14:10", func(ctx context.Context, w *teller) error { return w.run(ctx, d, nil) })
	s.atTime(calendar.AddBusinessDays(d, 3).String()+" 11:00", func(ctx context.Context, w *teller) error { return w.settle(ctx) })
}

// supplyAll lets everybody who was asked give their payment data, except those whose tale is another.
func (w *teller) supplyAll(ctx context.Context) error {
	asked, err := w.Payouts.Desk(ctx, access.Self, payout.DeskQuery{View: payout.ViewParticipant, Limit: 500})
	if err != nil {
		return err
	}
	late, err := w.Payouts.Desk(ctx, access.Self, payout.DeskQuery{View: payout.ViewDesk, Limit: 500}) // whose last day is over
	if err != nil {
		return err
	}
	given := map[string]bool{}
	for _, row := range append(asked.Rows, late.Rows...) {
		if row.State != payout.InfoRequested || given[row.Person] || silent[w.tales[row.Award]] {
			continue
		}
		given[row.Person] = true
		if err := w.supply(ctx, w.byPerson[row.Person], nil); err != nil {
			return err
		}
	}
	return nil
}

// supply lets one guest give their data, changed a little where the tale wants it.
func (w *teller) supply(ctx context.Context, by int, change func(*payout.Details)) error {
	d := w.story.guests[by].details(by)
	if change != nil {
		change(&d)
	}
	if err := w.Payouts.Supply(ctx, w.guests[by], d); err != nil {
		return fmt.Errorf("the payment data of guest %d: %w", by, err)
	}
	return nil
}

// prepare brings everything that was supplied as far as it goes: fresh lists, the rates of the day,
// categories, screening, amounts.
func (w *teller) prepare(ctx context.Context, day calendar.Date) error {
	who := w.staff[payer]
	if err := w.freshen(ctx, day); err != nil {
		return err
	}
	page, err := w.Payouts.Desk(ctx, access.Self, payout.DeskQuery{Limit: 500})
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		if row.State != payout.InfoReceived && row.State != payout.Screened {
			continue
		}
		if err := w.categorise(ctx, row.Person, day); err != nil {
			return err
		}
		if row.State == payout.InfoReceived {
			if _, err := w.Payouts.Screen(ctx, who, row.Award); err != nil {
				return err
			}
		}
		// A payment that something holds, or whose rate is not known yet, stays where it is.
		if err := w.Payouts.SetRate(ctx, who, row.Award); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

// freshen loads the lists of the day and the rates that were published since.
func (w *teller) freshen(ctx context.Context, day calendar.Date) error {
	who := w.staff[payer]
	file := map[string][]byte{"watch.csv": []byte(watched)}
	if err := w.Payouts.LoadList(ctx, who, "Demo watch list", w.Reports.Now().Add(-40*time.Minute), file); err != nil {
		return err
	}
	var ttm strings.Builder
	ttm.WriteString("date,USD\n")
	for _, d := range slices.SortedFunc(maps.Keys(w.story.rates), calendar.Date.Compare) {
		if !d.After(day) && d.After(w.ratesTo) {
			fmt.Fprintf(&ttm, "%v,%s\n", d, w.story.rates[d])
		}
	}
	if ttm.Len() > len("date,USD\n") {
		if _, err := w.Payouts.ImportRates(ctx, who, payout.TTM, []byte(ttm.String())); err != nil {
			return err
		}
	}
	w.ratesTo = day
	return nil
}

// categorise sets the tax category of somebody who has none.
func (w *teller) categorise(ctx context.Context, person string, day calendar.Date) error {
	if w.taxed[person] {
		return nil
	}
	w.taxed[person] = true
	t := payout.Tax{Person: person, From: calendar.Of(day.Year, 1, 1), Category: withholding.Nonresident, Head: "Income Tax Act 161(1), 212"}
	by := w.byPerson[person]
	switch {
	case by < japanese:
		t.Category, t.Head = withholding.ResidentFee, "所得税法204条1項1号"
	case slices.Contains([]string{"US", "GB", "DE", "FR", "NL", "CH"}, w.story.guests[by].country):
		t.Treaty, t.FormDay = "0", day.Add(-10)
	}
	return w.Payouts.SetTax(ctx, w.staff[payer], t)
}

// run pays what is ready on a day, or some of it, in a run for each currency.
func (w *teller) run(ctx context.Context, on calendar.Date, only []string) error {
	for _, currency := range []string{money.JPY, money.USD} {
		r, err := w.propose(ctx, currency, on, only)
		if err != nil {
			return err
		}
		if r == "" {
			continue
		}
		who := w.staff[payer]
		if err := w.Payouts.ApproveRun(ctx, who, r); err != nil {
			return err
		}
		if err := w.Payouts.LockRun(ctx, who, r); err != nil {
			return err
		}
		if _, err := w.Payouts.ExportRun(ctx, who, r); err != nil {
			return err
		}
		if err := w.Payouts.SentRun(ctx, who, r); err != nil {
			return err
		}
		w.sent = append(w.sent, r)
	}
	return nil
}

// propose proposes and checks a run of what is ready in a currency, or of some of it.
func (w *teller) propose(ctx context.Context, currency string, on calendar.Date, only []string) (string, error) {
	ready, err := w.Payouts.Payable(ctx, access.Self)
	if err != nil {
		return "", err
	}
	var awards []string
	for _, row := range ready {
		if row.Currency == currency && (only == nil || slices.Contains(only, w.tales[row.Award])) {
			awards = append(awards, row.Award)
		}
	}
	if len(awards) == 0 {
		return "", nil
	}
	if currency == money.USD {
		// The buying rate of the payment day is typed by two people.
		for _, by := range []string{payer, admin} {
			if err := w.Payouts.TypeRate(ctx, w.staff[by], payout.TTB, on, buying(on)); err != nil {
				return "", err
			}
		}
	}
	r, err := w.Payouts.ProposeRun(ctx, w.staff[owner], currency, on, awards)
	if err != nil {
		return "", err
	}
	return r.ID, w.Payouts.CheckRun(ctx, w.staff[owner], r.ID)
}

// settle takes the bank's answer to all that was sent: a payment of the returned comes back.
func (w *teller) settle(ctx context.Context) error {
	for _, r := range w.sent {
		_, items, err := w.Payouts.Run(ctx, access.Self, r)
		if err != nil {
			return err
		}
		back := map[string]string{}
		for _, i := range items {
			if w.story.returned[w.tales[i.Award]] {
				back[i.Award] = "AC04 closed account number"
			}
		}
		if err := w.Payouts.SettleRun(ctx, w.staff[payer], r, back); err != nil {
			return err
		}
	}
	w.sent = nil
	return nil
}
