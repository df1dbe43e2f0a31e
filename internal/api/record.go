package api

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/notice/mail"
)

func recordOperations() []operation {
	return []operation{
		{id: "list-audit", route: "GET /audit", does: "Who did what, the newest first", needs: may(access.AuditRead), do: answer(listAudit)},
		{id: "list-mail", route: "GET /mail", does: "Copies that went out, the newest first", needs: may(access.MailRead), do: answer(listMail),
			more: "Text that carries a key is withheld."},
		{id: "book-bounce", route: "POST /mail/bounces", does: "Hand in a mail that came back", needs: may(access.MailBounce), body: 4 << 20, stream: true,
			takes: bytesOf("message/rfc822"), do: answer(bookBounce), more: "The body is the whole mail, as a mail server pipes it."},
	}
}

type auditView struct {
	Seq     int64           `json:"seq"`
	At      time.Time       `json:"at"`
	Person  string          `json:"person,omitempty"`
	Session string          `json:"session,omitempty"`
	Action  access.Action   `json:"action"`
	Subject string          `json:"subject,omitempty"`
	Refused bool            `json:"refused"`
	Detail  json.RawMessage `json:"detail,omitempty"`
	Hash    string          `json:"hash" doc:"Hex; over this record and the one before."`
}

func showRecord(r audit.Record) auditView {
	view := auditView{
		Seq: r.Seq, At: r.At, Person: r.Person, Session: r.Session, Action: r.Action, Subject: r.Subject, Refused: r.Refused, Hash: hash(r.Hash),
	}
	if json.Valid([]byte(r.Detail)) {
		view.Detail = json.RawMessage(r.Detail)
	}
	return view
}

func listAudit(ctx context.Context, v *visit, in *struct {
	Window
	Subject string `query:"subject" doc:"What it was done to, such as the number of a report."`
	Person  string `query:"person"`
}) (Page[auditView], error) {
	before, err := number(in.After)
	if err != nil {
		return Page[auditView]{}, err
	}
	all, err := v.Audit.List(ctx, v.who, audit.Query{Subject: in.Subject, Person: in.Person, Before: before, Limit: in.Limit + 1})
	return pageOf(all, in.Limit, showRecord, func(r audit.Record) string { return strconv.FormatInt(r.Seq, 10) }), err
}

type mailView struct {
	ID         string     `json:"id"`
	To         string     `json:"to"`
	Person     string     `json:"person,omitempty"`
	Template   string     `json:"template"`
	Subject    string     `json:"subject"`
	Body       string     `json:"body,omitempty"`
	Key        bool       `json:"key" doc:"Its text carries a key and is withheld."`
	State      mail.State `json:"state" enum:"queued,accepted,bounced"`
	Tries      int        `json:"tries"`
	MessageID  string     `json:"message_id"`
	AcceptedAt time.Time  `json:"accepted_at,omitzero"`
	BouncedAt  time.Time  `json:"bounced_at,omitzero"`
	Failure    string     `json:"failure,omitempty"`
	About      string     `json:"about,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
}

func showMail(m mail.Mail) mailView {
	return mailView{
		ID: m.ID, To: m.To, Person: m.Person, Template: m.Template, Subject: m.Subject, Body: m.Body, Key: m.Key, State: m.State, Tries: m.Tries,
		MessageID: m.MessageID, AcceptedAt: m.AcceptedAt, BouncedAt: m.BouncedAt, Failure: m.Failure, About: m.About, CreatedAt: m.CreatedAt,
	}
}

func listMail(ctx context.Context, v *visit, in *struct {
	After  string `query:"after" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"199" default:"50"`
	State  string `query:"state" enum:"queued,accepted,bounced"`
	Person string `query:"person"`
	About  string `query:"about"`
}) (Page[mailView], error) {
	all, err := v.Mails.List(ctx, v.who, mail.Query{State: mail.State(in.State), Person: in.Person, About: in.About, Before: in.After, Limit: in.Limit + 1})
	return pageOf(all, in.Limit, showMail, func(m mail.Mail) string { return m.ID }), err
}

// A bouncedView says what became of the mail that a bounce is about, without what it says.
type bouncedView struct {
	ID        string     `json:"id"`
	State     mail.State `json:"state" enum:"queued,accepted,bounced"`
	BouncedAt time.Time  `json:"bounced_at,omitzero"`
	Failure   string     `json:"failure,omitempty"`
}

func bookBounce(ctx context.Context, v *visit, _ *nothing) (bouncedView, error) {
	m, err := v.Mails.Bounce(ctx, v.who, v.r.Body)
	return bouncedView{m.ID, m.State, m.BouncedAt, m.Failure}, err
}
