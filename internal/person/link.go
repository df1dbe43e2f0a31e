package person

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
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
)

// A Purpose is what a one-time link is for.
type Purpose string

// The purposes.
const (
	ForSignUp Purpose = "sign_up" // make a participant's account
	ForInvite Purpose = "invite"  // make an account at the desk
	ForReset  Purpose = "reset"   // set a new password or passkey
	ForMail   Purpose = "mail"    // prove a mail address
)

// How long a link works. A reset is asked for by somebody who waits for it; an invitation may
// arrive on a Friday.
const (
	signUpLife = 24 * time.Hour
	inviteLife = 72 * time.Hour
	resetLife  = time.Hour
	mailLife   = 24 * time.Hour
)

// Where the links in mail lead, as paths. The pages serve them.
const (
	LinkPath    = "/link/" // and the token
	SignInPath  = "/sign-in"
	AccountPath = "/account"
)

// A Link is what a one-time link leads to.
type Link struct {
	ID        string
	Purpose   Purpose
	Mail      string // empty for a first administrator who was not named
	Person    string // empty when there is no account yet
	Roles     []access.Role
	Lang      lang.Lang
	InvitedBy string
	CreatedAt time.Time
	Ends      time.Time

	// What setting a credential by this link takes. Read from the account, not from the link.
	AsksCode  bool // a code of the authenticator app, or a recovery code
	MakesTOTP bool // with a password, an authenticator app is set up too

	asks bool // as stored: false when an administrator vouched for the person
	key  string
	hash []byte
}

// errLink is one answer for a link that never was, was used, and has ended: a guesser learns nothing.
var errLink = fault.New(fault.NotFound,
	"This link does not work any more: it was used, or its time is over. Ask for a new one; nothing was changed.",
	"このリンクは使用済みか、有効期限が切れています。変更は行われていません。新しいリンクをお求めください。")

// newLink stores a link and returns the path to it.
func (p *People) newLink(ctx context.Context, tx *sql.Tx, l Link, life time.Duration) (path string, made Link, err error) {
	now := p.Now()
	token, hash := newToken()
	l.ID, l.CreatedAt, l.Ends, l.hash = id.New(now), now, now.Add(life), hash
	err = exec(ctx, tx, "storing a link", `
		INSERT INTO person_link (hash, id, purpose, mail, mail_key, person, roles, lang, asks_code, invited_by, created_at, ends)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		hash, l.ID, string(l.Purpose), l.Mail, l.key, l.Person, joinRoles(l.Roles), string(l.Lang), l.asks,
		l.InvitedBy, db.Micros(now), db.Micros(l.Ends))
	return LinkPath + token, l, err
}

const linkColumns = `hash, id, purpose, mail, mail_key, person, roles, lang, asks_code, invited_by, created_at, ends`

func scanLink(scan func(...any) error) (Link, error) {
	var l Link
	var purpose, roles, tag string
	var created, ends int64
	err := scan(&l.hash, &l.ID, &purpose, &l.Mail, &l.key, &l.Person, &roles, &tag, &l.asks, &l.InvitedBy, &created, &ends)
	l.Purpose, l.Roles, l.Lang = Purpose(purpose), splitRoles(roles), lang.Lang(tag)
	l.CreatedAt, l.Ends = db.Time(created), db.Time(ends)
	return l, err
}

// Follow returns what a link from a mail leads to. It uses nothing up: mail scanners follow links too.
func (p *People) Follow(ctx context.Context, who access.Caller, token string) (Link, error) {
	if err := p.Limits.Take(limit.SignIn, limit.Address(who.Address)); err != nil {
		return Link{}, err
	}
	return p.follow(ctx, token)
}

func (p *People) follow(ctx context.Context, token string) (Link, error) {
	q := p.DB.Read()
	l, err := scanLink(q.QueryRowContext(ctx, `
		SELECT `+linkColumns+`
		FROM person_link
		WHERE hash = $1 AND ends > $2`, tokenHash(token), db.Micros(p.Now())).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, errLink
	}
	if err != nil {
		return Link{}, fmt.Errorf("reading a link: %w", err)
	}
	l.MakesTOTP = true
	if l.Purpose == ForReset {
		has, err := hasSecondFactor(ctx, q, l.Person)
		if err != nil {
			return Link{}, err
		}
		l.AsksCode = l.asks && (has.totp || has.recovery > 0)
		l.MakesTOTP = !has.totp || !l.asks // who was vouched for has lost the app
	}
	return l, nil
}

// use takes a link out of the world. Of two who use it at once, one does.
func (p *People) use(ctx context.Context, tx *sql.Tx, l Link) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM person_link WHERE hash = $1 AND ends > $2`, l.hash, db.Micros(p.Now()))
	if err != nil {
		return fmt.Errorf("using a link: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errLink)
	}
	return nil
}

// A mail is the body of a mail.requested message.
type mail struct {
	To       string            `json:"to"`
	Person   string            `json:"person"`
	Template string            `json:"template"`
	Lang     lang.Lang         `json:"lang"`
	Data     map[string]string `json:"data"`
}

// send asks for a mail in the transaction of what it tells.
func (p *People) send(ctx context.Context, tx *sql.Tx, m mail) error {
	return bus.Queue(ctx, tx, p.Now(), "mail.requested", m)
}

// tell tells a person by mail that what they sign in with changed. what is one of the words that the
// mail knows: passkey_added, passkey_removed, password_changed, totp_added, totp_removed, mail_changed and their like.
func (p *People) tell(ctx context.Context, tx *sql.Tx, to Person, what string) error {
	if to.Mail == "" {
		return nil
	}
	return p.send(ctx, tx, mail{To: to.Mail, Person: to.ID, Template: "credential_changed", Lang: to.Lang, Data: map[string]string{
		"name": to.Name, "what": what, "at": rfc3339(p.Now()), "link": AccountPath,
	}})
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
