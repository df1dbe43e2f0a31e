package search

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/db"
)

// put stores the tokens of the document at place seq, or replaces them.
func put(ctx context.Context, tx *sql.Tx, dialect db.Dialect, seq int64, tokens []string) error {
	query := `INSERT OR REPLACE INTO search_word (rowid, words) VALUES ($1, $2)`
	if dialect == db.Postgres {
		tokens = append(tokens, bucket(seq))
		query = `
			INSERT INTO search_word (rowid, words)
			VALUES ($1, array_to_tsvector(string_to_array($2, ' ')))
			ON CONFLICT (rowid) DO UPDATE SET words = excluded.words`
	}
	_, err := tx.ExecContext(ctx, query, seq, strings.Join(tokens, " "))
	return err
}

// mergePages is how much of the index is merged in one transaction: a few milliseconds.
const mergePages = 32

// merge does one step of putting together what single batches wrote, and reports whether there was
// anything to do. PostgreSQL does so by itself, in a process of its own.
func merge(ctx context.Context, d *db.DB) (did bool, err error) {
	if d.Dialect != db.SQLite {
		return false, nil
	}
	err = d.Tx(ctx, func(tx *sql.Tx) error {
		var before, after int64
		if err := tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&before); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO search_word (search_word, rank) VALUES ('merge', $1)`, mergePages)
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&after)
		did = after-before >= 2 // FTS5's own sign that it merged something
		return err
	})
	if err != nil {
		return false, fmt.Errorf("merging the search index: %w", err)
	}
	return did, nil
}

// candidates returns the newest documents below the place below that have the plan's tokens, at most
// limit: fewer when there are no more. Their texts come along when the plan has something to check.
// head is the last place given out when the search began.
func candidates(ctx context.Context, d *db.DB, p plan, below, head int64, limit int) ([]row, error) {
	text := `d.text`
	if len(p.check) == 0 {
		text = `''`
	}
	if d.Dialect == db.SQLite {
		// FTS5 reads its lists from the newest end and stops at the limit.
		rows, err := d.Read().QueryContext(ctx, `
			SELECT d.seq, d.doc, d.state, `+text+`
			FROM search_word
			CROSS JOIN search_doc d ON d.seq = search_word.rowid
			WHERE search_word MATCH $1 AND search_word.rowid < $2
			ORDER BY search_word.rowid DESC
			LIMIT $3`, p.match(), below, limit)
		return scan(rows, err)
	}
	return newest(ctx, d, p, text, below, head, limit)
}

// match is the plan for FTS5. Tokens hold letters, digits, marks and hyphens, and no quotation marks.
func (p plan) match() string {
	quote := func(tokens []string, and string) string {
		var b strings.Builder
		for i, t := range tokens {
			if i > 0 {
				b.WriteString(and)
			}
			t, star := strings.CutSuffix(t, "*")
			b.WriteString(`"` + t + `"`)
			if star {
				b.WriteString(" *")
			}
		}
		return b.String()
	}
	s := "(" + quote(p.must, " AND ") + ")"
	if len(p.not) > 0 {
		s += " NOT (" + quote(p.not, " OR ") + ")"
	}
	return s
}

// A GIN index gives all places of a token, in no order. To stop early all the same, every document
// has a token more: the thousand it belongs to. The newest one or two thousand are asked for first;
// when they do not fill the page, the tokens are rare enough to ask for all the rest at once.
const perBucket = 1024

func bucket(seq int64) string { return "#" + strconv.FormatInt(seq/perBucket, 36) }

// newest is candidates for PostgreSQL.
func newest(ctx context.Context, d *db.DB, p plan, text string, below, head int64, limit int) (all []row, err error) {
	// rowid + 0 keeps the planner from the primary key: then only the GIN index is left.
	query := func(tokens string, high int64, n int) error {
		return d.ByIndex(ctx, func(scan func(...any) error) error {
			var r row
			err := scan(&r.seq, &r.doc, &r.state, &r.text)
			all = append(all, r)
			return err
		}, `
			WITH hit AS MATERIALIZED (
				SELECT w.rowid AS seq
				FROM search_word w
				WHERE w.words @@ CAST($1 AS tsquery) AND w.rowid + 0 < $2
				ORDER BY w.rowid + 0 DESC
				LIMIT $3)
			SELECT d.seq, d.doc, d.state, `+text+`
			FROM hit JOIN search_doc d ON d.seq = hit.seq
			ORDER BY d.seq DESC`, tokens, high, n)
	}
	from := max(0, min(below-1, head)/perBucket-1) * perBucket
	recent := fmt.Sprintf("(%s) & ('%s' | '%s')", p.tsquery(), bucket(from), bucket(from+perBucket))
	if err := query(recent, below, limit); err != nil || len(all) == limit || from == 0 {
		return all, err
	}
	err = query(p.tsquery(), from, limit-len(all))
	return all, err
}

// tsquery is the plan for PostgreSQL.
func (p plan) tsquery() string {
	var b strings.Builder
	add := func(not bool, tokens []string) {
		for _, t := range tokens {
			if b.Len() > 0 {
				b.WriteString(" & ")
			}
			if not {
				b.WriteByte('!')
			}
			t, star := strings.CutSuffix(t, "*")
			b.WriteString("'" + t + "'")
			if star {
				b.WriteString(":*")
			}
		}
	}
	add(false, p.must)
	add(true, p.not)
	return b.String()
}
