package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The roles of what a person acts on, as Chromium names them in the accessibility tree.
var (
	clickable = []string{
		"button", "link", "checkbox", "radio", "switch", "tab", "menuitem", "option", "treeitem",
		"DisclosureTriangle", "DisclosureTriangleGrouped", "gridcell", "row",
	}
	fillable = []string{
		"textbox", "searchbox", "combobox", "listbox", "spinbutton", "slider",
		"Date", "DateTime", "InputTime", "ColorWell",
	}
	checkable = []string{"checkbox", "radio", "switch"}
)

// A thing is an element of the page as the person meets it.
type thing struct {
	role, name string
	object     runtime.RemoteObjectID
}

// isSelector reports whether a target is a CSS selector and not a name.
func isSelector(target string) bool {
	return strings.HasPrefix(target, "#") || strings.HasPrefix(target, ".") || strings.HasPrefix(target, "[")
}

// find returns the one thing that target means: a CSS selector, or the accessible name of
// something with one of the roles. A name may be a part of the whole when only one thing has it.
func (p *Page) find(ctx context.Context, target string, roles []string) (thing, error) {
	return p.findKind(ctx, target, roles, "*")
}

// findKind is find among the elements that match a CSS selector.
func (p *Page) findKind(ctx context.Context, target string, roles []string, kind string) (thing, error) {
	if isSelector(target) {
		return p.selected(ctx, target)
	}
	nodes, err := p.tree(ctx)
	if err != nil {
		return thing{}, err
	}
	var exact, part []thing
	var names []string
	for _, n := range nodes {
		th := thing{role: text(n.Role), name: squeeze(text(n.Name))}
		if n.Ignored || !slices.Contains(roles, th.role) {
			continue
		}
		names = append(names, fmt.Sprintf("%s %q", th.role, th.name))
		if !strings.Contains(th.name, squeeze(target)) {
			continue
		}
		if th.object, err = p.resolve(ctx, n.BackendDOMNodeID); err != nil {
			return thing{}, err
		}
		const here = `function(scope, kind) { return this.matches(kind) && (!scope || this.closest(scope) !== null) }`
		is, err := call[bool](ctx, th, here, p.scope, kind)
		if err != nil {
			return thing{}, fmt.Errorf("looking at %s %q: %w", th.role, th.name, err)
		}
		if !is {
			continue
		}
		if th.name == squeeze(target) {
			exact = append(exact, th)
		} else {
			part = append(part, th)
		}
	}
	if len(exact) == 0 {
		exact = part
	}
	switch len(exact) {
	case 1:
		return exact[0], nil
	case 0:
		return thing{}, fmt.Errorf("there is no %q; there is %s", target, cmp.Or(strings.Join(names, ", "), "nothing of that kind"))
	}
	return thing{}, fmt.Errorf("%q could be any of %d things: say more of its name, or look Within a part of the page", target, len(exact))
}

// selected returns the one element that a CSS selector gives.
func (p *Page) selected(ctx context.Context, selector string) (thing, error) {
	all := fmt.Sprintf(`[...document.querySelectorAll(%s)]`, quote(strings.TrimSpace(p.scope+" "+selector)))
	n, err := chromedp.Run(ctx, chromedp.Evaluate[int](all+`.length`))
	if err != nil {
		return thing{}, err
	}
	if n != 1 {
		return thing{}, fmt.Errorf("%d elements are %s, not one", n, selector)
	}
	object, err := chromedp.Run(ctx, chromedp.Evaluate[*runtime.RemoteObject](all+`[0]`))
	if err != nil {
		return thing{}, err
	}
	return thing{name: selector, object: object.ObjectID}, nil
}

// tree returns the accessibility tree.
func (p *Page) tree(ctx context.Context) ([]*accessibility.Node, error) {
	r, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	return r.Nodes, err
}

func (p *Page) resolve(ctx context.Context, id cdp.BackendNodeID) (runtime.RemoteObjectID, error) {
	r, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: id})
	if err != nil {
		return "", err
	}
	if r.Object == nil {
		return "", errors.New("the element is gone")
	}
	return r.Object.ObjectID, nil
}

// call calls a JavaScript function with the element as this. An empty string among the
// arguments arrives as undefined: the protocol leaves out what is empty.
func call[T any](ctx context.Context, th thing, function string, args ...any) (T, error) {
	return chromedp.Run(ctx, chromedp.CallFunctionOn[T](function, func(c *runtime.CallFunctionOnParams) {
		c.ObjectID = th.object
	}, args...))
}

// text returns a string of the accessibility tree.
func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	if json.Unmarshal(v.Value, &s) != nil {
		return "" // a number or a truth value: no name and no role
	}
	return s
}

// squeeze makes every run of white space one space, as a reader sees it.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// quote returns s as a JavaScript string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string has a JSON form
	}
	return string(b)
}
