package web

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
)

// Nothing typed is ever lost, not by a lost session either. When a POST ends in an error page,
// the page carries every field of the form, and a button that sends them to the same address
// again. When the session is lost, the fields first travel through the sign-in pages in one
// hidden field named kept:
//
//	POST /reports/new      no session: the page "Sign in and go on", which carries the fields
//	POST /sign-in?keep     the button of that page; the frame shows GET /sign-in, which repeats
//	                       the field with {{template "kept" .}} in each of its forms
//	POST /sign-in          signed in; the handler ends with s.onward, which shows the page
//	                       "Send what you typed"
//	POST /reports/new      the button of that page: the form as it was
//
// Nothing is stored on the server for somebody who is not signed in, and nothing is sent without
// a click: the form may have been typed by another person at the same machine.

// A Kept is a form that could not be dealt with, to be sent again.
type Kept struct {
	Action string      `json:"action"`
	Fields []KeptField `json:"fields"`
	// Lost says that the form had files, or was too long: what could not be kept.
	Lost bool `json:"lost,omitempty"`
}

// A KeptField is one field of a kept form.
type KeptField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const (
	keptName   = "kept"
	maxKept    = 1 << 20 // bytes of a form that are kept
	signInPath = "/sign-in"
)

// secret names fields that are never sent back to the browser.
var secret = []string{"password", "new_password", "code", "new_code", "sealed", "secret", "uri", "codes", "shown_token", "ceremony", "credential", keptName}

// keptFrom returns the posted form to be kept.
func keptFrom(r *http.Request) *Kept {
	k := &Kept{Action: r.URL.RequestURI(), Lost: r.MultipartForm != nil && len(r.MultipartForm.File) > 0}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if slices.Contains(secret, name) {
			continue
		}
		for _, value := range r.PostForm[name] {
			if size += len(name) + len(value); size > maxKept {
				k.Lost = true
				return k
			}
			k.Fields = append(k.Fields, KeptField{name, value})
		}
	}
	return k
}

// Long lists the fields with text worth reading: what a person typed, not what they picked.
func (k *Kept) Long() []KeptField {
	var long []KeptField
	for _, f := range k.Fields {
		if len(f.Value) >= 24 {
			long = append(long, f)
		}
	}
	return long
}

// String returns the form as the value of one hidden field.
func (k *Kept) String() string {
	b, err := json.Marshal(k)
	if err != nil {
		return "" // strings and a bool: cannot happen
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseKept reads the hidden field. It comes from a browser: the address must be ours.
func parseKept(value string) (*Kept, bool) {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil, false
	}
	var k Kept
	if err := json.Unmarshal(b, &k); err != nil || k.Action == "" || local(k.Action) != k.Action {
		return nil, false
	}
	return &k, true
}

// onward is how a handler ends that has just signed somebody in: with the page they wanted, or
// with the form they had typed when their session was lost.
func (s *Server) onward(w http.ResponseWriter, r *http.Request, next string) error {
	if k, ok := parseKept(r.PostFormValue(keptName)); ok {
		return s.showKept(w, r, k)
	}
	return seeOther(w, r, next)
}

type keptPage struct {
	Frame
	Kept *Kept
}

func (s *Server) showKept(w http.ResponseWriter, r *http.Request, k *Kept) error {
	f := s.frame(r, "Send what you typed", "入力内容を送信")
	f.Path = "/"
	return s.show(w, r, "kept.html", keptPage{Frame: f, Kept: k})
}

// problemPage is every error page.
type problemPage struct {
	Frame
	Status int
	Text   string
	Ref    string // for an internal error
	Kept   *Kept  // what was typed, if anything was
	SignIn string // where to sign in and go on with what was kept
}

// headings names the kinds of error page.
var headings = map[int][2]string{
	http.StatusUnauthorized:          {"You are signed out", "サインアウトされています"},
	http.StatusForbidden:             {"This is not open to you", "この操作は許可されていません"},
	http.StatusNotFound:              {"There is nothing here", "ページが見つかりません"},
	http.StatusMethodNotAllowed:      {"This address does not work that way", "このアドレスでは利用できない操作です"},
	http.StatusConflict:              {"This changed in the meantime", "状態が変わっています"},
	http.StatusRequestEntityTooLarge: {"This is too large", "サイズが大きすぎます"},
	http.StatusUnprocessableEntity:   {"Something needs correcting", "入力内容を確認してください"},
	http.StatusTooManyRequests:       {"Not so fast", "少し時間をおいてください"},
	http.StatusServiceUnavailable:    {"Not just now", "一時的に利用できません"},
	http.StatusInternalServerError:   {"Something broke on our side", "処理できませんでした"},
}

func (s *Server) showProblem(w http.ResponseWriter, r *http.Request, p problem) error {
	v, title := visitOf(r), headings[p.status]
	page := problemPage{Frame: s.frame(r, title[0], title[1]), Status: p.status, Text: p.text.In(v.lang), Kept: v.kept}
	page.Form = Form{}
	if p.status >= http.StatusInternalServerError {
		page.Ref = v.ref
	}
	if v.kept != nil {
		page.Path = "/" // the address of a POST cannot be switched to another language
		if p.status == http.StatusUnauthorized {
			page.SignIn = signInPath + "?keep=&next=" + url.QueryEscape(strings.SplitN(v.kept.Action, "?", 2)[0])
			page.Text = page.T(
				"Your session ended before this reached us. Nothing you typed is lost: sign in, then send it with one click.",
				"送信前にセッションが切れましたが、入力内容は失われていません。サインインすると、そのまま送信できます。")
		}
	}
	return s.show(w, r, "problem.html", page)
}

// notFound answers an address that no route has, or has only for other methods.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != everythingElse {
			w.Header().Set("Allow", method)
			visitOf(r).status = http.StatusMethodNotAllowed
			return s.showProblem(w, r, problem{status: http.StatusMethodNotAllowed, text: notThatWay.Text})
		}
	}
	return fault.New(fault.NotFound,
		"No page has this address. It may be mistyped, or what stood here may be open only to others.",
		"このアドレスのページはありません。入力の誤りか、閲覧の権限がない可能性があります。")
}

var notThatWay = fault.New(fault.Invalid,
	"This address takes another kind of request. Open the page it belongs to and use the button there.",
	"このアドレスは別の方法でのみ利用できます。元のページを開き、そこにあるボタンを使ってください。")
