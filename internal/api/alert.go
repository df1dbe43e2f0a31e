package api

import (
	"context"
	"encoding/json"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/watch"
)

func alertOperations() []operation {
	read := may(access.AlertRead)
	return []operation{
		{id: "list-alerts", route: "GET /alerts", does: "The alerts, the newest first", needs: read, do: answer(listAlerts),
			more: "Every alert is in exactly one of the views unmarked, real, false, shadow and replay; all has them together. Counts are of the view, " +
				"narrowed by rule and level."},
		{id: "read-alert", route: "GET /alerts/{alert}", does: "One alert", needs: read, do: answer(readAlert)},
		{id: "read-alert-events", route: "GET /alerts/{alert}/events", does: "The events behind an alert", needs: read, do: answer(readAlertEvents),
			more: "They are kept with the alert from the first time that somebody reads them, whatever retention drops."},
		{id: "mark-alert", route: "POST /alerts/{alert}/mark", does: "Say whether an alert is real or false", needs: may(access.AlertMark), do: answer(markAlert)},
		{id: "read-watch", route: "GET /watch", does: "How the engine on the event stream is", needs: may(access.EventRead), do: answer(readWatch)},
		{id: "stop-replay", route: "POST /watch/stop-replay", does: "Let new rules begin without the past", needs: may(access.RuleChange), do: perform(stopReplay)},
	}
}

type alertView struct {
	ID          string          `json:"id"`
	Rule        string          `json:"rule"`
	RuleVersion string          `json:"rule_version" doc:"Which meaning of the rule it was."`
	Title       string          `json:"title"`
	Level       string          `json:"level" enum:"informational,low,medium,high,critical"`
	Key         []keyView       `json:"key" doc:"Whom it is about."`
	At          time.Time       `json:"at" doc:"When the event happened at which the condition became true."`
	From        time.Time       `json:"from" doc:"When the first event in the window did."`
	Event       string          `json:"event"`
	Region      string          `json:"region,omitempty"`
	Count       int             `json:"count" doc:"Events in the window."`
	Distinct    int             `json:"distinct" doc:"Values in the window; 0 for a rule that looks at none."`
	Position    uint64          `json:"position" doc:"Where the event stands in the stream."`
	Shadow      bool            `json:"shadow" doc:"It woke nobody: its rule was in the shadow."`
	Replayed    bool            `json:"replayed" doc:"It woke nobody: it was found in the past when its rule was new."`
	RaisedAt    time.Time       `json:"raised_at"`
	Mark        string          `json:"mark" enum:"unmarked,real,false"`
	MarkedBy    string          `json:"marked_by,omitempty"`
	MarkedAt    time.Time       `json:"marked_at,omitzero"`
	Note        string          `json:"note,omitempty"`
	Version     int64           `json:"version" doc:"Send it back with a mark."`
	Line        json.RawMessage `json:"line,omitempty" doc:"The event, if it is at hand."`
}

type keyView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func showAlert(a watch.Alert) alertView {
	v := alertView{
		ID: a.ID, Rule: a.Rule, RuleVersion: a.RuleVersion, Title: a.Title, Level: a.Level, At: a.At, From: a.From, Event: a.Event, Region: a.Region,
		Count: a.Count, Distinct: a.Distinct, Position: uint64(a.Position), Shadow: a.Shadow, Replayed: a.Replayed, RaisedAt: a.RaisedAt,
		Mark: "unmarked", MarkedBy: a.MarkedBy, MarkedAt: a.MarkedAt, Note: a.Note, Version: a.Version,
		Key: each(a.Key, func(f watch.Field) keyView { return keyView(f) }),
	}
	if a.Mark != watch.Open {
		v.Mark = string(a.Mark)
	}
	if json.Valid([]byte(a.Line)) {
		v.Line = json.RawMessage(a.Line)
	}
	return v
}

type alertsIn struct {
	Window
	View  string    `query:"view" enum:"unmarked,real,false,shadow,replay,all" default:"all"`
	Rule  string    `query:"rule"`
	Level string    `query:"level"`
	About string    `query:"about" doc:"A value of the key, whole."`
	Since time.Time `query:"since" doc:"Of at, inclusive."`
	Until time.Time `query:"until" doc:"Of at, exclusive."`
}

type alertsView struct {
	Items  []alertView     `json:"items"`
	Next   string          `json:"next,omitempty" doc:"Send it as after to go on. Empty: this was the end."`
	Counts alertCountsView `json:"counts"`
}

type alertCountsView struct {
	Total   int            `json:"total"`
	ByMark  map[string]int `json:"by_mark"`
	ByLevel map[string]int `json:"by_level"`
	ByRule  map[string]int `json:"by_rule"`
}

// filter is the question as the watch has it.
func (in *alertsIn) filter() watch.Filter {
	f := watch.Filter{Rule: in.Rule, Level: in.Level, Key: in.About, Since: in.Since, Until: in.Until, After: in.After, Limit: in.Limit}
	yes, no := true, false
	mark := watch.Open
	switch in.View {
	case "shadow":
		f.Shadow, f.Replayed = &yes, &no
	case "replay":
		f.Replayed = &yes
	case "real", "false", "unmarked":
		if in.View != "unmarked" {
			mark = watch.Mark(in.View)
		}
		f.Mark, f.Shadow, f.Replayed = &mark, &no, &no
	}
	return f
}

func listAlerts(ctx context.Context, v *visit, in *alertsIn) (alertsView, error) {
	p, err := v.Watch.Alerts(ctx, v.who, in.filter())
	if err != nil {
		return alertsView{}, err
	}
	out := alertsView{Items: each(p.Alerts, showAlert), Next: p.Next}
	out.Counts = alertCountsView{Total: p.Counts.Total, ByMark: map[string]int{}, ByLevel: p.Counts.ByLevel, ByRule: p.Counts.ByRule}
	for mark, n := range p.Counts.ByMark {
		if mark == watch.Open {
			mark = "unmarked"
		}
		out.Counts.ByMark[string(mark)] = n
	}
	return out, nil
}

// An AlertPath names an alert.
type AlertPath struct {
	Alert string `path:"alert"`
}

func readAlert(ctx context.Context, v *visit, in *AlertPath) (alertView, error) {
	a, err := v.Watch.Alert(ctx, v.who, in.Alert)
	return showAlert(a), err
}

type evidenceView struct {
	Events []evidenceEventView `json:"events" doc:"The newest 200 of them, in their order."`
	Found  int                 `json:"found" doc:"All of them."`
	Whole  bool                `json:"whole" doc:"False: the stream had dropped some, or there was no time to read all."`
}

type evidenceEventView struct {
	ID   string          `json:"id"`
	At   time.Time       `json:"at"`
	Line json.RawMessage `json:"line" doc:"The event as it was sent."`
}

func readAlertEvents(ctx context.Context, v *visit, in *AlertPath) (evidenceView, error) {
	e, err := v.Watch.Evidence(ctx, v.who, in.Alert)
	return evidenceView{Found: e.Found, Whole: e.Whole, Events: each(e.Events, func(x watch.EvidenceEvent) evidenceEventView {
		return evidenceEventView{x.ID, x.At, json.RawMessage(x.Line)}
	})}, err
}

type markIn struct {
	AlertPath
	Body struct {
		Mark    string `json:"mark" enum:"unmarked,real,false"`
		Note    string `json:"note,omitempty" maxLength:"2000"`
		Version int64  `json:"version" doc:"Of the alert as it was read."`
	}
}

func markAlert(ctx context.Context, v *visit, in *markIn) (alertView, error) {
	mark := watch.Mark(in.Body.Mark)
	if in.Body.Mark == "unmarked" {
		mark = watch.Open
	}
	a, err := v.Watch.Mark(ctx, v.who, in.Alert, mark, in.Body.Note, in.Body.Version)
	return showAlert(a), err
}

type watchView struct {
	Holder       string      `json:"holder" doc:"The node that runs the engine; empty when none does."`
	Position     uint64      `json:"position" doc:"Where it stands in the stream."`
	BehindEvents uint64      `json:"behind_events" doc:"Stored and not judged yet."`
	BehindMillis int64       `json:"behind_ms" doc:"How long the oldest of them has waited, at most."`
	Rate         float64     `json:"rate" doc:"Events a second, over the last whole minute."`
	Lateness     int64       `json:"lateness_ms" doc:"How long it waits for events that are overtaken."`
	Events       int         `json:"events" doc:"That it took."`
	Late         int         `json:"late" doc:"Judged at the time of one before them."`
	Missed       uint64      `json:"missed" doc:"Batches that retention dropped before they were judged."`
	Waiting      bool        `json:"waiting" doc:"Rules were changed and are not in the engine yet."`
	Replay       *replayView `json:"replay,omitempty" doc:"How far new rules have come with the past."`
}

type replayView struct {
	Rules  []string  `json:"rules"`
	Began  time.Time `json:"began"`
	Events uint64    `json:"events" doc:"Read."`
	Of     uint64    `json:"of" doc:"To read, as far as is known."`
	Alerts int       `json:"alerts"`
}

func readWatch(ctx context.Context, v *visit, _ *nothing) (watchView, error) {
	s, err := v.Watch.Status(ctx, v.who)
	if err != nil {
		return watchView{}, err
	}
	out := watchView{
		Holder: s.Holder, Position: uint64(s.Position), BehindEvents: s.BehindEvents, BehindMillis: s.BehindTime.Milliseconds(), Rate: s.Rate,
		Lateness: s.Lateness.Milliseconds(), Events: s.Events, Late: s.Late, Missed: s.Missed, Waiting: s.Waiting,
	}
	if r := s.Replay; r != nil {
		out.Replay = &replayView{Rules: same(r.Rules), Began: r.Began, Events: r.Events, Of: r.Of, Alerts: r.Alerts}
	}
	return out, nil
}

func stopReplay(ctx context.Context, v *visit, _ *nothing) error {
	return v.Watch.StopReplay(ctx, v.who)
}
