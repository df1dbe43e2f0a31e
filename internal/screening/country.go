package screening

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
)

//go:embed country.txt
var shipped []byte

// A Sanction is a time in which a country was under sanctions as a whole.
type Sanction struct {
	Country string // ISO 3166-1 alpha-2
	From    calendar.Date
	Until   calendar.Date // the last day; zero while it goes on
	Ground  string
}

// Countries is a dated set of countries under sanctions, which R-7 keeps from being paid into.
type Countries struct {
	Version   string
	SHA256    string
	Sanctions []Sanction
}

// ShippedCountries returns the set that comes with the program.
func ShippedCountries() Countries {
	c, err := ReadCountries("country.txt", bytes.NewReader(shipped))
	if err != nil {
		panic(err) // a test reads it
	}
	return c
}

// maxCountries is the size of a set of countries: ours has 1 KB.
const maxCountries = 1 << 20

// ReadCountries reads a set of countries: a line for each with the code, the first day, the last day
// or -, and the ground; and one with the word version and what the set is called.
func ReadCountries(name string, r io.Reader) (Countries, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCountries))
	if err != nil {
		return Countries{}, fmt.Errorf("reading countries: %w", err)
	}
	sum := sha256.Sum256(data)
	c := Countries{SHA256: hex.EncodeToString(sum[:])}
	s := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if version, ok := strings.CutPrefix(line, "version "); ok {
			c.Version = strings.TrimSpace(version)
			continue
		}
		one, ok := parseSanction(strings.Fields(line))
		if !ok {
			return Countries{}, fault.New(fault.Invalid, "%s, line %d: write a country, the first day, the last day or -, and the ground, such as “SD 1997-11-04 2017-10-11 US: …”.",
				"%s の%d行目：国コード、初日、最終日（または -）、根拠の順に書いてください。例：「SD 1997-11-04 2017-10-11 US: …」。", name, n)
		}
		c.Sanctions = append(c.Sanctions, one)
	}
	if c.Version == "" || s.Err() != nil || len(data) == maxCountries {
		return Countries{}, fault.New(fault.Invalid, "%s has no line “version …”, or is no text of lines.",
			"%s に「version …」の行がないか、行からなる文字データではありません。", name).Because(s.Err())
	}
	return c, nil
}

func parseSanction(f []string) (Sanction, bool) {
	if len(f) < 4 || !isCountry(f[0]) {
		return Sanction{}, false
	}
	s := Sanction{Country: f[0], Ground: strings.Join(f[3:], " ")}
	var err error
	if s.From, err = calendar.Parse(f[1]); err != nil {
		return s, false
	}
	if f[2] != "-" {
		if s.Until, err = calendar.Parse(f[2]); err != nil || s.Until.Before(s.From) {
			return s, false
		}
	}
	return s, true
}

// isCountry reports whether s has the form of a two-letter code.
func isCountry(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

// On returns the sanction that a country is under on a day, if it is under one.
func (c Countries) On(country string, day calendar.Date) (Sanction, bool) {
	for _, s := range c.Sanctions {
		if s.Country == country && !day.Before(s.From) && (s.Until.IsZero() || !day.After(s.Until)) {
			return s, true
		}
	}
	return Sanction{}, false
}
