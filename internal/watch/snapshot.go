package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"hinomi.dev/hinomi/internal/detect"
	"hinomi.dev/hinomi/internal/rule"
	"hinomi.dev/hinomi/internal/stream"
)

// Snapshots of the engine lie in the directory of the watch: the newest and the one before it. They are
// more than a shortcut: windows reach further back than the stream is kept.
const (
	newestSnapshot = "snapshot"
	olderSnapshot  = "snapshot.1"
)

// A snapshotHead is the first line of a file, before what the engine writes.
type snapshotHead struct {
	Position stream.Position   `json:"position"`
	Seen     uint64            `json:"seen"`
	Received time.Time         `json:"received"`
	Lateness time.Duration     `json:"lateness"`
	Missed   uint64            `json:"missed"`
	Rules    map[string]string `json:"rules"` // digests by name
}

// snapshots says when the next one is due.
type snapshots struct {
	at    time.Time
	took  time.Duration
	seen  uint64          // of the last
	older stream.Position // where the one before the newest is
	last  stream.Position
}

func (s *snapshots) due(seen uint64) bool {
	since := time.Since(s.at) // wall clock: a pause
	return seen != s.seen && since > snapshotShare*s.took && (since > snapshotTime || seen-s.seen > snapshotEvents)
}

// snapshot commits everything, and writes what the engine knows. In this order: a snapshot that is further than what is
// committed would lose the alerts between them.
func (t *turn) snapshot() error {
	if err := t.settle(); err != nil {
		return err
	}
	if t.seen == t.snapshots.seen && t.snapshots.last == t.position && !t.snapshots.at.IsZero() {
		return nil
	}
	began := time.Now() // wall clock: how long it takes
	if err := t.writeSnapshot(); err != nil {
		// The one before is there, and marks are kept from there on: only a start takes longer.
		t.Log.Error("a snapshot of the watch could not be written", slog.Any("error", err))
		t.snapshots.at, t.snapshots.seen = began, t.seen
		return nil
	}
	s := &t.snapshots
	s.older, s.last, s.seen = s.last, t.position, t.seen
	s.at, s.took = time.Now(), time.Since(began) // wall clock: as began
	if !t.often {
		t.pending.forget = s.older
	}
	return nil
}

// writeSnapshot writes beside the newest, and puts it in its place when it is on the disk.
func (t *turn) writeSnapshot() (err error) {
	path := filepath.Join(t.Dir, newestSnapshot)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing a snapshot: %w", err)
	}
	head, err := json.Marshal(snapshotHead{t.position, t.seen, t.received, t.lateness, t.missed, t.running})
	if err == nil {
		_, err = f.Write(append(head, '\n'))
	}
	if err == nil {
		err = t.engine.Snapshot(f, uint64(t.position))
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing a snapshot: %w", err)
	}
	if err := os.Rename(path, filepath.Join(t.Dir, olderSnapshot)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keeping the snapshot before: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("putting a snapshot in its place: %w", err)
	}
	dir, err := os.Open(t.Dir)
	if err != nil {
		return fmt.Errorf("syncing the directory of the watch: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// recover makes the engine as it was, or a new one, and says from where to read.
func (t *turn) recover(ctx context.Context) error {
	st, err := t.Stream.Stats(ctx)
	if err != nil {
		return err
	}
	fresh := !t.begun
	if !fresh && st.Last < t.committed {
		t.Log.WarnContext(ctx, "the event stream is not the one that was watched: the watch begins anew",
			slog.Uint64("position", uint64(t.committed)), slog.Uint64("end", uint64(st.Last)))
		fresh = true
	}
	if fresh {
		if err := t.begin(ctx, st.Last); err != nil {
			return err
		}
	}
	if t.rules, err = readRules(ctx, t.DB.Read()); err != nil {
		return err
	}
	for _, name := range []string{newestSnapshot, olderSnapshot} {
		if fresh {
			break
		}
		err := t.restore(name, st.Last)
		if err == nil {
			t.pending.position = t.committed
			return t.readMarks(ctx)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Log.ErrorContext(ctx, "a snapshot of the watch is of no use", slog.String("file", name), slog.Any("error", err))
		}
	}
	if !fresh && t.committed > 0 {
		t.Log.WarnContext(ctx, "there is no snapshot of the watch: it reads the stream from its beginning, and windows that reach further back are shorter")
	}
	if err := t.use(t.rules.on(), t.Watch.lateness(), t.Seed); err != nil {
		return err
	}
	t.recovery = t.committed > 0
	t.pending.position = t.committed
	return t.readMarks(ctx)
}

// use makes a new engine of a set.
func (t *turn) use(set *rule.Set, lateness time.Duration, seed uint64) error {
	e, err := detect.New(set, optionsFor(lateness, seed))
	if err != nil {
		return fmt.Errorf("making the engine: %w", err)
	}
	t.engine, t.set, t.lateness, t.running = e, set, lateness, digests(set)
	return nil
}

// digests returns the rules that raise alerts.
func digests(set *rule.Set) map[string]string {
	all := map[string]string{}
	for _, r := range alerting(set) {
		all[r.Name] = r.Digest
	}
	return all
}

// restore makes the engine of a snapshot, with those of its rules that are still wanted. The others come
// later, as rules that are changed while it runs do.
func (t *turn) restore(name string, last stream.Position) error {
	f, err := os.Open(filepath.Join(t.Dir, name))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	r := bufio.NewReaderSize(f, 1<<16)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading a snapshot: %w", err)
	}
	var h snapshotHead
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("reading a snapshot: %w", err)
	}
	if h.Position > t.committed || h.Position > last {
		return fmt.Errorf("it is of position %d, and %d is committed", h.Position, t.committed)
	}
	set := only(t.rules.on(), func(x *rule.Rule) bool { return h.Rules[x.Name] == x.Digest })
	if err := t.use(set, h.Lateness, t.Seed); err != nil {
		return err
	}
	if _, _, err := t.engine.Restore(r); err != nil {
		return err
	}
	t.position, t.seen, t.received, t.missed = h.Position, h.Seen, h.Received, h.Missed
	t.recovery = t.position < t.committed
	t.snapshots = snapshots{at: time.Now(), seen: h.Seen, last: h.Position, older: h.Position} // wall clock: a pause
	t.waits = true                                                                             // perhaps
	return nil
}
