package detect

// few is how many values are looked through one by one. With a larger threshold a group has a
// tally of them.
const few = 32

// manyValues is valueCount for large thresholds: the main block is a ring of the events in the window, the
// extra block a tally with the last time of each value. What falls out at the front takes its value with it,
// unless the value came again.
func (s *state) manyValues(g *group, r *record) (finding, bool) {
	events := ring{&s.group.store, &g.main, 2}
	values := tally{&s.group.store, &g.extra}
	g.newest = r.time
	for events.len() > 0 && events.first(0) <= r.time-s.span {
		s.popValue(events, values)
	}
	events.push(r.time, r.value)
	*values.at(r.value) = uint64(r.time)
	for values.len() > s.most { // the oldest decides nothing any more
		s.popValue(events, values)
	}
	n := values.len()
	f := finding{from: events.first(0), count: events.len(), distinct: n}
	if !s.holds(float64(n)) {
		return f, false
	}
	armed := s.hold(g, r.time)
	if events.len() > 4*s.most {
		s.newestOnly(events, values)
	}
	return f, armed
}

// popValue removes the first event, and its value if it did not come again.
func (s *state) popValue(events ring, values tally) {
	t, value := uint64(events.first(0)), uint64(events.first(1))
	events.pop()
	if values.len() > 0 && values.has(value, t) {
		values.drop(value)
	}
}

// has reports whether a value is there with this number.
func (t tally) has(value, n uint64) bool {
	words := t.store.words(t.block)
	return words[t.find(words, value)+1] == n
}

// newestOnly leaves of each value the newest event. The others would only be counted by an alert, and the
// condition holds now: the next alert is a timespan away.
func (s *state) newestOnly(events ring, values tally) {
	for range events.len() {
		t, value := events.first(0), uint64(events.first(1))
		events.pop()
		if values.has(value, uint64(t)) {
			events.push(t, value)
		}
	}
}
