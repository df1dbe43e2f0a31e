package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

const (
	readers   = "triager owner responder auditor admin"
	changers  = "responder admin"
	quietRule = "title: A message\nname: a_message\nlevel: low\nlogsource: {product: hinomi, service: events}\ndetection:\n  message: {type: message}\n  condition: message\n"
)

func watchTrials() []trial {
	day := time.Date(2020, 10, 14, 0, 0, 0, 0, time.UTC)
	return []trial{
		{id: "list-alerts", who: readers}, {id: "read-alert", who: readers, none: true}, {id: "read-alert-events", who: readers, none: true},
		{id: "mark-alert", who: changers, none: true, body: map[string]any{"mark": "real", "version": 1}},
		{id: "read-watch", who: readers}, {id: "stop-replay", who: changers, none: true},
		{id: "list-rules", who: readers}, {id: "read-rule", who: readers}, {id: "list-rule-versions", who: readers},
		{id: "check-rule", who: readers, body: map[string]string{"text": quietRule}},
		{id: "try-rule", who: changers, body: map[string]any{"text": quietRule, "from": day, "until": day.Add(24 * time.Hour)}},
		{id: "save-rule", who: changers, none: true, body: map[string]any{"text": quietRule, "version": 99}},
		{id: "set-rule-state", who: changers, body: map[string]any{"state": "shadow", "version": 0}},
		{id: "remove-rule", who: changers, q: "?version=99", none: true},
	}
}

// An event that is sent raises an alert, which is read with its evidence and marked.
func TestAnAlertIsReadAndMarked(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	work, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.Watch.Run(work) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	hana := h.staff("hana", access.Responder)
	hana.ok(200, "PUT", "/rules/quiet.yml", map[string]any{"text": quietRule, "version": 0}, nil)
	var file RuleFile
	for file.Rules == nil || !file.Rules[0].Running { // it runs before the event comes, so that the alert is a live one
		hana.ok(200, "GET", "/rules/quiet.yml", nil, &file)
	}
	if r := hana.send("POST", "/events", "application/x-ndjson", strings.NewReader(strings.Replace(anEvent, "2020-11-02T01:38:00.123Z", "2020-10-15T08:56:00Z", 1))); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var page alertsView
	for len(page.Items) == 0 {
		hana.ok(200, "GET", "/alerts?view=unmarked&rule=a_message", nil, &page)
	}
	a := page.Items[0]
	if a.Event != "a" || a.Level != "low" || page.Counts.ByMark["unmarked"] != 1 || a.Replayed {
		t.Errorf("%+v", page)
	}
	var behind evidenceView
	hana.ok(200, "GET", "/alerts/"+a.ID+"/events", nil, &behind)
	if behind.Found != 1 || !behind.Whole || !strings.Contains(string(behind.Events[0].Line), `"u1"`) {
		t.Errorf("%+v", behind)
	}
	var marked alertView
	hana.ok(200, "POST", "/alerts/"+a.ID+"/mark", map[string]any{"mark": "false", "note": "a greeting", "version": a.Version}, &marked)
	if marked.Mark != "false" || marked.Note != "a greeting" || marked.MarkedBy == "" {
		t.Errorf("%+v", marked)
	}
	expect(t, "a mark on what has changed", hana.do("POST", "/alerts/"+a.ID+"/mark", map[string]any{"mark": "real", "version": a.Version}), 409)
	for view, n := range map[string]int{"unmarked": 0, "real": 0, "false": 1, "shadow": 0, "replay": 0, "all": 1} {
		if hana.ok(200, "GET", "/alerts?view="+view, nil, &page); page.Counts.Total != n {
			t.Errorf("%s has %d alerts, want %d", view, page.Counts.Total, n)
		}
	}
}

func TestARuleWithAMistakeIsNotSaved(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	hana := h.staff("hana", access.Responder)
	broken := strings.Replace(quietRule, "condition: message", "condition: massage", 1)
	var checked checkedView
	hana.ok(200, "POST", "/rules/quiet.yml/check", map[string]string{"text": broken}, &checked)
	if len(checked.Complaints) == 0 || checked.Complaints[0].Severity != "error" || checked.Complaints[0].Line != 7 || checked.Complaints[0].Fix == "" {
		t.Errorf("%+v", checked)
	}
	expect(t, "saving it", hana.do("PUT", "/rules/quiet.yml", map[string]any{"text": broken, "version": 0}), 422)
	expect(t, "reading it", hana.do("GET", "/rules/quiet.yml", nil), 404)
	var list RuleFile
	hana.ok(200, "GET", "/rules/lists%2Fprotected.txt", nil, &list)
	if list.Name != "lists/protected.txt" {
		t.Errorf("%+v", list)
	}
}
