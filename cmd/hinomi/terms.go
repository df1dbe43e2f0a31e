package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/program"
)

// TermsCmd is what a program owner does with the terms.
type TermsCmd struct {
	Check termsCheck `cmd:"" help:"Say what is wrong with the terms, with file, line and clause."`
	List  termsList  `cmd:"" help:"List the versions of the terms."`
}

// termsCheck is the linter.
type termsCheck struct {
	Dir  string `arg:"" optional:"" help:"Directory with program.yaml and the versions; without it those in this binary."`
	Lang string `enum:"en,ja" default:"en" help:"Language of the sentences: en or ja."`
	JSON bool   `name:"json" help:"Print the complaints as JSON."`
}

// Help says what the exit code means.
func (c *termsCheck) Help() string {
	return "Exit code 0: no errors; notes are known issues of the text with the reading that answers them. 1: errors. 2: wrong use."
}

// Run prints every complaint, errors and notes, in the order of the files.
func (c *termsCheck) Run(s *Streams) error {
	files, err := termsFiles(c.Dir)
	if err != nil {
		return err
	}
	complaints := program.Check(files)
	if c.JSON {
		err = printJSON(s.Out, complaints)
	} else {
		err = printComplaints(s.Out, complaints, lang.Lang(c.Lang), true)
	}
	if err != nil {
		return err
	}
	n := program.Errors(complaints)
	if !c.JSON {
		fmt.Fprintf(s.Err, "errors: %d, notes: %d\n", n, len(complaints)-n)
	}
	if n > 0 {
		return exitFailed
	}
	return nil
}

// printComplaints prints complaints one a line, the notes among them if asked.
func printComplaints(w io.Writer, complaints []program.Complaint, l lang.Lang, notes bool) error {
	for _, c := range complaints {
		if c.Note && !notes {
			continue
		}
		if _, err := fmt.Fprintln(w, c.In(l)); err != nil {
			return err
		}
	}
	return nil
}

// printJSON prints v, an empty list as one.
func printJSON[T any](w io.Writer, v []T) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(append([]T{}, v...))
}

// termsList prints the versions.
type termsList struct {
	Dir  string `arg:"" optional:"" help:"Directory with program.yaml and the versions; without it those in this binary."`
	Lang string `enum:"en,ja" default:"en" help:"Language of the titles: en or ja."`
	JSON bool   `name:"json" help:"Print the list as JSON."`
}

// A termsVersion is one line of the list.
type termsVersion struct {
	ID      string    `json:"id"`
	From    time.Time `json:"in_force_from"`
	Title   lang.Text `json:"title"`
	Note    lang.Text `json:"note,omitzero"`
	Clauses int       `json:"clauses"`
	Hash    string    `json:"sha256"`
}

// Run prints the versions, oldest first.
func (c *termsList) Run(s *Streams) error {
	files, err := termsFiles(c.Dir)
	if err != nil {
		return err
	}
	p, complaints, err := program.Load(files)
	if err != nil {
		return err
	}
	if p == nil {
		return errors.Join(printComplaints(s.Err, complaints, lang.Lang(c.Lang), false), exitFailed)
	}
	var list []termsVersion
	for _, v := range p.Versions() {
		list = append(list, termsVersion{v.ID, v.From.In(p.Zone), v.Title, v.Note, len(v.Clauses()), v.Hash})
	}
	if c.JSON {
		return printJSON(s.Out, list)
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, v := range list {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", v.ID, v.From.Format(time.RFC3339), v.Clauses, v.Hash[:16], v.Title.In(lang.Lang(c.Lang)))
	}
	return w.Flush()
}
