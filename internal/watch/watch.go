// Package watch runs the engine on the live stream of events, keeps the alerts that it raises, and lets
// people change its rules while it runs.
//
// # The operations
//
// The caller comes first, is checked, and every change is on record in the audit trail.
//
//	Alerts(ctx, who, Filter) (Page, error)                        alert.read
//	Alert(ctx, who, id) (Alert, error)                            alert.read
//	Evidence(ctx, who, id) (Evidence, error)                      alert.read
//	Timeline(ctx, who, Span) ([]Bucket, error)                    alert.read
//	Mark(ctx, who, id, mark, note, version) (Alert, error)        alert.mark
//	Status(ctx, who) (Status, error)                              event.read
//	Rules(ctx, who) ([]File, error)                               rule.read
//	Rule(ctx, who, file) (File, error)                            rule.read
//	History(ctx, who, file) ([]Version, error)                    rule.read
//	Check(ctx, who, file, text) ([]rule.Complaint, error)         rule.read
//	SaveRule(ctx, who, file, text, version) (Saved, error)        rule.change
//	SetState(ctx, who, file, state, version) (Saved, error)       rule.change
//	RemoveRule(ctx, who, file, version) (Saved, error)            rule.change
//	StopReplay(ctx, who) error                                    rule.change
//	Try(ctx, who, file, text, from, until) (Trial, error)         rule.change
//
// # Exactly once
//
// Run follows the stream on the one node that holds the lease. What it promises, and how:
//
//   - The alerts after a kill are those of a run that was never interrupted, none lost and none twice. An alert is
//     committed together with the position up to which all alerts are stored. A start reads on from the
//     newest snapshot, and drops what it finds again up to that position.
//   - Where nothing comes, what waits for overtaken events is judged at once. The position at which this was done
//     (a mark) is committed with the alerts it gave, and a start does the same at the same places.
//   - Whoever takes the lease raises its epoch, and every commit names it: a node that was thought dead, and
//     is not, can commit nothing.
//   - A rule that is new or means something else is first run over the stream as it is kept, beside the live
//     engine. What it would have found is stored as replayed and wakes nobody. Then its state joins that of the others,
//     between two batches.
package watch

import (
	"encoding/json"
	"log/slog"
	"time"

	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/stream"
)

// A Watch is the engine on the live stream, with its rules and its alerts. The fields are set before it is
// used.
type Watch struct {
	DB     *db.DB
	Audit  *audit.Log
	Stream *stream.Stream
	Now    func() time.Time
	Log    *slog.Logger
	// Dir is where snapshots of the engine are kept. Nodes that take turns share it.
	Dir string
	// Node names this node among those that share the database. It is the same after a restart.
	Node string
	// Seed is of the engine's hashes: something that those who send events do not know.
	Seed uint64
	// Lateness is how much older than the newest event one may be without being judged at that one's time.
	// Zero means DefaultLateness.
	Lateness time.Duration

	live  live
	often bool // for tests: snapshots every few seconds, and no mark is forgotten
}

// DefaultLateness is long enough for events that overtake one another on their way, and short enough for a
// person who waits.
const DefaultLateness = 500 * time.Millisecond

// A State is what becomes of the alerts of a file's rules.
type State string

// The states.
const (
	Live   State = "live"   // alerts wake people
	Shadow State = "shadow" // alerts are stored, and wake nobody
	Off    State = "off"    // no alerts; rules of other files can still build on it
)

// A Mark is what people say about an alert.
type Mark string

// The marks.
const (
	Open  Mark = "" // nobody has looked yet
	Real  Mark = "real"
	False Mark = "false"
)

// An Alert is one that was raised.
type Alert struct {
	ID          string
	Rule        string
	RuleVersion string // which meaning of the rule it was
	Title       string
	Level       string
	Key         []Field // whom it is about
	At          time.Time
	From        time.Time // the first event in the window
	Event       string    // the id of the one at which the condition became true
	Region      string    // of that event, or empty
	Count       int       // events in the window
	Distinct    int       // values in the window, 0 for a rule that looks at none
	Body        string    // the alert as `hinomi detect` prints it: JSON, its times exact
	Line        string    // the event, JSON
	Position    stream.Position
	Shadow      bool
	Replayed    bool // found in the past, when its rule was new
	RaisedAt    time.Time
	Mark        Mark
	MarkedBy    string
	MarkedAt    time.Time
	Note        string
	Version     int64
}

// A Field is a name and its value.
type Field struct{ Name, Value string }

// A body is what Body says besides the columns.
type body struct {
	Key      orderedKey `json:"key"`
	At       string     `json:"at"`
	From     string     `json:"from"`
	Count    int        `json:"count"`
	Distinct int        `json:"distinct"`
}

// An orderedKey is a JSON object whose members keep their order.
type orderedKey []Field

// UnmarshalJSON reads the members in their order.
func (k *orderedKey) UnmarshalJSON(b []byte) error {
	return eachMember(b, func(name string, value json.RawMessage) error {
		var s string
		if value[0] != '"' {
			s = string(value) // a number or a truth
		} else if err := json.Unmarshal(value, &s); err != nil {
			return err
		}
		*k = append(*k, Field{name, s})
		return nil
	})
}
