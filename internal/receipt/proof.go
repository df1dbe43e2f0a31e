package receipt

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// proofHeader begins a proof in the format of C2SP tlog-proof, so that from this line on a receipt
// is a file other people's programs read.
const proofHeader = "c2sp.org/tlog-proof@v1"

// maxProof bounds the hashes of a proof: the depth of a tree of maxSize.
const maxProof = 40

// A Proof shows that an entry is in the tree of a signed checkpoint.
type Proof struct {
	Index      int64
	Hashes     []tlog.Hash // from the leaf's sibling up
	Checkpoint Checkpoint
}

// text returns the proof as C2SP tlog-proof.
func (p Proof) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nindex %d\n", proofHeader, p.Index)
	for _, h := range p.Hashes {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n" + p.Checkpoint.Note)
	return b.String()
}

// ParseProof reads a proof. It checks neither the signature nor the hashes.
func ParseProof(text string) (Proof, error) {
	head, signed, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != proofHeader || len(lines) < 2 {
		return Proof{}, malformed("The inclusion proof should begin with %q and an index.", "包含証明は「%s」と番号で始まるはずです。", proofHeader)
	}
	digits, ok := strings.CutPrefix(lines[1], "index ")
	index, err := parseCount(digits)
	if !ok || err != nil {
		return Proof{}, malformed("The inclusion proof's index is not a number.", "包含証明の番号が数値ではありません。")
	}
	p := Proof{Index: index}
	for i, line := range lines[2:] {
		h, err := parseHash(line)
		if err != nil || i >= maxProof {
			return Proof{}, malformed("Hash %d of the inclusion proof is not a hash.", "包含証明の%d番目のハッシュ値が正しくありません。", i+1)
		}
		p.Hashes = append(p.Hashes, h)
	}
	p.Checkpoint, err = ParseCheckpoint(signed)
	return p, err
}

// check runs the proof for an entry.
func (p Proof) check(entry Hash) error {
	err := tlog.CheckRecord(p.Hashes, p.Checkpoint.Size, p.Checkpoint.Root, p.Index, leafHash(entry))
	if err != nil {
		return malformed("The inclusion proof does not lead from entry %d to the root of the checkpoint at size %d.",
			"包含証明をたどっても、%d番の記録から件数%dのチェックポイントのルートに到達しません。", p.Index, p.Checkpoint.Size)
	}
	return nil
}

// leafHash returns the hash of an entry in the tree.
func leafHash(entry Hash) tlog.Hash { return tlog.RecordHash(entry[:]) }

// cutProofs parts a document into its signed note and its proofs.
func cutProofs(text string) (signed string, proofs []Proof, err error) {
	parts := strings.Split(text, "\n\n"+proofHeader+"\n")
	signed = parts[0]
	if len(parts) > 1 {
		signed += "\n"
	}
	for i, part := range parts[1:] {
		if i < len(parts)-2 {
			part += "\n"
		}
		p, err := ParseProof(proofHeader + "\n" + part)
		if err != nil {
			return signed, nil, err
		}
		proofs = append(proofs, p)
	}
	return signed, proofs, nil
}

// joinProofs is the inverse of cutProofs.
func joinProofs(signed string, proofs []Proof) string {
	for _, p := range proofs {
		signed += "\n" + p.text()
	}
	return signed
}

// normal undoes what mail programs and editors do to a text file: line ends, and how it ends.
func normal(file []byte) string {
	return strings.TrimRight(strings.ReplaceAll(string(file), "\r\n", "\n"), "\n") + "\n"
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
