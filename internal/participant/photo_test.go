package participant

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/fault"
)

var ctx = context.Background()

// quarters is a picture whose corners can be told apart: red, green, blue, white.
func quarters(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}
			i := 0
			if x >= w/2 {
				i++
			}
			if y >= h/2 {
				i += 2
			}
			m.SetRGBA(x, y, c[i])
		}
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts an EXIF segment with an orientation behind the first marker.
func withExif(file []byte, orientation uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, byte((len(body)+2)>>8), byte(len(body)+2))
	return append(append(out, body...), file[2:]...)
}

// corners names the colours of a developed picture's corners, clockwise from the upper left.
func corners(t *testing.T, file []byte) string {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	name := func(x, y int) string {
		r, g, bl, _ := m.At(x, y).RGBA()
		switch {
		case r > 0xc000 && g > 0xc000 && bl > 0xc000:
			return "W"
		case r > 0xc000:
			return "R"
		case g > 0xc000:
			return "G"
		case bl > 0xc000:
			return "B"
		}
		return "?"
	}
	return name(1, 1) + name(b.Max.X-2, 1) + name(b.Max.X-2, b.Max.Y-2) + name(1, b.Max.Y-2)
}

func TestPhotosAreDeveloped(t *testing.T) {
	for name, c := range map[string]struct {
		file    []byte
		w, h    int
		corners string
	}{
		"a small PNG stays its size":  {asPNG(t, quarters(40, 20)), 40, 20, "RGWB"},
		"a large one is shrunk":       {asPNG(t, quarters(2000, 1000)), 512, 256, "RGWB"},
		"a tall JPEG":                 {asJPEG(t, quarters(700, 1400)), 256, 512, "RGWB"},
		"a strip":                     {asPNG(t, quarters(3000, 4)), 512, 1, ""},
		"one pixel":                   {asPNG(t, quarters(1, 1)), 1, 1, ""},
		"paletted":                    {asPNG(t, image.NewPaletted(image.Rect(0, 0, 30, 30), color.Palette{color.White, color.Black})), 30, 30, "WWWW"},
		"sixteen bits":                {asPNG(t, image.NewNRGBA64(image.Rect(0, 0, 30, 30))), 30, 30, ""},
		"with a web page behind it":   {append(asPNG(t, quarters(40, 20)), "<html><script>alert(1)</script>"...), 40, 20, "RGWB"},
		"upside down":                 {withExif(asJPEG(t, quarters(64, 32)), 3), 64, 32, "WBRG"},
		"mirrored":                    {withExif(asJPEG(t, quarters(64, 32)), 2), 64, 32, "GRBW"},
		"mirrored upside down":        {withExif(asJPEG(t, quarters(64, 32)), 4), 64, 32, "BWGR"},
		"on its side":                 {withExif(asJPEG(t, quarters(64, 32)), 6), 32, 64, "BRGW"},
		"on its other side":           {withExif(asJPEG(t, quarters(64, 32)), 8), 32, 64, "GWBR"},
		"transposed":                  {withExif(asJPEG(t, quarters(64, 32)), 5), 32, 64, "RBWG"},
		"transversed":                 {withExif(asJPEG(t, quarters(64, 32)), 7), 32, 64, "WGRB"},
		"an orientation there is not": {withExif(asJPEG(t, quarters(64, 32)), 99), 64, 32, "RGWB"},
	} {
		out, err := Develop(ctx, c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m, err := png.DecodeConfig(bytes.NewReader(out))
		if err != nil || m.Width != c.w || m.Height != c.h {
			t.Errorf("%s: %d×%d, %v; want %d×%d", name, m.Width, m.Height, err, c.w, c.h)
		}
		if c.corners != "" && corners(t, out) != c.corners {
			t.Errorf("%s: corners %s, want %s", name, corners(t, out), c.corners)
		}
		if bytes.Contains(out, []byte("Exif")) || bytes.Contains(out, []byte("script")) {
			t.Errorf("%s: what came with the picture is still there", name)
		}
	}
}

// header is a PNG that says it has this size, and nothing more.
func header(w, h uint32, depth, kind byte) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, depth, kind, 0, 0, 0)
	out := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	out = append(out, chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

func TestWhatIsNoFitPhotoIsRefusedKindly(t *testing.T) {
	whole := asJPEG(t, quarters(64, 32))
	huge := bytes.Clone(whole)
	at := bytes.Index(huge, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(huge[at+5:], 65_000)
	binary.BigEndian.PutUint16(huge[at+7:], 65_000)
	hidden := bytes.Clone(whole) // garbage in front of the frame, which decoders skip: 8,000 pixels a side in passes
	binary.BigEndian.PutUint16(hidden[at+5:], 5_000)
	binary.BigEndian.PutUint16(hidden[at+7:], 5_000)
	hidden[at+1] = 0xc2
	hidden = append(append(bytes.Clone(hidden[:at]), 0), hidden[at:]...)
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":                 {nil, "not a whole"},
		"text":                    {[]byte("hello"), "not a whole"},
		"SVG":                     {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "not a whole"},
		"GIF":                     {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "not a whole"},
		"WebP":                    {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "not a whole"},
		"half a PNG":              {asPNG(t, quarters(40, 20))[:60], "not a whole"},
		"half a JPEG":             {whole[:len(whole)/2], "not a whole"},
		"a bomb of a PNG":         {header(50_000, 50_000, 8, 6), "too many pixels"},
		"one in 16 bits":          {header(4_000, 4_000, 16, 6), "too many pixels"},
		"the largest PNG":         {header(1<<31-1, 1<<31-1, 8, 6), "not a whole"},
		"no width":                {header(0, 5, 8, 6), "not a whole"},
		"a bomb of a JPEG":        {huge, "too many pixels"},
		"one that hides its kind": {hidden, "too many pixels"},
		"nine megabytes":          {bytes.Repeat([]byte("x"), 9<<20), "larger than 8 MB"},
	} {
		out, err := Develop(ctx, c.file)
		f := fault.As(err)
		if f == nil || f.Kind != fault.Invalid || f.Field != "photo" || !strings.Contains(f.Text.EN, c.says) || f.Text.JA == "" || out != nil {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func FuzzDevelop(f *testing.F) {
	f.Add(asPNG(f, quarters(8, 4)))
	f.Add(asJPEG(f, quarters(8, 4)))
	f.Add(withExif(asJPEG(f, quarters(8, 4)), 6))
	f.Add(header(4, 4, 8, 6))
	f.Fuzz(func(t *testing.T, file []byte) {
		out, err := Develop(ctx, file)
		if err != nil {
			if fault.As(err) == nil {
				t.Errorf("a person reads %v", err)
			}
			return
		}
		m, err := png.DecodeConfig(bytes.NewReader(out))
		if err != nil || m.Width > photoSide || m.Height > photoSide || m.Width < 1 || m.Height < 1 {
			t.Errorf("%d×%d, %v", m.Width, m.Height, err)
		}
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add(withExif(asJPEG(f, quarters(8, 4)), 6))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 0 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		progressive(file)
	})
}
