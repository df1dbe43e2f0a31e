package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/receipt"
)

// Faults are everything that is wrong with a form, each with its field.
type Faults []*fault.Error

func (f Faults) Error() string { return f[0].Error() }

// Unwrap lets a caller that knows only faults see the first.
func (f Faults) Unwrap() error { return f[0] }

// Submit sends a draft. The sequence, which a crash may cut anywhere:
//
//  1. Check the caller, the draft, and that every attachment is on disk. Nothing is changed.
//  2. Fix the exact bytes and draw the salt.
//  3. In one transaction, shared with whoever submits at the same moment (sending.go): the draft is
//     marked as sent; the log gives the entry its index and time; the terms in force at that time are
//     pinned; the report, its files, its promises, its sketch, the audit record and the announcement
//     are written; the log signs a checkpoint over the new tree.
//  4. After the commit the report exists and its receipt can be computed, always the same.
//
// Killed before the commit there is the draft and no report; after it, the report with its receipt.
// Sending the same draft again returns the same report.
func (rs *Reports) Submit(ctx context.Context, who access.Caller, draft string, l lang.Lang) (Report, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportSubmit, draft); err != nil {
		return Report{}, err
	}
	d, err := findDraft(ctx, rs.DB.Read(), who, draft)
	if err != nil {
		return Report{}, err
	}
	if d.Report != "" {
		return find(ctx, rs.DB.Read(), d.Report)
	}
	if err := rs.sendable(ctx, who, d); err != nil {
		return Report{}, err
	}
	s, err := prepare(who, d, l)
	if err != nil {
		return Report{}, err
	}
	if err := rs.sendings.Do(ctx, s); err != nil {
		return Report{}, err
	}
	if s.twin != "" {
		return find(ctx, rs.DB.Read(), s.twin)
	}
	return s.report, s.err
}

// sendable says what keeps a draft from being sent: the person's own declarations first, then the
// form's faults, all at once.
func (rs *Reports) sendable(ctx context.Context, who access.Caller, d Draft) error {
	terms, ok := rs.Program.At(rs.Now())
	if !ok {
		return fault.New(fault.Conflict,
			"The program takes no reports at this time. Your draft is kept.",
			"現在、このプログラムでは報告を受け付けていません。下書きは保存されています。")
	}
	missing, err := rs.Ready(ctx, who.ID, terms.ID)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fault.New(fault.Conflict,
			"This report cannot be sent yet. %[1]s Your draft is kept.",
			"まだ送信できません。%[2]s 下書きは保存されています。",
			missing[0].EN, missing[0].JA).At("account")
	}
	if bad := d.Body.Check(); len(bad) > 0 {
		return Faults(bad)
	}
	if _, ok := terms.Class(d.Body.Class); !ok {
		return Faults{fault.New(fault.Invalid, "The terms have no class “%s”. Pick one of those shown.",
			"規約に「%s」という種類はありません。表示された中から選んでください。", d.Body.Class).At("class")}
	}
	for _, f := range d.Files {
		if err := rs.Files.Has(f.Hash); err != nil {
			return fault.New(fault.Conflict, "The attachment “%s” did not arrive whole. Attach it again; everything else is kept.",
				"添付ファイル「%s」が完全に届いていません。もう一度添付してください。ほかの内容は保存されています。", f.Name).At("files").Because(err)
		}
	}
	return nil
}

// rate takes the reporter's vector and what they saw as the first severity and urgency.
func (r *Report) rate() error {
	if r.Body.Found == "in_use" {
		r.Urgency = Raised
	}
	if r.Body.Vector == "" {
		return nil
	}
	v, err := cvss.Parse(r.Body.Vector)
	if err != nil {
		return err
	}
	r.VectorReported, r.Vector, r.Score = v.String(), v.String(), v.Score()
	return nil
}

// statement is what the receipt of a report says.
func (rs *Reports) statement(r Report) (receipt.Statement, error) {
	terms, ok := rs.Program.Version(r.Terms)
	if !ok {
		return receipt.Statement{}, fmt.Errorf("report %s is pinned to terms %s, which are not loaded", r.ID, r.Terms)
	}
	last := calendar.Months(calendar.In(r.ReceivedAt, rs.Program.Zone), 12)
	s := receipt.Statement{
		Program: rs.Program.Name.EN, Kind: receipt.Report, ID: r.ID, Received: r.ReceivedAt, Terms: r.Terms,
		DisclosureFrom: last.Add(1).String(), BodySHA256: sha256.Sum256(r.Raw), BodySize: int64(len(r.Raw)), Salt: receipt.Hash(r.Salt),
	}
	var err error
	if s.TermsSHA256, err = hash(terms.Hash); err != nil {
		return s, fmt.Errorf("reading the hash of terms %s: %w", r.Terms, err)
	}
	for _, f := range r.Files {
		h, err := hash(f.Hash)
		if err != nil {
			return s, fmt.Errorf("reading the hash of a file of report %s: %w", r.ID, err)
		}
		s.Files = append(s.Files, receipt.File{Name: f.Name, SHA256: h, Size: f.Size})
	}
	return s, nil
}

func hash(s string) (receipt.Hash, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(receipt.Hash{}) {
		return receipt.Hash{}, fmt.Errorf("%q is no SHA-256: %w", s, err)
	}
	return receipt.Hash(b), nil
}

// knownStatement is what the receipt of a known issue says.
func (rs *Reports) knownStatement(k Known) receipt.Statement {
	return receipt.Statement{
		Program: rs.Program.Name.EN, Kind: receipt.Known, ID: k.ID, Received: k.LoggedAt,
		BodySHA256: sha256.Sum256(k.raw), BodySize: int64(len(k.raw)), Salt: k.salt, ClaimedSince: k.Claimed,
	}
}
