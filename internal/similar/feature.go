package similar

import (
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/fold"
)

// features is what a text is compared by.
type features struct {
	words map[string]int      // words of alphabets and in katakana, pairs of kanji, and how often
	names map[string]struct{} // paths, parameters, identifiers
}

// maxText bounds the work on one text: what comes after it hardly changes a sketch.
const maxText = 64 << 10

func extract(text string) features {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	text = norm.NFKC.String(text)
	f := features{words: map[string]int{}, names: map[string]struct{}{}}
	for w := range fold.Words(fold.Text(content(text))) {
		f.word(w)
	}
	for c := range compounds(text) {
		f.name(strings.TrimRight(c, ".,:;?!&=#/-"))
	}
	return f
}

// content cuts the runs of kanji and katakana apart and leaves hiragana out: it is grammar, and
// the same in every text.
func content(text string) string {
	var b strings.Builder
	before := ' '
	for _, r := range text {
		kind := r
		switch {
		case r == 'ー' || r == '・':
			kind = before
		case unicode.Is(unicode.Han, r):
			kind = '漢'
		case 'ァ' <= r && r <= 'ヺ':
			kind = 'カ'
		case unicode.Is(unicode.Hiragana, r):
			kind, r = '|', '|'
		}
		if kind != before && (kind == '漢' || kind == 'カ') {
			b.WriteByte('|')
		}
		b.WriteRune(r)
		before = kind
	}
	return b.String()
}

func (f features) word(w fold.Word) {
	switch {
	case !w.Dense:
		if t := stem(w.Text); len(t) > 1 && !stop[t] {
			f.words[fold.Cut(t)]++
		}
	case strings.IndexFunc(w.Text, isKanji) == 0:
		for p := range fold.Pairs(w.Text) {
			if !stop[p] {
				f.words[p]++
			}
		}
	default: // katakana, and scripts we know nothing of
		if !stop[w.Text] && len(w.Text) > 3 {
			f.words[fold.Cut(w.Text)]++
		}
	}
}

func isKanji(r rune) bool { return unicode.Is(unicode.Han, r) }

// stem takes the plainest English endings off. It need not be right, only the same every time.
func stem(w string) string {
	for _, end := range []string{"ing", "ed", "es", "s"} {
		if s, ok := strings.CutSuffix(w, end); ok && len(s) > 3 && !strings.HasSuffix(s, "s") {
			return s
		}
	}
	return w
}

// stop are words that every report has.
var stop = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(`
		the an and or of to in on at by for from with without as is are was were be been it its this that these those
		there then than so if when while which who what where how can could may might will would should must not no
		do does did done has have had i my me we our you your he she they their them one two any all also only other
		into out up over after before via per such same more most some each just but
		vulnerability vulnerabiliti issue bug report found find attacker attack user step reproduce impact line
		http https www com page site web app use us click open go see follow show test try
		脆弱 弱性 攻撃 撃者 場合 可能 報告 確認 再現 手順 影響 利用 用者 以下 問題 方法 使用 存在 発見 上記 下記 内容 必要 結果`) {
		all[w] = true
		all[stem(w)] = true
	}
	return all
}()

// compounds returns what is written in one go: addresses, paths, queries, identifiers. A regular expression
// would say it shorter, and take as long as everything else together.
func compounds(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < len(text); i++ {
			if !first[text[i]] {
				continue
			}
			end := i + 1
			for end < len(text) && end-i < maxCompound && further[text[end]] {
				end++
			}
			if end-i < minCompound {
				continue
			}
			if !yield(text[i:end]) {
				return
			}
			i = end - 1
		}
	}
}

// The length of a compound, the signs that it begins with and those that it goes on with.
const minCompound, maxCompound = 3, 301

var (
	first   = signs("_$/")
	further = signs("_.-/:%?=&@~+#$[]{}<>")
)

// signs returns which bytes are letters or digits of ASCII, or among others.
func signs(others string) (t [256]bool) {
	for c := range t {
		t[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(others, byte(c)) >= 0
	}
	return t
}

var (
	host       = regexp.MustCompile(`^(?:[a-z0-9-]+\.)+[a-z]{2,18}(?::\d+)?$`)
	opaque     = regexp.MustCompile(`^(?:\d+|[0-9a-f]{8,}|[0-9a-f-]{32,}|\{.*\}?|<.*>?|\[.*\]?|:[a-z_]+|\$[a-z_]+|x{2,}|\.{3})$`)
	parameter  = regexp.MustCompile(`^[a-z_$][\w.\-\[\]$]{0,60}$`)
	identifier = regexp.MustCompile(`^(?:cve-\d{4}-\d+|[a-z$][\w$]*_[\w$]+|[a-z]+\d[a-z0-9]*|[a-z0-9]+(?:-[a-z0-9]+)+|[\w\-]+\.(?:php|jsp|aspx?|cgi|js|html?|json|xml|apk|do|action))$`)
	camel      = regexp.MustCompile(`^[a-z]+(?:[A-Z][a-z0-9]+)+$|^(?:[A-Z][a-z0-9]+){2,}$`)
)

// name puts in what a compound names.
func (f features) name(c string) {
	lower := strings.ToLower(c)
	if lower != c && camel.MatchString(c) {
		f.add("i:" + lower)
		return
	}
	c = lower
	if _, rest, ok := strings.Cut(c, "://"); ok {
		c = rest
	}
	c, query, _ := strings.Cut(c, "?")
	for p := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == '#' || r == '?' }) {
		key, _, _ := strings.Cut(p, "=")
		f.parameter(key)
	}
	first, path, slash := strings.Cut(c, "/")
	switch {
	case slash && (first == "" || host.MatchString(first)):
		f.path(path)
	case slash:
		f.path(c)
	case host.MatchString(first) && !identifier.MatchString(first):
		// A host alone: it is the report's target, or the reporter's own. Words know it.
	case strings.Contains(c, "="):
		key, _, _ := strings.Cut(c, "=")
		f.parameter(key)
	case identifier.MatchString(c) && !stop[c]:
		f.add("i:" + c)
	}
}

func (f features) parameter(key string) {
	if parameter.MatchString(key) {
		f.add("q:" + key)
	}
}

// path puts in a path with its numbers and hashes left open, and its last two parts alone, for one
// reporter writes it in full and the other does not.
func (f features) path(path string) {
	var parts []string
	for p := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '#' }) {
		if opaque.MatchString(p) {
			p = "*"
		}
		parts = append(parts, p)
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "*" && len(parts) == 1 })
	if len(parts) == 0 || len(parts) > 20 {
		return
	}
	f.add("p:/" + strings.Join(parts, "/"))
	if len(parts) > 2 {
		f.add("p:/" + strings.Join(parts[len(parts)-2:], "/"))
	}
}

func (f features) add(name string) { f.names[fold.Cut(name)] = struct{}{} }

// Shared returns the names that both texts have (paths with open numbers, parameters, identifiers),
// sorted: what a person should look at first when two reports may be one.
func Shared(a, b string) []string {
	x, y := extract(a).names, extract(b).names
	var both []string
	for n := range x {
		if _, ok := y[n]; ok {
			both = append(both, n[2:])
		}
	}
	slices.Sort(both)
	return slices.Compact(both)
}
