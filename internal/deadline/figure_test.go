package deadline

import (
	"testing"

	"pgregory.net/rapid"
)

// figure counts histories in Go, as Figures does with the database's help.
func figure(of string, all []history) Figure {
	f := blank(of)
	for _, h := range all {
		o := open
		switch {
		case !h.MetAt.IsZero():
			o = met
		case !h.DroppedAt.IsZero():
			o = dropped
		}
		f.add(o, h.Late(h.now), h.Age(h.now), 1)
	}
	f.Median, f.Ninety = f.within(50), f.within(90)
	return f
}

// remission is the example of the literature (Freireich and others, 1963, the 6-MP group): weeks to
// an event, and weeks after which a case was still without one.
func remission() Figure {
	f := blank("remission")
	for _, t := range []int{6, 6, 6, 7, 10, 13, 16, 22, 23} {
		f.add(met, false, t, 1)
	}
	for _, t := range []int{6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35} {
		f.add(open, false, t, 1)
	}
	return f
}

func TestPercentilesAreThoseOfTheProductLimit(t *testing.T) {
	f := remission()
	// The published estimates: 0.857 at 6, 0.807, 0.753, 0.690, 0.627 at 16, 0.538 at 22, 0.448 at 23.
	for percent, want := range map[int]int{10: 6, 15: 7, 20: 10, 30: 13, 35: 16, 37: 16, 38: 22, 46: 22, 50: 23, 55: 23, 56: -1, 90: -1} {
		if got := f.within(percent); got != want {
			t.Errorf("%d %% within %d, want %d", percent, got, want)
		}
	}
	even := blank("even")
	for age := 1; age <= 10; age++ {
		even.add(met, false, age, 1)
	}
	if even.within(50) != 5 || even.within(90) != 9 || even.within(100) != 10 {
		t.Errorf("of 1 … 10 half are kept within %d and nine tenths within %d", even.within(50), even.within(90))
	}
	// A dropped case leaves the count when it was dropped, as an open one does at its age.
	gone := blank("remission")
	gone.Kept, gone.Gone = f.Kept, f.Open
	gone.MetInTime, gone.Dropped = f.MetInTime, f.OpenInTime
	if gone.within(50) != 23 || gone.within(56) != -1 {
		t.Errorf("with the open ones dropped half are kept within %d, want 23", gone.within(50))
	}
	if none := blank("none"); none.within(50) != -1 {
		t.Error("a figure of nothing has a median")
	}
}

func TestOpenCasesNeverMakeAFigureBetter(t *testing.T) {
	worse := func(after, before int) bool { return after == -1 || before != -1 && after >= before }
	rapid.Check(t, func(t *rapid.T) {
		f := blank("triage")
		ages := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 40).Draw(t, "kept")
		for _, a := range ages {
			f.add(met, false, a, 1)
		}
		for _, a := range rapid.SliceOfN(rapid.IntRange(0, 30), 0, 40).Draw(t, "open") {
			f.add(open, false, a, 1)
		}
		before := [2]int{f.within(50), f.within(90)}
		wave, age := rapid.IntRange(1, 100).Draw(t, "wave"), rapid.IntRange(0, 60).Draw(t, "age")
		f.add(open, false, age, wave)
		for i, percent := range []int{50, 90} {
			if after := f.within(percent); !worse(after, before[i]) {
				t.Fatalf("%d open cases of age %d took the %d %% from %d to %d days", wave, age, percent, before[i], after)
			}
		}
	})
}

func TestEveryCaseIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "cases")
		cases := make([]history, n)
		for i := range cases {
			h := drawHistory(t)
			for range rapid.IntRange(0, 8).Draw(t, "steps") {
				h.pass(rapid.IntRange(0, 20).Draw(t, "days"))
				h.happen(rapid.SampledFrom(happenings).Draw(t, "what"))
			}
			cases[i] = h
		}
		f := figure(Triage, cases)
		ages := 0
		for i := range f.Kept {
			ages += f.Kept[i] + f.Open[i] + f.Gone[i]
		}
		if f.Cases() != n || ages != n {
			t.Fatalf("%d cases and %d ages of %d", f.Cases(), ages, n)
		}
		if f.Ninety >= 0 && (f.Median < 0 || f.Median > f.Ninety) {
			t.Fatalf("half are kept within %d days, nine tenths within %d", f.Median, f.Ninety)
		}
		p, shown := f.Public()
		if shown != (n-f.Dropped >= fewest) {
			t.Fatalf("%d cases, %d of them dropped, are shown: %v", n, f.Dropped, shown)
		}
		if !shown {
			return
		}
		sum := 0
		for _, s := range []struct{ share, count int }{
			{p.MetInTime, f.MetInTime}, {p.MetLate, f.MetLate}, {p.OpenInTime, f.OpenInTime}, {p.OpenLate, f.OpenLate}, {p.DroppedLate, f.DroppedLate},
		} {
			sum += s.share
			exact := float64(s.count) * 100 / float64(n-f.Dropped)
			if s.share%step != 0 || float64(s.share) <= exact-step || float64(s.share) >= exact+step {
				t.Fatalf("%d of %d is said to be %d %%", s.count, n-f.Dropped, s.share)
			}
		}
		if sum != 100 {
			t.Fatalf("the shares sum to %d: %+v", sum, p)
		}
	})
}

func TestTheDurationsThePublicSeesAreNeverRoundedInOurFavour(t *testing.T) {
	for days, want := range map[int]int{-1: -1, 0: 0, 1: 1, 5: 5, 6: 10, 10: 10, 11: 15, 399: 400} {
		if got := roughly(days); got != want {
			t.Errorf("%d days are shown as %d, want %d", days, got, want)
		}
	}
}

func TestFourCasesAreNobodysBusiness(t *testing.T) {
	f := blank(Triage)
	f.add(met, false, 1, 4)
	f.add(dropped, false, 1, 100) // says nothing about us, so it hides nobody
	if _, ok := f.Public(); ok {
		t.Error("four cases are public")
	}
	f.add(open, true, 20, 1)
	if p, ok := f.Public(); !ok || p.MetInTime != 80 || p.OpenLate != 20 || p.Late() != 20 || p.StillOpen() != 20 {
		t.Errorf("%+v, %v", p, ok)
	}
}
