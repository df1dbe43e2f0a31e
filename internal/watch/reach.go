package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// A Reach is whom the alerts of one rule are about, over time: each value of a key is counted in the step in
// which it appears for the first time.
type Reach struct {
	Fields []string  // of the key
	First  time.Time // of the alerts
	Alerts int
	Whole  bool // false: there are more alerts than are read
	Steps  []ReachStep
}

// A ReachStep is what was new in one step of a span.
type ReachStep struct {
	N        int            // which one, from 0
	New      []int          // values, one number for each field
	ByRegion map[string]int // those of the last field, by the region of the event
}

// Regions returns the regions, the one with most first; nil when no event named one.
func (r Reach) Regions() []string {
	n := map[string]int{}
	for _, s := range r.Steps {
		for region, k := range s.ByRegion {
			n[region] += k
		}
	}
	if len(n) == 0 || len(n) == 1 && n[""] > 0 {
		return nil
	}
	return slices.SortedFunc(maps.Keys(n), func(a, b string) int {
		if n[a] != n[b] {
			return n[b] - n[a]
		}
		return len(a) - len(b)
	})
}

// maxReach is how many alerts are read for a picture: more than the largest incident had, and half a second.
const maxReach = 200_000

// Reach says whom the alerts of the span's rule are about.
func (w *Watch) Reach(ctx context.Context, who access.Caller, s Span) (Reach, error) {
	if err := w.Audit.Allow(ctx, who, access.AlertRead, ""); err != nil {
		return Reach{}, err
	}
	if s.Rule == "" || s.Step < time.Second || !s.Until.After(s.From) || s.Until.Sub(s.From)/s.Step > maxSteps {
		return Reach{}, fault.New(fault.Invalid, "Choose a rule, and a time of at most %d steps that ends after it begins.",
			"ルールと、終わりが始まりより後で最大%d区間の期間を指定してください。", maxSteps).At("step")
	}
	rows, err := w.DB.Read().QueryContext(ctx, `
		SELECT at, region, body
		FROM alert
		WHERE rule = $1 AND at >= $2 AND at < $3 AND (NOT shadow OR $4) AND (NOT replayed OR $5)
		ORDER BY at, id
		LIMIT $6`, s.Rule, s.From.UnixMicro(), s.Until.UnixMicro(), s.Shadow, s.Replayed, maxReach+1)
	if err != nil {
		return Reach{}, fmt.Errorf("reading whom the alerts of %s reached: %w", s.Rule, err)
	}
	defer rows.Close()
	r := Reach{Whole: true}
	seen := map[Field]bool{}
	for rows.Next() {
		var at int64
		var region, text string
		if err := rows.Scan(&at, &region, &text); err != nil {
			return Reach{}, fmt.Errorf("reading whom the alerts of %s reached: %w", s.Rule, err)
		}
		if r.Alerts == maxReach {
			r.Whole = false
			break
		}
		var b struct {
			Key orderedKey `json:"key"`
		}
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			return Reach{}, fmt.Errorf("reading an alert of %s: %w", s.Rule, err)
		}
		r.add(int(db.Time(at).Sub(s.From)/s.Step), db.Time(at), b.Key, region, seen)
	}
	return r, rows.Err()
}

// add counts what one alert shows for the first time.
func (r *Reach) add(n int, at time.Time, key []Field, region string, seen map[Field]bool) {
	if r.Alerts++; r.Alerts == 1 {
		r.First = at
		for _, k := range key {
			r.Fields = append(r.Fields, k.Name)
		}
	}
	for _, k := range key {
		i := slices.Index(r.Fields, k.Name) // a rule whose key changed has old alerts with another one
		if i < 0 || seen[k] {
			continue
		}
		seen[k] = true
		if len(r.Steps) == 0 || r.Steps[len(r.Steps)-1].N != n {
			r.Steps = append(r.Steps, ReachStep{N: n, New: make([]int, len(r.Fields)), ByRegion: map[string]int{}})
		}
		step := &r.Steps[len(r.Steps)-1]
		step.New[i]++
		if i == len(r.Fields)-1 {
			step.ByRegion[region]++
		}
	}
}
