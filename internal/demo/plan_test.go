package demo

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

func TestTheStoryIsTheSameEveryTime(t *testing.T) {
	a, b := plan(), plan()
	if len(a.steps) != len(b.steps) || len(a.tales) != len(b.tales) {
		t.Fatalf("%d and %d steps, %d and %d tales", len(a.steps), len(b.steps), len(a.tales), len(b.tales))
	}
	for i := range a.steps {
		if !a.steps[i].at.Equal(b.steps[i].at) {
			t.Fatalf("step %d is at %s and at %s", i, a.steps[i].at, b.steps[i].at)
		}
	}
	for i, x := range a.tales {
		y := b.tales[i]
		if x.key != y.key || x.by != y.by || x.lang != y.lang || x.body != y.body || !x.received.Equal(y.received) || !sameFiles(x.files, y.files) {
			t.Errorf("tale %s is told in two ways", x.key)
		}
	}
}

func sameFiles(a, b []exhibit) bool {
	return slices.EqualFunc(a, b, func(x, y exhibit) bool { return x.name == y.name && string(x.data) == string(y.data) })
}

func TestEveryStepHasItsOwnMomentBeforeTheEnd(t *testing.T) {
	var last time.Time
	for i, s := range plan().steps {
		if s.at.Sub(last) < time.Millisecond || s.at.Before(Start) || !s.at.Before(Now) {
			t.Errorf("step %d is at %s, after one at %s", i, s.at, last)
		}
		last = s.at
	}
}

func TestOfTheReportsOf2017ElevenAreFromJapan(t *testing.T) {
	all, japan := 0, 0
	for _, tale := range plan().tales {
		if calendar.In(tale.received, calendar.JST).Year != 2017 {
			continue
		}
		all++
		if tale.story.guests[tale.by].country == "JP" {
			japan++
			if tale.lang != lang.JA {
				t.Errorf("%s is from Japan and not in Japanese", tale.key)
			}
		}
	}
	if all != received2017 || japan != japan2017 {
		t.Errorf("%d reports, %d from Japan; want %d and %d", all, japan, received2017, japan2017)
	}
}

// mark is a place in a text that should have been filled.
var unfilled = regexp.MustCompile(`\{(target|host|path|param|name|platform|version|mark|account2?|rlo|pdf|zwsp|i|tower|line)\}`)

func TestReportsAreWholeAndCanBeSent(t *testing.T) {
	for _, tale := range plan().tales {
		if bad := tale.body.Check(); len(bad) > 0 {
			t.Errorf("%s: %v", tale.key, bad)
		}
		if found := unfilled.FindString(fmt.Sprint(tale.body)); found != "" {
			t.Errorf("%s: %s is left open", tale.key, found)
		}
		terms, ok := program.Default().At(tale.received)
		if !ok {
			t.Fatalf("%s: no terms at %s", tale.key, tale.received)
		}
		if _, ok := terms.Class(tale.hole.Class); !ok {
			t.Errorf("%s: the terms have no class %s", tale.key, tale.hole.Class)
		}
		v := terms.Judge(program.Target{Kind: tale.body.Reached, Host: tale.body.Target, Platform: tale.body.Platform, Version: tale.body.Version})
		if tale.hole.Clause == "" && !v.In && tale.key != "october" && tale.key != "arrived-05" {
			t.Errorf("%s: a real fault in %s, which the terms do not cover: %s", tale.key, tale.body.Target, v.Reason.EN)
		}
	}
}

func TestWhatTheReportOfOctoberSays(t *testing.T) {
	all := plan().tales
	i := slices.IndexFunc(all, func(t *tale) bool { return t.key == "october" })
	o := all[i]
	if want := "2020-10-15 17:56:03"; o.received.In(calendar.JST).Format(time.DateTime) != want {
		t.Errorf("received at %s, want %s in Japan", o.received, want)
	}
	if o.body.Found != "self" || o.body.OthersData != "yes" || !strings.Contains(o.body.Accounts, "not under my control") {
		t.Errorf("the reporter found it, and says that other accounts were involved: %+v", o.body)
	}
	terms, _ := program.Default().At(o.received)
	var ids []string
	for _, s := range terms.Suspect(o.body.Text(), o.body.Class, lang.EN) {
		ids = append(ids, s.Clause.ID)
	}
	if !slices.Equal(ids, []string{"3.2.v"}) {
		t.Errorf("the exclusions that seem to fit are %v, want 3.2.v alone", ids)
	}
}

func TestContentIsComplete(t *testing.T) {
	c := load()
	for _, h := range c.holes {
		for _, p := range h.Places {
			if p.Target == "" || p.Reached == "" || p.Name == "" || p.JA == "" {
				t.Errorf("%s: a place lacks something: %+v", h.ID, p)
			}
		}
		for _, a := range slices.Concat(h.EN, h.JA) {
			if a.Title == "" || a.Steps == "" || a.Impact == "" || len([]rune(a.Title)) > 120 {
				t.Errorf("%s: an account lacks something, or its title is long: %q", h.ID, a.Title)
			}
			if a.Why > len(c.reasons[h.Clause].EN) {
				t.Errorf("%s: there is no reason %d by %s", h.ID, a.Why, h.Clause)
			}
			for _, where := range a.At {
				if where >= len(h.Places) {
					t.Errorf("%s: an account is at place %d of %d", h.ID, where, len(h.Places))
				}
			}
		}
		if h.Vector != "" {
			if _, err := cvss.Parse(h.Vector); err != nil {
				t.Errorf("%s: %v", h.ID, err)
			}
		}
		if h.Clause == "" {
			if len(c.talk.Ask[h.Class].EN) == 0 || len(c.talk.Ask[h.Class].JA) == 0 || c.talk.Board.Seriousness[h.Class] == "" {
				t.Errorf("%s: nobody can ask about class %s, or award it", h.ID, h.Class)
			}
			continue
		}
		if len(c.reasons[h.Clause].EN) == 0 || len(h.JA) > 0 && len(c.reasons[h.Clause].JA) == 0 {
			t.Errorf("%s: there is no reason by %s in every language of its reports", h.ID, h.Clause)
		}
	}
	for clause := range c.reasons {
		for _, v := range program.Default().Versions() {
			if _, ok := v.Clause(clause); !ok {
				t.Errorf("there are reasons by %s, which the terms of %s lack", clause, v.ID)
			}
		}
	}
}

func TestEverybodyCanBeNamed(t *testing.T) {
	c := load()
	seen := map[string]bool{}
	for i, g := range c.guests {
		for _, n := range []string{g.name, g.alias} {
			if clean, err := person.CleanName(n, "name"); err != nil || clean != n {
				t.Errorf("%q: %q, %v", n, clean, err)
			}
			if n != "" && seen[n] {
				t.Errorf("%q is two people", n)
			}
			seen[n] = true
		}
		if g.credit == "alias" && g.alias == "" {
			t.Errorf("%s wants to be named by an alias and has none", g.name)
		}
		if (g.country == "JP") != (i < japanese || i == october) {
			t.Errorf("%s is not where the list says", g.name)
		}
	}
	if len(c.guests) != october+1 {
		t.Errorf("%d guests, want %d", len(c.guests), october+1)
	}
}

func TestTheClockStandsUntilItRuns(t *testing.T) {
	c := NewClock(Start)
	c.Set(Now)
	c.Set(Start)
	if a, b := c.Now(), c.Now(); a != Now || b != Now {
		t.Errorf("the clock shows %s and %s, want %s", a, b, Now)
	}
	c.Run()
	if now := c.Now(); now.Before(Now) || now.Sub(Now) > time.Minute {
		t.Errorf("a moment after its start the clock shows %s", now)
	}
}
