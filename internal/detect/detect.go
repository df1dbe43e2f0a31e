// Package detect finds in a stream of events what the rules describe.
//
// The Engine is pure: events and rules go in, alerts come out. It reads no clock and no file, and
// the same events in the same order give the same alerts, however many partitions there are and
// however the stream is cut into batches.
//
// # Order
//
// Events are judged in the order of their times, and those of the same time in the order in
// which they came. An event may come as much later than the newest one as the lateness allows.
// One that comes later still takes no part: no window would hold what it held when it was judged.
// It is counted, its first places are reported, and it stays where it came from, so that a run with a
// larger lateness takes it in. A hasty engine, for the live stream, judges it all the same, as of the first
// moment that was not judged yet; and Judge says that this moment is now, when nothing comes. A time more than a day ahead of all before it moves nothing
// until the next event agrees with it, so that one wrong clock does not make everybody late;
// the event itself waits for its time.
//
// # Repeats
//
// An event is known by its source and its id, as CloudEvents has it: nobody can take another
// source's events away by sending their ids first. A repeat has no effect at all. Ids are remembered of every
// event that is inside the lateness, and of half a million events at least. A repeat of
// something older is late, and has no effect either.
//
// # Windows
//
// At every event that one of a rule's detections matches, the window of its group holds the events of
// (time - timespan, time]. The condition is looked at then. The first time it holds there is an
// alert, and the next one when it holds again after no event in a whole timespan
// found it holding. An event that lacks one of the group's fields, or the field whose values are
// counted, takes no part. The same value as a string and as a number is two values; 1 and 1.0 is one.
//
// # Chains
//
// A correlation may look at the alerts of another one. What it sees then is the event at which the other one raises an alert,
// or would raise one if alerts of its own were wanted: with all fields of that event, and with its time.
//
// # Memory
//
// A group keeps what its condition can need and no more: the newest times or values up to the
// threshold, eight bytes for each repeated value that an alert would have to count, and nothing once its
// window is empty. Groups and values are known by 64-bit hashes under a seed. Of n groups, two share a
// hash with a probability of n²/2⁶⁵: about 3 in 10,000 for a hundred million; they
// would be taken for one. Hashes of 128 bits would make that certainty, at half as much memory again for
// every group; who cannot foresee the seed cannot bring it about.
package detect

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hinomi.dev/hinomi/internal/rule"
)

// A watch is a rule as the engine runs it: a correlation, or a detection that alerts by itself.
type watch struct {
	*rule.Rule
	kind      rule.Kind
	on        []rule.Input // of temporal kinds each is a step; of the others any will do
	without   []rule.Input
	endedBy   []rule.Input
	keys      []string
	span      int64
	condition []rule.Comparison
	minEvents int
	learn     int64
	chained   bool // it looks at alerts of other rules, which come before it
}

// match is the kind of a detection that alerts by itself.
const match = rule.Kind(255)

// watches returns what there is to run in a set: detections that alert by themselves, and behind them all correlations
// in their order.
func watches(set *rule.Set) (all []watch) {
	for i, d := range set.Detections {
		if d.Generate {
			all = append(all, watch{Rule: &d.Rule, kind: match, on: []rule.Input{{Rule: i}}})
		}
	}
	for _, c := range set.Correlations {
		all = append(all, watch{
			Rule: &c.Rule, kind: c.Kind, on: c.Rules, without: c.Without, endedBy: c.EndedBy, keys: c.Keys,
			span: int64(c.Timespan), condition: c.Condition, minEvents: c.MinEvents, learn: int64(c.Learn),
		})
		w := &all[len(all)-1]
		for _, inputs := range [][]rule.Input{w.on, w.endedBy, w.without} {
			w.chained = w.chained || slices.ContainsFunc(inputs, func(in rule.Input) bool { return in.Chained })
		}
	}
	return all
}

func (w *watch) holds(x float64) bool {
	for _, c := range w.condition {
		if !c.Holds(x) {
			return false
		}
	}
	return true
}

// temporal reports whether the rule has steps.
func (w *watch) temporal() bool { return w.kind == rule.Temporal || w.kind == rule.TemporalOrdered }

// sums reports whether the rule computes with numbers.
func (w *watch) sums() bool { return w.kind >= rule.ValueSum && w.kind <= rule.ValueMedian }

// maxSteps is how many detections a temporal rule may have: they are bits of a word.
const maxSteps = 64

// check says what the engine cannot do.
func (w *watch) check() error {
	switch {
	case len(w.on) == 0:
		return errors.New("it names no rules")
	case w.kind != match && w.span <= 0:
		return errors.New("its timespan is not positive")
	case w.temporal() && len(w.on) > maxSteps:
		return fmt.Errorf("it has more than %d steps", maxSteps)
	case w.keep() > math.MaxInt32:
		return errors.New("its threshold is too large to count to")
	}
	for _, inputs := range [][]rule.Input{w.on, w.without, w.endedBy} {
		for _, in := range inputs {
			switch {
			case len(in.Group) != len(w.keys):
				return errors.New("its group has more or fewer fields than names")
			}
		}
	}
	return nil
}

// keep returns how many of the newest times or values decide the condition: with more than
// the threshold, one more changes nothing.
func (w *watch) keep() int {
	if w.kind != rule.EventCount && w.kind != rule.ValueCount {
		return 1
	}
	n := 1.0
	for _, c := range w.condition {
		at := math.Floor(c.With) + 1
		if c.Op == rule.Gte || c.Op == rule.Lt {
			at = math.Ceil(c.With)
		}
		n = max(n, at)
	}
	return int(min(n, math.MaxInt32+1))
}
