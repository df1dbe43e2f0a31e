package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/limit"
)

// An operation is one row of the table: its address, who may call it, and what answers.
type operation struct {
	id    string
	route string // method and path below the prefix, as net/http's ServeMux has them
	does  string // one line for the description
	needs need
	do    handler

	more   string                   // what the line does not say
	status int                      // of success; zero means 200, or 204 when nothing comes back
	body   int64                    // bytes that a request may carry; zero means maxBody
	stream bool                     // the body is read, or the answer written, piece by piece
	takes  func() *huma.RequestBody // describes the body of a POST that the operation reads itself
}

// A need says who may call: somebody who may do everything in one of these lists. No list is everybody.
// What they may do to this very thing is the operation's own check.
type need [][]access.Action

// public admits everybody.
var public need

// may admits who may do one of these actions.
func may(actions ...access.Action) need {
	var n need
	for _, a := range actions {
		n = append(n, []access.Action{a})
	}
	return n
}

// both admits who may do all of these actions.
func both(actions ...access.Action) need { return need{actions} }

// lacks returns "" when the caller may come, and otherwise an action that they may not do.
func (n need) lacks(who access.Caller) access.Action {
	var lacking access.Action
	for _, all := range n {
		i := slices.IndexFunc(all, func(a access.Action) bool { return !access.Allow(who, a) })
		if i < 0 {
			return ""
		}
		if lacking == "" {
			lacking = all[i]
		}
	}
	return lacking
}

// A handler puts an operation into the API.
type handler func(a huma.API, o huma.Operation)

// An answered is a body on its way to huma.
type answered[O any] struct{ Body O }

// answer makes a handler of a function that returns what to show.
func answer[I, O any](do func(ctx context.Context, v *visit, in *I) (O, error)) handler {
	return func(a huma.API, o huma.Operation) {
		huma.Register(a, o, func(ctx context.Context, in *I) (*answered[O], error) {
			v := visitOf(ctx)
			out, err := do(ctx, v, in)
			if err != nil {
				return nil, v.explain(err)
			}
			return &answered[O]{out}, nil
		})
	}
}

// perform makes a handler of a function that returns nothing but an error.
func perform[I any](do func(ctx context.Context, v *visit, in *I) error) handler {
	return func(a huma.API, o huma.Operation) {
		huma.Register(a, o, func(ctx context.Context, in *I) (*struct{}, error) {
			v := visitOf(ctx)
			if err := do(ctx, v, in); err != nil {
				return nil, v.explain(err)
			}
			return &struct{}{}, nil
		})
	}
}

// A sending writes an answer that is no JSON. Whatever may fail has been done before it is returned.
type sending struct{ Body func(huma.Context) }

// send makes a handler of a function that returns how to write the answer, of this media type.
func send[I any](media string, do func(ctx context.Context, v *visit, in *I) (func(w http.ResponseWriter, r *http.Request), error)) handler {
	return func(a huma.API, o huma.Operation) {
		o.Responses = map[string]*huma.Response{"200": {
			Description: "The file.",
			Content:     map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}}
		huma.Register(a, o, func(ctx context.Context, in *I) (*sending, error) {
			v := visitOf(ctx)
			write, err := do(ctx, v, in)
			if err != nil {
				return nil, v.explain(err)
			}
			return &sending{func(huma.Context) { write(v.w, v.r) }}, nil
		})
	}
}

// build makes the API of the table.
func (s *Server) build() huma.API {
	s.schemas = huma.NewMapRegistry("#/components/schemas/", name)
	a := humago.New(s.mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    info(),
			Components: &huma.Components{
				Schemas:         s.schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", BearerFormat: "hin_…", Description: tokenHelp}},
			},
			Servers: s.servers(),
			Tags:    tags(),
		},
		Formats:                      map[string]huma.Format{"application/json": strict, "json": strict},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	})
	a.UseMiddleware(s.enter)
	for _, op := range s.operations() {
		o := op.describe()
		op.do(a, o)
		if op.takes != nil { // not before: huma would read such a body itself
			a.OpenAPI().Paths[o.Path].Post.RequestBody = op.takes()
		}
	}
	return a
}

// describe is the operation as huma has it: routing, limits and description from one row.
func (op operation) describe() huma.Operation {
	method, path, _ := strings.Cut(op.route, " ")
	noun, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	most := max(op.body, maxBody)
	o := huma.Operation{
		OperationID: op.id, Method: method, Path: prefix + path, Summary: op.does, Description: op.more, Tags: []string{noun},
		DefaultStatus: op.status, MaxBodyBytes: most, BodyReadTimeout: patience + time.Duration(most/slowest)*time.Second,
		Errors:   []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
		Security: []map[string][]string{}, Metadata: map[string]any{"operation": op},
	}
	if method != http.MethodGet {
		o.Errors = append(o.Errors, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge)
	}
	if strings.Contains(path, "{") {
		o.Errors = append(o.Errors, http.StatusNotFound)
	}
	scopes := [][]string{}
	for _, all := range op.needs {
		var words []string
		for _, a := range all {
			words = append(words, string(a))
		}
		o.Security = append(o.Security, map[string][]string{"token": words})
		scopes = append(scopes, words)
	}
	if len(op.needs) > 0 {
		o.Errors = append(o.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	o.Extensions = map[string]any{"x-scope": scopes}
	return o
}

// Bounds of every request that its row does not widen.
const (
	maxBody  = 2 << 20          // the longest report, escaped
	patience = 30 * time.Second // for an operation to answer
	slowest  = 16 << 10         // bytes a second: who sends or takes less is cut off
	longest  = 4 * time.Hour    // for 200 MB at the slowest rate
)

// enter finds out who calls, slows them down, bounds what the request may cost, and lets in whom the
// operation admits.
func (s *Server) enter(c huma.Context, next func(huma.Context)) {
	op := c.Operation().Metadata["operation"].(operation)
	v := visitOf(c.Context())
	v.operation = op.id
	ctx, done := v.bound(op)
	defer done()
	if err := v.admit(ctx, op); err != nil {
		v.fail(err)
		return
	}
	next(huma.WithContext(c, ctx))
}

// admit tells the caller by the Authorization header, and by nothing else.
func (v *visit) admit(ctx context.Context, op operation) error {
	if err := plain(v.r.URL); err != nil {
		return err
	}
	v.who = access.Caller{Address: v.Limits.Client(v.r)}
	header := v.r.Header.Get("Authorization")
	if header == "" {
		if err := v.Limits.Take(limit.API, limit.Address(v.who.Address)); err != nil {
			return err
		}
		if len(op.needs) == 0 {
			return nil
		}
		return audit.ErrSignIn
	}
	kind, shown, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Bearer") {
		shown = ""
	}
	token, who, err := v.People.AuthenticateToken(ctx, shown)
	if errors.Is(err, audit.ErrSignIn) {
		if slow := v.Limits.Take(limit.API, limit.Address(v.who.Address)); slow != nil {
			return slow
		}
		return err
	}
	if err != nil {
		return fmt.Errorf("finding the token: %w", err)
	}
	who.Address = v.who.Address
	v.who, v.token = who, token
	if err := v.Limits.Take(limit.API, "token "+token.ID); err != nil {
		return err
	}
	if lacking := op.needs.lacks(who); lacking != "" {
		return v.Audit.Allow(ctx, who, lacking, "")
	}
	return nil
}

// bound limits what a request may cost: bytes, and time. Deadlines are set here and not in the
// http.Server, because an upload may take hours and a question may not.
func (v *visit) bound(op operation) (context.Context, context.CancelFunc) {
	most := max(op.body, maxBody)
	slow := time.Duration(most/slowest) * time.Second
	out := 2*patience + slow
	if op.stream {
		out = longest + slow
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, most)
	}
	now, ctl := time.Now(), http.NewResponseController(v.w) // wall clock: a connection waits in real time
	// A connection that knows no deadlines (a test's recorder) is also none that can stall.
	_ = ctl.SetReadDeadline(now.Add(patience + slow))
	_ = ctl.SetWriteDeadline(now.Add(out))
	if op.stream {
		return v.r.Context(), func() {}
	}
	return context.WithTimeout(v.r.Context(), patience+slow)
}

// describe serves the description, made once.
func (s *Server) describe(a huma.API) {
	text, err := json.Marshal(a.OpenAPI())
	if err != nil {
		panic(fmt.Errorf("api: describing the operations: %w", err))
	}
	s.mux.HandleFunc("GET "+prefix+"/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		visitOf(r.Context()).operation = "openapi"
		h := w.Header()
		h.Set("Content-Type", "application/openapi+json")
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(text) // a client that left needs no answer
	})
}
