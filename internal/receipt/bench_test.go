//go:build linux

package receipt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/group"
	"hinomi.dev/hinomi/internal/receipt"
)

// BenchmarkAppend measures a submission until it is durable and under a signed checkpoint, one
// client alone and 64 at once, next to what the disk does when nothing but a page is synced.
// Compare the ratio, not the figures: another machine has another disk.
func BenchmarkAppend(b *testing.B) {
	engines := map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres}
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, clients := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", engine, clients), func(b *testing.B) {
				d := newDesk(b, engines[engine](b))
				d.Now = time.Now
				appendFrom(b, d, clients)
			})
		}
	}
}

func appendFrom(b *testing.B, d *desk, clients int) {
	b.Helper()
	bare := syncs(b)
	together := group.Group[appending]{Run: func(ctx context.Context, all []appending) error {
		_, _, err := appendAll(ctx, d.Log, all...)
		return err
	}}
	var next atomic.Int64
	took := make([]time.Duration, b.N)
	var all sync.WaitGroup
	b.ResetTimer()
	for range clients {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				s := validStatement(func(s *receipt.Statement) { s.ID = fmt.Sprint(i) })
				begin := time.Now()
				if err := together.Do(ctx, thing(&s)); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(begin)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	bare = (bare + syncs(b)) / 2 // before and after: a shared disk changes its mind
	rate := float64(b.N) / b.Elapsed().Seconds()
	slices.Sort(took)
	b.ReportMetric(rate, "entries/s")
	b.ReportMetric(took[len(took)/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1e3, "p99-ms")
	b.ReportMetric(bare, "fdatasync/s")
	b.ReportMetric(rate/bare, "entries/fdatasync")
}

// syncs returns how often a second a page can be appended to a file and be durable.
func syncs(b *testing.B) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const times = 100
	page := make([]byte, 4096)
	begin := time.Now()
	for range times {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	return times / time.Since(begin).Seconds()
}

// BenchmarkWalk measures the verifier over a log of one year at the default pace.
func BenchmarkWalk(b *testing.B) {
	d := newDesk(b, dbtest.SQLite(b))
	d.pace()
	d.clock.add(365 * 24 * time.Hour)
	d.pace()
	dir := b.TempDir()
	if err := d.ExportDir(ctx, dir); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w := receipt.Walk{Source: receipt.Dir(os.DirFS(dir)), Known: d.known()}
		if _, err := w.Run(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
