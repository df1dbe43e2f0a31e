package web

import (
	"net/http"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/program"
)

// A diffPage says what changed from one version of the terms to another.
type diffPage struct {
	Frame
	From, To *program.Terms
	Versions []*program.Terms
	Changes  []changeView
}

// A changeView is a change as it is read: what is stated first, then the words.
type changeView struct {
	program.Change
	Words []wording
}

// A wording is a sentence that reads differently.
type wording struct{ Old, New lang.Text }

func (s *Server) getTermsDiff(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	now, _ := s.inForce()
	p := diffPage{From: now, To: now, Versions: s.Program.Versions()}
	for i, t := range p.Versions { // unless asked otherwise, what the terms in force changed
		if t == now && i > 0 {
			p.From = p.Versions[i-1]
		}
	}
	for _, asked := range []struct {
		id string
		to **program.Terms
	}{{q.Get("from"), &p.From}, {q.Get("to"), &p.To}} {
		if asked.id == "" {
			continue
		}
		t, err := s.version(asked.id)
		if err != nil {
			return err
		}
		*asked.to = t
	}
	for _, c := range program.Diff(p.From, p.To) {
		p.Changes = append(p.Changes, changeView{c, wordings(c)})
	}
	p.Frame = s.frame(r, "What changed in the terms", "規約の変更点")
	return s.show(w, r, "termsdiff.html", p)
}

// wordings returns the sentences of a clause that read differently now.
func wordings(c program.Change) []wording {
	if c.Old == nil || c.New == nil {
		return nil
	}
	var all []wording
	for _, w := range []wording{{c.Old.Heading, c.New.Heading}, {c.Old.Summary, c.New.Summary}, {c.Old.Unless, c.New.Unless}} {
		if w.Old != w.New {
			all = append(all, w)
		}
	}
	return all
}

// Picks are the versions to choose one from.
func (p diffPage) Picks(chosen *program.Terms) []Option {
	var all []Option
	for _, t := range p.Versions {
		all = append(all, Option{Value: t.ID, Label: p.In(t.Title), Picked: t == chosen})
	}
	return all
}

// Clause returns the clause as it stands now, or as it stood.
func (c changeView) Clause() *program.Clause {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// Where returns the version that the clause stands in.
func (p diffPage) Where(c changeView) *program.Terms {
	if c.New != nil {
		return p.To
	}
	return p.From
}

// Notes say how sure we are of the texts that are compared.
func (p diffPage) Notes() []lang.Text {
	var all []lang.Text
	for _, t := range []*program.Terms{p.From, p.To} {
		if !t.Note.Empty() && (len(all) == 0 || all[0] != t.Note) {
			all = append(all, t.Note)
		}
	}
	return all
}

// Sign says what became of a clause.
func (f Frame) Sign(k program.ChangeKind) string {
	switch k {
	case program.Added:
		return f.T("added", "追加")
	case program.Removed:
		return f.T("removed", "削除")
	default:
		return f.T("changed", "変更")
	}
}
