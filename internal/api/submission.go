package api

import (
	"time"

	"hinomi.dev/hinomi/internal/report"
)

// A submissionView is what a report says, field by field as the form asks it. Nothing is required of a
// draft; sending it says what is missing.
type submissionView struct {
	Title    string `json:"title,omitempty" doc:"What it is, in one line."`
	Target   string `json:"target,omitempty" doc:"A host, an address, or a screen of the app."`
	Reached  string `json:"reached,omitempty" doc:"web, app or separate_process."`
	Platform string `json:"platform,omitempty"`
	Version  string `json:"version,omitempty" doc:"Of the app."`

	Class  string `json:"class,omitempty" doc:"An id of the classes of the terms."`
	CWE    string `json:"cwe,omitempty"`
	Vector string `json:"vector,omitempty" doc:"CVSS 3.1 or 4.0."`

	Steps  string `json:"steps,omitempty" doc:"Markdown."`
	Proof  string `json:"proof,omitempty" doc:"Markdown."`
	Impact string `json:"impact,omitempty" doc:"Markdown."`

	Accounts  string `json:"accounts,omitempty" doc:"The test accounts that were used."`
	Addresses string `json:"addresses,omitempty" doc:"The addresses they were used from."`
	From      string `json:"from,omitempty" doc:"The first test, RFC 3339; kept to the minute."`
	Until     string `json:"until,omitempty" doc:"The last test, RFC 3339; kept to the minute."`

	Found  string `json:"found,omitempty" doc:"self, in_use (seen somebody use it) or told."`
	Finder string `json:"finder,omitempty" doc:"Who found it, when somebody told."`
	Knows  string `json:"knows,omitempty" doc:"Who else knows."`

	OthersData     string `json:"others_data,omitempty" doc:"no or yes: was anybody else's data seen? An honest yes is shown to the decider as such."`
	OthersDataWhat string `json:"others_data_what,omitempty"`

	HarmlessUntil string `json:"harmless_until,omitempty" doc:"A date until which publication hurts nobody, 2006-01-02."`
	Confidential  string `json:"confidential,omitempty" doc:"Parts to keep secret even after publication."`
}

// minute is how a report keeps a time of testing: in the program's zone, without naming it.
const minute = "2006-01-02T15:04"

// submission is what was sent as the form has it. What is no time is left as it is: sending says so.
func (v *visit) submission(in submissionView) report.Submission {
	for _, at := range []*string{&in.From, &in.Until} {
		if t, err := time.Parse(time.RFC3339, *at); err == nil {
			*at = t.In(v.Program.Zone).Format(minute)
		}
	}
	return report.Submission(in)
}

// showSubmission is what a report says as programs read it.
func (v *visit) showSubmission(s report.Submission) submissionView {
	for _, at := range []*string{&s.From, &s.Until} {
		if t, err := time.ParseInLocation(minute, *at, v.Program.Zone); err == nil {
			*at = t.Format(time.RFC3339)
		}
	}
	return submissionView(s)
}
