package watch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/fault"
)

// A Filter selects alerts. Empty fields select nothing away.
type Filter struct {
	Rule     string
	Level    string
	Mark     *Mark
	Shadow   *bool
	Replayed *bool
	Since    time.Time // of At, inclusive
	Until    time.Time // of At, exclusive
	Key      string    // a value of the key, whole
	After    string    // Next of the page before
	Limit    int       // 0 means 50, at most 500
}

// A Page is a part of the alerts that a filter selects, newest first.
type Page struct {
	Alerts []Alert
	Next   string // what After is for the next page; empty on the last
	// Counts are of all alerts that the filter selects by Rule, Level, Mark, Shadow and Replayed. Its times
	// and its key do not narrow them.
	Counts Counts
}

// Counts are how many alerts there are.
type Counts struct {
	Total   int
	ByMark  map[Mark]int
	ByLevel map[string]int
	ByRule  map[string]int
}

// What a page holds.
const (
	usualPage = 50
	maxPage   = 500
)

func (f Filter) limit() int {
	if f.Limit <= 0 {
		return usualPage
	}
	return min(f.Limit, maxPage)
}

// after reads the place where the page before ended.
func (f Filter) after() (at int64, id string, err error) {
	if f.After == "" {
		return 0, "", nil
	}
	number, id, ok := strings.Cut(f.After, "-")
	at, err = strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || len(id) > 64 {
		return 0, "", fault.New(fault.Invalid, "This page of the list does not exist. Begin at the first.", "このページは存在しません。最初のページから開き直してください。").At("after")
	}
	return at, id, nil
}

func next(a Alert) string { return strconv.FormatInt(a.At.UnixMicro(), 10) + "-" + a.ID }

// An Announcement is the body of alert.raised: the alerts of one rule that were committed together. Shadow
// rules and replays announce nothing.
type Announcement struct {
	Rule   string   `json:"rule"`
	Title  string   `json:"title"`
	Level  string   `json:"level"`
	Alerts []string `json:"alerts"` // the first of them, at most a hundred
	Count  int      `json:"count"`  // all of them
}

// maxAnnounced is how many alerts a message names.
const maxAnnounced = 100

// hashOf returns what an alert is known by: no two alerts of one meaning of a rule have the same key and
// event.
func hashOf(a *Alert) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %d %q", a.Rule, a.RuleVersion, a.Event, a.At.UnixNano(), a.Key)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// fill reads what stands in the body alone.
func (a *Alert) fill() error {
	var b body
	if err := json.Unmarshal([]byte(a.Body), &b); err != nil {
		return fmt.Errorf("reading alert %s: %w", a.ID, err)
	}
	var errAt, errFrom error
	a.Key, a.Count, a.Distinct = b.Key, b.Count, b.Distinct
	a.At, errAt = time.Parse(time.RFC3339Nano, b.At)
	a.From, errFrom = time.Parse(time.RFC3339Nano, b.From)
	if err := errors.Join(errAt, errFrom); err != nil {
		return fmt.Errorf("reading alert %s: %w", a.ID, err)
	}
	return nil
}

// eachMember calls fn for the members of a JSON object, in their order.
func eachMember(b []byte, fn func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(errors.New("this is no JSON object"), err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := fn(name.(string), value); err != nil { // a member's name is always a string
			return err
		}
	}
	return nil
}

// regionOf returns the region that an event names.
func regionOf(line []byte) string {
	var e struct {
		Data struct {
			Region any `json:"region"`
		} `json:"data"`
	}
	_ = json.Unmarshal(line, &e) // the decoder has read it; a region that is none is none
	region, _ := e.Data.Region.(string)
	if len(region) > 16 {
		return "" // no code of a region
	}
	return region
}

// A Bucket is how many alerts there were in a stretch of time.
type Bucket struct {
	At time.Time // where it begins
	Of string    // the level, rule or region, where it was asked for by one
	N  int
}

// A Span asks for the alerts over time.
type Span struct {
	Rule  string // empty is all
	From  time.Time
	Until time.Time
	Step  time.Duration // at least a second; at most a thousand steps
	By    By
	// Shadow and Replayed are whether such alerts count as well.
	Shadow, Replayed bool
}

// A By is what a timeline is told apart by.
type By string

// What a timeline can be told apart by.
const (
	ByNothing By = ""
	ByLevel   By = "level"
	ByRule    By = "rule"
	ByRegion  By = "region"
)

// Evidence is the events behind an alert.
type Evidence struct {
	Events []EvidenceEvent // the newest of them, in their order
	Found  int             // all of them
	Whole  bool            // false: the stream has dropped some, or there was no time to read all
}

// An EvidenceEvent is one event behind an alert.
type EvidenceEvent struct {
	ID   string
	At   time.Time
	Line string // JSON
}

// A found is an alert on its way into the store.
type found struct {
	Alert
	hash string
}

// made makes an alert of what the engine says. Its event is filled in by whoever has it.
func made(d *detect.Alert) found {
	a := Alert{
		Rule: d.Rule.Name, RuleVersion: d.Rule.Digest, Title: d.Rule.Title, Level: d.Rule.Level,
		At: time.Unix(0, d.At).UTC(), From: time.Unix(0, d.From).UTC(), Event: d.Event, Count: d.Count, Distinct: d.Distinct,
		Body: string(d.AppendJSON(nil)), Version: 1,
	}
	for i, v := range d.Key {
		a.Key = append(a.Key, Field{d.Keys[i], string(v.Raw)})
	}
	return found{a, hashOf(&a)}
}
