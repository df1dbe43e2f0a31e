package web

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/watch"
	"hinomi.dev/hinomi/rules"
)

func TestEveryAlertIsInExactlyOneView(t *testing.T) {
	fits := func(f watch.Filter, a watch.Alert) bool {
		return (f.Mark == nil || *f.Mark == a.Mark) && (f.Shadow == nil || *f.Shadow == a.Shadow) && (f.Replayed == nil || *f.Replayed == a.Replayed)
	}
	for _, mark := range []watch.Mark{watch.Open, watch.Real, watch.False} {
		for i := range 4 {
			a := watch.Alert{Mark: mark, Shadow: i&1 > 0, Replayed: i&2 > 0}
			n := 0
			for _, v := range alertViews {
				if fits(v.view.narrow(watch.Filter{}), a) && v.view != alertsAll {
					n++
				}
			}
			if n != 1 || !fits(alertsAll.narrow(watch.Filter{}), a) {
				t.Errorf("%+v is in %d views", a, n)
			}
		}
	}
}

// shippedFiles are the rules that ship, as the watch hands them out.
func shippedFiles(t *testing.T) []watch.File {
	t.Helper()
	var all []watch.File
	names, err := fs.Glob(rules.Files, "*.yml")
	if err != nil {
		t.Fatal(err)
	}
	lists, err := fs.Glob(rules.Files, "lists/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, lists...) {
		text, err := fs.ReadFile(rules.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, watch.File{Name: name, Text: string(text)})
	}
	return all
}

func TestARuleIsSaidInWords(t *testing.T) {
	en, ja := meanings(Frame{Lang: lang.EN}, shippedFiles(t)), meanings(Frame{Lang: lang.JA}, shippedFiles(t))
	for name, want := range map[string][2]string{
		"mass_contact": {
			"More than 20 different values of target in “A friend request, or an invitation by an account that is no person” within 10 minutes, for the same actor.",
			"10分以内に、actorごとに、「A friend request, or an invitation by an account that is no person」の target の異なる値が20を超える。",
		},
		"protection_off":    {"At least 1 events of “End-to-end encryption goes off for somebody of the list” within 10 minutes, for the same actor.", "10分以内に"},
		"takeover":          {"“A login without a second factor”, then “Encryption goes off”, in this order, within 24 hours, for the same actor.", "の順に発生。"},
		"affiliate_records": {"The sum of items in “An identity of an affiliate reads data” within 12 hours is more than 1,000, for the same actor.", "合計が1,000を超える。"},
		"contact_without_consent": {
			"“An account that is no person contacts somebody”, and no “A person links an account of the service” came before it within 400 days, or one that “A person unlinks an account of the service” has ended since; for the same account and person.",
			"400日以内に",
		},
		"first_contact_with_communications": {"A value of actor in “An affiliate reads communications” that was not seen within 365 days before, for the same owner.", "365日"},
	} {
		if en[name].Said != want[0] {
			t.Errorf("%s: %s", name, en[name].Said)
		}
		if !strings.Contains(ja[name].Said, want[1]) {
			t.Errorf("%s: %s", name, ja[name].Said)
		}
	}
	for name, m := range en {
		if strings.Contains(m.Said, "%!") || strings.Contains(ja[name].Said, "%!") || m.Said == "" || m.Where == "" || m.Line == 0 {
			t.Errorf("%s: %+v, %s", name, m, ja[name].Said)
		}
	}
	if m := en["mass_contact"]; m.Field != "target" || m.Limit != 20 {
		t.Errorf("%+v", m)
	}
}

func TestAnEventIsReadByPeople(t *testing.T) {
	at := time.Date(2020, 10, 15, 8, 0, 0, 0, time.UTC)
	row := Frame{Lang: lang.EN}.eventRow(watch.EvidenceEvent{ID: "e", At: at, Line: `{"id":"e","source":"chat/1","type":"friend_request","data":{"actor":"a","actor_kind":"bot","target":"t","n":12,"deep":{"x":1}}}`}, true)
	if row.Type != "friend_request" || row.Actor != "a (bot)" || row.Target != "t" || len(row.Rest) != 2 || row.Rest[1].Value != "12" || !strings.Contains(row.Raw, "\n") {
		t.Errorf("%+v", row)
	}
	if row := (Frame{}).eventRow(watch.EvidenceEvent{Line: "no event"}, false); row.Raw != "no event" {
		t.Errorf("%+v", row)
	}
	if got := memberOf(`{"type":"x","data":{"actor":"a"}}`, "actor × type"); got != "a\x00x" {
		t.Errorf("%q", got)
	}
}

func TestASignStandsBelowItsColumn(t *testing.T) {
	for _, c := range []struct {
		line   string
		before int
		want   string
	}{{"condition: sad", 11, "           "}, {"\tx: y", 4, "\t   "}, {"名前: x", 4, "　　  "}, {"a", 5, " "}, {"a", -1, ""}} {
		if got := upTo(c.line, c.before); got != c.want {
			t.Errorf("%q before %d: %q, want %q", c.line, c.before, got, c.want)
		}
	}
}
