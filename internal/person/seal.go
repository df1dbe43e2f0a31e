package person

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// KeySize is how long People.Key must be.
const KeySize = 32

// seal encrypts text with a key made from the server's for one use; about says what it belongs to
// and must be the same when it is opened, so that a sealed secret cannot be moved to another person's row.
func (p *People) seal(use, about string, text []byte) ([]byte, error) {
	aead, err := p.aead(use)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	return aead.Seal(nonce, nonce, text, []byte(about)), nil
}

var errSeal = errors.New("what was sealed does not open: another key, another owner, or changed")

func (p *People) unseal(use, about string, sealed []byte) ([]byte, error) {
	aead, err := p.aead(use)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errSeal
	}
	text, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(about))
	if err != nil {
		return nil, errSeal
	}
	return text, nil
}

func (p *People) aead(use string) (cipher.AEAD, error) {
	if len(p.Key) != KeySize {
		return nil, fmt.Errorf("the server's key has %d bytes, not %d", len(p.Key), KeySize)
	}
	key, err := hkdf.Key(sha256.New, p.Key, nil, "hinomi "+use, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return cipher.NewGCM(block)
}

// newToken returns 256 random bits as text, and the hash under which they are stored.
func newToken() (token string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	token = encode64(b)
	return token, tokenHash(token)
}

// tokenHash is one SHA-256: what has 256 random bits needs no slow hash.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode64(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }
