package scenario

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type pair struct{ actor, target string }

// contacts are the events by which somebody reaches somebody.
func contacts(e *event) bool { return e.Type == "friend_request" || e.Type == "group_invite" }

// unlinked returns the contacts by assistant accounts with people who had not linked them, found
// in the plainest way and from the events alone.
func unlinked(events []*event) []*event {
	linked := map[pair]bool{}
	var found []*event
	for _, e := range events {
		switch {
		case e.Type == "consent_granted":
			linked[pair{e.Data.Target, e.Data.Actor}] = true
		case e.Type == "consent_revoked":
			linked[pair{e.Data.Target, e.Data.Actor}] = false
		case e.Data.ActorKind == "assistant" && contacts(e) && !linked[pair{e.Data.Actor, e.Data.Target}]:
			found = append(found, e)
		}
	}
	return found
}

// reachers returns who passed a number of distinct others within a span, by the half-open
// windows of events.md.
func reachers(events []*event, by func(*event) (who, other string), span time.Duration, more int) map[string]bool {
	last := map[string]map[string]time.Time{}
	found := map[string]bool{}
	for _, e := range events {
		who, other := by(e)
		if found[who] {
			continue
		}
		seen := last[who]
		if seen == nil {
			seen = map[string]time.Time{}
			last[who] = seen
		}
		seen[other] = e.Time
		if len(seen) <= more {
			continue
		}
		n := 0
		for _, t := range seen {
			if t.After(e.Time.Add(-span)) {
				n++
			}
		}
		found[who] = n > more
	}
	return found
}

func contactsOf(events []*event, kind string) []*event {
	return slices.DeleteFunc(slices.Clone(events), func(e *event) bool { return !contacts(e) || e.Data.ActorKind != kind })
}

func byActor(e *event) (who, other string)  { return e.Data.Actor, e.Data.Target }
func byTarget(e *event) (who, other string) { return e.Data.Target, e.Data.Actor }

func TestTheNoticeOf2020IsMetToTheLast(t *testing.T) {
	r := whole["2020"](t)
	want := map[string]int{"JP": 15530, "TW": 87197, "TH": 2813, "ID": 7084, "OTHER": 8597}
	if diff := cmp.Diff(want, r.totals.ByRegion); diff != "" {
		t.Errorf("people by region (-notice +scenario):\n%s", diff)
	}
	own := map[string]bool{}
	for _, l := range r.lines("own") {
		own[l.ID] = true
	}
	lists := listsOf(t, "2020")
	bots, people, strangers := map[string]bool{}, map[string]bool{}, 0
	for _, e := range unlinked(r.once) {
		inside := slices.Contains(lists["reporter"], e.Data.Actor)
		if inside && slices.Contains(lists["reporter"], e.Data.Target) {
			continue
		}
		if inside {
			strangers++
		}
		bots[e.Data.Actor], people[e.Data.Target] = true, true
		if jst := e.Time.In(tokyo); jst.UnixMilli() < windowStart || jst.UnixMilli() >= windowEnd {
			t.Fatalf("%s at %s: outside the window of the notice", e.ID, jst)
		}
	}
	if len(bots) != 7768 || len(people) != 121221 {
		t.Errorf("%d bots, %d people: the notice has 7,768 and 121,221", len(bots), len(people))
	}
	if strangers != 2*labStrangers {
		t.Errorf("the reporter's bot reached others %d times", strangers)
	}
	if r.totals.Effects != len(unlinkedBeyond(r, lists["reporter"])) {
		t.Errorf("the truth has %d effects, the events %d", r.totals.Effects, len(unlinkedBeyond(r, lists["reporter"])))
	}
}

func unlinkedBeyond(r run, reporter []string) []*event {
	return slices.DeleteFunc(unlinked(r.once), func(e *event) bool {
		return slices.Contains(reporter, e.Data.Actor) && slices.Contains(reporter, e.Data.Target)
	})
}

func listsOf(t *testing.T, name string) map[string][]string {
	t.Helper()
	s, err := New(name, Options{Scale: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	m := map[string][]string{}
	for _, l := range s.Lists() {
		m[l.Name] = l.IDs
	}
	return m
}

func TestAThresholdForEachBotFindsFewOfThem(t *testing.T) {
	r := whole["2020"](t)
	once := r.once
	reached := map[string]map[string]bool{}
	effects := unlinkedBeyond(r, listsOf(t, "2020")["reporter"])
	for _, e := range effects {
		if reached[e.Data.Actor] == nil {
			reached[e.Data.Actor] = map[string]bool{}
		}
		reached[e.Data.Actor][e.Data.Target] = true
	}
	few, pairs := 0, 0
	for _, people := range reached {
		pairs += len(people)
		if len(people) < 20 {
			few++
		}
	}
	found := reachers(effects, byActor, 10*time.Minute, 20)
	n := 0
	for _, yes := range found {
		if yes {
			n++
		}
	}
	t.Logf("%d of %d bots reach fewer than 20 people; %d pass 20 in ten minutes; %.2f pairs a bot", few, len(reached), n, float64(pairs)/float64(len(reached)))
	if few < 7600 || n == 0 || n > 200 {
		t.Errorf("%d bots reach fewer than 20, %d more than 20 in ten minutes", few, n)
	}
	many := 0
	for _, yes := range reachers(effects, byTarget, 10*time.Minute, 2) {
		if yes {
			many++
		}
	}
	if many < 400 {
		t.Errorf("only %d people hear from three bots within ten minutes", many)
	}
	wrong := 0
	for _, yes := range reachers(contactsOf(once, "user"), byActor, 10*time.Minute, 20) {
		if yes {
			wrong++
		}
	}
	if wrong != 40 {
		t.Errorf("%d users pass the same threshold, want the 40 organisers", wrong)
	}
}

func TestTheDatesOf2020(t *testing.T) {
	r := whole["2020"](t)
	at := map[string]Truth{}
	for _, l := range r.lines("earliest") {
		at[l.Name] = l
	}
	for name, want := range map[string]string{
		"first_effect":                 "2020-10-15T17:00:00+09:00",
		"first_effect_beyond_reporter": "2020-10-27T20:00:00+09:00",
		"first_user_report":            "2020-10-29T18:15:00+09:00",
	} {
		if got := at[name].At.Format(time.RFC3339Nano); got != want {
			t.Errorf("%s at %s, want %s", name, got, want)
		}
	}
	if got := at["first_effect_of_the_wave"].At.Format(time.DateOnly); got != "2020-11-02" {
		t.Errorf("the wave begins on %s", got)
	}
	first := unlinkedBeyond(r, nil)[0]
	if first.ID != at["first_effect"].Event || first.Data.Actor != at["first_effect"].Actor {
		t.Errorf("the events have the first effect at %s, the truth at %s", first.ID, at["first_effect"].Event)
	}
	if n := quiet(t, r); n != 14 {
		t.Errorf("%d bots removed, want 14", n)
	}
	for _, m := range r.lines("marker") {
		if _, offset := m.At.Zone(); offset != 9*60*60 || m.Row == "" {
			t.Errorf("%+v: not in Tokyo, or without its row", m)
		}
	}
}

// quiet checks that there are no effects by a bot that was removed, nor in an interruption, and
// returns how many were removed.
func quiet(t *testing.T, r run) int {
	t.Helper()
	removed := map[string]bool{}
	for _, e := range r.once {
		ms := e.Time.UnixMilli()
		if e.Type == "account_suspended" && e.Data.Reason == "unauthorised_contact" {
			removed[e.Data.Target] = true
			if ms < botsRemoved || ms > botsRemoved+minute {
				t.Errorf("a bot removed at %s", e.Time.In(tokyo))
			}
		}
		if e.Data.ActorKind != "assistant" || !contacts(e) {
			continue
		}
		if removed[e.Data.Actor] {
			t.Errorf("%s: by a bot that was removed", e.ID)
		}
		if interrupted1 <= ms && ms < interrupted1End || interrupted2 <= ms && ms < interrupted2End {
			t.Errorf("%s: an effect while the service was interrupted", e.ID)
		}
	}
	return len(removed)
}

func TestSmallWavesKeepTheDatesToo(t *testing.T) {
	for seed := range uint64(20) {
		r := read(t, "2020", Options{Scale: minScale, Seed: seed})
		quiet(t, r)
		for _, l := range r.lines("earliest") {
			if l.Name == "first_effect_of_the_wave" && l.At.Format(time.DateOnly) != "2020-11-02" {
				t.Errorf("seed %d: the wave begins at %s", seed, l.At)
			}
		}
	}
}

func TestOnlyOpenInvitationsAreWithdrawn(t *testing.T) {
	open := map[pair]bool{}
	days := map[string]int{}
	for _, e := range whole["2020"](t).once {
		p := pair{e.Data.Container, e.Data.Target}
		switch e.Type {
		case "group_invite":
			open[p] = true
		case "group_joined":
			delete(open, pair{e.Data.Container, e.Data.Actor})
		case "invite_withdrawn":
			days[e.Time.In(tokyo).Format("02 15")]++
			if !open[p] {
				t.Errorf("%s withdraws what is not open", e.ID)
			}
			delete(open, p)
		}
	}
	got := []string{}
	for d, n := range days {
		if n > 100 {
			got = append(got, d)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"04 19", "05 19", "16 15", "18 17", "20 10"}, got); diff != "" {
		t.Errorf("day and hour of the batches (-notice +scenario):\n%s", diff)
	}
}

func TestProtectionOf2021(t *testing.T) {
	r := whole["2021"](t)
	protected := listsOf(t, "2021")["protected"]
	attacked, changed := map[string]bool{}, map[string]time.Time{}
	for _, l := range r.lines("actor") {
		attacked[l.ID] = true
	}
	if len(attacked) != 108 || len(protected) != 240 {
		t.Errorf("%d of %d attacked", len(attacked), len(protected))
	}
	var first time.Time
	ordinary, own := 0, 0
	for _, e := range r.once {
		who := e.Data.Actor
		switch {
		case e.Type == "login" && e.Data.SecondFactor == "none", e.Type == "key_changed":
			changed[who] = e.Time
		case e.Type != "e2ee_changed" || e.Data.E2EE != "off":
		case !slices.Contains(protected, who):
			ordinary++
		case attacked[who]:
			if first.IsZero() {
				first = e.Time
			}
			if d := e.Time.Sub(changed[who]); d > 24*time.Hour {
				t.Errorf("%s: %v after the last change of session or key", e.ID, d)
			}
		default:
			own++
			if first.IsZero() {
				t.Errorf("%s: a protected person's own switch before the first of the attack", e.ID)
			}
		}
	}
	if got := r.lines("earliest"); len(got) != 1 || !got[0].At.Equal(first) || first.UnixMilli() != firstOff {
		t.Errorf("the first at %s, the truth has %+v", first.In(tokyo), got)
	}
	if ordinary != 1500 || own != 4 {
		t.Errorf("%d ordinary and %d own switch-offs", ordinary, own)
	}
	if n := len(r.lines("exposed")); n != 108 {
		t.Errorf("%d exposed", n)
	}
}

func TestReadingOf2023(t *testing.T) {
	r := whole["2023"](t)
	want := map[string]int{"user": 302980 - 22239, "communications": 22239, "partner": 86211, "employee": 130315}
	if diff := cmp.Diff(want, r.totals.Items); diff != "" {
		t.Errorf("items by class (-final figures +scenario):\n%s", diff)
	}
	type grant struct{ who, class string }
	granted := map[grant]bool{}
	effects := 0
	var first, last *event
	for _, e := range r.once {
		g := grant{e.Data.Target, e.Data.Scope}
		switch e.Type {
		case "consent_granted":
			granted[g] = true
		case "consent_revoked":
			delete(granted, g)
		case "file_access":
			if granted[grant{e.Data.Actor, e.Data.DataClass}] {
				continue
			}
			if effects == 0 {
				first = e
			}
			last = e
			effects++
		}
	}
	borrowed := r.totals.Effects - effects
	t.Logf("%d reads, %d of them hidden under a grant for the same class", r.totals.Effects, borrowed)
	if borrowed < 0 || borrowed > r.totals.Effects/10 {
		t.Errorf("%d reads without a grant, the truth has %d", effects, r.totals.Effects)
	}
	if got := first.Time.In(tokyo).Format(time.DateOnly); got != "2023-09-14" || r.lines("earliest")[0].Event != first.ID {
		t.Errorf("the first read on %s, %s", got, first.ID)
	}
	if !last.Time.Before(time.UnixMilli(cutOff)) {
		t.Errorf("a read at %s, after access was cut", last.Time.In(tokyo))
	}
	if got := r.lines("earliest")[1].At.Format(time.DateOnly); got != "2023-10-09" {
		t.Errorf("many reads from %s on", got)
	}
}

func TestHardNegativesLookLikeAbuse(t *testing.T) {
	for name, get := range whole {
		r := get(t)
		byID := map[string][]*event{}
		for _, e := range r.once {
			byID[e.Data.Actor] = append(byID[e.Data.Actor], e)
		}
		kinds := map[string]int{}
		for _, l := range r.lines("hard_negative") {
			kinds[l.What]++
			switch l.What {
			case "organiser", "official_with_consent":
				if l.Targets < 20 {
					t.Errorf("%s: an %s with %d", name, l.What, l.Targets)
				}
			case "retrying_client":
				if l.Targets != 1 || l.Events < 25 {
					t.Errorf("%s: %d tries at %d targets", name, l.Events, l.Targets)
				}
			case "popular_person":
				if l.Targets < 39 {
					t.Errorf("%s: popular with %d", name, l.Targets)
				}
			}
			if kind := l.Kind; len(byID[l.ID]) > 0 && byID[l.ID][0].Data.ActorKind != kind {
				t.Errorf("%s: %s is %s, the truth has %s", name, l.ID, byID[l.ID][0].Data.ActorKind, kind)
			}
		}
		for _, what := range []string{"organiser", "retrying_client", "official_with_consent", "popular_person", "ordinary_toggle", "approved_affiliate_job"} {
			if kinds[what] == 0 {
				t.Errorf("%s has no %s", name, what)
			}
		}
		if r.totals.Redeliveries < 60 {
			t.Errorf("%s: only %d redeliveries", name, r.totals.Redeliveries)
		}
	}
}
