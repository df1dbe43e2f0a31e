package detect

import (
	"unsafe"

	"hinomi.dev/hinomi/internal/rule"
)

// Figures are what an engine can say of one of its rules.
type Figures struct {
	Rule    *rule.Rule
	Matched uint64 // events that took part in it
	Alerts  uint64 // raised, or that would have been if another rule did not look at them
	Keys    int    // groups, or pairs, that it remembers: some of them may have ended
	Bytes   int64  // that they take
}

// Figures returns the figures of all rules, in the order of the set: detections that alert by themselves, then
// correlations. They survive snapshots.
func (e *Engine) Figures() []Figures {
	all := make([]Figures, len(e.matcher.watches))
	for i := range all {
		f := &all[i]
		f.Rule, f.Alerts = e.matcher.watches[i].Rule, e.raised[i]
		for _, p := range e.parts {
			s := &p.states[i]
			f.Matched += s.matched
			groups, bytes := s.group.size()
			f.Keys, f.Bytes = f.Keys+groups, f.Bytes+bytes
			seen, bytes := s.seen.size()
			f.Keys, f.Bytes = f.Keys+seen, f.Bytes+bytes
			_, bytes = s.held.size()
			f.Bytes += bytes
		}
	}
	return all
}

// size returns how many keys there are, and what they take.
func (l *lasts) size() (keys int, bytes int64) {
	for i := range l.segment {
		keys += l.segment[i].n
		bytes += int64(cap(l.segment[i].entries)) * int64(unsafe.Sizeof(last{}))
	}
	return keys, bytes
}

// size returns how many groups there are, and what they take with their windows.
func (g *groups) size() (keys int, bytes int64) {
	for i := range g.segment {
		keys += g.segment[i].n
		bytes += int64(cap(g.segment[i].entries)) * int64(unsafe.Sizeof(group{}))
	}
	return keys, bytes + g.store.size()
}

// size returns how many bytes a store takes.
func (s *store) size() (bytes int64) {
	for c := range s.classes {
		k := &s.classes[c]
		bytes += 8*int64(len(k.pieces)*max(pieceWords, 1<<c)) + 4*int64(cap(k.free))
	}
	return bytes
}
