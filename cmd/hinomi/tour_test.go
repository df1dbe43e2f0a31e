package main

import (
	"testing"

	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/lang"
)

// TestTourOfTheDemo goes where a newcomer goes first. Every page must be fit to be shown: the
// README shows some of them.
func TestTourOfTheDemo(t *testing.T) {
	b := browser.Start(t)
	triager := map[lang.Lang]string{lang.EN: "Sign in as 佐藤 みなと", lang.JA: "佐藤 みなと としてサインイン"}
	owner := map[lang.Lang]string{lang.EN: "Sign in as 大西 まどか", lang.JA: "大西 まどか としてサインイン"}
	reporter := map[lang.Lang]string{lang.EN: "Sign in as reporter1015", lang.JA: "reporter1015 としてサインイン"}
	take := map[lang.Lang]string{lang.EN: "Take these reports", lang.JA: "担当する"}
	taken := map[lang.Lang]string{lang.EN: "2 reports are yours.", lang.JA: "2件の担当になりました。"}
	begin := map[lang.Lang]string{lang.EN: "Begin a report", lang.JA: "報告を書き始める"}
	demoOn(t, t.TempDir(), func(origin string) {
		for _, v := range []browser.View{
			{Lang: lang.EN}, {Lang: lang.JA}, {Lang: lang.EN, Dark: true}, {Lang: lang.JA, Dark: true, Width: 390},
		} {
			t.Run(v.String(), func(t *testing.T) {
				show := func(p *browser.Page, name string) {
					t.Helper()
					if p.Status() != 200 {
						t.Errorf("%s: status %d", p.Path(), p.Status())
					}
					p.Screenshot(name)
					p.Accessible()
				}
				p := b.Page(t, browser.Localhost(t, origin), v)
				for _, public := range []struct{ path, name string }{
					{"/", "program"}, {"/terms/2017-04-10", "terms"}, {"/hall-of-fame", "fame"}, {"/log", "log"},
				} {
					p.Go(public.path)
					show(p, public.name)
				}
				p.Go("/demo")
				show(p, "demo")
				p.Click(triager[v.Lang]) // who reads in Japanese, wherever they look from
				p.Go("/desk?lang=" + string(v.Lang))
				show(p, "queue")
				if v.Width == 0 { // a telephone has no keys, and no boxes
					p.Press("j", "x", "j", "x")
					show(p, "queue-chosen")
					p.Within(".chosenbar").Click(take[v.Lang])
					p.Has(taken[v.Lang])
				}
				p.Click("#queue tbody tr:first-child .title a")
				show(p, "report")
				p.Go("/desk/awards")
				show(p, "awards")

				q := b.Page(t, browser.Localhost(t, origin), v)
				q.Go("/demo")
				q.Click(reporter[v.Lang])
				q.Go("/reports?lang=" + string(v.Lang))
				show(q, "mine")
				q.Within("tbody").Click("[href^='/reports/']")
				show(q, "receipt")
				q.Go("/reports/new")
				show(q, "new")
				q.Within("main").Click(begin[v.Lang])
				show(q, "form")

				o := b.Page(t, browser.Localhost(t, origin), v)
				o.Go("/demo")
				o.Click(owner[v.Lang])
				for _, page := range []string{"people", "credit", "mail", "audit", "known"} {
					o.Go("/desk/" + page + "?lang=" + string(v.Lang))
					show(o, page)
				}
			})
		}
	})
}
