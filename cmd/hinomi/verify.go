package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/receipt"
)

// VerifyCmd checks receipts and evidence cards without an account and, without --log, without a network.
type VerifyCmd struct {
	Receipt []string `arg:"" optional:"" type:"existingfile" help:"Receipts and evidence cards; \"-\" is standard input. Several are also compared with each other."`
	Log     string   `placeholder:"URL|DIR" help:"The public log: its address, or a directory with its files. All of it is read and recomputed."`
	Key     []string `placeholder:"VKEY" sep:"none" help:"Public key of the log, from the program's page; may be repeated after a change of key. Without it the key in the receipt is used."`
	State   string   `placeholder:"FILE" help:"Remember the log's checkpoint in this file, and refuse a log that shrank or was forked since."`
	Lang    string   `enum:"en,ja" default:"en" help:"Language of the sentences: en or ja."`
	JSON    bool     `name:"json" help:"Print the result as JSON."`
}

// Help says what the exit code means.
func (c *VerifyCmd) Help() string {
	return "Exit code 0: everything holds, or is not public yet and not late. 1: a check failed, or the log could not be read. 2: wrong use."
}

// maxReceipt bounds a file that is read; a receipt has at most a million bytes.
const maxReceipt = 1 << 20

// Run checks everything it was given and says how each check came out.
func (c *VerifyCmd) Run(ctx context.Context, s *Streams) error {
	verdict, err := c.verify(ctx, s)
	if f := fault.As(err); f != nil { // about the flags, not about what they name
		fmt.Fprintf(s.Err, "hinomi: %s\n", f.Text.In(lang.Lang(c.Lang)))
		return exitUsage
	}
	if err != nil {
		return err
	}
	if verdict.Public != "" && c.State != "" {
		if err := remember(c.State, verdict.Public); err != nil {
			return fmt.Errorf("remembering the checkpoint: %w", err)
		}
	}
	if c.JSON {
		err = c.printJSON(s.Out, verdict)
	} else {
		err = c.print(s.Out, verdict)
	}
	if err == nil && verdict.Result() == receipt.Failed {
		return exitFailed
	}
	return err
}

func (c *VerifyCmd) verify(ctx context.Context, s *Streams) (v receipt.Verdict, err error) {
	if len(c.Receipt) == 0 && (c.Log == "" || len(c.Key) == 0) {
		return receipt.Verdict{}, wrongUse("There is nothing to verify: name a receipt, or a log with --log and its key with --key.",
			"検証するものがありません。受領証を指定するか、--log と --key でログを指定してください。")
	}
	if c.State != "" && c.Log == "" {
		return receipt.Verdict{}, wrongUse("--state needs --log.", "--state には --log が必要です。")
	}
	o := receipt.Options{Keys: strings.Join(c.Key, "\n"), Now: time.Now, Progress: progress(s.Err)}
	if c.Log != "" {
		var done func() error
		if o.Log, done, err = source(c.Log); err != nil {
			return receipt.Verdict{}, err
		}
		defer func() { err = errors.Join(err, done()) }()
	}
	if o.Last, err = remembered(c.State); err != nil {
		return receipt.Verdict{}, err
	}
	var files []receipt.Document
	for _, name := range c.Receipt {
		data, err := c.read(name, s.In)
		if err != nil {
			return receipt.Verdict{}, fmt.Errorf("reading %s: %w", name, err)
		}
		files = append(files, receipt.Document{Name: name, Data: data})
	}
	return receipt.Verify(ctx, files, o)
}

func wrongUse(en, ja string, args ...any) error { return fault.New(fault.Invalid, en, ja, args...) }

func (c *VerifyCmd) read(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(in, maxReceipt))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, maxReceipt))
}

// source opens a log by its address or directory. Nothing outside the directory is read, whatever
// links lie in it.
func source(log string) (src receipt.Source, done func() error, err error) {
	if strings.Contains(log, "://") {
		src, err = receipt.Web(log)
		return src, func() error { return nil }, err
	}
	root, err := os.OpenRoot(log)
	if err != nil {
		return nil, nil, wrongUse("%s is not a directory that can be read.", "%s は読み取れるディレクトリではありません。", log)
	}
	return receipt.Dir(root.FS()), root.Close, nil
}

// progress says how far a long walk is.
func progress(w io.Writer) func(done, total int64) {
	const each = 1 << 16 // a log of two years passes in a second
	next := int64(each)
	return func(done, total int64) {
		if done >= next && done < total {
			fmt.Fprintf(w, "hinomi: %d of %d entries\n", done, total)
			next = done + each
		}
	}
}

// remembered returns the checkpoint of the last time, or nothing the first time.
func remembered(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the remembered checkpoint: %w", err)
	}
	if len(text) == 0 {
		return "", wrongUse("%s is empty; a remembered checkpoint is not. If you never used it, delete it.",
			"%s が空です。記憶したチェックポイントが失われています。未使用のファイルであれば削除してください。", path)
	}
	return string(text), nil
}

// remember stores the checkpoint whole or not at all: a half-written memory would be taken for tampering.
func remember(path, signed string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".checkpoint-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.WriteString(signed)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
