package screening

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// crowd makes lists of names as they are distributed: a few are everybody's, most are rare.
func crowd(n int, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	word := rand.New(rand.NewPCG(7, 7)) // the same words for every crowd
	vocab := make([]string, 12_000)
	for i := range vocab {
		for range 2 + word.IntN(3) {
			vocab[i] += string("BCDFGHJKLMNPRSTVWYZ"[word.IntN(19)]) + string("AEIOU"[word.IntN(5)])
			if word.IntN(3) == 0 {
				vocab[i] += string("NRLSMDH"[word.IntN(7)])
			}
		}
	}
	zipf := rand.NewZipf(r, 1.1, 60, uint64(len(vocab)-1)) // the most frequent has about a name in fifty
	names := make([]string, n)
	for i := range names {
		words := make([]string, 2+r.IntN(3))
		for j := range words {
			words[j] = vocab[zipf.Uint64()]
		}
		names[i] = strings.Join(words, " ")
	}
	return names
}

// BenchmarkHundredPayees screens 100 payees against 20,000 names, through the index and by
// comparing each with each, and says how many times faster the first is.
func BenchmarkHundredPayees(b *testing.B) {
	set := NewSet(listOf(crowd(20_000, 1)...))
	payees := crowd(100, 2)
	for i := range 10 { // some are listed, nearly
		payees[i] = string(set.names[i*1_999].text) + "A"
	}
	var slow time.Duration
	hits := 0
	start := time.Now()
	for _, p := range payees {
		for _, f := range forms([]string{p}) {
			hits += len(plain(&f, set, DefaultRules.Look))
		}
	}
	slow = time.Since(start)
	for b.Loop() {
		found := 0
		for _, p := range payees {
			found += Screen(Subject{Names: []string{p}, BirthYear: 1961, Country: "DE"}, set, Countries{}, DefaultRules, now).Total
		}
		if found != hits {
			b.Fatalf("%d hits through the index, %d without", found, hits)
		}
	}
	b.ReportMetric(float64(slow)/(float64(b.Elapsed())/float64(b.N)), "times-as-fast")
	b.ReportMetric(float64(slow.Milliseconds()), "ms-plain")
	b.ReportMetric(float64(hits), "hits")
}

func BenchmarkKanaPayee(b *testing.B) {
	set := NewSet(listOf(crowd(20_000, 1)...))
	for b.Loop() {
		Screen(Subject{Names: []string{"山田 太郎", "ヤマダ タロウ", "Taro Yamada"}, BirthYear: 1990, Country: "JP"}, set, Countries{}, DefaultRules, now)
	}
}

func BenchmarkNewSet(b *testing.B) {
	l := listOf(crowd(20_000, 1)...)
	for b.Loop() {
		NewSet(l)
	}
}

func BenchmarkReadOFACXML(b *testing.B) {
	var s strings.Builder
	s.WriteString("<sdnList>")
	for i, n := range crowd(20_000, 1) {
		fmt.Fprintf(&s, "<sdnEntry><uid>%d</uid><lastName>%s</lastName><sdnType>Individual</sdnType></sdnEntry>\n", i, n)
	}
	s.WriteString("</sdnList>")
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		if _, err := Read("list", File{"f", strings.NewReader(s.String())}); err != nil {
			b.Fatal(err)
		}
	}
}
