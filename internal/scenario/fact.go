package scenario

// A ref is an account, a group, a session or an item of data: its class and its number. Only
// when it is written does it get an id.
type ref uint64

// A class is a kind of thing with numbers of its own.
type class uint8

// The classes. Hard negatives have their own, so that nobody is two things at once.
const (
	_           class = iota
	person            // ordinary people; the affected are the first of them
	rogue             // 2020: the bots of the assistant class
	operator          // 2020: who runs them
	tester            // 2020: the reporter's own accounts
	assistant         // assistants that keep to what was linked
	guarded           // 2021: the people whose protection matters most
	intruder          // 2023: affiliate identities used by others
	affiliate         // affiliate identities at work
	official          // official accounts
	staff             // people of the service
	organiser         // users who invite many who come
	retrier           // users with a client that tries again
	popular           // users whom everybody asks
	toggler           // users who switch encryption off and on
	group             // groups and rooms
	session           // sessions
	record            // items of data
	benchActor        // bench: who acts
	benchTarget       // bench: whom it reaches
)

// at returns the i-th of a class.
func (c class) at(i int) ref { return ref(uint64(c)<<48 | uint64(i)) }

func (r ref) class() class { return class(r >> 48) }
func (r ref) number() int  { return int(r & (1<<48 - 1)) }

// letter is what an id begins with.
func (c class) letter() byte {
	switch c {
	case group:
		return 'c'
	case session:
		return 's'
	case record:
		return 'f'
	}
	return 'u'
}

// kind is the actor_kind of a class.
func (c class) kind() string {
	switch c {
	case rogue, assistant:
		return "assistant"
	case intruder, affiliate:
		return "affiliate"
	case official:
		return "official"
	case staff:
		return "staff"
	}
	return "user"
}

// A role is what an event is in truth.
type role uint8

// The roles. From asOrganiser on they are the hard negatives.
const (
	asOrdinary  role = iota
	asAbuse          // an effect of the abuse, or a read, or a switched-off protection
	asTrace          // what the abuse does besides, without an effect of its own
	asReporter       // the reporter's traffic among their own accounts
	asExposed        // what was sent while a protection was off, up to its return
	asResponse       // what the service or the people reached did about it
	asOrganiser      // hard negatives …
	asRetry
	asOfficial
	asAssistant
	asPopular
	asToggle
	asOwnToggle
	asJob
)

var roleNames = [...]string{
	asOrdinary: "ordinary", asAbuse: "abuse", asTrace: "trace", asReporter: "reporter", asExposed: "exposed", asResponse: "response",
	asOrganiser: "organiser", asRetry: "retrying_client", asOfficial: "official_with_consent",
	asAssistant: "assistant_with_consent", asPopular: "popular_person",
	asToggle: "ordinary_toggle", asOwnToggle: "protected_person_toggle", asJob: "approved_affiliate_job",
}

// told reports whether the truth has a line for each account in the role.
func (r role) told() bool {
	return r == asAbuse || r == asReporter || r == asExposed || r >= asOrganiser
}

// A fact is an event before it is written. It is small, since those of all stories under way are
// kept.
type fact struct {
	at  int64 // milliseconds since 1970
	seq int32 // place in its plan

	actor, target, container, owner, session ref

	what, region, api, device      word
	scope, reason, dataClass       word
	company, country, second, e2ee word

	status, bytes, items int16

	by    word // who runs the actor, for the truth
	role  role
	first bool // target: reached for the first time
	again bool // delivered twice, with the same id
	claim int8 // the claim that it could answer, from 1 on: the first one does
}

// A plan collects the facts of one story.
type plan struct{ facts []fact }

// add plans a fact.
func (p *plan) add(f fact) {
	f.seq = int32(len(p.facts))
	p.facts = append(p.facts, f)
}

// A flow is many stories of one kind. Their starts come in the order of their numbers, and no
// fact of a story comes before its start: so a flow is told without knowing all of it.
type flow struct {
	name string
	n    int
	size int // about how many facts a story has
	at   func(q float64) int64
	tell func(i int, at int64, d *dice, p *plan)

	next  int   // number of the next story
	start int64 // and its start
	dice  dice  // its chances, after its start was drawn
}

// An item is a story that has begun.
type item struct {
	flow    *flow
	number  int
	plan    plan
	pos     int
	tallies []tally
}

func (it *item) now() int64 { return it.plan.facts[it.pos].at }

// before orders stories by what they have to say next; no two are equal.
func (it *item) before(o *item) bool {
	if a, b := it.now(), o.now(); a != b {
		return a < b
	}
	if it.flow != o.flow {
		return it.flow.name < o.flow.name
	}
	return it.number < o.number
}
