package demo

import (
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/payout"
)

// paid looks that the money of the story adds up, and that something is to be seen of every sort.
func paid(t *testing.T, n Nouns) {
	page, err := n.Payouts.Desk(t.Context(), access.Self, payout.DeskQuery{View: payout.ViewAll, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	states, steps, year, of2017 := map[payout.State]int{}, map[payout.Step]int{}, int64(0), 0
	for _, r := range page.Rows {
		states[r.State]++
		steps[r.Step]++
		if r.Reported.Year == 2017 {
			year += r.USD.Minor
			of2017++
		}
	}
	if of2017 != accepted2017 || year != 76_500_00 {
		t.Errorf("%d payments of 2017 over %d cents, want %d over 76,500 dollars", of2017, year, accepted2017)
	}
	for _, want := range payout.States() {
		// What was returned is asked about again at once.
		if states[want] == 0 && want != payout.Returned {
			t.Errorf("no payment is %s: %v", want, states)
		}
	}
	for _, want := range []payout.Step{payout.StepDecide, payout.StepHit, payout.StepName, payout.StepPending, payout.StepRun, payout.StepFinish, payout.StepBank} {
		if steps[want] == 0 {
			t.Errorf("no payment waits for %s: %v", want, steps)
		}
	}
	sums := map[string]int64{}
	all, err := n.Payouts.Balances(t.Context(), access.Self)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		sums[b.Amount.Currency] += b.Amount.Minor
	}
	if len(sums) != 2 || sums["JPY"] != 0 || sums["USD"] != 0 {
		t.Errorf("the ledger does not balance: %v", sums)
	}
}
