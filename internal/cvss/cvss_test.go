package cvss

import (
	_ "embed"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"hinomi.dev/hinomi/internal/fault"
)

func mustParse(t *testing.T, s string) Vector {
	t.Helper()
	v, err := Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return v
}

func TestTheVectorsOfTheRewardClasses(t *testing.T) {
	for _, c := range []struct {
		vector   string
		score    int
		severity Severity
	}{
		{"AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:L/A:N", 82, High},      // SQL injection
		{"AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61, Medium},    // reflected XSS
		{"AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:N", 100, Critical}, // stored XSS, anyone
		{"AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:H/A:N", 71, High},      // CSRF
		{"AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98, Critical},  // remote code execution
		{"AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:L", 94, Critical},  // authentication bypass
		{"AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N", 65, Medium},    // purchase bypass
		{"AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N", 74, High},      // encryption break
		{"AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0, None},
		{"AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 16, Low},
	} {
		v := mustParse(t, c.vector)
		if v.Score() != c.score || v.Severity() != c.severity || v.String() != "CVSS:3.1/"+c.vector || v.Version != V31 {
			t.Errorf("%s: %s, %d, %s", c.vector, v, v.Score(), v.Severity())
		}
	}
}

// spec31 computes the base score of 3.1 from the text of the specification (7.1, 7.4 and appendix A),
// sharing nothing with the library.
func spec31(v map[string]string) int {
	weight := map[string]map[string]float64{
		"AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}, "AC": {"L": 0.77, "H": 0.44}, "UI": {"N": 0.85, "R": 0.62},
		"PR": {"N": 0.85, "L": 0.62, "H": 0.27},
	}
	if v["S"] == "C" {
		weight["PR"] = map[string]float64{"N": 0.85, "L": 0.68, "H": 0.5}
	}
	cia := map[string]float64{"H": 0.56, "L": 0.22, "N": 0}
	iss := 1 - (1-cia[v["C"]])*(1-cia[v["I"]])*(1-cia[v["A"]])
	impact := 6.42 * iss
	if v["S"] == "C" {
		impact = 7.52*(iss-0.029) - 3.25*math.Pow(iss-0.02, 15)
	}
	if impact <= 0 {
		return 0
	}
	sum := impact + 8.22*weight["AV"][v["AV"]]*weight["AC"][v["AC"]]*weight["PR"][v["PR"]]*weight["UI"][v["UI"]]
	if v["S"] == "C" {
		sum *= 1.08
	}
	n := int(math.Round(min(sum, 10) * 100000))
	if n%10000 == 0 {
		return n / 10000
	}
	return n/10000 + 1
}

func TestEveryBaseVectorOf31AgainstTheSpecification(t *testing.T) {
	metrics := Metrics(V31)
	n := 0
	var walk func(i int, text string, values map[string]string)
	walk = func(i int, text string, values map[string]string) {
		if i == len(metrics) {
			n++
			if got, want := mustParse(t, text).Score(), spec31(values); got != want {
				t.Errorf("%s: %d, the specification gives %d", text, got, want)
			}
			return
		}
		for _, v := range metrics[i].Values {
			values[metrics[i].Code] = v.Code
			walk(i+1, text+"/"+metrics[i].Code+":"+v.Code, values)
		}
	}
	walk(0, "CVSS:3.1", map[string]string{})
	if n != 4*2*3*2*2*27 {
		t.Errorf("%d vectors", n)
	}
}

//go:embed testdata/score40.txt
var scores40 string

func TestVectorsOf40AgainstAnotherImplementation(t *testing.T) {
	n := 0
	for line := range strings.Lines(scores40) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		vector, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		v := mustParse(t, vector)
		if Decimal(v.Score()) != want || v.String() != vector {
			t.Errorf("%s: %s, want %s; written %s", vector, Decimal(v.Score()), want, v)
		}
		n++
	}
	if n != 600 {
		t.Errorf("%d vectors", n)
	}
}

func TestTheMostSpecificGroupDecides(t *testing.T) {
	for vector, want := range map[string]int{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                        98,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:C":          85,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:X/RL:X":               98,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MAV:P/MAC:H":            64,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":     93,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U": 81,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N":     0,
	} {
		if v := mustParse(t, vector); v.Score() != want {
			t.Errorf("%s: %d, want %d", vector, v.Score(), want)
		}
	}
}

func TestWhatPeoplePasteIsRead(t *testing.T) {
	const want = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/U:Red"
	for _, s := range []string{
		want,
		"  cvss:4.0/av:n/ac:l/at:n/pr:n/ui:n/vc:h/vi:h/va:h/sc:n/si:n/sa:n/u:red\n",
		"SA:N/SI:N/SC:N/VA:H/VI:H/VC:H/UI:N/PR:N/AT:N/AC:L/AV:N/U:Red/E:X",
	} {
		if v := mustParse(t, s); v.String() != want {
			t.Errorf("%q is read as %s", s, v)
		}
	}
}

func TestAFaultNamesTheMetric(t *testing.T) {
	for s, want := range map[string]string{
		"":                                    "not a CVSS vector",
		"9.8":                                 "not a CVSS vector",
		"CVSS:3.0/AV:N":                       "CVSS 3.0 is not used",
		"CVSS:2.0":                            "CVSS 2.0 is not used",
		"CVSS:3.1":                            "Attack Vector (AV) is missing",
		"CVSS:3.1/":                           "no metric “”",
		"AV:Q/AC:L":                           "Attack Vector (AV) is one of N, A, L, P, not “Q”",
		"AV:N/AC:L/AV:A":                      "AV is there twice",
		"CVSS:3.1/AV:N/AC:L/AT:N":             "no metric “AT:N”",
		"CVSS:4.0/AV:N/AC:L/S:U":              "Safety (S) is one of X, N, P",
		"AV:N/AC:L/PR:N/UI:N/S:U/C:H":         "Integrity Impact (I) is missing",
		"CVSS:4.0/AV:N/AC:L/AT":               "Attack Requirements (AT) is one of N, P, not “”",
		strings.Repeat("AV:N/", 1000):         "too long",
		"AV:\xff/" + strings.Repeat("x", 100): "not “�”",
	} {
		_, err := Parse(s)
		f := fault.As(err)
		if f == nil || f.Kind != fault.Invalid || f.Field != "vector" || !strings.Contains(f.Text.EN, want) || f.Text.JA == "" {
			t.Errorf("Parse(%q): %v, want %q", s, err, want)
		}
	}
}

func TestDiffIsMetricByMetric(t *testing.T) {
	was := mustParse(t, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
	now := mustParse(t, "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:L/A:H/E:P")
	type line struct{ Code, Old, New, JA string }
	lines := func(changes []Change) []line {
		var all []line
		for _, c := range changes {
			all = append(all, line{c.Metric.Code, c.Old.Code, c.New.Code, c.Metric.Name.JA + c.Old.Name.JA + "→" + c.New.Name.JA})
		}
		return all
	}
	want := []line{
		{"PR", "N", "L", "必要な特権レベル不要→低"}, {"I", "H", "L", "完全性への影響高→低"}, {"E", "X", "P", "攻撃される可能性未評価→実証可能"},
	}
	if diff := cmp.Diff(want, lines(Diff(was, now))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !Lower(was, now) || Lower(now, was) || Lower(was, was) || Diff(was, was) != nil || Diff(Vector{}, now) != nil {
		t.Error("Lower or an empty Diff is wrong")
	}
	four := mustParse(t, "CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:P/VC:H/VI:L/VA:H/SC:N/SI:N/SA:N")
	got := lines(Diff(was, four))
	want = []line{
		{"CVSS", "3.1", "4.0", "バージョン3.1→4.0"}, {"PR", "N", "L", "必要な特権レベル不要→低"}, {"UI", "N", "P", "ユーザ関与レベル不要→受動的"},
		{"S", "U", "", "スコープ変更なし→"}, {"C", "H", "", "機密性への影響高→"}, {"I", "H", "", "完全性への影響高→"}, {"A", "H", "", "可用性への影響高→"},
		{"AT", "", "N", "攻撃の実行条件→なし"}, {"VC", "", "H", "脆弱なシステムの機密性への影響→高"}, {"VI", "", "L", "脆弱なシステムの完全性への影響→低"},
		{"VA", "", "H", "脆弱なシステムの可用性への影響→高"}, {"SC", "", "N", "後続システムの機密性への影響→なし"},
		{"SI", "", "N", "後続システムの完全性への影響→なし"}, {"SA", "", "N", "後続システムの可用性への影響→なし"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSeveritiesCoverEveryScoreOnce(t *testing.T) {
	next := 0
	for _, s := range []Severity{None, Low, Medium, High, Critical} {
		low, high, ok := Range(string(s))
		if !ok || low != next || Of(low) != s || Of(high) != s || s.Text().JA == "" || s.Text().EN == "" {
			t.Errorf("%s: %d to %d, %v", s, low, high, ok)
		}
		next = high + 1
	}
	if next != 101 {
		t.Errorf("the severities end at %d", next-1)
	}
	if _, _, ok := Range("urgent"); ok {
		t.Error("there is no severity urgent")
	}
	if Decimal(0) != "0.0" || Decimal(98) != "9.8" || Decimal(100) != "10.0" {
		t.Error("Decimal is wrong")
	}
}

func TestTheFormIsComplete(t *testing.T) {
	if len(Metrics(V31)) != 8 || len(Metrics(V40)) != 11 || Metrics("3.0") != nil || len(tables()[V31]) != 22 || len(tables()[V40]) != 32 {
		t.Fatal("a version has the wrong number of metrics")
	}
	for _, version := range []string{V31, V40} {
		for _, m := range Metrics(version) {
			if m.Name.JA == "" || m.Name.EN == "" || m.Help.JA == "" || m.Help.EN == "" {
				t.Errorf("%s %s lacks words", version, m.Code)
			}
			for _, v := range m.Values {
				if v.Name.JA == "" || v.Name.EN == "" || v.Help.JA == "" || v.Help.EN == "" {
					t.Errorf("%s %s:%s lacks words", version, m.Code, v.Code)
				}
			}
		}
		for _, m := range tables()[version] {
			for _, v := range m.Values {
				if v.Name.JA == "" || v.Name.EN == "" || m.Name.JA == "" || m.Name.EN == "" {
					t.Errorf("%s %s:%s lacks a name", version, m.Code, v.Code)
				}
			}
		}
	}
}

func TestEveryMetricIsKnownToTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, version := range []string{V31, V40} {
		for range 2000 {
			text := "CVSS:" + version
			for _, m := range tables()[version] {
				text += "/" + m.Code + ":" + m.Values[r.IntN(len(m.Values))].Code
			}
			v := mustParse(t, text)
			again := mustParse(t, v.String())
			if again.String() != v.String() || again.Score() != v.Score() || v.Score() < 0 || v.Score() > 100 {
				t.Errorf("%s: %s %d, again %s %d", text, v, v.Score(), again, again.Score())
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:A/U:Red",
		"cvss:4.0", "CVSS:3.1//", "AV:N/VC:H", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/MSI:S/MAV:P", "ı:K",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			if e := fault.As(err); e == nil || e.Kind != fault.Invalid || e.Text.EN == "" || e.Text.JA == "" || !strings.HasPrefix(err.Error(), "vector") {
				t.Fatalf("Parse(%q): %v", s, err)
			}
			return
		}
		again, err := Parse(v.String())
		if err != nil || again.String() != v.String() || again.Score() != v.Score() || Diff(v, again) != nil {
			t.Fatalf("%q is %s (%d), read again %s (%d), %v", s, v, v.Score(), again, again.Score(), err)
		}
	})
}

// Every base vector of 4.0, against the library: it may be a tenth below at a tie, and nowhere else.
func TestEveryBaseVectorOf40AgainstTheLibrary(t *testing.T) {
	metrics := Metrics(V40)
	n, ties := 0, 0
	var walk func(i int, text string)
	walk = func(i int, text string) {
		if i < len(metrics) {
			for _, v := range metrics[i].Values {
				walk(i+1, text+"/"+metrics[i].Code+":"+v.Code)
			}
			return
		}
		if n++; n%7 != 0 { // every seventh: all 104,976 take seconds
			return
		}
		lib, err := gocvss40.ParseVector(text)
		if err != nil {
			t.Fatal(err)
		}
		switch got, want := mustParse(t, text).Score(), tenths(lib.Score()); got {
		case want:
		case want + 1:
			ties++
		default:
			t.Errorf("%s: %d, the library gives %d", text, got, want)
		}
	}
	walk(0, "CVSS:4.0")
	if n != 104_976 || ties == 0 || ties > n/7/100 {
		t.Errorf("%d vectors, %d ties that the library rounds down", n, ties)
	}
}
