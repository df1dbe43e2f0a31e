package lang

import "testing"

func TestPreferTakesTheFirstLanguageWeSpeak(t *testing.T) {
	for header, want := range map[string]Lang{
		"":                          EN,
		"ja":                        JA,
		"ja-JP,ja;q=0.9,en;q=0.8":   JA,
		"fr-FR, fr;q=0.9, JA;q=0.1": JA,
		"zh-TW,zh;q=0.9":            EN,
		"en-GB,ja":                  EN,
		"javanese":                  EN,
		";;;,,,\x00":                EN,
	} {
		if got := Prefer(header); got != want {
			t.Errorf("Prefer(%q) = %q, want %q", header, got, want)
		}
	}
}

func TestAMissingSideFallsBackToTheOther(t *testing.T) {
	for _, c := range []struct {
		text Text
		in   Lang
		want string
	}{
		{Text{JA: "受付", EN: "received"}, JA, "受付"},
		{Text{JA: "受付", EN: "received"}, EN, "received"},
		{Text{JA: "受付"}, EN, "受付"},
		{Text{EN: "received"}, JA, "received"},
		{Text{}, JA, ""},
	} {
		if got := c.text.In(c.in); got != c.want {
			t.Errorf("%+v in %s = %q, want %q", c.text, c.in, got, c.want)
		}
	}
}
