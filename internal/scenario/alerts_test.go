package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"runtime"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/scenario"
	"hinomi.dev/hinomi/rules"
)

// A finding is what one rule made of a scenario.
type finding struct {
	alerts int
	first  time.Time
	event  string
	keys   map[string]bool // the groups, by the first value of their key
}

// findings runs the shipped rules over a scenario at its real size, with little background.
func findings(t *testing.T, name string) (map[string]finding, scenario.Totals, []scenario.Truth) {
	t.Helper()
	s, err := scenario.New(name, scenario.Options{Scale: 1, Seed: 1, Background: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string][]string{}
	for _, l := range s.Lists() {
		lists[l.Name] = l.IDs
	}
	set, complaints := rule.Load(rules.Files, lists)
	if n := rule.Errors(complaints); n > 0 {
		t.Fatalf("%d errors in the shipped rules: %v", n, complaints[0])
	}
	e, err := detect.New(set, detect.Options{Lateness: 30 * time.Second, Partitions: runtime.GOMAXPROCS(0), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	var truth bytes.Buffer
	var totals scenario.Totals
	go func() {
		var err error
		totals, err = scenario.Write(s, w, &truth)
		w.CloseWithError(err)
	}()
	found := map[string]finding{}
	err = e.Scan(context.Background(), r, runtime.GOMAXPROCS(0), func(alerts []detect.Alert) error {
		for _, a := range alerts {
			f := found[a.Rule.Name]
			if f.alerts++; f.keys == nil {
				f.first, f.event, f.keys = time.Unix(0, a.At), a.Event, map[string]bool{}
			}
			if len(a.Key) > 0 {
				f.keys[string(a.Key[0].Raw)] = true
			}
			found[a.Rule.Name] = f
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.Stats.Bad+e.Stats.Late > 0 || e.Stats.Duplicates != totals.Redeliveries {
		t.Errorf("%+v, with %d redeliveries", e.Stats, totals.Redeliveries)
	}
	var all []scenario.Truth
	for line := range bytes.Lines(truth.Bytes()) {
		var one scenario.Truth
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return found, totals, all
}

// earliest checks that a rule rang first at the very event of which the truth says that nothing before
// it could have been noticed.
func earliest(t *testing.T, truth []scenario.Truth, name string, f finding) {
	t.Helper()
	for _, one := range truth {
		if one.Truth != "earliest" || one.Name != name {
			continue
		}
		if f.event != one.Event || !f.first.Equal(one.At) {
			t.Errorf("%s: the first alert is %s at %s, and could be %s at %s", name, f.event, f.first.UTC(), one.Event, one.At.UTC())
		}
		return
	}
	t.Errorf("the truth has no line %s", name)
}

func TestTheAbuseOf2020IsFoundAtItsFirstEffect(t *testing.T) {
	found, _, truth := findings(t, "2020")
	without := found["contact_without_consent"]
	earliest(t, truth, "first_effect", without)
	earliest(t, truth, "first_user_report", found["reported_contact"])
	if n := len(without.keys); n != 7768 {
		t.Errorf("contact without consent names %d accounts, want all 7,768 bots and nobody else", n)
	}
	// What most desks have: a threshold for each account. 15.6 people a bot pass below it.
	if n := len(found["mass_contact"].keys); n != 128 {
		t.Errorf("the threshold for each account finds %d of the 7,768 bots, want 128", n)
	}
	confirmed := time.Date(2020, 11, 2, 1, 38, 0, 0, time.UTC) // when it was noticed in fact (e3)
	for _, name := range []string{"class_contact", "crowd_at_one_person", "mass_contact"} {
		if f := found[name]; f.alerts == 0 || !f.first.Before(confirmed) {
			t.Errorf("%s rings %d times, first at %s: not before the abuse was noticed in 2020", name, f.alerts, f.first.UTC())
		}
	}
	for _, one := range truth {
		if one.Truth == "hard_negative" && without.keys[one.ID] {
			t.Errorf("%s, a %s, is taken for abuse", one.ID, one.Kind)
		}
	}
}

func TestTheTakeoversOf2021AreFoundAtTheFirstSwitch(t *testing.T) {
	found, _, truth := findings(t, "2021")
	earliest(t, truth, "first_switch_off", found["protection_off"])
	if n := found["takeover_of_protected"].alerts; n < 100 {
		t.Errorf("takeovers of protected people: %d alerts for the more than a hundred of 2021", n)
	}
}

func TestTheIntrusionOf2023IsFoundBeforeTheReads(t *testing.T) {
	found, _, truth := findings(t, "2023")
	earliest(t, truth, "first_access", found["affiliate_outside_grant"])
	var bulk time.Time
	for _, one := range truth {
		if one.Name == "first_bulk_read" {
			bulk = one.At
		}
	}
	if f := found["affiliate_volume"]; f.alerts == 0 || f.first.Sub(bulk) > time.Hour || f.first.Before(bulk) {
		t.Errorf("the volume rule rings %d times, first at %s; the reads begin at %s", f.alerts, f.first.UTC(), bulk.UTC())
	}
}
