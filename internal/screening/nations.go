package screening

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The lists of the United Nations, the European Union and the United Kingdom.

// stamped returns what takes the date of a list from an attribute of its root.
func stamped(name string) func(*List, xml.StartElement) {
	return func(l *List, root xml.StartElement) {
		l.Published = date(attribute(root.Attr, name), time.RFC3339, "2006-01-02T15:04:05", time.DateOnly)
	}
}

// unEntry reads an individual or an entity of the Security Council's list.
func unEntry(_ *List, n *node) (Entry, bool) {
	e := Entry{ID: n.get("DATAID"), Kind: Person, Programs: []string{n.get("UN_LIST_TYPE")}}
	if n.name == "ENTITY" {
		e.Kind = Organisation
	}
	var parts []string
	for _, part := range []string{"FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"} {
		parts = append(parts, n.get(part))
	}
	e.Names = append(e.Names, Name{strings.Join(parts, " "), Primary}, Name{n.get("NAME_ORIGINAL_SCRIPT"), Strong})
	for _, alias := range n.all(n.name + "_ALIAS") {
		kind := Strong
		if strings.EqualFold(alias.get("QUALITY"), "low") {
			kind = Weak
		}
		// Some aliases are several in one element.
		for text := range strings.SplitSeq(alias.get("ALIAS_NAME"), ";") {
			e.Names = append(e.Names, Name{text, kind})
		}
	}
	for _, b := range n.all("INDIVIDUAL_DATE_OF_BIRTH") {
		text := strings.Join([]string{b.get("TYPE_OF_DATE"), b.get("DATE"), b.get("YEAR"), b.get("FROM_YEAR"), b.get("TO_YEAR"), b.get("NOTE")}, " ")
		text = strings.Join(strings.Fields(strings.TrimPrefix(text, "EXACT")), " ")
		e.Births = append(e.Births, birth(text)...)
	}
	e.Countries = append(n.texts("NATIONALITY", "VALUE"), n.texts(n.name+"_ADDRESS", "COUNTRY")...)
	return e, true
}

// euEntry reads an entity of the consolidated financial sanctions list. All its names are of one
// rank but for the weak ones; the first is taken for the primary one.
func euEntry(_ *List, n *node) (Entry, bool) {
	e := Entry{ID: n.at("euReferenceNumber"), Kind: Other}
	if e.ID == "" {
		e.ID = n.at("logicalId")
	}
	for _, t := range n.all("subjectType") {
		switch t.at("code") {
		case "person":
			e.Kind = Person
		case "enterprise":
			e.Kind = Organisation
		}
	}
	for i, alias := range n.all("nameAlias") {
		kind := Strong
		if alias.at("strong") == "false" {
			kind = Weak
		} else if i == 0 {
			kind = Primary
		}
		text := alias.at("wholeName")
		if text == "" {
			text = strings.Join([]string{alias.at("firstName"), alias.at("middleName"), alias.at("lastName")}, " ")
		}
		e.Names = append(e.Names, Name{text, kind})
	}
	for _, b := range n.all("birthdate") {
		e.Births = append(e.Births, euBirth(b)...)
	}
	for _, name := range []string{"citizenship", "address"} {
		for _, c := range n.all(name) {
			if code := c.at("countryIso2Code"); code != "00" { // unknown
				e.Countries = append(e.Countries, code)
			}
		}
	}
	for _, r := range n.all("regulation") {
		e.Programs = append(e.Programs, r.at("programme"))
	}
	return e, true
}

// euBirth reads a date, a year, or a range of years that may be open at either end.
func euBirth(n *node) []Birth {
	from, to := n.at("yearRangeFrom"), n.at("yearRangeTo")
	if from != "" || to != "" {
		b := Birth{Text: from + "-" + to}
		b.From, _ = strconv.Atoi(from) // an open end stays zero
		b.To, _ = strconv.Atoi(to)
		return []Birth{b}
	}
	text := n.at("birthdate")
	if text == "" {
		text = n.at("year")
	}
	if n.at("circa") == "true" {
		text = "circa " + text
	}
	return birth(text)
}

func ukPublished(l *List, n *node) (Entry, bool) {
	l.Published = ukDate(n.text)
	return Entry{}, false
}

func ukDate(text string) time.Time {
	return date(text, "02/01/2006", "02-Jan-2006", "2 January 2006", time.DateOnly)
}

// ukEntry reads a designation of the UK Sanctions List.
func ukEntry(_ *List, n *node) (Entry, bool) {
	e := Entry{ID: n.get("UniqueID"), Kind: ukKind(n.get("IndividualEntityShip")), Programs: n.texts("RegimeName")}
	for _, name := range n.all("Names", "Name") {
		var parts []string
		for i := range 6 {
			parts = append(parts, name.get(fmt.Sprintf("Name%d", i+1)))
		}
		e.Names = append(e.Names, Name{strings.Join(parts, " "), ukNameKind(name.get("NameType"), name.get("AliasStrength"))})
	}
	for _, text := range n.texts("NonLatinNames", "NonLatinName", "NameNonLatinScript") {
		e.Names = append(e.Names, Name{text, Strong})
	}
	const details, one = "IndividualDetails", "Individual"
	for _, text := range n.texts(details, one, "DOBs", "DOB") {
		e.Births = append(e.Births, birth(text)...)
	}
	e.Countries = append(n.texts(details, one, "Nationalities", "Nationality"), n.texts("Addresses", "Address", "AddressCountry")...)
	return e, true
}

func ukKind(s string) Kind {
	switch strings.ToLower(s) {
	case "individual":
		return Person
	case "entity":
		return Organisation
	case "ship":
		return Vessel
	}
	return Other
}

// ukNameKind reads what is written in several cases, and once as ALias.
func ukNameKind(kind, strength string) NameKind {
	switch {
	case strings.EqualFold(kind, "primary name"):
		return Primary
	case strings.Contains(strings.ToLower(strength), "low"):
		return Weak
	}
	return Strong
}
