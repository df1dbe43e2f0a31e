package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// An event is one line as events.md has it, in the order of members in which it is written.
type event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Time        time.Time `json:"time"`
	Data        struct {
		Actor        string `json:"actor"`
		ActorKind    string `json:"actor_kind"`
		Target       string `json:"target,omitempty"`
		Region       string `json:"region,omitempty"`
		API          string `json:"api"`
		IP           string `json:"ip"`
		Device       string `json:"device"`
		Status       int    `json:"status"`
		Bytes        int    `json:"bytes"`
		Container    string `json:"container,omitempty"`
		Scope        string `json:"scope,omitempty"`
		Session      string `json:"session,omitempty"`
		SecondFactor string `json:"second_factor,omitempty"`
		E2EE         string `json:"e2ee,omitempty"`
		Owner        string `json:"owner,omitempty"`
		Country      string `json:"country,omitempty"`
		DataClass    string `json:"data_class,omitempty"`
		Items        int    `json:"items,omitempty"`
		Reason       string `json:"reason,omitempty"`
	} `json:"data"`
}

// A run is a scenario told and read again.
type run struct {
	events []*event // redeliveries among them
	once   []*event
	truth  []Truth
	totals Totals
}

func tell(t testing.TB, name string, o Options) (events, truth []byte, totals Totals) {
	t.Helper()
	s, err := New(name, o)
	if err != nil {
		t.Fatal(err)
	}
	var e, tr bytes.Buffer
	totals, err = Write(s, &e, &tr)
	if err != nil {
		t.Fatal(err)
	}
	return e.Bytes(), tr.Bytes(), totals
}

func read(t testing.TB, name string, o Options) run {
	t.Helper()
	events, truth, totals := tell(t, name, o)
	r := run{totals: totals}
	for line := range bytes.Lines(events) {
		e := skim(t, line)
		r.events = append(r.events, e)
		if n := len(r.once); n == 0 || r.once[n-1].ID != e.ID {
			r.once = append(r.once, e)
		}
	}
	for line := range bytes.Lines(truth) {
		var tr Truth
		if err := json.Unmarshal(line, &tr); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		r.truth = append(r.truth, tr)
	}
	return r
}

// skim reads what the tests look at, without a decoder: the incidents are large, and another test
// holds their lines against encoding/json.
func skim(t testing.TB, line []byte) *event {
	member := func(name string) string {
		_, rest, _ := bytes.Cut(line, []byte(name))
		value, _, _ := bytes.Cut(rest, []byte{'"'})
		return string(value)
	}
	e := &event{ID: member(`"id":"`), Type: member(`"type":"`)}
	var err error
	if e.Time, err = time.Parse(time.RFC3339, member(`"time":"`)); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	d := &e.Data
	d.Actor, d.ActorKind, d.Target = member(`"actor":"`), member(`"actor_kind":"`), member(`"target":"`)
	d.Container, d.Scope, d.SecondFactor = member(`"container":"`), member(`"scope":"`), member(`"second_factor":"`)
	d.E2EE, d.DataClass, d.Reason = member(`"e2ee":"`), member(`"data_class":"`), member(`"reason":"`)
	return e
}

func same(a, b *event) bool { return *a == *b }

// lines returns the truth of one kind.
func (r run) lines(truth string) []Truth {
	return slices.DeleteFunc(slices.Clone(r.truth), func(t Truth) bool { return t.Truth != truth })
}

// whole are the three incidents at their own size, with little around them, read once for all tests.
var whole = map[string]func(testing.TB) run{"2020": atScale1("2020"), "2021": atScale1("2021"), "2023": atScale1("2023")}

func atScale1(name string) func(testing.TB) run {
	var do sync.Once
	var r run
	return func(t testing.TB) run {
		do.Do(func() { r = read(t, name, Options{Scale: 1, Seed: 1, Background: 0.02}) })
		return r
	}
}

// beyond are the fields that a type may have besides those of all, by events.md.
var beyond = map[string]string{
	"friend_request": "", "friend_added": "", "friend_removed": "", "api_call": "",
	"group_invite": "container", "group_joined": "container", "group_left": "container", "invite_withdrawn": "container",
	"consent_granted": "scope", "consent_revoked": "scope", "message": "container",
	"account_created": "owner", "account_suspended": "owner", "account_closed": "owner",
	"login": "session second_factor", "session_ended": "session second_factor", "key_changed": "session second_factor",
	"e2ee_changed": "e2ee container", "file_access": "owner country data_class items", "abuse_reported": "reason",
}

// allowed are extra fields the scenario adds where events.md lets a field be kept: a session on
// what is done in it, the company of an identity at its login, the reason of a suspension.
var allowed = map[string]string{
	"file_access": "session", "login": "owner country", "account_suspended": "reason", "e2ee_changed": "session",
}

func TestEveryEventIsWhatTheFormatSays(t *testing.T) {
	common := strings.Fields("actor actor_kind target region api ip device status bytes")
	for _, name := range []string{"2020", "2021", "2023", "bench"} {
		for _, mixed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, mixed %v", name, mixed), func(t *testing.T) {
				events, _, _ := tell(t, name, Options{Scale: 0.001, Seed: 3, Background: 0.5, Events: 3000, Mixed: mixed})
				orders := map[string]int{}
				for line := range bytes.Lines(events) {
					line = bytes.TrimSuffix(line, []byte("\n"))
					var e event
					d := json.NewDecoder(bytes.NewReader(line))
					d.DisallowUnknownFields()
					if err := d.Decode(&e); err != nil {
						t.Fatalf("%v in %s", err, line)
					}
					again, err := json.Marshal(e)
					if err != nil {
						t.Fatal(err)
					}
					if !mixed && string(again) != zeros(line) {
						t.Fatalf("encoding/json writes\n%s, not\n%s", again, line)
					}
					if mixed && len(again) != len(zeros(line)) {
						t.Fatalf("in order it is\n%s, not\n%s", again, line)
					}
					orders[order(t, line)]++
					check(t, e, line, common)
				}
				if !mixed && name == "bench" && len(orders) != 1 {
					t.Errorf("%d orders of members, want the same in all", len(orders))
				}
				if mixed && len(orders) < 1000 {
					t.Errorf("only %d orders of members", len(orders))
				}
			})
		}
	}
}

// zeros is the line as encoding/json writes its time, without the zeros at the end of a second.
func zeros(line []byte) string {
	s := string(line)
	i := strings.Index(s, `"time":"`) + len(`"time":"2006-01-02T15:04:05`)
	frac := strings.TrimRight(s[i:i+4], "0")
	return s[:i] + strings.TrimSuffix(frac, ".") + s[i+4:]
}

// order names the members in the order in which a line has them.
func order(t *testing.T, line []byte) string {
	d := json.NewDecoder(bytes.NewReader(line))
	var names []string
	for depth, key := 0, false; ; {
		tok, err := d.Token()
		if err != nil {
			return strings.Join(names, " ")
		}
		switch tok := tok.(type) {
		case json.Delim:
			if tok == '{' {
				depth, key = depth+1, true
			} else {
				depth, key = depth-1, true
			}
		case string:
			if key {
				if n := fmt.Sprint(depth, tok); slices.Contains(names, n) {
					t.Fatalf("%s is twice in %s", tok, line)
				} else {
					names = append(names, n)
				}
			}
			key = !key
		default:
			key = true
		}
	}
}

func check(t *testing.T, e event, line []byte, common []string) {
	t.Helper()
	extra, known := beyond[e.Type]
	if !known {
		t.Fatalf("no such type: %s", line)
	}
	var raw struct{ Data map[string]any }
	if err := json.Unmarshal(line, &raw); err != nil {
		t.Fatal(err)
	}
	fields := slices.Concat(common, strings.Fields(extra), strings.Fields(allowed[e.Type]))
	for f, v := range raw.Data {
		if !slices.Contains(fields, f) || v == "" {
			t.Fatalf("%s in %s", f, line)
		}
	}
	d := e.Data
	switch {
	case e.SpecVersion != "1.0", !strings.HasPrefix(e.ID, "ev"), len(e.ID) != 14, e.Source == "", d.Actor == "":
		t.Fatalf("envelope of %s", line)
	case e.Time.Location() != time.UTC && e.Time.Format("Z07:00") != "Z":
		t.Fatalf("the time is not in UTC: %s", line)
	case !slices.Contains([]string{"user", "bot", "official", "assistant", "affiliate", "staff"}, d.ActorKind):
		t.Fatalf("actor_kind of %s", line)
	case d.Region != "" && !slices.Contains([]string{"JP", "TW", "TH", "ID", "OTHER"}, d.Region):
		t.Fatalf("region of %s", line)
	case e.Type == "e2ee_changed" && d.E2EE != "on" && d.E2EE != "off":
		t.Fatalf("e2ee of %s", line)
	case strings.HasPrefix(e.Type, "group_") && d.Container == "" && !strings.HasPrefix(d.API, "/v1/"): // but for bench
		t.Fatalf("no container in %s", line)
	case slices.Contains(strings.Fields("friend_request friend_added group_invite invite_withdrawn consent_granted consent_revoked "+
		"account_created account_suspended file_access abuse_reported message"), e.Type) && d.Target == "":
		t.Fatalf("no target in %s", line)
	}
}

func TestTheSameSeedMakesTheSameBytes(t *testing.T) {
	for _, name := range []string{"2020", "2021", "2023", "bench"} {
		o := Options{Scale: 0.02, Seed: 7, Background: 0.5, Events: 5000, Lateness: 20 * time.Second}
		sum := func(o Options) [2][32]byte {
			e, tr, _ := tell(t, name, o)
			return [2][32]byte{sha256.Sum256(e), sha256.Sum256(tr)}
		}
		first := sum(o)
		if second := sum(o); second != first {
			t.Errorf("%s: two runs with one seed differ", name)
		}
		o.Seed = 8
		if other := sum(o); other[0] == first[0] {
			t.Errorf("%s: another seed makes the same", name)
		}
	}
}

// The sums change with every change of a scenario, and with nothing else: not with the machine,
// the release of Go or the time. What others have measured is known by them.
func TestTheBytesAreKnown(t *testing.T) {
	for name, want := range map[string]string{
		"2020": "4bf39ad67f217345", "2021": "60fa45cd42e773ba", "2023": "c14afe7e8441b791", "bench": "255bd4c52c3e6ffa",
	} {
		e, tr, _ := tell(t, name, Options{Scale: 0.01, Seed: 1, Background: 0.1, Events: 1000})
		h := sha256.New()
		h.Write(e)
		h.Write(tr)
		if got := fmt.Sprintf("%x", h.Sum(nil)[:8]); got != want {
			t.Errorf("%s: the first half of the sum of events and truth is %s, not %s", name, got, want)
		}
	}
}

func TestEventsComeByTimeAndEachIDOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom([]string{"2020", "2021", "2023", "bench"}).Draw(rt, "name")
		o := Options{
			Scale: rapid.Float64Range(minScale, 0.01).Draw(rt, "scale"), Seed: rapid.Uint64().Draw(rt, "seed"),
			Background: rapid.Float64Range(0, 0.1).Draw(rt, "background"), Events: 500,
		}
		r := read(t, name, o)
		for i := 1; i < len(r.events); i++ {
			a, b := r.events[i-1], r.events[i]
			if b.Time.Before(a.Time) {
				rt.Fatalf("%s at %v after %s at %v", b.ID, b.Time, a.ID, a.Time)
			}
			if b.ID < a.ID || b.ID == a.ID && *b != *a {
				rt.Fatalf("%s after %s", b.ID, a.ID)
			}
		}
		if len(r.once) != r.totals.Events || len(r.events)-len(r.once) != r.totals.Redeliveries {
			rt.Fatalf("%d events, %d of them once; the totals say %d and %d more", len(r.events), len(r.once), r.totals.Events, r.totals.Redeliveries)
		}
		agree(rt, r)
	})
}

// agree holds the truth of a whole run against what its making promises.
func agree(t *rapid.T, r run) {
	want := r.truth[0].Expect
	if r.totals.Actors != want.Actors {
		t.Fatalf("%d actors, want %d", r.totals.Actors, want.Actors)
	}
	if got := len(r.lines("actor")); got != want.Actors {
		t.Fatalf("%d lines of actors, want %d", got, want.Actors)
	}
	targets := map[string]bool{}
	for _, l := range r.lines("target") {
		targets[l.ID] = true
	}
	if len(targets) != r.totals.Targets || want.People > 0 && len(targets) != want.People {
		t.Fatalf("%d targets, the totals have %d, want %d", len(targets), r.totals.Targets, want.People)
	}
	for region, n := range want.ByRegion {
		if r.totals.ByRegion[region] != n {
			t.Fatalf("%d in %s, want %d", r.totals.ByRegion[region], region, n)
		}
	}
	for class, n := range want.Items {
		if r.totals.Items[class] != n {
			t.Fatalf("%d items of class %s, want %d", r.totals.Items[class], class, n)
		}
	}
	innocents := map[string]int{}
	for _, l := range r.lines("hard_negative") {
		innocents[l.What]++
	}
	for what, n := range r.totals.Innocents {
		if innocents[what] != n || n == 0 {
			t.Fatalf("%d lines of %s, want %d", innocents[what], what, n)
		}
	}
	if last := r.truth[len(r.truth)-1]; last.Truth != "totals" || last.Totals.Events != r.totals.Events {
		t.Fatalf("the last line is %+v", last)
	}
}

func TestLateEventsAreNoLaterThanAllowed(t *testing.T) {
	const lateness = 25 * time.Second
	o := Options{Scale: 0.01, Seed: 5, Background: 0.5, Events: 5000}
	for _, name := range []string{"2020", "2021", "2023", "bench"} {
		ordered := read(t, name, o)
		late := o
		late.Lateness = lateness
		r := read(t, name, late)
		newest, behind, sorted := time.Time{}, time.Duration(0), slices.Clone(r.events)
		for _, e := range r.events {
			if e.Time.After(newest) {
				newest = e.Time
			}
			behind = max(behind, newest.Sub(e.Time))
		}
		if behind >= lateness || name == "2020" && behind < lateness/2 {
			t.Errorf("%s: events up to %v late, allowed are less than %v", name, behind, lateness)
		}
		slices.SortStableFunc(sorted, func(a, b *event) int { return strings.Compare(a.ID, b.ID) })
		if !slices.EqualFunc(sorted, ordered.events, same) {
			t.Errorf("%s: other events than in order", name)
		}
	}
}

func TestAPartIsThePartOfTheWhole(t *testing.T) {
	o := Options{Scale: 0.01, Seed: 1, Background: 0.5}
	all := read(t, "2020", o)
	o.From, o.To = time.UnixMilli(jst(2020, 11, 2, 0, 0)), time.UnixMilli(jst(2020, 11, 2, 12, 0))
	part := read(t, "2020", o)
	want := slices.DeleteFunc(slices.Clone(all.events), func(e *event) bool { return e.Time.Before(o.From) || !e.Time.Before(o.To) })
	if !slices.EqualFunc(part.events, want, same) {
		t.Errorf("%d events, want %d", len(part.events), len(want))
	}
	if len(want) == 0 || part.totals.Events > len(want) || part.totals.Targets >= all.totals.Targets {
		t.Errorf("the totals of the part are %+v", part.totals)
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	good := Options{Scale: 1}
	for name, change := range map[string]func(*Options) string{
		"no such scenario":       func(*Options) string { return "2022" },
		"no scale":               func(o *Options) string { o.Scale = 0; return "2020" },
		"a scale beyond measure": func(o *Options) string { o.Scale = 1e9; return "2020" },
		"background below 0":     func(o *Options) string { o.Background = -1; return "2020" },
		"lateness below 0":       func(o *Options) string { o.Lateness = -1; return "2020" },
		"fewer than no events":   func(o *Options) string { o.Events = -1; return "bench" },
		"a year of no event": func(o *Options) string {
			o.To = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
			return "bench"
		},
		"an end before the start": func(o *Options) string {
			o.From, o.To = time.UnixMilli(benchStart+1), time.UnixMilli(benchStart)
			return "2020"
		},
	} {
		o := good
		if _, err := New(change(&o), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"2020", Options{Scale: 1, Seed: 1, Background: 4}},
		{"bench", Options{Scale: 1, Seed: 1, Events: 1 << 40}},
		{"bench", Options{Scale: 1, Seed: 1, Events: 1 << 40, Mixed: true}},
	} {
		b.Run(fmt.Sprintf("%s/mixed=%v", c.name, c.o.Mixed), func(b *testing.B) {
			b.ReportAllocs()
			var s *Stream
			for range b.N {
				if s != nil {
					if line, ok := s.Next(); ok {
						b.SetBytes(int64(len(line)))
						s.Truth()
						continue
					}
				}
				var err error
				if s, err = New(c.name, c.o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
