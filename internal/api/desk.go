package api

import (
	"context"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/report"
)

func deskOperations() []operation {
	decides := may(access.ReportDecide, access.ReportRate, access.ReportExcept)
	return []operation{
		{id: "read-queue", route: "GET /queue", does: "What waits, with the counts of every view", needs: may(access.ReportRead), do: answer(readQueue)},
		{id: "say", route: "POST /reports/{report}/messages", does: "Write to the reporter", needs: may(access.ReportMessage), do: perform(say)},
		{id: "note", route: "POST /reports/{report}/notes", does: "Write for the desk alone", needs: may(access.ReportNote), do: perform(note)},
		{id: "decide", route: "POST /reports/{report}/decisions", does: "Decide, or propose what needs a second person", needs: decides, status: 201, do: answer(decide),
			more: "A decision against the reporter cites a clause of the report's own terms, gives a reason, and says what would change it."},
		{id: "answer-decision", route: "POST /reports/{report}/decisions/{decision}/answer", does: "Agree to a proposed decision, or not",
			needs: may(access.ReportConfirm, access.ReportReply), do: perform(confirm),
			more: "Somebody else at the desk; or the reporter, when their severity would be lowered."},
		{id: "assign", route: "PUT /reports/{report}/assignee", does: "Give a report to somebody at the desk, or to nobody", needs: may(access.ReportDecide), do: perform(assign)},
		{id: "list-candidates", route: "GET /reports/{report}/candidates", does: "Earlier entries that look like the same vulnerability", needs: may(access.ReportRead), do: answer(listCandidates)},
	}
}

type queueView struct {
	Page[RowView]
	Counts map[report.View]int `json:"counts" doc:"How many reports each view has. desk, reporter and closed add up to all."`
}

func readQueue(ctx context.Context, v *visit, in *struct {
	Window
	View     string `query:"view" enum:"desk,reporter,closed,all,urgent,new,late,second,mine" default:"desk"`
	State    string `query:"state"`
	Class    string `query:"class"`
	Urgency  string `query:"urgency" enum:"normal,raised,in_use"`
	Severity string `query:"severity" enum:"none,low,medium,high,critical"`
	Lang     string `query:"lang" enum:"en,ja"`
	Target   string `query:"target" doc:"What the target begins with."`
	Terms    string `query:"terms"`
	Text     string `query:"q" maxLength:"300" doc:"Words, or the number of a report."`
}) (queueView, error) {
	p, err := v.Reports.Queue(ctx, v.who, report.Query{
		View: report.View(in.View), State: report.State(in.State), Class: in.Class, Urgency: report.Urgency(in.Urgency), Severity: in.Severity,
		Lang: lang.Lang(in.Lang), Target: in.Target, Terms: in.Terms, Text: in.Text, After: in.After, Limit: in.Limit,
	})
	return queueView{Page: Page[RowView]{Items: each(p.Rows, v.showRow), Next: p.Next}, Counts: p.Counts}, err
}

func say(ctx context.Context, v *visit, in *struct {
	ReportPath
	Body struct {
		Body       string `json:"body" doc:"Markdown. The reporter reads it."`
		NeedsReply bool   `json:"needs_reply,omitempty" doc:"Hands the turn over and starts the clock of the reply."`
	}
}) error {
	return v.Reports.Say(ctx, v.who, in.id(), in.Body.Body, in.Body.NeedsReply)
}

func note(ctx context.Context, v *visit, in *struct {
	ReportPath
	Body struct {
		Body string `json:"body" doc:"Markdown. The reporter never reads it."`
	}
}) error {
	return v.Reports.Note(ctx, v.who, in.id(), in.Body.Body)
}

// A decisionIn is what somebody decides.
type decisionIn struct {
	Kind        report.Kind `json:"kind" enum:"triaged,accepted,fixing,fixed,published,not_eligible,duplicate,exception,disqualify,severity,urgency,reopen"`
	Clause      string      `json:"clause,omitempty" doc:"Of the report's own terms."`
	Reason      string      `json:"reason,omitempty" doc:"As the reporter will read it."`
	Impact      string      `json:"impact,omitempty" doc:"Of an exclusion: does the report show impact anyway? none or shown."`
	WouldChange string      `json:"would_change,omitempty" doc:"What would change the decision."`
	OneFix      string      `json:"one_fix,omitempty" doc:"Of a duplicate: would one fix fix both? yes or no."`
	To          string      `json:"to,omitempty" doc:"The vector of severity, the urgency, or the original of a duplicate."`
}

func decide(ctx context.Context, v *visit, in *struct {
	ReportPath
	Body decisionIn
}) (decisionView, error) {
	b := in.Body
	d, err := v.Reports.Decide(ctx, v.who, in.id(), report.Decision{
		Kind: b.Kind, Clause: b.Clause, Reason: b.Reason, Impact: b.Impact, WouldChange: b.WouldChange, OneFix: b.OneFix, To: b.To,
	})
	return v.showDecision(d), err
}

// An answerIn is somebody's answer to a proposal.
type answerIn struct {
	Agree bool   `json:"agree"`
	Why   string `json:"why,omitempty" doc:"Required for no."`
}

func confirm(ctx context.Context, v *visit, in *struct {
	ReportPath
	Decision string `path:"decision"`
	Body     answerIn
}) error {
	return v.Reports.Confirm(ctx, v.who, in.id(), in.Decision, in.Body.Agree, in.Body.Why)
}

func assign(ctx context.Context, v *visit, in *struct {
	ReportPath
	Body struct {
		Person string `json:"person" doc:"The id of somebody at the desk, me, or nothing for nobody."`
	}
}) error {
	person := in.Body.Person
	if person == "me" {
		person = v.who.ID
	}
	return v.Reports.Assign(ctx, v.who, in.id(), person)
}

type candidateView struct {
	ID       string  `json:"id"`
	LogIndex int64   `json:"log_index"`
	Known    bool    `json:"known" doc:"An issue the desk put into the log itself."`
	Title    string  `json:"title"`
	Target   string  `json:"target"`
	Class    string  `json:"class"`
	State    string  `json:"state,omitempty"`
	Root     string  `json:"root,omitempty" doc:"What it is a duplicate of itself."`
	Score    float64 `json:"score" doc:"0 to 1."`
	Why      string  `json:"why"`
}

func listCandidates(ctx context.Context, v *visit, in *ReportPath) (Page[candidateView], error) {
	all, err := v.Reports.Candidates(ctx, v.who, in.id())
	return Page[candidateView]{Items: each(all, func(c report.Candidate) candidateView {
		return candidateView{c.ID, c.LogIndex, c.Known, c.Title, c.Target, c.Class, string(c.State), c.Root, c.Score, c.Why}
	})}, err
}
