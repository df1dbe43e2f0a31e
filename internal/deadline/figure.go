package deadline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/db"
)

// A Figure says how one kind of promise is kept. Every case is in it once: open cases at the age they
// have now, cases that were opened again as the same case, cases that were taken back as far as they
// got. Leaving the slow ones out would make every desk look quick.
type Figure struct {
	Kind string
	// A case is late when its promise was ever broken, also if it was paused, closed or opened
	// again afterwards.
	MetInTime, MetLate   int
	OpenInTime, OpenLate int
	Dropped, DroppedLate int // owed no more before it was kept: the report was taken back, mostly
	// Median and Ninety are the business days within which half and nine tenths are kept, by the
	// product-limit estimate (Kaplan and Meier): an open case counts as one that takes longer than it
	// has taken so far, so neither waiting nor a wave of new cases makes the figure better.
	// -1 means that so many have not been kept yet, however long one looks.
	Median, Ninety int
	// Kept, Open and Gone count cases by business days used: kept, open and dropped ones. The last
	// element holds all that are older.
	Kept, Open, Gone []int
}

// oldest is the age from which on cases are counted together: more than a year and a half of business days.
const oldest = 400

// Cases returns the number of all cases.
func (f Figure) Cases() int {
	return f.MetInTime + f.MetLate + f.OpenInTime + f.OpenLate + f.Dropped + f.DroppedLate
}

// An outcome is how a case stands.
type outcome int

const (
	met outcome = iota
	open
	dropped
)

func blank(of string) Figure {
	return Figure{Kind: of, Kept: make([]int, oldest+1), Open: make([]int, oldest+1), Gone: make([]int, oldest+1)}
}

// add counts n cases that stand alike.
func (f *Figure) add(o outcome, late bool, age, n int) {
	inTime, broken, ages := &f.MetInTime, &f.MetLate, f.Kept
	switch o {
	case open:
		inTime, broken, ages = &f.OpenInTime, &f.OpenLate, f.Open
	case dropped:
		inTime, broken, ages = &f.Dropped, &f.DroppedLate, f.Gone
	}
	ages[min(max(age, 0), oldest)] += n
	if late {
		*broken += n
	} else {
		*inTime += n
	}
}

// within returns the business days within which percent of the cases are kept. The share still owed
// after day t is the product, over the days up to t, of (1 - kept that day / not yet out of sight).
func (f Figure) within(percent int) int {
	left, owed := f.Cases(), 1.0
	for t, kept := range f.Kept {
		if kept > 0 {
			owed *= 1 - float64(kept)/float64(left)
			if owed <= 1-float64(percent)/100+1e-9 { // 1e-9: a half must not be missed by rounding
				return t
			}
		}
		left -= kept + f.Open[t] + f.Gone[t]
	}
	return -1
}

// Figures works out the figures of every case that ran since a time: it began, was kept or was
// dropped since, or is still open. An old case that nobody answers never falls out of sight.
func Figures(ctx context.Context, q db.Querier, now, since time.Time, kinds ...string) ([]Figure, error) {
	all := make([]Figure, 0, len(kinds))
	for _, k := range kinds {
		f := blank(k)
		if err := closed(ctx, q, &f, since); err != nil {
			return nil, fmt.Errorf("working out the figures of %s: %w", k, err)
		}
		running, err := list(ctx, q, `kind = $1 AND met_at = 0 AND dropped_at = 0`, k)
		if err != nil {
			return nil, fmt.Errorf("working out the figures of %s: %w", k, err)
		}
		for _, d := range running {
			f.add(open, d.Late(now), d.Age(now), 1)
		}
		f.Median, f.Ninety = f.within(50), f.within(90)
		all = append(all, f)
	}
	return all, nil
}

// closed adds the cases that are met or dropped. Their age was written when they were closed, so the
// database counts them from an index.
func closed(ctx context.Context, q db.Querier, f *Figure, since time.Time) error {
	rows, err := q.QueryContext(ctx, `
		SELECT age, met_at <> 0, missed_at <> 0, count(*)
		FROM deadline
		WHERE kind = $1 AND (met_at <> 0 OR dropped_at <> 0) AND (started_at >= $2 OR met_at >= $2 OR dropped_at >= $2)
		GROUP BY age, met_at <> 0, missed_at <> 0`, f.Kind, db.Micros(since))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var age, n int
		var kept, late bool
		if err := rows.Scan(&age, &kept, &late, &n); err != nil {
			return err
		}
		o := dropped
		if kept {
			o = met
		}
		f.add(o, late, age, n)
	}
	return rows.Err()
}

// fewest is the number of cases below which a figure would speak of single people.
const fewest = 5

// A PublicFigure is a figure without counts, which would tell how many reports arrive. The shares are
// percent in steps of five and sum to 100; a sum is never rounded apart from its parts.
//
// Show it as it was at the last midnight: seen every minute, even rounded shares would show single
// cases come and go.
type PublicFigure struct {
	Kind                 string
	MetInTime, MetLate   int
	OpenInTime, OpenLate int
	DroppedLate          int // broken, and taken back before it was kept
	Median, Ninety       int // business days, never rounded in our favour; -1: not kept yet
}

// Late returns the percentage of cases whose promise was broken.
func (p PublicFigure) Late() int { return p.MetLate + p.OpenLate + p.DroppedLate }

// StillOpen returns the percentage of cases that are open.
func (p PublicFigure) StillOpen() int { return p.OpenInTime + p.OpenLate }

// Public returns the figure as the public may see it, or false when it rests on fewer than five
// cases. A case taken back while its promise still held says nothing about us and is in no share.
func (f Figure) Public() (PublicFigure, bool) {
	if f.Cases()-f.Dropped < fewest {
		return PublicFigure{}, false
	}
	s := shares(f.MetInTime, f.MetLate, f.OpenInTime, f.OpenLate, f.DroppedLate)
	return PublicFigure{
		Kind: f.Kind, MetInTime: s[0], MetLate: s[1], OpenInTime: s[2], OpenLate: s[3], DroppedLate: s[4],
		Median: roughly(f.Median), Ninety: roughly(f.Ninety),
	}, true
}

// step is what public shares and long durations are rounded to.
const step = 5

// shares returns the percentages of counts in steps that sum to 100: each is rounded down, and
// what is missing goes to those that lost most.
func shares(counts ...int) []int {
	sum := 0
	for _, c := range counts {
		sum += c
	}
	steps := 100 / step
	out, order, left := make([]int, len(counts)), make([]int, len(counts)), steps
	for i, c := range counts {
		out[i], order[i] = c*steps/sum*step, i
		left -= c * steps / sum
	}
	slices.SortStableFunc(order, func(a, b int) int { return counts[b]*steps%sum - counts[a]*steps%sum })
	for _, i := range order[:left] {
		out[i] += step
	}
	return out
}

// roughly returns days as they are up to a week of work, longer ones rounded up.
func roughly(days int) int {
	if days <= step {
		return days
	}
	return (days + step - 1) / step * step
}
