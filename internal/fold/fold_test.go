package fold

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSpellingsOfTheSameWordAreEqual(t *testing.T) {
	for name, same := range map[string][]string{
		"full and half width":              {"XSS 脆弱性", "ＸＳＳ　脆弱性", "xss  脆弱性 "},
		"half-width kana, voiced marks":    {"パスワード", "ﾊﾟｽﾜｰﾄﾞ", "ハ゜スワート゛", "ハ\u309aスワート\u3099", "ぱすわーど"},
		"hiragana and katakana":            {"ログイン", "ろぐいん", "ろぐイン"},
		"small and large kana":             {"ウィルス", "ウイルス"},
		"vu":                               {"ヴァージョン", "バージョン", "う゛ぁーじょん"},
		"counters":                         {"三ヶ月", "三か月", "三カ月", "三ヵ月"},
		"iteration marks":                  {"いすゞ", "いすず", "イスヾ"},
		"iteration of kanji":               {"人々", "人人", "人〻"},
		"middle dots and spaces":           {"クロスサイト・スクリプティング", "クロス･サイト･スクリプティング", "クロスサイト スクリプティング", "クロスサイトスクリプティング"},
		"a dash in place of the long mark": {"サーバ", "サ―バ", "サ−バ", "サｰバ", "サーーバ"},
		"what cannot be seen":              {"line.me", "li\u200bne.me", "li\u00adne.\u2060me", "\ufefflin\u202ee.me", "l\u034fine.m\ufe0fe"},
		"ideographic variants":             {"葛飾", "葛\U000e0100飾"},
		"accents":                          {"café", "cafe\u0301", "CAFÉ", "cafe"},
		"stacked marks":                    {"admin", "a\u0300\u0301\u0302d\u0335min"},
		"case":                             {"STRASSE", "straße", "Straße"},
		"Greek":                            {"ΟΔΟΣ", "οδος", "οδός"},
		"quotation marks":                  {`don't "run"`, "don’t “run”"},
		"dashes":                           {"cross-site", "cross‐site", "cross–site", "cross－site"},
		"stops":                            {"はい、そうです。", "はい，そうです．"},
		"compatibility":                    {"㈱①㌔ﬁ", "(株)1キロfi"},
		"a broken line":                    {"認証を\n回避", "認証を回避"},
		"white space":                      {"a\tb\r\nc", "a b c", " a\u00a0b\u2003c\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range same[1:] {
				if Letters(s) != Letters(same[0]) {
					t.Errorf("Letters(%q) = %q, Letters(%q) = %q", s, Letters(s), same[0], Letters(same[0]))
				}
			}
		})
	}
}

func TestTextForgetsLongMarksThatMayBeLeftOut(t *testing.T) {
	for _, same := range [][]string{
		{"サーバー", "サーバ", "ｻｰﾊﾞｰ"},
		{"メールサーバーの設定", "メールサーバの設定"},
		{"データベース", "データーベース"},
		{"ユーザーエージェント", "ユーザエージェント", "ユーザー・エージェント"},
		{"インターフェース", "インタフェース"},
		{"メモリー", "メモリ"},
	} {
		for _, s := range same[1:] {
			if Text(s) != Text(same[0]) {
				t.Errorf("Text(%q) = %q, Text(%q) = %q", s, Text(s), same[0], Text(same[0]))
			}
		}
	}
}

func TestDifferentTextsStayDifferent(t *testing.T) {
	for _, pair := range [][2]string{
		{"キー", "木"}, {"キー", "キ"}, {"カード", "角"}, {"ハッシュ", "ハシ"}, {"か", "が"}, {"は", "ぱ"},
		{"リーク", "リク"}, {"a b", "ab"}, {"認証 回避", "認証回避"}, {"ラーメン", "ラメン"},
		{"認証\n\n回避", "認証回避"}, {"テスト です", "テストです"}, {"日本", "日末"}, {"paypal", "pаypal"}, // the last has a Cyrillic а
	} {
		if Text(pair[0]) == Text(pair[1]) {
			t.Errorf("Text(%q) == Text(%q)", pair[0], pair[1])
		}
	}
}

func TestEverySignFoldsToSomethingStable(t *testing.T) {
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) || r > 0x3ffff && r < 0xe0000 || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C) {
			continue
		}
		s := "a" + string(r) + "か"
		once := Letters(s)
		if twice := Letters(once); twice != once {
			t.Errorf("%U: %q folds to %q and then to %q", r, s, once, twice)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "サーバー", "ﾊﾟｽﾜｰﾄﾞ", "ヴヴァー゛", "a\u0301\u3099か゛々ゝ", "\xff\xfeA", "テスト です\n\nはい", "인증 우회", "ヽヾーー−ア"} {
		f.Add(s, "の")
	}
	f.Fuzz(func(t *testing.T, s, u string) {
		for name, fold := range map[string]func(string) string{"Letters": Letters, "Text": Text} {
			once := fold(s)
			if !utf8.ValidString(once) {
				t.Fatalf("%s(%q) = %q, not UTF-8", name, s, once)
			}
			if twice := fold(once); twice != once {
				t.Fatalf("%s(%q) = %q, and again %q", name, s, once, twice)
			}
			if strings.Contains(once, "  ") || strings.TrimSpace(once) != once {
				t.Fatalf("%s(%q) = %q: spaces", name, s, once)
			}
		}
		// A whole line is found inside a longer text.
		if !strings.Contains(Letters(u+"\n\n"+s+"\n\n"+u), Letters(s)) {
			t.Fatalf("Letters(%q) is not in the text around it", s)
		}
	})
}
