package rule

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/event"
)

// A linkState says how far a document is on its way into the set.
type linkState uint8

const (
	waiting linkState = iota
	linking           // its rules are being linked: who comes here again goes in a circle
	linked
)

// link puts the documents into the set: the detections, then the correlations behind those they refer to.
func (l *loader) link() {
	l.markUsed()
	var every []event.Slot
	c := &compiler{fields: l.set.Fields, every: &every}
	keywords := false
	for _, d := range l.docs {
		if d.section != "detection" || d.wrong {
			continue
		}
		d.checkReach()
		if d.wrong {
			continue
		}
		d.tree.each(func(f *leaf) { keywords = keywords || f.field == "" })
		l.addDetection(d, c)
	}
	for _, d := range l.docs {
		if d.section == "correlation" {
			l.linkCorrelation(d)
		}
	}
	if keywords {
		for _, f := range knownFields {
			c.slot(f)
		}
		for s := range l.set.Fields.Names() {
			every = append(every, event.Slot(s))
		}
	}
}

// markUsed notes which rules alert by themselves.
func (l *loader) markUsed() {
	for _, d := range l.docs {
		d.made.Generate = true
	}
	for _, d := range l.docs {
		if d.cor == nil {
			continue
		}
		for _, rs := range []refs{d.cor.rules, d.cor.without, d.cor.endedBy} {
			for _, name := range rs.names {
				if other := l.byName[name]; other != nil && !d.cor.generate {
					other.made.Generate = false
				}
			}
		}
	}
	for _, d := range l.docs {
		if d.cor == nil || !d.cor.generate {
			continue
		}
		for _, name := range d.cor.rules.names {
			if other := l.byName[name]; other != nil {
				other.made.Generate = true
			}
		}
	}
}

// checkReach complains about a rule that no event can match.
func (d *document) checkReach() {
	field, never := d.tree.never()
	if t := d.tree.types(); !never && t != nil && len(t) == 0 {
		field, never = "type", true
	}
	switch {
	case never && d.hollow:
		d.warn(d.n, "Hand in the list.", "The rule matches no event as long as its list is empty.")
	case never:
		d.err(d.n, "", "No event can match: %s would have to be several things at once.", field)
	}
}

// knownWords are the values that some fields have.
var knownWords = map[string][]string{
	"type": {"friend_request", "friend_added", "friend_removed", "group_invite", "group_joined", "group_left", "invite_withdrawn",
		"consent_granted", "consent_revoked", "message", "account_created", "account_suspended", "account_closed", "login",
		"session_ended", "key_changed", "e2ee_changed", "api_call", "file_access", "abuse_reported"},
	"actor_kind": {"user", "bot", "official", "assistant", "affiliate", "staff"},
	"e2ee":       {"on", "off"},
}

// addDetection compiles a detection into the set.
func (l *loader) addDetection(d *document, c *compiler) {
	det := &Detection{Rule: d.made, Types: d.tree.types(), Match: d.tree.compile(c)}
	if !d.ours {
		det.Types, det.Match = []string{}, func(*event.Event) bool { return false }
	}
	if det.Level == "" {
		det.Level = levels[0]
	}
	d.made.Level = det.Level
	d.index, d.state = len(l.set.Detections), linked
	l.set.Detections = append(l.set.Detections, det)
}

// linkCorrelation finds the rules of a correlation, and puts it into the set behind them.
func (l *loader) linkCorrelation(d *document) {
	if d.state != waiting {
		return
	}
	d.state = linking
	defer func() { d.state = linked }()
	if d.cor == nil {
		return
	}
	c := &Correlation{
		Kind: d.cor.kind, Timespan: d.cor.timespan, Condition: d.cor.cond, MinEvents: d.cor.least,
		Learn: d.cor.learn, Keys: d.cor.groupBy.names,
	}
	known := map[*document]bool{}
	c.Rules = l.inputs(d, d.cor.rules, known, d.cor.fields)
	c.Without = l.inputs(d, d.cor.without, known, refs{})
	c.EndedBy = l.inputs(d, d.cor.endedBy, known, refs{})
	l.checkAliases(d, known)
	for _, n := range slices.Concat(d.cor.groupBy.nodes, d.cor.fields.nodes) {
		if d.alias(n.Value) == nil {
			d.checkField(n.Value, n)
		}
	}
	if d.wrong {
		return
	}
	if d.made.Level == "" {
		d.made.Level = levels[0]
		for other := range known {
			if slices.Index(levels, other.made.Level) > slices.Index(levels, d.made.Level) {
				d.made.Level = other.made.Level
			}
		}
	}
	c.Rule = d.made
	d.index = len(l.set.Correlations)
	l.set.Correlations = append(l.set.Correlations, c)
}

// inputs resolves names of rules, and what the correlation takes of each one's events.
func (l *loader) inputs(d *document, rs refs, known map[*document]bool, fields refs) []Input {
	var all []Input
	for i, name := range rs.names {
		other := l.find(d, name, rs.nodes[i])
		if other == nil {
			continue
		}
		if other.state == linking {
			d.err(rs.nodes[i], "Remove one of the references.", "The rules refer to one another in a circle: %s leads back here.", name)
			continue
		}
		if other.section == "filter" {
			d.err(rs.nodes[i], "", "%s is a filter, not a rule.", name)
			continue
		}
		if other.section == "correlation" {
			l.linkCorrelation(other)
		}
		if other.wrong {
			d.err(rs.nodes[i], "Repair it first.", "The rule %s has a mistake of its own.", name)
			continue
		}
		known[other] = true
		in := Input{Rule: other.index, Chained: other.section == "correlation"}
		in.Group = l.places(d, other, d.cor.groupBy)
		in.Field = l.places(d, other, fields)
		all = append(all, in)
	}
	return all
}

// places returns where the events of a rule have fields, by their aliases where they have some.
func (l *loader) places(d, other *document, fields refs) []event.Slot {
	var all []event.Slot
	for i, name := range fields.names {
		field := name
		if a := d.alias(name); a != nil {
			e := a.of(l, other)
			if e == nil {
				d.err(a.at, fmt.Sprintf("Add %s: and the field.", other.made.Name), "The alias %s does not say what it is in the events of %s.", name, other.made.Name)
				continue
			}
			field = e.v.Value
			d.checkField(field, e.v)
		}
		if s, ok := l.inner(other, field, d, fields.nodes[i]); ok {
			all = append(all, s)
		}
	}
	return all
}

// inner returns the place of a field. A correlation's own aliases are known outside it, if they are
// the same field in all of its events.
func (l *loader) inner(other *document, field string, d *document, at *yaml.Node) (event.Slot, bool) {
	if other.cor == nil || other.alias(field) == nil {
		return l.set.Fields.Slot(field), true
	}
	c := l.set.Correlations[other.index]
	k := slices.Index(c.Keys, field)
	for _, in := range c.Rules {
		if k < 0 || in.Group[k] != c.Rules[0].Group[k] {
			d.err(at, "Name the field of the events.", "%s is not the same field in all events of %s.", field, other.made.Name)
			return 0, false
		}
	}
	return c.Rules[0].Group[k], true
}

func (d *document) alias(name string) *alias {
	if d.cor == nil {
		return nil
	}
	for i := range d.cor.aliases {
		if d.cor.aliases[i].name == name {
			return &d.cor.aliases[i]
		}
	}
	return nil
}

// of returns the line for a rule.
func (a *alias) of(l *loader, other *document) *entry {
	for i := range a.rules {
		if l.byName[a.rules[i].key] == other {
			return &a.rules[i]
		}
	}
	return nil
}

// checkAliases complains about aliases of rules that are not there, or that nobody uses.
func (l *loader) checkAliases(d *document, known map[*document]bool) {
	for _, a := range d.cor.aliases {
		if !slices.Contains(d.cor.groupBy.names, a.name) && !slices.Contains(d.cor.fields.names, a.name) {
			d.warn(a.at, "Name it in group-by, or remove it.", "The alias %s is not used.", a.name)
		}
		for _, e := range a.rules {
			if other := l.byName[e.key]; !d.wrong && (other == nil || !known[other]) {
				var names []string
				for k := range known {
					names = append(names, k.name)
				}
				slices.Sort(names)
				fix := ""
				if want := near(e.key, names); want != "" {
					fix = fmt.Sprintf("Did you mean %s?", want)
				}
				d.err(e.k, fix, "The alias %s names %s, which is no rule of this correlation.", a.name, e.key)
			}
		}
	}
}
