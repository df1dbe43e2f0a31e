package program

import (
	"bytes"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/lang"
)

// told is a diff as a reader of language l has it: one line a clause, indented what it states.
func told(cs []Change, l lang.Lang) string {
	var b bytes.Buffer
	for _, c := range cs {
		fmt.Fprintf(&b, "%s %s", c.Clause, c.Kind)
		if c.Wording {
			b.WriteString(" wording")
		}
		b.WriteByte('\n')
		for _, line := range c.Lines {
			b.WriteString("  " + line.In(l) + "\n")
		}
	}
	return b.String()
}

func TestDiffOfTheShippedVersions(t *testing.T) {
	old, now := terms(t, "2016-06-02"), terms(t, "2017-04-10")
	want := `1 changed wording
  Platforms: LINE for Chrome, LINE for Windows 10 Mobile added
3.1.i changed
  Platforms: LINE for Chrome, LINE for Windows 10 Mobile added
3.1.ii added
  Reached by: the web
  Websites: https://store.line.me/, https://news.line.me/, https://music.line.me/, https://live.line.me/
3.2.xii.a changed
  Read by: C-4 added
3.2.xii.b changed wording
  Platforms: LINE for Chrome, LINE for Windows 10 Mobile added
6.1 changed
  Read by: B-1 removed
date changed wording
  In force from: from 2016-06-02 to 2017-04-10
`
	if diff := cmp.Diff(want, told(Diff(old, now), lang.EN)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	back := told(Diff(now, old), lang.JA)
	want = `1 changed wording
  プラットフォーム：Chrome版LINE、Windows 10 Mobile版LINEを削除
3.1.i changed
  プラットフォーム：Chrome版LINE、Windows 10 Mobile版LINEを削除
3.1.ii removed
  到達方法：ウェブ
  ウェブサイト：https://store.line.me/、https://news.line.me/、https://music.line.me/、https://live.line.me/
3.2.xii.a changed
  読み方：C-4を削除
3.2.xii.b changed wording
  プラットフォーム：Chrome版LINE、Windows 10 Mobile版LINEを削除
6.1 changed
  読み方：B-1を追加
date changed wording
  効力発生日：「2017-04-10」から「2016-06-02」に変更
`
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("the other way round (-want +got):\n%s", diff)
	}
	if cs := Diff(now, now); len(cs) != 0 {
		t.Errorf("a version differs from itself: %s", told(cs, lang.EN))
	}
}

// edited loads the base with some of its text replaced.
func edited(t *testing.T, pairs ...string) *Terms {
	t.Helper()
	files := base(t)
	b := files["2017-04-10.yaml"].Data
	for i := 0; i < len(pairs); i += 2 {
		if bytes.Count(b, []byte(pairs[i])) != 1 {
			t.Fatalf("the base holds %q %d times", pairs[i], bytes.Count(b, []byte(pairs[i])))
		}
		b = bytes.Replace(b, []byte(pairs[i]), []byte(pairs[i+1]), 1)
	}
	files["2017-04-10.yaml"] = &fstest.MapFile{Data: b}
	p, complaints, err := Load(files)
	if err != nil || p == nil {
		t.Fatalf("loading the edited base: %v %v", complaints, err)
	}
	return p.Versions()[0]
}

func TestDiffTellsWhatChanged(t *testing.T) {
	for _, c := range []struct {
		name  string
		pairs []string
		want  string
	}{
		{"nothing", nil, ""},
		{"an amount", []string{`amount: "500"`, `amount: "750.50"`}, "6.1 changed\n  Guide rewards: from XSS 500 USD to XSS 750.50 USD\n"},
		{"a period", []string{"length: 1 month", "length: 45 days"}, "6.5 changed\n  Periods: from Payment data: 1 month from the request to Payment data: 45 days from the request\n"},
		{"only words", []string{"Reports are paid for.", "We pay for reports."}, "preamble changed wording\n"},
		{"what would change an exclusion", []string{"With an effect shown.", "With harm shown."}, "2.1 changed wording\n"},
		{"a second person", []string{"    gives: [reward_notice]\n", "    gives: [reward_notice]\n    second_person: true\n"}, "6.4 changed\n  A second person: from not needed to needed\n"},
		{"a reference", []string{`    gives: [reward_notice]`, `    refs: ["6.5"]`}, "6.4 changed\n  Refers to: Article 6(5) added\n"},
		{"an article at the end", []string{"  - id: \"6.6\"\n", "  - id: \"6.6\"\n    kind: duty\n    heading: {ja: 手数料, en: Fees}\n    summary: {ja: 会社です。, en: The company.}\n    params: {fees: company}\n  - id: \"6.7\"\n"},
			"6.6 changed wording\n  Transfer fees borne by: the company added\n  Refers to: Article 6(5) removed\n  Read by: C-1 removed\n6.7 added\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, told(Diff(edited(t), edited(t, c.pairs...)), lang.EN)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffPutsRemovedClausesWhereTheyStood(t *testing.T) {
	last := "  - id: \"4\"\n    kind: duty\n    heading: {ja: 義務, en: Duties}\n    summary: {ja: 義務です。, en: Duties.}\n"
	more := edited(t, last, last+"  - id: \"4.1\"\n    kind: duty\n    heading: {ja: 費用, en: Costs}\n    summary: {ja: 負担します。, en: Borne.}\n  - id: \"4.2\"\n    kind: duty\n    heading: {ja: 連絡, en: Contact}\n    summary: {ja: 連絡です。, en: Contact.}\n",
		"summary: {ja: 報告します。, en: Reports.}", "summary: {ja: 送ります。, en: Sent.}")
	want := "4.1 removed\n4.2 removed\n5 changed wording\n"
	if diff := cmp.Diff(want, told(Diff(more, edited(t)), lang.EN)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
