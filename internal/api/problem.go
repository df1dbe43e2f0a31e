package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

// A problem is an error as a program is told about it (RFC 9457).
type problem struct {
	Type   string `json:"type" doc:"Always about:blank: status and field say what kind of problem it is."`
	Title  string `json:"title" doc:"The status in words."`
	Status int    `json:"status" doc:"The HTTP status."`
	Detail string `json:"detail" doc:"What happened, what was kept, and what to do, in the language of Accept-Language (en or ja)."`
	Field  string `json:"field,omitempty" doc:"The field or parameter at fault."`
	Errors []flaw `json:"errors,omitempty" doc:"Everything that is wrong with the input, where there is more than one thing or the place is not a field."`
	Ref    string `json:"ref,omitempty" doc:"Of an internal error: the reference under which it is on record."`

	header http.Header
}

// A flaw is one thing that is wrong with the input, and where.
type flaw struct {
	Field   string `json:"field" doc:"Where, such as report.title or query.limit."`
	Message string `json:"message"`
}

// Error returns what happened.
func (p *problem) Error() string { return p.Detail }

// GetStatus tells huma the status.
func (p *problem) GetStatus() int { return p.Status }

// GetHeaders tells huma the headers.
func (p *problem) GetHeaders() http.Header { return p.header }

// ContentType tells huma the media type.
func (p *problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// huma has one place in which a program says what an error looks like: these variables. The first
// only shows the type to the description; the second answers for what huma itself finds wrong. Our
// lists are never null, and a field is written one way.
func init() {
	huma.DefaultArrayNullable, huma.ValidateStrictCasing = false, true
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return &problem{Type: blank, Title: http.StatusText(status), Status: status}
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return visitOf(ctx.Context()).malformed(status, msg, errs)
	}
}

const blank = "about:blank"

// explain says what an error means to a program. An internal one goes to the log, here and only here.
func (v *visit) explain(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	f := fault.As(err)
	var status int
	var internal bool
	switch _, large := errors.AsType[*http.MaxBytesError](err); {
	case large:
		f, status = errLarge, http.StatusRequestEntityTooLarge
	case errors.Is(err, context.DeadlineExceeded):
		f = fault.New(fault.Later, "This took too long and was stopped. Nothing was changed. Try again in a minute.",
			"時間がかかりすぎたため中止しました。何も変更していません。1分ほど待ってから、もう一度お試しください。").Because(err)
		status, internal = http.StatusServiceUnavailable, true
	case f == nil:
		f = fault.New(fault.Later, "Something broke on our side. It is on record under this reference.",
			"こちらの不具合により処理できませんでした。参照番号で記録しています。")
		status, internal = http.StatusInternalServerError, true
	case errors.Is(err, audit.ErrSignIn):
		f, status = errToken, http.StatusUnauthorized
	default:
		status = f.Status()
		internal = status == http.StatusServiceUnavailable
	}
	p := &problem{Type: blank, Title: http.StatusText(status), Status: status, Detail: f.Text.In(v.lang), Field: f.Field, header: http.Header{}}
	if internal && !(errors.Is(err, context.Canceled) && v.r.Context().Err() != nil) {
		v.report(err)
		p.Ref = v.ref
	}
	if status == http.StatusUnauthorized {
		p.header.Set("WWW-Authenticate", `Bearer realm="hinomi"`)
	}
	if f.After > 0 {
		p.header.Set("Retry-After", strconv.Itoa(int((f.After+time.Second-1)/time.Second)))
	}
	if all, ok := errors.AsType[report.Faults](err); ok {
		for _, one := range all {
			p.Errors = append(p.Errors, flaw{Field: one.Field, Message: one.Text.In(v.lang)})
		}
	}
	return p
}

var (
	errLarge = fault.New(fault.Invalid, "This is more than this operation takes, so nothing was saved. Attach the long part as a file.",
		"この操作で受け付けられる大きさを超えているため、保存していません。長い部分はファイルとして添付してください。")
	errToken = fault.New(fault.Denied, "Send a token that is valid now, as Authorization: Bearer hin_… Tokens are made in the account.",
		"有効なトークンを Authorization: Bearer hin_… の形で送信してください。トークンはアカウントの画面で作成できます。")
	errMalformed = fault.New(fault.Invalid, "The request does not fit the description of this operation. Nothing was changed; errors says what and where.",
		"リクエストがこの操作の仕様に合っていません。何も変更していません。該当箇所は errors に示しています。")
	errCut = fault.New(fault.Invalid, "The request did not arrive whole, so nothing was done. Send it again.",
		"リクエストが途中で切れたため、何も実行していません。もう一度送信してください。")
)

// report writes an internal error to the log.
func (v *visit) report(err error) {
	v.Log.LogAttrs(v.r.Context(), slog.LevelError, "request failed",
		slog.String("ref", v.ref), slog.String("operation", v.operation), slog.Any("err", err))
}

// malformed says what huma found wrong with a request before any operation saw it. The values are left
// out: they may be secrets, and the sender has them.
func (v *visit) malformed(status int, msg string, errs []error) *problem {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return v.explain(&http.MaxBytesError{})
	case status >= 500 && strings.HasPrefix(msg, "cannot read request body"), status == http.StatusRequestTimeout:
		return v.explain(errCut.Because(errors.Join(errs...)))
	case status >= 500:
		return v.explain(fmt.Errorf("%s: %w", msg, errors.Join(errs...)))
	}
	p := v.explain(errMalformed)
	p.Status, p.Title = status, http.StatusText(status)
	for _, err := range errs {
		one := flaw{Field: "body", Message: err.Error()}
		if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			one = flaw{Field: place(d.Location), Message: d.Message}
		}
		one.Message = said(one.Message).In(v.lang)
		p.Errors = append(p.Errors, one)
	}
	if len(p.Errors) == 0 {
		p.Errors = []flaw{{Field: "body", Message: said(msg).In(v.lang)}}
	}
	p.Field = p.Errors[0].Field
	return p
}

// place names a field as the one who sent it knows it.
func place(location string) string {
	location = strings.TrimPrefix(location, "body.")
	for _, in := range []string{"path.", "header."} {
		location = strings.TrimPrefix(location, in)
	}
	return location
}

// saying are the sentences of huma's checks in Japanese, by how they begin.
var saying = []struct{ en, ja string }{
	{"unexpected property", "この項目は仕様にありません"},
	{"unknown query parameter", "このパラメーターは仕様にありません"},
	{"expected required property", "必須の項目がありません"},
	{"required query parameter is missing", "必須のパラメーターがありません"},
	{"required header parameter is missing", "必須のヘッダーがありません"},
	{"request body is required", "本文が必要です"},
	{"expected string to be RFC 3339", "RFC 3339 の日時として読めません"},
	{"expected string", "文字列を指定してください"},
	{"expected boolean", "true または false を指定してください"},
	{"expected integer", "整数を指定してください"},
	{"expected number", "数値の範囲または型が仕様に合っていません"},
	{"expected array", "配列の型または長さが仕様に合っていません"},
	{"expected object", "オブジェクトを指定してください"},
	{"expected value to be one of", "指定できる値のいずれでもありません"},
	{"expected length", "文字数が仕様に合っていません"},
	{"invalid integer", "整数を指定してください"},
	{"invalid boolean", "true または false を指定してください"},
	{"unknown content type", "この Content-Type は受け付けていません"},
	{notUTF8, "文字コードが UTF-8 ではありません"},
	{notJSON, "JSON として読めません"},
	{hasNUL, "NUL 文字は保存できません"},
}

// said returns a sentence of huma's in both languages, with what it quotes.
func said(message string) lang.Text {
	for _, s := range saying {
		if rest, ok := strings.CutPrefix(message, s.en); ok {
			if rest != "" {
				rest = "（" + strings.TrimSpace(rest) + "）"
			}
			return lang.Text{EN: message, JA: s.ja + rest}
		}
	}
	return lang.Text{EN: message}
}

// fail answers outside of huma.
func (v *visit) fail(err error) { v.write(v.explain(err)) }

func (v *visit) write(p *problem) {
	h := v.w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", problemType)
	v.w.WriteHeader(p.Status)
	_ = json.NewEncoder(v.w).Encode(p) // a client that left needs no answer
}
