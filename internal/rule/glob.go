package rule

import "unicode/utf8"

// anyRune stands for ? among the characters of a run.
const anyRune = -1

// A glob matches a pattern character by character. Between two stars stands a run, which has as
// many characters wherever it matches: so the leftmost place is as good as any, and no text is
// gone through more than once for each run.
type glob struct {
	runs       [][]rune
	start, end bool // the first run is where the text begins; the last one is where it ends
	cased      bool
}

func newGlob(p pattern, cased bool) *glob {
	g := &glob{start: true, end: true, cased: cased}
	var run []rune
	for i, x := range p {
		switch x.wild {
		case '?':
			run = append(run, anyRune)
		case '*':
			if i == 0 {
				g.start = false
			} else {
				g.runs = append(g.runs, run)
			}
			run = nil
			if i == len(p)-1 {
				g.end = false
				return g
			}
		default:
			for _, r := range x.text {
				if !cased {
					r = fold(r)
				}
				run = append(run, r)
			}
		}
	}
	g.runs = append(g.runs, run)
	return g
}

// at returns where the run ends if it stands at the beginning of b, or -1.
func (g *glob) at(b []byte, run []rune) int {
	n := 0
	for _, want := range run {
		if n == len(b) {
			return -1
		}
		r, size := rune(b[n]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(b[n:])
		}
		if !g.cased {
			r = fold(r)
		}
		if want != anyRune && r != want {
			return -1
		}
		n += size
	}
	return n
}

func (g *glob) match(b []byte) bool {
	runs := g.runs
	if g.start && len(runs) > 0 {
		n := g.at(b, runs[0])
		if n < 0 || len(runs) == 1 && g.end {
			return n == len(b)
		}
		b, runs = b[n:], runs[1:]
	}
	var last []rune
	if g.end && len(runs) > 0 {
		last, runs = runs[len(runs)-1], runs[:len(runs)-1]
	}
	for _, run := range runs {
		n := g.at(b, run)
		for n < 0 {
			if len(b) == 0 {
				return false
			}
			_, size := utf8.DecodeRune(b)
			b = b[size:]
			n = g.at(b, run)
		}
		b = b[n:]
	}
	return g.ends(b, last)
}

// ends reports whether the run stands at the end of b.
func (g *glob) ends(b []byte, run []rune) bool {
	at := len(b)
	for range run {
		if at == 0 {
			return false
		}
		_, size := utf8.DecodeLastRune(b[:at])
		at -= size
	}
	return g.at(b[at:], run) == len(b)-at
}
