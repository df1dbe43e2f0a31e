package api

import (
	"context"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/deadline"
	"hinomi.dev/hinomi/internal/report"
)

// A caseView is a report with all that was said, decided and promised about it, as this caller may see it.
type caseView struct {
	ReportView
	Messages   []messageView         `json:"messages"`
	Decisions  []decisionView        `json:"decisions"`
	Promises   []deadlineView        `json:"promises"`
	Duplicates []RowView             `json:"duplicates" doc:"Reports that were closed as duplicates of this one. For the desk."`
	Suspects   []suspicionView       `json:"suspects" doc:"Exclusions that seem to fit. For the desk."`
	Barred     bool                  `json:"reporter_disqualified,omitempty" doc:"The report is worked on and earns nothing (terms 7.2). For the desk."`
	People     map[string]personName `json:"people" doc:"Who is named above, by id, as far as the caller may know."`
}

type personName struct {
	Kind  access.Kind `json:"kind"`
	Name  string      `json:"name,omitempty"`
	State string      `json:"state,omitempty"`
}

type messageView struct {
	ID         string          `json:"id"`
	Author     string          `json:"author"`
	AuthorKind access.Kind     `json:"author_kind" enum:"participant,staff,system"`
	Audience   report.Audience `json:"audience" enum:"public,internal"`
	Body       string          `json:"body" doc:"Markdown, as typed by somebody who may be an attacker."`
	At         time.Time       `json:"at"`
	NeedsReply bool            `json:"needs_reply"`
	AnsweredAt time.Time       `json:"answered_at,omitzero"`
	ReadAt     time.Time       `json:"read_at,omitzero" doc:"When the other side opened it in the account."`
	Copy       string          `json:"copy,omitempty" doc:"How far the copy by mail came: queued, accepted or bounced."`
}

type decisionView struct {
	ID          string          `json:"id"`
	Kind        report.Kind     `json:"kind"`
	Standing    report.Standing `json:"standing" enum:"proposed,in_force,refused"`
	Clause      string          `json:"clause,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Impact      string          `json:"impact,omitempty"`
	WouldChange string          `json:"would_change,omitempty"`
	From        string          `json:"from,omitempty"`
	To          string          `json:"to,omitempty"`
	OneFix      string          `json:"one_fix,omitempty"`
	Metrics     []metricView    `json:"metrics" doc:"What a change of the vector changes, metric by metric."`
	By          string          `json:"by"`
	At          time.Time       `json:"at"`
	ConfirmedBy string          `json:"confirmed_by,omitempty"`
	ConfirmedAt time.Time       `json:"confirmed_at,omitzero"`
	Refusal     string          `json:"refusal,omitempty"`
	ReadAt      time.Time       `json:"read_at,omitzero"`
}

type metricView struct {
	Metric string `json:"metric"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

// showDecision leaves out of a duplicate which report it is one of: that is somebody else's.
func (v *visit) showDecision(d report.Decision) decisionView {
	view := decisionView{
		ID: d.ID, Kind: d.Kind, Standing: d.Standing, Clause: d.Clause, Reason: d.Reason, Impact: d.Impact, WouldChange: d.WouldChange,
		From: d.From, To: d.To, OneFix: d.OneFix, Metrics: []metricView{}, By: d.By, At: d.At, ConfirmedBy: d.ConfirmedBy,
		ConfirmedAt: d.ConfirmedAt, Refusal: d.Refusal, ReadAt: d.ReadAt,
	}
	if d.Kind == report.ToDuplicate && !v.who.Desk() {
		view.To = ""
	}
	if d.Kind == report.SetSeverity {
		view.Metrics = metrics(d.From, d.To)
	}
	return view
}

func metrics(from, to string) []metricView {
	old, errOld := cvss.Parse(from)
	now, errNow := cvss.Parse(to)
	if errOld != nil || errNow != nil {
		return []metricView{} // it had no vector before
	}
	return each(cvss.Diff(old, now), func(c cvss.Change) metricView { return metricView{c.Metric.Code, c.Old.Code, c.New.Code} })
}

type deadlineView struct {
	Kind        string         `json:"kind"`
	Name        text           `json:"name"`
	Clause      string         `json:"clause,omitempty"`
	Owner       deadline.Owner `json:"owner" enum:"desk,reporter,program"`
	StartedAt   time.Time      `json:"started_at"`
	DueAt       time.Time      `json:"due_at"`
	PausedSince time.Time      `json:"paused_since,omitzero"`
	Rounds      int            `json:"rounds" doc:"How often it was paused."`
	Reopened    int            `json:"reopened"`
	MetAt       time.Time      `json:"met_at,omitzero"`
	DroppedAt   time.Time      `json:"dropped_at,omitzero"`
	MissedAt    time.Time      `json:"missed_at,omitzero" doc:"When it was broken: no pause and no reopening takes it back."`
	Late        bool           `json:"late"`
}

func (v *visit) showDeadline(d deadline.Deadline) deadlineView {
	return deadlineView{
		Kind: d.Kind, Name: text(deadline.Name(d.Kind)), Clause: d.Clause, Owner: d.Owner, StartedAt: d.StartedAt, DueAt: d.DueAt,
		PausedSince: d.PausedSince, Rounds: d.Rounds, Reopened: d.Reopened, MetAt: d.MetAt, DroppedAt: d.DroppedAt, MissedAt: d.MissedAt,
		Late: d.Kind != deadline.Confidentiality && d.Late(v.Now()),
	}
}

func readCase(ctx context.Context, v *visit, in *ReportPath) (caseView, error) {
	c, err := v.Reports.Case(ctx, v.who, in.id())
	if err != nil {
		return caseView{}, err
	}
	view := caseView{
		ReportView: v.showReport(c.Report), Decisions: each(c.Decisions, v.showDecision), Promises: each(c.Promises, v.showDeadline),
		Duplicates: each(c.Duplicates, v.showRow), Suspects: []suspicionView{}, Barred: c.Barred,
	}
	if view.Messages, err = v.showMessages(ctx, c.Messages); err != nil {
		return caseView{}, err
	}
	if terms, ok := v.Program.Version(c.Report.Terms); ok && v.who.Desk() {
		view.Suspects = v.showSuspects(terms.Suspect(c.Report.Body.Text(), c.Report.Class, v.lang))
	}
	view.People, err = v.names(ctx, named(c)...)
	return view, err
}

// showMessages shows the conversation with how far its copies by mail came.
func (v *visit) showMessages(ctx context.Context, all []report.Message) ([]messageView, error) {
	copies, err := v.Mails.States(ctx, each(all, func(m report.Message) string { return m.ID })...)
	if err != nil {
		return nil, err
	}
	return each(all, func(m report.Message) messageView {
		view := messageView{
			ID: m.ID, Author: m.Author, AuthorKind: m.AuthorKind, Audience: m.Audience, Body: m.Body, At: m.At,
			NeedsReply: m.NeedsReply, AnsweredAt: m.AnsweredAt, ReadAt: m.ReadAt,
		}
		if m.Audience == report.Public && m.AuthorKind != access.Participant {
			view.Copy = string(copies[m.ID])
		}
		return view
	}), nil
}

// named lists everybody who had a part in a case.
func named(c report.Case) []string {
	ids := []string{c.Report.Reporter, c.Report.Assignee}
	for _, m := range c.Messages {
		ids = append(ids, m.Author)
	}
	for _, d := range c.Decisions {
		ids = append(ids, d.By, d.ConfirmedBy)
	}
	return ids
}

// names says who somebody is, as far as the caller may know.
func (v *visit) names(ctx context.Context, ids ...string) (map[string]personName, error) {
	labels, err := v.People.Labels(ctx, v.who, ids...)
	if err != nil {
		return nil, err
	}
	all := make(map[string]personName, len(labels))
	for id, l := range labels {
		all[id] = personName{Kind: l.Kind, Name: l.Name, State: string(l.State)}
	}
	return all, nil
}
