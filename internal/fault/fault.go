// Package fault holds the ways a request may fail that a person is told about.
//
// Everything else is an internal error: the person gets a reference number, we get the log.
package fault

import (
	"errors"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/lang"
)

// A Kind is one way to fail that the caller can do something about.
type Kind int

// The kinds, with the HTTP status each becomes.
const (
	Invalid  Kind = iota + 1 // 422: the input is wrong; Field says where
	Denied                   // 403: not allowed, and the caller may know that the thing exists
	NotFound                 // 404: not there, or not for this caller
	Conflict                 // 409: the thing is not in a state that allows this
	Later                    // 429 with After, otherwise 503: right, but not now
)

// An Error is a fault with a sentence for the person in both languages:
// what happened, what was kept, what to do.
type Error struct {
	Kind  Kind
	Field string        // the form or JSON field at fault, or empty
	Text  lang.Text     // shown to the person
	After time.Duration // for Later: when to try again; zero means unknown
	cause error
}

func (e *Error) Error() string {
	s := e.Text.EN
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.cause != nil {
		s += " (" + e.cause.Error() + ")"
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// New returns a fault. en and ja are formats over the same args; a language that
// orders them differently uses %[n]s. Both must use every argument.
func New(kind Kind, en, ja string, args ...any) *Error {
	t := lang.Text{EN: en, JA: ja}
	if len(args) > 0 {
		t = lang.Text{EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...)}
	}
	return &Error{Kind: kind, Text: t}
}

// Of returns a fault that says a text kept elsewhere.
func Of(kind Kind, text lang.Text) *Error { return &Error{Kind: kind, Text: text} }

// At returns the fault with the field it is about.
func (e *Error) At(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Retry returns the fault with the time to wait before trying again.
func (e *Error) Retry(after time.Duration) *Error {
	c := *e
	c.After = after
	return &c
}

// Because returns the fault with an internal cause. The cause is for the log, not for the person.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// As returns the fault in err's chain, or nil when err is no fault.
func As(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return nil
}

// Status returns the HTTP status that says the kind to a program.
func (e *Error) Status() int {
	switch e.Kind {
	case Invalid:
		return 422
	case Denied:
		return 403
	case NotFound:
		return 404
	case Conflict:
		return 409
	}
	if e.After > 0 {
		return 429
	}
	return 503
}

// Is reports whether err carries a fault of this kind.
func Is(err error, kind Kind) bool {
	e := As(err)
	return e != nil && e.Kind == kind
}
