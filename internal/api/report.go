package api

import (
	"context"
	"net/http"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/cvss"
	"hinomi.dev/hinomi/internal/report"
)

func reportOperations(s *Server) []operation {
	return []operation{
		{id: "create-report", route: "POST /reports", does: "Report a vulnerability, attachments and all", needs: both(access.ReportSubmit, access.ReportDraft), status: 201,
			more: "As multipart, report is the first part and each file a part after it; files stream to disk. With an Idempotency-Key a " +
				"request that is repeated goes on where the first broke off, and answers with the same report.",
			body: 4 * attachment.DefaultMaxBytes, stream: true, takes: s.takesReport, do: answer(createReport)},
		{id: "list-own-reports", route: "GET /reports", does: "One's own reports", needs: may(access.ReportReadOwn), do: answer(listOwn)},
		{id: "read-report", route: "GET /reports/{report}", does: "A report with all that was said, decided and promised", needs: reads, do: answer(readCase)},
		{id: "mark-read", route: "POST /reports/{report}/read", does: "Say that what stands in the account was read", needs: reads, do: perform(markRead)},
		{id: "download-file", route: "GET /reports/{report}/files/{sha256}", does: "An attachment, byte for byte", needs: reads, stream: true, do: send("application/octet-stream", download)},
		{id: "read-receipt", route: "GET /reports/{report}/receipt", does: "The signed receipt", needs: reads, do: send("text/plain", readReceipt),
			more: "Check it offline with hinomi verify."},
		{id: "read-evidence", route: "GET /reports/{report}/evidence", does: "The proof that the original of a duplicate came earlier", needs: reads, do: send("text/plain", readEvidence)},
		{id: "reply", route: "POST /reports/{report}/replies", does: "Write to the desk", needs: may(access.ReportReply), do: perform(reply)},
		{id: "withdraw-report", route: "POST /reports/{report}/withdrawal", does: "Take one's own report back", needs: may(access.ReportWithdraw), do: perform(withdraw)},
	}
}

// A RowView is a line of a list of reports.
type RowView struct {
	ID          string             `json:"id" example:"7K3M-9QTX"`
	ReceivedAt  time.Time          `json:"received_at"`
	Title       string             `json:"title"`
	Target      string             `json:"target"`
	InScope     bool               `json:"in_scope"`
	Class       string             `json:"class"`
	Score       float64            `json:"score,omitempty" doc:"CVSS. Absent when nobody has rated it."`
	Severity    string             `json:"severity,omitempty" doc:"The word for the score."`
	Urgency     report.Urgency     `json:"urgency" enum:"normal,raised,in_use"`
	Eligibility report.Eligibility `json:"eligibility" enum:"open,yes,no"`
	State       report.State       `json:"state" enum:"received,needs_information,triaged,accepted,fixing,fixed,published,duplicate,not_eligible,withdrawn"`
	Assignee    string             `json:"assignee,omitempty" doc:"For the desk."`
	Turn        report.Turn        `json:"turn" enum:"desk,reporter,nobody"`
	TurnKind    string             `json:"turn_kind,omitempty" doc:"The promise that runs."`
	TurnDue     time.Time          `json:"turn_due,omitzero" doc:"When it ends."`
	Lang        string             `json:"lang"`
}

func (v *visit) showRow(r report.Row) RowView {
	view := RowView{
		ID: r.ID, ReceivedAt: r.ReceivedAt, Title: r.Title, Target: r.Target, InScope: r.InScope, Class: r.Class, Urgency: r.Urgency,
		Eligibility: r.Eligibility, State: r.State, Turn: r.Turn, TurnKind: r.TurnKind, TurnDue: r.TurnDue, Lang: string(r.Lang),
	}
	view.Score, view.Severity = score(r.Score)
	if v.who.Desk() {
		view.Assignee = r.Assignee
	}
	return view
}

// score returns tenths as a number and its word; nothing for what nobody has rated.
func score(tenths int) (float64, string) {
	if tenths < 0 {
		return 0, ""
	}
	return float64(tenths) / 10, string(cvss.Of(tenths))
}

// A ReportView is a report as it stands. The salt of its commitment is in the receipt alone.
type ReportView struct {
	RowView
	LogIndex       int64          `json:"log_index"`
	ClockBehind    bool           `json:"clock_behind,omitempty" doc:"Our clock had been set back: received_at is that of the entry before."`
	Terms          string         `json:"terms" doc:"The version it is decided by, for good."`
	ScopeClause    string         `json:"scope_clause,omitempty"`
	Reporter       string         `json:"reporter"`
	Report         submissionView `json:"report"`
	VectorReported string         `json:"vector_reported,omitempty"`
	Vector         string         `json:"vector,omitempty"`
	Original       string         `json:"original,omitempty" doc:"Of a duplicate: the root. For the desk; the reporter has the evidence card."`
	Files          []fileView     `json:"files"`
	UpdatedAt      time.Time      `json:"updated_at,omitzero" doc:"For the desk: it moves with what the reporter is not shown, too."`
	Version        int64          `json:"version,omitempty" doc:"For the desk, as updated_at."`
}

func (v *visit) showReport(r report.Report) ReportView {
	view := ReportView{
		RowView: v.showRow(report.Row{
			ID: r.ID, ReceivedAt: r.ReceivedAt, Title: r.Title, Target: r.Target, InScope: r.InScope, Class: r.Class, Score: r.Score,
			Urgency: r.Urgency, Eligibility: r.Eligibility, State: r.State, Assignee: r.Assignee, Turn: r.Turn, TurnKind: r.TurnKind,
			TurnDue: r.TurnDue, Lang: r.Lang,
		}),
		LogIndex: r.LogIndex, ClockBehind: r.ClockBehind, Terms: r.Terms, ScopeClause: r.ScopeClause, Reporter: r.Reporter,
		Report: v.showSubmission(r.Body), VectorReported: r.VectorReported, Vector: r.Vector, Files: each(r.Files, showFile),
	}
	if v.who.Desk() {
		view.Original, view.UpdatedAt, view.Version = r.Original, r.UpdatedAt, r.Version
	}
	return view
}

func listOwn(ctx context.Context, v *visit, _ *nothing) (Page[RowView], error) {
	all, err := v.Reports.Mine(ctx, v.who)
	return Page[RowView]{Items: each(all, v.showRow)}, err
}

// A ReportPath names a report.
type ReportPath struct {
	Report string `path:"report" doc:"The number of a report, such as 7K3M-9QTX."`
}

// id is the number that was meant.
func (in ReportPath) id() string {
	if id := report.CanonicalID(in.Report); id != "" {
		return id
	}
	return in.Report
}

func markRead(ctx context.Context, v *visit, in *ReportPath) error {
	c, err := v.Reports.Case(ctx, v.who, in.id())
	if err != nil {
		return err
	}
	return v.Reports.MarkRead(ctx, v.who, c)
}

func download(ctx context.Context, v *visit, in *struct {
	ReportPath
	SHA256 string `path:"sha256"`
}) (func(http.ResponseWriter, *http.Request), error) {
	f, err := v.Reports.File(ctx, v.who, in.id(), in.SHA256)
	if err != nil {
		return nil, err
	}
	body, err := v.Files.Open(f.Hash)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = body.Close() }() // it was only read
		attachment.Headers(w.Header(), f.Name, f.Size)
		http.ServeContent(w, r, "", time.Time{}, body)
	}, nil
}

// file writes a text as a download.
func file(name string, content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		attachment.Headers(w.Header(), name, int64(len(content)))
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(content) // a client that left needs no answer
	}
}

func readReceipt(ctx context.Context, v *visit, in *ReportPath) (func(http.ResponseWriter, *http.Request), error) {
	b, err := v.Reports.Receipt(ctx, v.who, in.id())
	return file(in.id()+".receipt", b), err
}

func readEvidence(ctx context.Context, v *visit, in *ReportPath) (func(http.ResponseWriter, *http.Request), error) {
	b, err := v.Reports.Evidence(ctx, v.who, in.id())
	return file(in.id()+".evidence", b), err
}

func reply(ctx context.Context, v *visit, in *struct {
	ReportPath
	Body struct {
		Body string `json:"body" doc:"Markdown."`
	}
}) error {
	return v.Reports.Reply(ctx, v.who, in.id(), in.Body.Body)
}

func withdraw(ctx context.Context, v *visit, in *struct {
	ReportPath
	Body struct {
		Reason string `json:"reason,omitempty"`
	}
}) error {
	return v.Reports.Withdraw(ctx, v.who, in.id(), in.Body.Reason)
}
