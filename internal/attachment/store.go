// Package attachment keeps what reporters attach: evidence, written by people who attack for a
// living, some of them us.
//
// A file is stored under the SHA-256 of its bytes, is never unpacked, never interpreted and never
// rendered; it leaves only as a download that no browser opens in our name. What a file seems to be
// is told from a few bytes of it and is a hint for people.
//
// Writing a file is a sequence, and each point at which it may stop has a name:
//
//  1. the bytes go to a temporary file in the store, hashed on the way
//     stop here: the temporary file is swept later; nobody has seen it
//  2. the file is synced
//  3. the file is renamed to its hash
//     stop here: the file is whole but belongs to nothing; it is swept as an orphan, or the sender
//     sends it again and gets the same hash
//  4. the directory is synced: from now on the file survives the plug being pulled
package attachment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// DefaultMaxBytes is the size limit of a Store that sets none: 200 MB, as the form promises.
const DefaultMaxBytes = 200 << 20

// A Store is a directory of files by hash. It is safe for concurrent use.
type Store struct {
	// Dir is made when the first file comes. Nothing else may write to it.
	Dir string
	// MaxBytes is the largest file that is taken. 0 means DefaultMaxBytes.
	MaxBytes int64
	// Reserve is how many bytes of the disk files leave free. 0 means DefaultReserve.
	Reserve int64

	// mu keeps Sweep from removing a file at the moment in which Put brings it anew. Put holds it for
	// reading while it renames, Sweep for writing while it looks at the age once more and removes.
	mu sync.RWMutex

	relaxed atomic.Bool // Put leaves the syncing to Relaxed
}

// A Blob is a stored file.
type Blob struct {
	SHA256 string // 64 hexadecimal digits
	Size   int64
}

// part is how the names of temporary files begin.
const part = "incoming-"

// Put reads a file to its end and stores it. It returns a fault when the file is too large, came
// incomplete, or finds no room; then nothing of it is kept. The context is looked at between two
// reads: a Read that may block for long needs a deadline of its own (in HTTP, the server's).
func (s *Store) Put(ctx context.Context, r io.Reader) (Blob, error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return Blob{}, explain(fmt.Errorf("making the attachment store: %w", err))
	}
	if err := s.room(); err != nil {
		return Blob{}, err
	}
	f, err := os.CreateTemp(s.Dir, part)
	if err != nil {
		return Blob{}, explain(fmt.Errorf("storing an attachment: %w", err))
	}
	defer func() { _ = os.Remove(f.Name()) }() // after the rename it is gone already
	b, err := s.receive(ctx, f, r)
	if err != nil {
		return Blob{}, errors.Join(err, f.Close())
	}
	if err := errors.Join(s.sync(f), f.Close()); err != nil {
		return Blob{}, explain(fmt.Errorf("storing attachment %s: %w", b.SHA256, err))
	}
	if err := s.place(f.Name(), b.SHA256); err != nil {
		return Blob{}, explain(fmt.Errorf("storing attachment %s: %w", b.SHA256, err))
	}
	return b, nil
}

// receive copies r to f and hashes it on the way.
func (s *Store) receive(ctx context.Context, f *os.File, r io.Reader) (Blob, error) {
	limit := s.MaxBytes
	if limit == 0 {
		limit = DefaultMaxBytes
	}
	h := sha256.New()
	buf := make([]byte, 256<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return Blob{}, slow(err)
		}
		n, err := r.Read(buf)
		if size += int64(n); size > limit {
			return Blob{}, oversize(limit)
		}
		h.Write(buf[:n])
		if _, err := f.Write(buf[:n]); err != nil {
			return Blob{}, explain(fmt.Errorf("storing an attachment: %w", err))
		}
		switch {
		case err == io.EOF:
			return Blob{SHA256: hex.EncodeToString(h.Sum(nil)), Size: size}, nil
		case err != nil && fault.As(err) != nil:
			return Blob{}, err
		case err != nil && ctx.Err() != nil:
			return Blob{}, slow(err)
		case err != nil:
			return Blob{}, cut(err)
		}
	}
}

// place gives the synced temporary file its name. A file of that name has the same bytes: it is
// replaced, which also makes it young again and safe from a sweep.
func (s *Store) place(temporary, hash string) error {
	dir := filepath.Dir(s.path(hash))
	if err := os.Mkdir(dir, 0o700); err == nil {
		if err := s.syncDir(s.Dir); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := os.Rename(temporary, s.path(hash)); err != nil {
		return err
	}
	return s.syncDir(dir)
}

// sync makes what was written to a file survive the plug being pulled, now or at the end of Relaxed.
func (s *Store) sync(f *os.File) error {
	if s.relaxed.Load() {
		return nil
	}
	return f.Sync()
}

func (s *Store) syncDir(dir string) error {
	if s.relaxed.Load() {
		return nil
	}
	return syncPath(dir)
}

// syncPath syncs a file or a directory.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// path returns where a file lies: under the first two digits, so that no directory grows too long.
func (s *Store) path(hash string) string { return filepath.Join(s.Dir, hash[:2], hash) }

// isHash reports whether s is a hash as Put returns it. Nothing else becomes part of a path.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

func missing(hash string) error {
	return fault.New(fault.NotFound, "There is no such attachment.", "この添付ファイルはありません。").Because(fmt.Errorf("attachment %.64q", hash))
}

// Open opens a stored file for reading. The caller closes it.
func (s *Store) Open(hash string) (io.ReadSeekCloser, error) { return s.open(hash) }

func (s *Store) open(hash string) (*os.File, error) {
	if !isHash(hash) {
		return nil, missing(hash)
	}
	f, err := os.Open(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(hash)
	}
	if err != nil {
		return nil, fmt.Errorf("opening attachment %s: %w", hash, err)
	}
	return f, nil
}

// Has returns nil when the file is stored, and a fault when it is not.
func (s *Store) Has(hash string) error {
	if !isHash(hash) {
		return missing(hash)
	}
	_, err := os.Stat(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return missing(hash)
	}
	if err != nil {
		return fmt.Errorf("looking for attachment %s: %w", hash, err)
	}
	return nil
}

// Check reads the file and reports whether it still has the bytes of its hash.
func (s *Store) Check(ctx context.Context, hash string) error {
	f, err := s.open(hash)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, reader{ctx, f}); err != nil {
		return fmt.Errorf("checking attachment %s: %w", hash, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != hash {
		return fmt.Errorf("attachment %s is damaged: its bytes now have the hash %s", hash, got)
	}
	return nil
}

// reader ends with the context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// Sweep removes what was not touched since olderThan and belongs to nothing: temporary files that a
// crash left behind, and files that keep does not want. It returns how many files it removed. Choose
// olderThan far enough back (a day) that whoever stored a file has written down by then that it is theirs.
func (s *Store) Sweep(ctx context.Context, olderThan time.Time, keep func(hash string) (bool, error)) (int, error) {
	removed := 0
	err := filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another sweep was here, or there is no store yet
		}
		if err != nil || d.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name := d.Name()
		if !isHash(name) && !strings.HasPrefix(name, part) {
			return nil // not ours: leave it for a person to wonder about
		}
		if old, err := untouched(path, olderThan); err != nil || !old {
			return err
		}
		if isHash(name) {
			if wanted, err := keep(name); err != nil || wanted {
				return err
			}
		}
		gone, err := s.remove(path, olderThan)
		if gone {
			removed++
		}
		return err
	})
	if err != nil {
		return removed, fmt.Errorf("sweeping attachments: %w", err)
	}
	return removed, nil
}

func untouched(path string, since time.Time) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.ModTime().Before(since), err
}

// remove removes the file unless somebody stored it anew in the meantime.
func (s *Store) remove(path string, olderThan time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := untouched(path, olderThan)
	if err != nil || !old {
		return false, err
	}
	return true, os.Remove(path)
}

// Exactly returns a reader that fails unless r ends after n bytes: for uploads that declare their length.
func Exactly(r io.Reader, n int64) io.Reader { return &exactly{r, n} }

type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if e.left < 0 {
		return n, cut(errors.New("more bytes than declared"))
	}
	if err == io.EOF && e.left > 0 {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

func oversize(limit int64) error {
	en, ja := Bytes(limit)
	return fault.New(fault.Invalid,
		"This file is larger than %[1]s, the most that one attachment may have, so none of it was kept. Everything else you entered is. Send the part that proves the point, or split the file.",
		"このファイルは添付できる上限の%[2]sを超えているため、保存していません。ほかの入力内容は保存されています。証明に必要な部分だけを送るか、分割してください。",
		en, ja).At("files")
}

func slow(err error) error {
	return fault.New(fault.Later,
		"The upload took too long or was stopped, so none of this file was kept. Everything else you entered is. Send the file again.",
		"アップロードに時間がかかりすぎたか、中断されたため、このファイルは保存していません。ほかの入力内容は保存されています。もう一度送信してください。").At("files").Because(err)
}

func cut(err error) error {
	return fault.New(fault.Invalid,
		"The file did not arrive whole, so none of it was kept. Everything else you entered is. Send the file again.",
		"ファイルが最後まで届かなかったため、保存していません。ほかの入力内容は保存されています。もう一度送信してください。").At("files").Because(err)
}

// explain turns a disk without room into a fault that tells the person so.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fault.New(fault.Later,
			"The server has no room for this file just now, so none of it was kept. Everything else you entered is. Send the file again in a few minutes.",
			"サーバーの空き容量が足りないため、このファイルは保存していません。ほかの入力内容は保存されています。数分後にもう一度送信してください。").At("files").Because(err)
	}
	return err
}
