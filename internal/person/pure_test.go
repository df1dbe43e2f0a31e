package person

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
)

func TestMailAddressesAreReadAndFolded(t *testing.T) {
	for in, want := range map[string]string{
		" Mei.Sato@Example.COM ": "mei.sato@example.com",
		"mei+line@example.test":  "mei+line@example.test",
		"ｍｅｉ@example.test":       "mei@example.test",
		"佐藤@例え.テスト":              "佐藤@xn--r8jz45g.xn--zckzah",
		"佐藤@XN--R8JZ45G.test":    "佐藤@xn--r8jz45g.test",
		"root@localhost":         "root@localhost",
		"o'neil@example.test":    "o'neil@example.test",
	} {
		if _, key, err := ParseMail(in); err != nil || key != want {
			t.Errorf("ParseMail(%q) = %q, %v; want %q", in, key, err, want)
		}
	}
}

func TestWhatIsNoMailAddressIsRefusedKindly(t *testing.T) {
	for _, in := range []string{
		"", "mei", "@example.test", "mei@", "mei@example", "mei@@example.test", "me i@example.test", "mei@exa mple.test",
		"mei@example.test\r\nBcc: all@example.test", "mei@192.0.2.7", "mei@[192.0.2.7]", `"a b"@example.test`, "mei<x>@example.test",
		".mei@example.test", "mei.@example.test", "a..b@example.test", "mei@-a.test", "mei@a..test", "mei\u202e@example.test", "mei@\xff.test",
		strings.Repeat("a", 65) + "@example.test", strings.Repeat("a", 10_000) + "@example.test", "mei@" + strings.Repeat("a.", 130) + "test",
	} {
		if got, key, err := ParseMail(in); !fault.Is(err, fault.Invalid) || fault.As(err).Field != "mail" {
			t.Errorf("ParseMail(%.40q) = %q, %q, %v; want it refused at the field", in, got, key, err)
		}
	}
}

func FuzzParseMail(f *testing.F) {
	for _, s := range []string{"mei@example.test", "佐藤@例え.テスト", "a@b@c.d", "\x00@\x00", "ﷺ@a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		mail, key, err := ParseMail(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(mail+key, "\r\n\x00 <>,;:\"") {
			t.Errorf("%q became %q, %q", s, mail, key)
		}
		again, key2, err := ParseMail(mail)
		if err != nil || again != mail || key2 != key {
			t.Errorf("%q became %q, %q, and that %q, %q, %v", s, mail, key, again, key2, err)
		}
	})
}

func TestNamesStayAsTheirOwnersSpellThem(t *testing.T) {
	for in, want := range map[string]string{
		"佐藤　芽衣":          "佐藤　芽衣",
		"  Mei  Sato ":   "Mei Sato",
		"Mei\u00a0Sato":  "Mei Sato",
		"辻\U000E0100":    "辻\U000E0100", // the form of 辻 with one dot
		"\ufa19 太郎":      "\ufa19 太郎",   // not normalised into U+795E
		"علی\u200cرضا":   "علی\u200cرضا",
		"ශ්\u200dරී":     "ශ්\u200dරී",
		"Nguyễn Thị Hồ":  "Nguyễn Thị Hồ",
		"x":              "x",
		"~{*_*}~":        "~{*_*}~",
		"O'Neil-Ōe, Jr.": "O'Neil-Ōe, Jr.",
		"<script>":       "<script>", // a name is text; pages escape it
		"":               "",
	} {
		if got, err := CleanName(in, "name"); err != nil || got != want {
			t.Errorf("CleanName(%+q) = %+q, %v; want %+q", in, got, err, want)
		}
	}
}

func TestNamesThatDeceiveAreRefused(t *testing.T) {
	for what, in := range map[string]string{
		"direction override":     "Mei\u202eotaS",
		"isolate":                "\u2066Mei\u2069",
		"mark":                   "Mei\u200f",
		"zero width space":       "Me\u200bi",
		"byte order mark":        "\ufeffMei",
		"joiner between Latin":   "Me\u200di",
		"joiner at the end":      "علی\u200c",
		"selector after Latin":   "M\ufe0f",
		"control character":      "Mei\x00",
		"line break":             "Mei\nSato",
		"line separator":         "Mei\u2028Sato",
		"blank Hangul letter":    "\u3164",
		"soft hyphen":            "Me\u00adi",
		"tag":                    "Mei\U000E0041",
		"private use":            "\ue000",
		"broken text":            "Mei\xff",
		"replacement character":  "Mei\ufffd",
		"noncharacter":           "Mei\uffff",
		"stacked marks":          "M" + strings.Repeat("\u0301", 7),
		"ten thousand letters":   strings.Repeat("寿", 10_000),
		"two hundred and one":    strings.Repeat("a", 201),
		"nothing but invisibles": "\u2060\u2061",
	} {
		got, err := CleanName(in, "alias")
		if !fault.Is(err, fault.Invalid) || fault.As(err).Field != "alias" {
			t.Errorf("%s: CleanName = %+q, %v; want it refused at the field", what, got, err)
			continue
		}
		if text := fault.As(err).Text; text.EN == "" || text.JA == "" || strings.Contains(text.EN+text.JA, "%!") {
			t.Errorf("%s: the person reads %+v", what, text)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"佐藤　芽衣", "Me\u200bi", "علی\u200cرضا", "辻\U000E0100", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := CleanName(s, "name")
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxName {
			t.Errorf("CleanName(%+q) = %+q", s, got)
		}
		for _, r := range got {
			if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x200b || r == 0xfeff {
				t.Errorf("CleanName(%+q) let U+%04X through", s, r)
			}
		}
		if again, err := CleanName(got, "name"); err != nil || again != got {
			t.Errorf("CleanName(%+q) = %+q, and of that %+q, %v", s, got, again, err)
		}
	})
}

func TestRolesAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		in   []access.Role
		want string // joined, or empty when refused
	}{
		"in order, once":          {[]access.Role{access.Admin, access.Triager, access.Admin}, "triager admin"},
		"none":                    {nil, ""},
		"one that does not exist": {[]access.Role{"king"}, ""},
		"admin who pays":          {[]access.Role{access.Admin, access.Payer}, ""},
	} {
		got, err := checkRoles(c.in)
		if (err == nil) != (c.want != "") || joinRoles(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", name, joinRoles(got), err, c.want)
		}
	}
}

func TestNobodyGivesARoleTheyLackUnlessAdministrator(t *testing.T) {
	owner := access.Caller{ID: "a", Kind: access.Staff, Roles: []access.Role{access.Owner}}
	admin := access.Caller{ID: "b", Kind: access.Staff, Roles: []access.Role{access.Admin}}
	if mayGrant(owner, []access.Role{access.Owner}) != nil || mayGrant(owner, []access.Role{access.Admin}) == nil {
		t.Error("an owner may give owner and not admin")
	}
	if mayGrant(admin, []access.Role{access.Payer}) != nil || mayGrant(access.Self, access.Roles) != nil {
		t.Error("an administrator and the product itself may give every role")
	}
}
