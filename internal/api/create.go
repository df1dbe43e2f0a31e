package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/report"
)

var (
	errParts = fault.New(fault.Invalid, "Send application/json, or multipart/form-data whose first part is report (JSON) and whose other parts are files.",
		"application/json、または最初のパートが report（JSON）で残りがファイルの multipart/form-data を送信してください。").At("body")
	errNoName = fault.New(fault.Invalid, "Every part after report is a file with a name.", "report の後のパートは、ファイル名のあるファイルにしてください。").At("file")
)

// takesReport describes the two bodies by which a report is created at once.
func (s *Server) takesReport() *huma.RequestBody {
	one := s.schemas.Schema(reflect.TypeFor[submissionView](), true, "")
	binary := &huma.Schema{Type: huma.TypeString, ContentEncoding: "binary"}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: one},
		"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"report"}, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{"report": one, "file": {Type: huma.TypeArray, Items: binary}},
		}, Encoding: map[string]*huma.Encoding{"report": {ContentType: "application/json"}}},
	}}
}

type createIn struct {
	Key  string `header:"Idempotency-Key" doc:"A name of the client's choosing for this report, such as a UUID. The same key makes the same report."`
	Lang string `query:"lang" enum:"en,ja" doc:"The language in which the terms were shown. Without it, that of Accept-Language."`
}

// createReport takes a whole report in one request. The sequence, which a broken connection may cut
// anywhere:
//
//  1. The report is read and kept as a draft: under the client's key, or under none.
//  2. Each file streams to disk and is listed with the draft.
//  3. The draft is sent.
//
// Cut before 3 there is a draft under the key, and the same request goes on with it. Without a key the
// draft would be one that nobody asked for: it is discarded.
func createReport(ctx context.Context, v *visit, in *createIn) (ReportView, error) {
	if err := v.Limits.Take(limit.Upload, v.who.ID); err != nil {
		return ReportView{}, err
	}
	body, files, err := v.open()
	if err != nil {
		return ReportView{}, err
	}
	d, err := v.begin(ctx, in.Key, v.submission(body))
	if err != nil {
		return ReportView{}, err
	}
	r, err := v.finish(ctx, in, d, files)
	if err != nil && in.Key == "" {
		_ = v.Reports.DiscardDraft(context.WithoutCancel(ctx), v.who, d.ID) // what is left is a draft in the list
	}
	return r, err
}

// open reads the report of a request, and returns the parts that follow it.
func (v *visit) open() (submissionView, *multipart.Reader, error) {
	kind, params, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return submissionView{}, nil, errParts.Because(err)
	case kind == "application/json":
		s, err := decode[submissionView](v, v.r.Body, "body", maxBody)
		return s, nil, err
	case kind != "multipart/form-data" || params["boundary"] == "":
		return submissionView{}, nil, errParts
	}
	parts := multipart.NewReader(v.r.Body, params["boundary"])
	first, err := parts.NextPart()
	if err != nil {
		return submissionView{}, nil, cut(err)
	}
	if first.FormName() != "report" {
		return submissionView{}, nil, errParts
	}
	s, err := decode[submissionView](v, first, "report", maxBody)
	return s, parts, err
}

func (v *visit) begin(ctx context.Context, key string, s report.Submission) (report.Draft, error) {
	if key == "" {
		return v.Reports.NewDraft(ctx, v.who, s)
	}
	return v.Reports.DraftFor(ctx, v.who, key, s)
}

// finish attaches the files and sends the draft. A draft that was sent meanwhile, by the same request a
// moment earlier, is the report it became.
func (v *visit) finish(ctx context.Context, in *createIn, d report.Draft, files *multipart.Reader) (ReportView, error) {
	if err := v.attach(ctx, d, files); err != nil {
		now, again := v.Reports.Draft(ctx, v.who, d.ID)
		if again != nil || now.Report == "" {
			return ReportView{}, err
		}
		d = now
	}
	return v.sendOff(ctx, d, in.Lang)
}

// attach streams the files of a request to a draft, and takes off what an earlier try had attached
// besides.
func (v *visit) attach(ctx context.Context, d report.Draft, parts *multipart.Reader) error {
	var ours []string
	for d.Report == "" && parts != nil {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return cut(err)
		}
		if part.FileName() == "" {
			return errNoName
		}
		f, err := v.Reports.AddFile(ctx, v.who, d.ID, part.FileName(), part)
		if err != nil {
			return err
		}
		ours = append(ours, f.Hash)
	}
	for _, f := range d.Files {
		if d.Report == "" && !slices.Contains(ours, f.Hash) {
			if err := v.Reports.RemoveFile(ctx, v.who, d.ID, f.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}
