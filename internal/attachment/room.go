package attachment

import (
	"fmt"
	"syscall"
)

// DefaultReserve is the room that files leave free on a Store that sets none: the database usually
// lies on the same disk, and a report without its files is better than no report.
const DefaultReserve = 1 << 30

// room refuses a file when less than the reserve is free: whoever fills the disk with attachments must
// not stop reports from being received.
func (s *Store) room() error {
	reserve := s.Reserve
	if reserve == 0 {
		reserve = DefaultReserve
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(s.Dir, &fs); err != nil {
		return fmt.Errorf("looking for room in the attachment store: %w", err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < uint64(reserve) {
		return explain(fmt.Errorf("only %d bytes are free and %d are kept for the database: %w", free, reserve, syscall.ENOSPC))
	}
	return nil
}
