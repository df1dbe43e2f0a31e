package attachment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/lang"
)

// A ZIP archive says at its end, in its central directory, what is in it. That is all that is read.

// maxDirectory bounds how much of a central directory is read: some 50,000 entries.
const maxDirectory = 4 << 20

// zipInfo is what a central directory says of its archive.
type zipInfo struct {
	entries          int
	packed, unpacked uint64
	partly           bool // the directory goes on after what was read
	overlap          bool // entries share the same bytes
	encrypted        bool
	climbs           bool // a name leads out of the directory it is unpacked into
	nested           int  // archives in the archive
	android, office  bool
}

// readZip reads the central directory; ok is false when the file has none.
func readZip(r io.ReaderAt, size int64) (z zipInfo, ok bool) {
	at, length, ok := findDirectory(r, size)
	if !ok {
		return z, false
	}
	if length > maxDirectory {
		length, z.partly = maxDirectory, true
	}
	b := make([]byte, length)
	n, _ := r.ReadAt(b, at)
	z.read(b[:n])
	return z, z.entries > 0 || length == 0
}

// findDirectory finds the end record, which may be followed by a comment of at most 64 KB, and what it
// says of where the directory lies. Bytes in front of the archive move everything: the directory is
// taken to end where the end record begins.
func findDirectory(r io.ReaderAt, size int64) (at, length int64, ok bool) {
	const end = 22
	tail := make([]byte, min(size, 64<<10+end+20))
	n, _ := r.ReadAt(tail, size-int64(len(tail)))
	tail = tail[:n]
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < end {
		return 0, 0, false
	}
	length = int64(binary.LittleEndian.Uint32(tail[i+12:]))
	stop := size - int64(len(tail)) + int64(i)
	if i >= 20 && string(tail[i-20:i-16]) == "PK\x06\x07" { // ZIP64
		var b [56]byte
		where := int64(binary.LittleEndian.Uint64(tail[i-12:]))
		if where < 0 || where > size-56 {
			return 0, 0, false
		}
		if _, err := r.ReadAt(b[:], where); err != nil || string(b[:4]) != "PK\x06\x06" {
			return 0, 0, false
		}
		length, stop = int64(binary.LittleEndian.Uint64(b[40:])), where
	}
	if length < 0 || length > stop {
		return 0, 0, false
	}
	return stop - length, length, true
}

// read reads the entries of a central directory.
func (z *zipInfo) read(b []byte) {
	const fixed = 46
	type span struct{ from, to uint64 }
	var spans []span
	for len(b) >= fixed && string(b[:4]) == "PK\x01\x02" {
		u16 := func(i int) int { return int(binary.LittleEndian.Uint16(b[i:])) }
		packed, unpacked := uint64(binary.LittleEndian.Uint32(b[20:])), uint64(binary.LittleEndian.Uint32(b[24:]))
		from := uint64(binary.LittleEndian.Uint32(b[42:]))
		name, extra, comment := u16(28), u16(30), u16(32)
		if len(b) < fixed+name+extra+comment {
			z.partly = true
			break
		}
		packed, unpacked, from = zip64(b[fixed+name:fixed+name+extra], packed, unpacked, from)
		z.entries++
		z.packed, z.unpacked = add(z.packed, packed), add(z.unpacked, unpacked)
		z.encrypted = z.encrypted || u16(8)&1 == 1
		z.name(string(b[fixed : fixed+name]))
		if packed > 0 {
			spans = append(spans, span{from, add(from, packed)})
		}
		b = b[fixed+name+extra+comment:]
	}
	slices.SortFunc(spans, func(a, b span) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	for i := 1; i < len(spans); i++ {
		z.overlap = z.overlap || spans[i].from < spans[i-1].to
	}
}

// zip64 takes the sizes that did not fit from the extra field.
func zip64(extra []byte, packed, unpacked, from uint64) (uint64, uint64, uint64) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			break
		}
		if id == 1 {
			field := extra[:n]
			for _, v := range []*uint64{&unpacked, &packed, &from} {
				if *v == 0xffffffff && len(field) >= 8 {
					*v, field = binary.LittleEndian.Uint64(field), field[8:]
				}
			}
		}
		extra = extra[n:]
	}
	return packed, unpacked, from
}

// add adds without running over.
func add(a, b uint64) uint64 {
	if a+b < a {
		return 1<<64 - 1
	}
	return a + b
}

func (z *zipInfo) name(name string) {
	name = strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(name, "/") || slices.Contains(strings.Split(name, "/"), "..") || len(name) > 1 && name[1] == ':' {
		z.climbs = true
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".zip", ".gz", ".7z", ".rar", ".bz2", ".xz", ".jar", ".tar", ".tgz":
		z.nested++
	}
	z.android = z.android || name == "AndroidManifest.xml"
	z.office = z.office || name == "[Content_Types].xml"
}

// A file that unpacks to more than a hundred times its size, or to more than 10 GB, is not what a
// report needs; text packs to about a tenth.
const (
	bombRatio = 100
	bombSize  = 10 << 30
)

func count(files int) string {
	if files == 1 {
		return "1 file"
	}
	return strconv.Itoa(files) + " files"
}

func (z zipInfo) notes(size int64) []lang.Text {
	en, ja := Bytes(int64(min(z.unpacked, 1<<63-1)))
	first := lang.Text{
		EN: fmt.Sprintf("%s in it, %s when unpacked", count(z.entries), en),
		JA: fmt.Sprintf("中に%d個のファイル、展開すると%s", z.entries, ja),
	}
	if z.partly {
		first = lang.Text{
			EN: fmt.Sprintf("more than %s in it, more than %s when unpacked", count(z.entries), en),
			JA: fmt.Sprintf("中に%d個を超えるファイル、展開すると%sを超えます", z.entries, ja),
		}
	}
	all := []lang.Text{first}
	note := func(yes bool, en, ja string) {
		if yes {
			all = append(all, lang.Text{EN: en, JA: ja})
		}
	}
	note(z.android, "an Android app by its contents", "内容からAndroidアプリと思われます")
	note(z.office, "an Office document by its contents", "内容からOffice文書と思われます")
	note(z.unpacked > bombSize || z.unpacked/bombRatio > uint64(size), "looks like a zip bomb: do not unpack it", "ZIP爆弾の疑い：展開しないでください")
	note(z.overlap || z.packed > uint64(size), "its entries overlap, as in a zip bomb: do not unpack it", "エントリが重なり合っています（ZIP爆弾の疑い）：展開しないでください")
	note(z.climbs, "has names that lead out of the directory you unpack it in", "展開先の外に書き込む名前が含まれています")
	note(z.encrypted, "is encrypted", "暗号化されています")
	note(z.nested > 0, "has archives in it whose contents are not counted", "中にアーカイブがあり、その内容は数えていません")
	return all
}
