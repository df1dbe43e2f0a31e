package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The words that Sigma allows.
var (
	levels      = []string{"informational", "low", "medium", "high", "critical"}
	statuses    = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
	relations   = []string{"derived", "obsolete", "merged", "renamed", "similar"}
	uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	tagPattern  = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9._-]+$`)
)

// metaKeys are the keys of every document.
var metaKeys = []string{
	"title", "id", "name", "related", "taxonomy", "status", "description", "license", "references", "author",
	"date", "modified", "logsource", "detection", "correlation", "filter", "fields", "falsepositives",
	"level", "tags", "scope", "generate",
}

// meta reads what a document says about itself.
func (r *reader) meta(n *yaml.Node, entries []entry, rule *Rule) {
	if find(entries, "title") == nil {
		r.err(n, "Add title: with what the rule finds.", "The document has no title.")
	}
	for _, e := range entries {
		if check, ok := metaChecks[e.key]; ok {
			check(r, e, rule)
		}
	}
	r.unknown(entries, "The document", metaKeys, true)
	for _, name := range []string{rule.Name, rule.ID, rule.Title} {
		if name != "" {
			rule.Name = name
			break
		}
	}
	r.rule = rule.Name
}

var metaChecks map[string]func(*reader, entry, *Rule)

func init() {
	short := func(set func(*Rule) *string) func(*reader, entry, *Rule) {
		return func(r *reader, e entry, rule *Rule) { r.short(e, 256, set(rule)) }
	}
	free := func(limit int) func(*reader, entry, *Rule) {
		return func(r *reader, e entry, _ *Rule) { r.short(e, limit, new(string)) }
	}
	metaChecks = map[string]func(*reader, entry, *Rule){
		"title":          short(func(rule *Rule) *string { return &rule.Title }),
		"name":           short(func(rule *Rule) *string { return &rule.Name }),
		"id":             func(r *reader, e entry, rule *Rule) { r.uuid(e, &rule.ID) },
		"level":          func(r *reader, e entry, rule *Rule) { r.word(e, levels, &rule.Level) },
		"status":         (*reader).status,
		"taxonomy":       free(256),
		"description":    free(65535),
		"license":        free(65535),
		"author":         free(65535),
		"date":           (*reader).date,
		"modified":       (*reader).date,
		"references":     (*reader).texts,
		"fields":         (*reader).texts,
		"scope":          (*reader).longer,
		"falsepositives": (*reader).longer,
		"tags":           (*reader).tags,
		"related":        (*reader).related,
	}
}

// short reads a text up to a length.
func (r *reader) short(e entry, limit int, to *string) {
	s, ok := r.text(e.v, "The "+e.key)
	switch {
	case !ok:
	case utf8.RuneCountInString(s) > limit:
		r.err(e.v, "", "The %s is longer than %d characters.", e.key, limit)
	case strings.TrimSpace(s) == "" && limit == 256:
		r.err(e.v, "", "The %s is empty.", e.key)
	default:
		*to = s
	}
}

func (r *reader) uuid(e entry, to *string) {
	s, ok := r.text(e.v, "The id")
	if ok && !uuidPattern.MatchString(s) {
		r.err(e.v, "Make one with uuidgen, or use name.", "The id %s is not a UUID.", s)
	} else if ok {
		*to = strings.ToLower(s)
	}
}

// word reads one of several words.
func (r *reader) word(e entry, known []string, to *string) {
	s, ok := r.text(e.v, "The "+e.key)
	switch {
	case !ok:
	case slices.Contains(known, s):
		*to = s
	default:
		fix := "Write " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1] + "."
		if want := near(s, known); want != "" {
			fix = fmt.Sprintf("Did you mean %s?", want)
		}
		r.err(e.v, fix, "There is no %s %s.", e.key, s)
	}
}

func (r *reader) status(e entry, _ *Rule) {
	var s string
	r.word(e, statuses, &s)
	switch s {
	case "deprecated":
		r.warn(e.v, "Remove it when the rule that replaces it is there.", "The rule is deprecated, and runs.")
	case "unsupported":
		r.warn(e.v, "", "The rule calls itself unsupported, and runs.")
	}
}

func (r *reader) date(e entry, _ *Rule) {
	s, ok := r.text(e.v, "The "+e.key)
	if !ok {
		return
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		fix := "Write it as 2020-11-02."
		if t, err := time.Parse("2006/01/02", s); err == nil {
			fix = "Write " + t.Format(time.DateOnly) + "."
		}
		r.err(e.v, fix, "The %s %s is not a day.", e.key, s)
	}
}

func (r *reader) texts(e entry, _ *Rule) { r.list(e.v, "The list "+e.key) }

// longer reads texts of two characters or more; Sigma lets falsepositives be a single one.
func (r *reader) longer(e entry, _ *Rule) {
	texts, nodes := []string{e.v.Value}, []*yaml.Node{e.v}
	if e.key != "falsepositives" || e.v.Kind != yaml.ScalarNode {
		texts, nodes = r.list(e.v, "The list "+e.key)
	}
	for i, s := range texts {
		if len(s) < 2 {
			r.err(nodes[i], "", "An entry of %s has fewer than two characters.", e.key)
		}
	}
}

func (r *reader) tags(e entry, _ *Rule) {
	texts, nodes := r.list(e.v, "The list tags")
	for i, s := range texts {
		if !tagPattern.MatchString(s) {
			r.err(nodes[i], "Write small letters with a dot between, such as attack.t1098.", "The tag %s has no namespace, or characters that tags do not have.", s)
		}
	}
}

func (r *reader) related(e entry, _ *Rule) {
	if e.v.Kind != yaml.SequenceNode {
		r.err(e.v, "", "The list related is not a list.")
		return
	}
	for _, k := range e.v.Content {
		entries := r.mapping(plain(k), "An entry of related")
		var id, kind string
		for _, e := range entries {
			switch e.key {
			case "id":
				r.uuid(e, &id)
			case "type":
				r.word(e, relations, &kind)
			}
		}
		if entries != nil && (find(entries, "id") == nil || find(entries, "type") == nil) {
			r.err(k, "", "An entry of related has an id and a type.")
		}
	}
}

// logsource reports whether the rule is about our events.
func (r *reader) logsource(entries []entry, at *yaml.Node) bool {
	e := find(entries, "logsource")
	if e == nil {
		r.err(at, "Add logsource: {product: hinomi, service: events}.", "The document has no logsource.")
		return false
	}
	ours := true
	known := []string{"category", "product", "service", "definition"}
	lines := r.mapping(e.v, "The logsource")
	for _, l := range lines {
		s, ok := r.text(l.v, "The "+l.key)
		switch {
		case !ok:
		case l.key == "product" && s != "hinomi", l.key == "service" && s != "events", l.key == "category":
			ours = false
		}
	}
	r.unknown(lines, "The logsource", known, true)
	if !ours {
		r.warn(e.v, "For our events write {product: hinomi, service: events}.", "The rule is about another log source: it matches no event.")
	}
	return ours
}
