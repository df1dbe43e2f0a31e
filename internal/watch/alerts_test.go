package watch

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
)

func TestOnlyTheirRolesReadAndMarkAlertsAndChangeRules(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		b.store(alert("r", "u1", 1))
		reads := map[string]func(access.Caller) error{
			"alerts":   func(who access.Caller) error { _, err := b.Alerts(ctx, who, Filter{}); return err },
			"alert":    func(who access.Caller) error { _, err := b.Alert(ctx, who, "x"); return err },
			"evidence": func(who access.Caller) error { _, err := b.Evidence(ctx, who, "x"); return err },
			"timeline": func(who access.Caller) error { _, err := b.Timeline(ctx, who, Span{}); return err },
			"rules":    func(who access.Caller) error { _, err := b.Rules(ctx, who); return err },
			"rule":     func(who access.Caller) error { _, err := b.Rule(ctx, who, "x"); return err },
			"history":  func(who access.Caller) error { _, err := b.History(ctx, who, "x"); return err },
			"check":    func(who access.Caller) error { _, err := b.Check(ctx, who, "x", ""); return err },
		}
		changes := map[string]func(access.Caller) error{
			"mark":   func(who access.Caller) error { _, err := b.Mark(ctx, who, "x", Real, "", 1); return err },
			"save":   func(who access.Caller) error { _, err := b.SaveRule(ctx, who, "x", "", 0); return err },
			"state":  func(who access.Caller) error { _, err := b.SetState(ctx, who, "x", Off, 1); return err },
			"remove": func(who access.Caller) error { _, err := b.RemoveRule(ctx, who, "x", 1); return err },
			"stop":   func(who access.Caller) error { return b.StopReplay(ctx, who) },
			"try": func(who access.Caller) error {
				_, err := b.Try(ctx, who, "x", "", time.Time{}, time.Time{})
				return err
			},
		}
		refusals := 0
		for _, who := range []access.Caller{payer, reporter, {}} {
			for name, do := range reads {
				if err := do(who); !fault.Is(err, fault.Denied) {
					t.Errorf("%s: %s: %v", who.ID, name, err)
				}
			}
			_, err := b.Status(ctx, who)
			b.refused(err, fault.Denied)
			if refusals += len(reads) + 1; who.Kind == access.Nobody {
				refusals -= len(reads) + 1 // nobody is named on record
			}
		}
		for _, who := range []access.Caller{auditor, payer, reporter, {}} {
			for name, do := range changes {
				if err := do(who); !fault.Is(err, fault.Denied) {
					t.Errorf("%s: %s: %v", who.ID, name, err)
				}
			}
			if who.Kind != access.Nobody {
				refusals += len(changes)
			}
		}
		for name, do := range reads {
			if err := do(auditor); fault.Is(err, fault.Denied) {
				t.Errorf("the auditor: %s: %v", name, err)
			}
		}
		for name, do := range changes {
			if err := do(responder); fault.Is(err, fault.Denied) {
				t.Errorf("the responder: %s: %v", name, err)
			}
		}
		if got := dbtest.Count(t, b.DB, "audit WHERE outcome = 'refused'"); got != refusals {
			t.Errorf("%d refusals are on record, want %d", got, refusals)
		}
		if got := dbtest.Count(t, b.DB, "audit WHERE outcome = 'done'"); got != 0 {
			t.Errorf("%d changes are on record, and nothing was changed", got)
		}
	})
}

func TestAnAlertIsStoredOnce(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		var all []found
		for i := range 150 { // more than one statement takes
			all = append(all, alert("r", fmt.Sprint("u", i%9), i))
		}
		again := alert("r", "u0", 0)
		if n := b.store(append(all, again)...); n != 150 {
			t.Errorf("%d were new, want 150", n)
		}
		if n := b.store(all...); n != 0 {
			t.Errorf("%d were new the second time", n)
		}
		b.counted()
		got, err := b.Alert(ctx, responder, all[7].ID)
		b.must(err)
		if diff := cmp.Diff(all[7].Alert, got); diff != "" {
			t.Error(diff)
		}
		_, err = b.Alert(ctx, responder, "nothing")
		b.refused(err, fault.NotFound)
	})
}

func TestFiltersAndPages(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		shadow, past := alert("s", "u1", 4), alert("r", "u9", 5)
		shadow.Shadow, past.Replayed = true, true
		low := alert("low", "u2", 3)
		low.Level = "low"
		b.store(alert("r", "u1", 1), alert("r", "u2", 2), low, shadow, past)
		yes, no, open := true, false, Open
		nine := time.Date(2020, 11, 2, 9, 0, 0, 0, time.UTC)
		for name, c := range map[string]struct {
			f    Filter
			want string
			n    int
		}{
			"all, newest first": {Filter{}, "r/ev5 s/ev4 low/ev3 r/ev2 r/ev1", 5},
			"by rule":           {Filter{Rule: "r"}, "r/ev5 r/ev2 r/ev1", 3},
			"by level":          {Filter{Level: "low"}, "low/ev3", 1},
			"live ones":         {Filter{Shadow: &no, Replayed: &no}, "low/ev3 r/ev2 r/ev1", 3},
			"replayed":          {Filter{Replayed: &yes}, "r/ev5", 1},
			"open":              {Filter{Mark: &open, Rule: "s"}, "s/ev4", 1},
			"by time":           {Filter{Since: nine.Add(2 * time.Second), Until: nine.Add(4 * time.Second)}, "low/ev3 r/ev2", 5},
			"by whom":           {Filter{Key: "u1"}, "s/ev4 r/ev1", 5},
			"by nobody":         {Filter{Key: "u"}, "", 5},
		} {
			p, err := b.Alerts(ctx, auditor, c.f)
			b.must(err)
			if got := titled(p.Alerts); got != c.want || p.Counts.Total != c.n || p.Next != "" {
				t.Errorf("%s: %s of %d, next %q, want %s of %d", name, got, p.Counts.Total, p.Next, c.want, c.n)
			}
		}
		var all []Alert
		for f := (Filter{Limit: 2}); ; {
			p, err := b.Alerts(ctx, auditor, f)
			b.must(err)
			all = append(all, p.Alerts...)
			if f.After = p.Next; f.After == "" {
				break
			}
		}
		if got := titled(all); got != "r/ev5 s/ev4 low/ev3 r/ev2 r/ev1" {
			t.Errorf("page by page: %s", got)
		}
		_, err := b.Alerts(ctx, auditor, Filter{After: "nonsense"})
		b.refused(err, fault.Invalid)
	})
}

func TestAMarkIsCountedAndOnRecord(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		a := alert("r", "u1", 1)
		b.store(a, alert("r", "u2", 2))
		got, err := b.Mark(ctx, responder, a.ID, False, " their own test ", 1)
		b.must(err)
		if got.Mark != False || got.Note != "their own test" || got.MarkedBy != "rei" || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		again, err := b.Alert(ctx, responder, a.ID)
		b.must(err)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Error(diff)
		}
		b.counted()
		_, err = b.Mark(ctx, responder, a.ID, Real, "", 1)
		b.refused(err, fault.Conflict)
		_, err = b.Mark(ctx, responder, a.ID, "maybe", "", 2)
		b.refused(err, fault.Invalid)
		_, err = b.Mark(ctx, responder, "nothing", Real, "", 2)
		b.refused(err, fault.NotFound)
		_, err = b.Mark(ctx, responder, a.ID, Open, "", 2)
		b.must(err)
		b.counted()
		if got := dbtest.Count(t, b.DB, "audit WHERE action = 'alert.mark' AND outcome = 'done'"); got != 2 {
			t.Errorf("%d marks are on record, want 2", got)
		}
		if got := dbtest.Count(t, b.DB, "outbox WHERE subject = 'alert.marked'"); got != 2 {
			t.Errorf("%d messages, want 2", got)
		}
		e, err := b.Evidence(ctx, auditor, a.ID)
		b.must(err)
		if len(e.Events) != 1 || e.Events[0].Line != a.Line {
			t.Errorf("the evidence is %+v", e)
		}
	})
}

func TestATimelineCountsBySteps(t *testing.T) {
	eachDB(t, func(t *testing.T, b *bench) {
		shadow := alert("s", "u1", 3)
		shadow.Shadow = true
		b.store(alert("r", "u1", 1), alert("r", "u2", 2), alert("q", "u3", 3), shadow, alert("r", "u4", 61))
		nine := time.Date(2020, 11, 2, 9, 0, 0, 0, time.UTC)
		span := Span{From: nine, Until: nine.Add(time.Hour), Step: time.Minute}
		got, err := b.Timeline(ctx, auditor, span)
		b.must(err)
		if diff := cmp.Diff([]Bucket{{nine, "", 3}, {nine.Add(time.Minute), "", 1}}, got); diff != "" {
			t.Error(diff)
		}
		span.By, span.Shadow = ByRule, true
		got, err = b.Timeline(ctx, auditor, span)
		b.must(err)
		if diff := cmp.Diff([]Bucket{{nine, "q", 1}, {nine, "r", 2}, {nine, "s", 1}, {nine.Add(time.Minute), "r", 1}}, got); diff != "" {
			t.Error(diff)
		}
		for _, bad := range []Span{{From: nine, Until: nine.Add(time.Hour)}, {From: nine, Until: nine, Step: time.Minute}, {From: nine, Until: nine.Add(time.Hour), Step: time.Second},
			{From: nine, Until: nine.Add(time.Hour), Step: time.Minute, By: "id"}} {
			_, err := b.Timeline(ctx, auditor, bad)
			b.refused(err, fault.Invalid)
		}
	})
}
