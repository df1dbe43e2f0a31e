package browser

import (
	"context"
	_ "embed"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed accessible.js
var accessible string

// Accessible checks what can be checked without a person of the page that stands in the
// window: its language, one h1 and one main, labels, names, alternatives, ids, contrast, no
// sideways scrolling, and that Tab reaches every control and shows where it is.
func (p *Page) Accessible() {
	p.t.Helper()
	p.settle()
	ctx, cancel := context.WithTimeout(p.ctx, 2*p.patience)
	defer cancel()
	problems, stale, err := p.problems(ctx)
	for range 5 {
		if err != nil || !stale {
			break
		}
		problems, stale, err = p.problems(ctx)
	}
	if err != nil {
		p.fail("checking the accessibility: %v", err)
	}
	for _, what := range problems {
		p.t.Errorf("%s (%s): %s", p.Path(), p.view, what)
	}
}

// mayBeNameless are roles that are named by what is in them: an empty cell, a choice not made.
var mayBeNameless = []string{"row", "gridcell", "option"}

// problems returns what is wrong with the page, and whether the page changed under the look.
func (p *Page) problems(ctx context.Context) (all []string, stale bool, err error) {
	nodes, err := p.tree(ctx)
	if err != nil {
		return nil, false, err
	}
	var nameless []string
	roles := slices.Concat(clickable, fillable, []string{"image", "dialog", "alertdialog"})
	for _, n := range nodes {
		role := text(n.Role)
		if !n.Ignored && !slices.Contains(mayBeNameless, role) && slices.Contains(roles, role) && squeeze(text(n.Name)) == "" {
			nameless = append(nameless, fmt.Sprintf("a %s has no name for those who do not see it", role))
		}
	}
	object, err := chromedp.Run(ctx, chromedp.Evaluate[*runtime.RemoteObject](fmt.Sprintf("(%s)(%s)", accessible, quote(string(p.view.Lang)))))
	if err != nil {
		return nil, false, err
	}
	walk := thing{name: "the walk", object: object.ObjectID}
	stops, err := call[int](ctx, walk, `function() { return this.stops }`)
	if err != nil {
		return nil, false, err
	}
	// A walk that never ends is a trap: it is told as the controls behind it that stay unreached.
	for range 2*stops + 10 {
		if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
			return nil, false, err
		}
		more, err := call[bool](ctx, walk, `function() { return this.next() }`)
		if err != nil {
			return nil, false, err
		}
		if !more {
			break
		}
	}
	stale, err = call[bool](ctx, walk, `function() { return this.stale() }`)
	if err != nil {
		return nil, false, err
	}
	found, err := call[[]string](ctx, walk, `function() { return this.end() }`)
	return append(nameless, found...), stale, err
}
