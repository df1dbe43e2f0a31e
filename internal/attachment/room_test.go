package attachment

import (
	"context"
	"os"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/fault"
)

func TestFilesLeaveRoomForTheDatabase(t *testing.T) {
	s := &Store{Dir: t.TempDir(), Reserve: 1 << 62} // no disk has that much
	_, err := s.Put(context.Background(), strings.NewReader("evidence"))
	if f := fault.As(err); f == nil || f.Kind != fault.Later || f.Field != "files" {
		t.Errorf("err = %v, want a fault that says to try later", err)
	}
	if left, err := os.ReadDir(s.Dir); err != nil || len(left) != 0 {
		t.Errorf("%d files are left behind, %v", len(left), err)
	}
	s.Reserve = 1
	if _, err := s.Put(context.Background(), strings.NewReader("evidence")); err != nil {
		t.Errorf("with room: %v", err)
	}
}
