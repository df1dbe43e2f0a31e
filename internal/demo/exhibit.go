package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"time"
)

// An exhibit is a file that comes with a report. All of them are made here: none does any harm.
type exhibit struct {
	name string
	data []byte
}

// evidence returns the file that goes with what the report says.
func (t *tale) evidence(mark string) exhibit {
	text := t.body.Steps + t.body.Proof
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("SVG"):
		return exhibit{"icon-" + mark + ".svg", drawing(mark)}
	case has("archive", "Project with", "demonstration app"):
		return exhibit{"poc-" + mark + ".zip", archive(t.at, map[string]string{
			"README.txt": "Demonstration for " + t.body.Target + "\nBuild with any recent tool chain.\nMarker: " + mark + "\n",
			"Main.java":  "// " + mark + "\nfinal class Main {\n    // starts the screen with the address that the report names\n}\n",
		})}
	case has("attached page", "HTML attached", "Page attached", "page is attached", "添付のページ"):
		return exhibit{"page.html", page(t.body.Target, mark)}
	case has("creenshot", "recording", "Video"):
		return exhibit{"screen-" + mark + ".png", screen(t.rand.IntN(1 << 16))}
	default:
		return exhibit{"requests-" + mark + ".txt", transcript(t.body.Target, mark, t.at)}
	}
}

func drawing(mark string) []byte {
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <circle cx="32" cy="32" r="28" fill="#2a9d55"/>
  <script>document.title='` + mark + `'</script>
</svg>
`)
}

func page(target, mark string) []byte {
	return []byte(`<!doctype html>
<title>` + mark + `</title>
<p>This page sends one request to ` + target + ` with the session of whoever opens it.</p>
<form action="` + target + `" method="post"><input name="value" value="` + mark + `"></form>
<script>document.forms[0].submit()</script>
`)
}

func transcript(target, mark string, at time.Time) []byte {
	var b strings.Builder
	for i := range 3 {
		day := at.UTC().Add(time.Duration(i-90) * time.Minute).Format("Mon, 02 Jan 2006 15:04:05 GMT")
		fmt.Fprintf(&b, "> GET %s\n> User-Agent: test/%s\n> Cookie: (removed)\n\n< HTTP/1.1 %d\n< Date: %s\n< Content-Length: %d\n\n",
			target, mark, []int{200, 403, 200}[i], day, 180+37*i)
	}
	return []byte(b.String())
}

func archive(at time.Time, content map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"README.txt", "Main.java"} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC().Truncate(2 * time.Second)})
		must(err)
		_, err = f.Write([]byte(content[name]))
		must(err)
	}
	must(w.Close())
	return b.Bytes()
}

// screen draws what looks like a screen of a telephone: bars and lines, no words.
func screen(n int) []byte {
	const wide, high = 270, 480
	im := image.NewPaletted(image.Rect(0, 0, wide, high), color.Palette{
		color.White, color.RGBA{0x27, 0x3b, 0x52, 0xff}, color.RGBA{0xd9, 0xde, 0xe5, 0xff}, color.RGBA{0x2a, 0x9d, 0x55, 0xff}, color.RGBA{0xc8, 0x3c, 0x23, 0xff},
	})
	bar := func(x0, y0, x1, y1, c int) {
		draw.Draw(im, image.Rect(x0, y0, x1, y1), image.NewUniform(im.Palette[c]), image.Point{}, draw.Src)
	}
	bar(0, 0, wide, 44, 1)
	for i, y := 0, 64; y < high-60; i, y = i+1, y+34 {
		width := 90 + (n>>(i%13)&7)*16
		x, c := 16, 2
		if n>>(i%11)&3 == 1 {
			x, c = wide-16-width, 3
		}
		bar(x, y, x+width, y+22, c)
	}
	bar(20, 190, wide-20, 270, 0)
	bar(20, 190, wide-20, 192, 4)
	bar(20, 268, wide-20, 270, 4)
	bar(40, 214, 40+60+n%90, 226, 1)
	var b bytes.Buffer
	must(png.Encode(&b, im))
	return b.Bytes()
}
