package api

import (
	"context"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/report"
)

func draftOperations() []operation {
	draft := may(access.ReportDraft)
	return []operation{
		{id: "list-drafts", route: "GET /drafts", does: "One's own drafts, the last touched first", needs: draft, do: answer(listDrafts)},
		{id: "create-draft", route: "POST /drafts", does: "Begin a report", needs: draft, status: 201, do: answer(createDraft)},
		{id: "read-draft", route: "GET /drafts/{draft}", does: "A draft of one's own", needs: draft, do: answer(readDraft)},
		{id: "save-draft", route: "PUT /drafts/{draft}", does: "Keep what is written, however unfinished", needs: draft, do: answer(saveDraft)},
		{id: "discard-draft", route: "DELETE /drafts/{draft}", does: "Throw a draft away", needs: draft, do: perform(discardDraft)},
		{id: "check-draft", route: "GET /drafts/{draft}/check", does: "What the terms say of it, and what is missing before it can be sent", needs: draft, do: answer(checkDraft)},
		{id: "attach-file", route: "POST /drafts/{draft}/files", does: "Attach a file: the body is its bytes", needs: draft, status: 201,
			body: attachment.DefaultMaxBytes + 1, stream: true, takes: bytesOf("application/octet-stream"), do: answer(attachFile)},
		{id: "remove-file", route: "DELETE /drafts/{draft}/files/{sha256}", does: "Take a file off a draft", needs: draft, do: perform(removeFile)},
		{id: "send-draft", route: "POST /drafts/{draft}/send", does: "Send it: it becomes a report with a receipt", needs: may(access.ReportSubmit), status: 201, do: answer(sendDraft),
			more: "Sent again, it answers with the same report."},
	}
}

// A fileView is an attachment.
type fileView struct {
	SHA256 string `json:"sha256"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
}

func showFile(f report.File) fileView { return fileView{f.Hash, f.Name, f.Size} }

type draftView struct {
	ID        string         `json:"id"`
	Version   int64          `json:"version"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
	Report    submissionView `json:"report"`
	Files     []fileView     `json:"files"`
	SentAs    string         `json:"sent_as,omitempty" doc:"The number of the report it became."`
}

func (v *visit) showDraft(d report.Draft) draftView {
	return draftView{
		ID: d.ID, Version: d.Version, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, Report: v.showSubmission(d.Body),
		Files: each(d.Files, showFile), SentAs: d.Report,
	}
}

func listDrafts(ctx context.Context, v *visit, _ *nothing) (Page[draftView], error) {
	all, err := v.Reports.Drafts(ctx, v.who)
	return Page[draftView]{Items: each(all, v.showDraft)}, err
}

func createDraft(ctx context.Context, v *visit, in *struct{ Body submissionView }) (draftView, error) {
	d, err := v.Reports.NewDraft(ctx, v.who, v.submission(in.Body))
	return v.showDraft(d), err
}

// A DraftPath names a draft.
type DraftPath struct {
	Draft string `path:"draft"`
}

func readDraft(ctx context.Context, v *visit, in *DraftPath) (draftView, error) {
	d, err := v.Reports.Draft(ctx, v.who, in.Draft)
	return v.showDraft(d), err
}

func saveDraft(ctx context.Context, v *visit, in *struct {
	DraftPath
	Version int64 `query:"version" minimum:"0" doc:"The version that was changed. Without it, whatever is there is written over."`
	Body    submissionView
}) (draftView, error) {
	d, err := v.Reports.SaveDraft(ctx, v.who, in.Draft, v.submission(in.Body), in.Version)
	return v.showDraft(d), err
}

func discardDraft(ctx context.Context, v *visit, in *DraftPath) error {
	return v.Reports.DiscardDraft(ctx, v.who, in.Draft)
}

type checkView struct {
	Verdict  verdictView     `json:"verdict"`
	Suspects []suspicionView `json:"suspects" doc:"Exclusions that seem to fit. They never keep a report from being sent."`
	Missing  []text          `json:"missing" doc:"What the account still lacks."`
	Faults   []flaw          `json:"faults" doc:"What is missing or wrong in the report itself."`
}

type suspicionView struct {
	Clause string `json:"clause"`
	Why    string `json:"why"`
	Unless text   `json:"unless" doc:"What a reporter could show so that it no longer applies."`
}

func (v *visit) showSuspects(all []program.Suspicion) []suspicionView {
	return each(all, func(s program.Suspicion) suspicionView {
		return suspicionView{Clause: s.Clause.ID, Why: s.Why, Unless: text(s.Clause.Unless)}
	})
}

func checkDraft(ctx context.Context, v *visit, in *DraftPath) (checkView, error) {
	d, err := v.Reports.Draft(ctx, v.who, in.Draft)
	if err != nil {
		return checkView{}, err
	}
	t, err := v.terms("current")
	if err != nil {
		return checkView{}, err
	}
	missing, err := v.Reports.Ready(ctx, v.who.ID, t.ID)
	if err != nil {
		return checkView{}, err
	}
	b := d.Body
	return checkView{
		Verdict:  showVerdict(t.Judge(program.Target{Kind: b.Reached, Host: b.Target, Platform: b.Platform, Version: b.Version})),
		Suspects: v.showSuspects(t.Suspect(b.Text(), b.Class, v.lang)),
		Missing:  texts(missing),
		Faults:   each(b.Check(), func(f *fault.Error) flaw { return flaw{Field: f.Field, Message: f.Text.In(v.lang)} }),
	}, nil
}

func attachFile(ctx context.Context, v *visit, in *struct {
	DraftPath
	Name string `query:"name" required:"true" doc:"What the file is called."`
}) (fileView, error) {
	if err := v.Limits.Take(limit.Upload, v.who.ID); err != nil {
		return fileView{}, err
	}
	f, err := v.Reports.AddFile(ctx, v.who, in.Draft, in.Name, v.r.Body)
	return showFile(f), err
}

func removeFile(ctx context.Context, v *visit, in *struct {
	DraftPath
	SHA256 string `path:"sha256"`
}) error {
	return v.Reports.RemoveFile(ctx, v.who, in.Draft, in.SHA256)
}

func sendDraft(ctx context.Context, v *visit, in *struct {
	DraftPath
	Lang string `query:"lang" enum:"en,ja" doc:"The language in which the terms were shown. Without it, that of Accept-Language."`
}) (ReportView, error) {
	d, err := v.Reports.Draft(ctx, v.who, in.Draft)
	if err != nil {
		return ReportView{}, err
	}
	return v.sendOff(ctx, d, in.Lang)
}

// sendOff sends a draft. Only what is new costs a place in the public log: a draft that was sent already
// is the report it became.
func (v *visit) sendOff(ctx context.Context, d report.Draft, named string) (ReportView, error) {
	if d.Report == "" {
		if err := v.Limits.Take(limit.Submit, v.who.ID); err != nil {
			return ReportView{}, err
		}
	}
	r, err := v.Reports.Submit(ctx, v.who, d.ID, v.shown(named))
	if err != nil {
		return ReportView{}, err
	}
	return v.showReport(r), nil
}

// shown is the language in which the terms were read.
func (v *visit) shown(named string) lang.Lang {
	if l := lang.Lang(named); l.Valid() {
		return l
	}
	return v.lang
}
