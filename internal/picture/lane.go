package picture

import (
	"strings"
	"time"
)

// lane works out one lane whose top is given, with numbers from first.
func (p Picture) lane(l Lane, top, first int, d Drawing) DrawnLane {
	out := DrawnLane{Name: l.Name, Part: l.Part, NameY: top + 10}
	want := make([]float64, len(l.Marks))
	for i, m := range l.Marks {
		want[i] = p.x(m.At, d.Right)
	}
	y := float64(top + 25)
	for i, x := range apart(want, flagWidth, left, float64(d.Right)) {
		var b strings.Builder
		path(&b, "M", x, y+8, "L", want[i], y+18, "V", float64(d.Base))
		out.Flags = append(out.Flags, Flag{
			Number: first + i, X: unit(x), Y: unit(y), TextY: unit(y + 4), Path: b.String(), Name: l.Marks[i].Name, At: l.Marks[i].At,
		})
	}
	return out
}

// apart moves places that stand in order until there is a gap between each two, and none of them
// farther than needed: those that crowd become a block around the middle of where they wish to be.
func apart(want []float64, gap, low, high float64) []float64 {
	type block struct {
		sum float64 // of the wishes of its first place
		n   int
		at  float64 // of its first place
	}
	var blocks []block
	for _, w := range want {
		b := block{sum: w, n: 1, at: w}
		for {
			b.at = min(max(b.sum/float64(b.n), low), max(low, high-gap*float64(b.n-1)))
			if len(blocks) == 0 {
				break
			}
			before := blocks[len(blocks)-1]
			if before.at+gap*float64(before.n) <= b.at {
				break
			}
			// Joined, each wishes for its own place less its distance from the first.
			b = block{sum: before.sum + b.sum - gap*float64(before.n)*float64(b.n), n: before.n + b.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	out := make([]float64, 0, len(want))
	for _, b := range blocks {
		for i := range b.n {
			out = append(out, b.at+gap*float64(i))
		}
	}
	return out
}

// A tick is a date on the axis.
type tick struct {
	at   time.Time
	says string
}

// ticks returns round dates of a span, at most this many. The zone is that of from.
func ticks(from, until time.Time, most int) []tick {
	span := until.Sub(from)
	if span <= 0 || most < 1 {
		return nil
	}
	if span > time.Duration(most)*14*day {
		return months(from, until, most)
	}
	step := time.Duration(0)
	for _, s := range []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
		30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day,
	} {
		if step = s; span <= time.Duration(most)*s {
			break
		}
	}
	midnight := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	at := midnight.Add(from.Sub(midnight).Truncate(step))
	var all []tick
	for ; !at.After(until); at = at.Add(step) {
		if at.Before(from) {
			continue
		}
		clock, layout := at.Format("15:04:05"), "15:04"
		switch {
		case clock == "00:00:00":
			layout = "01-02"
		case step < time.Minute:
			layout = "15:04:05"
		}
		all = append(all, tick{at, at.Format(layout)})
	}
	return all
}

// months returns the first days of months, at most this many.
func months(from, until time.Time, most int) []tick {
	step := 1
	for _, step = range []int{1, 2, 3, 6, 12, 24, 60, 120} {
		if until.Sub(from) <= time.Duration(most*step)*30*day {
			break
		}
	}
	var all []tick
	at := time.Date(from.Year(), 1, 1, 0, 0, 0, 0, from.Location())
	for ; !at.After(until) && len(all) < most; at = at.AddDate(0, step, 0) {
		if !at.Before(from) {
			all = append(all, tick{at, at.Format("2006-01")})
		}
	}
	return all
}

// A Row is the values of one step, those of all series of all panels in order.
type Row struct {
	From, Until time.Time
	Values      []int
}

// Columns returns the names of what the rows hold.
func (p Picture) Columns() []string {
	var names []string
	for _, panel := range p.Panels {
		for _, s := range panel.Series {
			name := s.Name
			if len(p.Panels) > 1 && len(panel.Series) > 1 {
				name = panel.Name + ": " + name
			}
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// Rows returns the figures of the picture as a table of at most this many rows. Steps in which nothing
// happened, or nothing changed, are left out; when there are too many, several stand in one row.
func (p Picture) Rows(most int) []Row {
	steps := 0
	for _, panel := range p.Panels {
		steps = max(steps, panel.steps())
	}
	for each := 1; ; each *= 2 {
		rows := p.rows(steps, each)
		if len(rows) <= most || each > steps {
			return rows
		}
	}
}

// rows puts so many steps into each row.
func (p Picture) rows(steps, each int) []Row {
	var rows []Row
	var before []int
	for i := 0; i < steps; i += each {
		row := Row{From: p.From.Add(time.Duration(i) * p.Step), Until: p.From.Add(time.Duration(min(i+each, steps)) * p.Step)}
		same := true
		for _, panel := range p.Panels {
			for _, s := range panel.Series {
				v, k := s.within(i, i+each, panel.Form), len(row.Values)
				row.Values = append(row.Values, v)
				if panel.Form == Bars {
					same = same && v == 0
				} else {
					same = same && (before == nil && v == 0 || before != nil && before[k] == v)
				}
			}
		}
		if before = row.Values; !same {
			rows = append(rows, row)
		}
	}
	return rows
}

// within returns what happened within some steps, or how much there is after them.
func (s Series) within(from, until int, form Form) int {
	until = min(until, len(s.Values))
	if from >= until {
		return 0
	}
	if form != Bars {
		return s.Values[until-1]
	}
	sum := 0
	for _, v := range s.Values[from:until] {
		sum += v
	}
	return sum
}
