package participant

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

// Participants is the operations on participants. Its fields are set before use; it is safe for
// concurrent use.
type Participants struct {
	DB      *db.DB
	Audit   *audit.Log
	Now     func() time.Time
	Program *program.Program
	People  *person.People

	// Holds says what keeps a participant from withdrawing now: open reports, unpaid awards. It reads
	// in the transaction that would withdraw them. Nil: nothing does.
	Holds func(ctx context.Context, q db.Querier, person string) ([]lang.Text, error)

	// Destroy destroys what another part keeps of a participant who leaves, in the same transaction. Nil:
	// nobody keeps anything.
	Destroy func(ctx context.Context, tx *sql.Tx, person string) error

	// Barred says why a participant may take part no longer, or nothing. Nil: nobody is barred.
	Barred func(ctx context.Context, q db.Querier, person string) (lang.Text, error)
}

// detail is what the audit trail says about an action. Never a name, an address or a birth date.
type detail map[string]any

// today returns the program's date.
func (ps *Participants) today() calendar.Date { return calendar.In(ps.Now(), calendar.JST) }

// terms returns the terms in force.
func (ps *Participants) terms() (*program.Terms, error) {
	t, ok := ps.Program.At(ps.Now())
	if !ok {
		return nil, fault.New(fault.Conflict, "The program has not begun yet.", "プログラムはまだ始まっていません。")
	}
	return t, nil
}

// wording names the version of a text that somebody answered or agreed to: the terms, by their hash.
func wording(t *program.Terms, clause string) string {
	return fmt.Sprintf("%s %s %.12s", t.ID, clause, t.Hash)
}

var errStaff = fault.New(fault.Conflict,
	"This is for participants. Staff who report vulnerabilities use another account for that.",
	"参加者向けの操作です。デスクの方が報告する場合は、別のアカウントをお使いください。")

// own locks the caller, who must be a participant, for a change to something of theirs.
func own(ctx context.Context, tx *sql.Tx, who access.Caller) (person.Person, error) {
	n, err := person.Lock(ctx, tx, who.ID)
	if err != nil {
		return n, err
	}
	switch {
	case n.Kind != access.Participant:
		return n, errStaff
	case n.State != person.Pending && n.State != person.Active:
		return n, fault.New(fault.Conflict, "This account is closed.", "このアカウントは閉じられています。")
	}
	return n, nil
}

// Profile returns what somebody says about themselves: to themselves, and to who may read the list of people.
func (ps *Participants) Profile(ctx context.Context, who access.Caller, personID string) (Profile, error) {
	n, err := ps.People.Person(ctx, who, personID)
	if err != nil {
		return Profile{}, err
	}
	return withProfile(ctx, ps.DB.Read(), n)
}

func withProfile(ctx context.Context, q db.Querier, n person.Person) (Profile, error) {
	p := Profile{Person: n}
	var born string
	err := q.QueryRowContext(ctx, `SELECT country, born FROM participant WHERE person = $1`, n.ID).Scan(&p.Country, &born)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("reading the profile of %s: %w", n.ID, err)
	}
	if p.Born, err = calendar.Parse(born); err != nil {
		return p, fmt.Errorf("reading the profile of %s: %w", n.ID, err)
	}
	return p, nil
}

// SetProfile changes what the caller says about themselves.
func (ps *Participants) SetProfile(ctx context.Context, who access.Caller, f Form) error {
	if err := ps.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	name, country, born, err := f.check(ps.today())
	if err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := own(ctx, tx, who)
		if err != nil {
			return err
		}
		if err := person.Write(ctx, tx, n, name, f.Lang); err != nil {
			return err
		}
		if err := exec(ctx, tx, "saving a profile", `
			INSERT INTO participant (person, country, born, version)
			VALUES ($1, $2, $3, 1)
			ON CONFLICT (person) DO UPDATE SET country = excluded.country, born = excluded.born, version = participant.version + 1`,
			who.ID, country, born.String()); err != nil {
			return err
		}
		if err := ps.settle(ctx, tx, who.ID); err != nil {
			return err
		}
		return ps.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "profile"})
	})
}

// settle makes a participant active when nothing but an acceptance is missing, and pending otherwise.
func (ps *Participants) settle(ctx context.Context, tx *sql.Tx, personID string) error {
	t, err := ps.terms()
	if err != nil {
		return err
	}
	open, err := ps.open(ctx, tx, personID, t)
	if err != nil {
		return err
	}
	return person.Settle(ctx, tx, personID, len(open) == 0)
}

// open returns what is missing but for an acceptance.
func (ps *Participants) open(ctx context.Context, q db.Querier, personID string, t *program.Terms) ([]Gap, error) {
	n, err := person.Read(ctx, q, personID)
	if err != nil {
		return nil, err
	}
	if n.Kind != access.Participant {
		return []Gap{{Code: "closed", Text: errStaff.Text}}, nil
	}
	p, err := withProfile(ctx, q, n)
	if err != nil {
		return nil, err
	}
	answers, err := declarations(ctx, q, personID)
	if err != nil {
		return nil, err
	}
	byClause := map[string][]Declaration{}
	for _, d := range answers {
		byClause[d.Clause] = append(byClause[d.Clause], d)
	}
	return gaps(p, byClause, t, ps.today()), nil
}

// Gaps returns what stands between the caller and sending a report under the terms in force, acceptance
// included. It is computed from what is there: a birthday closes a gap by itself.
func (ps *Participants) Gaps(ctx context.Context, who access.Caller) ([]Gap, error) {
	if err := ps.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return nil, err
	}
	t, err := ps.terms()
	if err != nil {
		return nil, err
	}
	return ps.gaps(ctx, who.ID, t)
}

func (ps *Participants) gaps(ctx context.Context, personID string, t *program.Terms) ([]Gap, error) {
	if ps.Barred != nil {
		why, err := ps.Barred(ctx, ps.DB.Read(), personID)
		if err != nil || !why.Empty() {
			return []Gap{{Code: "barred", Text: why}}, err
		}
	}
	all, err := ps.open(ctx, ps.DB.Read(), personID, t)
	if err != nil {
		return nil, err
	}
	ok, err := ps.Accepted(ctx, personID, t.ID)
	if err != nil || ok {
		return all, err
	}
	return append(all, Gap{Code: "accept", Text: fault.New(fault.Conflict,
		"Read and accept the terms: %[1]s.", "規約（%[2]s）を読んで、同意してください。", t.Title.In(lang.EN), t.Title.In(lang.JA)).Text}), nil
}

// Ready returns, in sentences, what a participant still has to do before a report of theirs is taken
// under these terms. Nothing: it is taken.
func (ps *Participants) Ready(ctx context.Context, personID, termsID string) (missing []lang.Text, err error) {
	t, ok := ps.Program.Version(termsID)
	if !ok {
		return nil, fmt.Errorf("there are no terms %q", termsID)
	}
	all, err := ps.gaps(ctx, personID, t)
	for _, g := range all {
		missing = append(missing, g.Text)
	}
	return missing, err
}

// Refresh settles the pending participants again: somebody came of age, or the terms changed. It
// returns how many are active now. The product itself runs it once a day.
func (ps *Participants) Refresh(ctx context.Context) (int, error) {
	t, err := ps.terms()
	if err != nil {
		return 0, err
	}
	rows, err := ps.DB.Read().QueryContext(ctx, `SELECT id FROM person WHERE kind = 'participant' AND state = 'pending' ORDER BY id`)
	if err != nil {
		return 0, fmt.Errorf("listing pending participants: %w", err)
	}
	ids, err := texts(rows)
	if err != nil {
		return 0, fmt.Errorf("listing pending participants: %w", err)
	}
	done := 0
	for _, personID := range ids {
		if open, err := ps.open(ctx, ps.DB.Read(), personID, t); err != nil {
			return done, err
		} else if len(open) > 0 {
			continue
		}
		err := ps.DB.Tx(ctx, func(tx *sql.Tx) error {
			if _, err := person.Lock(ctx, tx, personID); err != nil {
				return err
			}
			if err := ps.settle(ctx, tx, personID); err != nil {
				return err
			}
			return ps.Audit.Record(ctx, tx, access.Self, access.PersonSelf, personID, detail{"did": "settled"})
		})
		if err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// texts reads rows of one text column.
func texts(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// exec runs a statement whose number of rows does not matter.
func exec(ctx context.Context, tx *sql.Tx, doing, query string, args ...any) error {
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
