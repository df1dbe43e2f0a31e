package report_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
)

// The crash test starts this test binary again with these set.
const (
	crashDir      = "HINOMI_CRASH_DIR"
	crashDatabase = "HINOMI_CRASH_DATABASE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, victim(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// node is Reports as app makes them, over what a process that was killed left behind.
func node(d *db.DB, dir string) (*report.Reports, error) {
	key, err := receipt.LoadOrCreateKey(filepath.Join(dir, "log.key"), "desk.example/log")
	if err != nil {
		return nil, err
	}
	rs := report.New()
	rs.DB, rs.Now, rs.Program = d, time.Now, program.Default()
	rs.Audit = &audit.Log{DB: d, Now: time.Now}
	rs.Log = &receipt.Log{DB: d, Key: key, Now: time.Now}
	rs.Files = &attachment.Store{Dir: filepath.Join(dir, "attachments")}
	rs.Ready = func(context.Context, string, string) ([]lang.Text, error) { return nil, nil }
	rs.Agreed = func(context.Context, *sql.Tx, string, string, string, lang.Lang) error { return nil }
	return rs, nil
}

// victim writes, attaches and sends until it is killed, and prints the number of every report of
// which it was told.
func victim(dir string) error {
	d, err := db.Open(ctx, os.Getenv(crashDatabase), dir)
	if err != nil {
		return err
	}
	rs, err := node(d, dir)
	if err != nil {
		return err
	}
	unsent, err := rs.Drafts(ctx, ann) // of victims before
	if err != nil {
		return err
	}
	fmt.Println("at work")
	for _, draft := range unsent {
		r, err := rs.Submit(ctx, ann, draft.ID, lang.EN)
		if err != nil {
			return err
		}
		fmt.Println(r.ID)
	}
	for i := 0; ; i++ {
		draft, err := rs.NewDraft(ctx, ann, valid())
		if err != nil {
			return err
		}
		if _, err := rs.AddFile(ctx, ann, draft.ID, "proof.txt", bytes.NewReader(fmt.Appendf(nil, "%d %d", os.Getpid(), i))); err != nil {
			return err
		}
		r, err := rs.Submit(ctx, ann, draft.ID, lang.EN)
		if err != nil {
			return err
		}
		fmt.Println(r.ID)
	}
}

func TestKillingTheProcessLeavesNoReportOrAReportWithItsReceipt(t *testing.T) {
	if testing.Short() {
		t.Skip("what a killed process leaves is looked at in full runs")
	}
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		told := kill(t, dir, "", 100, 15*time.Millisecond)
		d, err := db.Open(ctx, "", dir)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		survived(t, d, dir, told)
	})
	t.Run("postgres", func(t *testing.T) {
		url, dir := dbtest.PostgresURL(t), t.TempDir()
		told := kill(t, dir, url, 25, 40*time.Millisecond)
		d, err := db.Open(ctx, url, "")
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		survived(t, d, dir, told)
	})
}

// kill lets the victim work and kills it at a random moment within a time, again and again.
func kill(t *testing.T, dir, url string, times int, within time.Duration) (told []string) {
	t.Helper()
	for range times {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), crashDir+"="+dir, crashDatabase+"="+url)
		var said bytes.Buffer
		c.Stderr = &said
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() || lines.Text() != "at work" {
			t.Fatalf("the victim said %q", &said)
		}
		if lines.Scan() { // it is warm: kill it in one of the next submissions
			told = append(told, lines.Text())
		}
		fuse := time.AfterFunc(rand.N(within), func() { _ = c.Process.Kill() })
		for lines.Scan() {
			told = append(told, lines.Text())
		}
		_ = c.Wait() // it was killed
		fuse.Stop()
		if said.Len() > 0 {
			t.Fatalf("the victim said %q", &said)
		}
	}
	return told
}

// survived checks that what was told is there, that what is there is whole, and that what is not
// there can be sent now.
func survived(t *testing.T, d *db.DB, dir string, told []string) {
	t.Helper()
	rs, err := node(d, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range told {
		if _, err := rs.Read(ctx, tri, id); err != nil {
			t.Errorf("the reporter was told of %s, and it is gone: %v", id, err)
		}
	}
	unsent, err := rs.Drafts(ctx, ann)
	if err != nil {
		t.Fatal(err)
	}
	for _, draft := range unsent {
		if _, err := rs.Submit(ctx, ann, draft.ID, lang.EN); err != nil {
			t.Errorf("draft %s cannot be sent after the crash: %v", draft.ID, err)
		}
	}
	n := dbtest.Count(t, d, "report")
	t.Logf("%d reports, %d of them told, %d drafts sent afterwards", n, len(told), len(unsent))
	for _, from := range []string{
		"audit WHERE action = 'report.submit'", "outbox WHERE subject = 'report.received'", "report_sketch",
		"draft WHERE report <> ''", "deadline WHERE kind = 'triage'", "search_doc",
	} {
		if got := dbtest.Count(t, d, from); got != n {
			t.Errorf("%d rows in %s for %d reports", got, from, n)
		}
	}
	page, err := rs.Queue(ctx, access.Caller{ID: "tri", Kind: access.Staff, Roles: []access.Role{access.Triager}}, report.Query{View: report.ViewAll})
	if err != nil || page.Counts[report.ViewAll] != n {
		t.Errorf("the queue counts %d of %d reports, %v", page.Counts[report.ViewAll], n, err)
	}
	whole(t, rs)
	if _, err := rs.Audit.Verify(ctx); err != nil {
		t.Error(err)
	}
}

// whole checks that every report has its receipt, which verifies against the log, and its files.
func whole(t *testing.T, rs *report.Reports) {
	t.Helper()
	var documents []receipt.Document
	for after := ""; ; {
		page, err := rs.Queue(ctx, tri, report.Query{View: report.ViewAll, Limit: 200, After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Rows {
			file, err := rs.Receipt(ctx, tri, row.ID)
			if err != nil {
				t.Fatalf("report %s has no receipt: %v", row.ID, err)
			}
			documents = append(documents, receipt.Document{Name: row.ID, Data: file})
			r, err := rs.Read(ctx, tri, row.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Files {
				if err := rs.Files.Check(ctx, f.Hash); err != nil {
					t.Errorf("a file of report %s: %v", r.ID, err)
				}
			}
		}
		if after = page.Next; after == "" {
			break
		}
	}
	source, err := rs.Log.Self(ctx)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := receipt.Verify(ctx, documents, receipt.Options{Log: source, Keys: rs.Log.Key.Verifier(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range verdict.Checks {
		if c.Result == receipt.Failed {
			t.Errorf("%+v", c)
		}
	}
}
