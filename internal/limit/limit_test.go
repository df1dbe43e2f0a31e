package limit

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// clock is a Now that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newLimits() (*Limits, *clock) {
	c := &clock{t: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC)}
	return &Limits{Now: c.now, Rules: map[Action]Rule{Mail: {Burst: 3, Every: time.Minute}}}, c
}

func TestABurstPassesThenOneEachInterval(t *testing.T) {
	l, c := newLimits()
	for i := range 3 {
		if err := l.Take(Mail, "a"); err != nil {
			t.Fatalf("take %d: %v", i, err)
		}
	}
	err := l.Take(Mail, "a")
	if !fault.Is(err, fault.Later) || fault.As(err).After != time.Minute {
		t.Fatalf("err = %v, want to be told to wait a minute", err)
	}
	if text := fault.As(err).Text; !strings.Contains(text.EN, "in 60 seconds.") || !strings.Contains(text.JA, "60秒後") {
		t.Errorf("the person reads %v", text)
	}
	c.add(time.Minute)
	if err := l.Take(Mail, "a"); err != nil {
		t.Errorf("after the minute: %v", err)
	}
	if err := l.Take(Mail, "a"); err == nil {
		t.Error("one interval gave two")
	}
	if err := l.Take(Mail, "b"); err != nil {
		t.Errorf("another key pays for the first: %v", err)
	}
}

func TestARefusalTakesFromNoBucket(t *testing.T) {
	l, _ := newLimits()
	for range 3 {
		if err := l.Take(Mail, "busy"); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		if err := l.Take(Mail, "idle", "busy"); err == nil {
			t.Fatal("the busy key was not limited")
		}
	}
	for i := range 3 {
		if err := l.Take(Mail, "idle"); err != nil {
			t.Errorf("take %d of the idle key: %v", i, err)
		}
	}
}

func TestAClockSetBackLocksNobodyOut(t *testing.T) {
	l, c := newLimits()
	for range 3 {
		if err := l.Take(Mail, "a"); err != nil {
			t.Fatal(err)
		}
	}
	c.add(-24 * time.Hour)
	if err := l.Take(Mail, "a"); !fault.Is(err, fault.Later) || fault.As(err).After > time.Minute {
		t.Fatalf("err = %v, want a wait of no more than a minute", err)
	}
	c.add(time.Minute)
	if err := l.Take(Mail, "a"); err != nil {
		t.Errorf("still locked out: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l, _ := newLimits()
	for i := range size + 1000 {
		if err := l.Take(Mail, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(l.buckets); n != size || l.recent.Len() != size {
		t.Errorf("%d buckets in the map, %d in the list, want %d", n, l.recent.Len(), size)
	}
}

func TestConcurrentTakesNeverExceedTheBurst(t *testing.T) {
	l, _ := newLimits()
	var wg sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for range 50 {
		wg.Go(func() {
			if l.Take(Mail, "a") == nil {
				mu.Lock()
				passed++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if passed != 3 {
		t.Errorf("%d passed, want 3", passed)
	}
}

func TestEveryActionHasARule(t *testing.T) {
	for _, a := range []Action{SignIn, SignUp, Mail, Ceremony, Upload, Submit, API, Verify} {
		if r := Defaults[a]; r.Burst < 1 || r.Every <= 0 {
			t.Errorf("%s has no rule", a)
		}
	}
}

func TestAddressesOfOneSubscriberAreOneKey(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7",
		"::ffff:192.0.2.7":     "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1": "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
		"no address":           "no address",
	} {
		if got := Address(in); got != want {
			t.Errorf("Address(%q) = %q, want %q", in, got, want)
		}
	}
}
