package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// do tries a step until it works, and waits for what it began to load.
func (p *Page) do(what string, step func(ctx context.Context) error) {
	p.t.Helper()
	p.settle()
	var last error
	if !p.until(func(ctx context.Context) (bool, error) {
		// The error at the deadline is only that time is over; the one before it says why.
		if err := step(ctx); ctx.Err() == nil {
			last = err
			return err == nil, err
		}
		return false, ctx.Err()
	}) {
		p.fail("%s: %v", what, cmp.Or(last, p.ctx.Err(), errors.New("the page does not answer")))
	}
	p.quiet()
	p.settle()
}

// quiet waits until the page has run what a step made it run, so that a load which begins with
// the step has begun. That the page goes away meanwhile says the same.
func (p *Page) quiet() {
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	frame := `new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))`
	if p.view.NoScript {
		frame = `0` // no timers run; the answer itself is the round trip
	}
	_ = chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](frame, chromedp.EvalAwaitPromise))
}

// Click presses what has this name, such as a button's text: where a person would, with the mouse.
func (p *Page) Click(target string) {
	p.t.Helper()
	p.do(fmt.Sprintf("clicking %q", target), func(ctx context.Context) error {
		th, err := p.find(ctx, target, clickable)
		if err != nil {
			return err
		}
		return click(ctx, th)
	})
}

// point finds where to press an element, and what lies over it. A control that is drawn by
// its label is pressed there.
const point = `function() {
	if (this.disabled) return {Why: "it is disabled"};
	let el = this;
	const size = e => [...e.getClientRects()].find(r => r.width > 3 && r.height > 3);
	if (!size(el) && el.labels && el.labels.length) el = el.labels[0];
	el.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
	const r = size(el);
	if (!r) return {Why: "it has no size"};
	const x = r.left + r.width / 2, y = r.top + r.height / 2;
	const hit = document.elementFromPoint(x, y);
	if (!hit) return {Why: "it lies outside the window"};
	const label = hit.closest("label");
	if (!el.contains(hit) && !(label && label.control === this))
		return {Why: "it is covered by " + hit.outerHTML.slice(0, 80)};
	return {X: x, Y: y};
}`

func click(ctx context.Context, th thing) error {
	at, err := call[struct {
		X, Y float64
		Why  string
	}](ctx, th, point)
	if err != nil {
		return err
	}
	if at.Why != "" {
		return errors.New(at.Why)
	}
	return chromedp.Do(ctx, chromedp.MouseClickXY(at.X, at.Y))
}

// Check ticks a box or picks a radio button, unless it is so already.
func (p *Page) Check(label string) { p.t.Helper(); p.check(label, true) }

// Uncheck takes a tick away, unless it is so already.
func (p *Page) Uncheck(label string) { p.t.Helper(); p.check(label, false) }

func (p *Page) check(label string, want bool) {
	p.t.Helper()
	p.do(fmt.Sprintf("setting %q to %t", label, want), func(ctx context.Context) error {
		th, err := p.find(ctx, label, checkable)
		if err != nil {
			return err
		}
		const state = `function() { return this.checked ?? this.getAttribute("aria-checked") === "true" }`
		if is, err := call[bool](ctx, th, state); err != nil || is == want {
			return err
		}
		if err := click(ctx, th); err != nil {
			return err
		}
		if is, err := call[bool](ctx, th, state); err != nil || is != want {
			return errors.Join(err, errors.New("pressing it changed nothing"))
		}
		return nil
	})
}

// choose sets what cannot be typed: an option by its text, a date, a number on a slider.
// It returns false for a field that a person types into.
const choose = `function(value = "") {
	if (this.disabled || this.readOnly) return "it is disabled";
	if (this instanceof HTMLSelectElement) {
		const squeeze = s => s.trim().split(/\s+/).join(" ");
		const options = [...this.options].filter(o => squeeze(o.label) === squeeze(value));
		if (options.length !== 1) return "its options are: " + [...this.options].map(o => o.label).join(" | ");
		options[0].selected = true;
	} else if (/^(date|time|datetime-local|month|week|range|color)$/.test(this.type)) {
		this.value = value;
		if (this.value !== value) return "it does not take " + value;
	} else {
		this.scrollIntoView({block: "center", behavior: "instant"});
		this.focus();
		this.select();
		return "type";
	}
	this.dispatchEvent(new Event("input", {bubbles: true}));
	this.dispatchEvent(new Event("change", {bubbles: true}));
	return "";
}`

// Fill types value into the field with this label, in place of what stood there, or chooses
// the option with that text.
func (p *Page) Fill(label, value string) {
	p.t.Helper()
	p.do(fmt.Sprintf("filling %q", label), func(ctx context.Context) error {
		th, err := p.find(ctx, label, fillable)
		if err != nil {
			return err
		}
		switch why, err := call[string](ctx, th, choose, value); {
		case err != nil:
			return err
		case why == "":
			return nil
		case why != "type":
			return errors.New(why)
		}
		if value == "" {
			return chromedp.Do(ctx, chromedp.KeyEvent(kb.Delete))
		}
		if _, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
			return err
		}
		got, err := call[string](ctx, th, `function() { return this.value }`)
		if err == nil && got != strings.ReplaceAll(value, "\r\n", "\n") {
			return fmt.Errorf("the field took %d of %d bytes", len(got), len(value))
		}
		return err
	})
}

// Value returns what stands in the field with this label.
func (p *Page) Value(label string) string {
	p.t.Helper()
	var value string
	p.do(fmt.Sprintf("reading %q", label), func(ctx context.Context) error {
		th, err := p.find(ctx, label, fillable)
		if err != nil {
			return err
		}
		value, err = call[string](ctx, th, `function() { return this.value }`)
		return err
	})
	return value
}

// Upload puts files into the file field with this label.
func (p *Page) Upload(label string, files ...string) {
	p.t.Helper()
	for i, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			p.t.Fatal(err)
		}
		files[i] = abs
	}
	p.do(fmt.Sprintf("uploading to %q", label), func(ctx context.Context) error {
		// To the accessibility tree a file field is the button that opens the chooser.
		th, err := p.findKind(ctx, label, clickable, "input[type=file]")
		if err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: th.object})
		return err
	})
}

// Download presses target and returns the file that comes, under its own name in a directory
// of the test.
func (p *Page) Download(target string) string {
	p.t.Helper()
	dir := p.t.TempDir()
	on := true
	if _, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: &on,
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	}); err != nil {
		p.t.Fatalf("preparing a download: %v", err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	begun := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin)
	moved := chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	p.Click(target)
	var id, name string
	for ev, err := range begun {
		if err != nil {
			p.fail("clicking %q started no download: %v", target, err)
		}
		id, name = ev.GUID, ev.SuggestedFilename
		break
	}
	for ev, err := range moved {
		if err != nil || ev.GUID == id && ev.State == browser.DownloadProgressStateCanceled {
			p.fail("the download of %q did not end: %v", name, err)
		}
		if ev.GUID == id && ev.State == browser.DownloadProgressStateCompleted {
			break
		}
	}
	file := filepath.Join(dir, filepath.Base(name))
	if err := os.Rename(filepath.Join(dir, id), file); err != nil {
		p.t.Fatal(err)
	}
	return file
}

// keys are the keys with a name.
var keys = map[string]string{
	"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Backspace": kb.Backspace, "Delete": kb.Delete,
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End, "PageUp": kb.PageUp, "PageDown": kb.PageDown, "Space": " ",
}

var modifiers = map[string]chromedp.Modifier{
	"Shift": chromedp.ModifierShift, "Control": chromedp.ModifierCtrl, "Alt": chromedp.ModifierAlt, "Meta": chromedp.ModifierMeta,
}

// Press presses keys one after the other: "j", "?", "Enter", "Shift+Tab", "Control+Enter".
func (p *Page) Press(names ...string) {
	p.t.Helper()
	for _, name := range names {
		var mods []chromedp.Modifier
		key := name
		for {
			before, rest, ok := strings.Cut(key, "+")
			m, known := modifiers[before]
			if !ok || !known {
				break
			}
			mods, key = append(mods, m), rest
		}
		if k, ok := keys[key]; ok {
			key = k
		}
		p.settle()
		ctx, cancel := context.WithTimeout(p.ctx, p.patience)
		err := chromedp.Do(ctx, chromedp.KeyEvent(key, chromedp.KeyModifiers(mods...)))
		cancel()
		if err != nil {
			p.fail("pressing %s: %v", name, err)
		}
		p.quiet()
		p.settle()
	}
}
