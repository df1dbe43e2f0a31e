package watch

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
)

const pairRule = `title: One account writes to many
name: writes_to_many
level: medium
correlation:
  type: value_count
  rules: [writes]
  group-by: [actor]
  timespan: 1m
  condition: {field: target, gte: 3}
---
title: A message
name: writes
logsource: {product: hinomi, service: events}
detection:
  m: {type: message}
  condition: m
`

// withoutTimes are bodies of one rule.
func (b *bench) of(rule, where string) []string {
	b.Helper()
	return slices.DeleteFunc(b.stored(where), func(s string) bool { return !strings.Contains(s, `"rule":"`+rule+`"`) })
}

func TestARuleThatIsAddedKnowsThePastAndOneThatIsRemovedIsGone(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		b.start()
		f := newFeed(4)
		publish(t, b.Stream, f.lines(400))
		b.caughtUp()

		saved, err := b.SaveRule(ctx, responder, "mine.yml", pairRule, 0)
		b.must(err)
		if saved.Version != 1 || len(saved.Rules) != 1 || saved.Rules[0].Name != "writes_to_many" {
			t.Errorf("%+v", saved)
		}
		for range 6 { // the stream does not wait for a replay
			publish(t, b.Stream, f.lines(50))
		}
		b.caughtUp()
		publish(t, b.Stream, f.lines(300))
		b.caughtUp()
		// All that an engine would have found that always had the rule, some of it in the past.
		want := slices.DeleteFunc(b.expected(nil), func(s string) bool { return !strings.Contains(s, `"rule":"writes_to_many"`) })
		if diff := cmp.Diff(want, b.of("writes_to_many", "TRUE")); diff != "" || len(want) < 3 {
			t.Error(diff)
		}
		past, live := b.of("writes_to_many", "replayed"), b.of("writes_to_many", "NOT replayed")
		if len(past) == 0 || len(live) == 0 {
			t.Errorf("%d of the past, %d live", len(past), len(live))
		}
		if n := dbtest.Count(t, b.DB, `outbox WHERE subject = 'alert.raised' AND body LIKE '%writes_to_many%'`); n == 0 || n > len(live) {
			t.Errorf("%d messages about %d live alerts", n, len(live))
		}

		before := len(b.of("mass_contact", "TRUE")) + len(b.of("contact_without_consent", "TRUE"))
		_, err = b.RemoveRule(ctx, responder, "mine.yml", 1)
		b.must(err)
		b.caughtUp()
		publish(t, b.Stream, f.lines(300))
		b.caughtUp()
		if got := b.of("writes_to_many", "TRUE"); len(got) != len(want) {
			t.Errorf("a rule that was removed has %d alerts more", len(got)-len(want))
		}
		if after := len(b.of("mass_contact", "TRUE")) + len(b.of("contact_without_consent", "TRUE")); after <= before {
			t.Error("the other rules find nothing any more")
		}
		all := slices.DeleteFunc(b.stored("TRUE"), func(s string) bool { return strings.Contains(s, `"rule":"writes_to_many"`) })
		if diff := cmp.Diff(b.expected(nil), all); diff != "" {
			t.Errorf("what the others found has changed: %s", diff)
		}
		b.counted()
		if n := dbtest.Count(t, b.DB, "audit WHERE action = 'rule.change' AND outcome = 'done'"); n != 2 {
			t.Errorf("%d changes are on record, want 2", n)
		}
	})
}

func TestAShadowAlertsNobodyAndOffIsOff(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		b.start()
		f := newFeed(6)
		_, err := b.SaveRule(ctx, responder, "mine.yml", pairRule, 0)
		b.must(err)
		saved, err := b.SetState(ctx, responder, "mine.yml", Shadow, 1)
		b.must(err)
		_, err = b.SetState(ctx, responder, "contact.yml", Off, 0)
		b.must(err)
		b.caughtUp()
		publish(t, b.Stream, f.lines(600))
		b.caughtUp()
		if n := len(b.of("writes_to_many", "shadow AND NOT replayed")); n == 0 || n != len(b.of("writes_to_many", "TRUE")) {
			t.Errorf("%d in the shadow, %d in all", n, len(b.of("writes_to_many", "TRUE")))
		}
		if n := len(b.of("contact_without_consent", "TRUE")); n > 0 {
			t.Errorf("a rule that is off has %d alerts", n)
		}
		if n := dbtest.Count(t, b.DB, `outbox WHERE subject = 'alert.raised' AND body LIKE '%writes_to_many%'`); n > 0 {
			t.Errorf("a shadow sent %d messages", n)
		}
		view, err := b.Rule(ctx, auditor, "mine.yml")
		b.must(err)
		if r := view.Rules[0]; r.Shadow == 0 || r.Alerts != 0 || r.Matched == 0 || r.Keys == 0 || !r.Running || view.State != Shadow || r.Last.IsZero() {
			t.Errorf("%+v", view)
		}
		_, err = b.SetState(ctx, responder, "mine.yml", Live, saved.Version)
		b.must(err)
		publish(t, b.Stream, f.lines(10))
		b.caughtUp()
		publish(t, b.Stream, f.lines(900))
		b.caughtUp()
		if len(b.of("writes_to_many", "NOT shadow")) == 0 {
			t.Error("a rule that is live again alerts nobody")
		}
		if len(b.of("writes_to_many", "replayed")) != 0 {
			t.Error("a change of the state alone reads the past")
		}
	})
}

func TestEvidenceIsTheEventsThatWereCounted(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		b.start()
		_, err := b.SaveRule(ctx, responder, "mine.yml", pairRule, 0)
		b.must(err)
		b.caughtUp()
		f := newFeed(7)
		for range 12 {
			publish(t, b.Stream, f.lines(60))
		}
		b.caughtUp()
		p, err := b.Alerts(ctx, auditor, Filter{Rule: "writes_to_many"})
		b.must(err)
		if len(p.Alerts) < 3 {
			t.Fatal("too few alerts")
		}
		for _, a := range p.Alerts[:3] {
			e, err := b.Evidence(ctx, auditor, a.ID)
			b.must(err)
			if e.Found != a.Count || !e.Whole || len(e.Events) != a.Count || e.Events[len(e.Events)-1].ID != a.Event {
				t.Errorf("%d events of %d, the last is %+v, the alert's %s", e.Found, a.Count, e.Events[len(e.Events)-1], a.Event)
			}
			for _, x := range e.Events {
				if !strings.Contains(x.Line, `"actor":"`+a.Key[0].Value+`"`) || !strings.Contains(x.Line, `"type":"message"`) {
					t.Errorf("%s does not belong to %+v", x.Line, a.Key)
				}
			}
		}
		if n := dbtest.Count(t, b.DB, "alert_evidence"); n != 3 {
			t.Errorf("%d are kept, want 3", n)
		}
	})
}

func TestATrialSaysWhatARuleWouldHaveFoundAndChangesNothing(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		b.start()
		f := newFeed(8)
		for range 10 {
			publish(t, b.Stream, f.lines(100))
		}
		b.caughtUp()
		from, until := f.at.Add(-24*time.Hour), f.at.Add(time.Hour)
		trial, err := b.Try(ctx, responder, "mine.yml", pairRule, from, until)
		b.must(err)
		sum := 0
		for _, h := range trial.Hours {
			sum += h.N
		}
		if trial.Alerts < 3 || trial.Events != 1000 || !trial.Whole || sum != trial.Alerts || len(trial.First) != min(50, trial.Alerts) {
			t.Errorf("%+v", trial)
		}
		half, err := b.Try(ctx, responder, "mine.yml", pairRule, f.at.Add(-10*time.Second), until)
		b.must(err)
		if half.Alerts >= trial.Alerts {
			t.Errorf("%d alerts in the last ten seconds, %d in all", half.Alerts, trial.Alerts)
		}
		broken, err := b.Try(ctx, responder, "mine.yml", strings.Replace(pairRule, "1m", "soon", 1), from, until)
		b.must(err)
		if len(broken.Complaints) == 0 || broken.Events != 0 {
			t.Errorf("%+v", broken)
		}
		if n := dbtest.Count(t, b.DB, "rule_file"); n != 0 || len(b.of("writes_to_many", "TRUE")) > 0 {
			t.Error("a trial has changed something")
		}
	})
}

func TestAChangeThatWouldBreakRulesIsNotSaved(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		saved, err := b.SaveRule(ctx, responder, "mine.yml", strings.Replace(pairRule, "1m", "soon", 1), 0)
		b.refused(err, fault.Invalid)
		if len(saved.Complaints) == 0 || saved.Complaints[0].File != "mine.yml" || saved.Complaints[0].Line == 0 {
			t.Errorf("%+v", saved.Complaints)
		}
		// Another file's rule counts what this one no longer has.
		_, err = b.SaveRule(ctx, responder, "contact.yml", "title: Nothing\nname: nothing\nlogsource: {product: hinomi, service: events}\ndetection: {a: {type: login}, condition: a}\n", 0)
		b.refused(err, fault.Invalid)
		_, err = b.SaveRule(ctx, responder, "../mine.yml", pairRule, 0)
		b.refused(err, fault.Invalid)
		_, err = b.RemoveRule(ctx, responder, "contact.yml", 0)
		b.refused(err, fault.Conflict)
		_, err = b.SetState(ctx, responder, "nothing.yml", Off, 0)
		b.refused(err, fault.NotFound)
		if n := dbtest.Count(t, b.DB, "rule_file_version"); n != 0 {
			t.Errorf("%d versions were saved", n)
		}
		list, err := b.SaveRule(ctx, responder, "lists/protected.txt", "u1\nu2\n", 0)
		b.must(err)
		_, err = b.SaveRule(ctx, responder, "lists/protected.txt", "u1\n", 0)
		b.refused(err, fault.Conflict)
		_, err = b.RemoveRule(ctx, responder, "lists/protected.txt", list.Version)
		b.must(err)
		h, err := b.History(ctx, auditor, "lists/protected.txt")
		b.must(err)
		if len(h) != 2 || h[0].Change != "removed" || h[1].Text != "u1\nu2\n" {
			t.Errorf("%+v", h)
		}
		f, err := b.Rule(ctx, auditor, "lists/protected.txt")
		b.must(err)
		if f.Changed || !f.Shipped || f.Version != 0 {
			t.Errorf("%+v", f)
		}
	})
}

func TestAChangeWaitsUntilTheEngineHasIt(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		_, err := b.SaveRule(ctx, responder, "mine.yml", pairRule, 0)
		b.must(err)
		s, err := b.Status(ctx, responder)
		b.must(err)
		if !s.Waiting {
			t.Error("no engine runs, and nothing waits for it")
		}
		b.start()
		b.caughtUp()
		s, err = b.Status(ctx, responder)
		b.must(err)
		if s.Waiting {
			t.Errorf("the engine has the rule, and it waits: %+v", s)
		}
	})
}
