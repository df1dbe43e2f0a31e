package participant

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// A Withdrawal is a participant's wish to leave.
type Withdrawal struct {
	AskedAt time.Time // zero: not asked
	DoneAt  time.Time // zero: not yet
	Holds   []lang.Text
}

// Withdraw takes the caller out of the program: what they wrote about themselves is destroyed, their
// sessions end, their name leaves the hall of fame, their reports stay with "a withdrawn participant"
// . When open reports or unpaid awards hold them, the wish is kept and done as soon as nothing
// does; Holds says what. A credential must have been shown lately: this cannot be undone.
func (ps *Participants) Withdraw(ctx context.Context, who access.Caller) (Withdrawal, error) {
	if err := ps.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return Withdrawal{}, err
	}
	if err := ps.People.Fresh(ctx, who); err != nil {
		return Withdrawal{}, err
	}
	w := Withdrawal{AskedAt: ps.Now()}
	err := ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := own(ctx, tx, who); err != nil {
			return err
		}
		if err := exec(ctx, tx, "asking to withdraw", `
			INSERT INTO withdrawal (person, asked_at, done_at)
			VALUES ($1, $2, 0)
			ON CONFLICT DO NOTHING`, who.ID, db.Micros(w.AskedAt)); err != nil {
			return err
		}
		var err error
		if w.Holds, err = ps.holds(ctx, tx, who.ID); err != nil {
			return err
		}
		if len(w.Holds) == 0 {
			w.DoneAt = w.AskedAt
			return ps.destroy(ctx, tx, who, who.ID)
		}
		return ps.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "withdrawal_asked", "holds": len(w.Holds)})
	})
	if err != nil {
		return Withdrawal{}, err
	}
	return w, nil
}

func (ps *Participants) holds(ctx context.Context, q db.Querier, personID string) ([]lang.Text, error) {
	if ps.Holds == nil {
		return nil, nil
	}
	why, err := ps.Holds(ctx, q, personID)
	if err != nil {
		return nil, fmt.Errorf("looking for what holds %s: %w", personID, err)
	}
	return why, nil
}

// StayAfterAll takes the caller's wish to withdraw back, while something still holds it.
func (ps *Participants) StayAfterAll(ctx context.Context, who access.Caller) error {
	if err := ps.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM withdrawal WHERE person = $1 AND done_at = 0`, who.ID)
		if err != nil {
			return fmt.Errorf("staying: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fault.New(fault.Conflict, "You have not asked to withdraw.", "退会の申し込みはありません。"))
		}
		return ps.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "withdrawal_cancelled"})
	})
}

// Withdrawal returns how far the caller's wish to withdraw has come, and what would hold it now.
func (ps *Participants) Withdrawal(ctx context.Context, who access.Caller) (Withdrawal, error) {
	if err := ps.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return Withdrawal{}, err
	}
	var asked, done int64
	err := ps.DB.Read().QueryRowContext(ctx, `SELECT asked_at, done_at FROM withdrawal WHERE person = $1`, who.ID).Scan(&asked, &done)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Withdrawal{}, fmt.Errorf("reading a withdrawal: %w", err)
	}
	holds, err := ps.holds(ctx, ps.DB.Read(), who.ID)
	return Withdrawal{AskedAt: db.Time(asked), DoneAt: db.Time(done), Holds: holds}, err
}

// FinishWithdrawals does the withdrawals that nothing holds any more, and returns how many. The product
// itself runs it now and then.
func (ps *Participants) FinishWithdrawals(ctx context.Context) (int, error) {
	rows, err := ps.DB.Read().QueryContext(ctx, `SELECT person FROM withdrawal WHERE done_at = 0 ORDER BY asked_at`)
	if err != nil {
		return 0, fmt.Errorf("reading withdrawals: %w", err)
	}
	waiting, err := texts(rows)
	if err != nil {
		return 0, fmt.Errorf("reading withdrawals: %w", err)
	}
	done := 0
	for _, personID := range waiting {
		gone := false
		err := ps.DB.Tx(ctx, func(tx *sql.Tx) error {
			if _, err := person.Lock(ctx, tx, personID); err != nil {
				return err
			}
			var open int // it may have been taken back meanwhile
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM withdrawal WHERE person = $1 AND done_at = 0`, personID).Scan(&open); err != nil {
				return fmt.Errorf("reading a withdrawal: %w", err)
			}
			why, err := ps.holds(ctx, tx, personID)
			if err != nil || open == 0 || len(why) > 0 {
				return err
			}
			gone = true
			return ps.destroy(ctx, tx, access.Self, personID)
		})
		if err != nil {
			return done, err
		}
		if gone {
			done++
		}
	}
	return done, nil
}

// destroy removes everything personal of a participant:
//
//  1. what they said about themselves and wished for, here;
//  2. what they sign in with, their sessions, name and address, in person;
//  3. what others keep of them, such as payment data;
//  4. on record, and announced, so that who holds copies (the search index, the pictures) removes them.
//
// Acceptances stay: they name a person's id and a text, and say under which terms the reports came.
func (ps *Participants) destroy(ctx context.Context, tx *sql.Tx, who access.Caller, personID string) error {
	consents, err := list(ctx, tx, `c.person = $1`, personID)
	if err != nil {
		return err
	}
	photos := []string{}
	for _, c := range consents {
		if c.Part == Photo {
			photos = append(photos, c.Value)
		}
	}
	for _, table := range []string{"participant", "declaration", "credit_consent", "special_contributor", "fame"} {
		if err := exec(ctx, tx, "withdrawing "+personID, `DELETE FROM `+table+` WHERE person = $1`, personID); err != nil {
			return err
		}
	}
	if err := person.Erase(ctx, tx, personID); err != nil {
		return err
	}
	if ps.Destroy != nil {
		if err := ps.Destroy(ctx, tx, personID); err != nil {
			return err
		}
	}
	if err := exec(ctx, tx, "withdrawing "+personID, `UPDATE withdrawal SET done_at = $1 WHERE person = $2`, db.Micros(ps.Now()), personID); err != nil {
		return err
	}
	if err := ps.Audit.Record(ctx, tx, who, access.PersonSelf, personID, detail{"did": "withdrawn"}); err != nil {
		return err
	}
	return bus.Queue(ctx, tx, ps.Now(), "participant.withdrawn", map[string]any{"person": personID, "photos": photos})
}
