package receipt_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/receipt"
)

func TestStartersThatComeTogetherShareOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "log.key")
	keys := make([]string, 16)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			k, err := receipt.LoadOrCreateKey(path, "desk.example/log")
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = k.Verifier()
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k == "" || k != keys[0] {
			t.Fatalf("keys %q", keys)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAKeyKeepsItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.key")
	a, err := receipt.LoadOrCreateKey(path, "desk.example/log")
	if err != nil {
		t.Fatal(err)
	}
	b, err := receipt.LoadOrCreateKey(path, "moved.example/log")
	if err != nil || b.Name() != "desk.example/log" || b.Verifier() != a.Verifier() {
		t.Errorf("%v, %v", b, err)
	}
}

func TestBadKeysAreRefusedWithoutShowingThem(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if _, err := receipt.LoadOrCreateKey(good, "desk.example/log"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(text))
	for name, content := range map[string]string{
		"empty":                    "",
		"cut off":                  secret[:len(secret)-8],
		"another's old key":        secret + "\nother.example/log+8b1ca6ad+AQ==\n",
		"not a key":                "PRIVATE+KEY",
		"something after the name": secret + " x\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := receipt.LoadOrCreateKey(path, "desk.example/log")
			if err == nil {
				t.Fatal("it was read")
			}
			if strings.Contains(err.Error(), secret[len(secret)-20:len(secret)-8]) {
				t.Errorf("the error shows the secret: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != content {
				t.Errorf("the file was changed to %q, %v", after, err)
			}
		})
	}
	if err := os.Chmod(good, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := receipt.LoadOrCreateKey(good, "x"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("err = %v", err)
	}
	for _, name := range []string{"", "a b", "a+b", "hinomi.dev/receipt/v1", "hinomi.dev/evidence/v1"} {
		if _, err := receipt.LoadOrCreateKey(filepath.Join(dir, "new"), name); err == nil {
			t.Errorf("a log may be called %q", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
		t.Error("a key with an impossible name was stored")
	}
}

func TestAfterAChangeOfKeyTheOldReceiptsHold(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		dir := t.TempDir()
		old, err := receipt.LoadOrCreateKey(filepath.Join(dir, "old"), "desk.example/log")
		if err != nil {
			t.Fatal(err)
		}
		d.Key = old
		d.pace()
		a := d.submit("a")
		before := d.issue(a)
		// The change, as doc/receipt.md describes it: a new file, with the old public key below.
		path := filepath.Join(dir, "new")
		if _, err := receipt.LoadOrCreateKey(path, "desk.example/log"); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(old.Verifier() + "\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		d = d.node()
		if d.Key, err = receipt.LoadOrCreateKey(path, ""); err != nil {
			t.Fatal(err)
		}
		b := d.submit("b")
		d.clock.add(3 * receipt.DefaultSlot)
		d.pace()
		served, err := d.Resource(ctx, "key")
		if err != nil || len(lines(served.Body)) != 2 {
			t.Fatalf("%q, %v", served.Body, err)
		}
		log := memory(files(t, d.export()))
		both := receipt.Options{Keys: string(served.Body), Log: log}
		for _, file := range [][]byte{before, d.issue(a), d.issue(b)} {
			if v := d.verify(both, file); v.Result() != receipt.OK {
				t.Errorf("%s", said(v, receipt.Failed))
			}
		}
		// With the new key alone, what was issued before fails, what is issued again holds.
		alone := receipt.Options{Keys: d.Key.Verifier(), Log: log}
		if v := d.verify(alone, before); v.Result() != receipt.Failed {
			t.Error("a file of the old key holds under the new one alone")
		}
		if v := d.verify(alone, d.issue(a)); v.Result() != receipt.OK {
			t.Errorf("%s", said(v, receipt.Failed))
		}
	})
}

func TestAChangeOfKeyPublishesANewSignatureAtOnce(t *testing.T) {
	d := newDesk(t, dbtest.SQLite(t))
	d.pace()
	other := d.node()
	var err error
	if other.Key, err = receipt.NewKey("desk.example/log"); err != nil {
		t.Fatal(err)
	}
	other.pace()
	src := memory(files(t, other.export()))
	w := receipt.Walk{Source: src, Known: other.known()}
	if _, err := w.Run(ctx); err != nil {
		t.Error(err)
	}
}
