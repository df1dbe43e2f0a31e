package person

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
)

// A Passkey is one of the passkeys of a person, as their list shows it.
type Passkey struct {
	ID        string
	Name      string // as they called it
	CreatedAt time.Time
	UsedAt    time.Time // zero: never
	Synced    bool      // kept in more than one device
}

// A Ceremony is the first half of making or using a passkey: what navigator.credentials is called with.
// ID comes back with the answer.
type Ceremony struct {
	ID      string          `json:"id"`
	Options json.RawMessage `json:"options"` // {"publicKey": …}
}

// A NewPasskey is the second half of making a passkey.
type NewPasskey struct {
	Ceremony string
	Response []byte // the PublicKeyCredential as JSON
	Name     string // what to call it; empty: its maker's or "Passkey"
}

const (
	ceremonyLife = 5 * time.Minute
	maxResponse  = 64 << 10 // bytes; a real one has about two thousand
	maxPasskeys  = 20       // a person has fewer devices
)

// errPasskey is one answer for everything that can be wrong with a passkey's answer.
var errPasskey = fault.New(fault.Denied,
	"The passkey was not accepted. Nothing was changed. Try once more from the beginning; if it stays so, use another passkey or your password.",
	"パスキーを確認できませんでした。変更は行われていません。最初からもう一度お試しください。うまくいかない場合は、別のパスキーかパスワードをご利用ください。")

// relying returns the library's view of us. It is made for each ceremony: it costs little, and the
// library's own lazy check of its configuration is not made for many goroutines.
func (p *People) relying() (*webauthn.WebAuthn, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: p.RP.ID, RPDisplayName: p.RP.Name, RPOrigins: p.RP.Origins,
		AttestationPreference: protocol.PreferNoAttestation, // we would not refuse any maker
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification:   protocol.VerificationRequired,
		},
		// Some browsers add outputs nobody asked for; we use none.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("setting up passkeys: %w", err)
	}
	return w, nil
}

// user is a person as the library sees one.
type user struct {
	handle        []byte
	name, display string
	keys          []stored
}

// stored is a passkey with what is needed to check it.
type stored struct {
	Passkey
	count uint32
	cred  webauthn.Credential
}

func (u user) WebAuthnID() []byte          { return u.handle }
func (u user) WebAuthnName() string        { return u.name }
func (u user) WebAuthnDisplayName() string { return u.display }

func (u user) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(u.keys))
	for i, k := range u.keys {
		all[i] = k.cred
	}
	return all
}

func (p Person) user(keys []stored) user {
	u := user{handle: p.handle, name: p.Mail, display: p.Name, keys: keys}
	if u.display == "" {
		u.display = p.Mail
	}
	return u
}

// passkeys reads the passkeys of a person, the oldest first.
func passkeys(ctx context.Context, q db.Querier, personID string) ([]stored, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT id, name, data, sign_count, created_at, used_at
		FROM passkey
		WHERE person = $1
		ORDER BY id`, personID)
	if err != nil {
		return nil, fmt.Errorf("reading passkeys of person %s: %w", personID, err)
	}
	defer rows.Close()
	var all []stored
	for rows.Next() {
		var k stored
		var data string
		var count, created, used int64
		if err := rows.Scan(&k.ID, &k.Name, &data, &count, &created, &used); err != nil {
			return nil, fmt.Errorf("reading passkeys of person %s: %w", personID, err)
		}
		if err := json.Unmarshal([]byte(data), &k.cred); err != nil {
			return nil, fmt.Errorf("reading passkey %s: %w", k.ID, err)
		}
		k.count = uint32(count)
		k.cred.Authenticator.SignCount = k.count
		k.CreatedAt, k.UsedAt, k.Synced = db.Time(created), db.Time(used), k.cred.Flags.BackupState
		all = append(all, k)
	}
	return all, rows.Err()
}

// addPasskey stores a new passkey.
func (p *People) addPasskey(ctx context.Context, tx *sql.Tx, personID, name string, c *webauthn.Credential) (string, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("storing a passkey: %w", err)
	}
	now := p.Now()
	keyID := id.New(now)
	_, err = tx.ExecContext(ctx, `
		INSERT INTO passkey (id, person, credential, name, data, sign_count, created_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		keyID, personID, c.ID, name, string(data), int64(c.Authenticator.SignCount), db.Micros(now))
	if db.Unique(err) {
		return "", errPasskey.Because(err)
	}
	if err != nil {
		return "", fmt.Errorf("storing a passkey: %w", err)
	}
	return keyID, nil
}

// keep stores what a ceremony needs for its second half.
func (p *People) keep(ctx context.Context, purpose, bound string, handle []byte, s *webauthn.SessionData, options any) (Ceremony, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return Ceremony{}, fmt.Errorf("keeping a ceremony: %w", err)
	}
	c := Ceremony{}
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, fmt.Errorf("keeping a ceremony: %w", err)
	}
	c.ID, _ = newToken()
	if handle == nil {
		handle = []byte{}
	}
	return c, p.DB.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "keeping a ceremony", `
			INSERT INTO passkey_ceremony (id, purpose, bound, handle, data, ends)
			VALUES ($1, $2, $3, $4, $5, $6)`,
			c.ID, purpose, bound, handle, string(data), db.Micros(p.Now().Add(ceremonyLife)))
	})
}

// resume takes a ceremony out of the database: whatever comes of the answer, it is not asked twice.
func (p *People) resume(ctx context.Context, purpose, bound, ceremonyID string) (s webauthn.SessionData, handle []byte, err error) {
	err = p.DB.Tx(ctx, func(tx *sql.Tx) error {
		var data string
		err := tx.QueryRowContext(ctx, `
			DELETE FROM passkey_ceremony
			WHERE id = $1 AND purpose = $2 AND bound = $3 AND ends > $4
			RETURNING handle, data`, ceremonyID, purpose, bound, db.Micros(p.Now())).Scan(&handle, &data)
		if errors.Is(err, sql.ErrNoRows) {
			return errPasskey.Because(errors.New("there is no such ceremony, or not any more"))
		}
		if err != nil {
			return fmt.Errorf("resuming a ceremony: %w", err)
		}
		return json.Unmarshal([]byte(data), &s)
	})
	return s, handle, err
}

// beginMaking begins making a passkey for u.
func (p *People) beginMaking(ctx context.Context, purpose, bound string, u user) (Ceremony, error) {
	w, err := p.relying()
	if err != nil {
		return Ceremony{}, err
	}
	if len(u.keys) >= maxPasskeys {
		return Ceremony{}, fault.New(fault.Conflict, "An account has at most %d passkeys. Remove one you do not use any more.",
			"登録できるパスキーは%d個までです。使わないものを削除してください。", maxPasskeys)
	}
	options, s, err := w.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("beginning a passkey: %w", err)
	}
	return p.keep(ctx, purpose, bound, u.handle, s, options)
}

// finishMaking checks the answer and returns the new credential and the user handle it was made for.
func (p *People) finishMaking(ctx context.Context, purpose, bound string, in NewPasskey) (*webauthn.Credential, []byte, error) {
	w, err := p.relying()
	if err != nil {
		return nil, nil, err
	}
	s, handle, err := p.resume(ctx, purpose, bound, in.Ceremony)
	if err != nil {
		return nil, nil, err
	}
	c, err := parseRegistration(w, s, handle, in.Response)
	return c, handle, err
}

// parseRegistration checks an answer against its ceremony.
func parseRegistration(w *webauthn.WebAuthn, s webauthn.SessionData, handle, response []byte) (*webauthn.Credential, error) {
	if len(response) > maxResponse {
		return nil, errPasskey.Because(errors.New("the answer is too long"))
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, errPasskey.Because(explain(err))
	}
	c, err := w.CreateCredential(user{handle: handle}, s, answer)
	if err != nil {
		return nil, errPasskey.Because(explain(err))
	}
	return c, nil
}

// explain adds what the library says for developers.
func explain(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok && e.DevInfo != "" {
		return fmt.Errorf("%w: %s", err, e.DevInfo)
	}
	return err
}

// passkeyName returns what a passkey is called.
func passkeyName(name string) (string, error) {
	name, err := CleanName(name, "passkey_name")
	if name == "" {
		name = "Passkey"
	}
	return name, err
}
