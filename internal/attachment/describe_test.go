package attachment

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
)

// made returns real files, made by the encoders of the standard library.
func made(t testing.TB) map[string][]byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, 1280, 720), color.Palette{color.Black, color.White})
	encode := func(fn func(w io.Writer) error) []byte {
		var b bytes.Buffer
		if err := fn(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	archive := func(prefix []byte, files map[string]string) []byte {
		return encode(func(w io.Writer) error {
			if _, err := w.Write(prefix); err != nil {
				return err
			}
			z := zip.NewWriter(w)
			z.SetOffset(int64(len(prefix)))
			for name, content := range files {
				f, err := z.Create(name)
				if err != nil {
					return err
				}
				if _, err := io.WriteString(f, content); err != nil {
					return err
				}
			}
			return z.Close()
		})
	}
	all := map[string][]byte{
		"png":   encode(func(w io.Writer) error { return png.Encode(w, img) }),
		"jpeg":  encode(func(w io.Writer) error { return jpeg.Encode(w, img, nil) }),
		"gif":   encode(func(w io.Writer) error { return gif.Encode(w, img, nil) }),
		"zip":   archive(nil, map[string]string{"a.txt": "hello", "b/c.txt": "world"}),
		"empty": archive(nil, nil),
		"bomb":  archive(nil, map[string]string{"zeros": strings.Repeat("\x00", 8<<20)}),
		"climb": archive(nil, map[string]string{"../../etc/cron.d/x": "x", "inner.zip": "y"}),
		"apk":   archive(nil, map[string]string{"AndroidManifest.xml": "x", "classes.dex": "y"}),
	}
	all["polyglot"] = archive(all["gif"], map[string]string{"evil.class": "x"})
	return all
}

func TestDescribe(t *testing.T) {
	files := made(t)
	for name, s := range map[string]string{
		"nothing": "", "text": "steps\n手順", "html": "<!DOCTYPE html><p>", "html late": strings.Repeat(" ", 2000) + "<SCRIPT>alert(1)</SCRIPT>",
		"svg": `<?xml version="1.0"?><svg xmlns="x" onload="alert(1)"/>`, "json": ` {"log": {"version": "1.2"}}`, "pdf": "%PDF-1.7\n", "binary": "\x01\x02\x03\x00",
		"elf": "\x7fELF\x02", "shell": "#!/bin/sh\n", "utf-16": "\xff\xfeh\x00i\x00", "cut sign": strings.Repeat("a", headLen-1) + "あ",
		"png with script": string(files["png"][:200]) + "<script>alert(1)</script>", "pdf in gif": "GIF89a\x01\x00\x01\x00" + "%PDF-1.4", "BM text": "BMW is a car, and this is long enough to be a header",
		"dos": "MZ" + strings.Repeat("\x00", 100), "sjis": "\x83\x65\x83\x58\x83\x67", "list": `["a", "b"]`,
	} {
		files[name] = []byte(s)
	}
	for name, want := range map[string]string{
		"nothing": "empty file", "png": "PNG image, 1280×720", "jpeg": "JPEG image, 1280×720", "gif": "GIF image, 1280×720",
		"zip":      "ZIP archive; 2 files in it, 10 bytes when unpacked",
		"empty":    "empty ZIP archive; 0 files in it, 0 bytes when unpacked",
		"bomb":     "ZIP archive; 1 file in it, 8 MB when unpacked; looks like a zip bomb: do not unpack it",
		"climb":    "ZIP archive; 2 files in it, 2 bytes when unpacked; has names that lead out of the directory you unpack it in; has archives in it whose contents are not counted",
		"apk":      "ZIP archive; 2 files in it, 2 bytes when unpacked; an Android app by its contents",
		"polyglot": "GIF image, 1280×720; 1 file in it, 1 byte when unpacked; can also be read as ZIP archive (polyglot)",
		"text":     "text", "cut sign": "text", "html": "HTML, never rendered here", "html late": "HTML, never rendered here", "svg": "SVG, never rendered here",
		"json": "JSON text", "list": "JSON text", "pdf": "PDF document", "binary": "unknown binary file", "sjis": "unknown binary file", "elf": "program for Linux (ELF)",
		"shell": "script", "utf-16": "text (UTF-16)", "BM text": "text", "dos": "program for Windows",
		"png with script": "PNG image, 1280×720; can also be read as HTML, never rendered here (polyglot)",
		"pdf in gif":      "GIF image, 1×1; can also be read as PDF document (polyglot)",
	} {
		d := Describe(bytes.NewReader(files[name]), int64(len(files[name])))
		if got := d.Text(); got.EN != want || got.JA == "" {
			t.Errorf("%s: %q, want %q (%s)", name, got.EN, want, got.JA)
		}
	}
}

// overlapping is an archive whose entries all point at the same bytes, as the best zip bombs do.
func overlapping(n int) []byte {
	kernel := bytes.Repeat([]byte{0}, 1000)
	b := append([]byte("PK\x03\x04"), make([]byte, 26)...)
	b = append(b, kernel...)
	start := len(b)
	for range n {
		e := make([]byte, 46)
		copy(e, "PK\x01\x02")
		binary.LittleEndian.PutUint32(e[20:], 1000)
		binary.LittleEndian.PutUint32(e[24:], 1<<31)
		b = append(b, e...)
	}
	e := make([]byte, 22)
	copy(e, "PK\x05\x06")
	binary.LittleEndian.PutUint32(e[12:], uint32(len(b)-start))
	binary.LittleEndian.PutUint32(e[16:], uint32(start))
	return append(b, e...)
}

func TestABombIsSeenWithoutUnpackingIt(t *testing.T) {
	b := overlapping(20_000)
	r := &counting{ReaderAt: bytes.NewReader(b)}
	got := Describe(r, int64(len(b))).Text().EN
	for _, want := range []string{"20000 files", "39.1 TB when unpacked", "looks like a zip bomb", "entries overlap"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	b = overlapping(200_000)
	r = &counting{ReaderAt: bytes.NewReader(b)}
	if got := Describe(r, int64(len(b))).Text().EN; !strings.Contains(got, "more than 91180 files") || r.n > maxDirectory+headLen+66<<10 {
		t.Errorf("%q, after reading %d bytes", got, r.n)
	}
}

type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, at)
	c.n += n
	return n, err
}

func TestTheZipReaderAgreesWithTheStandardLibrary(t *testing.T) {
	for name, b := range made(t) {
		want, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		z, ok := readZip(bytes.NewReader(b), int64(len(b)))
		if (err == nil) != ok {
			t.Errorf("%s: %v, the standard library says %v", name, ok, err)
			continue
		}
		if !ok {
			continue
		}
		var unpacked uint64
		for _, f := range want.File {
			unpacked += f.UncompressedSize64
		}
		if z.entries != len(want.File) || z.unpacked != unpacked || z.overlap {
			t.Errorf("%s: %+v, the standard library has %d files of %d bytes", name, z, len(want.File), unpacked)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	for _, b := range made(f) {
		f.Add(b[:min(len(b), 5000)])
	}
	f.Add(overlapping(3))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x04\x00\xcf\x02\x00"))
	f.Add([]byte("PK\x06\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00PK\x05\x06" + strings.Repeat("\xff", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &counting{ReaderAt: bytes.NewReader(b)}
		d := Describe(r, int64(len(b)))
		if d.Kind.EN == "" || d.Kind.JA == "" {
			t.Fatalf("no description")
		}
		for _, n := range d.Notes {
			if n.EN == "" || n.JA == "" {
				t.Fatalf("an empty note in %+v", d)
			}
		}
		if r.n > 3*len(b)+1000 {
			t.Fatalf("read %d bytes of %d", r.n, len(b))
		}
		Describe(r, int64(len(b))*2+1) // a size that is wrong does no harm
	})
}
