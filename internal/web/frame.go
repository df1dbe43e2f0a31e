package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
)

// A Frame is what every page shares. Each page's struct embeds one, made by Server.frame, so
// that templates say {{.T "Due" "期限"}} and, inside a range or a with, {{$.T "Due" "期限"}}.
type Frame struct {
	Title  string // of the page, in its language
	Lang   lang.Lang
	Caller access.Caller
	Name   string // of the person, as they spell it
	Path   string // the page's address without its language
	Static string // the prefix of every asset
	Now    time.Time
	Demo   bool
	Nav    []NavItem // the places this person may go to
	Flash  string    // said once, after a change
	Form   Form      // what was posted, when a form is shown again

	// Keep is the id of the page's form. The language buttons then belong to that form and bring
	// its fields along. A page with a form worth keeping sets it.
	Keep string
}

// frame returns the frame of a page with this title.
func (s *Server) frame(r *http.Request, en, ja string, args ...any) Frame {
	v := visitOf(r)
	f := Frame{
		Lang: v.lang, Caller: v.caller, Name: v.name, Path: addressOf(r), Static: s.assets.prefix,
		Now: s.Now(), Demo: s.Demo, Form: v.form, Flash: s.said(r),
	}
	f.Title = f.T(en, ja, args...)
	f.Form.lang = v.lang
	f.Nav = s.nav(r.Context(), v.caller, r.URL.Path)
	return f
}

// addressOf returns the address of a page without the language asked for in it.
func addressOf(r *http.Request) string {
	q := r.URL.Query()
	q.Del("lang")
	u := *r.URL
	u.RawQuery = q.Encode()
	return u.RequestURI()
}

// T says something in the reader's language. Texts with args are formats, as in fault.New.
func (f Frame) T(en, ja string, args ...any) string {
	text := en
	if f.Lang == lang.JA {
		text = ja
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// In returns the text in the reader's language.
func (f Frame) In(t lang.Text) string { return t.In(f.Lang) }

// Can reports whether the reader may do such a thing at all: whether to offer it.
func (f Frame) Can(action string) bool { return access.Allow(f.Caller, access.Action(action)) }

// Choose reports whether rows can be selected: not on a page that does not say so itself.
func (f Frame) Choose() bool { return false }

// SignedIn reports whether the reader has a session.
func (f Frame) SignedIn() bool { return f.Caller.Kind != access.Nobody }

// Desk reports whether the reader works at the desk: pages then have the left column.
func (f Frame) Desk() bool { return f.Caller.Desk() }

// LangPath returns this page's address in a language.
func (f Frame) LangPath(l string) string { return inLanguage(f.Path, lang.Lang(l)) }

// KeepPath returns the address a form is posted to, to be shown again in a language.
func (f Frame) KeepPath(l string) string { return inLanguage(f.Path, lang.Lang(l), "keep") }

// A Place is an address with a name in the top bar or, for the desk, in the left column.
type Place struct {
	Path string
	Name lang.Text
	Need access.Action // empty for everybody
	Desk bool          // in the left column
	Key  string        // after g, on the keyboard
}

// places lists them in the order they are shown. Each has a route; a test looks.
var places = []Place{
	{Path: "/", Name: lang.Text{EN: "Program", JA: "プログラム"}},
	{Path: "/terms", Name: lang.Text{EN: "Terms", JA: "規約"}},
	{Path: "/hall-of-fame", Name: lang.Text{EN: "Hall of fame", JA: "殿堂"}},
	{Path: "/log", Name: lang.Text{EN: "Log", JA: "公開ログ"}},
	{Path: "/reports", Name: lang.Text{EN: "Your reports", JA: "あなたの報告"}, Need: access.ReportReadOwn},
	{Path: "/desk", Name: lang.Text{EN: "Queue", JA: "キュー"}, Need: access.ReportRead, Desk: true, Key: "q"},
	{Path: alertsPath, Name: lang.Text{EN: "Alerts", JA: "アラート"}, Need: access.AlertRead, Desk: true, Key: "l"},
	{Path: rulesPath, Name: lang.Text{EN: "Rules", JA: "ルール"}, Need: access.RuleRead, Desk: true, Key: "u"},
	{Path: streamPath, Name: lang.Text{EN: "Stream", JA: "ストリーム"}, Need: access.EventRead, Desk: true, Key: "s"},
	{Path: "/desk/known", Name: lang.Text{EN: "Known issues", JA: "既知の問題"}, Need: access.KnownRead, Desk: true, Key: "k"},
	{Path: "/desk/awards", Name: lang.Text{EN: "Rewards", JA: "報奨金"}, Need: access.AwardRead, Desk: true, Key: "r"},
	{Path: payDeskPath, Name: lang.Text{EN: "Payments", JA: "支払い"}, Need: access.AwardRead, Desk: true, Key: "y"},
	{Path: "/desk/credit", Name: lang.Text{EN: "Credit", JA: "掲載"}, Need: access.CreditApprove, Desk: true, Key: "c"},
	{Path: "/desk/people", Name: lang.Text{EN: "People", JA: "メンバーと参加者"}, Need: access.PersonRead, Desk: true, Key: "p"},
	{Path: "/desk/mail", Name: lang.Text{EN: "Mail", JA: "メール"}, Need: access.MailRead, Desk: true, Key: "m"},
	{Path: "/desk/audit", Name: lang.Text{EN: "Audit trail", JA: "監査記録"}, Need: access.AuditRead, Desk: true, Key: "a"},
}

// A NavItem is a place as one reader sees it.
type NavItem struct {
	Place
	Count int
	Here  bool
}

// nav returns the places the caller may go to.
func (s *Server) nav(ctx context.Context, who access.Caller, path string) []NavItem {
	var counts map[string]int
	if s.Counts != nil && who.Desk() {
		var err error
		if counts, err = s.Counts(ctx, who); err != nil {
			// A page without its counts is better than no page.
			s.Log.LogAttrs(ctx, slog.LevelError, "counting for the left column", slog.Any("err", err))
		}
	}
	var items []NavItem
	here := -1 // of the places this page lies under, the closest one
	for _, p := range places {
		if p.Need != "" && !access.Allow(who, p.Need) {
			continue
		}
		if under := path == p.Path || strings.HasPrefix(path, p.Path+"/"); under && (here < 0 || len(p.Path) > len(items[here].Path)) {
			here = len(items)
		}
		items = append(items, NavItem{Place: p, Count: counts[p.Path]})
	}
	if here >= 0 {
		items[here].Here = true
	}
	return items
}

// Side returns the places of the left column.
func (f Frame) Side() []NavItem { return f.items(true) }

// Top returns the places of the bar.
func (f Frame) Top() []NavItem { return f.items(false) }

func (f Frame) items(desk bool) []NavItem {
	var items []NavItem
	for _, i := range f.Nav {
		if i.Desk == desk {
			items = append(items, i)
		}
	}
	return items
}

// flash keeps a sentence for the next page this browser shows, after a POST that worked. It is
// never the only copy: what was done stands on the page as well.
func (s *Server) flash(w http.ResponseWriter, en, ja string, args ...any) {
	s.tell(w, lang.Text{EN: Frame{Lang: lang.EN}.T(en, ja, args...), JA: Frame{Lang: lang.JA}.T(en, ja, args...)})
}

func (s *Server) tell(w http.ResponseWriter, t lang.Text) {
	b, err := json.Marshal(t)
	if err != nil {
		return // two strings: cannot happen
	}
	s.setCookie(w, s.flashCookie(), base64.RawURLEncoding.EncodeToString(b), time.Minute)
}

// flashCookie is bound to this very host where the browser can do that, so that no neighbouring
// host can put words in our mouth.
func (s *Server) flashCookie() string {
	if s.secure() {
		return "__Host-flash"
	}
	return "flash"
}

// said returns the sentence kept by flash.
func (s *Server) said(r *http.Request) string {
	c, err := r.Cookie(s.flashCookie())
	if err != nil {
		return ""
	}
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return ""
	}
	var t lang.Text
	if err := json.Unmarshal(b, &t); err != nil {
		return ""
	}
	return t.In(visitOf(r).lang)
}
