package screening

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func between(a, b string) int {
	q, n := newForm(a), newForm(b)
	return direct(&q, &n)
}

// direct compares two names without an index.
func direct(q, n *form) int { return prepare(q)(n) }

// prepare returns the comparison of one name with others, without an index.
func prepare(q *form) func(n *form) int {
	text, words := newPattern(q.text), make([]*pattern, len(q.words))
	for i, w := range q.words {
		words[i] = newPattern(w)
	}
	return func(n *form) int {
		whole := 0
		if len(q.text) > 0 && len(n.text) > 0 && q.text[0] == n.text[0] {
			whole = text.similarity(n.text)
		}
		return score(whole, q, n, 0, func(i, j int) int { return words[i].words(n.words[j]) })
	}
}

func similarity(a, b []rune) int { return newPattern(a).similarity(b) }

func TestSimilarityIsTheMeasuredOne(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"MARTHA", "MARHTA", 9611},
		{"DIXON", "DICKSONX", 8133},
		{"DWAYNE", "DUANE", 8400},
		{"BUSH", "HASWANI", 4643},
		{"VLADIMIR PUTIN", "VLADIMIROVKA ADVANCED WEAPONS AND RESEARCH COMPLEX", 6380}, // the table has three digits
		{"", "", 0},
		{"A", "", 0},
		{"A", "B", 0},
		{"AB", "BA", 0},
		{"ABC", "ABC", 10_000},
	} {
		got := similarity([]rune(c.a), []rune(c.b))
		if c.want == 6380 {
			got = (got + 5) / 10 * 10
		}
		if got != c.want {
			t.Errorf("%s, %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestJaroIsTheMeasuredOne(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"MARTHA", "MARHTA", 9444}, {"DIXON", "DICKSONX", 7667}, {"DWAYNE", "DUANE", 8222}, {"BUSH", "HASWANI", 4643}} {
		m, k := matches([]rune(c.a), []rune(c.b))
		if got := winkler(len(c.a), len(c.b), m, k/2, 0); got != c.want {
			t.Errorf("%s, %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNamesScoreAsMeasured(t *testing.T) {
	for _, c := range []struct {
		name, subject, listed string
		least, most           int
	}{
		{"a word in common and one not", "GEORGE BUSH", "HASWANI, George", 5000, 5000},
		{"alike as a whole", "GEORGE BUSH", "GEORGIOU, Georgios", 8450, 8549},
		{"the same in the other order", "BUSH GEORGE", "GEORGIOU, Georgios", 4450, 4549},
		{"a short word is left out", "KIM JONG UN", "KIM, Jong Man", 10_000, 10_000},
		{"a short word stays where little else is", "LI QIANG", "WANG, Qiang", 5000, 7999},
		{"order does not matter", "Putin Vladimir", "Vladimir PUTIN", 10_000, 10_000},
		{"a second given name hides nobody", "Vladimir Quentin Putin", "PUTIN, Vladimir", 10_000, 10_000},
		{"but no listed word counts twice", "George Quentin Bush", "GEORGIOU, Georgios", 0, 7999},
		{"a listed first name alone is at most a look", "Usama Tanaka", "Usama", 8000, 8999},
		{"accents", "José Ñáñez Łuków", "JOSE NANEZ LUKOW", 10_000, 10_000},
		{"apostrophes and hyphens", "O’Brien-Smith", "OBRIEN SMITH", 10_000, 10_000},
		{"full stops", "S.A. Cimex", "CIMEX, SA", 10_000, 10_000},
		{"kanji with and without a space", "山田　太郎", "山田太郎", 10_000, 10_000},
		{"half-width kana", "ﾔﾏﾀﾞ ﾀﾛｳ", "やまだたろう", 10_000, 10_000},
		{"Cyrillic", "иван Петров", "ПЕТРОВ Иван", 10_000, 10_000},
		{"Arabic with and without marks", "مُحَمَّد أحمد", "محمد احمد", 10_000, 10_000},
		{"a word written as two", "Abd Allah Hassan", "HASSAN, Abdallah", 8000, 9999},
		{"two scripts", "Ivan Petrov", "Иван Петров", 0, 0},
		{"strangers", "Yamada Taro", "Guzman Loera, Joaquin", 0, 6500},
	} {
		if got := between(c.subject, c.listed); got < c.least || got > c.most {
			t.Errorf("%s: %q against %q scores %d, want %d to %d", c.name, c.subject, c.listed, got, c.least, c.most)
		}
	}
}

// aName draws names in which many are alike.
func aName() *rapid.Generator[string] {
	word := rapid.OneOf(
		rapid.SampledFrom([]string{"MOHAMMED", "MUHAMMAD", "MOHAMAD", "ALI", "AL", "ABD", "ALLAH", "ABDALLAH", "KIM", "JONG", "UN", "LI", "QIANG",
			"GEORGE", "GEORGIOS", "BUSH", "VLADIMIR", "VLADIMIROVICH", "PUTIN", "山田", "太郎", "Иван", "Петров", "محمد", "O'Brien", "S.A."}),
		rapid.StringMatching(`[A-E]{1,9}`),
		rapid.StringMatching(`[A-Z]{1,12}`),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(word, 1, 6).Draw(t, "words"), " ")
	})
}

func TestScoresKeepTheirRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := aName().Draw(t, "a"), aName().Draw(t, "b")
		x, y := newForm(a), newForm(b)
		if s, back := similarity(x.text, y.text), similarity(y.text, x.text); s != back || s < 0 || s > exact {
			t.Fatalf("similarity of %q and %q: %d and %d", a, b, s, back)
		}
		if p := newPattern(x.text); p.short && len(y.text) <= 64 {
			m, k := p.matches(y.text)
			if n, l := matches(x.text, y.text); n != m || l/2 != k/2 {
				t.Fatalf("%q, %q: %d and %d with bits, %d and %d without", a, b, m, k, n, l)
			}
		}
		s := direct(&x, &y)
		if s < 0 || s > exact {
			t.Fatalf("%q against %q scores %d", a, b, s)
		}
		if len(x.words) > 0 && between(a, a) != exact {
			t.Fatalf("%q against itself scores %d", a, between(a, a))
		}
		if again := newForm(string(x.text)); string(again.text) != string(x.text) {
			t.Fatalf("%q folds to %q, and then to %q", a, string(x.text), string(again.text))
		}
		if len(x.words) == len(x.heavy) && len(y.words) == len(y.heavy) && len(x.words) == 1 && len(y.words) == 1 {
			if back := direct(&y, &x); back != s {
				t.Fatalf("%q and %q score %d, and %d in the other direction", a, b, s, back)
			}
		}
	})
}

// The names below and their scores are the method. If this test fails, results of before cannot be
// computed again: then the name of the method changes with it.
func TestAlgorithmNamesTheMethod(t *testing.T) {
	const want = "hinomi-names-1 5148ee15f47769df"
	names := []string{"George Bush", "HASWANI, George", "GEORGIOU, Georgios", "KIM, Jong Man", "Kim Jong Un", "Abd Allah Hassan", "HASSAN, Abdallah",
		"Vladimir Quentin Putin", "PUTIN, Vladimir", "ヤマダ タロウ", "YAMADA, Taro", "山田太郎", "Иван Петров", "محمد أحمد", "José Ñáñez", "S.A. Cimex"}
	h := sha256.New()
	for _, a := range names {
		for _, f := range forms([]string{a}) {
			for _, b := range names {
				n := newForm(b)
				fmt.Fprintln(h, string(f.text), string(n.text), direct(&f, &n))
			}
		}
	}
	if got := Algorithm + " " + hex.EncodeToString(h.Sum(nil))[:16]; got != want {
		t.Errorf("the method gives %q, not %q", got, want)
	}
}
