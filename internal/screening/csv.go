package screening

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
)

// A table is a list in CSV being read row by row.
type table struct {
	in     *source
	r      *csv.Reader
	first  []string // the first row: the header, where there is one
	unread bool     // first is data, and the next row is it
}

// row returns the next row and its line, or no row at the end.
func (t *table) row() ([]string, int, error) {
	row, err := t.r.Read()
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		t.in.line = broken.StartLine
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil, 0, nil
	case err != nil:
		return nil, 0, err
	}
	line, _ := t.r.FieldPos(0)
	t.in.next(line)
	return row, line, nil
}

// next returns the next row, which must be as wide as the first. OFAC ends its files with Ctrl-Z.
func (t *table) next() ([]string, int, error) {
	if t.unread {
		t.unread = false
		return slices.Clone(t.first), 1, nil
	}
	row, line, err := t.row()
	if err != nil || row == nil || len(row) == 1 && row[0] == "\x1a" {
		return nil, 0, err
	}
	if len(row) != len(t.first) {
		return nil, 0, fault.New(fault.Invalid, "%s, line %d: %d columns instead of %d. Was the file cut, or changed by hand? It was not loaded.",
			"%s の%d行目：列数が%dで、%dではありません。途中で切れたか、手で変えたファイルかもしれません。読み込んでいません。", t.in.name, line, len(row), len(t.first))
	}
	return row, line, nil
}

// csv finds out which list a table is, and reads it.
func (s *source) csv(l *List, set *ofacSet, files int) error {
	t := &table{in: s, r: csv.NewReader(s)}
	t.r.FieldsPerRecord = -1
	row, _, err := t.row()
	if err != nil {
		return err
	}
	t.first = row
	published := ""
	if len(row) > 0 && strings.HasPrefix(row[0], "Report Date") {
		_, published, _ = strings.Cut(row[0], ":")
		if t.first, _, err = t.row(); err != nil {
			return err
		}
	}
	h := header(t.first)
	switch {
	case len(t.first) > 0 && isOFAC(t.first):
		l.Format, t.unread = OFACCSV, true
		return s.ofac(t, set)
	case files > 1:
		return fault.New(fault.Invalid, "%s is not one of OFAC's CSV files. Load each other list alone.",
			"%s はOFACのCSVファイルではありません。ほかのリストは一つずつ読み込んでください。", s.name)
	case h.has("Unique ID", "Name 6", "Name type"):
		l.Format, l.Published = UKCSV, ukDate(published)
		return s.uk(t, h, l)
	case h.has("id", "schema", "name", "aliases", "birth_date", "countries"):
		l.Format = OpenSanctions
		return s.openSanctions(t, h, l)
	case h.has("name"):
		l.Format = OwnCSV
		return s.own(t, h, l)
	case len(t.first) == 2 && t.first[0] == "Last Updated":
		return fault.New(fault.Invalid, "%s is the OFSI consolidated list, which ended on 28 January 2026. Load the UK Sanctions List.",
			"%s は2026年1月28日に廃止されたOFSI統合リストです。英国制裁リスト（UK Sanctions List）を読み込んでください。", s.name)
	}
	return fault.New(fault.Invalid, "%s is no list that can be read. A list of your own has the columns name, aliases, birth date, country, note.",
		"%s は読めるリストではありません。独自のリストの列は name、aliases、birth date、country、note です。", s.name)
}

// A columns says where the columns stand that a header names.
type columns map[string]int

// header reads a header. Upper and lower case do not matter, nor does birth_date for birth date.
func header(row []string) columns {
	h := columns{}
	for i, name := range row {
		if name = column(name); name != "" {
			h[name] = i
		}
	}
	return h
}

func column(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", " ")
}

func (h columns) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { _, ok := h[column(n)]; return !ok })
}

// get returns a field, or nothing when there is no such column.
func (h columns) get(row []string, name string) string {
	if i, ok := h[column(name)]; ok {
		return strings.TrimSpace(row[i])
	}
	return ""
}

// each calls fn for every row.
func (t *table) each(fn func(row []string, line int) error) error {
	for {
		row, line, err := t.next()
		if err != nil || row == nil {
			return err
		}
		if !valid(row) {
			return fault.New(fault.Invalid, "%s, line %d: it is not UTF-8. Save the file as “CSV UTF-8”; it was not loaded.",
				"%s の%d行目：UTF-8ではありません。「CSV UTF-8」で保存してください。読み込んでいません。", t.in.name, line)
		}
		if err := fn(row, line); err != nil {
			return err
		}
	}
}

// uk reads the UK Sanctions List. Each name of a designation has a row, which repeats the rest.
func (s *source) uk(t *table, h columns, l *List) error {
	var entries []*Entry
	lines := map[string]int{}
	at := map[string]*Entry{}
	err := t.each(func(row []string, line int) error {
		id := h.get(row, "Unique ID")
		e := at[id]
		if e == nil {
			kind := h.get(row, "Designation Type")
			if kind == "" {
				kind = h.get(row, "Individual, Entity, Ship") // before 2026
			}
			e = &Entry{ID: id, Kind: ukKind(kind)}
			at[id], lines[id] = e, line
			entries = append(entries, e)
		}
		var parts []string
		for i := range 6 {
			parts = append(parts, h.get(row, fmt.Sprintf("Name %d", i+1)))
		}
		kind := ukNameKind(h.get(row, "Name type"), h.get(row, "Alias strength"))
		e.Names = append(e.Names, Name{strings.Join(parts, " "), kind}, Name{h.get(row, "Name non-latin script"), Strong})
		for _, b := range birth(h.get(row, "D.O.B")) {
			if !slices.Contains(e.Births, b) {
				e.Births = append(e.Births, b)
			}
		}
		for _, name := range []string{"Nationality(/ies)", "Address Country"} {
			e.Countries = append(e.Countries, strings.FieldsFunc(h.get(row, name), func(r rune) bool { return r == ';' || r == '|' })...)
		}
		e.Programs = append(e.Programs, h.get(row, "Regime Name"))
		return nil
	})
	for _, e := range entries {
		if err == nil {
			err = l.add(*e, s.name, lines[e.ID])
		}
	}
	return err
}

// openSanctions reads targets.simple.csv of any collection. It says nothing of how strong an alias
// is. The day it was last seen at its source is the nearest it has to a date of its own.
func (s *source) openSanctions(t *table, h columns, l *List) error {
	last := ""
	return t.each(func(row []string, line int) error {
		e := Entry{ID: h.get(row, "id"), Kind: openKind(h.get(row, "schema")), Names: []Name{{h.get(row, "name"), Primary}}}
		if seen := h.get(row, "last_seen"); seen > last {
			last, l.Published = seen, date(seen, "2006-01-02T15:04:05", time.RFC3339, time.DateOnly)
		}
		var err error
		several := func(name string) []string {
			values, wrong := semicolons(h.get(row, name))
			if wrong != nil && err == nil {
				err = fault.New(fault.Invalid, "%s, line %d: the column %s cannot be read. Fetch the file again; it was not loaded.",
					"%s の%d行目：%s 列が読めません。ファイルを取り直してください。読み込んでいません。", s.name, line, name).Because(wrong)
			}
			return values
		}
		for _, alias := range several("aliases") {
			e.Names = append(e.Names, Name{alias, Strong})
		}
		for _, text := range several("birth_date") {
			e.Births = append(e.Births, birth(text)...)
		}
		e.Countries = several("countries")
		if e.Programs = several("program_ids"); len(e.Programs) == 0 {
			e.Programs = several("dataset")
		}
		if err != nil {
			return err
		}
		return l.add(e, s.name, line)
	})
}

// semicolons reads the values of one field, which are CSV again.
func semicolons(field string) ([]string, error) {
	if field == "" {
		return nil, nil
	}
	r := csv.NewReader(strings.NewReader(field))
	r.Comma = ';'
	return r.Read()
}

// openKind reads a schema of OpenSanctions.
func openKind(schema string) Kind {
	switch schema {
	case "Person":
		return Person
	case "Organization", "Company", "LegalEntity", "PublicBody":
		return Organisation
	case "Vessel":
		return Vessel
	case "Airplane":
		return Aircraft
	}
	return Other
}

// own reads a list of the operator's. Columns that are not known are refused: under a misspelt
// header the aliases would be missing and nobody would notice.
func (s *source) own(t *table, h columns, l *List) error {
	known := []string{"id", "name", "aliases", "birth date", "country", "note"}
	for _, name := range t.first {
		if !slices.Contains(known, column(name)) {
			return fault.New(fault.Invalid, "%s: the column %q is not known. The columns are name, aliases, birth date, country, note, and id if you have one.",
				"%s：列「%s」は使えません。列は name、aliases、birth date、country、note で、必要なら id もあります。", s.name, name)
		}
	}
	return t.each(func(row []string, line int) error {
		e := Entry{ID: h.get(row, "id"), Kind: Other, Note: h.get(row, "note")}
		if e.ID == "" {
			e.ID = fmt.Sprintf("line %d", line)
		}
		e.Names = []Name{{h.get(row, "name"), Primary}}
		for alias := range strings.SplitSeq(h.get(row, "aliases"), ";") {
			e.Names = append(e.Names, Name{alias, Strong})
		}
		for text := range strings.SplitSeq(h.get(row, "birth date"), ";") {
			b := birth(text)
			if strings.TrimSpace(text) != "" && b == nil {
				return fault.New(fault.Invalid, "%s, line %d: %q is no date of birth with a year. Write 1961-04-28, or 1961.",
					"%s の%d行目：「%s」は年のある生年月日ではありません。1961-04-28 か 1961 と書いてください。", s.name, line, text)
			}
			e.Births = append(e.Births, b...)
		}
		e.Countries = strings.Split(h.get(row, "country"), ";")
		return l.add(e, s.name, line)
	})
}
