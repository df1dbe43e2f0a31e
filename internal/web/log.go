package web

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/receipt"
)

// A logPage says what the log is, to a worried researcher and to an engineer.
type logPage struct {
	Frame
	Name   string // of the log
	Keys   []string
	Origin string // where the log is served
	Public *receipt.Checkpoint
	Root   string
	Next   time.Time
	Slot   time.Duration
}

func (s *Server) getLog(w http.ResponseWriter, r *http.Request) error {
	p := logPage{
		Frame: s.frame(r, "The log and its receipts", "公開ログと受領証"),
		Name:  s.Receipts.Key.Name(), Keys: s.Receipts.Key.Verifiers, Origin: s.home(r) + "/log",
	}
	res, err := s.Receipts.Resource(r.Context(), "checkpoint")
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil {
		c, err := receipt.ParseCheckpoint(string(res.Body))
		if err != nil {
			return err
		}
		p.Public, p.Root = &c, c.Root.String()
	}
	if p.Next, p.Slot, err = s.Receipts.Next(r.Context()); err != nil {
		return err
	}
	return s.show(w, r, "log.html", p)
}

// home returns where this server is reached, as a command on the reader's machine names it.
func (s *Server) home(r *http.Request) string {
	if s.Origin != "" {
		return s.Origin
	}
	return "http://" + r.Host
}

// getLogFile serves a file of the public log to programs, as the log itself answers.
func (s *Server) getLogFile(w http.ResponseWriter, r *http.Request) error {
	var failed error
	fail := func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }
	http.StripPrefix("/log/", s.Receipts.Handler(fail)).ServeHTTP(w, r)
	return failed
}

// A logVerifyPage checks a receipt for whoever has one.
type logVerifyPage struct {
	Frame
	Asked   bool // something was given
	Verdict receipt.Verdict
	Origin  string
	Keys    []string
}

// verifiers is how many receipts are verified at once: each walks the whole log.
const verifiers = 2

// maxDocuments is how many files are compared with each other.
const maxDocuments = 8

func (s *Server) getLogVerify(w http.ResponseWriter, r *http.Request) error {
	var files []receipt.Document
	if pasted := visitOf(r).form.Or("receipt", ""); strings.TrimSpace(pasted) != "" {
		files = append(files, receipt.Document{Data: []byte(pasted)})
	}
	return s.verify(w, r, files)
}

// postLogVerify takes receipts as files or as text. It changes nothing, so its answer is the page.
func (s *Server) postLogVerify(w http.ResponseWriter, r *http.Request) error {
	files, err := uploaded(r)
	if err != nil {
		return err
	}
	v := visitOf(r)
	if pasted := r.PostFormValue("receipt"); strings.TrimSpace(pasted) != "" {
		files = append(files, receipt.Document{Data: []byte(pasted)})
	}
	if len(files) == 0 {
		return fault.New(fault.Invalid, "Choose a receipt, or paste its text.", "受領証のファイルを選ぶか、内容を貼り付けてください。").At("receipt")
	}
	if len(files) == 1 { // so that switching the language does not lose it
		v.form.values.Set("receipt", strings.ToValidUTF8(string(files[0].Data), "\uFFFD"))
	}
	return s.verify(w, r, files)
}

// uploaded returns the files of a form that are receipts to verify.
func uploaded(r *http.Request) ([]receipt.Document, error) {
	var files []receipt.Document
	if r.MultipartForm == nil {
		return nil, nil
	}
	for _, h := range r.MultipartForm.File["file"] {
		if len(files) == maxDocuments {
			return nil, fault.New(fault.Invalid, "Choose at most %d files at once.", "一度に検証できるのは%d件までです。", maxDocuments).At("file")
		}
		if h.Size == 0 && h.Filename == "" {
			continue
		}
		f, err := h.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(f) // the form is bounded, and so is each file in it
		_ = f.Close()              // it was only read, from memory
		if err != nil {
			return nil, err
		}
		files = append(files, receipt.Document{Name: h.Filename, Data: data})
	}
	return files, nil
}

func (s *Server) verify(w http.ResponseWriter, r *http.Request, files []receipt.Document) error {
	p := logVerifyPage{
		Frame: s.frame(r, "Verify a receipt", "受領証を検証する"), Asked: len(files) > 0,
		Origin: s.home(r) + "/log", Keys: s.Receipts.Key.Verifiers,
	}
	p.Keep = "verify"
	if !p.Asked {
		return s.show(w, r, "logverify.html", p)
	}
	if s.Limits != nil {
		if err := s.Limits.Take(limit.Verify, limit.Address(caller(r).Address)); err != nil {
			return err
		}
	}
	ctx := r.Context()
	select {
	case s.checks <- struct{}{}:
		defer func() { <-s.checks }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	p.Verdict, err = receipt.Verify(ctx, files, receipt.Options{
		Keys: strings.Join(p.Keys, "\n"), Log: publicLog{s.Receipts}, Now: s.Now,
	})
	if err != nil {
		return err
	}
	return s.show(w, r, "logverify.html", p)
}

// A publicLog is the log as everybody sees it. What a verdict says is read by strangers, so it
// must not rest on entries that are not public yet: their number would tell of reports.
type publicLog struct{ log *receipt.Log }

// Fetch returns a file of the public log.
func (l publicLog) Fetch(ctx context.Context, path string) ([]byte, error) {
	res, err := l.log.Resource(ctx, path)
	if fault.Is(err, fault.NotFound) {
		return nil, fs.ErrNotExist
	}
	return res.Body, err
}

// Sound reports whether nothing was found wrong.
func (p logVerifyPage) Sound() bool { return p.Verdict.Result() != receipt.Failed }

// Waits reports whether something cannot be checked before the log has grown.
func (p logVerifyPage) Waits() bool { return p.Verdict.Result() == receipt.Pending }

// Word says how a check came out.
func (f Frame) Word(r receipt.Result) string {
	switch r {
	case receipt.OK:
		return f.T("holds", "一致")
	case receipt.Note:
		return f.T("note", "注意")
	case receipt.Pending:
		return f.T("not yet", "公開待ち")
	default:
		return f.T("does not hold", "不一致")
	}
}

// Entries returns a number of entries, or the index of one.
func (f Frame) Entries(n int64) string { return thousands(n) }
