package detect

import (
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/rule"
)

func events(types string, fields string) oracleInput {
	in := oracleInput{types: strings.Fields(types)}
	if fields != "" {
		in.group = strings.Fields(fields)
	}
	return in
}

func one(types, fields string) []oracleInput { return []oracleInput{events(types, fields)} }

// after is an input of the events at which a rule raises an alert.
func after(name, fields string) oracleInput {
	return oracleInput{chain: name, group: strings.Fields(fields)}
}

func correlate(name string, kind rule.Kind, span time.Duration, on []oracleInput, field string, c ...rule.Comparison) oracleRule {
	return oracleRule{on: on, field: field, Correlation: rule.Correlation{
		Rule: rule.Rule{Name: name, Level: "high", Generate: true}, Kind: kind, Timespan: span, Condition: c,
	}}
}

// testRules are rules of all kinds and conditions over few groups and short spans.
func testRules() []oracleRule {
	without := correlate("without", rule.Without, 20*time.Second, one("a", "actor target"), "")
	without.without, without.endedBy = one("b", "target actor"), one("c", "target actor")
	firstSeen := correlate("first_seen", rule.FirstSeen, 15*time.Second, one("a b", "actor"), "region")
	firstSeen.Learn = 10 * time.Second
	ratio := correlate("ratio", rule.Ratio, 12*time.Second, one("a b c", "actor"), "target", rule.Comparison{Op: rule.Gt, With: 0.7})
	ratio.MinEvents = 4
	return []oracleRule{
		correlate("match", match, 0, one("d", ""), ""),
		correlate("many", rule.EventCount, 6*time.Second, one("a b", "actor"), "", rule.Comparison{Op: rule.Gt, With: 4}),
		correlate("few", rule.EventCount, 4*time.Second, one("a c", "target"), "", rule.Comparison{Op: rule.Lte, With: 2}, rule.Comparison{Op: rule.Gte, With: 2}),
		correlate("exactly", rule.EventCount, 9*time.Second, one("b", "actor"), "", rule.Comparison{Op: rule.Eq, With: 3}),
		correlate("distinct", rule.ValueCount, 10*time.Second, one("a", "actor"), "target", rule.Comparison{Op: rule.Gt, With: 3}),
		correlate("distinct_gte", rule.ValueCount, 7*time.Second, one("a b c d", "actor region"), "status", rule.Comparison{Op: rule.Gte, With: 2}),
		correlate("distinct_lt", rule.ValueCount, 5*time.Second, one("b c", "actor"), "target", rule.Comparison{Op: rule.Lt, With: 2}),
		correlate("distinct_not", rule.ValueCount, 5*time.Second, one("a d", "region"), "actor", rule.Comparison{Op: rule.Neq, With: 3}),
		correlate("everybody", rule.ValueCount, 3*time.Second, one("a b c d", ""), "actor", rule.Comparison{Op: rule.Gte, With: 5}),
		correlate("very_many", rule.ValueCount, 40*time.Second, one("a b c d e", ""), "bytes_status", rule.Comparison{Op: rule.Gt, With: 40}),
		correlate("not_very_many", rule.ValueCount, 20*time.Second, one("a b c d e", ""), "bytes_status", rule.Comparison{Op: rule.Lt, With: 35}),
		correlate("sum", rule.ValueSum, 8*time.Second, one("a b", "actor"), "bytes", rule.Comparison{Op: rule.Gte, With: 30}),
		correlate("average", rule.ValueAvg, 8*time.Second, one("c d", "target"), "bytes", rule.Comparison{Op: rule.Gt, With: 7}),
		correlate("all_three", rule.Temporal, 5*time.Second, []oracleInput{events("a", "actor"), events("b", "target"), events("c d", "actor")}, "", rule.Comparison{Op: rule.Gte, With: 3}),
		correlate("two_of_three", rule.Temporal, 2*time.Second, []oracleInput{events("a", "actor"), events("b", "target"), events("c d", "actor")}, "", rule.Comparison{Op: rule.Gte, With: 2}),
		correlate("in_order", rule.TemporalOrdered, 8*time.Second, []oracleInput{events("a b", "actor"), events("b", "actor"), events("c", "target")}, "", rule.Comparison{Op: rule.Gte, With: 3}),
		correlate("least", rule.ValueMin, 8*time.Second, one("a d", "actor"), "bytes", rule.Comparison{Op: rule.Gt, With: 5}),
		correlate("greatest", rule.ValueMax, 8*time.Second, one("a d", "target"), "bytes", rule.Comparison{Op: rule.Lt, With: 9}),
		correlate("middle", rule.ValueMedian, 8*time.Second, one("b c", "target"), "bytes", rule.Comparison{Op: rule.Gt, With: 11.5}),
		without, firstSeen, ratio,
	}
}

// chainedRules are testRules and rules that look at their alerts, and at those of one another.
func chainedRules() []oracleRule {
	gte := func(n float64) rule.Comparison { return rule.Comparison{Op: rule.Gte, With: n} }
	quiet := correlate("quiet", rule.EventCount, 3*time.Second, one("a b c", "actor"), "", gte(2))
	quiet.Generate = false
	without := correlate("without_alert", rule.Without, 20*time.Second, []oracleInput{events("a", "actor"), after("quiet", "target")}, "")
	without.without, without.endedBy = []oracleInput{after("few", "target"), events("b", "region")}, []oracleInput{after("sum", "actor")}
	firstSeen := correlate("first_alert", rule.FirstSeen, 15*time.Second, []oracleInput{after("distinct_gte", "actor"), after("two_of_three", "target")}, "region")
	firstSeen.Learn = 10 * time.Second
	return append(testRules(), quiet, without, firstSeen,
		correlate("alerts", rule.EventCount, 10*time.Second, []oracleInput{after("quiet", "region"), after("many", "region"), events("d", "region")}, "", gte(3)),
		correlate("alert_targets", rule.ValueCount, 10*time.Second, []oracleInput{after("quiet", "region"), after("sum", "region")}, "target", gte(2)),
		correlate("alerts_of_alerts", rule.EventCount, 30*time.Second, []oracleInput{after("alerts", ""), after("alert_targets", "")}, "", gte(2)),
		correlate("both", rule.Temporal, 5*time.Second, []oracleInput{after("quiet", "actor"), after("few", "target"), events("a b c", "actor")}, "", gte(3)),
		correlate("alert_then", rule.TemporalOrdered, 9*time.Second, []oracleInput{after("quiet", "actor"), after("first_alert", "actor"), events("b", "target")}, "", gte(2)),
		correlate("alert_bytes", rule.ValueSum, 9*time.Second, []oracleInput{after("alert_then", "region"), after("quiet", "region")}, "bytes", gte(20)),
	)
}

// closed returns the rules with these names and those that they look at, in order.
func closed(all []oracleRule, names map[string]bool) (some []oracleRule) {
	for i := len(all) - 1; i >= 0; i-- {
		r := all[i]
		if !names[r.Name] {
			continue
		}
		for _, inputs := range [][]oracleInput{r.on, r.without, r.endedBy} {
			for _, in := range inputs {
				if in.chain != "" {
					names[in.chain] = true
				}
			}
		}
	}
	for _, r := range all {
		if names[r.Name] {
			some = append(some, r)
		}
	}
	return some
}
