package web

import (
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/watch"
)

// A meaning is a rule as a reader is told of it.
type meaning struct {
	Said  string // the condition, a sentence
	Field string // whose different values are counted, or empty
	Limit int    // what the figure is held against, as long as it is a whole number
	Than  string // more than 20
	Span  string
	Where string // its file
	Line  int
}

// meanings reads the rules of all files, by their names, as they are now.
func meanings(f Frame, files []watch.File) map[string]meaning {
	lists := map[string][]string{}
	var in []rule.File
	for _, file := range files {
		if name, is := strings.CutPrefix(file.Name, "lists/"); is {
			lists[strings.TrimSuffix(name, ".txt")] = rule.ParseList([]byte(file.Text))
			continue
		}
		in = append(in, rule.File{Name: file.Name, Data: []byte(file.Text)})
	}
	set, _ := rule.LoadFiles(in, lists) // what is wrong is said on the page of the file
	all := map[string]meaning{}
	for _, d := range set.Detections {
		if d.Generate {
			all[d.Name] = meaning{Said: f.T("Every event that fits it is an alert.", "該当するイベント1件ごとにアラートになります。"), Where: d.File, Line: d.Line}
		}
	}
	for _, c := range set.Correlations {
		m := meaning{Where: c.File, Line: c.Line, Span: f.Span(c.Timespan)}
		m.Than, m.Limit = f.comparisons(c)
		if c.Kind == rule.ValueCount && len(c.Rules) > 0 {
			m.Field = fieldNames(set, c.Rules[0].Field)
		}
		m.Said = f.condition(set, c, m)
		all[c.Name] = m
	}
	return all
}

// condition says in a sentence when a correlation rings.
func (f Frame) condition(set *rule.Set, c *rule.Correlation, m meaning) string {
	whose, field := f.whose(c.Keys), ""
	if len(c.Rules) > 0 {
		field = fieldNames(set, c.Rules[0].Field)
	}
	what := f.inputs(set, c.Rules, f.T(" or ", "または"))
	switch c.Kind {
	case rule.EventCount:
		return f.T("%[1]s events of %[2]s within %[3]s, %[4]s.", "%[3]s以内に、%[4]s、%[2]sのイベントが%[1]s。", m.Than, what, m.Span, whose)
	case rule.ValueCount:
		return f.T("%[1]s different values of %[5]s in %[2]s within %[3]s, %[4]s.", "%[3]s以内に、%[4]s、%[2]sの %[5]s の異なる値が%[1]s。", m.Than, what, m.Span, whose, field)
	case rule.Temporal:
		return f.T("All of %[1]s within %[2]s, %[3]s.", "%[2]s以内に、%[3]s、%[1]sがすべて発生。", f.inputs(set, c.Rules, f.T(", ", "、")), m.Span, whose)
	case rule.TemporalOrdered:
		return f.T("%[1]s, in this order, within %[2]s, %[3]s.", "%[2]s以内に、%[3]s、%[1]sの順に発生。", f.inputs(set, c.Rules, f.T(", then ", "→")), m.Span, whose)
	case rule.Without:
		without, ended := f.inputs(set, c.Without, f.T(" or ", "または")), f.inputs(set, c.EndedBy, f.T(" or ", "または"))
		if ended == "" {
			return f.T("%[1]s, and no %[2]s came before it within %[3]s, %[4]s.", "%[4]s、その前の%[3]s以内に%[2]sがないまま%[1]sが発生。", what, without, m.Span, whose)
		}
		return f.T("%[1]s, and no %[2]s came before it within %[3]s, or one that “%[5]s” has ended since; %[4]s.",
			"%[4]s、その前の%[3]s以内に%[2]sがないか、あっても%[5]sで終わった後に、%[1]sが発生。", what, without, m.Span, whose, strings.Trim(ended, "“”「」"))
	case rule.FirstSeen:
		return f.T("A value of %[2]s in %[1]s that was not seen within %[3]s before, %[4]s.", "%[4]s、%[1]sの %[2]s に、過去%[3]sになかった値が現れた。", what, field, m.Span, whose)
	case rule.Ratio:
		return f.T("Different values of %[2]s for each event of %[1]s: %[5]s within %[3]s, %[4]s.", "%[3]s以内に、%[4]s、%[1]sのイベント1件あたりの %[2]s の異なる値が%[5]s。", what, field, m.Span, whose, m.Than)
	}
	figure := map[rule.Kind]string{
		rule.ValueSum: f.T("sum", "合計"), rule.ValueAvg: f.T("average", "平均"), rule.ValueMin: f.T("least value", "最小値"),
		rule.ValueMax: f.T("greatest value", "最大値"), rule.ValueMedian: f.T("median", "中央値"),
	}[c.Kind]
	return f.T("The %[6]s of %[5]s in %[2]s within %[3]s is %[1]s, %[4]s.", "%[3]s以内に、%[4]s、%[2]sの %[5]s の%[6]sが%[1]s。", lower(m.Than), what, m.Span, whose, field, figure)
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// whose says for whom a correlation counts.
func (f Frame) whose(keys []string) string {
	if len(keys) == 0 {
		return f.T("all counted together", "全体で")
	}
	return f.T("for the same %s", "%sごとに", strings.Join(keys, f.T(" and ", "・")))
}

// inputs names rules by their titles.
func (f Frame) inputs(set *rule.Set, in []rule.Input, between string) string {
	var all []string
	for _, one := range in {
		var title string
		if one.Chained {
			title = set.Correlations[one.Rule].Title
		} else {
			title = set.Detections[one.Rule].Title
		}
		all = append(all, f.T("“%s”", "「%s」", Plain(title)))
	}
	return strings.Join(all, between)
}

// comparisons says what a figure is held against: “More than 20”, and the number if it is a whole one.
func (f Frame) comparisons(c *rule.Correlation) (string, int) {
	var all []string
	limit := 0
	for _, one := range c.Condition {
		n := strconv.FormatFloat(one.With, 'f', -1, 64)
		if whole := int(one.With); float64(whole) == one.With {
			n = f.Number(whole)
			limit = max(limit, whole)
		}
		switch one.Op {
		case rule.Gt:
			all = append(all, f.T("More than %s", "%sを超える", n))
		case rule.Gte:
			all = append(all, f.T("At least %s", "%s以上", n))
		case rule.Lt:
			all = append(all, f.T("Fewer than %s", "%s未満", n))
		case rule.Lte:
			all = append(all, f.T("At most %s", "%s以下", n))
		case rule.Eq:
			all = append(all, f.T("Exactly %s", "ちょうど%s", n))
		case rule.Neq:
			all = append(all, f.T("Other than %s", "%s以外", n))
		}
	}
	return strings.Join(all, f.T(" and ", "かつ")), limit
}

// fieldNames returns the names of fields.
func fieldNames(set *rule.Set, slots []event.Slot) string {
	names := set.Fields.Names()
	var all []string
	for _, s := range slots {
		if int(s) < len(names) {
			all = append(all, names[s])
		}
	}
	return strings.Join(all, " × ")
}
