package screening

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hinomi.dev/hinomi/internal/fault"
)

func sample(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// load reads sample files as one list.
func load(t testing.TB, names ...string) List {
	t.Helper()
	var files []File
	for _, n := range names {
		files = append(files, File{n, strings.NewReader(sample(t, n))})
	}
	l, err := Read("sample", files...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestListsAreReadAsTheyAre(t *testing.T) {
	orlan := []Name{{"QARDUSH, Orlan Tevik", Primary}, {"KARDUSH, Orlan", Strong}, {"THE WEAVER", Weak}}
	regime := []string{"The Syldavia (Sanctions) Regulations 2020"}
	uk := []Entry{
		{ID: "SYL0001", Kind: Person, Names: []Name{{"ORLAN TEVIK QARDUSH", Primary}, {"Orlan Qardouch", Strong}, {"Weaver", Weak}, {"Орлан Тевик Кардуш", Strong}},
			Births: []Birth{{"dd/mm/1961", 1961, 1961}, {"03/05/1958", 1958, 1958}}, Countries: []string{"Borduria", "Syldavia"}, Programs: regime},
		{ID: "SYL0002", Kind: Vessel, Names: []Name{{"PELICAN DAWN", Primary}}},
	}
	ukCSV := []Entry{uk[0], uk[1]}
	ukCSV[0].Names = []Name{{"ORLAN TEVIK QARDUSH", Primary}, {"Орлан Тевик Кардуш", Strong}, {"Orlan Qardouch", Strong}, {"Weaver", Weak}}
	ukCSV[1].Programs = regime
	for _, c := range []struct {
		files []string
		want  List
	}{
		{[]string{"sdn.xml"}, List{Format: OFACXML, Published: day(2026, 11, 20), Entries: []Entry{
			{ID: "90001", Kind: Person, Names: orlan, Births: []Birth{{"10 Dec 1961", 1961, 1961}, {"circa 1958", 1956, 1960}},
				Countries: []string{"Syldavia"}, Programs: []string{"SDGT", "CYBER2"}},
			{ID: "90002", Kind: Organisation, Names: []Name{{"BRISTLEWOOD & ÅKERMARK TRADING CO.", Primary}}, Programs: []string{"CUBA"}},
			{ID: "90003", Kind: Vessel, Names: []Name{{"PELICAN DAWN", Primary}}, Countries: []string{"Borduria"}, Programs: []string{"CUBA"}},
		}}},
		{[]string{"alt.csv", "sdn.csv", "add.csv"}, List{Format: OFACCSV, Entries: []Entry{
			{ID: "90001", Kind: Person, Names: []Name{orlan[0], orlan[2], orlan[1]}, Births: []Birth{{"10 Dec 1961", 1961, 1961}, {"1958", 1958, 1958}},
				Countries: []string{"Syldavia"}, Programs: []string{"SDGT", "CYBER2"}},
			{ID: "90002", Kind: Organisation, Names: []Name{{"BRISTLEWOOD & ÅKERMARK TRADING CO.", Primary}, {"BRISTLEWOOD BROS.", Strong}}, Programs: []string{"CUBA"}},
			{ID: "90003", Kind: Vessel, Names: []Name{{"PELICAN DAWN", Primary}}, Countries: []string{"Borduria"}, Programs: []string{"CUBA"}},
		}}},
		{[]string{"un.xml"}, List{Format: UNXML, Published: time.Date(2026, 11, 21, 0, 0, 9, 554e6, time.UTC), Nameless: 1, Entries: []Entry{
			{ID: "7700001", Kind: Person, Names: []Name{{"ORLAN TEVIK QARDUSH", Primary}, {"Орлан Тевик Кардуш", Strong}, {"Orlan Kardush", Strong},
				{"Tevik Kardouch", Strong}, {"The Weaver", Weak}}, Births: []Birth{{"1961-12-10", 1961, 1961}, {"BETWEEN 1957 1959", 1957, 1959}},
				Countries: []string{"Syldavia", "Borduria"}, Programs: []string{"Al-Qaida"}},
			{ID: "7700002", Kind: Organisation, Names: []Name{{"LANTERN OF SZOHOD", Primary}, {"Szohod Lantern Front", Strong}},
				Countries: []string{"Borduria"}, Programs: []string{"Somalia"}},
		}}},
		{[]string{"uk.xml"}, List{Format: UKXML, Published: day(2026, 11, 22), Entries: uk}},
		{[]string{"uk.csv"}, List{Format: UKCSV, Published: day(2026, 11, 22), Entries: ukCSV}},
		{[]string{"eu.xml"}, List{Format: EUXML, Published: time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC), Entries: []Entry{
			{ID: "EU.9001.1", Kind: Person, Names: []Name{{"Orlan Tevik Qardush", Primary}, {"Орлан Кардуш", Strong}, {"The Weaver", Weak}},
				Births: []Birth{{"1961-12-10", 1961, 1961}, {"circa 1958", 1956, 1960}, {"-1950", 0, 1950}}, Countries: []string{"SX"}, Programs: []string{"SYL"}},
			{ID: "9002", Kind: Organisation, Names: []Name{{"Lantern of Szohod", Primary}}},
		}}},
		{[]string{"opensanctions.csv"}, List{Format: OpenSanctions, Published: time.Date(2026, 11, 24, 5, 6, 7, 0, time.UTC), Entries: []Entry{
			{ID: "NK-aaa", Kind: Person, Names: []Name{{"Orlan Tevik Qardush", Primary}, {"Kardush; O.", Strong}, {"Орлан Кардуш", Strong}, {"オルラン・カルドゥシュ", Strong}},
				Births: []Birth{{"1961-12-10", 1961, 1961}, {"1958", 1958, 1958}}, Countries: []string{"sx", "bx"}, Programs: []string{"SYL-1", "UN-2"}},
			{ID: "NK-bbb", Kind: Vessel, Names: []Name{{"Pelican Dawn", Primary}}, Programs: []string{"Lists of Syldavia"}},
		}}},
		{[]string{"own.csv"}, List{Format: OwnCSV, Entries: []Entry{
			{ID: "line 2", Kind: Other, Names: []Name{{"Orlan Qardush", Primary}, {"Kardush Orlan", Strong}, {"Орлан Кардуш", Strong}},
				Births: []Birth{{"1961-12-10", 1961, 1961}, {"1958", 1958, 1958}}, Countries: []string{"SX"}, Note: "told us on the telephone"},
			{ID: "line 3", Kind: Other, Names: []Name{{"Bristlewood, Ann", Primary}}},
		}}},
	} {
		c.want.Name = "sample"
		got := load(t, c.files...)
		if len(got.SHA256) != 64 {
			t.Errorf("%s: hash %q", c.files, got.SHA256)
		}
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(List{}, "SHA256")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.files, diff)
		}
	}
}

func TestHashIsOfTheFile(t *testing.T) {
	if got, want := load(t, "own.csv").SHA256, "70c8a5224e"; !strings.HasPrefix(got, want) {
		t.Errorf("own.csv: %s, and sha256sum says %s…", got, want)
	}
	if a, b := load(t, "sdn.csv", "add.csv", "alt.csv").SHA256, load(t, "alt.csv", "sdn.csv", "add.csv").SHA256; a != b {
		t.Errorf("the order of the files changes the hash: %s, %s", a, b)
	}
}

func TestBadListsAreRefusedWithTheirPlace(t *testing.T) {
	sdn, own, open, csv := sample(t, "sdn.xml"), sample(t, "own.csv"), sample(t, "opensanctions.csv"), sample(t, "sdn.csv")
	bomb := `<?xml version="1.0"?>
<!DOCTYPE sdnList [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<sdnList><sdnEntry><uid>1</uid><lastName>&b;</lastName></sdnEntry></sdnList>`
	for _, c := range []struct{ name, data, says string }{
		{"empty", "", "f is empty"},
		{"only spaces", " \n\n ", "f is empty"},
		{"an entity bomb", bomb, "f, line 2: it declares a document type"},
		{"an outside document type", `<!DOCTYPE sdnList SYSTEM "file:///etc/passwd"><sdnList/>`, "declares a document type"},
		{"an entity nobody declared", strings.Replace(sdn, "QARDUSH", "&b;", 1), "f, line 10: this cannot be read"},
		{"cut in an element", sdn[:900], "f ends in the middle, at line 1"},
		{"cut between entries", sdn[:strings.LastIndex(sdn, "  <sdnEntry>")], "f ends in the middle, at line 31"},
		{"crossed tags", strings.Replace(sdn, "</lastName>", "</firstName>", 1), "f, line 10: this cannot be read"},
		{"an entry without an id", strings.Replace(sdn, "<uid>90002</uid>", "", 1), "f, line 25: an entry has no identifier"},
		{"no entries", `<sdnList></sdnList>`, "has no entry"},
		{"the advanced format", `<Sanctions xmlns="x"/>`, "begins with <Sanctions>"},
		{"another export", `<export xmlns="x"/>`, "begins with <export>"},
		{"a page to sign in", "<!-- hi --><html><body>", "is a web page"},
		{"a deep nest", "<sdnList>" + strings.Repeat("<a>", 100), "deep in each other"},
		{"a deep nest in an entry", "<sdnList><sdnEntry>" + strings.Repeat("<a>", 100), "deep in each other"},
		{"an endless name", "<sdnList><sdnEntry><uid>1</uid><lastName>" + strings.Repeat("a", 2<<20), "line 1: what begins here is longer"},
		{"an endless entry", "<sdnList>\n<sdnEntry><uid>1</uid>" + strings.Repeat("<a>b</a>", 1<<18), "line 2: what begins here is longer"},
		{"a long name", "<sdnList><sdnEntry><uid>1</uid><lastName>" + strings.Repeat("a", 5000) + "</lastName></sdnEntry></sdnList>", "a name is longer"},
		{"an encoding nobody knows", `<?xml version="1.0" encoding="Shift_JIS"?><sdnList/>`, "line 1: this cannot be read"},
		{"UTF-16", "\xff\xfe<\x00s\x00", "not text in UTF-8"},
		{"a spreadsheet", "PK\x03\x04....", "is packed"},
		{"gzip", "\x1f\x8b\x08....", "is packed"},
		{"prose", "Dear all,\nplease find the list attached.\n", "is no list that can be read"},
		{"the list that ended", "Last Updated,21/09/2026\nName 6,Name 1,Group ID\nX,,1\n", "ended on 28 January 2026"},
		{"own: a column too many", own + "A,B,C,D,E,F\n", "f, line 4: 6 columns instead of 5"},
		{"own: a misspelt column", strings.Replace(own, "Aliases", "Alias", 1), `the column "Alias" is not known`},
		{"own: no date", own + "A,,when young,,\n", `f, line 4: "when young" is no date`},
		{"own: Shift_JIS", own + "\x8e\x52\x93\x63,,,,\n", "f, line 4: it is not UTF-8"},
		{"own: no name in it", "name,note\n,x\n", "has no entry"},
		{"own: a quote that does not end", own + "\"A,,,,\n", "f, line 4: this cannot be read"},
		{"own: an endless row", own + "\"" + strings.Repeat("a\n", 1<<20), "f, line 3: what begins here is longer"},
		{"OpenSanctions: cut in a row", open[:len(open)-100], "f, line 3: this cannot be read"},
		{"OpenSanctions: cut in the last field", open[:len(open)-1], "f ends in the middle"},
		{"OpenSanctions: broken aliases", strings.Replace(open, `"""Kardush; O."";`, `"""Kardush; O.;`, 1), "f, line 2: the column aliases cannot be read"},
		{"OFAC: one file of three", csv, "OFAC's CSV is three files"},
		{"OFAC: a short row", strings.Replace(csv, `"XX1",`, "", 1), "f, line 3: 11 columns instead of 12"},
	} {
		_, err := Read("list", File{"f", strings.NewReader(c.data)})
		if f := fault.As(err); f == nil || f.Kind != fault.Invalid || !strings.Contains(f.Text.EN, c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestAFileHasABound(t *testing.T) {
	_, err := Read("list", File{"f", io.MultiReader(strings.NewReader(sample(t, "sdn.xml")), endless{})})
	if err == nil || !strings.Contains(err.Error(), "f is larger than 256 MB") {
		t.Error(err)
	}
}

func TestOFACFilesBelongTogether(t *testing.T) {
	sdn, add, alt := sample(t, "sdn.csv"), sample(t, "add.csv"), sample(t, "alt.csv")
	file := func(name, data string) File { return File{name, strings.NewReader(data)} }
	for _, c := range []struct {
		name  string
		files []File
		says  string
	}{
		{"one twice", []File{file("sdn.csv", sdn), file("add.csv", add), file("add2.csv", add)}, "add2.csv: two of the files have 6 columns"},
		{"of different days", []File{file("sdn.csv", sdn), file("add.csv", add), file("alt.csv", "7"+alt)}, `alt.csv, line 1: it belongs to entry "790001"`},
		{"with another list", []File{file("sdn.csv", sdn), file("own.csv", sample(t, "own.csv"))}, "own.csv is not one of OFAC's"},
		{"with XML", []File{file("sdn.csv", sdn), file("un.xml", sample(t, "un.xml"))}, "un.xml is a list by itself"},
	} {
		if _, err := Read("list", c.files...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

func TestEncodings(t *testing.T) {
	latin := strings.Replace(strings.Replace(sample(t, "sdn.xml"), "Å", "\xc5", 1), `version="1.0"`, `version="1.0" encoding="ISO-8859-1"`, 1)
	l, err := Read("list", File{"f", strings.NewReader(latin)})
	if err != nil || l.Entries[1].Names[0].Text != "BRISTLEWOOD & ÅKERMARK TRADING CO." {
		t.Errorf("Latin-1: %v, %v", l.Entries, err)
	}
	l, err = Read("list", File{"f", strings.NewReader("\ufeff" + sample(t, "own.csv"))})
	if err != nil || len(l.Entries) != 2 {
		t.Errorf("a byte order mark: %v, %v", l.Entries, err)
	}
}

// fuzz checks what holds of every list, whatever is in the file.
func fuzz(f *testing.F, seeds ...string) {
	for _, s := range seeds {
		data := sample(f, s)
		f.Add([]byte(data))
		f.Add([]byte(data[:len(data)/2]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := func() []File { return []File{{"f", bytes.NewReader(data)}} }
		if seeds[0] == "sdn.csv" {
			files = func() []File {
				return []File{{"f", bytes.NewReader(data)}, {"add", strings.NewReader(sample(t, "add.csv"))}, {"alt", strings.NewReader(sample(t, "alt.csv"))}}
			}
		}
		l, err := Read("list", files()...)
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		again, err := Read("list", files()...)
		if diff := cmp.Diff(l, again); diff != "" || err != nil {
			t.Fatalf("read twice: %v\n%s", err, diff)
		}
		if len(l.Entries) == 0 || len(l.SHA256) != 64 {
			t.Fatalf("%d entries, hash %q", len(l.Entries), l.SHA256)
		}
		for _, e := range l.Entries {
			if e.ID == "" || len(e.Names) == 0 || e.Kind == "" {
				t.Fatalf("%+v", e)
			}
			for _, n := range e.Names {
				if strings.TrimSpace(n.Text) == "" || len(n.Text) > maxName || strings.ToValidUTF8(n.Text, "") != n.Text {
					t.Fatalf("name %q", n.Text)
				}
			}
		}
		Screen(Subject{Names: []string{l.Entries[0].Names[0].Text}}, NewSet(l), ShippedCountries(), DefaultRules, day(2026, 11, 28))
	})
}

func FuzzOFACXML(f *testing.F)       { fuzz(f, "sdn.xml") }
func FuzzOFACCSV(f *testing.F)       { fuzz(f, "sdn.csv") }
func FuzzUNXML(f *testing.F)         { fuzz(f, "un.xml") }
func FuzzUKXML(f *testing.F)         { fuzz(f, "uk.xml") }
func FuzzUKCSV(f *testing.F)         { fuzz(f, "uk.csv") }
func FuzzEUXML(f *testing.F)         { fuzz(f, "eu.xml") }
func FuzzOpenSanctions(f *testing.F) { fuzz(f, "opensanctions.csv") }
func FuzzOwnCSV(f *testing.F)        { fuzz(f, "own.csv") }
