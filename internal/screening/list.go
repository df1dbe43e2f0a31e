package screening

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/fault"
)

// Bounds of what is read. The lists of OFAC, the EU and the UK have 20 to 30 MB each in 2026, with
// records of a few KB. The bound keeps what is made of a file in the memory of a small machine.
const (
	MaxFile   = 1 << 28 // bytes of a file
	maxRecord = 1 << 20 // bytes of one record: a row, an element with what is in it, or what stands between two
	maxName   = 4096    // bytes of a name
)

// A Format is the shape of a list.
type Format string

// The formats that are read.
const (
	OFACXML       Format = "ofac-xml"      // sdn.xml, consolidated.xml
	OFACCSV       Format = "ofac-csv"      // sdn.csv, add.csv and alt.csv together
	UNXML         Format = "un-xml"        // consolidated.xml of the Security Council
	UKXML         Format = "uk-xml"        // UK-Sanctions-List.xml
	UKCSV         Format = "uk-csv"        // UK-Sanctions-List.csv
	EUXML         Format = "eu-xml"        // xmlFullSanctionsList_1_1
	OpenSanctions Format = "opensanctions" // targets.simple.csv
	OwnCSV        Format = "own-csv"       // name, aliases, birth date, country, note
)

// A Kind is what an entry is about.
type Kind string

// The kinds of entries.
const (
	Person       Kind = "person"
	Organisation Kind = "organisation"
	Vessel       Kind = "vessel"
	Aircraft     Kind = "aircraft"
	Other        Kind = "other"
)

// A NameKind says what the publisher thinks of a name.
type NameKind string

// The kinds of names. Publishers call an alias weak when many others have it too.
const (
	Primary NameKind = "primary"
	Strong  NameKind = "strong alias"
	Weak    NameKind = "weak alias"
)

// A Name is one name of an entry, as the list has it.
type Name struct {
	Text string
	Kind NameKind
}

// A Birth is one date of birth of an entry: as the list has it, and the years it allows, both
// included. A zero year is open.
type Birth struct {
	Text     string
	From, To int
}

// An Entry is a person, an organisation or a thing on a list.
type Entry struct {
	ID        string
	Kind      Kind
	Names     []Name
	Births    []Birth  `json:",omitempty"`
	Countries []string `json:",omitempty"` // as the list has them: names or codes
	Programs  []string `json:",omitempty"`
	Note      string   `json:",omitempty"` // of own lists
}

// A List is one snapshot of a list.
type List struct {
	Name      string
	Format    Format
	Published time.Time // what the list says of itself; zero when it says nothing
	Fetched   time.Time // when it was taken from its publisher: set by who loads it
	SHA256    string    // of the file; of several, of the sorted hashes, one a line
	Entries   []Entry
	Nameless  int // entries without any name, which are left out
}

// A File is what an operator loads. Its name is only for messages.
type File struct {
	Name string
	Data io.Reader
}

// Read reads a list from one file, or from the three that OFAC's CSV is made of. What it is, is
// found in the content. An error is a fault that names the file and the line; of a list with an
// error nothing is used, because nobody knows who is missing.
func Read(name string, files ...File) (List, error) {
	l := List{Name: name}
	var set ofacSet
	var hashes []string
	for _, f := range files {
		s := newSource(f)
		if err := s.read(&l, &set, len(files)); err != nil {
			return List{}, s.explain(err)
		}
		sum, err := s.finish(l.Format)
		if err != nil {
			return List{}, s.explain(err)
		}
		hashes = append(hashes, sum)
	}
	if l.Format == OFACCSV {
		if err := set.join(&l); err != nil {
			return List{}, err
		}
	}
	if len(l.Entries) == 0 {
		return List{}, fault.New(fault.Invalid, "The list %s has no entry with a name. An empty list would clear everybody.",
			"リスト「%s」には名前のある項目がありません。空のリストでは誰でも通ってしまいます。", name)
	}
	if l.SHA256 = hashes[0]; len(hashes) > 1 {
		slices.Sort(hashes)
		sum := sha256.Sum256([]byte(strings.Join(hashes, "\n") + "\n"))
		l.SHA256 = hex.EncodeToString(sum[:])
	}
	return l, nil
}

// add takes an entry into the list. line says where it stands.
func (l *List) add(e Entry, file string, line int) error {
	if e.ID == "" {
		return fault.New(fault.Invalid, "%s, line %d: an entry has no identifier. Fetch the list again; it was not loaded.",
			"%s の%d行目：識別子のない項目があります。リストを取り直してください。読み込んでいません。", file, line)
	}
	seen := map[string]bool{}
	names := e.Names[:0]
	for _, n := range e.Names {
		n.Text = strings.Join(strings.Fields(n.Text), " ")
		if len(n.Text) > maxName {
			return fault.New(fault.Invalid, "%s, line %d: a name is longer than %d bytes. The list was not loaded.",
				"%s の%d行目：名前が%dバイトを超えています。リストは読み込んでいません。", file, line, maxName)
		}
		if n.Text != "" && !seen[n.Text] {
			names = append(names, n)
		}
		seen[n.Text] = true
	}
	if e.Names = names; len(names) == 0 {
		l.Nameless++
		return nil
	}
	e.Countries, e.Programs = unique(e.Countries), unique(e.Programs)
	l.Entries = append(l.Entries, e)
	return nil
}

// unique returns the values without empty and repeated ones, in order.
func unique(values []string) []string {
	var all []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// circa is how many years "about 1960" allows on either side.
const circa = 2

// birth reads a date of birth in any of the ways lists write it: 1962, 10 Dec 1948, 1948-12-10,
// dd/mm/1945, circa 1960, 1957 to 1960. What has no year gives no Birth.
func birth(text string) []Birth {
	b := Birth{Text: strings.TrimSpace(text)}
	digits := func(r rune) bool { return r < '0' || r > '9' }
	for _, number := range strings.FieldsFunc(text, digits) {
		if y, err := strconv.Atoi(number); err == nil && len(number) == 4 && 1800 <= y && y <= 2100 {
			if b.From == 0 || y < b.From {
				b.From = y
			}
			b.To = max(b.To, y)
		}
	}
	if b.From == 0 {
		return nil
	}
	if low := strings.ToLower(text); strings.Contains(low, "circa") || strings.Contains(low, "approx") {
		b.From, b.To = b.From-circa, b.To+circa
	}
	return []Birth{b}
}

// date returns the first reading of a date that works, or the zero time.
func date(text string, layouts ...string) time.Time {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

var errTooLong = errors.New("record too long")

// A source is a file being read: hashed, and never more of it in memory than a record.
type source struct {
	name  string
	hash  *tail
	buf   *bufio.Reader
	total int // bytes that may still be read of the file
	left  int // bytes that may still be read of the record
	line  int // where the record begins
}

// A tail hashes what it is given and remembers the last byte of it.
type tail struct {
	hash.Hash
	last byte
}

func (t *tail) Write(p []byte) (int, error) {
	if len(p) > 0 {
		t.last = p[len(p)-1]
	}
	return t.Hash.Write(p)
}

func newSource(f File) *source {
	h := &tail{Hash: sha256.New()}
	s := &source{name: f.Name, hash: h, total: MaxFile, left: maxRecord, line: 1}
	s.buf = bufio.NewReaderSize(io.TeeReader(f.Data, h), 1<<16)
	return s
}

// next begins a record.
func (s *source) next(line int) { s.left, s.line = maxRecord, line }

func (s *source) Read(p []byte) (int, error) {
	if s.left <= 0 || s.total <= 0 {
		return 0, errTooLong
	}
	n, err := s.buf.Read(p[:min(len(p), s.left, s.total)])
	s.left -= n
	s.total -= n
	return n, err
}

// ReadByte lets the XML decoder read without a buffer of its own, so that places are exact.
func (s *source) ReadByte() (byte, error) {
	if s.left--; s.left < 0 || s.total <= 0 {
		return 0, errTooLong
	}
	s.total--
	return s.buf.ReadByte()
}

// read finds out what the file is, and reads it into the list.
func (s *source) read(l *List, set *ofacSet, files int) error {
	head, err := s.buf.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		if _, err := s.buf.Discard(3); err != nil {
			return err
		}
		head = head[3:]
	}
	switch head = bytes.TrimSpace(head); {
	case len(head) == 0:
		return fault.New(fault.Invalid, "%s is empty. Fetch it again.", "%s は空です。取り直してください。", s.name)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return fault.New(fault.Invalid, "%s is packed, or a spreadsheet. Unpack it, or fetch the list as XML or CSV.",
			"%s は圧縮ファイルか表計算ファイルです。展開するか、XMLかCSVのリストを取ってください。", s.name)
	case bytes.IndexByte(head, 0) >= 0:
		return fault.New(fault.Invalid, "%s is not text in UTF-8. Save it as UTF-8.",
			"%s はUTF-8の文字データではありません。UTF-8で保存してください。", s.name)
	case head[0] == '<':
		if files > 1 {
			return fault.New(fault.Invalid, "%s is a list by itself. Load it alone; only OFAC's CSV has several files.",
				"%s はそれだけで一つのリストです。単独で読み込んでください。複数のファイルからなるのはOFACのCSVだけです。", s.name)
		}
		return s.xml(l)
	}
	return s.csv(l, set, files)
}

// finish reads what is left, so that the hash is of the whole file, and returns the hash. Every row of
// OpenSanctions ends with a line feed: without one the file was cut inside its last field.
func (s *source) finish(format Format) (string, error) {
	n, err := io.Copy(io.Discard, io.LimitReader(s.buf, int64(s.total)+1))
	if err != nil {
		return "", err
	}
	if n > int64(s.total) {
		s.total = 0
		return "", errTooLong
	}
	if format == OpenSanctions && s.hash.last != '\n' {
		return "", io.ErrUnexpectedEOF
	}
	return hex.EncodeToString(s.hash.Sum(nil)), nil
}

// explain turns what a decoder says into what a person is told.
func (s *source) explain(err error) error {
	switch {
	case fault.As(err) != nil:
		return err
	case errors.Is(err, errTooLong) && s.total <= 0:
		return fault.New(fault.Invalid, "%s is larger than %d MB. No list is.", "%s は%d MBを超えています。そのようなリストはありません。",
			s.name, MaxFile>>20).Because(err)
	case errors.Is(err, errTooLong):
		return fault.New(fault.Invalid, "%s, line %d: what begins here is longer than %d MB. Fetch the file again; it was not loaded.",
			"%s の%d行目：ここから始まる項目が%d MBを超えています。ファイルを取り直してください。読み込んでいません。", s.name, s.line, maxRecord>>20).Because(err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.New(fault.Invalid, "%s ends in the middle, at line %d. Fetch it again; it was not loaded.",
			"%s は%d行目で途切れています。取り直してください。読み込んでいません。", s.name, s.line).Because(err)
	}
	return fault.New(fault.Invalid, "%s, line %d: this cannot be read as the list it seems to be. Fetch it again; it was not loaded.",
		"%s の%d行目：リストとして読めません。取り直してください。読み込んでいません。", s.name, s.line).Because(err)
}

// valid reports whether every field is UTF-8.
func valid(fields []string) bool {
	return !slices.ContainsFunc(fields, func(s string) bool { return !utf8.ValidString(s) })
}
