package web

import (
	"context"
	"net/http"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
)

// A visit is what the frame knows about one request.
type visit struct {
	ref    string // in the log, in X-Request-Id and on an error page
	route  string // the pattern that matched: a path may hold a secret, a pattern never does
	status int    // of the page to come

	asked  bool // Authenticate was asked: a form shown again is the same visit
	caller access.Caller
	name   string
	lang   lang.Lang

	form    Form  // what was posted, and what was wrong with it
	keeping bool  // the form is judged again, and not sent
	kept    *Kept // the same, to be sent again
}

type visitKey struct{}

func withVisit(r *http.Request, v *visit) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// visitOf returns the visit a request belongs to. Every request that passed serve has one.
func visitOf(r *http.Request) *visit { return r.Context().Value(visitKey{}).(*visit) }

// caller returns who sent the request.
func caller(r *http.Request) access.Caller { return visitOf(r).caller }

// language returns the language the request is answered in.
func language(r *http.Request) lang.Lang { return visitOf(r).lang }
