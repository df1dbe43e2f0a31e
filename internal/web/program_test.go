package web

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/deadline"
)

func TestTheProgramSaysWhatIsCoveredAndPaid(t *testing.T) {
	h := newHouse(t)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		w := h.get("/", l)
		terms, _ := h.Program.At(h.now)
		want := []string{
			say("LINE Corporation", "LINE株式会社"), `href="/reports/new"`, say("$500 to $10,000", "$500～$10,000"),
			"<code>line.me</code>", "<code>https://store.line.me/</code>", say("LINE for Android", "Android版LINE"),
			say("15 business days", "15営業日"), say("30 days from a message that asks for a reply", "返信を求める連絡から30日"),
			`href="/hall-of-fame"`, `href="/log"`, `href="/.well-known/security.txt"`, `href="/demo"`, h.Program.Contact,
		}
		for _, c := range terms.Exclusions() {
			want = append(want, `href="/terms/2017-04-10#`+c.Anchor()+`"`)
		}
		for _, c := range terms.Classes() {
			want = append(want, fmt.Sprintf(`<td class="num">$%s</td>`, thousands(c.Guide.Cents/100)))
		}
		has(t, w, 200, want...)
		for _, e := range terms.Exclusions() {
			if s := say(e.Unless.EN, e.Unless.JA); !strings.Contains(html.UnescapeString(w.Body.String()), s) {
				t.Errorf("%s lacks what would change it: %q", e.ID, s)
			}
		}
	})
}

func TestOnlyADemonstrationLeadsToItsPeople(t *testing.T) {
	h := newHouse(t)
	h.Demo = false
	lacks(t, h.get("/"), "/demo")
}

func TestATargetIsJudgedWithItsClause(t *testing.T) {
	h := newHouse(t)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		for _, c := range []struct {
			by, target string
			want       []string
		}{
			{"web", "store.line.me", []string{say("Covered.", "対象です。"), "#c-3.1.ii"}},
			{"web", "blog.line.me", []string{say("Not covered.", "対象外です。"), "#c-3.1.ii"}},
			{"app", "access.line.me", []string{say("Covered.", "対象です。"), "#c-3.1.i"}},
			{"app", "line.me.evil.example", []string{say("Not covered.", "対象外です。"), "#c-3.2.xii.a"}},
			{"separate_process", "LINE POP", []string{say("Not covered.", "対象外です。"), "#c-3.1.proviso"}},
			{"web", "http://store.line.me:8080/", []string{say("The terms leave it open", "規約だけでは決まりません")}},
			{"", "store.line.me", []string{say("Say how the target is reached", "到達方法")}},
			{"web", `"><script>alert(1)</script>` + strings.Repeat("あ", 4000), []string{`value="&#34;&gt;&lt;script&gt;`}},
		} {
			w := h.get("/?"+url.Values{"reached": {c.by}, "target": {c.target}}.Encode(), l)
			has(t, w, 200, append(c.want, `class="answer"`)...)
			if c.by != "" {
				has(t, w, 200, `value="`+c.by+`" checked`)
			}
		}
		lacks(t, h.get("/", l), `class="answer"`)
		lacks(t, h.get("/?target=+&reached=web", l), `class="answer"`)
	})
}

func TestBeforeTheFirstTermsTheProgramSaysWhenItBegins(t *testing.T) {
	h := newHouse(t)
	h.now = time.Date(2016, 5, 1, 0, 0, 0, 0, time.UTC)
	has(t, h.get("/", cookie("lang", "en")), 200, "The program begins on 2 June 2016.")
}

// The volume of reports is nobody's business: no page tells a count of them.
func TestFiguresNeverCount(t *testing.T) {
	h := newHouse(t)
	h.promises(deadline.FirstAnswer, 2, 30, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 8, 8, -1, -1)
	h.promises(deadline.Triage, 5, 30, 3, 3, 3, 3)
	h.promises(deadline.Fix, 90, 2, -1, -1, -1, -1, -1, -1)
	inBoth(t, func(t *testing.T, l asking, say func(en, ja string) string) {
		w := h.get("/", l)
		// 14 of 19 in time, 3 late, 2 open and late.
		has(t, w, 200, "<strong>75%</strong> "+say("done in time", "期限内に完了"), "<strong>15%</strong> "+say("done late", "期限後に完了"),
			"<strong>10%</strong> "+say("still open, late", "対応中（期限超過）"), say("Half within 1 business day", "半数は1営業日以内"),
			say("Withheld: fewer than five reports so far.", "非公表（まだ5件に満たないため）"),
			"<strong>100%</strong> "+say("still open, in time", "対応中（期限内）"), say("Fewer than half are done yet.", "完了は半数に達していません。"))
		figures := regexp.MustCompile(`(?s)<section class="section" id="figures">.*?</section>`).FindString(w.Body.String())
		for _, count := range []string{"19", "14", "17", ">3<", ">4<", ">6<"} {
			if strings.Contains(figures, count) {
				t.Errorf("the figures have %q:\n%s", count, figures)
			}
		}
		if n := strings.Count(figures, say("Withheld", "非公表")); n != 2 {
			t.Errorf("%d figures are withheld, want triage and decision", n)
		}
	})
}

func TestFiguresStandForADay(t *testing.T) {
	h := newHouse(t)
	l := cookie("lang", "en")
	h.promises(deadline.Triage, 5, 30, 3, 3, 3, 3)
	has(t, h.get("/", l), 200, "Withheld")
	h.promises(deadline.Triage, 5, 20, 3)
	lacks(t, h.get("/", l), "<strong>100%</strong> done in time")
	h.now = h.now.AddDate(0, 0, 1)
	has(t, h.get("/", l), 200, "<strong>100%</strong> done in time")
}

func TestTheFrontPageIsPublicAndUncounted(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/terms", "/hall-of-fame", "/log"} {
		w := h.get(path)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d, Cache-Control %q", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}
