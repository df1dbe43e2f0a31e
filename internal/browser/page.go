package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hinomi.dev/hinomi/internal/lang"
)

// A View is how a person looks at the pages. The zero value is an English reader at a desk, in daylight.
type View struct {
	Lang     lang.Lang // what the browser asks for; empty means English
	Dark     bool      // the system's wish
	Width    int       // of the window in CSS pixels; 0 means 1440
	NoScript bool      // the page's own scripts do not run
}

// String names the view in a file name: ja.dark.390.
func (v View) String() string {
	s := string(v.Lang) + ".light"
	if v.Dark {
		s = string(v.Lang) + ".dark"
	}
	if v.NoScript {
		s += ".noscript"
	}
	return fmt.Sprintf("%s.%d", s, v.Width)
}

// A Page is one person's window, with cookies of its own. Its methods end the test when they
// cannot do what they say. It is for one goroutine, the test's.
type Page struct {
	t        testing.TB
	ctx      context.Context
	base     *url.URL
	view     View
	scope    string // a selector within which things are looked for, or empty
	seen     *watch
	patience time.Duration // Patience, but where a test of this package waits for a failure
}

// Page opens a window on the server at base.
func (b *Browser) Page(t testing.TB, base string, v View) *Page {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	v.Lang = cmp.Or(v.Lang, lang.EN)
	v.Width = cmp.Or(v.Width, 1440)
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{t: t, ctx: ctx, base: u, view: v, seen: newWatch(u), patience: Patience}
	t.Cleanup(func() {
		p.keepFailure()
		cancel()
		for _, what := range p.seen.faults() {
			t.Errorf("%s", what)
		}
	})
	if err := p.open(); err != nil {
		t.Fatalf("opening a page: %v", err)
	}
	return p
}

// open makes the window look the way its View says.
func (p *Page) open() error {
	if err := chromedp.Do(p.ctx); err != nil {
		return err
	}
	p.seen.main = cdp.FrameID(chromedp.FromContext(p.ctx).Target.TargetID)
	if err := chromedp.Listen(p.ctx, p.seen.event); err != nil {
		return err
	}
	go p.answerDialogs()
	about, err := chromedp.CallBrowser(p.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	scheme := "light"
	if p.view.Dark {
		scheme = "dark"
	}
	_, err = chromedp.Call(p.ctx, audits.Enable, cdp.Empty{})
	err = errors.Join(err, set(p, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		// Sites, and go-webauthn among them, treat a headless browser like any other; so do we.
		UserAgent: strings.Replace(about.UserAgent, "Headless", "", 1), AcceptLanguage: string(p.view.Lang),
	}))
	err = errors.Join(err, set(p, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: string(p.view.Lang)}))
	err = errors.Join(err, set(p, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"}))
	err = errors.Join(err, set(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	err = errors.Join(err, set(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: p.view.NoScript}))
	err = errors.Join(err, set(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
	return errors.Join(err, set(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(p.view.Width), Height: 900, DeviceScaleFactor: 1,
	}))
}

func set[P any](p *Page, cmd cdp.Command[P, cdp.Empty], params P) error {
	_, err := chromedp.Call(p.ctx, cmd, params)
	return err
}

// answerDialogs closes what would block the page. The watch has noted it already.
func (p *Page) answerDialogs() {
	for _, err := range chromedp.Events(p.ctx, page.JavascriptDialogOpening) {
		if err != nil {
			return
		}
		// An error means that the page is gone, and the dialog with it.
		_ = set(p, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
	}
}

// View returns how this person looks at the pages.
func (p *Page) View() View { return p.view }

// Within returns the same window, in which things are looked for inside the element alone.
func (p *Page) Within(selector string) *Page {
	c := *p
	c.scope = strings.TrimSpace(p.scope + " " + selector)
	return &c
}

// Go opens an address, as typed into the address bar: a path on the server, or a whole URL.
func (p *Page) Go(address string) {
	p.t.Helper()
	u, err := p.base.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(u.String())); err != nil {
		p.fail("opening %s: %v", u, err)
	}
}

// Reload opens the address again.
func (p *Page) Reload() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Reload()); err != nil {
		p.fail("loading the page again: %v", err)
	}
}

// URL returns the address in the address bar.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, `location.href`)
}

// Path returns the address in the address bar without the server.
func (p *Page) Path() string {
	p.t.Helper()
	return Eval[string](p, `location.pathname + location.search`)
}

// Status returns the HTTP status of the page that stands in the window.
func (p *Page) Status() int {
	p.t.Helper()
	p.settle()
	return p.seen.lastStatus()
}

// Allow says that the story expects a complaint of the browser that contains fragment. A
// complaint that was allowed and never came fails the test too.
func (p *Page) Allow(fragment string) { p.seen.allow(fragment) }

// Eval returns the value of a JavaScript expression; a promise is awaited.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	p.settle()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("evaluating %s: %v", expression, err)
	}
	return v
}

// settle waits until the page has loaded what a step began to load.
func (p *Page) settle() {
	p.t.Helper()
	if !p.until(func(context.Context) (bool, error) { return !p.seen.loading(), nil }) {
		p.fail("the page is still loading after %v", p.patience)
	}
}

// until tries again and again until try says yes. An error counts as not yet: the page may be
// on its way to another.
func (p *Page) until(try func(ctx context.Context) (bool, error)) bool {
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	for {
		if ok, err := try(ctx); ok && err == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// fail ends the test with what the person saw at that moment.
func (p *Page) fail(format string, args ...any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if len(text) > 3000 {
		text = strings.ToValidUTF8(text[:3000], "") + "…"
	}
	p.t.Fatalf("%s\nat %s, which shows:\n%s", fmt.Sprintf(format, args...), where, text)
}

// Screenshot writes a picture of the whole page to NAME.VIEW.png in the directory that
// HINOMI_SCREENSHOTS names. Without that it does nothing.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv(EnvScreenshots)
	if dir == "" {
		return
	}
	p.settle()
	if err := p.picture(filepath.Join(dir, name+"."+p.view.String()+".png")); err != nil {
		p.t.Errorf("taking a screenshot: %v", err)
	}
}

// keepFailure takes a last picture of a test that failed.
func (p *Page) keepFailure() {
	dir := os.Getenv(EnvScreenshots)
	if dir == "" || !p.t.Failed() {
		return
	}
	name := "failed." + strings.NewReplacer("/", "_", " ", "_").Replace(p.t.Name()) + "." + p.view.String() + ".png"
	if err := p.picture(filepath.Join(dir, name)); err != nil {
		p.t.Logf("taking a picture of the failure: %v", err)
	}
}

func (p *Page) picture(file string) error {
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}
