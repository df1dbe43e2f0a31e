package receipt

import (
	"context"
	"slices"
	"time"
)

// order compares the documents with each other: a desk that gave an earlier time to a later
// entry, or told two people different things of one entry, is caught by putting the files side by side.
func (v *verification) order() {
	type claim struct {
		doc   string
		log   string
		entry int64
		hash  Hash
		at    time.Time // zero when the document does not say
	}
	var all []claim
	for _, d := range v.Documents {
		if r := d.Receipt; r != nil {
			h, _ := r.Statement.Commitment()
			all = append(all, claim{d.Name, r.Log, r.Entry, h, r.Statement.Received})
			continue
		}
		e := d.Evidence
		all = append(all,
			claim{d.Name, e.Log, e.OriginalEntry, e.Original, e.Received},
			claim{d.Name, e.Log, e.DuplicateEntry, e.Duplicate, time.Time{}})
	}
	if len(v.Documents) < 2 {
		return
	}
	slices.SortStableFunc(all, func(a, b claim) int { return int(min(1, max(-1, a.entry-b.entry))) })
	sound := true
	for i, b := range all {
		for _, a := range all[:i] {
			same := a.entry == b.entry
			switch {
			case a.log != b.log:
				continue
			case same && a.hash != b.hash:
				sound = false
				v.say(b.doc, "order", Failed, "%s and this file both claim entry %d, but for different things: the log was forked. Keep both files.",
					"%s とこのファイルは、どちらも%d番の記録ですが内容が異なります。ログが分岐しています。両方のファイルを保管してください。", a.doc, b.entry)
			case a.at.IsZero() || b.at.IsZero():
			case same && !a.at.Equal(b.at), !same && !a.at.Before(b.at):
				sound = false
				v.say(b.doc, "order", Failed, "Entries %d (%s) and %d have times that contradict their order.",
					"%d番（%s）と%d番の記録の時刻が、順序と矛盾しています。", a.entry, a.doc, b.entry)
			}
		}
	}
	if sound {
		v.say("", "order", OK, "The files agree with each other on entries, times and order.", "ファイル同士の記録番号、時刻、順序に矛盾はありません。")
	}
}

// points returns what the documents say of the log: the checkpoints they carry and the entries they name.
func (v *verification) points() (sizes, entries []int64) {
	if v.last != nil {
		sizes = append(sizes, v.last.Size)
	}
	for _, d := range v.Documents {
		for _, p := range d.proofs() {
			sizes, entries = append(sizes, p.Checkpoint.Size), append(entries, p.Index)
		}
	}
	return sizes, entries
}

func (d Document) proofs() []Proof {
	if d.Receipt != nil {
		return []Proof{d.Receipt.Proof}
	}
	return []Proof{d.Evidence.OriginalProof, d.Evidence.DuplicateProof}
}

// log walks the whole log and compares the documents with it.
func (v *verification) log(ctx context.Context) error {
	sizes, entries := v.points()
	w := Walk{Source: v.o.Log, Known: v.known, Sizes: sizes, Entries: entries, Progress: v.o.Progress}
	found, err := w.Run(ctx)
	if err != nil {
		return v.fail("", "log", err)
	}
	public := found.Checkpoint
	v.say("", "log", OK, "All %d entries of the log %s were hashed again and lead to the root the desk signed.",
		"ログ%[2]sの全%[1]d件を再計算し、運営が署名したルートと一致することを確認しました。", public.Size, escape(public.Origin))
	if v.remembered(found) {
		v.Public = public.Note
	}
	for _, d := range v.Documents {
		if r := d.Receipt; r != nil {
			commitment, _ := r.Statement.Commitment()
			v.against(found, d.Name, r.Proof, commitment, r.PublishedBy)
			continue
		}
		e := d.Evidence
		v.against(found, d.Name, e.OriginalProof, e.Original, e.PublishedBy)
		v.against(found, d.Name, e.DuplicateProof, e.Duplicate, e.PublishedBy)
	}
	return nil
}

// remembered checks that the log goes on from the checkpoint that was seen the last time.
func (v *verification) remembered(found Walked) bool {
	public := found.Checkpoint
	switch {
	case v.last == nil:
		return true
	case v.last.Origin != public.Origin:
		v.say("", "state", Failed, "The remembered checkpoint is of the log %q, this log is %q.", "記憶しているチェックポイントはログ「%s」のもので、このログ「%s」とは異なります。", v.last.Origin, public.Origin)
	case v.last.Size > public.Size:
		v.say("", "state", Failed, "The log shrank: it had %d entries when you last looked, and has %d now.", "ログが縮んでいます。前回は%d件でしたが、現在は%d件です。", v.last.Size, public.Size)
	case found.Roots[v.last.Size] != v.last.Root:
		v.say("", "state", Failed, "The log was forked: its first %d entries are not those you saw the last time. Keep your remembered checkpoint: it proves it.",
			"ログが分岐しています。最初の%d件が前回確認したものと異なります。記憶しているチェックポイントが証拠になりますので、保管してください。", v.last.Size)
	default:
		v.say("", "state", OK, "The log goes on from the %d entries you saw the last time.", "ログは前回確認した%d件から正しく続いています。", v.last.Size)
		return true
	}
	return false
}

// against compares one proof with the public log.
func (v *verification) against(found Walked, doc string, p Proof, commitment Hash, by time.Time) {
	public, c := found.Checkpoint, p.Checkpoint
	if c.Origin != public.Origin {
		v.say(doc, "prefix", Failed, "The file is from the log %q, this log is %q.", "このファイルはログ「%s」のもので、指定されたログ「%s」とは異なります。", c.Origin, public.Origin)
		return
	}
	if entry, there := found.Entries[p.Index]; there && entry != commitment {
		v.say(doc, "prefix", Failed, "Entry %d of the public log is not the one in this file: the log was forked or rewritten. Keep this file: it proves it.",
			"公開ログの%d番の記録は、このファイルのものと異なります。ログが分岐または書き換えられています。このファイルが証拠になりますので、保管してください。", p.Index)
		return
	}
	if root, there := found.Roots[c.Size]; there {
		v.prefix(doc, p, root == c.Root)
		return
	}
	if v.o.Now().After(by) {
		v.say(doc, "prefix", Failed, "The public log has %d entries and should have reached size %d, which this file was signed at, by %s: it was cut back or stands still. Ask the desk.",
			"公開ログは%d件ですが、このファイルの署名時の件数%dに%sまでに達しているはずでした。ログが切り詰められたか、停止しています。運営に確認してください。",
			public.Size, c.Size, by.In(jst).Format(jstLayout))
		return
	}
	v.say(doc, "prefix", Pending, "The public log has %d entries and does not cover entry %d with its checkpoint at size %d yet. It will by %s: verify again then.",
		"公開ログは%d件で、%d番の記録（チェックポイントの件数%d）にはまだ達していません。%sまでに公開されますので、その後もう一度検証してください。",
		public.Size, p.Index, c.Size, by.In(jst).Format(jstLayout))
}

func (v *verification) prefix(doc string, p Proof, same bool) {
	if !same {
		v.say(doc, "prefix", Failed, "The log was forked: at size %d the public log has another root than the checkpoint in this file, and the desk signed both. Keep this file: it proves it.",
			"ログが分岐しています。件数%dでのルートが、このファイルのチェックポイントと異なります（どちらにも運営の署名があります）。このファイルが証拠になりますので、保管してください。", p.Checkpoint.Size)
		return
	}
	v.say(doc, "prefix", OK, "Entry %d of the public log is the one in this file, and the log goes on from the checkpoint at size %d.",
		"公開ログの%d番の記録はこのファイルのものと一致し、ログは件数%dのチェックポイントから正しく続いています。", p.Index, p.Checkpoint.Size)
}
