package rule

import (
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/event"
)

// What a regular expression may be at most. Matching takes a time that grows with the text
// times the size of the expression, never faster.
const (
	maxExpression   = 1000 // characters
	maxInstructions = 1000 // once its repetitions are written out
)

// expression returns the question whether the field fits a regular expression.
func (it *item) expression(v *value) *node {
	src := v.n.Value
	if len(src) > maxExpression {
		it.r.err(v.n, "Use several, or a list of texts.", "The regular expression is longer than %d characters.", maxExpression)
		return nil
	}
	if it.flags != "" {
		src = "(?" + it.flags + ")" + src
	}
	tree, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		text := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		it.r.err(v.n, "Look-around, back references and possessive repetition are no part of Sigma.", "The regular expression does not work: %s.", text)
		return nil
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxInstructions {
		it.r.err(v.n, "Repeat less often, or without a limit.", "The regular expression is too large with its repetitions written out.")
		return nil
	}
	re, err := regexp.Compile(src)
	if err != nil {
		it.r.err(v.n, "", "The regular expression does not work: %s.", err)
		return nil
	}
	return it.leaf(20, onText(re.Match))
}

// network returns the question whether the field is an address in a network.
func (it *item) network(v *value) *node {
	net, err := netip.ParsePrefix(v.n.Value)
	if err != nil {
		fix := ""
		if a, err := netip.ParseAddr(v.n.Value); err == nil {
			fix = "Write " + netip.PrefixFrom(a, a.BitLen()).String() + "."
		}
		it.r.err(v.n, fix, "%s is not a network such as 10.0.0.0/8.", v.n.Value)
		return nil
	}
	if net != net.Masked() {
		it.r.warn(v.n, "Write "+net.Masked().String()+".", "The network has bits set beyond its length.")
	}
	net = net.Masked()
	return it.leaf(6, func(v event.Value) bool {
		if v.Kind != event.String {
			return false
		}
		a, ok := parseIPv4(v.Raw)
		if !ok {
			var err error
			if a, err = netip.ParseAddr(string(v.Raw)); err != nil {
				return false
			}
		}
		return net.Contains(a.Unmap().WithZone(""))
	})
}

// parseIPv4 reads an address of four numbers without allocating.
func parseIPv4(b []byte) (netip.Addr, bool) {
	var a [4]byte
	n, digits, sum := 0, 0, 0
	for _, c := range b {
		switch {
		case c-'0' <= 9 && digits < 3 && (digits == 0 || sum > 0):
			sum, digits = sum*10+int(c-'0'), digits+1
		case c == '.' && digits > 0 && n < 3 && sum < 256:
			a[n] = byte(sum)
			n, digits, sum = n+1, 0, 0
		default:
			return netip.Addr{}, false
		}
	}
	if n != 3 || digits == 0 || sum > 255 {
		return netip.Addr{}, false
	}
	a[3] = byte(sum)
	return netip.AddrFrom4(a), true
}

// reference returns the question whether the field has the value of another one.
func (it *item) reference(v *value) *node {
	other := v.n.Value
	it.r.checkField(other, v.n)
	return &node{leaf: &leaf{field: it.field, cost: 3, build: func(c *compiler) func(*event.Event) bool {
		a, b := c.slot(it.field), c.slot(other)
		same := sameBytes(it.cased, it.open, it.close)
		return func(e *event.Event) bool {
			v, w := e.Value(a), e.Value(b)
			if v.Kind == event.Number && w.Kind == event.Number && !it.open && !it.close {
				m, _ := parseNumber(v.Raw)
				n, _ := parseNumber(w.Raw)
				return m.compare(n) == 0
			}
			return written(v) && written(w) && same(v.Raw, w.Raw)
		}
	}}}
}

// sameBytes returns the function that says whether b is a, or part of it if before and after
// may be more. Case counts beyond ASCII.
func sameBytes(cased, before, after bool) func(a, b []byte) bool {
	same := func(a, b []byte) bool {
		for i, c := range b {
			if a[i] != c && (cased || !sameLetter(a[i], c)) {
				return false
			}
		}
		return true
	}
	return func(a, b []byte) bool {
		spare := len(a) - len(b)
		switch {
		case spare < 0 || spare > 0 && !before && !after:
			return false
		case !before:
			return same(a, b)
		case !after:
			return same(a[spare:], b)
		}
		for i := range spare + 1 {
			if same(a[i:], b) {
				return true
			}
		}
		return false
	}
}

// sameLetter reports whether two different bytes are an ASCII letter in both cases.
func sameLetter(a, b byte) bool {
	return a^b == 0x20 && ('a' <= a|0x20 && a|0x20 <= 'z')
}

// A timePart is a part of a time.
type timePart uint8

const (
	minutePart timePart = iota
	hourPart
	dayPart
	weekPart
	monthPart
	yearPart
)

func (p timePart) bounds() (least, most int64) {
	switch p {
	case minutePart:
		return 0, 59
	case hourPart:
		return 0, 23
	case dayPart:
		return 1, 31
	case weekPart:
		return 1, 53
	case monthPart:
		return 1, 12
	}
	return 0, 9999
}

// of returns the part of a time. Weeks are those of ISO 8601.
func (p timePart) of(t time.Time) int64 {
	switch p {
	case minutePart:
		return int64(t.Minute())
	case hourPart:
		return int64(t.Hour())
	case dayPart:
		return int64(t.Day())
	case weekPart:
		_, week := t.ISOWeek()
		return int64(week)
	case monthPart:
		return int64(t.Month())
	}
	return int64(t.Year())
}

// timePart returns the question how a part of the field's time compares. The event's own time is
// taken in UTC, another as it is written.
func (it *item) timePart(v *value) *node {
	op, part, want := it.op, it.part, v.num.i
	holds := func(t time.Time) bool { return op.holds(wholeNumber(part.of(t)).compare(wholeNumber(want))) }
	if it.field != "time" {
		return it.leaf(20, func(v event.Value) bool {
			if v.Kind != event.String {
				return false
			}
			for _, layout := range [...]string{time.RFC3339, time.DateOnly} {
				if t, err := time.Parse(layout, string(v.Raw)); err == nil {
					return holds(t)
				}
			}
			return false
		})
	}
	return &node{leaf: &leaf{field: it.field, cost: 8, build: func(*compiler) func(*event.Event) bool {
		return func(e *event.Event) bool { return holds(time.Unix(0, e.Time).UTC()) }
	}}}
}
