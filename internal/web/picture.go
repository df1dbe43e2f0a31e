package web

import (
	"hinomi.dev/hinomi/internal/picture"
)

// A pictureView is a picture with the words beside it: {{template "picture" .Over}}.
type pictureView struct {
	Frame
	picture.Drawing
	ID      string // of the figure, unique over the page
	Name    string // the accessible name: what it shows, with the figure that matters
	About   string // the caption
	Unit    string // what the first column of the table says
	Legend  []legendEntry
	Columns []string
	Rows    []pictureRow
}

// A legendEntry explains how one series is drawn.
type legendEntry struct{ Part, Name string }

type pictureRow struct {
	At     Stamp
	Values []string
}

// tableRowsMost is how many rows the table beside a picture has at most.
const tableRowsMost = 60

// picture works a picture out for its reader.
func (f Frame) picture(id, name, about string, p picture.Picture) pictureView {
	p.Zone = japan
	v := pictureView{Frame: f, Drawing: p.Draw(), ID: id, Name: name, About: about, Columns: p.Columns()}
	for _, panel := range p.Panels {
		if panel.Form == picture.Bars && len(panel.Series) > 1 {
			for _, s := range panel.Series {
				v.Legend = append(v.Legend, legendEntry{s.Part, s.Name})
			}
		}
	}
	for _, row := range p.Rows(tableRowsMost) {
		r := pictureRow{At: f.Exact(row.From)}
		for _, n := range row.Values {
			r.Values = append(r.Values, f.Number(n))
		}
		v.Rows = append(v.Rows, r)
	}
	return v
}

// Marked reports whether something happened that has a number in the picture.
func (v pictureView) Marked() bool {
	for _, l := range v.Lanes {
		if len(l.Flags) > 0 {
			return true
		}
	}
	return false
}
