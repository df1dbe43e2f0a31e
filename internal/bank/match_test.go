package bank

import (
	"testing"

	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		what, name, kana, holder string
		want                     Answer
		reason                   string
	}{
		{"accents and case", "José Núñez", "", "JOSE NUNEZ", Yes, "same"},
		{"the family name first", "José Núñez", "", "NUNEZ, JOSE", Yes, "same"},
		{"accents written beside their letters", "Jose\u0301 Nu\u0301n\u0303ez", "", "José Núñez", Yes, "same"},
		{"a hyphen is a space", "Jean-Pierre Martin", "", "JEAN PIERRE MARTIN", Yes, "same"},
		{"a hyphen is nothing", "Kim Min-jun", "", "KIM MINJUN", Yes, "same"},
		{"an apostrophe is nothing", "Sinéad O’Brien", "", "SINEAD OBRIEN", Yes, "same"},
		{"an umlaut dropped", "Jürgen Müller", "", "JURGEN MULLER", Yes, "same"},
		{"an umlaut spelled out", "Jürgen Müller", "", "JUERGEN MUELLER", Yes, "same"},
		{"letters that are no letter with an accent", "Łukasz Strauß", "", "LUKASZ STRAUSS", Yes, "same"},
		{"full-width letters", "Jane Doe", "", "ＪＡＮＥ　ＤＯＥ", Yes, "same"},
		{"a family name that is a legal form elsewhere", "Maria Sá", "", "MARIA SA", Yes, "same"},
		{"Cyrillic", "Иван Петров", "", "ПЕТРОВ ИВАН", Yes, "same"},
		{"a Vietnamese name", "Nguyễn Văn Đạt", "", "NGUYEN VAN DAT", Yes, "same"},
		{"a Chinese name divided otherwise", "Li Xiaoming", "", "LI XIAO MING", Review, "spacing"},
		{"and in another order", "Xiaoming Li", "", "LI XIAO MING", Review, "spacing"},
		{"a middle name more", "Jane Doe", "", "JANE MARIE DOE", Review, "extra_token"},
		{"a middle name less", "Jane Marie Doe", "", "JANE DOE", Review, "missing_token"},
		{"a second family name", "José Núñez", "", "JOSE NUNEZ GARCIA", Review, "extra_token"},
		{"a title", "Jane Doe", "", "MS JANE DOE", Review, "extra_token"},
		{"an initial", "Jane Doe", "", "J DOE", Review, "initials"},
		{"an initial with a dot", "Jane Doe", "", "J. Doe", Review, "initials"},
		{"initials without a space", "Jane Rebecca Smith", "", "J.R. SMITH", Review, "initials"},
		{"an initial in the name", "Jane R. Smith", "", "JANE REBECCA SMITH", Review, "initials"},
		{"an initial and a middle one", "Jane Doe", "", "J M DOE", Review, "initials"},
		{"an initial of somebody else", "Jane Doe", "", "K DOE", No, "different"},
		{"initials alone", "Jane Doe", "", "J D", No, "different"},
		{"another middle name", "Jane Marie Doe", "", "JANE ANN DOE", No, "different"},
		{"another given name", "Jane Doe", "", "JOHN DOE", No, "different"},
		{"another person", "Jane Doe", "", "RICHARD ROE", No, "different"},
		{"a joint account", "Jane Doe", "", "JANE DOE AND JOHN DOE", Review, "joint"},
		{"a joint account with a sign", "Jane Doe", "", "Jane & John Doe", Review, "joint"},
		{"a joint account by initials", "Jane Doe", "", "J & M DOE", Review, "joint"},
		{"a joint account with a slash", "Jane Doe", "", "JANE DOE/JOHN DOE", Review, "joint"},
		{"a joint account of two others", "Jane Doe", "", "JOHN SMITH AND MARY SMITH", No, "different"},
		{"a company", "Jane Doe", "", "JANE DOE LLC", No, "legal_form"},
		{"a company with dots", "Jane Doe", "", "Jane Doe G.m.b.H.", No, "legal_form"},
		{"a company of two words", "Jane Doe", "", "Jane Doe Co., Ltd.", No, "legal_form"},
		{"a Japanese company in letters", "Hanako Suzuki", "", "HANAKO SUZUKI K.K.", No, "legal_form"},
		{"a company of partners", "Jane Doe", "", "JANE DOE AND CO", No, "legal_form"},

		{"kana of another width", "鈴木 花子", "スズキ ハナコ", "ｽｽﾞｷ ﾊﾅｺ", Yes, "same"},
		{"hiragana", "鈴木 花子", "すずき はなこ", "スズキ　ハナコ", Yes, "same"},
		{"no space between the names", "鈴木 花子", "スズキ ハナコ", "ｽｽﾞｷﾊﾅｺ", Yes, "same"},
		{"small kana raised", "京子", "キョウコ", "ｷﾖｳｺ", Yes, "same"},
		{"a long mark as a hyphen", "John Jones", "ジョーンズ ジョン", "ｼﾞﾖ-ﾝｽﾞ ｼﾞﾖﾝ", Yes, "same"},
		{"a middle dot", "John Smith", "ジョン・スミス", "ｼﾞﾖﾝ ｽﾐｽ", Yes, "same"},
		{"a name that is kana itself", "スズキ ハナコ", "", "ｽｽﾞｷ ﾊﾅｺ", Yes, "same"},
		{"kana in another order", "John Smith", "ジョン スミス", "ｽﾐｽ ｼﾞﾖﾝ", Review, "order"},
		{"a name of trade before it", "鈴木 花子", "スズキ ハナコ", "ﾋﾉﾐﾃﾞｻﾞｲﾝ ｽｽﾞｷ ﾊﾅｺ", Review, "extra_token"},
		{"two people with one family name in kana", "鈴木 花子", "スズキ ハナコ", "ｽｽﾞｷ ﾊﾅｺ･ﾀﾛｳ", Review, "extra_token"},
		{"a middle name left out", "John M Smith", "ジョン マイク スミス", "ｼﾞﾖﾝ ｽﾐｽ", Review, "missing_token"},
		{"kanji without kana", "鈴木 花子", "", "ｽｽﾞｷ ﾊﾅｺ", Review, "kana_needed"},
		{"letters without kana", "Jane Doe", "", "ｼﾞｴ-ﾝ ﾄﾞｳ", Review, "kana_needed"},
		{"another person in kana", "鈴木 花子", "スズキ ハナコ", "ﾀﾅｶ ﾀﾛｳ", No, "different"},
		{"one voiced mark", "鈴木 花子", "スズキ ハナコ", "ｽｽｷ ﾊﾅｺ", No, "different"},
		{"a company in front", "鈴木 花子", "スズキ ハナコ", "ｶ)ｽｽﾞｷ", No, "legal_form"},
		{"a company at the end", "鈴木 花子", "スズキ ハナコ", "ｽｽﾞｷ ﾊﾅｺ(ｶ", No, "legal_form"},
		{"a company in kanji", "鈴木 花子", "スズキ ハナコ", "株式会社鈴木", No, "legal_form"},
		{"kanji", "鈴木 花子", "", "鈴木花子", Yes, "same"},
		{"kanji that are variants", "髙橋 花子", "", "高橋 花子", Review, "variant"},
		{"two people in kanji", "鈴木 花子", "", "鈴木 花子・鈴木 太郎", Review, "extra_token"},
		{"another person in kanji", "鈴木 花子", "", "田中 太郎", No, "different"},
		{"hangul", "김민준", "", "김 민준", Yes, "same"},
		{"kanji and letters", "鈴木 花子", "スズキ ハナコ", "HANAKO SUZUKI", Review, "script"},
		{"letters and kanji", "Hanako Suzuki", "スズキ ハナコ", "鈴木 花子", Review, "script"},
		{"digits", "Jane Doe", "", "1234567", Review, "missing"},
		{"nothing", "Jane Doe", "", " ", Review, "missing"},
	} {
		t.Run(c.what, func(t *testing.T) {
			got := Match(c.name, c.kana, c.holder)
			if got.Match != c.want || got.Reason != c.reason || got.Text.EN == "" || got.Text.JA == "" {
				t.Errorf("Match(%q, %q, %q) = %+v; want %s, %s", c.name, c.kana, c.holder, got, c.want, c.reason)
			}
		})
	}
}

func TestANameIsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Za-zÀ-ÖØ-öø-ÿ]{2,9}([ '-][A-Za-zé]{1,9}){0,3}`).Draw(t, "name")
		if got := Match(name, "", name); got.Match != Yes {
			t.Fatalf("%q is not its own: %+v", name, got)
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("José Núñez", "", "JOSE NUNEZ")
	f.Add("鈴木", "スズキ", "ｶ)ｽｽﾞｷ")
	f.Add("J.R.", "", "&/+ .")
	f.Fuzz(func(t *testing.T, name, kana, holder string) {
		if got := Match(name, kana, holder); got.Text.EN == "" || reasons[got.Reason].Match != got.Match {
			t.Errorf("Match(%q, %q, %q) = %+v", name, kana, holder, got)
		}
	})
}
