package fold

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokens(t *testing.T) {
	for s, want := range map[string][]string{
		"":                                    nil,
		" 、。!? ":                              nil,
		"認証":                                  {"認証", "証"},
		"認":                                   {"認"},
		"認証回避":                                {"認証", "証回", "回避", "避"},
		"XSSの脆弱性":                             {"xss", "の脆", "脆弱", "弱性", "性"},
		"Fixed CVE-2020-1234":                 {"fixed", "cve", "2020", "1234"},
		"https://store.line.me/cart?user_id=": {"https", "store", "line", "me", "cart", "user", "id"},
		"サーバー":                                {"さー", "ーば", "ばー", "ー", "さば", "ば"},
		"ー":                                   {"ー"},
		"3か月、3か月":                             {"3", "か月", "月"},
		"don't":                               {"don", "t"},
		"인증 우회":                               {"인증", "증", "우회", "회"},
		"𠮷野家":                                 {"𠮷野", "野家", "家"},
		"हिन्दी":                              {"हिन्दी"},
		"admin\u200b\u202e":                   {"admin"},
	} {
		if diff := cmp.Diff(want, Tokens(s)); diff != "" {
			t.Errorf("Tokens(%q): (-want +got)\n%s", s, diff)
		}
	}
}

func TestNoTextFillsTheIndex(t *testing.T) {
	var b strings.Builder
	for i := range 3 * MaxTokens {
		fmt.Fprintf(&b, "w%d ", i)
	}
	if n := len(Tokens(b.String())); n != MaxTokens {
		t.Errorf("%d tokens, want %d", n, MaxTokens)
	}
	long := Tokens(strings.Repeat("é", 10_000) + " " + strings.Repeat("ж", 10_000))
	for _, s := range long {
		if len(s) > MaxToken {
			t.Errorf("a token of %d bytes", len(s))
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"認証回避 XSS", "サーバー", "a\u0301か゛", "CVE-2020-1234 ー 々", "\xff認"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := Letters(s)
		tokens := Tokens(s)
		var text strings.Builder
		for w := range Words(folded) {
			if w.Text == "" || strings.ContainsAny(w.Text, " \"'*-\x00") {
				t.Fatalf("word %q of %q", w.Text, s)
			}
			text.WriteString(w.Text)
			for _, r := range w.Text {
				if w.Dense && !slices.ContainsFunc(tokens, func(tok string) bool { return strings.HasPrefix(tok, string(r)) }) {
					t.Fatalf("%q of %q begins no token", r, s)
				}
			}
		}
		loose := Loose(text.String())
		for _, tok := range tokens {
			if len(tok) > MaxToken || !strings.Contains(text.String(), tok) && !strings.Contains(loose, tok) {
				t.Fatalf("token %q of %q", tok, s)
			}
		}
	})
}

func BenchmarkTokens(b *testing.B) {
	s := strings.Repeat("The XSS in https://store.line.me/cart?item=1 runs. 攻撃者は認証を回避してサーバーの設定を変更できます。", 12)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Tokens(s)
	}
}
