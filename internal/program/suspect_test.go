package program

import (
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/lang"
)

// suspected returns the clauses that a draft is suspected of, as one string.
func suspected(t testing.TB, draft, class string) string {
	t.Helper()
	var ids []string
	for _, s := range terms(t, "2017-04-10").Suspect(draft, class, lang.EN) {
		ids = append(ids, s.Clause.ID)
	}
	return strings.Join(ids, " ")
}

func TestSuspectFindsEachExclusionInBothLanguages(t *testing.T) {
	for _, c := range []struct{ clause, en, ja string }{
		{"3.2.i", "The attached Acunetix report lists the issues.", "脆弱性スキャナーで検出された内容を送ります。"},
		{"3.2.ii", "In theory an attacker could do this.", "理論上は可能だと思いますが、未検証です。"},
		{"3.2.iii", "This leads to a denial of service of the API.", "この通信を繰り返すとサーバーがサービス拒否の状態になります。"},
		{"3.2.iv", "There is no rate limit on the login form, so I could brute-force it.", "認証コードの総当たりが可能です。"},
		{"3.2.v", "An attacker can spam every user.", "任意のユーザーにスパムを送信できます。"},
		{"3.2.vi", "The password reset link does not expire.", "パスワードポリシーが弱いです。"},
		{"3.2.vii", "The CSRF token is missing on the language form.", "言語設定のフォームにCSRFトークンがありません。"},
		{"3.2.viii", "Logout CSRF on the site.", "CSRFによりログアウトさせることができます。"},
		{"3.2.ix", "With physical access to the phone one can read the chat.", "ロック解除された端末があれば閲覧できます。"},
		{"3.2.x", "The X-Frame-Options header is missing.", "セキュリティヘッダーが設定されていません。"},
		{"3.2.xi", "This is a self-XSS in the profile form.", "セルフXSSが可能です。"},
		{"3.2.xii.b", "Tested on LINE for Mac.", "PC版LINEで再現します。"},
		{"3.2.xii.c", "The bug is in LINE Camera.", "ツムツムのログインに問題があります。"},
		{"3.2.xiii", "It works in IE 11 on Windows XP.", "古いブラウザで実行されます。"},
		{"3.2.xiv", "Autofill is allowed on the password field.", "パスワード欄でオートコンプリートが有効です。"},
		{"3.2.xv", "The language cookie has no Secure flag.", "CookieにSecure属性が付いていません。"},
		{"3.2.xvi", "The server accepts TLS 1.0 and RC4.", "弱い暗号スイートが有効です。"},
		{"3.2.xvii", "On a rooted device the messages can be read.", "ルート化した端末でデータを閲覧できます。"},
		{"3.2.xviii", "Anyone with the URL can see a profile picture.", "プロフィール画像がURLだけで誰でも閲覧できます。"},
		{"3.2.xix", "I registered with a virtual phone number.", "仮想電話番号で登録できます。"},
		{"3.2.xx", "This is CVE-2016-5195.", "すでに公開されている問題ですが報告します。"},
		{"3.2.xxi", "The server banner shows nginx.", "サーバーのバナー情報が表示されます。"},
		{"3.2.xxii", "A stack trace is shown.", "スタックトレースが表示されます。"},
		{"3.2.xxiii", "There is no DMARC policy.", "SPFレコードが設定されていません。"},
		{"3.2.xxiv", "The TRACE method is enabled.", "TRACEメソッドが有効です。"},
		{"3.2.xxv", "The page allows clickjacking.", "クリック・ジャッキングが可能です。"},
		{"3.2.xxvi.a", "After a refund by the App Store the coins stay.", "App Storeで返金を受けてもコインが残ります。"},
		{"3.2.xxvi.b", "I modified the response so that the sticker seems bought.", "レスポンスを改ざんするとスタンプを持っているように見えます。"},
	} {
		t.Run(c.clause, func(t *testing.T) {
			if got := suspected(t, c.en, ""); got != c.clause {
				t.Errorf("%q is suspected of %q", c.en, got)
			}
			if got := suspected(t, c.ja, ""); got != c.clause {
				t.Errorf("%q is suspected of %q", c.ja, got)
			}
		})
	}
}

// TestSuspectIsCareful: a false alarm teaches people not to read the true ones.
func TestSuspectIsCareful(t *testing.T) {
	for _, c := range []struct{ name, draft, class string }{
		{"an empty draft", "", ""},
		{"a word inside another word", "The spamassassin of our own server is not concerned; see wspf and adkim-less.", ""},
		{"what it is not", "This is not a denial of service. No brute force is needed, and no physical access.", ""},
		{"what it is not, in Japanese", "これはサービス妨害ではありません。総当たりは不要です。", ""},
		{"a scanner that was not used", "I found this by hand, not by using Nessus.", ""},
		{"headers in a dumped response", "The response was:\n```\nX-Powered-By: PHP\nServer banner: nginx\nclickjacking\n```\nThe id is not checked.", ""},
		{"code by its indentation", "Steps:\n\n    curl -X TRACE https://line.me # TRACE method\n\nThe id is not checked.", ""},
		{"a root cause", "The problem is rooted in the session handling.", ""},
		{"a search box with suggestions", "The autocomplete of the search box reflects the term, so script runs for whoever opens the link.", "xss"},
		{"an error message that proves an injection", "The verbose error shows that the SQL statement was changed; a stack trace follows.", "sql_injection"},
		{"a reset that opens the account", "The reset link does not expire and its token is the user number, so any account can be taken over.", "authentication_bypass"},
		{"a CSRF that changes the address of the account", "A CSRF changes the mail address after login.", "csrf"},
		{"the report of 2020 without the word", "他のユーザーの同意なく、専用アカウントが友だちに追加され、グループに招待されます。", "other"},
		{"a stored script that runs for others", "Stored XSS in the group name runs for every member of the group.", "xss"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := suspected(t, c.draft, c.class); got != "" {
				t.Errorf("suspected of %q", got)
			}
		})
	}
}

func TestSuspectByTaxonomy(t *testing.T) {
	for _, c := range []struct{ name, class, want string }{
		{"the node itself", "server_security_misconfiguration.clickjacking", "3.2.xxv"},
		{"a node below it", "server_security_misconfiguration.clickjacking.form_input", "3.2.xxv"},
		{"a node that only begins alike", "server_security_misconfiguration.clickjacking_of_another_kind", ""},
		{"the program's own class", "xss", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := suspected(t, "", c.class); got != c.want {
				t.Errorf("suspected of %q, want %q", got, c.want)
			}
		})
	}
}

func TestSuspectSaysWhyInTheLanguageAsked(t *testing.T) {
	draft := "The page allows ＣＬＩＣＫＪＡＣＫＩＮＧ."
	for l, want := range map[lang.Lang]string{
		lang.EN: "The draft speaks of “clickjacking”.",
		lang.JA: "下書きに「clickjacking」に当たる記述があります。",
	} {
		s := terms(t, "2017-04-10").Suspect(draft, "", l)
		if len(s) != 1 || s[0].Why != want || s[0].Found != "clickjacking" || s[0].Clause.Unless.In(l) == "" {
			t.Errorf("%s: %+v", l, s)
		}
	}
}

func FuzzSuspect(f *testing.F) {
	for _, s := range []string{"Logout CSRF.", "```\nspf", "これはスパムではありません。", "not a dos attack\xff", "cve-", strings.Repeat("no ", 100) + "spam"} {
		f.Add(s, "xss")
	}
	v := terms(f, "2017-04-10")
	f.Fuzz(func(t *testing.T, draft, class string) {
		seen := map[string]bool{}
		for _, s := range v.Suspect(draft, class, lang.JA) {
			if s.Clause == nil || s.Clause.Kind != Exclusion || s.Why == "" || seen[s.Clause.ID] {
				t.Fatalf("%q: %+v", draft, s)
			}
			seen[s.Clause.ID] = true
		}
	})
}
