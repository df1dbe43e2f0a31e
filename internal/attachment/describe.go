package attachment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/lang"
)

// A Description says what a file seems to be, for a person who decides whether to download it. It is
// guessed from a few bytes: nothing is unpacked, decoded or believed.
type Description struct {
	Kind  lang.Text   // such as "PNG image, 1280×720"
	Notes []lang.Text // what to beware of
}

// Text returns the description in one line.
func (d Description) Text() lang.Text {
	t := d.Kind
	for _, n := range d.Notes {
		t.EN += "; " + n.EN
		t.JA += "。" + n.JA
	}
	return t
}

// Describe describes a stored file.
func (s *Store) Describe(hash string) (Description, error) {
	f, err := s.open(hash)
	if err != nil {
		return Description{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return Description{}, fmt.Errorf("describing attachment %s: %w", hash, err)
	}
	return Describe(f, info.Size()), nil
}

// headLen is how much of the beginning is looked at.
const headLen = 4 << 10

// Describe describes a file of the given size. It reads at most a few megabytes of it, and a read
// that fails makes the description poorer, never wrong.
func Describe(r io.ReaderAt, size int64) Description {
	head := make([]byte, min(size, headLen))
	n, _ := r.ReadAt(head, 0)
	head = head[:n]
	if size == 0 {
		return Description{Kind: lang.Text{EN: "empty file", JA: "空のファイル"}}
	}
	found := magic(head)
	d := Description{Kind: plainKind(head, size)}
	if len(found) > 0 {
		d.Kind = found[0].text
		if measure := found[0].measure; measure != nil {
			if w, h := measure(r, head, size); w > 0 && h > 0 {
				d.Kind.EN += fmt.Sprintf(", %d×%d", w, h)
				d.Kind.JA += fmt.Sprintf("、%d×%d", w, h)
			}
		}
	} else if m := markup(head); !m.Empty() {
		d.Kind = m
	}
	var also []lang.Text // what else it can be read as
	for _, x := range found[min(1, len(found)):] {
		also = append(also, x.text)
	}
	if z, ok := readZip(r, size); ok {
		d.Notes = z.notes(size)
		if len(found) == 0 || !found[0].zip {
			also = append(also, zipText)
		}
	}
	if m := markup(head); !m.Empty() && len(found) > 0 {
		also = append(also, m)
	}
	for _, t := range also {
		d.Notes = append(d.Notes, lang.Text{EN: "can also be read as " + t.EN + " (polyglot)", JA: t.JA + "としても読めます（ポリグロット）"})
	}
	return d
}

// A kind is a file type with its magic.
type kind struct {
	text    lang.Text
	at      int
	magic   string
	measure func(r io.ReaderAt, head []byte, size int64) (w, h int)
	zip     bool // is a ZIP archive anyway
}

var (
	zipText = lang.Text{EN: "ZIP archive", JA: "ZIPアーカイブ"}
	pdf     = k(0, "%PDF-", "PDF document", "PDF文書")
)

func k(at int, magic, en, ja string) kind {
	return kind{text: lang.Text{EN: en, JA: ja}, at: at, magic: magic}
}

func (x kind) measured(fn func(r io.ReaderAt, head []byte, size int64) (w, h int)) kind {
	x.measure = fn
	return x
}

var kinds = []kind{
	k(0, "\x89PNG\r\n\x1a\n", "PNG image", "PNG画像").measured(pngSize),
	k(0, "\xff\xd8\xff", "JPEG image", "JPEG画像").measured(jpegSize),
	k(0, "GIF87a", "GIF image", "GIF画像").measured(gifSize),
	k(0, "GIF89a", "GIF image", "GIF画像").measured(gifSize),
	k(8, "WEBPVP8", "WebP image", "WebP画像").measured(webpSize),
	k(0, "BM", "BMP image", "BMP画像").measured(bmpSize),
	k(0, "II*\x00", "TIFF image", "TIFF画像"),
	k(0, "MM\x00*", "TIFF image", "TIFF画像"),
	k(4, "ftypheic", "HEIC image", "HEIC画像"),
	k(4, "ftypavif", "AVIF image", "AVIF画像"),
	k(4, "ftyp", "MP4 or QuickTime video", "MP4／QuickTime動画"),
	k(0, "\x1a\x45\xdf\xa3", "WebM or Matroska video", "WebM／Matroska動画"),
	pdf,
	{text: zipText, magic: "PK\x03\x04", zip: true},
	{text: lang.Text{EN: "empty ZIP archive", JA: "空のZIPアーカイブ"}, magic: "PK\x05\x06", zip: true},
	k(0, "\x1f\x8b", "gzip archive", "gzipアーカイブ"),
	k(0, "BZh", "bzip2 archive", "bzip2アーカイブ"),
	k(0, "\xfd7zXZ\x00", "xz archive", "xzアーカイブ"),
	k(0, "\x28\xb5\x2f\xfd", "Zstandard archive", "Zstandardアーカイブ"),
	k(0, "7z\xbc\xaf\x27\x1c", "7-Zip archive", "7-Zipアーカイブ"),
	k(0, "Rar!\x1a\x07", "RAR archive", "RARアーカイブ"),
	k(257, "ustar", "tar archive", "tarアーカイブ"),
	k(0, "\x7fELF", "program for Linux (ELF)", "Linuxの実行ファイル（ELF）"),
	k(0, "MZ", "program for Windows", "Windowsの実行ファイル"),
	k(0, "\xcf\xfa\xed\xfe", "program for macOS or iOS", "macOS／iOSの実行ファイル"),
	k(0, "\xca\xfe\xba\xbe", "Java class or program for macOS", "JavaクラスまたはmacOSの実行ファイル"),
	k(0, "dex\n", "program for Android (DEX)", "Androidの実行ファイル（DEX）"),
	k(0, "#!", "script", "スクリプト"),
	k(0, "\xd4\xc3\xb2\xa1", "network capture (pcap)", "通信記録（pcap）"),
	k(0, "\xa1\xb2\xc3\xd4", "network capture (pcap)", "通信記録（pcap）"),
	k(0, "\x0a\x0d\x0d\x0a", "network capture (pcapng)", "通信記録（pcapng）"),
	k(0, "SQLite format 3\x00", "SQLite database", "SQLiteデータベース"),
	k(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "older Office document", "旧形式のOffice文書"),
	k(0, "{\\rtf", "RTF document", "RTF文書"),
}

// magic returns the kinds whose magic the head has, each once. A PDF may begin within the first kilobyte.
func magic(head []byte) []kind {
	var found []kind
	for _, x := range kinds {
		if len(head) >= x.at+len(x.magic) && string(head[x.at:x.at+len(x.magic)]) == x.magic {
			if x.magic == "BM" && !isBMP(head) || x.magic == "MZ" && len(head) < 64 {
				continue // two letters that also begin a text
			}
			if len(found) == 0 || !strings.HasPrefix(found[0].magic, "ftyp") && found[0].text != x.text {
				found = append(found, x)
			}
		}
	}
	if i := bytes.Index(head[:min(len(head), 1024)], []byte(pdf.magic)); i > 0 && len(found) > 0 {
		found = append(found, pdf)
	}
	return found
}

// markup returns what a browser would take the head for, or nothing.
func markup(head []byte) lang.Text {
	s := strings.ToLower(string(head))
	switch {
	case strings.Contains(s, "<svg"):
		return lang.Text{EN: "SVG, never rendered here", JA: "SVG（この画面では描画しません）"}
	case strings.Contains(s, "<!doctype html"), strings.Contains(s, "<html"), strings.Contains(s, "<script"),
		strings.Contains(s, "<iframe"), strings.Contains(s, "<body"):
		return lang.Text{EN: "HTML, never rendered here", JA: "HTML（この画面では描画しません）"}
	case strings.HasPrefix(s, "<?xml"):
		return lang.Text{EN: "XML, never rendered here", JA: "XML（この画面では描画しません）"}
	}
	return lang.Text{}
}

// plainKind describes what has no magic.
func plainKind(head []byte, size int64) lang.Text {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return lang.Text{EN: "text (UTF-16)", JA: "テキスト（UTF-16）"}
	case !textual(head, size):
		return lang.Text{EN: "unknown binary file", JA: "不明なバイナリファイル"}
	case looksLikeJSON(head):
		return lang.Text{EN: "JSON text", JA: "JSONテキスト"}
	}
	return lang.Text{EN: "text", JA: "テキスト"}
}

func looksLikeJSON(head []byte) bool {
	t := bytes.TrimSpace(head)
	return len(t) > 1 && (t[0] == '{' && bytes.ContainsAny(t, `"}`) || t[0] == '[' && bytes.ContainsAny(t, `"]{0123456789`))
}

// textual reports whether the head is UTF-8 without control characters. Its last sign may be cut.
func textual(head []byte, size int64) bool {
	for i := 0; i < len(head); {
		r, n := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && n == 1 {
			return int64(len(head)) < size && len(head)-i < utf8.UTFMax && !utf8.FullRune(head[i:])
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\x1b' || r == 0x7f {
			return false
		}
		i += n
	}
	return true
}

func pngSize(_ io.ReaderAt, head []byte, _ int64) (w, h int) {
	if len(head) < 24 || string(head[12:16]) != "IHDR" {
		return 0, 0
	}
	return sane(binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:]))
}

func gifSize(_ io.ReaderAt, head []byte, _ int64) (w, h int) {
	if len(head) < 10 {
		return 0, 0
	}
	return int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:]))
}

func isBMP(head []byte) bool {
	return len(head) >= 26 && binary.LittleEndian.Uint32(head[6:]) == 0 && head[14] >= 12 && head[15] == 0
}

func bmpSize(_ io.ReaderAt, head []byte, _ int64) (w, h int) {
	if len(head) < 26 || head[14] < 40 {
		return 0, 0
	}
	height := int32(binary.LittleEndian.Uint32(head[22:]))
	return sane(binary.LittleEndian.Uint32(head[18:]), uint32(max(height, -height)))
}

func webpSize(_ io.ReaderAt, head []byte, _ int64) (w, h int) {
	if len(head) < 30 {
		return 0, 0
	}
	u24 := func(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }
	switch string(head[12:16]) {
	case "VP8X":
		return sane(u24(head[24:])+1, u24(head[27:])+1)
	case "VP8L":
		v := binary.LittleEndian.Uint32(head[21:])
		return sane(v&0x3fff+1, v>>14&0x3fff+1)
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(head[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(head[28:]) & 0x3fff)
	}
	return 0, 0
}

// jpegSize hops from segment to segment until one tells the size, a hundred at most.
func jpegSize(r io.ReaderAt, _ []byte, size int64) (w, h int) {
	var b [9]byte
	for at, hops := int64(2), 0; at+9 < size && hops < 100; hops++ {
		if _, err := r.ReadAt(b[:], at); err != nil || b[0] != 0xff {
			return 0, 0
		}
		if b[1] == 0xff { // padding
			at++
			continue
		}
		if b[1] >= 0xc0 && b[1] <= 0xcf && b[1] != 0xc4 && b[1] != 0xc8 && b[1] != 0xcc {
			return int(binary.BigEndian.Uint16(b[7:])), int(binary.BigEndian.Uint16(b[5:]))
		}
		at += 2 + int64(binary.BigEndian.Uint16(b[2:]))
	}
	return 0, 0
}

// sane drops sizes that no image has.
func sane(w, h uint32) (int, int) {
	if w > 1<<20 || h > 1<<20 {
		return 0, 0
	}
	return int(w), int(h)
}
