// Package browser plays a person in front of the pages, for tests.
//
// A test starts one Chromium, opens a Page for each person in its story, and then says what
// that person does: Go, Fill, Click, Has. Things are found the way a screen reader finds
// them, by the names in the accessibility tree, so a story that passes is also a page that
// can be used without looking. Every step waits until the page allows it, up to Patience.
//
// A Page remembers everything that should never happen: an error on the console, a violation
// of the content security policy, an uncaught exception, a dialog that opens by itself, a
// request to another host. The test fails at its end for each of them, unless it said Allow.
package browser

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long a step waits for the page before it fails the test. It is long because
// nothing depends on it but the time a failure takes.
const Patience = 20 * time.Second

// EnvProgram names the variable with the path of the browser, for a machine where Start finds none.
const EnvProgram = "HINOMI_TEST_BROWSER"

// EnvScreenshots names the variable with the directory that Screenshot writes to. Unset, it writes nothing.
const EnvScreenshots = "HINOMI_SCREENSHOTS"

// programs are the names under which Chromium and its kin are installed.
var programs = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// A Browser is a running Chromium with a profile of its own.
type Browser struct {
	ctx context.Context
}

// Start starts a Chromium that ends with the test. Where there is none the test is skipped
// on a laptop and fails in CI; in a short run it is skipped everywhere.
func Start(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a short run starts no browser")
	}
	program, ok := find()
	if !ok {
		if os.Getenv("CI") != "" {
			t.Fatalf("no Chromium found: in CI the browser tests must run (install Debian's chromium, or set %s)", EnvProgram)
		}
		t.Skipf("no Chromium found; `make test` installs one where it may, or set %s", EnvProgram)
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true), // a picture must not depend on them
		// Nothing but this machine answers: a page that asks elsewhere fails at once.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
	)...)
	ctx, _ := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		end, cancel := context.WithTimeout(ctx, Patience)
		defer cancel()
		if err := chromedp.Cancel(end); err != nil {
			t.Errorf("ending the browser: %v", err)
		}
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	return &Browser{ctx: ctx}
}

// find returns the browser to start.
func find() (string, bool) {
	if p := os.Getenv(EnvProgram); p != "" {
		return p, true
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// Localhost returns a URL of 127.0.0.1 under the name localhost: a passkey belongs to a name,
// and an address is none.
func Localhost(t testing.TB, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = "localhost:" + u.Port()
	return u.String()
}
