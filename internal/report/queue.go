package report

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/search"
)

// A View is a saved question to the queue. The counts of the views add up: every report stands in
// exactly one of desk, reporter and closed, and all is their sum.
type View string

// The views.
const (
	ViewDesk     View = "desk"     // our turn
	ViewReporter View = "reporter" // their turn
	ViewClosed   View = "closed"   // nobody's turn
	ViewAll      View = "all"
	ViewUrgent   View = "urgent" // not closed, and urgency raised or in use
	ViewNew      View = "new"    // received, nobody has looked yet
	ViewLate     View = "late"   // our turn, and the promise is broken
	ViewSecond   View = "second" // a decision waits for a second person
	ViewMine     View = "mine"   // assigned to the caller
)

// Views lists them as the queue shows them; the last four may overlap with the first.
var Views = []View{ViewDesk, ViewReporter, ViewClosed, ViewAll, ViewUrgent, ViewNew, ViewLate, ViewSecond, ViewMine}

var viewNames = map[View]lang.Text{
	ViewDesk:     {EN: "Our turn", JA: "運営の番"},
	ViewReporter: {EN: "Reporter's turn", JA: "報告者の番"},
	ViewClosed:   {EN: "Closed", JA: "完了"},
	ViewAll:      {EN: "All", JA: "すべて"},
	ViewUrgent:   {EN: "Urgent", JA: "緊急"},
	ViewNew:      {EN: "New", JA: "新着"},
	ViewLate:     {EN: "Late", JA: "期限超過"},
	ViewSecond:   {EN: "Second person", JA: "2人目待ち"},
	ViewMine:     {EN: "Mine", JA: "担当"},
}

// Name returns the view's word.
func (v View) Name() lang.Text { return viewNames[v] }

// A Query selects rows of the queue. The zero value is our turn, from the top.
type Query struct {
	View     View
	State    State
	Class    string
	Urgency  Urgency
	Severity string // none, low, medium, high or critical
	Lang     lang.Lang
	Target   string // the target begins with this
	Terms    string
	Text     string // full text, or a report number
	After    string // the cursor of the last row seen
	Limit    int    // 0 means 50, at most 200
}

// A Row is one line of the queue.
type Row struct {
	ID          string
	LogIndex    int64
	ReceivedAt  time.Time
	Title       string
	Target      string
	InScope     bool
	Class       string
	Score       int // tenths, -1 unrated
	Urgency     Urgency
	Eligibility Eligibility
	State       State
	Assignee    string
	Turn        Turn
	TurnKind    string
	TurnDue     time.Time
	Lang        lang.Lang
	place       int64
}

// Late reports whether the promise that runs is broken at now.
func (r Row) Late(now time.Time) bool { return !r.TurnDue.IsZero() && r.TurnDue.Before(now) }

// A Page is one screen of the queue.
type Page struct {
	Rows   []Row
	Next   string       // the cursor of the next page, or empty
	Counts map[View]int // of every view
}

// Queue returns one screen of the queue and the counts of all views.
func (rs *Reports) Queue(ctx context.Context, who access.Caller, q Query) (Page, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportRead, ""); err != nil {
		return Page{}, err
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	counts, err := rs.counts(ctx, who)
	if err != nil {
		return Page{}, err
	}
	p := Page{Counts: counts}
	where, err := rs.where(ctx, who, q)
	if err != nil || where == nil {
		return p, err
	}
	p.Rows, err = rs.rows(ctx, where, q.Limit+1)
	if err != nil {
		return p, err
	}
	if len(p.Rows) > q.Limit {
		p.Rows = p.Rows[:q.Limit]
		last := p.Rows[q.Limit-1]
		p.Next = strconv.FormatInt(last.place, 36) + "." + strconv.FormatInt(last.LogIndex, 36)
	}
	return p, nil
}

// Waiting returns how many reports wait for the desk.
func (rs *Reports) Waiting(ctx context.Context, who access.Caller) (int, error) {
	if err := rs.Audit.Allow(ctx, who, access.ReportRead, ""); err != nil {
		return 0, err
	}
	var n int
	err := rs.DB.Read().QueryRowContext(ctx, `SELECT coalesce(sum(n), 0) FROM report_count WHERE turn = $1`, string(Desk)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting the queue: %w", err)
	}
	return n, nil
}

// conditions collects the WHERE of a query with its numbered arguments.
type conditions struct {
	text  []string
	args  []any
	order string
}

// only is one condition, in the order of the queue.
func only(text string, args ...any) *conditions {
	c := &conditions{order: `place, log_index`}
	c.add(text, args...)
	return c
}

// add appends a condition in which each ? becomes the next number.
func (c *conditions) add(text string, args ...any) {
	var b strings.Builder
	for _, a := range args {
		before, after, _ := strings.Cut(text, "?")
		c.args = append(c.args, a)
		b.WriteString(before)
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(len(c.args)))
		text = after
	}
	b.WriteString(text)
	c.text = append(c.text, b.String())
}

// lane restricts the rows to one range of an index that has the queue's order: where column is value,
// behind the place after and before the place until. Both ends are rows of the index and not an
// equation, so that there is one way to have the rows in order. With column = value PostgreSQL's
// plan for any value may as well walk the whole queue and leave out what has another value, which for a
// view with few reports is all of it.
func (c *conditions) lane(column, value string, after, until position) {
	if column == "" {
		c.add(`(place, log_index) > (?, ?)`, after.place, after.index)
		c.add(`place < ?`, until.place)
		c.order = `place, log_index`
		return
	}
	c.add(`(`+column+`, place, log_index) > (?, ?, ?)`, value, after.place, after.index)
	c.add(`(`+column+`, place) < (?, ?)`, value, until.place)
	c.order = column + `, place, log_index`
}

// A position is where a row stands in the queue.
type position struct{ place, index int64 }

// The ends of the queue: every row stands between them.
var front, back = position{-1, -1}, position{place: math.MaxInt64}

// where turns a query into conditions. Nil conditions mean that nothing can match.
func (rs *Reports) where(ctx context.Context, who access.Caller, q Query) (*conditions, error) {
	after := front
	if q.After != "" {
		var err error
		if after, err = cursor(q.After); err != nil {
			return nil, err
		}
	}
	c := &conditions{}
	switch q.View {
	case ViewDesk, "":
		c.lane("turn", string(Desk), after, back)
	case ViewReporter:
		c.lane("turn", string(Reporter), after, back)
	case ViewClosed:
		c.lane("turn", string(Nobody), after, back)
	case ViewAll:
		c.lane("", "", after, back)
	case ViewUrgent:
		c.lane("", "", after, position{place: placeOf(Normal, 0)})
	case ViewNew:
		c.lane("state", string(Received), after, back)
	case ViewLate:
		now := db.Micros(rs.Now())
		c.lane("turn", string(Desk), after, position{place: placeOf(Normal, now)})
		c.add(`turn_due > 0 AND turn_due < ?`, now)
	case ViewSecond:
		c.lane("", "", after, back)
		c.add(`id IN (SELECT report FROM decision WHERE state = ?)`, string(Proposed))
	case ViewMine:
		c.lane("assignee", who.ID, after, back)
		c.add(`turn <> ?`, string(Nobody))
	default:
		return nil, fault.New(fault.Invalid, "There is no view “%s”.", "「%s」という表示はありません。", q.View).At("view")
	}
	if err := c.filter(q); err != nil || q.Text == "" {
		return c, err
	}
	found, err := rs.matches(ctx, q.Text)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	c.add(`log_index IN (`+strings.TrimSuffix(strings.Repeat("?, ", len(found)), ", ")+`)`, found...)
	return c, nil
}

// filter adds what else is asked for.
func (c *conditions) filter(q Query) error {
	for _, equal := range []struct{ column, value string }{
		{"state", string(q.State)},
		{"class", q.Class},
		{"urgency", string(q.Urgency)},
		{"lang", string(q.Lang)},
		{"terms", q.Terms},
	} {
		if equal.value != "" {
			c.add(equal.column+` = ?`, equal.value)
		}
	}
	if q.Severity != "" {
		low, high, ok := cvss.Range(q.Severity)
		if !ok {
			return fault.New(fault.Invalid, "There is no severity “%s”.", "「%s」という深刻度はありません。", q.Severity).At("severity")
		}
		c.add(`score BETWEEN ? AND ?`, low, high)
	}
	if q.Target != "" {
		c.add(`target >= ? AND target < ?`, q.Target, q.Target+"\U0010FFFF")
	}
	return nil
}

// maxMatches bounds a search: nobody reads more, and the newest come first.
const maxMatches = 500

// lengths are how many matches a statement is told of; the last one is repeated to fill it up.
var lengths = [...]int{1, 32, maxMatches}

// matches returns the log indexes of the reports that a search finds.
func (rs *Reports) matches(ctx context.Context, text string) ([]any, error) {
	if id := CanonicalID(text); id != "" {
		var index int64
		err := rs.DB.Read().QueryRowContext(ctx, `SELECT log_index FROM report WHERE id = $1`, id).Scan(&index)
		if err == nil {
			return []any{index}, nil
		}
	}
	docs, err := search.Find(ctx, rs.DB, text, maxMatches)
	if err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	found := make([]any, 0, len(docs))
	for _, doc := range docs {
		index, err := strconv.ParseInt(doc, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("searching: %w", err)
		}
		found = append(found, index)
	}
	// A few lengths, so that there are few statements: databases keep what they have compiled.
	for len(found) > 0 && !slices.Contains(lengths[:], len(found)) {
		found = append(found, found[len(found)-1])
	}
	return found, nil
}

// doc is a report's or known issue's name in the search index: it sorts by the order of receipt.
func doc(logIndex int64) string { return fmt.Sprintf("%012d", logIndex) }

func cursor(s string) (position, error) {
	a, b, _ := strings.Cut(s, ".")
	place, errA := strconv.ParseInt(a, 36, 64)
	index, errB := strconv.ParseInt(b, 36, 64)
	if errA != nil || errB != nil {
		return position{}, fault.New(fault.Invalid, "This address was cut off. Open the queue from the top.",
			"URLが途中で切れています。一覧を最初から開いてください。").At("after")
	}
	return position{place, index}, nil
}

func (rs *Reports) rows(ctx context.Context, c *conditions, limit int) ([]Row, error) {
	rows, err := rs.DB.Read().QueryContext(ctx, `
		SELECT id, log_index, received_at, title, target, in_scope, class, score, urgency, eligibility, state, assignee,
			turn, turn_kind, turn_due, lang, place
		FROM report
		WHERE `+strings.Join(c.text, " AND ")+`
		ORDER BY `+c.order+`
		LIMIT `+strconv.Itoa(limit), c.args...)
	if err != nil {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	defer rows.Close()
	all := make([]Row, 0, limit)
	for rows.Next() {
		var r Row
		var received, due int64
		if err := rows.Scan(&r.ID, &r.LogIndex, &received, &r.Title, &r.Target, &r.InScope, &r.Class, &r.Score, &r.Urgency,
			&r.Eligibility, &r.State, &r.Assignee, &r.Turn, &r.TurnKind, &due, &r.Lang, &r.place); err != nil {
			return nil, fmt.Errorf("reading the queue: %w", err)
		}
		r.ReceivedAt, r.TurnDue = db.Time(received), db.Time(due)
		all = append(all, r)
	}
	return all, rows.Err()
}

// counts sums the kept counts into the views, in one statement; the three that depend on the clock or the
// caller are short index ranges.
func (rs *Reports) counts(ctx context.Context, who access.Caller) (map[View]int, error) {
	rows, err := rs.DB.Read().QueryContext(ctx, `
		SELECT '', state, turn, urgency, n FROM report_count
		UNION ALL
		SELECT 'late', '', '', '', count(*) FROM report WHERE turn = $1 AND turn_due > 0 AND turn_due < $2
		UNION ALL
		SELECT 'second', '', '', '', count(DISTINCT report) FROM decision WHERE state = $3
		UNION ALL
		SELECT 'mine', '', '', '', count(*) FROM report WHERE assignee = $4 AND assignee <> '' AND turn <> $5`,
		string(Desk), db.Micros(rs.Now()), string(Proposed), who.ID, string(Nobody))
	if err != nil {
		return nil, fmt.Errorf("counting the queue: %w", err)
	}
	defer rows.Close()
	counts := map[View]int{}
	for rows.Next() {
		var view View
		var state State
		var turn Turn
		var urgency Urgency
		var n int
		if err := rows.Scan(&view, &state, &turn, &urgency, &n); err != nil {
			return nil, fmt.Errorf("counting the queue: %w", err)
		}
		if view != "" {
			counts[view] = n
			continue
		}
		counts[ViewAll] += n
		counts[map[Turn]View{Desk: ViewDesk, Reporter: ViewReporter, Nobody: ViewClosed}[turn]] += n
		if turn != Nobody && urgency != Normal {
			counts[ViewUrgent] += n
		}
		if state == Received {
			counts[ViewNew] += n
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("counting the queue: %w", err)
	}
	return counts, nil
}
