package person

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
)

// tokenPrefix makes a leaked token recognisable to secret scanners.
const tokenPrefix = "hin_"

const (
	tokenLife = 366 * 24 * time.Hour // at most
	maxTokens = 50                   // a person has fewer programs
)

// A Token lets a program act for a person, within its scopes.
type Token struct {
	ID        string
	Person    string
	Name      string
	Scopes    []access.Action
	Sources   []string // what the source of an event that it sends must begin with
	CreatedAt time.Time
	Ends      time.Time
	UsedAt    time.Time // to five minutes; zero: never
}

// A NewToken is what a person asks a token for.
type NewToken struct {
	Name   string
	Scopes []access.Action // each something the person may do
	// Sources are for a token that sends events, which needs at least one: chat/gateway stands for
	// itself and for what follows it after a slash or a colon.
	Sources []string
	Ends    time.Time // at most a year away
}

// AddToken makes a token for the caller and returns it as it is shown, once.
func (p *People) AddToken(ctx context.Context, who access.Caller, in NewToken) (shown string, t Token, err error) {
	if err := p.mayChange(ctx, who); err != nil {
		return "", Token{}, err
	}
	t, err = p.checkToken(who, in)
	if err != nil {
		return "", Token{}, err
	}
	err = p.change(ctx, who, "token_added", func(tx *sql.Tx, n Person) error {
		var count int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM api_token WHERE person = $1 AND ends > $2`, n.ID, db.Micros(t.CreatedAt)).Scan(&count); err != nil {
			return fmt.Errorf("counting tokens: %w", err)
		}
		if count >= maxTokens {
			return fault.New(fault.Conflict, "An account has at most %d tokens. Revoke one that is not in use.",
				"トークンは%d個までです。使っていないものを取り消してください。", maxTokens)
		}
		token, _ := newToken()
		shown = tokenPrefix + token
		return exec(ctx, tx, "adding a token", `
			INSERT INTO api_token (hash, id, person, name, scopes, created_at, ends, used_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			tokenHash(shown), t.ID, t.Person, t.Name, joinScopes(t), db.Micros(t.CreatedAt), db.Micros(t.Ends))
	})
	if err != nil {
		return "", Token{}, err
	}
	return shown, t, nil
}

func (p *People) checkToken(who access.Caller, in NewToken) (Token, error) {
	now := p.Now()
	name, err := CleanName(in.Name, "name")
	switch {
	case err != nil:
		return Token{}, err
	case name == "":
		return Token{}, fault.New(fault.Invalid, "Name the token after the program that will use it.", "トークンを使うプログラムの名前を入力してください。").At("name")
	case !in.Ends.After(now):
		return Token{}, fault.New(fault.Invalid, "The token must end in the future.", "有効期限には将来の日時を指定してください。").At("ends")
	case in.Ends.Sub(now) > tokenLife:
		return Token{}, fault.New(fault.Invalid, "A token lives a year at most.", "有効期限は最長1年です。").At("ends")
	case len(in.Scopes) == 0:
		return Token{}, fault.New(fault.Invalid, "Choose at least one thing the token may do.", "トークンに許可する操作を一つ以上選んでください。").At("scopes")
	}
	scopes := slices.Clone(in.Scopes)
	slices.Sort(scopes)
	scopes = slices.Compact(scopes)
	who.Scopes = nil
	for _, a := range scopes {
		if !slices.Contains(access.Actions(), a) || !access.Allow(who, a) {
			return Token{}, fault.New(fault.Denied, "You may not do this yourself (%s), so no token of yours may.",
				"この操作（%s）はご自身に許可されていないため、トークンにも許可できません。", string(a)).At("scopes")
		}
	}
	sources, err := checkSources(in.Sources, slices.Contains(scopes, access.EventSend))
	if err != nil {
		return Token{}, err
	}
	return Token{ID: id.New(now), Person: who.ID, Name: name, Scopes: scopes, Sources: sources, CreatedAt: now, Ends: in.Ends}, nil
}

// Tokens lists the caller's tokens, the newest first.
func (p *People) Tokens(ctx context.Context, who access.Caller) ([]Token, error) {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return nil, err
	}
	rows, err := p.DB.Read().QueryContext(ctx, `
		SELECT id, name, scopes, created_at, ends, used_at
		FROM api_token
		WHERE person = $1 AND ends > $2
		ORDER BY id DESC`, who.ID, db.Micros(p.Now()))
	if err != nil {
		return nil, fmt.Errorf("listing tokens of person %s: %w", who.ID, err)
	}
	defer rows.Close()
	var all []Token
	for rows.Next() {
		t := Token{Person: who.ID}
		var scopes string
		var created, ends, used int64
		if err := rows.Scan(&t.ID, &t.Name, &scopes, &created, &ends, &used); err != nil {
			return nil, fmt.Errorf("listing tokens of person %s: %w", who.ID, err)
		}
		t.Scopes, t.Sources = splitScopes(scopes)
		t.CreatedAt, t.Ends, t.UsedAt = db.Time(created), db.Time(ends), db.Time(used)
		all = append(all, t)
	}
	return all, rows.Err()
}

// RevokeToken ends a token of the caller's.
func (p *People) RevokeToken(ctx context.Context, who access.Caller, tokenID string) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM api_token WHERE id = $1 AND person = $2`, tokenID, who.ID)
		if err := oneOrGone(res, err, "revoking a token"); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "token_revoked", "token": tokenID})
	})
}

// AuthenticateToken returns the token and the caller behind an Authorization header's token, with one
// read by key. The caller may do what both the scopes and the person's roles of this moment allow.
func (p *People) AuthenticateToken(ctx context.Context, shown string) (Token, access.Caller, error) {
	if len(shown) != len(tokenPrefix)+43 || !strings.HasPrefix(shown, tokenPrefix) {
		return Token{}, access.Caller{}, audit.ErrSignIn
	}
	hash := tokenHash(shown)
	var t Token
	var scopes string
	var created, ends, used int64
	n, err := scanPerson(p.DB.Read().QueryRowContext(ctx, `
		SELECT `+columns+`, t.id, t.name, t.scopes, t.created_at, t.ends, t.used_at
		FROM api_token t
		JOIN person p ON p.id = t.person
		WHERE t.hash = $1`, hash).Scan, &t.ID, &t.Name, &scopes, &created, &ends, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, access.Caller{}, audit.ErrSignIn
	}
	if err != nil {
		return Token{}, access.Caller{}, db.Explain(fmt.Errorf("reading a token: %w", err))
	}
	t.Person = n.ID
	t.Scopes, t.Sources = splitScopes(scopes)
	t.CreatedAt, t.Ends, t.UsedAt = db.Time(created), db.Time(ends), db.Time(used)
	now := p.Now()
	if !n.open() || !now.Before(t.Ends) {
		return Token{}, access.Caller{}, audit.ErrSignIn
	}
	if now.Sub(t.UsedAt) >= touchEvery {
		// As with a session's visit: reading goes on when this cannot be written.
		_ = p.DB.Tx(ctx, func(tx *sql.Tx) error {
			return exec(ctx, tx, "noting a token's use", `UPDATE api_token SET used_at = $1 WHERE hash = $2 AND used_at = $3`, db.Micros(now), hash, used)
		})
		t.UsedAt = now
	}
	who := n.Caller(t.ID)
	who.Scopes = t.Scopes
	return t, who, nil
}
