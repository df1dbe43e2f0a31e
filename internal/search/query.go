package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/fold"
)

// Limits of a query. What is beyond them is left out: a search answers, it does not complain.
const (
	maxQuery  = 1000 // bytes
	maxTerms  = 16
	maxFilter = 24 // tokens sent to the database; the others are checked against the text
)

// A term is one thing that a document must have, or must not have.
type term struct {
	words []fold.Word // as they must stand beside each other
	joint []bool      // whether words i and i+1 are joined in writing
	minus bool
	star  bool // the last word is the beginning of one
}

// parse reads what a person typed. There is no wrong query:
//
//	認証 回避      both
//	"stored xss"  these words side by side; 「…」 and “…” do the same
//	-duplicate    not this one
//	auth*         words that begin with auth
//	line.me/cart  what is written in one go stands side by side
func parse(query string) []term {
	if len(query) > maxQuery {
		query = strings.ToValidUTF8(query[:maxQuery], "")
	}
	var all []term
	for rest := query; len(all) < maxTerms; {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if rest == "" {
			break
		}
		minus := false
		if r, n := utf8.DecodeRuneInString(rest); (r == '-' || r == '－' || r == '−') && len(rest) > n {
			minus, rest = true, rest[n:]
		}
		var chunk string
		var quoted bool
		chunk, rest, quoted = cut(rest)
		star := false
		if r, _ := utf8.DecodeRuneInString(rest); quoted && (r == '*' || r == '＊') {
			star, rest = true, rest[utf8.RuneLen(r):]
		} else if r, _ := utf8.DecodeLastRuneInString(chunk); !quoted && (r == '*' || r == '＊') {
			star = true
		}
		all = append(all, terms(chunk, quoted, minus, star)...)
	}
	return all[:min(len(all), maxTerms)]
}

var closing = map[rune]rune{'"': '"', '“': '”', '”': '”', '„': '“', '＂': '＂', '「': '」', '『': '』', '«': '»'}

// cut takes the next chunk off: what stands in quotation marks, or what ends at a space or at one.
// Quotation marks that are not closed end with the query.
func cut(s string) (chunk, rest string, quoted bool) {
	r, n := utf8.DecodeRuneInString(s)
	if end, ok := closing[r]; ok {
		s = s[n:]
		if i := strings.IndexRune(s, end); i >= 0 {
			return s[:i], s[i+utf8.RuneLen(end):], true
		}
		return s, "", true
	}
	i := strings.IndexFunc(s, func(r rune) bool { _, ok := closing[r]; return ok || unicode.IsSpace(r) })
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i:], false
}

// terms returns the terms of a chunk. In quotation marks it is one. Otherwise words of an alphabet
// stand side by side (line.me), and runs without spaces by themselves: XSS脆弱性 is two terms, for
// somebody else wrote XSSの脆弱性.
func terms(chunk string, quoted, minus, star bool) []term {
	var all []term
	joined := false
	flat := flatten(chunk)
	for i := 1; i < len(flat); {
		n := strings.IndexAny(flat[i:], " -")
		if n <= 0 {
			break
		}
		w := fold.Word{Text: flat[i : i+n], Dense: dense(flat[i : i+n])}
		last := len(all) - 1
		if last >= 0 && (quoted || !w.Dense && !all[last].words[0].Dense) {
			all[last].words = append(all[last].words, w)
			all[last].joint = append(all[last].joint, joined)
		} else {
			all = append(all, term{words: []fold.Word{w}, minus: minus})
		}
		joined = flat[i+n] == '-'
		i += n + 1
	}
	if star && len(all) > 0 {
		all[len(all)-1].star = true
	}
	return all
}

// loosable is how many signs a Japanese word must have without its long marks before those count
// for nothing: サーバサイド is サーバーサイド, but リーク is not the リク of リクエスト.
const loosable = 4

// loose reports whether the term is looked for without long marks.
func (t term) loose() bool {
	for _, w := range t.words {
		if l := fold.Loose(w.Text); len(l) < len(w.Text) && utf8.RuneCountInString(l) < loosable {
			return false
		}
	}
	return slices.ContainsFunc(t.words, func(w fold.Word) bool { return strings.Contains(w.Text, "ー") })
}

// short returns the last word without the long mark at its end, if enough of the word remains: サーバー
// also finds サーバ.
func (t term) short() string {
	w := t.words[len(t.words)-1].Text
	if s, ok := strings.CutSuffix(w, "ー"); ok && len(t.words) == 1 && utf8.RuneCountInString(s) >= 3 {
		return s
	}
	return w
}

// check returns how a text is checked for the term.
func (t term) check() check {
	c := check{minus: t.minus, loose: t.loose()}
	var b strings.Builder
	for i, w := range t.words {
		if i > 0 && t.joint[i-1] {
			c.joints = append(c.joints, b.Len())
		}
		if i > 0 || !w.Dense {
			b.WriteByte(' ')
		}
		word := w.Text
		if i == len(t.words)-1 {
			word = t.short()
		}
		if c.loose {
			word = fold.Loose(word)
		}
		b.WriteString(word)
	}
	if !t.words[len(t.words)-1].Dense && !t.star {
		b.WriteByte(' ')
	}
	c.pattern = b.String()
	return c
}

// filter returns the tokens that every text with the term has, and whether a text with those tokens
// has the term for sure: then the last token alone says so. A token with a star stands for all that
// begin with it.
func (t term) filter() (list []string, exact bool) {
	exact = len(t.words) <= 2
	for i, w := range t.words {
		sure := false
		switch last := i == len(t.words)-1; {
		case w.Dense:
			list, sure = t.denseFilter(list, w.Text, last)
			sure = sure && len(t.words) == 1
		case !last || !t.star:
			list = append(list, fold.Cut(w.Text))
			sure = whole(w.Text)
		case len(w.Text) >= minPrefix:
			list = append(list, fold.Cut(w.Text)+"*")
			sure = whole(w.Text) && len(t.words) == 1
		}
		exact = exact && sure
		if i > 0 && !w.Dense && !t.words[i-1].Dense && !(t.star && i == len(t.words)-1) {
			list = append(list, pair(t.words[i-1].Text, w.Text))
			exact = exact && !t.joint[i-1]
		}
	}
	return list, exact
}

// whole reports whether a word's token cannot be the beginning of a longer word that was cut.
func whole(word string) bool { return len(word) <= fold.MaxToken-utf8.UTFMax }

// minPrefix is the fewest letters with which the index is asked for all words that begin so. Fewer
// begin too many words to read all their lists; the text is checked instead.
const minPrefix = 3

func (t term) denseFilter(list []string, run string, last bool) ([]string, bool) {
	if last {
		run = t.short()
	}
	if t.loose() {
		run = fold.Loose(run)
	}
	if utf8.RuneCountInString(run) == 1 {
		return append(list, run+"*"), true
	}
	n, kana := 0, strings.ContainsFunc(run, func(r rune) bool { return 'ぁ' <= r && r <= 'ー' })
	for p := range fold.Pairs(run) {
		list = append(list, p)
		n++
	}
	return list, n == 1 && !kana // サーバ has the pair サバ too, see fold.Tokens
}

// A plan is a query as it is carried out.
type plan struct {
	must  []string // tokens that every hit has
	not   []string // tokens that no hit has
	check []check  // what must be seen in the text of what the tokens let through
	all   []check  // every term, for texts that are not in the index
}

// A check is one term as it is looked for in a flattened text.
type check struct {
	pattern string // the words with spaces between them
	joints  []int  // where in the pattern the text must have a hyphen
	minus   bool   // the text must not have it
	loose   bool   // long marks do not count
}

// newPlan returns the plan of a query; ok is false when it asks for nothing.
func newPlan(query string) (p plan, ok bool) {
	list := parse(query)
	for _, t := range list {
		c := t.check()
		p.all = append(p.all, c)
		tokens, exact := t.filter()
		switch {
		case t.minus && exact:
			p.not = append(p.not, tokens[len(tokens)-1]) // which says it all
			continue
		case !t.minus:
			p.must = append(p.must, tokens...)
		}
		if !exact {
			p.check = append(p.check, c)
		}
	}
	slices.Sort(p.must)
	p.must = slices.Compact(p.must)
	if n := len(p.must); !p.vague() {
		p.must = slices.DeleteFunc(p.must, wide)
		p.must = p.must[:min(len(p.must), maxFilter)]
		if len(p.must) < n {
			p.check = p.all
		}
	}
	return p, len(list) > 0
}

// wide reports whether a token stands for so many words that reading all their lists takes longer
// than checking what the other tokens let through.
func wide(token string) bool {
	return strings.HasSuffix(token, "*") && len(token) <= len("pass*")
}

// vague reports whether the index could only be asked for all words that begin in some way.
func (p plan) vague() bool {
	return len(p.must) > 0 && !slices.ContainsFunc(p.must, func(t string) bool { return !strings.HasSuffix(t, "*") })
}

// match reports whether a flattened text passes every check.
func match(flat string, checks []check) bool {
	t := text{flat: flat}
	for _, c := range checks {
		if t.has(c) == c.minus {
			return false
		}
	}
	return true
}
