package detect

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// A plainEvent is an event as the oracle sees it.
type plainEvent struct {
	id, source, kind string
	time             int64
	data             map[string]any  // string or int
	raised           map[string]bool // the rules that raised an alert at it, so far
}

func (e plainEvent) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"specversion":"1.0","id":%q,"source":%q,"type":%q,"time":%q,"data":{`, e.id, e.source, e.kind, event.FormatTime(nil, e.time))
	comma := ""
	for _, name := range []string{"actor", "target", "region", "status", "bytes", "bytes_status"} {
		switch v := e.data[name].(type) {
		case string:
			fmt.Fprintf(&b, `%s%q:%q`, comma, name, v)
		case int:
			fmt.Fprintf(&b, `%s%q:%d`, comma, name, v)
		default:
			continue
		}
		comma = ","
	}
	return b.String() + "}}"
}

// An oracleRule is a rule in words.
type oracleRule struct {
	rule.Correlation
	on, without, endedBy []oracleInput
	field                string
}

func (r *oracleRule) holds(x float64) bool {
	return !slices.ContainsFunc(r.Condition, func(c rule.Comparison) bool { return !c.Holds(x) })
}

func (r *oracleRule) hasField() bool { return r.field != "" }

// An oracleInput is events of some types or, with a chain, those at which a rule raises an alert.
type oracleInput struct {
	types []string
	group []string
	chain string
}

func (in oracleInput) takes(e plainEvent) (string, bool) {
	if in.chain == "" && !slices.Contains(in.types, e.kind) || in.chain != "" && !e.raised[in.chain] {
		return "", false
	}
	key := ""
	for _, name := range in.group {
		v, ok := e.data[name]
		if !ok {
			return "", false
		}
		key += fmt.Sprintf("%T %q,", v, fmt.Sprint(v))
	}
	return key, true
}

// compile makes the engine's rules of the oracle's.
func compile(all []oracleRule) *rule.Set {
	set := &rule.Set{Fields: &event.Fields{}}
	input := func(in oracleInput, r oracleRule) rule.Input {
		out := rule.Input{Rule: len(set.Detections), Chained: in.chain != ""}
		if out.Chained {
			out.Rule = slices.IndexFunc(set.Correlations, func(c *rule.Correlation) bool { return c.Name == in.chain })
		} else {
			set.Detections = append(set.Detections, &rule.Detection{Types: in.types, Match: func(e *event.Event) bool {
				return slices.Contains(in.types, string(e.Value(event.Type).Raw))
			}})
		}
		for _, name := range in.group {
			out.Group = append(out.Group, set.Fields.Slot(name))
		}
		if r.field != "" {
			out.Field = []event.Slot{set.Fields.Slot(r.field)}
		}
		return out
	}
	for _, o := range all {
		if o.Kind == match {
			in := input(o.on[0], o)
			set.Detections[in.Rule].Rule = o.Rule
			continue
		}
		c := o.Correlation
		c.Keys = o.on[0].group
		for _, in := range o.on {
			c.Rules = append(c.Rules, input(in, o))
		}
		for _, in := range o.without {
			c.Without = append(c.Without, input(in, o))
		}
		for _, in := range o.endedBy {
			c.EndedBy = append(c.EndedBy, input(in, o))
		}
		set.Correlations = append(set.Correlations, &c)
	}
	return set
}

// A oracle finds the same as the engine in the plainest way: it keeps everything and
// looks through it at every event.
type oracle struct {
	rules            []oracleRule
	hasty            bool
	judge            map[int]bool // after how many events of the stream Judge is called
	late, duplicates int
	alerts           []string
}

// ordered leaves out what is late or came before, and sorts the rest.
func (o *oracle) ordered(stream []plainEvent, lateness int64) []plainEvent {
	known := map[[2]string]bool{}
	var kept []plainEvent
	var newest, ahead, judged *int64
	for i, e := range stream {
		if o.judge[i] {
			if ahead != nil {
				newest, ahead = ahead, nil
			}
			judged = newest
		}
		if known[[2]string{e.source, e.id}] {
			o.duplicates++
			continue
		}
		known[[2]string{e.source, e.id}] = true
		t := e.time
		if ahead != nil && t >= *ahead-lateness {
			newest = ahead
		}
		ahead = nil
		switch {
		case newest == nil || t > *newest+day:
			ahead = &t
		case t > *newest:
			newest = &t
		case t < *newest-lateness || judged != nil && t < *judged:
			o.late++
			if !o.hasty {
				continue
			}
			if e.time = *newest - lateness; judged != nil {
				e.time = max(e.time, *judged)
			}
		}
		kept = append(kept, e)
	}
	// What is judged later than it should be comes behind what was judged before it.
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].time < kept[j].time })
	return kept
}

// A moment is one event in a group's history.
type moment struct {
	time  int64
	value string
	n     int
	steps map[int]bool
}

// run judges a stream.
func (o *oracle) run(stream []plainEvent, lateness int64) {
	type groupKey struct {
		rule int
		key  string
	}
	history := map[groupKey][]moment{}
	held := map[groupKey]int64{}
	others := map[groupKey][]moment{} // Without: the others, and with steps[1] what ended them
	first := map[int]int64{}
	for _, e := range o.ordered(stream, lateness) {
		e.raised = map[string]bool{}
		for i, r := range o.rules {
			for _, key := range keys(e, r.on) {
				m := moment{time: e.time, steps: map[int]bool{}}
				for s, in := range r.on {
					if k, ok := in.takes(e); ok && k == key {
						m.steps[s] = true
					}
				}
				if v, ok := e.data[r.field]; ok {
					m.value = fmt.Sprintf("%T %v", v, v)
					m.n, _ = v.(int)
				} else if r.hasField() {
					continue
				}
				if _, isInt := e.data[r.field].(int); !isInt && (r.Kind == rule.ValueSum || r.Kind == rule.ValueAvg) {
					continue
				}
				g := groupKey{i, key}
				history[g] = append(history[g], m)
				if _, ok := first[i]; !ok {
					first[i] = e.time
				}
				window := within(history[g], e.time-int64(r.Timespan))
				if r.Kind == match {
					window = []moment{m}
				}
				history[g] = window // older ones are in no later window either
				holds := r.judge(slices.Clone(window), others[g], e.time)
				if r.Kind == rule.FirstSeen && e.time < first[i]+int64(r.Learn) {
					holds = false
				}
				if !holds {
					continue
				}
				last, was := held[g]
				held[g] = e.time
				if was && e.time-last < int64(r.Timespan) && r.Kind != match {
					continue
				}
				e.raised[r.Name] = true
				if r.Generate {
					o.alert(r, e, key, window)
				}
			}
			for _, key := range keys(e, r.endedBy) {
				others[groupKey{i, key}] = append(others[groupKey{i, key}], moment{time: e.time, steps: map[int]bool{1: true}})
			}
			for _, key := range keys(e, r.without) {
				others[groupKey{i, key}] = append(others[groupKey{i, key}], moment{time: e.time})
			}
		}
	}
}

// keys returns the groups that an event belongs to.
func keys(e plainEvent, inputs []oracleInput) (all []string) {
	for _, in := range inputs {
		if k, ok := in.takes(e); ok && !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	return all
}

func within(history []moment, after int64) []moment {
	return slices.Clone(history[sort.Search(len(history), func(i int) bool { return history[i].time > after }):])
}

func distinct(window []moment) int {
	values := map[string]bool{}
	for _, m := range window {
		values[m.value] = true
	}
	return len(values)
}

// judge reports whether the condition holds for a window that ends with an event.
func (r *oracleRule) judge(window, others []moment, now int64) bool {
	sum, n := 0, len(window)
	for _, m := range window {
		sum += m.n
	}
	switch r.Kind {
	case rule.EventCount:
		return r.holds(float64(n))
	case rule.ValueCount:
		return r.holds(float64(distinct(window)))
	case rule.ValueSum:
		return r.holds(float64(sum))
	case rule.ValueAvg:
		return r.holds(float64(sum) / float64(n))
	case rule.Ratio:
		return n >= r.MinEvents && r.holds(float64(distinct(window))/float64(n))
	case rule.ValueMin, rule.ValueMax, rule.ValueMedian:
		slices.SortFunc(window, func(a, b moment) int { return a.n - b.n })
		middle := float64(window[(n-1)/2].n+window[n/2].n) / 2
		return r.holds(map[rule.Kind]float64{rule.ValueMin: float64(window[0].n), rule.ValueMax: float64(window[n-1].n), rule.ValueMedian: middle}[r.Kind])
	case rule.Temporal:
		there := 0
		for s := range r.on {
			if slices.ContainsFunc(window, func(m moment) bool { return m.steps[s] }) {
				there++
			}
		}
		return r.holds(float64(there))
	case rule.TemporalOrdered:
		next := 0
		for _, m := range window {
			if next < len(r.on) && m.steps[next] {
				next++
			}
		}
		return r.holds(float64(next))
	case rule.Without:
		good := false
		for _, m := range others {
			if m.steps[1] {
				good = false
			} else if m.time > now-int64(r.Timespan) {
				good = true
			}
		}
		return !good
	case rule.FirstSeen:
		last := window[n-1]
		return !slices.ContainsFunc(window[:n-1], func(m moment) bool { return m.value == last.value })
	}
	return true
}

// alert writes an alert down as the engine's test does.
func (o *oracle) alert(r oracleRule, e plainEvent, group string, window []moment) {
	count, values, from := len(window), 0, window[0].time
	switch r.Kind {
	case match, rule.Without:
		count, from = 1, e.time
	case rule.FirstSeen:
		count, values, from = 1, 1, e.time
	case rule.ValueCount, rule.Ratio:
		values = distinct(window)
	}
	fields := r.on[slices.IndexFunc(r.on, func(in oracleInput) bool { k, ok := in.takes(e); return ok && k == group })].group
	var key []string
	for i, name := range fields {
		switch v := e.data[name].(type) {
		case string:
			key = append(key, fmt.Sprintf("%q:%q", r.on[0].group[i], v))
		case int:
			key = append(key, fmt.Sprintf("%q:%d", r.on[0].group[i], v))
		}
	}
	o.alerts = append(o.alerts, fmt.Sprintf(`{"rule":%q,"level":%q,"key":{%s},"at":"%s","event":%q,"from":"%s","count":%d,"distinct":%d}`,
		r.Name, r.Level, strings.Join(key, ","), event.FormatTime(nil, e.time), e.id, event.FormatTime(nil, from), count, values))
}
