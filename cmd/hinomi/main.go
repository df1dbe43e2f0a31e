// Command hinomi is a self-hosted security desk for a messaging service.
//
// Data goes to standard output, messages to standard error. The exit code is 0 when all is
// fine, 1 when a check failed or something went wrong, 2 when the command was used wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is everything the program can do. A command is a struct with its flags and a method
// Run; kong hands Run the context, which ends at an interrupt, and the Streams.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Run the desk."`
	Demo     demoCommand     `cmd:"" help:"Run a desk in the middle of its year, to look around in."`
	Ask      AskCmd          `cmd:"" help:"Answer questions about what the terms say, one JSON object a line."`
	Detect   detectCommand   `cmd:"" help:"Run rules over a file of events and print the alerts."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database to the newest schema and say which that is."`
	Payfile  PayfileCmd      `cmd:"" help:"Write the bank file of a payment run."`
	Replay   replayCommand   `cmd:"" help:"Run rules over the event stream as it is kept."`
	Rule     ruleCommand     `cmd:"" help:"Check rules, run their examples."`
	Scenario scenarioCommand `cmd:"" help:"Make the events of an incident, with their ground truth."`
	Terms    TermsCmd        `cmd:"" help:"Check the terms, list their versions."`
	Verify   VerifyCmd       `cmd:"" help:"Check receipts and evidence cards, alone or against the public log."`
	Version  versionCommand  `cmd:"" help:"Print the version of this binary."`
}

// Streams are what a command reads and writes: tests hand it buffers.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// An exitError ends the program with this code. What there was to say has been said.
type exitError int

// The exit codes, besides 0.
const (
	exitFailed exitError = 1 // the check failed, or something went wrong
	exitUsage  exitError = 2 // wrong use
)

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// storage is where a command finds what the desk keeps.
type storage struct {
	Data     string `env:"HINOMI_DATA" default:"data" placeholder:"DIR" help:"Directory with everything kept on disk (${env}, ${default})."`
	Database string `env:"HINOMI_DATABASE" placeholder:"URL" help:"postgres:// URL; without it SQLite in the data directory (${env})."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, s Streams) (code int) {
	// kong ends the program after --help by calling Exit; it must not return to its parser.
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exitError:
			code = int(r)
		default:
			panic(r)
		}
	}()
	parser := kong.Must(&commands{},
		kong.Name("hinomi"),
		kong.Description("A self-hosted security desk for a messaging service."),
		kong.Writers(s.Out, s.Err),
		kong.Exit(func(code int) { panic(exitError(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&s),
	)
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(s.Err, "hinomi: %v\nRun hinomi --help to see what there is.\n", err)
		return int(exitUsage)
	}
	return exitCode(command.Run(), s.Err)
}

// exitCode says what went wrong, unless that has been said, and returns the code that tells it.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[exitError](err); ok {
		return int(e)
	}
	fmt.Fprintf(stderr, "hinomi: %v\n", err)
	return int(exitFailed)
}
