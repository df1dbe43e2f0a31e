package picture

import (
	"strconv"
	"strings"
	"time"
)

// panel works out one panel that stands between top and top+high.
func (p Picture) panel(panel Panel, top, high, right int) DrawnPanel {
	d := DrawnPanel{Name: panel.Name, NameY: top - 9}
	most := max(panel.Limit.At, panel.most())
	ceiling, step := scale(most)
	y := func(v int) float64 { return float64(top+high) - float64(high)*float64(v)/float64(ceiling) }
	for v := 0; v <= ceiling; v += step {
		d.Grid = append(d.Grid, Text{X: strconv.Itoa(left - 6), Y: unit(y(v)), Says: Thousands(v)})
	}
	if panel.Limit.At > 0 {
		d.Limit = &Text{X: strconv.Itoa(right), Y: unit(y(panel.Limit.At)), Says: panel.Limit.Name}
	}
	below := make([]int, panel.steps())
	end := 0.0
	for _, s := range panel.Series {
		d.Shapes = append(d.Shapes, Shape{Part: s.Part, Name: s.Name, Path: p.shape(panel.Form, s, below, y, right)})
		if panel.Form == Bars || len(s.Values) == 0 || len(panel.Series) < 2 {
			continue
		}
		last := len(s.Values) - 1
		at := y(s.Values[last])
		if panel.Form == Areas {
			at = (y(below[last]) + y(below[last]-s.Values[last])) / 2
		}
		at = min(at, float64(top+high)) + 4
		if end > 0 {
			at = min(at, end-15) // the names stand one above the other
		}
		end = at
		d.Ends = append(d.Ends, Text{X: strconv.Itoa(right + 8), Y: unit(at), Says: s.Name})
	}
	return d
}

// shape returns the path of a series. Where series stand on each other, below is raised by its values.
func (p Picture) shape(form Form, s Series, below []int, y func(int) float64, right int) string {
	var b strings.Builder
	at := func(i int) float64 { return p.x(p.From.Add(time.Duration(i)*p.Step), right) }
	switch form {
	case Bars:
		for i, v := range s.Values {
			if v <= 0 {
				continue
			}
			x, w := at(i), at(i+1)-at(i)
			if w > 3 {
				w-- // a gap between two bars
			}
			path(&b, "M", x, y(below[i]), "H", x+max(w, 1), "V", y(below[i]+v), "H", x, "Z")
			below[i] += v
		}
	case Lines:
		for i, v := range s.Values {
			if i == 0 {
				path(&b, "M", at(0), y(v))
			} else {
				path(&b, "V", y(v))
			}
			path(&b, "H", at(i+1))
		}
	case Areas:
		area(&b, s.Values, below, at, y)
	}
	return b.String()
}

// area appends the outline of values that stand on what is below, and raises that by them.
func area(b *strings.Builder, values, below []int, at func(int) float64, y func(int) float64) {
	floor := append([]int(nil), below...)
	for i, v := range values {
		below[i] += v
		if i == 0 {
			path(b, "M", at(0), y(floor[0]))
		}
		if i == 0 || below[i] != below[i-1] {
			path(b, "V", y(below[i]))
		}
		if i == len(values)-1 || below[i+1]+values[i+1] != below[i] {
			path(b, "H", at(i+1))
		}
	}
	for i := len(values) - 1; i >= 0; i-- {
		if i == len(values)-1 || floor[i] != floor[i+1] {
			path(b, "V", y(floor[i]))
		}
		if i == 0 || floor[i-1] != floor[i] {
			path(b, "H", at(i))
		}
	}
	if len(values) > 0 {
		b.WriteString("Z")
	}
}

// path appends commands and their places.
func path(b *strings.Builder, parts ...any) {
	command := false
	for _, part := range parts {
		switch v := part.(type) {
		case string:
			b.WriteString(v)
			command = true
		case float64:
			if !command {
				b.WriteByte(' ')
			}
			b.WriteString(unit(v))
			command = false
		}
	}
}

// steps returns how many values the longest series has.
func (p Panel) steps() int {
	n := 0
	for _, s := range p.Series {
		n = max(n, len(s.Values))
	}
	return n
}

// most returns the highest point of the panel.
func (p Panel) most() int {
	most := 0
	sums := make([]int, p.steps())
	for _, s := range p.Series {
		for i, v := range s.Values {
			sums[i] += v
			if most = max(most, v); p.Form != Lines {
				most = max(most, sums[i])
			}
		}
	}
	return most
}

// scale returns the top of a scale that holds most, and the step between its lines: one, two or five
// times a power of ten, two to four of them.
func scale(most int) (ceiling, step int) {
	for power := 1; ; power *= 10 {
		for _, times := range []int{1, 2, 5} {
			step = times * power
			if n := (most + step - 1) / step; n <= 4 {
				return max(n, 1) * step, step
			}
		}
	}
}

// Thousands writes a count with its thousands apart.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
