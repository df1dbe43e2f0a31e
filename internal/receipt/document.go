package receipt

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// jst is the zone of every date in the program (terms 15.2). Japan has no summer time.
var jst = time.FixedZone("JST", 9*60*60)

const (
	jstLayout = "2006-01-02 15:04:05 JST"
	utcLayout = "2006-01-02 15:04:05 UTC"
)

// A Receipt is what a participant takes home: one text file with the statement, the desk's
// signature, and the proof that the statement is in the log.
type Receipt struct {
	Statement   Statement
	Log         string    // the log's name
	Entry       int64     // index in the log, from 0
	PublishedBy time.Time // when the public log covers the entry, at the latest: a signed promise
	Key         string    // the verifier key it was signed with
	Proof       Proof
	note        string // the signed part
}

// text returns what is signed: the statement, an empty line, and what was only known afterwards.
func (r Receipt) text() (string, error) {
	text, err := r.Statement.Text()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(text + "\n")
	fmt.Fprintf(&b, "log: %s\n", escape(r.Log))
	fmt.Fprintf(&b, "entry: %d\n", r.Entry)
	fmt.Fprintf(&b, "received-jst: %s\n", r.Statement.Received.In(jst).Format(jstLayout))
	fmt.Fprintf(&b, "received-utc: %s\n", r.Statement.Received.UTC().Format(utcLayout))
	fmt.Fprintf(&b, "published-by: %s\n", r.PublishedBy.UTC().Format(stampLayout))
	fmt.Fprintf(&b, "key: %s\n", escape(r.Key))
	return b.String(), nil
}

// ParseReceipt reads a receipt file. It checks the form alone; Verify checks what it says.
func ParseReceipt(file []byte) (Receipt, error) {
	signed, proofs, err := cutProofs(normal(file))
	if err != nil {
		return Receipt{}, err
	}
	text, _, ok := cutNote(signed)
	if !ok {
		return Receipt{}, malformed("The receipt has no signature.", "受領証に署名がありません。")
	}
	f := fields{lines: strings.Split(text, "\n")}
	f.header(statementHeader)
	r := Receipt{Statement: parseStatement(&f), note: signed}
	f.blank()
	r.Log = f.text("log")
	r.Entry = f.count("entry")
	f.raw("received-jst") // both follow from the statement: same compares them
	f.raw("received-utc")
	r.PublishedBy = f.time("published-by")
	r.Key = f.text("key")
	f.end()
	if f.err != nil {
		return Receipt{}, f.err
	}
	if err := f.same(r.text, text); err != nil {
		return Receipt{}, err
	}
	if len(proofs) != 1 {
		return Receipt{}, malformed("A receipt holds one inclusion proof, this one %d.", "受領証の包含証明は1つのはずですが、%d個あります。", len(proofs))
	}
	r.Proof = proofs[0]
	return r, nil
}

// file signs the receipt and returns it as a file.
func (r Receipt) file(k *Key) ([]byte, error) {
	text, err := r.text()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	return []byte(joinProofs(string(signed), []Proof{r.Proof})), err
}

const evidenceHeader = "hinomi.dev/evidence/v1"

// What a card proves and what it only says, written on it.
const (
	evidenceProved = "the two entries stand in one tree, the original's before yours, as the proofs below show"
	evidenceStated = "the original's time is the desk's signed word; it is part of the original's commitment, which its holder can open"
)

// Evidence is the card that the reporter of a duplicate gets: that an original stands before their
// own entry, and since when, without its content.
type Evidence struct {
	Program        string
	Kind           Kind      // of the original
	Received       time.Time // the original
	OriginalEntry  int64     // index of the original
	Original       Hash      // its commitment, which says nothing to who lacks its statement
	ID             string    // of the duplicate, as its reporter knows it
	DuplicateEntry int64
	Duplicate      Hash // the same as in the duplicate's receipt
	Log            string
	PublishedBy    time.Time // when the public log covers both, at the latest
	Key            string
	// OriginalProof and DuplicateProof lead into the same signed tree.
	OriginalProof, DuplicateProof Proof
	note                          string
}

func (e Evidence) text() (string, error) {
	if e.Program == "" || e.ID == "" || e.Kind != Report && e.Kind != Known {
		return "", fmt.Errorf("a card needs a program, an id and a kind")
	}
	if e.OriginalEntry >= e.DuplicateEntry {
		return "", fmt.Errorf("entry %d is not before entry %d", e.OriginalEntry, e.DuplicateEntry)
	}
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	b.WriteString(evidenceHeader + "\n")
	line("program", escape(e.Program))
	line("original-kind", string(e.Kind))
	line("original-entry", itoa(e.OriginalEntry))
	line("original-received", e.Received.UTC().Format(stampLayout))
	line("original-received-jst", e.Received.In(jst).Format(jstLayout))
	line("original-commitment", hex.EncodeToString(e.Original[:]))
	line("your-id", escape(e.ID))
	line("your-entry", itoa(e.DuplicateEntry))
	line("your-commitment", hex.EncodeToString(e.Duplicate[:]))
	line("proved", evidenceProved)
	line("stated", evidenceStated)
	line("log", escape(e.Log))
	line("published-by", e.PublishedBy.UTC().Format(stampLayout))
	line("key", escape(e.Key))
	return b.String(), nil
}

// ParseEvidence reads an evidence card. It checks the form alone; Verify checks what it says.
func ParseEvidence(file []byte) (Evidence, error) {
	signed, proofs, err := cutProofs(normal(file))
	if err != nil {
		return Evidence{}, err
	}
	text, _, ok := cutNote(signed)
	if !ok {
		return Evidence{}, malformed("The card has no signature.", "証明カードに署名がありません。")
	}
	if len(proofs) != 2 {
		return Evidence{}, malformed("A card holds two inclusion proofs, this one %d.", "証明カードの包含証明は2つのはずですが、%d個あります。", len(proofs))
	}
	f := fields{lines: strings.Split(text, "\n")}
	e := parseEvidence(&f)
	if f.err != nil {
		return Evidence{}, f.err
	}
	e.note, e.OriginalProof, e.DuplicateProof = signed, proofs[0], proofs[1]
	return e, f.same(e.text, text)
}

func parseEvidence(f *fields) Evidence {
	var e Evidence
	f.header(evidenceHeader)
	e.Program = f.text("program")
	e.Kind = Kind(f.text("original-kind"))
	e.OriginalEntry = f.count("original-entry")
	e.Received = f.time("original-received")
	f.raw("original-received-jst") // follows from the line before: same compares them
	e.Original = f.hex("original-commitment")
	e.ID = f.text("your-id")
	e.DuplicateEntry = f.count("your-entry")
	e.Duplicate = f.hex("your-commitment")
	f.raw("proved")
	f.raw("stated")
	e.Log = f.text("log")
	e.PublishedBy = f.time("published-by")
	e.Key = f.text("key")
	f.end()
	return e
}

func (e Evidence) file(k *Key) ([]byte, error) {
	text, err := e.text()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	return []byte(joinProofs(string(signed), []Proof{e.OriginalProof, e.DuplicateProof})), err
}
