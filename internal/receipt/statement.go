package receipt

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// statementHeader is the first line of a receipt and of what the log commits to. It keeps the two
// uses of the log's key apart: no checkpoint begins with it, because no log may bear this name.
const statementHeader = "hinomi.dev/receipt/v1"

// A Kind is what sort of thing an entry stands for.
type Kind string

// The kinds.
const (
	Report Kind = "report" // a participant's report
	Known  Kind = "known"  // an issue the desk knew of by itself
)

// A File is one attachment as the statement names it.
type File struct {
	Name   string // as the participant named it; may be empty
	SHA256 Hash
	Size   int64
}

// A Statement is what the log commits to: the desk had this, all of it, at this time. Only who holds
// the statement can open the commitment, because of its salt.
type Statement struct {
	Program        string // the program's name
	Kind           Kind
	ID             string    // of the report or known issue, as its owner sees it
	Received       time.Time // when the desk had every byte: the entry's time, in microseconds
	Terms          string    // version of the terms it is pinned to; a known issue may have none
	TermsSHA256    Hash
	DisclosureFrom string // first day (Japan) on which the terms' secrecy has ended, "2006-01-02"; may be empty
	ClaimedSince   string // for a known issue, the earlier day the desk declares; a claim, never proof
	BodySHA256     Hash   // of what was written, as the report package renders it
	BodySize       int64
	Files          []File
	Salt           Hash // 32 random bytes
}

// NewSalt returns the random part of a statement.
func NewSalt() Hash {
	var s Hash
	_, _ = rand.Read(s[:]) // crypto/rand.Read never fails since Go 1.24
	return s
}

const (
	stampLayout = "2006-01-02T15:04:05.000000Z" // always UTC, always microseconds
	dayLayout   = "2006-01-02"
	maxText     = 900_000 // package note reads notes up to a million bytes
)

// Text returns the canonical text: what is hashed, and how a receipt begins. One "key: value" a
// line, in this order, ending in a newline.
func (s Statement) Text() (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	b.WriteString(statementHeader + "\n")
	line("program", escape(s.Program))
	line("kind", string(s.Kind))
	line("id", escape(s.ID))
	line("received", s.Received.UTC().Format(stampLayout))
	if s.Terms != "" {
		line("terms", escape(s.Terms))
		line("terms-sha256", hex.EncodeToString(s.TermsSHA256[:]))
	}
	if s.DisclosureFrom != "" {
		line("disclosure-from", s.DisclosureFrom)
	}
	if s.ClaimedSince != "" {
		line("claimed-since", s.ClaimedSince)
	}
	line("body", sized(s.BodySHA256, s.BodySize))
	for _, f := range s.Files {
		v := sized(f.SHA256, f.Size)
		if f.Name != "" {
			v += " " + escape(f.Name)
		}
		line("file", v)
	}
	line("salt", hex.EncodeToString(s.Salt[:]))
	if b.Len() > maxText {
		return "", fmt.Errorf("the statement has %d bytes, a receipt holds %d", b.Len(), maxText)
	}
	return b.String(), nil
}

// Commitment returns the SHA-256 of the canonical text: the entry in the log.
func (s Statement) Commitment() (Hash, error) {
	text, err := s.Text()
	if err != nil {
		return Hash{}, err
	}
	return sha256.Sum256([]byte(text)), nil
}

// check refuses what could not be read back the same.
func (s Statement) check() error {
	switch {
	case s.Program == "" || s.ID == "":
		return fmt.Errorf("a statement needs a program and an id")
	case s.Kind != Report && s.Kind != Known:
		return fmt.Errorf("there is no kind %q of statement", s.Kind)
	case s.Received.Year() < 1970 || s.Received.Year() > 9999 || s.Received.Nanosecond()%1000 != 0:
		return fmt.Errorf("the time %v is not one the log gives", s.Received)
	case s.Terms == "" && (s.Kind == Report || s.TermsSHA256 != Hash{}):
		return fmt.Errorf("a report needs the version of the terms")
	case s.ClaimedSince != "" && s.Kind != Known:
		return fmt.Errorf("only a known issue claims an earlier day")
	case s.BodySize < 0 || s.BodySize > maxSize:
		return fmt.Errorf("a body has no size %d", s.BodySize)
	}
	for _, day := range []string{s.DisclosureFrom, s.ClaimedSince} {
		if _, err := time.Parse(dayLayout, day); day != "" && err != nil {
			return fmt.Errorf("%q is not a day", day)
		}
	}
	for _, f := range s.Files {
		if f.Size < 0 || f.Size > maxSize {
			return fmt.Errorf("a file has no size %d", f.Size)
		}
	}
	return nil
}

// ParseStatement reads a canonical text and refuses every other spelling of it.
func ParseStatement(text string) (Statement, error) {
	f := fields{lines: strings.Split(text, "\n")}
	f.header(statementHeader)
	s := parseStatement(&f)
	f.end()
	if f.err != nil {
		return Statement{}, f.err
	}
	return s, f.same(s.Text, text)
}

func parseStatement(f *fields) Statement {
	var s Statement
	s.Program = f.text("program")
	s.Kind = Kind(f.text("kind"))
	s.ID = f.text("id")
	s.Received = f.time("received")
	if f.next("terms") {
		s.Terms = f.text("terms")
		s.TermsSHA256 = f.hex("terms-sha256")
	}
	if f.next("disclosure-from") {
		s.DisclosureFrom = f.text("disclosure-from")
	}
	if f.next("claimed-since") {
		s.ClaimedSince = f.text("claimed-since")
	}
	s.BodySHA256, s.BodySize, _ = f.sized("body")
	for f.next("file") {
		var file File
		file.SHA256, file.Size, file.Name = f.sized("file")
		s.Files = append(s.Files, file)
	}
	s.Salt = f.hex("salt")
	return s
}

func sized(h Hash, size int64) string {
	return hex.EncodeToString(h[:]) + " " + strconv.FormatInt(size, 10)
}

// escape writes a value on one line so that it shows as what it is: no controls, nothing that turns
// the direction of writing or has no width, no bytes that are not UTF-8, no space at either end.
// The list below is part of the format; it must not follow the newest Unicode, or an old statement
// would one day hash to something else.
func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case hidden(r), r == ' ' && (i == 0 || i == len(s)-1):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// hidden reports whether a character would not show, or would change how its neighbours show.
func hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0xad, r == 0x61c, r == 0x180e, r == 0xfeff,
		r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return false
}

// unescape undoes escape. What escape would not write is found by comparing with escape afterwards.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for s != "" {
		before, rest, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			break
		}
		switch {
		case strings.HasPrefix(rest, `\`):
			b.WriteByte('\\')
			s = rest[1:]
		case strings.HasPrefix(rest, "x") && len(rest) >= 3:
			v, err := strconv.ParseUint(rest[1:3], 16, 8)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(v))
			s = rest[3:]
		case strings.HasPrefix(rest, "u{"):
			digits, after, closed := strings.Cut(rest[2:], "}")
			v, err := strconv.ParseUint(digits, 16, 32)
			if !closed || err != nil || !utf8.ValidRune(rune(v)) {
				return "", false
			}
			b.WriteRune(rune(v))
			s = after
		default:
			return "", false
		}
	}
	return b.String(), true
}
