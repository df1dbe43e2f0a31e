package person

import (
	"context"
	"database/sql"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
)

// ChangeMail sends a link to a new address; the account keeps the old one until the link was followed
// by the caller. For an address of another account the answer is the same, and its owner is told.
func (p *People) ChangeMail(ctx context.Context, who access.Caller, address string) error {
	if err := p.mayChange(ctx, who); err != nil {
		return err
	}
	address, key, err := ParseMail(address)
	if err != nil {
		return err
	}
	if err := p.Limits.Take(limit.Mail, key); err != nil {
		return err
	}
	if err := p.Limits.Take(limit.Mail, who.ID); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := lock(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		other, taken, err := find(ctx, tx, `p.mail_key = $1`, key)
		if err != nil {
			return err
		}
		if taken && other.ID == n.ID && !n.MailVerifiedAt.IsZero() && other.Mail == address {
			return fault.New(fault.Invalid, "This is your address already.", "現在と同じメールアドレスです。").At("mail")
		}
		m := mail{To: other.Mail, Person: other.ID, Template: "account_exists", Lang: other.Lang,
			Data: map[string]string{"link": SignInPath, "name": other.Name}}
		if !taken || other.ID == n.ID {
			if m, err = p.mailLink(ctx, tx, n, address, key); err != nil {
				return err
			}
		}
		if err := p.Audit.Record(ctx, tx, who, access.PersonSelf, n.ID, detail{"did": "mail_change_asked"}); err != nil {
			return err
		}
		return p.send(ctx, tx, m)
	})
}

// mailLink makes the link that proves an address of a person, and the mail with it.
func (p *People) mailLink(ctx context.Context, tx *sql.Tx, n Person, address, key string) (mail, error) {
	path, l, err := p.newLink(ctx, tx, Link{Purpose: ForMail, Person: n.ID, Mail: address, key: key, Lang: n.Lang}, mailLife)
	return mail{To: address, Person: n.ID, Template: "verify_mail", Lang: n.Lang,
		Data: map[string]string{"link": path, "expires": rfc3339(l.Ends), "name": n.Name}}, err
}

// ConfirmMail takes the new address of the caller, who followed the link in it, and tells the old one.
// The caller is signed in: a link that went to somebody else by a typing mistake gives them nothing.
func (p *People) ConfirmMail(ctx context.Context, who access.Caller, token string) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
		return err
	}
	l, err := p.Follow(ctx, who, token)
	if err != nil {
		return err
	}
	if l.Purpose != ForMail || !who.Is(l.Person) || who.Scopes != nil {
		return p.Audit.Refuse(ctx, who, access.PersonSelf, who.ID, errLink)
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := p.use(ctx, tx, l); err != nil {
			return err
		}
		old, err := lock(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE person SET mail = $1, mail_key = $2, mail_verified_at = $3
			WHERE id = $4`, l.Mail, l.key, db.Micros(p.Now()), who.ID)
		if db.Unique(err) {
			return errLink // somebody else proved the address first
		}
		if err != nil {
			return err
		}
		// Links that went to the old address open nothing any more.
		if err := exec(ctx, tx, "removing older links", `DELETE FROM person_link WHERE person = $1`, who.ID); err != nil {
			return err
		}
		if err := p.Audit.Record(ctx, tx, who, access.PersonSelf, who.ID, detail{"did": "mail_changed"}); err != nil {
			return err
		}
		if old.Mail == l.Mail {
			return nil // a first address proved, nothing changed
		}
		return p.tell(ctx, tx, old, "mail_changed")
	})
}

// SetLang chooses the language the caller is written to in.
func (p *People) SetLang(ctx context.Context, who access.Caller, l lang.Lang) error {
	if !l.Valid() {
		return errLang
	}
	return p.edit(ctx, who, "lang", func(n *Person) { n.Lang = l })
}

// SetZone chooses the time zone times are also shown in, by its IANA name. Empty means the program's.
func (p *People) SetZone(ctx context.Context, who access.Caller, zone string) error {
	if len(zone) > 64 || zone == "Local" {
		zone = "?"
	}
	if _, err := time.LoadLocation(zone); err != nil {
		return fault.New(fault.Invalid, "There is no time zone of this name. Pick one, such as Asia/Tokyo.",
			"この名前のタイムゾーンはありません。「Asia/Tokyo」のような名前を選んでください。").At("zone")
	}
	return p.edit(ctx, who, "zone", func(n *Person) { n.Zone = zone })
}

// SetName changes how the caller is called.
func (p *People) SetName(ctx context.Context, who access.Caller, name string) error {
	name, err := CleanName(name, "name")
	if err != nil {
		return err
	}
	if name == "" {
		return fault.New(fault.Invalid, "Say how you want to be called. Any name will do, a handle too.",
			"お名前を入力してください。ハンドルネームでもかまいません。").At("name")
	}
	return p.edit(ctx, who, "name", func(n *Person) { n.Name = name })
}

// edit changes the caller's own row.
func (p *People) edit(ctx context.Context, who access.Caller, what string, fn func(*Person)) error {
	if err := p.Audit.Allow(ctx, who, access.PersonSelf, who.ID); err != nil {
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
		fn(&n)
		if err := save(ctx, tx, n); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, who, access.PersonSelf, n.ID, detail{"did": "changed", "what": what})
	})
}
