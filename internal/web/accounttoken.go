package web

import (
	"net/http"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// A tokensPage lists the API tokens of an account, and shows a new one once.
type tokensPage struct {
	Frame
	Tokens []person.Token
	Shown  string // the new token
	Called string // the new token
}

func (s *Server) getTokens(w http.ResponseWriter, r *http.Request) error {
	p := tokensPage{Frame: s.frame(r, "API tokens", "APIトークン")}
	f := visitOf(r).form
	return s.showTokens(w, r, p, f.Or("shown_token", ""), f.Or("shown_name", ""))
}

// showTokens shows the list, and a new token in the answer itself: it is stored nowhere. Switching
// the language brings it along in a form of its own.
func (s *Server) showTokens(w http.ResponseWriter, r *http.Request, p tokensPage, shown, name string) error {
	all, err := s.People.Tokens(r.Context(), p.Caller)
	if err != nil {
		return err
	}
	p.Tokens, p.Shown, p.Called, p.Path, p.Keep = all, shown, name, "/account/tokens", "token"
	if shown != "" {
		p.Keep, p.Form = "shown", Form{}
	}
	return s.show(w, r, "tokens.html", p)
}

// ScopeOptions are the actions a token may be given: those its owner may do.
func (p tokensPage) ScopeOptions() []Option {
	var all []Option
	for _, a := range access.Actions() {
		if access.Allow(p.Caller, a) {
			all = append(all, Option{Value: string(a), Label: p.In(actionNames[a]), Help: string(a)})
		}
	}
	return all
}

// MaySendEvents reports whether the owner may: only then a token can have sources.
func (p tokensPage) MaySendEvents() bool { return access.Allow(p.Caller, access.EventSend) }

// EndOptions are how long a token lives.
func (p tokensPage) EndOptions() []Option {
	return []Option{
		{Value: "30", Label: p.T("30 days", "30日間")},
		{Value: "90", Label: p.T("90 days", "90日間")},
		{Value: "365", Label: p.T("a year", "1年間")},
	}
}

// ActionName returns what an action is called.
func (f Frame) ActionName(a access.Action) string {
	if t, ok := actionNames[a]; ok {
		return f.In(t)
	}
	return string(a)
}

// actionNames says every action in words; a test looks that none is missing.
var actionNames = map[access.Action]lang.Text{
	access.ReportDraft:    {EN: "Write drafts", JA: "下書きの作成"},
	access.ReportSubmit:   {EN: "Send reports", JA: "報告の送信"},
	access.ReportReadOwn:  {EN: "Read one's own reports", JA: "自分の報告の閲覧"},
	access.ReportRead:     {EN: "Read every report", JA: "すべての報告の閲覧"},
	access.ReportReply:    {EN: "Answer the desk", JA: "運営への返信"},
	access.ReportWithdraw: {EN: "Withdraw one's own reports", JA: "自分の報告の取り下げ"},
	access.ReportMessage:  {EN: "Write to reporters", JA: "報告者への連絡"},
	access.ReportNote:     {EN: "Write internal notes", JA: "内部メモの作成"},
	access.ReportDecide:   {EN: "Decide on reports", JA: "報告の判断"},
	access.ReportConfirm:  {EN: "Confirm decisions", JA: "判断の承認"},
	access.ReportRate:     {EN: "Set urgency and severity", JA: "緊急度・深刻度の設定"},
	access.ReportExcept:   {EN: "Record named exceptions", JA: "例外の記録"},
	access.KnownRead:      {EN: "Read known issues", JA: "既知の問題の閲覧"},
	access.KnownAdd:       {EN: "Add known issues", JA: "既知の問題の登録"},
	access.AwardRead:      {EN: "Read awards", JA: "報奨金の閲覧"},
	access.AwardPropose:   {EN: "Propose awards", JA: "報奨金の提案"},
	access.AwardApprove:   {EN: "Approve awards", JA: "報奨金の承認"},
	access.AwardPay:       {EN: "Release payments", JA: "支払いの実行"},
	access.PayoutSupply:   {EN: "Give your payment data", JA: "支払先情報の登録"},
	access.PayoutAsk:      {EN: "Ask for payment data", JA: "支払先情報の依頼"},
	access.PayoutView:     {EN: "See an account number in full", JA: "口座番号の全桁表示"},
	access.PayoutTax:      {EN: "Set a payee's tax category", JA: "源泉徴収区分の設定"},
	access.PayoutRate:     {EN: "Enter exchange rates", JA: "換算レートの登録"},
	access.PayoutScreen:   {EN: "Screen names against sanctions lists", JA: "制裁リストとの照合"},
	access.PayoutRun:      {EN: "Propose and check payment runs", JA: "支払いの提案・確認"},
	access.PayoutDecide:   {EN: "Decide on the loss of a payment", JA: "支払請求権の消滅の決定"},
	access.CreditAsk:      {EN: "Ask for credit, or revoke it", JA: "掲載の希望と取り消し"},
	access.CreditApprove:  {EN: "Post credit, or take it down", JA: "掲載の承認と取り下げ"},
	access.PersonInvite:   {EN: "Invite staff and change roles", JA: "メンバーの招待と役割の変更"},
	access.PersonRead:     {EN: "Read the list of people", JA: "利用者一覧の閲覧"},
	access.PersonAdmit:    {EN: "Admit participants", JA: "参加可否の判断"},
	access.PersonSelf:     {EN: "Manage one's own account", JA: "自分のアカウントの管理"},
	access.EventSend:      {EN: "Send events", JA: "イベントの送信"},
	access.EventRead:      {EN: "Read events", JA: "イベントの閲覧"},
	access.AlertRead:      {EN: "Read alerts", JA: "アラートの閲覧"},
	access.AlertMark:      {EN: "Mark alerts as real or false", JA: "アラートの判定"},
	access.RuleRead:       {EN: "Read the rules", JA: "検知ルールの閲覧"},
	access.RuleChange:     {EN: "Change the rules", JA: "検知ルールの変更"},
	access.AuditRead:      {EN: "Read the audit trail", JA: "監査記録の閲覧"},
	access.MailRead:       {EN: "Read outgoing mail", JA: "送信メールの閲覧"},
	access.MailBounce:     {EN: "Hand in bounces", JA: "不達通知の登録"},
	access.ProgramRead:    {EN: "Read the program", JA: "プログラムの閲覧"},
}

func (s *Server) postToken(w http.ResponseWriter, r *http.Request) error {
	in := person.NewToken{
		Name: r.PostFormValue("token_name"),
		Ends: s.Now().Add(time.Duration(min(number(r.PostFormValue("ends")), 366)) * 24 * time.Hour),
	}
	for _, scope := range r.PostForm["scopes"] {
		in.Scopes = append(in.Scopes, access.Action(scope))
	}
	in.Sources = strings.Fields(r.PostFormValue("sources"))
	shown, t, err := s.People.AddToken(r.Context(), caller(r), in)
	if err != nil {
		return renamed("name", "token_name", err)
	}
	p := tokensPage{Frame: s.frame(r, "API tokens", "APIトークン")}
	return s.showTokens(w, r, p, shown, t.Name)
}

// renamed puts a complaint about one field at the field that stands for it on the page.
func renamed(from, to string, err error) error {
	if f := fault.As(err); f != nil && f.Field == from {
		return f.At(to)
	}
	return err
}

func (s *Server) postRevokeToken(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.RevokeToken(r.Context(), caller(r), r.PostFormValue("token")); err != nil {
		return err
	}
	s.flash(w, "The token is revoked: it opens nothing any more.", "トークンを取り消しました。今後は使えません。")
	return seeOther(w, r, "/account/tokens")
}
