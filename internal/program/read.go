package program

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// maxFile is the size of a file we are willing to read: terms of a hundred clauses take 60 kB.
const maxFile = 4 << 20

// A reader turns the nodes of one YAML file into values and keeps what is wrong with them. Every
// method returns the zero value for what it complained about, so reading goes on to the next.
// A nil node is a missing field, which fields has complained about if it had to be there.
type reader struct {
	file       string
	clause     string         // being read
	terms      *Terms         // being read, or nil for the program file
	lines      map[string]int // where things stand that checks across files complain about
	complaints []Complaint
}

func (r *reader) complain(n *yaml.Node, rule, en, ja string, args ...any) {
	line := 0
	if n != nil {
		line = n.Line
	}
	r.complainAt(line, r.clause, rule, en, ja, args...)
}

func (r *reader) complainAt(line int, clause, rule, en, ja string, args ...any) {
	r.complaints = append(r.complaints, Complaint{File: r.file, Line: line, Clause: clause, Rule: rule,
		Text: lang.Text{EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...)}})
}

// lineOfError finds the line in a message of the YAML parser, which has it nowhere else.
var lineOfError = regexp.MustCompile(`line (\d+)`)

// root parses the file and returns its one document, or nil after a complaint.
func (r *reader) root(b []byte) *yaml.Node {
	if len(b) > maxFile {
		r.complain(nil, ruleSyntax, "The file has more than %d bytes.", "ファイルが%dバイトを超えています。", maxFile)
		return nil
	}
	dec := yaml.NewDecoder(strings.NewReader(string(b)))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		r.complain(nil, ruleSyntax, "The file is empty.", "ファイルが空です。")
		return nil
	case err != nil:
		line := 0
		if m := lineOfError.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
		}
		r.complainAt(line, "", ruleSyntax, "This is not YAML: %v.", "YAMLとして読めません（%v）。", err)
		return nil
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		r.complain(&more, ruleSyntax, "The file holds more than one document.", "1つのファイルに複数の文書があります。")
		return nil
	}
	return doc.Content[0]
}

// fields returns the values of a mapping by key. The keys known are the admitted ones; one that
// ends in an exclamation mark has to be there.
func (r *reader) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	f := make(map[string]*yaml.Node)
	if n == nil {
		return f
	}
	if n.Kind != yaml.MappingNode {
		r.misshapen(n, lang.Text{EN: "fields with values", JA: "項目と値"})
		return f
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case !slices.Contains(known, key.Value) && !slices.Contains(known, key.Value+"!"):
			r.complain(key, ruleField, "There is no field %q here; there are %s.", "ここに項目%qはありません。使える項目は%sです。",
				key.Value, strings.ReplaceAll(strings.Join(known, ", "), "!", ""))
		case f[key.Value] != nil:
			r.complain(key, ruleField, "The field %q stands here twice.", "項目%qが2回あります。", key.Value)
		default:
			f[key.Value] = value
		}
	}
	for _, k := range known {
		if name, required := strings.CutSuffix(k, "!"); required && f[name] == nil {
			r.complain(n, ruleField, "The field %q is missing.", "項目%qがありません。", name)
		}
	}
	return f
}

// misshapen complains that a node is not of the shape that is needed here.
func (r *reader) misshapen(n *yaml.Node, needed lang.Text) {
	var is lang.Text
	switch {
	case n.Kind == yaml.MappingNode:
		is = lang.Text{EN: "fields with values", JA: "項目と値"}
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		is = lang.Text{EN: "an empty list", JA: "空の一覧"}
	case n.Kind == yaml.SequenceNode:
		is = lang.Text{EN: "a list", JA: "一覧"}
	case n.Kind == yaml.AliasNode:
		is = lang.Text{EN: "an alias; write out what it stands for", JA: "別名（参照先の内容をそのまま書いてください）"}
	case n.Tag == "!!null":
		is = lang.Text{EN: "nothing", JA: "空の値"}
	default:
		value := fmt.Sprintf("%.60q", n.Value)
		is = lang.Text{EN: value, JA: value}
	}
	r.complain(n, ruleSyntax, "Here should be %[1]s, not %[2]s.", "ここには%[3]sが必要ですが、%[4]sがあります。", needed.EN, is.EN, needed.JA, is.JA)
}

// scalar returns the text of a single value as it is written: 6.10 stays "6.10".
func (r *reader) scalar(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.misshapen(n, lang.Text{EN: "a single value", JA: "1つの値"})
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// list returns the values of a list; a single value is a list of one.
func (r *reader) list(n *yaml.Node) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		return []*yaml.Node{n}
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		r.misshapen(n, lang.Text{EN: "a list", JA: "一覧"})
		return nil
	}
	return n.Content
}

func (r *reader) name(n *yaml.Node) string {
	return r.like(n, namePattern, "a name of small letters, digits and underscores", "小文字・数字・下線からなる名前")
}

// like returns a single value that matches the pattern, which is described in both languages.
func (r *reader) like(n *yaml.Node, p *regexp.Regexp, en, ja string) string {
	s := r.scalar(n)
	if n != nil && n.Kind == yaml.ScalarNode && !p.MatchString(s) {
		r.complain(n, ruleUnknown, "%[1]q is not %[2]s.", "%[1]qは%[3]sではありません。", s, en, ja)
		return ""
	}
	return s
}

func (r *reader) matching(n *yaml.Node, p *regexp.Regexp, en, ja string) []string {
	var out []string
	for _, item := range r.list(n) {
		if s := r.like(item, p, en, ja); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r *reader) oneOf(n *yaml.Node, values ...string) string {
	s := r.scalar(n)
	if n != nil && n.Kind == yaml.ScalarNode && !slices.Contains(values, s) {
		r.complain(n, ruleUnknown, "%q is not admitted here; there are %s.", "%qは使えません。使える値は%sです。", s, strings.Join(values, ", "))
		return ""
	}
	return s
}

func (r *reader) manyOf(n *yaml.Node, values ...string) []string {
	var out []string
	for _, item := range r.list(n) {
		if s := r.oneOf(item, values...); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r *reader) flag(n *yaml.Node) bool {
	return n != nil && r.oneOf(n, "true", "false") == "true"
}

func (r *reader) date(n *yaml.Node) calendar.Date {
	d, err := calendar.Parse(r.scalar(n))
	if n != nil && err != nil {
		r.complain(n, ruleDate, "%q is no date; write it like 2017-04-10.", "%qは日付ではありません。2017-04-10のように書いてください。", n.Value)
	}
	return d
}

func (r *reader) instant(n *yaml.Node) time.Time {
	t, err := time.Parse(time.RFC3339, r.scalar(n))
	if n != nil && err != nil {
		r.complain(n, ruleDate, "%q is no instant; write it with its zone, like 2016-06-02T15:00:00+09:00.",
			"%qは時刻ではありません。2016-06-02T15:00:00+09:00のように時差を付けて書いてください。", n.Value)
	}
	return t
}

func (r *reader) language(n *yaml.Node) lang.Lang {
	return lang.Lang(r.oneOf(n, string(lang.JA), string(lang.EN)))
}

func (r *reader) languages(n *yaml.Node) []lang.Lang {
	var out []lang.Lang
	for _, l := range r.manyOf(n, string(lang.JA), string(lang.EN)) {
		out = append(out, lang.Lang(l))
	}
	return out
}

func (r *reader) webAddress(n *yaml.Node) string {
	s := r.scalar(n)
	if n == nil {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !domainPattern.MatchString(u.Host) || u.User != nil {
		r.complain(n, ruleAddress, "%q is no web address; write it like https://store.line.me/.", "%qはウェブアドレスではありません。https://store.line.me/のように書いてください。", s)
		return ""
	}
	return s
}

// text returns a text that has to be there in both languages, each in its own script.
func (r *reader) text(n *yaml.Node) lang.Text {
	if n == nil {
		return lang.Text{}
	}
	f := r.fields(n, "ja", "en")
	t := lang.Text{JA: r.scalar(f["ja"]), EN: r.scalar(f["en"])}
	if n.Kind != yaml.MappingNode {
		return t
	}
	switch {
	case t.JA == "":
		r.complain(n, ruleTranslation, "The Japanese text is missing.", "日本語の文がありません。")
	case t.EN == "":
		r.complain(n, ruleTranslation, "The English text is missing.", "英語の文がありません。")
	case strings.ContainsFunc(t.EN, japanese):
		r.complain(f["en"], ruleTranslation, "The English text is written in Japanese.", "英語の文が日本語で書かれています。")
	case !strings.ContainsFunc(t.JA, japanese) && strings.ContainsRune(t.EN, ' ') && t.JA != t.EN:
		r.complain(f["ja"], ruleTranslation, "The Japanese text has no Japanese character.", "日本語の文に日本語の文字がありません。")
	}
	return t
}

// japanese reports whether c is a kana or a kanji.
func japanese(c rune) bool {
	return unicode.In(c, unicode.Hiragana, unicode.Katakana, unicode.Han)
}
