// Package program holds the program as data: its terms in every version, clause by clause, and
// what follows from them by rule alone.
//
// The terms are files (terms/*.yaml, described in doc/terms.md). Load reads them and Check says
// what is wrong with them, with file, line and clause. Nothing of the program's figures stands in
// Go code: domains, sites, platforms, exclusions, classes and amounts, periods, languages and zone
// come from the files.
//
// A report is pinned to the version in force when the server had all of it, so a Terms is
// never changed after loading and its Hash names the exact file. Everything here is safe for
// concurrent use.
package program

import (
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// A Program is what one operator runs: who it is, and its terms in all versions.
type Program struct {
	Name       lang.Text
	Operator   lang.Text
	Contact    string // the only form by which questions are answered
	Zone       *time.Location
	Languages  []lang.Lang
	Prevailing lang.Lang // the language whose text of the terms decides
	Targets    []Promise // the desk's own, in the order of a report's life

	versions []*Terms // oldest first
}

// A Promise is a time within which the desk says it will do something.
type Promise struct {
	Kind string // such as "triage"
	Name lang.Text
	Days int
	Unit string // Business or Calendar
	// Clause is the duty that the promise gives a time to, or empty. Either way the figure is the
	// operator's own promise and not part of the terms.
	Clause string
}

// The units of a Promise.
const (
	Business = "business"
	Calendar = "calendar"
)

// Due returns the last day on which the promise is kept when its clock started on from.
func (p Promise) Due(from calendar.Date) calendar.Date {
	if p.Unit == Business {
		return calendar.AddBusinessDays(from, p.Days)
	}
	return calendar.Days(from, p.Days)
}

// At returns the terms in force at t, and false before the first ones.
func (p *Program) At(t time.Time) (*Terms, bool) {
	for _, v := range slices.Backward(p.versions) {
		if !t.Before(v.From) {
			return v, true
		}
	}
	return nil, false
}

// Version returns the terms with this id, such as "2017-04-10".
func (p *Program) Version(id string) (*Terms, bool) {
	for _, v := range p.versions {
		if v.ID == id {
			return v, true
		}
	}
	return nil, false
}

// Versions returns all terms, oldest first.
func (p *Program) Versions() []*Terms { return slices.Clone(p.versions) }

// Target returns the desk's promise of this kind.
func (p *Program) Target(kind string) (Promise, bool) {
	i := slices.IndexFunc(p.Targets, func(t Promise) bool { return t.Kind == kind })
	if i < 0 {
		return Promise{}, false
	}
	return p.Targets[i], true
}

// Terms are one version of the program's terms.
type Terms struct {
	ID    string // the Japanese date on which they came into force
	Title lang.Text
	Note  lang.Text // how sure we are of this text; empty when we hold it
	From  time.Time
	Hash  string // SHA-256 of the file, in hex: what a person accepted

	Domains   []Domain // of services the app displays
	Sites     []Site
	Platforms []Platform
	Periods   []Period

	clauses []*Clause
	byID    map[string]*Clause
}

// A Domain is a name under which services are covered.
type Domain struct {
	Name       string
	Apex       bool // the name itself
	Subdomains bool // every name below it
}

// String returns the domain as the terms' patterns have it.
func (d Domain) String() string {
	switch {
	case d.Apex && d.Subdomains:
		return d.Name + ", *." + d.Name
	case d.Subdomains:
		return "*." + d.Name
	}
	return d.Name
}

// A Site is a covered website.
type Site struct {
	URL    string
	Scheme string
	Host   string
}

// A Platform is one on which the app is covered.
type Platform struct {
	ID   string
	Name lang.Text
}

// Clauses returns every article, paragraph, item and sub-item in the order of the text.
func (t *Terms) Clauses() []*Clause { return slices.Clone(t.clauses) }

// Clause returns the clause with this id, such as "3.2.v".
func (t *Terms) Clause(id string) (*Clause, bool) {
	c, ok := t.byID[id]
	return c, ok
}

// Exclusions returns the clauses under which a report earns no reward.
func (t *Terms) Exclusions() []*Clause { return t.ofKind(Exclusion) }

// Prohibitions returns the acts that participants must not do.
func (t *Terms) Prohibitions() []*Clause { return t.ofKind(Prohibition) }

func (t *Terms) ofKind(k Kind) []*Clause {
	var cs []*Clause
	for _, c := range t.clauses {
		if c.Kind == k {
			cs = append(cs, c)
		}
	}
	return cs
}

// first returns the first clause for which is holds, or nil.
func (t *Terms) first(is func(*Clause) bool) *Clause {
	if i := slices.IndexFunc(t.clauses, is); i >= 0 {
		return t.clauses[i]
	}
	return nil
}

// Classes returns the classes of vulnerabilities with their guide rewards, in the order of the table.
func (t *Terms) Classes() []Class {
	var cs []Class
	for _, c := range t.clauses {
		cs = append(cs, c.Params.Classes...)
	}
	return cs
}

// Class returns the class with this id, such as "xss".
func (t *Terms) Class(id string) (Class, bool) {
	for _, c := range t.Classes() {
		if c.ID == id {
			return c, true
		}
	}
	return Class{}, false
}

// Platform returns the platform with this id, such as "ios".
func (t *Terms) Platform(id string) (Platform, bool) {
	i := slices.IndexFunc(t.Platforms, func(p Platform) bool { return p.ID == id })
	if i < 0 {
		return Platform{}, false
	}
	return t.Platforms[i], true
}

// Period returns the period of this kind, such as "reply".
func (t *Terms) Period(kind string) (Period, bool) {
	i := slices.IndexFunc(t.Periods, func(p Period) bool { return p.Kind == kind })
	if i < 0 {
		return Period{}, false
	}
	return t.Periods[i], true
}
