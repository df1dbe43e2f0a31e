package scenario

import "time"

// The bench has as many actors at scale 1, and so many events in a second of event time.
const (
	benchActors = 200_000
	benchRate   = 1000
	benchEvents = 1_000_000 // unless told
	benchBusy   = 20        // actors that reach many, with one event of a hundred among them
)

var (
	benchStart = time.Date(2020, 11, 2, 0, 0, 0, 0, time.UTC).UnixMilli()
	benchPlace = [...]word{inJapan, inTaiwan, inThailand, inIndonesia}
)

// benchBlends are the types of the bench: six of ten events are contacts.
var benchBlends = [...]blend{
	{350, friendRequest, benchFriends},
	{600, groupInvite, benchGroups},
	{850, messageSent, benchMessages},
	{950, apiCalled, benchContacts},
	{1000, loggedIn, benchLogin},
}

// plotBench makes like events at a steady rate: no story and no truth but the totals.
func plotBench(s *Stream) *plot {
	n := s.opt.Events
	if n == 0 {
		n = benchEvents
	}
	from := benchStart
	if !s.opt.From.IsZero() {
		from = s.opt.From.UnixMilli()
	}
	to := from + max(1, int64(n)*1000/benchRate)
	if !s.opt.To.IsZero() {
		to = s.opt.To.UnixMilli()
	}
	actors := s.scaled(benchActors, benchBusy)
	tell := func(i int, d *dice, f *fact) {
		k, share := 0, d.below(1000)
		for benchBlends[k].upto <= share {
			k++
		}
		among := actors
		if d.below(100) == 0 {
			among = benchBusy
		}
		at := f.at
		*f = act(at, benchBlends[k].what, benchBlends[k].api, benchActor.at(d.below(among)), d)
		f.device = shortPhone
		f.target = benchTarget.at(d.below(5 * actors))
		f.region = benchPlace[d.below(len(benchPlace))]
	}
	return &plot{from: from, to: to, background: background{n: n, at: steady(from, to).at, tell: tell}}
}
