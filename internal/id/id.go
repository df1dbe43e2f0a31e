// Package id makes identifiers.
//
// Two sorts: New for rows (sortable by time, never shown as a count), and Short for what a
// person reads aloud. Neither is sequential: a number that counts reports would tell every
// reporter how many there are.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// alphabet is Crockford's base 32: no I, L, O or U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// New returns a row id: 26 characters, 48 bits of milliseconds then 80 random bits,
// so ids sort by the time they were made.
func New(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // crypto/rand.Read never fails since Go 1.24
	return encode(b)
}

func encode(b [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var s [26]byte
	for i := 25; i >= 0; i-- {
		s[i] = alphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(s[:])
}

// Short returns n random characters of the reading alphabet, five bits each.
func Short(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}

// Canonical returns what a person may have typed for an id in the alphabet's own letters:
// upper case, O as 0, I and L as 1, without spaces.
func Canonical(s string) string {
	return strings.NewReplacer("O", "0", "I", "1", "L", "1", " ", "").Replace(strings.ToUpper(strings.TrimSpace(s)))
}
