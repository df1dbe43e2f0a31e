package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
)

// A Draft is a report that its author is still writing. It is saved as typed, however unfinished,
// and nobody else ever sees it.
type Draft struct {
	ID        string
	Person    string
	Body      Submission
	Files     []File
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	Report    string // what it became, or empty
}

// Limits of drafts: far above honest use, low enough that nobody fills the disk by drafts.
const (
	maxDrafts     = 50
	maxDraftFiles = 50
	maxDraftBytes = 4 << 30 // of the files of all drafts of one person
)

// NewDraft makes an empty draft.
func (rs *Reports) NewDraft(ctx context.Context, who access.Caller, body Submission) (Draft, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportDraft, ""); err != nil {
		return Draft{}, err
	}
	if err := body.Storable(); err != nil {
		return Draft{}, err
	}
	return rs.newDraft(ctx, who, "", body)
}

// newDraft stores a draft under the key that a program chose for it, or under none.
func (rs *Reports) newDraft(ctx context.Context, who access.Caller, key string, body Submission) (Draft, error) {
	now := rs.Now()
	d := Draft{ID: id.New(now), Person: who.ID, Body: body, Version: 1, CreatedAt: now, UpdatedAt: now}
	return d, rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM draft WHERE person = $1 AND report = ''`, who.ID).Scan(&n); err != nil {
			return fmt.Errorf("counting drafts: %w", err)
		}
		if n >= maxDrafts {
			return fault.New(fault.Conflict,
				"You have %d drafts. Send or discard one first; nothing was lost.",
				"下書きが%d件あります。先にどれかを送信または破棄してください。失われたものはありません。", n)
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO draft (`+draftColumns+`, client_key)
			VALUES ($1, $2, $3, $4, $5, $6, '', $7)`,
			d.ID, d.Person, string(body.Bytes()), d.Version, db.Micros(now), db.Micros(now), key)
		if err != nil {
			return fmt.Errorf("saving draft %s: %w", d.ID, err)
		}
		return nil
	})
}

// Draft returns one of the caller's drafts.
func (rs *Reports) Draft(ctx context.Context, who access.Caller, draft string) (Draft, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportDraft, draft); err != nil {
		return Draft{}, err
	}
	return findDraft(ctx, rs.DB.Read(), who, draft)
}

func findDraft(ctx context.Context, q db.Querier, who access.Caller, draft string) (Draft, error) {
	var files int
	d, err := scanDraft(q.QueryRowContext(ctx, `
		SELECT id, person, CASE report WHEN '' THEN body ELSE (SELECT r.body FROM report r WHERE r.id = draft.report) END,
			version, created_at, updated_at, report, (SELECT count(*) FROM draft_file f WHERE f.draft = draft.id)
		FROM draft
		WHERE id = $1 AND person = $2`, draft, who.ID), &files)
	if errors.Is(err, sql.ErrNoRows) {
		return d, fault.New(fault.NotFound,
			"This draft is not here any more. Look at the list of your reports: it may have been sent.",
			"この下書きは見つかりません。送信済みかもしれませんので、報告の一覧をご確認ください。")
	}
	if err != nil {
		return d, fmt.Errorf("reading draft %s: %w", draft, err)
	}
	if files > 0 {
		d.Files, err = draftFiles(ctx, q, draft)
	}
	return d, err
}

func draftFiles(ctx context.Context, q db.Querier, draft string) ([]File, error) {
	rows, err := q.QueryContext(ctx, `SELECT hash, name, size FROM draft_file WHERE draft = $1 ORDER BY at, hash`, draft)
	if err != nil {
		return nil, fmt.Errorf("reading the files of draft %s: %w", draft, err)
	}
	defer rows.Close()
	var all []File
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.Hash, &f.Name, &f.Size); err != nil {
			return nil, fmt.Errorf("reading the files of draft %s: %w", draft, err)
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// Drafts lists the caller's drafts that are not sent yet, the last touched first.
func (rs *Reports) Drafts(ctx context.Context, who access.Caller) ([]Draft, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportDraft, ""); err != nil {
		return nil, err
	}
	rows, err := rs.DB.Read().QueryContext(ctx, `
		SELECT `+draftColumns+`
		FROM draft
		WHERE person = $1 AND report = ''
		ORDER BY updated_at DESC`, who.ID)
	if err != nil {
		return nil, fmt.Errorf("listing drafts: %w", err)
	}
	defer rows.Close()
	var all []Draft
	for rows.Next() {
		d, err := scanDraft(rows)
		if err != nil {
			return nil, fmt.Errorf("listing drafts: %w", err)
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// SaveDraft keeps what is typed over the version it was typed into; version 0 means over whatever is
// there. A window that was left open must not overwrite what was typed in another one since.
func (rs *Reports) SaveDraft(ctx context.Context, who access.Caller, draft string, body Submission, version int64) (Draft, error) {
	d, err := rs.Draft(ctx, who, draft)
	if err != nil {
		return d, err
	}
	if err := body.Storable(); err != nil {
		return d, err
	}
	if d.Report == "" && version != 0 && version != d.Version {
		return d, fault.New(fault.Conflict,
			"This draft was changed in another window since. Nothing was overwritten: load the page again to see it, and copy over what is missing.",
			"この下書きは別のウィンドウで変更されています。上書きはしていません。再読み込みして内容を確認し、不足分を書き写してください。")
	}
	d.Body, d.UpdatedAt = body, rs.Now()
	err = rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			UPDATE draft SET body = $1, updated_at = $2, version = version + 1
			WHERE id = $3 AND version = $4 AND report = ''`, string(body.Bytes()), db.Micros(d.UpdatedAt), draft, d.Version)
		if err != nil {
			return fmt.Errorf("saving draft %s: %w", draft, err)
		}
		if d.Report != "" {
			return sent(d.Report)
		}
		return db.One(res, nil)
	})
	d.Version++
	return d, err
}

func sent(report string) error {
	return fault.New(fault.Conflict,
		"This draft was sent as report %s. Write what you want to add as a message there.",
		"この下書きは報告 %s として送信済みです。追記はその報告のメッセージに書いてください。", report)
}

// DiscardDraft removes a draft that its author does not want any more.
func (rs *Reports) DiscardDraft(ctx context.Context, who access.Caller, draft string) error {
	d, err := rs.Draft(ctx, who, draft)
	if err != nil {
		return err
	}
	if d.Report != "" {
		return sent(d.Report)
	}
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM draft WHERE id = $1 AND person = $2 AND report = ''`, draft, who.ID)
		return err
	})
}

// AddFile streams an attachment to disk and then lists it with the draft. Bytes that arrive and are
// never listed (a crash between the two) are swept later.
func (rs *Reports) AddFile(ctx context.Context, who access.Caller, draft, name string, r io.Reader) (File, error) {
	d, err := rs.Draft(ctx, who, draft)
	if err != nil {
		return File{}, err
	}
	if d.Report != "" {
		return File{}, sent(d.Report)
	}
	if len(d.Files) >= maxDraftFiles {
		return File{}, fault.New(fault.Conflict,
			"A report holds %d files. Pack the rest into one archive; nothing was lost.",
			"1件の報告に添付できるのは%d個までです。残りは1つのアーカイブにまとめてください。失われたものはありません。", maxDraftFiles).At("files")
	}
	var held int64
	err = rs.DB.Read().QueryRowContext(ctx, `
		SELECT coalesce(sum(f.size), 0) FROM draft_file f
		JOIN draft d ON d.id = f.draft
		WHERE d.person = $1 AND d.report = ''`, who.ID).Scan(&held)
	if err != nil {
		return File{}, fmt.Errorf("measuring the files of drafts: %w", err)
	}
	if held >= maxDraftBytes {
		return File{}, fault.New(fault.Conflict,
			"The files of your drafts have more than 4 GB together. Send or discard a draft first; nothing was lost.",
			"下書きの添付ファイルの合計が4 GBを超えています。先に下書きを送信または破棄してください。失われたものはありません。").At("files")
	}
	blob, err := rs.Files.Put(ctx, r)
	if err != nil {
		return File{}, err
	}
	f := File{Hash: blob.SHA256, Name: attachment.SafeName(name), Size: blob.Size}
	return f, rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO draft_file (draft, hash, name, size, at)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (draft, hash) DO UPDATE SET name = excluded.name`, draft, f.Hash, f.Name, f.Size, db.Micros(rs.Now()))
		if err != nil {
			return fmt.Errorf("listing a file of draft %s: %w", draft, err)
		}
		return nil
	})
}

// RemoveFile takes a file off the draft.
func (rs *Reports) RemoveFile(ctx context.Context, who access.Caller, draft, hash string) error {
	d, err := rs.Draft(ctx, who, draft)
	if err != nil {
		return err
	}
	if d.Report != "" {
		return sent(d.Report)
	}
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM draft_file WHERE draft = $1 AND hash = $2`, draft, hash)
		return err
	})
}
