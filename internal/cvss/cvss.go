// Package cvss reads, scores and compares CVSS 3.1 and 4.0 vectors.
//
// The vector is the truth and the score is computed from it. Scores are tenths in an int: 98 is 9.8.
// Those of 3.1 come from pandatix/go-cvss. Its 4.0 rounds ties in floating point, now up and now down, so
// those are computed here, and tested against it and against a third implementation. What is wrong with
// a vector is found here too, where the metric is known and can be named.
package cvss

import (
	"math"
	"slices"
	"strconv"
	"strings"

	gocvss31 "github.com/pandatix/go-cvss/31"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// The versions.
const (
	V31 = "3.1"
	V40 = "4.0"
)

// A Vector is a valid CVSS vector with its score. The zero Vector is none.
type Vector struct {
	Version string // V31 or V40
	text    string
	values  []string // by the version's metrics; X where not defined
	score   int
}

// maxLen is longer than any vector with every metric of 4.0.
const maxLen = 400

// Parse reads a vector such as "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H". The metrics may come
// in any order and in either case, and the prefix may be missing: people paste what they find. A fault
// names the metric that is wrong.
func Parse(s string) (Vector, error) {
	s = strings.TrimSpace(s)
	if len(s) > maxLen {
		return Vector{}, invalid("This is too long for a CVSS vector.", "CVSSベクトルとして長すぎます。")
	}
	version, parts, err := split(s)
	if err != nil {
		return Vector{}, err
	}
	v := Vector{Version: version, values: make([]string, len(tables()[version]))}
	for _, part := range parts {
		if err := v.set(part); err != nil {
			return Vector{}, err
		}
	}
	if err := v.complete(); err != nil {
		return Vector{}, err
	}
	v.text = v.canonical()
	if v.score, err = v.compute(); err != nil {
		return Vector{}, invalid("“%s” is not a CVSS vector.", "「%s」はCVSSベクトルではありません。", s).Because(err)
	}
	return v, nil
}

// split takes the prefix off and finds the version: without a prefix, only 4.0 has VC.
func split(s string) (version string, parts []string, err error) {
	parts = strings.Split(s, "/")
	head := strings.ToUpper(parts[0])
	if number, ok := strings.CutPrefix(head, "CVSS:"); ok {
		if number != V31 && number != V40 {
			return "", nil, invalid("CVSS %s is not used here. Rate it by CVSS 3.1 or 4.0.",
				"CVSS %s は使用していません。CVSS 3.1または4.0で評価してください。", clip(number))
		}
		return number, parts[1:], nil
	}
	if len(parts) < 2 {
		return "", nil, invalid("“%s” is not a CVSS vector. One looks like CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H.",
			"「%s」はCVSSベクトルではありません。例：CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", clip(s))
	}
	for _, p := range parts {
		if strings.HasPrefix(strings.ToUpper(p), "VC:") {
			return V40, parts, nil
		}
	}
	return V31, parts, nil
}

// set takes one part such as "AV:N".
func (v *Vector) set(part string) error {
	code, value, _ := strings.Cut(part, ":")
	i := slices.IndexFunc(tables()[v.Version], func(m Metric) bool { return strings.EqualFold(m.Code, code) })
	if i < 0 {
		return invalid("CVSS %s has no metric “%s”.", "CVSS %s に「%s」という評価項目はありません。", v.Version, clip(part))
	}
	m := tables()[v.Version][i]
	if v.values[i] != "" {
		return invalid("%s is there twice.", "%s が2回書かれています。", m.Code)
	}
	j := slices.IndexFunc(m.Values, func(x Value) bool { return strings.EqualFold(x.Code, value) })
	if j < 0 {
		var codes []string
		for _, x := range m.Values {
			codes = append(codes, x.Code)
		}
		return wrong(m, strings.Join(codes, ", "), clip(value))
	}
	v.values[i] = m.Values[j].Code
	return nil
}

func wrong(m Metric, codes, value string) error {
	return &fault.Error{Kind: fault.Invalid, Field: "vector", Text: lang.Text{
		EN: m.Name.EN + " (" + m.Code + ") is one of " + codes + ", not “" + value + "”.",
		JA: m.Name.JA + "（" + m.Code + "）は " + codes + " のいずれかです。「" + value + "」は使えません。",
	}}
}

// complete checks that every base metric is there and fills in X for the others.
func (v *Vector) complete() error {
	for i, m := range tables()[v.Version] {
		if v.values[i] != "" {
			continue
		}
		if m.Group == Base {
			return &fault.Error{Kind: fault.Invalid, Field: "vector", Text: lang.Text{
				EN: m.Name.EN + " (" + m.Code + ") is missing: every base metric is needed for a score.",
				JA: m.Name.JA + "（" + m.Code + "）がありません。点数には基本評価基準がすべて必要です。",
			}}
		}
		v.values[i] = notDefined
	}
	return nil
}

func invalid(en, ja string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, en, ja, args...).At("vector")
}

// clip keeps what somebody typed readable inside a sentence.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}

// canonical returns the vector in the order of the specification, without metrics that are not defined.
func (v Vector) canonical() string {
	var b strings.Builder
	b.WriteString("CVSS:" + v.Version)
	for i, m := range tables()[v.Version] {
		if v.values[i] != notDefined {
			b.WriteString("/" + m.Code + ":" + v.values[i])
		}
	}
	return b.String()
}

// compute returns the score of the most specific group that says something: environmental before
// temporal before base (3.1); 4.0 has one score for all.
func (v Vector) compute() (int, error) {
	if v.Version == V40 {
		return score40(v), nil
	}
	c, err := gocvss31.ParseVector(v.text)
	if err != nil {
		return 0, err
	}
	switch {
	case v.has(Environmental):
		return tenths(c.EnvironmentalScore()), nil
	case v.has(Threat):
		return tenths(c.TemporalScore()), nil
	}
	return tenths(c.BaseScore()), nil
}

func tenths(score float64) int { return int(math.Round(score * 10)) }

func (v Vector) has(g Group) bool {
	for i, m := range tables()[v.Version] {
		if m.Group == g && v.values[i] != notDefined {
			return true
		}
	}
	return false
}

// String returns the vector as the specification writes it, or "" for none.
func (v Vector) String() string { return v.text }

// Score returns the score in tenths, 0 to 100.
func (v Vector) Score() int { return v.score }

// Value returns the code of a metric's value, X when it is not defined, or "" when the version has
// no such metric.
func (v Vector) Value(code string) string {
	for i, m := range tables()[v.Version] {
		if m.Code == code {
			return v.values[i]
		}
	}
	return ""
}

// Severity returns the word for the vector's score.
func (v Vector) Severity() Severity { return Of(v.score) }

// Decimal returns tenths as people write a score: 98 is "9.8".
func Decimal(tenths int) string { return strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10) }

// A Severity is the word for a range of scores, the same in both versions.
type Severity string

// The severities.
const (
	None     Severity = "none"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// bands are the severities with their lowest scores, lowest first.
var bands = []struct {
	severity Severity
	from     int
	name     lang.Text
}{
	{None, 0, lang.Text{EN: "none", JA: "なし"}},
	{Low, 1, lang.Text{EN: "low", JA: "注意"}},
	{Medium, 40, lang.Text{EN: "medium", JA: "警告"}},
	{High, 70, lang.Text{EN: "high", JA: "重要"}},
	{Critical, 90, lang.Text{EN: "critical", JA: "緊急"}},
}

// Of returns the severity of a score in tenths.
func Of(score int) Severity {
	s := None
	for _, b := range bands {
		if score >= b.from {
			s = b.severity
		}
	}
	return s
}

// Range returns the lowest and the highest score of a severity, in tenths; ok is false when there is
// no such severity.
func Range(severity string) (low, high int, ok bool) {
	for i, b := range bands {
		if string(b.severity) != severity {
			continue
		}
		if i+1 < len(bands) {
			return b.from, bands[i+1].from - 1, true
		}
		return b.from, 100, true
	}
	return 0, 0, false
}

// Text returns the severity as it is shown, in Japanese in the words of IPA and JVN.
func (s Severity) Text() lang.Text {
	for _, b := range bands {
		if b.severity == s {
			return b.name
		}
	}
	return lang.Text{}
}

// A Change is one metric that two vectors rate differently. Old or New is the zero Value where that
// vector's version has no such metric.
type Change struct {
	Metric   Metric
	Old, New Value
}

// Diff returns what changes from old to new, metric by metric in the order of the specification. From
// one version to the other it says so first, then compares the four metrics that mean the same in
// both (AV, AC, PR, UI), and lists every other one as gone or as new.
func Diff(old, new Vector) []Change {
	if old.Version == "" || new.Version == "" {
		return nil
	}
	if old.Version == new.Version {
		return diff(tables()[old.Version], old, new)
	}
	var all, gone, added []Metric
	for _, m := range tables()[old.Version] {
		if shared(m.Code) {
			all = append(all, m)
		} else if old.Value(m.Code) != notDefined {
			gone = append(gone, m)
		}
	}
	for _, m := range tables()[new.Version] {
		if !shared(m.Code) && new.Value(m.Code) != notDefined {
			added = append(added, m)
		}
	}
	changes := []Change{{Metric: versionMetric, Old: plainValue(old.Version), New: plainValue(new.Version)}}
	changes = append(changes, diff(all, old, new)...)
	for _, m := range gone {
		changes = append(changes, Change{Metric: m, Old: m.value(old.Value(m.Code))})
	}
	for _, m := range added {
		changes = append(changes, Change{Metric: m, New: m.value(new.Value(m.Code))})
	}
	return changes
}

func diff(metrics []Metric, old, new Vector) []Change {
	var changes []Change
	for _, m := range metrics {
		a, b := old.Value(m.Code), new.Value(m.Code)
		if a != b {
			changes = append(changes, Change{m, old.metric(m.Code).value(a), new.metric(m.Code).value(b)})
		}
	}
	return changes
}

func shared(code string) bool { return code == "AV" || code == "AC" || code == "PR" || code == "UI" }

func (v Vector) metric(code string) Metric {
	t := tables()[v.Version]
	return t[slices.IndexFunc(t, func(m Metric) bool { return m.Code == code })]
}

// Lower reports whether new says less than old: its score is smaller.
func Lower(old, new Vector) bool { return new.score < old.score }
