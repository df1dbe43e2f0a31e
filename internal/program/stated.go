package program

import "hinomi.dev/hinomi/internal/lang"

// A Fact is one thing that a clause states, for a reader.
type Fact struct {
	Name   lang.Text
	Values []lang.Text
}

// Facts returns what a clause of these terms states as data, in words.
func (t *Terms) Facts(c *Clause) []Fact {
	var out []Fact
	for _, d := range params {
		if v := d.show(t, &c.Params); len(v) > 0 {
			out = append(out, Fact{d.name, v})
		}
	}
	return out
}
