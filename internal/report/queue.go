package report

import (
	"context"
	"fmt"
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
	where, args, err := rs.where(ctx, who, q)
	if err != nil || where == nil {
		return p, err
	}
	p.Rows, err = rs.rows(ctx, where, args, q.Limit+1)
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
	text []string
	args []any
}

// add appends a condition in which each ? becomes the next number.
func (c *conditions) add(text string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		text = strings.Replace(text, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.text = append(c.text, text)
}

// where turns a query into conditions. Nil conditions mean that nothing can match.
func (rs *Reports) where(ctx context.Context, who access.Caller, q Query) ([]string, []any, error) {
	var c conditions
	switch q.View {
	case ViewDesk, "":
		c.add(`turn = ?`, string(Desk))
	case ViewReporter:
		c.add(`turn = ?`, string(Reporter))
	case ViewClosed:
		c.add(`turn = ?`, string(Nobody))
	case ViewAll:
		c.add(`place >= 0`)
	case ViewUrgent:
		c.add(`turn <> ? AND urgency <> ?`, string(Nobody), string(Normal))
	case ViewNew:
		c.add(`state = ?`, string(Received))
	case ViewLate:
		c.add(`turn = ? AND turn_due > 0 AND turn_due < ?`, string(Desk), db.Micros(rs.Now()))
	case ViewSecond:
		c.add(`id IN (SELECT report FROM decision WHERE state = ?)`, string(Proposed))
	case ViewMine:
		c.add(`assignee = ? AND turn <> ?`, who.ID, string(Nobody))
	default:
		return nil, nil, fault.New(fault.Invalid, "There is no view “%s”.", "「%s」という表示はありません。", q.View).At("view")
	}
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
			return nil, nil, fault.New(fault.Invalid, "There is no severity “%s”.", "「%s」という深刻度はありません。", q.Severity).At("severity")
		}
		c.add(`score BETWEEN ? AND ?`, low, high)
	}
	if q.Target != "" {
		c.add(`target >= ? AND target < ?`, q.Target, q.Target+"\U0010FFFF")
	}
	if q.After != "" {
		place, index, err := cursor(q.After)
		if err != nil {
			return nil, nil, err
		}
		c.add(`(place, log_index) > (?, ?)`, place, index)
	}
	if q.Text != "" {
		found, err := rs.matches(ctx, q.Text)
		if err != nil || len(found) == 0 {
			return nil, nil, err
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(found)), ", ")
		c.add(`log_index IN (`+marks+`)`, found...)
	}
	return c.text, c.args, nil
}

// maxMatches bounds a search: nobody reads more, and the newest come first.
const maxMatches = 500

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
	return found, nil
}

// doc is a report's or known issue's name in the search index: it sorts by the order of receipt.
func doc(logIndex int64) string { return fmt.Sprintf("%012d", logIndex) }

func cursor(s string) (place, index int64, err error) {
	a, b, _ := strings.Cut(s, ".")
	place, errA := strconv.ParseInt(a, 36, 64)
	index, errB := strconv.ParseInt(b, 36, 64)
	if errA != nil || errB != nil {
		return 0, 0, fault.New(fault.Invalid, "This address was cut off. Open the queue from the top.",
			"URLが途中で切れています。一覧を最初から開いてください。").At("after")
	}
	return place, index, nil
}

func (rs *Reports) rows(ctx context.Context, where []string, args []any, limit int) ([]Row, error) {
	rows, err := rs.DB.Read().QueryContext(ctx, `
		SELECT id, log_index, received_at, title, target, in_scope, class, score, urgency, eligibility, state, assignee,
			turn, turn_kind, turn_due, lang, place
		FROM report
		WHERE `+strings.Join(where, " AND ")+`
		ORDER BY place, log_index
		LIMIT `+strconv.Itoa(limit), args...)
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

// counts sums the kept counts into the views; the three that depend on the clock or the caller are
// short index ranges.
func (rs *Reports) counts(ctx context.Context, who access.Caller) (map[View]int, error) {
	rows, err := rs.DB.Read().QueryContext(ctx, `SELECT state, turn, urgency, n FROM report_count`)
	if err != nil {
		return nil, fmt.Errorf("counting the queue: %w", err)
	}
	defer rows.Close()
	counts := map[View]int{}
	for rows.Next() {
		var state State
		var turn Turn
		var urgency Urgency
		var n int
		if err := rows.Scan(&state, &turn, &urgency, &n); err != nil {
			return nil, fmt.Errorf("counting the queue: %w", err)
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
	var late, second, mine int
	err = rs.DB.Read().QueryRowContext(ctx, `
		SELECT
			(SELECT count(*) FROM report WHERE turn = $1 AND turn_due > 0 AND turn_due < $2),
			(SELECT count(DISTINCT report) FROM decision WHERE state = $3),
			(SELECT count(*) FROM report WHERE assignee = $4 AND assignee <> '' AND turn <> $5)`,
		string(Desk), db.Micros(rs.Now()), string(Proposed), who.ID, string(Nobody)).Scan(&late, &second, &mine)
	if err != nil {
		return nil, fmt.Errorf("counting the queue: %w", err)
	}
	counts[ViewLate], counts[ViewSecond], counts[ViewMine] = late, second, mine
	return counts, nil
}
