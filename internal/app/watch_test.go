package app_test

import (
	"bytes"
	"database/sql"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/watch"
)

func TestRespondersAreWrittenToOnceAnHourAboutARule(t *testing.T) {
	d := openBench(t, "", 1)
	for mail, l := range map[string]lang.Lang{"rei@desk.example": lang.JA, "ren@desk.example": lang.EN} {
		_, err := d.People.Add(ctx, access.Self, person.Newcomer{Kind: access.Staff, Mail: mail, Name: "R", Lang: l, Roles: []access.Role{access.Responder}})
		d.must(err)
	}
	for range 3 {
		for _, rule := range []string{"mass_contact", "class_contact"} {
			d.must(d.DB.Tx(ctx, func(tx *sql.Tx) error {
				return bus.Queue(ctx, tx, time.Now(), "alert.raised", watch.Announcement{Rule: rule, Title: "Many", Level: "high", Alerts: []string{"a1", "a2"}, Count: 2})
			}))
		}
	}
	for n := 1; n > 0; {
		var err error
		n, err = d.Relay.Deliver(ctx)
		d.must(err)
	}
	if n := dbtest.Count(t, d.DB, "mail WHERE template = 'alert'"); n != 4 {
		t.Errorf("%d mails, want one for each of two people and two rules", n)
	}
}

// TestAnEventByHTTPBecomesAnAlert goes the whole way once.
func TestAnEventByHTTPBecomesAnAlert(t *testing.T) {
	d := openBench(t, "", 1)
	f := &feed{bench: d, token: d.sender()}
	f.serve()
	f.send(1, f.bodies(1, 3))
	who := access.Caller{ID: "x", Kind: access.Staff, Roles: []access.Role{access.Responder}}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		p, err := d.Watch.Alerts(ctx, who, watch.Filter{Rule: "contact_without_consent"})
		d.must(err)
		if len(p.Alerts) == 3 && p.Alerts[0].Region == "TW" && p.Alerts[0].Line != "" {
			break
		}
		if time.Since(began) > 30*time.Second {
			t.Fatalf("%d alerts: %+v", len(p.Alerts), p.Alerts)
		}
	}
	s, err := d.Watch.Status(ctx, who)
	d.must(err)
	if s.Holder == "" || s.Position == 0 {
		t.Errorf("%+v", s)
	}
	var text bytes.Buffer
	families, err := d.Metrics.Gather()
	d.must(err)
	for _, m := range families {
		text.WriteString(m.GetName() + "\n")
	}
	if !bytes.Contains(text.Bytes(), []byte("hinomi_watch_events\n")) {
		t.Error("the watch has no figures among the metrics")
	}
}
