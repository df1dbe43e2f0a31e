package cvss

import (
	"sync"

	"hinomi.dev/hinomi/internal/lang"
)

// A Group is one of the specification's groups of metrics.
type Group string

// The groups. Threat is called temporal in 3.1.
const (
	Base          Group = "base"
	Threat        Group = "threat"
	Environmental Group = "environmental"
	Supplemental  Group = "supplemental"
)

// A Metric is one question of a CVSS version. Names in Japanese are those of IPA and JVN.
type Metric struct {
	Code   string // such as "AV"
	Group  Group
	Name   lang.Text
	Help   lang.Text
	Values []Value
}

// A Value is one answer to a metric's question.
type Value struct {
	Code string // such as "N"
	Name lang.Text
	Help lang.Text
}

// notDefined is the value of every optional metric that nobody has rated.
const notDefined = "X"

var (
	unrated       = Value{Code: notDefined, Name: lang.Text{EN: "Not defined", JA: "未評価"}}
	versionMetric = Metric{Code: "CVSS", Name: lang.Text{EN: "Version", JA: "バージョン"}}
)

func plainValue(code string) Value { return Value{Code: code, Name: lang.Text{EN: code, JA: code}} }

func (m Metric) value(code string) Value {
	for _, v := range m.Values {
		if v.Code == code {
			return v
		}
	}
	return Value{}
}

// Metrics returns the base metrics of a version in the order of the specification, for a form; nil
// when there is no such version. The slices are shared: do not change them.
func Metrics(version string) []Metric {
	var base []Metric
	for _, m := range tables()[version] {
		if m.Group == Base {
			base = append(base, m)
		}
	}
	return base
}

// tables returns every metric by version, in the order of the specification.
var tables = sync.OnceValue(func() map[string][]Metric {
	return map[string][]Metric{
		V31: append(append(base31(), temporal31()...), environmental(base31(), V31)...),
		V40: append(append(append(base40(), threat40()), environmental(base40(), V40)...), supplemental40()...),
	}
})

func text(en, ja string) lang.Text { return lang.Text{EN: en, JA: ja} }

func optional(code string, g Group, name lang.Text, values ...Value) Metric {
	return Metric{Code: code, Group: g, Name: name, Values: append([]Value{unrated}, values...)}
}

func named(code, en, ja string) Value { return Value{Code: code, Name: text(en, ja)} }

func temporal31() []Metric {
	return []Metric{
		optional("E", Threat, text("Exploit Code Maturity", "攻撃される可能性"),
			named("H", "High", "容易に攻撃可能"), named("F", "Functional", "攻撃可能"),
			named("P", "Proof-of-Concept", "実証可能"), named("U", "Unproven", "未実証")),
		optional("RL", Threat, text("Remediation Level", "利用可能な対策のレベル"),
			named("U", "Unavailable", "なし"), named("W", "Workaround", "非公式"),
			named("T", "Temporary Fix", "暫定"), named("O", "Official Fix", "正式")),
		optional("RC", Threat, text("Report Confidence", "脆弱性情報の信頼性"),
			named("C", "Confirmed", "確認済"), named("R", "Reasonable", "未確証"), named("U", "Unknown", "未確認")),
	}
}

func threat40() Metric {
	return optional("E", Threat, text("Exploit Maturity", "攻撃の成熟度"),
		named("A", "Attacked", "攻撃を確認"), named("P", "Proof-of-Concept", "実証コードあり"), named("U", "Unreported", "報告なし"))
}

// environmental returns the requirements and, for each base metric, its modified form.
func environmental(base []Metric, version string) []Metric {
	var all []Metric
	for _, r := range []struct{ code, en, ja string }{
		{"CR", "Confidentiality Requirement", "機密性の要求度"},
		{"IR", "Integrity Requirement", "完全性の要求度"},
		{"AR", "Availability Requirement", "可用性の要求度"},
	} {
		all = append(all, optional(r.code, Environmental, text(r.en, r.ja),
			named("H", "High", "高"), named("M", "Medium", "中"), named("L", "Low", "低")))
	}
	for _, m := range base {
		values := m.Values
		if version == V40 && (m.Code == "SI" || m.Code == "SA") {
			values = append([]Value{{Code: "S", Name: text("Safety", "安全性"),
				Help: text("People could be hurt.", "人が負傷するおそれがある。")}}, values...)
		}
		all = append(all, optional("M"+m.Code, Environmental,
			text("Modified "+m.Name.EN, "緩和策後の"+m.Name.JA), values...))
	}
	return all
}

func supplemental40() []Metric {
	return []Metric{
		optional("S", Supplemental, text("Safety", "安全性"), named("N", "Negligible", "なし"), named("P", "Present", "あり")),
		optional("AU", Supplemental, text("Automatable", "攻撃の自動化"), named("N", "No", "いいえ"), named("Y", "Yes", "はい")),
		optional("R", Supplemental, text("Recovery", "回復"),
			named("A", "Automatic", "自動"), named("U", "User", "ユーザ関与が必要"), named("I", "Irrecoverable", "回復困難")),
		optional("V", Supplemental, text("Value Density", "価値密度"), named("D", "Diffuse", "粗"), named("C", "Concentrated", "密")),
		optional("RE", Supplemental, text("Vulnerability Response Effort", "脆弱性対応の労力"),
			named("L", "Low", "低"), named("M", "Moderate", "中"), named("H", "High", "高")),
		optional("U", Supplemental, text("Provider Urgency", "供給元緊急度"),
			named("Clear", "Clear", "緊急性なし"), named("Green", "Green", "低"), named("Amber", "Amber", "中"), named("Red", "Red", "高")),
	}
}
