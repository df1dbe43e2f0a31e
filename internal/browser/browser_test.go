package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/lang"
)

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s, ok := v.(string); ok {
		fmt.Fprint(w, s)
		return
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

// bad is a page with one thing that must never be.
func bad(w http.ResponseWriter, r *http.Request) {
	parts := map[string]string{
		"console":     `<script>console.error("something broke", 7)</script>`,
		"exception":   `<script>null.x</script>`,
		"promise":     `<script>Promise.reject(new Error("left alone"))</script>`,
		"csp":         `<p style="color: red">inline</p>`,
		"trusted":     `<p id=a></p><script nonce=n>document.querySelector("#a").innerHTML = "<b>x</b>"</script>`,
		"dialog":      `<script>alert("hello")</script>`,
		"elsewhere":   `<img alt="" src="http://127.0.0.1:9/pixel">`,
		"missing":     `<img alt="" src="/nothing.png">`,
		"lang":        ``,
		"two":         `<h1>Again</h1>`,
		"label":       `<input name=a placeholder="like this">`,
		"name":        `<button></button>`,
		"alt":         `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">`,
		"id":          `<p id=a></p><p id=a></p>`,
		"contrast":    `<p style="color:#999;background:rgb(255 255 255 / .5)">too pale</p>`,
		"focus":       `<style>:focus{outline:none}</style><a href=/>where</a>`,
		"unreachable": `<div onkeydown="event.preventDefault()"><a id=a href=/>a</a> <a id=b href=/>b</a></div>`,
		"wide":        `<p style="width:3000px">wide</p>`,
		"live":        `<p id=a><a href=/>old</a></p><script>addEventListener("keydown", () => { if (!window.done) { window.done = 1; document.querySelector("#a").innerHTML = "<a href=/>new</a> <a href=/>two</a>" } })</script>`,
		"describes":   `<p><label>A <input name=a aria-describedby=nothing></label></p>`,
	}
	part := parts[r.PathValue("what")]
	language := "en"
	switch r.PathValue("what") {
	case "csp":
		w.Header().Set("Content-Security-Policy", "style-src 'self'")
	case "trusted":
		w.Header().Set("Content-Security-Policy", "script-src 'nonce-n'; require-trusted-types-for 'script'")
	case "lang":
		language = "fr"
	case "status":
		w.WriteHeader(http.StatusTeapot)
	}
	html("<!doctype html><html lang="+language+"><title>Bad</title><link rel=icon href=data:,><main><h1>Bad</h1>"+part+"</main>")(w, r)
}

// A recorder stands in for the test of somebody else: it fails without failing ours.
type recorder struct {
	testing.TB
	said     []string
	failed   bool
	cleanups []func()
}

func (r *recorder) Helper()             {}
func (r *recorder) Failed() bool        { return r.failed }
func (r *recorder) Cleanup(f func())    { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Log(args ...any)     {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failed, r.said = true, append(r.said, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); runtime.Goexit() }
func (r *recorder) Fatal(args ...any)                 { r.Errorf("%v", args...); runtime.Goexit() }

// failures returns what a test complains of that does this.
func failures(t *testing.T, test func(t testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	for _, f := range r.cleanups {
		f()
	}
	return strings.Join(r.said, "\n")
}

func TestStory(t *testing.T) {
	b, d := Start(t), newDesk(t)
	evidence := filepath.Join(t.TempDir(), "証拠.txt")
	if err := os.WriteFile(evidence, []byte("seen"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, v := range []View{{}, {Lang: lang.JA, Dark: true, Width: 390}, {NoScript: true}} {
		t.Run(v.String(), func(t *testing.T) {
			p := b.Page(t, d.url, v)
			p.Go("/")
			p.Fill("What happened", "a first try")
			p.Fill("What happened", "認証 is skipped")
			p.Fill("How to see it", "1. open\n2. look")
			p.Fill("Class", "Forgery")
			p.Fill("Since", "2020-10-15")
			p.Fill("People seen", "121221")
			p.Check("I saw data of others")
			p.Check("I saw data of others")
			p.Check("by myself")
			p.Check("in use")
			p.Upload("Evidence", evidence)
			if got := p.Value("What happened"); got != "認証 is skipped" {
				t.Errorf("the field holds %q", got)
			}
			p.Click("Send the report")
			p.Has(`what="認証 is skipped" long="1. open\r\n2. look" kind=2 day=2020-10-15 count=121221 honest=yes found=use draft= files=[証拠.txt(4)]`)
			p.Fill("People seen", "")
			p.Fill("Class", "")
			p.Click("Keep it")
			p.Has("kind=0 day= count= honest= found= draft=1")
			p.Lacks("認証")
			if p.Path() != "/" || p.Status() != 200 || p.Count("form p") != 8 {
				t.Errorf("at %s with status %d and %d paragraphs", p.Path(), p.Status(), p.Count("form p"))
			}
		})
	}
}

func TestViewReachesThePage(t *testing.T) {
	b, d := Start(t), newDesk(t)
	p := b.Page(t, d.url, View{Lang: lang.JA, Dark: true, Width: 390})
	p.Go("/")
	p.Has("小さな机")
	got := Eval[string](p, `[innerWidth, matchMedia("(prefers-color-scheme: dark)").matches, navigator.language,
		new Date(0).getHours(), navigator.userAgent.includes("Headless")].join()`)
	if want := "390,true,ja,9,false"; got != want {
		t.Errorf("the page sees %s, want %s", got, want)
	}
	if got := b.Page(t, d.url, View{}).View(); got != (View{Lang: lang.EN, Width: 1440}) {
		t.Errorf("the zero View is %v", got)
	}
}

func TestKeysAndParts(t *testing.T) {
	b, d := Start(t), newDesk(t)
	p := b.Page(t, d.url, View{})
	p.Go("/")
	p.Press("Shift+A")
	p.Within("#keys").Has("Key pressed: A")
	p.Within("#keys").Lacks("What happened")
	p.Within("#keys").Click("Next")
	p.Has("The second page")
	p.Click("Back")
	p.WaitFor("#keys")
	p.Press("j")
	if p.Path() != "/second" {
		t.Errorf("j led to %s", p.Path())
	}
	p.Reload()
	p.Has("The second page")
}

func TestDownload(t *testing.T) {
	b, d := Start(t), newDesk(t)
	p := b.Page(t, d.url, View{})
	p.Go("/")
	p.Click("More about this")
	for range 2 {
		file := p.Download("the receipt")
		text, err := os.ReadFile(file)
		if err != nil || string(text) != "signed" || filepath.Base(file) != "receipt 花.txt" {
			t.Errorf("%s holds %q: %v", file, text, err)
		}
	}
}

func TestPasskey(t *testing.T) {
	b, d := Start(t), newDesk(t)
	p := b.Page(t, d.url, View{})
	key := p.Passkey()
	p.Go("/")
	p.Click("Make a passkey")
	p.Has("made")
	if len(d.keys) != 1 || key.Count() != 1 {
		t.Fatalf("the desk knows %d keys, the device %d", len(d.keys), key.Count())
	}
	p.Click("Sign in with the passkey")
	p.Has("signed in as 花子")
	key.Verify(false)
	p.Click("Sign in with the passkey")
	p.Has("refused: NotAllowedError")
	key.Verify(true)

	stranger := b.Page(t, d.url, View{})
	stranger.Passkey()
	stranger.Go("/")
	stranger.Click("Sign in with the passkey")
	stranger.Has("refused: NotAllowedError")
}

func TestStepsThatCannotBeDone(t *testing.T) {
	b, d := Start(t), newDesk(t)
	for _, c := range []struct {
		name string
		step func(p *Page)
		want string
	}{
		{"a name that is not there", func(p *Page) { p.Click("Delete everything") }, `there is no "Delete everything"; there is DisclosureTriangle "More about this"`},
		{"a name of several things", func(p *Page) { p.Click("e") }, "could be any of"},
		{"a text that never comes", func(p *Page) { p.Has("謝礼") }, `does not show "謝礼"`},
		{"an option that is not there", func(p *Page) { p.Fill("Class", "Nonsense") }, "its options are:  | Injection | Forgery | その他"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := failures(t, func(t testing.TB) {
				p := b.Page(t, d.url, View{})
				p.Go("/")
				p.patience = 3 * time.Second
				c.step(p)
			})
			if !strings.Contains(got, c.want) || !strings.Contains(got, "A small desk") {
				t.Errorf("the failure says %q, without %q and what was shown", got, c.want)
			}
		})
	}
}

func TestWhatMustNeverHappenFailsTheTest(t *testing.T) {
	b, d := Start(t), newDesk(t)
	for what, want := range map[string]string{
		"console":   `console.error: "something broke" 7`,
		"exception": "uncaught exception: TypeError",
		"promise":   "left alone",
		"csp":       "content security policy: style-src-attr",
		"trusted":   "content security policy: require-trusted-types-for",
		"dialog":    `opened a dialog by itself: alert "hello"`,
		"elsewhere": "asked another host: http://127.0.0.1:9/pixel",
		"missing":   "status of 404",
		"status":    "status of 418",
	} {
		t.Run(what, func(t *testing.T) {
			got := failures(t, func(t testing.TB) { b.Page(t, d.url, View{}).Go("/bad/" + what) })
			if !strings.Contains(got, want) {
				t.Errorf("the test complains of %q, want %q", got, want)
			}
		})
	}
	calm := failures(t, func(t testing.TB) {
		p := b.Page(t, d.url, View{})
		p.Allow("status of 404")
		p.Go("/bad/missing")
	})
	if calm != "" {
		t.Errorf("allowed, and still: %q", calm)
	}
	idle := failures(t, func(t testing.TB) {
		p := b.Page(t, d.url, View{})
		p.Allow("status of 404")
		p.Go("/")
	})
	if !strings.Contains(idle, "it did not") {
		t.Errorf("an expectation that was not met passed: %q", idle)
	}
}

func TestAccessible(t *testing.T) {
	b, d := Start(t), newDesk(t)
	for _, v := range []View{{}, {Dark: true}, {Width: 390}, {Lang: lang.JA}} {
		p := b.Page(t, d.url, v)
		p.Go("/")
		p.Accessible()
	}
	live := b.Page(t, d.url, View{})
	live.Go("/bad/live") // what it puts in the place of something is looked at anew
	live.Accessible()
	for what, want := range map[string]string{
		"lang":        `<html lang="fr"> stands over a page asked for in "en"`,
		"two":         "2 <h1> are shown",
		"label":       "a control has no label",
		"name":        "a button has no name",
		"alt":         "an image has no alt",
		"id":          `the id "a" is used twice`,
		"contrast":    "contrast of 2.85",
		"focus":       "focus cannot be seen",
		"unreachable": `Tab never comes here: <a id="b"`,
		"wide":        "px wide in a window of 1440 px",
		"describes":   `aria-describedby names "nothing"`,
	} {
		t.Run(what, func(t *testing.T) {
			got := failures(t, func(t testing.TB) {
				p := b.Page(t, d.url, View{})
				p.Go("/bad/" + what)
				p.Accessible()
			})
			if !strings.Contains(got, want) || strings.Count(got, "\n") > 1 {
				t.Errorf("the check says %q, want %q", got, want)
			}
		})
	}
}

func TestScreenshot(t *testing.T) {
	b, d := Start(t), newDesk(t)
	dir := filepath.Join(t.TempDir(), "made")
	p := b.Page(t, d.url, View{Lang: lang.JA, Width: 390})
	p.Go("/")
	p.Screenshot("desk")
	t.Setenv(EnvScreenshots, dir)
	p.Screenshot("desk")
	png, err := os.ReadFile(filepath.Join(dir, "desk.ja.light.390.png"))
	if err != nil || len(png) < 1000 || string(png[1:4]) != "PNG" {
		t.Errorf("a picture of %d bytes: %v", len(png), err)
	}
}
