package web

// drawQR places the patterns and the code words, under the mask that is easiest to read.
func drawQR(v int, words []byte) *qrCode {
	q := &qrCode{version: v, size: 17 + 4*v}
	for range q.size {
		q.dark, q.fixed = append(q.dark, make([]bool, q.size)), append(q.fixed, make([]bool, q.size))
	}
	q.patterns()
	q.fill(words)
	best, least := 0, 1<<30
	for m := range 8 {
		q.format(m)
		q.mask(m)
		if p := q.penalty(); p < least {
			best, least = m, p
		}
		q.mask(m) // twice is none
	}
	q.format(best)
	q.mask(best)
	return q
}

// set places a module of a pattern.
func (q *qrCode) set(x, y int, dark bool) { q.dark[y][x], q.fixed[y][x] = dark, true }

// patterns places timing, finders, alignment and version.
func (q *qrCode) patterns() {
	for i := range q.size {
		q.set(6, i, i%2 == 0)
		q.set(i, 6, i%2 == 0)
	}
	for _, c := range [][2]int{{3, 3}, {q.size - 4, 3}, {3, q.size - 4}} {
		q.square(c[0], c[1], 4, func(d int) bool { return d != 2 && d != 4 })
	}
	at := q.alignment()
	for i, x := range at {
		for j, y := range at {
			corner := i == 0 && j == 0 || i == 0 && j == len(at)-1 || i == len(at)-1 && j == 0
			if !corner {
				q.square(x, y, 2, func(d int) bool { return d != 1 })
			}
		}
	}
	q.format(0) // keeps the place
	if q.version < 7 {
		return
	}
	rest := q.version
	for range 12 {
		rest = rest<<1 ^ rest>>11*0x1f25
	}
	bits := q.version<<12 | rest
	for i := range 18 {
		a, b := q.size-11+i%3, i/3
		q.set(a, b, bits>>i&1 == 1)
		q.set(b, a, bits>>i&1 == 1)
	}
}

// square places rings around a centre, as far as they lie inside.
func (q *qrCode) square(cx, cy, radius int, dark func(ring int) bool) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			if x, y := cx+dx, cy+dy; x >= 0 && x < q.size && y >= 0 && y < q.size {
				q.set(x, y, dark(max(dx, -dx, dy, -dy)))
			}
		}
	}
}

// alignment returns the rows and columns of the alignment patterns.
func (q *qrCode) alignment() []int {
	if q.version == 1 {
		return nil
	}
	n := q.version/7 + 2
	step := (q.version*8 + n*3 + 5) / (n*4 - 4) * 2
	at := make([]int, n)
	at[0] = 6
	for i := 1; i < n; i++ {
		at[i] = q.size - 7 - (n-1-i)*step
	}
	return at
}

// format places level M and the mask, twice.
func (q *qrCode) format(mask int) {
	rest := mask // level M is 00
	for range 10 {
		rest = rest<<1 ^ rest>>9*0x537
	}
	bits := (mask<<10 | rest) ^ 0x5412
	is := func(i int) bool { return bits>>i&1 == 1 }
	for i := range 6 {
		q.set(8, i, is(i))
		q.set(5-i, 8, is(9+i))
	}
	q.set(8, 7, is(6))
	q.set(8, 8, is(7))
	q.set(7, 8, is(8))
	for i := range 8 {
		q.set(q.size-1-i, 8, is(i))
	}
	for i := 8; i < 15; i++ {
		q.set(8, q.size-15+i, is(i))
	}
	q.set(8, q.size-8, true)
}

// fill places the code words in columns of two, up and down from the right.
func (q *qrCode) fill(words []byte) {
	i := 0
	for right := q.size - 1; right >= 1; right -= 2 {
		if right == 6 {
			right = 5 // the timing pattern
		}
		for step := range q.size {
			y := step
			if (right+1)&2 == 0 {
				y = q.size - 1 - step
			}
			for _, x := range []int{right, right - 1} {
				if !q.fixed[y][x] && i < 8*len(words) {
					q.dark[y][x] = words[i/8]>>(7-i%8)&1 == 1
					i++
				}
			}
		}
	}
}

var qrMasks = [...]func(x, y int) bool{
	func(x, y int) bool { return (x+y)%2 == 0 },
	func(_, y int) bool { return y%2 == 0 },
	func(x, _ int) bool { return x%3 == 0 },
	func(x, y int) bool { return (x+y)%3 == 0 },
	func(x, y int) bool { return (x/3+y/2)%2 == 0 },
	func(x, y int) bool { return x*y%2+x*y%3 == 0 },
	func(x, y int) bool { return (x*y%2+x*y%3)%2 == 0 },
	func(x, y int) bool { return ((x+y)%2+x*y%3)%2 == 0 },
}

// mask turns over what the mask covers of the data.
func (q *qrCode) mask(m int) {
	for y := range q.size {
		for x := range q.size {
			q.dark[y][x] = q.dark[y][x] != (!q.fixed[y][x] && qrMasks[m](x, y))
		}
	}
}

// penalty says how hard the code is to read: long runs, squares, what looks like a finder, and too
// much of one colour (7.8.3).
func (q *qrCode) penalty() int {
	sum, black := 0, 0
	for i := range q.size {
		sum += qrLine(q.size, func(j int) bool { return q.dark[i][j] })
		sum += qrLine(q.size, func(j int) bool { return q.dark[j][i] })
	}
	for y := range q.size {
		for x := range q.size {
			c := q.dark[y][x]
			if c {
				black++
			}
			if x > 0 && y > 0 && c == q.dark[y][x-1] && c == q.dark[y-1][x] && c == q.dark[y-1][x-1] {
				sum += 3
			}
		}
	}
	share := 100 * black / (q.size * q.size)
	return sum + 10*(max(share-50, 50-share)/5)
}

// qrLine is the penalty of one row or column.
func qrLine(n int, dark func(int) bool) int {
	sum, run, seen := 0, 0, 0 // seen: the last eleven modules as bits
	for i := range n {
		if i > 0 && dark(i) == dark(i-1) {
			run++
		} else {
			run = 1
		}
		switch {
		case run == 5:
			sum += 3
		case run > 5:
			sum++
		}
		seen = seen << 1 & 0x7ff
		if dark(i) {
			seen |= 1
		}
		if i >= 10 && (seen == 0x5d0 || seen == 0x05d) { // 1011101 with four light modules beside it
			sum += 40
		}
	}
	return sum
}
