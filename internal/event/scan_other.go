//go:build !amd64

package event

// markBlocks marks as many whole blocks of b as there are marks.
func markBlocks(b []byte, marks []mark) { markPlain(b, marks) }
