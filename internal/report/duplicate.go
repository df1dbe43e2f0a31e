package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/similar"
)

// An Original is what a report may be a duplicate of: an earlier report, or an issue that we had put
// into the log ourselves. Either has a log entry; what has none is no original.
type Original struct {
	ID       string
	LogIndex int64
	Known    bool // an internally known issue
	Title    string
	Target   string
	Class    string
	State    State
	Root     string // what it is a duplicate of itself, or empty
}

// original reads what an id stands for.
func original(ctx context.Context, q db.Querier, id string) (Original, error) {
	o := Original{ID: id}
	err := q.QueryRowContext(ctx, `
		SELECT log_index, title, target, class, state, original
		FROM report WHERE id = $1`, id).Scan(&o.LogIndex, &o.Title, &o.Target, &o.Class, &o.State, &o.Root)
	if err == nil {
		return o, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return o, fmt.Errorf("reading original %s: %w", id, err)
	}
	o.Known = true
	err = q.QueryRowContext(ctx, `
		SELECT log_index, title, target, class
		FROM known_issue WHERE id = $1`, id).Scan(&o.LogIndex, &o.Title, &o.Target, &o.Class)
	if errors.Is(err, sql.ErrNoRows) {
		return o, fault.New(fault.Invalid,
			"There is no entry %s in the log, so it proves nothing. Without an earlier entry a report is not closed as known: pay it, or record an exception under your name.",
			"ログに %s という記録はなく、証明になりません。より早い記録がなければ「既知」として閉じることはできません。報奨金を支払うか、記名の例外として記録してください。", id).At("original")
	}
	if err != nil {
		return o, fmt.Errorf("reading original %s: %w", id, err)
	}
	return o, nil
}

// root resolves what r is said to be a duplicate of to the root of its chain, and refuses what was
// not in the log before r: no receipt, no known-issue defence.
func (rs *Reports) root(ctx context.Context, r Report, id string) (string, error) {
	if c := CanonicalID(id); c != "" {
		id = c
	}
	for range 100 { // a chain only ever leads to smaller indexes; the bound is for a damaged table
		o, err := original(ctx, rs.DB.Read(), id)
		if err != nil {
			return "", err
		}
		if o.LogIndex >= r.LogIndex {
			return "", fault.New(fault.Conflict,
				"%s is entry %d of the log and this report is entry %d: it came later, so it cannot be the original. If anything, it is the duplicate.",
				"%s はログの%d番、この報告は%d番です。後から届いたものは元の報告になりません。重複があるとすれば、そちらの方です。",
				o.ID, o.LogIndex, r.LogIndex).At("original")
		}
		if o.Root == "" {
			return o.ID, nil
		}
		id = o.Root
	}
	return "", fmt.Errorf("the chain of duplicates from %s does not end", id)
}

// A Candidate is an earlier entry that looks like the same vulnerability.
type Candidate struct {
	Original
	Score float64 // 0 to 1
	Why   string  // target, class, text
}

// Candidates proposes originals for a report: same target and class, near-identical text. They are
// proposals; a person answers whether one fix would fix both.
func (rs *Reports) Candidates(ctx context.Context, who access.Caller, report string) ([]Candidate, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportRead, report); err != nil {
		return nil, err
	}
	r, err := find(ctx, rs.DB.Read(), report)
	if err != nil {
		return nil, err
	}
	if err := rs.learn(ctx); err != nil {
		return nil, err
	}
	found := rs.index.Candidates(similar.Key{Target: r.Target, Class: r.Class}, similar.NewSketch(r.Body.Text()), r.LogIndex, 8)
	all := make([]Candidate, 0, len(found))
	for _, f := range found {
		o, err := original(ctx, rs.DB.Read(), f.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, Candidate{Original: o, Score: f.Score, Why: f.Why})
	}
	return all, nil
}

// learn brings the index of sketches up to the newest entry. Every node has its own and reads what
// others added; the first call after a start reads all (about a second for a million).
func (rs *Reports) learn(ctx context.Context) error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rows, err := rs.DB.Read().QueryContext(ctx, `
		SELECT log_index, doc, target, class, sketch
		FROM report_sketch
		WHERE log_index > $1
		ORDER BY log_index`, rs.learned)
	if err != nil {
		return fmt.Errorf("reading sketches: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var index int64
		var doc string
		var key similar.Key
		var sketch []byte
		if err := rows.Scan(&index, &doc, &key.Target, &key.Class, &sketch); err != nil {
			return fmt.Errorf("reading sketches: %w", err)
		}
		s, err := similar.ParseSketch(sketch)
		if err != nil {
			return fmt.Errorf("reading the sketch of %s: %w", doc, err)
		}
		rs.index.Add(doc, index, key, s)
		rs.learned = index
	}
	return rows.Err()
}

// A sketched is a report or a known issue as duplicates are found by it.
type sketched struct {
	index  int64 // in the log
	doc    string
	key    similar.Key
	sketch similar.Sketch
}

func insertSketches(ctx context.Context, tx *sql.Tx, all []sketched) error {
	rows := make([][]any, 0, len(all))
	for _, s := range all {
		rows = append(rows, []any{s.index, s.doc, s.key.Target, s.key.Class, s.sketch.Bytes()})
	}
	for values, args := range db.Values(rows) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO report_sketch (log_index, doc, target, class, sketch)
			VALUES `+values, args...)
		if err != nil {
			return fmt.Errorf("saving sketches: %w", err)
		}
	}
	return nil
}

// Evidence returns the card that the reporter of a duplicate gets: index, receipt time and inclusion
// proof of the original, signed, without its content.
func (rs *Reports) Evidence(ctx context.Context, who access.Caller, report string) ([]byte, error) {
	r, err := rs.Read(ctx, who, report)
	if err != nil {
		return nil, err
	}
	if r.Original == "" {
		return nil, fault.New(fault.NotFound, "This report is no duplicate, so there is no evidence card.",
			"この報告は重複ではないため、証明カードはありません。")
	}
	first, err := rs.logged(ctx, r.Original)
	if err != nil {
		return nil, err
	}
	second, err := rs.logged(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return rs.Log.Evidence(ctx, first, second)
}

// logged returns what the log holds for a report or a known issue.
func (rs *Reports) logged(ctx context.Context, id string) (receipt.Logged, error) {
	r, err := find(ctx, rs.DB.Read(), id)
	if err == nil {
		s, err := rs.statement(r)
		return receipt.Logged{Statement: s, Index: r.LogIndex}, err
	}
	if !fault.Is(err, fault.NotFound) {
		return receipt.Logged{}, err
	}
	k, err := findKnown(ctx, rs.DB.Read(), id)
	if err != nil {
		return receipt.Logged{}, err
	}
	return receipt.Logged{Statement: rs.knownStatement(k), Index: k.LogIndex}, nil
}
