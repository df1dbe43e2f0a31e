package receipt

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// judge says what is wrong with the log, if anything. There are two roads to a root: hashing the
// entries, and hashing the last tile of each level as published. The road that still leads to the
// signed root was not tampered with, so the other was.
func (w *Walk) judge() error {
	c := w.found.Checkpoint
	fromEntries := w.edge.root() == c.Root
	tiles := edge{size: c.Size, levels: w.last}
	fromTiles := tiles.root() == c.Root
	switch {
	case fromEntries && len(w.differs) == 0:
		return nil
	case fromEntries:
		return w.tilesChanged()
	case fromTiles && len(w.differs) > 0:
		return w.entriesChanged()
	case len(w.differs) == 0:
		return malformed("The log's entries and hash tiles agree with each other, but not with the checkpoint at size %d: the log was rewritten, or the checkpoint belongs to a fork of it.",
			"ログの記録とハッシュは互いに一致していますが、件数%dのチェックポイントとは一致しません。ログが書き換えられたか、分岐したログのチェックポイントです。", c.Size)
	}
	d := w.differs[0]
	return malformed("Neither the entries nor the hash tiles lead to the root of the checkpoint at size %d. The first difference is in %s, entry %s.",
		"記録からもハッシュからも、件数%dのチェックポイントのルートに到達しません。最初の相違は %s の%s番の記録にあります。", c.Size, TilePath(d.tile()), w.covers(d))
}

// covers names the entries below a hash.
func (w *Walk) covers(d difference) string {
	shift := tileHeight * d.level
	first, last := d.index<<shift, min((d.index+1)<<shift, w.edge.size)-1
	if first == last {
		return itoa(first)
	}
	return itoa(first) + "-" + itoa(last)
}

func (w *Walk) tilesChanged() error {
	d := w.differs[0]
	return malformed("The hash tile %s was changed: hash %d in it is not that of entry %s. The entries themselves are intact.%s",
		"ハッシュタイル %s が変更されています。%d番目のハッシュが%s番の記録のものではありません。記録そのものは無事です。%s",
		TilePath(d.tile()), d.index%tileWidth, w.covers(d), andMore(len(w.differs)+w.more))
}

func (w *Walk) entriesChanged() error {
	var leaves []difference
	for _, d := range w.differs {
		if d.level == 0 {
			leaves = append(leaves, d)
		}
	}
	if len(leaves) == 0 { // entries and their level 0 tiles were changed alike: a higher level tells
		d := slices.MinFunc(w.differs, func(a, b difference) int { return a.level - b.level })
		return malformed("Among the entries %s some were changed together with the hash tiles below %s, which the signed checkpoint covers.",
			"%s番の記録のいずれかが、下位のハッシュタイルとともに変更されています。署名済みチェックポイントが保証する %s と一致しません。", w.covers(d), TilePath(d.tile()))
	}
	bundle := leaves[0].tile()
	bundle.L = entryLevel
	if w.more == 0 && reordered(leaves) {
		return malformed("Entries %d and %d in %s stand in each other's place: the log was reordered (%d entries are out of place).",
			"%d番と%d番の記録（%s）の順序が入れ替わっています（位置の違う記録は%d件）。",
			leaves[0].index, leaves[0].swapped(leaves), TilePath(bundle), len(leaves))
	}
	return malformed("Entry %d in %s was changed: it does not have the hash that the signed checkpoint covers.%s",
		"%d番の記録（%s）が変更されています。署名済みチェックポイントが保証するハッシュと一致しません。%s",
		leaves[0].index, TilePath(bundle), andMore(len(leaves)))
}

// reordered reports whether the hashes are the right ones in the wrong order.
func reordered(leaves []difference) bool {
	var computed, read []tlog.Hash
	for _, d := range leaves {
		computed, read = append(computed, d.computed), append(read, d.read)
	}
	order := func(a, b tlog.Hash) int { return bytes.Compare(a[:], b[:]) }
	slices.SortFunc(computed, order)
	slices.SortFunc(read, order)
	return len(leaves) > 1 && slices.Equal(computed, read)
}

// swapped returns where the entry that belongs at d's place stands now.
func (d difference) swapped(leaves []difference) int64 {
	i := slices.IndexFunc(leaves, func(o difference) bool { return o.computed == d.read })
	return leaves[i].index
}

// andMore counts the differences beyond the one that is named.
func andMore(all int) string {
	if all > 1 {
		return fmt.Sprintf(" (+%d)", all-1)
	}
	return ""
}
