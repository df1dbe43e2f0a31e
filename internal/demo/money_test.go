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
	t.Log(states, steps, of2017, year)
	for _, r := range page.Rows {
		if r.Turn != payout.TurnNobody {
			t.Log(r.Report, r.Reported, r.State, r.Step, r.Currency, r.Until)
		}
	}
}
