package program

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	gocvss31 "github.com/pandatix/go-cvss/31"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

func TestAtReturnsTheTermsInForce(t *testing.T) {
	for _, c := range []struct{ name, at, want string }{
		{"a second before the program", "2016-06-02T14:59:59+09:00", ""},
		{"the start of the program", "2016-06-02T15:00:00+09:00", "2016-06-02"},
		{"the last second of the first version", "2017-04-09T23:59:59+09:00", "2016-06-02"},
		{"the first instant of the revision", "2017-04-10T00:00:00+09:00", "2017-04-10"},
		{"the same instant in UTC", "2017-04-09T15:00:00Z", "2017-04-10"},
		{"years later", "2020-10-15T17:56:00+09:00", "2017-04-10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			v, ok := Default().At(at)
			if ok != (c.want != "") || ok && v.ID != c.want {
				t.Errorf("at %s: %v, want %q", c.at, v, c.want)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	var got []string
	for _, v := range Default().Versions() {
		got = append(got, v.ID)
		if found, ok := Default().Version(v.ID); !ok || found != v {
			t.Errorf("version %s is not found by its id", v.ID)
		}
	}
	if diff := cmp.Diff([]string{"2016-06-02", "2017-04-10"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if _, ok := Default().Version("2018-01-01"); ok {
		t.Error("there is a version that nobody wrote")
	}
}

func TestHashIsThatOfTheFile(t *testing.T) {
	for _, v := range Default().Versions() {
		b, err := fs.ReadFile(Shipped(), v.ID+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(b)); v.Hash != want {
			t.Errorf("hash of %s is %s, want %s", v.ID, v.Hash, want)
		}
	}
}

func TestTheShippedProgram(t *testing.T) {
	p := Default()
	if p.Zone.String() != "Asia/Tokyo" || p.Prevailing != lang.JA || len(p.Languages) != 2 || p.Contact == "" {
		t.Errorf("zone %v, prevailing %v, languages %v, contact %q", p.Zone, p.Prevailing, p.Languages, p.Contact)
	}
	var got []string
	for _, x := range p.Targets {
		got = append(got, fmt.Sprint(x.Kind, " ", x.Days, " ", x.Unit, " ", x.Clause))
	}
	want := []string{"first_answer 2 business ", "triage 5 business ", "decision 15 business 6.4", "fix 90 calendar ", "withdrawal 7 calendar 11.2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if _, ok := p.Target("triage"); !ok {
		t.Error("the target triage is not found")
	}
	if _, ok := p.Target("dance"); ok {
		t.Error("there is a target that nobody set")
	}
}

func TestAPromiseIsDueOnTheLastOfItsDays(t *testing.T) {
	from := calendar.Date{Year: 2020, Month: time.October, Day: 15}
	for _, c := range []struct {
		name string
		p    Promise
		want string
	}{
		{"business days leave out the weekend", Promise{Days: 5, Unit: Business}, "2020-10-22"},
		{"calendar days do not", Promise{Days: 90, Unit: Calendar}, "2021-01-13"},
	} {
		if got := c.p.Due(from); got.String() != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// TestEveryClauseOfTheText counts what the operator's text has, so that no article, paragraph or
// item is forgotten or invented.
func TestEveryClauseOfTheText(t *testing.T) {
	want := map[string]int{
		"preamble": 0, "1": 0, "2": 4, "2.1": 5, "3": 2, "3.1": 3, "3.2": 26, "3.2.xii": 3, "3.2.xxvi": 2, "4": 2, "5": 0,
		"6": 10, "6.2": 2, "6.5": 2, "7": 2, "7.1": 9, "8": 3, "9": 2, "10": 4, "11": 4, "12": 2, "13": 2, "14": 2, "15": 2, "16": 0, "17": 0, "date": 0,
	}
	for _, id := range []string{"2016-06-02", "2017-04-10"} {
		v := terms(t, id)
		got, articles := map[string]int{}, 0
		for _, c := range v.Clauses() {
			if c.Parent != "" {
				got[c.Parent]++
			} else {
				articles++
			}
		}
		for parent, n := range want {
			if id == "2016-06-02" && parent == "3.1" {
				n-- // no websites yet
			}
			if got[parent] != n {
				t.Errorf("%s: clause %s has %d parts, want %d", id, parent, got[parent], n)
			}
			delete(got, parent)
		}
		if len(got) > 0 || articles != 19 {
			t.Errorf("%s: %d articles, and parts nobody expected: %v", id, articles, got)
		}
		if n := len(v.Exclusions()); n != 31 {
			t.Errorf("%s: %d exclusions", id, n)
		}
		if n := len(v.Prohibitions()); n != 9 {
			t.Errorf("%s: %d prohibitions", id, n)
		}
	}
}

func TestClausesThatNeedASecondPerson(t *testing.T) {
	var got []string
	for _, c := range terms(t, "2017-04-10").Clauses() {
		if c.SecondPerson {
			got = append(got, c.ID)
		}
	}
	if diff := cmp.Diff("3.2.xxvi 3.2.xxvi.a 3.2.xxvi.b 6.10 7.2 11.4", strings.Join(got, " ")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadingsAndReferencesAreFilledIn(t *testing.T) {
	v := terms(t, "2017-04-10")
	c, _ := v.Clause("6.8")
	if c.Reading != "C-1" || c.ReadingText.JA == "" || len(c.Readings) != 3 || c.Readings[0].Text != c.ReadingText {
		t.Errorf("readings of 6.8: %q %+v", c.Reading, c.Readings)
	}
	if diff := cmp.Diff([]string{"6.5"}, c.Refs); diff != "" {
		t.Errorf("6(8) points, as we read it, to (-want +got):\n%s", diff)
	}
	if c, _ := v.Clause("2.3"); c.Reading != "" || !c.ReadingText.Empty() {
		t.Errorf("2.3 has a reading: %q", c.Reading)
	}
}

func TestScopeAsData(t *testing.T) {
	v := terms(t, "2017-04-10")
	want := []Domain{{"line-apps.com", true, true}, {"line.me", true, true}, {"line.naver.jp", true, true}}
	if diff := cmp.Diff(want, v.Domains); diff != "" {
		t.Errorf("domains, as read (-want +got):\n%s", diff)
	}
	var sites, platforms []string
	for _, s := range v.Sites {
		sites = append(sites, s.URL)
	}
	for _, p := range v.Platforms {
		platforms = append(platforms, p.ID)
	}
	if diff := cmp.Diff("https://store.line.me/ https://news.line.me/ https://music.line.me/ https://live.line.me/", strings.Join(sites, " ")); diff != "" {
		t.Errorf("sites (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("ios android chrome windows_10_mobile", strings.Join(platforms, " ")); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	for d, want := range map[Domain]string{
		{"a.jp", true, true}: "a.jp, *.a.jp", {"a.jp", true, false}: "a.jp", {"a.jp", false, true}: "*.a.jp",
	} {
		if d.String() != want {
			t.Errorf("%+v is written %q", d, d)
		}
	}
}

func TestClassesWithGuideAndScore(t *testing.T) {
	// The scores are those of the rules, D.1; a class without a vector has none.
	var got []string
	for _, c := range terms(t, "2017-04-10").Classes() {
		score := "none"
		if c.Vector != "" {
			v, err := gocvss31.ParseVector(c.Vector)
			if err != nil {
				t.Fatal(err)
			}
			score = fmt.Sprint(v.BaseScore())
		}
		got = append(got, fmt.Sprintf("%s %s %s CWE-%d %s", c.ID, c.Guide, c.Guide.Currency, c.CWE[0], score))
	}
	want := []string{
		"sql_injection 3000 USD CWE-89 8.2", "xss 500 USD CWE-79 6.1", "csrf 500 USD CWE-352 7.1", "remote_code_execution 10000 USD CWE-77 9.8",
		"authentication_bypass 5000 USD CWE-287 9.4", "purchase_bypass 5000 USD CWE-841 6.5", "encryption_break 10000 USD CWE-327 7.4", "other 500 USD CWE-918 none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
}

func TestAnAmountKeepsItsCents(t *testing.T) {
	for cents, want := range map[int64]string{50000: "500", 198950: "1989.50", 134685: "1346.85", 5: "0.05", 0: "0"} {
		if got := (Amount{Cents: cents}).String(); got != want {
			t.Errorf("%d cents are written %q, want %q", cents, got, want)
		}
	}
}

func TestPeriodsAsData(t *testing.T) {
	v := terms(t, "2017-04-10")
	var got []string
	for _, p := range v.Periods {
		got = append(got, fmt.Sprint(p.Kind, ": ", p.Length().EN, ", ", p.Clause, ", ", p.Extends))
	}
	want := []string{"payment_info: 1 month, 6.5, true", "reply: 30 days, 6.8, true", "confidentiality: 1 year, 9.2, false", "retention: 1 year, 10.4, false", "inactivity: 1 year, 11.3, false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("periods (-want +got):\n%s", diff)
	}
	p, _ := v.Period("payment_info")
	d := calendar.Date{Year: 2019, Month: time.March, Day: 30}
	if p.Last(d).String() != "2019-04-30" || p.Extended(d).String() != "2019-05-07" {
		t.Errorf("from 30 March 2019: %v, extended %v", p.Last(d), p.Extended(d))
	}
	p.Extends = false
	if p.Extended(d) != p.Last(d) {
		t.Errorf("a period that does not extend ends on %v, extended %v", p.Last(d), p.Extended(d))
	}
}

func TestLabelAndAnchor(t *testing.T) {
	for id, want := range map[string]lang.Text{
		"6":           {EN: "Article 6", JA: "第6条"},
		"6.10":        {EN: "Article 6(10)", JA: "第6条第10項"},
		"3.2.v":       {EN: "Article 3(2)(v)", JA: "第3条第2項第5号"},
		"3.2.xxvi.b":  {EN: "Article 3(2)(xxvi)(b)", JA: "第3条第2項第26号(b)"},
		"3.1.proviso": {EN: "Article 3(1), proviso", JA: "第3条第1項ただし書"},
		"preamble":    {EN: "Preamble", JA: "前文"},
		"date":        {EN: "Date", JA: "日付"},
	} {
		c, ok := terms(t, "2017-04-10").Clause(id)
		if !ok {
			t.Errorf("there is no clause %s", id)
			continue
		}
		if got := (lang.Text{EN: c.Label(lang.EN), JA: c.Label(lang.JA)}); got != want {
			t.Errorf("%s is cited %+v, want %+v", id, got, want)
		}
		if c.Anchor() != "c-"+id {
			t.Errorf("the anchor of %s is %s", id, c.Anchor())
		}
	}
}

func TestClauseIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"1": true, "17": true, "6.10": true, "3.2.xxvi": true, "3.2.xxvi.b": true, "3.1.proviso": true, "3.proviso": true, "preamble": true, "date": true,
		"": false, "0": false, "01": false, "100": false, "3.": false, "3.2.iiii": false, "3.2.vx": false, "3.2.V": false, "3.2.v.1": false, "a.b": false, "3.2.v.a.b": false,
		"preamble.1": false, "3..2": false, "3.2.": false, " 3": false,
	} {
		if validID(id) != want {
			t.Errorf("validID(%q) = %v", id, !want)
		}
	}
	for n := 1; n < 90; n++ {
		if roman(romanOf(n)) != n {
			t.Errorf("%d is written %s, which reads %d", n, romanOf(n), roman(romanOf(n)))
		}
	}
}

// TestTheSummariesReadAsOneVoice: Japanese sentences end politely, English ones end.
func TestTheSummariesReadAsOneVoice(t *testing.T) {
	polite := regexp.MustCompile(`(です|ます|ません|ました|せん)。$`)
	for _, v := range Default().Versions() {
		for _, c := range v.Clauses() {
			for _, text := range []lang.Text{c.Summary, c.Unless} {
				if text.Empty() {
					continue
				}
				for s := range strings.SplitAfterSeq(strings.ReplaceAll(text.JA, "。", "。\n"), "\n") {
					if s = strings.TrimSpace(s); s != "" && !polite.MatchString(s) {
						t.Errorf("%s %s: %q does not end in です or ます", v.ID, c.ID, s)
					}
				}
				if !strings.HasSuffix(text.EN, ".") || strings.ContainsAny(text.EN, "!;") {
					t.Errorf("%s %s: %q", v.ID, c.ID, text.EN)
				}
			}
			if strings.HasSuffix(c.Heading.EN, ".") || strings.HasSuffix(c.Heading.JA, "。") {
				t.Errorf("%s %s: the heading is a sentence: %+v", v.ID, c.ID, c.Heading)
			}
		}
	}
}

// FuzzLoad: whatever a file holds, it is read without harm, and a program without errors works.
func FuzzLoad(f *testing.F) {
	files := base(f)
	program, text := files[programFile].Data, files["2017-04-10.yaml"].Data
	f.Add([]byte("a: &a [*a]"), true)
	f.Add([]byte("- 1\n---\n- 2"), false)
	f.Add([]byte("id: {}\nclauses: 3"), false)
	f.Add([]byte("\xff"), true)
	f.Add(program, true)
	f.Add(text, false)
	f.Fuzz(func(t *testing.T, b []byte, isProgram bool) {
		files := fstest.MapFS{programFile: {Data: program}, "2017-04-10.yaml": {Data: text}}
		if isProgram {
			files[programFile] = &fstest.MapFile{Data: b}
		} else {
			files["2017-04-10.yaml"] = &fstest.MapFile{Data: b}
		}
		p, complaints, err := Load(files)
		if err != nil || (p == nil) != (Errors(complaints) > 0) {
			t.Fatalf("Load returned %v, %v, %v", p, complaints, err)
		}
		for _, c := range complaints {
			if c.File == "" || c.Rule == "" || c.Text.EN == "" || c.Text.JA == "" {
				t.Fatalf("an empty complaint: %+v", c)
			}
		}
		if p == nil {
			return
		}
		for _, v := range p.Versions() {
			Diff(v, v)
			v.Judge(Target{Kind: Web, Host: "example.com"})
			v.Judge(Target{Kind: App, Host: "example.com"})
			v.Suspect("other domain", "xss", lang.EN)
		}
	})
}
