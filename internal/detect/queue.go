package detect

import (
	"cmp"
	"slices"
	"sort"
)

// A bucket holds the records of a stretch of event time until no event can come before them.
type bucket struct {
	from    int64
	records []record
	text    []byte
	sorted  bool
}

// A queue puts records in the order of their times. It sorts a stretch at a time: in most
// streams the stretch is in order already.
type queue struct {
	watches []watch
	width   int64
	buckets []*bucket // by time
	free    []*bucket
	last    *bucket
}

// push takes records of the same time, whose texts stand in text. Their events were counted from first on.
func (q *queue) push(records []record, text []byte, first uint32) {
	if len(records) == 0 {
		return
	}
	from := records[0].time - floorMod(records[0].time, q.width)
	b := q.last
	if b == nil || b.from != from {
		b = q.bucket(from)
		q.last = b
	}
	if n := len(b.records); n > 0 && b.records[n-1].time > records[0].time {
		b.sorted = false
	}
	for i := range records {
		r := records[i]
		in := text[r.text:]
		r.text = uint32(len(b.text))
		b.text = append(b.text, in[:textSize(in, len(q.watches[r.watch].keys))]...)
		r.order += first
		b.records = append(b.records, r)
	}
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// bucket returns the bucket that begins at from.
func (q *queue) bucket(from int64) *bucket {
	i := sort.Search(len(q.buckets), func(i int) bool { return q.buckets[i].from >= from })
	if i < len(q.buckets) && q.buckets[i].from == from {
		return q.buckets[i]
	}
	var b *bucket
	if n := len(q.free); n > 0 {
		b = q.free[n-1]
		q.free = q.free[:n-1]
	} else {
		b = &bucket{}
	}
	*b = bucket{from: from, records: b.records[:0], text: b.text[:0], sorted: true}
	q.buckets = slices.Insert(q.buckets, i, b)
	return b
}

// pop returns the oldest bucket in order, when no event before open can come any more and it
// ends there. It belongs to the caller until it is given back.
func (q *queue) pop(open int64) *bucket {
	if len(q.buckets) == 0 || q.buckets[0].from+q.width > open {
		return nil
	}
	return q.take()
}

// popThrough returns what the oldest bucket has up to a time and with it, in order, or nil.
func (q *queue) popThrough(limit int64) *bucket {
	if len(q.buckets) == 0 || q.buckets[0].from > limit {
		return nil
	}
	b := q.take()
	n := sort.Search(len(b.records), func(i int) bool { return b.records[i].time > limit })
	for i := n; i < len(b.records); i++ {
		q.push(b.records[i:i+1], b.text, 0)
	}
	if b.records = b.records[:n]; n == 0 {
		q.back(b)
		return nil
	}
	return b
}

// take removes the oldest bucket, and sorts it.
func (q *queue) take() *bucket {
	b := q.buckets[0]
	q.buckets = slices.Delete(q.buckets, 0, 1)
	if q.last == b {
		q.last = nil
	}
	if !b.sorted {
		slices.SortFunc(b.records, func(x, y record) int {
			// The difference of the orders, since they begin anew after four billion events.
			return cmp.Or(cmp.Compare(x.time, y.time), int(int32(x.order-y.order)), cmp.Compare(x.watch, y.watch), cmp.Compare(x.role, y.role), cmp.Compare(x.text, y.text))
		})
	}
	return b
}

// back takes a bucket back for later use.
func (q *queue) back(b *bucket) {
	if len(q.free) < 4 && cap(b.records) < 1<<20 {
		q.free = append(q.free, b)
	}
}
