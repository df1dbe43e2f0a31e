package bank

import (
	"strings"

	"hinomi.dev/hinomi/internal/fault"
)

// maxIBAN is the length of the longest IBAN that the standard allows.
const maxIBAN = 34

// CheckIBAN returns an IBAN as it is written in files, or says what is wrong with it. Spaces and
// small letters are taken as people type them.
func CheckIBAN(s string) (string, error) {
	iban := compact(s)
	shown := iban
	if len(shown) > maxIBAN+6 {
		shown = string([]rune(shown)[:min(maxIBAN, len([]rune(shown)))]) + "…"
	}
	for i, r := range iban {
		if !('A' <= r && r <= 'Z' || '0' <= r && r <= '9') {
			return "", fault.New(fault.Invalid, "“%s” is no IBAN: sign %d is “%c”, and it has only letters and digits.",
				"「%s」はIBANとして読めません。%d文字目が「%c」です。使えるのは英数字だけです。", shown, i+1, r)
		}
	}
	if len(iban) < 4 || !fits(iban[:4], "2a2n") {
		return "", fault.New(fault.Invalid, "“%s” is no IBAN: it begins with two letters for the country and two digits.",
			"「%s」はIBANとして読めません。国を表す英字2文字と数字2桁で始まります。", shown)
	}
	country := iban[:2]
	structure, known := ibanStructures[country]
	switch {
	case !known:
		return "", fault.New(fault.Invalid, "“%s” has no IBANs. Give the account number and the BIC instead.",
			"「%s」にはIBANがありません。口座番号とBICを入力してください。", country)
	case len(iban) != 4+length(structure):
		return "", fault.New(fault.Invalid, "“%s” has %d signs, and an IBAN of %s has %d.",
			"「%s」は%d文字です。%sのIBANは%d文字です。", shown, len(iban), country, 4+length(structure))
	case !fits(iban[4:], structure):
		return "", fault.New(fault.Invalid, "“%s” has a letter where IBANs of %s have a digit, or a digit where they have a letter.",
			"「%s」は、%sのIBANで数字の位置に英字が、または英字の位置に数字があります。", shown, country)
	case iban[2:4] < "02" || iban[2:4] > "98" || mod97(iban[4:]+iban[:4]) != 1:
		return "", fault.New(fault.Invalid, "“%s” is mistyped: its check digits do not fit the rest.",
			"「%s」は入力に誤りがあります。検査数字が一致しません。", shown)
	}
	return iban, nil
}

// FormatIBAN returns an IBAN in groups of four, as it is printed.
func FormatIBAN(iban string) string {
	var b strings.Builder
	for i := 0; i < len(iban); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(iban[i:min(i+4, len(iban))])
	}
	return b.String()
}

// HasIBAN reports whether accounts of a country, such as "DE", have IBANs.
func HasIBAN(country string) bool { return ibanStructures[country] != "" }

// mod97 returns the remainder of the number that s is with letters read as 10 to 35.
func mod97(s string) int {
	n := 0
	for _, r := range s {
		if r >= 'A' {
			n = (n*100 + int(r-'A') + 10) % 97
		} else {
			n = (n*10 + int(r-'0')) % 97
		}
	}
	return n
}

// parts calls yield with each length and class of a structure such as "4a6n8n".
func parts(structure string, yield func(n int, class byte)) {
	n := 0
	for i := range len(structure) {
		if c := structure[i]; '0' <= c && c <= '9' {
			n = n*10 + int(c-'0')
		} else {
			yield(n, c)
			n = 0
		}
	}
}

// length returns how many signs a structure has.
func length(structure string) int {
	sum := 0
	parts(structure, func(n int, _ byte) { sum += n })
	return sum
}

// fits reports whether s, of the structure's length, has digits where it says n and letters where
// it says a; c is either.
func fits(s, structure string) bool {
	ok, at := true, 0
	parts(structure, func(n int, class byte) {
		for _, r := range s[at : at+n] {
			letter := 'A' <= r && r <= 'Z'
			ok = ok && (class == 'c' || letter == (class == 'a'))
		}
		at += n
	})
	return ok
}

// ibanStructures is what follows the country and the two check digits, by country: n digits,
// a letters, c either (ISO 13616, the registry of SWIFT). Countries without a line have no IBANs:
// Japan, the United States, China, Korea, Taiwan, India, Australia, Canada and others.
var ibanStructures = map[string]string{
	"AD": "8n12c", "AE": "19n", "AL": "8n16c", "AT": "16n", "AZ": "4a20c",
	"BA": "16n", "BE": "12n", "BG": "4a6n8c", "BH": "4a14c", "BI": "23n", "BR": "23n1a1c", "BY": "4c4n16c",
	"CH": "5n12c", "CR": "18n", "CY": "8n16c", "CZ": "20n",
	"DE": "18n", "DJ": "23n", "DK": "14n", "DO": "4c20n",
	"EE": "16n", "EG": "25n", "ES": "20n",
	"FI": "14n", "FK": "2a12n", "FO": "14n", "FR": "10n11c2n",
	"GB": "4a14n", "GE": "2a16n", "GI": "4a15c", "GL": "14n", "GR": "7n16c", "GT": "4c20c",
	"HN": "4a20n", "HR": "17n", "HU": "24n",
	"IE": "4a14n", "IL": "19n", "IQ": "4a15n", "IS": "22n", "IT": "1a10n12c",
	"JO": "4a4n18c",
	"KW": "4a22c", "KZ": "3n13c",
	"LB": "4n20c", "LC": "4a24c", "LI": "5n12c", "LT": "16n", "LU": "3n13c", "LV": "4a13c", "LY": "21n",
	"MC": "10n11c2n", "MD": "2c18c", "ME": "18n", "MK": "3n10c2n", "MN": "16n", "MR": "23n", "MT": "4a5n18c", "MU": "4a19n3a",
	"NI": "4a20n", "NL": "4a10n", "NO": "11n",
	"OM": "3n16c",
	"PK": "4a16c", "PL": "24n", "PS": "4a21c", "PT": "21n",
	"QA": "4a21c",
	"RO": "4a16c", "RS": "18n", "RU": "14n15c",
	"SA": "2n18c", "SC": "4a20n3a", "SD": "14n", "SE": "20n", "SI": "15n", "SK": "20n", "SM": "1a10n12c", "SO": "19n", "ST": "21n", "SV": "4a20n",
	"TL": "19n", "TN": "20n", "TR": "6n16c",
	"UA": "6n19c",
	"VA": "18n", "VG": "4a16n",
	"XK": "16n",
	"YE": "4a4n18c",
}
