package screening

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"hinomi.dev/hinomi/internal/fault"
)

// OFAC's lists of specially designated nationals: sdn.xml and the three files of the CSV. The
// consolidated list of others has the same shapes. Weak aliases stand in the remarks of the CSV.

func ofacPublished(l *List, n *node) (Entry, bool) {
	l.Published = date(n.get("Publish_Date"), "01/02/2006")
	return Entry{}, false
}

func ofacEntry(_ *List, n *node) (Entry, bool) {
	e := Entry{ID: n.get("uid"), Kind: ofacKind(n.get("sdnType")), Programs: n.texts("programList", "program")}
	e.Names = append(e.Names, Name{ofacName(n), Primary})
	for _, aka := range n.all("akaList", "aka") {
		kind := Strong
		if strings.EqualFold(aka.get("category"), "weak") {
			kind = Weak
		}
		e.Names = append(e.Names, Name{ofacName(aka), kind})
	}
	for _, text := range n.texts("dateOfBirthList", "dateOfBirthItem", "dateOfBirth") {
		e.Births = append(e.Births, birth(text)...)
	}
	for _, path := range [][]string{{"nationalityList", "nationality", "country"}, {"citizenshipList", "citizenship", "country"},
		{"addressList", "address", "country"}, {"vesselInfo", "vesselFlag"}} {
		e.Countries = append(e.Countries, n.texts(path...)...)
	}
	return e, true
}

// ofacName writes a name as OFAC prints it: LAST, First.
func ofacName(n *node) string {
	last, first := n.get("lastName"), n.get("firstName")
	if last == "" || first == "" {
		return last + first
	}
	return last + ", " + first
}

func ofacKind(s string) Kind {
	switch strings.ToLower(s) {
	case "individual":
		return Person
	case "vessel":
		return Vessel
	case "aircraft":
		return Aircraft
	case "entity", "":
		return Organisation
	}
	return Other
}

// Numbers of columns of OFAC's CSV files, which have no header.
const (
	sdnColumns = 12 // ent_num, name, type, program, title, call sign, vessel type, tonnage, GRT, flag, owner, remarks
	addColumns = 6  // ent_num, add_num, address, city, country, remarks
	altColumns = 5  // ent_num, alt_num, type, name, remarks
)

// An ofacSet collects the three files until they can be joined.
type ofacSet struct {
	entries []ofacRow
	linked  []ofacRow
	has     [sdnColumns + 1]bool
}

type ofacRow struct {
	file   string
	line   int
	fields []string
}

// ofac reads one of the three files.
func (s *source) ofac(t *table, set *ofacSet) error {
	columns := len(t.first)
	if set.has[columns] {
		return fault.New(fault.Invalid, "%s: two of the files have %d columns. Load sdn.csv, add.csv and alt.csv of the same day, each once.",
			"%s：%d列のファイルが二つあります。同じ日のsdn.csv、add.csv、alt.csvを一つずつ読み込んでください。", s.name, columns)
	}
	set.has[columns] = true
	for {
		row, line, err := t.next()
		if err != nil || row == nil {
			return err
		}
		for i, f := range row {
			if !valid(row[i : i+1]) {
				f, _ = charmap.Windows1252.NewDecoder().String(f) // cannot fail: every byte is a sign
			}
			if row[i] = strings.TrimSpace(f); row[i] == "-0-" {
				row[i] = ""
			}
		}
		if r := (ofacRow{s.name, line, row}); columns == sdnColumns {
			set.entries = append(set.entries, r)
		} else {
			set.linked = append(set.linked, r)
		}
	}
}

// join makes entries of the rows. The files link by the first column.
func (s *ofacSet) join(l *List) error {
	if !s.has[sdnColumns] || !s.has[addColumns] || !s.has[altColumns] {
		return fault.New(fault.Invalid, "OFAC's CSV is three files: sdn.csv, add.csv with the addresses and alt.csv with the aliases. Load them together, or sdn.xml alone.",
			"OFACのCSVは、sdn.csv、住所のadd.csv、別名のalt.csvの三つで一組です。一緒に読み込むか、sdn.xmlだけを読み込んでください。")
	}
	entries := make([]Entry, len(s.entries))
	at := make(map[string]*Entry, len(entries))
	for i, r := range s.entries {
		entries[i] = ofacRecord(r.fields)
		at[r.fields[0]] = &entries[i]
	}
	for _, r := range s.linked {
		e := at[r.fields[0]]
		if e == nil {
			return fault.New(fault.Invalid, "%s, line %d: it belongs to entry %q, which sdn.csv does not have. Load three files of the same day.",
				"%s の%d行目：sdn.csvにない項目「%s」に属しています。同じ日の三つのファイルを読み込んでください。", r.file, r.line, r.fields[0])
		}
		if len(r.fields) == addColumns {
			e.Countries = append(e.Countries, r.fields[4])
		} else {
			e.Names = append(e.Names, Name{r.fields[3], Strong})
		}
	}
	for i, r := range s.entries {
		if err := l.add(entries[i], r.file, r.line); err != nil {
			return err
		}
	}
	return nil
}

// ofacRecord reads a row of sdn.csv with what its remarks say.
func ofacRecord(f []string) Entry {
	e := Entry{ID: f[0], Kind: ofacKind(f[2]), Names: []Name{{f[1], Primary}}, Programs: strings.Split(f[3], "] ["), Countries: []string{f[9]}}
	for remark := range strings.SplitSeq(strings.TrimSuffix(f[11], "."), ";") {
		remark = strings.TrimPrefix(strings.TrimSpace(remark), "alt. ")
		what, rest, _ := strings.Cut(remark, " ")
		switch rest = strings.TrimSpace(rest); what {
		case "DOB":
			e.Births = append(e.Births, birth(rest)...)
		case "nationality", "citizen":
			e.Countries = append(e.Countries, rest)
		case "a.k.a.", "f.k.a.", "n.k.a.":
			e.Names = append(e.Names, Name{strings.TrimSuffix(strings.TrimPrefix(rest, "'"), "'"), Weak})
		}
	}
	return e
}

// isOFAC reports whether a first row is one of OFAC's files: a number, and one of three widths.
func isOFAC(row []string) bool {
	var n int
	_, err := fmt.Sscanf(row[0], "%d", &n)
	return err == nil && slices.Contains([]int{sdnColumns, addColumns, altColumns}, len(row))
}
