package mail

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"hinomi.dev/hinomi/internal/lang"
)

// everything is data enough for any mail.
func everything() map[string]string {
	return map[string]string{
		"program": "LINE Security Desk", "name": "葵", "link": "https://desk.test/r/HNM-7Q2X?key=k", "expires": "2020-10-15T17:56:03+09:00",
		"by": "Ren", "what": "passkey_added", "at": "2020-10-15T08:56:03Z", "report": "HNM-7Q2X", "reply_by": "2020-11-15T00:00:00+09:00",
		"due": "2020-10-22T15:00:00Z", "kind": "reply",
		"level": "critical",
	}
}

func TestEveryMailIsWrittenInBothLanguages(t *testing.T) {
	entries, err := fs.ReadDir(files, "template")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	if known := slices.Sorted(maps.Keys(forms)); !slices.Equal(names, known) {
		t.Fatalf("files %v, forms %v", names, known)
	}
	for name, f := range forms {
		for _, l := range []lang.Lang{lang.JA, lang.EN} {
			full := everything()
			least := map[string]string{"program": full["program"]}
			for _, k := range f.needs {
				least[k] = full[k]
			}
			for which, data := range map[string]map[string]string{"full": full, "least": least} {
				subject, body, err := render(name, l, data)
				if err != nil {
					t.Fatalf("%s %s %s: %v", name, l, which, err)
				}
				if strings.ContainsAny(subject, "\r\n") || !strings.Contains(subject, data["program"]) {
					t.Errorf("%s %s: subject %q", name, l, subject)
				}
				if !strings.Contains(body, "\n"+data["link"]+"\n") {
					t.Errorf("%s %s: the link does not stand on a line of its own:\n%s", name, l, body)
				}
				if japanese := strings.ContainsFunc(strings.ReplaceAll(body, "葵", ""), func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) }); japanese != (l == lang.JA) {
					t.Errorf("%s in %s is written in the other language:\n%s", name, l, body)
				}
				if strings.Contains(body, "\n\n\n") || strings.Contains(body, "no value") {
					t.Errorf("%s %s has holes:\n%s", name, l, body)
				}
			}
			for _, k := range append([]string{"program"}, f.needs...) {
				data := everything()
				delete(data, k)
				if _, _, err := render(name, l, data); err == nil {
					t.Errorf("%s %s was written without %s", name, l, k)
				}
			}
		}
	}
}

func TestWhatWasReportedIsNotInAMail(t *testing.T) {
	data := everything()
	data["title"], data["body"], data["amount"] = "SECRET TITLE", "SECRET TEXT", "SECRET SUM"
	for name := range forms {
		for _, l := range []lang.Lang{lang.JA, lang.EN} {
			subject, body, err := render(name, l, data)
			if err != nil || strings.Contains(subject+body, "SECRET") {
				t.Errorf("%s %s: %v\n%s", name, l, err, body)
			}
		}
	}
}

func TestAMailReadsLikeThis(t *testing.T) {
	data := everything()
	subject, body, err := render("message_copy", lang.JA, data)
	if err != nil {
		t.Fatal(err)
	}
	const want = `葵 様

ご報告 HNM-7Q2X について、アカウントにメッセージが届いています。

https://desk.test/r/HNM-7Q2X?key=k

2020年11月14日 24:00（日本時間）までにご返信をお願いします。

メールの経路では秘密が守られないため、本文は載せていません。ご返信もアカウントからお願いします。

-- 
LINE Security Desk（このメールに返信いただいても、お読みできません）
`
	if subject != "【LINE Security Desk】報告 HNM-7Q2X に新しいメッセージがあります" || body != want {
		t.Errorf("%s\n%s", subject, body)
	}
}

func TestEveryChangeOfACredentialIsNamed(t *testing.T) {
	seen := map[string]string{}
	for _, what := range []string{"passkey_added", "passkey_removed", "password_changed", "totp_added", "totp_removed", "mail_changed", "something else"} {
		data := everything()
		data["what"] = what
		for _, l := range []lang.Lang{lang.JA, lang.EN} {
			_, body, err := render("credential_changed", l, data)
			if err != nil {
				t.Fatal(err)
			}
			if other, twice := seen[body]; twice {
				t.Errorf("%s reads like %s", what, other)
			}
			seen[body] = what
		}
	}
}

func TestMidnightIsTheEndOfTheDayBefore(t *testing.T) {
	for in, want := range map[string][2]string{
		"2020-10-22T15:00:00Z":      {"22 October 2020, 24:00 JST", "2020年10月22日 24:00（日本時間）"},
		"2021-01-01T00:00:00+09:00": {"31 December 2020, 24:00 JST", "2020年12月31日 24:00（日本時間）"},
		"2020-10-22T15:00:01Z":      {"23 October 2020, 00:00 JST", "2020年10月23日 00:00（日本時間）"},
		"2020-10-22T08:56:00Z":      {"22 October 2020, 17:56 JST", "2020年10月22日 17:56（日本時間）"},
	} {
		en, err1 := until("en", in)
		ja, err2 := until("ja", in)
		if en != want[0] || ja != want[1] || err1 != nil || err2 != nil {
			t.Errorf("%s: %q, %q", in, en, ja)
		}
	}
	if _, err := until("en", "tomorrow"); err == nil {
		t.Error("a date that is none was written")
	}
}
