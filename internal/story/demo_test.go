package story

import (
	"bufio"
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/browser"
	"hinomi.dev/hinomi/internal/lang"
)

// TestTheDemoIsWorthShowing walks through `hinomi demo` as a newcomer would, as several people, in
// the ways they may look at it. With HINOMI_SCREENSHOTS set it leaves a picture of every page there;
// the one in the README comes from it.
func TestTheDemoIsWorthShowing(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "hinomi")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "hinomi.dev/hinomi/cmd/hinomi").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	base := demo(t, binary)
	b := browser.Start(t)
	for _, v := range []browser.View{{Lang: lang.EN}, {Lang: lang.JA, Dark: true, Width: 1024}, {Lang: lang.JA, Width: 390}, {Lang: lang.EN, Dark: true}} {
		t.Run(v.String(), func(t *testing.T) { walk(t, b, base, v) })
	}
}

// demo starts the demo on an empty directory and returns where it is.
func demo(t *testing.T, binary string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, binary, "demo", "--addr", addr, "--data", t.TempDir())
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = c.Wait() })
	for lines := bufio.NewScanner(errs); lines.Scan(); {
		if strings.Contains(lines.Text(), "hinomi: open ") {
			go func() {
				for lines.Scan() { // a full pipe would stop the server
				}
			}()
			break
		}
		t.Log(lines.Text())
	}
	for range 100 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	_, port, _ := net.SplitHostPort(addr)
	return "http://localhost:" + port
}

// enter signs in as the nth person of the demo's list, counted from the end when negative.
func enter(p *browser.Page, nth string) {
	p.Go("/demo")
	browser.Eval[any](p, `[...document.querySelectorAll("main form")].at(`+nth+`).requestSubmit()`)
	p.WaitFor("a.me")
}

func walk(t *testing.T, b *browser.Browser, base string, v browser.View) {
	l := "?lang=" + string(v.Lang) // the demo's people have languages of their own
	anybody := b.Page(t, base, v)
	for name, path := range map[string]string{
		"program": "/", "letters": "/demo/mail", "terms": "/terms/2017-04-10", "difference": "/terms/diff?from=2016-06-02&to=2017-04-10",
		"log": "/log", "hall": "/hall-of-fame/2017", "signin": "/sign-in", "signup": "/sign-up",
	} {
		anybody.Go(path)
		anybody.Screenshot(name)
	}
	triager := b.Page(t, base, v)
	enter(triager, "0")
	triager.Go("/desk" + l)
	triager.Screenshot("queue")
	clova := browser.Eval[string](triager, `[...document.querySelectorAll(".queue .title a")].find((a) => a.textContent.includes("CLOVA")).getAttribute("href")`)
	triager.Go(clova + l)
	triager.Screenshot("case")
	triager.Go("/desk?view=all&q=alert")
	triager.Screenshot("search")
	for name, path := range map[string]string{"known": "/desk/known", "awards": "/desk/awards"} {
		triager.Go(path)
		triager.Screenshot(name)
	}
	owner := b.Page(t, base, v)
	enter(owner, "3")
	for name, path := range map[string]string{"people": "/desk/people", "credit": "/desk/credit", "mail": "/desk/mail", "audit": "/desk/audit"} {
		owner.Go(path + l)
		owner.Screenshot(name)
	}
	reporter := b.Page(t, base, v)
	enter(reporter, "10")
	reporter.Go("/reports" + l)
	reporter.Screenshot("reports")
	reporter.Go(browser.Eval[string](reporter, `document.querySelector("tbody a[href^='/reports/']").getAttribute("href")`))
	reporter.WaitFor(".receipt")
	reporter.Screenshot("report")
	reporter.Go("/reports/new")
	browser.Eval[any](reporter, `document.querySelector("main form").requestSubmit()`)
	reporter.WaitFor("#report")
	reporter.Screenshot("draft")
	if v.Width == 0 && !v.Dark {
		triager.Go("/desk")
		triager.Accessible()
		reporter.Accessible()
	}
}
