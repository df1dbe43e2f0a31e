package intake

import (
	"errors"
	"io"

	"hinomi.dev/hinomi/internal/fault"
)

// A flattener reads one event, or a JSON list of them, as lines: it removes the line breaks within each
// event, and puts each on a line of its own. Whether an event is right is not for it to say.
type flattener struct {
	from  io.Reader
	list  bool
	in    [4096]byte
	left  []byte // of in, not looked at yet
	state state
	depth int
	text  bool // within a string
	slash bool // behind a backslash
	some  bool // there was something since the last comma
	count int  // commas
	err   error
}

// A state is where in a list a flattener is.
type state int

const (
	before state = iota
	inside
	behind
)

var (
	errNoList = fault.New(fault.Invalid, "The body is not a JSON list of events.", "本文がイベントのJSON配列ではありません。")
	errNotAll = fault.New(fault.Invalid, "The list of events breaks off, has a comma too many, or something follows it. The events up to there may be stored.",
		"イベントの配列が途中で切れているか、余分なコンマや内容があります。そこまでのイベントは保存されている場合があります。")
)

func (f *flattener) reset(from io.Reader, list bool) {
	f.from, f.list, f.left, f.state, f.err = from, list, nil, before, nil
	f.depth, f.text, f.slash, f.some, f.count = 0, false, false, false, 0
	if !list {
		f.state = inside
	}
}

// Read reads lines.
func (f *flattener) Read(into []byte) (n int, err error) {
	for n == 0 && len(into) > 0 {
		if len(f.left) == 0 {
			if f.err != nil {
				return 0, f.end()
			}
			var k int
			k, f.err = f.from.Read(f.in[:])
			f.left = f.in[:k]
		}
		used := min(len(f.left), len(into))
		for _, c := range f.left[:used] {
			if f.text || !f.list {
				c = f.inText(c)
			} else if c, err = f.outside(c); err != nil {
				return n, err
			}
			into[n] = c
			n++
		}
		f.left = f.left[used:]
	}
	return n, nil
}

// end says whether the body ended where it may.
func (f *flattener) end() error {
	if errors.Is(f.err, io.EOF) && f.list && f.state != behind {
		if f.state == before {
			return errNoList
		}
		return errNotAll
	}
	return f.err
}

// inText passes a byte of a string on, or any of a single event. A line break in a string is wrong, and
// stays so as another character that is: the event must neither be repaired nor become two.
func (f *flattener) inText(c byte) byte {
	switch {
	case f.slash:
		f.slash = false
	case c == '\\' && f.text:
		f.slash = true
	case c == '"':
		f.text = !f.text
	}
	if c != '\n' && c != '\r' {
		return c
	}
	if f.text {
		return 1
	}
	return ' '
}

// outside passes a byte of a list on that is in no string.
func (f *flattener) outside(c byte) (byte, error) {
	space := c == ' ' || c == '\n' || c == '\r' || c == '\t'
	switch {
	case space:
		return ' ', nil
	case f.state == before && c == '[':
		f.state = inside
		return ' ', nil
	case f.state == before:
		return 0, errNoList
	case f.state == behind:
		return 0, errNotAll
	case f.depth == 0 && (c == ',' || c == ']'):
		return f.next(c)
	}
	f.some = true
	switch c {
	case '"':
		f.text = true
	case '{', '[':
		f.depth++
	case '}', ']':
		f.depth = max(0, f.depth-1)
	}
	return c, nil
}

// next ends an event. Between two commas there must be one.
func (f *flattener) next(c byte) (byte, error) {
	if !f.some && (c == ',' || f.count > 0) {
		return 0, errNotAll
	}
	f.some = false
	f.count++
	if c == ']' {
		f.state = behind
	}
	return '\n', nil
}
