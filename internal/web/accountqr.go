package web

import (
	"fmt"
	"strings"
)

// A qrCode is a QR code (ISO/IEC 18004): byte mode, error correction M, versions 1 to 15, which holds
// 412 bytes. It exists so that a secret is scanned without a library that draws pictures, and without
// anybody else seeing it.
type qrCode struct {
	version, size int
	dark          [][]bool
	fixed         [][]bool // of a pattern: carries no data
}

// The size of the code words for error correction in a block, and the number of blocks, by version,
// at level M (table 9).
var (
	qrCheck  = [...]int{0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24}
	qrBlocks = [...]int{0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10}
)

// newQR returns the code of a text, or nil when it is empty or too long.
func newQR(text string) *qrCode {
	for v := 1; v < len(qrCheck) && text != ""; v++ {
		if head := qrHead(v); 8*qrData(v) >= head+8*len(text) {
			return drawQR(v, qrInterleave(v, qrWords(v, text)))
		}
	}
	return nil
}

// qrHead is how many bits stand before the text: the mode and the length.
func qrHead(v int) int {
	if v < 10 {
		return 4 + 8
	}
	return 4 + 16
}

// qrAll is how many code words a version holds, and qrData how many of them are not for correction.
func qrAll(v int) int {
	n := (16*v+128)*v + 64
	if v >= 2 {
		a := v/7 + 2
		n -= (25*a-10)*a - 55
	}
	if v >= 7 {
		n -= 36
	}
	return n / 8
}

func qrData(v int) int { return qrAll(v) - qrCheck[v]*qrBlocks[v] }

// qrWords returns the data code words of a text: mode, length, text, end, padding.
func qrWords(v int, text string) []byte {
	var words []byte
	bits := 0
	add := func(value, n int) {
		for i := n - 1; i >= 0; i-- {
			if bits%8 == 0 {
				words = append(words, 0)
			}
			words[bits/8] |= byte(value>>i&1) << (7 - bits%8)
			bits++
		}
	}
	add(4, 4)
	add(len(text), qrHead(v)-4)
	for _, c := range []byte(text) {
		add(int(c), 8)
	}
	add(0, min(4, 8*qrData(v)-bits))
	for pad := byte(0xec); len(words) < qrData(v); pad ^= 0xec ^ 0x11 {
		words = append(words, pad)
	}
	return words
}

// qrTimes multiplies in the field of 256 elements modulo x⁸+x⁴+x³+x²+1.
func qrTimes(a, b byte) byte {
	var z byte
	for i := 7; i >= 0; i-- {
		z = z<<1 ^ z>>7*0x1d ^ b>>i&1*a
	}
	return z
}

// qrCorrect returns the n code words that correct a block (Reed-Solomon).
func qrCorrect(block []byte, n int) []byte {
	generator := make([]byte, n)
	generator[n-1] = 1
	root := byte(1)
	for range n {
		for j := range generator {
			generator[j] = qrTimes(generator[j], root)
			if j+1 < n {
				generator[j] ^= generator[j+1]
			}
		}
		root = qrTimes(root, 2)
	}
	rest := make([]byte, n)
	for _, w := range block {
		factor := w ^ rest[0]
		copy(rest, rest[1:])
		rest[n-1] = 0
		for j := range rest {
			rest[j] ^= qrTimes(generator[j], factor)
		}
	}
	return rest
}

// qrInterleave cuts the data into blocks, the later ones a word longer where it does not come out
// even, corrects each, and deals them out word by word.
func qrInterleave(v int, data []byte) []byte {
	n := qrBlocks[v]
	short, long := len(data)/n, len(data)%n
	var blocks, checks [][]byte
	for i := range n {
		size := short
		if i >= n-long {
			size++
		}
		blocks, checks = append(blocks, data[:size]), append(checks, qrCorrect(data[:size], qrCheck[v]))
		data = data[size:]
	}
	var out []byte
	for i := range short + 1 {
		for _, b := range blocks {
			if i < len(b) {
				out = append(out, b[i])
			}
		}
	}
	for i := range qrCheck[v] {
		for _, c := range checks {
			out = append(out, c[i])
		}
	}
	return out
}

// Size is the side of the picture with the quiet zone of four modules around it.
func (q *qrCode) Size() int { return q.size + 8 }

// Path returns the dark modules as the path of an SVG, a run at a time.
func (q *qrCode) Path() string {
	var b strings.Builder
	for y, row := range q.dark {
		for x := 0; x < q.size; x++ {
			run := 0
			for x+run < q.size && row[x+run] {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+4, y+4, run, run)
				x += run
			}
		}
	}
	return b.String()
}
