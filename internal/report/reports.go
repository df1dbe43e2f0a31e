package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/group"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/similar"
)

// Reports are the operations on reports. Set the exported fields before the first call.
type Reports struct {
	DB      *db.DB
	Audit   *audit.Log
	Program *program.Program
	Log     *receipt.Log
	Files   *attachment.Store
	Now     func() time.Time

	// Ready returns what a person still has to declare or accept before a report is taken under
	// the terms: empty means nothing.
	Ready func(ctx context.Context, person, terms string) ([]lang.Text, error)

	// Colleague returns what a person may do at the desk now: nothing when there is no such person, or
	// not any more.
	Colleague func(ctx context.Context, person string) (access.Caller, error)

	// Agreed records, in the transaction that takes reports, that sending them counts as agreement to
	// the terms in force, with the language in which they were shown.
	Agreed func(ctx context.Context, tx *sql.Tx, all []participant.Agreement) error

	sendings group.Group[*sending]

	// mu guards learned and is held while new sketches are read: two readers would add them twice.
	mu      sync.Mutex
	learned int64 // the newest log index in the index of sketches
	index   *similar.Index

	board figureBoard
}

// New returns Reports with an empty index of sketches.
func New() *Reports {
	rs := &Reports{index: similar.NewIndex(), learned: -1}
	rs.sendings.Run = rs.sendAll
	return rs
}

// own reads one of the caller's own reports. For everybody else's it is not found.
func (rs *Reports) own(ctx context.Context, who access.Caller, a access.Action, report string) (Report, error) {
	if err := rs.Audit.Allow(ctx, who, a, report); err != nil {
		return Report{}, err
	}
	r, err := find(ctx, rs.DB.Read(), report)
	if err != nil {
		return r, err
	}
	if !who.Is(r.Reporter) {
		return Report{}, rs.Audit.Refuse(ctx, who, a, report, notFound(report))
	}
	return r, nil
}

// Read returns a report to its reporter or to the desk.
func (rs *Reports) Read(ctx context.Context, who access.Caller, report string) (Report, error) {
	if who.Kind == access.Participant {
		return rs.own(ctx, who, access.ReportReadOwn, report)
	}
	if err := rs.Audit.Allow(ctx, who, access.ReportRead, report); err != nil {
		return Report{}, err
	}
	return find(ctx, rs.DB.Read(), report)
}

// A Case is a report with all that was said, decided and promised about it, as this caller may see it.
type Case struct {
	Report     Report
	Messages   []Message
	Decisions  []Decision
	Promises   []deadline.Deadline
	Duplicates []Row // reports that were closed as duplicates of this one; for the desk
	Barred     bool  // the reporter was disqualified: the report is worked on and earns nothing; for the desk
}

// Case returns the whole case. A participant gets neither internal notes nor proposals that are the
// desk's own matter.
func (rs *Reports) Case(ctx context.Context, who access.Caller, report string) (Case, error) {
	r, err := rs.Read(ctx, who, report)
	if err != nil {
		return Case{}, err
	}
	c := Case{Report: r}
	desk := who.Kind != access.Participant
	if c.Messages, err = messages(ctx, rs.DB.Read(), report, desk); err != nil {
		return c, err
	}
	all, err := decisions(ctx, rs.DB.Read(), report)
	if err != nil {
		return c, err
	}
	for _, d := range all {
		if desk || d.Shown() {
			c.Decisions = append(c.Decisions, d)
		}
	}
	if c.Promises, err = deadline.Of(ctx, rs.DB.Read(), report); err != nil {
		return c, err
	}
	if desk {
		if c.Duplicates, err = rs.rows(ctx, only("original = ?", report), 50); err != nil {
			return c, err
		}
		why, err := Barred(ctx, rs.DB.Read(), r.Reporter)
		c.Barred = !why.Empty()
		return c, err
	}
	return c, nil
}

// Mine lists the caller's own reports, the newest first.
func (rs *Reports) Mine(ctx context.Context, who access.Caller) ([]Row, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportReadOwn, ""); err != nil {
		return nil, err
	}
	rows, err := rs.rows(ctx, only("reporter = ?", who.ID), 1000)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Receipt returns the signed receipt of a report, to its reporter or to the desk. It is computed from
// the report and the log, and is the same file every time.
func (rs *Reports) Receipt(ctx context.Context, who access.Caller, report string) ([]byte, error) {
	r, err := rs.Read(ctx, who, report)
	if err != nil {
		return nil, err
	}
	of, err := rs.logged(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return rs.Log.Issue(ctx, of)
}

// File returns an attachment's listing for a download: the report must be the caller's to read, and
// the file must be the report's.
func (rs *Reports) File(ctx context.Context, who access.Caller, report, hash string) (File, error) {
	r, err := rs.Read(ctx, who, report)
	if err != nil {
		return File{}, err
	}
	for _, f := range r.Files {
		if f.Hash == hash {
			return f, nil
		}
	}
	return File{}, notFound(report)
}

// Kept reports whether an attachment belongs to a report or a draft: what the sweeper asks.
func (rs *Reports) Kept(ctx context.Context, hash string) (bool, error) {
	var n int
	err := rs.DB.Read().QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM report_file WHERE hash = $1) + (SELECT count(*) FROM draft_file WHERE hash = $1)`,
		hash).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("looking for the owner of an attachment: %w", err)
	}
	return n > 0, nil
}

// Barred says why a person may take part no longer (R-38, terms 7.2), or nothing: a disqualification on a
// report of theirs stands, and that report was not opened again since. participant asks.
func Barred(ctx context.Context, q db.Querier, person string) (lang.Text, error) {
	var report, clause string
	err := q.QueryRowContext(ctx, `
		SELECT d.report, d.clause
		FROM decision d
		WHERE d.kind = 'disqualify' AND d.state = 'in_force'
			AND (SELECT r.reporter FROM report r WHERE r.id = d.report) = $1
			AND NOT EXISTS (SELECT 1 FROM decision o WHERE o.report = d.report AND o.kind = 'reopen' AND o.at >= d.confirmed_at)
		ORDER BY d.id
		LIMIT 1`, person).Scan(&report, &clause)
	if errors.Is(err, sql.ErrNoRows) {
		return lang.Text{}, nil
	}
	if err != nil {
		return lang.Text{}, fmt.Errorf("looking for a disqualification of %s: %w", person, err)
	}
	return lang.Text{
		EN: fmt.Sprintf("Your participation was ended by the decision on report %s (terms %s). If that is wrong, write to us there.", report, clause),
		JA: fmt.Sprintf("報告 %s での決定（規約 %s）により、参加資格が取り消されています。誤りと思われる場合は、その報告の画面からご連絡ください。", report, clause),
	}, nil
}

// Holds says which open reports keep a person from withdrawing now (R-50, terms 4.2): participant asks.
func Holds(ctx context.Context, q db.Querier, person string) ([]lang.Text, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT count(*) FROM report
		WHERE reporter = $1 AND state IN ('received', 'needs_information', 'triaged', 'accepted', 'fixing')`, person).Scan(&n)
	if err != nil {
		return nil, fmt.Errorf("counting the open reports of %s: %w", person, err)
	}
	if n == 0 {
		return nil, nil
	}
	return []lang.Text{{
		EN: fmt.Sprintf("Reports of yours that are still open: %d. Withdraw them first, or wait for their results.", n),
		JA: fmt.Sprintf("対応中の報告が%d件あります。先に取り下げるか、結果をお待ちください。", n),
	}}, nil
}
