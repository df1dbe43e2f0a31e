package detect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"hinomi.dev/hinomi/internal/event"
)

// pieceSize is how much of a stream is decoded at a time: what fits into the cache of a processor.
const pieceSize = 256 << 10

// tailSize is what is read beyond a piece to find the end of its last line.
const tailSize = 4 << 10

// Scan takes all lines of r, judges them and calls emit with the alerts in the order of their times.
// Workers decode at the same time; where r is a file they read at the same time too. The result does not
// depend on how many there are. What the engine had taken before goes before.
func (e *Engine) Scan(ctx context.Context, r io.Reader, workers int, emit func([]Alert) error) error {
	s := &scan{engine: e, emit: emit, done: map[int]*piece{}}
	if at, size := file(r); at != nil {
		s.next = (&pieces{r: at, size: size}).next
	} else {
		s.next = (&lines{r: r}).next
	}
	workers = max(1, workers)
	free := make(chan *piece, 2*workers+1)
	for range cap(free) {
		free <- &piece{batch: e.NewBatch()}
	}
	stop := make(chan struct{})
	stopped := sync.OnceFunc(func() { close(stop) })
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			defer stopped()
			for {
				select {
				case <-stop:
					return
				case p := <-free:
					if ctx.Err() != nil || !s.work(p, free) {
						return
					}
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(ctx.Err(), s.err); err != nil {
		return err
	}
	return emit(e.Flush())
}

// file returns r as a file from where it stands, with its size, or nil when it is none that can be read
// anywhere.
func file(r io.Reader) (io.ReaderAt, int64) {
	f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, 0
	}
	from, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, 0
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil || end <= from {
		return nil, 0 // a device, or nothing: the plain way says what it is
	}
	return io.NewSectionReader(f, from, end-from), end - from
}

// A piece is some lines of a stream on their way.
type piece struct {
	n     int // its place
	buf   []byte
	batch *Batch
}

// A scan is a stream on its way into an engine.
type scan struct {
	engine *Engine
	emit   func([]Alert) error
	next   func(*piece) ([]byte, error) // fills a piece; nil without an error is the end

	mu     sync.Mutex
	done   map[int]*piece // decoded, and not their turn yet
	turn   int            // the next piece to take
	taking bool           // somebody takes pieces
	err    error
}

// work reads, decodes and hands over one piece, and reports whether there may be more.
func (s *scan) work(p *piece, free chan<- *piece) bool {
	text, err := s.next(p)
	if err != nil {
		s.fail(err)
		return false
	}
	if text == nil {
		return false
	}
	p.batch.Reset()
	p.batch.AddLines(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[p.n] = p
	if s.taking {
		return s.err == nil
	}
	s.taking = true
	for ready := s.done[s.turn]; ready != nil && s.err == nil; ready = s.done[s.turn] {
		delete(s.done, s.turn)
		s.mu.Unlock()
		err := s.emit(s.engine.Take(ready.batch))
		free <- ready
		s.mu.Lock()
		s.turn++
		s.err = errors.Join(s.err, err)
	}
	s.taking = false
	return s.err == nil
}

func (s *scan) fail(err error) {
	s.mu.Lock()
	s.err = errors.Join(s.err, fmt.Errorf("reading events: %w", err))
	s.mu.Unlock()
}

// room returns a buffer with room for n bytes and the decoder's slack.
func (p *piece) room(n int) []byte {
	if cap(p.buf) < n+event.Slack {
		p.buf = append(make([]byte, 0, n+event.Slack), p.buf...)
	}
	return p.buf[:n]
}

// slacked returns a text that ends with a newline, and the slack behind it.
func slacked(text []byte) []byte {
	end := len(text) + event.Slack
	clear(text[len(text):end])
	return text[:end]
}

// pieces are the pieces of a file: the lines that begin in the n-th stretch of it.
type pieces struct {
	r    io.ReaderAt
	size int64

	mu sync.Mutex
	n  int
}

func (s *pieces) next(p *piece) ([]byte, error) {
	s.mu.Lock()
	p.n = s.n
	s.n++
	s.mu.Unlock()
	from := int64(p.n) * pieceSize
	if from >= s.size {
		return nil, nil
	}
	skip := 0
	if from > 0 {
		from-- // a newline there, and a line begins at the beginning
		skip = 1
	}
	own := int(min(s.size-from, pieceSize+int64(skip))) // lines that begin within
	text, err := s.read(p, from, own, tailSize)
	if err != nil {
		return nil, err
	}
	begin := 0
	if skip > 0 {
		i := bytes.IndexByte(text[:own], '\n')
		if i < 0 || i+1 >= own {
			return slacked(p.room(0)), nil // no line begins here
		}
		begin = i + 1
	}
	for {
		if i := bytes.IndexByte(text[own-1:], '\n'); i >= 0 {
			return slacked(text[:own+i])[begin:], nil
		}
		if from+int64(len(text)) == s.size {
			text = append(text, '\n')
			return slacked(text)[begin:], nil
		}
		if len(text) > own+event.MaxSize {
			return s.cut(text, own, begin), nil
		}
		if text, err = s.read(p, from, own, 8*(len(text)-own)); err != nil {
			return nil, err
		}
	}
}

// read reads a stretch with some bytes more, up to the end of the file.
func (s *pieces) read(p *piece, from int64, own, more int) ([]byte, error) {
	n := int(min(s.size-from, int64(own+more)))
	text := p.room(n + 1)[:n] // and a newline that may be missing
	if got, err := s.r.ReadAt(text, from); got < n {
		return nil, fmt.Errorf("at byte %d: %w", from+int64(got), err)
	}
	return text, nil
}

// cut ends a text whose last line is longer than any event: the batch refuses it by its length.
func (s *pieces) cut(text []byte, own, begin int) []byte {
	text = text[:own+event.MaxSize+1]
	text[len(text)-1] = '\n'
	return slacked(text)[begin:]
}

// lines are the pieces of a stream that can only be read from its beginning to its end.
type lines struct {
	mu   sync.Mutex
	r    io.Reader
	n    int
	rest []byte // the beginning of a line
	end  bool
}

func (s *lines) next(p *piece) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.n = s.n
	s.n++
	if s.end {
		return nil, nil
	}
	text := append(p.room(0), s.rest...)
	s.rest = s.rest[:0]
	for {
		from := len(text)
		p.buf = text
		text = p.room(from + pieceSize)
		got, err := io.ReadFull(s.r, text[from:])
		text = text[:from+got]
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		if err != nil {
			s.end = true
			if len(text) == 0 {
				return nil, nil
			}
			if text[len(text)-1] != '\n' {
				p.buf = text
				text = append(p.room(from + got + 1)[:from+got], '\n')
			}
			return slacked(text), nil
		}
		if i := bytes.LastIndexByte(text[from:], '\n'); i >= 0 {
			s.rest = append(s.rest, text[from+i+1:]...)
			return slacked(text[:from+i+1]), nil
		}
		if len(text) > event.MaxSize {
			text = text[:event.MaxSize+1] // more of it changes nothing: no event is so long
		}
	}
}
