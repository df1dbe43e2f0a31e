package demo

import (
	"testing"

	"hinomi.dev/hinomi/internal/scenario"
)

func TestTheDemoKnowsHowManyEventsItPlays(t *testing.T) {
	n := 0
	for _, part := range parts {
		s, err := scenario.New(part.name, part.opt)
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, ok := s.Next(); !ok {
				break
			}
		}
		n += s.Totals().Events
	}
	if n != PlayedEvents {
		t.Errorf("the scenarios have %d events, and PlayedEvents is %d", n, PlayedEvents)
	}
}

func TestTheIncidentsAreInTheOrderOfTheirTime(t *testing.T) {
	for _, in := range Incidents() {
		if !in.From.Before(in.Until) || in.Name.EN == "" || in.Name.JA == "" {
			t.Errorf("%+v", in)
		}
		for i, f := range in.Facts {
			if f.Name.EN == "" || f.Name.JA == "" || f.At.Before(in.From) || f.At.After(in.Until.AddDate(0, 0, 1)) || i > 0 && f.At.Before(in.Facts[i-1].At) {
				t.Errorf("%s: %+v", in.Name.EN, f)
			}
		}
	}
}
