package web

import (
	"net/http"
	"slices"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
)

// accountRoutes are the addresses of one's own account.
func (s *Server) accountRoutes() []route {
	self, own := may(access.PersonSelf), may(access.CreditAsk)
	rows := []route{
		{pattern: "GET /account", handle: s.getAccount, need: self},
		{pattern: "POST /account", handle: s.postAccount, need: self},
		{pattern: "POST /account/mail", handle: s.postAccountMail, need: self, again: person.AccountPath},
		{pattern: "GET /account/access", handle: s.getAccess, need: self},
		{pattern: "POST /account/sessions/end", handle: s.postEndSession, need: self, again: accessPath},
		{pattern: "GET /account/passkeys/new", handle: s.getNewPasskey, need: self},
		{pattern: "POST /account/passkeys/begin", handle: s.postPasskeyBegin, need: self},
		{pattern: "POST /account/passkeys/new", handle: s.postNewPasskey, need: self},
		{pattern: "POST /account/passkeys/rename", handle: s.postRenamePasskey, need: self, again: accessPath},
		{pattern: "POST /account/passkeys/remove", handle: s.postRemovePasskey, need: self, again: accessPath},
		{pattern: "GET /account/password", handle: s.getPassword, need: self},
		{pattern: "POST /account/password", handle: s.postPassword, need: self},
		{pattern: "POST /account/password/remove", handle: s.postRemovePassword, need: self, again: accessPath},
		{pattern: "GET /account/app", handle: s.getApp, need: self},
		{pattern: "POST /account/app", handle: s.postApp, need: self},
		{pattern: "GET /account/codes", handle: s.getCodes, need: self},
		{pattern: "POST /account/codes", handle: s.postCodes, need: self},
		{pattern: "GET /account/tokens", handle: s.getTokens, need: self},
		{pattern: "POST /account/tokens", handle: s.postToken, need: self},
		{pattern: "POST /account/tokens/revoke", handle: s.postRevokeToken, need: self, again: "/account/tokens"},
		{pattern: "GET /account/participation", handle: s.getParticipation, need: own},
		{pattern: "POST /account/participation/profile", handle: s.postProfile, need: own, again: participationPath},
		{pattern: "POST /account/participation/declare", handle: s.postDeclare, need: own, again: participationPath},
		{pattern: "POST /account/participation/accept", handle: s.postAccept, need: own, again: participationPath},
		{pattern: "GET /account/credit", handle: s.getCredit, need: own},
		{pattern: "POST /account/credit/{part}", handle: s.postWish, need: own, again: creditPath, body: maxPhoto},
		{pattern: "POST /account/credit/{part}/revoke", handle: s.postRevokeWish, need: own, again: creditPath},
		{pattern: "GET /account/credit/photo/{consent}", handle: s.getOwnPhoto, need: own},
		{pattern: "GET /account/leave", handle: s.getLeave, need: own},
		{pattern: "POST /account/leave", handle: s.postLeave, need: own},
		{pattern: "POST /account/stay", handle: s.postStay, need: own, again: "/account/leave"},
	}
	rows = append(rows, s.paymentRoutes()...)
	for i := range rows {
		rows[i].handle = s.proving(rows[i].handle)
	}
	return append(rows,
		route{pattern: "GET /account/prove", handle: s.getProve, need: self},
		route{pattern: "POST /account/prove", handle: s.postProve, need: self},
		route{pattern: "POST /account/prove/begin", handle: s.postProveBegin, need: self},
		route{pattern: "POST /account/prove/passkey", handle: s.postProvePasskey, need: self, again: provePath},
	)
}

// AccountTabs are the pages of one's own account.
func (f Frame) AccountTabs() []viewTab {
	all := []viewTab{
		{Path: person.AccountPath, Name: lang.Text{EN: "Account", JA: "アカウント"}},
		{Path: accessPath, Name: lang.Text{EN: "Signing in", JA: "サインイン方法"}},
		{Path: participationPath, Name: lang.Text{EN: "Taking part", JA: "参加の手続き"}},
		{Path: paymentsPath, Name: lang.Text{EN: "Payments", JA: "支払い"}},
		{Path: creditPath, Name: lang.Text{EN: "Credit", JA: "掲載"}},
		{Path: "/account/tokens", Name: lang.Text{EN: "API tokens", JA: "APIトークン"}},
		{Path: "/account/leave", Name: lang.Text{EN: "Leaving", JA: "退会"}},
	}
	if !access.Allow(f.Caller, access.CreditAsk) {
		all = slices.DeleteFunc(all, func(t viewTab) bool {
			return t.Path == participationPath || t.Path == creditPath || t.Path == paymentsPath || t.Path == "/account/leave"
		})
	}
	for i := range all {
		all[i].Here = f.Path == all[i].Path
	}
	return all
}

// An accountPage is who one is: name, address, language.
type accountPage struct {
	Frame
	Person person.Person
	Gaps   []participant.Gap // what stands between a participant and sending a report
}

func (s *Server) getAccount(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	p := accountPage{Frame: s.frame(r, "Your account", "アカウント")}
	var err error
	if p.Person, err = s.People.Person(ctx, who, who.ID); err != nil {
		return err
	}
	if who.Kind == access.Participant {
		gaps, err := s.Participants.Gaps(ctx, who)
		if err != nil {
			return err
		}
		p.Gaps = gaps
	}
	p.Path, p.Keep = person.AccountPath, "account"
	return s.show(w, r, "account.html", p)
}

// LangName returns a language by its own name.
func (f Frame) LangName(l lang.Lang) string {
	if l == lang.JA {
		return "日本語"
	}
	return "English"
}

// LangOptions are the languages somebody can be written to in.
func (f Frame) LangOptions() []Option {
	return []Option{{Value: string(lang.JA), Label: f.LangName(lang.JA)}, {Value: string(lang.EN), Label: f.LangName(lang.EN)}}
}

// RoleName returns a role in words.
func (f Frame) RoleName(r access.Role) string { return f.In(roleNames[r]) }

var roleNames = map[access.Role]lang.Text{
	access.Triager:      {EN: "triager", JA: "トリアージ担当"},
	access.Board:        {EN: "reward board", JA: "報奨金審査"},
	access.Owner:        {EN: "program owner", JA: "プログラム責任者"},
	access.Responder:    {EN: "responder", JA: "インシデント対応"},
	access.Communicator: {EN: "communicator", JA: "広報"},
	access.Payer:        {EN: "tax and payment", JA: "税務・支払い"},
	access.Auditor:      {EN: "auditor", JA: "監査"},
	access.Admin:        {EN: "administrator", JA: "管理者"},
}

func (s *Server) postAccount(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	if err := s.People.SetName(ctx, who, r.PostFormValue("name")); err != nil {
		return err
	}
	chosen := lang.Lang(r.PostFormValue("writes"))
	if err := s.People.SetLang(ctx, who, chosen); err != nil {
		return at("writes", err)
	}
	s.flash(w, "Saved.", "保存しました。")
	return seeOther(w, r, person.AccountPath)
}

func (s *Server) postAccountMail(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.ChangeMail(r.Context(), caller(r), r.PostFormValue("mail")); err != nil {
		return err
	}
	s.flash(w, "A link is on its way to the new address. The old one stays in use until you open the link.",
		"新しいアドレスに確認用のリンクを送りました。リンクを開くまでは、現在のアドレスが使われます。")
	return seeOther(w, r, person.AccountPath)
}
