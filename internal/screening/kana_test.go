package screening

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestKanaIsRomanised(t *testing.T) {
	for _, c := range []struct {
		name, kana string
		want       []string // some of what comes out
	}{
		{"long vowels in three ways", "ヤマダ タロウ", []string{"YAMADA TAROU", "YAMADA TARO", "YAMADA TAROH"}},
		{"half-width", "ﾔﾏﾀﾞ ﾀﾛｳ", []string{"YAMADA TAROU", "YAMADA TARO"}},
		{"hiragana with a wide space", "さとう　しんいち", []string{"SATOU SHINICHI", "SATO SHINICHI", "SATO SINITI", "SATOH SHINICHI"}},
		{"n before b, m and p", "ホンマ ジュンペイ", []string{"HOMMA JUMPEI", "HONMA ZYUNPEI"}},
		{"small tsu", "ハットリ イッチ", []string{"HATTORI ITCHI", "HATTORI ITTI"}},
		{"contracted sounds", "リョウ チャ ジョ シュ", []string{"RYOU CHA JO SHU", "RYO TYA ZYO SYU"}},
		{"oo", "オオノ ユウコ", []string{"OONO YUUKO", "ONO YUKO", "OHNO YUKO"}},
		{"the long mark", "ジョージ・ブッシュ", []string{"JOOJI BUSSHU", "JOJI BUSSHU"}},
		{"sounds of foreign names", "ティファニー ウィリアム ヴァン", []string{"TIFANI WIRIAMU VAN"}},
		{"a vowel that begins a word is not long", "イノウエ ウエダ", []string{"INOUE UEDA", "INOE UEDA"}},
	} {
		got := romanised(c.kana)
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %s gives %q, without %q", c.name, c.kana, got, w)
			}
		}
	}
	for _, s := range []string{"", " ", "山田 タロウ", "Yamada", "ー", "タロウ1"} {
		if got := romanised(s); got != nil {
			t.Errorf("%q gives %q", s, got)
		}
	}
}

func TestEveryKanaHasLetters(t *testing.T) {
	for r := 'ぁ'; r <= 'ゖ'; r++ {
		if r != 'っ' && hepburn[r] == "" {
			t.Errorf("%c has no letters", r)
		}
	}
}

func FuzzRomanised(f *testing.F) {
	for _, s := range []string{"ヤマダ タロウ", "っ", "んー", "ゃゃ", "ヴァッー", "ン ヤ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, roman := range romanised(s) {
			if i := strings.IndexFunc(roman, func(r rune) bool { return r != ' ' && (r > unicode.MaxASCII || !unicode.IsUpper(r)) }); i >= 0 {
				t.Fatalf("%q gives %q", s, roman)
			}
		}
		for _, form := range forms([]string{s}) {
			if len(form.text) == 0 || len(form.heavy) == 0 {
				t.Fatalf("%q has an empty form", s)
			}
		}
	})
}
