package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/person"
)

const provePath = "/account/prove"

// A provePage asks for a credential once more, before something that changes who can get in.
type provePage struct {
	Frame
	Next    string // the page to go on with
	What    *Kept  // or the request to repeat
	Methods person.Methods
	Why     string // it did not work
}

// proving answers person.ErrStepUp of a handler with the page that asks for a credential. A page is
// opened again afterwards, a request repeated: what was asked for is done without a second click,
// because it was asked in this very session.
func (s *Server) proving(handle func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := handle(w, r)
		if !errors.Is(err, person.ErrStepUp) || wantsJSON(r) {
			return err
		}
		if v := visitOf(r); r.Method == http.MethodPost {
			v.status = http.StatusForbidden
			v.form = Form{values: url.Values{keptName: {v.kept.String()}}, posted: true}
			return s.getProve(w, r)
		}
		return seeOther(w, r, provePath+"?"+url.Values{"next": {r.URL.RequestURI()}}.Encode())
	}
}

func (s *Server) getProve(w http.ResponseWriter, r *http.Request) error {
	p := provePage{Frame: s.frame(r, "Show that it is you", "ご本人の確認"), Next: nextOf(r)}
	if k, ok := parseKept(p.Form.Kept()); ok {
		p.What = k
	}
	var err error
	if p.Methods, err = s.People.Methods(r.Context(), p.Caller); err != nil {
		return err
	}
	p.Path, p.Keep, p.Why = provePath, "prove", p.takeFault()
	return s.show(w, r, "prove.html", p)
}

func (s *Server) postProve(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.StepUp(r.Context(), caller(r), r.PostFormValue("password"), r.PostFormValue("code")); err != nil {
		return s.retry(w, r, provePath, err)
	}
	return s.proved(w, r)
}

func (s *Server) postProveBegin(w http.ResponseWriter, r *http.Request) error {
	c, err := s.People.BeginStepUp(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c)
}

func (s *Server) postProvePasskey(w http.ResponseWriter, r *http.Request) error {
	ceremony, credential, err := fromDevice(r)
	if err != nil {
		return err
	}
	if err := s.People.FinishStepUp(r.Context(), caller(r), ceremony, credential); err != nil {
		return s.retry(w, r, provePath, err)
	}
	return s.proved(w, r)
}

// proved goes on with what the proof was for.
func (s *Server) proved(w http.ResponseWriter, r *http.Request) error {
	k, ok := parseKept(r.PostFormValue(keptName))
	if !ok {
		next := nextOf(r)
		if next == "" {
			next = accessPath
		}
		return seeOther(w, r, next)
	}
	again, err := k.request(r)
	if err != nil {
		return err
	}
	s.mux.ServeHTTP(w, again)
	return nil
}

var errNotKept = fault.New(fault.Invalid, "What was asked for cannot be repeated here. Go back to the page it came from, and ask once more.",
	"操作を再開できませんでした。元のページに戻って、もう一度操作してください。")

// request returns the request of a kept form, as a part of the visit of r. It leads to the pages that
// ask for a proof, and nowhere else.
func (k *Kept) request(r *http.Request) (*http.Request, error) {
	u, err := url.Parse(k.Action)
	if err != nil || !strings.HasPrefix(u.Path, "/account") && !strings.HasPrefix(u.Path, "/desk/people") || strings.HasPrefix(u.Path, provePath) {
		return nil, errNotKept
	}
	fields := url.Values{}
	for _, f := range k.Fields {
		fields.Add(f.Name, f.Value)
	}
	again := asGet(r, u)
	again.Method = http.MethodPost
	again.PostForm, again.Form = fields, fields
	return again, nil
}
