package attachment

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is the most bytes of a safe name: it fits every file system with room for a suffix.
const maxName = 200

// reserved are the names Windows keeps for devices, whatever their extension.
var reserved = regexp.MustCompile(`(?i)^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:$|[ .])`)

// SafeName returns a file's name as it may be shown and downloaded under: the last part of a path,
// without control, invisible and bidirectional signs (which make "cod.exe" look like "exe.doc"),
// without what a file system or a shell takes for its own, and not too long. Japanese and every other
// script stay as they were written. It is never empty, and SafeName of it is itself.
func SafeName(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, "_"))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = trim(norm.NFC.String(clean(name)))
	name = shorten(name)
	if name == "" {
		return "file"
	}
	if reserved.MatchString(name) {
		name = "_" + name
	}
	return name
}

// clean drops what cannot be seen and replaces what means something to a file system.
func clean(name string) string {
	var b strings.Builder
	marks := 0 // in a row: a pile of them runs over the lines above and below
	for _, r := range name {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case unicode.In(r, unicode.C, unicode.Zl, unicode.Zp), !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z):
			continue // control, format, private, not assigned
		case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, r == 0x034f, r == 0x2800:
			continue // letters and marks that show nothing
		case strings.ContainsRune(`<>:"|?*`+"`\u2044\u2215\u29f8", r):
			r = '_'
		}
		if !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		} else if marks++; marks > 2 {
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// trim takes spaces together and off the ends, and dots off the ends: a name that begins with one is
// hidden, and Windows drops them from the end.
func trim(name string) string {
	return strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
}

// shorten cuts a name that is too long in front of its extension.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	n := maxName - len(ext)
	for !utf8.RuneStart(name[n]) {
		n--
	}
	return trim(trim(name[:n]) + ext)
}

// Headers sets the headers of a download. Whatever the bytes are, the browser saves them and never
// opens them in our origin.
func Headers(h http.Header, name string, size int64) {
	name = SafeName(name)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Disposition", `attachment; filename="`+plain(name)+`"; filename*=UTF-8''`+encode(name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-store")
}

// plain is the name for clients that do not read filename*: ASCII without what they might interpret.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, name)
}

// encode writes the name as RFC 8187 wants it: every byte that is not an attr-char as %XX.
func encode(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Bytes returns a size as people read it, in English and in Japanese.
func Bytes(n int64) (en, ja string) {
	units := []string{"bytes", "KB", "MB", "GB", "TB", "PB", "EB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if n == 1 {
		return "1 byte", "1バイト"
	}
	if i == 0 {
		return strconv.FormatInt(n, 10) + " bytes", strconv.FormatInt(n, 10) + "バイト"
	}
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0") + " " + units[i]
	return s, s
}
