package main

import (
	"fmt"
	"io/fs"
	"os"

	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/rules"
)

// ruleCommand is what an author of rules does with them.
type ruleCommand struct {
	Check ruleCheck `cmd:"" help:"Say what is wrong with rules, with file, line, column and the fix."`
	Test  ruleTest  `cmd:"" help:"Run the examples beside rules: events, and the alerts they are to raise."`
}

// A ruleDir is a directory with rules, and the lists behind their placeholders.
type ruleDir struct {
	Dir  string            `arg:"" optional:"" type:"existingdir" help:"Directory with rules; without it those in this binary."`
	List map[string]string `mapsep:"none" placeholder:"NAME=FILE" help:"The entries behind a placeholder, one a line; may be given several times. Without it lists/NAME.txt beside the rules."`
}

func (d *ruleDir) open() fs.FS {
	if d.Dir == "" {
		return rules.Files
	}
	return os.DirFS(d.Dir)
}

// lists reads the files of the flags.
func (d *ruleDir) lists() (map[string][]string, error) {
	lists := map[string][]string{}
	for name, file := range d.List {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading list %s: %w", name, err)
		}
		lists[name] = rule.ParseList(data)
	}
	return lists, nil
}

// ruleCheck is the linter.
type ruleCheck struct {
	ruleDir
	JSON bool `name:"json" help:"Print the complaints as JSON."`
}

// Help says what the exit code means.
func (c *ruleCheck) Help() string {
	return "Exit code 0: no errors; rules with warnings and notes work. 1: errors. 2: wrong use."
}

// A ruleComplaint is a complaint as JSON.
type ruleComplaint struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Rule     string `json:"rule,omitempty"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
	Fix      string `json:"fix,omitempty"`
}

// Run prints every complaint in the order of the files.
func (c *ruleCheck) Run(s *Streams) error {
	lists, err := c.lists()
	if err != nil {
		fmt.Fprintln(s.Err, "hinomi:", err)
		return exitUsage
	}
	complaints := rule.Check(c.open(), lists)
	all := []ruleComplaint{}
	for _, x := range complaints {
		all = append(all, ruleComplaint{x.File, x.Line, x.Column, x.Rule, x.Severity(), x.Text, x.Fix})
		if !c.JSON {
			fmt.Fprintln(s.Out, x)
		}
	}
	if c.JSON {
		if err := printJSON(s.Out, all); err != nil {
			return err
		}
	}
	n := rule.Errors(complaints)
	fmt.Fprintf(s.Err, "errors: %d, warnings and notes: %d\n", n, len(complaints)-n)
	if n > 0 {
		return exitFailed
	}
	return nil
}
