package similar

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
)

// A pair of testdata/pairs.txtar.
type pairOf struct {
	name, relation string
	key            Key
	a, b           string
}

func pairs(t testing.TB) []pairOf {
	t.Helper()
	data, err := os.ReadFile("testdata/pairs.txtar")
	if err != nil {
		t.Fatal(err)
	}
	ar := txtar.Parse(data)
	text := map[string]string{}
	for _, f := range ar.Files {
		text[f.Name] = string(f.Data)
	}
	var all []pairOf
	for line := range strings.Lines(string(ar.Comment)) {
		f := strings.Fields(line)
		if len(f) != 4 || text[f[0]+"/a"] == "" {
			continue
		}
		p := pairOf{f[0], f[1], Key{f[2], f[3]}, text[f[0]+"/a"], text[f[0]+"/b"]}
		if p.b == "" {
			t.Fatalf("pair %s has no b", p.name)
		}
		all = append(all, p)
	}
	if len(all) != 13 {
		t.Fatalf("%d pairs", len(all))
	}
	return all
}

func TestPairs(t *testing.T) {
	for _, p := range pairs(t) {
		a, b := NewSketch(p.a), NewSketch(p.b)
		m := compare(a, b)
		t.Logf("%-16s %-9s %.2f  text %.2f names %.2f concepts %.2f  shared %v", p.name, p.relation, m.score(), m.text, m.names, m.concepts, Shared(p.a, p.b))
		s := Similarity(a, b)
		if least := map[string]float64{"same": 0.4, "crossed": 0.5, "copy": 0.85, "different": 0}[p.relation]; s < least {
			t.Errorf("%s: %.2f, want at least %.2f", p.name, s, least)
		}
		if p.relation == "different" && s > 0.3 {
			t.Errorf("%s: %.2f, but they are different", p.name, s)
		}
		if Similarity(b, a) != s || Similarity(a, a) < 0.99 {
			t.Errorf("%s: Similarity is not symmetric, or a text is not like itself", p.name)
		}
	}
}

// writer makes reports that are about nothing in particular, in the words of real ones.
type writer struct{ r *rand.Rand }

func (w writer) one(list string) string {
	all := strings.Split(list, "|")
	return all[w.r.IntN(len(all))]
}

func (w writer) en() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s\n\n", w.one("Stored XSS|Reflected XSS|Missing authorization|IDOR|CSRF|Open redirect|Information disclosure|SQL injection"), w.one("the shop|the profile page|the chat export|the settings|the review form|the coin history|the gift page|the search"))
	for range 6 + w.r.IntN(8) {
		fmt.Fprintf(&b, "%s %s %s %s the %s %s. ", w.one("The|An|When the|After the|If the"), w.one("server|client|browser|attacker|victim|endpoint|response|request|page|form|session|cookie"),
			w.one("does not check|returns|accepts|sends|contains|leaks|stores|reflects|executes|ignores|changes|reads"), w.one("always|never|sometimes|silently|directly|again"),
			w.one("value of|owner of|content of|name in|number in|link to|token for|image of|title of|list of|amount in|header of"), w.one("another user|the order|the message|the sticker|the theme|the friend list|the invoice|the account|the group|the album|the event|the comment"))
	}
	fmt.Fprintf(&b, "\nGET /%s/%s%d?%s=%d", w.one("api|shop|my|v2|internal|m"), w.one("list|item|show|update|detail|history|delete|export"), w.r.IntN(400), w.one("id|page|target|ref|user|mid|code|lang"), w.r.IntN(1e6))
	return b.String()
}

func (w writer) ja() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sに%s\n\n", w.one("ショップ|プロフィール画面|トーク履歴|設定画面|レビュー|コイン履歴|ギフト|検索"), w.one("格納型XSS|反射型XSS|認可不備|CSRF|オープンリダイレクト|情報漏えい|SQLインジェクション"))
	for range 6 + w.r.IntN(8) {
		fmt.Fprintf(&b, "%sが%sの%sを%s、%s。", w.one("サーバー|クライアント|ブラウザ|攻撃者|被害者|レスポンス|リクエスト|画面|フォーム|セッション"), w.one("他人|注文|メッセージ|スタンプ|着せかえ|友だち一覧|領収書|アカウント|グループ|アルバム|イベント|コメント"),
			w.one("値|所有者|内容|名前|番号|リンク|トークン|画像|題名|一覧|金額"), w.one("検証せずに返し|そのまま保存し|外部へ送信し|上書きし|表示し|削除し|無視し"), w.one("第三者が閲覧できます|任意の操作が可能です|改ざんされます|漏えいします|実行されます|悪用できます"))
	}
	fmt.Fprintf(&b, "\nPOST /%s/%s%d (%s)", w.one("api|shop|my|v2|internal|m"), w.one("list|item|show|update|detail|history|delete|export"), w.r.IntN(400), w.one("id|page|target|ref|user|mid|code|lang"))
	return b.String()
}

func (w writer) text() string {
	if w.r.IntN(2) == 0 {
		return w.ja()
	}
	return w.en()
}

// crowd puts n reports about other things into the index: half of them under the pairs' own keys.
func crowd(x *Index, keys []Key, n int) {
	w := writer{rand.New(rand.NewPCG(3, 4))}
	for i := range n {
		key := keys[w.r.IntN(len(keys))]
		if i%2 == 0 {
			key = Key{fmt.Sprintf("host%d.line.me", i%50), key.Class}
		}
		x.Add(fmt.Sprintf("crowd%d", i), int64(i), key, NewSketch(w.text()))
	}
}

func TestTheOriginalComesFirstInACrowd(t *testing.T) {
	all := pairs(t)
	var keys []Key
	for _, p := range all {
		keys = append(keys, p.key)
	}
	x := NewIndex()
	crowd(x, keys, 5000)
	for i, p := range all {
		x.Add(p.name+"/a", int64(10_000+i), p.key, NewSketch(p.a))
	}
	for _, p := range all {
		got := x.Candidates(p.key, NewSketch(p.b), 1<<40, 8)
		place := slices.IndexFunc(got, func(c Candidate) bool { return c.ID == p.name+"/a" })
		switch {
		case p.relation == "different" && place == 0 && got[0].Score > 0.5:
			t.Errorf("%s: a different bug is proposed first, with %.2f (%s)", p.name, got[0].Score, got[0].Why)
		case p.relation != "different" && place != 0:
			t.Errorf("%s: its original is at place %d of %v", p.name, place, got)
		case p.relation != "different" && (!strings.HasPrefix(got[0].Why, "target, class") || got[0].Score < 0.5):
			t.Errorf("%s: %.2f because of %s", p.name, got[0].Score, got[0].Why)
		}
	}
}

func TestOnlyEarlierTextsAreCandidates(t *testing.T) {
	p := pairs(t)[0]
	s := NewSketch(p.a)
	x := NewIndex()
	for i := range 10 {
		x.Add(fmt.Sprint(i), int64(i), p.key, s)
	}
	got := x.Candidates(p.key, s, 4, 3)
	if len(got) != 3 || got[0].ID != "0" || got[1].ID != "1" || got[2].ID != "2" {
		t.Errorf("%v; of equal ones the earliest come first", got)
	}
	if got := x.Candidates(p.key, s, 0, 3); len(got) != 0 {
		t.Errorf("%v came before the first", got)
	}
	x.Remove("0")
	if got := x.Candidates(p.key, s, 2, 3); len(got) != 1 || got[0].ID != "1" || x.Len() != 9 {
		t.Errorf("after Remove: %v", got)
	}
	if got := x.Candidates(p.key, s, 10, 0); got != nil {
		t.Errorf("none were asked for: %v", got)
	}
}

func TestTargetAndClassCountButDoNotMakeACandidate(t *testing.T) {
	p := pairs(t)[1]
	x := NewIndex()
	x.Add("elsewhere", 1, Key{"other.line.me", "other"}, NewSketch(p.a))
	x.Add("here", 2, p.key, NewSketch(p.a))
	x.Add("unrelated", 3, p.key, NewSketch("認証局の証明書が失効している。ブラウザに警告が出る。"))
	got := x.Candidates(p.key, NewSketch(p.b), 10, 5)
	if len(got) != 2 || got[0].ID != "here" || got[1].ID != "elsewhere" || got[0].Score <= got[1].Score {
		t.Errorf("%v", got)
	}
	// Nothing known of either is nothing in common.
	if k := prior(Key{}, Key{}); k.target || k.class {
		t.Error("two empty keys count as the same")
	}
}

func TestASketchSurvivesStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewSketch(rapid.String().Draw(t, "text"))
		back, err := ParseSketch(s.Bytes())
		if err != nil || back != s || len(s.Bytes()) != 33 {
			t.Fatalf("%+v came back as %+v, %v", s, back, err)
		}
	})
	for _, b := range [][]byte{nil, {1}, make([]byte, 33), append(NewSketch("x").Bytes(), 0)} {
		if _, err := ParseSketch(b); err == nil {
			t.Errorf("%v was read as a sketch", b)
		}
	}
}

func TestSketchesNeverChangeWithinAVersion(t *testing.T) {
	const text = "Stored XSS: POST /mypage/profile/edit?display_name=x サーバー側の検証なし"
	want := "01b188512c830452e2c481f6b855c0357fadeecc58abbd64ef0100004400040408"
	if got := fmt.Sprintf("%x", NewSketch(text).Bytes()); got != want {
		t.Errorf("the sketch of a text is %s, was %s: stored sketches no longer compare; raise the version", got, want)
	}
}

func TestTextsOfEveryKindHaveSketches(t *testing.T) {
	for _, s := range []string{"", " ", "\xff", strings.Repeat("a", 1<<20), strings.Repeat("あ", 1<<18), strings.Repeat("/a/b?c=d ", 1<<15), "🎉"} {
		k := NewSketch(s)
		if v := Similarity(k, k); v < 0 || v > 1 {
			t.Errorf("%.10q is %.2f like itself", s, v)
		}
	}
}

func TestCompoundsAreWhatARegularExpressionFinds(t *testing.T) {
	re := regexp.MustCompile(`[A-Za-z0-9_$/][A-Za-z0-9_.\-/:%?=&@~+#$\[\]{}<>]{2,300}`)
	check := func(t rapid.TB, text string) {
		if got, want := slices.Collect(compounds(text)), re.FindAllString(text, -1); !slices.Equal(got, want) {
			t.Fatalf("of %q came %q, not %q", text, got, want)
		}
	}
	for _, n := range []int{1, 2, 3, 300, 301, 302, 303, 304, 605} {
		check(t, "-"+strings.Repeat("a", n)+" ")
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.StringOf(rapid.SampledFrom([]rune("aZ09_$/.-:%?=&@~+#[]{}<> \n!\"'(),;*あ亜é"))).Draw(t, "text"))
	})
}

func TestSharedNames(t *testing.T) {
	p := pairs(t)
	if got := Shared(p[0].a, p[0].b); !slices.Equal(got, []string{"/*/review", "/mypage/profile/edit", "/profile/edit", "/stickershop/product/*/review", "display_name"}) {
		t.Errorf("%v", got)
	}
	if got := Shared("nothing here", "and nothing there"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestAnIndexIsSafeForConcurrentUse(t *testing.T) {
	x := NewIndex()
	s := NewSketch("the same text /a/b?c=1")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				x.Add(fmt.Sprint(g, i), int64(i), Key{Target: fmt.Sprint(i % 7)}, s)
				x.Candidates(Key{}, s, 1000, 3)
			}
			x.Remove(fmt.Sprint(g, 0))
		})
	}
	wg.Wait()
	if x.Len() != 4*199 {
		t.Errorf("%d texts", x.Len())
	}
}

func FuzzSketch(f *testing.F) {
	for _, p := range pairs(f) {
		f.Add(p.a, p.b)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := NewSketch(a), NewSketch(b)
		s := Similarity(x, y)
		if !(s >= 0 && s <= 1) || s != Similarity(y, x) {
			t.Fatalf("Similarity = %v and %v", s, Similarity(y, x))
		}
		if v := Similarity(x, x); v < 0.99 {
			t.Fatalf("a text is %.2f like itself", v)
		}
		for _, n := range Shared(a, b) {
			if n == "" {
				t.Fatal("an empty name is shared")
			}
		}
	})
}

// BenchmarkCandidates looks through 100,000 sketches. The reference is to add up their words: what
// reading them from memory costs at least.
func BenchmarkCandidates(b *testing.B) {
	const n = 100_000
	all := pairs(b)
	var keys []Key
	for _, p := range all {
		keys = append(keys, p.key)
	}
	x := NewIndex()
	crowd(x, keys, n)
	s := NewSketch(all[0].b)
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			if got := x.Candidates(all[0].key, s, 1<<40, 8); len(got) > 8 {
				b.Fatal("too many")
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/sketch")
	})
	b.Run("reference", func(b *testing.B) {
		var sum uint64
		for b.Loop() {
			for _, k := range x.buckets {
				for i := range k.sketches {
					sum += k.sketches[i].words + k.sketches[i].sample + k.sketches[i].names + k.sketches[i].concepts
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/sketch")
		if sum == 0 {
			b.Fatal("nothing was read")
		}
	})
	b.Run("sketch", func(b *testing.B) {
		b.SetBytes(int64(len(all[0].a)))
		for b.Loop() {
			NewSketch(all[0].a)
		}
	})
}
