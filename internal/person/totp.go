package person

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 and every authenticator app mean HMAC-SHA-1, which collisions do not touch
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/id"
)

const (
	totpPeriod  = 30 // seconds
	totpDigits  = 6
	totpWindow  = 1  // steps of clock difference forgiven on either side
	totpSecret  = 20 // bytes, the size of SHA-1 (RFC 4226, 4, R6)
	codeCount   = 10 // recovery codes a person gets
	codeLetters = 16 // five bits each: 80 bits, too many to guess, so one SHA-256 stores them well enough
)

// totp returns the code of a step (RFC 4226, 5.3).
func totp(secret []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash never fails to be written to
	sum := mac.Sum(nil)
	cut := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[cut:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// stepAt returns the step of an instant.
func stepAt(now time.Time) int64 { return now.Unix() / totpPeriod }

// matchStep returns the step around now whose code this is, and whether there is one. Every step is
// compared, so that the time taken says nothing.
func matchStep(secret []byte, code string, now time.Time) (step int64, ok bool) {
	for s := stepAt(now) - totpWindow; s <= stepAt(now)+totpWindow; s++ {
		if subtle.ConstantTimeCompare([]byte(totp(secret, s, totpDigits)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// provisioning returns the URI behind the QR code of an authenticator app.
func provisioning(issuer, mail string, secret []byte) string {
	label := url.PathEscape(issuer) + ":" + url.PathEscape(mail)
	query := "secret=" + base32Text(secret) + "&issuer=" + url.QueryEscape(issuer) +
		fmt.Sprintf("&algorithm=SHA1&digits=%d&period=%d", totpDigits, totpPeriod)
	// Some apps show a + of form encoding as a plus.
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(query, "+", "%20")
}

func base32Text(b []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// Groups returns a secret or a code in groups of four letters, for people who read it aloud.
func Groups(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// A code is what a person typed as the second factor: six digits of the app, or a recovery code.
type code struct {
	digits   string
	recovery string
}

// parseCode reads what was typed. Wide digits of a Japanese keyboard, spaces and hyphens are fine.
// Whatever is neither kind of code is an empty one, which matches nothing.
func parseCode(s string) code {
	if len(s) > 256 {
		return code{}
	}
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == 'ー' || r == '‐' || r == '−' {
			return -1
		}
		return r
	}, norm.NFKC.String(strings.TrimSpace(s)))
	if len(s) == totpDigits && strings.Trim(s, "0123456789") == "" {
		return code{digits: s}
	}
	c := id.Canonical(s)
	if len(c) == codeLetters && strings.Trim(c, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == "" {
		return code{recovery: c}
	}
	return code{}
}

// newRecoveryCodes returns codes as they are stored (hashed) and as they are shown, once.
func newRecoveryCodes() (hashes [][]byte, shown []string) {
	for range codeCount {
		c := id.Short(codeLetters)
		hashes = append(hashes, recoveryHash(c))
		shown = append(shown, Groups(c))
	}
	return hashes, shown
}

func recoveryHash(c string) []byte {
	sum := sha256.Sum256([]byte("hinomi recovery code " + c))
	return sum[:]
}

func newTOTPSecret() []byte {
	b := make([]byte, totpSecret)
	_, _ = rand.Read(b)
	return b
}
