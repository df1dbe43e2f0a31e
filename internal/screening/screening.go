// Package screening reads sanctions lists and looks for a payee's names on them.
//
// It proposes and never decides: a score makes somebody look (Look) or freezes a payment until a
// person has cleared or refused it (Hold). Nobody loses anything by a score.
//
// # Method
//
// A name is folded: width, case, accents, punctuation. A name in kana is screened in Latin letters
// too, by Hepburn and Kunrei and with long vowels written in three ways. Names in other scripts are
// compared in their own, and through the aliases in Latin letters that lists give.
//
// Two names score the best of three views, in ten-thousandths: Jaro-Winkler of the whole texts if
// they begin alike; the mean of the best partners of the subject's words, wherever they stand; and
// the mean over the listed words, each with a partner of its own, if the subject has more words. Two
// words below 0.5 have nothing in common and count 0. Words of one or two letters are left out as
// long as two others remain. Everything is whole numbers; Algorithm names the method on every
// record, and a test fails when the same inputs give other scores under the same name.
//
// 0.80 is a look. 0.90 is a hold, and so is a look whose year of birth the list has too. A year that
// differs lowers nothing: lists are often wrong about it. So is a residence in a country under
// sanctions on that day a hold, and a subject of whom no name can be compared. A list that is older
// than the limit, or dated in the future, or no list at all makes the result stale.
//
// # Limits
//
// False hits are by design: a payee with one name meets everybody who has it among others, KIM Jong
// Un and KIM Jong Man are the same, and short names in Chinese characters are alike quickly. Missed
// are: kanji without kana, katakana for a foreign name (ジョージ is JOOJI, not George), simplified
// against traditional characters, two scripts without an alias between them, and nicknames.
//
// # Sources
//
// The views follow what OFAC says of its public search, and what others have measured of it. The
// formats are those that OFAC, the Security Council, the EU, the UK and OpenSanctions publish in 2026.
package screening

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
)

// Algorithm names the method. Whatever changes a score changes the name.
const Algorithm = "hinomi-names-1"

// A Subject is who is to be paid.
type Subject struct {
	Names     []string // as they write it, in every script they gave, kana included
	BirthYear int      // zero when it is not known
	Country   string   // of residence, ISO 3166-1 alpha-2
}

// Rules say what a score means. Fields that are zero take the values of DefaultRules.
type Rules struct {
	Look   int           // ten-thousandths from which a person looks
	Hold   int           // ten-thousandths from which a payment is frozen
	MaxAge time.Duration // since a list was fetched
	// MaxPublished is the age of what is in a list, by its own date: it finds the old file that
	// was loaded again today. Lists without a date pass.
	MaxPublished time.Duration
}

// DefaultRules are those of the program's design. Every publisher brings its list out at least once
// a month.
var DefaultRules = Rules{Look: 8_000, Hold: 9_000, MaxAge: 24 * time.Hour, MaxPublished: 60 * 24 * time.Hour}

func (r Rules) filled() Rules {
	return Rules{cmp.Or(r.Look, DefaultRules.Look), cmp.Or(r.Hold, DefaultRules.Hold),
		cmp.Or(r.MaxAge, DefaultRules.MaxAge), cmp.Or(r.MaxPublished, DefaultRules.MaxPublished)}
}

// An Outcome is what a screening proposes.
type Outcome string

// The outcomes, the strongest last. A hold may be stale as well: see Result.Stale.
const (
	Clear Outcome = "clear"
	Look  Outcome = "look"  // a person looks before money goes out
	Stale Outcome = "stale" // nothing goes out: load fresh lists and screen again
	Hold  Outcome = "hold"  // frozen until a person clears or refuses it
)

// What a list says of the year of birth.
const (
	BirthUnknown = "unknown"
	BirthAgrees  = "agrees"
	BirthDiffers = "differs"
)

// A Match is an entry whose best name is like one of the subject's.
type Match struct {
	List      string
	Entry     string // its id on that list
	Kind      Kind
	Name      string // as the list has it
	NameKind  NameKind
	Form      string // of the subject's name, as it was compared
	Score     int    // ten-thousandths
	BirthYear string
	Outcome   Outcome
}

// A Used list is what a record says of a list.
type Used struct {
	Name      string
	Format    Format
	Published time.Time `json:",omitzero"`
	Fetched   time.Time `json:",omitzero"`
	SHA256    string
	Entries   int
	Stale     string `json:",omitempty"` // why it blocks a release: "age", "published" or "future"
}

// What a screening says of the residence.
const (
	ResidenceUnknown    = "unknown"
	ResidenceClear      = "clear"
	ResidenceSanctioned = "sanctioned"
	ResidenceUnreadable = "unreadable" // no two-letter code
)

// maxMatches is how many entries a record keeps. Who has more hits than that has a name too short
// to be screened, and Total says so.
const maxMatches = 50

// A Result is the record of a screening. Screening the same subject against the same lists with the
// Rules and the time of a record gives the same record, to the byte. It holds forms of the name:
// it is personal data, and is kept under the person's key.
type Result struct {
	Algorithm string
	At        time.Time
	Rules     Rules
	Lists     []Used
	Countries string // version of the set of countries, and its hash
	Residence string
	Ground    string  `json:",omitempty"` // why the residence is sanctioned
	Forms     int     // in how many forms the names were compared
	Total     int     // entries at or above Look
	Matches   []Match // the strongest of them
	Stale     bool
	Outcome   Outcome
}

// Screen looks for a subject on the lists of the set, and at the countries under sanctions, at now.
func Screen(subject Subject, set *Set, countries Countries, rules Rules, now time.Time) Result {
	return set.Searcher().Screen(subject, countries, rules, now)
}

// A Searcher screens one subject after another, and remembers what their words scored: many people share
// a name. It is not safe for concurrent use.
type Searcher struct {
	set  *Set
	look look
}

// Searcher returns one that remembers nothing yet.
func (s *Set) Searcher() *Searcher {
	return &Searcher{set: s, look: look{Set: s, words: map[string]*partners{}}}
}

// remembered is how many bytes a Searcher keeps of what words scored.
const remembered = 48 << 20

// Screen is the function of the same name, for the Searcher's set.
func (w *Searcher) Screen(subject Subject, countries Countries, rules Rules, now time.Time) Result {
	set := w.set
	r := Result{Algorithm: Algorithm, At: now.UTC().Round(0), Rules: rules.filled(), Countries: countries.Version + " " + countries.SHA256}
	for _, l := range set.lists {
		u := Used{l.Name, l.Format, l.Published.UTC(), l.Fetched.UTC(), l.SHA256, len(l.Entries), r.Rules.stale(l, r.At)}
		r.Stale = r.Stale || u.Stale != ""
		r.Lists = append(r.Lists, u)
	}
	r.Stale = r.Stale || len(r.Lists) == 0
	r.residence(subject.Country, countries)
	all := forms(subject.Names)
	r.Forms = len(all)
	if w.look.bar != r.Rules.Look || len(w.look.words) > max(64, remembered/(2*len(set.vocab)+1)) {
		w.look.bar = r.Rules.Look
		clear(w.look.words)
	}
	r.Matches = set.search(&w.look, all, subject.BirthYear, r.Rules)
	r.Total = len(r.Matches)
	r.Matches = slices.Clip(r.Matches[:min(r.Total, maxMatches)])
	r.Outcome = r.propose()
	return r
}

// propose returns the strongest of what was found.
func (r *Result) propose() Outcome {
	switch {
	case r.Forms == 0, r.Residence == ResidenceSanctioned, r.Residence == ResidenceUnreadable,
		r.Total > 0 && r.Matches[0].Outcome == Hold:
		return Hold
	case r.Stale:
		return Stale
	case r.Total > 0:
		return Look
	}
	return Clear
}

// stale says why a list may not be used for a release, or nothing. Age counts from when it was
// fetched, because a publisher with nothing to change publishes nothing; if nobody said when that
// was, from when it was published.
func (r Rules) stale(l List, now time.Time) string {
	fetched := l.Fetched
	if fetched.IsZero() {
		fetched = l.Published
	}
	switch {
	case fetched.After(now), l.Published.After(now.Add(24 * time.Hour)): // its date is a day of another zone
		return "future"
	case now.Sub(fetched) > r.MaxAge:
		return "age"
	case !l.Published.IsZero() && now.Sub(l.Published) > r.MaxPublished:
		return "published"
	}
	return ""
}

// residence looks where the subject lives on the day, which is the Japanese one as everywhere.
func (r *Result) residence(country string, countries Countries) {
	switch country = strings.ToUpper(strings.TrimSpace(country)); {
	case country == "":
		r.Residence = ResidenceUnknown
	case !isCountry(country):
		r.Residence = ResidenceUnreadable
	default:
		r.Residence = ResidenceClear
		if s, ok := countries.On(country, calendar.In(r.At, calendar.JST)); ok {
			r.Residence, r.Ground = ResidenceSanctioned, s.Ground
		}
	}
}

// search returns the entries at or above Look, the strongest first, each with its best name.
func (s *Set) search(l *look, all []form, year int, rules Rules) []Match {
	type key struct{ list, entry int32 }
	best := map[key]int{}
	matches := []Match{}
	for _, f := range all {
		l.near(&f, func(n *listed, score int) {
			entry := &s.lists[n.list].Entries[n.entry]
			name := entry.Names[n.name]
			k := key{n.list, n.entry}
			i, ok := best[k]
			if !ok {
				i = len(matches)
				best[k] = i
				matches = append(matches, Match{List: s.lists[n.list].Name, Entry: entry.ID, Kind: entry.Kind, BirthYear: entry.born(year)})
			}
			if m := &matches[i]; score > m.Score { // of equal names the first stays: the primary one
				m.Name, m.NameKind, m.Form, m.Score = name.Text, name.Kind, string(f.text), score
			}
		})
	}
	for i := range matches {
		m := &matches[i]
		if m.Outcome = Look; m.Score >= rules.Hold || m.BirthYear == BirthAgrees {
			m.Outcome = Hold
		}
	}
	slices.SortStableFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), // "hold" is before "look"
			cmp.Compare(b.Score, a.Score), cmp.Compare(a.List, b.List), cmp.Compare(a.Entry, b.Entry))
	})
	return matches
}

// born says what an entry's dates of birth say of a year.
func (e *Entry) born(year int) string {
	if year == 0 || len(e.Births) == 0 {
		return BirthUnknown
	}
	for _, b := range e.Births {
		if b.From <= year && (b.To == 0 || year <= b.To) {
			return BirthAgrees
		}
	}
	return BirthDiffers
}
