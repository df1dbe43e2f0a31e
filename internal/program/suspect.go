package program

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/fold"
	"hinomi.dev/hinomi/internal/lang"
)

// A Suspicion is an exclusion that seems to fit a draft. It is shown before sending, with what
// would change it, and never blocks.
type Suspicion struct {
	Clause *Clause
	Why    string // a sentence, in the language asked for
	Found  string // the words that gave rise to it, or empty
}

// signs are what in a draft makes an exclusion suspected.
type signs struct {
	all    []sign
	except []string // classes for which the words say nothing
	line   int
}

// A sign is groups of alternatives, one of each in the same sentence.
type sign [][]term

// A term is a word or phrase.
type term struct {
	shown  string // as the file has it
	text   string // folded
	prefix bool   // also the beginning of a longer word
}

// signs reads an exclusion's signs: words in both languages, taxonomy nodes, and the classes for
// which the words say nothing.
func (r *reader) signs(n *yaml.Node) (out signs, vrt []string) {
	f := r.fields(n, "ja", "en", "vrt", "except")
	out.line = n.Line
	for _, item := range r.list(f["except"]) {
		out.except = append(out.except, r.name(item))
	}
	for _, item := range slices.Concat(r.list(f["en"]), r.list(f["ja"])) {
		out.all = append(out.all, r.sign(item))
	}
	for _, item := range r.list(f["vrt"]) {
		vrt = append(vrt, r.vrt(item))
	}
	return out, vrt
}

// sign reads "tls 1.0", "csrf token & missing|absent" or "cve-*".
func (r *reader) sign(n *yaml.Node) sign {
	var s sign
	for group := range strings.SplitSeq(r.scalar(n), " & ") {
		var terms []term
		for alt := range strings.SplitSeq(group, "|") {
			shown, prefix := strings.CutSuffix(strings.TrimSpace(alt), "*")
			text := fold.Text(shown)
			if len(text) < 2 { // a kanji has three bytes
				r.complain(n, ruleSign, "The sign %q has a word of fewer than two letters.", "語%qに2文字に満たない部分があります。", n.Value)
				continue
			}
			terms = append(terms, term{shown, text, prefix})
		}
		s = append(s, terms)
	}
	return s
}

// Suspect returns the exclusions that seem to fit a draft of this class, in the order of the
// terms. The class is one of the program's, a taxonomy node, or empty. l is the language of Why;
// the draft may be in either.
func (t *Terms) Suspect(draft, class string, l lang.Lang) []Suspicion {
	parts := sentences(draft)
	var out []Suspicion
	for _, c := range t.Exclusions() {
		if i := slices.IndexFunc(c.VRT, func(node string) bool { return class == node || strings.HasPrefix(class, node+".") }); i >= 0 {
			out = append(out, Suspicion{Clause: c, Why: lang.Text{
				EN: "The kind of vulnerability chosen belongs here.", JA: "選択された脆弱性の種類がこの項目に当たります。"}.In(l)})
			continue
		}
		if found := c.signIn(parts, class); found != "" {
			out = append(out, Suspicion{Clause: c, Found: found, Why: lang.Text{
				EN: "The draft speaks of “" + found + "”.", JA: "下書きに「" + found + "」に当たる記述があります。"}.In(l)})
		}
	}
	return out
}

// signIn returns the words of the first sign of c that one of the sentences carries, or nothing.
func (c *Clause) signIn(parts []string, class string) string {
	if slices.Contains(c.signs.except, class) {
		return ""
	}
	for _, s := range c.signs.all {
		for _, part := range parts {
			if found := s.in(part); found != "" {
				return found
			}
		}
	}
	return ""
}

// in returns the words by which the sign stands in the sentence, or nothing.
func (s sign) in(sentence string) string {
	var found []string
	for _, group := range s {
		// A sign of several groups has its own negations, such as "csrf token & missing|without".
		i := slices.IndexFunc(group, func(t term) bool { return t.in(sentence, len(s) == 1) })
		if i < 0 {
			return ""
		}
		found = append(found, group[i].shown)
	}
	return strings.Join(found, " … ")
}

// in reports whether the sentence has the term as words of its own and, if asked, does not deny it.
func (t term) in(sentence string, mayDeny bool) bool {
	for from := 0; ; {
		i := strings.Index(sentence[from:], t.text)
		if i < 0 {
			return false
		}
		start := from + i
		end := start + len(t.text)
		if ownWord(sentence, start, end, t.prefix) && !(mayDeny && denied(sentence[:start], sentence[end:])) {
			return true
		}
		from = end
	}
}

// ownWord reports whether sentence[start:end] is not a part of a longer Latin word. Japanese is
// written without spaces, so a Japanese neighbour separates.
func ownWord(sentence string, start, end int, prefix bool) bool {
	first, _ := utf8.DecodeRuneInString(sentence[start:])
	before, _ := utf8.DecodeLastRuneInString(sentence[:start])
	if latin(first) && latin(before) {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(sentence[:end])
	after, _ := utf8.DecodeRuneInString(sentence[end:])
	return prefix || !latin(last) || !latin(after)
}

func latin(c rune) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

var (
	deniedBefore = regexp.MustCompile(`\b(no|not|isn't|isnt|never|unlike|unrelated to|rather than|no need for|without) (a |an |the |any |about |by |using )*$`)
	deniedAfter  = regexp.MustCompile(`^(攻撃|行為|の問題|の報告|によるもの)?(では(な|あ)|とは(異|違)|に(は)?該当し(ない|ま)|を使(わ|って(いな|いま))|は(不要|必要(な|あ))|は(行|使)(わ|って)?(って)?(いな|いませ|ない|ず))`)
)

// denied reports whether the words around a term say that it does not apply.
func denied(before, after string) bool {
	return deniedBefore.MatchString(before[max(0, len(before)-60):]) || deniedAfter.MatchString(after[:min(len(after), 60)])
}

var fence = regexp.MustCompile("(?s)```.*?(```|$)")

// sentences splits a draft into its sentences, folded. Code is left out: a dumped response full of
// headers says nothing about what the reporter claims.
func sentences(draft string) []string {
	draft = fence.ReplaceAllString(draft, "\n")
	var out []string
	for line := range strings.Lines(draft) {
		if strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t") {
			continue
		}
		// A full stop ends a sentence when a space follows: the one in "TLS 1.0" does not.
		for part := range strings.FieldsFuncSeq(strings.ReplaceAll(line, ". ", "。"), endOfSentence) {
			out = append(out, fold.Text(part))
		}
	}
	return out
}

func endOfSentence(c rune) bool { return strings.ContainsRune("。．｡！？!?", c) }
