package search

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

// BenchmarkFind measures searches over 100,000 documents of about 1.5 KB (HINOMI_BENCH_DOCS sets
// another number) by 16 clients, on each engine. The figures are ratios to the same run's reading of one
// row by its key, medians and 99th percentiles; the absolute ones stand beside them.
func BenchmarkFind(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		d, err := db.Open(context.Background(), "", dir)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		b.Run("load", func(b *testing.B) {
			load(b, d)
			info, err := os.Stat(filepath.Join(dir, "hinomi.db"))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/float64(documents()), "B/document")
		})
		measure(b, d)
	})
	b.Run("postgres", func(b *testing.B) {
		d := dbtest.Postgres(b)
		b.Run("load", func(b *testing.B) {
			load(b, d)
			var all int64
			err := d.Read().QueryRowContext(ctx, `
				SELECT pg_total_relation_size('search_word') + pg_total_relation_size('search_doc')`).Scan(&all)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(all)/float64(documents()), "B/document")
		})
		measure(b, d)
	})
}

func documents() int {
	if n, err := strconv.Atoi(os.Getenv("HINOMI_BENCH_DOCS")); err == nil {
		return n
	}
	return 100_000
}

func load(b *testing.B, d *db.DB) {
	n := documents()
	c := newCorpus(1)
	var writing, indexing time.Duration
	x := &Indexer{DB: d, Log: slog.New(slog.DiscardHandler)}
	var writes, merged []time.Duration
	for i := 0; i < n; i += 1000 {
		texts := make([]string, 0, 1000)
		for j := i; j < min(n, i+1000); j++ {
			texts = append(texts, c.doc(j))
		}
		start := time.Now()
		err := d.Tx(ctx, func(tx *sql.Tx) error {
			for j, text := range texts {
				if err := Index(ctx, tx, docID(i+j), WordsOf(text)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		writing += time.Since(start)
		start = time.Now()
		for catchupTimed(b, x, &writes, &merged) {
		}
		indexing += time.Since(start)
	}
	left := 0
	for did := true; did; left++ {
		var err error
		if did, err = merge(ctx, d); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(left-1), "merges-left")
	b.ReportMetric(float64(writing.Microseconds())/float64(n), "µs/written")
	b.ReportMetric(float64(indexing.Microseconds())/float64(n), "µs/indexed")
	for name, steps := range map[string][]time.Duration{"batch": writes, "merge": merged} {
		if len(steps) > 0 {
			b.ReportMetric(quantile(steps, 0.5).Seconds()*1e3, "cpu-ms/"+name+"-p50")
			b.ReportMetric(quantile(steps, 0.99).Seconds()*1e3, "cpu-ms/"+name+"-p99")
			b.ReportMetric(quantile(steps, 1).Seconds()*1e3, "cpu-ms/"+name+"-max")
		}
	}
}

// catchupTimed is Catchup with the processor time of each of its transactions: that long, others wait.
func catchupTimed(b *testing.B, x *Indexer, writes, merged *[]time.Duration) bool {
	jobs, err := x.batch(ctx)
	if err != nil {
		b.Fatal(err)
	}
	if len(jobs) == 0 {
		return false
	}
	start := cpu()
	if err := x.write(ctx, jobs); err != nil {
		b.Fatal(err)
	}
	*writes = append(*writes, cpu()-start)
	for range merges {
		start := cpu()
		did, err := merge(ctx, x.DB)
		if err != nil {
			b.Fatal(err)
		}
		if !did {
			break
		}
		*merged = append(*merged, cpu()-start)
	}
	return true
}

// cpu returns the processor time this process has used: on a machine that others use too, it says
// more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func quantile(d []time.Duration, q float64) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[min(len(d)-1, int(q*float64(len(d))))]
}

func measure(b *testing.B, d *db.DB) {
	base := clients(16, 4000, func(i int) int {
		var text string
		if err := d.Read().QueryRowContext(ctx, `SELECT text FROM search_doc WHERE doc = $1`, docID(i*7%1000)).Scan(&text); err != nil {
			b.Error(err)
		}
		return 1
	})
	median := quantile(base.took, 0.5)
	b.Run("one-row-by-its-key", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(median.Seconds()*1e3, "ms-p50")
		b.ReportMetric(quantile(base.took, 0.99).Seconds()*1e3, "ms-p99")
	})
	for _, q := range []struct{ name, query string }{
		{"rare identifier", "marker%06d"},
		{"rare CVE number", "CVE-2020-%d"},
		{"two signs, common", "認証"},
		{"two signs and a rare word", "認証 marker%06d"},
		{"six signs", "脆弱性認証"},
		{"very common word", "the"},
		{"host", "store.line.me"},
		{"four common words", "the of server line"},
		{"common, not common", "server -the"},
		{"common phrase", `"the server"`},
		{"rare phrase of common words", `"server line cookie"`},
		{"one sign", "認"},
		{"beginning of a word", "ser*"},
		{"beginning, one letter", "s*"},
		{"beginning and a rare word", "ser* marker%06d"},
		{"long mark", "サーバー"},
		{"nothing", "qqqqqqqq"},
	} {
		b.Run(strings.ReplaceAll(q.name, " ", "-"), func(b *testing.B) {
			start := cpu()
			r := clients(16, 480, func(i int) int {
				query := q.query
				if strings.Contains(query, "%") {
					query = fmt.Sprintf(query, 1000+i*37)
				}
				docs, err := Find(ctx, d, query, 50)
				if err != nil {
					b.Error(err)
				}
				return len(docs)
			})
			m := quantile(r.took, 0.5)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(m.Seconds()*1e3, "ms-p50")
			b.ReportMetric(quantile(r.took, 0.99).Seconds()*1e3, "ms-p99")
			b.ReportMetric((cpu()-start).Seconds()*1e3/480, "ms-cpu")
			b.ReportMetric(float64(m)/float64(median), "times-one-row")
			b.ReportMetric(float64(r.hits)/480, "hits")
		})
	}
}

type result struct {
	took []time.Duration
	hits int
}

// clients runs fn n times from several clients at once.
func clients(number, n int, fn func(i int) int) result {
	var mu sync.Mutex
	var r result
	var wg sync.WaitGroup
	for c := range number {
		wg.Go(func() {
			for i := c; i < n; i += number {
				start := time.Now()
				hits := fn(i)
				took := time.Since(start)
				mu.Lock()
				r.took = append(r.took, took)
				r.hits += hits
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return r
}
