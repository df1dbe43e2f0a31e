package person

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"hinomi.dev/hinomi/internal/fault"
)

// A cost is what one argon2id hash costs.
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// current is one of the equivalent settings OWASP recommends: 19 MiB, two passes, one lane. A stored
// hash of another cost is replaced the next time its owner signs in.
var current = cost{memory: 19 * 1024, time: 2, threads: 1}

const (
	saltSize = 16
	hashSize = 32
	// mostMemory and mostTime bound what a stored hash may ask for: a damaged row must not stop the server.
	mostMemory = 256 * 1024
	mostTime   = 16
)

// hashing holds one place for each argon2id that may run at once. Two of 19 MiB each are what a
// server of 200 MB can spare; it is one channel a process, because so is the memory. Whoever waits
// for a place longer than patience is told to come back: a flood waits, the rest of the product does not.
var hashing = make(chan struct{}, 2)

const patience = 5 * time.Second

// derive runs argon2id, at most two at once.
func derive(ctx context.Context, password string, salt []byte, c cost, size uint32) ([]byte, error) {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-wait.C:
		return nil, fault.New(fault.Later,
			"Very many people are signing in just now. Nothing was changed. Try again in ten seconds, or use a passkey.",
			"サインインが混み合っています。変更は行われていません。10秒ほどしてからもう一度お試しになるか、パスキーをご利用ください。").Retry(10 * time.Second)
	}
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, size), nil
}

// HashPassword returns a PHC string for a password that CheckPassword has accepted.
func HashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	key, err := derive(ctx, password, salt, current, hashSize)
	if err != nil {
		return "", err
	}
	return phc{current, salt, key}.String(), nil
}

// nothing is what a password is compared with when there is no account or it has no password: the
// same work, and nothing equals it, because no key has no bits.
var nothing = phc{current, make([]byte, saltSize), nil}

// matches reports whether the password is the one behind stored, and whether stored should be made
// anew at the current cost. An empty stored is compared with nothing, at full price.
func matches(ctx context.Context, stored, password string) (ok, outdated bool, err error) {
	h, size := nothing, uint32(hashSize)
	if stored != "" {
		if h, err = parsePHC(stored); err != nil {
			return false, false, err
		}
		size = uint32(len(h.key))
	}
	key, err := derive(ctx, password, h.salt, h.cost, size)
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1, h.cost != current || len(h.key) != hashSize, nil
}

// A phc is a stored argon2id hash.
type phc struct {
	cost
	salt, key []byte
}

func (h phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.time, h.threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

var errPHC = errors.New("this is no argon2id hash in PHC format")

// parsePHC reads $argon2id$v=19$m=19456,t=2,p=1$salt$key and nothing else: one spelling a hash.
func parsePHC(s string) (phc, error) {
	if len(s) > 512 {
		return phc{}, errPHC
	}
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errPHC
	}
	param := strings.Split(part[3], ",")
	if len(param) != 3 {
		return phc{}, errPHC
	}
	var n [3]uint64
	for i, name := range []string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(param[i], name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || strconv.FormatUint(v, 10) != digits {
			return phc{}, errPHC
		}
		n[i] = v
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, err1 := b64.DecodeString(part[4])
	key, err2 := b64.DecodeString(part[5])
	h := phc{cost{uint32(n[0]), uint32(n[1]), uint8(min(n[2], 255))}, salt, key}
	switch {
	case err1 != nil || err2 != nil || h.String() != s:
		return phc{}, errPHC
	case n[2] < 1 || n[2] > 16 || n[1] < 1 || n[1] > mostTime || n[0] < 8*n[2] || n[0] > mostMemory:
		return phc{}, errPHC
	case len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64:
		return phc{}, errPHC
	}
	return h, nil
}
