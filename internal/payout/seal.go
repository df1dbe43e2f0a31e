package payout

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// Payment data lie in the database under a data key of the person's own, and that key lies there
// wrapped by one made from the server's. Whoever deletes the wrapped key has made every copy
// unreadable, those in backups of other tables too. AES-256-GCM of the standard library is used
// as everywhere in the product: a library of envelopes would bring its own key files and formats.

const keySize = 32

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// master returns the cipher that wraps data keys.
func (ps *Payouts) master() (cipher.AEAD, error) {
	if len(ps.Key) != keySize {
		return nil, fmt.Errorf("the server's key has %d bytes, not %d", len(ps.Key), keySize)
	}
	key, err := hkdf.Key(sha256.New, ps.Key, nil, "hinomi payout data keys", keySize)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return aead(key)
}

var errGone = fault.New(fault.Conflict, "The key of this person's payment data was destroyed: nobody can read them any more.",
	"この参加者の支払情報の鍵は破棄されています。もう誰にも読めません。")

// personKey returns the cipher of a person's data.
func (ps *Payouts) personKey(ctx context.Context, q db.Querier, person string) (cipher.AEAD, error) {
	var wrapped []byte
	err := q.QueryRowContext(ctx, `SELECT wrapped FROM person_key WHERE person = $1`, person).Scan(&wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errGone
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key of %s: %w", person, err)
	}
	m, err := ps.master()
	if err != nil {
		return nil, err
	}
	key, err := m.Open(nil, nil, wrapped, []byte(person))
	if err != nil {
		return nil, fmt.Errorf("unwrapping the key of %s: %w", person, err)
	}
	return aead(key)
}

// ensureKey makes a person's key if they have none.
func (ps *Payouts) ensureKey(ctx context.Context, tx *sql.Tx, person string) (cipher.AEAD, error) {
	m, err := ps.master()
	if err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO person_key (person, wrapped) VALUES ($1, $2) ON CONFLICT (person) DO NOTHING`,
		person, m.Seal(nil, nil, key, []byte(person))); err != nil {
		return nil, fmt.Errorf("saving the key of %s: %w", person, err)
	}
	return ps.personKey(ctx, tx, person)
}
