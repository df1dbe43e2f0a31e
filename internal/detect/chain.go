package detect

import "hinomi.dev/hinomi/internal/rule"

// chain judges the records of the rules that look at alerts of others, event by event, and adds what it finds. What the
// others found is known by then, and in order. One goroutine does it: alerts are few.
func (e *Engine) chain(b *bucket, found []finding) []finding {
	next := 0 // of what the others found
	others := len(found)
	for from := 0; from < len(b.records); {
		to := from + 1
		chained := e.matcher.watches[b.records[from].watch].chained
		for to < len(b.records) && b.records[to].order == b.records[from].order {
			chained = chained || e.matcher.watches[b.records[to].watch].chained
			to++
		}
		e.given = e.given[:0]
		for ; next < others && found[next].record < to; next++ {
			e.given = append(e.given, b.records[found[next].record].watch+1)
		}
		if chained {
			found = e.chainEvent(b.records[from:to], from, found)
		}
		from = to
	}
	return found
}

// chainEvent judges an event's records, of which the first one is the first-th of the bucket. They stand in the order of the
// rules, and a rule stands behind those that it looks at.
func (e *Engine) chainEvent(records []record, first int, found []finding) []finding {
	for i := range records {
		r := &records[i]
		w := &e.matcher.watches[r.watch]
		if !w.chained || !e.counts(r) || e.merged(records[:i], r) {
			continue
		}
		if w.temporal() {
			for j := i + 1; j < len(records); j++ {
				if other := &records[j]; other.like(r) && e.counts(other) {
					r.value |= other.value
				}
			}
		}
		if w.kind == rule.FirstSeen && !e.started[r.watch] {
			e.learn(int(r.watch), r.time)
		}
		s := &e.parts[partOf(r.key, len(e.parts))].states[r.watch]
		if r.role == on {
			s.matched++
		}
		if f, ok := s.judge(r); ok {
			f.record = first + i
			found = append(found, f)
			e.given = append(e.given, r.watch+1)
		}
	}
	return found
}

// counts reports whether the rule that a record depends on has raised an alert at the event.
func (e *Engine) counts(r *record) bool {
	if r.given == 0 {
		return true
	}
	for _, w := range e.given {
		if w == r.given {
			return true
		}
	}
	return false
}

// like reports whether two records of an event are one to their rule.
func (r *record) like(other *record) bool {
	return r.watch == other.watch && r.key == other.key && r.role == other.role
}

// merged reports whether one of the records before r was the same to its rule.
func (e *Engine) merged(before []record, r *record) bool {
	for i := range before {
		if other := &before[i]; other.like(r) && e.counts(other) {
			return true
		}
	}
	return false
}
