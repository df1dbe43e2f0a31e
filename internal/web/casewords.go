package web

import (
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

// A confirmation is a proposal with the frame it is shown in.
type confirmation struct {
	Frame    Frame
	Decision decisionView
}

// confirmingFor hands a proposal to the part "confirm".
func confirmingFor(f Frame, d decisionView) confirmation { return confirmation{f, d} }

// deciding hands a decision to the part "decided".
func deciding(f Frame, d *decisionView) confirmation { return confirmation{f, *d} }

// Number64 returns a count with its thousands apart.
func (f Frame) Number64(n int64) string { return thousands(n) }

// Reached says how a target is reached.
func (f Frame) Reached(by string) string {
	switch by {
	case "web":
		return f.T("in a browser", "ブラウザー")
	case "app":
		return f.T("inside the app", "アプリ内")
	case "separate_process":
		return f.T("in a separate app or process", "別のアプリ・プロセス")
	}
	return by
}

// Alike says in what two reports agree, from the words that package similar has for it.
func (f Frame) Alike(why string) string {
	if f.Lang != lang.JA {
		return why
	}
	return strings.NewReplacer("target", "対象", "class", "分類", "text", "文面", "names", "名前", "concepts", "内容", ", ", "、").Replace(why)
}

// Typed shows a time as it was typed into the form: of Japan, to the minute.
func (f Frame) Typed(at string) string { return strings.Replace(at, "T", " ", 1) }

// Found says how somebody came to a vulnerability.
func (f Frame) Found(how string) string {
	switch how {
	case "self":
		return f.T("by the reporter", "報告者が発見")
	case "in_use":
		return f.T("seen in use", "悪用されているのを目撃")
	case "told":
		return f.T("told by somebody else", "ほかの人から聞いた")
	}
	return how
}

// Language returns the name of a language.
func (f Frame) Language(l lang.Lang) string {
	if l == lang.JA {
		return f.T("Japanese", "日本語")
	}
	return f.T("English", "英語")
}

// UrgencyWord returns the word for a stored urgency.
func (f Frame) UrgencyWord(u string) string { return f.In(report.Urgency(u).Name()) }

// Asked reports whether the form of this decision is being shown again.
func (p casePage) Asked(kind string) bool {
	return p.Form.Or("kind", "") == kind || strings.HasPrefix(p.Form.Field(), kind+"_")
}

// ImpactOptions are the answers to "impact shown anyway?".
func (p casePage) ImpactOptions() []Option {
	return []Option{
		{Value: "none", Label: p.T("No, and I looked", "いいえ（確認済み）")},
		{Value: "shown", Label: p.T("Yes", "はい"), Help: p.T("Then the exclusion is not applied.", "その場合、除外条項は適用しません。")},
	}
}

// YesNo are the answers to "would one fix fix both?".
func (p casePage) YesNo() []Option {
	return []Option{
		{Value: "yes", Label: p.T("Yes", "はい")},
		{Value: "no", Label: p.T("No: then they are two vulnerabilities (6.2)", "いいえ（別の脆弱性です：6.2）")},
	}
}

// Urgencies are the answers to "is it in use now?".
func (p casePage) Urgencies() []Option {
	var all []Option
	for _, u := range slices.Backward(report.Urgencies) {
		all = append(all, Option{Value: string(u), Label: p.In(u.Name())})
	}
	return all
}

// FirstCandidate returns the number of the likeliest original.
func (p casePage) FirstCandidate() string {
	if len(p.Candidates) == 0 {
		return ""
	}
	return p.Candidates[0].ID
}

// GuideText returns the guide as it is typed.
func (p casePage) GuideText() string {
	return strings.TrimPrefix(p.Money(p.Guide, "USD"), "$")
}
