package person

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// Invite invites somebody to the desk. A second invitation to one address takes the first one back.
func (p *People) Invite(ctx context.Context, who access.Caller, address string, roles []access.Role, l lang.Lang) error {
	if err := p.Audit.Allow(ctx, who, access.PersonInvite, ""); err != nil {
		return err
	}
	if err := p.Fresh(ctx, who); err != nil {
		return err
	}
	if !l.Valid() {
		return errLang
	}
	address, key, err := ParseMail(address)
	if err != nil {
		return err
	}
	if roles, err = checkRoles(roles); err != nil {
		return err
	}
	if err := mayGrant(who, roles); err != nil {
		return p.Audit.Refuse(ctx, who, access.PersonInvite, "", err)
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if known, ok, err := find(ctx, tx, `p.mail_key = $1`, key); err != nil || ok {
			return errorOr(err, fault.New(fault.Conflict,
				"There is a %s account with this address already. One person, one address: staff who report vulnerabilities use another one for that.",
				"このアドレスのアカウント（%s）はすでにあります。運営と報告者のアカウントには、別々のアドレスを使ってください。", string(known.Kind)).At("mail"))
		}
		by, err := signature(ctx, tx, who)
		if err != nil {
			return err
		}
		if err := exec(ctx, tx, "taking an invitation back", `DELETE FROM person_link WHERE mail_key = $1 AND purpose = 'invite'`, key); err != nil {
			return err
		}
		path, made, err := p.newLink(ctx, tx, Link{Purpose: ForInvite, Mail: address, key: key, Roles: roles, Lang: l, InvitedBy: who.ID}, inviteLife)
		if err != nil {
			return err
		}
		if err := p.Audit.Record(ctx, tx, who, access.PersonInvite, made.ID, detail{"did": "invited", "roles": roles}); err != nil {
			return err
		}
		return p.send(ctx, tx, mail{To: address, Template: "invite", Lang: l,
			Data: map[string]string{"link": path, "expires": rfc3339(made.Ends), "by": by}})
	})
}

// signature returns the name by which the caller signs. The product itself signs with nothing.
func signature(ctx context.Context, tx *sql.Tx, who access.Caller) (string, error) {
	if who.Kind == access.System {
		return "", nil
	}
	n, err := byID(ctx, tx, who.ID)
	return n.Name, err
}

// Invitations lists the open invitations, the newest first.
func (p *People) Invitations(ctx context.Context, who access.Caller) ([]Link, error) {
	if err := p.Audit.Allow(ctx, who, access.PersonInvite, ""); err != nil {
		return nil, err
	}
	rows, err := p.DB.Read().QueryContext(ctx, `
		SELECT `+linkColumns+`
		FROM person_link
		WHERE purpose = 'invite' AND ends > $1
		ORDER BY id DESC`, db.Micros(p.Now()))
	if err != nil {
		return nil, fmt.Errorf("listing invitations: %w", err)
	}
	defer rows.Close()
	var all []Link
	for rows.Next() {
		l, err := scanLink(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("listing invitations: %w", err)
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

// CancelInvitation takes an open invitation back.
func (p *People) CancelInvitation(ctx context.Context, who access.Caller, linkID string) error {
	if err := p.Audit.Allow(ctx, who, access.PersonInvite, linkID); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM person_link WHERE id = $1 AND purpose = 'invite'`, linkID)
		if err := oneOrGone(res, err, "taking an invitation back"); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, who, access.PersonInvite, linkID, detail{"did": "invitation_cancelled"})
	})
}

// Bootstrap returns the link with which the first administrator makes an account, or ""
// when there is staff already. address may be empty: then whoever opens the link says theirs. A link made
// before stops working. The operator reads it from the terminal; it goes by no mail.
func (p *People) Bootstrap(ctx context.Context, address string) (link string, err error) {
	l := Link{Purpose: ForInvite, Roles: []access.Role{access.Admin}, Lang: lang.EN}
	if address != "" {
		if l.Mail, l.key, err = ParseMail(address); err != nil {
			return "", err
		}
	}
	err = p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := lockStaff(ctx, tx); err != nil {
			return err
		}
		var staff int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM person WHERE kind = 'staff'`).Scan(&staff); err != nil {
			return fmt.Errorf("counting staff: %w", err)
		}
		if staff > 0 {
			return nil
		}
		if err := exec(ctx, tx, "taking back an older first invitation", `
			DELETE FROM person_link WHERE purpose = 'invite' AND invited_by = ''`); err != nil {
			return err
		}
		path, made, err := p.newLink(ctx, tx, l, inviteLife)
		if err != nil {
			return err
		}
		link = p.BaseURL + path
		return p.Audit.Record(ctx, tx, access.Self, access.PersonInvite, made.ID, detail{"did": "bootstrap", "roles": l.Roles})
	})
	return link, err
}

// SetRoles changes what a member of staff is trusted with. Nobody changes their own roles.
func (p *People) SetRoles(ctx context.Context, who access.Caller, personID string, roles []access.Role) error {
	roles, err := checkRoles(roles)
	if err != nil {
		return err
	}
	return p.govern(ctx, who, personID, func(n *Person) (detail, error) {
		if n.Kind != access.Staff {
			return nil, fault.New(fault.Conflict, "Only staff have roles.", "役割を持てるのは運営のメンバーだけです。")
		}
		if err := mayGrant(who, append(slices.Clone(roles), n.Roles...)); err != nil {
			return nil, err
		}
		d := detail{"did": "roles", "from": n.Roles, "to": roles}
		n.Roles = roles
		return d, nil
	})
}

// Disable shuts somebody out: their sessions, tokens and links end, their work stays. reason goes on record.
func (p *People) Disable(ctx context.Context, who access.Caller, personID, reason string) error {
	return p.govern(ctx, who, personID, func(n *Person) (detail, error) {
		if !n.open() {
			return nil, fault.New(fault.Conflict, "This account is not in use.", "このアカウントは使用されていません。")
		}
		n.State = Disabled
		return detail{"did": "disabled", "reason": reason}, nil
	})
}

// Enable lets somebody in again who was disabled. A participant is pending first: what they declared
// is looked at anew.
func (p *People) Enable(ctx context.Context, who access.Caller, personID, reason string) error {
	return p.govern(ctx, who, personID, func(n *Person) (detail, error) {
		if n.State != Disabled {
			return nil, fault.New(fault.Conflict, "This account is not disabled.", "このアカウントは無効になっていません。")
		}
		if n.State = Active; n.Kind == access.Participant {
			n.State = Pending
		}
		return detail{"did": "enabled", "reason": reason}, nil
	})
}

// govern changes somebody else's account: allowed, freshly proved, never one's own, one at a time (so
// that two administrators do not remove each other), and one administrator remains.
func (p *People) govern(ctx context.Context, who access.Caller, personID string, fn func(*Person) (detail, error)) error {
	if err := p.mayGovern(ctx, who, personID); err != nil {
		return err
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := lockStaff(ctx, tx); err != nil {
			return err
		}
		if err := stillMay(ctx, tx, who); err != nil {
			return err
		}
		n, err := lock(ctx, tx, personID)
		if err != nil {
			return err
		}
		was := n
		d, err := fn(&n)
		if err != nil {
			return err
		}
		if err := save(ctx, tx, n); err != nil {
			return err
		}
		if was.Holds(access.Admin) && !n.Holds(access.Admin) {
			if err := adminRemains(ctx, tx); err != nil {
				return err
			}
		}
		if n.State == Disabled {
			if err := endEverything(ctx, tx, n.ID); err != nil {
				return err
			}
		}
		return p.Audit.Record(ctx, tx, who, access.PersonInvite, n.ID, d)
	})
}

// mayGovern checks whether the caller may change this person's account.
func (p *People) mayGovern(ctx context.Context, who access.Caller, personID string) error {
	if err := p.Audit.Allow(ctx, who, access.PersonInvite, personID); err != nil {
		return err
	}
	if who.Is(personID) {
		return p.Audit.Refuse(ctx, who, access.PersonInvite, personID, fault.New(fault.Denied,
			"Nobody changes their own roles or state. Ask another administrator.",
			"自分自身の役割や状態は変更できません。ほかの管理者にご依頼ください。"))
	}
	return p.Fresh(ctx, who)
}

// stillMay looks again, under the lock, whether the caller holds what the check before it saw: of two
// administrators who disable each other, one does.
func stillMay(ctx context.Context, tx *sql.Tx, who access.Caller) error {
	if who.Kind == access.System {
		return nil
	}
	n, err := byID(ctx, tx, who.ID)
	if err != nil {
		return err
	}
	if n.State != Active || !access.Allow(n.Caller(who.Session), access.PersonInvite) {
		return fault.New(fault.Denied, "Your own role was changed a moment ago. Nothing was changed by you.",
			"直前にご自身の役割が変更されたため、この操作は行われませんでした。")
	}
	return nil
}

// adminRemains checks that somebody can still administer.
func adminRemains(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT roles FROM person WHERE kind = 'staff' AND state = 'active'`)
	if err != nil {
		return fmt.Errorf("counting administrators: %w", err)
	}
	defer rows.Close()
	admins := 0
	for rows.Next() {
		var roles string
		if err := rows.Scan(&roles); err != nil {
			return fmt.Errorf("counting administrators: %w", err)
		}
		if slices.Contains(splitRoles(roles), access.Admin) {
			admins++
		}
	}
	if err := rows.Err(); err != nil || admins > 0 {
		return err
	}
	return fault.New(fault.Conflict,
		"This is the last administrator. Make somebody else one first.",
		"最後の管理者です。先にほかの人を管理者にしてください。")
}

// Vouch sends a reset link that asks for no second factor, to somebody who lost everything and whose
// identity was checked by another road. Following it removes every credential they had. how says how it
// was checked, and goes on record.
func (p *People) Vouch(ctx context.Context, who access.Caller, personID, how string) error {
	if err := p.mayGovern(ctx, who, personID); err != nil {
		return err
	}
	if how == "" {
		return fault.New(fault.Invalid, "Say how you made sure that it is them.", "ご本人であることをどう確認したか、記入してください。").At("how")
	}
	return p.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := lock(ctx, tx, personID)
		if err != nil {
			return err
		}
		if !n.open() {
			return errDisabled
		}
		_, key, err := ParseMail(n.Mail)
		if err != nil {
			return err
		}
		path, l, err := p.newLink(ctx, tx, Link{Purpose: ForReset, Person: n.ID, Mail: n.Mail, key: key, Lang: n.Lang, InvitedBy: who.ID}, resetLife)
		if err != nil {
			return err
		}
		if err := p.Audit.Record(ctx, tx, who, access.PersonInvite, n.ID, detail{"did": "vouched", "how": how, "link": l.ID}); err != nil {
			return err
		}
		return p.send(ctx, tx, mail{To: n.Mail, Person: n.ID, Template: "reset", Lang: n.Lang,
			Data: map[string]string{"link": path, "expires": rfc3339(l.Ends), "name": n.Name}})
	})
}

// A Newcomer is somebody the product itself adds: the demo's people, and an import.
type Newcomer struct {
	Kind      access.Kind
	Mail      string
	Name      string
	Lang      lang.Lang
	Roles     []access.Role
	CreatedAt time.Time // zero means now
	Password  string    // empty: none
	Hash      string    // of HashPassword, by who makes many at once; instead of the password
	TOTP      []byte    // the secret that goes with the password
}

// Add adds somebody without a link. Only the product itself does.
func (p *People) Add(ctx context.Context, who access.Caller, in Newcomer) (Person, error) {
	if who.Kind != access.System {
		return Person{}, p.Audit.Refuse(ctx, who, access.PersonInvite, "", fault.New(fault.Denied, "Invite them instead.", "招待してください。"))
	}
	address, key, err := ParseMail(in.Mail)
	if err != nil {
		return Person{}, err
	}
	n := Person{Kind: in.Kind, Mail: address, MailVerifiedAt: in.CreatedAt, Lang: in.Lang, State: Pending, CreatedAt: in.CreatedAt}
	if n.MailVerifiedAt.IsZero() {
		n.MailVerifiedAt = p.Now()
	}
	if n.Name, err = CleanName(in.Name, "name"); err != nil {
		return Person{}, err
	}
	if n.Kind == access.Staff {
		n.State = Active
		if n.Roles, err = checkRoles(in.Roles); err != nil {
			return Person{}, err
		}
	}
	hash := in.Hash
	if in.Password != "" {
		if hash, err = HashPassword(ctx, in.Password); err != nil {
			return Person{}, err
		}
	}
	err = p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if n, err = p.insert(ctx, tx, n, key); err != nil {
			return err
		}
		if hash != "" {
			if err := p.setPassword(ctx, tx, n.ID, hash); err != nil {
				return err
			}
			if err := p.setTOTP(ctx, tx, n.ID, in.TOTP, 0); err != nil {
				return err
			}
		}
		return p.Audit.Record(ctx, tx, who, access.PersonInvite, n.ID, detail{"did": "added", "kind": n.Kind, "roles": n.Roles})
	})
	return n, err
}

// Open begins a session for somebody without a credential. Only the product itself does, for the demo,
// whose sign-ins are links on a page.
func (p *People) Open(ctx context.Context, who access.Caller, personID, agent string) (Entry, error) {
	if who.Kind != access.System {
		return Entry{}, p.Audit.Refuse(ctx, who, access.PersonInvite, personID, errPasskey)
	}
	var e Entry
	err := p.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := byID(ctx, tx, personID)
		if err != nil {
			return err
		}
		if !n.open() {
			return errDisabled
		}
		if e, err = p.begin(ctx, tx, who, n, agent); err != nil {
			return err
		}
		return p.Audit.Record(ctx, tx, who, access.PersonSelf, n.ID, detail{"did": "session_opened", "session": e.Session.ID})
	})
	return e, err
}
