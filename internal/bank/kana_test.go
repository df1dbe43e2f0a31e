package bank

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"pgregory.net/rapid"
)

func TestZengin(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"half-width kana stay", "ｽｽﾞｷ ﾊﾅｺ", "ｽｽﾞｷ ﾊﾅｺ"},
		{"full-width kana", "スズキ　ハナコ", "ｽｽﾞｷ ﾊﾅｺ"},
		{"hiragana", "すずき はなこ", "ｽｽﾞｷ ﾊﾅｺ"},
		{"small kana are raised", "キョウコ ッァィゥェォャュョヮヵヶ", "ｷﾖｳｺ ﾂｱｲｳｴｵﾔﾕﾖﾜｶｹ"},
		{"half-width small kana are raised", "ｷｮｳｺ ｯｬ", "ｷﾖｳｺ ﾂﾔ"},
		{"the rare small ones", "ㇰㇿ", "ｸﾛ"},
		{"voiced marks are signs of their own", "ガギグゲゴ パピプペポ ヴ", "ｶﾞｷﾞｸﾞｹﾞｺﾞ ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ ｳﾞ"},
		{"voiced marks written beside their kana", "カ゛ か\u3099 ハ゜", "ｶﾞ ｶﾞ ﾊﾟ"},
		{"kana without a form", "ヰヱ ゐゑ ヲ", "ｲｴ ｲｴ ｦ"},
		{"the long mark becomes a hyphen", "ジョーンズ ﾒｰﾙ", "ｼﾞﾖ-ﾝｽﾞ ﾒ-ﾙ"},
		{"every dash is a hyphen", "A–B—C−D‐E", "A-B-C-D-E"},
		{"middle dots go", "ジョン・スミス ｱ･ｲ", "ｼﾞﾖﾝｽﾐｽ ｱｲ"},
		{"small letters become capitals", "abc xyz", "ABC XYZ"},
		{"full-width letters, digits and signs", "Ａｂ１２（．／－）", "AB12(./-)"},
		{"spaces are one", "  ア \t イ　　ウ ", "ｱ ｲ ｳ"},
		{"a company in front", "カブシキガイシャ ヒノミ", "ｶ)ﾋﾉﾐ"},
		{"a company at the end", "ヒノミ カブシキガイシャ", "ﾋﾉﾐ(ｶ"},
		{"a company in the middle", "ﾋﾉﾐｶﾌﾞｼｷｶﾞｲｼﾔ ﾄｳｷﾖｳｼﾃﾝ", "ﾋﾉﾐ(ｶ)ﾄｳｷﾖｳｼﾃﾝ"},
		{"a company in kanji with its name in kana", "株式会社ヒノミ", "ｶ)ﾋﾉﾐ"},
		{"its sign of one place", "㈱ヒノミ", "ｶ)ﾋﾉﾐ"},
		{"its short form in brackets, at the end", "ヒノミ（株）", "ﾋﾉﾐ(ｶ"},
		{"already short", "ｶ)ﾋﾉﾐ", "ｶ)ﾋﾉﾐ"},
		{"another kind of company", "ゴウドウガイシャ ヒノミ", "ﾄﾞ)ﾋﾉﾐ"},
		{"what only looks like one", "ｺｳﾄﾞｳｶﾞｲｼﾔ ﾋﾉﾐ", "ｺｳﾄﾞｳｶﾞｲｼﾔ ﾋﾉﾐ"},
		{"the longer form is found first", "ｲﾘﾖｳﾎｳｼﾞﾝｼﾔﾀﾞﾝ ﾋﾉﾐ", "ｲ)ﾋﾉﾐ"},
		{"a branch of a company", "カブシキガイシャヒノミ トウキョウエイギョウショ", "ｶ)ﾋﾉﾐ ﾄｳｷﾖｳ(ｴｲ"},
		{"the form alone", "カブシキガイシャ", "ｶ)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := Zengin(c.in); err != nil || string(got) != c.want {
				t.Errorf("Zengin(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestWhatCannotBeCarriedIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, in, says string }{
		{"kanji", "鈴木 ハナコ", "“鈴” (1), “木” (2)"},
		{"an accent", "José", "“é” (4)"},
		{"an accent of its own", "e\u0301", "“U+0301” (2)"},
		{"a comma", "ア、イ,ウ", "“、” (2), “,” (4)"},
		{"an ampersand", "A&B", "“&” (2)"},
		{"an apostrophe", "O'BRIEN", "“'” (2)"},
		{"corner brackets", "「ア」", "“「” (1), “」” (3)"},
		{"a control character", "ア\x00", "“U+0000” (2)"},
		{"a broken byte", "ア\xff", "(2)"},
		{"something that cannot be seen", "ア\u200bイ", "“U+200B” (2)"},
		{"the ninth is not printed", "一二三四五六七八九", "“八” (8):"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := Zengin(c.in); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Zengin(%q) = %q, %v; want %s", c.in, got, err, c.says)
			}
		})
	}
}

func TestTheLengthIsThatOfTheFile(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int
	}{
		{"ｽｽﾞｷ ﾊﾅｺ", 8},
		{"ガギグゲゴガギグゲゴガギグゲゴ", 30},
		{"ガギグゲゴガギグゲゴガギグゲゴア", 31},
		{"ヒノミシステムウンエイジムキョク トウキヨウ", 23},
		{"", 0},
	} {
		k, err := Zengin(c.in)
		if err != nil || k.Len() != c.want || len(k.JIS()) != c.want {
			t.Errorf("%q takes %d bytes, %d written, %v; want %d", c.in, k.Len(), len(k.JIS()), err, c.want)
		}
	}
}

// TestTheBytesAreThoseOfShiftJIS: JIS X 0201 is the single bytes of Shift_JIS.
func TestTheBytesAreThoseOfShiftJIS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringOfN(rapid.RuneFrom([]rune("アイウガパッーヴヲンabzAZ09 ()-./・ｶﾞｯがぱっ")), 0, 60, -1).Draw(t, "name")
		k, err := Zengin(in)
		if err != nil {
			t.Fatal(err)
		}
		want, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(k))
		if err != nil || string(want) != string(k.JIS()) {
			t.Fatalf("%q is % x, Shift_JIS says % x, %v", k, k.JIS(), want, err)
		}
		if again, err := Zengin(string(k)); err != nil || again != k {
			t.Fatalf("%q became %q, %v", k, again, err)
		}
	})
}

func FuzzZengin(f *testing.F) {
	for _, s := range []string{"スズキ ハナコ", "株式会社ヒノミ", "ｶﾞ゛゜", "㌔㈱①", "é", "A-ー‐"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := Zengin(s)
		if err != nil {
			return
		}
		for _, r := range string(k) {
			if r > 0x7f && (r < 'ｦ' || r > 'ﾟ' || 'ｧ' <= r && r <= 'ｰ') || r < ' ' || 'a' <= r && r <= 'z' {
				t.Fatalf("%q is carried as %q, with %q", s, k, r)
			}
		}
		if !utf8.ValidString(string(k)) || len(k.JIS()) != k.Len() {
			t.Fatalf("%q is carried as %q", s, k)
		}
	})
}
