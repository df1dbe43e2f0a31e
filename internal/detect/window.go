package detect

import "hinomi.dev/hinomi/internal/rule"

// hold notes that the condition holds for a group now, and reports whether that is an alert. An
// alert counts no event of now or before again: the next one is a timespan away. So what only an alert needs
// can go.
func (s *state) hold(g *group, now int64) bool {
	armed := g.held == never || now-g.held >= s.span
	g.held = now
	return armed
}

// eventCount keeps the newest times, as many as decide the condition, in a ring: the first word is where
// the oldest stands, the others are the times.
func (s *state) eventCount(g *group, r *record) (finding, bool) {
	ring := ring{&s.group.store, &g.main, 1}
	g.newest = r.time
	for n := ring.len(); n > 0 && (n == s.most || ring.first(0) <= r.time-s.span); n-- {
		ring.pop()
	}
	ring.push(r.time, 0)
	n := ring.len()
	if !s.holds(float64(n)) || !s.hold(g, r.time) {
		return finding{}, false
	}
	return finding{from: ring.first(0), count: n}, true
}

// valueCount keeps the newest values with their last times, as many as decide the condition: the
// newest in the group itself, the others in its main block as pairs, oldest first. The extra
// block has the times at which a value came that came again later: only an alert needs them.
func (s *state) valueCount(g *group, r *record) (finding, bool) {
	cut := r.time - s.span
	st := &s.group.store
	switch {
	case g.newest <= cut: // nothing is left
		st.release(&g.main)
		st.release(&g.extra)
	case g.value == r.value:
		s.extra(g, g.newest, cut)
	default:
		s.values(g, r.value, cut)
	}
	g.newest, g.value = r.time, r.value
	if g.main.n() > 0 {
		s.expire(g, cut)
	}
	n := g.main.n()/2 + 1
	if !s.holds(float64(n)) {
		return finding{}, false
	}
	if !s.hold(g, r.time) {
		st.release(&g.extra)
		return finding{}, false
	}
	f := finding{from: r.time, count: n, distinct: n}
	if g.main.n() > 0 {
		f.from = int64(st.words(&g.main)[1])
	}
	for _, w := range st.words(&g.extra)[:g.extra.n()] {
		if t := int64(w); t > cut {
			f.count++
			f.from = min(f.from, t)
		}
	}
	st.release(&g.extra)
	return f, true
}

// values moves the value of the last event to the end of the pairs, to make place for a new one
// that may be among them.
func (s *state) values(g *group, value uint64, cut int64) {
	st := &s.group.store
	n := g.main.n()
	pairs := st.words(&g.main)
	i := 0
	for i < n && pairs[i] != value {
		i += 2
	}
	switch {
	case i < n:
		t := int64(pairs[i+1])
		copy(pairs[i:n], pairs[i+2:n])
		if t > cut {
			s.extra(g, t, cut)
		}
	case n/2+1 == s.most: // the oldest decides nothing any more
		if n == 0 {
			return
		}
		copy(pairs, pairs[2:n])
	default:
		pairs = st.resize(&g.main, n+2)
		n += 2
	}
	pairs[n-2], pairs[n-1] = g.value, uint64(g.newest)
}

// expire drops the pairs that are out of the window.
func (s *state) expire(g *group, cut int64) {
	pairs := s.group.store.words(&g.main)[:g.main.n()]
	i := 0
	for i < len(pairs) && int64(pairs[i+1]) <= cut {
		i += 2
	}
	if i > 0 {
		copy(pairs, pairs[i:])
		if i < len(pairs) {
			s.group.store.resize(&g.main, len(pairs)-i)
		} else {
			s.group.store.release(&g.main)
		}
	}
}

// extra notes one more time. When there is no room, the times out of the window make it.
func (s *state) extra(g *group, t, cut int64) {
	st := &s.group.store
	n := g.extra.n()
	if words := st.words(&g.extra); n == len(words) {
		live := 0
		for _, w := range words {
			if int64(w) > cut {
				words[live] = w
				live++
			}
		}
		if n = live; 4*n > 3*len(words) { // nearly all live: do not come back so soon
			st.resize(&g.extra, len(words)+1)
		}
	}
	st.resize(&g.extra, n+1)[n] = uint64(t)
}

// temporal keeps the last time of each step, or of the ordered kind the time at which the latest
// chain of steps up to it began, and as extra words the times of all events.
func (s *state) temporal(g *group, r *record) (finding, bool) {
	cut := r.time - s.span
	st := &s.group.store
	steps := len(s.on)
	words := st.words(&g.main)
	if g.main.n() == 0 {
		words = st.resize(&g.main, steps)
		for i := range words {
			words[i] = 1 << 63 // never
		}
	}
	for i := steps - 1; i >= 0; i-- {
		switch {
		case r.value&(1<<i) == 0:
		case s.kind == rule.Temporal || i == 0:
			words[i] = uint64(r.time)
		default:
			words[i] = words[i-1]
		}
	}
	g.newest = r.time
	s.extra(g, r.time, cut)
	n := 0
	for _, w := range words[:steps] {
		if int64(w) > cut {
			n++ // of chains the shorter ones began no earlier, so this is the longest
		}
	}
	if !s.holds(float64(n)) {
		return finding{}, false
	}
	f := finding{from: r.time}
	for _, w := range st.words(&g.extra)[:g.extra.n()] {
		if t := int64(w); t > cut {
			f.count++
			f.from = min(f.from, t)
		}
	}
	st.release(&g.extra)
	return f, s.hold(g, r.time)
}
