package scenario

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Truth is one line of the ground truth. Its word Truth says which of the others it has.
//
//   - scenario: what follows, with the options and the figures that it has by construction
//   - marker: a date of the sources
//   - earliest: the first event at which an alert is possible, and by which kind of rule
//   - target: a person, an account or a group of data that the abuse reached, at the first time
//   - actor: an account of the abuse, when its story has ended
//   - own: an account in the reporter's own tests
//   - exposed: an account without its protection, what it sent to how many, and until when
//   - hard_negative: an account that only looks like abuse, and in which way (What)
//   - totals: the last line
type Truth struct {
	Truth string `json:"truth"`
	Name  string `json:"name,omitempty"`
	What  string `json:"what,omitempty"`
	ID    string `json:"id,omitempty"`
	Kind  string `json:"kind,omitempty"`
	By    string `json:"by,omitempty"` // who ran the actor, or which actor reached the target

	Region string `json:"region,omitempty"`
	Event  string `json:"event,omitempty"`
	Actor  string `json:"actor,omitempty"`
	Target string `json:"target,omitempty"`

	At        time.Time `json:"at,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Precision string    `json:"precision,omitempty"` // minute, day or week
	Row       string    `json:"row,omitempty"`       // of the sources
	Text      string    `json:"text,omitempty"`

	Events  int `json:"events,omitempty"`
	Targets int `json:"targets,omitempty"` // distinct
	Items   int `json:"items,omitempty"`

	Seed       uint64        `json:"seed,omitempty"`
	Scale      float64       `json:"scale,omitempty"`
	Background float64       `json:"background,omitempty"`
	Expect     *Expectations `json:"expect,omitempty"`
	Totals     *Totals       `json:"totals,omitempty"`
}

// A Marker is a date of the sources.
type Marker struct {
	At        time.Time
	Precision string
	Row       string
	Text      string
}

// mark returns a marker whose time is known to the minute.
func mark(at int64, row, text string) Marker {
	return Marker{At: time.UnixMilli(at).In(tokyo), Precision: "minute", Row: row, Text: text}
}

// markDay returns a marker of which only the day is known, or the week that begins with it.
func markDay(at int64, precision, row, text string) Marker {
	m := mark(at, row, text)
	m.Precision = precision
	return m
}

// A claim is an alert that is possible at a certain event at the earliest.
type claim struct{ name, rule, text string }

// An innocent is a hard negative known from the start, because many stories share it.
type innocent struct {
	what role
	who  ref
}

// Totals are the figures of what was told: written events alone, each once.
type Totals struct {
	Events       int            `json:"events"`
	Redeliveries int            `json:"redeliveries"` // the same event once more, not among Events
	Background   int            `json:"background"`
	Effects      int            `json:"effects"` // events of the abuse that reached somebody
	Actors       int            `json:"actors"`  // accounts of the abuse
	Targets      int            `json:"targets"` // reached by it, each once
	ByRegion     map[string]int `json:"targets_by_region,omitempty"`
	Items        map[string]int `json:"items_by_class,omitempty"`
	ByRole       map[string]int `json:"events_by_role"`
	Innocents    map[string]int `json:"hard_negatives"` // accounts, by what they look like
}

// A tally sums up what one account does in one role in one story.
type tally struct {
	role        role
	who         ref
	by          word
	events      int
	items       int
	first       string
	since, last int64
	targets     []ref
}

// tell appends a line.
func (s *Stream) tell(t Truth) {
	b, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("scenario: a truth of plain words and numbers: %v", err))
	}
	s.truth = append(append(s.truth, b...), '\n')
}

func (s *Stream) tellPlot() {
	s.totals.ByRegion, s.totals.Items = map[string]int{}, map[string]int{}
	s.totals.ByRole, s.totals.Innocents = map[string]int{}, map[string]int{}
	p := s.plot
	s.answered = make([]bool, len(p.claims))
	s.tell(Truth{Truth: "scenario", Name: s.name, Seed: s.opt.Seed, Scale: s.opt.Scale, Background: s.opt.Background,
		At: time.UnixMilli(s.lo).In(tokyo), Until: time.UnixMilli(s.hi).In(tokyo), Expect: &p.expect})
	for _, m := range p.markers {
		s.tell(Truth{Truth: "marker", At: m.At, Precision: m.Precision, Row: m.Row, Text: m.Text})
	}
	for _, i := range p.innocents {
		s.totals.Innocents[roleNames[i.what]]++
		s.tell(Truth{Truth: "hard_negative", What: roleNames[i.what], ID: s.id(i.who), Kind: i.who.class().kind()})
	}
}

// count takes a written fact into the totals, the tallies and the truth.
func (s *Stream) count(f *fact) {
	s.totals.Events++
	if f == &s.drop {
		s.totals.Background++
		return
	}
	s.totals.ByRole[roleNames[f.role]]++
	if i := f.claim - 1; i >= 0 && !s.answered[i] {
		s.answered[i] = true
		c := s.plot.claims[i]
		s.tell(Truth{Truth: "earliest", Name: c.name, What: c.rule, Text: c.text, Event: string(appendSerial(nil, s.serial)),
			At: s.Time(), Actor: s.id(f.actor), Target: s.idOrNone(f.target)})
	}
	if f.first {
		s.totals.Targets++
		if f.region != 0 {
			s.totals.ByRegion[spelled[f.region]]++
		}
		s.tellTarget(f)
	}
	if f.role == asAbuse {
		s.totals.Effects++
		if f.items > 0 {
			s.totals.Items[spelled[f.dataClass]] += int(f.items)
		}
	}
	if f.role.told() {
		s.tally(f)
	}
}

// tellTarget is tell for the line that there is most of, without the encoder.
func (s *Stream) tellTarget(f *fact) {
	b := appendID(append(s.truth, `{"truth":"target","id":"`...), f.reached(), s.key)
	b = appendID(append(b, `","by":"`...), f.actor, s.key)
	if f.region != 0 {
		b = append(append(b, `","region":"`...), spelled[f.region]...)
	}
	b = appendSerial(append(b, `","event":"`...), s.serial)
	b = s.Time().AppendFormat(append(b, `","at":"`...), time.RFC3339Nano)
	s.truth = append(b, '"', '}', '\n')
}

// reached is whom an event of the abuse reached: its target, or the account itself when a
// protection of its own was switched off.
func (f *fact) reached() ref {
	if f.target == 0 {
		return f.actor
	}
	return f.target
}

func (s *Stream) idOrNone(r ref) string {
	if r == 0 {
		return ""
	}
	return s.id(r)
}

func (s *Stream) tally(f *fact) {
	who, other := f.actor, f.target
	if f.role == asPopular { // here it is the one who is reached that looks like abuse
		who, other = f.target, f.actor
	}
	it := s.current
	i := slices.IndexFunc(it.tallies, func(t tally) bool { return t.role == f.role && t.who == who })
	if i < 0 {
		i = len(it.tallies)
		it.tallies = append(it.tallies, tally{role: f.role, who: who, by: f.by,
			since: f.at, first: string(appendSerial(nil, s.serial))})
	}
	t := &it.tallies[i]
	t.events++
	t.items += int(f.items)
	t.last = f.at
	if other != 0 {
		t.targets = append(t.targets, other)
	}
}

// tellTallies writes what the accounts of a story did, when it has ended.
func (s *Stream) tellTallies(it *item) {
	for _, t := range it.tallies {
		slices.Sort(t.targets)
		line := Truth{ID: s.id(t.who), Kind: t.who.class().kind(), By: spelled[t.by], Event: t.first,
			At: time.UnixMilli(t.since).In(tokyo), Until: time.UnixMilli(t.last).In(tokyo),
			Events: t.events, Items: t.items, Targets: len(slices.Compact(t.targets))}
		switch t.role {
		case asAbuse:
			line.Truth = "actor"
			s.totals.Actors++
		case asReporter:
			line.Truth = "own"
		case asExposed:
			line.Truth = "exposed"
		default:
			line.Truth, line.What = "hard_negative", roleNames[t.role]
			s.totals.Innocents[line.What]++
		}
		s.tell(line)
	}
	it.tallies = nil
}

// finish tells of the stories that the end of the stream cut short, and the totals.
func (s *Stream) finish() {
	slices.SortFunc(s.begun, func(a, b *item) int {
		if a.flow.name != b.flow.name {
			if a.flow.name < b.flow.name {
				return -1
			}
			return 1
		}
		return a.number - b.number
	})
	for _, it := range s.begun {
		s.tellTallies(it)
	}
	s.tell(Truth{Truth: "totals", Totals: &s.totals})
}

// Write writes the whole stream, events and truth, and returns its totals.
func Write(s *Stream, events, truth io.Writer) (Totals, error) {
	var buf []byte
	const enough = 1 << 18 // large writes are cheap, and this still fits the cache
	flush := func(least int) error {
		if len(buf) > 0 && len(buf) >= least {
			if _, err := events.Write(buf); err != nil {
				return fmt.Errorf("writing events: %w", err)
			}
			buf = buf[:0]
		}
		if len(s.truth) > 0 && len(s.truth) >= least {
			if _, err := truth.Write(s.Truth()); err != nil {
				return fmt.Errorf("writing the truth: %w", err)
			}
		}
		return nil
	}
	for {
		line, ok := s.Next()
		if !ok {
			return s.totals, flush(0)
		}
		buf = append(append(buf, line...), '\n')
		if err := flush(enough); err != nil {
			return s.totals, err
		}
	}
}
