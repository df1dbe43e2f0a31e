package web

// This and rendered.go are the only files that may use template.HTML. Text written by strangers becomes HTML in
// four steps, each of which alone should be enough against a script:
//
//  1. goldmark parses Markdown without raw HTML: a tag that somebody types is shown, not obeyed.
//  2. Our own renderer writes the links: http, https and mailto only, the real host named.
//  3. Characters that cannot be seen are replaced by their names.
//  4. bluemonday lets through the elements and attributes listed below and nothing else.
//
// And then the page's Content-Security-Policy.

import (
	"bytes"
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/idna"
)

// Markdown returns a stranger's text as HTML. Text that is too long or too entangled to be
// parsed in a moment is shown as it was typed.
func Markdown(source string) template.HTML {
	source = strings.ToValidUTF8(source, "\uFFFD")
	var b bytes.Buffer
	if unwieldy(source) || markdown.Convert([]byte(source), &b) != nil {
		b.Reset()
		b.WriteString("<pre><code>" + template.HTMLEscapeString(source) + "</code></pre>")
	}
	shown := reveal(b.String(), func(token string) string { return `<span class="odd">` + token + `</span>` })
	return template.HTML(allowed.Sanitize(shown))
}

// Plain returns a stranger's text for one line, such as a title: what cannot be seen is named,
// and a line break is a space.
func Plain(line string) string {
	line = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(line, "\uFFFD"))
	return reveal(line, func(token string) string { return "[" + token + "]" })
}

// allowed is what user text may become. No class but our two, no id, no name, no style, no data
// attribute: nothing that the style, the script or a link inside the page could be led by.
var allowed = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h3", "h4", "h5", "h6", "ul", "li", "blockquote", "pre", "code",
		"em", "strong", "del", "table", "thead", "tbody", "tr")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowElements("ol")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")
	p.AllowElements("th", "td")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(odd|host)$`)).OnElements("span")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^` + linkRel + `$`)).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	return p
}()

const linkRel = "noopener noreferrer nofollow"

// markdown is CommonMark with tables, strikethrough and bare addresses as links, and without HTML.
var markdown = goldmark.New(
	goldmark.WithParser(parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewEmphasisParser(), 500),
		),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
		parser.WithASTTransformers(util.Prioritized(tame{}, 100)),
	)),
	goldmark.WithExtensions(
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
		extension.Strikethrough,
		extension.NewLinkify(extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"})),
	),
	goldmark.WithRendererOptions(
		html.WithHardWraps(),
		renderer.WithNodeRenderers(util.Prioritized(links{}, 100)),
	),
)

// tame makes headings smaller than the page's own, and drops the language of a code block: an
// attribute would be made of it.
type tame struct{}

func (tame) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	// The error can only come from the function given, which returns none.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if entering {
				n.Level = min(n.Level+2, 6)
			}
		case *ast.FencedCodeBlock:
			n.Info = nil
		}
		return ast.WalkContinue, nil
	})
}

// links writes links, images and bare addresses. An image becomes a link: nothing is loaded.
type links struct{}

func (l links) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindLink, l.render)
	reg.Register(ast.KindImage, l.render)
	reg.Register(ast.KindAutoLink, l.render)
}

func (links) render(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	var to target
	switch n := n.(type) {
	case *ast.Link:
		to = targetOf(string(util.URLEscape(n.Destination, true)), words(n, source))
	case *ast.Image:
		to = targetOf(string(util.URLEscape(n.Destination, true)), words(n, source))
	case *ast.AutoLink:
		label := string(n.Label(source))
		dest := string(util.URLEscape(n.URL(source), false))
		if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(dest), "mailto:") {
			dest = "mailto:" + dest
		}
		to = targetOf(dest, label)
		to.words = label
	}
	if inLink(n) {
		to.href = "" // a link inside a link is no HTML
	}
	if entering {
		if to.href != "" {
			_, _ = w.WriteString(`<a href="` + template.HTMLEscapeString(to.href) + `" rel="` + linkRel + `">`)
		}
		_, _ = w.WriteString(template.HTMLEscapeString(to.words))
		return ast.WalkContinue, nil
	}
	if to.href != "" {
		_, _ = w.WriteString("</a>")
	}
	if to.note != "" {
		_, _ = w.WriteString(` <span class="host">` + template.HTMLEscapeString(to.note) + `</span>`)
	}
	return ast.WalkContinue, nil
}

func inLink(n ast.Node) bool {
	for p := n.Parent(); p != nil; p = p.Parent() {
		if k := p.Kind(); k == ast.KindLink || k == ast.KindImage {
			return true
		}
	}
	return false
}

// words returns the text of a link as it is read.
func words(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// A target is where a link leads.
type target struct {
	href  string // empty when nobody should be led there
	words string // to write as its text: for a link that has none of its own
	note  string // to write after it: where it leads, when the text does not say so
}

// targetOf judges a destination, percent-encoded, that is reached by clicking on words.
func targetOf(dest, words string) target {
	var t target
	if strings.TrimSpace(words) == "" {
		t.words = dest
		words = dest
	}
	u, err := url.Parse(dest)
	if err != nil {
		return target{words: t.words, note: dest}
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		host, err := asciiHost(u)
		if err != nil || host == "" {
			return target{words: t.words, note: dest}
		}
		u.Host, t.href = host, ""
		t.href = u.String()
		if !names(words, u.Host) {
			t.note = u.Host
		}
	case "mailto":
		t.href = u.String()
		if words != u.Opaque && words != dest {
			t.note = u.Opaque
		}
	default:
		t.note = dest
	}
	return t
}

// asciiHost returns the host as it stands in the name system: a letter that only looks like
// another one shows as xn--.
func asciiHost(u *url.URL) (string, error) {
	host, err := idna.Punycode.ToASCII(strings.ToLower(u.Hostname()))
	if err != nil || strings.ContainsAny(host, " \"'<>`{}|\\^%") {
		return "", err
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return host, nil
}

// names reports whether words say which host they lead to: they are an address there.
func names(words, host string) bool {
	rest := strings.ToLower(words)
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "https://"), "http://")
	rest, ok := strings.CutPrefix(rest, host)
	return ok && (rest == "" || strings.ContainsRune("/?#", rune(rest[0])))
}
