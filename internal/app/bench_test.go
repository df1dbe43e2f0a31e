package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/app"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/report"
)

var ctx = context.Background()

// reportsEnv says how many reports the desk of the benchmark holds, instead of 100,000.
const reportsEnv = "HINOMI_BENCH_REPORTS"

// BenchmarkDesk measures a desk with 100,000 reports: submissions in this process, pages over HTTP
// from a server of its own, and prints each beside what it is measured against in the same run.
func BenchmarkDesk(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchDesk(b, "") })
	b.Run("postgres", func(b *testing.B) { benchDesk(b, dbtest.PostgresURL(b)) })
}

// A bench is a product with people who may send reports.
type bench struct {
	testing.TB
	*app.App
	dir     string
	writers []access.Caller
	table   strings.Builder
}

func benchDesk(b *testing.B, database string) {
	for b.Loop() {
		d := openBench(b, database, 64)
		d.fill(number(reportsEnv, 100_000))
		d.told()
		floor := d.line("bare fdatasync of 4 KiB", d.syncs(), nil)
		d.line("submission, alone", d.submissions(1, 300), floor)
		d.line("submission, 64 clients", d.submissions(64, 6400), floor)
		d.told()
		d.index()
		d.line("duplicate candidates", d.candidates(400), floor)
		d.pages(database)
		b.Logf("\n%-32s %10s %10s %10s %10s\n%s", "", "a second", "p50", "p99", "rate to *", &d.table)
	}
	b.ReportMetric(0, "ns/op")
}

func number(env string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(env)); err == nil {
		return n
	}
	return otherwise
}

func openBench(b testing.TB, database string, writers int) *bench {
	b.Helper()
	d := &bench{TB: b, dir: b.TempDir()}
	a, err := app.Open(ctx, app.Config{DataDir: d.dir, Database: database, LogName: "bench.example/log"}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	d.App = a
	b.Cleanup(func() { _ = a.Close() })
	for i := range writers {
		d.writers = append(d.writers, d.participant(i))
	}
	return d
}

func (d *bench) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// participant is somebody who may send reports, by the product's own operations.
func (d *bench) participant(i int) access.Caller {
	n, err := d.People.Add(ctx, access.Self, person.Newcomer{
		Kind: access.Participant, Mail: fmt.Sprintf("p%d@bench.example", i), Name: "参加者", Lang: lang.JA,
	})
	d.must(err)
	who := access.Caller{ID: n.ID, Kind: access.Participant}
	d.must(d.Participants.SetProfile(ctx, who, participant.Form{Name: "参加者", Lang: lang.JA, Country: "JP", Born: "1990-01-01"}))
	terms, _ := d.Program.At(time.Now())
	answers := map[string]participant.Answer{}
	for _, c := range participant.Conditions(terms) {
		answers[c.ID] = participant.Yes
	}
	d.must(d.Participants.Declare(ctx, who, answers, lang.JA))
	d.must(d.Participants.Accept(ctx, who, terms.ID, terms.Hash, lang.JA))
	return who
}

// triager is somebody at the desk.
func (d *bench) triager() access.Caller {
	n, err := d.People.Add(ctx, access.Self, person.Newcomer{
		Kind: access.Staff, Mail: "tri@bench.example", Name: "佐藤", Lang: lang.JA, Roles: []access.Role{access.Triager},
	})
	d.must(err)
	return n.Caller("")
}

// session signs somebody in and returns the cookie's value.
func (d *bench) session(personID string) string {
	entry, err := d.People.Open(ctx, access.Self, personID, "bench")
	d.must(err)
	return entry.Token
}

// A timing is how long many of one thing took.
type timing struct {
	each []time.Duration
	wall time.Duration
}

// line prints what was measured, with its rate as a share of what floor reached in the same run. Without
// a floor it is one itself, marked by a star.
func (d *bench) line(name string, t timing, floor *timing) *timing {
	slices.Sort(t.each)
	at := func(q int) time.Duration {
		return t.each[min(len(t.each)-1, len(t.each)*q/100)].Round(10 * time.Microsecond)
	}
	ratio := "*"
	if floor != nil {
		ratio = fmt.Sprintf("%.3f", t.rate()/floor.rate())
	}
	out := fmt.Sprintf("%-32s %10.0f %10s %10s %10s\n", name, t.rate(), at(50), at(99), ratio)
	d.table.WriteString(out)
	fmt.Fprint(os.Stderr, out)
	return &t
}

// rate is how many were done in a second.
func (t timing) rate() float64 { return float64(len(t.each)) / t.wall.Seconds() }

// told empties the outbox: a desk of a hundred thousand reports has told of them long ago, and does not
// send a hundred thousand mails while somebody looks at the queue.
func (d *bench) told() {
	d.must(d.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM outbox`)
		return err
	}))
}

// timed runs n of something in clients at once.
func timed(clients, n int, do func(client, i int)) timing {
	var t timing
	var mu sync.Mutex
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for c := range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				began := time.Now()
				do(c, i)
				took := time.Since(began)
				mu.Lock()
				t.each = append(t.each, took)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.wall = time.Since(start)
	return t
}

// syncs is the floor of this machine: 4 KiB appended and synced.
func (d *bench) syncs() timing {
	f, err := os.Create(filepath.Join(d.dir, "floor"))
	d.must(err)
	defer f.Close()
	block := make([]byte, 4096)
	return timed(1, 500, func(int, int) {
		_, err := f.Write(block)
		d.must(err)
		d.must(unix.Fdatasync(int(f.Fd())))
	})
}

var (
	things = []string{"the profile name", "a group invitation", "the sticker shop", "the timeline", "プロフィール名", "グループ招待", "友だち追加", "購入処理"}
	faults = []string{"lets a script run", "skips the authentication", "leaks a token", "can be forged", "認証を回避できる", "スクリプトが実行される", "情報が漏えいする", "偽造できる"}
	hosts  = []string{"store.line.me", "news.line.me", "music.line.me", "live.line.me", "api.line.me", "access.line.me"}
)

// submission is a report of a usual length, in one of both languages.
func submission(r *rand.Rand, i int) report.Submission {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	classes := []string{"xss", "csrf", "sql_injection", "authentication_bypass", "other"}
	steps := strings.Builder{}
	for n := range 8 {
		fmt.Fprintf(&steps, "%d. Open https://%s/%x and look at %s: it %s.\n", n+1, pick(hosts), r.Uint32(), pick(things), pick(faults))
	}
	return report.Submission{
		Title: fmt.Sprintf("%s %s (%d)", pick(things), pick(faults), i), Target: pick(hosts), Reached: "web", Class: classes[r.IntN(len(classes))],
		Steps: steps.String(), Proof: "```\ncurl -s https://" + pick(hosts) + "/" + strconv.Itoa(i) + "\n```", Impact: pick(things) + " " + pick(faults),
		Found: "self", OthersData: "no", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
	}
}

// fill submits n reports, 64 at a time.
func (d *bench) fill(n int) {
	start := time.Now()
	timed(64, n, func(client, i int) {
		if i%10_000 == 0 {
			fmt.Fprintf(os.Stderr, "filling: %d of %d after %s\n", i, n, time.Since(start).Round(time.Second))
		}
		who := d.writers[client]
		draft, err := d.Reports.NewDraft(ctx, who, submission(rand.New(rand.NewPCG(1, uint64(i))), i))
		d.must(err)
		_, err = d.Reports.Submit(ctx, who, draft.ID, lang.JA)
		d.must(err)
	})
}

// submissions times Submit alone: the draft is written before.
func (d *bench) submissions(clients, n int) timing {
	var t timing
	const batch = 40 // below the bound of open drafts
	for done := 0; done < n; done += batch * clients {
		k := min(batch*clients, n-done)
		drafts := make([]report.Draft, k)
		timed(clients, k, func(_, i int) {
			var err error
			drafts[i], err = d.Reports.NewDraft(ctx, d.writers[i%len(d.writers)], submission(rand.New(rand.NewPCG(2, uint64(done+i))), i))
			d.must(err)
		})
		part := timed(clients, k, func(_, i int) {
			_, err := d.Reports.Submit(ctx, d.writers[i%len(d.writers)], drafts[i].ID, lang.JA)
			d.must(err)
		})
		t.each, t.wall = append(t.each, part.each...), t.wall+part.wall
	}
	return t
}

// index makes everything findable.
func (d *bench) index() {
	start, n := time.Now(), 0
	for {
		k, err := d.Index.Catchup(ctx)
		d.must(err)
		if n += k; k == 0 {
			break
		}
	}
	fmt.Fprintf(os.Stderr, "indexed %d texts in %s\n", n, time.Since(start).Round(time.Millisecond))
}

var tri = access.Caller{ID: "tri", Kind: access.Staff, Roles: []access.Role{access.Triager}}

// top returns the top of the queue.
func (d *bench) top() []report.Row {
	page, err := d.Reports.Queue(ctx, tri, report.Query{View: report.ViewAll, Limit: 200})
	d.must(err)
	return page.Rows
}

func (d *bench) candidates(n int) timing {
	rows := d.top()
	_, err := d.Reports.Candidates(ctx, tri, rows[0].ID) // reads the sketches
	d.must(err)
	return timed(1, n, func(_, i int) {
		_, err := d.Reports.Candidates(ctx, tri, rows[i%len(rows)].ID)
		d.must(err)
	})
}

// pages measures the binary as it is run: a process of its own, over HTTP, with a session.
func (d *bench) pages(database string) {
	bin := filepath.Join(d.dir, "hinomi")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, "hinomi.dev/hinomi/cmd/hinomi")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		d.Fatalf("%s: %v", out, err)
	}
	size, err := os.Stat(bin)
	d.must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	d.must(err)
	addr := ln.Addr().String()
	d.must(ln.Close())
	server := exec.CommandContext(ctx, bin, "serve", "--addr", addr, "--data", d.dir, "--database", database, "--log-name", "bench.example/log")
	d.must(server.Start())
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	triager := d.triager()
	token := d.session(triager.ID)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	get := func(path string) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
		d.must(err)
		req.AddCookie(&http.Cookie{Name: "session", Value: token})
		res, err := client.Do(req)
		d.must(err)
		_, err = io.Copy(io.Discard, res.Body)
		d.must(err)
		d.must(res.Body.Close())
		if res.StatusCode != http.StatusOK {
			d.Fatalf("%s answers %d", path, res.StatusCode)
		}
	}
	for range 100 { // until it listens
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	views := []string{"desk", "all", "new", "reporter"}
	get("/desk")
	floor := d.line("an empty answer, 16 clients", timed(16, 4000, func(int, int) { get("/healthz") }), nil)
	d.line("queue page of 50, 16 clients", timed(16, 4000, func(_, i int) { get("/desk?view=" + views[i%len(views)]) }), floor)
	words := []string{"認証", "script", "漏えい", "store.line.me token", "グループ招待 偽造", "curl", "プロフィール"}
	search := func(_, i int) { get("/desk?view=all&q=" + url.QueryEscape(words[i%len(words)])) }
	d.line("search, 4 clients", timed(4, 800, search), floor)
	d.line("search, 16 clients", timed(16, 800, search), floor)
	get("/desk/reports/" + d.top()[0].ID) // with its candidates: from now on the sketches are in memory
	fmt.Fprintf(&d.table, "%-32s %6d MiB\n%-32s %6d MiB\n", "resident memory of the server", resident(server.Process.Pid)>>10, "binary, stripped", size.Size()>>20)
}

// resident returns the resident memory of a process in KiB.
func resident(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}
