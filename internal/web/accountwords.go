package web

import (
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

// The structs below are what the parts of account pages are drawn with: a part takes one value.

// A clauseQuote is a clause of the terms to be quoted.
type clauseQuote struct {
	Frame  Frame
	Clause *program.Clause
	Terms  string
}

func quoted(f Frame, c *program.Clause, terms string) clauseQuote { return clauseQuote{f, c, terms} }

// A totpForm is the part of a form that sets up an authenticator app.
type totpForm struct {
	Frame Frame
	Offer offer
}

func totpOf(f Frame, o offer) totpForm { return totpForm{f, o} }

// Field is the question for the app's first code.
func (t totpForm) Field() Field {
	f := t.Frame
	return f.Field("new_code", f.T("Code the app shows now", "認証アプリに表示されたコード"), "").Blank().Fill("one-time-code").Must()
}

// A wishLine is a consent with whose it is.
type wishLine struct {
	Frame   Frame
	Consent participant.Consent
	Label   person.Label
}

func wishOf(f Frame, c participant.Consent, l person.Label) wishLine { return wishLine{f, c, l} }

// Blank returns the question without what was typed: a code is never shown again.
func (q Field) Blank() Field { q.Value = ""; return q }
