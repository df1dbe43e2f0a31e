package person

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/limit"
)

// errWrong is one answer for everything that can be wrong with signing in by password.
var errWrong = fault.New(fault.Denied,
	"The mail address, the password or the code is not right. Nothing was changed. Check all three; a code of the app can be used only once.",
	"メールアドレス、パスワード、コードのいずれかが正しくありません。変更は行われていません。三つともご確認ください。認証アプリのコードは一度しか使えません。")

// errDisabled is told only to somebody who has proved who they are.
var errDisabled = fault.New(fault.Denied,
	"This account is disabled. Ask an administrator of the desk.",
	"このアカウントは無効になっています。運営の管理者にお問い合わせください。")

// A SignIn is what somebody types to sign in.
type SignIn struct {
	Mail     string
	Password string
	Code     string // of the authenticator app, or a recovery code
	Agent    string // the User-Agent header
}

// SignIn signs in with a password and a code. All is asked at once, so that no answer says which part
// was right.
//
//  1. The address slows down, then the account: the try is counted before it is looked at.
//  2. The password is compared: with a dummy where there is none.
//  3. The code is compared, also when the password was wrong.
//  4. Either the refusal goes on record, or one transaction uses the code up, forgets the tries,
//     begins the session and records it.
func (p *People) SignIn(ctx context.Context, who access.Caller, in SignIn) (Entry, error) {
	_, key, err := ParseMail(in.Mail)
	if err != nil {
		return Entry{}, err
	}
	if err := p.Limits.Take(limit.SignIn, limit.Address(who.Address)); err != nil {
		return Entry{}, err
	}
	n, _, err := find(ctx, p.DB.Read(), `p.mail_key = $1`, key)
	if err != nil {
		return Entry{}, err
	}
	c, err := p.compare(ctx, who, n, key, in.Password, in.Code)
	if err != nil {
		return Entry{}, err
	}
	if !n.open() {
		return Entry{}, p.Audit.Refuse(ctx, who, access.PersonSelf, n.ID, errDisabled)
	}
	var e Entry
	err = p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := c.settle(ctx, tx); err != nil {
			return err
		}
		if e, err = p.begin(ctx, tx, who, n, in.Agent); err != nil {
			return err
		}
		by := "password"
		if c.proof.recovery != nil {
			by = "recovery_code"
		}
		if err := p.Audit.Record(ctx, tx, n.Caller(e.Session.ID), access.PersonSelf, n.ID, detail{"did": "sign_in", "by": by}); err != nil {
			return err
		}
		if c.proof.recovery != nil {
			return p.tell(ctx, tx, n, "recovery_used")
		}
		return nil
	})
	return e, err
}

// A comparison is a password and a code that were right.
type comparison struct {
	person string
	key    []byte // what the tries are counted under
	proof  proof
	old    string // the stored hash, when it should be replaced
	fresh  string // by this one
}

// compare compares a password and a code with what a person has; n may be nobody. What is wrong goes
// on record.
func (p *People) compare(ctx context.Context, who access.Caller, n Person, mailKey, password, typed string) (comparison, error) {
	password, err := normalPassword(password)
	if err != nil {
		return comparison{}, err
	}
	place, err := p.known(ctx, who, n.ID)
	if err != nil {
		return comparison{}, err
	}
	c := comparison{person: n.ID, key: account(mailKey, place)}
	if err := p.try(ctx, c.key); err != nil {
		return comparison{}, err
	}
	stored, err := p.storedHash(ctx, n.ID)
	if err != nil {
		return comparison{}, err
	}
	right, outdated, err := matches(ctx, stored, password)
	if err != nil {
		return comparison{}, fmt.Errorf("comparing the password of person %s: %w", n.ID, err)
	}
	f, proved, err := p.prove(ctx, n.ID, typed)
	if err != nil {
		return comparison{}, err
	}
	if !right || !proved {
		return comparison{}, p.Audit.Refuse(ctx, who, access.PersonSelf, n.ID, errWrong)
	}
	c.proof = f
	if outdated {
		c.old = stored
		if c.fresh, err = HashPassword(ctx, password); err != nil {
			return comparison{}, err
		}
	}
	return c, nil
}

func (p *People) storedHash(ctx context.Context, personID string) (string, error) {
	var hash string
	err := p.DB.Read().QueryRowContext(ctx, `SELECT hash FROM password WHERE person = $1`, personID).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading the password of person %s: %w", personID, err)
	}
	return hash, nil
}

// settle uses the code up, forgets the tries and replaces a hash of an older cost.
func (c comparison) settle(ctx context.Context, tx *sql.Tx) error {
	if err := useProof(ctx, tx, c.person, c.proof); err != nil {
		return err
	}
	if c.fresh != "" {
		if err := exec(ctx, tx, "replacing a hash", `
			UPDATE password SET hash = $1
			WHERE person = $2 AND hash = $3`, c.fresh, c.person, c.old); err != nil {
			return err
		}
	}
	return forgive(ctx, tx, c.key)
}

// StepUp shows again that the caller is who they are, with a password and a code.
func (p *People) StepUp(ctx context.Context, who access.Caller, password, typed string) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	if err := p.Limits.Take(limit.SignIn, limit.Address(who.Address)); err != nil {
		return err
	}
	n, key, err := p.self(ctx, who)
	if err != nil {
		return err
	}
	c, err := p.compare(ctx, who, n, key, password, typed)
	if err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := c.settle(ctx, tx); err != nil {
			return err
		}
		return p.proven(ctx, tx, who, "password")
	})
}

// proven notes that a credential was shown in the caller's session.
func (p *People) proven(ctx context.Context, tx *sql.Tx, who access.Caller, by string) error {
	res, err := tx.ExecContext(ctx, `
		UPDATE session SET proven_at = $1
		WHERE id = $2 AND person = $3`, p.Now().UnixMicro(), who.Session, who.ID)
	if err != nil {
		return fmt.Errorf("noting a step-up: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrStepUp) // an API token, or a session that has ended meanwhile
	}
	return p.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "step_up", "by": by})
}

// self returns the caller as a person, and the key of their mail address.
func (p *People) self(ctx context.Context, who access.Caller) (Person, string, error) {
	n, err := byID(ctx, p.DB.Read(), who.ID)
	if err != nil {
		return Person{}, "", err
	}
	_, key, err := ParseMail(n.Mail)
	return n, key, err
}
