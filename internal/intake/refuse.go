package intake

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/fault"
)

// Reasons are why events are refused, as the figures have them.
var Reasons = [...]string{"line", "specversion", "id", "source", "type", "time", "data", "not_yours", "other"}

// reason returns which of the Reasons a refusal has.
func reason(f *fault.Error) int {
	name, _, _ := strings.Cut(f.Field, ".")
	switch {
	case f.Kind == fault.Denied:
		name = "not_yours"
	case name == "":
		name = "line"
	}
	if i := slices.Index(Reasons[:], name); i >= 0 {
		return i
	}
	return len(Reasons) - 1
}

// A Sample is an event that was refused, for the operators to look at.
type Sample struct {
	At time.Time
	Refusal
	Text string // how it begins
}

const (
	maxSamples = 20
	sampleText = 200 // bytes
)

// note counts a refusal and keeps a sample. The log hears of one a second, without what was sent.
func (in *Intake) note(line []byte, r Refusal, f *fault.Error) {
	in.refused[reason(f)].Add(1)
	now := in.Now()
	in.mu.Lock()
	defer in.mu.Unlock()
	// A flood of wrong events must not cost more than right ones: the samples of a second are enough.
	if n := len(in.samples); n >= maxSamples && now.Sub(in.samples[n-maxSamples].At) < time.Second {
		return
	}
	text := strings.ToValidUTF8(string(line[:min(len(line), sampleText)]), "\uFFFD")
	if r.ID == "" {
		r.ID = idOf(line)
	}
	in.samples = append(in.samples, Sample{now, r, strings.TrimSpace(text)})
	if n := len(in.samples); n >= 2*maxSamples {
		in.samples = slices.Delete(in.samples, 0, n-maxSamples)
	}
	if now.Sub(in.logged) >= time.Second {
		in.logged = now
		in.Log.LogAttrs(context.Background(), slog.LevelWarn, "events are refused", slog.String("field", r.Field), slog.String("reason", r.Reason.EN))
	}
}

// Refused returns how many events were refused since the start, by their place in Reasons.
func (in *Intake) Refused() [len(Reasons)]uint64 {
	var all [len(Reasons)]uint64
	for i := range in.refused {
		all[i] = in.refused[i].Load()
	}
	return all
}

// Samples returns some of the events that were refused, the newest first.
func (in *Intake) Samples() []Sample {
	in.mu.Lock()
	defer in.mu.Unlock()
	all := slices.Clone(in.samples[max(0, len(in.samples)-maxSamples):])
	slices.Reverse(all)
	return all
}

// idOf returns the id of something that is no event, if it has one.
func idOf(line []byte) string {
	var is struct{ ID string }
	if len(line) > MaxEvent || json.Unmarshal(line, &is) != nil {
		return ""
	}
	id := is.ID
	if len(id) > sampleText {
		for id = id[:sampleText]; !utf8.ValidString(id); {
			id = id[:len(id)-1]
		}
	}
	return id
}
