package intake

import (
	"bytes"
	"context"
	"errors"
	"io"

	"hinomi.dev/hinomi/internal/event"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/stream"
)

// A worker reads one body at a time. It is used again, with its memory.
type worker struct {
	*Intake
	form    Form
	sources []string
	answer  Answer

	block  []byte // lines as they arrive, and event.Slack more
	parcel stream.Parcel
	dec    *event.Decoder
	event  event.Event
	flat   flattener
	source []byte // the last one that was allowed
	index  int    // of the next event
	line   int    // of the next line
}

func newWorker(size int) *worker {
	return &worker{block: make([]byte, size+event.Slack), dec: event.NewDecoder(&event.Fields{})}
}

func (w *worker) begin(in *Intake, form Form, sources []string) {
	w.Intake, w.form, w.sources, w.answer = in, form, sources, Answer{}
	w.source, w.index, w.line = w.source[:0], 0, 1
}

// room is how many bytes of lines a block has, with one kept for a newline that is missing at the end.
func (w *worker) room() int { return len(w.block) - event.Slack - 1 }

// read reads the body to its end and publishes its events.
func (w *worker) read(ctx context.Context, body io.Reader) error {
	have, skipping := 0, false
	for {
		n, err := fill(body, w.block[have:w.room()])
		have += n
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		last := err != nil
		if last && have > 0 {
			w.block[have] = '\n'
			have++
		}
		from := 0
		if skipping { // the rest of a line that was too long
			from = bytes.IndexByte(w.block[:have], '\n') + 1
			if skipping = from == 0; skipping {
				have = 0
				continue
			}
		}
		whole := bytes.LastIndexByte(w.block[:have], '\n') + 1
		if whole == 0 && have == w.room() {
			w.refuse(nil, errLong)
			w.line++
			have, skipping = 0, true
			continue
		}
		if err := w.publish(ctx, from, whole); err != nil || last {
			return err
		}
		have = copy(w.block, w.block[whole:have])
	}
}

// fill reads until the block is full or the body ends.
func fill(body io.Reader, into []byte) (n int, err error) {
	for n < len(into) && err == nil {
		var k int
		k, err = body.Read(into[n:])
		n += k
	}
	return n, err
}

// publish checks the lines between two places of the block, and publishes those that are events. The lines
// are moved together where one of them is not.
func (w *worker) publish(ctx context.Context, from, whole int) error {
	w.parcel.Ends, w.parcel.Keys = w.parcel.Ends[:0], w.parcel.Keys[:0]
	buf := w.block[from : whole+event.Slack]
	w.dec.Lines(buf)
	// What stands behind the lines is the beginning of the next one, which no decoder takes for theirs: it
	// looks no further than their last newline.
	size := from
	for pos := 0; pos < whole-from; {
		if w.line > maxLines || len(w.answer.Refused)+w.answer.Unlisted > maxRefused {
			return errWrong
		}
		next, err := w.dec.Next(pos, &w.event)
		line := buf[pos:next]
		pos = next
		if err == nil {
			err = w.judge(line)
		}
		if errors.Is(err, event.Blank) {
			w.line++
			continue
		}
		if err != nil {
			w.refuse(line, err)
			w.line++
			continue
		}
		w.parcel.Keys = append(w.parcel.Keys, stream.KeyOf(w.event.Value(event.Source).Raw, w.event.Value(event.ID).Raw))
		size = w.keep(size, from+next, line)
		w.parcel.Ends = append(w.parcel.Ends, size-from)
		w.index++
		w.line++
	}
	if len(w.parcel.Ends) == 0 {
		return nil
	}
	w.parcel.Lines = w.block[from:size]
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	taken, err := w.Stream.Publish(ctx, &w.parcel)
	w.answer.Accepted += taken.Accepted
	w.answer.Repeated += taken.Repeated
	return err
}

// keep puts a line behind the ones kept, without the space around it, and returns where they end.
func (w *worker) keep(size, next int, line []byte) int {
	if n := len(line); line[0] != '{' || line[n-2] != '}' {
		line = append(bytes.TrimSpace(line), '\n')
	} else if size == next-n {
		return next // it stands there
	}
	return size + copy(w.block[size:], line)
}

// judge says what is wrong with an event that was decoded.
func (w *worker) judge(line []byte) error {
	if len(line) > MaxEvent {
		return errLong
	}
	source := w.event.Value(event.Source).Raw
	if bytes.Equal(source, w.source) && len(source) > 0 {
		return nil
	}
	if !may(w.sources, string(source)) {
		return fault.New(fault.Denied, "This token may not send events of the source %.100q.", "このトークンでは、送信元%.100qのイベントを送信できません。", source).At("source")
	}
	w.source = append(w.source[:0], source...)
	return nil
}

// refuse counts an event that is not taken, and lists it.
func (w *worker) refuse(line []byte, why error) {
	f := fault.As(why)
	r := Refusal{Index: w.index, Field: f.Field, Reason: f.Text}
	w.index++
	if w.form == Lines {
		r.Line = w.line
	}
	if len(w.answer.Refused) < MaxListed {
		r.ID = idOf(line)
		w.answer.Refused = append(w.answer.Refused, r)
	} else {
		w.answer.Unlisted++
	}
	w.note(line, r, f)
}
