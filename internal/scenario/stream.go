package scenario

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"time"
)

// A Stream is a scenario being told, event by event in the order of event time. It is for one
// goroutine.
type Stream struct {
	opt    Options
	name   string
	key    uint64 // of the ids and the chances
	plot   *plot
	lo, hi int64 // what is written: lo ≤ time < hi

	begun   items // stories under way, the next to speak first
	current *item // whose fact was told last; it moves on at the next call
	wake    int64 // when the next story begins, of all flows
	spare   [][]fact

	drops    int   // of the background, told so far
	dropAt   int64 // time of its next event
	dropDice dice
	drop     fact

	serial uint64
	scribe scribe
	line   []byte
	now    int64
	again  bool // the line is delivered once more
	waiting

	truth    []byte
	answered []bool // of the plot's claims
	totals   Totals
	done     bool
}

// never is later than every event.
const never = math.MaxInt64

// background is the ordinary traffic of the service: n events whose times the shares of n give.
type background struct {
	n    int
	at   func(q float64) int64
	tell func(i int, d *dice, f *fact)
}

func (s *Stream) start() {
	p := s.plot
	s.lo, s.hi = p.from, p.to
	if !s.opt.From.IsZero() {
		s.lo = s.opt.From.UnixMilli()
	}
	if !s.opt.To.IsZero() {
		s.hi = s.opt.To.UnixMilli()
	}
	s.wake, s.dropAt = never, never
	for _, f := range p.flows {
		s.draw(f)
	}
	s.dropDice = s.dice("background", 0)
	s.drip()
	s.scribe.open(s)
	s.tellPlot()
}

// draw finds the start of the next story of a flow.
func (s *Stream) draw(f *flow) {
	f.start = never
	if f.next < f.n {
		f.dice = s.dice(f.name, f.next)
		f.start = f.at((float64(f.next) + f.dice.unit()) / float64(f.n))
	}
	s.wake = never
	for _, other := range s.plot.flows {
		s.wake = min(s.wake, other.start)
	}
}

// drip finds the time of the next ordinary event.
func (s *Stream) drip() {
	if b := &s.plot.background; s.drops < b.n {
		s.dropAt = b.at((float64(s.drops) + s.dropDice.unit()) / float64(b.n))
	} else {
		s.dropAt = never
	}
}

// retell plans story i of a flow, for itself or for another story that follows from it.
func (s *Stream) retell(f *flow, i int, into []fact) []fact {
	d := s.dice(f.name, i)
	at := f.at((float64(i) + d.unit()) / float64(f.n))
	p := plan{facts: into}
	f.tell(i, at, &d, &p)
	slices.SortFunc(p.facts, byTime)
	return p.facts
}

// begin starts the stories that begin before or with the next thing told.
func (s *Stream) begin() {
	for s.wake != never {
		next := s.dropAt
		if len(s.begun) > 0 {
			next = min(next, s.begun[0].now())
		}
		if s.wake > next {
			return
		}
		for _, f := range s.plot.flows {
			if f.start != s.wake {
				continue
			}
			it := &item{flow: f, number: f.next}
			if n := len(s.spare); n > 0 {
				it.plan.facts, s.spare = s.spare[n-1], s.spare[:n-1]
			}
			f.tell(f.next, f.start, &f.dice, &it.plan)
			slices.SortFunc(it.plan.facts, byTime)
			f.next++
			s.draw(f)
			if len(it.plan.facts) > 0 {
				heap.Push(&s.begun, it)
			}
			break
		}
	}
}

// advance returns the next fact, or nil after the last. It is valid until the next call.
func (s *Stream) advance() *fact {
	if it := s.current; it != nil {
		s.current = nil
		if it.pos++; it.pos < len(it.plan.facts) {
			heap.Fix(&s.begun, 0)
		} else {
			heap.Pop(&s.begun)
			s.tellTallies(it)
			s.spare = append(s.spare, it.plan.facts[:0])
		}
	}
	s.begin()
	if len(s.begun) > 0 && s.begun[0].now() < s.dropAt {
		s.current = s.begun[0]
		return &s.current.plan.facts[s.current.pos]
	}
	if s.dropAt == never {
		return nil
	}
	s.drop = fact{at: s.dropAt}
	s.plot.background.tell(s.drops, &s.dropDice, &s.drop)
	s.drops++
	s.drip()
	return &s.drop
}

// inOrder writes the next event inside the window to s.line.
func (s *Stream) inOrder() bool {
	if s.again {
		s.again = false
		s.totals.Redeliveries++
		return true
	}
	for !s.done {
		f := s.advance()
		if f == nil || f.at >= s.hi {
			break
		}
		s.serial++ // also outside the window: an event has the same id in every part of the whole
		if f.at < s.lo {
			continue
		}
		s.line = s.scribe.event(s.line[:0], f, s.serial)
		s.now, s.again = f.at, f.again
		s.count(f)
		return true
	}
	if !s.done {
		s.done = true
		s.finish()
	}
	return false
}

// Next returns the next event, one line of JSON without its end, or false after the last. The
// line is valid until the next call.
func (s *Stream) Next() ([]byte, bool) {
	if s.opt.Lateness == 0 {
		ok := s.inOrder()
		return s.line, ok
	}
	return s.outOfOrder()
}

// Time returns the event time of the newest event made.
func (s *Stream) Time() time.Time { return time.UnixMilli(s.now).In(tokyo) }

// Lists returns the accounts behind the placeholders of the rules.
func (s *Stream) Lists() []List { return s.plot.lists }

// Totals returns what was told so far.
func (s *Stream) Totals() Totals { return s.totals }

// Truth returns the lines of the ground truth that became known since the last call. They are
// valid until the next call of Next.
func (s *Stream) Truth() []byte {
	t := s.truth
	s.truth = s.truth[:0]
	return t
}

// Waiting is the part of a stream that lets events arrive in another order than they happened:
// each is held back for less than the lateness, so that none comes later than that allows.
type waiting struct {
	held  arrivals
	dice  dice
	read  int
	ended bool
	free  [][]byte
	out   []byte
}

func (s *Stream) outOfOrder() ([]byte, bool) {
	w := &s.waiting
	if w.read == 0 {
		w.dice = s.dice("lateness", 0)
	}
	if w.out != nil {
		w.free, w.out = append(w.free, w.out), nil
	}
	// What is made from now on happens at s.now or later, and arrives not before it happens.
	for !w.ended && (len(w.held) == 0 || w.held[0].at > s.now) {
		if !s.inOrder() {
			w.ended = true
			break
		}
		a := arrival{at: s.now + w.dice.between(0, max(1, s.opt.Lateness.Milliseconds())), seq: w.read}
		if n := len(w.free); n > 0 {
			a.line, w.free = w.free[n-1][:0], w.free[:n-1]
		}
		a.line = append(a.line, s.line...)
		w.read++
		heap.Push(&w.held, a)
	}
	if len(w.held) == 0 {
		return nil, false
	}
	w.out = heap.Pop(&w.held).(arrival).line
	return w.out, true
}

type arrival struct {
	at   int64
	seq  int
	line []byte
}

type arrivals []arrival

func (a arrivals) Len() int      { return len(a) }
func (a arrivals) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a arrivals) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(a[i].at, a[j].at), cmp.Compare(a[i].seq, a[j].seq)) < 0
}
func (a *arrivals) Push(x any) { *a = append(*a, x.(arrival)) }
func (a *arrivals) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

type items []*item

func (i items) Len() int           { return len(i) }
func (i items) Less(a, b int) bool { return i[a].before(i[b]) }
func (i items) Swap(a, b int)      { i[a], i[b] = i[b], i[a] }
func (i *items) Push(x any)        { *i = append(*i, x.(*item)) }
func (i *items) Pop() any {
	last := (*i)[len(*i)-1]
	*i = (*i)[:len(*i)-1]
	return last
}
