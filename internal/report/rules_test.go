package report

import (
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

func TestEveryStateIsNamedAndReachable(t *testing.T) {
	reached := map[State]bool{Received: true}
	for from, list := range next {
		if from.Name().JA == "" || from.Name().EN == "" {
			t.Errorf("%s has no name", from)
		}
		for _, to := range list {
			if !to.Valid() {
				t.Errorf("%s leads to %q, which is no state", from, to)
			}
			reached[to] = true
		}
	}
	for _, s := range States {
		if !reached[s] {
			t.Errorf("no way leads to %s", s)
		}
	}
	if len(States) != len(next) {
		t.Errorf("%d states in order, %d in the table", len(States), len(next))
	}
}

func TestWhatIsClosedStaysClosedUnlessTheTableSaysOtherwise(t *testing.T) {
	for _, c := range []struct {
		from, to State
		ok       bool
	}{
		{Received, Accepted, false},
		{Received, Triaged, true},
		{Withdrawn, Triaged, false},
		{Published, Fixing, false},
		{Duplicate, Triaged, true},
		{NotEligible, Fixing, true},
		{NotEligible, Accepted, false},
		{Fixed, Fixing, true},
	} {
		_, err := Report{State: c.from}.Move(c.to)
		if (err == nil) != c.ok {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
		if err != nil && !fault.Is(err, fault.Conflict) {
			t.Errorf("%s to %s is refused as %v", c.from, c.to, err)
		}
	}
}

func TestADecisionAgainstTheReporterNeedsItsGrounds(t *testing.T) {
	sound := Decision{Kind: ToNotEligible, Clause: "3.2.v", Reason: "It sends messages to people.", WouldChange: "Reading their data.", Impact: "none"}
	here := clauseFacts{exists: true}
	for name, c := range map[string]struct {
		change func(*Decision)
		facts  clauseFacts
		field  string
	}{
		"sound":                     {func(*Decision) {}, here, "-"},
		"no clause":                 {func(d *Decision) { d.Clause = "" }, here, "clause"},
		"a clause of other terms":   {func(*Decision) {}, clauseFacts{}, "clause"},
		"no reason":                 {func(d *Decision) { d.Reason = "  " }, here, "reason"},
		"nothing would change it":   {func(d *Decision) { d.WouldChange = "" }, here, "would_change"},
		"impact not asked":          {func(d *Decision) { d.Impact = "" }, here, "impact"},
		"impact shown anyway":       {func(d *Decision) { d.Impact = "shown" }, here, "impact"},
		"two fixes for a duplicate": {func(d *Decision) { d.Kind, d.OneFix = ToDuplicate, "no" }, here, "one_fix"},
		"one fix not asked":         {func(d *Decision) { d.Kind = ToDuplicate }, here, "one_fix"},
	} {
		t.Run(name, func(t *testing.T) {
			d := sound
			c.change(&d)
			err := d.check(c.facts)
			if c.field == "-" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := fault.As(err); f == nil || f.Field != c.field {
				t.Errorf("err = %v, want a fault at %s", err, c.field)
			}
		})
	}
}

func TestSomeDecisionsNeedASecondPerson(t *testing.T) {
	for _, c := range []struct {
		d      Decision
		facts  clauseFacts
		lowers bool
		want   string
	}{
		{Decision{Kind: ToNotEligible}, clauseFacts{exclusion: true}, false, ""},
		{Decision{Kind: ToNotEligible}, clauseFacts{}, false, "second"},
		{Decision{Kind: ToNotEligible}, clauseFacts{exclusion: true, secondPerson: true}, false, "second"},
		{Decision{Kind: Disqualify}, clauseFacts{}, false, "second"},
		{Decision{Kind: Exception}, clauseFacts{}, false, "second"},
		{Decision{Kind: SetSeverity}, clauseFacts{}, true, "either"},
		{Decision{Kind: SetSeverity}, clauseFacts{}, false, ""},
		{Decision{Kind: SetUrgency}, clauseFacts{}, false, ""},
	} {
		if got := c.d.needs(c.facts, c.lowers); got != c.want {
			t.Errorf("%s needs %q, want %q", c.d.Kind, got, c.want)
		}
	}
}

func TestUrgencySeverityAndEligibilityMoveAlone(t *testing.T) {
	r := Report{State: Triaged, Urgency: Normal, Eligibility: Undecided, Score: -1}
	urgent, err := Decision{Kind: SetUrgency, To: string(InUse)}.apply(r, r.Score)
	if err != nil || urgent.State != Triaged || urgent.Eligibility != Undecided || urgent.Score != -1 || urgent.Urgency != InUse {
		t.Errorf("%+v, %v", urgent, err)
	}
	closed, err := Decision{Kind: ToNotEligible}.apply(urgent, urgent.Score)
	if err != nil || closed.Urgency != InUse || closed.Eligibility != Ineligible {
		t.Errorf("an excluded class is no longer urgent: %+v, %v", closed, err)
	}
	fixing, err := Decision{Kind: ToFixing}.apply(closed, closed.Score)
	if err != nil || fixing.State != Fixing || fixing.Eligibility != Ineligible {
		t.Errorf("what earns no reward cannot be fixed: %+v, %v", fixing, err)
	}
}

func TestTheQueuePutsWhatIsInUseFirstAndWhatIsClosedLast(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2020, 10, n, 0, 0, 0, 0, time.UTC) }
	order := []Report{
		{Urgency: InUse, Turn: Desk, TurnDue: day(30)},
		{Urgency: InUse, Turn: Reporter},
		{Urgency: Raised, Turn: Desk, TurnDue: day(1)},
		{Urgency: Normal, Turn: Desk, TurnDue: day(2)},
		{Urgency: Normal, Turn: Desk, TurnDue: day(3)},
		{Urgency: InUse, Turn: Nobody, ReceivedAt: day(5)},
		{Urgency: Normal, Turn: Nobody, ReceivedAt: day(4)},
	}
	for i := 1; i < len(order); i++ {
		if order[i-1].place() >= order[i].place() {
			t.Errorf("report %d stands before report %d", i, i-1)
		}
	}
}

func TestAReportNumberIsReadAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{
		"7K3M-9QTX": "7K3M-9QTX", " 7k3m9qtx ": "7K3M-9QTX", "7k3m 9qto": "7K3M-9QT0", "7K3M": "", "認証": "", "": "",
	} {
		if got := CanonicalID(typed); got != want {
			t.Errorf("CanonicalID(%q) = %q, want %q", typed, got, want)
		}
	}
}

func FuzzParseSubmission(f *testing.F) {
	s := Submission{Title: "認証の回避", Steps: "<script>"}
	f.Add(s.Bytes())
	f.Add([]byte(`{"title":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSubmission(b)
		if err != nil {
			return
		}
		again, err := ParseSubmission(s.Bytes())
		if err != nil || again != s {
			t.Errorf("%+v came back as %+v, %v", s, again, err)
		}
		_ = s.Storable()
		_ = s.Check()
	})
}
