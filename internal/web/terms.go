package web

import (
	"net/http"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/program"
)

// A versionsPage lists the versions of the terms, the newest first.
type versionsPage struct {
	Frame
	Versions []termsVersion
}

// A termsVersion is one version beside the others.
type termsVersion struct {
	*program.Terms
	Until   time.Time // when the next one came into force; zero for the last
	InForce bool
	Before  *program.Terms // the version it changed, or nil
}

func (s *Server) getVersions(w http.ResponseWriter, r *http.Request) error {
	p := versionsPage{Frame: s.frame(r, "Terms", "規約"), Versions: s.versions()}
	slices.Reverse(p.Versions)
	return s.show(w, r, "versions.html", p)
}

// versions returns all versions, the oldest first.
func (s *Server) versions() []termsVersion {
	now, open := s.inForce()
	var all []termsVersion
	for _, t := range s.Program.Versions() {
		v := termsVersion{Terms: t, InForce: open && t == now}
		if n := len(all); n > 0 {
			v.Before, all[n-1].Until = all[n-1].Terms, t.From
		}
		all = append(all, v)
	}
	return all
}

// A termsPage is one version, clause by clause, under the anchors that decisions link to.
type termsPage struct {
	Frame
	Version  termsVersion
	Instead  *program.Terms // in force now; nil when this one is, or none
	Articles []article
}

// An article is what stands under one line of the contents: the clause itself and its parts.
type article struct {
	*program.Clause
	Clauses []clauseView
}

// Number returns the number of the article, empty where it has a name only.
func (a article) Number() string {
	if a.ID[0] < '0' || a.ID[0] > '9' {
		return ""
	}
	return a.ID
}

// A clauseView is a clause with what it states in words.
type clauseView struct {
	*program.Clause
	Facts []program.Fact
	Table []program.Class // the guide rewards, instead of a fact
}

func (s *Server) getTerms(w http.ResponseWriter, r *http.Request) error {
	t, err := s.version(r.PathValue("version"))
	if err != nil {
		return err
	}
	p := termsPage{}
	for _, v := range s.versions() {
		if v.Terms == t {
			p.Version = v
		}
		if v.InForce && v.Terms != t {
			p.Instead = v.Terms
		}
	}
	for _, c := range t.Clauses() {
		if c.Parent == "" {
			p.Articles = append(p.Articles, article{Clause: c})
		}
		last := &p.Articles[len(p.Articles)-1]
		last.Clauses = append(last.Clauses, viewOf(t, c))
	}
	p.Frame = s.frame(r, "Terms: %s", "規約：%s", t.Title.In(language(r)))
	return s.show(w, r, "terms.html", p)
}

func viewOf(t *program.Terms, c *program.Clause) clauseView {
	v := clauseView{Clause: c, Table: c.Params.Classes}
	if len(v.Table) == 0 {
		v.Facts = t.Facts(c)
	}
	return v
}

// Other returns the language the page is not in.
func (f Frame) Other() lang.Lang {
	if f.Lang == lang.JA {
		return lang.EN
	}
	return lang.JA
}

// OtherName returns the name of that language, in itself.
func (f Frame) OtherName() string {
	if f.Lang == lang.JA {
		return "English"
	}
	return "日本語"
}

// InOther returns the text in the language the page is not in.
func (f Frame) InOther(t lang.Text) string { return t.In(f.Other()) }

// kindNames say what a clause is about.
var kindNames = map[program.Kind]lang.Text{
	program.Definition:    {EN: "meaning", JA: "定義"},
	program.Qualification: {EN: "who may take part", JA: "参加資格"},
	program.Scope:         {EN: "scope", JA: "対象範囲"},
	program.Exclusion:     {EN: "exclusion", JA: "対象外"},
	program.Reward:        {EN: "reward", JA: "報奨金"},
	program.Payment:       {EN: "payment", JA: "支払い"},
	program.Duty:          {EN: "duty", JA: "義務"},
	program.Prohibition:   {EN: "forbidden", JA: "禁止行為"},
	program.Right:         {EN: "rights", JA: "権利"},
	program.Secrecy:       {EN: "confidentiality", JA: "秘密保持"},
	program.Privacy:       {EN: "personal data", JA: "個人情報"},
	program.Withdrawal:    {EN: "leaving", JA: "退会"},
	program.Credit:        {EN: "hall of fame", JA: "殿堂"},
	program.Liability:     {EN: "liability", JA: "免責"},
	program.Amendment:     {EN: "changes to the terms", JA: "規約の変更"},
	program.Language:      {EN: "language and time", JA: "言語と標準時"},
	program.Jurisdiction:  {EN: "law and court", JA: "準拠法と裁判所"},
	program.Contact:       {EN: "contact", JA: "連絡"},
	program.InForce:       {EN: "dates", JA: "日付"},
}

// KindName says what a clause is about, in a word or two.
func (f Frame) KindName(k program.Kind) string { return f.In(kindNames[k]) }
