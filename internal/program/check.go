package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// A checker looks at one version of the terms as a whole.
type checker struct {
	*reader
	t        *Terms
	readings map[string]*readingEntry
	settled  map[string]bool // the readings that answered a complaint
}

// checkTerms complains about what no single clause shows.
func (r *reader) checkTerms(t *Terms, readings map[string]*readingEntry) {
	k := &checker{reader: r, t: t, readings: readings, settled: make(map[string]bool)}
	k.citations()
	k.references()
	k.classes()
	k.parameters()
	k.sites()
	k.periods()
	k.rates()
	k.notes()
}

// found records a complaint at clause c. It is a note when a reading that all the clauses involved
// cite settles this rule and answers says that the reading is enough.
func (k *checker) found(c *Clause, line int, rule string, involved []*Clause, answers func(*readingEntry) bool, en, ja string, args ...any) {
	k.complainAt(line, c.ID, rule, en, ja, args...)
	for _, rd := range c.Readings {
		e := k.readings[rd.ID]
		shared := !slices.ContainsFunc(involved, func(o *Clause) bool {
			return !slices.ContainsFunc(o.Readings, func(r Reading) bool { return r.ID == rd.ID })
		})
		if e == nil || e.settles != rule || !shared || !answers(e) {
			continue
		}
		k.settled[e.ID] = true
		last := &k.complaints[len(k.complaints)-1]
		last.Note = true
		last.Text.EN += fmt.Sprintf(" Reading %s: %s", e.ID, e.Text.EN)
		last.Text.JA += fmt.Sprintf("読み方%s：%s", e.ID, e.Text.JA)
		return
	}
}

func always(*readingEntry) bool { return true }

// citations complains about clauses that cite a reading the file does not have, and readings that
// bear on what no clause states.
func (k *checker) citations() {
	topics := make(map[string]bool)
	for _, d := range params {
		topics[d.key] = true
	}
	for _, c := range k.t.clauses {
		for _, p := range c.Params.Periods {
			topics[p.Kind] = true
		}
		for _, rd := range c.Readings {
			if k.readings[rd.ID] == nil {
				k.complainAt(c.line, c.ID, ruleReading, "There is no reading %q in this file.", "このファイルに読み方%qはありません。", rd.ID)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(k.readings)) {
		for _, topic := range k.readings[id].BearsOn {
			if !topics[topic] {
				k.complainAt(k.readings[id].line, "", ruleUnknown, "Reading %[1]s bears on %[2]q, which is no parameter and no period of these terms.", "読み方%[1]sの対象%[2]qは、この規約の値にも期間にもありません。", id, topic)
			}
		}
	}
}

// references complains about references to clauses that do not exist, and to clauses that exist
// but do not give what the reference is for.
func (k *checker) references() {
	for _, c := range k.t.clauses {
		for _, ref := range c.refs {
			to, ok := k.t.byID[ref.to]
			switch {
			case !ok:
				k.complainAt(ref.line, c.ID, ruleReference, "The reference points to clause %q, which does not exist.", "参照先の条項%qがありません。", ref.to)
			case ref.purpose == "" || slices.Contains(to.gives, ref.purpose):
			default:
				k.wrong(c, ref)
			}
		}
	}
}

// wrong complains about a reference whose target exists but says something else.
func (k *checker) wrong(c *Clause, ref reference) {
	var givers []string
	for _, o := range k.t.clauses {
		if slices.Contains(o.gives, ref.purpose) {
			givers = append(givers, o.ID)
		}
	}
	if len(givers) == 0 {
		k.complainAt(ref.line, c.ID, ruleReference, "The reference is for %q, which no clause gives.", "参照の目的%qを定める条項がありません。", ref.purpose)
		return
	}
	k.found(c, ref.line, ruleWrong, []*Clause{c}, func(e *readingEntry) bool {
		return e.ID == ref.reading && slices.Contains(givers, ref.readAs)
	}, "The reference points to clause %[1]s for %[2]q, but that stands in clause %[3]s.", "条項%[1]sを%[2]qのために参照していますが、それは条項%[3]sにあります。",
		ref.to, ref.purpose, strings.Join(givers, ", "))
}

// classes complains about classes that stand there twice or are named but do not exist.
func (k *checker) classes() {
	seen := make(map[string]bool)
	for _, c := range k.t.clauses {
		for _, class := range c.Params.Classes {
			if seen[class.ID] {
				k.complainAt(c.line, c.ID, ruleClass, "The class %q stands here twice.", "区分%qが2回あります。", class.ID)
			}
			seen[class.ID] = true
		}
	}
	for _, c := range k.t.clauses {
		for _, id := range c.signs.except {
			if !seen[id] {
				k.complainAt(c.signs.line, c.ID, ruleClass, "There is no class %q in these terms.", "この規約に区分%qはありません。", id)
			}
		}
	}
}

// parameters complains about a parameter that has one value by its nature and gets two.
func (k *checker) parameters() {
	for _, d := range params {
		if !d.once {
			continue
		}
		var first *Clause
		for _, c := range k.t.clauses {
			values := d.show(k.t, &c.Params)
			if len(values) == 0 {
				continue
			}
			if first == nil {
				first = c
				continue
			}
			before := d.show(k.t, &first.Params)
			if sameValues(before, values) {
				continue
			}
			k.found(c, c.line, ruleContradiction, []*Clause{first, c},
				func(e *readingEntry) bool { return len(d.show(k.t, &e.params)) > 0 },
				"%[1]s: clause %[2]s says %[3]s, this clause says %[4]s.", "%[5]s：条項%[2]sは「%[6]s」、この条項は「%[7]s」としています。",
				d.name.EN, first.ID, join(before, lang.EN), join(values, lang.EN), d.name.JA, join(before, lang.JA), join(values, lang.JA))
		}
	}
}

// sites complains when the listed websites and the domains of an exclusion do not fit: a site
// outside the domains is covered and excluded at once, and where both stand, a name under the
// domains that is no listed site is neither.
func (k *checker) sites() {
	covers := k.t.first(func(c *Clause) bool { return len(c.Params.Sites) > 0 })
	excludes := k.t.first(func(c *Clause) bool { return c.Kind == Exclusion && len(c.Params.Domains) > 0 })
	if covers == nil || excludes == nil {
		return
	}
	for _, s := range covers.Params.Sites {
		if !under(s.Host, excludes.Params.Domains) {
			k.found(excludes, excludes.line, ruleContradiction, []*Clause{covers, excludes}, func(*readingEntry) bool { return false },
				"Clause %[1]s covers %[2]s, and this clause excludes it.", "条項%[1]sは%[2]sを対象としていますが、この条項はそれを除外しています。", covers.ID, s.URL)
		}
	}
	k.found(excludes, excludes.line, ruleContradiction, []*Clause{covers, excludes}, always,
		"Websites: clause %[1]s covers only those it lists, but this clause excludes only names outside the domains.",
		"ウェブサイト：条項%[1]sの対象は列挙したものだけですが、この条項が除外するのはドメインの外だけです。", covers.ID)
}

// periods complains about two clauses that limit the same thing with different periods.
func (k *checker) periods() {
	type stated struct {
		Period
		c *Clause
	}
	kinds, about := make(map[string]stated), make(map[string]stated)
	for _, c := range k.t.clauses {
		for _, p := range c.Params.Periods {
			if old, twice := kinds[p.Kind]; twice {
				k.complainAt(c.line, c.ID, ruleContradiction, "The period %[1]q also stands in clause %[2]s.", "期間%[1]qは条項%[2]sにもあります。", p.Kind, old.c.ID)
			}
			kinds[p.Kind] = stated{p, c}
			for _, a := range p.About {
				old, twice := about[a]
				if !twice {
					about[a] = stated{p, c}
				} else if old.N != p.N || old.Unit != p.Unit {
					k.found(c, c.line, ruleContradiction, []*Clause{old.c, c}, always,
						"Clause %[2]s gives %[3]s for %[1]q, this clause %[4]s.", "%[1]qの期間を、条項%[2]sは%[5]s、この条項は%[6]sとしています。",
						a, old.c.ID, old.Length().EN, p.Length().EN, old.Length().JA, p.Length().JA)
				}
			}
		}
	}
}

// bankHolidays are the days on which no bank rate is published.
var bankHolidays = []string{"saturday", "sunday", "public_holiday", "year_end"}

// rates complains about a conversion that does not say what holds on every day without a rate.
func (k *checker) rates() {
	for _, c := range k.t.clauses {
		if c.Params.Rate == nil {
			continue
		}
		var missing []string
		for _, day := range bankHolidays {
			if !slices.Contains(c.Params.Rate.Closed, day) {
				missing = append(missing, day)
			}
		}
		if len(missing) > 0 {
			k.found(c, c.line, ruleGap, []*Clause{c},
				func(e *readingEntry) bool {
					return e.params.Rate != nil && sameSet(e.params.Rate.Closed, bankHolidays)
				},
				"Conversion: no rate is published on %[1]s, and the clause does not say which one holds then.",
				"換算：%[2]sにはレートが公表されませんが、その場合の定めがありません。", join(namesOf(missing), lang.EN), join(namesOf(missing), lang.JA))
		}
	}
}

// notes prints the readings that no check can find the reason for, and complains about those that
// nobody uses or that settle what is not there.
func (k *checker) notes() {
	for _, id := range slices.Sorted(maps.Keys(k.readings)) {
		e := k.readings[id]
		var cited []string
		var first *Clause
		for _, c := range k.t.clauses {
			if slices.ContainsFunc(c.Readings, func(r Reading) bool { return r.ID == id }) {
				if first == nil {
					first = c
				} else {
					cited = append(cited, c.ID)
				}
			}
		}
		switch {
		case first == nil:
			k.complainAt(e.line, "", ruleReading, "No clause cites reading %s.", "読み方%sを使う条項がありません。", id)
		case e.settles != "" && !k.settled[id]:
			k.complainAt(e.line, "", ruleReading, "Reading %[1]s settles no %[2]s. Is it outdated, does a clause not cite it, or does it not say what holds?",
				"読み方%[1]sで解消される%[2]sがありません。古くなっているか、引用していない条項があるか、採用する値が書かれていません。", id, e.settles)
		case e.settles == "":
			also := lang.Text{}
			if len(cited) > 0 {
				list := strings.Join(cited, ", ")
				also = lang.Text{EN: " (also " + list + ")", JA: "（" + list + "も）"}
			}
			k.complainAt(first.line, first.ID, ruleReading, "Reading %[1]s%[2]s: %[3]s", "読み方%[1]s%[4]s：%[5]s", id, also.EN, e.Text.EN, also.JA, e.Text.JA)
			k.complaints[len(k.complaints)-1].Note = true
		}
	}
}

// check complains about what does not fit between the files.
func (p *Program) check(lines map[string]int) []Complaint {
	r := &reader{file: programFile}
	if len(p.versions) == 0 {
		r.complainAt(0, "", ruleVersion, "There is no file with terms beside this one.", "規約のファイルがありません。")
		return r.complaints
	}
	newest := p.versions[len(p.versions)-1]
	for _, t := range p.Targets {
		if _, ok := newest.Clause(t.Clause); !ok && t.Clause != "" {
			r.complainAt(lines["target "+t.Kind], "", ruleReference, "The target %[1]q names clause %[2]q, which the terms %[3]s do not have.",
				"目標%[1]qの条項%[2]qは、%[3]s版の規約にありません。", t.Kind, t.Clause, newest.ID)
		}
	}
	for i, t := range p.versions {
		r.file = t.ID + ".yaml"
		if d := calendar.In(t.From, p.Zone); d.String() != t.ID {
			r.complainAt(lines[r.file], "", ruleVersion, "The version is named %[1]s but comes into force on %[2]s in %[3]s.",
				"版の名前は%[1]sですが、%[3]sでは%[2]sに効力が発生します。", t.ID, d, p.Zone)
		}
		if i > 0 && t.From.Equal(p.versions[i-1].From) {
			r.complainAt(lines[r.file], "", ruleVersion, "The version comes into force at the same time as %s.", "%s版と同じ時刻に効力が発生します。", p.versions[i-1].ID)
		}
		p.checkAgainst(r, t)
	}
	return r.complaints
}

// checkAgainst complains where the terms say something else than program.yaml.
func (p *Program) checkAgainst(r *reader, t *Terms) {
	own := Params{Languages: p.Languages, Prevailing: p.Prevailing, Zone: p.Zone.String(), ContactForm: p.Contact}
	own.InForce, _ = calendar.Parse(t.ID)
	for _, d := range params {
		want := d.show(t, &own)
		if len(want) == 0 {
			continue
		}
		for _, c := range t.clauses {
			if got := d.show(t, &c.Params); len(got) > 0 && !sameValues(got, want) {
				r.complainAt(c.line, c.ID, ruleContradiction, "%[1]s: the clause says %[2]s, the program %[3]s.", "%[4]s：条項は「%[5]s」、プログラムは「%[6]s」としています。",
					d.name.EN, join(got, lang.EN), join(want, lang.EN), d.name.JA, join(got, lang.JA), join(want, lang.JA))
			}
		}
	}
}

func namesOf(values []string) []lang.Text {
	out := make([]lang.Text, len(values))
	for i, v := range values {
		out[i] = word(v)
	}
	return out
}

// join writes the texts as a list in language l.
func join(ts []lang.Text, l lang.Lang) string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = t.In(l)
	}
	return strings.Join(out, lang.Text{JA: "、", EN: ", "}.In(l))
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
