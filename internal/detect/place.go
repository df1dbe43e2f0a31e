package detect

import "sort"

// A place says where in a stream some events came from: those from this one on, up to the next place.
type place struct {
	event    uint32 // in a batch, or of all that the engine was given
	position uint64
}

// position returns where an event came from, or 0 when nobody said.
func (e *Engine) position(event uint32) uint64 {
	n := sort.Search(len(e.places), func(i int) bool { return int32(e.places[i].event-event) > 0 })
	if n == 0 {
		return 0
	}
	return e.places[n-1].position
}

// manyPlaces is from how many places on it is worth looking for those that nobody will ask for again.
const manyPlaces = 1 << 10

// forgetPlaces forgets the places of events that do not wait any more.
func (e *Engine) forgetPlaces() {
	if len(e.places) < manyPlaces || len(e.places) < 2*e.keptPlaces {
		return
	}
	last := uint32(e.Stats.Events)
	oldest := uint32(0) // how many events before the last one
	for _, b := range e.queue.buckets {
		for i := range b.records {
			oldest = max(oldest, last-b.records[i].order)
		}
	}
	n := 0
	for n+1 < len(e.places) && int32(last-oldest-e.places[n+1].event) >= 0 {
		n++ // the next place is the oldest event's, or one before it
	}
	e.places = append(e.places[:0], e.places[n:]...)
	e.keptPlaces = len(e.places)
}
