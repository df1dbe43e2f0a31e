package participant

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

// maxReason is how long a reason of the desk may be, in bytes.
const maxReason = 4000

// Declare answers conditions of the terms in force, by clause. What was answered the same before is not
// written again. shown is the language in which the conditions were read.
func (ps *Participants) Declare(ctx context.Context, who access.Caller, answers map[string]Answer, shown lang.Lang) error {
	if err := ps.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	t, err := ps.terms()
	if err != nil {
		return err
	}
	if err := checkAnswers(t, answers, shown); err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := own(ctx, tx, who); err != nil {
			return err
		}
		before, err := declarations(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		var said []string
		for _, c := range Conditions(t) {
			a, ok := answers[c.ID]
			if !ok {
				continue
			}
			d := Declaration{Person: who.ID, Clause: c.ID, Answer: a, Text: wording(t, c.ID), Lang: shown}
			if last, ok := lastSaid(before, c.ID); ok && last.Answer == d.Answer && last.Text == d.Text {
				continue
			}
			if err := ps.write(ctx, tx, before, d); err != nil {
				return err
			}
			said = append(said, c.ID)
		}
		if said == nil {
			return nil // everything was answered the same before
		}
		if err := ps.settle(ctx, tx, who.ID); err != nil {
			return err
		}
		// What was answered stays out of the trail, which outlives a withdrawal.
		return ps.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "declared", "clauses": said})
	})
}

func checkAnswers(t *program.Terms, answers map[string]Answer, shown lang.Lang) error {
	if !shown.Valid() {
		return fault.New(fault.Invalid, "Choose Japanese or English.", "日本語または英語を選んでください。").At("lang")
	}
	all := Conditions(t)
	for clause, a := range answers {
		if !slices.ContainsFunc(all, func(c *program.Clause) bool { return c.ID == clause }) {
			return fault.New(fault.Invalid, "The terms in force have no such condition (%.20q). Load the page again: they may have changed.",
				"現在の規約にこの条件はありません（%.20q）。規約が改定された可能性がありますので、ページを読み込み直してください。", clause).At(clause)
		}
		if a != Yes && a != No && a != Ask {
			return fault.New(fault.Invalid, "Answer yes, no, or that you want to ask.", "「はい」「いいえ」「確認したい」のいずれかを選んでください。").At(clause)
		}
	}
	return nil
}

// lastSaid returns what the participant themselves answered last.
func lastSaid(all []Declaration, clause string) (Declaration, bool) {
	for _, d := range slices.Backward(all) {
		if d.Clause == clause && d.DecidedBy == "" {
			return d, true
		}
	}
	return Declaration{}, false
}

// write adds an answer after those before it: also when the clock was set back, or has not moved.
func (ps *Participants) write(ctx context.Context, tx *sql.Tx, before []Declaration, d Declaration) error {
	d.At = ps.Now()
	for _, b := range before {
		if b.Clause == d.Clause && !d.At.After(b.At) {
			d.At = b.At.Add(time.Microsecond)
		}
	}
	return exec(ctx, tx, "saving a declaration", `
		INSERT INTO declaration (id, person, clause, answer, text, lang, decided_by, reason, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id.New(ps.Now()), d.Person, d.Clause, string(d.Answer), d.Text, string(d.Lang), d.DecidedBy, d.Reason, db.Micros(d.At))
}

const declarationColumns = `d.id, d.person, d.clause, d.answer, d.text, d.lang, d.decided_by, d.reason, d.at`

func scanDeclarations(rows *sql.Rows) ([]Declaration, error) {
	defer rows.Close()
	var all []Declaration
	for rows.Next() {
		var d Declaration
		var answer, shown string
		var at int64
		if err := rows.Scan(&d.ID, &d.Person, &d.Clause, &answer, &d.Text, &shown, &d.DecidedBy, &d.Reason, &at); err != nil {
			return nil, fmt.Errorf("reading declarations: %w", err)
		}
		d.Answer, d.Lang, d.At = Answer(answer), lang.Lang(shown), db.Time(at)
		all = append(all, d)
	}
	return all, rows.Err()
}

// declarations reads every answer of a person, oldest first.
func declarations(ctx context.Context, q db.Querier, personID string) ([]Declaration, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT `+declarationColumns+`
		FROM declaration d
		WHERE d.person = $1
		ORDER BY d.at, d.id`, personID)
	if err != nil {
		return nil, fmt.Errorf("reading declarations: %w", err)
	}
	return scanDeclarations(rows)
}

// Declarations returns every answer somebody gave, and the desk's, oldest first: to themselves, and to
// who may decide on them.
func (ps *Participants) Declarations(ctx context.Context, who access.Caller, personID string) ([]Declaration, error) {
	a := access.PersonAdmit
	if who.Is(personID) {
		a = access.PersonSelf
	}
	if err := ps.Audit.Allow(ctx, who, a, personID); err != nil {
		return nil, err
	}
	return declarations(ctx, ps.DB.Read(), personID)
}

// Standing returns the answer that counts for each clause.
func Standing(all []Declaration) map[string]Declaration {
	byClause := map[string][]Declaration{}
	for _, d := range all {
		byClause[d.Clause] = append(byClause[d.Clause], d)
	}
	counts := make(map[string]Declaration, len(byClause))
	for clause, ds := range byClause {
		counts[clause] = standing(ds)
	}
	return counts
}

// Asked lists the answers that wait for the desk: where "no" or "ask" counts now, oldest first.
func (ps *Participants) Asked(ctx context.Context, who access.Caller) ([]Declaration, error) {
	if err := ps.Audit.Allow(ctx, who, access.PersonAdmit, ""); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT `+declarationColumns+`
		FROM declaration d
		JOIN person p ON p.id = d.person
		WHERE p.state = 'pending' AND p.kind = 'participant'
		ORDER BY d.at, d.id`)
	if err != nil {
		return nil, fmt.Errorf("reading declarations: %w", err)
	}
	all, err := scanDeclarations(rows)
	if err != nil {
		return nil, err
	}
	byPerson := map[string][]Declaration{}
	for _, d := range all {
		byPerson[d.Person] = append(byPerson[d.Person], d)
	}
	var waiting []Declaration
	for _, ds := range byPerson {
		for _, d := range Standing(ds) {
			if d.Answer == No || d.Answer == Ask {
				waiting = append(waiting, d)
			}
		}
	}
	slices.SortFunc(waiting, func(a, b Declaration) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return waiting, nil
}

// Decide says whether somebody who asked, or said no, may take part after all. The reason is shown to
// them. Only an answer that waits can be decided, and a refusal lifted.
func (ps *Participants) Decide(ctx context.Context, who access.Caller, personID, clause string, admit bool, reason string) error {
	if err := ps.Audit.Allow(ctx, who, access.PersonAdmit, personID); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return fault.New(fault.Invalid, "Give the reason in one to %d bytes: the participant reads it.", "理由を入力してください（%dバイトまで）。参加者に表示されます。", maxReason).At("reason")
	}
	t, err := ps.terms()
	if err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := person.Lock(ctx, tx, personID); err != nil {
			return err
		}
		before, err := declarations(ctx, tx, personID)
		if err != nil {
			return err
		}
		now := Standing(before)[clause].Answer
		if now != No && now != Ask && !(now == Refused && admit) {
			return fault.New(fault.Conflict, "There is nothing to decide here: the answer to this condition does not wait for the desk.",
				"この条件について、判断を待っている回答はありません。")
		}
		d := Declaration{Person: personID, Clause: clause, Answer: Refused, Text: wording(t, clause), DecidedBy: who.ID, Reason: reason}
		if admit {
			d.Answer = Admitted
		}
		if err := ps.write(ctx, tx, before, d); err != nil {
			return err
		}
		if err := ps.settle(ctx, tx, personID); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.PersonAdmit, personID, detail{"clause": clause, "answer": d.Answer})
	})
}
