package person

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/limit"
)

// errCopied is told to somebody whose passkey counts backwards.
var errCopied = fault.New(fault.Denied,
	"This passkey was not accepted: its counter shows that a copy of it may be in use. This is on record. Sign in another way, remove the passkey and make a new one.",
	"このパスキーは受け付けられませんでした。使用回数の記録から、複製が使われている可能性があります。この件は記録されました。別の方法でサインインし、このパスキーを削除して作り直してください。")

// BeginSignIn begins signing in with a passkey. Nobody says who they are: the passkey knows.
func (p *People) BeginSignIn(ctx context.Context, who access.Caller) (Ceremony, error) {
	if err := p.Limits.Take(limit.Ceremony, limit.Address(who.Address)); err != nil {
		return Ceremony{}, err
	}
	w, err := p.relying()
	if err != nil {
		return Ceremony{}, err
	}
	options, s, err := w.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("beginning to sign in: %w", err)
	}
	return p.keep(ctx, "sign_in", "", nil, s, options)
}

// FinishSignIn signs in with the answer of a passkey. No try at a password can make it wait.
func (p *People) FinishSignIn(ctx context.Context, who access.Caller, ceremonyID string, response []byte, agent string) (Entry, error) {
	if err := p.Limits.Take(limit.SignIn, limit.Address(who.Address)); err != nil {
		return Entry{}, err
	}
	s, _, err := p.resume(ctx, "sign_in", "", ceremonyID)
	if err != nil {
		return Entry{}, err
	}
	n, k, err := p.check(ctx, who, s, response)
	if err != nil {
		return Entry{}, err
	}
	if !n.open() {
		return Entry{}, p.Audit.Refuse(ctx, who, access.PersonSelf, n.ID, errDisabled)
	}
	var e Entry
	err = p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := p.usePasskey(ctx, tx, k); err != nil {
			return err
		}
		if e, err = p.begin(ctx, tx, who, n, agent); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, n.Caller(e.Session.ID), access.PersonSelf, n.ID, detail{"did": "sign_in", "by": "passkey", "passkey": k.ID})
	})
	return e, err
}

// BeginStepUp begins showing again, with a passkey, that the caller is who they are.
func (p *People) BeginStepUp(ctx context.Context, who access.Caller) (Ceremony, error) {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return Ceremony{}, err
	}
	if err := p.Limits.Take(limit.Ceremony, limit.Address(who.Address)); err != nil {
		return Ceremony{}, err
	}
	w, err := p.relying()
	if err != nil {
		return Ceremony{}, err
	}
	options, s, err := w.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("beginning a step-up: %w", err)
	}
	return p.keep(ctx, "step_up", who.Session, nil, s, options)
}

// FinishStepUp takes the answer of a passkey, which must be one of the caller's own.
func (p *People) FinishStepUp(ctx context.Context, who access.Caller, ceremonyID string, response []byte) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	s, _, err := p.resume(ctx, "step_up", who.Session, ceremonyID)
	if err != nil {
		return err
	}
	n, k, err := p.check(ctx, who, s, response)
	if err != nil {
		return err
	}
	if !who.Is(n.ID) {
		return p.Audit.Refuse(ctx, who, access.PersonSelf, who.ID, errPasskey)
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := p.usePasskey(ctx, tx, k); err != nil {
			return err
		}
		return p.proven(ctx, tx, who, "passkey")
	})
}

// check returns whose passkey answered, and the passkey as it is after the answer. A refusal goes on
// record; one for a counter that went backwards says so there, and the person is told by mail.
func (p *People) check(ctx context.Context, who access.Caller, s webauthn.SessionData, response []byte) (Person, stored, error) {
	var n Person
	c, keys, err := p.validate(ctx, s, response, &n)
	if f := fault.As(err); f != nil {
		return Person{}, stored{}, p.Audit.Refuse(ctx, who, access.PersonSelf, n.ID, f)
	}
	if err != nil {
		return Person{}, stored{}, err
	}
	for _, k := range keys {
		if !bytes.Equal(k.cred.ID, c.ID) {
			continue
		}
		if c.Authenticator.CloneWarning {
			return Person{}, stored{}, p.copied(ctx, who, n, k)
		}
		k.cred = *c
		return n, k, nil
	}
	return Person{}, stored{}, errPasskey // the library found it among these
}

// validate checks an answer with the library; n becomes whoever the answer names, also when it is wrong.
func (p *People) validate(ctx context.Context, s webauthn.SessionData, response []byte, n *Person) (*webauthn.Credential, []stored, error) {
	w, err := p.relying()
	if err != nil {
		return nil, nil, err
	}
	if len(response) > maxResponse {
		return nil, nil, errPasskey.Because(errors.New("the answer is too long"))
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, nil, errPasskey.Because(explain(err))
	}
	var keys []stored
	var broken error // the database's, which is not the passkey's fault
	_, c, err := w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		found, ok, err := find(ctx, p.DB.Read(), `p.handle = $1`, handle)
		if err != nil || !ok {
			broken = err
			return nil, errors.Join(err, errors.New("nobody has this handle"))
		}
		*n = found
		if keys, broken = passkeys(ctx, p.DB.Read(), n.ID); broken != nil {
			return nil, broken
		}
		return n.user(keys), nil
	}, s, answer)
	if broken != nil {
		return nil, nil, broken
	}
	if err != nil {
		return nil, nil, errPasskey.Because(explain(err))
	}
	return c, keys, nil
}

// copied records that a passkey counts backwards, tells its owner, and refuses it.
func (p *People) copied(ctx context.Context, who access.Caller, n Person, k stored) error {
	err := p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := p.Audit.Record(ctx, tx, who, access.PersonSelf, n.ID, detail{"did": "passkey_refused", "clone_warning": true, "passkey": k.ID}); err != nil {
			return err
		}
		return p.tell(ctx, tx, n, "passkey_refused")
	})
	if err != nil {
		return err
	}
	return errCopied
}

// usePasskey stores the counter and flags of an answer. Of two answers with one counter, one is taken.
func (p *People) usePasskey(ctx context.Context, tx *sql.Tx, k stored) error {
	data, err := json.Marshal(k.cred)
	if err != nil {
		return fmt.Errorf("storing passkey %s: %w", k.ID, err)
	}
	res, err := tx.ExecContext(ctx, `
		UPDATE passkey SET sign_count = $1, data = $2, used_at = $3
		WHERE id = $4 AND sign_count = $5`,
		int64(k.cred.Authenticator.SignCount), string(data), db.Micros(p.Now()), k.ID, int64(k.count))
	if err != nil {
		return fmt.Errorf("storing passkey %s: %w", k.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errPasskey.Because(errors.New("it was used or removed at the same moment")))
	}
	return nil
}

// BeginEnterByPasskey begins making the passkey of somebody who followed a link.
func (p *People) BeginEnterByPasskey(ctx context.Context, who access.Caller, a Arrival) (Ceremony, error) {
	if err := p.Limits.Take(limit.Ceremony, limit.Address(who.Address)); err != nil {
		return Ceremony{}, err
	}
	l, err := p.Follow(ctx, who, a.Token)
	if err != nil {
		return Ceremony{}, err
	}
	u := user{handle: newHandle(), name: l.Mail, display: a.Name}
	switch l.Purpose {
	case ForReset:
		n, err := byID(ctx, p.DB.Read(), l.Person)
		if err != nil {
			return Ceremony{}, err
		}
		var keys []stored // of somebody vouched for none: they all go
		if l.asks {
			if keys, err = passkeys(ctx, p.DB.Read(), n.ID); err != nil {
				return Ceremony{}, err
			}
		}
		u = n.user(keys)
	case ForMail:
		return Ceremony{}, errLink
	}
	if u.name == "" {
		if u.name, _, err = ParseMail(a.Mail); err != nil {
			return Ceremony{}, err
		}
	}
	if u.display, err = CleanName(u.display, "name"); err != nil {
		return Ceremony{}, err
	}
	if u.display == "" {
		u.display = u.name
	}
	return p.beginMaking(ctx, "enter", l.ID, u)
}

// EnterByPasskey makes an account, or resets one, with a passkey, and signs in.
func (p *People) EnterByPasskey(ctx context.Context, who access.Caller, a Arrival, c NewPasskey) (Entry, error) {
	name, err := passkeyName(c.Name)
	if err != nil {
		return Entry{}, err
	}
	in, err := p.arrive(ctx, who, a)
	if err != nil {
		return Entry{}, err
	}
	cred, handle, err := p.finishMaking(ctx, "enter", in.link.ID, c)
	if err != nil {
		return Entry{}, err
	}
	in.handle = handle
	return p.enter(ctx, who, in, "passkey_added", func(tx *sql.Tx, n Person) error {
		_, err := p.addPasskey(ctx, tx, n.ID, name, cred)
		return err
	})
}
