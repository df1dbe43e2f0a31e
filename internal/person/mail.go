package person

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/fault"
)

// maxMail is the longest address SMTP can carry (RFC 5321, 4.5.3.1.3, less the angle brackets).
const maxMail = 254

var errMail = fault.New(fault.Invalid,
	"This does not look like a mail address. Check it for a typing mistake, such as a missing @ or a space.",
	"メールアドレスの形式が正しくないようです。@の抜けや空白がないか、ご確認ください。").At("mail")

// ParseMail checks an address and returns it as it is written to, and the key under which it is
// found: two spellings of one mailbox have one key. Letters of every script are allowed (RFC 6531);
// quoted local parts, comments and address literals are not: nobody has them, attackers do.
func ParseMail(s string) (mail, key string, err error) {
	mail = strings.TrimSpace(s)
	if len(mail) > maxMail || !utf8.ValidString(mail) {
		return "", "", errMail
	}
	mail = norm.NFC.String(mail)
	at := strings.LastIndexByte(mail, '@')
	if at < 1 || at > 64 {
		return "", "", errMail
	}
	local, domain := mail[:at], mail[at+1:]
	folded := strings.ToLower(norm.NFKC.String(local)) // U+FDFA becomes four words: hence the second look
	if !localPart(local) || !localPart(folded) {
		return "", "", errMail
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !hostName(ascii) {
		return "", "", errMail
	}
	return mail, folded + "@" + strings.ToLower(ascii), nil
}

func localPart(s string) bool {
	if strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
			if !letter && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~.-", r) {
				return false
			}
		case !unicode.In(r, unicode.L, unicode.M, unicode.N):
			return false
		}
	}
	return true
}

// hostName wants a dot, or "localhost": a missing ".com" is a far likelier mistake than a mailbox at
// a top-level domain.
func hostName(s string) bool {
	if s == "localhost" {
		return true
	}
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	digits := true
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range []byte(l) {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
				return false
			}
			digits = digits && c >= '0' && c <= '9'
		}
	}
	return !digits // 192.0.2.7 is an address, not a name
}
