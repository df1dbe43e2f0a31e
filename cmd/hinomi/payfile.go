package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/payout/bankfile"
	"hinomi.dev/hinomi/internal/payout/pain"
	"hinomi.dev/hinomi/internal/payout/zengin"
)

// PayfileCmd writes the bank file of a payment run.
type PayfileCmd struct {
	Format string `enum:"zengin,pain.001.001.03,pain.001.001.09" required:"" placeholder:"FORMAT" help:"Format of the file: ${enum}."`
	CRLF   bool   `name:"crlf" help:"End each record of a Zengin file in CR LF; without it nothing stands between them."`
	Lang   string `enum:"en,ja" default:"en" help:"Language of the messages: en or ja."`
	File   string `arg:"" name:"run" help:"The run as JSON (doc/money.md), or - for standard input."`
}

// Help says what the exit code means.
func (c *PayfileCmd) Help() string {
	return `Writes the file to standard output. Yen go into the Zengin file, dollars into the other two.

Exit code 0: the file is written. 1: the run is refused, nothing is written, and every fault is named with its payment. 2: wrong use.`
}

// Run writes the file, or says everything that is wrong with the run.
func (c *PayfileCmd) Run(s *Streams) error {
	if c.CRLF && c.Format != "zengin" {
		fmt.Fprintf(s.Err, "hinomi: --crlf is for --format zengin: %s has its own line ends.\n", c.Format)
		return exitUsage
	}
	run, refused, err := c.read(s)
	if err != nil {
		return c.explain(s, err)
	}
	var file []byte
	if c.Format == "zengin" {
		file, err = zengin.File(run, c.CRLF)
	} else {
		file, err = pain.File(run, pain.Version(c.Format))
	}
	more, ok := errors.AsType[bankfile.Refused](err)
	if err != nil && !ok {
		return err
	}
	if all := refused.And(more); len(all) > 0 {
		for _, f := range all {
			fmt.Fprintln(s.Err, visible(f.In(lang.Lang(c.Lang))))
		}
		fmt.Fprintf(s.Err, map[string]string{
			"en": "hinomi: the run is refused and nothing was written; faults: %d\n",
			"ja": "hinomi: この支払いのファイルは作成できません。何も出力していません。誤り：%d件\n",
		}[c.Lang], len(all))
		return exitFailed
	}
	if _, err := s.Out.Write(file); err != nil {
		return fmt.Errorf("writing the file: %w", err)
	}
	return nil
}

// read reads the run that the command names.
func (c *PayfileCmd) read(s *Streams) (bankfile.Run, bankfile.Refused, error) {
	var in io.Reader = s.In
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return bankfile.Run{}, nil, fmt.Errorf("opening the run: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	return bankfile.Read(in)
}

// explain says what is wrong with a file that is no run.
func (c *PayfileCmd) explain(s *Streams, err error) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	fmt.Fprintf(s.Err, "hinomi: %s\n", visible(f.Text.In(lang.Lang(c.Lang))))
	return exitFailed
}

// visible returns a line with a sign for what would move the cursor of a terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == 0x3000 {
			return r
		}
		return '�'
	}, s)
}
