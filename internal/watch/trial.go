package watch

import (
	"context"
	"errors"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
)

// A Trial is what the rules of a file would have found.
type Trial struct {
	Complaints []rule.Complaint // with an error in them, nothing was tried
	From       time.Time
	Until      time.Time
	Events     int      // read, with those before From that the rules' windows hold
	Alerts     int      // from From on
	Hours      []Bucket // of them, by rule
	First      []Alert  // of them
	Took       time.Duration
	Whole      bool // false: there was no time to read all, and what is said ends at Until
}

// How much a trial does.
const (
	trialTime  = 15 * time.Second // a person waits for it
	trialFirst = 50
	trialSpan  = 31 * 24 * time.Hour
)

var errTrial = fault.New(fault.Later, "Somebody else is trying rules at this moment. Try again in a few seconds.",
	"ほかの人がルールを試しています。数秒後にもう一度お試しください。").Retry(5 * time.Second)

// Try says what the rules of a file would have found with a text, from one time to another, by event time. It reads
// the stream from as far before as their windows reach, for fifteen seconds at most. Nothing is changed.
func (w *Watch) Try(ctx context.Context, who access.Caller, file, text string, from, until time.Time) (Trial, error) {
	if err := w.Audit.Allow(ctx, who, access.RuleChange, file); err != nil {
		return Trial{}, err
	}
	if err := checkFile(file, text); err != nil {
		return Trial{}, err
	}
	if !until.After(from) || until.Sub(from) > trialSpan {
		return Trial{}, fault.New(fault.Invalid, "Choose a time that ends after it begins, and is no longer than 31 days.", "終わりが始まりより後で、31日以内になるように期間を指定してください。").At("until")
	}
	r, err := readRules(ctx, w.DB.Read())
	if err != nil {
		return Trial{}, err
	}
	set, after := compile(with(r.files, file, text))
	t := Trial{Complaints: about(file, r.complaints, after), From: from, Until: until, Whole: true}
	set = only(set, func(x *rule.Rule) bool { return x.File == file })
	if rule.Errors(t.Complaints) > 0 || len(alerting(set)) == 0 {
		return t, nil
	}
	if !w.live.trial.TryLock() { // a second one would take the processors from the live engine
		return Trial{}, errTrial
	}
	defer w.live.trial.Unlock()
	return w.try(ctx, t, set)
}

// reach returns how far back the windows of a set go.
func reach(set *rule.Set) (span time.Duration) {
	for _, c := range set.Correlations {
		span = max(span, c.Timespan)
	}
	return span
}

// try reads the stream for a trial.
func (w *Watch) try(ctx context.Context, t Trial, set *rule.Set) (Trial, error) {
	began := time.Now() // wall clock: for a person who waits
	e, err := detect.New(set, w.options())
	if err != nil {
		return t, err
	}
	// Events may have a time some minutes before they were sent.
	start, err := w.Stream.At(ctx, t.From.Add(-reach(set)))
	if err != nil {
		return t, err
	}
	limited, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	var last time.Time
	err = each(limited, e, w.between(start, end), func(c *chunk, alerts []detect.Alert) error {
		t.Events += c.count
		t.take(alerts)
		if last = c.until; c.from.After(t.Until.Add(time.Hour)) {
			return errEnough // what happened before has come in by now
		}
		return nil
	})
	switch {
	case err == nil, errors.Is(err, errEnough):
		t.take(e.Flush())
	case ctx.Err() == nil && limited.Err() != nil:
		t.Whole = false
		if last.Before(t.Until) {
			t.Until = last
		}
	default:
		return t, err
	}
	slices.SortFunc(t.Hours, func(a, b Bucket) int { return a.At.Compare(b.At) })
	t.Took = time.Since(began) // wall clock: as began
	return t, nil
}

// end is behind all positions that there will be.
const end = stream.Position(1 << 62)

var errEnough = errors.New("enough was read")

// take counts the alerts of the time that was asked for.
func (t *Trial) take(alerts []detect.Alert) {
	for i := range alerts {
		d := &alerts[i]
		at := time.Unix(0, d.At).UTC()
		if at.Before(t.From) || !at.Before(t.Until) {
			continue
		}
		t.Alerts++
		hour := at.Truncate(time.Hour)
		j := slices.IndexFunc(t.Hours, func(b Bucket) bool { return b.At.Equal(hour) && b.Of == d.Rule.Name })
		if j < 0 {
			j = len(t.Hours)
			t.Hours = append(t.Hours, Bucket{At: hour, Of: d.Rule.Name})
		}
		t.Hours[j].N++
		if len(t.First) < trialFirst {
			t.First = append(t.First, made(d).Alert)
		}
	}
}
