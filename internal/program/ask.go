package program

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxQuestion is the longest line that Ask reads as a question, in bytes.
const maxQuestion = 1 << 20

// A reply is one line of Ask's output.
type reply struct {
	ID      json.RawMessage `json:"id"`
	Answer  any             `json:"answer,omitempty"`
	Terms   string          `json:"terms,omitempty"`   // the version the answer rests on
	Clauses []string        `json:"clauses,omitempty"` // the clauses it rests on
	Reading []string        `json:"reading,omitempty"` // how they are read where the text is unclear
	Error   string          `json:"error,omitempty"`
}

// asks are the questions there are.
var asks = map[string]func(*question) reply{
	"account_name": accountName,
	"adult":        adult,
	"bic":          bic,
	"deadline":     deadline,
	"disclosure":   disclosure,
	"guideline":    guideline,
	"iban":         iban,
	"rate_date":    rateDate,
	"scope":        scope,
	"withholding":  withheld,
	"yen":          inYen,
	"zengin_name":  zenginName,
}

// Ask answers the questions of in, one JSON object a line, on out, one line each and in the same
// order, as they come. ok is false when a question could not be answered; the others still are.
// err is about reading and writing.
func Ask(p *Program, in io.Reader, out io.Writer) (ok bool, err error) {
	r, w := bufio.NewReaderSize(in, 64<<10), bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	ok = true
	for {
		line, readErr := readLine(r)
		if readErr != nil && !errors.Is(readErr, io.EOF) && !errors.Is(readErr, errLong) {
			return ok, errors.Join(fmt.Errorf("reading questions: %w", readErr), w.Flush())
		}
		if line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff"))); len(line) > 0 || errors.Is(readErr, errLong) {
			a := reply{Error: fmt.Sprintf("the line is longer than %d bytes", maxQuestion)}
			if !errors.Is(readErr, errLong) {
				a = answer(p, line)
			}
			ok = ok && a.Error == ""
			if err := enc.Encode(a); err != nil {
				return ok, fmt.Errorf("writing answers: %w", err)
			}
		}
		// Whoever waits for an answer before asking the next question gets it now.
		if r.Buffered() == 0 || errors.Is(readErr, io.EOF) {
			if err := w.Flush(); err != nil {
				return ok, fmt.Errorf("writing answers: %w", err)
			}
		}
		if errors.Is(readErr, io.EOF) {
			return ok, nil
		}
	}
}

var errLong = errors.New("the line is too long")

// readLine returns the next line, or errLong after skipping one that no question can be.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxQuestion {
			long = true
			line = nil
		}
		if !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errLong // at the end of the input the next call says so
		}
		return line, err
	}
}

// A question is one line of Ask's input. Its methods return what the asker gave, and remember the
// first thing that is wrong with it.
type question struct {
	p      *Program
	fields map[string]json.RawMessage
	err    error
}

// answer answers one question.
func answer(p *Program, line []byte) reply {
	q := &question{p: p}
	switch {
	case !utf8.Valid(line):
		return reply{Error: "the line is not UTF-8"}
	case json.Unmarshal(line, &q.fields) != nil || q.fields == nil:
		return reply{Error: `the line is not a JSON object such as {"id":"q1","ask":"adult","born":"2003-07-01","residence":"JP","on":"2022-04-01"}`}
	}
	id := q.fields["id"]
	if len(id) > 0 && (id[0] == '{' || id[0] == '[') {
		return reply{Error: "id is neither a string nor a number"}
	}
	name := q.text("ask")
	if q.err != nil {
		return reply{ID: id, Error: q.err.Error()}
	}
	ask, known := asks[name]
	if !known {
		return reply{ID: id, Error: fmt.Sprintf("there is no ask %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(asks)), ", "))}
	}
	a := ask(q)
	if q.err != nil {
		a = reply{Error: q.err.Error()}
	}
	a.ID = id
	return a
}

// wrong remembers what is wrong with a field, unless something was wrong before.
func (q *question) wrong(field, format string, args ...any) {
	if q.err == nil {
		q.err = fmt.Errorf(field+" "+format, args...)
	}
}

// given reports whether the field is there and not null.
func (q *question) given(field string) bool {
	v, ok := q.fields[field]
	return ok && string(v) != "null"
}

// text returns a field that has to be a string with something in it.
func (q *question) text(field string) string {
	if !q.given(field) {
		q.wrong(field, "is missing")
		return ""
	}
	var s string
	if err := json.Unmarshal(q.fields[field], &s); err != nil {
		q.wrong(field, "is %.60s, want a string", q.fields[field])
		return ""
	}
	if strings.TrimSpace(s) == "" {
		q.wrong(field, "is empty")
	}
	return s
}

// oneOf returns a field that has to be one of the values.
func (q *question) oneOf(field string, values ...string) string {
	s := q.text(field)
	if q.err == nil && !slices.Contains(values, s) {
		q.wrong(field, "is %.60q, want one of %s", s, strings.Join(values, ", "))
	}
	return s
}
