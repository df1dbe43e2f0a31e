package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/report"
)

func knownOperations() []operation {
	return []operation{
		{id: "list-known", route: "GET /known", does: "The known issues, the newest first", needs: may(access.KnownRead), do: answer(listKnown)},
		{id: "add-known", route: "POST /known", does: "Put a known issue into the log, now", needs: may(access.KnownAdd), status: 201, do: answer(addKnown),
			more: "It counts against reports that are received later. A date since when it was known is kept as a claim, never as proof."},
		{id: "import-known", route: "POST /known/import", does: "Put a CSV of known issues into the log: all or none", needs: may(access.KnownAdd),
			body: 16 << 20, stream: true, takes: bytesOf("text/csv"), do: answer(importKnown)},
		{id: "read-known-receipt", route: "GET /known/{known}/receipt", does: "The signed receipt of a known issue", needs: may(access.KnownRead), do: send("text/plain", readKnownReceipt)},
	}
}

// bytesOf describes a body that is not JSON.
func bytesOf(media string) func() *huma.RequestBody {
	return func() *huma.RequestBody {
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString}}}}
	}
}

// A KnownIssue is what somebody says of one.
type KnownIssue struct {
	Title     string `json:"title"`
	Target    string `json:"target,omitempty"`
	Class     string `json:"class,omitempty"`
	Reference string `json:"reference,omitempty" doc:"The desk's own ticket."`
	Claimed   string `json:"claimed,omitempty" doc:"Since when somebody says it was known, 2006-01-02."`
	Details   string `json:"details,omitempty"`
}

type knownView struct {
	ID       string    `json:"id"`
	LogIndex int64     `json:"log_index"`
	LoggedAt time.Time `json:"logged_at"`
	AddedBy  string    `json:"added_by"`
	KnownIssue
}

func showKnown(k report.Known) knownView {
	return knownView{
		ID: k.ID, LogIndex: k.LogIndex, LoggedAt: k.LoggedAt, AddedBy: k.AddedBy,
		KnownIssue: KnownIssue{Title: k.Title, Target: k.Target, Class: k.Class, Reference: k.Reference, Claimed: k.Claimed, Details: k.Details},
	}
}

// number reads a cursor that is a number.
func number(after string) (int64, error) {
	if after == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.Invalid, "“%.40s” is no next of this list.", "「%.40s」はこの一覧の続きを指していません。", after).At("query.after")
	}
	return n, nil
}

func listKnown(ctx context.Context, v *visit, in *Window) (Page[knownView], error) {
	before, err := number(in.After)
	if err != nil {
		return Page[knownView]{}, err
	}
	all, err := v.Reports.ListKnown(ctx, v.who, report.KnownQuery{Before: before, Limit: in.Limit + 1})
	return pageOf(all, in.Limit, showKnown, func(k report.Known) string { return strconv.FormatInt(k.LogIndex, 10) }), err
}

func addKnown(ctx context.Context, v *visit, in *struct{ Body KnownIssue }) (knownView, error) {
	b := in.Body
	k, err := v.Reports.AddKnown(ctx, v.who, report.Known{
		Title: b.Title, Target: b.Target, Class: b.Class, Reference: b.Reference, Claimed: b.Claimed, Details: b.Details,
	})
	return showKnown(k), err
}

type importView struct {
	Added int `json:"added"`
}

func importKnown(ctx context.Context, v *visit, _ *nothing) (importView, error) {
	n, err := v.Reports.ImportKnown(ctx, v.who, v.r.Body)
	return importView{n}, err
}

func readKnownReceipt(ctx context.Context, v *visit, in *struct {
	Known string `path:"known"`
}) (func(http.ResponseWriter, *http.Request), error) {
	id := ReportPath{in.Known}.id()
	b, err := v.Reports.KnownReceipt(ctx, v.who, id)
	return file(id+".receipt", b), err
}
