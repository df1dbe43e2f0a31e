package program

import (
	"slices"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/lang"
)

func terms(t testing.TB, id string) *Terms {
	t.Helper()
	v, ok := Default().Version(id)
	if !ok {
		t.Fatalf("there is no version %s", id)
	}
	return v
}

func TestJudge(t *testing.T) {
	const now, first = "2017-04-10", "2016-06-02"
	for _, c := range []struct {
		name     string
		terms    string
		target   Target
		in       bool
		host     string // canonical
		clause   string
		readings string
	}{
		{"a listed website", now, Target{Kind: Web, Host: "store.line.me"}, true, "store.line.me", "3.1.ii", "C-4"},
		{"a listed website with path, query and fragment", now, Target{Kind: Web, Host: "https://music.line.me/launch?a=b#c"}, true, "music.line.me", "3.1.ii", "C-4"},
		{"another name under the domains, on the web", now, Target{Kind: Web, Host: "foo.line.me"}, false, "foo.line.me", "3.1.ii", "C-4"},
		{"the domain itself, on the web", now, Target{Kind: Web, Host: "line.me"}, false, "line.me", "3.1.ii", "C-4"},
		{"a name below a listed website", now, Target{Kind: Web, Host: "a.store.line.me"}, false, "a.store.line.me", "3.1.ii", "C-4"},
		{"the same name, shown in the app", now, Target{Kind: App, Host: "foo.line.me"}, true, "foo.line.me", "3.1.i", "C-3"},
		{"the domain itself, shown in the app", now, Target{Kind: App, Host: "line.me"}, true, "line.me", "3.1.i", "C-3"},
		{"capital letters and a trailing dot", now, Target{Kind: App, Host: "LINE.ME."}, true, "line.me", "3.1.i", "C-3"},
		{"deep below the third domain", now, Target{Kind: App, Host: "a.b.line.naver.jp"}, true, "a.b.line.naver.jp", "3.1.i", "C-3"},
		{"the parent of a domain", now, Target{Kind: App, Host: "naver.jp"}, false, "naver.jp", "3.2.xii.a", "C-3"},
		{"a name that only ends like the domain", now, Target{Kind: App, Host: "evilline.me"}, false, "evilline.me", "3.2.xii.a", "C-3"},
		{"the domain as the beginning of another", now, Target{Kind: Web, Host: "line.me.example"}, false, "line.me.example", "3.2.xii.a", "C-3"},
		{"the domain as a user name", now, Target{Kind: Web, Host: "https://line.me@evil.example/"}, false, "evil.example", "3.2.xii.a", "C-3"},
		{"a user name before the domain", now, Target{Kind: App, Host: "https://evil.example@line.me/"}, true, "line.me", "3.1.i", "C-3"},
		{"two user names", now, Target{Kind: App, Host: "https://a@line.me@evil.example"}, false, "evil.example", "3.2.xii.a", "C-3"},
		{"a password with an at sign", now, Target{Kind: App, Host: "https://u:p@line.me:8443/"}, true, "line.me", "3.1.i", "C-3"},
		{"full-width letters", now, Target{Kind: App, Host: "ｌｉｎｅ．ｍｅ"}, true, "line.me", "3.1.i", "C-3"},
		{"an ideographic full stop", now, Target{Kind: App, Host: "line。me"}, true, "line.me", "3.1.i", "C-3"},
		{"a Cyrillic letter", now, Target{Kind: App, Host: "lіne.me"}, false, "xn--lne-jhd.me", "3.2.xii.a", "C-3"},
		{"the same in punycode", now, Target{Kind: App, Host: "XN--LNE-JHD.me"}, false, "xn--lne-jhd.me", "3.2.xii.a", "C-3"},
		{"a name in another script below the domain", now, Target{Kind: App, Host: "スタンプ.line.me"}, true, "xn--zckm6e5e.line.me", "3.1.i", "C-3"},
		{"an underscore in a name", now, Target{Kind: App, Host: "_dmarc.line.me"}, true, "_dmarc.line.me", "3.1.i", "C-3"},
		{"another app", now, Target{Kind: SeparateProcess, Host: "game.example"}, false, "game.example", "3.1.proviso", ""},
		{"another app on a listed domain", now, Target{Kind: SeparateProcess, Host: "store.line.me"}, false, "store.line.me", "3.1.proviso", ""},
		{"another app by its name", now, Target{Kind: SeparateProcess, Host: " LINE\u200b  Rangers\n"}, false, "LINE Rangers", "3.1.proviso", ""},
		{"the app itself", now, Target{Kind: App, Platform: "ios", Version: "7.1.2"}, true, "LINE for iOS", "3.1.i", "C-24"},
		{"a platform of the later version under the first", first, Target{Kind: App, Platform: "chrome"}, false, "", "3.2.xii.b", "C-24"},
		{"a platform that is none", now, Target{Kind: App, Platform: "symbian", Host: "line.me"}, false, "", "3.2.xii.b", "C-24"},
		{"a domain and a platform", now, Target{Kind: App, Platform: "android", Host: "line.me", Version: "7.0"}, true, "line.me", "3.1.i", "C-3"},
		{"no websites in the first version", first, Target{Kind: Web, Host: "store.line.me"}, false, "store.line.me", "3.1.i", "C-3"},
		{"a strange website under the first version", first, Target{Kind: Web, Host: "example.com"}, false, "example.com", "3.2.xii.a", "C-3"},
		{"the app's domains in the first version", first, Target{Kind: App, Host: "obs.line-apps.com"}, true, "obs.line-apps.com", "3.1.i", "C-3"},
		{"no way to reach it", now, Target{Host: "line.me"}, false, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := terms(t, c.terms).Judge(c.target)
			if v.In != c.in || v.Target != c.host || v.Clause != c.clause || strings.Join(v.Readings, " ") != c.readings {
				t.Errorf("Judge(%+v) = in %v, target %q, clause %q, readings %v; want %v, %q, %q, %q",
					c.target, v.In, v.Target, v.Clause, v.Readings, c.in, c.host, c.clause, c.readings)
			}
			if v.Reason.JA == "" || v.Reason.EN == "" {
				t.Errorf("no reason in both languages: %+v", v.Reason)
			}
		})
	}
}

// TestJudgeRefusesWhatTwoProgramsReadDifferently: none of these is covered, whatever stands in
// them, and none is given a canonical form that could be compared.
func TestJudgeRefusesWhatTwoProgramsReadDifferently(t *testing.T) {
	for _, c := range []struct{ name, host, says string }{
		{"nothing", "", "No address"},
		{"only spaces", " \u3000 ", "No address"},
		{"a backslash before a user sign", `https://line.me\@evil.example`, "backslash"},
		{"full-width separators", "https：／／line.me", "full-width"},
		{"a full-width at sign", "line.me＠evil.example", "full-width"},
		{"a fraction slash", "evil.example⁄.line.me", "look-alike"},
		{"a zero-width space", "li\u200bne.me", "cannot be seen"},
		{"a text turned around", "\u202eem.enil", "cannot be seen"},
		{"a soft hyphen", "li\u00adne.me", "cannot be seen"},
		{"a line break", "line.me\nevil.example", "cannot be seen"},
		{"a space inside", "line.me evil.example", "spaces"},
		{"percent-encoding", "line%2eme", "percent"},
		{"an encoded slash", "evil.example%2f.line.me", "percent"},
		{"a port that is none", "line.me:99999", "port"},
		{"an empty port", "https://line.me:/", "port"},
		{"script instead of an address", "javascript:alert(1)", "port"},
		{"another scheme", "ftp://line.me/", "not a web address"},
		{"an app's own scheme", "line://nv/settings", "not a web address"},
		{"two trailing dots", "line.me..", "valid domain name"},
		{"an empty label", "a..line.me", "valid domain name"},
		{"a leading dot", ".line.me", "valid domain name"},
		{"a label of 64 letters", strings.Repeat("a", 64) + ".line.me", "valid domain name"},
		{"a name of 300 letters", strings.Repeat("abcdefghi.", 30) + "line.me", "valid domain name"},
		{"punycode of nothing", "xn--.line.me", "valid domain name"},
		{"a sign no name has", "line!.me", "valid domain name"},
		{"an IPv4 address", "http://127.0.0.1/", "IP address"},
		{"a short IPv4 address", "127.1", "IP address"},
		{"a number", "2130706433", "IP address"},
		{"a hexadecimal number", "0x7f000001", "IP address"},
		{"full-width digits", "１２７.0.0.1", "IP address"},
		{"an IPv6 address", "http://[::1]:80/", "IP address"},
		{"bytes that are no text", "line\xff.me", "valid text"},
		{"an endless address", "https://line.me/" + strings.Repeat("a", 4096), "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for kind, covers := range map[string]string{Web: "3.1.ii", App: "3.1.i"} {
				if c.says == "IP address" {
					covers = "3.2.xii.a"
				}
				v := terms(t, "2017-04-10").Judge(Target{Kind: kind, Host: c.host})
				if v.In || v.Target != "" || v.Clause != covers || len(v.Readings) > 0 || !strings.Contains(v.Reason.EN, c.says) || v.Reason.JA == "" {
					t.Errorf("%s, %q: %+v", kind, c.host, v)
				}
			}
		})
	}
}

func TestJudgeWarns(t *testing.T) {
	for _, c := range []struct {
		name   string
		target Target
		says   string // nothing when no warning is due
	}{
		{"nothing to say about a plain host", Target{Kind: Web, Host: "store.line.me"}, ""},
		{"nothing to say about an honest foreign name", Target{Kind: Web, Host: "日本語.example"}, ""},
		{"nothing to say about Kanji beside Latin", Target{Kind: Web, Host: "日本語abc.example"}, ""},
		{"a user name", Target{Kind: App, Host: "https://evil.example@line.me/"}, "before @"},
		{"capital letters", Target{Kind: App, Host: "Line.me"}, "Capital"},
		{"a trailing dot", Target{Kind: App, Host: "line.me."}, "trailing dot"},
		{"full-width letters", Target{Kind: App, Host: "ｌｉｎｅ.me"}, "read as line.me"},
		{"a Cyrillic letter looks like the domain", Target{Kind: App, Host: "lіne.me"}, "looks like line.me"},
		{"a Cyrillic letter beside Latin ones", Target{Kind: App, Host: "lіne.me"}, "several scripts"},
		{"digits look like the domain", Target{Kind: App, Host: "1ine.me"}, "looks like line.me"},
		{"rn looks like m", Target{Kind: App, Host: "line.rne"}, "looks like line.me"},
		{"an accent looks like the domain", Target{Kind: App, Host: "liné.me"}, "looks like line.me"},
		{"a look-alike below a look-alike", Target{Kind: App, Host: "store.1ine.me"}, "looks like line.me"},
		{"the domain's name inside another", Target{Kind: App, Host: "line.me.example"}, "contains line.me"},
		{"the domain's name glued to another", Target{Kind: App, Host: "evilline.me"}, "contains line.me"},
		{"the domain's name with a tail", Target{Kind: Web, Host: "line.me-login.example"}, "contains line.me"},
		{"an app without its version", Target{Kind: App, Platform: "ios"}, "Name the version"},
		{"http instead of https", Target{Kind: Web, Host: "http://store.line.me/"}, "a person decides"},
		{"another port", Target{Kind: Web, Host: "https://store.line.me:8443/"}, "a person decides"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := terms(t, "2017-04-10").Judge(c.target)
			if c.says == "" {
				if len(v.Warnings) != 0 {
					t.Errorf("warnings: %v", v.Warnings)
				}
				return
			}
			if !slices.ContainsFunc(v.Warnings, func(w lang.Text) bool { return strings.Contains(w.EN, c.says) && w.JA != "" }) {
				t.Errorf("no warning says %q: %v", c.says, v.Warnings)
			}
		})
	}
}

func TestJudgeAsksAPersonAboutOtherSchemesAndPorts(t *testing.T) {
	for _, c := range []struct {
		host   string
		review bool
	}{
		{"https://store.line.me/", false}, {"store.line.me", false}, {"store.line.me:443", false},
		{"http://store.line.me/", true}, {"http://store.line.me:80/", true}, {"http://store.line.me:443/", true},
		{"https://store.line.me:8443/", true}, {"store.line.me:80", true},
	} {
		if v := terms(t, "2017-04-10").Judge(Target{Kind: Web, Host: c.host}); !v.In || v.Review != c.review {
			t.Errorf("%s: in %v, review %v", c.host, v.In, v.Review)
		}
	}
}

func FuzzJudge(f *testing.F) {
	for _, s := range []string{
		"store.line.me", "https://line.me@evil.example", "LINE.ME.", "ｌｉｎｅ．ｍｅ", "lіne.me", "xn--lne-jhd.me", "http://[::1]:80/",
		"0x7f.1", "a..b", "line.me\x00", "https://user:pw@line.me:443/?#@", "//line.me", "\u202eline.me", "xn--a", "日本語.line.me",
	} {
		f.Add(s)
	}
	v := terms(f, "2017-04-10")
	f.Fuzz(func(t *testing.T, typed string) {
		for _, kind := range []string{Web, App, SeparateProcess} {
			got := v.Judge(Target{Kind: kind, Host: typed})
			if kind == SeparateProcess {
				if got.In {
					t.Fatalf("%q as another app is covered", typed)
				}
				continue
			}
			if got.Target != "" && (!validHost(got.Target) || got.Target != strings.ToLower(got.Target)) {
				t.Fatalf("%q became %q", typed, got.Target)
			}
			if got.In && !under(got.Target, v.Domains) {
				t.Fatalf("%q is covered as %q", typed, got.Target)
			}
			if got.Target == "" {
				continue
			}
			// The canonical form is its own canonical form, and judged the same.
			if again := v.Judge(Target{Kind: kind, Host: got.Target}); again.Target != got.Target || again.In != got.In || again.Clause != got.Clause {
				t.Fatalf("%q became %q, which became %+v", typed, got.Target, again)
			}
		}
	})
}
