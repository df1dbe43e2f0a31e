package person

import (
	"context"
	"database/sql"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
)

var errLang = fault.New(fault.Invalid, "Choose Japanese or English.", "日本語または英語を選んでください。").At("lang")

// SignUp sends a link with which a participant's account is made, or, when the address has an
// account, a mail that says so. The answer is the same, and so is the work.
func (p *People) SignUp(ctx context.Context, who access.Caller, address string, l lang.Lang) error {
	return p.byMail(ctx, who, address, l, "account_exists")
}

// Reset sends a link with which a new password or passkey is set. An address without an account gets
// a link that makes one: the answer is the same, and somebody with two addresses learns which.
func (p *People) Reset(ctx context.Context, who access.Caller, address string, l lang.Lang) error {
	return p.byMail(ctx, who, address, l, "reset")
}

// byMail answers a stranger who typed a mail address: one link, one audit record and one mail,
// whoever the address belongs to. template is the mail for somebody who has an account.
func (p *People) byMail(ctx context.Context, who access.Caller, address string, l lang.Lang, template string) error {
	if !l.Valid() {
		return errLang
	}
	address, key, err := ParseMail(address)
	if err != nil {
		return err
	}
	if err := p.Limits.Take(limit.SignUp, limit.Address(who.Address)); err != nil {
		return err
	}
	if err := p.Limits.Take(limit.Mail, key); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		known, ok, err := find(ctx, tx, `p.mail_key = $1`, key)
		if err != nil {
			return err
		}
		l := Link{Purpose: ForSignUp, Mail: address, key: key, Lang: l}
		life, m := signUpLife, mail{Template: "verify_mail"}
		if ok {
			l = Link{Purpose: ForReset, Person: known.ID, Mail: known.Mail, key: key, Lang: known.Lang, asks: true}
			life, m = resetLife, mail{Template: template, Person: known.ID}
		}
		if m.Template == "account_exists" {
			life = 0 // a link over before anybody is told of it: its row is written because the other case writes one
		}
		path, l, err := p.newLink(ctx, tx, l, life)
		if err != nil {
			return err
		}
		if m.Template == "account_exists" {
			path = SignInPath
		}
		m.To, m.Lang = l.Mail, l.Lang
		m.Data = map[string]string{"link": path, "expires": rfc3339(l.Ends), "name": known.Name}
		if err := p.Audit.Record(ctx, tx, who, access.PersonSelf, known.ID, detail{"did": "link_asked"}); err != nil {
			return err
		}
		return p.send(ctx, tx, m)
	})
}
