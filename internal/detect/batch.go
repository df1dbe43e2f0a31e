package detect

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
)

// A record is one event as one watch sees it.
type record struct {
	time  int64
	key   uint64 // hash of the group
	value uint64 // hash of the field's value, or a number, or the steps of a temporal rule
	text  uint32 // where its text is
	order uint32 // its event's place among those that came
	watch uint16
	given uint16 // it counts only if this rule raises an alert at the event; 0 is no rule, 1 the first
	role  uint8
}

// The roles an event may have for a rule of kind Without; for the others it is on.
const (
	on uint8 = iota
	endedBy
	without
)

// A seen is one event as the order needs it.
type seen struct {
	id   uint64 // hash of source and id
	time int64
	line uint32 // in the batch
	end  uint32 // its records are those from the end of the one before
}

// A Sample is a line that was counted, and why.
type Sample struct {
	Line int
	Err  error
}

// maxSamples is how many lines are shown of each kind.
const maxSamples = 10

// A tap leads the events of one detection, or the alerts of one rule, to one rule.
type tap struct {
	watch uint16
	given uint16 // the rule whose alerts they are, from 1
	role  uint8
	step  uint8
	input *rule.Input
}

// A matcher is what batches have in common: the rules by what they look at. It does not change.
type matcher struct {
	set     *rule.Set
	watches []watch
	seed    uint64
	taps    [][]tap    // by detection, in the order of the watches
	chains  [][]tap    // by watch, to those that look at its alerts; nil when none does
	types   []typeList // open addressing by the hash of the type; a power of two
	always  []int32    // the detections for types that no detection names
}

// A typeList has the detections that can match events of a type.
type typeList struct {
	name       string // empty for an empty place: no event has such a type
	detections []int32
}

func newMatcher(set *rule.Set, seed uint64) *matcher {
	m := &matcher{set: set, watches: watches(set), seed: seed, taps: make([][]tap, len(set.Detections))}
	for i := range m.watches {
		w := &m.watches[i]
		for role, inputs := range [][]rule.Input{on: w.on, endedBy: w.endedBy, without: w.without} {
			for step := range inputs {
				in := &inputs[step]
				t := tap{watch: uint16(i), role: uint8(role), step: uint8(step), input: in}
				if in.Chained {
					m.chain(t, m.chainedTo(*in))
				} else {
					m.taps[in.Rule] = append(m.taps[in.Rule], t)
				}
			}
		}
	}
	m.index()
	return m
}

// chainedTo returns the watch whose alerts are an input.
func (m *matcher) chainedTo(in rule.Input) int {
	return len(m.watches) - len(m.set.Correlations) + in.Rule
}

// chain leads the alerts of a watch to a rule.
func (m *matcher) chain(t tap, from int) {
	if m.chains == nil {
		m.chains = make([][]tap, len(m.watches))
	}
	t.given = uint16(from + 1)
	m.chains[from] = append(m.chains[from], t)
}

// index makes the lists of detections by type, each in the order of the set.
func (m *matcher) index() {
	byType := map[string][]int32{}
	for i, d := range m.set.Detections {
		for _, t := range d.Types {
			if _, ok := byType[t]; !ok && len(m.taps[i]) > 0 {
				byType[t] = nil
			}
		}
	}
	for i, d := range m.set.Detections {
		if len(m.taps[i]) == 0 {
			continue
		}
		if d.Types == nil {
			m.always = append(m.always, int32(i))
		}
		for t, list := range byType {
			if d.Types == nil || slices.Contains(d.Types, t) {
				byType[t] = append(list, int32(i))
			}
		}
	}
	size := 16
	for size < 4*len(byType) {
		size *= 2
	}
	m.types = make([]typeList, size)
	for t, list := range byType {
		*m.place([]byte(t)) = typeList{t, list}
	}
}

// place returns the list of a type, or the empty place for it.
func (m *matcher) place(name []byte) *typeList {
	mask := uint64(len(m.types) - 1)
	for i := hash(0, name) & mask; ; i = (i + 1) & mask {
		if l := &m.types[i]; l.name == string(name) || l.name == "" {
			return l
		}
	}
}

// A Batch is a run of events that are decoded and matched with the rules, but not yet judged. Batches can
// be filled at the same time, each by one goroutine; the engine takes them in their order.
type Batch struct {
	*matcher
	// Position is where in a stream the events come from that are added from now on, or 0. Their alerts tell it.
	Position uint64

	decoder *event.Decoder
	event   event.Event

	lines   int
	seen    []seen
	records []record
	text    []byte
	bad     int
	samples []Sample
	places  []place

	// What the order needs to know of all events together.
	increasing      bool   // each id is after all before it
	first, greatest []byte // ids
	oldest, newest  int64
}

// Reset empties the batch.
func (b *Batch) Reset() {
	b.lines, b.bad, b.Position = 0, 0, 0
	b.seen, b.records, b.text, b.samples, b.places = b.seen[:0], b.records[:0], b.text[:0], b.samples[:0], b.places[:0]
	b.increasing, b.first, b.greatest, b.oldest, b.newest = true, b.first[:0], b.greatest[:0], math.MaxInt64, never
}

// Add takes one event.
func (b *Batch) Add(line []byte) error {
	return b.take(b.decoder.Decode(line, &b.event))
}

// AddLines takes all lines of buf, of which the last ends with a newline as well and is followed
// by event.Slack more bytes.
func (b *Batch) AddLines(buf []byte) {
	b.decoder.Lines(buf)
	for p := 0; p < len(buf)-event.Slack; {
		next, err := b.decoder.Next(p, &b.event)
		p = next
		_ = b.take(err) // counted, with a sample
	}
}

func (b *Batch) take(err error) error {
	b.lines++
	if err != nil {
		if !errors.Is(err, event.Blank) {
			b.refuse(b.lines, err)
		}
		return err
	}
	e := &b.event
	id := e.Value(event.ID).Raw
	switch {
	case len(b.seen) == 0:
		b.first, b.greatest = append(b.first, id...), append(b.greatest, id...)
	case before(b.greatest, id):
		b.greatest = append(b.greatest[:0], id...)
	default:
		b.increasing = false
	}
	b.oldest, b.newest = min(b.oldest, e.Time), max(b.newest, e.Time)
	if n := len(b.places); b.Position != 0 && (n == 0 || b.places[n-1].position != b.Position) {
		b.places = append(b.places, place{uint32(len(b.seen)), b.Position})
	}
	b.match(e)
	known := max(1, hash(hash(b.seed, e.Value(event.Source).Raw), id)) // 0 is an empty place in a table
	b.seen = append(b.seen, seen{id: known, time: e.Time, line: uint32(b.lines), end: uint32(len(b.records))})
	return nil
}

// refuse counts a line that is no event.
func (b *Batch) refuse(line int, err error) {
	b.bad++
	if len(b.samples) < maxSamples {
		b.samples = append(b.samples, Sample{line, err})
	}
}

// match makes the records of an event.
func (b *Batch) match(e *event.Event) {
	list := b.always
	name := e.Value(event.Type).Raw
	l := b.place(name)
	if l.name == "" && !small(name) {
		l = b.place(bytes.ToLower(name)) // case does not count in rules
	}
	if l.name != "" {
		list = l.detections
	}
	first := len(b.records)
	for _, i := range list {
		if !b.set.Detections[i].Match(e) {
			continue
		}
		for j := range b.taps[i] {
			b.tap(e, &b.taps[i][j], first)
		}
	}
	if b.chains != nil {
		for i := first; i < len(b.records); i++ { // and those that come to it
			if r := b.records[i]; r.role == on {
				for j := range b.chains[r.watch] {
					b.tap(e, &b.chains[r.watch][j], first)
				}
			}
		}
	}
	// By rule, and what a rule asks of the past before what it learns from the event.
	for i := first + 1; i < len(b.records); i++ {
		for j := i; j > first && b.records[j].before(&b.records[j-1]); j-- {
			b.records[j], b.records[j-1] = b.records[j-1], b.records[j]
		}
	}
}

// small reports whether a text has no letters that may be capital.
func small(b []byte) bool {
	for _, c := range b {
		if c-'A' <= 'Z'-'A' || c >= 0x80 {
			return false
		}
	}
	return true
}

func (r *record) before(other *record) bool {
	return r.watch < other.watch || r.watch == other.watch && r.role < other.role
}

// tap makes the record of an event for one rule. first is the event's first record.
func (b *Batch) tap(e *event.Event, t *tap, first int) {
	key := b.seed
	for _, s := range t.input.Group {
		v := e.Value(s)
		if v.Kind == event.Missing || v.Kind == event.Null {
			return
		}
		key = hashValue(key, v)
	}
	if key == 0 {
		key = 1 // 0 is an empty place in a table
	}
	value, ok := b.value(e, t)
	if !ok {
		return
	}
	w := &b.watches[t.watch]
	for i := first; i < len(b.records); i++ {
		if r := &b.records[i]; r.watch == t.watch && r.key == key && r.role == t.role && r.given == t.given {
			if w.temporal() {
				r.value |= value
			}
			return // one event, though several of the rule's detections match it
		}
	}
	b.records = append(b.records, record{time: e.Time, key: key, value: value, text: b.keep(e, t), order: uint32(len(b.seen)), watch: t.watch, given: t.given, role: t.role})
}

// value returns what the rule looks at in the event.
func (b *Batch) value(e *event.Event, t *tap) (uint64, bool) {
	if t.role != on {
		return 0, true
	}
	switch b.watches[t.watch].kind {
	case rule.Temporal, rule.TemporalOrdered:
		return 1 << t.step, true
	case rule.ValueSum, rule.ValueAvg, rule.ValueMin, rule.ValueMax, rule.ValueMedian:
		n, ok := thousandths(e.Value(t.input.Field[0]))
		return uint64(n), ok
	case rule.ValueCount, rule.FirstSeen, rule.Ratio:
		h := b.seed
		for _, f := range t.input.Field {
			v := e.Value(f)
			if v.Kind == event.Missing || v.Kind == event.Null {
				return 0, false
			}
			h = hashValue(h, v)
		}
		return h, true
	}
	return 0, true
}

// keep writes down what an alert would say of the event.
func (b *Batch) keep(e *event.Event, t *tap) uint32 {
	at := uint32(len(b.text))
	b.text = appendText(b.text, e.Value(event.ID).Raw)
	for _, s := range t.input.Group {
		b.text = appendValue(b.text, e.Value(s))
	}
	return at
}
