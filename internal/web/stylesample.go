package web

import (
	"time"

	"hinomi.dev/hinomi/internal/lang"
)

// styleSaid is what a reporter may have written.
var styleSaid = lang.Text{
	EN: `I noticed a **bot account as a friend** that I never added. I could reproduce it with two accounts of my own.

### Steps

1. Sign in with account A and keep the ` + "`X-Line-Access`" + ` header.
2. Send this request with the internal id of account B:

` + "```" + `http
POST /clova/v1/friends/autoAdd HTTP/1.1
Host: api.line.me
X-Line-Access: eyJhbGciOiJIUzI1NiJ9.…

{"mid":"u7c0b6f1d9e3a4…","source":"CLOVA","consent":false}
` + "```" + `

3. Account B has the bot as a friend at once. No question, no notice.

| Account | Consent asked | Friend after |
|---|:-:|--:|
| own, A | no | 0.4 s |
| own, B | no | 0.4 s |

See [the developer page](https://developers.line.me/en/docs/clova/) and https://example.com/poc.`,
	JA: `自分で追加した覚えのない**ボットが友だちに入っている**ことに気づきました。自分の2つのアカウントで再現できます。

### 手順

1. アカウントAでサインインし、` + "`X-Line-Access`" + ` ヘッダーを控えます。
2. アカウントBの内部識別子を指定して、次のリクエストを送ります。

` + "```" + `http
POST /clova/v1/friends/autoAdd HTTP/1.1
Host: api.line.me
X-Line-Access: eyJhbGciOiJIUzI1NiJ9.…

{"mid":"u7c0b6f1d9e3a4…","source":"CLOVA","consent":false}
` + "```" + `

3. アカウントBに、確認も通知もなくボットが追加されます。

| アカウント | 同意の確認 | 追加まで |
|---|:-:|--:|
| 自分のA | なし | 0.4秒 |
| 自分のB | なし | 0.4秒 |

[開発者向けページ](https://developers.line.me/ja/docs/clova/)と https://example.com/poc もご覧ください。`,
}

// styleHostile is what an attacker may have written.
const styleHostile = "<script>alert(1)</script> <img src=x onerror=alert(1)> [line.me](https://evil.example/login) " +
	"[open](javascript:alert(document.cookie)) https://аpple.example/ report\u202efdp.exe pass\u200bword ![photo](https://tracker.example/p.png)\n\n" +
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func styleRows() []styleRow {
	day := func(month time.Month, d int) time.Time { return time.Date(2020, month, d, 15, 0, 0, 0, time.UTC) }
	since := func(month time.Month, d, h int) time.Time { return time.Date(2020, month, d, h, 30, 0, 0, time.UTC) }
	t := func(en, ja string) lang.Text { return lang.Text{EN: en, JA: ja} }
	ours, reporters, board, fixers := t("Triage", "トリアージ"), t("Reporter", "報告者"), t("Reward board", "審査会"), t("Developers", "開発")
	return []styleRow{
		{"7K3M-Q2X", "api.line.me", t("A bot adds itself as a friend through the CLOVA API without the user's consent", "CLOVA の API を通じて、ボットが利用者の同意なく友だちに追加される"),
			t("Authorisation", "認可の不備"), "now", "High", "7.5", true, ours, day(10, 26), since(10, 15, 8)},
		{"4TB9-W0C", "store.line.me", t("Stored XSS in the name of a sticker set, seen by everyone who opens the shop page of its creator", "スタンプ名に保存型XSS。制作者のショップページを開いた全員に影響"),
			t("XSS", "XSS"), "soon", "High", "8.1", true, ours, day(10, 28), since(10, 21, 2)},
		{"M5E1-8RJ", "access.line.me", t("Sign-in code accepted twice within the same minute", "同じ1分間にログインコードを2回使用できる"),
			t("Authentication bypass", "認証の迂回"), "soon", "Medium", "6.5", false, reporters, day(10, 30), since(10, 12, 5)},
		{"0ZQH-3VD", "LINE for iOS 10.17.0", t("共有シートから開いたURLの検証漏れ", "共有シートから開いたURLの検証漏れ"), t("Other", "その他"), "normal", "Medium", "5.4", true, ours, day(10, 30), since(10, 20, 6)},
		{"X2CN-71A", "line.me", t("Missing rate limit on the form that sends an SMS", "SMS送信フォームの回数制限なし"), t("Excluded 3.2.v", "対象外 3.2.v"), "normal", "Low", "3.7", false, board, day(11, 4), since(10, 9, 1)},
		{"B8WT-5KE", "notify-bot.line.me", t("SSRF through the preview of a link reaches the metadata address of the host", "リンクプレビュー経由のSSRFでホストのメタデータに到達"),
			t("SSRF", "SSRF"), "normal", "High", "8.6", false, fixers, day(11, 13), since(9, 24, 9)},
		{"9DPR-6YM", "music.line.me", t("Clickjacking on the page of settings", "設定ページでのクリックジャッキング"), t("Excluded 3.2.xxv", "対象外 3.2.xxv"), "low", "Low", "3.1", false, reporters, day(11, 10), since(10, 2, 4)},
		{"FH40-N2S", "LINE for Android 10.16.2", t("Keep の共有リンクが、退会後も30日間そのまま開ける状態になっている（第三者にも閲覧可能、期限の表示なし）", "Keep の共有リンクが、退会後も30日間そのまま開ける状態になっている（第三者にも閲覧可能、期限の表示なし）"),
			t("Information disclosure", "情報漏えい"), "normal", "Medium", "5.3", true, ours, day(11, 2), since(10, 26, 22)},
		{"K1VV-9TG", "live.line.me", t("CSRF when leaving a channel", "チャンネル退会時のCSRF"), t("CSRF", "CSRF"), "low", "Low", "4.3", false, fixers, day(11, 20), since(8, 27, 3)},
		{"3RYC-0JB", "news.line.me", t("Version of the web server in the error page", "エラーページにWebサーバーのバージョンを表示"), t("Excluded 3.2.xxi", "対象外 3.2.xxi"), "low", "None", "0.0", true, ours, day(10, 29), since(10, 26, 10)},
	}
}
