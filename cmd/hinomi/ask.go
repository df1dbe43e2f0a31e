package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/program"
)

// AskCmd answers questions about what the terms say: the program owner's what-if tool.
type AskCmd struct {
	Terms string `env:"HINOMI_TERMS" placeholder:"DIR" help:"Directory with the terms; without it those in this binary (${env})."`
}

// Help shows what a question looks like.
func (c *AskCmd) Help() string {
	return `Reads one JSON question a line from standard input and writes one JSON answer a line, in the same order:

  {"id":"q1","ask":"scope","terms":"2017-04-10","host":"store.line.me","reached":"web"}

Exit code 0: every question was answered. 1: some were not; each says why. 2: wrong use.`
}

// Run answers the questions on standard input.
func (c *AskCmd) Run(s *Streams) error {
	files, err := termsFiles(c.Terms)
	if err != nil {
		return err
	}
	p, complaints, err := program.Load(files)
	if err != nil {
		return err
	}
	if p == nil {
		err := printComplaints(s.Err, complaints, lang.EN, false)
		fmt.Fprintln(s.Err, "hinomi: the terms have errors, so nothing can be answered.")
		return errors.Join(err, exitFailed)
	}
	ok, err := program.Ask(p, s.In, s.Out)
	if err != nil {
		return err
	}
	if !ok {
		return exitFailed
	}
	return nil
}

// termsFiles returns the files of dir, or those in this binary.
func termsFiles(dir string) (fs.FS, error) {
	if dir == "" {
		return program.Shipped(), nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for the terms: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file; name the directory with program.yaml", dir)
	}
	return os.DirFS(dir), nil
}
