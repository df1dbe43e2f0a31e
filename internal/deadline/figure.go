package deadline

import (
	"context"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/db"
)

// A Figure says how one kind of promise is kept. Open cases are in it, at the age they have now, and a
// case that was opened again is the same case: leaving the slow ones out would make every desk look
// quick. Met, open and dropped cases are all cases.
type Figure struct {
	Kind       string
	MetInTime  int
	MetLate    int
	OpenInTime int
	OpenLate   int
	Dropped    int // taken back by the reporter before the end
	// Median and Ninety are the days (of the promise's unit) within which half and nine tenths are
	// kept, by the product-limit estimate: an open case counts as one that takes at least as long as
	// it has taken so far. -1 means that so many have not been kept yet.
	Median, Ninety int
	// Ages counts cases by days used: kept ones and open ones apart, for a picture.
	Kept, Open []int
}

// Cases returns the number of all cases.
func (f Figure) Cases() int { return f.MetInTime + f.MetLate + f.OpenInTime + f.OpenLate + f.Dropped }

// fewest is the number of cases below which a figure would speak of single people.
const fewest = 5

// Public returns the figure as the public may see it, or false when it rests on too few cases: shares
// rounded to five percent and no counts, because counts would tell how many reports arrive.
func (f Figure) Public() (PublicFigure, bool) {
	n := f.Cases() - f.Dropped
	if n < fewest {
		return PublicFigure{}, false
	}
	share := func(k int) int { return (k*100/n + 2) / 5 * 5 }
	return PublicFigure{
		Kind: f.Kind, InTime: share(f.MetInTime + f.OpenInTime), Late: 100 - share(f.MetInTime+f.OpenInTime),
		StillOpen: share(f.OpenInTime + f.OpenLate), Median: f.Median, Ninety: f.Ninety,
	}, true
}

// A PublicFigure is a figure without counts. Shares are percent, rounded to five.
type PublicFigure struct {
	Kind           string
	InTime, Late   int
	StillOpen      int
	Median, Ninety int
}

// oldest is the age in days from which on cases are counted together.
const oldest = 400

// Figures works out the figures of promises that started since a time.
func Figures(ctx context.Context, q db.Querier, now, since time.Time, kinds ...string) ([]Figure, error) {
	all := make([]Figure, 0, len(kinds))
	for _, kind := range kinds {
		cases, err := list(ctx, q, `kind = $1 AND started_at >= $2`, kind, db.Micros(since))
		if err != nil {
			return nil, fmt.Errorf("working out the figures of %s: %w", kind, err)
		}
		all = append(all, figure(kind, cases, now))
	}
	return all, nil
}

func figure(kind string, cases []Deadline, now time.Time) Figure {
	f := Figure{Kind: kind, Kept: make([]int, oldest+1), Open: make([]int, oldest+1)}
	for _, d := range cases {
		age, late := min(d.Age(now), oldest), d.Late(now)
		switch {
		case !d.DroppedAt.IsZero():
			f.Dropped++
			continue
		case d.MetAt.IsZero() && late:
			f.OpenLate++
		case d.MetAt.IsZero():
			f.OpenInTime++
		case late:
			f.MetLate++
		default:
			f.MetInTime++
		}
		if d.MetAt.IsZero() {
			f.Open[age]++
		} else {
			f.Kept[age]++
		}
	}
	f.Median, f.Ninety = f.within(50), f.within(90)
	return f
}

// within returns the days within which percent of the cases are kept, by the product-limit estimate
// in whole numbers: the share still owed after day t is the product of (1 - kept/at risk) up to t.
func (f Figure) within(percent int) int {
	risk := f.Cases() - f.Dropped
	owedNum, owedDen := int64(1), int64(1)
	for t := range f.Kept {
		if risk > 0 && f.Kept[t] > 0 {
			owedNum, owedDen = reduce(owedNum*int64(risk-f.Kept[t]), owedDen*int64(risk))
			if owedNum*100 <= owedDen*int64(100-percent) {
				return t
			}
		}
		risk -= f.Kept[t] + f.Open[t]
	}
	return -1
}

// reduce keeps a fraction small enough for whole numbers: after four hundred days of a million cases
// the exact one has thousands of digits, and the sixth digit never moves a median.
func reduce(num, den int64) (int64, int64) {
	for den > 1<<30 {
		num, den = num>>1, den>>1
	}
	return num, max(den, 1)
}
