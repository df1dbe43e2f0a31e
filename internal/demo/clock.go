package demo

import (
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
)

// Now is the instant at which the story stops and the reader begins: Friday, 16 October 2020, in
// the morning. The report of the day before lies in the queue, and nobody has opened it.
var Now = time.Date(2020, time.October, 16, 9, 30, 0, 0, calendar.JST)

// A Clock is the product's time in the demo. It stands still, and is set forward, while the story is
// told, and then runs at real speed. It is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	at    time.Time // the time shown while the clock stands, or at the moment it was started
	since time.Time // on the machine's monotonic clock; zero while the clock stands
}

// NewClock returns a clock that stands at the given instant.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.at
	}
	return c.at.Add(time.Since(c.since))
}

// Set moves a standing clock forward. Back it never goes: what was logged stays logged in order.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.at) {
		c.at = at
	}
}

// Run lets the clock run on from where it stands.
func (c *Clock) Run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.since = time.Now()
	}
}
