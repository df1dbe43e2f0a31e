package browser

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// visible returns the text that a reader sees, in the part of the page that is looked at.
func (p *Page) visible(ctx context.Context) (string, error) {
	element := `document.body`
	if p.scope != "" {
		element = fmt.Sprintf(`document.querySelector(%s)`, quote(p.scope))
	}
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](element+`.innerText`))
	return squeeze(s), err
}

// Text returns the visible text of the page, or of the part looked Within, with every run of
// white space as one space.
func (p *Page) Text() string {
	p.t.Helper()
	p.settle()
	var s string
	if !p.until(func(ctx context.Context) (ok bool, err error) {
		s, err = p.visible(ctx)
		return err == nil, err
	}) {
		p.fail("there is no %s", p.scope)
	}
	return s
}

// Has waits until the page shows each of the texts.
func (p *Page) Has(texts ...string) {
	p.t.Helper()
	p.settle()
	for _, want := range texts {
		if !p.until(func(ctx context.Context) (bool, error) {
			s, err := p.visible(ctx)
			return strings.Contains(s, squeeze(want)), err
		}) {
			p.fail("the page does not show %q", want)
		}
	}
}

// Lacks checks that the page, once loaded, shows none of the texts.
func (p *Page) Lacks(texts ...string) {
	p.t.Helper()
	s := p.Text()
	for _, no := range texts {
		if strings.Contains(s, squeeze(no)) {
			p.fail("the page shows %q", no)
		}
	}
}

// WaitFor waits until an element matches the CSS selector.
func (p *Page) WaitFor(selector string) {
	p.t.Helper()
	p.settle()
	if !p.until(func(ctx context.Context) (bool, error) {
		n, err := p.count(ctx, selector)
		return n > 0, err
	}) {
		p.fail("nothing is %s", selector)
	}
}

// Count returns how many elements match the CSS selector.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	p.settle()
	var n int
	if !p.until(func(ctx context.Context) (ok bool, err error) {
		n, err = p.count(ctx, selector)
		return err == nil, err
	}) {
		p.fail("counting %s", selector)
	}
	return n
}

func (p *Page) count(ctx context.Context, selector string) (int, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[int](
		fmt.Sprintf(`document.querySelectorAll(%s).length`, quote(strings.TrimSpace(p.scope+" "+selector)))))
}
