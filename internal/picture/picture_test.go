package picture

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2020, 10, 15, 12, 0, 0, 0, time.UTC)

func TestAScaleIsRoundAndHoldsTheHighestValue(t *testing.T) {
	for _, c := range []struct{ most, ceiling, step int }{
		{0, 1, 1}, {1, 1, 1}, {4, 4, 1}, {5, 6, 2}, {9, 10, 5}, {20, 20, 5}, {21, 30, 10}, {121221, 150000, 50000},
	} {
		if ceiling, step := scale(c.most); ceiling != c.ceiling || step != c.step {
			t.Errorf("up to %d: %d in steps of %d, want %d and %d", c.most, ceiling, step, c.ceiling, c.step)
		}
	}
}

func TestMarksThatCrowdStandApartAndNearTheirPlace(t *testing.T) {
	for _, c := range []struct {
		what       string
		want, have []float64
	}{
		{"far apart they stay", []float64{10, 50, 90}, []float64{10, 50, 90}},
		{"two that meet give way evenly", []float64{50, 50}, []float64{45, 55}},
		{"a crowd spreads around its middle", []float64{50, 50, 50}, []float64{40, 50, 60}},
		{"at the edge they go inward", []float64{0, 0}, []float64{0, 10}},
		{"a crowd pushes its neighbour", []float64{50, 52, 58}, []float64{43 + 1.0/3, 53 + 1.0/3, 63 + 1.0/3}},
	} {
		got := apart(c.want, 10, 0, 100)
		if !cmp.Equal(got, c.have, cmp.Comparer(func(a, b float64) bool { return max(a-b, b-a) < 0.01 })) {
			t.Errorf("%s: %v, want %v", c.what, got, c.have)
		}
	}
}

func TestMarksKeepTheirOrderAndTheirDistanceWhateverTheyWish(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []float64
		x := 0.0
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			x += rapid.Float64Range(0, 40).Draw(t, "gap")
			want = append(want, min(x, 600))
		}
		got := apart(want, 19, 0, 600)
		if len(got) != len(want) {
			t.Fatalf("%d marks of %d", len(got), len(want))
		}
		for i := range got {
			if i > 0 && got[i]-got[i-1] < 19-1e-6 {
				t.Fatalf("%v: marks %d and %d touch", got, i-1, i)
			}
			if got[i] < -1e-6 || got[i] > 600+1e-6 {
				t.Fatalf("%v: mark %d is outside", got, i)
			}
		}
	})
}

func TestDatesAreRoundInTheZoneOfThePicture(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*60*60)
	for _, c := range []struct {
		span time.Duration
		most int
		want string
	}{
		{40 * time.Second, 4, "21:00:00 21:00:15 21:00:30"},
		{time.Hour, 6, "21:00 21:10 21:20 21:30 21:40 21:50 22:00"},
		{24 * time.Hour, 8, "21:00 10-16 03:00 06:00 09:00 12:00 15:00 18:00 21:00"},
		{5 * day, 6, "10-16 10-17 10-18 10-19 10-20"},
		{40 * day, 10, "10-22 10-29 11-05 11-12 11-19"},
		{3 * 365 * day, 10, "2021-01 2021-07 2022-01 2022-07 2023-01 2023-07"},
	} {
		var says []string
		for _, k := range ticks(noon.In(tokyo), noon.Add(c.span), c.most) {
			says = append(says, k.says)
		}
		if got := strings.Join(says, " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.span, got, c.want)
		}
	}
}

func TestSeriesStandOnEachOther(t *testing.T) {
	p := Picture{From: noon, Until: noon.Add(2 * time.Hour), Step: time.Hour, Panels: []Panel{{
		Form: Bars, Height: 100, Series: []Series{{Part: "a", Values: []int{1, 0}}, {Part: "b", Values: []int{1, 2}}},
	}}}
	d := p.Draw()
	want := []Shape{{Part: "a", Path: "M56 128H501V78H56Z"}, {Part: "b", Path: "M56 78H501V28H56ZM502 128H947V28H502Z"}}
	if diff := cmp.Diff(want, d.Panels[0].Shapes); diff != "" {
		t.Error(diff)
	}
	p.Panels[0].Form = Areas
	want = []Shape{{Part: "a", Path: "M56 128V78H444V128H832V128H56Z"}, {Part: "b", Path: "M56 78V28H832V128H444V78H56Z"}}
	if diff := cmp.Diff(want, p.Draw().Panels[0].Shapes); diff != "" {
		t.Error(diff)
	}
}

func TestATableLeavesOutWhereNothingHappened(t *testing.T) {
	p := Picture{From: noon, Until: noon.Add(4 * time.Hour), Step: time.Hour, Panels: []Panel{
		{Name: "Alerts", Form: Bars, Series: []Series{{Name: "real", Values: []int{0, 2, 0, 1}}}},
		{Name: "People", Form: Areas, Series: []Series{{Name: "Japan", Values: []int{0, 5, 5, 9}}, {Name: "Taiwan", Values: []int{0, 1, 1, 1}}}},
	}}
	if diff := cmp.Diff([]string{"real", "People: Japan", "People: Taiwan"}, p.Columns()); diff != "" {
		t.Error(diff)
	}
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	want := []Row{{hour(1), hour(2), []int{2, 5, 1}}, {hour(3), hour(4), []int{1, 9, 1}}}
	if diff := cmp.Diff(want, p.Rows(10)); diff != "" {
		t.Error(diff)
	}
	want = []Row{{hour(0), hour(4), []int{3, 9, 1}}}
	if diff := cmp.Diff(want, p.Rows(1)); diff != "" {
		t.Error(diff)
	}
}

func TestAPictureOfNothingCanBeDrawn(t *testing.T) {
	d := Picture{}.Draw()
	if len(d.Times) != 0 || d.Height == 0 {
		t.Errorf("%+v", d)
	}
	Picture{From: noon, Until: noon, Panels: []Panel{{Form: Lines, Series: []Series{{}}}, {Form: Areas, Series: []Series{{}, {Values: []int{3}}}}}}.Draw()
}

func TestStepsAreRound(t *testing.T) {
	for span, want := range map[time.Duration]time.Duration{
		time.Hour: time.Minute, 24 * time.Hour: 30 * time.Minute, 7 * day: 3 * time.Hour, 40 * day: day, 4 * 365 * day: 28 * day, 200 * 365 * day: 4 * 365 * day,
	} {
		if got := StepFor(span, 60); got != want {
			t.Errorf("%v: %v, want %v", span, got, want)
		}
	}
	if n := Steps(noon, noon.Add(90*time.Minute), time.Hour, 10); n != 2 {
		t.Errorf("%d steps", n)
	}
}
