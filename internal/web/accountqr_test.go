package web

import (
	"slices"
	"strings"
	"testing"
)

// readQR reads a code the way a telephone does once it has found the modules: format, mask, code
// words, blocks, correction, text.
func readQR(t *testing.T, q *qrCode) string {
	t.Helper()
	format := 0
	for i, at := range [][2]int{{8, 0}, {8, 1}, {8, 2}, {8, 3}, {8, 4}, {8, 5}, {8, 7}, {8, 8}, {7, 8}, {5, 8}, {4, 8}, {3, 8}, {2, 8}, {1, 8}, {0, 8}} {
		if q.dark[at[1]][at[0]] {
			format |= 1 << i
		}
	}
	format ^= 0x5412
	if level := format >> 13; level != 0 {
		t.Fatalf("the level reads as %d", level)
	}
	q.mask(format >> 10 & 7)
	defer q.mask(format >> 10 & 7)
	var words []byte
	bits := 0
	for right := q.size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		up := (q.size-1-right)/2%2 == 0
		if right < 6 {
			up = (q.size-2-right)/2%2 == 0
		}
		for i := range q.size {
			y := i
			if up {
				y = q.size - 1 - i
			}
			for _, x := range []int{right, right - 1} {
				if q.fixed[y][x] {
					continue
				}
				if bits%8 == 0 {
					words = append(words, 0)
				}
				if q.dark[y][x] {
					words[bits/8] |= 0x80 >> (bits % 8)
				}
				bits++
			}
		}
	}
	return qrText(t, q.version, words[:qrAll(q.version)])
}

// qrText undoes the dealing out, checks each block and reads the text.
func qrText(t *testing.T, v int, words []byte) string {
	t.Helper()
	n, data := qrBlocks[v], qrData(v)
	blocks := make([][]byte, n)
	for i := range data {
		b := i % n
		if i >= data/n*n {
			b = n - data%n + i%n
		}
		blocks[b] = append(blocks[b], words[i])
	}
	var all []byte
	for _, b := range blocks {
		all = append(all, b...)
	}
	for i, w := range words[data:] {
		blocks[i%n] = append(blocks[i%n], w)
	}
	for i, b := range blocks {
		root := byte(1)
		for range qrCheck[v] { // a whole block is a multiple of every root's factor
			var sum byte
			for _, w := range b {
				sum = qrTimes(sum, root) ^ w
			}
			if sum != 0 {
				t.Errorf("version %d: block %d is damaged", v, i)
			}
			root = qrTimes(root, 2)
		}
	}
	if all[0]>>4 != 4 {
		t.Fatalf("the mode is %d", all[0]>>4)
	}
	shifted := make([]byte, len(all)-1)
	for i := range shifted {
		shifted[i] = all[i]<<4 | all[i+1]>>4
	}
	if v < 10 {
		return string(shifted[1 : 1+int(shifted[0])])
	}
	return string(shifted[2 : 2+int(shifted[0])<<8+int(shifted[1])])
}

func TestEveryLengthOfQRCodeReadsBack(t *testing.T) {
	versions := map[int]bool{}
	for n := 1; n <= 412; n += 3 {
		text := strings.Repeat("otpauth://totp/火の見?x=", 40)[:n]
		q := newQR(text)
		if q == nil {
			t.Fatalf("%d bytes have no code", n)
		}
		versions[q.version] = true
		if got := readQR(t, q); got != text {
			t.Errorf("%d bytes: %q", n, got)
		}
	}
	if len(versions) != len(qrCheck)-1 {
		t.Errorf("only the versions %v were tried", versions)
	}
	if newQR("") != nil || newQR(strings.Repeat("x", 413)) != nil {
		t.Error("nothing, or too much, has a code")
	}
}

// The code of "HINOMI 火の見" as zbarimg, which knows nothing of ours, read it.
var knownQR = []string{
	"####### ## # ###  #######",
	"#     # ### ####  #     #",
	"# ### # # #####   # ### #",
	"# ### #  # ## ### # ### #",
	"# ### # # #  # #  # ### #",
	"#     #  ### ##   #     #",
	"####### # # # # # #######",
	"         # #  ##         ",
	"#  ########  ## ##  # ###",
	"  #  # ##  ## # #    #  #",
	"  ##  # #     #  # #### #",
	" #  #         ##     ## #",
	"### # #  ##  ####  ##### ",
	"# #    ##   #  #   # ## #",
	"####### # #   # # # #  ##",
	"# # #  # ## ### ## #### #",
	"# ## ## ## ##   ###### # ",
	"        #  #    #   ## ##",
	"####### #   ### # # # # #",
	"#     # #  # # ##   ##  #",
	"# ### # ## # #  ####### #",
	"# ### # ##  ##         ##",
	"# ### #   ## #  ####   ##",
	"#     #  # ###   ##   ###",
	"####### #  ### #  ####  #",
}

func TestAQRCodeIsDrawnAsItWasRead(t *testing.T) {
	q := newQR("HINOMI 火の見")
	var got []string
	for _, row := range q.dark {
		line := strings.Builder{}
		for _, dark := range row {
			line.WriteByte(" #"[map[bool]int{true: 1}[dark]])
		}
		got = append(got, line.String())
	}
	if !slices.Equal(got, knownQR) {
		t.Errorf("it is drawn as\n%s", strings.Join(got, "\n"))
	}
}

func TestTheQRPathCoversTheDarkModules(t *testing.T) {
	q := newQR("x")
	runs, dark := strings.Count(q.Path(), "M"), 0
	for _, row := range q.dark {
		for x, d := range row {
			if d && (x == 0 || !row[x-1]) {
				dark++
			}
		}
	}
	if runs != dark || q.Size() != 29 {
		t.Errorf("%d runs for %d, on %d", runs, dark, q.Size())
	}
}
