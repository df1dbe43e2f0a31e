// Package report is a vulnerability report from the first draft to the told decision: what was
// said, when we had it, whose turn it is, what was decided by which clause.
//
// Three things are decided separately and never derived from one another: urgency (is it in use
// now?), severity (CVSS), and eligibility for a reward (the terms). The report of 15 October 2020
// was of a class that the terms exclude from reward, and it was the most urgent of its year.
package report

import (
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
)

// A State is where a report stands.
type State string

// The states.
const (
	Received         State = "received"
	NeedsInformation State = "needs_information"
	Triaged          State = "triaged"
	Duplicate        State = "duplicate"
	NotEligible      State = "not_eligible"
	Accepted         State = "accepted"
	Fixing           State = "fixing"
	Fixed            State = "fixed"
	Published        State = "published"
	Withdrawn        State = "withdrawn"
)

// States lists every state in the order of a report's life.
var States = []State{
	Received, NeedsInformation, Triaged, Accepted, Fixing, Fixed, Published, Duplicate, NotEligible, Withdrawn,
}

// next lists the states that may follow each state. A report that is not eligible may still be
// fixed: eligibility says what we pay, not what we mend.
var next = map[State][]State{
	Received:         {NeedsInformation, Triaged, Duplicate, NotEligible, Withdrawn},
	NeedsInformation: {Received, Triaged, Duplicate, NotEligible, Withdrawn},
	Triaged:          {NeedsInformation, Duplicate, NotEligible, Accepted, Withdrawn},
	Accepted:         {Fixing, Fixed},
	Fixing:           {Fixed, Accepted},
	Fixed:            {Published, Fixing},
	Published:        {},
	Duplicate:        {Triaged},
	NotEligible:      {Triaged, Fixing},
	Withdrawn:        {},
}

// stateNames are the words for the states, as a queue row shows them.
var stateNames = map[State]lang.Text{
	Received:         {EN: "Received", JA: "受付"},
	NeedsInformation: {EN: "Needs information", JA: "情報待ち"},
	Triaged:          {EN: "Triaged", JA: "確認済み"},
	Duplicate:        {EN: "Duplicate", JA: "重複"},
	NotEligible:      {EN: "Not eligible", JA: "対象外"},
	Accepted:         {EN: "Accepted", JA: "採用"},
	Fixing:           {EN: "Fixing", JA: "修正中"},
	Fixed:            {EN: "Fixed", JA: "修正済み"},
	Published:        {EN: "Published", JA: "公開済み"},
	Withdrawn:        {EN: "Withdrawn", JA: "取り下げ"},
}

// Name returns the state's word.
func (s State) Name() lang.Text { return stateNames[s] }

// Valid reports whether s is a state.
func (s State) Valid() bool { _, ok := next[s]; return ok }

// Open reports whether the desk or the reporter still has something to do in this state.
func (s State) Open() bool {
	return slices.Contains([]State{Received, NeedsInformation, Triaged, Accepted, Fixing}, s)
}

// Next returns the states that may follow s.
func (s State) Next() []State { return next[s] }

// An Urgency says whether the hole is being used now. It is no severity and no promise of money.
type Urgency string

// The urgencies.
const (
	Normal Urgency = "normal"
	Raised Urgency = "raised" // use is likely or the reporter says so
	InUse  Urgency = "in_use" // seen in use
)

// Urgencies lists them, the most pressing first.
var Urgencies = []Urgency{InUse, Raised, Normal}

var urgencyNames = map[Urgency]lang.Text{
	InUse:  {EN: "In use now", JA: "悪用中"},
	Raised: {EN: "Raised", JA: "要警戒"},
	Normal: {EN: "Normal", JA: "通常"},
}

// Name returns the urgency's word.
func (u Urgency) Name() lang.Text { return urgencyNames[u] }

// An Eligibility says whether the terms allow a reward.
type Eligibility string

// The eligibilities.
const (
	Undecided  Eligibility = "open"
	Eligible   Eligibility = "yes"
	Ineligible Eligibility = "no"
)

var eligibilityNames = map[Eligibility]lang.Text{
	Undecided:  {EN: "Undecided", JA: "未定"},
	Eligible:   {EN: "Eligible", JA: "報奨金の対象"},
	Ineligible: {EN: "Not eligible", JA: "報奨金の対象外"},
}

// Name returns the eligibility's word.
func (e Eligibility) Name() lang.Text { return eligibilityNames[e] }

// A Turn says who has to act next.
type Turn string

// The turns.
const (
	Desk     Turn = "desk"
	Reporter Turn = "reporter"
	Nobody   Turn = "nobody"
)

var turnNames = map[Turn]lang.Text{
	Desk:     {EN: "Desk", JA: "運営"},
	Reporter: {EN: "Reporter", JA: "報告者"},
	Nobody:   {EN: "Nobody", JA: "なし"},
}

// Name returns the turn's word.
func (t Turn) Name() lang.Text { return turnNames[t] }

// A File is one attachment of a report, by the hash of its bytes.
type File struct {
	Hash string `json:"sha256"` // lower-case hex
	Name string `json:"name"`   // as the reporter named it, made safe to show
	Size int64  `json:"size"`   // bytes
}

// A Report is a vulnerability report that the server has had in full since ReceivedAt.
type Report struct {
	ID             string // what people call it, such as 7K3M-9QTX; random, so that it counts nothing
	LogIndex       int64  // its entry in the receipt log: the order of receipt
	ReceivedAt     time.Time
	ClockBehind    bool   // our clock had been set back: ReceivedAt is the last entry's time
	Terms          string // the version in force at ReceivedAt; never changes
	Reporter       string // a person
	Lang           lang.Lang
	Title          string
	Target         string // canonical
	InScope        bool   // as judged by the terms at receipt
	ScopeClause    string
	Class          string
	Body           Submission
	Raw            []byte // the exact bytes that were committed to
	Salt           []byte // opens the commitment; the reporter has it in the receipt
	VectorReported string // as the reporter set it; may be empty
	Vector         string // as it stands
	Score          int    // CVSS in tenths; -1 when nobody has rated it
	Urgency        Urgency
	Eligibility    Eligibility
	State          State
	AskedFrom      State  // for NeedsInformation: where to go back to
	Original       string // for Duplicate: the root, a report or a known issue
	Assignee       string
	Turn           Turn
	TurnKind       string    // the promise that runs, such as "triage"
	TurnDue        time.Time // the instant it ends, or zero
	UpdatedAt      time.Time
	Version        int64
	Files          []File
}

// Move returns the report in state to, or says why it cannot go there.
func (r Report) Move(to State) (Report, error) {
	if !slices.Contains(next[r.State], to) {
		return r, fault.New(fault.Conflict,
			"A report that is “%[1]s” cannot become “%[2]s”. Somebody may have changed it since you opened it: look again.",
			"「%[3]s」の報告を「%[4]s」にすることはできません。開いた後に変更された可能性があります。もう一度ご確認ください。",
			r.State.Name().EN, to.Name().EN, r.State.Name().JA, to.Name().JA)
	}
	r.State = to
	return r, nil
}

// place orders the queue: what is in use first, then what is raised, then by the promise that ends
// first; what nobody has to act on comes last, newest first.
func (r Report) place() int64 {
	const year3000 = 32503680000 * 1_000_000 // microseconds: a promise that never runs ends here
	if r.Turn == Nobody {
		return 3<<placeShift | (year3000 - r.ReceivedAt.UnixMicro())
	}
	if r.TurnDue.IsZero() {
		return placeOf(r.Urgency, year3000)
	}
	return placeOf(r.Urgency, r.TurnDue.UnixMicro())
}

// placeShift leaves room for the microseconds until the year 3000, which need 55 bits.
const placeShift = 60

// placeOf is the place of a report on which somebody has to act until due.
func placeOf(u Urgency, due int64) int64 {
	return int64(slices.Index(Urgencies, u))<<placeShift | due
}

// newID returns a report number: eight random characters, read aloud in two groups.
func newID() string {
	s := id.Short(8)
	return s[:4] + "-" + s[4:]
}

// CanonicalID returns the report number that a person may have meant, or "" when it is none.
func CanonicalID(s string) string {
	s = strings.ReplaceAll(id.Canonical(s), "-", "")
	if len(s) != 8 {
		return ""
	}
	return s[:4] + "-" + s[4:]
}
