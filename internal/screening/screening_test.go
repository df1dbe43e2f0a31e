package screening

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// now is a moment at which the lists of testdata are fresh.
var now = time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC)

// samples are all lists of testdata, fetched two hours ago.
func samples(t testing.TB) []List {
	var all []List
	for _, files := range [][]string{{"sdn.xml"}, {"sdn.csv", "add.csv", "alt.csv"}, {"un.xml"}, {"uk.xml"}, {"uk.csv"}, {"eu.xml"}, {"opensanctions.csv"}, {"own.csv"}} {
		l := load(t, files...)
		l.Name, l.Fetched = files[0], now.Add(-2*time.Hour)
		all = append(all, l)
	}
	return all
}

// listOf makes a list of entries with one name each.
func listOf(names ...string) List {
	l := List{Name: "list", Format: OwnCSV, Fetched: now, SHA256: "0"}
	for i, n := range names {
		l.Entries = append(l.Entries, Entry{ID: fmt.Sprint(i), Kind: Person, Names: []Name{{n, Primary}}, Births: birth("1961")})
	}
	return l
}

func TestOutcomes(t *testing.T) {
	orlan := func(change func(*Subject)) Subject {
		s := Subject{Names: []string{"Orlan Qardush"}, Country: "DE"}
		change(&s)
		return s
	}
	for _, c := range []struct {
		name    string
		subject Subject
		want    Outcome
		score   int // of the first match
		birth   string
	}{
		{"nobody like it", Subject{Names: []string{"Yamada Taro", "山田太郎", "ヤマダ タロウ"}, Country: "JP"}, Clear, 0, ""},
		{"the name", orlan(func(*Subject) {}), Hold, 10_000, BirthUnknown},
		{"the name with another year", orlan(func(s *Subject) { s.BirthYear = 1999 }), Hold, 10_000, BirthDiffers},
		{"a name a little like it", orlan(func(s *Subject) { s.Names = []string{"Yolanda Qadrosh"} }), Look, 8_350, BirthUnknown},
		{"the same with another year", orlan(func(s *Subject) { s.Names, s.BirthYear = []string{"Yolanda Qadrosh"}, 1999 }), Look, 8_350, BirthDiffers},
		{"the same with the year", orlan(func(s *Subject) { s.Names, s.BirthYear = []string{"Yolanda Qadrosh"}, 1961 }), Hold, 8_350, BirthAgrees},
		{"Cyrillic", orlan(func(s *Subject) { s.Names = []string{"Кардуш Орлан"} }), Hold, 10_000, BirthUnknown},
		{"katakana", orlan(func(s *Subject) { s.Names = []string{"ｵﾙﾗﾝ ｶﾙﾄﾞｩｼｭ"} }), Hold, 10_000, BirthUnknown},
		{"no name", orlan(func(s *Subject) { s.Names = nil }), Hold, 0, ""},
		{"a name of nothing", orlan(func(s *Subject) { s.Names = []string{"!", "", "\u200b"} }), Hold, 0, ""},
		{"a country under sanctions", Subject{Names: []string{"Yamada Taro"}, Country: "kp"}, Hold, 0, ""},
		{"a country that is no code", Subject{Names: []string{"Yamada Taro"}, Country: "Iran"}, Hold, 0, ""},
		{"a country that was under sanctions", Subject{Names: []string{"Yamada Taro"}, Country: "SD"}, Clear, 0, ""},
		{"no country", Subject{Names: []string{"Yamada Taro"}}, Clear, 0, ""},
	} {
		r := Screen(c.subject, NewSet(load1(t, "sdn.xml"), load1(t, "un.xml"), load1(t, "opensanctions.csv")), ShippedCountries(), Rules{}, now)
		var first Match
		if len(r.Matches) > 0 {
			first = r.Matches[0]
		}
		if r.Outcome != c.want || first.Score != c.score || first.BirthYear != c.birth {
			t.Errorf("%s: %s, want %s: %+v", c.name, r.Outcome, c.want, r)
		}
	}
}

// load1 is a list of testdata, fetched just now.
func load1(t testing.TB, file string) List {
	l := load(t, file)
	l.Name, l.Fetched = file, now
	return l
}

func TestKanaMeetsLatinLists(t *testing.T) {
	set := NewSet(listOf("SUZUKI, Ichiro", "SATOH, Shinichi", "KONDO, Yuko", "HOMMA, Junpei"))
	for kana, want := range map[string]string{"スズキ イチロウ": "0", "さとう しんいち": "1", "ｺﾝﾄﾞｳ ﾕｳｺ": "2", "ホンマ ジュンペイ": "3"} {
		r := Screen(Subject{Names: []string{kana}}, set, ShippedCountries(), Rules{}, now)
		if len(r.Matches) != 1 || r.Matches[0].Entry != want || r.Matches[0].Score < 9_600 {
			t.Errorf("%s: %+v", kana, r.Matches)
		}
	}
}

func TestListsThatAreOldBlock(t *testing.T) {
	hour := time.Hour
	for _, c := range []struct {
		name               string
		fetched, published time.Duration // before now; zero: not said
		want               string
	}{
		{"fetched within the limit", 24 * hour, 0, ""},
		{"fetched before the limit", 24*hour + 1, 0, "age"},
		{"published long ago, but fetched today", hour, 59 * 24 * hour, ""},
		{"an old file that was loaded again", hour, 61 * 24 * hour, "published"},
		{"nobody said when it was fetched", 0, 23 * hour, ""},
		{"nobody said, and it is old", 0, 25 * hour, "age"},
		{"nobody said anything", 0, 0, "age"},
		{"fetched in the future", -hour, 0, "future"},
		{"published on a day that is today elsewhere", hour, -20 * hour, ""},
		{"published in the future", hour, -25 * hour, "future"},
	} {
		l := listOf("Orlan Qardush")
		l.Fetched = time.Time{}
		if c.fetched != 0 {
			l.Fetched = now.Add(-c.fetched)
		}
		if c.published != 0 {
			l.Published = now.Add(-c.published)
		}
		r := Screen(Subject{Names: []string{"Yamada Taro"}}, NewSet(l, listOf("X")), ShippedCountries(), DefaultRules, now)
		outcome := Clear
		if c.want != "" {
			outcome = Stale
		}
		if r.Lists[0].Stale != c.want || r.Lists[1].Stale != "" || r.Outcome != outcome || r.Stale != (c.want != "") {
			t.Errorf("%s: %q, %s", c.name, r.Lists[0].Stale, r.Outcome)
		}
	}
	if r := Screen(Subject{Names: []string{"Yamada Taro"}}, NewSet(), ShippedCountries(), DefaultRules, now); r.Outcome != Stale {
		t.Errorf("without any list: %s", r.Outcome)
	}
	old := listOf("Orlan Qardush")
	old.Fetched = now.Add(-48 * hour)
	if r := Screen(Subject{Names: []string{"Orlan Qardush"}}, NewSet(old), ShippedCountries(), DefaultRules, now); r.Outcome != Hold || !r.Stale {
		t.Errorf("a hit on an old list: %s, stale %t", r.Outcome, r.Stale)
	}
}

func TestARecordCanBeComputedAgain(t *testing.T) {
	subject := Subject{Names: []string{"Orlan Kardush", "オルラン カルドゥシュ"}, BirthYear: 1961, Country: "SY"}
	record, err := json.Marshal(Screen(subject, NewSet(samples(t)...), ShippedCountries(), Rules{}, now.In(time.FixedZone("", 32400))))
	if err != nil {
		t.Fatal(err)
	}
	var stored Result
	if err := json.Unmarshal(record, &stored); err != nil {
		t.Fatal(err)
	}
	// The stored inputs, in new memory: files, subject, rules and time.
	again, err := json.Marshal(Screen(subject, NewSet(samples(t)...), ShippedCountries(), stored.Rules, stored.At))
	if diff := cmp.Diff(string(record), string(again)); diff != "" || err != nil {
		t.Errorf("%v: (-first +again)\n%s", err, diff)
	}
	if stored.Algorithm != Algorithm || len(stored.Lists) != 8 || stored.Total != 8 || stored.Matches[0].Score != exact || stored.Residence != ResidenceClear {
		t.Errorf("%+v", stored)
	}
	set := NewSet(samples(t)...)
	for _, m := range stored.Matches {
		if e, ok := set.Entry(m.List, m.Entry); !ok || e.Kind != m.Kind {
			t.Errorf("%s %s: %+v", m.List, m.Entry, e)
		}
	}
	if _, ok := set.Entry("sdn.xml", "1"); ok {
		t.Error("an entry that is not there")
	}
}

func TestARecordKeepsTheStrongest(t *testing.T) {
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprintf("ALI %c%cSTER", 'A'+i/20, 'A'+i%20))
	}
	r := Screen(Subject{Names: []string{"Ali"}}, NewSet(listOf(names...)), ShippedCountries(), Rules{}, now)
	if r.Total != 200 || len(r.Matches) != maxMatches || r.Matches[0].Entry != "0" || r.Outcome != Hold {
		t.Errorf("%d of %d, %s", len(r.Matches), r.Total, r.Outcome)
	}
}

// plain compares a subject with every name, one after the other.
func plain(q *form, set *Set, bar int) map[int]int {
	hits, compare := map[int]int{}, prepare(q)
	for i := range set.names {
		if s := compare(&set.names[i].form); s >= bar {
			hits[i] = s
		}
	}
	return hits
}

func TestTheIndexLosesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(aName(), 1, 60).Draw(t, "names")
		set := NewSet(listOf(names...))
		subject := aName().Draw(t, "subject")
		if rapid.Bool().Draw(t, "near") {
			subject = disturb(t, rapid.SampledFrom(names).Draw(t, "model"))
		}
		bar := rapid.SampledFrom([]int{8_000, 8_000, 8_000, 5_000, 6_500, 9_000, 10_000}).Draw(t, "bar")
		l := look{set, bar, map[string]*partners{}}
		for _, f := range forms([]string{subject}) {
			got := map[int]int{}
			l.near(&f, func(n *listed, score int) { got[int(n.entry)] = score })
			want := map[int]int{}
			for i, s := range plain(&f, set, bar) {
				want[int(set.names[i].entry)] = s
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%q, bar %d: (-plain +index)\n%s", subject, bar, diff)
			}
		}
	})
}

// disturb changes a few signs and the order of the words.
func disturb(t *rapid.T, name string) string {
	r := []rune(name + "A")
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		i := rapid.IntRange(0, len(r)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			r[i] = rapid.SampledFrom([]rune("AEIOUNS ")).Draw(t, "sign")
		case 1:
			r = append(r[:i:i], append([]rune{'A'}, r[i:]...)...)
		case 2:
			if len(r) > 1 {
				r = append(r[:i:i], r[i+1:]...)
			}
		}
	}
	words := strings.Fields(string(r))
	if len(words) == 0 {
		return name
	}
	return strings.Join(rapid.Permutation(words).Draw(t, "order"), " ")
}

func TestTheNumberOfSignsInCommonIsABound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := newForm(aName().Draw(t, "a")).text, newForm(aName().Draw(t, "b")).text
		if len(a) == 0 || len(b) == 0 {
			return
		}
		x, y := newCard(a, 0), newCard(b, 0)
		m, _ := matches(a, b)
		if most := x.letters.common(&y.letters); m > most {
			t.Fatalf("%q, %q: %d in common, at most %d", string(a), string(b), m, most)
		}
	})
}

func TestCountriesOfTheTrial(t *testing.T) {
	c := ShippedCountries()
	got := map[string]bool{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if r := Screen(Subject{Names: []string{"X"}, Country: string(a) + string(b)}, NewSet(), c, Rules{}, day(2015, 9, 1)); r.Residence == ResidenceSanctioned {
				got[string(a)+string(b)] = r.Ground != ""
			}
		}
	}
	if diff := cmp.Diff(map[string]bool{"IR": true, "SD": true, "CU": true, "KP": true, "MM": true, "SY": true}, got); diff != "" {
		t.Error(diff)
	}
	for _, s := range c.Sanctions {
		for _, d := range []struct {
			days int
			want bool
		}{{-1, false}, {0, true}} {
			if _, ok := c.On(s.Country, s.From.Add(d.days)); ok != d.want {
				t.Errorf("%s on %s: %t", s.Country, s.From.Add(d.days), ok)
			}
			if !s.Until.IsZero() {
				if _, ok := c.On(s.Country, s.Until.Add(1+d.days)); ok == d.want {
					t.Errorf("%s on %s: %t", s.Country, s.Until.Add(1+d.days), ok)
				}
			}
		}
	}
}

func TestTheDayOfACountryIsTheJapaneseOne(t *testing.T) {
	c := ShippedCountries()
	for at, want := range map[time.Time]string{
		time.Date(2025, 6, 30, 14, 59, 59, 0, time.UTC): ResidenceSanctioned,
		time.Date(2025, 6, 30, 15, 0, 0, 0, time.UTC):   ResidenceClear,
	} {
		if r := Screen(Subject{Names: []string{"X"}, Country: "SY"}, NewSet(), c, Rules{}, at); r.Residence != want {
			t.Errorf("%s: %s", at, r.Residence)
		}
	}
}

func TestCountriesAreReadStrictly(t *testing.T) {
	for _, bad := range []string{"", "IR 1995-05-07 - US", "version 1\nIR 1995-05-07 -", "version 1\nIRN 1995-05-07 - US", "version 1\nIR 7.5.1995 - US",
		"version 1\nIR 1995-05-07 1994-01-01 US", "version 1\nIR 1995-05-07 x US"} {
		if c, err := ReadCountries("f", strings.NewReader(bad)); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}

func FuzzCountries(f *testing.F) {
	f.Add(string(shipped))
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ReadCountries("f", strings.NewReader(s)); err == nil && c.Version == "" {
			t.Fatalf("%q: %+v", s, c)
		}
	})
}
