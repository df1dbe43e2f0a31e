package person

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
)

// columns are those of a person, in the order scanPerson reads them.
const columns = `p.id, p.kind, p.mail, p.mail_verified_at, p.name, p.lang, p.zone, p.roles, p.state,
	p.handle, p.created_at, p.last_login_at, p.version`

func errNoPerson(id string) error {
	return fault.New(fault.NotFound, "There is no such person here (%.40s).", "該当する人が見つかりません（%.40s）。", id)
}

// scanPerson reads the columns of a person, and more after them.
func scanPerson(scan func(...any) error, more ...any) (Person, error) {
	var p Person
	var verified, created, login int64
	var kind, l, roles, state string
	err := scan(append([]any{&p.ID, &kind, &p.Mail, &verified, &p.Name, &l, &p.Zone, &roles, &state,
		&p.handle, &created, &login, &p.Version}, more...)...)
	if err != nil {
		return Person{}, err
	}
	p.Kind, p.Lang, p.Roles, p.State = access.Kind(kind), lang.Lang(l), splitRoles(roles), State(state)
	p.MailVerifiedAt, p.CreatedAt, p.LastLoginAt = db.Time(verified), db.Time(created), db.Time(login)
	return p, nil
}

// byID reads a person. Nobody there is a fault.
func byID(ctx context.Context, q db.Querier, personID string) (Person, error) {
	p, ok, err := find(ctx, q, `p.id = $1`, personID)
	if err == nil && !ok {
		err = errNoPerson(personID)
	}
	return p, err
}

// find reads the one person a condition names, if there is one.
func find(ctx context.Context, q db.Querier, where string, arg any) (Person, bool, error) {
	p, err := scanPerson(q.QueryRowContext(ctx, `SELECT `+columns+` FROM person p WHERE `+where, arg).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Person{}, false, nil
	}
	if err != nil {
		return Person{}, false, fmt.Errorf("reading a person: %w", err)
	}
	return p, true, nil
}

// insert adds a person under an id that it makes.
func (p *People) insert(ctx context.Context, tx *sql.Tx, n Person, key string) (Person, error) {
	now := p.Now()
	n.ID, n.Version = id.New(now), 1
	if n.CreatedAt.IsZero() {
		n.CreatedAt = now
	}
	if len(n.handle) == 0 {
		n.handle = newHandle()
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO person (id, kind, mail, mail_key, mail_verified_at, name, lang, zone, roles, state, handle, created_at, last_login_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 1)`,
		n.ID, string(n.Kind), n.Mail, key, db.Micros(n.MailVerifiedAt), n.Name, string(n.Lang), n.Zone,
		joinRoles(n.Roles), string(n.State), n.handle, db.Micros(n.CreatedAt))
	if db.Unique(err) {
		return Person{}, fault.New(fault.Conflict,
			"There is an account with this mail address by now. Sign in, or ask for a link to set a new password or passkey.",
			"このメールアドレスのアカウントはすでに作成されています。サインインするか、再設定用のリンクをお求めください。").Because(err)
	}
	if err != nil {
		return Person{}, fmt.Errorf("adding a person: %w", err)
	}
	return n, nil
}

// save writes what may change of a person and checks that nobody else did.
func save(ctx context.Context, tx *sql.Tx, n Person) error {
	err := db.One(tx.ExecContext(ctx, `
		UPDATE person SET name = $1, lang = $2, zone = $3, roles = $4, state = $5, version = version + 1
		WHERE id = $6 AND version = $7`,
		n.Name, string(n.Lang), n.Zone, joinRoles(n.Roles), string(n.State), n.ID, n.Version))
	if err != nil {
		return fmt.Errorf("saving person %s: %w", n.ID, err)
	}
	return nil
}

// lock makes every other change to what the person signs in with wait until this transaction ends,
// and returns the person as it is then.
func lock(ctx context.Context, tx *sql.Tx, personID string) (Person, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE person SET version = version + 1 WHERE id = $1`, personID); err != nil {
		return Person{}, fmt.Errorf("locking person %s: %w", personID, err)
	}
	return byID(ctx, tx, personID)
}

// newHandle returns a WebAuthn user handle: 64 random bytes, as the specification advises. It is
// stored in authenticators, so it must not say who somebody is.
func newHandle() []byte {
	b := make([]byte, 64)
	_, _ = rand.Read(b)
	return b
}

// exec runs a statement whose number of rows does not matter.
func exec(ctx context.Context, tx *sql.Tx, doing, query string, args ...any) error {
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
