package event

import "golang.org/x/sys/cpu"

//go:noescape
func markAVX2(b *byte, marks *mark, blocks int)

// markBlocks marks as many whole blocks of b as there are marks.
func markBlocks(b []byte, marks []mark) {
	if !cpu.X86.HasAVX2 || len(marks) == 0 {
		markPlain(b, marks)
		return
	}
	_ = b[64*len(marks)-1]
	markAVX2(&b[0], &marks[0], len(marks))
}
