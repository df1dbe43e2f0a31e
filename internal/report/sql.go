package report

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

const reportColumns = `id, log_index, received_at, clock_behind, terms, reporter, lang, title, target, in_scope,
	scope_clause, class, body, salt, vector_reported, vector, score, urgency, eligibility, state, asked_from,
	original, assignee, turn, turn_kind, turn_due, updated_at, version`

type scanner interface{ Scan(dest ...any) error }

func scanReport(row scanner) (Report, error) {
	var r Report
	var received, due, updated int64
	var body string
	err := row.Scan(&r.ID, &r.LogIndex, &received, &r.ClockBehind, &r.Terms, &r.Reporter, &r.Lang, &r.Title, &r.Target,
		&r.InScope, &r.ScopeClause, &r.Class, &body, &r.Salt, &r.VectorReported, &r.Vector, &r.Score, &r.Urgency,
		&r.Eligibility, &r.State, &r.AskedFrom, &r.Original, &r.Assignee, &r.Turn, &r.TurnKind, &due, &updated, &r.Version)
	if err != nil {
		return r, err
	}
	r.ReceivedAt, r.TurnDue, r.UpdatedAt = db.Time(received), db.Time(due), db.Time(updated)
	r.Raw = []byte(body)
	r.Body, err = ParseSubmission(r.Raw)
	return r, err
}

// notFound is what everybody gets for a report that is not there or not theirs to see.
func notFound(id string) error {
	return fault.New(fault.NotFound,
		"There is no report %s here. Look at the number in your receipt.",
		"報告 %s は見つかりません。受領証の番号をご確認ください。", id)
}

// find reads a report with its files, without asking who wants it.
func find(ctx context.Context, q db.Querier, id string) (Report, error) {
	r, err := scanReport(q.QueryRowContext(ctx, `SELECT `+reportColumns+` FROM report WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound(id)
	}
	if err != nil {
		return r, fmt.Errorf("reading report %s: %w", id, err)
	}
	rows, err := q.QueryContext(ctx, `SELECT hash, name, size FROM report_file WHERE report = $1 ORDER BY n`, id)
	if err != nil {
		return r, fmt.Errorf("reading the files of report %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.Hash, &f.Name, &f.Size); err != nil {
			return r, fmt.Errorf("reading the files of report %s: %w", id, err)
		}
		r.Files = append(r.Files, f)
	}
	return r, rows.Err()
}

// insertAll stores new reports with their files.
func insertAll(ctx context.Context, tx *sql.Tx, all []Report) error {
	var rows, files [][]any
	for _, r := range all {
		rows = append(rows, []any{
			r.ID, r.LogIndex, db.Micros(r.ReceivedAt), r.ClockBehind, r.Terms, r.Reporter, string(r.Lang), r.Title, r.Target,
			r.InScope, r.ScopeClause, r.Class, string(r.Raw), r.Salt, r.VectorReported, r.Vector, r.Score, string(r.Urgency),
			string(r.Eligibility), string(r.State), string(r.AskedFrom), r.Original, r.Assignee, string(r.Turn), r.TurnKind,
			db.Micros(r.TurnDue), db.Micros(r.UpdatedAt), r.Version, r.place(),
		})
		for n, f := range r.Files {
			files = append(files, []any{r.ID, n, f.Hash, f.Name, f.Size})
		}
	}
	for values, args := range db.Values(rows) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO report (`+reportColumns+`, place) VALUES `+values, args...); err != nil {
			return fmt.Errorf("saving new reports: %w", err)
		}
	}
	for values, args := range db.Values(files) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO report_file (report, n, hash, name, size) VALUES `+values, args...); err != nil {
			return fmt.Errorf("saving the files of new reports: %w", err)
		}
	}
	return recount(ctx, tx, nil, all)
}

// save writes what may change about a report. was is the report as it was read: its version must
// still stand.
func save(ctx context.Context, tx *sql.Tx, was, r Report) error {
	err := db.One(tx.ExecContext(ctx, `
		UPDATE report
		SET vector = $1, score = $2, urgency = $3, eligibility = $4, state = $5, asked_from = $6, original = $7,
			assignee = $8, turn = $9, turn_kind = $10, turn_due = $11, place = $12, updated_at = $13, version = version + 1
		WHERE id = $14 AND version = $15`,
		r.Vector, r.Score, string(r.Urgency), string(r.Eligibility), string(r.State), string(r.AskedFrom), r.Original,
		r.Assignee, string(r.Turn), r.TurnKind, db.Micros(r.TurnDue), r.place(), db.Micros(r.UpdatedAt), r.ID, was.Version))
	if err != nil {
		return fmt.Errorf("saving report %s: %w", r.ID, err)
	}
	return recount(ctx, tx, []Report{was}, []Report{r})
}

// A standing is what reports are counted by.
type standing struct {
	state   State
	turn    Turn
	urgency Urgency
}

func (r Report) standing() standing { return standing{r.State, r.Turn, r.Urgency} }

func (s standing) compare(o standing) int {
	return cmp.Or(cmp.Compare(s.state, o.state), cmp.Compare(s.turn, o.turn), cmp.Compare(s.urgency, o.urgency))
}

// recount takes reports out of the counts as they stood, and puts them in as they stand. The counts are
// changed in one order, so that no two transactions wait for each other.
func recount(ctx context.Context, tx *sql.Tx, stood, stand []Report) error {
	change := map[standing]int{}
	for _, r := range stood {
		change[r.standing()]--
	}
	for _, r := range stand {
		change[r.standing()]++
	}
	var rows [][]any
	for _, s := range slices.SortedFunc(maps.Keys(change), standing.compare) {
		if n := change[s]; n != 0 {
			rows = append(rows, []any{string(s.state), string(s.turn), string(s.urgency), n})
		}
	}
	for values, args := range db.Values(rows) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO report_count (state, turn, urgency, n)
			VALUES `+values+`
			ON CONFLICT (state, turn, urgency) DO UPDATE SET n = report_count.n + excluded.n`, args...)
		if err != nil {
			return fmt.Errorf("counting reports: %w", err)
		}
	}
	return nil
}

const decisionColumns = `id, report, kind, clause, reason, impact, would_change, from_value, to_value, one_fix,
	state, by_person, at, confirmed_by, confirmed_at, refusal, read_at`

func scanDecision(row scanner) (Decision, error) {
	var d Decision
	var at, confirmed, read int64
	err := row.Scan(&d.ID, &d.Report, &d.Kind, &d.Clause, &d.Reason, &d.Impact, &d.WouldChange, &d.From, &d.To, &d.OneFix,
		&d.Standing, &d.By, &at, &d.ConfirmedBy, &confirmed, &d.Refusal, &read)
	d.At, d.ConfirmedAt, d.ReadAt = db.Time(at), db.Time(confirmed), db.Time(read)
	return d, err
}

func insertDecision(ctx context.Context, tx *sql.Tx, d Decision) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO decision (`+decisionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		d.ID, d.Report, string(d.Kind), d.Clause, d.Reason, d.Impact, d.WouldChange, d.From, d.To, d.OneFix,
		string(d.Standing), d.By, db.Micros(d.At), d.ConfirmedBy, db.Micros(d.ConfirmedAt), d.Refusal, db.Micros(d.ReadAt))
	if err != nil {
		return fmt.Errorf("saving a decision on report %s: %w", d.Report, err)
	}
	return nil
}

func decisions(ctx context.Context, q db.Querier, report string) ([]Decision, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+decisionColumns+` FROM decision WHERE report = $1 ORDER BY id`, report)
	if err != nil {
		return nil, fmt.Errorf("reading the decisions on report %s: %w", report, err)
	}
	defer rows.Close()
	var all []Decision
	for rows.Next() {
		d, err := scanDecision(rows)
		if err != nil {
			return nil, fmt.Errorf("reading the decisions on report %s: %w", report, err)
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

const messageColumns = `id, report, author, author_kind, audience, body, at, needs_reply, answered_at, read_at`

func scanMessage(row scanner) (Message, error) {
	var m Message
	var at, answered, read int64
	err := row.Scan(&m.ID, &m.Report, &m.Author, &m.AuthorKind, &m.Audience, &m.Body, &at, &m.NeedsReply, &answered, &read)
	m.At, m.AnsweredAt, m.ReadAt = db.Time(at), db.Time(answered), db.Time(read)
	return m, err
}

func insertMessage(ctx context.Context, tx *sql.Tx, m Message) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO message (`+messageColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		m.ID, m.Report, m.Author, string(m.AuthorKind), string(m.Audience), m.Body, db.Micros(m.At), m.NeedsReply,
		db.Micros(m.AnsweredAt), db.Micros(m.ReadAt))
	if err != nil {
		return fmt.Errorf("saving a message on report %s: %w", m.Report, err)
	}
	return nil
}

// messages reads the conversation: the public part, and the internal notes when the desk asks.
func messages(ctx context.Context, q db.Querier, report string, desk bool) ([]Message, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT `+messageColumns+`
		FROM message
		WHERE report = $1 AND (audience = 'public' OR $2)
		ORDER BY id`, report, desk)
	if err != nil {
		return nil, fmt.Errorf("reading the conversation of report %s: %w", report, err)
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, fmt.Errorf("reading the conversation of report %s: %w", report, err)
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// scanDraft reads the columns of a draft, and more after them. The body is stored as the submission's
// JSON; rows hold nothing that is queried.
func scanDraft(row scanner, more ...any) (Draft, error) {
	var d Draft
	var body string
	var created, updated int64
	if err := row.Scan(append([]any{&d.ID, &d.Person, &body, &d.Version, &created, &updated, &d.Report}, more...)...); err != nil {
		return d, err
	}
	d.CreatedAt, d.UpdatedAt = db.Time(created), db.Time(updated)
	var err error
	d.Body, err = ParseSubmission([]byte(body))
	return d, err
}

const draftColumns = `id, person, body, version, created_at, updated_at, report`
