package rule

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/event"
)

// FuzzLoad feeds anything to the loader: it never panics, every complaint has a place and a
// sentence, and what it accepts can be asked about an event.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(base))
	files, err := filepath.Glob("../../rules/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal("no rules to begin with", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("title: x\ndetection: {s: &s {a|re|i: '(', b|cidr: ::/0, c|expand: '%x%'}, condition: 1 of them}\n"))
	f.Add([]byte("title: x\ncorrelation: {type: temporal, rules: [], group-by: [a], timespan: 1s, condition: a and b}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"x.yml": {Data: data}}
		lists := map[string][]string{"protected": {"u1"}, "reporter": {"a*"}}
		set, complaints := Load(fsys, lists)
		for _, c := range complaints {
			if c.Line < 1 || c.Column < 1 || c.Text == "" || !strings.HasSuffix(c.Text, ".") {
				t.Errorf("complaint %+v", c)
			}
		}
		e := an(t, set.Fields, "friend_request", `"actor":"u1","target":"u2","status":200,"x":null`)
		for _, d := range set.Detections {
			if d.Match(e) && d.Types != nil && !slices.Contains(d.Types, "friend_request") {
				t.Errorf("%s matches a type that its types leave out: %v", d.Name, d.Types)
			}
		}
		for i, c := range set.Correlations {
			for _, in := range slices.Concat(c.Rules, c.Without, c.EndedBy) {
				if in.Chained && in.Rule >= i || !in.Chained && in.Rule >= len(set.Detections) || len(in.Group) != len(c.Keys) {
					t.Errorf("%s takes %+v", c.Name, in)
				}
			}
		}
		Check(fsys, nil)
	})
}

// FuzzCondition feeds anything to the condition parser.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{"a", "not a and (b or c_d)", "1 of c* or all of them", "any of them", "((((a", "a and", "a|b", "2 of a", "of", "1 of"} {
		f.Add(s)
	}
	names := []string{"a", "b", "c_d", "c_e", "_f"}
	f.Fuzz(func(t *testing.T, src string) {
		n, _, err := parseCondition(src, names, func(int) *node { return &node{leaf: &leaf{}} })
		if (n == nil) != (err != nil) {
			t.Errorf("%q gave %v and %v", src, n, err)
		}
		if e, ok := err.(*conditionError); ok && (e.at < 0 || e.at > len(src)) {
			t.Errorf("%q: byte %d", src, e.at)
		}
	})
}

// FuzzPattern compares the matchers with a regular expression written from the pattern.
func FuzzPattern(f *testing.F) {
	for _, s := range [][2]string{{"a*b", "aXb"}, {`\*`, "*"}, {`\\*`, `\x`}, {"*ab*ab*", "xabyab"}, {"a?c", "aéc"}, {"Ä*", "äx"}, {"", ""},
		{"*?", ""}, {"k", "\u212a"}, {"*aab", "aaab"}, {"a*a", "a"}, {"*.*", "x.y"}, {`\`, `\`}} {
		f.Add(s[0], s[1], true)
		f.Add(s[0], s[1], false)
	}
	f.Fuzz(func(t *testing.T, src, text string, cased bool) {
		src, text = strings.ToValidUTF8(src, "_"), strings.ToValidUTF8(text, "_")
		if len(src) > 200 || len(text) > 200 {
			return
		}
		p := parsePattern(src)
		if got, want := p.test(cased)([]byte(text)), plainMatch(p, text, cased); got != want {
			t.Errorf("pattern %q (cased %v), text %q: %v", src, cased, text, got)
		}
	})
}

// plainMatch is a pattern as a regular expression.
func plainMatch(p pattern, text string, cased bool) bool {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	for _, x := range p {
		switch x.wild {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		default:
			if !cased {
				x.text = folded(x.text)
			}
			b.WriteString(regexp.QuoteMeta(x.text))
		}
	}
	if !cased {
		text = folded(text)
	}
	return regexp.MustCompile(b.String() + `$`).MatchString(text)
}

func TestEscapesAreThoseOfSigma(t *testing.T) {
	for src, want := range map[string]string{
		`\`: `\`, `\\`: `\`, `\a`: `\a`, `\*`: `*`, `\?`: `?`, `\\\*`: `\*`, `\\\`: `\\`, `\\\\`: `\\`, `a\b\c`: `a\b\c`,
	} {
		if got, ok := parsePattern(src).literal(); !ok || got != want {
			t.Errorf("%s is read as %s, want %s", src, got, want)
		}
	}
}

// TestTypesLeaveOutNoMatch draws conditions over the type and another field: what Types
// leaves out must not match, and a rule that is refused for matching nothing must match nothing.
func TestTypesLeaveOutNoMatch(t *testing.T) {
	values := []string{"login", "Message", "api_call", "7", "7.0"}
	rapid.Check(t, func(t *rapid.T) {
		var build func(depth int) *node
		r := &reader{complaints: &[]Complaint{}}
		word := rapid.SampledFrom(values)
		build = func(depth int) *node {
			if depth == 0 || rapid.Bool().Draw(t, "leaf") {
				field := rapid.SampledFrom([]string{"type", "type", "x"}).Draw(t, "field")
				mod := rapid.SampledFrom([]string{"", "", "|cased", "|contains", "|neq", "|exists"}).Draw(t, "mod")
				value := word.Draw(t, "value")
				if mod == "|exists" {
					value = fmt.Sprint(rapid.Bool().Draw(t, "there"))
				}
				docs := documents("x", []byte(field+mod+": "+value), r.complaints)
				n := r.lines(docs[0], "x")
				if n == nil {
					t.Fatal(*r.complaints)
				}
				return n
			}
			op := rapid.SampledFrom([]nodeOp{opAnd, opOr, opNot}).Draw(t, "op")
			if op == opNot {
				return negate(build(depth - 1))
			}
			return &node{op: op, kids: []*node{build(depth - 1), build(depth - 1)}}
		}
		n := build(4)
		fields := &event.Fields{}
		match, types := n.compile(&compiler{fields: fields}), n.types()
		_, never := n.never()
		fields.Slot("x")
		for _, typ := range []string{"login", "LOGIN", "message", "api_call", "7", "other"} {
			for _, data := range []string{``, `"x":"login"`, `"x":7`, `"x":7.0`, `"x":"7.0"`, `"x":"message"`, `"x":null`} {
				line := fmt.Sprintf(`{"specversion":"1.0","id":"1","source":"s","type":%q,"time":"2020-11-02T01:38:00Z","data":{%s}}`, typ, data)
				var e event.Event
				if err := event.NewDecoder(fields).Decode([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				if match(&e) && (never || types != nil && !slices.Contains(types, strings.ToLower(typ))) {
					t.Fatalf("it matches %s with %s; types %v, never %v", typ, data, types, never)
				}
			}
		}
	})
}
