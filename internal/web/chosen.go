package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// mostChosen bounds what one click changes: four pages of the queue.
const mostChosen = 200

// A chosenDo is what may be done to several reports at once: each is the operation on one, with its own
// check and its own record. Decisions are not among them: each has its clause and its reason, and somebody
// reads it.
type chosenDo struct {
	do       func(ctx context.Context, who access.Caller, id string) error
	one, all lang.Text // what was done: one has the report's number, all how many they were
}

func (s *Server) chosenDo(r *http.Request) (chosenDo, error) {
	switch r.PostFormValue("do") {
	case "take":
		return chosenDo{
			func(ctx context.Context, who access.Caller, id string) error {
				return s.Reports.Assign(ctx, who, id, who.ID)
			},
			lang.Text{EN: "%s is yours.", JA: "%s の担当になりました。"}, lang.Text{EN: "%d reports are yours.", JA: "%d件の担当になりました。"},
		}, nil
	case "release":
		return chosenDo{
			func(ctx context.Context, who access.Caller, id string) error {
				return s.Reports.Assign(ctx, who, id, "")
			},
			lang.Text{EN: "%s is nobody's now.", JA: "%s の担当を外しました。"}, lang.Text{EN: "%d reports are nobody's now.", JA: "%d件の担当を外しました。"},
		}, nil
	case "note":
		note := strings.TrimSpace(r.PostFormValue("chosen-note"))
		if note == "" {
			return chosenDo{}, fault.New(fault.Invalid, "The note is empty. Write what the desk should know about these reports.",
				"メモが空です。選択した報告について、運営内で共有する内容を入力してください。").At("chosen-note")
		}
		return chosenDo{
			func(ctx context.Context, who access.Caller, id string) error {
				return s.Reports.Note(ctx, who, id, note)
			},
			lang.Text{EN: "%s has your note.", JA: "%s にメモを追加しました。"}, lang.Text{EN: "%d reports have your note.", JA: "%d件にメモを追加しました。"},
		}, nil
	}
	return chosenDo{}, fault.New(fault.Invalid, "Choose what to do with the selected reports.", "選択した報告に対する操作を選んでください。")
}

// postChosen does one thing to every chosen report. One that cannot be changed keeps none of the others
// back: it is named, with the reason.
func (s *Server) postChosen(w http.ResponseWriter, r *http.Request) error {
	ids := slices.Compact(slices.Sorted(slices.Values(r.PostForm["id"])))
	if len(ids) == 0 || len(ids) > mostChosen {
		return fault.New(fault.Invalid, "Select between one and %d reports, with the boxes at the left or with x. Nothing was changed.",
			"左端のチェックボックスか x キーで、1件以上%d件以下の報告を選択してください。何も変更していません。", mostChosen)
	}
	c, err := s.chosenDo(r)
	if err != nil {
		return err
	}
	var done []string
	var kept []*fault.Error
	for _, id := range ids {
		err := c.do(r.Context(), caller(r), id)
		switch f := fault.As(err); {
		case err == nil:
			done = append(done, id)
		case f == nil, fault.Is(err, fault.Denied), fault.Is(err, fault.Later), len(done) == 0 && len(ids) == 1:
			return err
		default:
			kept = append(kept, f)
		}
	}
	s.tellChosen(w, c, done, kept)
	q, _ := url.ParseQuery(r.PostFormValue("at")) // where it does not parse, the queue begins anew
	q.Del("lang")
	return seeOther(w, r, "/desk?"+q.Encode())
}

// tellChosen says what was done, and of what was not, how much and the first reason.
func (s *Server) tellChosen(w http.ResponseWriter, c chosenDo, done []string, kept []*fault.Error) {
	var said lang.Text
	switch len(done) {
	case 0:
	case 1:
		said = lang.Text{EN: fmt.Sprintf(c.one.EN, done[0]), JA: fmt.Sprintf(c.one.JA, done[0])}
	default:
		said = lang.Text{EN: fmt.Sprintf(c.all.EN, len(done)), JA: fmt.Sprintf(c.all.JA, len(done))}
	}
	if n := len(kept); n > 0 {
		said.EN += fmt.Sprintf(" Not changed: %d. %s", n, kept[0].Text.EN)
		said.JA += fmt.Sprintf("変更できなかったもの：%d件。%s", n, kept[0].Text.JA)
	}
	s.tell(w, said)
}
