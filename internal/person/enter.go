package person

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// An Arrival is what somebody who followed a link brings besides the new credential.
type Arrival struct {
	Token string    // of the link
	Mail  string    // only where the link names none
	Lang  lang.Lang // what they read the page in; empty: what the link was asked for in
	Name  string    // as they spell it; staff need one, participants may give it later
	Code  string    // where the link asks for one: of the authenticator app, or a recovery code
	Agent string    // the User-Agent header
}

// A NewPassword is a password with the authenticator app that goes with it.
type NewPassword struct {
	Password string
	Sealed   string // of the TOTPOffer, where one was made
	Code     string // the first code of that app
}

// arrival is an Arrival that was looked at.
type arrival struct {
	Arrival
	link  Link
	known Person // for a reset
	mail  string // of a new account
	key   string
	proof *proof // to be used up
	tries []byte // to be forgotten

	handle []byte // the user handle a new passkey was made for
}

// OfferTOTP makes the authenticator app that goes with a password, for somebody who followed a link.
func (p *People) OfferTOTP(ctx context.Context, who access.Caller, token string) (TOTPOffer, error) {
	l, err := p.Follow(ctx, who, token)
	if err != nil {
		return TOTPOffer{}, err
	}
	address := l.Mail
	if address == "" {
		address = "admin"
	}
	return p.offer("link "+l.ID, address)
}

// EnterByPassword makes an account, or resets one, with a password and an authenticator app, and signs in.
func (p *People) EnterByPassword(ctx context.Context, who access.Caller, a Arrival, c NewPassword) (Entry, error) {
	in, err := p.arrive(ctx, who, a)
	if err != nil {
		return Entry{}, err
	}
	password, err := CheckPassword(c.Password, in.link.Mail, in.mail, in.Name, in.known.Name)
	if err != nil {
		return Entry{}, err
	}
	var secret []byte
	var step int64
	if in.link.MakesTOTP {
		if secret, step, err = p.accept("link "+in.link.ID, c.Sealed, c.Code); err != nil {
			return Entry{}, err
		}
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return Entry{}, err
	}
	return p.enter(ctx, who, in, "password_changed", func(tx *sql.Tx, n Person) error {
		if err := p.setPassword(ctx, tx, n.ID, hash); err != nil {
			return err
		}
		if secret == nil {
			return nil
		}
		return p.setTOTP(ctx, tx, n.ID, secret, step)
	})
}

// arrive looks at what somebody with a link brought, except the new credential.
func (p *People) arrive(ctx context.Context, who access.Caller, a Arrival) (arrival, error) {
	l, err := p.Follow(ctx, who, a.Token)
	if err != nil {
		return arrival{}, err
	}
	in := arrival{Arrival: a, link: l, mail: l.Mail, key: l.key}
	if in.Name, err = CleanName(a.Name, "name"); err != nil {
		return arrival{}, err
	}
	switch l.Purpose {
	case ForSignUp:
	case ForInvite:
		if in.Name == "" {
			return arrival{}, fault.New(fault.Invalid, "Say by what name you sign what you write to reporters.",
				"報告者への連絡で使うお名前を入力してください。").At("name")
		}
		if in.mail == "" {
			if in.mail, in.key, err = ParseMail(a.Mail); err != nil {
				return arrival{}, err
			}
		}
	case ForReset:
		if in.known, err = byID(ctx, p.DB.Read(), l.Person); err != nil {
			return arrival{}, err
		}
		if !in.known.open() {
			return arrival{}, p.Audit.Refuse(ctx, who, access.PersonSelf, in.known.ID, errDisabled)
		}
	default:
		return arrival{}, errLink
	}
	if l.AsksCode {
		err = p.ask(ctx, who, &in)
	}
	return in, err
}

// ask looks at the second factor that a reset wants. A wrong one counts as a wrong password does.
func (p *People) ask(ctx context.Context, who access.Caller, in *arrival) error {
	place, err := p.known(ctx, who, in.known.ID)
	if err != nil {
		return err
	}
	in.tries = account(in.key, place)
	if err := p.try(ctx, in.tries); err != nil {
		return err
	}
	f, ok, err := p.prove(ctx, in.known.ID, in.Code)
	if err != nil {
		return err
	}
	if !ok {
		return p.Audit.Refuse(ctx, who, access.PersonSelf, in.known.ID, fault.New(fault.Denied,
			"The code is not right, or it was used already. Type the next code of the authenticator app, or one of your recovery codes. Without both, an administrator of the desk can help.",
			"コードが正しくないか、すでに使用されています。認証アプリに次に表示されるコード、または回復コードを入力してください。どちらもお持ちでない場合は、運営の管理者がお手伝いします。").At("code"))
	}
	in.proof = &f
	return nil
}

// enter makes or resets the account in one transaction:
//
//  1. use the link up, and the code;
//  2. make the person, or take away what a reset takes away: every session and token, and, when an
//     administrator vouched for them, every credential;
//  3. set the new credential;
//  4. sign in, record, tell by mail.
//
// A crash before the commit leaves the link usable.
func (p *People) enter(ctx context.Context, who access.Caller, in arrival, what string, set func(*sql.Tx, Person) error) (Entry, error) {
	var e Entry
	err := p.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := p.use(ctx, tx, in.link); err != nil {
			return err
		}
		n, err := p.make(ctx, tx, in)
		if err != nil {
			return err
		}
		if err := set(tx, n); err != nil {
			return err
		}
		has, err := hasSecondFactor(ctx, tx, n.ID)
		if err != nil {
			return err
		}
		var codes []string
		if has.recovery == 0 {
			if codes, err = setRecovery(ctx, tx, n.ID); err != nil {
				return err
			}
		}
		if e, err = p.begin(ctx, tx, who, n, in.Agent); err != nil {
			return err
		}
		e.Codes = codes
		var prove mail
		if n.MailVerifiedAt.IsZero() {
			if prove, err = p.mailLink(ctx, tx, n, n.Mail, in.key); err != nil {
				return err
			}
		}
		did := detail{"did": string(in.link.Purpose), "with": what, "link": in.link.ID}
		if err := p.Audit.Record(ctx, tx, n.Caller(e.Session.ID), access.PersonSelf, n.ID, did); err != nil {
			return err
		}
		if in.link.Purpose == ForReset {
			return p.tell(ctx, tx, n, what)
		}
		if prove.To != "" {
			return p.send(ctx, tx, prove)
		}
		return nil
	})
	return e, err
}

// make returns the person of an arrival: a new one, or the known one made bare.
func (p *People) make(ctx context.Context, tx *sql.Tx, in arrival) (Person, error) {
	l := in.link
	n := Person{Mail: in.mail, MailVerifiedAt: p.Now(), Name: in.Name, Lang: l.Lang}
	if in.Lang.Valid() {
		n.Lang = in.Lang
	}
	if l.Mail == "" {
		n.MailVerifiedAt = time.Time{}
	}
	switch l.Purpose {
	case ForSignUp:
		n.Kind, n.State = access.Participant, Pending
	case ForInvite:
		n.Kind, n.State, n.Roles = access.Staff, Active, l.Roles
		if err := p.stillInvited(ctx, tx, l); err != nil {
			return Person{}, err
		}
	default:
		return p.bare(ctx, tx, in)
	}
	n.handle = in.handle
	n, err := p.insert(ctx, tx, n, in.key)
	if err != nil {
		return Person{}, err
	}
	return n, exec(ctx, tx, "removing other links", `DELETE FROM person_link WHERE mail_key = $1 AND purpose = $2`, in.key, string(l.Purpose))
}

// bare takes away from a known person what a reset takes away.
func (p *People) bare(ctx context.Context, tx *sql.Tx, in arrival) (Person, error) {
	n, err := lock(ctx, tx, in.known.ID)
	if err != nil {
		return Person{}, err
	}
	if !n.open() {
		return Person{}, errDisabled
	}
	if in.proof != nil {
		if err := useProof(ctx, tx, n.ID, *in.proof); err != nil {
			return Person{}, err
		}
		if err := forgive(ctx, tx, in.tries); err != nil {
			return Person{}, err
		}
	}
	if err := endEverything(ctx, tx, n.ID); err != nil {
		return Person{}, err
	}
	if !in.link.asks {
		if err := dropCredentials(ctx, tx, n.ID); err != nil {
			return Person{}, err
		}
	}
	return n, nil
}

// endEverything ends every session, token and link of a person.
func endEverything(ctx context.Context, tx *sql.Tx, personID string) error {
	for _, table := range []string{"session", "api_token", "person_link"} {
		if err := exec(ctx, tx, "ending what person "+personID+" has open", fmt.Sprintf(`DELETE FROM %s WHERE person = $1`, table), personID); err != nil {
			return err
		}
	}
	return nil
}

// dropCredentials removes everything a person signs in with.
func dropCredentials(ctx context.Context, tx *sql.Tx, personID string) error {
	for _, table := range []string{"passkey", "password", "totp", "recovery_code"} {
		if err := exec(ctx, tx, "removing credentials of person "+personID, fmt.Sprintf(`DELETE FROM %s WHERE person = $1`, table), personID); err != nil {
			return err
		}
	}
	return nil
}

// stillInvited checks that whoever invited may still do so, and that a first administrator is the first.
func (p *People) stillInvited(ctx context.Context, tx *sql.Tx, l Link) error {
	if err := lockStaff(ctx, tx); err != nil {
		return err
	}
	if l.InvitedBy == "" {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM person WHERE kind = 'staff'`).Scan(&n); err != nil {
			return fmt.Errorf("counting staff: %w", err)
		}
		if n > 0 {
			return errLink
		}
		return nil
	}
	if l.InvitedBy == access.Self.ID {
		return nil
	}
	by, err := byID(ctx, tx, l.InvitedBy)
	if err != nil {
		return err
	}
	if who := by.Caller(""); by.State != Active || !access.Allow(who, access.PersonInvite) || mayGrant(who, l.Roles) != nil {
		return fault.New(fault.Conflict,
			"Whoever invited you may not do so any more. Ask the desk for a new invitation.",
			"招待した人の権限が変わったため、この招待は使えません。運営に新しい招待をご依頼ください。")
	}
	return nil
}

// lockStaff makes every other change of who holds which role wait until this transaction ends.
func lockStaff(ctx context.Context, tx *sql.Tx) error {
	return exec(ctx, tx, "locking the roles", `
		INSERT INTO staff_lock (id, version) VALUES (1, 1)
		ON CONFLICT (id) DO UPDATE SET version = staff_lock.version + 1`)
}
