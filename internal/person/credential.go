package person

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// Methods is what a person signs in with.
type Methods struct {
	Passkeys          []Passkey
	Password          bool // and then an authenticator app too
	PasswordChangedAt time.Time
	TOTP              bool
	RecoveryLeft      int
}

// Methods lists what the caller signs in with.
func (p *People) Methods(ctx context.Context, who access.Caller) (Methods, error) {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return Methods{}, err
	}
	q := p.DB.Read()
	has, err := hasSecondFactor(ctx, q, who.ID)
	if err != nil {
		return Methods{}, err
	}
	m := Methods{Password: has.password, TOTP: has.totp, RecoveryLeft: has.recovery}
	keys, err := passkeys(ctx, q, who.ID)
	if err != nil {
		return Methods{}, err
	}
	for _, k := range keys {
		m.Passkeys = append(m.Passkeys, k.Passkey)
	}
	if m.Password {
		var at int64
		if err := q.QueryRowContext(ctx, `SELECT changed_at FROM password WHERE person = $1`, who.ID).Scan(&at); err != nil {
			return Methods{}, fmt.Errorf("reading the password of person %s: %w", who.ID, err)
		}
		m.PasswordChangedAt = db.Time(at)
	}
	return m, nil
}

// change is every change of what the caller signs in with: allowed, freshly proved, on a locked person
// (so that two removals at once do not each leave the other's), recorded, and told by mail.
func (p *People) change(ctx context.Context, who access.Caller, what string, fn func(*sql.Tx, Person) error) error {
	if err := p.mayChange(ctx, who); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := lock(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		if !n.open() {
			return errDisabled
		}
		if err := fn(tx, n); err != nil {
			return err
		}
		if err := p.Audit.Record(ctx, tx, who, access.PersonSelf, n.ID, detail{"did": what}); err != nil {
			return err
		}
		return p.tell(ctx, tx, n, what)
	})
}

func (p *People) mayChange(ctx context.Context, who access.Caller) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	return p.Fresh(ctx, who)
}

// BeginAddPasskey begins making one more passkey for the caller.
func (p *People) BeginAddPasskey(ctx context.Context, who access.Caller) (Ceremony, error) {
	if err := p.mayChange(ctx, who); err != nil {
		return Ceremony{}, err
	}
	n, err := byID(ctx, p.DB.Read(), who.ID)
	if err != nil {
		return Ceremony{}, err
	}
	keys, err := passkeys(ctx, p.DB.Read(), n.ID)
	if err != nil {
		return Ceremony{}, err
	}
	return p.beginMaking(ctx, "add", who.Session, n.user(keys))
}

// AddPasskey finishes making it.
func (p *People) AddPasskey(ctx context.Context, who access.Caller, in NewPasskey) error {
	if err := p.mayChange(ctx, who); err != nil {
		return err
	}
	name, err := passkeyName(in.Name)
	if err != nil {
		return err
	}
	cred, _, err := p.finishMaking(ctx, "add", who.Session, in)
	if err != nil {
		return err
	}
	return p.change(ctx, who, "passkey_added", func(tx *sql.Tx, n Person) error {
		_, err := p.addPasskey(ctx, tx, n.ID, name, cred)
		return err
	})
}

// RenamePasskey calls a passkey of the caller something else.
func (p *People) RenamePasskey(ctx context.Context, who access.Caller, passkeyID, name string) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE passkey SET name = $1 WHERE id = $2 AND person = $3`, name, passkeyID, who.ID)
		if err := oneOrGone(res, err, "renaming a passkey"); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "passkey_renamed", "passkey": passkeyID})
	})
}

var errLast = fault.New(fault.Conflict,
	"This is the only way into your account, so it was not removed. Add another passkey, or a password, first.",
	"アカウントに入る唯一の手段のため、削除しませんでした。先に別のパスキーかパスワードを追加してください。")

// RemovePasskey removes a passkey of the caller, but never the last way in.
func (p *People) RemovePasskey(ctx context.Context, who access.Caller, passkeyID string) error {
	return p.change(ctx, who, "passkey_removed", func(tx *sql.Tx, n Person) error {
		has, err := hasSecondFactor(ctx, tx, n.ID)
		if err != nil {
			return err
		}
		if has.passkeys == 1 && !has.password {
			return errLast
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM passkey WHERE id = $1 AND person = $2`, passkeyID, n.ID)
		return oneOrGone(res, err, "removing a passkey")
	})
}

// OfferOwnTOTP makes an authenticator app for the caller: with a first password, or in place of the old one.
func (p *People) OfferOwnTOTP(ctx context.Context, who access.Caller) (TOTPOffer, error) {
	if err := p.mayChange(ctx, who); err != nil {
		return TOTPOffer{}, err
	}
	n, err := byID(ctx, p.DB.Read(), who.ID)
	if err != nil {
		return TOTPOffer{}, err
	}
	return p.offer("person "+n.ID, n.Mail)
}

// SetPassword gives the caller a password, or another one. A first one comes with an authenticator app.
// Every other session ends: whoever had the old one is out.
func (p *People) SetPassword(ctx context.Context, who access.Caller, in NewPassword) error {
	if err := p.mayChange(ctx, who); err != nil {
		return err
	}
	n, err := byID(ctx, p.DB.Read(), who.ID)
	if err != nil {
		return err
	}
	password, err := CheckPassword(in.Password, n.Mail, n.Name)
	if err != nil {
		return err
	}
	has, err := hasSecondFactor(ctx, p.DB.Read(), who.ID)
	if err != nil {
		return err
	}
	var secret []byte
	var step int64
	if !has.totp {
		if secret, step, err = p.accept("person "+n.ID, in.Sealed, in.Code); err != nil {
			return err
		}
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return p.change(ctx, who, "password_changed", func(tx *sql.Tx, n Person) error {
		if err := p.setPassword(ctx, tx, n.ID, hash); err != nil {
			return err
		}
		if secret != nil {
			if err := p.setTOTP(ctx, tx, n.ID, secret, step); err != nil {
				return err
			}
		} else if has, err := hasSecondFactor(ctx, tx, n.ID); err != nil || !has.totp {
			return errorOr(err, errOffer) // the app was removed at the same moment
		}
		return endOthers(ctx, tx, who)
	})
}

// RemovePassword removes the caller's password and authenticator app, if a passkey remains.
func (p *People) RemovePassword(ctx context.Context, who access.Caller) error {
	return p.change(ctx, who, "password_removed", func(tx *sql.Tx, n Person) error {
		has, err := hasSecondFactor(ctx, tx, n.ID)
		if err != nil {
			return err
		}
		if has.passkeys == 0 {
			return errLast
		}
		if err := exec(ctx, tx, "removing a password", `DELETE FROM password WHERE person = $1`, n.ID); err != nil {
			return err
		}
		return exec(ctx, tx, "removing an authenticator app", `DELETE FROM totp WHERE person = $1`, n.ID)
	})
}

// SetTOTP puts another authenticator app in place of the caller's.
func (p *People) SetTOTP(ctx context.Context, who access.Caller, sealed, typed string) error {
	if err := p.mayChange(ctx, who); err != nil {
		return err
	}
	secret, step, err := p.accept("person "+who.ID, sealed, typed)
	if err != nil {
		return err
	}
	return p.change(ctx, who, "totp_added", func(tx *sql.Tx, n Person) error {
		return p.setTOTP(ctx, tx, n.ID, secret, step)
	})
}

// NewRecoveryCodes replaces the caller's recovery codes and returns them, to be shown once.
func (p *People) NewRecoveryCodes(ctx context.Context, who access.Caller) ([]string, error) {
	var codes []string
	err := p.change(ctx, who, "recovery_codes_changed", func(tx *sql.Tx, n Person) (err error) {
		codes, err = setRecovery(ctx, tx, n.ID)
		return err
	})
	return codes, err
}

// oneOrGone checks that a statement on something of the caller's found it.
func oneOrGone(res sql.Result, err error, doing string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if n != 1 {
		return fault.New(fault.NotFound, "This is not there any more. Look at the list again.", "対象が見つかりません。一覧を読み込み直してください。")
	}
	return nil
}

func errorOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
