package detect

import "math"

// never is before all times.
const never = math.MinInt64

// day is how far an event may be ahead of all before it without another one that agrees.
const day = int64(24 * 3600 * 1e9)

// A clock is how far the stream has come.
type clock struct {
	Newest   int64 // the newest time that counts, or never
	Ahead    int64 // the time of an event far ahead that nothing has confirmed yet, or never
	Judged   int64 // everything up to here was judged because somebody asked for it, or never
	lateness int64
}

// step moves the clock by an event and reports whether the event is late.
func (c *clock) step(t int64) (late bool) {
	if c.Ahead != never {
		if t >= c.Ahead-c.lateness {
			c.Newest = c.Ahead
		}
		c.Ahead = never
	}
	if c.Newest == never || t > c.Newest+day {
		c.Ahead = t
		return false
	}
	if t > c.Newest {
		c.Newest = t
		return false
	}
	return t < c.open()
}

// open returns the oldest time that an event may still have without being late.
func (c *clock) open() int64 {
	if c.Newest == never {
		return never
	}
	return max(c.Newest-c.lateness, c.Judged)
}

// settle says that all there is gets judged now. An event far ahead counts then: after a silence of more
// than a day there is nothing else to agree with it.
func (c *clock) settle() {
	if c.Ahead != never {
		c.Newest, c.Ahead = c.Ahead, never
	}
	c.Judged = c.Newest
}

// allows reports whether none of a batch's events, by the oldest and the newest, can be late or
// far ahead.
func (c *clock) allows(oldest, newest int64) bool {
	return c.Newest != never && c.Ahead == never && newest <= c.Newest+day && oldest >= max(max(c.Newest, newest)-c.lateness, c.Judged)
}
