package receipt

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// A Result is how a check came out.
type Result string

// The results, from best to worst.
const (
	OK      Result = "ok"
	Note    Result = "note"    // nothing wrong, but the reader should know
	Pending Result = "pending" // cannot be checked yet
	Failed  Result = "failed"
)

// A Check is one thing that was looked at, in a sentence.
type Check struct {
	Document string // the name of the file it is about; empty for the log
	Name     string // a stable word for programs: form, key, signature, checkpoint, entry, order, log, prefix, state
	Result   Result
	Text     lang.Text
}

// A Document is a file to verify.
type Document struct {
	Name string
	Data []byte

	Receipt  *Receipt  // set by Verify when it is one
	Evidence *Evidence // set by Verify when it is one
	embedded string    // the key it names itself
}

// Options say what to verify against. The zero value checks the documents by themselves.
type Options struct {
	Keys     string           // trusted public keys, separated by white space; empty: the documents' own
	Log      Source           // the public log; nil: offline
	Last     string           // the checkpoint remembered from the last time; may be empty
	Now      func() time.Time // to tell late from not yet
	Progress func(done, total int64)
}

// A Verdict is all that was looked at.
type Verdict struct {
	Checks    []Check
	Documents []Document
	Public    string // the log's signed checkpoint when the whole log is sound: what to remember
}

// Result returns the worst result, a note counting as fine.
func (v Verdict) Result() Result {
	worst := OK
	for _, c := range v.Checks {
		switch {
		case c.Result == Failed:
			return Failed
		case c.Result == Pending:
			worst = Pending
		}
	}
	return worst
}

type verification struct {
	Verdict
	o     Options
	known note.Verifiers
	last  *Checkpoint
}

func (v *verification) say(doc, name string, r Result, en, ja string, args ...any) {
	v.Checks = append(v.Checks, Check{doc, name, r, clean(fault.New(fault.Invalid, en, ja, args...).Text)})
}

// clean takes out what would not show, or would act on a terminal: files quote themselves in sentences.
func clean(t lang.Text) lang.Text {
	visible := func(r rune) rune {
		if hidden(r) {
			return '\uFFFD'
		}
		return r
	}
	return lang.Text{EN: strings.Map(visible, t.EN), JA: strings.Map(visible, t.JA)}
}

// fail records a failed check. An error that is no fault is not about the documents: it comes back.
func (v *verification) fail(doc, name string, err error) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	v.Checks = append(v.Checks, Check{doc, name, Failed, clean(f.Text)})
	return nil
}

// Verify checks receipts and evidence cards, by themselves and, with a log, against the whole of
// it. What is wrong with them stands in the verdict; an error means that checking was not possible.
func Verify(ctx context.Context, files []Document, o Options) (Verdict, error) {
	v := &verification{o: o}
	for _, d := range files {
		if err := v.parse(d); err != nil {
			return v.Verdict, err
		}
	}
	if err := v.keys(); err != nil || v.known == nil {
		return v.Verdict, err
	}
	for _, d := range v.Documents {
		if d.Receipt != nil {
			v.receipt(d.Name, d.Receipt)
		} else {
			v.evidence(d.Name, d.Evidence)
		}
	}
	v.order()
	if o.Log == nil {
		return v.Verdict, nil
	}
	return v.Verdict, v.log(ctx)
}

// parse reads one file and keeps it if its form is right.
func (v *verification) parse(d Document) error {
	header, _, _ := strings.Cut(normal(d.Data), "\n")
	switch header {
	case statementHeader:
		r, err := ParseReceipt(d.Data)
		if err != nil {
			return v.fail(d.Name, "form", err)
		}
		d.Receipt, d.embedded = &r, r.Key
	case evidenceHeader:
		e, err := ParseEvidence(d.Data)
		if err != nil {
			return v.fail(d.Name, "form", err)
		}
		d.Evidence, d.embedded = &e, e.Key
	default:
		v.say(d.Name, "form", Failed, "This is neither a receipt nor an evidence card: its first line is neither %q nor %q.",
			"受領証でも証明カードでもありません。1行目が「%s」でも「%s」でもありません。", statementHeader, evidenceHeader)
		return nil
	}
	v.Documents = append(v.Documents, d)
	return nil
}

// keys decides which keys are trusted.
func (v *verification) keys() (err error) {
	keys := v.o.Keys
	if keys == "" {
		var own []string
		for _, d := range v.Documents {
			own = append(own, d.embedded)
		}
		keys = strings.Join(own, "\n")
		if keys == "" {
			return nil // no document could be read
		}
	}
	var list []string
	if v.known, list, err = ParseVerifiers(keys); err != nil {
		if v.o.Keys == "" {
			return v.fail("", "key", err)
		}
		return err
	}
	if v.o.Keys == "" {
		v.say("", "key", Note, "No key was given, so the key in the file itself was used: %s. It proves nothing until you have compared it with the one on the program's page.",
			"鍵が指定されていないため、ファイル内の鍵 %s を使いました。プログラムのページにある鍵と照合するまでは、証明になりません。", escape(strings.Join(list, " ")))
	}
	if v.o.Last != "" {
		c, err := ParseCheckpoint(v.o.Last)
		if err == nil {
			err = c.open(v.known)
		}
		if err != nil {
			return malformed("The remembered checkpoint cannot be used: it is damaged, or of another key.",
				"記憶しているチェックポイントが壊れているか、別の鍵のものであるため、使えません。")
		}
		v.last = &c
	}
	return nil
}

// signed checks the signature over a document.
func (v *verification) signed(doc, signed string) {
	err := openNote(signed, v.known)
	if _, unknown := errors.AsType[*note.UnverifiedNoteError](err); unknown {
		v.say(doc, "signature", Failed, "The file is not signed by a key that is trusted here.", "信頼している鍵による署名がありません。")
		return
	}
	if err != nil {
		v.say(doc, "signature", Failed, "The signature does not fit: something in the signed part was changed after the desk signed it.",
			"署名が一致しません。署名された部分が、署名後に変更されています。")
		return
	}
	v.say(doc, "signature", OK, "The desk's signature fits.", "運営の署名は正当です。")
}

// proof checks that a commitment is at an index in a signed tree of the named log.
func (v *verification) proof(doc, log string, index int64, commitment Hash, p Proof) {
	c := p.Checkpoint
	if err := c.open(v.known); err != nil {
		v.say(doc, "checkpoint", Failed, "The signature of the checkpoint does not fit: the checkpoint was changed, or is signed by another key.",
			"チェックポイントの署名が一致しません。チェックポイントが変更されたか、別の鍵で署名されています。")
		return
	}
	if c.Origin != log {
		v.say(doc, "checkpoint", Failed, "The checkpoint is of the log %q, but the file speaks of %q.", "チェックポイントはログ「%s」のもので、ファイルに書かれた「%s」と異なります。", c.Origin, log)
		return
	}
	if p.Index != index {
		v.say(doc, "entry", Failed, "The inclusion proof is for entry %d, but the file speaks of entry %d.", "包含証明は%d番のもので、ファイルに書かれた%d番と異なります。", p.Index, index)
		return
	}
	if err := p.check(commitment); err != nil {
		_ = v.fail(doc, "entry", err) // always a fault
		return
	}
	v.say(doc, "entry", OK, "Entry %d, as this file states it, is in the tree that the desk signed at size %d.",
		"このファイルにある%d番の記録は、運営が署名した件数%dのツリーに含まれています。", index, c.Size)
}

func (v *verification) receipt(doc string, r *Receipt) {
	v.signed(doc, r.note)
	commitment, err := r.Statement.Commitment()
	if err != nil { // ParseReceipt has read it, so it can be written
		v.say(doc, "form", Failed, "It cannot be read: %v.", "読み取れません（%v）。", err)
		return
	}
	v.proof(doc, r.Log, r.Entry, commitment, r.Proof)
}

func (v *verification) evidence(doc string, e *Evidence) {
	v.signed(doc, e.note)
	v.proof(doc, e.Log, e.OriginalEntry, e.Original, e.OriginalProof)
	v.proof(doc, e.Log, e.DuplicateEntry, e.Duplicate, e.DuplicateProof)
	a, b := e.OriginalProof.Checkpoint, e.DuplicateProof.Checkpoint
	if a.Size != b.Size || a.Root != b.Root || a.Origin != b.Origin {
		v.say(doc, "order", Failed, "The two proofs lead into different trees, so they do not show which entry is first.",
			"2つの包含証明が別のツリーを指しているため、順序の証明になりません。")
		return
	}
	v.say(doc, "order", OK, "The original, entry %d, stands before entry %d in one signed tree. Its time, %s, is the desk's word.",
		"原本（%d番）は、署名済みの同じツリーの中で%d番より前にあります。その受領時刻（%s）は運営の申告です。",
		e.OriginalEntry, e.DuplicateEntry, e.Received.In(jst).Format(jstLayout))
}
