package program

import (
	"slices"
	"testing"

	"hinomi.dev/hinomi/internal/lang"
)

func TestFactsAreWhatAClauseStates(t *testing.T) {
	terms, _ := Default().Version("2017-04-10")
	c, _ := terms.Clause("3.1.ii")
	facts := terms.Facts(c)
	if len(facts) != 2 || facts[0].Name.EN != "Reached by" || facts[0].Values[0].JA != "ウェブ" || facts[1].Name.JA != "ウェブサイト" || len(facts[1].Values) != 4 {
		t.Errorf("3.1.ii states %+v", facts)
	}
	if c, _ := terms.Clause("2.3"); terms.Facts(c) != nil {
		t.Errorf("2.3 states %+v", terms.Facts(c))
	}
	for _, c := range terms.Clauses() {
		for _, f := range terms.Facts(c) {
			if f.Name.Empty() || len(f.Values) == 0 || slices.ContainsFunc(f.Values, lang.Text.Empty) {
				t.Errorf("%s states %+v", c.ID, f)
			}
		}
	}
}
