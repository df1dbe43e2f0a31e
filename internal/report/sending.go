package report

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/search"
	"hinomi.dev/hinomi/internal/similar"
)

// A sending is a draft on its way to become a report. Those that are sent at the same moment share a
// transaction, in which each table is written once for all of them.
type sending struct {
	who    access.Caller
	draft  Draft
	report Report
	sketch similar.Sketch // what duplicates of it are found by
	words  search.Words   // what it is found by

	// How it ended, when not as a report of its own.
	twin string // the report that the draft had become before: another request was first
	err  error
}

// prepare makes everything that does not depend on the moment of receipt, before the transaction that
// others wait for.
func prepare(who access.Caller, d Draft, l lang.Lang) (*sending, error) {
	text, salt := d.Body.Text(), receipt.NewSalt()
	s := &sending{who: who, draft: d, sketch: similar.NewSketch(text), words: search.WordsOf(text)}
	s.report = Report{
		ID: newID(), Reporter: who.ID, Lang: l, Title: d.Body.Title, Class: d.Body.Class, Body: d.Body, Raw: d.Body.Bytes(),
		Salt: salt[:], Score: -1, Urgency: Normal, Eligibility: Undecided, State: Received, Files: d.Files, Version: 1,
	}
	return s, s.report.rate()
}

// sendAll makes reports of drafts, in one transaction.
func (rs *Reports) sendAll(ctx context.Context, all []*sending) error {
	_, err := rs.Log.Append(ctx, func(ctx context.Context, tx *sql.Tx, g *receipt.Growth) error {
		ours, err := claim(ctx, tx, all)
		if err != nil {
			return err
		}
		for _, s := range ours {
			if _, err := g.Append(func(e receipt.Entry) (receipt.Hash, error) { return rs.receive(&s.report, e) }); err != nil {
				return err
			}
		}
		return rs.write(ctx, tx, ours)
	})
	return err
}

// errMoved says that what would be sent is not what is stored: something was typed or attached after
// the draft was read.
var errMoved = fault.New(fault.Conflict,
	"The draft was changed in another window while it was being sent, so nothing was sent. Look at it once more, then send it.",
	"送信中に別のウィンドウで下書きが変更されたため、送信していません。内容をもう一度確認してから送信してください。")

// claim marks drafts as sent and empties them: those that stand as they were read, and are not sent yet.
// It returns their sendings; the others are told what became of them.
func claim(ctx context.Context, tx *sql.Tx, all []*sending) (ours []*sending, err error) {
	rows := make([][]any, 0, len(all))
	for _, s := range all {
		rows = append(rows, []any{s.draft.ID, strconv.FormatInt(s.draft.Version, 10), strconv.Itoa(len(s.draft.Files)), s.report.ID})
	}
	claimed := map[string]bool{} // by the report that the draft became
	for values, args := range db.Values(rows) {
		// In VALUES every parameter is a text. The version alone says that the draft is not sent yet: asked
		// for report = '', PostgreSQL would look through all drafts that are being written.
		rows, err := tx.QueryContext(ctx, `
			WITH sent (id, version, files, report) AS (VALUES `+values+`)
			UPDATE draft SET report = sent.report, body = '', version = draft.version + 1
			FROM sent
			WHERE draft.id = sent.id AND draft.version = CAST(sent.version AS BIGINT)
				AND (SELECT count(*) FROM draft_file f WHERE f.draft = sent.id) = CAST(sent.files AS BIGINT)
			RETURNING draft.report`, args...)
		if err != nil {
			return nil, fmt.Errorf("sending drafts: %w", err)
		}
		if err := collect(rows, claimed); err != nil {
			return nil, fmt.Errorf("sending drafts: %w", err)
		}
	}
	for _, s := range all {
		s.twin, s.err = "", nil
		if claimed[s.report.ID] {
			ours = append(ours, s)
			continue
		}
		if err := tx.QueryRowContext(ctx, `SELECT report FROM draft WHERE id = $1`, s.draft.ID).Scan(&s.twin); err != nil {
			return nil, fmt.Errorf("reading draft %s: %w", s.draft.ID, err)
		}
		if s.twin == "" {
			s.err = errMoved
		}
	}
	return ours, nil
}

// collect adds the texts of one column to a set.
func collect(rows *sql.Rows, into map[string]bool) error {
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return err
		}
		into[s] = true
	}
	return rows.Err()
}

// receive gives a report its place in the log, pins the terms in force at that time and what they say of
// the target, and returns what the log commits to.
func (rs *Reports) receive(r *Report, e receipt.Entry) (receipt.Hash, error) {
	r.LogIndex, r.ReceivedAt, r.UpdatedAt, r.ClockBehind = e.Index, e.Time, e.Time, e.ClockBehind
	terms, ok := rs.Program.At(r.ReceivedAt)
	if !ok {
		return receipt.Hash{}, fmt.Errorf("no terms are in force at %s", r.ReceivedAt)
	}
	v := terms.Judge(program.Target{Kind: r.Body.Reached, Host: r.Body.Target, Platform: r.Body.Platform, Version: r.Body.Version})
	r.Terms, r.Target, r.InScope, r.ScopeClause = terms.ID, v.Target, v.In, v.Clause
	if r.Target == "" {
		r.Target = r.Body.Target // nothing could be made of it: a person reads what was typed
	}
	s, err := rs.statement(*r)
	if err != nil {
		return receipt.Hash{}, err
	}
	return s.Commitment()
}

// write stores new reports with all that belongs to them. The audit records come last but for the
// messages: from then on every other change waits.
func (rs *Reports) write(ctx context.Context, tx *sql.Tx, all []*sending) error {
	var (
		agreed   []participant.Agreement
		promises []deadline.Deadline
		reports  []Report
		sketches []sketched
		docs     []search.Doc
		deeds    []audit.Deed
		news     []any
	)
	for _, s := range all {
		var promised []deadline.Deadline
		s.report, promised = rs.begin(s.report)
		r := s.report
		terms, _ := rs.Program.Version(r.Terms) // receive has found it
		agreed = append(agreed, participant.Agreement{
			Person: r.Reporter, Acceptance: participant.Acceptance{Terms: terms.ID, Hash: terms.Hash, Lang: r.Lang},
		})
		promises = append(promises, promised...)
		reports = append(reports, r)
		sketches = append(sketches, sketched{r.LogIndex, r.ID, similar.Key{Target: r.Target, Class: r.Class}, s.sketch})
		docs = append(docs, search.Doc{Name: doc(r.LogIndex), Words: s.words})
		deeds = append(deeds, rs.deed(s))
		news = append(news, map[string]string{"id": r.ID, "person": s.who.ID})
	}
	if err := rs.Agreed(ctx, tx, agreed); err != nil {
		return err
	}
	if err := deadline.Insert(ctx, tx, promises); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, reports); err != nil {
		return err
	}
	if err := insertSketches(ctx, tx, sketches); err != nil {
		return err
	}
	if err := search.IndexAll(ctx, tx, docs); err != nil {
		return err
	}
	if err := rs.Audit.RecordAll(ctx, tx, deeds); err != nil {
		return err
	}
	return bus.Queue(ctx, tx, rs.Now(), "report.received", news...)
}

// deed is what the audit trail says of a report's arrival.
func (rs *Reports) deed(s *sending) audit.Deed {
	detail := map[string]any{"log_index": s.report.LogIndex, "terms": s.report.Terms}
	if s.report.ClockBehind {
		detail["clock_behind"] = rs.Now().UTC()
	}
	return audit.Deed{Who: s.who, Action: access.ReportSubmit, Subject: s.report.ID, Detail: detail}
}
