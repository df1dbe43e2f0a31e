package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// smallDisk is a directory with room for 32 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("only root can make a disk that is full: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// noise returns a line that cannot be packed.
func noise(i int) string {
	b := make([]byte, 100_000)
	for j := range b {
		b[j] = ' ' + byte(rand.IntN(95))
	}
	return fmt.Sprintf("a %d %s", i, b)
}

func TestAFullDiskStopsAcknowledgementsAndNothingElse(t *testing.T) {
	for name, reserve := range map[string]int64{"seen coming": 4 << 20, "running into it": 1} {
		t.Run(name, func(t *testing.T) {
			dir := smallDisk(t)
			cfg := config(filepath.Join(dir, "stream"))
			cfg.Reserve = reserve
			ballast := filepath.Join(dir, "ballast")
			if err := os.WriteFile(ballast, make([]byte, 16<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			s, stop := run(t, cfg)
			acknowledged, i := 0, 0
			var err error
			for ; i < 1000; i++ {
				limited, done := context.WithTimeout(ctx, 10*time.Second)
				_, err = s.Publish(limited, parcel(noise(i)))
				if done(); err != nil {
					break
				}
				acknowledged++
			}
			if f := fault.As(err); f == nil || f.Kind != fault.Later || acknowledged == 0 {
				t.Fatalf("after %d: %v", acknowledged, err)
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			for start := time.Now(); ; { // there is room again: it goes on by itself
				limited, done := context.WithTimeout(ctx, 5*time.Second)
				taken, err := s.Publish(limited, parcel(noise(i)))
				if done(); err == nil && taken.Accepted == 1 {
					break
				}
				if time.Since(start) > 30*time.Second {
					t.Fatalf("it does not go on: %+v, %v", taken, err)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if got := len(contents(t, s, 0, end)); got != acknowledged+1 {
				t.Errorf("%d events are there, %d were acknowledged", got, acknowledged+1)
			}
			stop()
			again, _ := run(t, cfg)
			if got := len(contents(t, again, 0, end)); got != acknowledged+1 {
				t.Errorf("after a restart %d events are there, %d were acknowledged", got, acknowledged+1)
			}
		})
	}
}
