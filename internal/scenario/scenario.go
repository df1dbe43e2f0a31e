// Package scenario makes the three incidents that Hinomi learned from as streams of events with
// their ground truth: what was abuse, whom it reached, and who only looked like it. The same
// name, scale and seed give the same bytes on every machine. It reads and writes nothing: a
// Stream hands out lines, and Write takes the writers.
package scenario

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Options choose how much of a scenario is made, and which of the many like it.
type Options struct {
	Scale      float64       // 1 is the size of the incident
	Seed       uint64        // the same seed, the same bytes
	From, To   time.Time     // what is written; zero is all. What lies outside is made and left out
	Background float64       // ordinary events for each event of the story and its hard negatives, about
	Lateness   time.Duration // arrival in an order that is wrong by less than this; 0 is by event time
	Events     int           // bench: how many
	Mixed      bool          // members in another order in every event
}

// The smallest scale still has a handful of bots, the largest a hundred million people.
const (
	minScale = 0.001
	maxScale = 1000
)

// maxBackground keeps the number of ordinary events far from overflow at the largest scale.
const maxBackground = 10_000

// tokyo is the zone of every time in the sources. Japan has no summer time.
var tokyo = time.FixedZone("JST", 9*60*60)

// jst returns a minute in Tokyo in milliseconds since 1970.
func jst(year int, month time.Month, day, hour, minute int) int64 {
	return time.Date(year, month, day, hour, minute, 0, 0, tokyo).UnixMilli()
}

// Milliseconds, as event times are counted here.
const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// A plot is what one scenario says before it starts: its span, its flows and its facts.
type plot struct {
	from, to   int64
	flows      []*flow
	background background
	markers    []Marker
	lists      []List
	innocents  []innocent   // hard negatives that no single flow could sum up
	claims     []claim      // when an alert is possible at the earliest, answered by the first event of its kind
	expect     Expectations // the figures that the scenario has by its making
}

// Expectations are the figures that a scenario has by construction, before it is run.
type Expectations struct {
	Actors   int            `json:"actors,omitempty"`
	People   int            `json:"people,omitempty"`
	ByRegion map[string]int `json:"by_region,omitempty"`
	Items    map[string]int `json:"items,omitempty"`
}

// A List is the accounts behind a placeholder of the rules.
type List struct {
	Name string
	IDs  []string
}

// plots are the scenarios by name.
var plots = []struct {
	name, about string
	make        func(*Stream) *plot
}{
	{"2020", "assistant accounts ask and invite people who never linked them", plot2020},
	{"2021", "end-to-end encryption switched off for people who need it", plot2021},
	{"2023", "identities of an affiliate read far beyond their work", plot2023},
	{"bench", "as many like events as you want, for measurements", plotBench},
}

// Names returns the scenarios, each with what it is about.
func Names() (names, about []string) {
	for _, p := range plots {
		names, about = append(names, p.name), append(about, p.about)
	}
	return names, about
}

// New returns the stream of a scenario, or says what is wrong with its name or options.
func New(name string, o Options) (*Stream, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	for _, p := range plots {
		if p.name != name {
			continue
		}
		s := &Stream{opt: o, name: name, key: mix(o.Seed ^ 0x68696e6f6d69)}
		s.plot = p.make(s)
		if s.plot.from >= s.plot.to { // bench with one end alone
			return nil, nothing(time.UnixMilli(s.plot.from), time.UnixMilli(s.plot.to))
		}
		s.start()
		return s, nil
	}
	return nil, fmt.Errorf("no scenario is called %q: there are 2020, 2021, 2023 and bench", name)
}

func (o Options) check() error {
	switch {
	case math.IsNaN(o.Scale) || o.Scale < minScale || o.Scale > maxScale:
		return fmt.Errorf("scale %v: it goes from %v to %v", o.Scale, minScale, maxScale)
	case math.IsNaN(o.Background) || o.Background < 0 || o.Background > maxBackground:
		return fmt.Errorf("background %v: it goes from 0 to %v", o.Background, maxBackground)
	case o.Lateness < 0 || o.Lateness > time.Hour:
		return fmt.Errorf("lateness %v: it goes from 0 to an hour", o.Lateness)
	case o.Events < 0:
		return fmt.Errorf("%d events: there are none below 0", o.Events)
	case !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To):
		return nothing(o.From, o.To)
	}
	for _, t := range []time.Time{o.From, o.To} {
		if y := t.UTC().Year(); !t.IsZero() && (y < 2000 || y > 2099) {
			return fmt.Errorf("%s: times go from 2000 to 2099", t.Format(time.RFC3339))
		}
	}
	return nil
}

func nothing(from, to time.Time) error {
	return fmt.Errorf("nothing lies between %s and %s", from.In(tokyo).Format(time.RFC3339), to.In(tokyo).Format(time.RFC3339))
}

// scaled returns n at the scale of the stream, and never less than least.
func (s *Stream) scaled(n, least int) int {
	return max(least, int(math.Round(float64(n)*s.opt.Scale)))
}

// cover returns the ids of the first n accounts of a class.
func (s *Stream) cover(c class, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = s.id(c.at(i))
	}
	return ids
}

// byTime orders facts as they happen, and as they were planned where they happen at once.
func byTime(a, b fact) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) }
