package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// A Submission is what the form asks: everything a desk needs to act, once.
type Submission struct {
	Title string `json:"title"`

	// Where it is. Reached is web, app or separate_process.
	Target   string `json:"target"`
	Reached  string `json:"reached"`
	Platform string `json:"platform,omitempty"`
	Version  string `json:"version,omitempty"` // of the app

	// What it is.
	Class  string `json:"class"`
	CWE    string `json:"cwe,omitempty"`
	Vector string `json:"vector,omitempty"` // CVSS 3.1 or 4.0

	// How it works, in Markdown.
	Steps  string `json:"steps"`
	Proof  string `json:"proof,omitempty"`
	Impact string `json:"impact"`

	// The reporter's own traffic, so that it can be told from an attacker's.
	Accounts  string `json:"accounts,omitempty"`
	Addresses string `json:"addresses,omitempty"`
	From      string `json:"from,omitempty"`  // first test, JST, 2006-01-02T15:04
	Until     string `json:"until,omitempty"` // last test

	// Found: self, in_use or told. A find of somebody else names the finder.
	Found  string `json:"found"`
	Finder string `json:"finder,omitempty"`
	Knows  string `json:"knows,omitempty"` // who else knows

	// OthersData: no or yes. An honest yes is shown to the decider as such (A.4).
	OthersData     string `json:"others_data"`
	OthersDataWhat string `json:"others_data_what,omitempty"`

	HarmlessUntil string `json:"harmless_until,omitempty"` // a date until which publication hurts nobody
	Confidential  string `json:"confidential,omitempty"`   // parts to keep secret even after publication
}

// Limits of one field. Texts are far longer than any real report; a title is one line.
const (
	maxLine = 300       // characters
	maxText = 128 << 10 // bytes
	maxBody = 512 << 10 // bytes of the whole, as JSON
)

// A field is one entry of the form, for checks that treat all alike.
type field struct {
	name  string
	value *string
	line  bool // one line, shown as text and never as Markdown
}

func (s *Submission) fields() []field {
	return []field{
		{"title", &s.Title, true},
		{"target", &s.Target, true},
		{"reached", &s.Reached, true},
		{"platform", &s.Platform, true},
		{"version", &s.Version, true},
		{"class", &s.Class, true},
		{"cwe", &s.CWE, true},
		{"vector", &s.Vector, true},
		{"steps", &s.Steps, false},
		{"proof", &s.Proof, false},
		{"impact", &s.Impact, false},
		{"accounts", &s.Accounts, false},
		{"addresses", &s.Addresses, false},
		{"from", &s.From, true},
		{"until", &s.Until, true},
		{"found", &s.Found, true},
		{"finder", &s.Finder, true},
		{"knows", &s.Knows, false},
		{"others_data", &s.OthersData, true},
		{"others_data_what", &s.OthersDataWhat, false},
		{"harmless_until", &s.HarmlessUntil, true},
		{"confidential", &s.Confidential, false},
	}
}

// Fields returns the names of the form's fields in order.
func Fields() []string {
	var s Submission
	var names []string
	for _, f := range s.fields() {
		names = append(names, f.name)
	}
	return names
}

// Value returns the field with this name, or "".
func (s *Submission) Value(name string) string {
	for _, f := range s.fields() {
		if f.name == name {
			return *f.value
		}
	}
	return ""
}

// Set puts a value into the field with this name, and reports whether there is one.
func (s *Submission) Set(name, value string) bool {
	for _, f := range s.fields() {
		if f.name == name {
			*f.value = value
			return true
		}
	}
	return false
}

// Storable says whether a draft may be kept as it is: only what no database and no page could
// hold is refused, everything else is saved as typed, however unfinished.
func (s *Submission) Storable() error {
	total := 0
	for _, f := range s.fields() {
		if !utf8.ValidString(*f.value) || strings.ContainsRune(*f.value, 0) {
			return fault.New(fault.Invalid,
				"This text is not in UTF-8. Attach the file instead: attachments keep every byte as it is.",
				"この欄の文字コードは UTF-8 ではありません。ファイルとして添付してください。添付ファイルは1バイトも変えずに保管します。").At(f.name)
		}
		if len(*f.value) > maxText {
			return fault.New(fault.Invalid,
				"This field holds 128 KiB, and the text has %d KiB. Attach it as a file: attachments hold up to 200 MB.",
				"この欄の上限は128 KiBですが、入力は%d KiBあります。ファイルとして添付してください（1ファイル200 MBまで）。",
				len(*f.value)>>10).At(f.name)
		}
		total += len(*f.value)
	}
	if total > maxBody {
		return fault.New(fault.Invalid,
			"All fields together hold 512 KiB. Attach the longest part as a file.",
			"すべての欄の合計は512 KiBまでです。最も長い部分をファイルとして添付してください。").At("steps")
	}
	return nil
}

// required names the fields without which nobody could act on a report, in the order of the form.
var required = []struct {
	name string
	say  lang.Text
}{
	{"title", lang.Text{EN: "Say in one line what it is.", JA: "何が起きるかを1行で書いてください。"}},
	{"target", lang.Text{EN: "Say where it is: a host, an address, or a screen of the app.", JA: "どこで起きるかを書いてください（ホスト名、URL、アプリの画面など）。"}},
	{"reached", lang.Text{EN: "Say how it is reached: in a browser, inside the app, or in a separate app.", JA: "どこから到達するかを選んでください（ブラウザー、アプリ内、別アプリ）。"}},
	{"class", lang.Text{EN: "Pick the class that comes closest.", JA: "最も近い分類を選んでください。"}},
	{"steps", lang.Text{EN: "Write the steps, so that somebody who has never seen it can repeat it.", JA: "初めて見る人でも再現できるように手順を書いてください。"}},
	{"impact", lang.Text{EN: "Say what somebody could do with it, and to whom.", JA: "悪用すると誰に何ができるかを書いてください。"}},
	{"found", lang.Text{EN: "Say how you came to it.", JA: "どのように見つけたかを選んでください。"}},
	{"others_data", lang.Text{EN: "Say whether you saw anybody else's data. An honest yes is shown as such.", JA: "ほかの人のデータを見たかどうかを選んでください。正直な申告はそのまま担当者に伝えます。"}},
}

// choices are the fields with a closed set of values.
var choices = map[string][]string{
	"reached":     {"web", "app", "separate_process"},
	"found":       {"self", "in_use", "told"},
	"others_data": {"no", "yes"},
}

// Check returns what is missing or wrong before the report can be sent: every fault at once, each
// with its field. What the terms exclude is not wrong and is not found here.
func (s *Submission) Check() []*fault.Error {
	var bad []*fault.Error
	for _, q := range required {
		if strings.TrimSpace(s.Value(q.name)) == "" {
			bad = append(bad, fault.Of(fault.Invalid, q.say).At(q.name))
		}
	}
	for _, f := range s.fields() {
		if f.line && utf8.RuneCountInString(*f.value) > maxLine {
			bad = append(bad, fault.New(fault.Invalid,
				"This is one line of at most %d characters, and it has %d. Put the rest into the steps.",
				"この欄は%d文字までの1行です（現在%d文字）。続きは手順の欄に書いてください。",
				maxLine, utf8.RuneCountInString(*f.value)).At(f.name))
		}
		if f.line && strings.ContainsFunc(*f.value, unicode.IsControl) {
			bad = append(bad, fault.New(fault.Invalid,
				"This is one line: remove the line break or control character.",
				"この欄は1行です。改行や制御文字を取り除いてください。").At(f.name))
		}
		if set, closed := choices[f.name]; closed && *f.value != "" && !slices.Contains(set, *f.value) {
			bad = append(bad, fault.New(fault.Invalid,
				"“%s” is no answer to this question. Pick one of those shown.",
				"「%s」は選択肢にありません。表示された中から選んでください。", *f.value).At(f.name))
		}
	}
	return append(bad, s.checkDates()...)
}

func (s *Submission) checkDates() []*fault.Error {
	var bad []*fault.Error
	for name, layout := range map[string]string{"from": minute, "until": minute, "harmless_until": time.DateOnly} {
		if v := s.Value(name); v != "" {
			if _, err := time.Parse(layout, v); err != nil {
				bad = append(bad, fault.New(fault.Invalid,
					"“%s” is no date here. Write it as %s.",
					"「%s」は日付として読めません。%s の形で書いてください。", v, layout).At(name))
			}
		}
	}
	if s.From != "" && s.Until != "" && s.Until < s.From {
		bad = append(bad, fault.New(fault.Invalid,
			"The last test lies before the first.", "最後の検証が最初の検証より前になっています。").At("until"))
	}
	return bad
}

// minute is how a time of testing is written, in Japan time.
const minute = "2006-01-02T15:04"

// Bytes returns the canonical bytes of the submission: what the receipt commits to.
func (s *Submission) Bytes() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a struct of strings always marshals
	}
	return b
}

// ParseSubmission reads what Bytes wrote.
func ParseSubmission(b []byte) (Submission, error) {
	var s Submission
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("reading a submission: %w", err)
	}
	return s, nil
}

// Text returns everything that was written, for search and for finding duplicates.
func (s *Submission) Text() string {
	return strings.Join([]string{s.Title, s.Target, s.Class, s.CWE, s.Steps, s.Proof, s.Impact}, "\n")
}
