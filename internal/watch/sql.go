package watch

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/stream"
)

const alertColumns = `id, hash, rule, rule_version, title, level, at, from_at, event, region, body, line, position, shadow, replayed, raised_at, mark,
	marked_by, marked_at, note, version`

// values returns the placeholders of some rows of n columns.
func values(rows, n int) string {
	var b strings.Builder
	for i := range rows * n {
		switch {
		case i%n > 0:
			b.WriteByte(',')
		case i > 0:
			b.WriteString("),(")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	return "(" + b.String() + ")"
}

// batches are how many rows are written by one statement: few different texts, so that each stays compiled.
var batches = []int{64, 8, 1}

// eachBatch calls fn for all, a batch at a time.
func eachBatch[T any](all []T, fn func([]T) error) error {
	for len(all) > 0 {
		n := batches[slices.IndexFunc(batches, func(n int) bool { return n <= len(all) })]
		if err := fn(all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// insert stores alerts and returns those that were not stored before, in their order.
func insert(ctx context.Context, tx *sql.Tx, all []found) ([]found, error) {
	var fresh []found
	err := eachBatch(all, func(some []found) error {
		new, err := insertBatch(ctx, tx, some)
		fresh = append(fresh, new...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("storing alerts: %w", err)
	}
	if err := insertKeys(ctx, tx, fresh); err != nil {
		return nil, fmt.Errorf("storing whom alerts are about: %w", err)
	}
	counts := map[sort]count{}
	for i := range fresh {
		a := &fresh[i].Alert
		counts[sortOf(a)] = counts[sortOf(a)].plus(1, a.At.UnixMicro())
	}
	return fresh, addCounts(ctx, tx, counts)
}

func insertBatch(ctx context.Context, tx *sql.Tx, some []found) (fresh []found, err error) {
	var args []any
	for i := range some {
		a := &some[i]
		args = append(args, a.ID, a.hash, a.Rule, a.RuleVersion, a.Title, a.Level, a.At.UnixMicro(), a.From.UnixMicro(), a.Event, a.Region, a.Body, a.Line,
			int64(a.Position), a.Shadow, a.Replayed, db.Micros(a.RaisedAt), string(a.Mark), a.MarkedBy, db.Micros(a.MarkedAt), a.Note, a.Version)
	}
	rows, err := tx.QueryContext(ctx, `
		INSERT INTO alert (`+alertColumns+`)
		VALUES `+values(len(some), len(args)/len(some))+`
		ON CONFLICT (hash) DO NOTHING
		RETURNING id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	stored := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		stored[id] = true
	}
	for i := range some {
		if stored[some[i].ID] {
			fresh = append(fresh, some[i])
		}
	}
	return fresh, rows.Err()
}

// maxKey is how much of a value is kept to find alerts by: accounts are shorter, and an index takes no more.
const maxKey = 200

func cut(s string) string { return s[:min(len(s), maxKey)] }

// insertKeys stores whom alerts are about.
func insertKeys(ctx context.Context, tx *sql.Tx, all []found) error {
	type row struct {
		value, alert string
		at           int64
	}
	var keys []row
	for i := range all {
		for _, f := range all[i].Key {
			keys = append(keys, row{cut(f.Value), all[i].ID, all[i].At.UnixMicro()})
		}
	}
	return eachBatch(keys, func(some []row) error {
		var args []any
		for _, k := range some {
			args = append(args, k.value, k.at, k.alert)
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO alert_key (value, at, alert)
			VALUES `+values(len(some), 3)+`
			ON CONFLICT DO NOTHING`, args...)
		return err
	})
}

// A sort is what alerts are counted by.
type sort struct {
	rule, level      string
	mark             Mark
	shadow, replayed bool
}

func sortOf(a *Alert) sort { return sort{a.Rule, a.Level, a.Mark, a.Shadow, a.Replayed} }

// A count is how many there are, and when the newest happened.
type count struct {
	n    int
	last int64
}

func (c count) plus(n int, last int64) count { return count{c.n + n, max(c.last, last)} }

// addCounts adds to the counts that are kept, in one order for all who do so.
func addCounts(ctx context.Context, tx *sql.Tx, counts map[sort]count) error {
	sorts := slices.SortedFunc(maps.Keys(counts), func(a, b sort) int {
		return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.level, b.level), cmp.Compare(a.mark, b.mark),
			cmp.Compare(fmt.Sprint(a.shadow, a.replayed), fmt.Sprint(b.shadow, b.replayed)))
	})
	for _, s := range sorts {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO alert_count (rule, level, mark, shadow, replayed, n, last)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (rule, level, mark, shadow, replayed) DO UPDATE SET n = alert_count.n + excluded.n,
				last = CASE WHEN excluded.last > alert_count.last THEN excluded.last ELSE alert_count.last END`,
			s.rule, s.level, string(s.mark), s.shadow, s.replayed, counts[s].n, counts[s].last); err != nil {
			return fmt.Errorf("counting alerts: %w", err)
		}
	}
	return nil
}

// readCounts reads all counts.
func readCounts(ctx context.Context, q db.Querier) (map[sort]count, error) {
	rows, err := q.QueryContext(ctx, `SELECT rule, level, mark, shadow, replayed, n, last FROM alert_count`)
	if err != nil {
		return nil, fmt.Errorf("reading the counts of alerts: %w", err)
	}
	defer rows.Close()
	all := map[sort]count{}
	for rows.Next() {
		var s sort
		var c count
		if err := rows.Scan(&s.rule, &s.level, &s.mark, &s.shadow, &s.replayed, &c.n, &c.last); err != nil {
			return nil, fmt.Errorf("reading the counts of alerts: %w", err)
		}
		all[s] = c
	}
	return all, rows.Err()
}

func scanAlert(row interface{ Scan(...any) error }) (Alert, error) {
	var a Alert
	var hash string
	var at, from, position, raised, marked int64
	err := row.Scan(&a.ID, &hash, &a.Rule, &a.RuleVersion, &a.Title, &a.Level, &at, &from, &a.Event, &a.Region, &a.Body, &a.Line, &position, &a.Shadow,
		&a.Replayed, &raised, &a.Mark, &a.MarkedBy, &marked, &a.Note, &a.Version)
	if err != nil {
		return a, err
	}
	a.Position, a.RaisedAt, a.MarkedAt = stream.Position(position), db.Time(raised), db.Time(marked)
	return a, a.fill()
}

var errNoAlert = fault.New(fault.NotFound, "There is no such alert.", "このアラートは見つかりません。")

func findAlert(ctx context.Context, q db.Querier, id string) (Alert, error) {
	a, err := scanAlert(q.QueryRowContext(ctx, `SELECT `+alertColumns+` FROM alert WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return a, errNoAlert
	}
	if err != nil {
		return a, fmt.Errorf("reading alert %s: %w", id, err)
	}
	return a, nil
}

// where returns the conditions of a filter and their values. The newest come first, so a page goes on before
// the place where the one before it ended.
func (f Filter) where() (string, []any, error) {
	var all []string
	var args []any
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		all = append(all, condition)
	}
	at, id, err := f.after()
	if err != nil {
		return "", nil, err
	}
	if f.After != "" {
		add("(at, id) < (?, ?)", at, id)
	}
	if f.Rule != "" {
		add("rule = ?", f.Rule)
	}
	if f.Level != "" {
		add("level = ?", f.Level)
	}
	if f.Mark != nil {
		add("mark = ?", string(*f.Mark))
	}
	if f.Shadow != nil {
		add("shadow = ?", *f.Shadow)
	}
	if f.Replayed != nil {
		add("replayed = ?", *f.Replayed)
	}
	if !f.Since.IsZero() {
		add("at >= ?", f.Since.UnixMicro())
	}
	if !f.Until.IsZero() {
		add("at < ?", f.Until.UnixMicro())
	}
	if f.Key != "" {
		add("id IN (SELECT alert FROM alert_key WHERE value = ?)", cut(f.Key))
	}
	if len(all) == 0 {
		return "TRUE", nil, nil
	}
	return strings.Join(all, " AND "), args, nil
}

// listAlerts reads one more than a page holds, if there is one.
func listAlerts(ctx context.Context, q db.Querier, f Filter) ([]Alert, error) {
	where, args, err := f.where()
	if err != nil {
		return nil, err
	}
	args = append(args, f.limit()+1)
	rows, err := q.QueryContext(ctx, `
		SELECT `+alertColumns+`
		FROM alert
		WHERE `+where+`
		ORDER BY at DESC, id DESC
		LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("listing alerts: %w", err)
	}
	defer rows.Close()
	var all []Alert
	for rows.Next() {
		a, err := scanAlert(rows)
		if err != nil {
			return nil, fmt.Errorf("listing alerts: %w", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// buckets counts alerts over time.
func buckets(ctx context.Context, q db.Querier, s Span) ([]Bucket, error) {
	of := map[By]string{ByNothing: "''", ByLevel: "level", ByRule: "rule", ByRegion: "region"}[s.By]
	rows, err := q.QueryContext(ctx, `
		SELECT (at - $1) / $2 AS step, `+of+` AS of_what, count(*)
		FROM alert
		WHERE at >= $1 AND at < $3 AND ($4 = '' OR rule = $4) AND (shadow = FALSE OR shadow = $5) AND (replayed = FALSE OR replayed = $6)
		GROUP BY step, of_what
		ORDER BY step, of_what`, s.From.UnixMicro(), s.Step.Microseconds(), s.Until.UnixMicro(), s.Rule, s.Shadow, s.Replayed)
	if err != nil {
		return nil, fmt.Errorf("counting alerts over time: %w", err)
	}
	defer rows.Close()
	var all []Bucket
	for rows.Next() {
		var b Bucket
		var step int64
		if err := rows.Scan(&step, &b.Of, &b.N); err != nil {
			return nil, fmt.Errorf("counting alerts over time: %w", err)
		}
		b.At = s.From.Add(time.Duration(step) * s.Step).UTC()
		all = append(all, b)
	}
	return all, rows.Err()
}
