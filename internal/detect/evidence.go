package detect

import (
	"bytes"
	"fmt"
	"slices"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// An Evidence tells the events that an alert is about from others. It belongs to one goroutine.
type Evidence struct {
	decoder *event.Decoder
	event   event.Event
	set     *rule.Set
	watch   watch
	alert   Alert
}

// NewEvidence returns the evidence of an alert of a rule of the set. Of the alert it needs the rule's name, the key, the
// window and the event.
func NewEvidence(set *rule.Set, a Alert) (*Evidence, error) {
	all := watches(set)
	i := slices.IndexFunc(all, func(w watch) bool { return w.Name == a.Rule.Name })
	if i < 0 {
		return nil, fmt.Errorf("there is no rule %s", a.Rule.Name)
	}
	if len(all[i].keys) != len(a.Key) {
		return nil, fmt.Errorf("the groups of %s have %d values, not %d", a.Rule.Name, len(all[i].keys), len(a.Key))
	}
	return &Evidence{decoder: event.NewDecoder(set.Fields), set: set, watch: all[i], alert: a}, nil
}

// Has reports whether the event in a line is in the alert's window: one of the rule's detections matches it, its
// group is the alert's, its time is from the first event's to that of the event which made the condition true. An alert
// about a single event has only this event.
func (ev *Evidence) Has(line []byte) bool {
	e := &ev.event
	if ev.decoder.Decode(line, e) != nil {
		return false
	}
	if string(e.Value(event.ID).Raw) != ev.alert.Event {
		switch ev.watch.kind {
		case match, rule.Without, rule.FirstSeen:
			return false
		}
		if e.Time < ev.alert.From || e.Time > ev.alert.At {
			return false
		}
	}
	for i := range ev.watch.on {
		in := &ev.watch.on[i]
		if ev.set.Detections[in.Rule].Match(e) && ev.inGroup(in) && ev.counts(in) {
			return true
		}
	}
	return false
}

// inGroup reports whether the event belongs to the alert's group as an input sees it.
func (ev *Evidence) inGroup(in *rule.Input) bool {
	for i, s := range in.Group {
		if !same(ev.event.Value(s), ev.alert.Key[i]) {
			return false
		}
	}
	return true
}

// counts reports whether the event has what the rule looks at.
func (ev *Evidence) counts(in *rule.Input) bool {
	for _, f := range in.Field {
		v := ev.event.Value(f)
		if v.Kind == event.Missing || v.Kind == event.Null {
			return false
		}
		if _, ok := thousandths(v); !ok && ev.watch.sums() {
			return false
		}
	}
	return true
}

// same reports whether two values are one to a group.
func same(a, b event.Value) bool {
	if a.Kind == event.Number && b.Kind == event.Number {
		return bytes.Equal(normal(a.Raw), normal(b.Raw))
	}
	return a.Kind == b.Kind && bytes.Equal(a.Raw, b.Raw)
}
