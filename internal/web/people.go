package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

// peopleRoutes are the addresses of the desk's work on people and on credit.
func (s *Server) peopleRoutes() []route {
	read, invite, credit := may(access.PersonRead), may(access.PersonInvite), may(access.CreditApprove)
	const one = "/desk/people/{id}"
	rows := []route{
		{pattern: "GET /desk/people", handle: s.getPeople, need: read},
		{pattern: "POST /desk/people/invite", handle: s.postInvite, need: invite, again: "/desk/people"},
		{pattern: "POST /desk/people/invitations/cancel", handle: s.postCancelInvitation, need: invite, again: "/desk/people"},
		{pattern: "GET " + one, handle: s.getPerson, need: read},
		{pattern: "POST " + one + "/roles", handle: s.postRoles, need: invite, again: one},
		{pattern: "POST " + one + "/disable", handle: s.postDisable, need: invite, again: one},
		{pattern: "POST " + one + "/enable", handle: s.postEnable, need: invite, again: one},
		{pattern: "POST " + one + "/vouch", handle: s.postVouch, need: invite, again: one},
		{pattern: "POST " + one + "/admit", handle: s.postAdmit, need: may(access.PersonAdmit), again: one},
		{pattern: "GET /desk/credit", handle: s.getDeskCredit, need: credit},
		{pattern: "POST /desk/credit/approve", handle: s.postApprove, need: credit, again: deskCreditPath},
		{pattern: "POST /desk/credit/decline", handle: s.postDecline, need: credit, again: deskCreditPath},
		{pattern: "POST /desk/credit/takedown", handle: s.postTakeDown, need: credit, again: deskCreditPath},
		{pattern: "POST /desk/credit/special", handle: s.postSpecial, need: credit, again: deskCreditPath},
		{pattern: "POST /desk/credit/unspecial", handle: s.postUnspecial, need: credit, again: deskCreditPath},
		{pattern: "GET /desk/credit/photo/{person}/{consent}", handle: s.getWishedPhoto, need: credit},
	}
	for i := range rows {
		rows[i].handle = s.proving(rows[i].handle)
	}
	return rows
}

const perPeoplePage = 50

// A peoplePage lists the desk, the participants, or the answers that wait for the desk.
type peoplePage struct {
	Frame
	View    string // "desk", "participants", "asked"
	Text    string // looked for
	Tabs    []viewTab
	People  []person.Person
	Next    string // the address of the next page, or empty
	Invited []person.Link
	Labels  map[string]person.Label // who invited, who asked
	Asked   []askedRow
}

// An askedRow is an answer to a condition that waits for the desk.
type askedRow struct {
	participant.Declaration
	Clause *program.Clause // nil: the terms in force have it no more
	Counts bool            // of all answers to this condition, it is the one that counts
}

func (s *Server) getPeople(w http.ResponseWriter, r *http.Request) error {
	p := peoplePage{Frame: s.frame(r, "People", "メンバーと参加者"), View: r.FormValue("view"), Text: r.FormValue("q")}
	asked, err := s.asked(r)
	if err != nil {
		return err
	}
	if p.View != "participants" && (p.View != "asked" || !p.Can(string(access.PersonAdmit))) {
		p.View = "desk"
	}
	p.Tabs = p.tabs(len(asked))
	switch p.View {
	case "asked":
		p.Asked = asked
	case "participants":
		err = p.list(r.Context(), s.People, access.Participant, r.FormValue("after"))
	default:
		if err = p.list(r.Context(), s.People, access.Staff, r.FormValue("after")); err == nil && p.Can(string(access.PersonInvite)) {
			p.Invited, err = s.People.Invitations(r.Context(), p.Caller)
			p.Keep = "invite"
		}
	}
	if err != nil {
		return err
	}
	if p.Labels, err = p.labels(r.Context(), s.People); err != nil {
		return err
	}
	return s.show(w, r, "people.html", p)
}

// tabs are the lists this reader may see.
func (p peoplePage) tabs(asked int) []viewTab {
	all := []viewTab{
		{Path: "/desk/people", Name: lang.Text{EN: "The desk", JA: "運営"}, Here: p.View == "desk"},
		{Path: "/desk/people?view=participants", Name: lang.Text{EN: "Participants", JA: "参加者"}, Here: p.View == "participants"},
	}
	if p.Can(string(access.PersonAdmit)) {
		all = append(all, viewTab{Path: "/desk/people?view=asked", Name: lang.Text{EN: "Asked about taking part", JA: "参加可否の確認"}, Count: asked, Here: p.View == "asked"})
	}
	return all
}

// list reads one page of people of a kind.
func (p *peoplePage) list(ctx context.Context, people *person.People, kind access.Kind, after string) error {
	all, err := people.List(ctx, p.Caller, person.Query{Kind: kind, Text: p.Text, After: after, Limit: perPeoplePage + 1})
	if err != nil {
		return err
	}
	if len(all) > perPeoplePage {
		all = all[:perPeoplePage]
		q := url.Values{"view": {p.View}, "after": {all[len(all)-1].ID}}
		if p.Text != "" {
			q.Set("q", p.Text)
		}
		p.Next = "/desk/people?" + q.Encode()
	}
	p.People = all
	return nil
}

// labels reads the names beside invitations and questions.
func (p peoplePage) labels(ctx context.Context, people *person.People) (map[string]person.Label, error) {
	var ids []string
	for _, l := range p.Invited {
		ids = append(ids, l.InvitedBy)
	}
	for _, a := range p.Asked {
		ids = append(ids, a.Person)
	}
	slices.Sort(ids)
	return people.Labels(ctx, p.Caller, slices.Compact(ids)...)
}

// asked lists the answers that wait for this reader's decision.
func (s *Server) asked(r *http.Request) ([]askedRow, error) {
	if !access.Allow(caller(r), access.PersonAdmit) {
		return nil, nil
	}
	all, err := s.Participants.Asked(r.Context(), caller(r))
	if err != nil {
		return nil, err
	}
	terms, _ := s.Program.At(s.Now())
	var rows []askedRow
	for _, d := range all {
		row := askedRow{Declaration: d}
		if terms != nil {
			row.Clause, _ = terms.Clause(d.Clause)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Who returns how somebody is called beside what they wrote.
func (f Frame) Who(l person.Label) string {
	switch {
	case l.Name != "":
		return l.Name
	case l.State == person.Withdrawn:
		return f.T("a withdrawn participant", "退会した参加者")
	case l.Kind == access.Participant:
		return f.T("a participant", "参加者")
	default:
		return f.T("the product itself", "システム")
	}
}

// PersonState returns whether somebody may work with the product, in words.
func (f Frame) PersonState(st person.State) string {
	switch st {
	case person.Active:
		return f.T("active", "有効")
	case person.Pending:
		return f.T("something is missing", "手続き未完了")
	case person.Disabled:
		return f.T("disabled", "無効")
	default:
		return f.T("withdrawn", "退会済み")
	}
}

// AnswerName returns an answer to a condition in words.
func (f Frame) AnswerName(a participant.Answer) string {
	switch a {
	case participant.Yes:
		return f.T("yes", "はい")
	case participant.No:
		return f.T("no", "いいえ")
	case participant.Ask:
		return f.T("asks the desk", "確認したい")
	case participant.Admitted:
		return f.T("admitted by the desk", "運営が参加を承認")
	case participant.Refused:
		return f.T("refused by the desk", "運営が参加を不可と判断")
	default:
		return f.T("not answered", "未回答")
	}
}

// RoleOptions are the roles of the desk.
func (f Frame) RoleOptions() []Option {
	var all []Option
	for _, role := range access.Roles {
		all = append(all, Option{Value: string(role), Label: f.RoleName(role), Help: f.In(roleDoes[role])})
	}
	return all
}

var roleDoes = map[access.Role]lang.Text{
	access.Triager:      {EN: "answers reporters, decides on reports", JA: "報告者への対応、報告の判断"},
	access.Board:        {EN: "approves awards", JA: "報奨金の承認"},
	access.Owner:        {EN: "answers for the program, its terms and exceptions", JA: "プログラム全体、規約、例外の責任者"},
	access.Responder:    {EN: "handles incidents, sets urgency", JA: "インシデント対応、緊急度の設定"},
	access.Communicator: {EN: "writes notices, posts credit", JA: "お知らせの作成、掲載の承認"},
	access.Payer:        {EN: "releases money; never together with administrator", JA: "支払いの実行（管理者との兼任不可）"},
	access.Auditor:      {EN: "reads everything, changes nothing", JA: "全体の閲覧のみ"},
	access.Admin:        {EN: "may do everything but pay", JA: "支払い以外のすべての操作"},
}

func (s *Server) postInvite(w http.ResponseWriter, r *http.Request) error {
	err := s.People.Invite(r.Context(), caller(r), r.PostFormValue("mail"), roles(r), lang.Lang(r.PostFormValue("writes")))
	if err != nil {
		return renamed("lang", "writes", err)
	}
	s.flash(w, "The invitation is on its way. It works for 72 hours.", "招待メールを送信しました。72時間有効です。")
	return seeOther(w, r, "/desk/people#invitations")
}

// roles returns the roles picked in a form.
func roles(r *http.Request) []access.Role {
	var all []access.Role
	for _, v := range r.PostForm["roles"] {
		all = append(all, access.Role(v))
	}
	return all
}

func (s *Server) postCancelInvitation(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.CancelInvitation(r.Context(), caller(r), r.PostFormValue("invitation")); err != nil {
		return err
	}
	s.flash(w, "The invitation is taken back: its link opens nothing any more.", "招待を取り消しました。リンクは使えなくなりました。")
	return seeOther(w, r, "/desk/people#invitations")
}
