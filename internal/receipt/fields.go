package receipt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// fields reads "key: value" lines in their fixed order. The first thing wrong stays in err, with
// the number of its line; reading on then yields zero values.
type fields struct {
	lines []string
	at    int // index of the line to read next
	err   error
}

func (f *fields) fail(en, ja string, args ...any) {
	if f.err == nil {
		why := fault.New(fault.Invalid, en, ja, args...).Text
		e := &fault.Error{Kind: fault.Invalid}
		e.Text.EN = fmt.Sprintf("Line %d: %s", f.at+1, why.EN)
		e.Text.JA = fmt.Sprintf("%d行目：%s", f.at+1, why.JA)
		f.err = e
	}
}

// wrong fails about the line that was just read.
func (f *fields) wrong(en, ja string, args ...any) {
	if f.err == nil {
		f.at--
		f.fail(en, ja, args...)
	}
}

// line returns the line to read next, or nothing at the end.
func (f *fields) line() string {
	if f.at < len(f.lines) {
		return f.lines[f.at]
	}
	return ""
}

func (f *fields) header(want string) {
	if f.line() != want {
		f.fail("%q should stand here.", "ここには「%s」とあるはずです。", want)
	}
	f.at++
}

// blank reads the empty line between two parts.
func (f *fields) blank() {
	if f.line() != "" || f.at >= len(f.lines) {
		f.fail("an empty line should stand here.", "ここは空行のはずです。")
	}
	f.at++
}

// end expects that nothing follows.
func (f *fields) end() {
	if f.at != len(f.lines)-1 || f.line() != "" {
		f.fail("the text should end here.", "ここで終わるはずです。")
	}
}

// next reports whether the next line has this key.
func (f *fields) next(key string) bool {
	return f.err == nil && strings.HasPrefix(f.line(), key+": ")
}

// raw reads the value of a key as it stands.
func (f *fields) raw(key string) string {
	v, ok := strings.CutPrefix(f.line(), key+": ")
	if !ok {
		f.fail("%q should stand here.", "ここには「%s」の行があるはずです。", key+": …")
	}
	if f.err != nil {
		return ""
	}
	f.at++
	return v
}

func (f *fields) text(key string) string {
	v, ok := unescape(f.raw(key))
	if !ok {
		f.wrong("%s holds a broken escape.", "%s のエスケープが正しくありません。", key)
	}
	return v
}

func (f *fields) count(key string) int64 {
	v := f.raw(key)
	n, err := parseCount(v)
	if err != nil {
		f.wrong("%s is not a number.", "%s が数値ではありません。", key)
	}
	return n
}

func (f *fields) time(key string) time.Time {
	v := f.raw(key)
	t, err := time.Parse(stampLayout, v)
	if err != nil {
		f.wrong("%s is not a time.", "%s が時刻ではありません。", key)
	}
	return t
}

func (f *fields) hex(key string) Hash {
	h, err := parseHex(f.raw(key))
	if err != nil {
		f.wrong("%s is not a SHA-256 hash.", "%s がSHA-256ハッシュではありません。", key)
	}
	return h
}

// sized reads "hash size" and, where there is one, the name after them.
func (f *fields) sized(key string) (Hash, int64, string) {
	digest, rest, _ := strings.Cut(f.raw(key), " ")
	size, name, named := strings.Cut(rest, " ")
	h, err1 := parseHex(digest)
	n, err2 := parseCount(size)
	name, ok := unescape(name)
	if err1 != nil || err2 != nil || !ok || named && name == "" {
		f.wrong("%s is not a SHA-256 hash and a size.", "%s がSHA-256ハッシュとサイズではありません。", key)
	}
	return h, n, name
}

func parseHex(s string) (Hash, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(Hash{}) {
		return Hash{}, errors.New("malformed hash")
	}
	return Hash(b), nil
}

// same checks that what was read, written again, gives the same text: there is one spelling of
// everything, so a changed byte cannot hide in another.
func (f *fields) same(write func() (string, error), text string) error {
	again, err := write()
	if err != nil {
		return malformed("It says something no receipt says: %v.", "受領証としてありえない内容です（%v）。", err)
	}
	if again == text {
		return nil
	}
	have, want := strings.Split(text, "\n"), strings.Split(again, "\n")
	for i := range want {
		if i >= len(have) || have[i] != want[i] {
			return malformed("Line %d should read %q.", "%d行目は %q のはずです。", i+1, want[i])
		}
	}
	return malformed("Something stands after the end.", "末尾に余分なものがあります。")
}
