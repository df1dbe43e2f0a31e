package participant

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
)

// The ways to accept the terms: a tick in a form, or sending a report, which counts as one.
const (
	ByTick       = "tick"
	BySubmission = "submission"
)

// An Acceptance is somebody's agreement to one version of the terms.
type Acceptance struct {
	Terms string
	Hash  string    // of the text that was shown
	Lang  lang.Lang // in which it was shown; the Japanese text prevails
	How   string
	At    time.Time
}

// An Agreement is an acceptance and whose it is.
type Agreement struct {
	Person string
	Acceptance
}

// Accept records the caller's agreement to a version of the terms, as it was shown to them: its hash
// says which text that was. Agreeing again changes nothing.
func (ps *Participants) Accept(ctx context.Context, who access.Caller, termsID, hash string, shown lang.Lang) error {
	if err := ps.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := own(ctx, tx, who); err != nil {
			return err
		}
		added, err := ps.accept(ctx, tx, Agreement{who.ID, Acceptance{Terms: termsID, Hash: hash, Lang: shown, How: ByTick}})
		if err != nil || added == 0 {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "accepted", "terms": termsID, "hash": hash, "lang": shown})
	})
}

// RecordSubmissions records, in the transaction that takes reports, that sending them counts as agreement
// to the terms as they were shown.
func (ps *Participants) RecordSubmissions(ctx context.Context, tx *sql.Tx, all []Agreement) error {
	for i := range all {
		all[i].How = BySubmission
	}
	_, err := ps.accept(ctx, tx, all...)
	return err
}

// accept stores what was agreed to now, and returns how many of these agreements are new.
func (ps *Participants) accept(ctx context.Context, tx *sql.Tx, all ...Agreement) (added int64, err error) {
	now := ps.Now()
	rows := make([][]any, 0, len(all))
	for _, a := range all {
		if err := ps.agreeable(a.Acceptance); err != nil {
			return 0, err
		}
		rows = append(rows, []any{id.New(now), a.Person, a.Terms, a.Hash, string(a.Lang), a.How, db.Micros(now)})
	}
	for values, args := range db.Values(rows) {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO acceptance (id, person, terms, hash, lang, how, at)
			VALUES `+values+`
			ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return 0, fmt.Errorf("saving an acceptance: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		added += n
	}
	return added, nil
}

// agreeable says what is wrong with an agreement: it must be to a text that there is, in a language that
// it was shown in.
func (ps *Participants) agreeable(a Acceptance) error {
	t, ok := ps.Program.Version(a.Terms)
	if !ok || t.Hash != a.Hash {
		return fault.New(fault.Conflict,
			"The terms have changed since this page was made. Nothing was accepted: read them again, please.",
			"ページの表示後に規約が変わりました。同意は記録されていません。もう一度ご確認ください。").At("terms")
	}
	if !a.Lang.Valid() {
		return fault.New(fault.Invalid, "Choose Japanese or English.", "日本語または英語を選んでください。").At("lang")
	}
	return nil
}

// Accepted reports whether a person agreed to a version of the terms, in whichever language. It is no
// operation of a caller: other nouns ask it.
func (ps *Participants) Accepted(ctx context.Context, personID, termsID string) (bool, error) {
	t, ok := ps.Program.Version(termsID)
	if !ok {
		return false, nil
	}
	var n int
	err := ps.DB.Read().QueryRowContext(ctx, `
		SELECT count(*) FROM acceptance
		WHERE person = $1 AND terms = $2 AND hash = $3`, personID, termsID, t.Hash).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("reading acceptances of %s: %w", personID, err)
	}
	return n > 0, nil
}

// Acceptances returns what somebody agreed to, oldest first: to themselves, and to who may read the list
// of people.
func (ps *Participants) Acceptances(ctx context.Context, who access.Caller, personID string) ([]Acceptance, error) {
	a := access.PersonRead
	if who.Is(personID) {
		a = access.PersonSelf
	}
	if err := ps.Audit.Allow(ctx, who, a, personID); err != nil {
		return nil, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `
		SELECT terms, hash, lang, how, at
		FROM acceptance
		WHERE person = $1
		ORDER BY at, id`, personID)
	if err != nil {
		return nil, fmt.Errorf("reading acceptances of %s: %w", personID, err)
	}
	defer rows.Close()
	var all []Acceptance
	for rows.Next() {
		var x Acceptance
		var shown string
		var at int64
		if err := rows.Scan(&x.Terms, &x.Hash, &shown, &x.How, &at); err != nil {
			return nil, fmt.Errorf("reading acceptances of %s: %w", personID, err)
		}
		x.Lang, x.At = lang.Lang(shown), db.Time(at)
		all = append(all, x)
	}
	return all, rows.Err()
}
