// Package search finds documents by what is written in them, in Japanese and English.
//
// The tokens are made in Go, by package fold, and stored in the database's own full-text index: FTS5
// on SQLite, a GIN index of a tsvector on PostgreSQL. Text without spaces is searched by pairs of
// signs, so two-character words such as 認証 are found. The index knows which documents have which
// tokens; whether the tokens stand side by side is checked against the folded text, which is kept too.
//
// Index only writes the text down, in the caller's transaction: 0.1 ms. An Indexer puts waiting texts
// into the index some milliseconds later, in small transactions. A search looks at the waiting texts
// itself, so what was committed is found at once, and a crash loses nothing.
package search

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/db"
)

// The states of a document.
const (
	indexed = 0
	waiting = 1 // to be put into the index
	leaving = 2 // to be taken out of it
)

// Index makes the text searchable under the name doc, or replaces what was there under it. It
// takes effect with the caller's transaction. Names sort by age: the newest come first in results.
func Index(ctx context.Context, tx *sql.Tx, doc string, w Words) error {
	return IndexAll(ctx, tx, []Doc{{doc, w}})
}

// Remove makes the document unfindable and forgets its text, in the caller's transaction. Its words
// leave the index soon after.
func Remove(ctx context.Context, tx *sql.Tx, doc string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE search_doc SET state = $1, version = version + 1, text = ''
		WHERE doc = $2`, leaving, doc)
	if err != nil {
		return fmt.Errorf("removing %s from the index: %w", doc, err)
	}
	return nil
}

// A Page is one page of results.
type Page struct {
	Docs []string // newest first
	Next string   // where the next page begins, or empty after the last
}

// The work of one page is limited, so that no query holds up the others: what is rare in common words
// ("the server") is found in several pages, some of them short or empty.
const (
	maxWaiting = 1000 // waiting texts looked at, newest first
	maxChecks  = 4000 // indexed texts checked
	firstLook  = 512  // texts checked one by one before the index is asked for all words that begin so
)

// Find returns the newest documents that a query finds, at most limit. See FindPage for what a query is.
func Find(ctx context.Context, d *db.DB, query string, limit int) ([]string, error) {
	var all []string
	after := ""
	for range 2 {
		p, err := FindPage(ctx, d, query, limit-len(all), after)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Docs...)
		if p.Next == "" || len(all) >= limit {
			break
		}
		after = p.Next
	}
	return all, nil
}

// FindPage returns one page of what a query finds, newest first; after is the Next of the page before,
// or empty for the first. A page may be shorter than limit and yet have a Next.
//
// A query is words that a document must all have; "words in quotation marks" stand side by side; a word
// after - must not be there; auth* is any word that begins with auth. There is no wrong query; one
// without words finds nothing.
func FindPage(ctx context.Context, d *db.DB, query string, limit int, after string) (Page, error) {
	return findPage(ctx, d, query, limit, after, maxChecks)
}

func findPage(ctx context.Context, d *db.DB, query string, limit int, after string, checks int) (Page, error) {
	p, ok := newPlan(query)
	if !ok || limit <= 0 {
		return Page{}, nil
	}
	s := searcher{db: d, plan: p, limit: limit, want: limit + 1, from: parseCursor(after), left: checks}
	if err := s.run(ctx); err != nil {
		return Page{}, fmt.Errorf("searching: %w", err)
	}
	return s.page(), nil
}

// A cursor says where a page begins: below the place below, or, while below is past every place,
// among the waiting documents older than doc. top is the highest place when the first page was made.
type cursor struct {
	below, top int64
	doc        string
}

func (c cursor) String() string {
	return strconv.FormatInt(c.below, 36) + "." + strconv.FormatInt(c.top, 36) + "." + c.doc
}

func parseCursor(s string) cursor {
	a, rest, _ := strings.Cut(s, ".")
	b, doc, _ := strings.Cut(rest, ".")
	below, errA := strconv.ParseInt(a, 36, 64)
	top, errB := strconv.ParseInt(b, 36, 64)
	if errA != nil || errB != nil {
		return cursor{below: math.MaxInt64}
	}
	return cursor{below, top, doc}
}

// A row is a document that may be a hit. A document that was never in the index has the place math.MaxInt64.
type row struct {
	seq   int64
	doc   string
	state int64
	text  string
}

type searcher struct {
	db    *db.DB
	plan  plan
	limit int
	want  int // one more than limit: then there is a next page
	from  cursor
	left  int   // texts that may still be checked
	head  int64 // the last place given out when the search began

	hits  []row // in the index, newest first
	fresh []row // waiting
	below int64 // everything from here up was searched
	done  bool
}

// run searches the waiting documents, then the index from the newest down.
func (s *searcher) run(ctx context.Context) error {
	s.below = s.from.below
	if err := s.waiting(ctx); err != nil {
		return err
	}
	if s.plan.vague() {
		s.left += firstLook
		if err := s.walk(ctx, firstLook); err != nil {
			return err
		}
	}
	if len(s.plan.must) == 0 {
		return s.walk(ctx, s.left)
	}
	size := max(32, s.want)
	for !s.done && len(s.hits) < s.want && s.left > 0 {
		n := min(size, s.left)
		if len(s.plan.check) == 0 {
			n = s.want - len(s.hits)
		}
		rows, err := candidates(ctx, s.db, s.plan, s.below, s.head, n)
		if err != nil {
			return err
		}
		s.take(rows, n, s.plan.check)
		size = min(4*size, 1024)
	}
	return nil
}

// waiting looks at the documents that are not in the index yet, or no longer as they were, and where the
// index ends. What gets a place afterwards was waiting then, or was not there.
func (s *searcher) waiting(ctx context.Context) error {
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT seq, doc, state, text
		FROM (
			SELECT coalesce(seq, $1) AS seq, doc, state, text
			FROM search_doc
			WHERE state <> 0 AND state = $2
			ORDER BY doc DESC
			LIMIT $3) AS w
		UNION ALL
		SELECT seq, '', 0, ''
		FROM search_head`, int64(math.MaxInt64), waiting, maxWaiting)
	all, err := scan(rows, err)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.state != waiting {
			s.head = r.seq
			continue
		}
		old := r.seq == math.MaxInt64
		if old && (s.from.below < math.MaxInt64 || s.from.doc != "" && r.doc >= s.from.doc) || !old && r.seq >= s.from.below {
			continue // on an earlier page
		}
		if match(r.text, s.plan.all) {
			s.fresh = append(s.fresh, r)
		}
	}
	return nil
}

// walk checks the newest n texts one by one, without the index.
func (s *searcher) walk(ctx context.Context, n int) error {
	for n > 0 && !s.done && len(s.hits) < s.want {
		size := min(n, max(64, s.want))
		rows, err := s.db.Read().QueryContext(ctx, `
			SELECT seq, doc, state, text
			FROM search_doc
			WHERE seq < $1
			ORDER BY seq DESC
			LIMIT $2`, s.below, size)
		all, err := scan(rows, err)
		if err != nil {
			return err
		}
		s.take(all, size, s.plan.all)
		n -= size
	}
	return nil
}

// take keeps the rows that pass the checks. wanted is how many rows were asked for: fewer are the last.
func (s *searcher) take(rows []row, wanted int, checks []check) {
	for _, r := range rows {
		s.left--
		s.below = r.seq
		if r.state != indexed {
			continue
		}
		if s.from.doc != "" && r.seq > s.from.top && r.doc >= s.from.doc {
			continue // was on an earlier page while it was waiting
		}
		if len(checks) == 0 || match(r.text, checks) {
			if s.hits = append(s.hits, r); len(s.hits) >= s.want {
				return
			}
		}
	}
	s.done = len(rows) < wanted
}

// page puts the waiting documents among the indexed ones and cuts the page.
func (s *searcher) page() Page {
	fresh := s.fresh
	if !s.done { // the index was searched down to s.below: what waits further down is for a later page
		fresh = slices.DeleteFunc(slices.Clone(fresh), func(r row) bool { return r.seq < s.below })
	}
	all := append(fresh, s.hits...)
	slices.SortStableFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.seq, a.seq), cmp.Compare(b.doc, a.doc))
	})
	var p Page
	next := cursor{below: s.below, top: s.from.top, doc: s.from.doc}
	more := !s.done
	if len(all) > s.limit {
		all, more = all[:s.limit], true
		next.below = all[s.limit-1].seq
	}
	for _, r := range all {
		p.Docs = append(p.Docs, r.doc)
		if r.seq == math.MaxInt64 {
			next.doc = r.doc
			next.top = max(next.top, s.top())
		}
	}
	if more {
		p.Next = next.String()
	}
	return p
}

// top returns the highest place known to have been searched on the first page.
func (s *searcher) top() int64 {
	if len(s.hits) > 0 {
		return s.hits[0].seq
	}
	return 0
}

func scan(rows *sql.Rows, err error) ([]row, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.seq, &r.doc, &r.state, &r.text); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
