// Package person knows the people who sign in: participants, who sign up themselves, and staff,
// who are invited.
//
// What it defends against, and how:
//
//   - Finding out who has an account: asking for a link gives one answer and does the same work
//     whether there is an account or not; a wrong address, password or code is one answer too, and
//     argon2id runs against a dummy when there is nothing to compare with.
//   - Guessing: tries with a password are counted in the database before they are evaluated, per
//     account; the wait grows to minutes. Networks a person has signed in from are counted apart and
//     passkeys not at all, so that an attacker elsewhere cannot lock anybody out.
//   - A stolen database: of cookies, links, API tokens and recovery codes only hashes are stored,
//     TOTP secrets are sealed with a key that is not in the database.
//   - A stolen session: it ends when idle and at the latest after a fixed time, and whatever changes
//     what one signs in with, or somebody else's role, wants a credential shown again.
//   - A dishonest administrator: nobody changes their own roles, nobody holds admin and payer, one
//     administrator always remains, and everything is on record.
package person

import (
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// A State says whether a person may work with the product.
type State string

// The states. A pending participant may sign in and write drafts; what is missing before a report
// can be sent is known to package participant.
const (
	Pending   State = "pending"
	Active    State = "active"
	Disabled  State = "disabled"
	Withdrawn State = "withdrawn"
)

// A Person is somebody who signs in.
type Person struct {
	ID             string
	Kind           access.Kind
	Mail           string
	MailVerifiedAt time.Time // zero: not yet
	Name           string    // as they spell it; may be empty
	Lang           lang.Lang
	Zone           string // IANA name; empty means the program's
	Roles          []access.Role
	State          State
	CreatedAt      time.Time
	LastLoginAt    time.Time // zero: never
	Version        int64

	handle []byte // the WebAuthn user handle
}

// Caller returns the person as the caller of an operation in a session.
func (p Person) Caller(session string) access.Caller {
	return access.Caller{ID: p.ID, Kind: p.Kind, Roles: p.Roles, Session: session}
}

// Holds reports whether the person has the role and may use it.
func (p Person) Holds(r access.Role) bool {
	return p.State == Active && slices.Contains(p.Roles, r)
}

// open reports whether the person may sign in.
func (p Person) open() bool { return p.State == Pending || p.State == Active }

// checkRoles returns roles without repetition in the order of access.Roles, or says what is wrong with them.
func checkRoles(roles []access.Role) ([]access.Role, error) {
	var out []access.Role
	for _, r := range access.Roles {
		if slices.Contains(roles, r) {
			out = append(out, r)
		}
	}
	for _, r := range roles {
		if !slices.Contains(access.Roles, r) {
			return nil, fault.New(fault.Invalid, "There is no role %q.", "「%s」という役割はありません。", string(r)).At("roles")
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid,
			"Choose at least one role. Somebody who should do nothing any more is disabled instead.",
			"役割を一つ以上選んでください。すべての権限を外す場合は、アカウントを無効にしてください。").At("roles")
	}
	if slices.Contains(out, access.Admin) && slices.Contains(out, access.Payer) {
		return nil, fault.New(fault.Invalid,
			"Administrator and payer may not be one person: an administrator can do everything but pay. Give the payer role to somebody else.",
			"管理者と支払担当を同じ人が兼ねることはできません。管理者は支払い以外のすべてを行えます。支払担当は別の人にしてください。").At("roles")
	}
	return out, nil
}

// mayGrant says whether who may hand out the roles. An administrator hands out every role, payer too
// (to others: nobody changes their own); anybody else who may invite only what they hold themselves.
func mayGrant(who access.Caller, roles []access.Role) error {
	if who.Kind == access.System || who.Has(access.Admin) {
		return nil
	}
	for _, r := range roles {
		if !who.Has(r) {
			return fault.New(fault.Denied,
				"You do not hold the role %q, so you cannot give it. Ask an administrator.",
				"「%s」の役割をお持ちでないため、付与できません。管理者にご相談ください。", string(r)).At("roles")
		}
	}
	return nil
}

func joinRoles(roles []access.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, " ")
}

func splitRoles(text string) []access.Role {
	var roles []access.Role
	for word := range strings.FieldsSeq(text) {
		roles = append(roles, access.Role(word))
	}
	return roles
}
