package attachment

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestRelaxedKeepsEveryFileAndWaitsAgainAfterwards(t *testing.T) {
	s := &Store{Dir: filepath.Join(t.TempDir(), "store")}
	var hashes []string
	err := s.Relaxed(t.Context(), func(ctx context.Context) error {
		if !s.relaxed.Load() {
			t.Error("inside, Put waits for the disk")
		}
		for _, text := range []string{"one", "two", "three"} {
			b, err := s.Put(ctx, strings.NewReader(text))
			if err != nil {
				return err
			}
			hashes = append(hashes, b.SHA256)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hashes {
		if err := s.Check(t.Context(), h); err != nil {
			t.Error(err)
		}
	}
	if s.relaxed.Load() {
		t.Error("afterwards, Put does not wait for the disk")
	}
}

func TestRelaxedWithoutFilesOrWithAFailure(t *testing.T) {
	s := &Store{Dir: filepath.Join(t.TempDir(), "store")}
	if err := s.Relaxed(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("nothing stored: %v", err)
	}
	want := errors.New("the filling failed")
	if err := s.Relaxed(t.Context(), func(context.Context) error { return want }); !errors.Is(err, want) {
		t.Errorf("err is %v, want %v", err, want)
	}
	if s.relaxed.Load() {
		t.Error("after a failure, Put does not wait for the disk")
	}
}
