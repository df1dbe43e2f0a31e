package program

import (
	"slices"
	"strings"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/lang"
)

// The ways in which a target is reached.
const (
	Web             = "web"              // a website, in a browser
	App             = "app"              // a service that the app displays
	SeparateProcess = "separate_process" // another app, opened by a link in the app
)

// A Target is what a report is about, as a person typed or picked it.
type Target struct {
	Kind     string // Web, App or SeparateProcess
	Host     string // a host name or a web address; may be empty when a platform is named
	Platform string // of the app: an id of Terms.Platforms, or empty
	Version  string // of the app, or empty
}

// A Verdict says whether a target is covered, and by which clause.
type Verdict struct {
	In bool
	// Review says that the terms leave it open and a person decides; In is then what speaks for it.
	Review bool
	// Target is the host or the app, in the one form in which two reports can be compared; empty
	// when nothing could be made of it.
	Target   string
	Clause   string   // the clause the verdict rests on; empty only when the kind is none
	Readings []string // how unclear clauses were read to come to it
	Reason   lang.Text
	Warnings []lang.Text
}

// Judge says whether the target is covered by these terms. It never guesses: an address that two
// programs may read differently is not covered until it is typed plainly.
func (t *Terms) Judge(g Target) Verdict {
	switch g.Kind {
	case Web:
		return t.judgeWeb(g)
	case App:
		return t.judgeApp(g)
	case SeparateProcess:
		return t.judgeProcess(g)
	}
	return Verdict{Reason: lang.Text{
		EN: "Say how the target is reached: on the web, in the app, or in an app that it opens.",
		JA: "対象への到達方法（ウェブ、アプリ内、アプリから開く別のアプリ）を選んでください。"}}
}

// rest makes the verdict rest on what c states about topic, as we read it.
func (v *Verdict) rest(c *Clause, topic string) {
	if c != nil {
		v.Clause, v.Readings = c.ID, c.readingsOn(topic)
	}
}

// reaching returns the clause that covers what is reached this way, or nil.
func (t *Terms) reaching(kind string) *Clause {
	return t.first(func(c *Clause) bool { return c.Kind == Scope && c.Params.Reached == kind })
}

// excluding returns the exclusion that has what states wants, or nil.
func (t *Terms) excluding(states func(*Params) bool) *Clause {
	return t.first(func(c *Clause) bool { return c.Kind == Exclusion && states(&c.Params) })
}

func (t *Terms) domainExclusion() *Clause {
	return t.excluding(func(p *Params) bool { return len(p.Domains) > 0 })
}

// address reads the typed address into a verdict, and returns false when that is the end of it.
func (t *Terms) address(g Target) (address, Verdict, bool) {
	a := parseAddress(g.Host)
	v := Verdict{Target: a.host, Warnings: a.warnings}
	if !a.refused.Empty() {
		v.Reason = a.refused
		if covers := t.reaching(g.Kind); covers != nil && !a.number {
			v.rest(covers, "") // what cannot be read is none of what this clause names
		} else {
			v.rest(t.domainExclusion(), "")
		}
		return a, v, false
	}
	v.Warnings = append(v.Warnings, suspicious(a.host, t.Domains)...)
	return a, v, true
}

func (t *Terms) judgeWeb(g Target) Verdict {
	a, v, ok := t.address(g)
	if !ok {
		return v
	}
	covers := t.reaching(Web)
	i := slices.IndexFunc(t.Sites, func(s Site) bool { return s.Host == a.host })
	switch {
	case covers == nil && under(a.host, t.Domains):
		app := t.reaching(App)
		v.rest(app, "domains")
		v.Reason = lang.Text{EN: "These terms cover only what the app displays, no websites.", JA: "この版の規約の対象はアプリに表示されるサービスだけで、ウェブサイトは含まれません。"}
	case i >= 0 && covers != nil:
		v.In = true
		v.rest(covers, "sites")
		v.Reason = lang.Text{EN: a.host + " is one of the websites covered.", JA: a.host + "は対象のウェブサイトです。"}
		t.variant(a, t.Sites[i], &v)
	case under(a.host, t.Domains):
		v.rest(covers, "sites")
		v.Reason = lang.Text{EN: "On the web only the listed sites are covered, and " + a.host + " is none of them. If the app displays it, say so.",
			JA: "ウェブで対象になるのは列挙されたサイトだけで、" + a.host + "は含まれません。アプリ内に表示されるものであれば、そのように選んでください。"}
	default:
		t.otherDomain(a, &v)
	}
	return v
}

// variant asks for a person where a covered site is reached by another scheme or port than the
// terms name.
func (t *Terms) variant(a address, s Site, v *Verdict) {
	if (a.scheme == "" || a.scheme == s.Scheme) && a.port == "" {
		return
	}
	v.Review = true
	v.Warnings = append(v.Warnings, lang.Text{
		EN: "The terms name " + s.URL + "; whether another scheme or port is covered too, a person decides.",
		JA: "規約にあるのは" + s.URL + "です。別のスキームやポートも対象かどうかは担当者が判断します。"})
}

func (t *Terms) otherDomain(a address, v *Verdict) {
	v.rest(t.domainExclusion(), "domains")
	v.Reason = lang.Text{EN: a.host + " does not stand under a domain of the program.", JA: a.host + "はプログラムのドメインの名前ではありません。"}
}

func (t *Terms) judgeApp(g Target) Verdict {
	covers := t.reaching(App)
	platform, known := t.Platform(g.Platform)
	if g.Platform != "" && (!known || covers == nil || !slices.Contains(covers.Params.Platforms, g.Platform)) {
		v := Verdict{Target: platform.Name.EN, Reason: lang.Text{EN: "The app is not covered on this platform.", JA: "このプラットフォームのアプリは対象ではありません。"}}
		v.rest(t.excluding(func(p *Params) bool { return len(p.Platforms) > 0 }), "platforms")
		return v
	}
	if strings.TrimSpace(g.Host) == "" && known {
		v := Verdict{In: true, Target: platform.Name.EN, Reason: lang.Text{EN: platform.Name.EN + " is covered.", JA: platform.Name.JA + "は対象です。"}}
		v.rest(covers, "platforms")
		t.release(covers, g, &v)
		return v
	}
	a, v, ok := t.address(g)
	if !ok {
		return v
	}
	if covers == nil || !under(a.host, t.Domains) {
		t.otherDomain(a, &v)
		return v
	}
	v.In = true
	v.rest(covers, "domains")
	v.Reason = lang.Text{EN: a.host + " stands under a domain of services that the app displays.", JA: a.host + "は、アプリに表示されるサービスのドメインの名前です。"}
	t.release(covers, g, &v)
	return v
}

// release reminds of the version of the app: only the latest one counts.
func (t *Terms) release(covers *Clause, g Target, v *Verdict) {
	if g.Platform != "" && covers.Params.Release != "" && strings.TrimSpace(g.Version) == "" {
		v.Warnings = append(v.Warnings, lang.Text{
			EN: "Name the version of the app: only the latest one at the time of the report counts.",
			JA: "アプリの版を書いてください。対象になるのは報告時点の最新版だけです。"})
	}
}

func (t *Terms) judgeProcess(g Target) Verdict {
	v := Verdict{Target: plain(g.Host), Reason: lang.Text{
		EN: "Another app that a link in the app opens is not covered. What the app's own browser displays is.",
		JA: "アプリ内のリンクから開く別のアプリは対象ではありません。アプリ内のブラウザに表示されるものは対象です。"}}
	if a := parseAddress(g.Host); a.refused.Empty() {
		v.Target, v.Warnings = a.host, a.warnings
	}
	v.rest(t.first(func(c *Clause) bool { return slices.Contains(c.Params.Outside, SeparateProcess) }), "outside")
	return v
}

// plain returns the name of an app as typed, on one line, without what cannot be seen.
func plain(typed string) string {
	typed = strings.Join(strings.FieldsFunc(typed, func(c rune) bool { return invisible(c) || c == utf8.RuneError }), " ")
	if r := []rune(typed); len(r) > maxAppName {
		return string(r[:maxAppName])
	}
	return typed
}

// maxAppName is how much of an app's name we keep, in characters.
const maxAppName = 100
