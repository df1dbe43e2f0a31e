package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/program"
)

const (
	creditPath = "/account/credit"
	maxPhoto   = 9 << 20 // bytes of a form with a photo: the photo's own bound is participant's
)

// A creditPage is how a participant wants to be named, part by part.
type creditPage struct {
	Frame
	Clauses []*program.Clause // what they consent to
	Terms   *program.Terms
	Called  string // as the profile spells it
	Parts   []creditPart
	Past    []participant.Consent // settled wishes
}

// A creditPart is one thing a credit may show, with the wish that stands.
type creditPart struct {
	Part participant.Part
	Now  *participant.Consent // nil: nothing is asked or posted
}

// Is reports whether this is the part of the name.
func (c creditPart) Is(part string) bool { return string(c.Part) == part }

func (s *Server) getCredit(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	p := creditPage{Frame: s.frame(r, "How you are credited", "掲載の希望")}
	n, err := s.People.Person(ctx, who, who.ID)
	if err != nil {
		return err
	}
	all, err := s.Participants.Consents(ctx, who, who.ID)
	if err != nil {
		return err
	}
	terms, ok := s.Program.At(s.Now())
	if ok {
		p.Terms = terms
		for _, c := range terms.Clauses() {
			if c.Kind == program.Credit && c.Depth == 2 {
				p.Clauses = append(p.Clauses, c)
			}
		}
	}
	p.Called = n.Name
	for _, part := range participant.Parts {
		row := creditPart{Part: part}
		for i := range all {
			if open := all[i].State == participant.Asked || all[i].State == participant.Approved; open && all[i].Part == part {
				row.Now = &all[i]
			}
		}
		p.Parts = append(p.Parts, row)
	}
	for _, c := range all {
		if c.State != participant.Asked && c.State != participant.Approved {
			p.Past = append(p.Past, c)
		}
	}
	p.Path, p.Keep = creditPath, "alias"
	return s.show(w, r, "credit.html", p)
}

// PartName returns what a part of a credit is called.
func (f Frame) PartName(p participant.Part) string {
	switch p {
	case participant.Name:
		return f.T("Name", "お名前")
	case participant.Alias:
		return f.T("Alias", "別名")
	default:
		return f.T("Photo", "写真")
	}
}

// ConsentState returns how far a consent has come, in words.
func (f Frame) ConsentState(s participant.State) string {
	switch s {
	case participant.Asked:
		return f.T("waits for the company", "運営の承認待ち")
	case participant.Approved:
		return f.T("posted", "掲載中")
	case participant.Declined:
		return f.T("not posted", "掲載見送り")
	case participant.Revoked:
		return f.T("taken back", "取り消し済み")
	default:
		return f.T("taken down", "掲載終了")
	}
}

func (s *Server) postWish(w http.ResponseWriter, r *http.Request) error {
	ctx, who, part := r.Context(), caller(r), participant.Part(r.PathValue("part"))
	wish := participant.Wish{
		Part: part, Value: r.PostFormValue("alias"), Lang: lang.Lang(r.PostFormValue("shown")), Warranty: r.PostFormValue("warranty") == "yes",
	}
	if part == participant.Photo && wish.Warranty {
		hash, err := s.develop(r)
		if err != nil {
			return err
		}
		wish.Value = hash
	}
	if _, err := s.Participants.Wish(ctx, who, wish); err != nil {
		return renamed("warranty", "warranty-"+string(part), err)
	}
	s.flash(w, "Asked for. The company looks at it; until then nothing is posted.", "希望を受け付けました。運営が確認し、承認されるまで掲載されません。")
	return seeOther(w, r, creditPath)
}

// develop stores the photo of a form as it would be posted, and returns its hash. Of the file that
// came in nothing is kept.
func (s *Server) develop(r *http.Request) (string, error) {
	none := fault.New(fault.Invalid, "Choose a photo first: a PNG or JPEG file.", "先に写真（PNGまたはJPEG）を選んでください。").At("photo")
	f, _, err := r.FormFile("photo")
	if err != nil {
		return "", none.Because(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	file, err := io.ReadAll(f)
	if err != nil {
		return "", none.Because(err)
	}
	small, err := participant.Develop(r.Context(), file)
	if err != nil {
		return "", err
	}
	blob, err := s.Files.Put(r.Context(), bytes.NewReader(small))
	return blob.SHA256, err
}

func (s *Server) postRevokeWish(w http.ResponseWriter, r *http.Request) error {
	if err := s.Participants.Revoke(r.Context(), caller(r), r.PostFormValue("consent")); err != nil {
		return err
	}
	s.flash(w, "Taken back. What was posted is gone.", "取り消しました。掲載中の内容は公開ページから削除されました。")
	return seeOther(w, r, creditPath)
}

// getOwnPhoto shows somebody the photo they asked to be credited with.
func (s *Server) getOwnPhoto(w http.ResponseWriter, r *http.Request) error {
	who := caller(r)
	all, err := s.Participants.Consents(r.Context(), who, who.ID)
	if err != nil {
		return err
	}
	return s.photo(w, all, r.PathValue("consent"))
}

// photo answers with the picture of one of these consents. It is a PNG that was made here.
func (s *Server) photo(w http.ResponseWriter, all []participant.Consent, id string) error {
	for _, c := range all {
		if c.ID != id || c.Part != participant.Photo {
			continue
		}
		f, err := s.Files.Open(c.Value)
		if err != nil {
			return errors.Join(noSuch(), err)
		}
		defer func() { _ = f.Close() }() // it was only read
		size, err := f.Seek(0, io.SeekEnd)
		if err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("Content-Type", "image/png")
		h.Set("Content-Length", strconv.FormatInt(size, 10))
		_, err = io.Copy(w, f)
		return err
	}
	return noSuch()
}
