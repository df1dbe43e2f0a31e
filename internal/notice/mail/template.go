package mail

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// A form says what a template needs to be told. Every template also knows "program" (whose desk
// this is) and "name" (the reader, may be empty).
type form struct {
	needs []string
	may   []string
	key   bool // the link in it is as good as a password
}

// forms are the mails there are. Each has a file of its name with both languages in it.
var forms = map[string]form{
	"verify_mail":        {needs: []string{"link", "expires"}, key: true},
	"account_exists":     {needs: []string{"link"}},
	"reset":              {needs: []string{"link", "expires"}, key: true},
	"invite":             {needs: []string{"link", "expires"}, may: []string{"by"}, key: true},
	"credential_changed": {needs: []string{"what", "at", "link"}},
	"message_copy":       {needs: []string{"report", "link"}, may: []string{"reply_by"}},
	"decision":           {needs: []string{"report", "link"}},
	"alert":              {needs: []string{"level", "link"}},
	"award":              {needs: []string{"report", "link"}},
	"payment":            {needs: []string{"report", "link", "kind"}, may: []string{"last"}},
	"deadline_reminder":  {needs: []string{"report", "due", "link"}, may: []string{"kind"}},
}

//go:embed template
var files embed.FS

var templates = template.Must(template.New("").
	Option("missingkey=error").
	Funcs(template.FuncMap{"when": when, "until": until}).
	ParseFS(files, "template/*.txt"))

// render returns subject and text of a mail. An error is a mistake in the program that asked
// for the mail.
func render(name string, l lang.Lang, data map[string]string) (subject, body string, err error) {
	f, ok := forms[name]
	if !ok || !l.Valid() {
		return "", "", fmt.Errorf("there is no mail %q in language %q", name, l)
	}
	full := map[string]string{"name": ""}
	for _, k := range f.may {
		full[k] = ""
	}
	maps.Copy(full, data)
	for _, k := range append(slices.Clone(f.needs), "program") {
		if full[k] == "" {
			return "", "", fmt.Errorf("mail %s was asked for without %q", name, k)
		}
	}
	part := func(which string) (string, error) {
		var b strings.Builder
		if err := templates.ExecuteTemplate(&b, name+"."+string(l)+which, full); err != nil {
			return "", fmt.Errorf("writing mail %s: %w", name, err)
		}
		return strings.TrimSpace(b.String()), nil
	}
	if subject, err = part(".subject"); err != nil {
		return "", "", err
	}
	if body, err = part(""); err != nil {
		return "", "", err
	}
	return subject, body + "\n", nil
}

// texts returns the data of a request as text. Everything in a mail is said in one line.
func texts(data map[string]any) (map[string]string, error) {
	out := make(map[string]string, len(data))
	for k, v := range data {
		switch v := v.(type) {
		case string:
			out[k] = v
		case json.Number:
			out[k] = v.String()
		default:
			return nil, fmt.Errorf("the value of %q is neither text nor number", k)
		}
	}
	return out, nil
}

// oneLine names a value with a control character: a line break in a name would start a header or
// a paragraph that is not ours.
func oneLine(data map[string]string) (field string, ok bool) {
	for _, k := range slices.Sorted(maps.Keys(data)) {
		if strings.ContainsFunc(data[k], func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
			return k, false
		}
	}
	return "", true
}

// when writes an instant, given in RFC 3339, on the clock of the program (terms 15.2).
func when(l, s string) (string, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", err
	}
	t = t.In(calendar.JST)
	return clock(l, calendar.In(t, calendar.JST), t.Format("15:04")), nil
}

// until writes the instant at which a promise ends. Midnight is 24:00 of the day that ends with
// it: "until 0:00" is read as a day too late by half of all readers.
func until(l, s string) (string, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", err
	}
	if d := calendar.In(t, calendar.JST); t.Equal(d.Start(calendar.JST)) {
		return clock(l, d.Add(-1), "24:00"), nil
	}
	return when(l, s)
}

func clock(l string, d calendar.Date, at string) string {
	if l == string(lang.JA) {
		return fmt.Sprintf("%d年%d月%d日 %s（日本時間）", d.Year, d.Month, d.Day, at)
	}
	return fmt.Sprintf("%d %s %d, %s JST", d.Day, d.Month, d.Year, at)
}
