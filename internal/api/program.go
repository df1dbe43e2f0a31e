package api

import (
	"context"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
)

func programOperations() []operation {
	return []operation{
		{id: "read-program", route: "GET /program", does: "The program: who runs it, what it covers, what it promises", needs: public, do: answer(readProgram)},
		{id: "list-terms", route: "GET /terms", does: "The versions of the terms, the oldest first", needs: public, do: answer(listTerms)},
		{id: "read-terms", route: "GET /terms/{terms}", does: "A version of the terms, clause by clause", needs: public, do: answer(readTerms)},
		{id: "compare-terms", route: "GET /terms/{terms}/changes", does: "What changed from another version to this one", needs: public, do: answer(compareTerms)},
		{id: "list-classes", route: "GET /terms/{terms}/classes", does: "The classes of vulnerabilities with their guide rewards", needs: public, do: answer(listClasses)},
		{id: "judge-target", route: "GET /terms/{terms}/verdict", does: "Whether a target is covered, and by which clause", needs: public, do: answer(judgeTarget)},
		{id: "read-figures", route: "GET /program/figures", does: "How the promises were kept over the last year, open reports included", needs: public, do: answer(readFigures),
			more: "Worked out once a day. A figure that rests on fewer than five reports is not shown."},
		{id: "read-log", route: "GET /log", does: "Where the transparency log is, and the keys it is signed with", needs: public, do: answer(readLog),
			more: "The log itself is served in the C2SP formats. How many entries are reports is nobody's to know."},
	}
}

// nothing is the input of an operation without one.
type nothing struct{}

// A text says one thing in both languages.
type text struct {
	JA string `json:"ja"`
	EN string `json:"en"`
}

func texts(all []lang.Text) []text {
	return each(all, func(t lang.Text) text { return text(t) })
}

type programView struct {
	Name       text           `json:"name"`
	Operator   text           `json:"operator"`
	Contact    string         `json:"contact"`
	Zone       string         `json:"zone"`
	Languages  []lang.Lang    `json:"languages"`
	Prevailing lang.Lang      `json:"prevailing" doc:"The language whose text of the terms decides."`
	Terms      string         `json:"terms,omitempty" doc:"The version in force; absent when no reports are taken."`
	Domains    []string       `json:"domains"`
	Sites      []string       `json:"sites"`
	Platforms  []platformView `json:"platforms"`
	Promises   []promiseView  `json:"promises"`
}

type platformView struct {
	ID   string `json:"id"`
	Name text   `json:"name"`
}

type promiseView struct {
	Kind   string `json:"kind"`
	Name   text   `json:"name"`
	Days   int    `json:"days"`
	Unit   string `json:"unit" enum:"business,calendar"`
	Clause string `json:"clause,omitempty"`
}

func readProgram(_ context.Context, v *visit, _ *nothing) (programView, error) {
	p := v.Program
	view := programView{
		Name: text(p.Name), Operator: text(p.Operator), Contact: p.Contact, Zone: p.Zone.String(), Languages: same(p.Languages),
		Prevailing: p.Prevailing, Domains: []string{}, Sites: []string{}, Platforms: []platformView{},
		Promises: each(p.Targets, func(t program.Promise) promiseView {
			return promiseView{Kind: t.Kind, Name: text(t.Name), Days: t.Days, Unit: t.Unit, Clause: t.Clause}
		}),
	}
	t, ok := p.At(v.Now())
	if !ok {
		return view, nil
	}
	view.Terms = t.ID
	view.Domains = each(t.Domains, program.Domain.String)
	view.Sites = each(t.Sites, func(s program.Site) string { return s.URL })
	view.Platforms = each(t.Platforms, func(f program.Platform) platformView { return platformView{f.ID, text(f.Name)} })
	return view, nil
}

type figureView struct {
	Kind        string `json:"kind"`
	Shown       bool   `json:"shown" doc:"False: too few reports, and nothing below means anything."`
	MetInTime   int    `json:"met_in_time" doc:"Percent, in steps of five, as are the next four; together 100."`
	MetLate     int    `json:"met_late"`
	OpenInTime  int    `json:"open_in_time"`
	OpenLate    int    `json:"open_late"`
	DroppedLate int    `json:"dropped_late" doc:"Broken, and taken back before it was kept."`
	Median      int    `json:"median" doc:"Business days within which half are kept; -1: not kept yet."`
	Ninety      int    `json:"ninety" doc:"Business days within which nine tenths are kept; -1: not kept yet."`
}

func readFigures(ctx context.Context, v *visit, _ *nothing) (Page[figureView], error) {
	all, err := v.Reports.Figures(ctx)
	return Page[figureView]{Items: each(all, func(f report.Figure) figureView {
		return figureView{f.Kind, f.Shown, f.MetInTime, f.MetLate, f.OpenInTime, f.OpenLate, f.DroppedLate, f.Median, f.Ninety}
	})}, err
}

// A TermsView is a version of the terms.
type TermsView struct {
	ID     string    `json:"id" doc:"The Japanese date on which they came into force."`
	Title  text      `json:"title"`
	Note   *text     `json:"note,omitempty" doc:"How sure we are of this text; absent when we hold it."`
	From   time.Time `json:"from"`
	SHA256 string    `json:"sha256" doc:"Of the file: what a person accepts."`
}

func showTerms(t *program.Terms) TermsView {
	view := TermsView{ID: t.ID, Title: text(t.Title), From: t.From, SHA256: t.Hash}
	if !t.Note.Empty() {
		note := text(t.Note)
		view.Note = &note
	}
	return view
}

func listTerms(_ context.Context, v *visit, _ *nothing) (Page[TermsView], error) {
	return Page[TermsView]{Items: each(v.Program.Versions(), showTerms)}, nil
}

// A TermsPath names a version of the terms.
type TermsPath struct {
	Terms string `path:"terms" doc:"The id of a version, such as 2017-04-10, or current."`
}

// terms returns the version that was named.
func (v *visit) terms(id string) (*program.Terms, error) {
	t, ok := v.Program.Version(id)
	if id == "current" {
		t, ok = v.Program.At(v.Now())
	}
	if !ok {
		return nil, fault.New(fault.NotFound, "There are no terms “%s”. GET /api/v1/terms lists the versions.",
			"規約「%s」はありません。GET /api/v1/terms で版を確認できます。", id).At("terms")
	}
	return t, nil
}

type clauseView struct {
	ID           string       `json:"id"`
	Parent       string       `json:"parent,omitempty"`
	Depth        int          `json:"depth"`
	Kind         program.Kind `json:"kind"`
	Label        text         `json:"label"`
	Heading      text         `json:"heading"`
	Summary      text         `json:"summary"`
	Unless       *text        `json:"unless,omitempty" doc:"Of an exclusion: what a reporter could show so that it no longer applies."`
	Refs         []string     `json:"refs"`
	SecondPerson bool         `json:"second_person" doc:"A decision under this clause needs two people."`
}

type periodView struct {
	Kind   string `json:"kind"`
	Name   text   `json:"name"`
	N      int    `json:"n"`
	Unit   string `json:"unit" enum:"day,month,year"`
	From   text   `json:"from"`
	Clause string `json:"clause"`
}

type wholeTermsView struct {
	TermsView
	Clauses []clauseView `json:"clauses"`
	Periods []periodView `json:"periods"`
}

func showClause(c *program.Clause) clauseView {
	view := clauseView{
		ID: c.ID, Parent: c.Parent, Depth: c.Depth, Kind: c.Kind, Label: text{JA: c.Label(lang.JA), EN: c.Label(lang.EN)},
		Heading: text(c.Heading), Summary: text(c.Summary), Refs: same(c.Refs), SecondPerson: c.SecondPerson,
	}
	if !c.Unless.Empty() {
		unless := text(c.Unless)
		view.Unless = &unless
	}
	return view
}

func readTerms(_ context.Context, v *visit, in *TermsPath) (wholeTermsView, error) {
	t, err := v.terms(in.Terms)
	if err != nil {
		return wholeTermsView{}, err
	}
	return wholeTermsView{
		TermsView: showTerms(t), Clauses: each(t.Clauses(), showClause),
		Periods: each(t.Periods, func(p program.Period) periodView {
			return periodView{p.Kind, text(p.Name), p.N, p.Unit, text(p.From), p.Clause}
		}),
	}, nil
}

type changeView struct {
	Clause  string             `json:"clause"`
	Kind    program.ChangeKind `json:"kind" enum:"added,removed,changed"`
	Lines   []text             `json:"lines" doc:"What changed in what the clause states."`
	Wording bool               `json:"wording" doc:"It also reads differently."`
	Old     *clauseView        `json:"old,omitempty"`
	New     *clauseView        `json:"new,omitempty"`
}

func compareTerms(_ context.Context, v *visit, in *struct {
	TermsPath
	From string `query:"from" required:"true" doc:"The id of the other version."`
}) (Page[changeView], error) {
	to, err := v.terms(in.Terms)
	if err != nil {
		return Page[changeView]{}, err
	}
	from, err := v.terms(in.From)
	if err != nil {
		return Page[changeView]{}, err
	}
	return Page[changeView]{Items: each(program.Diff(from, to), func(c program.Change) changeView {
		view := changeView{Clause: c.Clause, Kind: c.Kind, Lines: texts(c.Lines), Wording: c.Wording}
		if c.Old != nil {
			old := showClause(c.Old)
			view.Old = &old
		}
		if c.New != nil {
			now := showClause(c.New)
			view.New = &now
		}
		return view
	})}, nil
}

// A sumView is money.
type sumView struct {
	Amount   string `json:"amount" example:"1989.50" doc:"A decimal."`
	Currency string `json:"currency" example:"USD" doc:"ISO 4217."`
}

func sum(a money.Amount) sumView { return sumView{a.Decimal(), a.Currency} }

type classView struct {
	ID     string  `json:"id"`
	Name   text    `json:"name"`
	Means  text    `json:"means"`
	Guide  sumView `json:"guide" doc:"An example, not a promise."`
	CWE    []int   `json:"cwe"`
	VRT    string  `json:"vrt,omitempty"`
	Vector string  `json:"vector,omitempty" doc:"A CVSS 3.1 vector to start from."`
	Clause string  `json:"clause"`
}

func listClasses(_ context.Context, v *visit, in *TermsPath) (Page[classView], error) {
	t, err := v.terms(in.Terms)
	if err != nil {
		return Page[classView]{}, err
	}
	return Page[classView]{Items: each(t.Classes(), func(c program.Class) classView {
		return classView{
			ID: c.ID, Name: text(c.Name), Means: text(c.Means), Guide: sum(money.Amount{Minor: c.Guide.Cents, Currency: c.Guide.Currency}),
			CWE: same(c.CWE), VRT: c.VRT, Vector: c.Vector, Clause: c.Clause,
		}
	})}, nil
}

type verdictView struct {
	In       bool   `json:"in"`
	Review   bool   `json:"review" doc:"The terms leave it open and a person decides."`
	Target   string `json:"target" doc:"In the one form in which two reports can be compared."`
	Clause   string `json:"clause,omitempty"`
	Reason   text   `json:"reason"`
	Warnings []text `json:"warnings"`
}

func showVerdict(v program.Verdict) verdictView {
	return verdictView{In: v.In, Review: v.Review, Target: v.Target, Clause: v.Clause, Reason: text(v.Reason), Warnings: texts(v.Warnings)}
}

func judgeTarget(_ context.Context, v *visit, in *struct {
	TermsPath
	Target   string `query:"target" maxLength:"300" doc:"A host or an address."`
	Reached  string `query:"reached" enum:"web,app,separate_process" default:"web"`
	Platform string `query:"platform" maxLength:"300"`
	Version  string `query:"version" maxLength:"300" doc:"Of the app."`
}) (verdictView, error) {
	t, err := v.terms(in.Terms)
	if err != nil {
		return verdictView{}, err
	}
	return showVerdict(t.Judge(program.Target{Kind: in.Reached, Host: in.Target, Platform: in.Platform, Version: in.Version})), nil
}

type logView struct {
	Origin     string   `json:"origin" doc:"The name the log signs under."`
	Keys       []string `json:"keys" doc:"Verifier keys, the newest first."`
	Checkpoint string   `json:"checkpoint" doc:"Where the newest public checkpoint is."`
	Tiles      string   `json:"tiles" doc:"Where the tiles are."`
}

func readLog(_ context.Context, v *visit, _ *nothing) (logView, error) {
	at := strings.TrimSuffix(v.Origin, "/") + "/log/"
	return logView{Origin: v.Receipts.Key.Name(), Keys: same(v.Receipts.Key.Verifiers), Checkpoint: at + "checkpoint", Tiles: at + "tile/"}, nil
}
