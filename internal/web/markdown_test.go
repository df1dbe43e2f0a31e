package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// mayBe is what a stranger's text may become: elements, and their attributes. It is written a
// second time here, so that loosening the policy by mistake fails.
var mayBe = map[string][]string{
	"p": nil, "br": nil, "hr": nil, "h3": nil, "h4": nil, "h5": nil, "h6": nil, "ul": nil, "ol": {"start"}, "li": nil,
	"blockquote": nil, "pre": nil, "code": nil, "em": nil, "strong": nil, "del": nil, "a": {"href", "rel"}, "span": {"class"},
	"table": nil, "thead": nil, "tbody": nil, "tr": nil, "th": {"align"}, "td": {"align"},
}

// parsed returns the output as a browser reads it inside a page.
func parsed(t testing.TB, source string) []*html.Node {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(string(Markdown(source))), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		t.Fatalf("%q: %v", source, err)
	}
	return nodes
}

// harmless says what is wrong with a node and everything in it.
func harmless(n *html.Node, inLink bool) []string {
	var wrong []string
	switch n.Type {
	case html.ElementNode:
		allowed, ok := mayBe[n.Data]
		if !ok || n.Namespace != "" {
			wrong = append(wrong, "element "+n.Namespace+":"+n.Data)
		}
		for _, a := range n.Attr {
			if !slices.Contains(allowed, a.Key) || a.Namespace != "" {
				wrong = append(wrong, "attribute "+n.Data+" "+a.Key)
			}
			wrong = append(wrong, attribute(n.Data, a)...)
		}
		if n.Data == "a" {
			if inLink {
				wrong = append(wrong, "a link inside a link")
			}
			if len(n.Attr) != 2 {
				wrong = append(wrong, fmt.Sprintf("a link with %v", n.Attr))
			}
			inLink = true
		}
	case html.TextNode:
		for i, r := range n.Data {
			if unicode.Is(unseen, r) && !seen(before(n.Data, i), r, n.Data[i:]) {
				wrong = append(wrong, fmt.Sprintf("%U unseen in %q", r, n.Data))
			}
		}
	default:
		wrong = append(wrong, fmt.Sprintf("node of type %d: %q", n.Type, n.Data))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		wrong = append(wrong, harmless(c, inLink)...)
	}
	return wrong
}

func before(s string, i int) rune {
	if i == 0 {
		return 0
	}
	r := []rune(s[:i])
	return r[len(r)-1]
}

func attribute(element string, a html.Attribute) []string {
	ok := true
	switch a.Key {
	case "href":
		v := strings.ToLower(a.Val)
		ok = strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "mailto:")
		ok = ok && !strings.ContainsFunc(a.Val, func(r rune) bool { return r <= ' ' || r > '~' })
	case "rel":
		ok = strings.Contains(a.Val, "noopener") && strings.Contains(a.Val, "noreferrer") && strings.Contains(a.Val, "nofollow")
	case "class":
		ok = a.Val == "odd" || a.Val == "host"
	case "align":
		ok = a.Val == "left" || a.Val == "center" || a.Val == "right"
	case "start":
		ok = strings.Trim(a.Val, "0123456789") == ""
	}
	if !ok {
		return []string{fmt.Sprintf("%s %s=%q", element, a.Key, a.Val)}
	}
	return nil
}

// stable says whether the output, once parsed and written again, still is the same tree: what
// would change then is how a sanitized text turns dangerous (mutation XSS).
func stable(t testing.TB, nodes []*html.Node) string {
	t.Helper()
	write := func(nodes []*html.Node) string {
		var b strings.Builder
		for _, n := range nodes {
			if err := html.Render(&b, n); err != nil {
				t.Fatal(err)
			}
		}
		return b.String()
	}
	once := write(nodes)
	again, err := html.ParseFragment(strings.NewReader(once), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		t.Fatal(err)
	}
	if twice := write(again); twice != once {
		return fmt.Sprintf("parsed again it becomes %q instead of %q", twice, once)
	}
	return ""
}

func check(t testing.TB, source string) {
	t.Helper()
	nodes := parsed(t, source)
	for _, n := range nodes {
		for _, wrong := range harmless(n, false) {
			t.Errorf("%.200q becomes %.400q: %s", source, Markdown(source), wrong)
		}
	}
	if wrong := stable(t, nodes); wrong != "" {
		t.Errorf("%.200q: %s", source, wrong)
	}
}

var hostile = []string{
	// script, in every way it is usually tried
	"<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<scr<script>ipt>alert(1)</scr</script>ipt>",
	"<img src=x onerror=alert(1)>", "<img/src=x/onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>",
	"<svg><animate onbegin=alert(1) attributeName=x>", "<svg><use href=\"data:image/svg+xml;base64,PHN2Zz4=#x\"/></svg>",
	"<body onload=alert(1)>", "<iframe src=javascript:alert(1)></iframe>", "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'>",
	"<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>", "<form action=javascript:alert(1)><button>x</button></form>",
	"<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "<marquee onstart=alert(1)>", "<video><source onerror=alert(1)>",
	"<base href=//evil.example/>", "<meta http-equiv=refresh content='0;url=//evil.example'>", "<link rel=stylesheet href=//evil.example/x.css>",
	"<template><script>alert(1)</script></template>", "<isindex type=image src=1 onerror=alert(1)>", "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
	// mutation: what one parser takes for text and another for markup
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
	"<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "<textarea><!--</textarea><img src=x onerror=alert(1)>-->",
	"<listing>&lt;img src=x onerror=alert(1)&gt;</listing>", "<xmp><img src=x onerror=alert(1)></xmp>", "<plaintext>", "<title><img src=x onerror=alert(1)></title>",
	"<!--><img src=x onerror=alert(1)>-->", "<!--[if IE]><script>alert(1)</script><![endif]-->", "<![CDATA[<img src=x onerror=alert(1)>]]>", "<?php echo 1 ?>", "<!DOCTYPE html>",
	"`<img src=x onerror=alert(1)>`", "```<img src=x onerror=alert(1)>\n<script>alert(1)</script>\n```", "```\"onmouseover=alert(1) x=\"\ncode\n```", "~~~ <script>alert(1)</script>\nx\n~~~",
	"\u003cimg src=x\x00 onerror=alert(1)\u003e", "\\<script\\>alert(1)\\</script\\>", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;",
	// links
	"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))", "[x](<java\tscript:alert(1)>)", "[x](&#106;avascript:alert(1))",
	"[x](&#x6A&#x61&#x76script:alert(1))", "[x](javascript&colon;alert(1))", "[x](\x01javascript:alert(1))", "[x](javascript://line.me/%0Aalert(1))", "[x](vbscript:msgbox(1))",
	"[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](data:image/svg+xml,<svg/onload=alert(1)>)", "[x](file:///etc/passwd)", "[x](//evil.example)", "[x](/people/invite)", "[x](#main)", "[x](?lang=ja)",
	"[x](https:evil.example)", "[x](http://)", "[x](https://[::1]:8080/a)", "[x](https://evil.example\" onmouseover=\"alert(1))", "[x](https://evil.example 'title\" onmouseover=alert(1)')",
	"[x](https://evil.example \"t<script>\")", "<javascript:alert(1)>", "<data:text/html,x>", "<https://evil.example/\">", "<x@evil.example>", "<mailto:x@y.example?body=<script>>",
	"[a]\n\n[a]: javascript:alert(1)", "[a]\n\n[a]: https://evil.example \"t\" onx=1", "![x](javascript:alert(1))", "![x](https://evil.example/p.png)", "![](data:image/svg+xml,<svg>)",
	"[a ![b](https://b.example) c](https://a.example)", "[<https://b.example>](https://a.example)", "[https://b.example](https://a.example)", "[[a](https://b.example)](https://a.example)",
	"[a](https://a.example%00/)", "[a](https://a%22b.example/)", "[a](https://%3Cscript%3E/)", "https://evil.example/<script>", "www.evil.example/\"onx", "[x](http://a.example:99999999/)", "[x](http://a b/)",
	// attributes that our own script or style would follow
	"<button data-swap=\"#main\" formaction=/people>x</button>", "<div data-live=/x id=main class=bar>", "<a data-confirm=x href=/x>", "<p id=main name=forms>", "<div style=\"position:fixed;inset:0\">x</div>",
	"# x {#main .bar onclick=alert(1)}", "[x](https://a.example){data-swap=#main}", "```js {id=main}\nx\n```", "<style>*{display:none}</style>", "<span class=odd>U+202E</span>",
	// what cannot be seen
	"report\u202efdp.exe", "pass\u200bword", "\ufeffx", "a\u2066b\u2069", "[line\u2060.me](https://line.me)", "`\u202e`", "```\n\u202e\n```", "https://evil.example/\u202e", "&#x202e;&#8203;&zwj;&rlm;", "x\u0300\u0300\u0300\u0300\u0300\u0300\u0300\u0300\u0300y",
	"\U000e0041\U000e0042", "a\ufe0fb\ufe01", "\x1b[31mred\x1b[0m", "a\x00b\xff\xfe", "\u2028\u2029\u0085", "ㅤ⠀",
	// tables, nesting, size
	"|a|b|\n|:-|-:|\n|<script>|[x](javascript:1)|", "|a|\n|-|\n|`a\\|b`|", strings.Repeat("> ", 5000) + "x", strings.Repeat("- ", 5000) + "x", strings.Repeat("*", 5000) + "x", strings.Repeat("[", 5000),
	strings.Repeat("![a](", 2000), strings.Repeat("<div>", 5000), strings.Repeat("`", 5000), strings.Repeat("a ", 200_000), strings.Repeat("|", 5000) + "\n" + strings.Repeat("|-", 5000), "1000000000. x", "0. x",
}

func TestHostileTextBecomesHarmless(t *testing.T) {
	for _, source := range hostile {
		check(t, source)
		check(t, "a "+source+" b")
		check(t, "- "+source)
		check(t, "> "+strings.ReplaceAll(source, "\n", "\n> "))
		check(t, "**"+source+"**")
		check(t, "[text "+source+"](https://a.example)")
		check(t, "|a|\n|-|\n|"+source+"|")
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, source := range hostile {
		if len(source) < 1000 {
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		check(t, source)
		for _, r := range Plain(source) {
			if r == '\n' || r == '\t' {
				t.Errorf("Plain(%q) has more than one line", source)
			}
		}
		if again := Plain(Plain(source)); again != Plain(source) {
			t.Errorf("Plain(%q) changes when repeated: %q, then %q", source, Plain(source), again)
		}
	})
}

func TestMarkdownIsWrittenAsTyped(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"a tag is shown, not obeyed and not dropped", "see <script>alert(1)</script>", "<p>see &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"},
		{"a block of HTML too", "<div>\n*x*\n</div>", "<p>&lt;div&gt;<br>\n<em>x</em><br>\n&lt;/div&gt;</p>\n"},
		{"a line break is one", "a\nb", "<p>a<br>\nb</p>\n"},
		{"headings are below the page's own", "# a\n###### b", "<h3>a</h3>\n<h6>b</h6>\n"},
		{"code has no language", "```http\nGET /\n```", "<pre><code>GET /\n</code></pre>\n"},
		{"struck through", "~~a~~", "<p><del>a</del></p>\n"},
		{"a table", "|a|b|\n|:-:|-:|\n|1|2|", "<table>\n<thead>\n<tr>\n<th align=\"center\">a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"center\">1</td>\n<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table>\n"},
		{"a list that starts later", "3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>\n"},
		{"unseen characters by name", "a\u202eb", "<p>a<span class=\"odd\">U+202E</span>b</p>\n"},
		{"also as entities", "a&#x202e;b", "<p>a<span class=\"odd\">U+202E</span>b</p>\n"},
		{"also in code", "`a\u200bb`", "<p><code>a<span class=\"odd\">U+200B</span>b</code></p>\n"},
		{"but an entity in code is what was typed", "`&#x202e;`", "<p><code>&amp;#x202e;</code></p>\n"},
		{"too deep is shown as typed", strings.Repeat("> ", 30) + "<b>", "<pre><code>" + strings.Repeat("&gt; ", 30) + "&lt;b&gt;</code></pre>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Markdown(c.source)); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestALinkSaysWhereItLeads(t *testing.T) {
	const rel = `" rel="noopener noreferrer nofollow">`
	host := func(s string) string { return ` <span class="host">` + s + `</span>` }
	for source, want := range map[string]string{
		"https://line.me/a?b=c#d":                          `<a href="https://line.me/a?b=c#d` + rel + `https://line.me/a?b=c#d</a>`,
		"www.line.me":                                      `<a href="http://www.line.me` + rel + `www.line.me</a>`,
		"[line.me](https://line.me/terms)":                 `<a href="https://line.me/terms` + rel + `line.me</a>`,
		"[HTTPS://LINE.ME/x](https://line.me/y)":           `<a href="https://line.me/y` + rel + `HTTPS://LINE.ME/x</a>`,
		"[here](https://line.me/)":                         `<a href="https://line.me/` + rel + `here</a>` + host("line.me"),
		"[line.me](https://evil.example/)":                 `<a href="https://evil.example/` + rel + `line.me</a>` + host("evil.example"),
		"[line.me](https://line.me.evil.example)":          `<a href="https://line.me.evil.example` + rel + `line.me</a>` + host("line.me.evil.example"),
		"[https://line.me](https://line.me@evil.example)":  `<a href="https://line.me@evil.example` + rel + `https://line.me</a>` + host("evil.example"),
		"[line.me](https://line.me:8443/)":                 `<a href="https://line.me:8443/` + rel + `line.me</a>` + host("line.me:8443"),
		"[apple](https://аpple.example/)":                  `<a href="https://xn--pple-43d.example/` + rel + `apple</a>` + host("xn--pple-43d.example"),
		"[аpple.example](https://аpple.example/)":          `<a href="https://xn--pple-43d.example/` + rel + `аpple.example</a>` + host("xn--pple-43d.example"),
		"[](https://evil.example/)":                        `<a href="https://evil.example/` + rel + `https://evil.example/</a>`,
		"![cat](https://evil.example/cat.png)":             `<a href="https://evil.example/cat.png` + rel + `cat</a>` + host("evil.example"),
		"[x](javascript:alert(1))":                         `x` + host("javascript:alert(1)"),
		"[x](/people)":                                     `x` + host("/people"),
		"[x](//evil.example/a)":                            `x` + host("//evil.example/a"),
		"<a@line.me>":                                      `<a href="mailto:a@line.me` + rel + `a@line.me</a>`,
		"[mail](mailto:a@line.me)":                         `<a href="mailto:a@line.me` + rel + `mail</a>` + host("a@line.me"),
		"[a ![b](https://b.example) c](https://a.example)": `<a href="https://a.example` + rel + `a b` + host("b.example") + ` c</a>` + host("a.example"),
	} {
		if got, want := string(Markdown(source)), "<p>"+want+"</p>\n"; got != want {
			t.Errorf("%s\ngot  %s\nwant %s", source, got, want)
		}
	}
}

func TestNamesAndPicturesAreLeftAlone(t *testing.T) {
	for _, s := range []string{
		"葛\U000e0100飾区", "神\ufe00", "👩\u200d👩\u200d👧\u200d👦", "👍🏽", "❤️", "1️⃣", "🏳️\u200d🌈", "ทำไม", "가나다", "É, e\u0301", "שלום", "ﾊﾝｶｸ　全角",
	} {
		if got := Plain(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	for s, want := range map[string]string{
		"a\ufe00":               "a[U+FE00]",
		"葛\U000e0100\U000e0101": "葛\U000e0100[U+E0101]",
		"a\u200db":              "a[U+200D]b",
		"👩\u200d":               "👩[U+200D]",
		"\u202e\u202e":          "[U+202E][U+202E]",
		"two\nlines\there":      "two lines here",
		"bell\a":                "bell[U+0007]",
		"bad \xff":              "bad \uFFFD",
	} {
		if got := Plain(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}

func TestALongHonestReportIsNotUnwieldy(t *testing.T) {
	report := strings.Repeat("### Step\n\n1. Sign in as *A* and open <https://line.me/x>.\n2. Send:\n\n```http\nPOST /a_b_c HTTP/1.1\nX-Line-Access: [token]\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n", 200)
	if unwieldy(report) {
		t.Errorf("a report of %d bytes is shown as code", len(report))
	}
}
