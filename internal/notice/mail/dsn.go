package mail

import (
	"bytes"
	"io"
	"mime"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"

	"hinomi.dev/hinomi/internal/fault"
)

// largest is how much of a bounce we read. Ours are small mails; a server that returns one whole
// adds a few kilobytes.
const largest = 1 << 20

// A dsn is what a delivery status notification says (RFC 3464, and RFC 6533 for addresses in
// UTF-8): which mail it may be about, and what became of it.
type dsn struct {
	To         []string // the addresses it was sent to: one names the mail when VERP is in use
	Envelope   string   // Original-Envelope-Id
	MessageIDs []string // of the returned mail, then of what the notification says it answers
	Recipients []recipient
}

// A recipient is what happened for one addressee.
type recipient struct {
	Address string
	Action  string // failed, delayed, delivered, relayed, expanded
	Status  string // such as 5.1.1
	Reason  string // what the other server said, or the status
}

// failed returns the first addressee the mail did not reach.
func (d dsn) failed() (recipient, bool) {
	for _, r := range d.Recipients {
		if r.Action == "failed" {
			return r, true
		}
	}
	return recipient{}, false
}

// parseDSN reads a notification. It forgives what real servers do: parts in any order and depth,
// a missing end, bare line feeds, unknown encodings. Every error is a fault that says what is wrong.
func parseDSN(r io.Reader) (dsn, error) {
	raw, err := io.ReadAll(io.LimitReader(r, largest+1))
	if err != nil {
		return dsn{}, fault.New(fault.Invalid, "The bounce did not arrive whole. Hand it in again.",
			"バウンスメールを最後まで受信できませんでした。もう一度送信してください。").Because(err)
	}
	if len(raw) > largest {
		return dsn{}, fault.New(fault.Invalid, "This is larger than any bounce of our mail (1 MiB). Nothing was changed.",
			"バウンスメールとしては大きすぎます（上限 1 MiB）。何も変更していません。")
	}
	e, err := message.Read(bytes.NewReader(raw))
	if e == nil {
		return dsn{}, fault.New(fault.Invalid, "This is not a mail: its header cannot be read. Nothing was changed.",
			"メールとして読み取れません（ヘッダーが不正です）。何も変更していません。").Because(err)
	}
	d := dsn{}
	for _, k := range []string{"To", "Delivered-To", "X-Original-To", "Envelope-To"} {
		for f := e.Header.FieldsByKey(k); f.Next(); {
			d.To = append(d.To, f.Value())
		}
	}
	w := walker{dsn: &d, left: 64}
	w.walk(e, 0)
	for _, k := range []string{"In-Reply-To", "References"} {
		d.MessageIDs = append(d.MessageIDs, messageIDs(e.Header.Get(k))...)
	}
	if len(d.Recipients) == 0 {
		return dsn{}, fault.New(fault.Invalid,
			"This mail carries no delivery status, so it is not a bounce (an automatic reply, perhaps). Nothing was changed.",
			"配信状況の通知が含まれていないため、バウンスメールではありません（自動返信などの可能性があります）。何も変更していません。")
	}
	return d, nil
}

// A walker goes through the parts of a mail, at most left of them and six deep: a mail can be
// written that unfolds for ever.
type walker struct {
	*dsn
	left int
}

func (w *walker) walk(e *message.Entity, depth int) {
	if w.left--; w.left < 0 || depth > 6 {
		return
	}
	kind, _, err := mime.ParseMediaType(e.Header.Get("Content-Type"))
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(e.Header.Get("Content-Type"))), ";")
	}
	if parts := e.MultipartReader(); parts != nil {
		for {
			part, err := parts.NextPart()
			if part == nil || (err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err)) {
				return // the end, or no end: what came before it counts
			}
			w.walk(part, depth+1)
			if w.left < 0 {
				return
			}
		}
	}
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		w.status(fields(e.Body))
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers":
		if g := fields(e.Body); len(g) > 0 {
			w.MessageIDs = append(w.MessageIDs, messageIDs(g[0]["message-id"])...)
		}
	}
}

// status reads the groups of a delivery status: the first is about the mail, the others about one
// addressee each. Some servers leave the first out.
func (w *walker) status(groups []map[string]string) {
	for _, g := range groups {
		if id := g["original-envelope-id"]; id != "" && w.Envelope == "" {
			w.Envelope = id
		}
		address := g["final-recipient"]
		if address == "" {
			address = g["original-recipient"]
		}
		if address == "" {
			continue
		}
		r := recipient{Address: typed(address), Action: word(g["action"]), Status: word(g["status"]), Reason: typed(g["diagnostic-code"])}
		if r.Action == "" {
			r.Action = map[byte]string{'2': "delivered", '4': "delayed", '5': "failed"}[(r.Status + " ")[0]]
		}
		if r.Reason == "" {
			r.Reason = "status " + r.Status
		}
		w.Recipients = append(w.Recipients, r)
	}
}

// longest is how much of a folded field we join: more than any server says.
const longest = 4096

// fields reads groups of header fields with empty lines between them, names in lower case, folded
// lines joined. Lines that are no fields are skipped; of a name that comes twice the first counts.
func fields(r io.Reader) []map[string]string {
	body, _ := io.ReadAll(r) // a broken encoding ends early; what was read counts
	var all []map[string]string
	group, last := map[string]string{}, ""
	end := func() {
		if len(group) > 0 {
			all = append(all, group)
		}
		group, last = map[string]string{}, ""
	}
	for line := range strings.SplitSeq(string(body), "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" {
			end()
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != "" && len(group[last]) < longest { // joined for ever, it would take for ever
				group[last] += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := group[name]; !ok || twice {
			last = ""
			continue
		}
		group[name], last = strings.TrimSpace(value), name
	}
	end()
	return all
}

// word returns the first word of a value, in lower case: a comment may follow.
func word(s string) string {
	if w := strings.Fields(strings.ToLower(s)); len(w) > 0 {
		return w[0]
	}
	return ""
}

// typed returns the value after the type, as in "rfc822; a@b" and "smtp; 550 no". An address in
// UTF-8 may have its odd characters as \x{5B} (RFC 6533, 3).
func typed(s string) string {
	kind, value, ok := strings.Cut(s, ";")
	if !ok {
		return strings.TrimSpace(s)
	}
	value = strings.TrimSpace(value)
	if strings.EqualFold(strings.TrimSpace(kind), "utf-8") {
		value = escaped.ReplaceAllStringFunc(value, func(x string) string {
			n, err := strconv.ParseUint(x[3:len(x)-1], 16, 32)
			if err != nil || !utf8.ValidRune(rune(n)) {
				return x
			}
			return string(rune(n))
		})
	}
	return value
}

var (
	escaped   = regexp.MustCompile(`\\x\{[0-9A-Fa-f]{1,6}\}`)
	bracketed = regexp.MustCompile(`<([^<>\s]{1,320})>`)
)

// messageIDs returns the ids in a field, without their brackets.
func messageIDs(s string) []string {
	var all []string
	for _, m := range bracketed.FindAllStringSubmatch(s, 20) {
		all = append(all, m[1])
	}
	return all
}
