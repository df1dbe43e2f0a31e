package program

import (
	"slices"

	"hinomi.dev/hinomi/internal/lang"
)

// A Change is what became of one clause between two versions.
type Change struct {
	Clause string // the id
	Kind   ChangeKind
	Old    *Clause // nil when added
	New    *Clause // nil when removed
	// Lines say what changed in what the clause states, one each; a reader sees them before the
	// wording. Empty when only words changed.
	Lines []lang.Text
	// Wording says that heading, summary or what would change an exclusion reads differently.
	Wording bool
}

// A ChangeKind says what became of a clause.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Diff returns what changed from a to b, as a reader wants it: in the order of the text, clauses
// that are gone where they stood, and clauses without a change left out.
func Diff(a, b *Terms) []Change {
	var out []Change
	gone := removedAfter(a, b)
	out = append(out, gone[""]...)
	for _, c := range b.clauses {
		old, ok := a.byID[c.ID]
		switch {
		case !ok:
			out = append(out, Change{Clause: c.ID, Kind: Added, New: c, Lines: stated(b, c)})
		default:
			ch := Change{Clause: c.ID, Kind: Changed, Old: old, New: c, Lines: changes(a, b, old, c),
				Wording: old.Heading != c.Heading || old.Summary != c.Summary || old.Unless != c.Unless}
			if ch.Wording || len(ch.Lines) > 0 {
				out = append(out, ch)
			}
		}
		out = append(out, gone[c.ID]...)
	}
	return out
}

// removedAfter returns the clauses of a that b lacks, by the last clause before them that b has.
func removedAfter(a, b *Terms) map[string][]Change {
	gone, last := make(map[string][]Change), ""
	for _, c := range a.clauses {
		if _, ok := b.byID[c.ID]; ok {
			last = c.ID
			continue
		}
		gone[last] = append(gone[last], Change{Clause: c.ID, Kind: Removed, Old: c, Lines: stated(a, c)})
	}
	return gone
}

// stated returns what a clause states, one line a parameter.
func stated(t *Terms, c *Clause) []lang.Text {
	var out []lang.Text
	for _, f := range t.Facts(c) {
		out = append(out, line(f.Name, join(f.Values, lang.JA), join(f.Values, lang.EN)))
	}
	return out
}

func line(name lang.Text, ja, en string) lang.Text {
	return lang.Text{JA: name.JA + "：" + ja, EN: name.EN + ": " + en}
}

// changes returns what differs between two versions of a clause, one line each.
func changes(a, b *Terms, old, c *Clause) []lang.Text {
	var out []lang.Text
	for _, d := range params {
		out = append(out, changed(d.name, d.show(a, &old.Params), d.show(b, &c.Params))...)
	}
	if old.SecondPerson != c.SecondPerson {
		needed := map[bool]lang.Text{true: {JA: "必要", EN: "needed"}, false: {JA: "不要", EN: "not needed"}}
		out = append(out, changed(lang.Text{JA: "2人目の承認", EN: "A second person"}, []lang.Text{needed[old.SecondPerson]}, []lang.Text{needed[c.SecondPerson]})...)
	}
	out = append(out, changed(lang.Text{JA: "参照", EN: "Refers to"}, labels(old.Refs), labels(c.Refs))...)
	out = append(out, changed(lang.Text{JA: "読み方", EN: "Read by"}, readingsOf(old), readingsOf(c))...)
	return out
}

// changed returns the lines for one parameter: "from X to Y" for one value, otherwise what came
// and what went.
func changed(name lang.Text, old, now []lang.Text) []lang.Text {
	var out []lang.Text
	came, went := without(now, old), without(old, now)
	if len(old) == 1 && len(now) == 1 && len(came) == 1 {
		return []lang.Text{line(name, "「"+old[0].JA+"」から「"+now[0].JA+"」に変更", "from "+old[0].EN+" to "+now[0].EN)}
	}
	if len(came) > 0 {
		out = append(out, line(name, join(came, lang.JA)+"を追加", join(came, lang.EN)+" added"))
	}
	if len(went) > 0 {
		out = append(out, line(name, join(went, lang.JA)+"を削除", join(went, lang.EN)+" removed"))
	}
	return out
}

// without returns the texts of a that b does not have.
func without(a, b []lang.Text) []lang.Text {
	return slices.DeleteFunc(slices.Clone(a), func(t lang.Text) bool { return slices.Contains(b, t) })
}

func labels(ids []string) []lang.Text {
	out := make([]lang.Text, len(ids))
	for i, id := range ids {
		out[i] = lang.Text{JA: Label(id, lang.JA), EN: Label(id, lang.EN)}
	}
	return out
}

func readingsOf(c *Clause) []lang.Text {
	out := make([]lang.Text, len(c.Readings))
	for i, r := range c.Readings {
		out[i] = lang.Text{JA: r.ID, EN: r.ID}
	}
	return out
}
