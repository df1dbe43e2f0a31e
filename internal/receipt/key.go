package receipt

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A Key signs checkpoints, receipts and cards. Its name is the log's origin.
type Key struct {
	// Verifiers are the public keys, the newest first: what a verifier is given and what the
	// program's page shows. More than one means that the key was changed.
	Verifiers []string
	signer    note.Signer
}

// Name returns the key's name, the origin of the log.
func (k *Key) Name() string { return k.signer.Name() }

// Verifier returns the public key of what is signed now.
func (k *Key) Verifier() string { return k.Verifiers[0] }

// NewKey makes a key that lives in memory alone, for tests and the demonstration.
func NewKey(name string) (*Key, error) {
	secret, err := newSecret(name)
	if err != nil {
		return nil, err
	}
	return parseKey(secret)
}

func newSecret(name string) (string, error) {
	if name == statementHeader || name == evidenceHeader {
		return "", fmt.Errorf("a log cannot be called %q: its checkpoints would read like receipts", name)
	}
	secret, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", fmt.Errorf("making the key of the log: %w", err)
	}
	return secret + "\n", nil
}

// LoadOrCreateKey reads the log's key from a file, or makes one under the name and stores it there.
// An existing key keeps its name: a log does not change its origin because the server moved.
//
// The file holds the secret key in the first line and, after a change of key, the public keys
// of before in the lines below.
func LoadOrCreateKey(path, name string) (*Key, error) {
	k, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	secret, err := newSecret(name)
	if err != nil {
		return nil, err
	}
	if _, err := parseKey(secret); err != nil { // a name with a space is found before anything is stored
		return nil, err
	}
	if err := createKey(path, secret); err != nil {
		return nil, fmt.Errorf("storing the key of the log: %w", err)
	}
	return loadKey(path)
}

// createKey stores a new key, whole or not at all, and leaves alone one that another process stored
// in the meantime: the finished file is linked to its place, which fails when the place is taken.
func createKey(path, secret string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // directories cannot be synced there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func loadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key of the log: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("the key of the log can be read by others: chmod 600 %s", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key of the log: %w", err)
	}
	k, err := parseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("reading the key of the log from %s: %w", path, err)
	}
	return k, nil
}

// parseKey reads the content of a key file. Its errors never quote the file.
func parseKey(text string) (*Key, error) {
	lines := strings.Fields(text)
	if len(lines) == 0 {
		return nil, errors.New("the file is empty")
	}
	signer, err := note.NewSigner(lines[0])
	if err != nil {
		return nil, fmt.Errorf("the first line is no secret key: %w", err)
	}
	// PRIVATE+KEY+<name>+<hash>+<base64 of the kind and the seed>, which may hold a '+' itself.
	raw, err := base64.StdEncoding.DecodeString(strings.SplitN(lines[0], "+", 5)[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, errors.New("the first line is no Ed25519 key")
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	own, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, err
	}
	k := &Key{signer: signer, Verifiers: []string{own}}
	for i, old := range lines[1:] {
		v, err := note.NewVerifier(old)
		if err != nil || v.Name() != signer.Name() {
			return nil, fmt.Errorf("line %d is no public key of %s", i+2, signer.Name())
		}
		if !slices.Contains(k.Verifiers, old) {
			k.Verifiers = append(k.Verifiers, old)
		}
	}
	return k, nil
}

// ParseVerifiers reads public keys, one or more, separated by white space: the form in which
// /log/key serves them.
func ParseVerifiers(text string) (note.Verifiers, []string, error) {
	var keys []string
	var list []note.Verifier
	for _, key := range strings.Fields(text) {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, nil, malformed("%q is not a public key of a log.", "%q はログの公開鍵ではありません。", key)
		}
		if !slices.Contains(keys, key) {
			keys, list = append(keys, key), append(list, v)
		}
	}
	if len(list) == 0 {
		return nil, nil, malformed("There is no public key.", "公開鍵がありません。")
	}
	return note.VerifierList(list...), keys, nil
}
