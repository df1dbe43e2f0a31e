package rule

import (
	"fmt"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/event"
)

// modifiers are what may stand behind a field, each with what it does to the item. They are
// applied in their order.
var modifiers map[string]func(it *item) bool

func init() {
	modifiers = map[string]func(it *item) bool{
		"contains":     func(it *item) bool { return it.widen(true, true) },
		"startswith":   func(it *item) bool { return it.widen(false, true) },
		"endswith":     func(it *item) bool { return it.widen(true, false) },
		"all":          (*item).modifyAll,
		"cased":        (*item).modifyCased,
		"neq":          func(it *item) bool { it.not = true; return true },
		"re":           func(it *item) bool { return it.first("re") && it.become(expressions, event.String) },
		"i":            func(it *item) bool { return it.flag("i") },
		"ignorecase":   func(it *item) bool { return it.flag("i") },
		"m":            func(it *item) bool { return it.flag("m") },
		"multiline":    func(it *item) bool { return it.flag("m") },
		"s":            func(it *item) bool { return it.flag("s") },
		"dotall":       func(it *item) bool { return it.flag("s") },
		"cidr":         func(it *item) bool { return it.first("cidr") && it.become(networks, event.String) },
		"exists":       func(it *item) bool { return it.first("exists") && it.become(existence, event.Bool) },
		"fieldref":     func(it *item) bool { return it.become(references, event.String) && it.plainTexts("fieldref") },
		"lt":           func(it *item) bool { return it.compare(Lt) },
		"lte":          func(it *item) bool { return it.compare(Lte) },
		"gt":           func(it *item) bool { return it.compare(Gt) },
		"gte":          func(it *item) bool { return it.compare(Gte) },
		"minute":       func(it *item) bool { return it.takePart(minutePart) },
		"hour":         func(it *item) bool { return it.takePart(hourPart) },
		"day":          func(it *item) bool { return it.takePart(dayPart) },
		"week":         func(it *item) bool { return it.takePart(weekPart) },
		"month":        func(it *item) bool { return it.takePart(monthPart) },
		"year":         func(it *item) bool { return it.takePart(yearPart) },
		"base64":       func(it *item) bool { return it.plainTexts("base64") && it.rewrite("base64", base64Texts) },
		"base64offset": func(it *item) bool { return it.plainTexts("base64offset") && it.rewrite("base64offset", base64Offsets) },
		"utf16le":      func(it *item) bool { return it.rewrite("utf16le", utf16Little) },
		"wide":         func(it *item) bool { return it.rewrite("wide", utf16Little) },
		"utf16be":      func(it *item) bool { return it.rewrite("utf16be", utf16Big) },
		"utf16":        func(it *item) bool { return it.rewrite("utf16", utf16Marked) },
		"windash":      func(it *item) bool { return it.rewrite("windash", dashes) },
		"expand":       (*item).expand,
	}
}

func modifierNames() []string {
	var names []string
	for name := range modifiers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// modify applies one modifier.
func (it *item) modify(name string) bool {
	fn, ok := modifiers[name]
	if !ok {
		fix := ""
		if want := near(name, modifierNames()); want != "" {
			fix = fmt.Sprintf("Did you mean %s?", want)
		}
		return it.err(fix, "There is no modifier %q.", name)
	}
	if it.field == "" && !slices.Contains([]string{"all", "cased", "contains", "re", "i", "m", "s", "expand", "windash",
		"base64", "base64offset", "wide", "utf16", "utf16le", "utf16be"}, name) {
		return it.err("Name a field in front of it.", "The modifier %s needs a field.", name)
	}
	return fn(it)
}

// err complains at the key, and returns false.
func (it *item) err(fix, format string, args ...any) bool {
	it.r.err(it.key, fix, format, args...)
	return false
}

// first demands that no modifier has changed the values before.
func (it *item) first(name string) bool {
	for _, m := range it.before {
		if m != "neq" && m != "all" && m != "cased" {
			return it.err(fmt.Sprintf("Write %s|%s first.", it.field, name), "The modifier %s takes values as they are written, not behind %s.", name, m)
		}
	}
	return true
}

// become makes the item one of another sort, if all values are of the kind.
func (it *item) become(s sort, kind event.Kind) bool {
	last := "another"
	if n := len(it.before); n > 0 {
		last = it.before[n-1]
	}
	if it.sort != equals {
		return it.err("", "This modifier does not go with %s.", last)
	}
	for i := range it.vals {
		if v := &it.vals[i]; v.kind != kind {
			it.r.err(v.n, "", "This modifier takes %s.", map[event.Kind]string{
				event.String: "text", event.Number: "numbers", event.Bool: "true or false"}[kind])
			return false
		}
	}
	it.sort = s
	return true
}

func (it *item) modifyAll() bool {
	if len(it.vals) < 2 {
		return it.err("Leave all out.", "The modifier all needs a list of at least two values.")
	}
	it.all = true
	return true
}

func (it *item) modifyCased() bool {
	if it.sort != equals && it.sort != references {
		return it.err("A regular expression minds case unless it has i.", "The modifier cased is for text.")
	}
	it.cased = true
	return true
}

// flag sets a flag of regular expressions.
func (it *item) flag(f string) bool {
	if it.sort != expressions {
		return it.err(fmt.Sprintf("Write %s|re|%s.", it.field, f), "The modifier %s belongs behind re.", f)
	}
	it.flags += f
	return true
}

func (it *item) compare(op Op) bool {
	if it.sort == parts && it.op == Eq {
		it.op = op
		return true
	}
	it.op = op
	return it.become(ordered, event.Number)
}

func (it *item) takePart(p timePart) bool {
	it.part = p
	if !it.become(parts, event.Number) {
		return false
	}
	for i := range it.vals {
		n := it.vals[i].num
		if least, most := p.bounds(); !n.whole || n.i < least || n.i > most {
			it.r.err(it.vals[i].n, "", "It is a whole number from %d to %d.", least, most)
			return false
		}
	}
	return true
}

// widen lets the values go on before or behind.
func (it *item) widen(before, after bool) bool {
	switch it.sort {
	case references:
		it.open, it.close = it.open || before, it.close || after
		return true
	case expressions:
		return it.err("Leave it out, or use ^ and $.", "A regular expression is looked for anywhere in the value.")
	case equals:
		for i := range it.vals {
			v := &it.vals[i]
			if v.kind == event.Number {
				v.kind, v.texts = event.String, []pattern{v.text()}
			}
			if v.kind != event.String {
				it.r.err(v.n, "", "This modifier takes text.")
				return false
			}
			for j, p := range v.texts {
				v.texts[j] = p.open(before, after)
			}
		}
		return true
	}
	return it.err("", "This modifier is for text.")
}

// plainTexts demands texts without wildcards.
func (it *item) plainTexts(name string) bool {
	for i := range it.vals {
		for _, p := range it.vals[i].texts {
			if _, ok := p.literal(); !ok {
				it.r.err(it.vals[i].n, `Write \* and \? for the characters themselves.`, "The modifier %s takes text without wildcards.", name)
				return false
			}
		}
	}
	return true
}

// rewrite makes other texts of each text.
func (it *item) rewrite(name string, fn func(pattern) []pattern) bool {
	if it.sort != equals {
		return it.err("", "The modifier %s is for text.", name)
	}
	sum := 0
	for i := range it.vals {
		v := &it.vals[i]
		if v.kind != event.String {
			it.r.err(v.n, "Put it in quotes.", "The modifier %s takes text.", name)
			return false
		}
		var texts []pattern
		for _, p := range v.texts {
			made := fn(p)
			if sum += len(made); sum > maxTexts || made == nil {
				it.r.err(v.n, "Use a pattern with wildcards.", "The modifier %s makes more than %d texts of this.", name, maxTexts)
				return false
			}
			texts = append(texts, made...)
		}
		v.texts = texts
	}
	return true
}

// expand puts the lists in the place of their names.
func (it *item) expand() bool {
	if it.sort != equals {
		return it.err("", "The modifier expand is for text.")
	}
	for i := range it.vals {
		v := &it.vals[i]
		if v.kind != event.String {
			it.r.err(v.n, "Write '%name%'.", "The modifier expand takes text with a placeholder.")
			return false
		}
		var texts []pattern
		for _, p := range v.texts {
			made, ok := it.fill(v, p)
			if !ok {
				return false
			}
			texts = append(texts, made...)
		}
		v.texts = texts
	}
	return true
}

// fill returns a text with every placeholder replaced by every entry of its list.
func (it *item) fill(v *value, p pattern) ([]pattern, bool) {
	made, found := []pattern{nil}, 0
	add := func(tails []pattern) bool {
		var next []pattern
		if found > 1 && len(made)*len(tails) > maxTexts {
			it.r.err(v.n, "", "The placeholders make more than %d texts of this.", maxTexts)
			return false
		}
		for _, head := range made {
			for _, tail := range tails {
				next = append(next, concat(head, tail))
			}
		}
		made = next
		return true
	}
	for _, x := range p {
		if x.wild != 0 {
			add([]pattern{{x}})
			continue
		}
		for _, t := range splitPlaceholders(x.text) {
			if t.name == "" {
				add([]pattern{{{text: t.text}}})
				continue
			}
			found++
			list, ok := it.list(v, t.name)
			if !ok || !add(list) {
				return nil, false
			}
		}
	}
	if found == 0 {
		it.r.warn(v.n, "Write '%name%', or leave expand out.", "There is no placeholder in this.")
	}
	return made, true
}

// list returns the entries of a list handed in.
func (it *item) list(v *value, name string) ([]pattern, bool) {
	words, ok := it.r.lists[name]
	it.r.hollow = it.r.hollow || len(words) == 0
	if !ok {
		it.r.complain(v.n, it.r.lenient, fmt.Sprintf("Hand it in: --list %s=FILE.", name), fmt.Sprintf("There is no list %s for this placeholder.", name))
		return nil, it.r.lenient
	}
	var list []pattern
	for _, w := range words {
		list = append(list, parsePattern(w))
	}
	return list, true
}

// concat joins patterns.
func concat(a, b pattern) pattern {
	out := slices.Clip(a)
	for _, x := range b {
		switch {
		case x.wild == 0:
			out = slices.Clip(out).plus(x.text)
		case x.wild == '*' && len(out) > 0 && out[len(out)-1].wild == '*':
		default:
			out = append(slices.Clip(out), x)
		}
	}
	return out
}

// A template is text, or the name of a placeholder.
type template struct{ text, name string }

// splitPlaceholders splits a text at its placeholders: a name between two percent signs. A
// percent sign behind a backslash is plain.
func splitPlaceholders(s string) []template {
	var all []template
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			all = append(all, template{text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && s[i+1] == '%' {
			i++
		} else if s[i] == '%' {
			name, _, ok := strings.Cut(s[i+1:], "%")
			if ok && name != "" && !strings.ContainsAny(name, " \\") {
				flush()
				all = append(all, template{name: name})
				i += len(name) + 1
				continue
			}
		}
		text.WriteByte(s[i])
	}
	flush()
	return all
}
