package web

import (
	"net/url"
	"slices"
	"strconv"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// A Form is what was posted to this page, when it is shown again: after a fault, or because the
// reader switched the language. On a page that was simply opened it is empty.
//
// It holds the fields of whichever form was posted, so names are unique over a page: what was
// typed for the desk must not come back in the box that speaks to the reporter. A test looks.
type Form struct {
	values url.Values
	posted bool
	fault  lang.Text      // what was wrong, or empty
	field  string         // where
	also   []*fault.Error // what else was wrong
	lang   lang.Lang
}

// Or returns what was typed into a field, or now when nothing was posted.
func (f Form) Or(name, now string) string {
	if f.posted {
		return f.values.Get(name)
	}
	return now
}

// Is reports whether a choice was picked, or whether now says so when nothing was posted.
func (f Form) Is(name, value string, now bool) bool {
	if f.posted {
		return slices.Contains(f.values[name], value)
	}
	return now
}

// Typed reports whether the page shows what was typed and not what is stored: an autosaved form
// then carries data-typed, so that it is saved at once.
func (f Form) Typed() bool { return f.posted }

// Kept returns what travels through the sign-in pages.
func (f Form) Kept() string { return f.values.Get(keptName) }

// Fault returns what was wrong with the form, in the reader's language.
func (f Form) Fault() string { return f.fault.In(f.lang) }

// Field returns the name of the field at fault.
func (f Form) Field() string { return f.field }

// wrong returns the complaint about one field.
func (f Form) wrong(name string) string {
	if f.field == name {
		return f.Fault()
	}
	for _, e := range f.also {
		if e.Field == name {
			return e.Text.In(f.lang)
		}
	}
	return ""
}

// Also returns the fields that are wrong besides the first, for a list of links.
func (f Form) Also() []*fault.Error { return f.also }

// A Field is one question of a form: label, help, answer, and the complaint at its place. It is
// made in a template and drawn by one of the parts input, textarea, select, choices or file:
//
//	{{template "input" (((.Field "title" (.T "Title" "表題") .Draft.Title).Hint (.T "One line." "1行で。")).Most 200).Must}}
type Field struct {
	Name, Label, Value string
	Help, Wrong        string
	Type               string // of an input
	Auto               string // its autocomplete
	Required, Mono     bool
	Max, Rows          int
	Options            []Option
	Optional           string // the word behind the label of a question that may be left open
}

// An Option is one answer to pick.
type Option struct {
	Value, Label, Help string
	Picked             bool
}

// Field starts a question. now is the stored answer, shown unless something else was typed.
func (f Frame) Field(name, label, now string) Field {
	return Field{
		Name: name, Label: label, Value: f.Form.Or(name, now), Wrong: f.Form.wrong(name),
		Type: "text", Rows: 6, Optional: f.T("optional", "任意"),
	}
}

// Choice starts a question whose answers are picked; now lists the stored ones.
func (f Frame) Choice(name, label string, options []Option, now ...string) Field {
	q := Field{Name: name, Label: label, Wrong: f.Form.wrong(name), Optional: f.T("optional", "任意")}
	for _, o := range options {
		o.Picked = f.Form.Is(name, o.Value, slices.Contains(now, o.Value))
		q.Options = append(q.Options, o)
	}
	return q
}

// Hint returns the question with a sentence of help.
func (q Field) Hint(help string) Field { q.Help = help; return q }

// As returns the question with an input's type, such as email. A password is never shown again.
func (q Field) As(kind string) Field {
	if q.Type = kind; kind == "password" || kind == "file" {
		q.Value = ""
	}
	return q
}

// Fill returns the question with an autocomplete, such as "username webauthn".
func (q Field) Fill(auto string) Field { q.Auto = auto; return q }

// Must returns the question as one that has to be answered.
func (q Field) Must() Field { q.Required, q.Optional = true, ""; return q }

// Plain returns the question without the word optional behind it.
func (q Field) Plain() Field { q.Optional = ""; return q }

// Most returns the question with the most characters its answer may have.
func (q Field) Most(n int) Field { q.Max = n; return q }

// Lines returns the question with the height of its answer.
func (q Field) Lines(n int) Field { q.Rows = n; return q }

// Code returns the question with an answer set as code.
func (q Field) Code() Field { q.Mono = true; return q }

// ID returns the id of the answer, for a label and for a link from the complaint.
func (q Field) ID() string { return "f-" + q.Name }

// Note returns the ids that describe the answer.
func (q Field) Note() string {
	switch {
	case q.Help != "" && q.Wrong != "":
		return q.ID() + "-wrong " + q.ID() + "-help"
	case q.Wrong != "":
		return q.ID() + "-wrong"
	case q.Help != "":
		return q.ID() + "-help"
	}
	return ""
}

// OptionID returns the id of the i-th option: the first has the field's own.
func (q Field) OptionID(i int) string {
	if i == 0 {
		return q.ID()
	}
	return q.ID() + "-" + strconv.Itoa(i)
}
