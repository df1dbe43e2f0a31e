package participant

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

var (
	face  = strings.Repeat("a", 64)
	face2 = strings.Repeat("b", 64)
)

func (h *house) wish(who access.Caller, part Part, value string) Consent {
	h.t.Helper()
	c, err := h.Wish(ctx, who, Wish{Part: part, Value: value, Lang: lang.JA, Warranty: true})
	h.ok(err)
	h.wait(time.Second)
	return c
}

func (h *house) fame(year int) string {
	h.t.Helper()
	all, err := h.HallOfFame(ctx, year)
	h.ok(err)
	return show(all)
}

func show(all []Entry) string {
	var lines []string
	for _, e := range all {
		lines = append(lines, fmt.Sprintf("%s/%s/%.1s", e.Name, e.Alias, e.Photo))
	}
	return strings.Join(lines, " ")
}

// gone returns the photos that were announced as not covered any more, and forgets the messages.
func (h *house) gone() []string {
	h.t.Helper()
	rows, err := h.DB.Read().QueryContext(ctx, `SELECT body FROM outbox WHERE subject = 'credit.photo_gone' ORDER BY id`)
	h.ok(err)
	bodies, err := texts(rows)
	h.ok(err)
	var all []string
	for _, b := range bodies {
		var m struct{ Hashes []string }
		h.ok(json.Unmarshal([]byte(b), &m))
		all = append(all, m.Hashes...)
	}
	h.tx(func(tx *sql.Tx) error { return exec(ctx, tx, "clearing", `DELETE FROM outbox`) })
	return all
}

func TestOnlyWhatWasWishedAndApprovedIsPosted(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		desk := h.add("desk@example.test", access.Communicator)
		mei, ren := h.ready("mei@example.test", "佐藤芽衣"), h.ready("ren@example.test", "Ren")
		for i, who := range []access.Caller{ren, mei, mei} {
			h.tx(func(tx *sql.Tx) error {
				for range 2 { // announced twice, counted once
					if err := h.Credit(ctx, tx, who.ID, fmt.Sprint("r", i), h.now().Add(time.Duration(i)*time.Hour)); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if n := h.count("fame"); n != 3 {
			t.Errorf("%d credits, want 3", n)
		}
		name, alias, photo := h.wish(mei, Name, "somebody else's name"), h.wish(mei, Alias, "mei_s"), h.wish(mei, Photo, face)
		if name.Value != "佐藤芽衣" || !strings.HasPrefix(name.Text, "2017-04-10 12.1 ") {
			t.Errorf("consent = %+v", name)
		}
		if got := h.fame(2020); got != "" {
			t.Errorf("before any approval: %s", got)
		}
		waiting, err := h.Wishes(ctx, desk)
		h.ok(err)
		if len(waiting) != 3 || waiting[0].ID != name.ID {
			t.Errorf("waiting = %+v", waiting)
		}
		h.ok(h.Approve(ctx, desk, photo.ID))
		if got := h.fame(2020); got != "" {
			t.Errorf("a photo alone: %s", got)
		}
		h.ok(h.Approve(ctx, desk, alias.ID))
		if got := h.fame(2020); got != "/mei_s/a" {
			t.Errorf("alias and photo: %s", got)
		}
		h.ok(h.Approve(ctx, desk, name.ID))
		h.ok(h.Approve(ctx, desk, h.wish(ren, Alias, "ren").ID))
		if got := h.fame(2020); got != "/ren/ 佐藤芽衣/mei_s/a" { // by the first report, no ranking
			t.Errorf("all: %s", got)
		}
		if got := h.fame(2019) + h.fame(2021); got != "" {
			t.Errorf("other years: %s", got)
		}
		// A new name in the profile posts nothing that nobody approved.
		h.ok(h.SetProfile(ctx, mei, Form{Name: "Buy our pills", Lang: lang.EN, Country: "JP", Born: "1990-04-01"}))
		if got := h.fame(2020); !strings.Contains(got, "佐藤芽衣") || strings.Contains(got, "pills") {
			t.Errorf("after a rename: %s", got)
		}
		if ok, err := h.PhotoPosted(ctx, face); !ok || err != nil {
			t.Errorf("photo posted = %v, %v", ok, err)
		}
		h.gone()
		second := h.wish(mei, Photo, face2) // the old one goes at once
		if got := h.fame(2020); got != "/ren/ 佐藤芽衣/mei_s/" || !slices.Equal(h.gone(), []string{face}) {
			t.Errorf("another photo wished: %s", got)
		}
		if ok, _ := h.PhotoPosted(ctx, face); ok {
			t.Error("the old photo is still posted")
		}
		h.ok(h.Decline(ctx, desk, second.ID, "not a photo of a person"))
		if !slices.Equal(h.gone(), []string{face2}) {
			t.Error("the declined photo was not announced as gone")
		}
		h.ok(h.Revoke(ctx, mei, name.ID))
		h.ok(h.TakeDown(ctx, desk, alias.ID, "a complaint of the owner of that name"))
		if got := h.fame(2020); got != "/ren/" {
			t.Errorf("revoked and taken down: %s", got)
		}
		for what, err := range map[string]error{
			"approving what was revoked":   h.Approve(ctx, desk, name.ID),
			"approving what was declined":  h.Approve(ctx, desk, second.ID),
			"taking down what is not up":   h.TakeDown(ctx, desk, second.ID, "x"),
			"revoking what was taken down": h.Revoke(ctx, mei, alias.ID),
		} {
			wantKind(t, what, err, fault.Conflict)
		}
		wantKind(t, "revoking somebody else's", h.Revoke(ctx, mei, h.wish(ren, Name, "").ID), fault.NotFound)
		wantKind(t, "declining without a reason", h.Decline(ctx, desk, name.ID, " "), fault.Invalid)
		own, err := h.Consents(ctx, mei, mei.ID)
		h.ok(err)
		if len(own) != 4 || own[0].ID != second.ID || own[0].State != Declined || own[0].Reason == "" {
			t.Errorf("own = %+v", own)
		}
		h.tx(func(tx *sql.Tx) error { return h.Uncredit(ctx, tx, "r0") })
		if got := h.fame(2020); got != "" {
			t.Errorf("after the decision was taken back: %s", got)
		}
	})
}

func TestWishesAreChecked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		who := h.add("mei@example.test")
		valid := Wish{Part: Alias, Value: "mei", Lang: lang.EN, Warranty: true}
		for what, fn := range map[string]func(*Wish){
			"no warranty":         func(w *Wish) { w.Warranty = false },
			"no language":         func(w *Wish) { w.Lang = "" },
			"no part":             func(w *Wish) { w.Part = "" },
			"no alias":            func(w *Wish) { w.Value = " " },
			"an invisible one":    func(w *Wish) { w.Value = "\u200b" },
			"a photo's path":      func(w *Wish) { w.Part, w.Value = Photo, "../../etc/passwd" },
			"a photo in capitals": func(w *Wish) { w.Part, w.Value = Photo, strings.Repeat("A", 64) },
		} {
			w := valid
			fn(&w)
			_, err := h.Wish(ctx, who, w)
			wantKind(t, what, err, fault.Invalid)
		}
		_, err := h.Wish(ctx, who, Wish{Part: Name, Lang: lang.EN, Warranty: true})
		wantKind(t, "a name nobody gave", err, fault.Conflict)
		if n := h.count("credit_consent"); n != 0 {
			t.Errorf("%d consents", n)
		}
	})
}

func TestOfTwoDecisionsOnAWishOneCounts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		desk := h.add("desk@example.test", access.Communicator)
		mei := h.ready("mei@example.test", "Mei")
		c := h.wish(mei, Alias, "mei")
		got := make(chan error, 2)
		go func() { got <- h.Approve(ctx, desk, c.ID) }()
		go func() { got <- h.Revoke(ctx, mei, c.ID) }()
		a, b := <-got, <-got
		after, err := one(ctx, h.DB.Read(), c.ID)
		h.ok(err)
		// Either the approval came first and was revoked, or one of the two was too late.
		if a != nil && b != nil || after.State == Asked || a == nil && b == nil && after.State != Revoked {
			t.Errorf("%v, %v: %s", a, b, after.State)
		}
		for _, err := range []error{a, b} {
			if err != nil {
				wantKind(t, "the slower one", err, fault.Conflict)
			}
		}
	})
}

func TestTheYearIsThatOfTokyo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		desk := h.add("desk@example.test", access.Owner)
		mei := h.ready("mei@example.test", "Mei")
		h.ok(h.Approve(ctx, desk, h.wish(mei, Name, "").ID))
		eve := time.Date(2019, 12, 31, 14, 59, 59, 0, time.UTC)
		h.tx(func(tx *sql.Tx) error { return h.Credit(ctx, tx, mei.ID, "r1", eve) })
		h.tx(func(tx *sql.Tx) error { return h.Credit(ctx, tx, mei.ID, "r2", eve.Add(time.Second)) })
		h.ok(h.NameSpecial(ctx, desk, mei.ID, 2018, "told us how a partner leaks"))
		h.ok(h.NameSpecial(ctx, desk, mei.ID, 2018, "the same, said better"))
		years, err := h.Years(ctx)
		h.ok(err)
		if !slices.Equal(years, []int{2020, 2019, 2018}) || h.fame(2019) != "Mei//" || h.fame(2020) != "Mei//" {
			t.Errorf("years = %v, 2019: %s, 2020: %s", years, h.fame(2019), h.fame(2020))
		}
		special, err := h.Specials(ctx, 2018)
		h.ok(err)
		if show(special) != "Mei//" || h.fame(2018) != "" {
			t.Errorf("special = %s, fame = %s", show(special), h.fame(2018))
		}
		wantKind(t, "a year to come", h.NameSpecial(ctx, desk, mei.ID, 2021, "x"), fault.Invalid)
		wantKind(t, "without a reason", h.NameSpecial(ctx, desk, mei.ID, 2018, ""), fault.Invalid)
		wantKind(t, "staff", h.NameSpecial(ctx, desk, desk.ID, 2018, "x"), fault.Conflict)
		h.ok(h.UnnameSpecial(ctx, desk, mei.ID, 2018))
		if special, err = h.Specials(ctx, 2018); err != nil || len(special) != 0 {
			t.Errorf("special = %s, %v", show(special), err)
		}
	})
}

func TestWithdrawingDestroysWhatIsPersonal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		desk := h.add("desk@example.test", access.Owner)
		mei := h.ready("mei@example.test", "佐藤芽衣")
		h.ok(h.Approve(ctx, desk, h.wish(mei, Name, "").ID))
		h.wish(mei, Photo, face)
		h.tx(func(tx *sql.Tx) error { return h.Credit(ctx, tx, mei.ID, "r1", h.now()) })
		h.ok(h.NameSpecial(ctx, desk, mei.ID, 2019, "x"))
		mei = h.signIn(person.Person{ID: mei.ID, Kind: mei.Kind})
		h.wait(person.Lately)
		if _, err := h.Withdraw(ctx, mei); err != person.ErrStepUp {
			t.Errorf("with an old session: %v", err)
		}
		mei = h.signIn(person.Person{ID: mei.ID, Kind: mei.Kind})
		w, err := h.Withdraw(ctx, mei)
		h.ok(err)
		if w.DoneAt.IsZero() || h.state(mei) != person.Withdrawn {
			t.Errorf("withdrawal = %+v, %s", w, h.state(mei))
		}
		for _, from := range []string{"participant", "declaration", "credit_consent", "fame", "special_contributor", "session WHERE person = $1", `person WHERE name = '佐藤芽衣' OR mail LIKE 'mei%'`} {
			args := []any{}
			if strings.Contains(from, "$1") {
				args = append(args, mei.ID)
			}
			if n := h.count(from, args...); n != 0 {
				t.Errorf("%d rows left in %s", n, from)
			}
		}
		if n := h.count("acceptance WHERE person = $1", mei.ID); n != 1 {
			t.Errorf("%d acceptances left, want the one under which the reports came", n)
		}
		if got := h.fame(2020); got != "" {
			t.Errorf("hall of fame: %s", got)
		}
		if n := h.count(`outbox WHERE subject = 'participant.withdrawn' AND body LIKE '%' || $1 || '%' AND body LIKE '%' || $2 || '%'`, mei.ID, face); n != 1 {
			t.Errorf("%d announcements with the photo", n)
		}
		labels, err := h.People.Labels(ctx, desk, mei.ID)
		h.ok(err)
		if l := labels[mei.ID]; l.Name != "" || l.State != person.Withdrawn {
			t.Errorf("label = %+v", l)
		}
		terms, err := h.terms()
		h.ok(err)
		if missing, err := h.Ready(ctx, mei.ID, terms.ID); err != nil || len(missing) == 0 {
			t.Errorf("ready: %v, %v", missing, err)
		}
		wantKind(t, "a declaration by a page still open", h.Declare(ctx, mei, map[string]Answer{"2.1.i": Yes}, lang.EN), fault.Conflict)
		wantKind(t, "naming them special", h.NameSpecial(ctx, desk, mei.ID, 2019, "x"), fault.Conflict)
		h.add("mei@example.test") // the address is free
	})
}

func TestAnOpenReportHoldsAWithdrawal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		open := lang.Text{EN: "A report is open.", JA: "審査中の報告があります。"}
		held := map[string]bool{}
		h.Holds = func(_ context.Context, _ db.Querier, personID string) ([]lang.Text, error) {
			if held[personID] {
				return []lang.Text{open}, nil
			}
			return nil, nil
		}
		mei, ren := h.ready("mei@example.test", "Mei"), h.ready("ren@example.test", "Ren")
		held[mei.ID], held[ren.ID] = true, true
		for _, who := range []access.Caller{mei, ren, ren} {
			w, err := h.Withdraw(ctx, who)
			h.ok(err)
			if !w.DoneAt.IsZero() || len(w.Holds) != 1 || h.state(who) != person.Active {
				t.Errorf("withdrawal = %+v, %s", w, h.state(who))
			}
		}
		if w, err := h.Withdrawal(ctx, mei); err != nil || w.AskedAt.IsZero() || len(w.Holds) != 1 {
			t.Errorf("withdrawal = %+v, %v", w, err)
		}
		h.ok(h.StayAfterAll(ctx, ren))
		wantKind(t, "staying twice", h.StayAfterAll(ctx, ren), fault.Conflict)
		if n, err := h.FinishWithdrawals(ctx); n != 0 || err != nil {
			t.Errorf("%d finished while held, %v", n, err)
		}
		held[mei.ID], held[ren.ID] = false, false
		if n, err := h.FinishWithdrawals(ctx); n != 1 || err != nil {
			t.Errorf("%d finished, %v; want one", n, err)
		}
		if h.state(mei) != person.Withdrawn || h.state(ren) != person.Active {
			t.Errorf("mei is %s, ren is %s", h.state(mei), h.state(ren))
		}
		if n, err := h.FinishWithdrawals(ctx); n != 0 || err != nil {
			t.Errorf("%d finished again, %v", n, err)
		}
	})
}
