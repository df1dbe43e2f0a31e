package api

import (
	"context"
	"net/url"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/watch"
)

func ruleOperations() []operation {
	read, change := may(access.RuleRead), may(access.RuleChange)
	return []operation{
		{id: "list-rules", route: "GET /rules", does: "The files of rules, with how each rule fares", needs: read, do: answer(listRules)},
		{id: "read-rule", route: "GET /rules/{file}", does: "One file of rules", needs: read, do: answer(readRule),
			more: "A list is a file too: lists%2Fprotected.txt."},
		{id: "list-rule-versions", route: "GET /rules/{file}/versions", does: "What a file of rules was before", needs: read, do: answer(listRuleVersions)},
		{id: "save-rule", route: "PUT /rules/{file}", does: "Give a file of rules a text", needs: change, do: answer(saveRule),
			more: "With a mistake nothing is saved; check-rule says where it is. Rules that are new or mean something else read the kept past first."},
		{id: "set-rule-state", route: "POST /rules/{file}/state", does: "Make the rules of a file live, shadow or off", needs: change, do: answer(setRuleState)},
		{id: "remove-rule", route: "DELETE /rules/{file}", does: "Remove a file, or take back what was changed in one that ships", needs: change, do: perform(removeRule)},
		{id: "check-rule", route: "POST /rules/{file}/check", does: "Say what is wrong with a text, and where", needs: read, do: answer(checkRule)},
		{id: "try-rule", route: "POST /rules/{file}/try", does: "Say what a text would have found", needs: change, do: answer(tryRule),
			more: "It reads the kept stream, for fifteen seconds at most, and changes nothing."},
	}
}

// A RulePath names a file of rules.
type RulePath struct {
	File string `path:"file" doc:"Its name, such as contact.yml."`
}

func (p RulePath) name() string {
	if name, err := url.PathUnescape(p.File); err == nil {
		return name
	}
	return p.File
}

// A RuleFile is a file of rules.
type RuleFile struct {
	Name       string          `json:"name"`
	Text       string          `json:"text"`
	State      string          `json:"state" enum:"live,shadow,off"`
	Version    int64           `json:"version" doc:"Send it back with a change; 0 until somebody has changed it."`
	Shipped    bool            `json:"shipped" doc:"A file of this name ships with Hinomi."`
	Changed    bool            `json:"changed" doc:"Its text is not the one that ships."`
	ChangedBy  string          `json:"changed_by,omitempty"`
	ChangedAt  time.Time       `json:"changed_at,omitzero"`
	Rules      []ruleView      `json:"rules"`
	Complaints []complaintView `json:"complaints"`
}

type ruleView struct {
	Name        string    `json:"name"`
	Title       string    `json:"title"`
	Level       string    `json:"level"`
	Line        int       `json:"line"`
	Version     string    `json:"version" doc:"Which meaning of it this is."`
	Portable    bool      `json:"portable" doc:"False: other tools do not know its type."`
	Running     bool      `json:"running"`
	Matched     uint64    `json:"matched" doc:"Events that one of its detections matched."`
	Keys        int       `json:"keys" doc:"Groups with a window."`
	Bytes       int64     `json:"bytes" doc:"Of memory."`
	Alerts      int       `json:"alerts"`
	Unmarked    int       `json:"unmarked"`
	Shadow      int       `json:"shadow"`
	Replayed    int       `json:"replayed"`
	Real        int       `json:"real"`
	FalseAlarms int       `json:"false_alarms"`
	Last        time.Time `json:"last,omitzero"`
}

type complaintView struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Rule     string `json:"rule,omitempty"`
	Severity string `json:"severity" enum:"error,warning,note"`
	Text     string `json:"text"`
	Fix      string `json:"fix,omitempty"`
}

func showComplaint(c rule.Complaint) complaintView {
	return complaintView{c.File, c.Line, c.Column, c.Rule, c.Severity(), c.Text, c.Fix}
}

func showRuleFile(f watch.File) RuleFile {
	return RuleFile{
		Name: f.Name, Text: f.Text, State: string(f.State), Version: f.Version, Shipped: f.Shipped, Changed: f.Changed,
		ChangedBy: f.ChangedBy, ChangedAt: f.ChangedAt, Complaints: each(f.Wrong, showComplaint),
		Rules: each(f.Rules, func(r watch.RuleView) ruleView {
			return ruleView{
				Name: r.Name, Title: r.Title, Level: r.Level, Line: r.Line, Version: r.Version, Portable: r.Portable, Running: r.Running,
				Matched: r.Matched, Keys: r.Keys, Bytes: r.Bytes, Alerts: r.Alerts, Unmarked: r.Open, Shadow: r.Shadow, Replayed: r.Replayed,
				Real: r.Real, FalseAlarms: r.FalseAlarms, Last: r.Last,
			}
		}),
	}
}

func showSaved(s watch.Saved) RuleFile {
	f := showRuleFile(s.File)
	f.Complaints = each(s.Complaints, showComplaint)
	return f
}

func listRules(ctx context.Context, v *visit, _ *nothing) (Page[RuleFile], error) {
	all, err := v.Watch.Rules(ctx, v.who)
	return Page[RuleFile]{Items: each(all, showRuleFile)}, err
}

func readRule(ctx context.Context, v *visit, in *RulePath) (RuleFile, error) {
	f, err := v.Watch.Rule(ctx, v.who, in.name())
	return showRuleFile(f), err
}

type ruleVersionView struct {
	Version   int64     `json:"version"`
	Change    string    `json:"change" enum:"text,state,removed"`
	Text      string    `json:"text"`
	State     string    `json:"state"`
	ChangedBy string    `json:"changed_by"`
	ChangedAt time.Time `json:"changed_at"`
}

func listRuleVersions(ctx context.Context, v *visit, in *RulePath) (Page[ruleVersionView], error) {
	all, err := v.Watch.History(ctx, v.who, in.name())
	return Page[ruleVersionView]{Items: each(all, func(x watch.Version) ruleVersionView {
		return ruleVersionView{x.Version, x.Change, x.Text, string(x.State), x.ChangedBy, x.ChangedAt}
	})}, err
}

type saveRuleIn struct {
	RulePath
	Body struct {
		Text    string `json:"text"`
		Version int64  `json:"version" doc:"Of the file as it was read; 0 for a new one."`
	}
}

func saveRule(ctx context.Context, v *visit, in *saveRuleIn) (RuleFile, error) {
	s, err := v.Watch.SaveRule(ctx, v.who, in.name(), in.Body.Text, in.Body.Version)
	return showSaved(s), err
}

type ruleStateIn struct {
	RulePath
	Body struct {
		State   string `json:"state" enum:"live,shadow,off"`
		Version int64  `json:"version"`
	}
}

func setRuleState(ctx context.Context, v *visit, in *ruleStateIn) (RuleFile, error) {
	s, err := v.Watch.SetState(ctx, v.who, in.name(), watch.State(in.Body.State), in.Body.Version)
	return showSaved(s), err
}

type removeRuleIn struct {
	RulePath
	Version int64 `query:"version" required:"true"`
}

func removeRule(ctx context.Context, v *visit, in *removeRuleIn) error {
	_, err := v.Watch.RemoveRule(ctx, v.who, in.name(), in.Version)
	return err
}

type checkRuleIn struct {
	RulePath
	Body struct {
		Text string `json:"text"`
	}
}

type checkedView struct {
	Complaints []complaintView `json:"complaints"`
}

func checkRule(ctx context.Context, v *visit, in *checkRuleIn) (checkedView, error) {
	all, err := v.Watch.Check(ctx, v.who, in.name(), in.Body.Text)
	return checkedView{each(all, showComplaint)}, err
}

type tryRuleIn struct {
	RulePath
	Body struct {
		Text  string    `json:"text"`
		From  time.Time `json:"from" doc:"By the time of the events."`
		Until time.Time `json:"until"`
	}
}

type trialView struct {
	Complaints []complaintView `json:"complaints" doc:"With an error among them nothing was tried."`
	From       time.Time       `json:"from"`
	Until      time.Time       `json:"until" doc:"Earlier than was asked for when there was no time to read more."`
	Events     int             `json:"events" doc:"Read, with those before that the windows hold."`
	Alerts     int             `json:"alerts"`
	Hours      []hourView      `json:"hours"`
	First      []alertView     `json:"first" doc:"The first 50 of the alerts."`
	TookMillis int64           `json:"took_ms"`
	Whole      bool            `json:"whole"`
}

type hourView struct {
	At   time.Time `json:"at"`
	Rule string    `json:"rule"`
	N    int       `json:"n"`
}

func tryRule(ctx context.Context, v *visit, in *tryRuleIn) (trialView, error) {
	t, err := v.Watch.Try(ctx, v.who, in.name(), in.Body.Text, in.Body.From, in.Body.Until)
	return trialView{
		Complaints: each(t.Complaints, showComplaint), From: t.From, Until: t.Until, Events: t.Events, Alerts: t.Alerts,
		Hours: each(t.Hours, func(b watch.Bucket) hourView { return hourView{b.At, b.Of, b.N} }),
		First: each(t.First, showAlert), TookMillis: t.Took.Milliseconds(), Whole: t.Whole,
	}, err
}
