package fold

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestConceptsAreFoundInBothLanguages(t *testing.T) {
	for name, texts := range map[string][]string{
		"!xss":             {"A stored XSS on the profile", "Cross Site Scripting in search", "ｸﾛｽｻｲﾄ・ｽｸﾘﾌﾟﾃｨﾝｸﾞの脆弱性", "検索欄のXSSについて"},
		"!csrf":            {"CSRF on logout", "cross-site request forgery", "クロスサイトリクエストフォージェリ（CSRF）", "クロスサイト・リクエスト・フォージェリー"},
		"!sqli":            {"Blind SQLi", "SQL Injection in id=", "SQLインジェクション", "ＳＱＬ インジェクションが可能"},
		"!rce":             {"RCE via upload", "remote code execution", "任意のコードが実行される", "リモートコード実行"},
		"!auth-bypass":     {"Authentication bypass", "An attacker can bypass authentication", "認証回避の脆弱性", "認証を回避できる", "認証バイパス"},
		"!access-control":  {"IDOR in /api/orders/1", "アクセス制御の不備"},
		"!ssrf":            {"SSRF", "サーバーサイド・リクエスト・フォージェリ", "サーバサイドリクエストフォージェリ"},
		"!purchase-bypass": {"price tampering at checkout", "金額改ざんにより"},
		"password-reset":   {"the password reset mail", "パスワード再設定のリンク", "パスワードリセット"},
		"friend":           {"adds friends", "友だちを追加", "友達一覧"},
		"server":           {"the server answers", "サーバーが応答", "メールサーバの"},
	} {
		for _, s := range texts {
			if !slices.Contains(Concepts(s), name) {
				t.Errorf("%q does not speak of %s: %v", s, name, Concepts(s))
			}
		}
	}
}

func TestConceptsAreWholeWords(t *testing.T) {
	for _, s := range []string{"the source of the xsslt file", "resources", "a rcent change", "dossier", "", "脆弱", "認証局"} {
		for _, name := range Concepts(s) {
			if strings.HasPrefix(name, "!") {
				t.Errorf("%q speaks of %s", s, name)
			}
		}
	}
}

func TestTheConceptsAreWellWritten(t *testing.T) {
	owner := map[string]string{}
	names := map[string]bool{}
	for start, list := range forms() {
		for _, f := range list {
			names[f.name] = true
			if Dense([]rune(start)[0]) && utf8.RuneCountInString(start) < 2 {
				t.Errorf("%s: the form %q is too short to mean something", f.name, f.text)
			}
			if other := owner[f.text]; other != "" {
				t.Errorf("%q is both %s and %s", f.text, other, f.name)
			}
			owner[f.text] = f.name
			if !slices.Contains(Concepts("x "+f.text+" x"), f.name) {
				t.Errorf("%s is not found by its form %q", f.name, f.text)
			}
		}
	}
	if len(names) < 80 {
		t.Errorf("only %d concepts were read", len(names))
	}
}

func BenchmarkConcepts(b *testing.B) {
	s := strings.Repeat("The flaw in https://store.line.me/cart?item=1 shows. 攻撃者は認証を通らずにサーバーの設定を得ます。", 12)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Concepts(s)
	}
}
