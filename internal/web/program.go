package web

import (
	"net/http"
	"strings"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/program"
)

// A programPage is the front door: what is covered, what is paid, by when, and how that is kept.
type programPage struct {
	Frame
	Program *program.Program
	Terms   *program.Terms
	Open    bool          // the terms are in force
	Start   calendar.Date // of the program; may be zero
	Least   program.Amount
	Most    program.Amount
	App     *program.Clause // that covers what the app displays, or nil
	Web     *program.Clause // that covers the websites, or nil
	Outside []*program.Clause
	Guides  string // the clause with the table of guide rewards, or empty
	Figures []figureView
	By      string // how the target asked about is reached
	Target  string // as it was typed
	Judged  *judged
}

// judged is the answer to "is this covered?".
type judged struct {
	program.Verdict
	Clause   *program.Clause
	Readings []program.Reading
}

func (s *Server) getProgram(w http.ResponseWriter, r *http.Request) error {
	figures, err := s.Reports.Figures(r.Context())
	if err != nil {
		return err
	}
	t, open := s.inForce()
	p := programPage{Program: s.Program, Terms: t, Open: open}
	p.Frame = s.frame(r, "%s", "%s", s.Program.Name.In(language(r)))
	for _, c := range t.Clauses() {
		p.find(c)
	}
	for _, c := range t.Classes() {
		if p.Guides == "" {
			p.Guides, p.Least, p.Most = c.Clause, c.Guide, c.Guide
		}
		if c.Guide.Cents < p.Least.Cents {
			p.Least = c.Guide
		}
		if c.Guide.Cents > p.Most.Cents {
			p.Most = c.Guide
		}
	}
	for _, f := range figures {
		p.Figures = append(p.Figures, p.figureView(f, s.Program))
	}
	p.By, p.Target = r.URL.Query().Get("reached"), r.URL.Query().Get("target")
	p.Judged = p.judge()
	return s.show(w, r, "program.html", p)
}

// find keeps the clauses that the page speaks of by themselves.
func (p *programPage) find(c *program.Clause) {
	switch {
	case c.Kind == program.Scope && c.Params.Reached == program.App && p.App == nil:
		p.App = c
	case c.Kind == program.Scope && c.Params.Reached == program.Web && p.Web == nil:
		p.Web = c
	case len(c.Params.Outside) > 0:
		p.Outside = append(p.Outside, c)
	}
	if p.Start.IsZero() {
		p.Start = c.Params.Start
	}
}

// maxTarget is how much of a typed target is looked at, in bytes.
const maxTarget = 2000

// judge returns what the terms say of a target, or nil when none was asked for.
func (p *programPage) judge() *judged {
	typed := strings.TrimSpace(p.Target)
	if typed == "" {
		return nil
	}
	if len(typed) > maxTarget {
		typed = strings.ToValidUTF8(typed[:maxTarget], "")
	}
	j := &judged{Verdict: p.Terms.Judge(program.Target{Kind: p.By, Host: typed})}
	c, ok := p.Terms.Clause(j.Verdict.Clause)
	if !ok {
		return j
	}
	j.Clause = c
	for _, id := range j.Verdict.Readings {
		for _, reading := range c.Readings {
			if reading.ID == id {
				j.Readings = append(j.Readings, reading)
			}
		}
	}
	return j
}

// Ways are the ways in which a target may be reached.
func (p programPage) Ways() []Option {
	var all []Option
	for _, by := range []string{program.App, program.Web, program.SeparateProcess} {
		all = append(all, Option{Value: by, Label: p.Reached(by)})
	}
	return all
}
