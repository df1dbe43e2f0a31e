// Package picture works out how figures over time are drawn: where a bar stands, how high a line goes,
// which dates are written below, and where the marks of what happened find room. It draws nothing and
// knows no page: a template puts what it says into SVG.
package picture

import (
	"strconv"
	"strings"
	"time"
)

// A Picture is figures over time: panels one below the other over one axis, and lanes of marks above them.
type Picture struct {
	From, Until time.Time
	Step        time.Duration // what one value of a series stands for
	Zone        *time.Location
	Lanes       []Lane
	Panels      []Panel
}

// A Panel is figures of one kind, on a scale of their own.
type Panel struct {
	Name   string
	Form   Form
	Height int // in units of the drawing; zero means an ordinary one
	Series []Series
	Limit  Limit
}

// A Form says what the values of a panel are.
type Form int

// The forms.
const (
	Bars  Form = iota // what happened within each step, one series on top of the other
	Areas             // how much there is after each step, one series on top of the other
	Lines             // how much there is after each step, each by itself
)

// A Series is one value for each step.
type Series struct {
	Name   string
	Part   string // how it is drawn: the style knows it
	Values []int
}

// A Limit is a line that values are held against. One at zero is none.
type Limit struct {
	At   int
	Name string
}

// A Lane is marks of one kind.
type Lane struct {
	Name  string
	Part  string
	Marks []Mark
}

// A Mark is something that happened.
type Mark struct {
	At   time.Time
	Name string
}

// Steps returns how many steps a span has, and never more than most.
func Steps(from, until time.Time, step time.Duration, most int) int {
	if step <= 0 || !from.Before(until) {
		return 0
	}
	return int(min((until.Sub(from)+step-1)/step, time.Duration(most)))
}

// StepFor returns a round step by which a span has at most this many.
func StepFor(span time.Duration, most int) time.Duration {
	for _, s := range steps {
		if span <= s*time.Duration(most) {
			return s
		}
	}
	return (span/time.Duration(most)/(365*day) + 1) * 365 * day
}

const day = 24 * time.Hour

var steps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 7 * day, 28 * day, 91 * day, 365 * day,
}

// A Drawing is a picture worked out: places in units of its own, as SVG has them.
type Drawing struct {
	Width, Height     int
	Left, Right, Base int // where the panels begin and end, and where the dates stand
	Times             []Text
	Panels            []DrawnPanel
	Lanes             []DrawnLane
}

// A Text is words at a place.
type Text struct{ X, Y, Says string }

// A DrawnPanel is a panel worked out.
type DrawnPanel struct {
	Name   string
	NameY  int
	Grid   []Text // the lines of its scale
	Shapes []Shape
	Ends   []Text // the names of series, beside their ends
	Limit  *Text
}

// A Shape is the path of one series.
type Shape struct{ Part, Name, Path string }

// A DrawnLane is a lane worked out. Its marks have numbers, which a list explains.
type DrawnLane struct {
	Name, Part string
	NameY      int
	Flags      []Flag
}

// A Flag is a mark worked out: its number, and the way down from there.
type Flag struct {
	Number int
	X, Y   string
	TextY  string
	Path   string
	Name   string
	At     time.Time
}

// The measures of a drawing.
const (
	width      = 960
	left       = 56
	right      = 948
	named      = 832 // where panels end whose series are named beside them
	lane       = 42
	head       = 24 // above a panel, for its name
	ordinary   = 120
	foot       = 26 // below all, for the dates
	flagWidth  = 19
	tickWidth  = 74 // between two dates, at least
	mostHeight = 400
)

// Draw works the picture out.
func (p Picture) Draw() Drawing {
	d := Drawing{Width: width, Left: left, Right: right}
	for _, panel := range p.Panels {
		if panel.Form != Bars && len(panel.Series) > 1 {
			d.Right = named
		}
	}
	y := 4
	number := 1
	tops := make([]int, len(p.Lanes))
	for i := range p.Lanes {
		tops[i] = y
		y += lane
	}
	for _, panel := range p.Panels {
		y += head
		high := min(max(panel.Height, 0), mostHeight)
		if high == 0 {
			high = ordinary
		}
		d.Panels = append(d.Panels, p.panel(panel, y, high, d.Right))
		y += high
	}
	d.Base = y
	d.Height = y + foot
	for i, l := range p.Lanes {
		d.Lanes = append(d.Lanes, p.lane(l, tops[i], number, d))
		number += len(l.Marks)
	}
	for _, t := range ticks(p.From.In(p.zone()), p.Until, (d.Right-left)/tickWidth) {
		d.Times = append(d.Times, Text{X: unit(p.x(t.at, d.Right)), Y: strconv.Itoa(d.Base + 17), Says: t.says})
	}
	return d
}

func (p Picture) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// x returns where an instant stands. What lies outside stands at the edge.
func (p Picture) x(t time.Time, right int) float64 {
	span := p.Until.Sub(p.From)
	if span <= 0 {
		return left
	}
	share := float64(t.Sub(p.From)) / float64(span)
	return left + min(max(share, 0), 1)*float64(right-left)
}

// unit writes a place to the tenth of a unit, without what is not needed.
func unit(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}
