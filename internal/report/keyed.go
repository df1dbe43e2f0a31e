package report

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// maxKey is the length of a key that a program chooses: a UUID has 36 characters.
const maxKey = 128

// DraftFor returns the caller's draft under a key that their program chose, and makes it when there is
// none: a request that is repeated because its answer got lost goes on with the same draft, and a draft
// that was sent stays the report it became. The same key for another report is a mistake, and is
// refused once the first was sent; before that the draft takes the new text.
func (rs *Reports) DraftFor(ctx context.Context, who access.Caller, key string, body Submission) (Draft, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportDraft, ""); err != nil {
		return Draft{}, err
	}
	if key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Draft{}, fault.New(fault.Invalid, "A key has 1 to %d visible ASCII characters, such as a UUID.",
			"キーは1〜%d文字の表示可能な ASCII 文字にしてください（UUID など）。", maxKey).At("Idempotency-Key")
	}
	if err := body.Storable(); err != nil {
		return Draft{}, err
	}
	d, err := rs.keyed(ctx, who, key)
	if errors.Is(err, sql.ErrNoRows) {
		if d, err = rs.newDraft(ctx, who, key, body); db.Unique(err) {
			d, err = rs.keyed(ctx, who, key) // the same request, a moment earlier
		}
	}
	if err != nil || bytes.Equal(d.Body.Bytes(), body.Bytes()) {
		return d, err
	}
	if d.Report != "" {
		return d, fault.New(fault.Conflict,
			"This key belongs to report %s, which says something else. Nothing was sent: choose a new key for a new report.",
			"このキーは内容の異なる報告 %s に使われています。送信はしていません。新しい報告には新しいキーを指定してください。", d.Report).At("Idempotency-Key")
	}
	return rs.SaveDraft(ctx, who, d.ID, body, d.Version)
}

// keyed reads the caller's draft under a key, or says sql.ErrNoRows.
func (rs *Reports) keyed(ctx context.Context, who access.Caller, key string) (Draft, error) {
	var draft string
	err := rs.DB.Read().QueryRowContext(ctx, `SELECT id FROM draft WHERE person = $1 AND client_key = $2`, who.ID, key).Scan(&draft)
	if err != nil {
		return Draft{}, fmt.Errorf("reading a draft by its key: %w", err)
	}
	return findDraft(ctx, rs.DB.Read(), who, draft)
}
