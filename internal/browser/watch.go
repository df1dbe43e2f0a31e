package browser

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// A watch notes what happens in a page besides what the test asks for.
type watch struct {
	base *url.URL
	main cdp.FrameID // the window's own frame, not one inside it

	// mu guards what follows. event holds it for a moment on the goroutine that reads the
	// browser's messages; it calls nothing that could wait for one.
	mu      sync.Mutex
	busy    bool     // the main frame is loading
	status  int      // of the last document
	noted   []string // what should not have happened
	allowed []string // fragments the test expects
}

func newWatch(base *url.URL) *watch { return &watch{base: base} }

func (w *watch) loading() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy
}

func (w *watch) lastStatus() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

func (w *watch) allow(fragment string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.allowed = append(w.allowed, fragment)
}

// event is called for each message of the browser, in order.
func (w *watch) event(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev := ev.(type) {
	case *page.EventFrameStartedLoading:
		w.busy = w.busy || ev.FrameID == w.main
	case *page.EventFrameStoppedLoading:
		w.busy = w.busy && ev.FrameID != w.main
	case *network.EventResponseReceived:
		if ev.Type == network.ResourceTypeDocument && ev.FrameID == w.main {
			w.status = int(ev.Response.Status)
		}
	case *network.EventRequestWillBeSent:
		w.request(ev.Request.URL)
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError {
			w.note("the browser logged: %s (%s)", ev.Entry.Text, ev.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			w.note("console.%s: %s", ev.Type, spoken(ev.Args))
		}
	case *runtime.EventExceptionThrown:
		w.note("uncaught exception: %s", thrown(ev.ExceptionDetails))
	case *page.EventJavascriptDialogOpening:
		if ev.Type != page.DialogTypeBeforeunload { // leaving a form unsaved may ask
			w.note("the page opened a dialog by itself: %s %q", ev.Type, ev.Message)
		}
	case *audits.EventIssueAdded:
		w.issue(ev.Issue)
	}
}

// request notes a request that leaves the server under test.
func (w *watch) request(raw string) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ws" && u.Scheme != "wss") {
		return // data:, blob:, about: stay inside the browser
	}
	if u.Host != w.base.Host {
		w.note("the page asked another host: %s", raw)
	}
}

// issue notes what the browser's own auditor found.
func (w *watch) issue(is *audits.InspectorIssue) {
	d := is.Details
	switch {
	case d.ContentSecurityPolicyIssueDetails != nil:
		c := d.ContentSecurityPolicyIssueDetails
		w.note("content security policy: %s violated (%s) %s%s",
			c.ViolatedDirective, c.ContentSecurityPolicyViolationType, c.BlockedURL, place(c.SourceCodeLocation))
	case d.QuirksModeIssueDetails != nil:
		w.note("the page has no <!doctype html>: %s", d.QuirksModeIssueDetails.URL)
	case d.GenericIssueDetails != nil && strings.Contains(string(d.GenericIssueDetails.ErrorType), "Autocomplete"):
		// Advice to shops about filling in addresses; a field called name is not always a person's.
	case d.GenericIssueDetails != nil && strings.HasPrefix(string(d.GenericIssueDetails.ErrorType), "NavigationEntry"):
		// About the back button after a test that submits without a click; no person does that.
	case d.GenericIssueDetails != nil && strings.HasPrefix(string(d.GenericIssueDetails.ErrorType), "Form"):
		w.note("the browser's auditor: %s %s", d.GenericIssueDetails.ErrorType, d.GenericIssueDetails.ViolatingNodeAttribute)
	}
}

func (w *watch) note(format string, args ...any) {
	w.noted = append(w.noted, fmt.Sprintf(format, args...))
}

// faults returns what should not have happened, and what was allowed but did not.
func (w *watch) faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	used := map[string]bool{}
	var all []string
	for _, what := range w.noted {
		expected := false
		for _, f := range w.allowed {
			if strings.Contains(what, f) {
				used[f], expected = true, true
			}
		}
		if !expected {
			all = append(all, what)
		}
	}
	for _, f := range w.allowed {
		if !used[f] {
			all = append(all, fmt.Sprintf("the test expected the browser to complain of %q, and it did not", f))
		}
	}
	return all
}

func spoken(args []*runtime.RemoteObject) string {
	words := make([]string, 0, len(args))
	for _, a := range args {
		if a.Description != "" {
			words = append(words, a.Description)
		} else {
			words = append(words, string(a.Value))
		}
	}
	return strings.Join(words, " ")
}

func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func place(s *audits.SourceCodeLocation) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf(" at %s:%d:%d", s.URL, s.LineNumber+1, s.ColumnNumber+1)
}
