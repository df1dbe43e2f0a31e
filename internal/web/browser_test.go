package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// A drafts is the server's side of an autosaved form, which can be told to fail.
type drafts struct {
	mu     sync.Mutex // guards what follows; handlers and the test share it
	saved  []string   // titles, as they came
	answer error
}

func (d *drafts) post(w http.ResponseWriter, r *http.Request) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.answer != nil {
		return d.answer
	}
	d.saved = append(d.saved, r.PostFormValue("title"))
	return writeJSON(w, http.StatusOK, map[string]string{"version": "1"})
}

func (d *drafts) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = err
}

func (d *drafts) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.saved) == 0 {
		return ""
	}
	return d.saved[len(d.saved)-1]
}

// TestInTheBrowser plays every part of the script and of the style in one Chromium.
func TestInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("the browser takes its time")
	}
	b := browser.Start(t)
	for _, part := range []struct {
		name string
		play func(*testing.T, *browser.Browser)
	}{
		{"the parts are accessible", accessible},
		{"a draft saves itself", draftSaves},
		{"a draft survives a crash", draftSurvives},
		{"an older copy does not replace a newer draft", olderCopy},
		{"the language is switched without losing the form", languageKeeps},
		{"without script a form still works", withoutScript},
		{"a swap changes only its node", swapsOnly},
		{"a live page looks again", looksAgain},
		{"the keyboard walks the queue", keyboard},
		{"a button asks first", asksFirst},
		{"a file is sent with its progress", upload},
		{"a passkey registers and signs in", passkey},
	} {
		t.Run(part.name, func(t *testing.T) { part.play(t, b) })
	}
}

// served serves the style pages, and what a part needs besides.
func served(t *testing.T, more ...route) (*site, *drafts, string) {
	t.Helper()
	d := &drafts{}
	st := newSite(t, more...)
	st.mux = http.NewServeMux()
	for _, rt := range st.table() {
		if rt.pattern == "POST /style/draft" {
			rt.handle = d.post
		}
		st.mux.Handle(rt.pattern, st.adapt(rt))
	}
	srv := httptest.NewServer(st.handler)
	t.Cleanup(srv.Close)
	t.Cleanup(st.Live.Close)
	return st, d, browser.Localhost(t, srv.URL)
}

var stylePaths = []string{"/style", "/style/queue", "/style/report", "/style/reporter", "/style/form"}

// The parts of all pages can be used without looking, in both languages, by day and by night, on
// a narrow window too. With HINOMI_SCREENSHOTS set, what they look like is kept.
func accessible(t *testing.T, b *browser.Browser) {
	_, _, url := served(t)
	for _, v := range []browser.View{
		{Lang: lang.EN}, {Lang: lang.JA, Dark: true}, {Lang: lang.JA, Width: 1024}, {Lang: lang.EN, Dark: true, Width: 390}, {Lang: lang.JA, Width: 390},
	} {
		t.Run(v.String(), func(t *testing.T) {
			p := b.Page(t, url, v)
			for _, path := range stylePaths {
				p.Go(path)
				p.Accessible()
				p.Screenshot(strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "-"))
			}
			p.Allow("404")
			p.Go("/nowhere")
			p.Accessible()
			p.Screenshot("nowhere")
		})
	}
}

func draftSaves(t *testing.T, b *browser.Browser) {
	_, d, url := served(t)
	p := b.Page(t, url, browser.View{})
	p.Go("/style/form")
	p.Fill("Title", "A bot adds itself")
	p.Has("Saved at")
	if got := d.last(); got != "A bot adds itself" {
		t.Errorf("saved %q", got)
	}
	d.fail(fault.New(fault.Conflict, "Changed in another window.", "別の画面で変更されました。"))
	p.Allow("409")
	p.Fill("Title", "A bot adds itself again")
	p.Has("Changed in another window.", "kept in this browser")
}

func draftSurvives(t *testing.T, b *browser.Browser) {
	_, d, url := served(t)
	d.fail(fault.New(fault.Later, "Full.", "満杯です。"))
	p := b.Page(t, url, browser.View{Lang: lang.JA})
	p.Allow("503")
	p.Go("/style/form")
	p.Fill("件名", "途中の件名")
	p.Check("他の方の情報を見てしまった")
	p.Has("保存できません", "入力内容はこのブラウザーに残っています")
	d.fail(nil)
	p.Go("/style/form") // the server knows nothing of what was typed
	p.Has("に保存しました")
	if got := p.Value("件名"); got != "途中の件名" || d.last() != got {
		t.Errorf("the field holds %q, the server %q", got, d.last())
	}
	if p.Count("#f-seen:checked") != 1 {
		t.Error("the tick is lost")
	}
	if left := browser.Eval[int](p, "localStorage.length"); left != 0 {
		t.Errorf("%d copies are left in the browser after the server had all", left)
	}
}

func olderCopy(t *testing.T, b *browser.Browser) {
	_, d, url := served(t)
	p := b.Page(t, url, browser.View{})
	p.Go("/style/form")
	browser.Eval[bool](p, `localStorage.setItem("draft /style/draft", JSON.stringify({fields: "title=Typed+on+the+train", at: 0, base: "0"})) || true`)
	p.Go("/style/form")
	p.Has("This browser also has what you typed until 09:00:00 JST")
	if got := p.Value("Title"); got != "" || d.last() != "" {
		t.Errorf("the field holds %q, the server %q", got, d.last())
	}
	p.Click("Use that instead")
	p.Has("Saved at")
	if d.last() != "Typed on the train" {
		t.Errorf("the server has %q", d.last())
	}
}

func languageKeeps(t *testing.T, b *browser.Browser) {
	_, d, url := served(t)
	for _, v := range []browser.View{{}, {NoScript: true}} {
		t.Run(v.String(), func(t *testing.T) {
			p := b.Page(t, url, v)
			p.Go("/style/form")
			p.Fill("Title", "途中の <b>件名</b>")
			p.Click("日本語")
			p.Has("脆弱性を報告する")
			if got := p.Value("件名"); got != "途中の <b>件名</b>" {
				t.Errorf("the title became %q", got)
			}
			if v.NoScript {
				return
			}
			p.Has("に保存しました")
			if d.last() != "途中の <b>件名</b>" {
				t.Errorf("what was typed is not on the server: %q", d.last())
			}
		})
	}
}

func withoutScript(t *testing.T, b *browser.Browser) {
	_, _, url := served(t)
	p := b.Page(t, url, browser.View{NoScript: true})
	p.Allow("422")
	p.Go("/style/form")
	p.Fill("Target", "line.me")
	p.Click("Send the report")
	p.Has("Give the report a title of one line.")
	if got := p.Value("Target"); got != "line.me" {
		t.Errorf("the target became %q", got)
	}
	p.Fill("Title", "It broke")
	p.Click("Send the report")
	p.Has("Nothing was sent: this is the style page.")
}

// stay marks the document: a mark that is gone means that the page was loaded anew.
func stay(p *browser.Page) func() bool {
	browser.Eval[bool](p, "document.documentElement.dataset.stay = 'yes', true")
	return func() bool { return p.Count("html[data-stay]") == 1 }
}

func swapsOnly(t *testing.T, b *browser.Browser) {
	_, _, url := served(t)
	p := b.Page(t, url, browser.View{})
	p.Go("/style/form")
	stayed := stay(p)
	browser.Eval[bool](p, "document.querySelector('#score').dataset.old = 'yes', true")
	p.Fill("Title", "Half typ")
	p.Check("Physical") // data-press works the score out
	p.WaitFor("#score:not([data-old])")
	if got := p.Value("Title"); got != "Half typ" || !stayed() {
		t.Errorf("the title became %q, the page stayed %v", got, stayed())
	}
}

func looksAgain(t *testing.T, b *browser.Browser) {
	st, _, url := served(t)
	p := b.Page(t, url, browser.View{})
	p.Go("/style")
	stayed := stay(p)
	browser.Eval[bool](p, "document.querySelector('#live').dataset.old = 'yes', true")
	p.WaitFor("#live[data-old]")
	for p.Count("#live[data-old]") == 1 {
		st.Live.Changed("style") // until the stream is open
	}
	if !stayed() {
		t.Error("the whole page was loaded")
	}
}

func keyboard(t *testing.T, b *browser.Browser) {
	_, _, url := served(t)
	p := b.Page(t, url, browser.View{})
	p.Go("/style/queue")
	focus := func() string {
		return browser.Eval[string](p, `document.activeElement.closest("tr")?.querySelector(".number").textContent ?? document.activeElement.id`)
	}
	for _, c := range []struct{ key, want string }{
		{"j", "7K3M-Q2X"}, {"j", "4TB9-W0C"}, {"k", "7K3M-Q2X"}, {"k", "7K3M-Q2X"}, {"/", "search"}, {"j", "search"},
	} {
		p.Press(c.key)
		if got := focus(); got != c.want {
			t.Fatalf("after %s the focus is on %q, want %q", c.key, got, c.want)
		}
	}
	p.Press("Escape", "j", "x")
	if p.Count("tr.chosen input:checked") != 1 {
		t.Error("x did not select the row")
	}
	p.Press("?")
	p.WaitFor("details#keys[open]")
	p.Press("g", "p")
	p.Has("Parts of the pages")
}

func asksFirst(t *testing.T, b *browser.Browser) {
	_, _, url := served(t)
	p := b.Page(t, url, browser.View{})
	p.Go("/style/form")
	stayed := stay(p)
	p.Click("Discard the draft")
	p.Has("Discard it for good?")
	p.Press("Tab")
	p.Has("Discard the draft")
	if !stayed() {
		t.Fatal("it was done at once")
	}
	p.Click("Discard the draft")
	p.Click("Discard it for good?")
	if stayed() {
		t.Error("it was not done when asked twice")
	}
}
