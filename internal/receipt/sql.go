package receipt

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hinomi.dev/hinomi/internal/db"
)

// A head is the one row that says where the log ends.
type head struct {
	origin string
	size   int64
	root   tlog.Hash
	lastAt time.Time // of the last entry that is not a cover

	// The pace: at baseAt the public log had baseSize entries, and it grows by one every slot.
	slot     time.Duration
	baseAt   time.Time
	baseSize int64

	publicSize int64
	publicNote string
}

const headColumns = `origin, size, root, last_at, slot, base_at, base_size, public_size, public_note`

func (h *head) scan(row *sql.Row) error {
	var root []byte
	var lastAt, slot, baseAt int64
	err := row.Scan(&h.origin, &h.size, &root, &lastAt, &slot, &baseAt, &h.baseSize, &h.publicSize, &h.publicNote)
	if err != nil {
		return err
	}
	if len(root) != tlog.HashSize {
		return fmt.Errorf("the root of the log has %d bytes", len(root))
	}
	h.root, h.lastAt, h.baseAt = tlog.Hash(root), db.Time(lastAt), db.Time(baseAt)
	h.slot = time.Duration(slot) * time.Microsecond
	return nil
}

// lockHead makes the row if it is missing and holds it until the transaction ends.
func lockHead(ctx context.Context, tx *sql.Tx, origin string, now time.Time, slot time.Duration) (head, error) {
	var h head
	empty := (&edge{}).root()
	err := h.scan(tx.QueryRowContext(ctx, `
		INSERT INTO receipt_head (id, origin, size, root, last_at, slot, base_at, base_size, public_size, public_note)
		VALUES (1, $1, 0, $2, 0, $3, $4, 0, 0, '')
		ON CONFLICT (id) DO UPDATE SET size = receipt_head.size
		RETURNING `+headColumns, origin, empty[:], slot.Microseconds(), db.Micros(now)))
	return h, err
}

func readHead(ctx context.Context, q db.Querier) (h head, found bool, err error) {
	err = h.scan(q.QueryRowContext(ctx, `SELECT `+headColumns+` FROM receipt_head WHERE id = 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("reading the end of the log: %w", err)
	}
	return h, true, nil
}

func writeHead(ctx context.Context, tx *sql.Tx, h head) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE receipt_head
		SET size = $1, root = $2, last_at = $3, slot = $4, base_at = $5, base_size = $6, public_size = $7, public_note = $8
		WHERE id = 1`,
		h.size, h.root[:], db.Micros(h.lastAt), h.slot.Microseconds(), db.Micros(h.baseAt), h.baseSize, h.publicSize, h.publicNote)
	return err
}

func writeTile(ctx context.Context, tx *sql.Tx, s slab) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO receipt_tile (level, n, width, data)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (level, n) DO UPDATE SET width = excluded.width, data = excluded.data`,
		s.tile.L, s.tile.N, s.tile.W, s.data)
	return err
}

// readTile returns a tile's content at the width that is stored, or nil.
func readTile(ctx context.Context, q db.Querier, level int, n int64) ([]byte, error) {
	var width int
	var data []byte
	err := q.QueryRowContext(ctx, `
		SELECT width, data
		FROM receipt_tile
		WHERE level = $1 AND n = $2`, level, n).Scan(&width, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading tile %d of level %d: %w", n, level, err)
	}
	each := tlog.HashSize
	if level == entryLevel {
		each = entrySize
	}
	if len(data) != width*each {
		return nil, fmt.Errorf("tile %d of level %d has %d bytes at width %d", n, level, len(data), width)
	}
	return data, nil
}

// readSlab returns tile n of a level as wide as a tree of the given size has it.
func readSlab(ctx context.Context, q db.Querier, size int64, level int, n int64) ([]byte, error) {
	data, err := readTile(ctx, q, level, n)
	if err != nil {
		return nil, err
	}
	width := widthAt(size, level, n)
	each := tlog.HashSize
	if level == entryLevel {
		each = entrySize
	}
	if len(data) < width*each {
		return nil, fmt.Errorf("tile %d of level %d has %d bytes, a log of %d entries needs %d", n, level, len(data), size, width*each)
	}
	return cut(level, data, width), nil
}

// readEdge returns the right edge of the tree of the given size.
func readEdge(ctx context.Context, q db.Querier, size int64) (*edge, error) {
	e := &edge{size: size}
	if size%tileWidth != 0 {
		data, err := readSlab(ctx, q, size, entryLevel, size>>tileHeight)
		if err != nil {
			return nil, err
		}
		e.bundle = data
	}
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		hashes := size >> (tileHeight * level)
		var row []tlog.Hash
		if hashes%tileWidth != 0 {
			data, err := readSlab(ctx, q, size, level, hashes>>tileHeight)
			if err != nil {
				return nil, err
			}
			if row, err = splitHashes(data); err != nil {
				return nil, err
			}
		}
		e.levels = append(e.levels, row)
	}
	return e, nil
}

// hashReader reads the tree's inner hashes from the stored tiles, each tile once.
func hashReader(ctx context.Context, q db.Querier) tlog.HashReader {
	type place struct {
		level int
		n     int64
	}
	read := map[place][]byte{}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			t := tlog.TileForIndex(tileHeight, index)
			data, ok := read[place{t.L, t.N}]
			if !ok {
				var err error
				if data, err = readTile(ctx, q, t.L, t.N); err != nil {
					return nil, err
				}
				read[place{t.L, t.N}] = data
			}
			var err error
			if hashes[i], err = tlog.HashFromTile(t, data, index); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
}

// readEntry returns the commitment at an index.
func readEntry(ctx context.Context, q db.Querier, index int64) (Hash, error) {
	data, err := readTile(ctx, q, entryLevel, index>>tileHeight)
	if err != nil {
		return Hash{}, err
	}
	entries, err := ParseEntries(data)
	if err != nil {
		return Hash{}, err
	}
	if at := index % tileWidth; at < int64(len(entries)) {
		return entries[at], nil
	}
	return Hash{}, fmt.Errorf("the log has no entry %d", index)
}

func writeCheckpoint(ctx context.Context, tx *sql.Tx, c Checkpoint, at, due time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO receipt_checkpoint (size, note, at, due)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (size) DO NOTHING`, c.Size, c.Note, db.Micros(at), db.Micros(due))
	return err
}

// readCheckpoint returns the first checkpoint we signed that covers an entry, and when the public
// log will have reached it.
func readCheckpoint(ctx context.Context, q db.Querier, index int64) (Checkpoint, time.Time, error) {
	var signed string
	var due int64
	err := q.QueryRowContext(ctx, `
		SELECT note, due
		FROM receipt_checkpoint
		WHERE size > $1
		ORDER BY size
		LIMIT 1`, index).Scan(&signed, &due)
	if err != nil {
		return Checkpoint{}, time.Time{}, fmt.Errorf("reading the checkpoint over entry %d: %w", index, err)
	}
	c, err := ParseCheckpoint(signed)
	return c, db.Time(due), err
}
