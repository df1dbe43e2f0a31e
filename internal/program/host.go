package program

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"hinomi.dev/hinomi/internal/lang"
)

// maxTarget is the longest address we look at, in bytes: browsers agree on no more.
const maxTarget = 2048

// An address is what a person typed as a target, taken apart the way a browser would. Where two
// programs could read it differently, we do not choose: refused says why.
type address struct {
	scheme   string // "https", "http" or empty when none was typed
	host     string // lower case, in ASCII, without a trailing dot
	port     string // when it is not the scheme's own
	refused  lang.Text
	number   bool // refused, because it is an IP address and not a name
	warnings []lang.Text
}

func (a *address) warn(en, ja string) {
	a.warnings = append(a.warnings, lang.Text{EN: en, JA: ja})
}

func (a *address) refuse(en, ja string) { a.refused = lang.Text{EN: en, JA: ja} }

// hostNames is how a browser turns a name into ASCII: UTS 46, without the transitional mapping.
// Which ASCII characters a name may have we check ourselves, because it also lets underscores be.
var hostNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule(), idna.CheckHyphens(false))

var notAName = lang.Text{EN: "The host name is not a valid domain name.", JA: "ホスト名がドメイン名として正しくありません。"}

// parseAddress reads a host or a web address.
func parseAddress(typed string) address {
	var a address
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "":
		a.refuse("No address was given.", "アドレスがありません。")
	case len(typed) > maxTarget:
		a.refuse("The address is too long to be one.", "アドレスが長すぎます。")
	case !utf8.ValidString(typed):
		a.refuse("The address is not valid text (UTF-8).", "アドレスが正しい文字列（UTF-8）ではありません。")
	case strings.ContainsFunc(typed, invisible):
		a.refuse("The address contains spaces or characters that cannot be seen. Please type it again.", "アドレスに空白や目に見えない文字が含まれています。入力し直してください。")
	case strings.ContainsAny(typed, "\\／＼：＠？＃％⁄∕"):
		a.refuse("The address contains a backslash or a full-width or look-alike separator, which programs read differently. Please type it again.",
			"アドレスに、ソフトウェアによって解釈の異なる文字（バックスラッシュ、全角の記号など）が含まれています。半角で入力し直してください。")
	default:
		a.split(typed)
	}
	return a
}

// invisible reports whether c takes no room, turns the direction of the text or is a space.
func invisible(c rune) bool {
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// split takes the address apart: scheme, user, host, port.
func (a *address) split(typed string) {
	rest := typed
	if scheme, after, ok := strings.Cut(typed, "://"); ok && !strings.ContainsAny(scheme, "/?#") {
		a.scheme, rest = strings.ToLower(scheme), after
		if a.scheme != "https" && a.scheme != "http" {
			a.refuse("The address is not a web address (https).", "ウェブアドレス（https）ではありません。")
			return
		}
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		a.warn("What stands before @ is a user name, not the host.", "@より前はユーザー名で、ホスト名ではありません。")
		rest = rest[i+1:]
	}
	if strings.Contains(rest, "%") {
		a.refuse("The host name is percent-encoded, which programs read differently. Please type it plainly.", "ホスト名に%で始まる表記が含まれています。そのままの文字で入力し直してください。")
		return
	}
	if strings.HasPrefix(rest, "[") {
		a.refuseNumber()
		return
	}
	host, port, ok := strings.Cut(rest, ":")
	if ok && !a.setPort(port) {
		a.refuse("The port is no number from 1 to 65535.", "ポート番号は1から65535までの数字です。")
		return
	}
	a.setHost(host)
}

// setPort keeps the port unless it is the scheme's own, and reports whether it is one.
func (a *address) setPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return false
	}
	own := map[string]uint64{"": 443, "https": 443, "http": 80}[a.scheme]
	if n != own {
		a.port = strconv.FormatUint(n, 10)
	}
	return true
}

func (a *address) refuseNumber() {
	a.number = true
	a.refuse("An IP address is not a name under the program's domains.", "IPアドレスはプログラムのドメイン名ではありません。")
}

// setHost brings the name into the one form in which it can be compared.
func (a *address) setHost(typed string) {
	ascii, err := hostNames.ToASCII(typed)
	if err != nil {
		a.refused = notAName
		return
	}
	if name, dotted := strings.CutSuffix(ascii, "."); dotted {
		a.warn("The trailing dot was left out.", "末尾のドットを除きました。")
		ascii = name
	}
	switch {
	case !validHost(ascii):
		a.refused = notAName
		return
	case numeric(ascii):
		a.refuseNumber()
		return
	}
	a.host = ascii
	switch {
	case isASCII(typed) && typed != strings.ToLower(typed):
		a.warn("Capital letters were read as small ones.", "大文字を小文字として読みました。")
	case !isASCII(typed) && !strings.Contains(ascii, "xn--"):
		a.warn("Full-width or special characters were read as "+ascii+".", "全角などの文字を"+ascii+"として読みました。")
	}
}

// validHost reports whether host has only labels that a name in the DNS may have.
func validHost(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// numeric reports whether a browser would take host as an IPv4 address: 127.1 and 0x7f000001 too.
func numeric(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > unicode.MaxASCII })
}

// under reports whether host stands under one of the domains.
func under(host string, domains []Domain) bool {
	for _, d := range domains {
		if d.Apex && host == d.Name || d.Subdomains && strings.HasSuffix(host, "."+d.Name) {
			return true
		}
	}
	return false
}
