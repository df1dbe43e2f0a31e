package web

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/picture"
)

var update = flag.Bool("update", false, "write what the tests print into their golden files")

// pictures are one of each sort that the pages show.
func pictures() map[string]pictureView {
	at := time.Date(2020, 10, 15, 17, 0, 0, 0, japan)
	f := Frame{Lang: lang.EN, Now: at}
	hours := func(n int) time.Time { return at.Add(time.Duration(n) * time.Hour) }
	return map[string]pictureView{
		"bars": f.picture("bars", "Alerts in each hour: 6", "Alerts, by what people say of them.", picture.Picture{
			From: at, Until: hours(4), Step: time.Hour,
			Lanes: []picture.Lane{{Name: "Changes", Part: "ours", Marks: []picture.Mark{{At: hours(1), Name: "rule changed"}, {At: hours(1), Name: "rule live <again>"}}}},
			Panels: []picture.Panel{{Name: "Alerts", Series: []picture.Series{
				{Name: "unmarked", Part: "a", Values: []int{1, 0, 2, 0}}, {Name: "real", Part: "b", Values: []int{0, 0, 3, 0}},
			}}},
		}),
		"areas": f.picture("areas", "People reached, by region", "", picture.Picture{
			From: at, Until: hours(72), Step: 24 * time.Hour,
			Panels: []picture.Panel{
				{Name: "Accounts", Form: picture.Lines, Height: 60, Series: []picture.Series{{Name: "accounts", Part: "line", Values: []int{1, 40, 7768}}}},
				{Name: "People", Form: picture.Areas, Series: []picture.Series{
					{Name: "Taiwan", Part: "a", Values: []int{0, 400, 87197}}, {Name: "Japan", Part: "b", Values: []int{1, 9, 15530}},
				}},
			},
		}),
		"limit": f.picture("limit", "What the window held", "", picture.Picture{
			From: at, Until: hours(1), Step: 15 * time.Minute,
			Panels: []picture.Panel{{Name: "Different target", Form: picture.Lines, Limit: picture.Limit{At: 20, Name: "more than 20"},
				Series: []picture.Series{{Name: "target", Part: "line", Values: []int{3, 9, 18, 21}}}}},
		}),
	}
}

func TestPicturesAreDrawnAsTheyWere(t *testing.T) {
	tmpl := loadPages()["stream.html"]
	for name, v := range pictures() {
		var b bytes.Buffer
		if err := tmpl.ExecuteTemplate(&b, "picture", v); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "picture", name+".html")
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
