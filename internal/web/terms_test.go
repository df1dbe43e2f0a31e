package web

import (
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryClauseStandsUnderItsAnchor(t *testing.T) {
	h := newHouse(t)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		for _, v := range h.Program.Versions() {
			w := h.get("/terms/"+v.ID, l)
			ids, _ := linksOf(t, w)
			page := html.UnescapeString(w.Body.String())
			shown := 0
			for id := range ids {
				if strings.HasPrefix(id, "c-") {
					shown++
				}
			}
			if shown != len(v.Clauses()) {
				t.Errorf("%s: %d anchors for %d clauses", v.ID, shown, len(v.Clauses()))
			}
			for _, c := range v.Clauses() {
				if !ids[c.Anchor()] {
					t.Errorf("%s: %s has no anchor", v.ID, c.ID)
				}
				for _, text := range []string{c.Summary.EN, c.Summary.JA, c.Heading.EN, c.Heading.JA, c.Unless.EN, c.Unless.JA} {
					if !strings.Contains(page, text) {
						t.Errorf("%s: %s lacks %q", v.ID, c.ID, text)
					}
				}
				for _, r := range c.Readings {
					if !strings.Contains(page, "<strong>"+r.ID+"</strong> "+say("How we read this:", "この条項の解釈：")) {
						t.Errorf("%s: %s lacks the reading %s", v.ID, c.ID, r.ID)
					}
				}
				if kindNames[c.Kind].EN == "" || kindNames[c.Kind].JA == "" {
					t.Errorf("%s: the kind %s has no name", c.ID, c.Kind)
				}
			}
		}
	})
}

func TestTheTermsSayWhatTheyAreAndWhatTheyState(t *testing.T) {
	h := newHouse(t)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		now, _ := h.Program.Version("2017-04-10")
		w := h.get("/terms/2017-04-10", l)
		has(t, w, 200, say("the Japanese prevails", "日本語版が優先します"), now.Hash, say("Domains", "ドメイン"), "<li>line-apps.com</li>",
			say("Payment data: 1 month from the request", "支払情報の提出：提出の依頼から1か月"), `href="#c-6.5"`, "$10,000",
			say("needs a second person", "2人目の担当者の承認"), `href="/terms/diff?from=2016-06-02&amp;to=2017-04-10"`,
			say(`lang="ja">日本語`, `lang="en">English`))
		lacks(t, w, say("not the terms in force now", "現在適用されている規約ではありません"))
		has(t, h.get("/terms/2016-06-02", l), 200, say("The text of 2016 is not preserved.", "2016年版の本文は残っていません。"),
			say("not the terms in force now", "現在適用されている規約ではありません"), `href="/terms/2017-04-10"`)
		has(t, h.get("/terms", l), 200, say("in force</span>", "適用中</span>"), say("replaced", "改定済み"), now.Hash,
			say("The text of 2016 is not preserved.", "2016年版の本文は残っていません。"))
		has(t, h.get("/terms/2015-01-01", l), http.StatusNotFound, "2016-06-02", "2017-04-10")
	})
	h.now = time.Date(2016, 7, 1, 0, 0, 0, 0, time.UTC)
	has(t, h.get("/terms", cookie("lang", "en")), 200, "not yet in force")
}

func TestTheDifferenceSaysWhatIsStatedFirst(t *testing.T) {
	h := newHouse(t)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		w := h.get("/terms/diff", l) // what the terms in force changed
		has(t, w, 200, `<option value="2016-06-02" selected>`, `<option value="2017-04-10" selected>`,
			say("Platforms: LINE for Chrome, LINE for Windows 10 Mobile added", "プラットフォーム：Chrome版LINE、Windows 10 Mobile版LINEを追加"),
			`href="/terms/2017-04-10#c-3.1.ii"`, say("added</span>", "追加</span>"),
			say("<del>Platforms other than iOS and Android", "<del>iOSとAndroid以外"))
		if body := w.Body.String(); strings.Index(body, "c-3.1.i\"") > strings.Index(body, "c-3.2.xii.b\"") {
			t.Error("the changes are not in the order of the text")
		}
		back := h.get("/terms/diff?from=2017-04-10&to=2016-06-02", l)
		has(t, back, 200, say("removed</span>", "削除</span>"), `href="/terms/2017-04-10#c-3.1.ii"`)
		has(t, h.get("/terms/diff?from=2017-04-10&to=2017-04-10", l), 200, say("Nothing differs.", "違いはありません。"))
		has(t, h.get("/terms/diff?from=1999-01-01", l), http.StatusNotFound)
		ids, _ := linksOf(t, w)
		for id := range ids {
			if strings.HasPrefix(id, "c-") && slices.Contains([]string{"c-7.1.i", "c-9.2"}, id) {
				t.Errorf("%s did not change", id)
			}
		}
	})
}
