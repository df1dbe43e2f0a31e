package attachment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/fault"
)

var ctx = context.Background()

// files returns every file in the store, by its name.
func files(t testing.TB, s *Store) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	err := filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all[d.Name()] = info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

func put(t testing.TB, s *Store, content string) Blob {
	t.Helper()
	b, err := s.Put(ctx, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// refused checks that err is a fault of this kind about the files, in both languages, and that the
// store kept nothing.
func refused(t *testing.T, s *Store, err error, kind fault.Kind, words string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || f.Field != "files" || !strings.Contains(f.Text.EN, words) || f.Text.JA == "" {
		t.Errorf("err = %v, want a fault of kind %d with %q", err, kind, words)
	}
	if left := files(t, s); len(left) != 0 {
		t.Errorf("the store kept %v", left)
	}
}

func TestWhatGoesInComesOut(t *testing.T) {
	s := &Store{Dir: filepath.Join(t.TempDir(), "a", "b")}
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "content")
		if rapid.Bool().Draw(t, "large") {
			content = bytes.Repeat(append(content, 'x'), 400)
		}
		var r io.Reader = bytes.NewReader(content)
		r = []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.HalfReader, iotest.DataErrReader}[rapid.IntRange(0, 2).Draw(t, "reader")](r)
		b, err := s.Put(ctx, r)
		sum := sha256.Sum256(content)
		if err != nil || b.Size != int64(len(content)) || b.SHA256 != hex.EncodeToString(sum[:]) {
			t.Fatalf("%+v, %v", b, err)
		}
		f, err := s.Open(b.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		back, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(back, content) {
			t.Fatalf("%d bytes came back of %d, %v", len(back), len(content), err)
		}
		if err := errors.Join(s.Has(b.SHA256), s.Check(ctx, b.SHA256)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheSameContentIsOneFile(t *testing.T) {
	s := &Store{Dir: t.TempDir()}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := s.Put(ctx, strings.NewReader("the same bytes")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all := files(t, s); len(all) != 1 {
		t.Errorf("files: %v", all)
	}
}

func TestTooLargeIsRefused(t *testing.T) {
	s := &Store{Dir: t.TempDir(), MaxBytes: 1 << 20}
	_, err := s.Put(ctx, io.LimitReader(endless{}, 1<<20+1))
	refused(t, s, err, fault.Invalid, "larger than 1 MB")
	if !strings.Contains(fault.As(err).Text.JA, "1 MB") {
		t.Errorf("%v", fault.As(err).Text.JA)
	}
	if _, err := s.Put(ctx, io.LimitReader(endless{}, 1<<20)); err != nil {
		t.Errorf("the limit itself: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestTruncatedIsRefused(t *testing.T) {
	s := &Store{Dir: t.TempDir()}
	for name, r := range map[string]io.Reader{
		"connection lost":     io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("connection reset"))),
		"shorter than stated": Exactly(strings.NewReader("half"), 8),
		"longer than stated":  Exactly(strings.NewReader("too much"), 4),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Put(ctx, r)
			refused(t, s, err, fault.Invalid, "did not arrive whole")
		})
	}
	if b, err := s.Put(ctx, Exactly(strings.NewReader("four"), 4)); err != nil || b.Size != 4 {
		t.Errorf("%+v, %v", b, err)
	}
}

// dribble gives a byte at a time and ends the context after some.
type dribble struct {
	n    int
	stop func()
}

func (d *dribble) Read(p []byte) (int, error) {
	if d.n--; d.n == 0 {
		d.stop()
	}
	return 1, nil
}

func TestASlowUploadEndsWithItsContext(t *testing.T) {
	s := &Store{Dir: t.TempDir()}
	ctx, stop := context.WithCancel(ctx)
	_, err := s.Put(ctx, &dribble{100, stop})
	refused(t, s, err, fault.Later, "took too long")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestOnlyHashesAreOpened(t *testing.T) {
	s := &Store{Dir: t.TempDir()}
	b := put(t, s, "x")
	if err := os.WriteFile(filepath.Join(s.Dir, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{
		"", "secret", "../" + filepath.Base(s.Dir) + "/secret", strings.ToUpper(b.SHA256), b.SHA256 + "\x00", b.SHA256[:63], b.SHA256[:62] + "/.",
		"..//" + strings.Repeat("a", 60), strings.Repeat("0", 64), b.SHA256[:2] + "/" + b.SHA256[3:],
	} {
		if f, err := s.Open(hash); !fault.Is(err, fault.NotFound) || f != (*os.File)(nil) {
			t.Errorf("Open(%q) = %v, %v", hash, f, err)
		}
		if err := s.Has(hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("Has(%q) = %v", hash, err)
		}
		if err := s.Check(ctx, hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("Check(%q) = %v", hash, err)
		}
		if _, err := s.Describe(hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("Describe(%q) = %v", hash, err)
		}
	}
}

func TestCheckFindsOneChangedBit(t *testing.T) {
	s := &Store{Dir: t.TempDir()}
	b := put(t, s, "evidence")
	if err := os.WriteFile(s.path(b.SHA256), []byte("Evidence"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx, b.SHA256); err == nil || fault.As(err) != nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("err = %v", err)
	}
	put(t, s, "evidence") // sent again, it is mended
	if err := s.Check(ctx, b.SHA256); err != nil {
		t.Error(err)
	}
}

func TestSweepRemovesOldOrphansAndNothingElse(t *testing.T) {
	s := &Store{Dir: t.TempDir()}
	if n, err := (&Store{Dir: filepath.Join(s.Dir, "none yet")}).Sweep(ctx, time.Now(), nil); n != 0 || err != nil {
		t.Errorf("a store that is not there: %d, %v", n, err)
	}
	orphan, kept, young, again := put(t, s, "orphan"), put(t, s, "kept"), put(t, s, "young"), put(t, s, "again")
	stale, fresh, foreign := filepath.Join(s.Dir, part+"1"), filepath.Join(s.Dir, part+"2"), filepath.Join(s.Dir, "README")
	for _, path := range []string{stale, fresh, foreign} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-48 * time.Hour)
	for _, path := range []string{s.path(orphan.SHA256), s.path(kept.SHA256), s.path(again.SHA256), stale, foreign} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	asked := map[string]bool{}
	n, err := s.Sweep(ctx, time.Now().Add(-24*time.Hour), func(hash string) (bool, error) {
		asked[hash] = true
		if hash == again.SHA256 {
			put(t, s, "again") // somebody sends it at this very moment
		}
		return hash == kept.SHA256, nil
	})
	if err != nil || n != 2 {
		t.Errorf("removed %d, %v; want the orphan and the stale temporary file", n, err)
	}
	left := files(t, s)
	for name, want := range map[string]bool{
		orphan.SHA256: false, kept.SHA256: true, young.SHA256: true, again.SHA256: true, part + "1": false, part + "2": true, "README": true,
	} {
		if _, ok := left[name]; ok != want {
			t.Errorf("%s is left: %v, want %v", name, ok, want)
		}
	}
	if asked[young.SHA256] || len(asked) != 3 {
		t.Errorf("asked for %v", asked)
	}
	boom := errors.New("no database")
	if err := os.Chtimes(s.path(kept.SHA256), old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(ctx, time.Now().Add(-24*time.Hour), func(string) (bool, error) { return false, boom }); !errors.Is(err, boom) {
		t.Errorf("err = %v", err)
	}
	if err := s.Has(kept.SHA256); err != nil {
		t.Error("a file was removed although nobody could say whether it is wanted")
	}
}

// TestMain lets the tests run this binary as a process that may be killed or starved.
func TestMain(m *testing.M) {
	switch os.Getenv("ATTACHMENT_TEST_ROLE") {
	case "put": // store standard input and say so
		s := &Store{Dir: os.Getenv("ATTACHMENT_TEST_DIR")}
		_, err := s.Put(context.Background(), os.Stdin)
		if f := fault.As(err); f != nil {
			_, _ = os.Stdout.WriteString(f.Text.EN)
			os.Exit(3)
		}
		if err != nil {
			_, _ = os.Stdout.WriteString(err.Error())
			os.Exit(4)
		}
		os.Exit(0)
	default:
		os.Exit(m.Run())
	}
}

func child(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args = append(args, self)
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), "ATTACHMENT_TEST_ROLE=put", "ATTACHMENT_TEST_DIR="+dir)
	return c
}

func TestAKilledUploadLeavesNoVisibleFile(t *testing.T) {
	if testing.Short() {
		t.Skip("what a killed process leaves is looked at in full runs")
	}
	s := &Store{Dir: t.TempDir()}
	for i := range 8 {
		c := child(t, s.Dir)
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for range i + 1 {
			if _, err := in.Write(make([]byte, 300<<10)); err != nil { // returns when the child has read most of it
				t.Fatal(err)
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
	}
	for name := range files(t, s) {
		if !strings.HasPrefix(name, part) {
			t.Errorf("a killed upload left %s", name)
		}
	}
	n, err := s.Sweep(ctx, time.Now().Add(time.Minute), func(string) (bool, error) { return true, nil })
	if left := files(t, s); err != nil || len(left) != 0 {
		t.Errorf("swept %d, %v; left %v", n, err, left)
	}
}

func TestAFullDiskIsToldToThePerson(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a file system that can be made small, or a limit on file sizes")
	}
	t.Run("file size limit", func(t *testing.T) {
		s := &Store{Dir: t.TempDir()}
		prlimit, err := exec.LookPath("prlimit")
		if err != nil {
			t.Skip("there is no prlimit on this machine")
		}
		c := child(t, s.Dir, prlimit, "--fsize=1000000", "--")
		c.Stdin = io.LimitReader(endless{}, 3<<20)
		out, err := c.Output()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(string(out), "no room for this file") {
			t.Errorf("%v: %s", err, out)
		}
		if left := files(t, s); len(left) != 0 {
			t.Errorf("the store kept %v", left)
		}
	})
	t.Run("small file system", func(t *testing.T) {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
			t.Skipf("mounting a small file system needs root: %v", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
		s := &Store{Dir: dir, Reserve: 1}
		small := put(t, s, "small")
		_, err := s.Put(ctx, io.LimitReader(endless{}, 3<<20))
		if f := fault.As(err); f == nil || f.Kind != fault.Later || !strings.Contains(f.Text.EN, "no room") || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("err = %v", err)
		}
		if left := files(t, s); len(left) != 1 || s.Check(ctx, small.SHA256) != nil {
			t.Errorf("left %v", left)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	s := &Store{Dir: b.TempDir()}
	const size = 16 << 20
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	b.SetBytes(size)
	for b.Loop() {
		if _, err := s.Put(ctx, bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	start := time.Now() // the reference: the same bytes hashed and written, nothing else
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	sha256.Sum256(content)
	if _, err := f.Write(content); err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Since(start)), "times-plain-write")
}
