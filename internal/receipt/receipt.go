// Package receipt keeps the transparency log and issues the receipts that lead into it.
//
// What is promised. A report, or an issue the desk knows of, is committed to in an append-only
// Merkle tree (RFC 6962) in the very transaction that stores it. The participant leaves with a
// receipt that a program of anybody's can check offline: that the desk signed it, that these bytes
// and this time are behind entry N, and that entry N is in a tree the desk signed. It proves order
// and time, never that two reports say the same.
//
// Who is distrusted. The desk itself: it could later insert, reorder, date back or drop. Hence the
// tree, the signed checkpoints in the hands of others, and the verifier that recomputes the whole log.
// Readers of the public log: they may learn nothing of a report, not even that there was one. Hence
// salted commitments, cover entries that nothing tells from real ones, and a public size that
// follows the clock alone. doc/receipt.md says what stays visible.
//
// The formats are those of C2SP: signed notes, tlog-checkpoint, tlog-tiles, tlog-proof.
package receipt

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hinomi.dev/hinomi/internal/fault"
)

// A Hash is a SHA-256 hash of content.
type Hash = [sha256.Size]byte

// maxSize bounds the sizes of trees that parsers accept, a hundred million years of entries at the
// default pace: arithmetic on anything above could overflow.
const maxSize = 1 << 40

// A Checkpoint is a state of the log as the desk signed it (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string    // the log's name, which is also its key's
	Size   int64     // entries in the tree
	Root   tlog.Hash // root of the tree
	Note   string    // the whole signed note
}

// text returns what is signed.
func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// sign returns the checkpoint as a note signed by the key.
func (c Checkpoint) sign(k *Key) (Checkpoint, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, k.signer)
	c.Note = string(signed)
	return c, err
}

// open checks the signature under one of the known keys.
func (c Checkpoint) open(known note.Verifiers) error { return openNote(c.Note, known) }

// ParseCheckpoint reads a signed checkpoint. It does not check the signature.
func ParseCheckpoint(signed string) (Checkpoint, error) {
	text, sigs, ok := cutNote(signed)
	if !ok || sigs == "" {
		return Checkpoint{}, malformed("The checkpoint is not a signed note.", "チェックポイントが署名付きノートの形式ではありません。")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 || lines[0] == "" {
		return Checkpoint{}, malformed("The checkpoint lacks one of its three lines: origin, size, root.",
			"チェックポイントに必要な3行（名称、件数、ルート）がそろっていません。")
	}
	size, err := parseCount(lines[1])
	if err != nil {
		return Checkpoint{}, malformed("The checkpoint's size %q is not a number of entries.", "チェックポイントの件数 %q が数値ではありません。", lines[1])
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, malformed("The checkpoint's root %q is not a hash.", "チェックポイントのルート %q がハッシュ値ではありません。", lines[2])
	}
	for _, extension := range lines[3:] {
		if extension == "" {
			return Checkpoint{}, malformed("The checkpoint has an empty line inside.", "チェックポイントの途中に空行があります。")
		}
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root, Note: signed}, nil
}

// cutNote parts a signed note into its text and its signature lines.
func cutNote(signed string) (text, sigs string, ok bool) {
	i := strings.LastIndex(signed, "\n\n")
	if i < 0 {
		return "", "", false
	}
	return signed[:i+1], signed[i+2:], true
}

// openNote checks a note's signatures. Beyond note.Open it insists on the one canonical base64 of
// each signature, so that no byte of a stored note can change unnoticed.
func openNote(signed string, known note.Verifiers) error {
	n, err := note.Open([]byte(signed), known)
	if err != nil {
		return err
	}
	for _, s := range n.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || strings.ContainsAny(s.Base64, "\r\n") {
			return errors.New("the signature is not in its canonical form")
		}
	}
	return nil
}

// parseCount reads a decimal number without sign or leading zeros, at most maxSize.
func parseCount(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxSize || strconv.FormatInt(n, 10) != s {
		return 0, errors.New("malformed number")
	}
	return n, nil
}

// parseHash reads a hash in the one base64 form that a tree prints.
func parseHash(s string) (tlog.Hash, error) {
	h, err := tlog.ParseHash(s)
	if err != nil || h.String() != s {
		return tlog.Hash{}, errors.New("malformed hash")
	}
	return h, nil
}

// malformed is the fault of a file that is not what it should be.
func malformed(en, ja string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, en, ja, args...)
}
