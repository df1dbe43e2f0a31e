package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/collate"
	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/program"
)

const participationPath = "/account/participation"

// A participationPage is what somebody has to say about themselves before a report of theirs is
// taken: profile, the conditions of article 2 one by one, and the terms.
type participationPage struct {
	Frame
	Terms      *program.Terms
	Article    *program.Clause // the one that lists the conditions
	Gaps       []participant.Gap
	Profile    participant.Profile
	Conditions []condition
	Accepted   []participant.Acceptance // of the terms in force
	Prevails   lang.Lang
}

// A condition is one clause to answer, with the answer that counts.
type condition struct {
	Clause *program.Clause
	Now    participant.Declaration
}

// Ours reports whether the answer that counts is the desk's.
func (c condition) Ours() bool { return c.Now.DecidedBy != "" }

func (s *Server) getParticipation(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	terms, ok := s.Program.At(s.Now())
	if !ok {
		return fault.New(fault.Conflict, "The program has not begun yet.", "プログラムはまだ始まっていません。")
	}
	p := participationPage{Frame: s.frame(r, "Taking part", "参加の手続き"), Terms: terms, Prevails: s.Program.Prevailing}
	var err error
	if p.Gaps, err = s.Participants.Gaps(ctx, who); err != nil {
		return err
	}
	if p.Profile, err = s.Participants.Profile(ctx, who, who.ID); err != nil {
		return err
	}
	if err := p.answer(s, r); err != nil {
		return err
	}
	all, err := s.Participants.Acceptances(ctx, who, who.ID)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Terms == terms.ID && a.Hash == terms.Hash {
			p.Accepted = append(p.Accepted, a)
		}
	}
	p.Path, p.Keep = participationPath, p.firstForm()
	return s.show(w, r, "participation.html", p)
}

// answer fills in the conditions with the answers that count.
func (p *participationPage) answer(s *Server, r *http.Request) error {
	given, err := s.Participants.Declarations(r.Context(), p.Caller, p.Caller.ID)
	if err != nil {
		return err
	}
	counts := participant.Standing(given)
	for _, c := range p.Terms.Clauses() {
		if c.Kind != program.Qualification || c.Depth != 3 {
			continue
		}
		p.Conditions = append(p.Conditions, condition{Clause: c, Now: counts[c.ID]})
		if p.Article == nil {
			p.Article, _ = p.Terms.Clause(c.Parent)
		}
	}
	return nil
}

// firstForm names the form that the language buttons bring along: the one that was posted, or the
// first that is still open.
func (p participationPage) firstForm() string {
	switch {
	case p.Form.values.Has("born"):
		return "profile"
	case p.Form.Typed() || p.Profile.Country != "":
		return "declare"
	}
	return "profile"
}

// Anchor returns where on the page a gap is closed.
func (p participationPage) Anchor(g participant.Gap) string {
	switch g.Code {
	case "mail":
		return "/account"
	case "name", "country", "born":
		return "#f-" + g.Code
	case "age":
		return "#f-born"
	case "accept":
		return "#terms"
	case "closed":
		return "/account"
	case "barred":
		return "/reports"
	}
	return "#f-" + g.Clause
}

// Born returns the stored birth date, for its field.
func (p participationPage) Born() string {
	if p.Profile.Born == (calendar.Date{}) {
		return ""
	}
	return p.Profile.Born.String()
}

// AnswerOptions are the three answers to a condition.
func (p participationPage) AnswerOptions() []Option {
	return []Option{
		{Value: string(participant.Yes), Label: p.T("Yes, this holds for me", "はい、当てはまります")},
		{Value: string(participant.No), Label: p.T("No", "いいえ")},
		{Value: string(participant.Ask), Label: p.T("I am not sure: ask the desk", "わからないので、運営に確認したい")},
	}
}

// Said returns what the participant themselves answered, for the radio buttons.
func (p participationPage) Said(c condition) string {
	if c.Ours() {
		return ""
	}
	return string(c.Now.Answer)
}

// CountryOptions are the countries somebody can live in, by their names in the reader's language.
func (p participationPage) CountryOptions() []Option {
	return append([]Option{{Label: p.T("Choose", "選択してください")}}, countries()[p.Lang]...)
}

var countries = sync.OnceValue(func() map[lang.Lang][]Option {
	all := map[lang.Lang][]Option{}
	for l, tag := range map[lang.Lang]bcp47.Tag{lang.JA: bcp47.Japanese, lang.EN: bcp47.English} {
		names, order := display.Regions(tag), collate.New(tag)
		var list []Option
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				code := string(a) + string(b)
				r, err := bcp47.ParseRegion(code)
				if err != nil || !r.IsCountry() || r.Canonicalize() != r || r.String() != code || names.Name(r) == "" || strings.HasPrefix(names.Name(r), "Unknown") {
					continue
				}
				list = append(list, Option{Value: code, Label: names.Name(r)})
			}
		}
		slices.SortFunc(list, func(x, y Option) int {
			return cmp.Or(order.CompareString(x.Label, y.Label), cmp.Compare(x.Value, y.Value))
		})
		all[l] = list
	}
	return all
})

func (s *Server) postProfile(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	n, err := s.People.Person(ctx, who, who.ID)
	if err != nil {
		return err
	}
	err = s.Participants.SetProfile(ctx, who, participant.Form{
		Name: r.PostFormValue("name"), Lang: n.Lang, Country: r.PostFormValue("country"), Born: r.PostFormValue("born"),
	})
	if err != nil {
		return err
	}
	return s.nextGap(w, r)
}

// nextGap goes on with what is still open, or says that nothing is.
func (s *Server) nextGap(w http.ResponseWriter, r *http.Request) error {
	gaps, err := s.Participants.Gaps(r.Context(), caller(r))
	if err != nil {
		return err
	}
	if len(gaps) == 0 {
		s.flash(w, "Saved. Nothing is missing: your reports are taken.", "保存しました。手続きはすべて完了し、報告を送信できます。")
	} else {
		s.flash(w, "Saved.", "保存しました。")
	}
	return seeOther(w, r, participationPath)
}

func (s *Server) postDeclare(w http.ResponseWriter, r *http.Request) error {
	answers := map[string]participant.Answer{}
	for name, values := range r.PostForm {
		if len(values) > 0 && strings.Contains(name, ".") {
			answers[name] = participant.Answer(values[0])
		}
	}
	if err := s.Participants.Declare(r.Context(), caller(r), answers, lang.Lang(r.PostFormValue("shown"))); err != nil {
		return err
	}
	return s.nextGap(w, r)
}

func (s *Server) postAccept(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("agree") != "yes" {
		return fault.New(fault.Invalid, "Tick that you have read the terms and accept them.", "規約を読んで同意する旨にチェックを入れてください。").At("agree")
	}
	err := s.Participants.Accept(r.Context(), caller(r), r.PostFormValue("terms"), r.PostFormValue("hash"), lang.Lang(r.PostFormValue("shown")))
	if err != nil {
		return err
	}
	return s.nextGap(w, r)
}
